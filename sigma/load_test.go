package sigma

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// write makes a folder of files: names and contents. A name that ends with a
// slash is a folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		full := filepath.Join(root, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(full, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// listing is what Load made of a folder, one line a file.
func listing(root string, files []File) []string {
	var list []string
	for _, f := range files {
		line := f.Path
		if f.Name != filepath.ToSlash(filepath.Join(root, f.Path)) {
			line += " named " + f.Name
		}
		for _, r := range f.Rules {
			line += ", " + r.Title.Value
			if r.Path != f.Path || r.Name != f.Name {
				line += " elsewhere: " + r.Path
			}
		}
		if f.Err != nil {
			line += ": " + strings.ReplaceAll(f.Err.Error(), filepath.ToSlash(root), "ROOT")
		}
		list = append(list, line)
	}
	return list
}

func titled(title string) string {
	return strings.Replace(ruleOf("    s: {PipeName: x}\n    condition: s\n"), "Case", title, 1)
}

func TestLoad(t *testing.T) {
	root := write(t, map[string]string{
		"b.yml":             titled("B"),
		"a/z.yaml":          titled("Z"),
		"a/m.YML":           titled("M"),
		"a/deep/er/x.yml":   titled("X"),
		"a.yml":             titled("A") + "---\n" + titled("A2"),
		"bad.yml":           "title: x\n",
		"binary.yml":        "\x89CFC\r\n\x1a\n\x01\x00",
		"README.md":         "no rule",
		"notes.yml.txt":     "no rule",
		".hidden.yml":       "not: read",
		".github/flow.yml":  "not: read",
		"folder.yml/in.yml": titled("In a folder that is named like a rule"),
		"empty/":            "",
	})
	files, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"a/deep/er/x.yml, X",
		"a/m.YML, M",
		"a/z.yaml, Z",
		"a.yml, A, A2",
		"b.yml, B",
		"bad.yml: ROOT/bad.yml:1:1: document is not a Sigma rule: it has neither logsource nor detection; move the file elsewhere, or leave it out with --exclude",
		"binary.yml: ROOT/binary.yml: found a channel file; expected rules; rename the file to end with .cf, so that it is judged as a channel file",
		"folder.yml/in.yml, In a folder that is named like a rule",
	}
	if diff := cmp.Diff(want, listing(root, files)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	again, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(listing(root, files), listing(root, again)); diff != "" {
		t.Errorf("the second time: -first +second\n%s", diff)
	}
}

// A file system gives the same files as the folder that it shows.
func TestLoadFS(t *testing.T) {
	texts := map[string]string{
		"b.yml": titled("B"), "a/z.yaml": titled("Z"), "bad.yml": "title: x\n", "binary.yml": "\x89CFC\r\n\x1a\n\x01\x00",
		"README.md": "no rule", ".hidden.yml": "not: read",
	}
	inMemory := fstest.MapFS{"link.yml": {Mode: fs.ModeSymlink, Data: []byte("b.yml")}}
	for name, text := range texts {
		inMemory[name] = &fstest.MapFile{Data: []byte(text)}
	}
	root := write(t, texts)
	if err := os.Symlink("b.yml", filepath.Join(root, "link.yml")); err != nil {
		t.Skip(err)
	}
	files, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	want := listing(root, files)
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], "ROOT/", "")
	}
	for _, fsys := range []fs.FS{os.DirFS(root), inMemory} {
		files, err := LoadFS(fsys, ".")
		if err != nil {
			t.Fatal(err)
		}
		got := listing(".", files)
		for i := range got {
			got[i] = strings.ReplaceAll(got[i], "ROOT", ".")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%T: -want +got\n%s", fsys, diff)
		}
	}
	files, err = LoadFS(inMemory, "a/z.yaml")
	if err != nil || len(files) != 1 || files[0].Path != "z.yaml" || len(files[0].Rules) != 1 {
		t.Errorf("a file of its own: %+v, %v", files, err)
	}
	var missing *FileError
	if _, err := LoadFS(inMemory, "none"); !errors.As(err, &missing) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder: %v; want a *FileError that is fs.ErrNotExist", err)
	}
}

func TestLoadOneFile(t *testing.T) {
	root := write(t, map[string]string{"rule.txt": titled("Named")})
	files, err := Load(filepath.Join(root, "rule.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"rule.txt, Named"}, listing(root, files)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if want := sha256.Sum256([]byte(titled("Named"))); files[0].Digest != want || files[0].Size != int64(len(titled("Named"))) {
		t.Errorf("%x of %d bytes, expected %x of %d", files[0].Digest, files[0].Size, want, len(titled("Named")))
	}
}

func TestLoadNothing(t *testing.T) {
	files, err := Load(write(t, nil))
	if err != nil || len(files) != 0 {
		t.Errorf("an empty folder gives %d files and %v; want neither", len(files), err)
	}
	root := t.TempDir()
	files, err = Load(filepath.Join(root, "missing"))
	var fileErr *FileError
	if !errors.As(err, &fileErr) || !errors.Is(err, fs.ErrNotExist) || len(files) != 0 {
		t.Errorf("a folder that is not there gives %d files and %v; want a *FileError that is fs.ErrNotExist", len(files), err)
	}
}

func TestLoadTooLarge(t *testing.T) {
	root := write(t, map[string]string{"large.yml": strings.Repeat("#", MaxFileSize+1000)})
	files, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"large.yml: ROOT/large.yml:1:1: file is larger than 524,288 bytes; split it"}
	if diff := cmp.Diff(want, listing(root, files)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestLoadTooDeep(t *testing.T) {
	root := write(t, map[string]string{strings.Repeat("d/", MaxFolderDepth+1) + "x.yml": titled("X")})
	_, err := Load(root)
	if err == nil || !strings.Contains(err.Error(), "folders are nested more than 64 deep") {
		t.Errorf("got %v; want the limit named", err)
	}
}

// TestLoadLinks: nothing that a symbolic link leads to is read, and no loop is
// walked, but a link that hides rules is named.
func TestLoadLinks(t *testing.T) {
	root := write(t, map[string]string{"real/a.yml": titled("A"), "notes.txt": "x"})
	for link, target := range map[string]string{
		"loop":          root,
		"folder":        filepath.Join(root, "real"),
		"file.yml":      filepath.Join(root, "real", "a.yml"),
		"nowhere.yml":   filepath.Join(root, "missing"),
		"nowhere":       filepath.Join(root, "missing"),
		"other.txt":     filepath.Join(root, "notes.txt"),
		"real/circle":   filepath.Join(root, "real", "circle"),
		"real/loop.yml": root,
	} {
		if err := os.Symlink(target, filepath.Join(root, filepath.FromSlash(link))); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	files, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	const refused = ": found a symbolic link; cfcheck does not follow links, because their targets may change; put the file itself here"
	want := []string{
		"file.yml: ROOT/file.yml" + refused,
		"folder: ROOT/folder" + refused,
		"loop: ROOT/loop" + refused,
		"nowhere.yml: ROOT/nowhere.yml" + refused,
		"real/a.yml, A",
		"real/loop.yml: ROOT/real/loop.yml" + refused,
	}
	if diff := cmp.Diff(want, listing(root, files)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	// The root itself may be a link.
	files, err = Load(filepath.Join(root, "folder"))
	if err != nil || len(files) != 2 || len(files[0].Rules) != 1 {
		t.Errorf("through a link to the root: %d files, %v; want two", len(files), err)
	}
}
