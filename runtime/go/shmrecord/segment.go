// The memory of a segment, mapped so that this process cannot write it. Knows nothing of what a segment holds. No cgo:
// system calls of the standard library alone.
//
// A file that is cut while it is mapped ends its readers with SIGBUS, as everywhere.

//go:build linux && (amd64 || arm64 || loong64 || riscv64)

package shmrecord

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// segment is a mapping, by words of 8 bytes.
type segment struct {
	words  []uint64
	bytes  uint64
	detach func() error
}

// load is an atomic load, sequentially consistent as all of sync/atomic are: no load of the program overtakes it.
func (s *segment) load(word uint64) uint64 {
	return atomic.LoadUint64(&s.words[word])
}

// copyBytes copies whole words, one atomic load each.
func (s *segment) copyBytes(from, count uint64) []byte {
	words := make([]uint64, count/8)
	for i := range words {
		words[i] = s.load(from/8 + uint64(i))
	}
	if len(words) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), count)
}

// attach maps the segment at an address, if its owner and mode are accepted.
func attach(place address, options *Options, t task) (*segment, error) {
	if !place.isFile {
		return attachKey(place.key, options, t)
	}
	fd, err := openFile(place.path)
	if err != nil {
		return nil, t.system("open", err)
	}
	// The mapping outlives the descriptor.
	defer syscall.Close(fd)
	var facts syscall.Stat_t
	if err := syscall.Fstat(fd, &facts); err != nil {
		return nil, t.system("fstat", err)
	}
	if kind := facts.Mode & syscall.S_IFMT; kind != syscall.S_IFREG {
		names := map[uint32]string{syscall.S_IFDIR: "directory", syscall.S_IFIFO: "FIFO", syscall.S_IFSOCK: "socket"}
		name, known := names[kind]
		if !known {
			name = "device"
		}
		return nil, t.fail(NotRegular, "not a regular file but a %s", name)
	}
	if err := options.trust(facts.Uid, facts.Mode&07777, t); err != nil {
		return nil, err
	}
	if err := checkSize(uint64(facts.Size), t); err != nil {
		return nil, err
	}
	memory, err := syscall.Mmap(fd, 0, int(facts.Size), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, t.system("mmap", err)
	}
	return newSegment(memory, func() error { return syscall.Munmap(memory) }), nil
}

// newSegment sees a mapping, which begins at a page, as words.
func newSegment(memory []byte, detach func() error) *segment {
	words := unsafe.Slice((*uint64)(unsafe.Pointer(&memory[0])), len(memory)/8)
	return &segment{words, uint64(len(memory)), detach}
}

func openFile(path string) (int, error) {
	for {
		flags := syscall.O_RDONLY | syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_CLOEXEC
		fd, err := syscall.Open(path, flags, 0)
		if err != syscall.EINTR {
			return fd, err
		}
	}
}

func checkSize(actual uint64, t task) error {
	if actual < liveEnd {
		return t.fail(SizeMismatch, "%d bytes long, %d expected", actual, liveEnd)
	}
	return nil
}

// trust accepts an object of this owner and mode.
func (o *Options) trust(owner, mode uint32, t task) error {
	trusted := owner == 0 || owner == uint32(os.Geteuid()) || o.Owner != 0 && owner == o.Owner
	if !trusted {
		return t.fail(BadOwner, "owned by user %d, who is not trusted", owner)
	}
	if mode&0002 != 0 && !o.WorldWritable {
		return t.fail(TooPermissive, "mode %04o lets everybody write", mode)
	}
	return nil
}
