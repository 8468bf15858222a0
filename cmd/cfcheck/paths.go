package main

import (
	"cmp"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
)

// paths is a compact list of paths, for runs on millions of files. Successive paths in
// one folder share the name of the folder. One string holds their last elements,
// separated by slashes.
type paths struct {
	runs []pathRun
	n    int
}

type pathRun struct {
	folder string
	last   []byte
}

func (p *paths) add(name string) {
	folder, last := path.Split(name)
	p.n++
	if n := len(p.runs); n > 0 && p.runs[n-1].folder == folder {
		p.runs[n-1].last = append(append(p.runs[n-1].last, '/'), last...)
		return
	}
	p.runs = append(p.runs, pathRun{strings.Clone(folder), []byte(last)})
}

// all returns the paths in the order in which they were added.
func (p *paths) all() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, run := range p.runs {
			for last := range strings.SplitSeq(string(run.last), "/") {
				if !yield(run.folder + last) {
					return
				}
			}
		}
	}
}

// sortAsPaths sorts the entries of a folder so that a recursive walk visits all paths
// in ascending order: a.cf before a/b.cf.
func sortAsPaths(entries []fs.DirEntry) {
	key := func(e fs.DirEntry) string {
		if e.IsDir() {
			return e.Name() + "/"
		}
		return e.Name()
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(key(a), key(b)) })
}
