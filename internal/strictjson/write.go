package strictjson

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// A Writer writes one document. Keys keep the order of the calls. Indentation is
// two spaces. Each element of an object or array has a separate line, unless it is
// written inline. The document ends with a newline.
type Writer struct {
	buf    []byte
	depth  int
	inline int  // the depth at which inline writing started; 0 means not inline
	empty  bool // whether the innermost object or array is still empty
	keyed  bool // whether the next value follows a key
	err    error
}

// Bytes returns the document. It returns an error if a string was not UTF-8,
// because JSON cannot represent such a string.
func (w *Writer) Bytes() ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	return append(w.buf, '\n'), nil
}

// Object writes an object; body writes its keys and values.
func (w *Writer) Object(body func()) { w.block('{', '}', false, body) }

// Array writes an array; body writes its elements.
func (w *Writer) Array(body func()) { w.block('[', ']', false, body) }

// InlineObject writes an object and its contents on one line.
func (w *Writer) InlineObject(body func()) { w.block('{', '}', true, body) }

// InlineArray writes an array and its contents on one line.
func (w *Writer) InlineArray(body func()) { w.block('[', ']', true, body) }

func (w *Writer) block(open, end byte, inline bool, body func()) {
	w.item()
	w.buf = append(w.buf, open)
	w.depth++
	w.empty = true
	if inline && w.inline == 0 {
		w.inline = w.depth
	}
	body()
	if !w.empty && w.inline == 0 {
		w.newline(w.depth - 1)
	}
	if w.inline == w.depth {
		w.inline = 0
	}
	w.depth--
	w.empty = false
	w.buf = append(w.buf, end)
}

// Key writes a key. The next call writes its value.
func (w *Writer) Key(key string) {
	w.item()
	w.text(key)
	w.buf = append(w.buf, ": "...)
	w.keyed = true
}

// item writes the separator and indentation before a key or an element.
func (w *Writer) item() {
	if w.keyed || w.depth == 0 {
		w.keyed = false
		return
	}
	if !w.empty {
		w.buf = append(w.buf, ',')
	}
	switch {
	case w.inline == 0:
		w.newline(w.depth)
	case !w.empty:
		w.buf = append(w.buf, ' ')
	}
	w.empty = false
}

func (w *Writer) newline(depth int) {
	w.buf = append(w.buf, '\n')
	for range depth {
		w.buf = append(w.buf, "  "...)
	}
}

// String writes a string.
func (w *Writer) String(s string) {
	w.item()
	w.text(s)
}

// Uint writes an integer.
func (w *Writer) Uint(n uint64) {
	w.item()
	w.buf = strconv.AppendUint(w.buf, n, 10)
}

// Int writes an integer.
func (w *Writer) Int(n int64) {
	w.item()
	w.buf = strconv.AppendInt(w.buf, n, 10)
}

// Bool writes true or false.
func (w *Writer) Bool(b bool) {
	w.item()
	w.buf = strconv.AppendBool(w.buf, b)
}

func (w *Writer) text(s string) {
	if !utf8.ValidString(s) && w.err == nil {
		w.err = fmt.Errorf("%s is not UTF-8, so JSON cannot represent it", Quote(s))
	}
	w.buf = append(w.buf, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			w.buf = append(w.buf, '\\', c)
		case c == '\n':
			w.buf = append(w.buf, `\n`...)
		case c == '\t':
			w.buf = append(w.buf, `\t`...)
		case c < ' ' || c == 0x7f:
			w.buf = fmt.Appendf(w.buf, `\u%04x`, c)
		default:
			w.buf = append(w.buf, c)
		}
	}
	w.buf = append(w.buf, '"')
}
