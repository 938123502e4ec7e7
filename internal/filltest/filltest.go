// Package filltest gives tests values that have something in every field, so
// that a field that is added later is covered as well.
package filltest

import (
	"fmt"
	"reflect"
	"time"
)

// Value gives a T with something in everything that it holds: a list has two
// elements, a text says where it stands, under the name. It panics where it
// does not know what to put.
func Value[T any](name string) (v T) {
	fill(reflect.ValueOf(&v).Elem(), name)
	return v
}

func fill(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(name + " «æøå» 👍")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Float64:
		v.SetFloat(0.87)
	case reflect.Interface:
		v.Set(reflect.ValueOf([]any{name, true, nil}))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), fmt.Sprint(name, i))
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]any{"purpose": []any{"health_research"}, "consent": nil, name: "ja"}))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 11, 22, 9, 30, 0, 123456000, time.UTC)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), name+"."+v.Type().Field(i).Name)
		}
	default:
		panic(fmt.Sprintf("filltest: %s: nothing is known for %v", name, v.Type()))
	}
}
