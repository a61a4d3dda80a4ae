// One record of a table: attempts to read it by the protocol of docs/FORMAT.md. Relies on a checked header.

//go:build linux && (amd64 || arm64 || loong64 || riscv64)

package shmrecord

// slot is where a record is.
type slot struct {
	segment *segment
	header  *header
	index   uint64
}

// read makes one attempt to fill these words, all of the record or none, and gives the version that they are. False: again.
func (s *slot) read(words []uint64) (version uint64, whole bool) {
	if s.header.cells > 1 {
		return s.readNewestCell(words)
	}
	return s.readSlotOrLog(words)
}

func (s *slot) version() uint64 {
	return s.segment.load((s.header.versionsAt + s.index*s.header.versionsStride) / 8)
}

// readNewestCell reads version v in cell v mod K; a writer is one cell ahead.
func (s *slot) readNewestCell(words []uint64) (uint64, bool) {
	h := s.header
	before := s.version()
	cell := before % uint64(h.cells)
	s.copy(words, h.cellsAt+s.index*h.recordStride+cell*h.cellStride)
	return before, s.version()-before <= uint64(h.cells)-2
}

// readSlotOrLog reads the slot at rest; while it is overwritten, or its writer died there, the value in the log.
func (s *slot) readSlotOrLog(words []uint64) (uint64, bool) {
	cell := s.header.cellsAt + s.index*s.header.recordStride
	before := s.version()
	if before%2 == 0 {
		s.copy(words, cell)
		return before / 2, s.version() == before
	}
	log := s.header.logAt / 8
	sequence := s.segment.load(log)
	if sequence%2 != 0 {
		return 0, false
	}
	batch := s.segment.load(log + 2)
	committed := batch <= s.segment.load(commitWord)
	entry, found := s.find(log, before+1)
	if !found {
		return 0, false
	}
	version := (before + 1) / 2
	if committed {
		s.copy(words, entry)
	} else {
		s.copy(words, cell)
		version = (before - 1) / 2
	}
	same := s.segment.load(log) == sequence && (batch <= s.segment.load(commitWord)) == committed
	// Without the words it is the slot's version that has to hold still.
	return version, same && (len(words) > 0 || s.version() == before)
}

// find gives the entry of the log for this record and version word, by its offset.
func (s *slot) find(log, target uint64) (uint64, bool) {
	h := s.header
	entries := s.segment.load(log + 1)
	for i := uint64(0); i < entries && i < uint64(h.logEntries); i++ {
		entry := h.logAt + 64 + i*h.logEntryBytes
		behind := (entry + h.cellBytes()) / 8
		if s.segment.load(behind) == s.index && s.segment.load(behind+1) == target {
			return entry, true
		}
	}
	return 0, false
}

func (s *slot) copy(words []uint64, from uint64) {
	for i := range words {
		words[i] = s.segment.load(from/8 + uint64(i))
	}
}
