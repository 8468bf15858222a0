package embedded_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/embedded"
)

// compilers are the compilers that the header is tried with, each in several versions of its
// language. Without -long only the last version is tried,
// and clang only with every third program.
var compilers = []struct {
	name, file string
	standards  []string
}{
	{"gcc", "sensor.c", []string{"c99", "gnu11", "c11", "c17", "c2x"}},
	{"clang", "sensor.c", []string{"c99", "gnu11", "c11", "c17", "c2x"}},
	{"g++", "sensor.cpp", []string{"c++98", "c++11", "gnu++17", "c++17", "c++20"}},
	{"clang++", "sensor.cpp", []string{"c++98", "c++11", "gnu++17", "c++17", "c++20"}},
}

// sensors are the programs that include the header, after the structure of an input.
var sensors = []struct {
	why, source string
	// a part of the message of a compiler that refuses the program; "" means that it compiles
	refused string
	c99     string // part of the message without static assertions; "" means the same
}{
	{"the array has an element for each input", `
struct input inputs[CFCHECK_PIPE_INPUTS];
CFCHECK_PIPE_ASSERT(inputs);
CFCHECK_PIPE_EXPORT(inputs);
`, "", ""},
	{"a member of a structure", `
struct state { struct input inputs[3]; int more; };
struct state state;
CFCHECK_PIPE_ASSERT(state.inputs);
CFCHECK_PIPE_EXPORT(state.inputs);
`, "", ""},
	{"one element is missing", `
struct input inputs[2];
CFCHECK_PIPE_ASSERT(inputs);
CFCHECK_PIPE_EXPORT(inputs);
`, "declares 3 inputs: the array supplies another number", "cfcheck_pipe_declares_3_inputs_and_the_array_supplies_another_number"},
	{"one element too many", `
struct input inputs[4];
CFCHECK_PIPE_ASSERT(inputs);
CFCHECK_PIPE_EXPORT(inputs);
`, "declares 3 inputs: the array supplies another number", "cfcheck_pipe_declares_3_inputs_and_the_array_supplies_another_number"},
	{"without the assertion, the contract tells the real number", `
struct input inputs[2];
CFCHECK_PIPE_EXPORT(inputs);
`, "", ""},
	{"a pointer, whose size divided by that of an element is a number too", `
char storage[3];
char *inputs = storage;
CFCHECK_PIPE_EXPORT(inputs);
`, "needs_an_array_not_a_pointer", ""},
	{"a pointer in the assertion", `
struct input storage[3];
struct input *inputs = storage;
CFCHECK_PIPE_ASSERT(inputs);
CFCHECK_PIPE_EXPORT(storage);
`, "needs_an_array_not_a_pointer", ""},
	{"the sensor's own constants are in the order of the type", `
enum { MY_PIPENAME, MY_PROCESSID, MY_CLIENT_ADDRESS };
struct input inputs[3];
CFCHECK_PIPE_ASSERT(inputs);
CFCHECK_PIPE_ASSERT_ORDER(MY_);
CFCHECK_PIPE_EXPORT(inputs);
`, "", ""},
	{"two of the sensor's own constants are exchanged", `
enum { MY_PROCESSID, MY_PIPENAME, MY_CLIENT_ADDRESS };
struct input inputs[3];
CFCHECK_PIPE_ASSERT_ORDER(MY_);
CFCHECK_PIPE_EXPORT(inputs);
`, "input PipeName has index 0, and another in the sensor", "cfcheck_pipe_index_of_PIPENAME_is_0"},
	{"the sensor has no constant for an input", `
enum { MY_PIPENAME, MY_PROCESSID };
struct input inputs[3];
CFCHECK_PIPE_ASSERT_ORDER(MY_);
CFCHECK_PIPE_EXPORT(inputs);
`, "MY_CLIENT_ADDRESS", ""},
	{"code for each input, in order", `
struct input inputs[CFCHECK_PIPE_INPUTS];
static struct input read_PIPENAME(void) { struct input in = {"pipe", 4}; return in; }
static struct input read_PROCESSID(void) { struct input in = {"4", 1}; return in; }
static struct input read_CLIENT_ADDRESS(void) { struct input in = {"::1", 3}; return in; }
#define FILL(index, name, type) inputs[index] = read_##name();
static void fill(void) { CFCHECK_PIPE_EACH(FILL) }
CFCHECK_PIPE_ASSERT(inputs);
CFCHECK_PIPE_EXPORT(inputs);
void use(void);
void use(void) { fill(); }
`, "", ""},
	{"an input without code", `
struct input inputs[CFCHECK_PIPE_INPUTS];
static struct input read_PIPENAME(void) { struct input in = {"pipe", 4}; return in; }
static struct input read_PROCESSID(void) { struct input in = {"4", 1}; return in; }
#define FILL(index, name, type) inputs[index] = read_##name();
static void fill(void) { CFCHECK_PIPE_EACH(FILL) }
CFCHECK_PIPE_EXPORT(inputs);
void use(void);
void use(void) { fill(); }
`, "read_CLIENT_ADDRESS", ""},
}

