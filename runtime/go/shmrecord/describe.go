// What a segment says of its records, decoded: every index in it was checked. Knows no bytes.

//go:build linux && (amd64 || arm64 || loong64 || riscv64)

package shmrecord

const (
	kindU8     = 1
	kindF32    = 9
	kindF64    = 10
	kindBool   = 11
	kindRecord = 12
	formClosed = 1
	formFlags  = 3
)

var (
	kindNames = [...]string{"", "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "f32", "f64", "bool", "record"}
	kindSizes = [...]uint32{0, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 1, 0}
)

// description is what a segment says of its records: the table's own is the last, those that it contains stand in front.
type description struct {
	records []describedRecord
	enums   []describedEnum
}

type describedRecord struct {
	name        string
	size, align uint32
	fields      []describedField
	depth       int
}

type describedField struct {
	name, unit       string
	kind             uint8
	text             bool
	offset, elemSize uint32
	dims             []uint32
	record           int // of kindRecord: which one
	named            int // which enum or flags its integers are of; -1: none
	exp              int8
	time             uint8
	hasNull          bool
	null             uint64
}

type describedEnum struct {
	name   string
	form   uint8
	kind   uint8
	values []describedValue
}

// describedValue has the number as 64 bits, as those of a field have it; of a flag the position of its bit.
type describedValue struct {
	name string
	bits uint64
}

func isInteger(kind uint8) bool { return kind >= kindU8 && kind <= 8 }

func isSigned(kind uint8) bool { return kind >= 5 && kind <= 8 }

// fits tells whether 64 bits are a number of this kind; any are a float's.
func fits(bits uint64, kind uint8) bool {
	if kind == kindF32 || kind == kindF64 {
		return true
	}
	if !isInteger(kind) {
		return false
	}
	above := 64 - 8*kindSizes[kind]
	if isSigned(kind) {
		return int64(bits)<<above>>above == int64(bits)
	}
	return bits<<above>>above == bits
}

// bytes is the size of a whole field: at most 2^32, once it was checked.
func (f *describedField) bytes() uint64 {
	size := uint64(f.elemSize)
	for _, length := range f.dims {
		size *= uint64(length)
	}
	return size
}
