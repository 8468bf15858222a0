package main

import (
	"io"
	"os"
	"strings"
)

// maxSource limits the bytes that are read of a source to show one of its lines.
const maxSource = 1 << 20

// lines returns lines of the sources of findings. It caches the last source, because
// findings are sorted by file.
type lines struct {
	path string
	text []string
}

func (l *lines) get(path string, line int) (string, bool) {
	if path != l.path || l.text == nil {
		l.path, l.text = path, readLines(path)
	}
	if line < 1 || line > len(l.text) {
		return "", false
	}
	return l.text[line-1], true
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func readLines(path string) []string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return []string{}
	}
	f, err := os.Open(path)
	if err != nil {
		return []string{}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSource))
	if err != nil {
		return []string{}
	}
	// Count like package sigma: a byte order mark is not a column, and lines end
	// with LF, CR LF or CR.
	text := strings.TrimPrefix(string(data), "\ufeff")
	return strings.Split(lineEnds.Replace(text), "\n")
}
