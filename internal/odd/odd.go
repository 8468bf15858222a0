// Package odd puts unusual values into structs: zero, nil, negative, huge, empty,
// repeated. Tests use it to show that a function is total.
package odd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/internal/progress"
)

// Try calls a function with each change of the value that p points to, and with
// pairs of changes. That is the long form. Other tests try one change in four and at
// most 300 pairs, short tests at most 100. The function returns a fault, or "". A
// panic is a fault too, and so is a call that exceeds the limit of [Guard].
func Try[T any](t *testing.T, pairs int, p *T, more Values, call func(*T) string) {
	t.Helper()
	changes := Changes(p, more)
	try := func(changes ...Change) {
		c, what := Copy(p, more), ""
		for i := range changes {
			if changes[i].Apply(c) {
				what += "; " + changes[i].What
			}
		}
		if says := Guard(func() string { return call(c) }); says != "" {
			t.Errorf("%.300s: %s", strings.TrimPrefix(what, "; "), says)
		}
	}
	for _, c := range Sample(changes) {
		try(c)
	}
	switch {
	case testing.Short():
		pairs = min(pairs, 100)
	case !longtest.Enabled():
		pairs = min(pairs, 300)
	}
	random := rand.New(rand.NewPCG(4, 5))
	for range pairs {
		try(changes[random.IntN(len(changes))], changes[random.IntN(len(changes))])
	}
	t.Logf("%d changes, %d pairs of them", len(changes), pairs)
}

// Sample returns all changes in the long form of the tests, else one in four.
func Sample(changes []Change) []Change {
	if longtest.Enabled() {
		return changes
	}
	var list []Change
	for i := 0; i < len(changes); i += 4 {
		list = append(list, changes[i])
	}
	return list
}

// maxSeconds is the maximum processor time of a call under [Guard]. The calls take
// milliseconds; a call without a bound takes minutes or does not end.
const maxSeconds = 10

// Guard calls a function and returns its result. If the function panics, or takes
// more than 10 s of processor time, Guard returns that fault. It does not measure
// elapsed time, which depends on the other processes of the machine.
func Guard(call func() string) (says string) {
	defer func() {
		if fault := recover(); fault != nil {
			says = fmt.Sprintf("panic: %v\n%s", fault, debug.Stack())
		}
	}()
	start := progress.CPUSeconds()
	if says := call(); says != "" {
		return says
	}
	if used := progress.CPUSeconds() - start; used > maxSeconds {
		return fmt.Sprintf("it takes %.1f s of processor time; want at most %d s", used, maxSeconds)
	}
	return ""
}

// A Change puts an unusual value into one place of a struct.
type Change struct {
	What  string // such as "Options.Fleet.Contracts[0].Hosts = 0"
	Place string // the same without the value
	path  []step
	value reflect.Value
	more  Values
}

// A step leads from a value to one of its parts: a field, an element, or the target
// of a pointer.
type step struct {
	kind  reflect.Kind // Struct, Slice or Pointer
	index int
}

// Values lists more unusual values, by type. If a type has an entry, even an empty
// one, its parts are not changed.
type Values map[reflect.Type][]any

// Changes returns a change for each unusual value of each exported field of the
// struct that p points to, and of the structs below it. In a slice it changes the
// first and the last element.
func Changes(p any, more Values) []Change {
	w := walker{more: more}
	w.walk(reflect.ValueOf(p).Elem(), "", nil)
	return w.changes
}

// Apply makes the change in the struct that p points to. It returns false if the
// place no longer exists. It changes the targets of pointers and slices, so p must
// not share them with another value; see Copy.
func (c *Change) Apply(p any) bool {
	v := reflect.ValueOf(p).Elem()
	for _, s := range c.path {
		switch s.kind {
		case reflect.Struct:
			v = v.Field(s.index)
		case reflect.Slice:
			if s.index >= v.Len() {
				return false
			}
			v = v.Index(s.index)
		case reflect.Pointer:
			if v.IsNil() {
				return false
			}
			v = v.Elem()
		}
	}
	copyTo(v, c.value, c.more) // a second change must not reach into the original
	return true
}

type walker struct {
	more    Values
	changes []Change
}

// maxDepth is the maximum number of steps of a walk.
const maxDepth = 12

