// The header of a table, checked, and where everything lies behind it: docs/FORMAT.md in Go. Relies on that document
// alone. Whose the segment is, its mode and the boot it is from are not looked at.

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"sync/atomic"
	"unsafe"
)

const (
	headerBytes = 256
	liveEnd     = 640  // of a table with one writer and without a doorbell
	manyEnd     = 1664 // of one with many writers
	wakingEnd   = 8192 // of one with a doorbell
	stateAt     = 256
	epochAt     = 264
)

var magic = []byte("SHMRECRD")

// header holds what a geometry follows from, and the geometry that the segment claims, in the order of the document.
type header struct {
	Magic                    uint64
	Version, HeaderBytes     uint32
	LayoutID, SchemaID       uint64
	SegmentBytes             uint64
	RecordBytes, RecordAlign uint32
	Capacity                 uint64
	Cells, Arrangement       uint32
	Places                   places
	DescriptionAt            uint64
	DescriptionBytes         uint64
	DescriptionChecksum      uint64
	GuardKind, WakePolicy    uint32
	Generation, BootID       [16]byte
	GuardDevice, GuardInode  uint64
	CreatedAt                uint64
	Stamps                   uint32
	SemaphoreKey             uint32
	SemaphoreIndex           uint32
	Reserved                 [28]byte
	Checksum                 uint64
}

// places are the offsets and strides of versions, cells and log.
type places struct {
	VersionsAt, VersionStride uint64
	CellsAt, RecordStride     uint64
	CellStride                uint64
	LogAt                     uint64
	LogEntries, LogEntryBytes uint32
}

// checkedHeader copies the header of a mapping and checks the copy: nothing of the segment is believed before.
func checkedHeader(memory []byte, layoutID uint64) (*header, error) {
	if len(memory) < liveEnd {
		return nil, fmt.Errorf("%d bytes are no table", len(memory))
	}
	// The magic is stored last: behind it, everything is there.
	if load(memory, 0) != binary.LittleEndian.Uint64(magic) {
		return nil, errors.New("bad magic")
	}
	var image [headerBytes]byte
	copy(image[:], memory)
	var h header
	if err := binary.Read(bytes.NewReader(image[:]), binary.LittleEndian, &h); err != nil {
		return nil, err
	}
	sum := fnv.New64a()
	sum.Write(image[:headerBytes-8])
	switch {
	case h.Version != 1 || h.HeaderBytes != headerBytes:
		return nil, fmt.Errorf("format version %d with %d bytes of header", h.Version, h.HeaderBytes)
	case h.Checksum != sum.Sum64():
		return nil, errors.New("bad checksum of the header")
	case h.SegmentBytes != uint64(len(memory)):
		return nil, fmt.Errorf("%d bytes, the header says %d", len(memory), h.SegmentBytes)
	case h.GuardKind > 2 || h.WakePolicy > 1 || h.Stamps > 1:
		return nil, fmt.Errorf("guard kind %d, wake policy %d, stamps %d", h.GuardKind, h.WakePolicy, h.Stamps)
	case h.LayoutID != layoutID:
		return nil, fmt.Errorf("layout_id %016x, expected %016x", h.LayoutID, layoutID)
	case load(memory, stateAt) != 1:
		return nil, errors.New("the table was removed")
	}
	return &h, h.checkGeometry()
}

// checkGeometry computes every offset and stride and compares it with the one that the header has.
func (h *header) checkGeometry() error {
	switch {
	case h.RecordBytes == 0 || h.RecordBytes > 1<<31:
		return errors.New("bad geometry: record size")
	case h.RecordAlign == 0 || h.RecordAlign&(h.RecordAlign-1) != 0 || h.RecordAlign > 4096:
		return errors.New("bad geometry: record alignment")
	case h.Cells != 1 && h.Cells != 2 && h.Cells != 4 && h.Cells != 8:
		return errors.New("bad geometry: cells")
	case (h.Places.LogEntries == 0) != (h.Cells > 1) || h.Places.LogEntries > 65536:
		return errors.New("bad geometry: log entries")
	case h.Arrangement > 2:
		return errors.New("bad geometry: arrangement")
	case h.DescriptionBytes > 1<<24 || h.DescriptionBytes%8 != 0:
		return errors.New("bad geometry: description bytes")
	// With that, nothing below overflows: a record takes at least 8 bytes.
	case h.Capacity == 0 || h.Capacity > h.SegmentBytes/h.cellBytes():
		return errors.New("bad geometry: capacity")
	}
	if computed, end := h.places(); h.Places != computed || h.SegmentBytes != end {
		return fmt.Errorf("bad geometry: %+v, expected %+v, %d bytes", h.Places, computed, end)
	}
	return nil
}

// places computes where everything is, and the end of the segment, from the shape alone.
func (h *header) places() (p places, end uint64) {
	unit := max(8, uint64(h.RecordAlign))
	line := max(64, uint64(h.RecordAlign))
	behindLog := uint64(liveEnd)
	if h.WakePolicy == 1 {
		behindLog = wakingEnd
	} else if h.GuardKind != 0 {
		behindLog = manyEnd
	}
	if h.Cells == 1 {
		entry := up(h.cellBytes()+16, 64)
		p.LogAt, p.LogEntries, p.LogEntryBytes = behindLog, h.Places.LogEntries, uint32(entry)
		behindLog += 64 + uint64(p.LogEntries)*entry
	}
	base := up(behindLog+h.DescriptionBytes, line)
	p.CellStride = up(h.cellBytes(), unit)
	if h.Arrangement == 0 && h.Cells > 1 {
		p.CellStride = up(h.cellBytes(), line)
	}
	cellsEnd := uint64(h.Cells-1)*p.CellStride + h.cellBytes()
	switch h.Arrangement {
	case 0: // line
		p.RecordStride = up(cellsEnd+8, line)
	case 1: // packed
		p.RecordStride = up(cellsEnd+8, unit)
	case 2: // split: versions in front
		p.RecordStride = uint64(h.Cells) * p.CellStride
		p.VersionsAt, p.VersionStride, p.CellsAt = base, 8, up(base+8*h.Capacity, line)
		return p, up(p.CellsAt+h.Capacity*p.RecordStride, 64)
	}
	p.CellsAt, p.VersionsAt, p.VersionStride = base, base+cellsEnd, p.RecordStride
	return p, up(base+h.Capacity*p.RecordStride, 64)
}

func (h *header) cellBytes() uint64 {
	return up(uint64(h.RecordBytes), 8)
}

func up(x, to uint64) uint64 {
	return (x + to - 1) / to * to
}

func max(a, b uint64) uint64 {
	if a > b {
		return a
	}
	return b
}

// load loads the word at an offset, which is a multiple of 8. Loads of sync/atomic keep their order, so they stand for the
// acquire loads and fences of the protocol.
func load(memory []byte, at uint64) uint64 {
	return atomic.LoadUint64((*uint64)(unsafe.Pointer(&memory[at : at+8][0])))
}
