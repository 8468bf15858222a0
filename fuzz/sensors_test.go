package fuzz

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/fuzz/internal/csensor"
	"github.com/cfcheck/cfcheck/fuzz/internal/reference"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/embedded"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A sensorCase is a file, the types of the inputs of its template type, and the inputs that a
// build supplies.
type sensorCase struct {
	data  []byte
	types []sensor.InputType
}

// drawnCases calls visit with generated files, each with one event for each criterion that
// makes it true, one that makes it false, and some random ones.
func drawnCases(g *generate.Generator, visit func(c sensorCase, f *channelfile.File, e interp.Event) bool) bool {
	d := g.Definition()
	c := sensorCase{g.File(d), d.Types()}
	f, err := channelfile.Parse(c.data)
	if err != nil {
		panic(err) // an error of the generator
	}
	s := interp.NewSynthesizer(f, nil, c.types)
	going := true
	for i := range f.Instances() {
		s.Events(i, len(d.Inputs), func(e interp.Event) bool {
			going = going && visit(c, f, e)
			return going
		})
	}
	for range 3 {
		going = going && visit(c, f, g.Event(d, len(d.Inputs)))
	}
	return going
}

// TestModelAgrees compares the model sensor with the interpreter, and both with the charge.
func TestModelAgrees(t *testing.T) {
	g := generate.New(1)
	events, matched := 0, 0
	var model *interp.Model
	var it *interp.Interpreter
	var last []byte
	for range 1000 {
		drawnCases(g, func(c sensorCase, f *channelfile.File, e interp.Event) bool {
			if !bytes.Equal(last, c.data) {
				last = c.data
				it = interp.New(f, &sensor.Reader{Access: sensor.AccessPositional})
				var err error
				if model, err = interp.NewModel(c.data, c.types); err != nil {
					t.Fatal(err)
				}
			}
			events++
			trace, err := model.Run(e)
			if err != nil {
				t.Fatalf("the model reads outside, on an event with all inputs: %v", err)
			}
			if err := it.Run(e); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(it.Matched(), trace.Matched) {
				t.Fatalf("the interpreter matches %v, the model %v, on %v", it.Matched(), trace.Matched, e)
			}
			if trace.Operations > it.Steps() {
				t.Fatalf("%d operations, but %d steps charged", trace.Operations, it.Steps())
			}
			matched += len(trace.Matched)
			return true
		})
	}
	if events < 1000 || matched < events/4 {
		t.Fatalf("only %d instances matched on %d events; want more", matched, events)
	}
}

// TestReferenceEvaluates compares the reference interpreter with the content interpreter: matches
// and charges.
func TestReferenceEvaluates(t *testing.T) {
	g := generate.New(3)
	events, matched := 0, 0
	for range 300 {
		drawnCases(g, func(_ sensorCase, f *channelfile.File, e interp.Event) bool {
			it := interp.New(f, &sensor.Reader{Access: sensor.AccessPositional})
			if err := it.Run(e); err != nil {
				t.Fatal(err)
			}
			got, steps := reference.Evaluate(f, e)
			if !slices.Equal(it.Matched(), got) || !steps.IsUint64() || steps.Uint64() != it.Steps() {
				t.Fatalf("the interpreter matches %v for %d steps, the reference one %v for %v, on %v", it.Matched(), it.Steps(), got, steps, e)
			}
			events++
			matched += len(got)
			return true
		})
	}
	if events < 1000 || matched < events/4 {
		t.Fatalf("only %d instances matched on %d events; want more", matched, events)
	}
}

