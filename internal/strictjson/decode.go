// Package strictjson reads and writes the JSON documents of this module, such as
// contracts, definitions and needs, which decide verdicts.
//
// A gate must understand such a document completely, and other readers are lax.
// They take the last of two equal keys, match keys without regard to case, skip
// unknown keys, and ignore text after the first value. A [Decoder] refuses all of
// this. Its caller gives it the keys of each object and the range of each number.
// It checks them while it reads, and stops at the first unexpected byte. It builds
// no tree, so it needs only the memory of the values that its caller keeps.
//
// A [Writer] writes such documents in one way: equal values give equal bytes.
package strictjson

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxInteger is the largest integer that every JSON implementation keeps exactly.
// Many implementations read numbers as 64-bit floating point.
const MaxInteger = 1<<53 - 1

// Limits bound a document before the decoder reads it.
type Limits struct {
	Size  int // maximum size of the document in bytes
	Depth int // maximum nesting of objects and arrays
}

// Read reads one document. It calls document with a Decoder before the first value,
// and document reads exactly one value. Errors contain the name of the file. An
// error, if any, is an [*Error].
func Read(name string, data []byte, limits Limits, document func(d *Decoder)) error {
	d := &Decoder{name: name, data: data, limits: limits}
	d.begin()
	if d.err == nil {
		document(d)
	}
	if d.err == nil {
		d.end()
	}
	if d.err != nil { // a nil *Error must not become an error
		return d.err
	}
	return nil
}

// A Decoder reads the values of one document in order. It keeps its first failure:
// later reads return zero values, and loops over objects and arrays end. So a
// caller can check for a failure once, at the end.
type Decoder struct {
	name   string
	data   []byte
	limits Limits
	off    int    // offset of the next byte
	last   int    // offset of the value read last
	path   []step // path to the value being read
	err    *Error
}

// A step of a path is a key or, if key is empty, an index.
type step struct {
	key   string
	index int
}

// Failed reports whether the decoder has failed.
func (d *Decoder) Failed() bool { return d.err != nil }

// Next returns the offset of the next value, for [Decoder.FailAt].
func (d *Decoder) Next() int {
	d.space()
	return d.off
}

// Failf reports that the value read last is well formed but wrong, with a reason.
// The failure wraps [ErrValue].
func (d *Decoder) Failf(format string, args ...any) {
	d.fail(d.last, "", ErrValue, fmt.Sprintf(format, args...))
}

// FailAt does the same as [Decoder.Failf] for a value at an offset that Next has
// returned. The path of the failure is the path of the value being read, followed
// by sub.
func (d *Decoder) FailAt(offset int, sub, format string, args ...any) {
	d.fail(offset, sub, ErrValue, fmt.Sprintf(format, args...))
}

// FailKey does the same as [Decoder.FailAt] for a key that an object must not
// have. The failure wraps [ErrUnknownKey].
func (d *Decoder) FailKey(offset int, sub, format string, args ...any) {
	d.fail(offset, sub, ErrUnknownKey, fmt.Sprintf(format, args...))
}

// Path returns the path to the value being read.
func (d *Decoder) Path() string { return pathString(d.path) }

// IsString reports whether the next value is a string.
func (d *Decoder) IsString() bool { return d.peek() == '"' }

func (d *Decoder) fail(offset int, sub string, kind error, text string) {
	if d.err != nil {
		return
	}
	path := pathString(d.path)
	if path != "" && sub != "" {
		path += "."
	}
	line, column := position(d.data, offset)
	d.err = &Error{
		Name: d.name, Line: line, Column: column, Offset: offset,
		Path: path + sub,
		Err:  &problem{kind, text},
	}
}

// begin checks the document as a whole: its size and encoding.
func (d *Decoder) begin() {
	if len(d.data) > d.limits.Size {
		d.fail(0, "", ErrSize, fmt.Sprintf("the document has %d bytes (0x%x); expected at most %d (0x%x)",
			len(d.data), len(d.data), d.limits.Size, d.limits.Size))
		return
	}
	for _, mark := range []struct{ bytes, text string }{
		{"\xef\xbb\xbf", "a byte order mark; expected UTF-8 without one"},
		{"\xff\xfe", "a byte order mark of UTF-16; expected UTF-8"},
		{"\xfe\xff", "a byte order mark of UTF-16; expected UTF-8"},
	} {
		if strings.HasPrefix(string(d.data[:min(4, len(d.data))]), mark.bytes) {
			d.fail(0, "", ErrUTF8, "found "+mark.text)
			return
		}
	}
	if at := firstNotUTF8(d.data); at >= 0 {
		d.fail(at, "", ErrUTF8, fmt.Sprintf("found byte 0x%02x (%d), which is not UTF-8; expected text in UTF-8",
			d.data[at], d.data[at]))
		return
	}
	if d.space(); d.off == len(d.data) {
		d.fail(d.off, "", ErrSyntax, "the document is empty; expected a JSON value")
	}
}

