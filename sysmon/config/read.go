package config

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
)

// Limits of [Parse]. A file beyond one of them is refused with an error.
const (
	MaxSize  = 8 << 20 // bytes of a file; libxml2 takes no text of 10 MB
	MaxNodes = 1 << 18 // elements and attributes together
	MaxDepth = 256     // elements inside one another; libxml2 has the same limit
)

// A Config is the text of a configuration, parsed but not yet judged.
type Config struct {
	Encoding Encoding
	Nodes    []Node // the elements in document order; the first is the root

	attrs []Attr
}

// A Node is an element. The columns of its places count bytes of the text as UTF-8.
type Node struct {
	Name  string
	Place sysmon.Place // of the <

	// Text is the character data directly inside, comments left out, references and CDATA
	// resolved, line ends as \n. It is "" if the element contains an element.
	Text string

	// TextPlace is the place of the first character inside that is not white space, or of
	// the first CDATA section. Line 0 means that there is neither.
	TextPlace sysmon.Place

	Parent, First, Next int // indexes in Nodes; -1 means that there is no such element

	// HasText reports a text or a CDATA section directly inside, however short. HasContent
	// reports anything at all: elements, text, white space, comments, instructions.
	HasText, HasContent bool

	// AfterComment reports a comment before this element, under the same parent.
	AfterComment bool

	attr, attrs int32 // attrs[attr : attr+attrs]
}

// An Attr is an attribute. Its value has references resolved, and each white space
// character replaced by a space, as XML requires.
type Attr struct {
	Name, Value string
	Place       sysmon.Place // of the name
}

// Attrs returns the attributes of element n, in document order.
func (c *Config) Attrs(n int) []Attr {
	node := &c.Nodes[n]
	return c.attrs[node.attr : node.attr+node.attrs]
}

// Attr returns the attribute of element n with the given name, or nil.
func (c *Config) Attr(n int, name string) *Attr {
	list := c.Attrs(n)
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}

// An Error is the reason why a text is not well-formed.
type Error struct {
	Place sysmon.Place
	Text  string
}

func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d (byte %d): %s", e.Place.Line, e.Place.Column, e.Place.Offset, e.Text)
}

// Parse reads the text of a configuration. It accepts the well-formed documents without a
// DOCTYPE in the encodings of [Encoding]. Every error is an [Error].
//
// The loader puts a DOCTYPE of its own in front of the text, so a second one makes the text
// ill-formed. It passes no option to libxml2, so the limits on depth apply.
func Parse(data []byte) (*Config, error) {
	text, enc, fault := decode(data)
	if fault != nil {
		return nil, fault
	}
	r := reader{text: text, enc: enc, config: &Config{Encoding: enc}}
	r.mark = sysmon.Place{Offset: int64(enc.bom()), Line: 1, Column: 1}
	// Most elements have 20 to 100 bytes of text.
	r.config.Nodes = make([]Node, 0, min(len(text)/64+1, MaxNodes))
	r.config.attrs = make([]Attr, 0, min(len(text)/64+1, MaxNodes))
	if !r.document() {
		return nil, r.fault
	}
	return r.config, nil
}

// A reader is the state of [Parse].
type reader struct {
	text   string // the whole document as UTF-8, without a byte order mark
	enc    Encoding
	pos    int // next byte of text
	config *Config
	open   []element // from the root inwards
	fault  *Error

	marked int          // the byte of text of which mark is the place
	mark   sysmon.Place // see place
}

// An element is an element whose end was not read yet.
type element struct {
	node, last int    // indexes of it and its last child; -1 means no child
	text       string // its first piece of text
	more       []byte // text and all further pieces; nil means that there is no further piece
	elements   bool   // it contains an element
	comment    bool   // it contains a comment
}

// place returns the place of a byte of the text. The bytes asked for must not go back,
// because the reader counts lines from the last one.
func (r *reader) place(at int) sysmon.Place {
	s := r.text[r.marked:at]
	if n := strings.Count(s, "\n"); n > 0 {
		r.mark.Line += n
		r.mark.Column = len(s) - strings.LastIndexByte(s, '\n')
	} else {
		r.mark.Column += len(s)
	}
	r.mark.Offset += r.enc.bytes(s)
	r.marked = at
	return r.mark
}

