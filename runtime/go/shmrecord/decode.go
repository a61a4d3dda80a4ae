// The description that a segment carries, from a private copy of its bytes: every count, offset and string in it is checked
// before it is used. runtime/layout/src/describe has every offset.

//go:build linux && (amd64 || arm64 || loong64 || riscv64)

package shmrecord

import (
	"encoding/binary"
	"errors"
	"sort"
	"unicode/utf8"
)

const (
	descriptionHeaderBytes = 64
	recordEntryBytes       = 64
	fieldEntryBytes        = 112
	enumEntryBytes         = 40
	valueEntryBytes        = 24
	noEntry                = 0xffffffff
	maxDepth               = 32
	maxText                = 1 << 24
	maxRank                = 4
	lastTime               = 5
	flagText               = 1
	flagNull               = 2
	flagMin                = 4
	flagMax                = 8
)

// areas are those of a description, cut out of its bytes, and what has been decoded: all that an entry may refer to.
type areas struct {
	description
	fields, values, strings          table
	fieldsLeft, valuesLeft, textLeft uint64
}

// table is entries of one size.
type table struct {
	bytes []byte
	entry uint64
}

func (t table) count() uint64 { return uint64(len(t.bytes)) / t.entry }

func (t table) at(index uint64) []byte { return t.bytes[index*t.entry : (index+1)*t.entry] }

func u32At(data []byte, at int) uint32 {
	return binary.LittleEndian.Uint32(data[at:])
}

func u64At(data []byte, at int) uint64 {
	return binary.LittleEndian.Uint64(data[at:])
}

// decodeDescription reads a description, or says what is wrong with it.
func decodeDescription(data []byte) (*description, error) {
	var d areas
	records, enums, err := d.cut(data)
	if err != nil {
		return nil, err
	}
	if records.count() == 0 {
		return nil, errors.New("no record")
	}
	for i := uint64(0); i < enums.count(); i++ {
		named, err := d.decodeEnum(enums.at(i))
		if err != nil {
			return nil, err
		}
		d.enums = append(d.enums, named)
	}
	for i := uint64(0); i < records.count(); i++ {
		record, err := d.decodeRecord(records.at(i))
		if err != nil {
			return nil, err
		}
		d.records = append(d.records, record)
	}
	return &d.description, nil
}

func (d *areas) cut(data []byte) (records, enums table, err error) {
	if len(data) < descriptionHeaderBytes {
		return records, enums, errors.New("shorter than its header")
	}
	if uint64(u32At(data, 0)) != uint64(len(data)) {
		return records, enums, errors.New("its length is not the one in its header")
	}
	if u32At(data, 24) < recordEntryBytes || u32At(data, 28) < fieldEntryBytes || u32At(data, 32) < enumEntryBytes ||
		u32At(data, 36) < valueEntryBytes {
		return records, enums, errors.New("entries are smaller than those of this version")
	}
	rest, ok := data[descriptionHeaderBytes:], true
	area := func(count, entry uint32) table {
		length := uint64(count) * uint64(entry)
		if !ok || length > uint64(len(rest)) {
			ok = false
			return table{nil, 1}
		}
		area := table{rest[:length], uint64(entry)}
		rest = rest[length:]
		return area
	}
	records = area(u32At(data, 4), u32At(data, 24))
	d.fields = area(u32At(data, 8), u32At(data, 28))
	enums = area(u32At(data, 12), u32At(data, 32))
	d.values = area(u32At(data, 16), u32At(data, 36))
	d.strings = area(u32At(data, 20), 1)
	if !ok {
		return records, enums, errors.New("a table passes the end")
	}
	d.fieldsLeft, d.valuesLeft, d.textLeft = d.fields.count(), d.values.count(), maxText
	return records, enums, nil
}

func (d *areas) decodeEnum(entry []byte) (e describedEnum, err error) {
	e.form, e.kind = entry[16], entry[17]
	if e.form < formClosed || e.form > formFlags {
		return e, errors.New("an enum's form is unknown")
	}
	if !isInteger(e.kind) {
		return e, errors.New("an enum's kind is no integer")
	}
	first, count := uint64(u32At(entry, 20)), uint64(u32At(entry, 24))
	if count > d.valuesLeft {
		return e, errors.New("its enums share values")
	}
	d.valuesLeft -= count
	if first+count > d.values.count() {
		return e, errors.New("an enum's values pass the end of the value table")
	}
	for i := first; i < first+count; i++ {
		value := describedValue{bits: u64At(d.values.at(i), 16)}
		isBit := e.form == formFlags && value.bits < uint64(8*kindSizes[e.kind])
		if !isBit && (e.form == formFlags || !fits(value.bits, e.kind)) {
			return e, errors.New("an enum's value does not fit its kind")
		}
		if value.name, err = d.texts(d.values.at(i)); err != nil {
			return e, err
		}
		e.values = append(e.values, value)
	}
	e.name, err = d.texts(entry)
	return e, err
}