func (w *walker) walk(v reflect.Value, name string, path []step) {
	if len(path) > maxDepth {
		return
	}
	add := func(value reflect.Value, what string) {
		if name != "" {
			w.changes = append(w.changes, Change{name + " = " + what, name, append([]step(nil), path...), value, w.more})
		}
	}
	down := func(part reflect.Value, name string, s step) {
		w.walk(part, name, append(path[:len(path):len(path)], s))
	}
	t := v.Type()
	if more, ok := w.more[t]; ok {
		add(reflect.Zero(t), "zero")
		for i, m := range more {
			add(reflect.ValueOf(m), fmt.Sprintf("odd value %d", i))
		}
		return
	}
	number := func(n ...any) {
		for _, n := range n {
			if value := reflect.ValueOf(n); value.Convert(t).Convert(value.Type()).Equal(value) {
				add(value.Convert(t), fmt.Sprint(n))
			}
		}
	}
	switch t.Kind() {
	case reflect.Bool:
		add(reflect.ValueOf(!v.Bool()).Convert(t), fmt.Sprint(!v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		number(0, 1, -1, 77, math.MaxInt8, math.MaxInt32, int64(math.MaxInt64), int64(math.MinInt64))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		number(uint64(0), uint64(1), uint64(77), uint64(math.MaxUint8), uint64(math.MaxUint32), uint64(math.MaxInt64), uint64(math.MaxUint64))
	case reflect.String:
		for _, s := range []string{"", "x", "\x00\xff\n\x1b[2K", strings.Repeat("y", 70_000)} {
			add(reflect.ValueOf(s).Convert(t), fmt.Sprintf("%.20q", s))
		}
	case reflect.Struct:
		add(reflect.Zero(t), "zero")
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() {
				down(v.Field(i), strings.TrimPrefix(name+"."+f.Name, "."), step{reflect.Struct, i})
			}
		}
	case reflect.Pointer:
		add(reflect.Zero(t), "nil")
		add(reflect.New(t.Elem()), "pointer to zero")
		if !v.IsNil() {
			down(v.Elem(), name, step{reflect.Pointer, 0})
		}
	case reflect.Slice:
		w.slice(v, add)
		for _, i := range []int{0, v.Len() - 1} {
			if i >= 0 && (i > 0 || v.Len() > 0) && (i == 0 || v.Len() > 1) {
				down(v.Index(i), fmt.Sprintf("%s[%d]", name, i), step{reflect.Slice, i})
			}
		}
	case reflect.Map:
		add(reflect.Zero(t), "nil")
		add(reflect.MakeMap(t), "empty")
		one := reflect.MakeMap(t)
		one.SetMapIndex(reflect.Zero(t.Key()), reflect.Zero(t.Elem()))
		add(one, "zero to zero")
	default: // functions, interfaces, arrays
		add(reflect.Zero(t), "zero")
	}
}

// slice adds unusual slices: without elements, with a zero element, without the
// first or last, in reverse, and with each element twice.
func (w *walker) slice(v reflect.Value, add func(reflect.Value, string)) {
	t, n := v.Type(), v.Len()
	add(reflect.Zero(t), "nil")
	add(reflect.MakeSlice(t, 0, 0), "empty")
	add(reflect.MakeSlice(t, 1, 1), "one zero")
	add(reflect.MakeSlice(t, 3000, 3000), "many zeros")
	if n == 0 {
		return
	}
	add(reflect.AppendSlice(reflect.MakeSlice(t, 0, 2*n), v), "a copy")
	add(reflect.AppendSlice(reflect.AppendSlice(reflect.MakeSlice(t, 0, 2*n), v), v), "each twice")
	add(reflect.Append(reflect.AppendSlice(reflect.MakeSlice(t, 0, n+1), v), reflect.Zero(t.Elem())), "with a zero at the end")
	add(reflect.AppendSlice(reflect.MakeSlice(t, 0, n), v.Slice(1, n)), "without the first")
	add(reflect.AppendSlice(reflect.MakeSlice(t, 0, n), v.Slice(0, n-1)), "without the last")
	reversed := reflect.MakeSlice(t, 0, n)
	for i := n - 1; i >= 0; i-- {
		reversed = reflect.Append(reversed, v.Index(i))
	}
	add(reversed, "reversed")
}

// Copy returns a pointer to a copy of the struct that p points to. It copies the
// parts that Changes can change. The other parts are shared.
func Copy[T any](p *T, more Values) *T {
	to := new(T)
	copyTo(reflect.ValueOf(to).Elem(), reflect.ValueOf(p).Elem(), more)
	return to
}

func copyTo(to, from reflect.Value, more Values) {
	t := from.Type()
	to.Set(from)
	if _, ok := more[t]; ok {
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				copyTo(to.Field(i), from.Field(i), more)
			}
		}
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(t.Elem()))
			copyTo(to.Elem(), from.Elem(), more)
		}
	case reflect.Slice:
		if !from.IsNil() {
			to.Set(reflect.MakeSlice(t, from.Len(), from.Len()))
			for i := range from.Len() {
				copyTo(to.Index(i), from.Index(i), more)
			}
		}
	}
}
