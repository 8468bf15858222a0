package sigma

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
)

// A source is the text of a file. It turns the positions of the YAML parser
// into those that people and editors use. The two differ: the parser counts
// characters, and takes NEL, LS and PS for line ends, as YAML 1.1 did.
type source struct {
	name  string
	data  []byte // without byte order mark
	lines []line // as the YAML parser counts them
}

type line struct {
	start int // offset of the line's first byte
	row   int // the number of the editor's line that it is part of
	first int // offset of the first byte of that
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// newSource checks that data is text that can hold rules at all: its size and
// its encoding.
func newSource(name string, data []byte) (*source, *Error) {
	fail := func(at Position, found, want string) (*source, *Error) {
		return nil, &Error{Name: name, Position: at, Found: found, Want: want}
	}
	start := Position{1, 1}
	if len(data) > MaxFileSize {
		return fail(start, fmt.Sprintf("file is larger than %s bytes", count(MaxFileSize)), "split it")
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return fail(start, "file is UTF-16", "Sigma rules are UTF-8; save it as that")
	}
	data = bytes.TrimPrefix(data, byteOrderMark)
	src := &source{name: name, data: data, lines: []line{{0, 1, 0}}}
	marks := 0
	for i := 0; i < len(data); {
		if c := data[i]; c < utf8.RuneSelf {
			next := i + 1
			switch {
			case c == '\r' && next < len(data) && data[next] == '\n':
				next++
				src.lines = append(src.lines, line{next, src.lines[len(src.lines)-1].row + 1, next})
			case c == '\n', c == '\r':
				src.lines = append(src.lines, line{next, src.lines[len(src.lines)-1].row + 1, next})
			case c == ',', c == '[', c == '{':
				marks++
			case c < ' ' && c != '\t', c == 0x7f:
				return fail(src.at(i), fmt.Sprintf("control character 0x%02x (%d)", c, c),
					"a rule is text; write it as an escape in double quotes if it is meant")
			}
			i = next
			continue
		}
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return fail(src.at(i), fmt.Sprintf("byte 0x%02x (%d) is not UTF-8", data[i], data[i]),
				"Sigma rules are UTF-8; save the file as that")
		}
		i += size
		if r == '\u0085' || r == '\u2028' || r == '\u2029' {
			last := src.lines[len(src.lines)-1]
			src.lines = append(src.lines, line{i, last.row, last.first})
		}
	}
	if marks > MaxFlowMarks {
		return fail(start, fmt.Sprintf("file has %s commas and opening brackets; the limit is %s",
			count(marks), count(MaxFlowMarks)), "split it, or write its lists with a dash a line")
	}
	return src, nil
}

// at returns the position of the byte at offset i, at most the end.
func (s *source) at(i int) Position {
	i = min(i, len(s.data))
	l := s.lines[sort.Search(len(s.lines), func(k int) bool { return s.lines[k].start > i })-1]
	return Position{l.row, i - l.first + 1}
}

// offset returns the offset of a place that the YAML parser names: a line and
// a character in it, both from 1. A place outside the file becomes its end.
func (s *source) offset(yamlLine, character int) int {
	if yamlLine < 1 {
		return 0
	}
	if yamlLine > len(s.lines) {
		return len(s.data)
	}
	i := s.lines[yamlLine-1].start
	for ; character > 1 && i < len(s.data); character-- {
		_, size := utf8.DecodeRune(s.data[i:])
		i += size
	}
	return i
}

// within returns the position of the byte at offset i of a scalar's value, if
// the scalar is written in one piece at offset start, as it is when it has no
// escapes and no line ends. Otherwise it returns the position of the scalar.
func (s *source) within(start int, value string, i int) Position {
	text := start
	if text < len(s.data) && (s.data[text] == '\'' || s.data[text] == '"') {
		text++
	}
	if strings.HasPrefix(string(s.data[min(text, len(s.data)):min(text+len(value), len(s.data))]), value) {
		return s.at(text + i)
	}
	return s.at(start)
}