// fail sets the fault of the document, unless an earlier one is set, and returns false.
func (r *reader) fail(at int, format string, args ...any) bool {
	if r.fault == nil {
		if at < r.marked {
			r.marked, r.mark = 0, sysmon.Place{Offset: int64(r.enc.bom()), Line: 1, Column: 1}
		}
		r.fault = &Error{r.place(at), fmt.Sprintf(format, args...)}
	}
	return false
}

// document reads everything. It returns false after a fault.
func (r *reader) document() bool {
	if strings.HasPrefix(r.text, "<?xml") && len(r.text) > 5 && (blank(r.text[5]) || r.text[5] == '?') {
		if !r.declaration() {
			return false
		}
	}
	for r.pos < len(r.text) {
		if !r.next() {
			return false
		}
	}
	if len(r.open) > 0 {
		n := &r.config.Nodes[r.open[len(r.open)-1].node]
		return r.fail(len(r.text), "the file ends inside <%s> of line %d (want </%s>)", show(n.Name), n.Place.Line, show(n.Name))
	}
	if len(r.config.Nodes) == 0 {
		return r.fail(len(r.text), "the file has no element (want <Sysmon>)")
	}
	return true
}

// next reads a text, a tag, a comment, a CDATA section or an instruction.
func (r *reader) next() bool {
	rest := r.text[r.pos:]
	switch {
	case rest[0] != '<':
		return r.characters()
	case strings.HasPrefix(rest, "</"):
		return r.endTag()
	case strings.HasPrefix(rest, "<!--"):
		return r.comment()
	case strings.HasPrefix(rest, "<![CDATA["):
		return r.cdata()
	case strings.HasPrefix(rest, "<!DOCTYPE"):
		return r.fail(r.pos, "the file has a DOCTYPE (the loader adds its own, and refuses a second one; delete it)")
	case strings.HasPrefix(rest, "<!"):
		return r.fail(r.pos, "unknown markup %s (want an element, a comment or a CDATA section)", show(rest[:min(len(rest), 12)]))
	case strings.HasPrefix(rest, "<?"):
		return r.instruction()
	}
	return r.startTag()
}

// declaration reads <?xml version="1.0" encoding="..." standalone="..."?>.
// decode has used the encoding already.
func (r *reader) declaration() bool {
	end := strings.Index(r.text, "?>")
	if end < 0 {
		return r.fail(0, "the XML declaration has no end (want ?>)")
	}
	at, seen := 5, 0
	for {
		from := at
		for at < end && blank(r.text[at]) {
			at++
		}
		if at == end {
			break
		}
		name, value, next := pseudo(r.text[:end], at)
		order := map[string]int{"version": 1, "encoding": 2, "standalone": 3}[name]
		switch {
		case next < 0 || order == 0 || from == at:
			return r.fail(at, `the XML declaration has an unknown part (want <?xml version="1.0" encoding="UTF-8"?>)`)
		case order <= seen || seen == 0 && order != 1:
			return r.fail(at, "%s is at the wrong place of the XML declaration (want version, encoding, standalone)", name)
		case order == 1 && !version(value):
			return r.fail(at, "unknown XML version %q (want 1.0)", cut(value))
		case order == 2 && !encodingName(value):
			return r.fail(at, "%q is not the name of an encoding (want UTF-8)", cut(value))
		case order == 3 && value != "yes" && value != "no":
			return r.fail(at, `standalone is %q (want "yes" or "no")`, cut(value))
		}
		seen, at = order, next
	}
	if seen == 0 {
		return r.fail(0, `the XML declaration has no version (want <?xml version="1.0"?>)`)
	}
	r.pos = end + len("?>")
	return true
}

// pseudo reads name="value" at the given byte, and returns the byte behind it, or -1.
func pseudo(text string, at int) (name, value string, next int) {
	from := at
	for at < len(text) && 'a' <= text[at] && text[at] <= 'z' {
		at++
	}
	name = text[from:at]
	for at < len(text) && blank(text[at]) {
		at++
	}
	if at == len(text) || text[at] != '=' {
		return name, "", -1
	}
	for at++; at < len(text) && blank(text[at]); at++ {
	}
	if at == len(text) || text[at] != '"' && text[at] != '\'' {
		return name, "", -1
	}
	end := strings.IndexByte(text[at+1:], text[at])
	if end < 0 {
		return name, "", -1
	}
	return name, text[at+1 : at+1+end], at + 1 + end + 1
}

