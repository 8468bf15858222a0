package main

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTargets holds that the list has every fuzz target of the repository.
func TestTargets(t *testing.T) {
	listed, names := map[string]bool{}, map[string]bool{}
	for _, target := range targets {
		listed[target.pkg+" "+target.function] = true
		if names[target.name()] {
			t.Errorf("two targets are called %s", target.name())
		}
		names[target.name()] = true
	}
	there := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Fuzz[A-Za-z0-9]*)\(`)
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return filepath.SkipDir
		case !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(name)
		for _, m := range function.FindAllSubmatch(text, -1) {
			there["./"+strings.TrimPrefix(path.Dir(filepath.ToSlash(name)), "../../")+" "+string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(there) < 12 {
		t.Errorf("found %d fuzz targets; expected more, or this test no longer finds them", len(there))
	}
	if diff := cmp.Diff(there, listed); diff != "" {
		t.Errorf("fuzz targets (-in the repository +in the list):\n%s", diff)
	}
}

// TestDocs holds that docs/fuzzing.md has a line for each target, and the doc
// comment of package fuzz a sentence for each of its own.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/fuzzing.md")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../doc.go")
	if err != nil {
		t.Fatal(err)
	}
	there, listed := map[string]bool{}, map[string]bool{} // such as "./fuzz FuzzParse"
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\./[a-z/]*)` \\| `(Fuzz[A-Za-z0-9]*)` \\|").FindAllSubmatch(page, -1) {
		listed[string(m[1])+" "+string(m[2])] = true
	}
	for _, target := range targets {
		there[target.pkg+" "+target.function] = true
		if target.pkg == "./fuzz" && !strings.Contains(string(doc), "//   - "+target.function+": ") {
			t.Errorf("doc.go has no sentence for %s", target.function)
		}
	}
	if diff := cmp.Diff(there, listed); diff != "" {
		t.Errorf("fuzz targets (-there are +docs/fuzzing.md lists):\n%s", diff)
	}
}

// decode is what the driver of compile_native_go_fuzzer_v2 makes of an input:
// arguments of one byte, and then others by their weights.
func decode(input []byte, fixed, arguments int) (first []byte, list [][]byte) {
	first, input = input[:fixed], input[fixed:]
	weights, input := input[:arguments], input[arguments:]
	sum := 0
	for _, w := range weights {
		sum += int(w)
	}
	left := len(input)
	for i, w := range weights {
		n := left * int(w) / sum
		if i == arguments-1 {
			n = len(input)
		}
		list = append(list, input[:n])
		input = input[n:]
	}
	return first, list
}

func TestEncode(t *testing.T) {
	for _, tt := range []struct {
		why       string
		fixed     []byte
		arguments [][]byte
		want      [][]byte // with the zeros that they end with
	}{
		{"one argument is all that follows its weight", nil, [][]byte{[]byte("abc")}, [][]byte{[]byte("abc")}},
		{"one that is empty", nil, [][]byte{nil}, [][]byte{{}}},
		{"long ones have no other weight", nil, [][]byte{bytes.Repeat([]byte("x"), 300)}, [][]byte{bytes.Repeat([]byte("x"), 300)}},
		{"the shorter of two ends with zeros", nil, [][]byte{[]byte("abc"), []byte("d")}, [][]byte{[]byte("abc"), []byte("d\x00\x00")}},
		{"what has a fixed size comes first", []byte{7}, [][]byte{[]byte("ab"), nil}, [][]byte{[]byte("ab"), {0, 0}}},
	} {
		first, list := decode(encode(tt.fixed, tt.arguments...), len(tt.fixed), len(tt.arguments))
		if !bytes.Equal(first, tt.fixed) || cmp.Diff(tt.want, list) != "" {
			t.Errorf("%s: %q and %q; expected %q and %q", tt.why, first, list, tt.fixed, tt.want)
		}
	}
	if got := string(encode(nil, []byte("abc"))); got != "\x01abc" {
		t.Errorf("a single argument is encoded as %q; expected a byte of weight, and its bytes", got)
	}
}

// TestWrite holds that the archives can be read, and have the files of the
// corpus.
func TestWrite(t *testing.T) {
	folder := t.TempDir()
	if err := write(folder); err == nil || !strings.Contains(err.Error(), "in the folder of the repository") {
		t.Errorf("where there is no corpus: %v", err)
	}
	root = "../.."
	t.Cleanup(func() { root = "." })
	if err := write(folder); err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(filepath.Join(folder, "fuzz_parse_fuzz_seed_corpus.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := map[string]bool{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[string(data[1:])] = true
	}
	if len(files) < 200 {
		t.Errorf("the archive has %d files; expected those of the corpus, and drawn ones", len(files))
	}
	for _, data := range channelFiles() {
		if !files[string(data)] {
			t.Fatalf("the archive lacks a file of %d bytes", len(data))
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "fuzz_parse_fuzz.dict")); err != nil {
		t.Error(err)
	}
}

// TestBuildScripts holds that both builds use the list.
func TestBuildScripts(t *testing.T) {
	text, err := os.ReadFile("../../.clusterfuzzlite/build.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"go run ./fuzz/seedcorpus -list", "compile_native_go_fuzzer_v2", `go run ./fuzz/seedcorpus "$OUT"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf(".clusterfuzzlite/build.sh has no %s", want)
		}
	}
	if text, err = os.ReadFile("../../oss-fuzz/cfcheck/build.sh"); err != nil || !strings.Contains(string(text), ".clusterfuzzlite/build.sh") {
		t.Errorf("oss-fuzz/cfcheck/build.sh does not run that of .clusterfuzzlite: %v", err)
	}
}
