// reader ADDRESS LAYOUT_ID: reads a table of another program. Prints `table CAPACITY EPOCH`; then, for each number N on a
// line of its input, reads N records one after the other as fast as it can, and prints them: index, version, words. It
// judges none of them. Prints `refused: ...` and ends when something is wrong.

package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Printf("refused: %v\n", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 2 {
		return fmt.Errorf("usage: reader ADDRESS LAYOUT_ID")
	}
	layoutID, err := strconv.ParseUint(arguments[1], 16, 64)
	if err != nil {
		return err
	}
	memory, err := Attach(arguments[0])
	if err != nil {
		return err
	}
	defer Detach(arguments[0], memory)
	table, err := NewTable(memory, layoutID)
	if err != nil {
		return err
	}
	fmt.Printf("table %d %d\n", table.Capacity(), table.Epoch())
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		count, err := strconv.Atoi(input.Text())
		if err != nil {
			return err
		}
		if err := readAndPrint(table, count); err != nil {
			return err
		}
	}
	return input.Err()
}

// readAndPrint reads everything before it prints anything: printing would give the writer pauses.
func readAndPrint(table *Table, count int) error {
	records := make([]Record, count)
	for i := range records {
		record, err := table.Read(uint64(i) % table.Capacity())
		if err != nil {
			return err
		}
		records[i] = record
	}
	out := bufio.NewWriter(os.Stdout)
	for i, record := range records {
		fmt.Fprintf(out, "%d %d", uint64(i)%table.Capacity(), record.Version)
		for _, word := range record.Words {
			fmt.Fprintf(out, " %x", word)
		}
		fmt.Fprintln(out)
	}
	return out.Flush()
}
