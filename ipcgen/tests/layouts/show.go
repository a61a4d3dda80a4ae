// What the compiler makes of a record: prints its name, size, alignment and ids, and for each field its name, offset and size.

package main

import (
	"fmt"
	"reflect"
	"strings"
)

type record interface {
	ShmRecord() (name string, align uint32, layoutID, schemaID uint64, description string)
}

func show(schema string, r record) {
	ty := reflect.TypeOf(r).Elem()
	name, align, layoutID, schemaID, description := r.ShmRecord()
	if !strings.Contains(description, name) {
		panic(name)
	}
	fmt.Printf("%s.%s %d %d %016x %016x\n", schema, name, ty.Size(), align, layoutID, schemaID)
	for i := 0; i < ty.NumField(); i++ {
		if field := ty.Field(i); field.Name != "_" {
			fmt.Printf("  %s %d %d\n", strings.ToLower(field.Name), field.Offset, field.Type.Size())
		}
	}
}
