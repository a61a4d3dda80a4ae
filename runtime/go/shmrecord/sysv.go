// System V segments, by the bare system calls, which 64-bit Linux has without cgo.

//go:build linux && (amd64 || arm64 || loong64 || riscv64)

package shmrecord

import (
	"syscall"
	"unsafe"
)

const (
	ipcStat   = 2
	shmRdonly = 010000
)

// shmidDs is what shmctl(IPC_STAT) stores, up to what is asked for, with room for the rest.
type shmidDs struct {
	key                        int32
	uid, gid, cuid, cgid, mode uint32
	_                          [3]uint64
	segsz                      uint64
	_                          [16]uint64
}

// attachKey maps the segment under a key.
func attachKey(key uint32, options *Options, t task) (*segment, error) {
	// The system takes the key as a signed number of the same bits.
	id, _, errno := syscall.Syscall(syscall.SYS_SHMGET, uintptr(int32(key)), 0, 0)
	if errno != 0 {
		return nil, t.system("shmget", errno)
	}
	var facts shmidDs
	_, _, errno = syscall.Syscall(syscall.SYS_SHMCTL, id, ipcStat, uintptr(unsafe.Pointer(&facts)))
	if errno != 0 {
		return nil, t.system("shmctl(IPC_STAT)", errno)
	}
	// Owner and creator may both change and remove it.
	for _, owner := range []uint32{facts.uid, facts.cuid} {
		if err := options.trust(owner, facts.mode&0777, t); err != nil {
			return nil, err
		}
	}
	if err := checkSize(facts.segsz, t); err != nil {
		return nil, err
	}
	at, _, errno := syscall.Syscall(syscall.SYS_SHMAT, id, 0, shmRdonly)
	if errno != 0 {
		return nil, t.system("shmat", errno)
	}
	// Memory that the garbage collector does not know: its address is seen as a pointer, not converted to one.
	memory := unsafe.Slice(*(**byte)(unsafe.Pointer(&at)), facts.segsz)
	detach := func() error {
		if _, _, errno := syscall.Syscall(syscall.SYS_SHMDT, at, 0, 0); errno != 0 {
			return errno
		}
		return nil
	}
	return newSegment(memory, detach), nil
}

// ipcNamespace is the inode of this thread's IPC namespace; 0 where it cannot be read.
func ipcNamespace() uint64 {
	var facts syscall.Stat_t
	if syscall.Stat("/proc/thread-self/ns/ipc", &facts) != nil {
		return 0
	}
	return facts.Ino
}
