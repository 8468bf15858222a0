package strictjson

import "strings"

// A Place is the start of a value in a document.
type Place struct {
	Line   int // from 1
	Column int // from 1, in bytes
	Offset int // in bytes
}

// Find returns the place of the value at a path, and the value unless it is an
// object or array: a string without its quotes, any other value as the document writes it.
// The path has the form of [Error]. The document must have been read before.
func Find(data []byte, path string) (at Place, value string, ok bool) {
	d := &Decoder{data: data, limits: Limits{Size: len(data), Depth: maxFind}}
	if !d.seek(path) || d.err != nil {
		return Place{}, "", false
	}
	at.Offset = d.off
	at.Line, at.Column = position(data, d.off)
	switch c := d.peek(); {
	case c == '"':
		value = d.string()
	case c != '{' && c != '[':
		value = string(data[d.off:d.literalEnd()])
	}
	return at, value, d.err == nil
}

// maxFind is the maximum depth to which Find follows objects and arrays.
const maxFind = 64

// seek moves to the start of the value at a path. If the path is not in the next
// value, seek moves behind that value and reports false.
func (d *Decoder) seek(path string) bool {
	d.space()
	if d.err != nil || pathString(d.path) == path {
		return d.err == nil
	}
	switch c := d.peek(); c {
	case '"':
		d.string()
	case '{', '[':
		return d.seekIn(c, path)
	default:
		end := d.literalEnd()
		if end == d.off { // not a document that Read accepts
			d.fail(d.off, "", ErrSyntax, "found no value")
		}
		d.off = end
	}
	return false
}

func (d *Decoder) seekIn(open byte, path string) bool {
	end := byte(']')
	if open == '{' {
		end = '}'
	}
	if !d.enter(open, "an object or an array") {
		return false
	}
	for i := 0; d.more(i == 0, end, "a value"); i++ {
		s := step{index: i}
		if open == '{' {
			d.space()
			s.key = d.string()
			if d.peek() == ':' {
				d.off++
			}
		}
		d.path = append(d.path, s)
		if d.seek(path) {
			return true
		}
		d.path = d.path[:len(d.path)-1]
	}
	return false
}

// literalEnd returns the end of a number, true, false or null.
func (d *Decoder) literalEnd() int {
	end := d.off
	for end < len(d.data) && strings.IndexByte(",]} \t\r\n", d.data[end]) < 0 {
		end++
	}
	return end
}
