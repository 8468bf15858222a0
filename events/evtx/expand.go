package evtx

import (
	"encoding/xml"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of the XML of a record. A record has at most 64 KiB, but a value can occur in it many
// times.
const (
	MaxEvent = 1 << 20  // bytes of names and texts, and 16 for each part
	MaxChunk = 16 << 20 // the same, of all records of a chunk
	MaxDepth = 64       // elements in one another
	MaxName  = 1024     // bytes of a name

	maxFrames = 16      // templates and values in one another
	partCost  = 16      // of MaxEvent
	maxNames  = 1 << 20 // bytes of names that are kept
)

// Parts of binary XML. The flag hasMore is in the byte of some.
const (
	partEnd           = 0x00
	partStart         = 0x01 // of a start tag; hasMore: it has attributes
	partClose         = 0x02 // the end of a start tag
	partCloseEmpty    = 0x03 // the end of a tag without content
	partEndTag        = 0x04
	partText          = 0x05
	partAttribute     = 0x06
	partCDATA         = 0x07
	partChar          = 0x08 // a character by its number
	partEntity        = 0x09 // a character by its name
	partTarget        = 0x0a // of a processing instruction
	partInstruction   = 0x0b // its text
	partTemplate      = 0x0c
	partValue         = 0x0d // a value of the template
	partOptionalValue = 0x0e
	partHeader        = 0x0f // of a fragment

	hasMore = 0x40
)

// An expander returns the XML of a record. It has a stack of its own.
type expander struct {
	data    []byte // the chunk; nil without a record
	frames  []frame
	open    []xml.Name // elements without their end
	pending []xml.Token
	budget  int               // rest of MaxEvent
	left    int               // rest of MaxChunk
	names   map[uint32]string // of the chunk, by offset
	kept    int               // bytes of names
	text    []byte
}

// A frame is a part of the chunk that is read: a record, a template with its values, or a value
// that is XML.
type frame struct {
	pos, end int
	values   []value
	elements int  // open ones before the frame
	bare     bool // a value: its elements have no number of their template's value
}

// A value is a value of a template.
type value struct {
	pos, size int
	kind      byte
}

func (x *expander) reset(data []byte, pos, end int) {
	x.data, x.frames, x.open, x.pending, x.budget = data, x.frames[:0], x.open[:0], x.pending[:0], MaxEvent
	if data != nil {
		x.frames = append(x.frames, frame{pos: pos, end: end})
	}
}

// Token returns the next token of the current record: an [xml.StartElement], [xml.EndElement],
// [xml.CharData] or [xml.ProcInst], and io.EOF at the end of the record. The tokens of elements
// match. A CharData is valid until the next call. An element whose only content is a value of the
// type null is left out. An [*Error] ends the record.
func (r *Reader) Token() (xml.Token, error) {
	if r.data == nil {
		return nil, errNoRecord
	}
	t, err := r.token()
	if err != nil && err != io.EOF {
		at := r.at
		if n := len(r.frames); n > 0 {
			at = r.frames[n-1].pos
		}
		r.reset(nil, 0, 0)
		return nil, &Error{Record: r.record, Offset: r.offset(at), Err: err}
	}
	return t, err
}

func (x *expander) token() (xml.Token, error) {
	for {
		if len(x.pending) > 0 {
			t := x.pending[0]
			x.pending = x.pending[1:]
			return t, nil
		}
		if len(x.frames) == 0 {
			return nil, io.EOF
		}
		f := &x.frames[len(x.frames)-1]
		if f.pos >= f.end {
			if err := x.pop(); err != nil {
				return nil, err
			}
			continue
		}
		if err := x.charge(partCost); err != nil {
			return nil, err
		}
		part := x.data[f.pos]
		var err error
		switch part &^ hasMore {
		case partEnd:
			f.pos = f.end
		case partHeader:
			err = x.header(f)
		case partStart:
			err = x.start(f, part)
		case partEndTag:
			f.pos++
			n := len(x.open) - 1
			if n < f.elements {
				return nil, fmt.Errorf("found the end of an element that was not begun")
			}
			name := x.open[n]
			x.open = x.open[:n]
			return xml.EndElement{Name: name}, nil
		case partTemplate:
			err = x.template(f)
		case partTarget:
			err = x.instruction(f)
		case partText, partCDATA, partChar, partEntity, partValue, partOptionalValue:
			x.text = x.text[:0]
			var pushed bool
			if pushed, err = x.content(f, true); err == nil && !pushed && len(x.text) > 0 {
				if len(x.open) == 0 {
					return nil, fmt.Errorf("found a text outside the outermost element")
				}
				return xml.CharData(x.text), nil
			}
		default:
			err = fmt.Errorf("found 0x%02x; expected a part of binary XML, 0x00 to 0x0f", part)
		}
		if err != nil {
			return nil, err
		}
	}
}

// pop ends the innermost frame.
func (x *expander) pop() error {
	n := len(x.frames) - 1
	if len(x.open) != x.frames[n].elements {
		return fmt.Errorf("found the end of the data in the element %s; expected its end", x.open[len(x.open)-1].Local)
	}
	x.frames = x.frames[:n]
	return nil
}

// push begins a frame.
func (x *expander) push(f frame) error {
	if len(x.frames) == maxFrames {
		return fmt.Errorf("found more than %d templates and values in one another", maxFrames)
	}
	f.elements = len(x.open)
	x.frames = append(x.frames, f)
	return nil
}

func (x *expander) charge(n int) error {
	x.left -= n
	if x.left < 0 {
		return fmt.Errorf("found records that are longer than %d bytes as XML in one chunk", MaxChunk)
	}
	if x.budget -= n; x.budget < 0 {
		return fmt.Errorf("found an event that is longer than %d bytes as XML", MaxEvent)
	}
	return nil
}

// take returns the next n bytes of a frame.
func (x *expander) take(f *frame, n int) ([]byte, error) {
	if n > f.end-f.pos {
		return nil, fmt.Errorf("found %d bytes; expected at least %d more of binary XML", f.end-f.pos, n)
	}
	f.pos += n
	return x.data[f.pos-n : f.pos], nil
}

func (x *expander) header(f *frame) error {
	b, err := x.take(f, 4)
	if err == nil && (b[1] != 1 || b[2] > 1) {
		return fmt.Errorf("found binary XML of version %d.%d; expected 1.0 or 1.1", b[1], b[2])
	}
	return err
}

// start reads a start tag, and its attributes.
func (x *expander) start(f *frame, part byte) error {
	name, err := x.startName(f)
	if err != nil {
		return err
	}
	if part&hasMore != 0 {
		if _, err := x.take(f, 4); err != nil { // size of the attributes
			return err
		}
	}
	tag := xml.StartElement{Name: xml.Name{Local: name}}
	for {
		b, err := x.take(f, 1)
		if err != nil {
			return err
		}
		if err := x.charge(partCost); err != nil {
			return err
		}
		switch b[0] &^ hasMore {
		case partAttribute:
			name, err := x.name(f)
			if err != nil {
				return err
			}
			text, null, err := x.attribute(f)
			if err != nil {
				return err
			}
			if !null {
				tag.Attr = append(tag.Attr, xml.Attr{Name: xml.Name{Local: name}, Value: text})
			}
		case partClose:
			if x.isNull(f) {
				return nil
			}
			if len(x.open) == MaxDepth {
				return fmt.Errorf("found more than %d elements in one another", MaxDepth)
			}
			x.open = append(x.open, tag.Name)
			x.pending = append(x.pending[:0], tag)
			return nil
		case partCloseEmpty:
			x.pending = append(x.pending[:0], tag, xml.EndElement{Name: tag.Name})
			return nil
		default:
			return fmt.Errorf("found 0x%02x in a start tag; expected an attribute, 0x06, or the end of the tag, 0x02 or 0x03", b[0])
		}
	}
}

// startName reads the beginning of a start tag up to its name. The number of a value, which tells
// Windows when to leave out the element, is missing in values, and now and then elsewhere.
func (x *expander) startName(f *frame) (string, error) {
	const byNumber, bare = 3, 1 // bytes before the size
	b := x.data[f.pos:f.end]
	fits := func(before int) bool {
		return len(b) >= before+8 && int64(le.Uint32(b[before:])) <= int64(len(b)-before-4) && le.Uint32(b[before+4:]) < chunkSize
	}
	before, other := byNumber, bare
	if f.bare {
		before, other = bare, byNumber
	}
	if !fits(before) && fits(other) {
		before = other
	}
	if _, err := x.take(f, before+4); err != nil {
		return "", err
	}
	return x.name(f)
}

// isNull reports whether the content of the element is a value of type null and no more. Then it
// skips the end tag too.
func (x *expander) isNull(f *frame) bool {
	b := x.data[f.pos:f.end]
	if len(b) < 5 || b[0] != partValue && b[0] != partOptionalValue || b[4] != partEndTag {
		return false
	}
	i := int(le.Uint16(b[1:]))
	if i >= len(f.values) && b[0] == partValue || i < len(f.values) && f.values[i].kind != kindNull {
		return false
	}
	f.pos += 5
	return true
}

// attribute reads the value of an attribute. It is null if it is one optional value of type null.
func (x *expander) attribute(f *frame) (text string, null bool, err error) {
	x.text = x.text[:0]
	parts := 0
	for ; f.pos < f.end; parts++ {
		switch part := x.data[f.pos] &^ hasMore; part {
		case partText, partCDATA, partChar, partEntity, partValue, partOptionalValue:
			if err := x.charge(partCost); err != nil {
				return "", false, err
			}
			if part == partOptionalValue {
				b := x.data[f.pos:f.end]
				null = len(b) >= 3 && (int(le.Uint16(b[1:])) >= len(f.values) || f.values[le.Uint16(b[1:])].kind == kindNull)
			}
			if _, err := x.content(f, false); err != nil {
				return "", false, err
			}
			continue
		}
		break
	}
	return string(x.text), null && parts == 1, nil
}

// content appends a text, a character or a value to x.text. If nested is true, a value may be
// XML, which becomes a frame.
func (x *expander) content(f *frame, nested bool) (pushed bool, err error) {
	before := len(x.text)
	part := x.data[f.pos] &^ hasMore
	f.pos++
	switch part {
	case partText:
		b, err := x.take(f, 1)
		if err != nil {
			return false, err
		}
		if b[0] != kindString {
			return false, fmt.Errorf("found a text of type 0x%02x; expected 0x01, a string", b[0])
		}
		if err := x.counted(f); err != nil {
			return false, err
		}
	case partCDATA:
		if err := x.counted(f); err != nil {
			return false, err
		}
	case partChar:
		b, err := x.take(f, 2)
		if err != nil {
			return false, err
		}
		x.text = utf8.AppendRune(x.text, rune(le.Uint16(b)))
	case partEntity:
		name, err := x.name(f)
		if err != nil {
			return false, err
		}
		c, ok := map[string]byte{"lt": '<', "gt": '>', "amp": '&', "quot": '"', "apos": '\''}[name]
		if !ok {
			return false, fmt.Errorf("found the entity %q; expected one of lt, gt, amp, quot and apos", name)
		}
		x.text = append(x.text, c)
	case partValue, partOptionalValue:
		b, err := x.take(f, 3)
		if err != nil {
			return false, err
		}
		i := int(le.Uint16(b))
		if i >= len(f.values) {
			if part == partOptionalValue {
				return false, nil
			}
			return false, fmt.Errorf("found a place for value %d; the record has %d values", i, len(f.values))
		}
		v := f.values[i]
		if v.kind == kindXML {
			if !nested {
				return false, fmt.Errorf("found XML in an attribute; expected a text")
			}
			return true, x.push(frame{pos: v.pos, end: v.pos + v.size, bare: true})
		}
		if x.text, err = appendValue(x.text, x.data[v.pos:v.pos+v.size], v.kind); err != nil {
			return false, fmt.Errorf("value %d: %w", i, err)
		}
	}
	return false, x.charge(len(x.text) - before)
}

// counted appends a text with its number of characters before it.
func (x *expander) counted(f *frame) error {
	b, err := x.take(f, 2)
	if err != nil {
		return err
	}
	if b, err = x.take(f, 2*int(le.Uint16(b))); err != nil {
		return err
	}
	x.text = appendWide(x.text, b)
	return nil
}

// instruction reads a processing instruction.
func (x *expander) instruction(f *frame) error {
	f.pos++
	name, err := x.name(f)
	if err != nil {
		return err
	}
	x.text = x.text[:0]
	if f.pos < f.end && x.data[f.pos] == partInstruction {
		f.pos++
		if err := x.counted(f); err != nil {
			return err
		}
	}
	x.pending = append(x.pending[:0], xml.ProcInst{Target: name, Inst: []byte(string(x.text))})
	return x.charge(len(x.text))
}

// name reads a name: its offset in the chunk, and at its first use the name itself.
func (x *expander) name(f *frame) (string, error) {
	b, err := x.take(f, 4)
	if err != nil {
		return "", err
	}
	at := le.Uint32(b)
	const head = 8 // offset of the next name, hash, number of characters
	if int64(at)+head > chunkSize {
		return "", fmt.Errorf("found a name at byte %d of the chunk; expected it before byte %d", at, chunkSize-head)
	}
	n := 2 * int(le.Uint16(x.data[at+6:]))
	if int(at) == f.pos {
		if _, err := x.take(f, head+n+2); err != nil {
			return "", err
		}
	}
	name, ok := x.names[at]
	if !ok {
		if int(at)+head+n > chunkSize {
			return "", fmt.Errorf("found a name of %d bytes at byte %d of the chunk; expected it to end in the chunk", n, at)
		}
		if n/2 > MaxName {
			return "", fmt.Errorf("found a name of %d characters; expected at most %d", n/2, MaxName)
		}
		wide := appendWide(nil, x.data[int(at)+head:int(at)+head+n])
		if len(wide) == 0 {
			return "", fmt.Errorf("found an empty name; expected the name of an element or attribute")
		}
		name = string(wide)
		if x.names == nil || x.kept > maxNames {
			x.names, x.kept = map[uint32]string{}, 0
		}
		x.names[at] = name
		x.kept += len(name) + partCost
	}
	return name, x.charge(len(name))
}

// template reads a template with its values, and begins its frame. At its first use in a chunk,
// the template is before the values.
func (x *expander) template(f *frame) error {
	b, err := x.take(f, 10)
	if err != nil {
		return err
	}
	const head = 24 // offset of the next template, GUID, size
	at := int64(le.Uint32(b[6:]))
	if at+head > chunkSize {
		return fmt.Errorf("found a template at byte %d of the chunk; expected it before byte %d", at, chunkSize-head)
	}
	size := int64(le.Uint32(x.data[at+20:]))
	if at+head+size > chunkSize {
		return fmt.Errorf("found a template of %d bytes at byte %d of the chunk; expected it to end in the chunk", size, at)
	}
	if int(at) == f.pos {
		if _, err := x.take(f, head+int(size)); err != nil {
			return err
		}
	}
	if b, err = x.take(f, 4); err != nil {
		return err
	}
	count := int64(le.Uint32(b))
	if count*4 > int64(f.end-f.pos) {
		return fmt.Errorf("found %d values in %d bytes; expected 4 bytes for each", count, f.end-f.pos)
	}
	if err := x.charge(int(count) * partCost); err != nil {
		return err
	}
	list, _ := x.take(f, int(count)*4) // it was measured above
	values := make([]value, count)
	for i := range values {
		n := int(le.Uint16(list[4*i:]))
		values[i] = value{pos: f.pos, size: n, kind: list[4*i+2]}
		if _, err := x.take(f, n); err != nil {
			return fmt.Errorf("value %d: %w", i, err)
		}
	}
	return x.push(frame{pos: int(at) + head, end: int(at + head + size), values: values})
}

// appendWide appends a text in UTF-16, up to the first NUL.
func appendWide(to, wide []byte) []byte {
	for i := 0; i+1 < len(wide); i += 2 {
		c := rune(le.Uint16(wide[i:]))
		switch {
		case c == 0:
			return to
		case utf16.IsSurrogate(c) && i+3 < len(wide):
			if both := utf16.DecodeRune(c, rune(le.Uint16(wide[i+2:]))); both != utf8.RuneError {
				c = both
				i += 2
			}
		}
		to = utf8.AppendRune(to, c) // an odd surrogate becomes U+FFFD
	}
	return to
}
