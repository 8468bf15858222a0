package lsp

import (
	"strings"
	"unicode/utf8"
)

// An encoding is the unit in which a client counts the characters of a line.
type encoding uint8

const (
	utf16 encoding = iota // the default of the protocol
	utf8Bytes
)

// String returns the name of the encoding in the protocol.
func (e encoding) String() string {
	if e == utf8Bytes {
		return "utf-8"
	}
	return "utf-16"
}

// units returns the length of a text.
func (e encoding) units(s string) (n int) {
	if e == utf8Bytes {
		return len(s)
	}
	for _, c := range s {
		n++
		if c >= 1<<16 {
			n++
		}
	}
	return n
}

// offset returns the offset in a line at which n units have passed, at most its length. A unit
// inside a character means the start of the character.
func (e encoding) offset(line string, n int) int {
	if e == utf8Bytes {
		n = max(0, min(n, len(line)))
		for n > 0 && n < len(line) && !utf8.RuneStart(line[n]) {
			n--
		}
		return n
	}
	for i, c := range line {
		width := 1
		if c >= 1<<16 {
			width = 2
		}
		if n < width {
			return i
		}
		n -= width
	}
	return len(line)
}

// A document is a text that a client has open. Lines end with LF, CR LF or CR.
type document struct {
	text    string
	starts  []int // offset of each line
	version int32
}

func newDocument(text string, version int32) *document {
	d := &document{version: version}
	d.set(text)
	return d
}

// set replaces the whole text.
func (d *document) set(text string) {
	d.text = text
	d.starts = append(d.starts[:0], 0)
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\n', text[i] == '\r' && (i+1 == len(text) || text[i+1] != '\n'):
			d.starts = append(d.starts, i+1)
		}
	}
}

// line returns a line without its end, by its number from 0. A line that does not exist is "".
func (d *document) line(n int) string {
	if n < 0 || n >= len(d.starts) {
		return ""
	}
	end := len(d.text)
	if n+1 < len(d.starts) {
		end = d.starts[n+1]
	}
	return strings.TrimRight(d.text[d.starts[n]:end], "\r\n")
}

// offset returns the offset of a position. A position beyond the end of its line means the end of
// the line, and one beyond the last line the end of the text.
func (d *document) offset(p Position, e encoding) int {
	if p.Line < 0 {
		return 0
	}
	if p.Line >= len(d.starts) {
		return len(d.text)
	}
	return d.starts[p.Line] + e.offset(d.line(p.Line), max(p.Character, 0))
}

// position returns the position of an offset.
func (d *document) position(offset int, e encoding) Position {
	offset = max(0, min(offset, len(d.text)))
	low, high := 0, len(d.starts) // the line is in [low, high)
	for high-low > 1 {
		if mid := (low + high) / 2; d.starts[mid] <= offset {
			low = mid
		} else {
			high = mid
		}
	}
	line := d.line(low)
	return Position{low, e.units(line[:min(offset-d.starts[low], len(line))])}
}

// at returns the position of a place as the gate counts: line and column from 1, the column in
// bytes. An unknown place is the start of the text, or of its line.
func (d *document) at(line, column int, e encoding) Position {
	line = max(0, min(line-1, len(d.starts)-1))
	text := d.line(line)
	column = max(0, min(column-1, len(text)))
	if line == 0 && strings.HasPrefix(text, byteOrderMark) {
		// The gate does not count the mark.
		column = min(column+len(byteOrderMark), len(text))
	}
	return Position{line, e.units(text[:column])}
}

const byteOrderMark = "\ufeff"

// change applies a change of a client. It returns the range of lines that it replaced, and the
// number of lines that are there now.
func (d *document) change(c contentChange, e encoding) (first, last, now int) {
	if c.Range == nil {
		last = len(d.starts) - 1
		d.set(c.Text)
		return 0, last, len(d.starts)
	}
	start, end := d.offset(c.Range.Start, e), d.offset(c.Range.End, e)
	if end < start {
		start, end = end, start
	}
	first, last = d.position(start, e).Line, d.position(end, e).Line
	before := len(d.starts)
	d.set(d.text[:start] + c.Text + d.text[end:])
	return first, last, last - first + 1 + len(d.starts) - before
}