// version reports whether libxml2 takes a version of XML: 1.0, and other 1.x with a warning.
func version(s string) bool {
	if len(s) < 3 || s[:2] != "1." {
		return false
	}
	for _, c := range []byte(s[2:]) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// characters reads text up to the next <.
func (r *reader) characters() bool {
	from := r.pos
	rest := r.text[from:]
	end := strings.IndexByte(rest, '<')
	if end < 0 {
		end = len(rest)
	}
	raw := rest[:end]
	solid := solidAt(raw)
	if len(r.open) == 0 {
		if solid < len(raw) {
			if len(r.config.Nodes) == 0 {
				return r.fail(from+solid, "text before the first element (want <Sysmon>)")
			}
			return r.fail(from+solid, "text behind the last element (want the end of the file)")
		}
		r.pos += end
		return true
	}
	if i := strings.Index(raw, "]]>"); i >= 0 {
		return r.fail(from+i, "]]> in text (want ]]&gt;)")
	}
	value, ok := r.resolve(from, raw, false)
	if !ok {
		return false
	}
	top := &r.open[len(r.open)-1]
	node := &r.config.Nodes[top.node]
	node.HasText, node.HasContent = true, true
	if node.TextPlace.Line == 0 && solidAt(value) < len(value) {
		node.TextPlace = r.place(from + solid)
	}
	top.add(value)
	r.pos += end
	return true
}

// add appends a piece of text to the text of an element. It keeps nothing of an element
// that contains elements: the grammar permits text only in elements without them.
func (e *element) add(s string) {
	switch {
	case e.elements:
	case e.more != nil:
		e.more = append(e.more, s...)
	case e.text == "":
		e.text = s
	case s != "":
		e.more = append(append(make([]byte, 0, 2*(len(e.text)+len(s))), e.text...), s...)
	}
}

// resolve replaces references and line ends. In an attribute it also replaces white space
// characters by spaces, but not those that references stand for.
func (r *reader) resolve(from int, raw string, attribute bool) (string, bool) {
	special := "&\r"
	if attribute {
		special = "&\r\n\t"
	}
	i := strings.IndexAny(raw, special)
	if i < 0 {
		return raw, true
	}
	var b strings.Builder
	b.Grow(len(raw))
	done := 0
	for i < len(raw) {
		b.WriteString(raw[done:i])
		switch raw[i] {
		case '&':
			c, size := r.reference(from+i, raw[i:])
			if size == 0 {
				return "", false
			}
			b.WriteRune(c)
			i += size
		default:
			if raw[i] == '\r' && i+1 < len(raw) && raw[i+1] == '\n' {
				i++
			}
			if attribute {
				b.WriteByte(' ')
			} else {
				b.WriteByte('\n')
			}
			i++
		}
		done = i
		if next := strings.IndexAny(raw[i:], special); next >= 0 {
			i += next
		} else {
			i = len(raw)
		}
	}
	b.WriteString(raw[done:])
	return b.String(), true
}

// reference reads a reference, of which s begins with the &. It returns the character and
// the length of the reference, or 0, 0 after a fault.
func (r *reader) reference(at int, s string) (rune, int) {
	end := strings.IndexByte(s[:min(len(s), 64)], ';')
	if end < 0 {
		r.fail(at, "& begins no reference (want &amp; for the character &)")
		return 0, 0
	}
	name := s[1:end]
	if strings.HasPrefix(name, "#") {
		digits, base := name[1:], rune(10)
		if strings.HasPrefix(digits, "x") {
			digits, base = digits[1:], 16
		}
		value, ok := rune(0), digits != ""
		for _, c := range []byte(digits) {
			d := digit(c)
			ok = ok && d < base
			value = min(value*base+d, 0x110000)
		}
		if !ok || !permitted(value) {
			r.fail(at, "the reference %s is not of a character that XML permits (want such as &#38; or &#x26;)", show(s[:end+1]))
			return 0, 0
		}
		return value, end + 1
	}
	switch name {
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "amp":
		return '&', end + 1
	case "apos":
		return '\'', end + 1
	case "quot":
		return '"', end + 1
	}
	if nameLen(name) == len(name) && name != "" {
		r.fail(at, "unknown entity &%s; (want &lt; &gt; &amp; &apos; &quot; or &#38;)", show(name))
	} else {
		r.fail(at, "& begins no reference (want &amp; for the character &)")
	}
	return 0, 0
}

// digit returns the value of a hexadecimal digit, or 16.
func digit(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10
	}
	return 16
}

