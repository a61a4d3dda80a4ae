// A table and its records, read by the protocol of docs/FORMAT.md: whole, whatever its writer does or dies of. Relies on a
// checked header; never stores to the segment.

package main

import (
	"fmt"
	"time"
)

// Patience is how long a read waits for a writer that overwrites its record without a pause.
const Patience = time.Second

// Table is a table of records of known size.
type Table struct {
	memory []byte
	header *header
}

// Record is a record's bytes, as words, and how often it was published; 0: never.
type Record struct {
	Version uint64
	Words   []uint64
}

// NewTable checks the header of a mapped segment, which holds records with this layout_id.
func NewTable(memory []byte, layoutID uint64) (*Table, error) {
	header, err := checkedHeader(memory, layoutID)
	if err != nil {
		return nil, err
	}
	return &Table{memory, header}, nil
}

// Capacity is the number of records.
func (t *Table) Capacity() uint64 {
	return t.header.Capacity
}

// Epoch is how often the role of writer was taken.
func (t *Table) Epoch() uint64 {
	return load(t.memory, epochAt)
}

// Read reads the record at an index: one that was published, or zeros where none was.
func (t *Table) Read(index uint64) (Record, error) {
	if index >= t.header.Capacity {
		return Record{}, fmt.Errorf("index %d of %d records", index, t.header.Capacity)
	}
	attempt := t.readCells
	if t.header.Cells == 1 {
		attempt = t.readSlotOrLog
	}
	record := Record{Words: make([]uint64, t.header.cellBytes()/8)}
	deadline := time.Now().Add(Patience)
	for pause := time.Microsecond; ; {
		// The attempts before one bring the cache lines here.
		for i := 0; i < 64; i++ {
			if attempt(index, &record) {
				return record, nil
			}
		}
		if time.Now().After(deadline) {
			return Record{}, fmt.Errorf("record %d is overwritten without a pause", index)
		}
		time.Sleep(pause)
		if pause < time.Millisecond {
			pause *= 2
		}
	}
}

// readCells reads version v in cell v mod K; a writer is one cell ahead.
func (t *Table) readCells(index uint64, record *Record) bool {
	p, cells := &t.header.Places, uint64(t.header.Cells)
	version := load(t.memory, p.VersionsAt+index*p.VersionStride)
	t.copyWords(record.Words, p.CellsAt+index*p.RecordStride+version%cells*p.CellStride)
	record.Version = version
	return load(t.memory, p.VersionsAt+index*p.VersionStride)-version <= cells-2
}

// readSlotOrLog reads the slot, or while it is being overwritten the value in the log.
func (t *Table) readSlotOrLog(index uint64, record *Record) bool {
	p := &t.header.Places
	versionAt := p.VersionsAt + index*p.VersionStride
	version := load(t.memory, versionAt)
	if version%2 == 0 {
		t.copyWords(record.Words, p.CellsAt+index*p.RecordStride)
		record.Version = version / 2
		return load(t.memory, versionAt) == version
	}
	sequence := load(t.memory, p.LogAt)
	if sequence%2 != 0 {
		return false
	}
	entries := load(t.memory, p.LogAt+8)
	for i := uint64(0); i < entries && i < uint64(p.LogEntries); i++ {
		entry := p.LogAt + 64 + i*uint64(p.LogEntryBytes)
		behind := entry + t.header.cellBytes()
		if load(t.memory, behind) == index && load(t.memory, behind+8) == version+1 {
			t.copyWords(record.Words, entry)
			record.Version = (version + 1) / 2
			return load(t.memory, p.LogAt) == sequence
		}
	}
	return false
}

func (t *Table) copyWords(into []uint64, from uint64) {
	for i := range into {
		into[i] = load(t.memory, from+8*uint64(i))
	}
}
