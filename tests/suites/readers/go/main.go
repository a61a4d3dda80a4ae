// serve RECORD ADDRESS: reads a table of another program. Prints `table CAPACITY EPOCH`, or `refused CODE TEXT` and ends;
// then answers each line of its input, with `error CODE TEXT` when something is wrong:
//
//	read N       reads N records one after the other as fast as it can, then prints them: `INDEX VERSION WORDS`, `contended`
//	snapshot     all records in one state, on one line
//	versions     the versions of all records
//	state        `live` or `retired`
//
// At the end of its input it closes the table, and prints what is said then: codes, or values where there is none.

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"example/fixture"
	"example/shmrecord"
)

func main() {
	address := os.Args[2]
	switch os.Args[1] {
	case "Quote":
		serve[fixture.Quote](address)
	case "Pattern64":
		serve[fixture.Pattern64](address)
	case "Pattern256":
		serve[fixture.Pattern256](address)
	case "Pattern4096":
		serve[fixture.Pattern4096](address)
	case "Signal":
		serve[fixture.Signal](address)
	case "Lights":
		serve[fixture.Lights](address)
	}
}

func serve[T any, P shmrecord.Record[T]](address string) {
	table, err := shmrecord.Open[T, P](address, nil)
	if err != nil {
		complain("refused", err)
		return
	}
	fmt.Printf("table %d %d\n", table.Capacity(), table.Epoch())
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		command, count, _ := strings.Cut(input.Text(), " ")
		number, _ := strconv.Atoi(count)
		if err := answer(table, command, number); err != nil {
			complain("error", err)
		}
	}
	if err := table.Close(); err != nil {
		complain("error", err)
		return
	}
	_, read := table.Read(0)
	_, version := table.Version(0)
	_, snapshot := table.Snapshot(0, 1)
	for _, err := range []error{read, version, snapshot, table.Close()} {
		fmt.Printf("%d ", code(err))
	}
	fmt.Println(table.Capacity(), table.Epoch(), table.Retired())
}

func answer[T any](table *shmrecord.Reader[T], command string, count int) error {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	switch command {
	case "read":
		lines := make([]string, count)
		values, versions := make([]T, count), make([]uint64, count)
		for i := range values {
			value, version, err := table.ReadVersioned(i % table.Capacity())
			if code(err) == shmrecord.Contended {
				lines[i] = "contended"
			} else if err != nil {
				return err
			}
			values[i], versions[i] = value, version
		}
		for i, line := range lines {
			if line == "" {
				line = fmt.Sprintf("%d %d%s", i%table.Capacity(), versions[i], words(&values[i]))
			}
			fmt.Fprintln(out, line)
		}
	case "snapshot":
		values, err := table.Snapshot(0, table.Capacity())
		if err != nil {
			return err
		}
		line := ""
		for i := range values {
			line += words(&values[i])
		}
		fmt.Fprintln(out, strings.TrimPrefix(line, " "))
	case "versions":
		for i := 0; i < table.Capacity(); i++ {
			version, err := table.Version(i)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%d ", version)
		}
		fmt.Fprintln(out)
	case "state":
		if table.Retired() {
			fmt.Fprintln(out, "retired")
		} else {
			fmt.Fprintln(out, "live")
		}
	}
	return nil
}

// words are a record's, in hexadecimal, each behind a space.
func words[T any](value *T) string {
	var out strings.Builder
	for _, word := range unsafe.Slice((*uint64)(unsafe.Pointer(value)), unsafe.Sizeof(*value)/8) {
		fmt.Fprintf(&out, " %x", word)
	}
	return out.String()
}

func code(err error) shmrecord.Code {
	var problem *shmrecord.Error
	if errors.As(err, &problem) {
		return problem.Code
	}
	return 0
}

func complain(what string, err error) {
	fmt.Printf("%s %d %v\n", what, code(err), err)
}