// comment reads <!-- ... -->.
func (r *reader) comment() bool {
	body := r.text[r.pos+4:]
	end := strings.Index(body, "--")
	switch {
	case end < 0:
		return r.fail(r.pos, "the comment has no end (want -->)")
	case !strings.HasPrefix(body[end:], "-->"):
		return r.fail(r.pos+4+end, "-- inside a comment: the loader refuses the file (want one hyphen, or the end -->)")
	}
	if len(r.open) > 0 {
		top := &r.open[len(r.open)-1]
		top.comment = true
		r.config.Nodes[top.node].HasContent = true
	}
	r.pos += 4 + end + 3
	return true
}

// cdata reads <![CDATA[ ... ]]>.
func (r *reader) cdata() bool {
	if len(r.open) == 0 {
		return r.fail(r.pos, "a CDATA section outside of the element <Sysmon>")
	}
	body := r.text[r.pos+9:]
	end := strings.Index(body, "]]>")
	if end < 0 {
		return r.fail(r.pos, "the CDATA section has no end (want ]]>)")
	}
	top := &r.open[len(r.open)-1]
	node := &r.config.Nodes[top.node]
	node.HasText, node.HasContent = true, true
	if node.TextPlace.Line == 0 {
		node.TextPlace = r.place(r.pos)
	}
	s := body[:end]
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	top.add(s)
	r.pos += 9 + end + 3
	return true
}

// instruction reads <?target ...?>.
func (r *reader) instruction() bool {
	body := r.text[r.pos+2:]
	size := nameLen(body)
	target := body[:size]
	switch {
	case size == 0:
		return r.fail(r.pos, "<? without a name")
	case strings.EqualFold(target, "xml"):
		return r.fail(r.pos, "<?%s stands at byte %d of the text (want it at the very beginning, or delete it)", target, r.pos)
	}
	end := strings.Index(body[size:], "?>")
	if end < 0 {
		return r.fail(r.pos, "the instruction <?%s has no end (want ?>)", show(target))
	}
	if end > 0 && !blank(body[size]) {
		return r.fail(r.pos+2+size, "a character that a name cannot have (want a space or ?>)")
	}
	if len(r.open) > 0 {
		r.config.Nodes[r.open[len(r.open)-1].node].HasContent = true
	}
	r.pos += 2 + size + end + 2
	return true
}

// startTag reads <name attribute="value" ...> or the same with />.
func (r *reader) startTag() bool {
	start := r.pos
	size := nameLen(r.text[start+1:])
	if size == 0 {
		return r.fail(start, "< begins no element (want &lt; for the character <)")
	}
	name := r.text[start+1 : start+1+size]
	c := r.config
	switch {
	case len(r.open) == 0 && len(c.Nodes) > 0:
		return r.fail(start, "a second element <%s> behind the last one (want the end of the file)", show(name))
	case len(r.open) >= MaxDepth:
		return r.fail(start, "more than %d elements inside one another", MaxDepth)
	case len(c.Nodes)+len(c.attrs) >= MaxNodes:
		return r.fail(start, "more than %d elements and attributes", MaxNodes)
	}
	index := len(c.Nodes)
	n := Node{Name: name, Place: r.place(start), Parent: -1, First: -1, Next: -1, attr: int32(len(c.attrs))}
	if len(r.open) > 0 {
		top := &r.open[len(r.open)-1]
		parent := &c.Nodes[top.node]
		n.Parent, n.AfterComment = top.node, top.comment
		parent.HasContent = true
		if top.last < 0 {
			parent.First = index
		} else {
			c.Nodes[top.last].Next = index
		}
		top.last, top.elements, top.text, top.more = index, true, "", nil
	}
	at := start + 1 + size
	for {
		from := at
		for at < len(r.text) && blank(r.text[at]) {
			at++
		}
		switch {
		case at == len(r.text):
			return r.fail(start, "the tag <%s has no end (want >)", show(name))
		case r.text[at] == '>':
			c.Nodes = append(c.Nodes, n)
			r.open = append(r.open, element{node: index, last: -1})
			r.pos = at + 1
			return true
		case strings.HasPrefix(r.text[at:], "/>"):
			c.Nodes = append(c.Nodes, n)
			r.pos = at + 2
			return true
		case from == at:
			return r.fail(at, "%s in the tag <%s> (want a space, / or >)", quoted(r.text[at:]), show(name))
		}
		if at = r.attribute(&n, at); at < 0 {
			return false
		}
	}
}

