// What the generated package makes of the facts in facts.toml.

package main

import (
	"fmt"
	"math"

	"example/facts"
)

func main() {
	book := facts.Book{
		Symbol: [6]byte{'A', 'B'},
		Side:   facts.SideBid,
		Phase:  facts.PhaseAuction,
		Flags:  facts.BookFlagsSnapshot | facts.BookFlagsCrossed | 4,
		Ts:     1_700_000_000_123_456_789,
		Sides:  [3]facts.Side{facts.SideNone, 7, facts.SideAsk},
		Scaled: [2]int32{-1, -150},
	}
	book.Levels[0] = facts.Level{Px: 1_500_000_000, Avg: math.NaN()}
	book.Levels[1] = facts.Level{Px: math.MaxInt64, Big: 7, Avg: 0.5}
	fmt.Println(facts.MaxDepth, book.SymbolText(), book.Side, book.Phase, book.Sides, facts.Phase(1), facts.Phase(1).Valid(),
		book.Phase.Valid())
	fmt.Println(book.Flags, book.Flags.Has(facts.BookFlagsSnapshot), book.Flags.Has(facts.BookFlagsStale), facts.BookFlags(0))
	fmt.Println(book.TsTime().UTC())
	for i := range book.Levels {
		level := &book.Levels[i]
		fmt.Println(level.PxIsNull(), level.PxValue(), level.BigValue(), level.AvgIsNull())
	}
	fmt.Println(book.ScaledIsNull(book.Scaled[0]), book.ScaledIsNull(book.Scaled[1]), book.ScaledValue(book.Scaled[1]))
}
