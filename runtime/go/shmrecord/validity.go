// Which bytes of a record are no value: a bool other than 0 and 1, a closed enum's number without a name.

//go:build linux && (amd64 || arm64 || loong64 || riscv64)

package shmrecord

import (
	"encoding/binary"
	"fmt"
)

// restriction is of a range of bytes whose elements are not all values.
type restriction struct {
	start, end, size uint64
	allowed          map[uint64]bool
}

// restrictions are those of the last record.
func restrictions(d *description) []restriction {
	all := make([][]restriction, len(d.records))
	for at := range d.records {
		for i := range d.records[at].fields {
			field := &d.records[at].fields[i]
			start, size := uint64(field.offset), uint64(field.elemSize)
			end := start + field.bytes()
			if allowed := allowedIn(d, field); allowed != nil {
				all[at] = append(all[at], restriction{start, end, size, allowed})
			} else if field.kind == kindRecord && len(all[field.record]) > 0 {
				for element := start; element < end; element += size {
					for _, inner := range all[field.record] {
						inner.start, inner.end = element+inner.start, element+inner.end
						all[at] = append(all[at], inner)
					}
				}
			}
		}
	}
	return all[len(all)-1]
}

// allowedIn gives the numbers that an element may be, by its bytes; nil: any.
func allowedIn(d *description, field *describedField) map[uint64]bool {
	if field.kind == kindBool {
		return map[uint64]bool{0: true, 1: true}
	}
	if field.named < 0 || d.enums[field.named].form != formClosed {
		return nil
	}
	allowed := map[uint64]bool{}
	above := 64 - 8*field.elemSize
	for _, value := range d.enums[field.named].values {
		allowed[value.bits<<above>>above] = true
	}
	return allowed
}

// firstInvalid is the first byte that is no part of a value; false: there is none.
func firstInvalid(found []restriction, data []byte) (uint64, bool) {
	for _, r := range found {
		for at := r.start; at < r.end; at += r.size {
			var word [8]byte
			copy(word[:], data[at:at+r.size])
			if !r.allowed[binary.LittleEndian.Uint64(word[:])] {
				return at, true
			}
		}
	}
	return 0, false
}

// pathTo is where a byte of a record is, in words: `lamps[2][1].on`.
func pathTo(d *description, record int, at uint64) string {
	for i := range d.records[record].fields {
		field := &d.records[record].fields[i]
		start := uint64(field.offset)
		if at < start || at >= start+field.bytes() {
			continue
		}
		element := (at - start) / uint64(field.elemSize)
		path := ""
		for i, number := len(field.dims)-1, element; i >= 0; i-- {
			length := uint64(field.dims[i])
			path = fmt.Sprintf("[%d]%s", number%length, path)
			number /= length
		}
		path = field.name + path
		if field.kind == kindRecord {
			path += "." + pathTo(d, field.record, at-start-element*uint64(field.elemSize))
		}
		return path
	}
	return ""
}
