package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A folder gives its channel files in ascending order of their paths, however
// folders and files are called.
func TestPathsOfAFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	want := []string{
		"a!/x.cf", "a-b.cf", "a.cf", "a/1.cf", "a/1/z.cf", "a/10.cf", "a/2.cf", "a0.cf", "a0/b/c/d.cf", "b.cf", "\u00fc/\u00fc.cf",
	}
	for _, name := range want {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.IsSorted(want) {
		t.Fatal("the paths of this test are not sorted")
	}
	for _, root := range []string{".", "./"} {
		in := readFolder(root, nil)
		if have := slices.Collect(in.files.all()); !slices.Equal(have, want) || in.files.n != len(want) {
			t.Errorf("%s: %d paths %q, expected %q", root, in.files.n, have, want)
		}
		for name := range in.files.all() {
			if name != want[0] {
				t.Errorf("%s: the first is %q", root, name)
			}
			break
		}
	}
	if in := readFolder("none", nil); in.files.n != 0 || len(slices.Collect(in.files.all())) != 0 {
		t.Error("files of a folder that does not exist")
	}
}