// end checks that only white space follows the document.
func (d *Decoder) end() {
	if d.space(); d.off < len(d.data) {
		d.fail(d.off, "", ErrTrailing, fmt.Sprintf("found %s after the end of the document; expected nothing", d.found(d.off)))
	}
}

func firstNotUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	at := 0
	for {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n == 1 {
			return at
		}
		at += n
	}
}

// space skips white space between two tokens.
func (d *Decoder) space() {
	for d.off < len(d.data) {
		switch d.data[d.off] {
		case ' ', '\t', '\n', '\r':
			d.off++
		default:
			return
		}
	}
}

// peek returns the next byte that is not space, or 0 at the end. It returns 0 for a
// zero byte too, because no token starts with one.
func (d *Decoder) peek() byte {
	if d.space(); d.off < len(d.data) {
		return d.data[d.off]
	}
	return 0
}

// value moves to the start of the next value. It reports whether the value has the
// wanted kind, and fails if not.
func (d *Decoder) value(wanted bool, expected string) bool {
	d.last = d.off
	if d.err == nil && !wanted {
		d.fail(d.off, "", d.kindOf(d.off), fmt.Sprintf("found %s; expected %s", d.found(d.off), expected))
	}
	return d.err == nil
}

// kindOf returns the error for an unexpected byte at an offset: ErrType if another
// value starts there, otherwise ErrSyntax.
func (d *Decoder) kindOf(at int) error {
	if at < len(d.data) && (strings.IndexByte(`{["-`, d.data[at]) >= 0 || digit(d.data[at]) || d.word(at) != "") {
		return ErrType
	}
	return ErrSyntax
}

// word returns the word true, false or null at an offset.
func (d *Decoder) word(at int) string {
	for _, w := range []string{"true", "false", "null"} {
		if len(d.data)-at >= len(w) && string(d.data[at:at+len(w)]) == w {
			return w
		}
	}
	return ""
}

// found describes the text at an offset in a few words.
func (d *Decoder) found(at int) string {
	if at >= len(d.data) {
		return "the end of the document"
	}
	switch c := d.data[at]; {
	case c == '{':
		return "an object"
	case c == '[':
		return "an array"
	case c == '"':
		e := &Decoder{data: d.data, off: at, limits: d.limits}
		if s := e.string(); e.err == nil {
			return "the string " + Quote(s)
		}
		return "a string"
	case c == '-' || digit(c):
		return "the number " + clip(string(d.data[at:d.numberEnd(at)]))
	case d.word(at) != "":
		return d.word(at)
	case c < ' ' || c == 0x7f:
		return fmt.Sprintf("byte 0x%02x (%d)", c, c)
	}
	r, _ := utf8.DecodeRune(d.data[at:])
	return strconv.QuoteRune(r)
}

// enter opens an object or array and reports whether it may be read.
func (d *Decoder) enter(open byte, expected string) bool {
	if !d.value(d.peek() == open, expected) {
		return false
	}
	if len(d.path) >= d.limits.Depth {
		d.fail(d.off, "", ErrDepth, fmt.Sprintf("objects and arrays are nested more than %d deep", d.limits.Depth))
		return false
	}
	d.off++
	return true
}

// more moves to the next element and reports whether there is one. It reads the
// comma before each element except the first, and the closing bracket at the end.
func (d *Decoder) more(first bool, end byte, element string) bool {
	if d.err != nil {
		return false
	}
	c := d.peek()
	switch {
	case c == end:
		d.off++
		return false
	case first:
		return true
	case c != ',':
		d.fail(d.off, "", ErrSyntax, fmt.Sprintf("found %s; expected a comma or %q", d.found(d.off), end))
		return false
	}
	comma := d.off
	d.off++
	if d.peek() == end {
		d.fail(comma, "", ErrSyntax, fmt.Sprintf("found a comma before %q; expected %s after it, or no comma", end, element))
		return false
	}
	return true
}

