// The header of a segment, from a private copy of its bytes: every part is checked, and what follows from others is
// computed and compared. Knows no mapping.

//go:build linux && (amd64 || arm64 || loong64 || riscv64)

package shmrecord

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"math/bits"
)

const (
	headerBytes = 256
	abiVersion  = 1
	stateWord   = 256 / 8
	epochWord   = 264 / 8
	commitWord  = 296 / 8
	retired     = 2
)

var magic = binary.LittleEndian.Uint64([]byte("SHMRECRD"))

// rawHeader is the header in the order of docs/FORMAT.md.
type rawHeader struct {
	Magic                                uint64
	Version, HeaderBytes                 uint32
	LayoutID, SchemaID, SegmentBytes     uint64
	RecordBytes, RecordAlign             uint32
	Capacity                             uint64
	Cells, Arrangement                   uint32
	VersionsAt, VersionsStride           uint64
	CellsAt, RecordStride, CellStride    uint64
	LogAt                                uint64
	LogEntries, LogEntryBytes            uint32
	DescriptionAt, DescriptionBytes      uint64
	DescriptionChecksum                  uint64
	GuardKind, WakePolicy                uint32
	Generation, BootID                   [16]byte
	GuardDevice, GuardInode, CreatedAt   uint64
	Stamps, SemaphoreKey, SemaphoreIndex uint32
	Reserved                             [28]byte
	Checksum                             uint64
}

// header is what of it is used once it was checked.
type header struct {
	shape
	geometry
	layoutID, schemaID  uint64
	descriptionChecksum uint64
	bootID              [16]byte
	guardDevice         uint64
}

func fnv1a(data []byte) uint64 {
	sum := fnv.New64a()
	sum.Write(data)
	return sum.Sum64()
}

// decodeHeader checks this private copy of the first bytes of a segment of this size.
func decodeHeader(image []byte, actualBytes uint64, t task) (*header, error) {
	var raw rawHeader
	if err := binary.Read(bytes.NewReader(image), binary.LittleEndian, &raw); err != nil {
		return nil, t.fail(SizeMismatch, "%v", err)
	}
	switch {
	case raw.Magic == 0:
		return nil, t.fail(NotReady, "its creator has not finished it")
	case raw.Magic == bits.ReverseBytes64(magic):
		return nil, t.fail(WrongEndian, "written by a machine of the other byte order")
	case raw.Magic != magic:
		return nil, t.fail(BadMagic, "not a segment of shmrecord: %d bytes", actualBytes)
	case raw.Version != abiVersion || raw.HeaderBytes != headerBytes:
		return nil, t.fail(ABIMismatch, "format version %d, this library reads %d", raw.Version, abiVersion)
	case raw.Checksum != fnv1a(image[:headerBytes-8]):
		return nil, t.fail(HeaderCorrupt, "header corrupt")
	case raw.SegmentBytes != actualBytes:
		return nil, t.fail(SizeMismatch, "%d bytes long, %d expected", actualBytes, raw.SegmentBytes)
	}
	h := &header{
		shape: shape{
			recordBytes: raw.RecordBytes, recordAlign: raw.RecordAlign, capacity: raw.Capacity, cells: raw.Cells,
			arrangement: raw.Arrangement, logEntries: raw.LogEntries, descriptionBytes: raw.DescriptionBytes,
			guardKind: raw.GuardKind, wakePolicy: raw.WakePolicy,
		},
		layoutID: raw.LayoutID, schemaID: raw.SchemaID, descriptionChecksum: raw.DescriptionChecksum,
		bootID: raw.BootID, guardDevice: raw.GuardDevice,
	}
	computed, impossible := h.shape.geometry()
	h.geometry = computed
	if impossible == "" {
		impossible = raw.difference(&computed)
	}
	if impossible != "" {
		return nil, t.fail(BadGeometry, "impossible %s in the header", impossible)
	}
	return h, nil
}

// difference names the first number that is not the one that follows from the others; no offset of a segment is used.
func (raw *rawHeader) difference(g *geometry) string {
	bySemaphore := raw.GuardKind == 2
	lastIndex := uint32(0)
	if bySemaphore {
		lastIndex = 0x7fff
	}
	switch {
	case bySemaphore != (raw.SemaphoreKey != 0) || raw.SemaphoreIndex > lastIndex:
		return "semaphore"
	case raw.Stamps > 1:
		return "stamps"
	}
	for _, number := range []struct {
		name            string
		found, computed uint64
	}{
		{"segment size", raw.SegmentBytes, g.segmentBytes},
		{"versions offset", raw.VersionsAt, g.versionsAt},
		{"versions stride", raw.VersionsStride, g.versionsStride},
		{"cells offset", raw.CellsAt, g.cellsAt},
		{"record stride", raw.RecordStride, g.recordStride},
		{"cell stride", raw.CellStride, g.cellStride},
		{"log offset", raw.LogAt, g.logAt},
		{"description offset", raw.DescriptionAt, g.descriptionAt},
		{"log entry bytes", uint64(raw.LogEntryBytes), g.logEntryBytes},
	} {
		if number.found != number.computed {
			return number.name
		}
	}
	return ""
}
