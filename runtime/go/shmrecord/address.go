// Addresses, as every language writes them: posix:/name, file:/path, sysv:key. Opens nothing, but asks for the file that a
// key is made from.

//go:build linux && (amd64 || arm64 || loong64 || riscv64)

package shmrecord

import (
	"strconv"
	"strings"
	"syscall"
)

// nameMax is what file systems allow for one component of a path (255), less the suffix of the guard.
const (
	nameMax     = 249
	guardSuffix = ".guard"
)

// address is where a segment is: a file with a path, or a System V segment with a key.
type address struct {
	text   string
	isFile bool
	path   string
	key    uint32
}

func parseAddress(text string) (address, error) {
	t := task{"parse address", text}
	kind, rest, found := strings.Cut(text, ":")
	if !found {
		return address{}, t.fail(BadAddress, "bad address: no kind before a colon")
	}
	switch kind {
	case "sysv":
		key, err := parseKey(rest, t)
		return address{text: text, key: key}, err
	case "posix":
		rest = strings.TrimPrefix(rest, "/")
		if strings.Contains(rest, "/") {
			return address{}, t.fail(BadName, "bad name: a slash inside the name")
		}
		if strings.HasPrefix(rest, "sem.") {
			return address{}, t.fail(BadName, "bad name: names starting with sem. belong to POSIX semaphores")
		}
		return address{text: "posix:/" + rest, isFile: true, path: "/dev/shm/" + rest}, checkComponent(rest, t)
	case "file":
		return address{text: text, isFile: true, path: rest}, checkComponent(rest, t)
	case "memfd":
		return address{}, t.fail(BadAddress, "bad address: kind `memfd` is not read in Go")
	}
	return address{}, t.fail(BadAddress, "bad address: kind `%s` is unknown", kind)
}

// hasControl tells whether text holds a control character other than this one.
func hasControl(text string, but rune) bool {
	isControl := func(r rune) bool { return (r < ' ' || r >= 0x7f && r <= 0x9f) && r != but }
	return strings.IndexFunc(text, isControl) >= 0
}

func checkComponent(path string, t task) error {
	name := path[strings.LastIndexByte(path, '/')+1:]
	switch {
	case hasControl(path, -1):
		return t.fail(BadName, "bad name: a control character inside the name")
	case name == "":
		return t.fail(BadName, "bad name: the name is empty")
	case name == "." || name == "..":
		return t.fail(BadName, "bad name: `%s` is a directory", name)
	case len(name) > nameMax:
		return t.fail(BadName, "bad name: %d bytes, at most %d fit beside the %s of its guard file", len(name), nameMax,
			guardSuffix)
	case strings.HasSuffix(name, guardSuffix):
		return t.fail(BadName, "bad name: names ending in %s belong to guard files", guardSuffix)
	}
	return nil
}

// parseKey reads what stands behind `sysv:`: any 32 bits but 0.
func parseKey(text string, t task) (uint32, error) {
	key, err := uint32(0), error(nil)
	if strings.HasPrefix(text, "ftok(") {
		key, err = ftok(text[len("ftok("):], t)
	} else {
		key, err = parseNumber(text, t)
	}
	if err == nil && key == 0 {
		return 0, t.fail(BadKey, "bad key: 0 is IPC_PRIVATE, which names nothing")
	}
	return key, err
}

// parseNumber reads a decimal or hexadecimal number of 32 bits, without a sign.
func parseNumber(text string, t task) (uint32, error) {
	digits, base, allowed := text, 10, "0123456789"
	if strings.HasPrefix(text, "0x") || strings.HasPrefix(text, "0X") {
		digits, base, allowed = text[2:], 16, "0123456789abcdefABCDEF"
	}
	switch {
	case digits == "" || strings.Trim(digits, allowed) != "":
		return 0, t.fail(BadKey, "bad key: `%s` is not a number without sign, such as 0x1234 or 4660", text)
	case base == 10 && len(text) > 1 && text[0] == '0':
		return 0, t.fail(BadKey, "bad key: `%s` is octal in C and decimal elsewhere: write it without the leading 0", text)
	}
	value, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return 0, t.fail(BadKey, "bad key: `%s` has more than 32 bits", text)
	}
	return uint32(value), nil
}

// ftok makes of a path and a number what ftok(3) does: 8 bits of the number, 8 of the device, 16 of the inode.
func ftok(text string, t task) (uint32, error) {
	comma := strings.LastIndexByte(text, ',')
	if comma < 0 || !strings.HasSuffix(text, ")") {
		return 0, t.fail(BadKey, "bad key: expected ftok(/path,7)")
	}
	project, err := parseNumber(text[comma+1:len(text)-1], t)
	if err != nil {
		return 0, err
	}
	if project < 1 || project > 255 {
		return 0, t.fail(BadKey, "bad key: the number in ftok is %d, expected 1 to 255", project)
	}
	var facts syscall.Stat_t
	if err := syscall.Stat(text[:comma], &facts); err != nil {
		return 0, t.system("stat of the path in ftok", err)
	}
	return project<<24 | uint32(facts.Dev)&0xff<<16 | uint32(facts.Ino)&0xffff, nil
}
