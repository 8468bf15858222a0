package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// A personal bug is one that a person would make: other words in a file.
type personal struct {
	part, file, why string
	before, after   string
}

// byPeople are the bugs that people made, or might.
var byPeople = []personal{
}

func (p *personal) bug() *Bug {
	return &Bug{Part: p.part, File: p.file, Func: "by a person", Kind: "person", Before: p.before, After: p.after, person: p}
}

// person builds the hunt with a bug that a person made.
func (w *workshop) person(ctx context.Context, b *Bug) (program string, err error) {
	path := filepath.Join(w.root, filepath.FromSlash(b.File))
	src, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if n := bytes.Count(src, []byte(b.person.before)); n != 1 {
		return "", fmt.Errorf("%s has %d times what a bug stands for, expected once: %s", b.File, n, b.person.before)
	}
	name := fmt.Sprintf("person%d", b.Number)
	copied := filepath.Join(w.folder, name+".go")
	if err := os.WriteFile(copied, bytes.Replace(src, []byte(b.person.before), []byte(b.person.after), 1), 0o666); err != nil {
		return "", err
	}
	return w.hunter(ctx, name, map[string]string{path: copied})
}
