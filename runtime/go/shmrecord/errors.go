// Errors: a code, which has the number that it has in Rust and C, and a sentence that says the operation, the segment, what
// was found, and what to do.

//go:build linux && (amd64 || arm64 || loong64 || riscv64)

package shmrecord

import (
	"fmt"
	"syscall"
)

// Code is what went wrong, for programs.
type Code int

// The codes of the errors that a reader can have.
const (
	BadAddress         Code = 1
	BadName            Code = 2
	NotFound           Code = 3
	NotRegular         Code = 4
	BadOwner           Code = 5
	TooPermissive      Code = 6
	PermissionDenied   Code = 7
	OS                 Code = 10
	NotReady           Code = 11
	BadMagic           Code = 12
	WrongEndian        Code = 13
	ABIMismatch        Code = 14
	HeaderCorrupt      Code = 15
	BadGeometry        Code = 16
	SizeMismatch       Code = 17
	DescriptionCorrupt Code = 18
	LayoutMismatch     Code = 19
	StaleBoot          Code = 20
	Retired            Code = 21
	BadArgument        Code = 22
	IndexOutOfRange    Code = 28
	Contended          Code = 29
	InvalidBits        Code = 30
	BadKey             Code = 32
	NamespaceMismatch  Code = 40
)

const createAgain = "remove the segment and let its writer create it again"

// hints say what to do about each.
var hints = map[Code]string{
	BadAddress:         "write posix:/name, file:/path, sysv:0x1234 or memfd:name",
	BadName:            "choose another name",
	NotFound:           "start the program that creates it, or check the address",
	NotRegular:         "something else has this name: remove it or choose another name",
	BadOwner:           "name the owner as trusted in the options if that is intended",
	TooPermissive:      "create it with a narrower mode, or ask for that mode in the options",
	PermissionDenied:   "check owner and mode, or run as a user who may",
	OS:                 "see the errno",
	NotReady:           "try again; if it stays so, another program made it",
	BadMagic:           "another program made it: check the address",
	WrongEndian:        "read it on a machine of its own byte order",
	ABIMismatch:        "build both programs with the same version of shmrecord",
	HeaderCorrupt:      createAgain,
	BadGeometry:        createAgain,
	SizeMismatch:       "it was cut or extended: remove it and let its writer create it again",
	DescriptionCorrupt: createAgain,
	LayoutMismatch:     "build both programs from the same schema",
	StaleBoot:          "remove it and let its writer create it again",
	Retired:            "open it again, once another one is there",
	BadArgument:        "choose a value in the range",
	IndexOutOfRange:    "use an index below the capacity",
	Contended:          "try again, or give the table more cells",
	InvalidBits:        "if it was never written, give its enum a value for 0; else the writer stored what is no value",
	BadKey:             "write sysv:0x1234, sysv:4660 or sysv:ftok(/path,7)",
	NamespaceMismatch:  "run both in one IPC namespace, or use posix: or file:",
}

// Error is why something failed. What the system said, if it said anything, is a syscall.Errno behind Unwrap.
type Error struct {
	Code Code
	// What was done, and to what: an address.
	Operation, Subject string
	// What was found and expected.
	Found string
	// What the system said; 0 where it was not asked.
	Errno syscall.Errno
}

func (e *Error) Error() string {
	reason := ""
	if e.Errno != 0 {
		reason = fmt.Sprintf(": %v (os error %d)", e.Errno, int(e.Errno))
	}
	return fmt.Sprintf("%s %s: %s%s; %s", e.Operation, e.Subject, e.Found, reason, hints[e.Code])
}

// Unwrap gives the system's errno, if there is one.
func (e *Error) Unwrap() error {
	if e.Errno == 0 {
		return nil
	}
	return e.Errno
}

// task is the operation under way and what it is done to: what every error needs to say.
type task struct {
	operation, subject string
}

func (t task) fail(code Code, format string, arguments ...any) error {
	return &Error{code, t.operation, t.subject, fmt.Sprintf(format, arguments...), 0}
}

// system is the error of a system call that failed: an errno that has a code of its own gets it.
func (t task) system(call string, err error) error {
	errno, _ := err.(syscall.Errno)
	code, words := OS, "system call failed"
	switch errno {
	case syscall.ENOENT:
		code, words = NotFound, "not found"
	case syscall.EACCES, syscall.EPERM, syscall.EROFS:
		code, words = PermissionDenied, "permission denied"
	case syscall.ELOOP:
		code, words = NotRegular, "not a regular file but a symbolic link"
	case syscall.EISDIR:
		code, words = NotRegular, "not a regular file but a directory"
	case syscall.ENXIO:
		code, words = NotRegular, "not a regular file but a socket or device"
	}
	return &Error{code, t.operation, t.subject, words + ": " + call, errno}
}