func (d *areas) decodeRecord(entry []byte) (r describedRecord, err error) {
	r.size, r.align = u32At(entry, 16), u32At(entry, 20)
	if r.size == 0 || r.align == 0 || r.align&(r.align-1) != 0 || r.size%r.align != 0 {
		return r, errors.New("a record's size or alignment is impossible")
	}
	first, count := uint64(u32At(entry, 24)), uint64(u32At(entry, 28))
	if count > d.fieldsLeft {
		return r, errors.New("its records share fields")
	}
	d.fieldsLeft -= count
	if first+count > d.fields.count() {
		return r, errors.New("a record's fields pass the end of the field table")
	}
	for i := first; i < first+count; i++ {
		field, err := d.decodeField(d.fields.at(i), r.size)
		if err != nil {
			return r, err
		}
		if field.kind == kindRecord && d.records[field.record].depth > r.depth {
			r.depth = d.records[field.record].depth
		}
		r.fields = append(r.fields, field)
	}
	if r.depth++; r.depth > maxDepth {
		return r, errors.New("records are nested more than 32 deep")
	}
	if overlap(r.fields) {
		return r, errors.New("two fields overlap")
	}
	r.name, err = d.texts(entry)
	return r, err
}

func overlap(fields []describedField) bool {
	sorted := append([]describedField(nil), fields...)
	sort.Slice(sorted, func(a, b int) bool { return sorted[a].offset < sorted[b].offset })
	end := uint64(0)
	for i := range sorted {
		if uint64(sorted[i].offset) < end {
			return true
		}
		end = uint64(sorted[i].offset) + sorted[i].bytes()
	}
	return false
}

func (d *areas) decodeField(entry []byte, recordSize uint32) (f describedField, err error) {
	rank, flags, of := entry[25], entry[26], u32At(entry, 36)
	f.kind, f.offset, f.elemSize = entry[24], u32At(entry, 28), u32At(entry, 32)
	if f.kind == 0 || f.kind > kindRecord {
		return f, errors.New("a field's kind is unknown")
	}
	if rank > maxRank {
		return f, errors.New("a field has more than four dimensions")
	}
	size := kindSizes[f.kind]
	if f.kind == kindRecord && uint64(of) < uint64(len(d.records)) { // only backwards, so that nothing contains itself
		f.record, size = int(of), d.records[of].size
	}
	if size == 0 || size != f.elemSize {
		return f, errors.New("a field's element size is not that of its type")
	}
	end := uint64(size)
	for i := 0; i < int(rank); i++ {
		length := u32At(entry, 40+4*i)
		f.dims = append(f.dims, length)
		// No product overflows: the one before is at most the record's size.
		if end *= uint64(length); end == 0 || end > uint64(recordSize) {
			return f, errors.New("a field passes the end of its record")
		}
	}
	if end+uint64(f.offset) > uint64(recordSize) {
		return f, errors.New("a field passes the end of its record")
	}
	f.named = -1
	if f.kind != kindRecord && of != noEntry {
		if uint64(of) >= uint64(len(d.enums)) || d.enums[of].kind != f.kind {
			return f, errors.New("a field's enum is not there, or of another kind")
		}
		f.named = int(of)
	}
	if f.exp, f.time = int8(entry[72]), entry[73]; f.time > lastTime {
		return f, errors.New("a field's time is unknown")
	}
	sound := f.exp == 0 && f.time == 0 || isInteger(f.kind)
	for i, flag := range []byte{flagNull, flagMin, flagMax} {
		sound = sound && (flags&flag == 0 || fits(u64At(entry, 88+8*i), f.kind))
	}
	if !sound {
		return f, errors.New("what is said of a field's numbers does not fit its kind")
	}
	if f.hasNull = flags&flagNull != 0; f.hasNull {
		f.null = u64At(entry, 88)
	}
	f.text = flags&flagText != 0 && f.kind == kindU8 && rank == 1 && f.named < 0
	if f.unit, err = d.text(entry, 16); err != nil {
		return f, err
	}
	f.name, err = d.texts(entry)
	return f, err
}

// texts are an entry's name, which is given, and its documentation, which is looked at.
func (d *areas) texts(entry []byte) (name string, err error) {
	if name, err = d.text(entry, 0); err != nil {
		return "", err
	}
	_, err = d.text(entry, 8)
	return name, err
}

// text is the string whose place in the pool stands at this place of an entry.
func (d *areas) text(entry []byte, at int) (string, error) {
	start, length := uint64(u32At(entry, at)), uint64(u32At(entry, at+4))
	if start+length > d.strings.count() {
		return "", errors.New("a string passes the end of the pool")
	}
	if length > d.textLeft {
		return "", errors.New("its strings add up to more than 16 MiB")
	}
	d.textLeft -= length
	text := d.strings.bytes[start : start+length]
	if !utf8.Valid(text) {
		return "", errors.New("a string is not UTF-8")
	}
	// What a segment says of itself is printed: it must not steer a terminal.
	if hasControl(string(text), '\n') {
		return "", errors.New("a string holds control characters")
	}
	return string(text), nil
}
