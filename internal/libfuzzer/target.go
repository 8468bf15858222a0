// Package libfuzzer runs a fuzz target of package testing on the inputs of another
// engine, such as libFuzzer. The command fuzz/libfuzzer builds programs with it.
//
// A target gets an [F] in place of a testing.F. Each input runs in a separate
// subtest, as in Go's engine. Cleanups run, a skipped input is skipped, and a failure
// ends the program.
package libfuzzer

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// SeedsVariable is the environment variable that names an archive. If it is set, the
// program writes its seeds to the archive and ends.
const SeedsVariable = "LIBFUZZER_SEEDS"

// maxSeed is the maximum size in bytes of a seed in an archive. libFuzzer generates
// inputs up to the size of its longest seed, so long seeds make it slow.
const maxSeed = 64 << 10

// An F stands in for a testing.F. It is a testing.TB too.
type F struct {
	*testing.T
	name    string
	archive string // "" means that the target runs on inputs
	seeds   [][]any
	ready   chan []reflect.Type
	inputs  chan []any
	passed  chan struct{}
}

// Add adds a seed.
func (f *F) Add(args ...any) { f.seeds = append(f.seeds, args) }

// Fuzz calls fn, a function of a testing.T and the arguments of the target, for each
// input, until one fails.
func (f *F) Fuzz(fn any) {
	v := reflect.ValueOf(fn)
	var types []reflect.Type
	for i := 1; i < v.Type().NumIn(); i++ {
		types = append(types, v.Type().In(i))
	}
	if f.archive != "" {
		if err := f.writeSeeds(types); err != nil {
			f.Fatal(err)
		}
		return
	}
	f.ready <- types
	for arguments := range f.inputs {
		ok := f.Run("", func(t *testing.T) {
			in := []reflect.Value{reflect.ValueOf(t)}
			for _, a := range arguments {
				in = append(in, reflect.ValueOf(a))
			}
			v.Call(in)
		})
		if !ok {
			f.Fatalf("the input, as a file of testdata/fuzz:\n\n%s", testdata(arguments))
		}
		f.passed <- struct{}{}
	}
}

// writeSeeds writes the seeds of the target to its archive: those that it added, and
// those that fuzzing has found.
func (f *F) writeSeeds(types []reflect.Type) error {
	found, err := readCorpus(filepath.Join("testdata", "fuzz", f.name), types)
	if err != nil {
		return err
	}
	var inputs [][]byte
	for _, seed := range append(f.seeds, found...) {
		if input := encode(seed); len(input) <= maxSeed {
			inputs = append(inputs, input)
		}
	}
	w, err := os.Create(f.archive)
	if err != nil {
		return err
	}
	return errors.Join(write(w, inputs), w.Close())
}

// current is the target of the program, and types are the types of its arguments.
var (
	current *F
	types   []reflect.Type
)

// Start starts a target, and returns when it is ready for inputs. If the program must
// write its seeds, Start ends it.
func Start(name string, target func(*F)) {
	current = &F{
		name: name, archive: os.Getenv(SeedsVariable),
		ready: make(chan []reflect.Type), inputs: make(chan []any), passed: make(chan struct{}),
	}
	os.Args = os.Args[:1]
	test := testing.InternalTest{Name: name, F: func(t *testing.T) {
		current.T = t
		if current.archive == "" {
			// Targets then do without the files of their seeds, as in a worker of Go's engine.
			if err := flag.Set("test.fuzzworker", "true"); err != nil {
				t.Fatal(err)
			}
		}
		target(current)
	}}
	all := func(string, string) (bool, error) { return true, nil }
	if current.archive != "" {
		testing.Main(all, []testing.InternalTest{test}, nil, nil)
	}
	// Main prints why the target failed, and would exit. libFuzzer keeps the input only
	// after a panic, and Main runs examples after tests.
	failed := testing.InternalExample{Name: "failed", F: func() { panic("the target ended: an input failed") }}
	go testing.Main(all, []testing.InternalTest{test}, nil, []testing.InternalExample{failed})
	types = <-current.ready
}

// One runs the target on one input. If the target fails, the program ends with a
// panic.
func One(input []byte) {
	current.inputs <- decode(bytes.Clone(input), types)
	<-current.passed
}

// encode returns the input for the arguments of a target. It has each number in the size of
// its type, then the length of every other argument except the last in four bytes, then the
// bytes of these arguments. A single argument of bytes is the input itself.
func encode(values []any) []byte {
	var numbers, lengths, rest []byte
	var last []byte
	first := true
	for _, value := range values {
		v := reflect.ValueOf(value)
		if !isNumber(v.Type()) {
			if !first {
				lengths = binary.LittleEndian.AppendUint32(lengths, uint32(len(last)))
			}
			last, first = v.Convert(reflect.TypeFor[[]byte]()).Bytes(), false
			rest = append(rest, last...)
			continue
		}
		var n uint64
		switch {
		case v.Kind() == reflect.Bool && v.Bool():
			n = 1
		case v.CanInt():
			n = uint64(v.Int())
		case v.CanUint():
			n = v.Uint()
		}
		numbers = append(numbers, binary.LittleEndian.AppendUint64(nil, n)[:v.Type().Size()]...)
	}
	return append(append(numbers, lengths...), rest...)
}