// TestCHeaderCompiles compiles sensors with the header, in C and in C++, and extracts the
// contract of those that compile.
func TestCHeaderCompiles(t *testing.T) {
	d := &sensor.Definition{Name: "pipe", Number: 9001, Version: 2, Inputs: []sensor.Input{
		{Name: "PipeName", Type: sensor.TypeString}, {Name: "ProcessId", Type: sensor.TypeInteger}, {Name: "Client-Address", Type: sensor.TypeAddress}}}
	reader := sensor.OwnReader()
	reader.Access = sensor.AccessPositional
	var header bytes.Buffer
	if err := embedded.WriteCHeader(&header, d, &reader); err != nil {
		t.Fatal(err)
	}
	for _, c := range compilers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			compiler, err := exec.LookPath(c.name)
			if err != nil {
				t.Skipf("%s is not installed", c.name)
			}
			folder := t.TempDir()
			write := func(name, text string) {
				if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("cfcheck_pipe.h", header.String())
			standards := c.standards
			if !longtest.Enabled() {
				standards = standards[len(standards)-1:]
			}
			for _, standard := range standards {
				for i, s := range sensors {
					if strings.HasPrefix(c.name, "clang") && i%3 != 0 && !longtest.Enabled() {
						continue
					}
					write(c.file, "#include \"cfcheck_pipe.h\"\nstruct input { const char *text; unsigned length; };\n"+s.source)
					out := filepath.Join(folder, "sensor.o")
					cmd := exec.Command(compiler, "-std="+standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", "-o", out, c.file)
					cmd.Dir = folder
					message, err := cmd.CombinedOutput()
					if s.refused != "" {
						want := s.refused
						if s.c99 != "" && (standard == "c99" || standard == "c++98") {
							want = s.c99
						}
						if err == nil || !bytes.Contains(message, []byte(want)) {
							t.Errorf("-std=%s: %s: %v, expected a message with %q:\n%s", standard, s.why, err, want, message)
						}
						continue
					}
					if err != nil {
						t.Errorf("-std=%s: %s: %v\n%s", standard, s.why, err, message)
						continue
					}
					data, err := os.ReadFile(out)
					if err != nil {
						t.Fatal(err)
					}
					contract, err := embedded.Extract(out, data)
					inputs := 3
					if strings.Contains(s.source, "inputs[2]") {
						inputs = 2
					}
					if err != nil || len(contract.Supplies[0].Inputs) != inputs {
						t.Errorf("-std=%s: %s: %+v, %v; expected a contract with %d inputs", standard, s.why, contract, err, inputs)
					}
				}
			}
		})
	}
}

// TestCHeaderOfEveryType checks that the headers of all built-in types compile together in
// one C++ file, so their macros, names and templates do not collide.
func TestCHeaderOfEveryType(t *testing.T) {
	if _, err := exec.LookPath("g++"); err != nil {
		t.Skip("g++ is not installed")
	}
	folder := t.TempDir()
	var source strings.Builder
	reader := sensor.OwnReader()
	n := 0
	for d := range builtin.Definitions().All() {
		if d.Version != 1 || len(d.Inputs) > 40 && !longtest.Enabled() {
			continue // one header for each type
		}
		n++
		name := "cfcheck_" + d.Name + ".h"
		var header bytes.Buffer
		if err := embedded.WriteCHeader(&header, d, &reader); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), header.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		source.WriteString("#include \"" + name + "\"\n")
	}
	if n < 20 {
		t.Fatalf("only %d types", n)
	}
	if err := os.WriteFile(filepath.Join(folder, "all.cpp"), []byte(source.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("g++", "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "all.cpp")
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
