// Package yamltext reads YAML files that people write, such as rules and policies, and
// states positions and errors as editors and compilers do.
//
// The YAML parser reports positions that no editor shows, and accepts texts that no
// person means, such as control characters. A [Source] checks the text before the parser
// sees it, and converts the positions.
package yamltext

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/cfcheck/cfcheck/internal/numeral"
)

// A Position is a place in a text. Lines and columns count from 1. Columns count bytes,
// and do not count a byte order mark. Lines end with LF, CR LF or CR.
type Position struct{ Line, Column int }

// A Fault is a reason why a text cannot be read.
type Fault struct {
	Position
	Found string // the problem
	Want  string // the expected content, or advice; may be empty
}

// Limits bound a text and the memory of the YAML parser.
type Limits struct {
	Size  int // maximum number of bytes
	Marks int // maximum number of commas, opening brackets and opening braces
	Depth int // maximum nesting of collections
}

// A Source is the text of a file. It converts the positions of the YAML parser
// to those that people and editors use. The two differ: the parser counts
// characters, and treats NEL, LS and PS as line ends, as YAML 1.1 did.
type Source struct {
	Data  []byte // without byte order mark
	depth int    // limit of nested collections
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

// New checks the size, the encoding and the characters of a text.
func New(data []byte, limits Limits) (*Source, *Fault) {
	fail := func(at Position, found, want string) (*Source, *Fault) {
		return nil, &Fault{at, found, want}
	}
	start := Position{1, 1}
	if len(data) > limits.Size {
		return fail(start, fmt.Sprintf("file is larger than %s bytes", count(limits.Size)), "split it")
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return fail(start, "file is UTF-16", "save the file as UTF-8")
	}
	data = bytes.TrimPrefix(data, byteOrderMark)
	src := &Source{Data: data, depth: limits.Depth, lines: make([]line, 1, bytes.Count(data, []byte("\n"))+2)}
	src.lines[0].row = 1
	flow, characters := 0, 0
	for i := 0; i < len(data); {
		r, size := rune(data[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(data[i:])
		}
		switch {
		case r == utf8.RuneError && size == 1:
			return fail(src.At(i), fmt.Sprintf("byte 0x%02x (%d) is not UTF-8", data[i], data[i]),
				"save the file as UTF-8")
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0x7f:
			return fail(src.At(i), fmt.Sprintf("control character 0x%02x (%d)", r, r),
				"if you mean it, write it as an escape in double quotes")
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
	if flow > limits.Marks {
		return fail(start, fmt.Sprintf("file has %s commas and opening brackets; the limit is %s",
			count(flow), count(limits.Marks)), "split it, or write its lists with one dash per line")
	}
	return src, nil
}

// At returns the position of the byte at offset i. An offset beyond the end
// means the end.
func (s *Source) At(i int) Position {
	i = min(i, len(s.Data))
	l := s.lines[sort.Search(len(s.lines), func(k int) bool { return s.lines[k].start > i })-1]
	return Position{l.row, i - l.first + 1}
}

// Index returns the offset of a position, the inverse of At. A position outside the file becomes
// its end.
func (s *Source) Index(p Position) int {
	k := sort.Search(len(s.lines), func(k int) bool { return s.lines[k].row >= p.Line })
	if k == len(s.lines) || p.Line < 1 || p.Column < 1 {
		return len(s.Data)
	}
	return min(s.lines[k].first+p.Column-1, len(s.Data))
}

// Offset returns the offset of a place that the YAML parser reports. The line
// and the character count from 1. A place outside the file becomes its end.
func (s *Source) Offset(yamlLine, character int) int {
	if yamlLine < 1 {
		return 0
	}
	if yamlLine > len(s.lines) {
		return len(s.Data)
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
	for ; character > 1 && i < len(s.Data); character-- {
		_, size := utf8.DecodeRune(s.Data[i:])
		i += size
	}
	return i
}

// Within returns the position of the byte at offset i of a scalar's value. This
// is possible if the file contains the value unescaped and on one line, at
// offset start. Otherwise Within returns the position of the scalar.
func (s *Source) Within(start int, value string, i int) Position {
	if text, ok := s.Written(start, value); ok {
		return s.At(text + i)
	}
	return s.At(start)
}

// Written returns the offset of the text of a scalar that begins at start. ok
// is false if the file does not contain the text unescaped and on one line.
func (s *Source) Written(start int, value string) (offset int, ok bool) {
	start = min(start, len(s.Data))
	if start < len(s.Data) && (s.Data[start] == '\'' || s.Data[start] == '"') {
		start++
	}
	return start, len(value) <= len(s.Data)-start && string(s.Data[start:start+len(value)]) == value
}

// Loader returns a parser of the text, which refuses collections nested deeper than the
// limit.
func (s *Source) Loader() (*yaml.Loader, error) {
	l, err := yaml.NewLoader(bytes.NewReader(s.Data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(s.depth))))
	if err != nil {
		return nil, fmt.Errorf("setting up the YAML parser: %w", err)
	}
	return l, nil
}

// Place returns the position of a node.
func (s *Source) Place(n *yaml.Node) Position { return s.At(s.Offset(n.Line, n.Column)) }

// Explain returns the fault for an error of the Loader.
func (s *Source) Explain(err error) Fault {
	at := Position{1, 1}
	found, want := err.Error(), ""
	var load *yaml.LoadError
	if errors.As(err, &load) {
		at = s.At(s.Offset(load.Mark.Line, load.Mark.Column))
		found = load.Message
		if load.ContextMsg != "" && load.ContextMark.Line > 0 {
			begin := s.At(s.Offset(load.ContextMark.Line, load.ContextMark.Column))
			if strings.Contains(found, "unexpected end of stream") {
				at, found, want = begin, "the text in quotes that begins here is not closed", "close it; a quote inside is written twice"
			} else if begin.Line != at.Line {
				found += fmt.Sprintf(", %s that begins in line %d", load.ContextMsg, begin.Line)
			}
		}
	}
	switch {
	case strings.Contains(found, "exceeded max depth"):
		found, want = fmt.Sprintf("collections are nested more than %d deep", s.depth), "write it with fewer levels"
	case strings.Contains(found, "tab"):
		want = "YAML is indented with spaces"
	case s.tabIndented(at.Line):
		want = "the line is indented with a tab; YAML is indented with spaces"
	case strings.Contains(found, "mapping values are not allowed"):
		want = `put the value in single quotes if it has ": " in it, and check that the line above is complete`
	case strings.Contains(found, "cannot start any token"), strings.Contains(found, "anchor"):
		want = "put the value in single quotes"
	}
	return Fault{at, "not YAML: " + found, want}
}

// tabIndented reports whether the line of the editor begins with a tab, or with
// spaces and a tab.
func (s *Source) tabIndented(row int) bool {
	for _, l := range s.lines {
		if l.row == row {
			return bytes.HasPrefix(bytes.TrimLeft(s.Data[l.start:], " "), []byte("\t"))
		}
	}
	return false
}

// IsNull reports whether a node is a null that is not in quotes, such as a missing value.
func IsNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Style == 0
}

func count(n int) string { return numeral.Thousands(uint64(n)) }
