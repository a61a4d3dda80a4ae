// The first difference between two descriptions, in the words of the other languages:
// `price: f64 at 16 in the segment, i64 at 16 here`.

//go:build linux && (amd64 || arm64 || loong64 || riscv64)

package shmrecord

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

var (
	formNames = [...]string{"", "closed enum", "open enum", "flags"}
	timeNames = [...]string{"", "unix_s", "unix_ms", "unix_us", "unix_ns", "monotonic_ns"}
)

// comparison is of two descriptions.
type comparison struct {
	segment, here *description
}

// firstDifference between the tables' own records; "" when the ids of both cover the same facts.
func firstDifference(segment, here *description) string {
	c := comparison{segment, here}
	return c.records("", &segment.records[len(segment.records)-1], &here.records[len(here.records)-1])
}

func (c *comparison) records(path string, theirs, mine *describedRecord) string {
	for at := 0; at < len(theirs.fields) || at < len(mine.fields); at++ {
		switch {
		case at >= len(mine.fields):
			field := &theirs.fields[at]
			return fmt.Sprintf("%s%s: %s in the segment, absent here", path, field.name, placeOf(c.segment, field))
		case at >= len(theirs.fields):
			field := &mine.fields[at]
			return fmt.Sprintf("%s%s: absent in the segment, %s here", path, field.name, placeOf(c.here, field))
		}
		if difference := c.fields(path, at, &theirs.fields[at], &mine.fields[at]); difference != "" {
			return difference
		}
	}
	what := strings.TrimSuffix(path, ".")
	if what == "" {
		what = "record"
	}
	switch {
	case theirs.size != mine.size:
		return fmt.Sprintf("%s: size %d in the segment, %d here", what, theirs.size, mine.size)
	case theirs.align != mine.align:
		return fmt.Sprintf("%s: alignment %d in the segment, %d here", what, theirs.align, mine.align)
	case theirs.name != mine.name:
		return fmt.Sprintf("%s: name `%s` in the segment, `%s` here", what, theirs.name, mine.name)
	}
	return ""
}

func (c *comparison) fields(path string, at int, theirs, mine *describedField) string {
	place, myPlace := placeOf(c.segment, theirs), placeOf(c.here, mine)
	if theirs.name != mine.name {
		return fmt.Sprintf("%sfield %d: `%s` (%s) in the segment, `%s` (%s) here", path, at, theirs.name, place, mine.name,
			myPlace)
	}
	if theirs.kind != mine.kind || theirs.elemSize != mine.elemSize || theirs.offset != mine.offset ||
		fmt.Sprint(theirs.dims) != fmt.Sprint(mine.dims) {
		return fmt.Sprintf("%s%s: %s in the segment, %s here", path, theirs.name, place, myPlace)
	}
	if theirs.kind == kindRecord {
		inner := path + theirs.name + "."
		if difference := c.records(inner, &c.segment.records[theirs.record], &c.here.records[mine.record]); difference != "" {
			return difference
		}
	}
	if difference := c.enums(theirs, mine); difference != "" {
		return fmt.Sprintf("%s%s: %s", path, theirs.name, difference)
	}
	for _, fact := range []struct {
		differs bool
		words   func(*describedField) string
	}{
		{theirs.unit != mine.unit, unitOf},
		{theirs.exp != mine.exp, expOf},
		{theirs.time != mine.time, timeOf},
		{theirs.hasNull != mine.hasNull || theirs.null != mine.null, nullOf},
	} {
		if fact.differs {
			return fmt.Sprintf("%s%s: %s in the segment, %s here", path, theirs.name, fact.words(theirs), fact.words(mine))
		}
	}
	return ""
}

// enums compares what the integers of two fields are called.
func (c *comparison) enums(theirs, mine *describedField) string {
	if theirs.named < 0 && mine.named < 0 {
		return ""
	}
	var found, expected describedEnum
	if theirs.named >= 0 {
		found = c.segment.enums[theirs.named]
	}
	if mine.named >= 0 {
		expected = c.here.enums[mine.named]
	}
	switch {
	case (theirs.named < 0) != (mine.named < 0) || found.name != expected.name:
		return fmt.Sprintf("%s in the segment, %s here", placeOf(c.segment, theirs), placeOf(c.here, mine))
	case found.form != expected.form:
		return fmt.Sprintf("%s in the segment, %s here", formNames[found.form], formNames[expected.form])
	}
	return firstValue(&found, &expected)
}

// firstValue is the first one that one of two enums has and the other has not, or calls otherwise.
func firstValue(theirs, mine *describedEnum) string {
	for at := 0; at < len(theirs.values) || at < len(mine.values); at++ {
		var found, expected *describedValue
		if at < len(theirs.values) {
			found = &theirs.values[at]
		}
		if at < len(mine.values) {
			expected = &mine.values[at]
		}
		if found != nil && expected != nil {
			if *found == *expected {
				continue
			}
			// Of two different numbers the smaller one is not there on the other side.
			if found.bits != expected.bits {
				if less(found.bits, expected.bits, theirs.kind) {
					expected = nil
				} else {
					found = nil
				}
			}
		}
		bit, none := "", "no value"
		if theirs.form == formFlags {
			bit, none = "bit ", "no flag"
		}
		names, bits := [2]string{none, none}, uint64(0)
		for i, value := range []*describedValue{found, expected} {
			if value != nil {
				names[i], bits = "`"+value.name+"`", value.bits
			}
		}
		number := integerText(bits, theirs.kind)
		return fmt.Sprintf("%s%s is %s in the segment, %s here", bit, number, names[0], names[1])
	}
	return ""
}

func less(a, b uint64, kind uint8) bool {
	if isSigned(kind) {
		return int64(a) < int64(b)
	}
	return a < b
}

func integerText(bits uint64, kind uint8) string {
	if isSigned(kind) {
		return strconv.FormatInt(int64(bits), 10)
	}
	return strconv.FormatUint(bits, 10)
}

// placeOf is `f64 at 16`, `[Level; 10] at 40`.
func placeOf(d *description, field *describedField) string {
	element := kindNames[field.kind]
	switch {
	case field.kind == kindRecord:
		element = d.records[field.record].name
	case field.named >= 0:
		element = d.enums[field.named].name
	case field.text:
		element = "char"
	}
	ty := strings.Repeat("[", len(field.dims)) + element
	for i := len(field.dims) - 1; i >= 0; i-- {
		ty += fmt.Sprintf("; %d]", field.dims[i])
	}
	return fmt.Sprintf("%s at %d", ty, field.offset)
}

func unitOf(field *describedField) string {
	if field.unit == "" {
		return "no unit"
	}
	return fmt.Sprintf("unit `%s`", field.unit)
}

func expOf(field *describedField) string {
	if field.exp == 0 {
		return "no exponent"
	}
	return fmt.Sprintf("exponent %d", field.exp)
}

func timeOf(field *describedField) string {
	if field.time == 0 {
		return "no time"
	}
	return "time " + timeNames[field.time]
}

// nullOf is `null -1`, `null NaN`; of a float that is no whole number the bits, which every language writes alike.
func nullOf(field *describedField) string {
	float := math.Float64frombits(field.null)
	switch {
	case !field.hasNull:
		return "no null"
	case field.kind != kindF32 && field.kind != kindF64:
		return "null " + integerText(field.null, field.kind)
	case float != float:
		return "null NaN"
	case float >= -1<<31 && float < 1<<31 && math.Float64bits(float64(int32(float))) == field.null:
		return fmt.Sprintf("null %d", int32(float))
	}
	return fmt.Sprintf("null 0x%016x", field.null)
}
