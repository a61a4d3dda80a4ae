// Where everything lies in a segment: arithmetic from a shape to offsets and strides. Knows no memory; docs/FORMAT.md has
// the same tables in prose.

//go:build linux && (amd64 || arm64 || loong64 || riscv64)

package shmrecord

import "math/bits"

const (
	liveEnd         = 640
	participantsEnd = 1664
	waitingEnd      = 8192
	maxSegmentBytes = 1 << 62
)

// shape decides a geometry.
type shape struct {
	recordBytes, recordAlign uint32
	capacity                 uint64
	cells, arrangement       uint32
	logEntries               uint32
	descriptionBytes         uint64
	guardKind, wakePolicy    uint32
}

// geometry is what follows from a shape.
type geometry struct {
	segmentBytes               uint64
	versionsAt, versionsStride uint64
	cellsAt, recordStride      uint64
	cellStride                 uint64
	logAt, logEntryBytes       uint64
	descriptionAt              uint64
}

func roundUp(value, unit uint64) uint64 {
	return (value + unit - 1) / unit * unit
}

func atLeast(least, value uint64) uint64 {
	if value < least {
		return least
	}
	return value
}

func (s *shape) cellBytes() uint64 {
	return roundUp(uint64(s.recordBytes), 8)
}

// geometry computes it, or gives the name of the number that makes it impossible.
func (s *shape) geometry() (g geometry, impossible string) {
	if impossible := s.check(); impossible != "" {
		return g, impossible
	}
	// Sizes are below 2^32, so a slot of 8 cells is below 2^36, and the capacity is at most 2^48: only products can overflow.
	unit, line := atLeast(8, uint64(s.recordAlign)), atLeast(64, uint64(s.recordAlign))
	end := uint64(liveEnd)
	if s.wakePolicy != 0 {
		end = waitingEnd
	} else if s.guardKind != 0 {
		end = participantsEnd
	}
	if s.cells == 1 {
		g.logAt, g.logEntryBytes = end, roundUp(s.cellBytes()+16, 64)
		end += 64 + uint64(s.logEntries)*g.logEntryBytes
	}
	g.descriptionAt = end
	base := roundUp(end+s.descriptionBytes, line)
	g.cellStride = roundUp(s.cellBytes(), unit)
	if s.cells > 1 && s.arrangement == 0 {
		g.cellStride = roundUp(s.cellBytes(), line)
	}
	cellsEnd := uint64(s.cells-1)*g.cellStride + s.cellBytes()
	switch s.arrangement {
	case 0: // line
		g.recordStride = roundUp(cellsEnd+8, line)
	case 1: // packed
		g.recordStride = roundUp(cellsEnd+8, unit)
	}
	if s.arrangement == 2 { // split: versions in front
		g.recordStride = uint64(s.cells) * g.cellStride
		g.versionsAt, g.versionsStride, g.cellsAt = base, 8, roundUp(base+8*s.capacity, line)
	} else {
		g.cellsAt, g.versionsAt, g.versionsStride = base, base+cellsEnd, g.recordStride
	}
	high, area := bits.Mul64(s.capacity, g.recordStride)
	if high != 0 || area > maxSegmentBytes || g.cellsAt > maxSegmentBytes-area {
		return g, "capacity"
	}
	g.segmentBytes = roundUp(g.cellsAt+area, 64)
	if g.segmentBytes > maxSegmentBytes {
		return g, "capacity"
	}
	return g, ""
}

func (s *shape) check() string {
	switch {
	case s.arrangement > 2:
		return "arrangement"
	case s.guardKind > 2:
		return "guard kind"
	case s.wakePolicy > 1:
		return "wake policy"
	case s.recordBytes == 0 || s.recordBytes > 1<<31:
		return "record size"
	case s.recordAlign == 0 || s.recordAlign > 4096 || s.recordAlign&(s.recordAlign-1) != 0:
		return "record alignment"
	case s.capacity == 0 || s.capacity > 1<<48:
		return "capacity"
	case s.cells != 1 && s.cells != 2 && s.cells != 4 && s.cells != 8:
		return "cells"
	case (s.logEntries == 0) != (s.cells > 1) || s.logEntries > 1<<16:
		return "log entries"
	case s.descriptionBytes > 1<<24 || s.descriptionBytes%8 != 0:
		return "description bytes"
	}
	return ""
}
