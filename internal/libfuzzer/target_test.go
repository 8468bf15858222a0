package libfuzzer

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mode is the environment variable that turns this test into a program with the target below.
const mode = "LIBFUZZER_TEST_MODE"

func TestMain(m *testing.M) {
	if inputs, ok := os.LookupEnv(mode); ok {
		Start("FuzzExample", example)
		for input := range strings.SplitSeq(inputs, ",") {
			data, err := hex.DecodeString(input)
			if err != nil {
				panic(err)
			}
			One(data)
		}
		return
	}
	os.Exit(m.Run())
}

func example(f *F) {
	f.Cleanup(func() { fmt.Println("over") })
	f.Add([]byte("abc"), byte(7), "text")
	f.Add([]byte("abc"), byte(7), "text")
	f.Add([]byte{}, byte(0), "")
	f.Add(make([]byte, maxSeed), byte(0), "too long, with the text")
	f.Fuzz(func(t *testing.T, data []byte, how byte, text string) {
		t.Cleanup(func() { fmt.Println("cleaned") })
		if how == 's' {
			t.Skip("no test is left out: this target skips one of the inputs that TestOne gives it, and the driver must go on to the next")
		}
		fmt.Printf("%q %q %q %t\n", data, how, text, t.Failed())
		if how == 'p' {
			panic("it panicked")
		}
		if how == 'f' {
			t.Errorf("it failed")
		}
	})
}

func typesOf(values ...any) []reflect.Type {
	var list []reflect.Type
	for _, v := range values {
		list = append(list, reflect.TypeOf(v))
	}
	return list
}

// program runs this test as a program with the target.
func program(t *testing.T, env ...string) (string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), env...)
	output, err := cmd.CombinedOutput()
	// In a coverage run of packages that this program does not use, the runtime complains at exit.
	return strings.ReplaceAll(string(output), "program not built with -cover\n", ""), err
}

// TestOne checks that a target runs on inputs as it does in a test, and that a failure ends
// the program.
func TestOne(t *testing.T) {
	output, err := program(t, mode+"="+hex.EncodeToString([]byte("a\x02\x00\x00\x00xyz"))+",73,")
	want := "\"xy\" 'a' \"z\" false\ncleaned\ncleaned\n\"\" '\\x00' \"\" false\ncleaned\n"
	if err != nil || output != want {
		t.Errorf("%v and\n%sexpected\n%s", err, output, want)
	}
	for _, tt := range []struct{ input, want string }{
		{"66", "it failed"},
		{"70", "panic: it panicked"},
	} {
		output, err := program(t, mode+"=61,"+tt.input+",61")
		if err == nil || !strings.Contains(output, tt.want) || strings.Count(output, "cleaned") != 2 {
			t.Errorf("on an input that fails: %v and\n%s", err, output)
		}
	}
}

// TestSeeds checks that a program writes each seed of its target once, except long ones, and
// that they can be decoded.
func TestSeeds(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "seeds.zip")
	if output, err := program(t, mode+"=", SeedsVariable+"="+archive); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	z, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var got [][]any
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, decode(data, typesOf([]byte(nil), byte(0), "")))
	}
	if diff := cmp.Diff([][]any{{[]byte("abc"), byte(7), "text"}, {[]byte{}, byte(0), ""}}, got); diff != "" {
		t.Errorf("seeds (-added +in the archive):\n%s", diff)
	}
}

func TestEncode(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 70000)
	for _, tt := range []struct {
		values []any
		want   string // "" means any encoding
	}{
		{[]any{[]byte("abc")}, "abc"},
		{[]any{"abc"}, "abc"},
		{[]any{""}, ""},
		{[]any{[]byte("abc"), "d"}, "\x03\x00\x00\x00abcd"},
		{[]any{[]byte{}, "d"}, "\x00\x00\x00\x00d"},
		{[]any{[]byte("abc"), byte(7), []byte{}}, "\x07\x03\x00\x00\x00abc"},
		{[]any{"a", "b", true}, "\x01\x01\x00\x00\x00ab"},
		{[]any{[]byte("a"), uint32(0x01020304), []byte("b")}, "\x04\x03\x02\x01\x01\x00\x00\x00ab"},
		{[]any{int8(-1), int16(-2), int32(-3), int64(-4), -5, uint16(6), uint64(7), uint(8), false}, ""},
		{[]any{long, long, "", long}, ""},
	} {
		got := encode(tt.values)
		if tt.want != "" && string(got) != tt.want {
			t.Errorf("%v is encoded as %q; want %q", tt.values, got, tt.want)
		}
		if diff := cmp.Diff(tt.values, decode(got, typesOf(tt.values...))); diff != "" {
			t.Errorf("(-encoded +decoded):\n%s", diff)
		}
		read, err := values(testdata(tt.values), typesOf(tt.values...))
		if diff := cmp.Diff(tt.values, read); err != nil || diff != "" {
			t.Errorf("%v (-in the file +read):\n%s", err, diff)
		}
	}
}

// TestDecode checks that every input has arguments.
func TestDecode(t *testing.T) {
	types := typesOf(byte(0), []byte(nil), true, "", uint32(0), []byte(nil))
	for n := range 40 {
		input := bytes.Repeat([]byte{0xFE}, n)
		values := decode(input, types)
		size := 0
		for i, v := range values {
			if reflect.TypeOf(v) != types[i] {
				t.Fatalf("argument %d is of type %T", i, v)
			}
			if !isNumber(types[i]) {
				size += reflect.ValueOf(v).Len()
			}
		}
		if want := max(0, n-1-1-4-2*4); size != want {
			t.Errorf("%d bytes have %d bytes in arguments; want %d", n, size, want)
		}
	}
}

// TestReadCorpus checks that inputs found by 'go test' can be read.
func TestReadCorpus(t *testing.T) {
	types := typesOf([]byte(nil), byte(0), "", true, int32(0), uint64(0))
	folder := t.TempDir()
	if list, err := readCorpus(filepath.Join(folder, "none"), types); list != nil || err != nil {
		t.Errorf("of no folder: %v, %v", list, err)
	}
	text := "go test fuzz v1\n[]byte(\"a)\\xff(\")\nbyte('\\x80')\nstring(\"\")\nbool(true)\nrune('é')\nuint64(18446744073709551615)\n"
	if err := os.WriteFile(filepath.Join(folder, "0123456789abcdef"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := readCorpus(folder, types)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	if diff := cmp.Diff([]any{[]byte("a)\xff("), byte(0x80), "", true, int32('é'), uint64(1<<64 - 1)}, list[0]); diff != "" {
		t.Errorf("(-in the file +read):\n%s", diff)
	}
	if _, err := readCorpus(folder, types[1:]); err == nil {
		t.Error("a file with too many arguments is read")
	}
}
