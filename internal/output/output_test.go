package output

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/internal/scratch"
)

// files returns the content of the files in a folder, by name. A folder in it
// has the content "(folder)".
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]string{}
	for _, e := range entries {
		if e.IsDir() {
			have[e.Name()] = "(folder)"
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		have[e.Name()] = string(data)
	}
	return have
}

// TestCommit writes a set of two files. The first one can be a verdict.
func TestCommit(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name    string
		files   []string
		verdict bool
		content error // of the second
		fails   bool
		want    map[string]string
		why     string
	}{
		{"two files", []string{"a", "b"}, false, nil, false, map[string]string{"a": "new", "b": "new", "folder": "(folder)"}, "the good case"},
		{"two verdicts", []string{"a", "b"}, true, nil, false, map[string]string{"a": "new", "b": "new", "folder": "(folder)"}, "the good case"},
		{"no folder for the first", []string{"none/a", "b"}, true, nil, true, map[string]string{"a": "old", "folder": "(folder)"}, "nothing is changed before all names are known to be good"},
		{"no folder for the second", []string{"a", "none/b"}, true, nil, true, map[string]string{"a": "old", "folder": "(folder)"}, "whatever their order"},
		{"a folder in the way", []string{"a", "folder"}, true, nil, true, map[string]string{"a": "old", "folder": "(folder)"}, "it is no file to replace"},
		{"content that cannot be made", []string{"a", "b"}, false, broken, true, map[string]string{"a": "old", "folder": "(folder)"}, "nothing is renamed before all is written"},
		{"a verdict that cannot be made", []string{"a", "b"}, true, broken, true, map[string]string{"folder": "(folder)"}, "the old verdict is not of this run"},
		{"no files", nil, false, nil, false, map[string]string{"a": "old", "folder": "(folder)"}, "nothing to write is no error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			if err := errors.Join(os.WriteFile(filepath.Join(folder, "a"), []byte("old"), 0o644), os.Mkdir(filepath.Join(folder, "folder"), 0o755)); err != nil {
				t.Fatal(err)
			}
			var s Set
			for i, name := range tt.files {
				o := s.File("-o", filepath.Join(folder, name))
				if tt.verdict {
					o.Verdict()
				}
				o.Write(func(w io.Writer) error {
					_, err := io.WriteString(w, "new")
					if i == 1 {
						err = errors.Join(err, tt.content)
					}
					return err
				})
			}
			err := s.Begin()
			if err == nil {
				err = s.Commit()
			}
			if (err != nil) != tt.fails {
				t.Errorf("%v; %s", err, tt.why)
			}
			if diff := cmp.Diff(tt.want, files(t, folder)); diff != "" {
				t.Errorf("files (-want +have), %s:\n%s", tt.why, diff)
			}
			if len(scratch.Names()) > 0 {
				t.Errorf("temporary files are not forgotten: %v", scratch.Names())
			}
		})
	}
}

// TestFaults makes each operation fail, one after the other, and checks the files
// afterwards. A verdict is complete or absent. Any other file is the old or the new one.
// There is no report without the facts, and no temporary file.
func TestFaults(t *testing.T) {
	fault := errors.New("fault")
	last := false
	n := 0
	for k := 1; !last; k++ {
		folder := t.TempDir()
		for _, name := range []string{"fleet", "facts", "report"} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte("old"), 0o640); err != nil {
				t.Fatal(err)
			}
		}
		calls, failed := 0, operation("")
		s := Set{fail: func(op operation, name string) error {
			if calls++; calls == k {
				failed = op + " " + operation(filepath.Base(name))
				return fault
			}
			return nil
		}}
		s.File("-o", filepath.Join(folder, "fleet")).WriteBytes([]byte("new"))
		s.File("--facts", filepath.Join(folder, "facts")).Verdict().WriteBytes([]byte("new"))
		s.File("--out", filepath.Join(folder, "report")).Verdict().WriteBytes([]byte("new"))
		began := s.Begin()
		err := began
		if err == nil {
			err = s.Commit()
		}
		have := files(t, folder)
		if last = failed == ""; last {
			if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(map[string]string{"fleet": "new", "facts": "new", "report": "new"}, have); diff != "" {
				t.Errorf("(-want +have)\n%s", diff)
			}
			n = k - 1
			break
		}
		if !errors.Is(err, fault) {
			t.Errorf("%s fails: %v", failed, err)
		}
		if have["fleet"] != "old" && have["fleet"] != "new" {
			t.Errorf("%s fails: the fleet is %q", failed, have["fleet"])
		}
		if _, there := have["report"]; began == nil && there {
			t.Errorf("%s fails: there is a report, %q", failed, have["report"])
		}
		if _, there := have["facts"]; began == nil && there {
			t.Errorf("%s fails: there are facts, %q", failed, have["facts"])
		}
		delete(have, "fleet")
		delete(have, "facts")
		delete(have, "report")
		if len(have) > 0 || len(scratch.Names()) > 0 {
			t.Errorf("%s fails: left are %v, %v", failed, have, scratch.Names())
		}
	}
	if n < 20 {
		t.Errorf("%d operations were made to fail; expected more", n)
	}
}

