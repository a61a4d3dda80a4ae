// A segment of shared memory, mapped so that it cannot be written: by System V key or by POSIX name. No cgo: system calls
// of golang.org/x/sys/unix alone. Knows nothing of what a segment holds.

package main

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Attach maps the segment at `sysv:KEY` (decimal or hexadecimal) or `posix:/name`, until Detach.
func Attach(address string) ([]byte, error) {
	kind, place, _ := strings.Cut(address, ":")
	switch kind {
	case "sysv":
		return attachKey(place)
	case "posix":
		return attachFile("/dev/shm/" + strings.TrimPrefix(place, "/"))
	}
	return nil, fmt.Errorf("%s: neither sysv:KEY nor posix:/name", address)
}

// Detach lets go of what Attach mapped.
func Detach(address string, memory []byte) error {
	if strings.HasPrefix(address, "sysv:") {
		return unix.SysvShmDetach(memory)
	}
	return unix.Munmap(memory)
}

func attachKey(text string) ([]byte, error) {
	key, err := strconv.ParseUint(text, 0, 32)
	if err != nil {
		return nil, err
	}
	// The system takes the key as a signed number of the same bits.
	id, err := unix.SysvShmGet(int(int32(key)), 0, 0)
	if err != nil {
		return nil, fmt.Errorf("shmget: %w", err)
	}
	memory, err := unix.SysvShmAttach(id, 0, unix.SHM_RDONLY)
	if err != nil {
		return nil, fmt.Errorf("shmat: %w", err)
	}
	return memory, nil
}

func attachFile(path string) ([]byte, error) {
	file, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	// The mapping outlives the descriptor.
	defer unix.Close(file)
	var facts unix.Stat_t
	if err := unix.Fstat(file, &facts); err != nil {
		return nil, fmt.Errorf("fstat: %w", err)
	}
	if facts.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	memory, err := unix.Mmap(file, 0, int(facts.Size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mmap: %w", err)
	}
	return memory, nil
}
