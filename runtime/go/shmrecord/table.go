//go:build linux && (amd64 || arm64 || loong64 || riscv64)

// Package shmrecord reads tables of fixed-layout records in shared memory that programs in Rust, C or C++ write. It needs a
// type that ipcgen generates for the record, no cgo, and nothing beside the standard library:
//
//	quotes, err := shmrecord.Open[md.MarketData]("posix:/quotes", nil)
//	...
//	defer quotes.Close()
//	quote, err := quotes.Read(7)
//
// Records are read by the protocol of docs/FORMAT.md: whole, whatever their writer does or dies of. Tables are never stored
// to. Why a read that passes its check is whole: all loads are those of sync/atomic, which happen in the order of the
// program, as if there were one order of all; so a copy that holds a word of a later write is followed by a load that finds
// the version, or the log's sequence, changed.
package shmrecord

import (
	"time"
	"unsafe"
)

// burst is how many attempts there are between two pauses: those before one bring the cache lines here.
const burst = 64

// look is how many records of a snapshot there are between two looks at whether it is in vain.
const look = 1024

// Record is what a generated type is, by its pointer.
type Record[T any] interface {
	*T
	// ShmRecord gives the record's name, alignment, ids and description.
	ShmRecord() (name string, align uint32, layoutID, schemaID uint64, description string)
}

// Options say how to open a table; the zero value is the default.
type Options struct {
	// How long opening and each read may take; 0: a second.
	Timeout time.Duration
	// A user id that is trusted, beside this process's own and root; 0: nobody else.
	Owner uint32
	// Tables that everybody may write are accepted.
	WorldWritable bool
	// A file that was made before the machine last booted is accepted.
	AnyBoot bool
}

// Reader is a table, mapped for reading. Goroutines may share it; none may read while or after it is closed.
type Reader[T any] struct {
	segment      *segment
	header       *header
	address      string
	name         string
	timeout      time.Duration
	description  *description
	restrictions []restriction
}

// Open maps the table of such records at an address: posix:/name, file:/path or sysv:key. Without options, nil, it has the
// default ones. Errors are of type *Error.
func Open[T any, P Record[T]](address string, options *Options) (*Reader[T], error) {
	if options == nil {
		options = &Options{}
	}
	timeout := options.Timeout
	if timeout == 0 {
		timeout = time.Second
	}
	place, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	name, align, layoutID, schemaID, own := P(nil).ShmRecord()
	here, err := decodeDescription([]byte(own))
	t := task{"open for reading", place.text}
	if err != nil {
		return nil, t.fail(DescriptionCorrupt, "description corrupt: that of the type: %v", err)
	}
	expected := expectation{layoutID, schemaID, uint32(unsafe.Sizeof(*new(T))), align, here}
	reader := &Reader[T]{address: place.text, name: name, timeout: timeout, description: here,
		restrictions: restrictions(here)}
	pauses := newPauses(timeout)
	for {
		reader.segment, reader.header, err = open(place, &expected, options, t)
		if err == nil {
			return reader, nil
		}
		// A System V segment has its key before it is complete.
		if place.isFile || err.(*Error).Code != NotReady || !pauses.pause() {
			return nil, err
		}
	}
}

// Close gives the mapping back.
func (r *Reader[T]) Close() error {
	if r.segment == nil {
		return nil
	}
	detach := r.segment.detach
	r.segment = nil
	return detach()
}

// Capacity is the number of records.
func (r *Reader[T]) Capacity() int {
	return int(r.header.capacity)
}

// Epoch is how often the role of writer was taken; 1 while the creator has it. Of a reader that is closed it is 0.
func (r *Reader[T]) Epoch() uint64 {
	return r.word(epochWord)
}

// Retired tells whether the table was removed or replaced: then nobody writes to it any more, and it can be opened again.
// Of a reader that is closed it is false.
func (r *Reader[T]) Retired() bool {
	return r.word(stateWord) == retired
}

// Version tells how often the record was published; 0: never.
func (r *Reader[T]) Version(index int) (uint64, error) {
	return r.patiently(index, nil, nil)
}

// Read gives a copy of the record; all zeros when it was never published.
func (r *Reader[T]) Read(index int) (T, error) {
	value, _, err := r.ReadVersioned(index)
	return value, err
}

// ReadVersioned is Read, and how often the record was published.
func (r *Reader[T]) ReadVersioned(index int) (value T, version uint64, err error) {
	return r.readWithin(index, nil)
}