// Keys are the keys that an object may have: at most 64.
type Keys struct {
	Required []string
	Optional []string
}

func (k *Keys) find(key string) (bit uint64, name string) {
	if i := slices.Index(k.Required, key); i >= 0 {
		return 1 << i, k.Required[i]
	}
	if i := slices.Index(k.Optional, key); i >= 0 {
		return 1 << (len(k.Required) + i), k.Optional[i]
	}
	return 0, ""
}

// Object reads an object and yields each of its keys, in the order of the
// document. The body of the loop must read the complete value of the key. An
// unknown or repeated key, and a missing required key, are failures.
func (d *Decoder) Object(keys Keys) iter.Seq[string] {
	return func(yield func(string) bool) {
		start := d.Next()
		if !d.enter('{', "an object") {
			return
		}
		var seen uint64
		for first := true; d.more(first, '}', "a key"); first = false {
			at := d.Next()
			if d.peek() != '"' {
				d.fail(at, "", ErrSyntax, fmt.Sprintf("found %s; expected a key in double quotes", d.found(at)))
				return
			}
			key := d.string()
			if d.err != nil {
				return
			}
			bit, name := keys.find(key)
			switch {
			case bit == 0:
				d.fail(at, "", ErrUnknownKey, fmt.Sprintf("unknown key %s%s", Quote(key), keys.suggest(key)))
				return
			case seen&bit != 0:
				d.fail(at, "", ErrDuplicateKey, fmt.Sprintf("key %q occurs twice; expected it once", name))
				return
			}
			seen |= bit
			if d.peek() != ':' {
				d.fail(d.off, "", ErrSyntax, fmt.Sprintf("found %s; expected a colon after the key %q", d.found(d.off), name))
				return
			}
			d.off++
			d.path = append(d.path, step{key: name})
			ok := yield(name)
			if d.err != nil || !ok {
				return
			}
			d.path = d.path[:len(d.path)-1]
		}
		for i, name := range keys.Required {
			if seen&(1<<i) == 0 {
				d.fail(start, "", ErrMissingKey, fmt.Sprintf("key %q is missing", name))
			}
		}
		d.last = start
	}
}

// Array reads an array and yields the index of each of its elements. The body
// of the loop must read the element.
func (d *Decoder) Array() iter.Seq[int] {
	return func(yield func(int) bool) {
		start := d.Next()
		if !d.enter('[', "an array") {
			return
		}
		for i := 0; d.more(i == 0, ']', "an element"); i++ {
			d.path = append(d.path, step{index: i})
			ok := yield(i)
			if d.err != nil || !ok {
				return
			}
			d.path = d.path[:len(d.path)-1]
		}
		d.last = start
	}
}

// String reads a string.
func (d *Decoder) String() string {
	if !d.value(d.peek() == '"', "a string") {
		return ""
	}
	return d.string()
}

// Bool reads true or false.
func (d *Decoder) Bool() bool {
	d.space()
	w := d.word(d.off)
	if !d.value(w == "true" || w == "false", "true or false") {
		return false
	}
	d.off += len(w)
	return w == "true"
}

// Null reads null if that is the next value. It reports whether it was.
func (d *Decoder) Null() bool {
	const null = "null"
	d.space()
	if d.err != nil || d.word(d.off) != null {
		return false
	}
	d.last = d.off
	d.off += len(null)
	return true
}

