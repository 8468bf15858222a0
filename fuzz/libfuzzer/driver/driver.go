// Package driver runs a fuzz target of package testing on inputs that somebody
// else makes, such as libFuzzer. Command libfuzzer builds programs with it.
//
// A target runs as it does in a worker of Go's own engine, with a [testing.T]
// for each input: cleanups run, what is skipped is skipped, and a failure ends
// the program. For that the driver takes the part that 'go test' has in a test
// program, by [testing.MainStart], whose signature may change with any version
// of Go; then this package does not compile.
package driver

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// SeedsVariable is the environment variable that names the archive which a
// program writes its seeds to, and ends.
const SeedsVariable = "LIBFUZZER_SEEDS"

// maxSeed is the size in bytes of the longest seed that an archive has.
// libFuzzer makes inputs as long as its longest, and then few of them.
const maxSeed = 64 << 10

// fuzz runs the target on one input.
var fuzz func(entry) error

// types are those of the target's arguments.
var types []reflect.Type

// Start starts a target whose arguments have the given types: all that it does
// before it is given an input.
func Start(name string, target func(*testing.F), arguments ...reflect.Type) {
	types = arguments
	archive := os.Getenv(SeedsVariable)
	os.Args = []string{os.Args[0], "-test.fuzz=^" + name + "$", "-test.run=^$", "-test.fuzzcachedir=" + os.TempDir()}
	if archive == "" {
		os.Args = append(os.Args, "-test.fuzzworker")
	}
	d := &dependencies{archive: archive, ready: make(chan func(entry) error)}
	m := testing.MainStart(d, nil, nil, []testing.InternalFuzzTarget{{Name: name, Fn: target}}, nil)
	if archive != "" {
		os.Exit(m.Run())
	}
	go func() {
		panic(fmt.Sprintf("%s was never ready for an input: status %d", name, m.Run()))
	}()
	fuzz = <-d.ready
}

// One runs the target on one input, and panics if it fails.
func One(input []byte) {
	if err := fuzz(entry{Values: decode(bytes.Clone(input), types)}); err != nil {
		fmt.Fprintf(os.Stderr, "%v\nThe input, as a file of testdata/fuzz:\n\n%s\n", err, testdata(decode(input, types)))
		panic("the target failed")
	}
}

// encode makes an input of the arguments of a target: numbers in as many bytes
// as their type has; the lengths of all other arguments but the last, four
// bytes each; and the bytes of these. A single argument of bytes is itself.
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

// decode makes arguments of any input: what is missing is zero, and a length
// that is too large is taken modulo what it may be.
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

// isNumber reports whether arguments of a type have a fixed size. The others
// are bytes and strings.
func isNumber(t reflect.Type) bool {
	switch k := t.Kind(); {
	case k == reflect.String, k == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return false
	case reflect.Bool <= k && k <= reflect.Uint64:
		return true
	}
	panic(fmt.Sprintf("fuzz targets with an argument of type %v are not supported", t))
}

// write writes an archive in which each entry is one input: each once, and
// under the digest of what it is, so that the same inputs give the same archive.
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

// An entry is an input, as package testing has it.
type entry = struct {
	Parent     string
	Path       string
	Data       []byte
	Values     []any
	Generation int
	IsSeed     bool
}

// dependencies are what package testing wants of 'go test'.
type dependencies struct {
	archive string
	ready   chan func(entry) error
}

// RunFuzzWorker is given the target, when it is ready for inputs.
func (d *dependencies) RunFuzzWorker(fuzz func(entry) error) error {
	d.ready <- fuzz
	select {}
}

// CoordinateFuzzing is given the seeds.
func (d *dependencies) CoordinateFuzzing(_ time.Duration, _ int64, _ time.Duration, _ int64, _ int, seeds []entry, got []reflect.Type, _, _ string) error {
	if fmt.Sprint(got) != fmt.Sprint(types) {
		return fmt.Errorf("the target was built for arguments of the types %v; it has %v", types, got)
	}
	var inputs [][]byte
	for _, s := range seeds {
		if input := encode(s.Values); len(input) <= maxSeed {
			inputs = append(inputs, input)
		}
	}
	f, err := os.Create(d.archive)
	if err != nil {
		return err
	}
	return errors.Join(write(f, inputs), f.Close())
}

// ReadCorpus returns the seeds that are kept in files: what fuzzing has found.
func (*dependencies) ReadCorpus(folder string, types []reflect.Type) ([]entry, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return nil, err
	}
	var list []entry
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		values, err := values(string(text), types)
		if err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
		list = append(list, entry{Values: values})
	}
	return list, nil
}

// testdata returns the file of testdata/fuzz that has the arguments.
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

// values reads a file of testdata/fuzz: a line of version, and one for each
// argument, such as []byte("text") or byte('\x07').
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

func (*dependencies) MatchString(pattern, s string) (bool, error) {
	return regexp.MatchString(pattern, s)
}

func (*dependencies) InitRuntimeCoverage() (string, func(string, string) (string, error), func() float64) {
	return "", nil, nil
}

func (*dependencies) CheckCorpus([]any, []reflect.Type) error     { return nil }
func (*dependencies) ImportPath() string                          { return "" }
func (*dependencies) ModulePath() string                          { return "" }
func (*dependencies) ResetCoverage()                              {}
func (*dependencies) SetPanicOnExit0(bool)                        {}
func (*dependencies) SnapshotCoverage()                           {}
func (*dependencies) StartCPUProfile(io.Writer) error             { return nil }
func (*dependencies) StartTestLog(io.Writer)                      {}
func (*dependencies) StopCPUProfile()                             {}
func (*dependencies) StopTestLog() error                          { return nil }
func (*dependencies) WriteProfileTo(string, io.Writer, int) error { return nil }
