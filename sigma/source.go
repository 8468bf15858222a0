package sigma

import (
	"bytes"
	"fmt"
	"sort"
	"unicode/utf8"
)

// A source is the text of a file. It converts the positions of the YAML parser
// to those that people and editors use. The two differ: the parser counts
// characters, and treats NEL, LS and PS as line ends, as YAML 1.1 did.
type source struct {
	name  string
	data  []byte // without byte order mark
	lines []line // lines as the YAML parser counts them
	marks []int  // offsets of the characters stride, 2*stride, ... of each line, counted from 0
}

type line struct {
	start int // offset of the line's first byte
	row   int // number of the editor's line that contains it
	first int // offset of the first byte of the editor's line
	mark  int // index of its first mark
}

// stride is the number of characters between the marks of a line. Without
// marks, finding all places in a long line would take time quadratic in its
// length.
const stride = 128

var byteOrderMark = []byte("\xef\xbb\xbf")

// newSource checks the size and the encoding of data. It returns an error if no
// file of rules can have them.
func newSource(name string, data []byte) (*source, *Error) {
	fail := func(at Position, found, want string) (*source, *Error) {
		return nil, &Error{Name: name, Position: at, Found: found, Want: want}
	}
	start := Position{1, 1}
	if len(data) > MaxFileSize {
		return fail(start, fmt.Sprintf("file is larger than %s bytes", count(MaxFileSize)), "split it")
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return fail(start, "file is UTF-16", "Sigma rules are UTF-8; save the file as UTF-8")
	}
	data = bytes.TrimPrefix(data, byteOrderMark)
	src := &source{name: name, data: data, lines: make([]line, 1, bytes.Count(data, []byte("\n"))+2)}
	src.lines[0].row = 1
	flow, characters := 0, 0
	for i := 0; i < len(data); {
		r, size := rune(data[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(data[i:])
		}
		switch {
		case r == utf8.RuneError && size == 1:
			return fail(src.at(i), fmt.Sprintf("byte 0x%02x (%d) is not UTF-8", data[i], data[i]),
				"Sigma rules are UTF-8; save the file as UTF-8")
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0x7f:
			return fail(src.at(i), fmt.Sprintf("control character 0x%02x (%d)", r, r),
				"a rule is text; if you mean it, write it as an escape in double quotes")
		case r == '\r' && i+1 < len(data) && data[i+1] == '\n':
			size++
		case r == ',', r == '[', r == '{':
			flow++
		}
		i += size
		switch r {
		case '\n', '\r':
			last := src.lines[len(src.lines)-1]
			src.lines = append(src.lines, line{i, last.row + 1, i, len(src.marks)})
			characters = 0
		case '\u0085', '\u2028', '\u2029':
			last := src.lines[len(src.lines)-1]
			src.lines = append(src.lines, line{i, last.row, last.first, len(src.marks)})
			characters = 0
		default:
			if characters++; characters%stride == 0 {
				src.marks = append(src.marks, i)
			}
		}
	}
	if flow > MaxFlowMarks {
		return fail(start, fmt.Sprintf("file has %s commas and opening brackets; the limit is %s",
			count(flow), count(MaxFlowMarks)), "split it, or write its lists with one dash per line")
	}
	return src, nil
}

// at returns the position of the byte at offset i. An offset beyond the end
// means the end.
func (s *source) at(i int) Position {
	i = min(i, len(s.data))
	l := s.lines[sort.Search(len(s.lines), func(k int) bool { return s.lines[k].start > i })-1]
	return Position{l.row, i - l.first + 1}
}

// offset returns the offset of a place that the YAML parser reports. The line
// and the character count from 1. A place outside the file becomes its end.
func (s *source) offset(yamlLine, character int) int {
	if yamlLine < 1 {
		return 0
	}
	if yamlLine > len(s.lines) {
		return len(s.data)
	}
	l := s.lines[yamlLine-1]
	i, marks := l.start, len(s.marks)
	if yamlLine < len(s.lines) {
		marks = s.lines[yamlLine].mark
	}
	if k := min((character-1)/stride, marks-l.mark); k > 0 {
		i = s.marks[l.mark+k-1]
		character -= k * stride
	}
	for ; character > 1 && i < len(s.data); character-- {
		_, size := utf8.DecodeRune(s.data[i:])
		i += size
	}
	return i
}

// within returns the position of the byte at offset i of a scalar's value. This
// is possible if the file contains the value unescaped and on one line, at
// offset start. Otherwise within returns the position of the scalar.
func (s *source) within(start int, value string, i int) Position {
	if text, ok := s.written(start, value); ok {
		return s.at(text + i)
	}
	return s.at(start)
}

// written returns the offset of the text of a scalar that begins at start. ok
// is false if the file does not contain the text unescaped and on one line.
func (s *source) written(start int, value string) (offset int, ok bool) {
	start = min(start, len(s.data))
	if start < len(s.data) && (s.data[start] == '\'' || s.data[start] == '"') {
		start++
	}
	return start, len(value) <= len(s.data)-start && string(s.data[start:start+len(value)]) == value
}