// TestOrder holds in which order outputs appear.
func TestOrder(t *testing.T) {
	folder := t.TempDir()
	var order []string
	s := Set{fail: func(op operation, name string) error {
		if op == opRename {
			order = append(order, filepath.Base(name))
		}
		return nil
	}}
	stream := func(name string) {
		s.Stream(name, io.Discard).Write(func(io.Writer) error {
			order = append(order, name)
			return nil
		})
	}
	stream("stream 1")
	s.File("-o", filepath.Join(folder, "a")).WriteBytes(nil)
	stream("stream 2")
	s.File("-o", filepath.Join(folder, "b")).WriteBytes(nil)
	s.File("-o", filepath.Join(folder, "unwritten"))
	s.File("--out", filepath.Join(folder, "report")).WriteBytes(nil)
	s.Messages("messages", io.Discard)
	if err := errors.Join(s.Begin(), s.Commit()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "stream 1", "stream 2", "report"}, order); diff != "" {
		t.Errorf("(-want +have)\n%s", diff)
	}
}

// TestChanged holds that an output that became something else during the run is
// not replaced.
func TestChanged(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "a")
	var s Set
	s.File("-o", name).WriteBytes([]byte("new"))
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(name, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(); err == nil || !strings.Contains(err.Error(), "become a folder") {
		t.Errorf("a folder in the way: %v", err)
	}
	if diff := cmp.Diff(map[string]string{"a": "(folder)"}, files(t, folder)); diff != "" {
		t.Errorf("(-want +have)\n%s", diff)
	}
}

// TestSameFileUnforeseen holds that two outputs that only turn out to be one
// file, as on a file system that normalises names, do not replace one another.
func TestSameFileUnforeseen(t *testing.T) {
	folder := t.TempDir()
	var s Set
	a := s.File("-o", filepath.Join(folder, "a"))
	b := s.File("-o", filepath.Join(folder, "b"))
	a.WriteBytes([]byte("first"))
	b.WriteBytes([]byte("second"))
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	b.place = a.place // as on a file system where both names are one file
	if err := s.Commit(); err == nil || !strings.Contains(err.Error(), "the same file as -o "+filepath.Join(folder, "a")) {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff(map[string]string{"a": "first"}, files(t, folder)); diff != "" {
		t.Errorf("(-want +have)\n%s", diff)
	}
}

// TestReadOnly holds that a folder that takes no file is known at once.
func TestReadOnly(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		t.Skip("root may write to every folder, and Windows has no such mode: nothing here can be refused")
	}
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	var s Set
	s.File("--out", filepath.Join(folder, "report")).WriteBytes(nil)
	if err := s.Begin(); err == nil || !strings.Contains(err.Error(), "cannot be written: permission denied") {
		t.Errorf("%v", err)
	}
}

// TestLongName holds that a temporary name is no longer than a name may be.
func TestLongName(t *testing.T) {
	folder := t.TempDir()
	name := strings.Repeat("ä", 125) + ".json"
	var s Set
	s.File("-o", filepath.Join(folder, name)).WriteBytes([]byte("new"))
	if err := errors.Join(s.Begin(), s.Commit()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{name: "new"}, files(t, folder)); diff != "" {
		t.Errorf("(-want +have)\n%s", diff)
	}
}
