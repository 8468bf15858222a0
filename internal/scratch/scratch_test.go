package scratch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestRemoveAll checks that a process that ends leaves no temporary file and
// creates no other.
func TestRemoveAll(t *testing.T) {
	defer func() { files.ended, files.named = false, nil }()
	folder := t.TempDir()
	begun, err := CreateIn(folder, "report.txt", 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer begun.Close()
	// A file of Create keeps its name only on some systems.
	held, err := os.Create(filepath.Join(folder, "held"))
	if err != nil {
		t.Fatal(err)
	}
	record(held.Name(), held)
	published, err := CreateIn(folder, "published", 0o666)
	if err != nil {
		t.Fatal(err)
	}
	published.Close()
	Forget(published.Name())
	RemoveAll()
	if _, err := CreateIn(folder, "report.txt", 0o666); !errors.Is(err, ErrEnding) {
		t.Errorf("%v; expected %v", err, ErrEnding)
	}
	if _, err := Create(); !errors.Is(err, ErrEnding) {
		t.Errorf("%v; expected %v", err, ErrEnding)
	}
	if _, err := held.Write(nil); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a file that has to be closed is open: %v", err)
	}
	if left, _ := os.ReadDir(folder); len(left) != 1 && runtime.GOOS != "windows" {
		t.Errorf("left are %v; expected the one that was forgotten", left)
	}
}

// TestCreate checks that nothing remains of a closed file.
func TestCreate(t *testing.T) {
	folder := t.TempDir()
	t.Setenv(Variable(), folder)
	for _, tt := range []struct {
		why   string
		named bool
	}{{"as the system makes it", false}, {"with a name", true}} {
		f, err := Create()
		if err != nil {
			t.Fatal(err)
		}
		if tt.named {
			f.Close()
			o, err := os.CreateTemp("", "cfcheck-*.tmp")
			if err != nil {
				t.Fatal(err)
			}
			record(o.Name(), o)
			f = named{o}
		}
		if err := f.Close(); err != nil {
			t.Errorf("%s: %v", tt.why, err)
		}
		if left, _ := os.ReadDir(folder); len(left) > 0 || len(files.named) > 0 {
			t.Errorf("%s: left are %v, listed %v", tt.why, left, files.named)
		}
	}
}