// cSensor builds the sensor in C. It skips the test if there is no compiler for it.
func cSensor(t *testing.T) string {
	t.Helper()
	path, err := csensor.Build(t.TempDir())
	if errors.Is(err, csensor.ErrNoCompiler) {
		t.Skipf("the sensor in C is not compiled on this machine: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCSensorAgrees compares the sensor in C with the model.
func TestCSensorAgrees(t *testing.T) {
	c, err := csensor.Start(cSensor(t))
	if err != nil {
		t.Fatal(err)
	}
	g := generate.New(2)
	var model *interp.Model
	var last []byte
	events := 0
	files := 100
	if testing.Short() {
		files = 25
	}
	for range files {
		drawnCases(g, func(s sensorCase, f *channelfile.File, e interp.Event) bool {
			if !bytes.Equal(last, s.data) {
				last = s.data
				if model, err = interp.NewModel(s.data, s.types); err != nil {
					t.Fatal(err)
				}
				if err := c.Load(s.data, s.types); err != nil {
					t.Fatal(err)
				}
			}
			events++
			want, err := model.Run(e)
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Run(e)
			if err != nil {
				t.Fatalf("%v on %v", err, e)
			}
			if diff := cmp.Diff(want.Reads, got.Reads); diff != "" {
				t.Fatalf("reads differ (-model +C):\n%s", diff)
			}
			if !slices.Equal(want.Matched, got.Matched) || want.Operations != got.Operations {
				t.Fatalf("the model matches %v in %d operations, the sensor in C %v in %d, on %v", want.Matched, want.Operations, got.Matched, got.Operations, e)
			}
			return true
		})
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if events < 500 {
		t.Fatalf("only %d events", events)
	}
}

// TestCSensorOn291 repeats July 2024 with a compiled sensor. With the header's assertion it
// does not compile. Without it, its contract states 20 inputs, and the file that the gate
// would have stopped makes it read after its array.
func TestCSensorOn291(t *testing.T) {
	if testing.Short() {
		t.Skip("the C compiler takes seconds; the full tests run it")
	}
	folder := t.TempDir()
	if err := csensor.Unpack(folder); err != nil {
		t.Fatal(err)
	}
	ipc := builtin.Definitions().ByName("ipc", 1)
	fleet, _ := builtin.Fleet("291")
	var header bytes.Buffer
	if err := embedded.WriteCHeader(&header, ipc, &fleet.Contracts[0].Reader); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "cfcheck_ipc.h"), header.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	compile := func(name string, options ...string) (string, error) {
		path, err := csensor.Compile(folder, name, []string{"integration.c", "sensor.c"}, options...)
		if errors.Is(err, csensor.ErrNoCompiler) {
			t.Skipf("the sensor in C is not compiled on this machine: %v", err)
		}
		return path, err
	}
	for _, tt := range []struct {
		why     string
		options []string
		says    string // part of gcc's output; "" means that it compiles
	}{
		{"C99, 20 of 21", []string{"-DCHECK_CONTRACT"}, "cfcheck_ipc_declares_21_inputs_and_the_array_supplies_another_number"},
		{"C11, 20 of 21", []string{"-std=c11", "-DCHECK_CONTRACT"}, "type ipc, version 1, declares 21 inputs: the array supplies another number"},
		{"C99, 21", []string{"-DCHECK_CONTRACT", "-DSUPPLIED=21"}, ""},
		{"C11, 22", []string{"-std=c11", "-DCHECK_CONTRACT", "-DSUPPLIED=22"}, "the array supplies another number"},
	} {
		_, err := compile("checked", append(tt.options, "-fsyntax-only")...)
		if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", tt.why, err)
		}
	}
	first := filepath.Join(folder, "first.cf")
	if err := os.WriteFile(first, gatetest.Case(t, "291-july-first-use").Data, 0o644); err != nil {
		t.Fatal(err)
	}
	for supplied, want := range map[string]string{"20": "AddressSanitizer: global-buffer-overflow", "21": "instances match"} {
		program, err := compile("sensor-"+supplied, "-DSUPPLIED="+supplied)
		if err != nil {
			t.Fatal(err)
		}
		binary, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		contract, err := embedded.Extract(program, binary)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(contract.Supplies[0].Inputs); supplied != []string{20: "20", 21: "21"}[n] {
			t.Errorf("a sensor that supplies %s has a contract that states %d", supplied, n)
		}
		cmd := exec.Command(program, first)
		cmd.Env = append(os.Environ(), "ASAN_OPTIONS=detect_leaks=0")
		out, err := cmd.CombinedOutput()
		if !bytes.Contains(out, []byte(want)) || (err == nil) != (supplied == "21") {
			t.Errorf("a sensor that supplies %s: %v\n%s", supplied, err, out)
		}
		if supplied == "20" && !bytes.Contains(out, []byte("READ of size 16")) {
			t.Errorf("the sanitizer reports no read of 16 bytes:\n%s", out)
		}
	}
}