// Uint reads an integer from least to greatest.
func (d *Decoder) Uint(least, greatest uint64) uint64 {
	text, ok := d.integer()
	if !ok {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n < least || n > greatest {
		d.fail(d.last, "", ErrRange, fmt.Sprintf("found %s; expected an integer from %d to %d", d.found(d.last), least, greatest))
		return 0
	}
	return n
}

// Int reads an integer from least to greatest.
func (d *Decoder) Int(least, greatest int64) int64 {
	text, ok := d.integer()
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > greatest {
		d.fail(d.last, "", ErrRange, fmt.Sprintf("found %s; expected an integer from %d to %d", d.found(d.last), least, greatest))
		return 0
	}
	return n
}

// Enum reads a string that is one of names, and returns its index.
func (d *Decoder) Enum(names ...string) int {
	if d.peek() != '"' {
		d.value(false, Alternatives(names))
		return 0
	}
	s := d.String()
	i := slices.Index(names, s)
	if i < 0 {
		text := fmt.Sprintf("found the string %s; expected %s", Quote(s), Alternatives(names))
		if len(names) > 1 {
			text += Suggest(s, names)
		}
		d.fail(d.last, "", ErrValue, text)
		return 0
	}
	return i
}

// integer reads a number without fraction and exponent.
func (d *Decoder) integer() (string, bool) {
	c := d.peek()
	if !d.value(c == '-' || digit(c), "an integer") {
		return "", false
	}
	end := d.numberEnd(d.off)
	text := string(d.data[d.off:end])
	digits := strings.TrimPrefix(text, "-")
	switch {
	case digits == "" || len(digits) > 1 && digits[0] == '0' && digit(digits[1]) || text == "-0":
		d.fail(d.off, "", ErrSyntax, fmt.Sprintf("found %s; expected a number without a leading zero, and a digit after a minus", clip(text)))
	case strings.Trim(digits, "0123456789") != "":
		// Readers disagree whether 1.0 and 1e3 are integers.
		d.fail(d.off, "", ErrType, fmt.Sprintf("found %s; expected an integer in digits alone, without fraction or exponent", clip(text)))
	default:
		d.off = end
		return text, true
	}
	return "", false
}

// numberEnd returns the end of a text that looks like a number.
func (d *Decoder) numberEnd(at int) int {
	for at < len(d.data) && (digit(d.data[at]) || strings.IndexByte("+-.eE", d.data[at]) >= 0) {
		at++
	}
	return at
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// string reads the string at the next byte, which is a double quote. The document
// is UTF-8, as begin has checked.
func (d *Decoder) string() string {
	open := d.off
	start := d.off + 1
	var out []byte // the decoded string, from the first escape on
	escaped := false
	for i := start; i < len(d.data); {
		switch c := d.data[i]; {
		case c == '"':
			d.off = i + 1
			if !escaped {
				return string(d.data[start:i])
			}
			return string(append(out, d.data[start:i]...))
		case c == '\\':
			escaped = true
			out = append(out, d.data[start:i]...)
			r, n := d.escape(i)
			if n == 0 {
				return ""
			}
			out = utf8.AppendRune(out, r)
			i += n
			start = i
		case c < ' ':
			d.fail(i, "", ErrSyntax, fmt.Sprintf("found byte 0x%02x (%d) in a string; expected it written as an escape, or the string ended by a double quote", c, c))
			return ""
		default:
			i++
		}
	}
	d.fail(open, "", ErrSyntax, "the document ends inside the string that starts here; expected a closing double quote")
	return ""
}

// escape decodes the escape at an offset and returns its length, or 0 if it is
// malformed.
func (d *Decoder) escape(at int) (r rune, n int) {
	if at+1 < len(d.data) {
		if i := strings.IndexByte(`"\/bfnrt`, d.data[at+1]); i >= 0 {
			return rune("\"\\/\b\f\n\r\t"[i]), 2
		}
	}
	unit, ok := d.unit(at)
	if !ok {
		d.fail(at, "", ErrSyntax, `found an unknown escape; expected one of \" \\ \/ \b \f \n \r \t \u0000`)
		return 0, 0
	}
	switch {
	case unit < 0xd800 || unit > 0xdfff:
		return rune(unit), 6
	case unit < 0xdc00:
		if low, ok := d.unit(at + 6); ok && 0xdc00 <= low && low <= 0xdfff {
			return 0x10000 + rune(unit-0xd800)<<10 + rune(low-0xdc00), 12
		}
	}
	d.fail(at, "", ErrUTF8, fmt.Sprintf(`found \u%04x, half of a surrogate pair; expected both halves`, unit))
	return 0, 0
}

// unit reads \uXXXX at an offset.
func (d *Decoder) unit(at int) (uint64, bool) {
	if at+6 > len(d.data) || d.data[at] != '\\' || d.data[at+1] != 'u' {
		return 0, false
	}
	// ParseUint accepts neither sign nor underscore with base 16.
	n, err := strconv.ParseUint(string(d.data[at+2:at+6]), 16, 16)
	return n, err == nil
}

// position returns the line and column of an offset, both from 1. The column counts
// bytes.
func position(data []byte, offset int) (line, column int) {
	line, column = 1, 1
	for _, c := range data[:offset] {
		column++
		if c == '\n' {
			line, column = line+1, 1
		}
	}
	return line, column
}

func pathString(path []step) string {
	var b strings.Builder
	for _, s := range path {
		if s.key == "" {
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s.key)
	}
	return b.String()
}
