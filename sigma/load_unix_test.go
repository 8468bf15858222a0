//go:build unix

package sigma

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLoadPipes checks that Load does not open a named pipe, which would block.
func TestLoadPipes(t *testing.T) {
	root := write(t, map[string]string{"a.yml": titled("A")})
	if err := syscall.Mkfifo(filepath.Join(root, "pipe.yml"), 0o644); err != nil {
		t.Fatal(err)
	}
	files, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a.yml, A", "pipe.yml: ROOT/pipe.yml: found a named pipe; expected a regular file"}
	if diff := cmp.Diff(want, listing(root, files)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	files, err = Load(filepath.Join(root, "pipe.yml"))
	if err != nil || len(files) != 1 || files[0].Err == nil {
		t.Errorf("as the root: %v, %v; want one file that is refused", files, err)
	}
}

// TestLoadUnreadable checks that Load reports files that it cannot read, and
// reads the others.
func TestLoadUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("the superuser can read everything")
	}
	root := write(t, map[string]string{"a.yml": titled("A"), "b.yml": titled("B"), "c/d.yml": titled("D")})
	for _, name := range []string{"a.yml", "c"} {
		if err := os.Chmod(filepath.Join(root, name), 0); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"a.yml: ROOT/a.yml: cannot be read: permission denied",
		"b.yml, B",
		"c: ROOT/c: cannot be read: permission denied",
	}
	if diff := cmp.Diff(want, listing(root, files)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if err := os.Chmod(filepath.Join(root, "c"), 0o755); err != nil {
		t.Fatal(err)
	}
}
