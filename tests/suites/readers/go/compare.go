// Compare, beside the reader: for each line of two descriptions in hexadecimal the first difference, or what is wrong with
// the first.

package shmrecord

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
)

// Compare answers every line of the standard input.
func Compare() {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	for input.Scan() {
		first, second, _ := strings.Cut(input.Text(), " ")
		fmt.Println(compared(first, second))
	}
}

func compared(first, second string) string {
	var decoded [2]*description
	for i, text := range []string{first, second} {
		data, err := hex.DecodeString(text)
		if err != nil {
			panic(err)
		}
		if decoded[i], err = decodeDescription(data); err != nil {
			return "malformed: " + err.Error()
		}
	}
	if difference := firstDifference(decoded[0], decoded[1]); difference != "" {
		return difference
	}
	return "no difference"
}