// decode returns the arguments in an input. Missing bytes are zero, and a length that is too
// large is reduced modulo its maximum.
func decode(input []byte, types []reflect.Type) []any {
	take := func(n int) []byte {
		n = min(n, len(input))
		taken := input[:n:n]
		input = input[n:]
		return taken
	}
	number := func(size int) uint64 {
		var n [8]byte
		copy(n[:], take(size))
		return binary.LittleEndian.Uint64(n[:])
	}
	values := make([]any, len(types))
	var others []int
	for i, t := range types {
		v := reflect.New(t).Elem()
		switch {
		case !isNumber(t):
			others = append(others, i)
			continue
		case t.Kind() == reflect.Bool:
			v.SetBool(number(1)&1 != 0)
		case v.CanInt():
			v.SetInt(int64(number(int(t.Size()))))
		default:
			v.SetUint(number(int(t.Size())))
		}
		values[i] = v.Interface()
	}
	lengths := make([]uint64, len(others))
	for k := range lengths[:max(0, len(lengths)-1)] {
		lengths[k] = number(4)
	}
	for k, i := range others {
		n := len(input)
		if k < len(others)-1 {
			n = int(lengths[k] % uint64(len(input)+1))
		}
		values[i] = reflect.ValueOf(take(n)).Convert(types[i]).Interface()
	}
	return values
}

// isNumber reports whether arguments of a type have a fixed size. The other types are bytes
// and strings.
func isNumber(t reflect.Type) bool {
	switch k := t.Kind(); {
	case k == reflect.String, k == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return false
	case reflect.Bool <= k && k <= reflect.Uint64:
		return true
	}
	panic(fmt.Sprintf("fuzz targets with an argument of type %v are not supported", t))
}

// write writes an archive with one entry for each different input. The digest of the input is
// the name of its entry, so the same inputs give the same archive.
func write(w io.Writer, inputs [][]byte) error {
	z := zip.NewWriter(w)
	seen := map[string]bool{}
	for _, data := range inputs {
		name := fmt.Sprintf("%x", sha256.Sum256(data))[:16]
		if seen[name] {
			continue
		}
		seen[name] = true
		f, err := z.Create(name)
		if err != nil {
			return err
		}
		if _, err := f.Write(data); err != nil {
			return err
		}
	}
	return z.Close()
}

// readCorpus returns the inputs in a folder of testdata/fuzz.
func readCorpus(folder string, types []reflect.Type) (list [][]any, err error) {
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		values, err := values(string(text), types)
		if err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
		list = append(list, values)
	}
	return list, nil
}

// testdata returns a file of testdata/fuzz with the arguments.
func testdata(arguments []any) string {
	var b strings.Builder
	b.WriteString("go test fuzz v1\n")
	for _, a := range arguments {
		switch a := a.(type) {
		case []byte:
			fmt.Fprintf(&b, "[]byte(%q)\n", a)
		case string:
			fmt.Fprintf(&b, "string(%q)\n", a)
		default:
			fmt.Fprintf(&b, "%T(%v)\n", a, a)
		}
	}
	return b.String()
}

// values returns the arguments in a file of testdata/fuzz: after a line with the version, it
// has a line for each argument, such as []byte("text") or byte('\x07').
func values(text string, types []reflect.Type) ([]any, error) {
	lines := strings.Split(strings.TrimSpace(text), "\n")[1:]
	if len(lines) != len(types) {
		return nil, fmt.Errorf("it has %d arguments; the target has %d", len(lines), len(types))
	}
	list := make([]any, len(lines))
	for i, line := range lines {
		_, literal, _ := strings.Cut(strings.TrimSuffix(strings.TrimSpace(line), ")"), "(")
		v := reflect.New(types[i]).Elem()
		var err error
		switch {
		case !isNumber(types[i]):
			var s string
			s, err = strconv.Unquote(literal)
			v.Set(reflect.ValueOf(s).Convert(types[i]))
		case types[i].Kind() == reflect.Bool:
			var is bool
			is, err = strconv.ParseBool(literal)
			v.SetBool(is)
		case strings.HasPrefix(literal, "'"):
			var r rune
			r, _, _, err = strconv.UnquoteChar(literal[1:], '\'')
			v.Set(reflect.ValueOf(r).Convert(types[i]))
		case v.CanInt():
			var n int64
			n, err = strconv.ParseInt(literal, 0, 64)
			v.SetInt(n)
		default:
			var n uint64
			n, err = strconv.ParseUint(literal, 0, 64)
			v.SetUint(n)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %v", line, err)
		}
		list[i] = v.Interface()
	}
	return list, nil
}