// attribute reads name="value" at the given byte into the last of the attributes. It
// returns the byte behind it, or -1 after a fault.
func (r *reader) attribute(n *Node, at int) int {
	c := r.config
	bad := func(at int, format string, args ...any) int {
		r.fail(at, format, args...)
		return -1
	}
	start, size := at, nameLen(r.text[at:])
	if size == 0 {
		return bad(at, "%s in the tag <%s> (want an attribute, / or >)", quoted(r.text[at:]), show(n.Name))
	}
	name := r.text[at : at+size]
	// The limit on attributes of an element keeps the search for two of one name short.
	if n.attrs >= maxAttrs {
		return bad(at, "more than %d attributes of the element <%s>", maxAttrs, show(n.Name))
	}
	for _, other := range c.attrs[n.attr:] {
		if other.Name == name {
			return bad(at, "a second attribute %s of the element <%s>", show(name), show(n.Name))
		}
	}
	for at += size; at < len(r.text) && blank(r.text[at]); at++ {
	}
	if at == len(r.text) || r.text[at] != '=' {
		return bad(at, "the attribute %s has no value (want %s=\"...\")", show(name), show(name))
	}
	for at++; at < len(r.text) && blank(r.text[at]); at++ {
	}
	if at == len(r.text) || r.text[at] != '"' && r.text[at] != '\'' {
		return bad(at, "the value of the attribute %s has no quotes (want %s=\"...\")", show(name), show(name))
	}
	end := strings.IndexByte(r.text[at+1:], r.text[at])
	if end < 0 {
		return bad(at, "the value of the attribute %s has no end (want %c)", show(name), r.text[at])
	}
	raw := r.text[at+1 : at+1+end]
	if i := strings.IndexByte(raw, '<'); i >= 0 {
		return bad(at+1+i, "< in the value of the attribute %s (want &lt;)", show(name))
	}
	if len(c.Nodes)+len(c.attrs) >= MaxNodes {
		return bad(at, "more than %d elements and attributes", MaxNodes)
	}
	place := r.place(start)
	value, ok := r.resolve(at+1, raw, true)
	if !ok {
		return -1
	}
	c.attrs = append(c.attrs, Attr{name, value, place})
	n.attrs++
	return at + 1 + end + 1
}

// maxAttrs is the maximum number of attributes of an element. No grammar has more than two.
const maxAttrs = 1000

// endTag reads </name>.
func (r *reader) endTag() bool {
	start := r.pos
	size := nameLen(r.text[start+2:])
	name := r.text[start+2 : start+2+size]
	at := start + 2 + size
	for at < len(r.text) && blank(r.text[at]) {
		at++
	}
	switch {
	case len(r.open) == 0:
		return r.fail(start, "</%s> ends no element", show(name))
	case at == len(r.text) || r.text[at] != '>':
		return r.fail(start, "the tag </%s has no end (want >)", show(name))
	}
	top := &r.open[len(r.open)-1]
	node := &r.config.Nodes[top.node]
	if node.Name != name {
		return r.fail(start, "</%s> ends <%s> of line %d (want </%s>)", show(name), show(node.Name), node.Place.Line, show(node.Name))
	}
	node.Text = top.text
	if top.more != nil {
		node.Text = string(top.more)
	}
	r.open = r.open[:len(r.open)-1]
	r.pos = at + 1
	return true
}