// readWithin is ReadVersioned up to a deadline; nil: that of the reader, from now on.
func (r *Reader[T]) readWithin(index int, within *pauses) (value T, version uint64, err error) {
	if r.segment == nil {
		return value, 0, r.fail(BadArgument, "bad handle: it is closed")
	}
	words := make([]uint64, r.header.cellBytes()/8)
	version, err = r.patiently(index, words, within)
	if err != nil {
		return value, 0, err
	}
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 8*len(words))
	if at, found := firstInvalid(r.restrictions, bytes); found {
		field := pathTo(r.description, len(r.description.records)-1, at)
		never := ""
		if version == 0 {
			never = ", never written"
		}
		return value, 0, r.fail(InvalidBits, "%s.%s: bytes that are no value of its type: record %d%s", r.name, field, index, never)
	}
	// Of a copy, as long as the type at least and aligned as words are, in which every bool is one.
	return *(*T)(unsafe.Pointer(&words[0])), version, nil
}

// Snapshot gives copies of the records from first up to end, in one state with respect to batches.
func (r *Reader[T]) Snapshot(first, end int) ([]T, error) {
	if r.segment == nil {
		return nil, r.fail(BadArgument, "bad handle: it is closed")
	}
	if first < 0 || first > end || uint64(end) > r.header.capacity {
		return nil, r.fail(IndexOutOfRange, "records %d to %d out of range, capacity %d", first, end, r.header.capacity)
	}
	values := make([]T, end-first)
	pauses := newPauses(r.timeout)
	for attempts := 1; ; attempts++ {
		committed := r.segment.load(commitWord)
		whole := true
		for i := range values {
			// The first pass goes on while no batch comes between: nobody is waited for.
			if i > 0 && i%look == 0 && (r.segment.load(commitWord) != committed || attempts > 1 && pauses.over()) {
				whole = false
				break
			}
			value, _, err := r.readWithin(first+i, pauses)
			if err != nil {
				return nil, err
			}
			values[i] = value
		}
		if whole && r.segment.load(commitWord) == committed {
			return values, nil
		}
		if pauses.over() || attempts%burst == 0 && !pauses.pause() {
			return nil, r.fail(Contended, "no consistent value in %d attempts: records %d..%d", attempts, first, end)
		}
	}
}

// word is one that changes; 0 once the reader is closed.
func (r *Reader[T]) word(at uint64) uint64 {
	if r.segment == nil {
		return 0
	}
	return r.segment.load(at)
}

func (r *Reader[T]) fail(code Code, format string, arguments ...any) error {
	return task{"read", r.address}.fail(code, format, arguments...)
}

// patiently reads a record's words, as many as there are, and its version, up to a deadline; nil: the reader's, from now on.
func (r *Reader[T]) patiently(index int, words []uint64, within *pauses) (uint64, error) {
	if r.segment == nil {
		return 0, r.fail(BadArgument, "bad handle: it is closed")
	}
	if index < 0 || uint64(index) >= r.header.capacity {
		return 0, r.fail(IndexOutOfRange, "index %d out of range, capacity %d", index, r.header.capacity)
	}
	slot := slot{r.segment, r.header, uint64(index)}
	// Nearly always this is all, and needs no clock.
	version, whole := slot.read(words)
	if whole {
		return version, nil
	}
	if within == nil {
		within = newPauses(r.timeout)
	}
	for attempts := 1; ; attempts++ {
		if attempts%burst == 0 && !within.pause() {
			return 0, r.fail(Contended, "no consistent value in %d attempts: record %d", attempts, index)
		}
		if version, whole = slot.read(words); whole {
			return version, nil
		}
	}
}

// pauses grow, up to a deadline.
type pauses struct {
	deadline time.Time
	next     time.Duration
}

func newPauses(timeout time.Duration) *pauses {
	return &pauses{time.Now().Add(timeout), time.Microsecond}
}

func (p *pauses) over() bool {
	return !time.Now().Before(p.deadline)
}

// pause sleeps; false: there was no time left.
func (p *pauses) pause() bool {
	left := time.Until(p.deadline)
	if left <= 0 {
		return false
	}
	if p.next > left {
		p.next = left
	}
	time.Sleep(p.next)
	if p.next *= 2; p.next > time.Millisecond {
		p.next = time.Millisecond
	}
	return true
}
