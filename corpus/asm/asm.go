package asm

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// A Source is one text, with a name for errors.
type Source struct {
	Name string
	Text string
	Line int // number of the text's first line in its file, from 1; 0 means 1
}

// An Error names the line that could not be assembled, and the reason.
type Error struct {
	Source string
	Line   int // from 1; 0 means that the error belongs to no line
	Err    error
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %v", e.Source, e.Line, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// An Image is an assembled file.
type Image struct {
	Data []byte // bytes with all damage
	Size int    // size of the file before any damage, in bytes
	m    *machine
}

// Assemble runs the statements of the texts, one text after another, and
// returns the file that they describe. Its error, if any, is an [*Error].
func Assemble(sources ...Source) (*Image, error) {
	m := &machine{defs: map[string]macro{}, records: map[string]macro{}}
	for _, s := range sources {
		m.asserts = nil // the assertions of a base need not hold for cases derived from it
		lines, err := split(s)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			if err := m.statement(s.Name, l); err != nil {
				return nil, locate(err, s.Name, l.number)
			}
		}
	}
	if err := m.layout(); err != nil {
		return nil, err
	}
	if err := m.emit(); err != nil {
		return nil, err
	}
	return &Image{m.data, m.size, m}, nil
}

// locate sets the line of an error, unless it has one.
func locate(err error, source string, line int) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{source, line, err}
}

// split cuts a text into statements with their items.
func split(s Source) ([]line, error) {
	var out []line
	n := max(s.Line, 1) - 1
	var open *line // ended with a comma
	for text := range strings.Lines(s.Text) {
		n++
		text = strings.TrimRight(text, "\r\n")
		tokens, err := lex(text)
		if err != nil {
			return nil, &Error{s.Name, n, err}
		}
		if len(tokens) == 0 {
			continue
		}
		switch indented := text[0] == ' ' || text[0] == '\t'; {
		case open != nil:
			open.tokens = append(open.tokens, tokens...)
		case !indented:
			out = append(out, line{number: n, tokens: tokens})
			open = &out[len(out)-1]
		case len(out) == 0:
			return nil, &Error{s.Name, n, errors.New("indented, but there is no statement above")}
		default:
			last := &out[len(out)-1]
			last.items = append(last.items, line{number: n, tokens: tokens})
			open = &last.items[len(last.items)-1]
		}
		if !tokens[len(tokens)-1].is(",") {
			open = nil
		}
	}
	return out, nil
}

// layout computes the place of each part.
func (m *machine) layout() error {
	at := 0
	for _, b := range m.blocks {
		b.start = at
		for _, it := range b.items {
			it.start = at
			for _, d := range it.data {
				size, err := m.sizeOf(d, at)
				if err == nil && size > maxSize-at {
					err = fmt.Errorf("the file is larger than %d bytes", maxSize)
				}
				if err != nil {
					return locate(err, d.source, d.line)
				}
				d.start = at
				at += size
				d.end = at
			}
			it.end = at
		}
		b.end = at
	}
	m.size = at
	m.placed = true
	return nil
}

func (m *machine) sizeOf(d *datum, at int) (int, error) {
	switch d.kind {
	case number:
		return d.width, nil
	case literal:
		return len(d.bytes), nil
	case digest:
		return sha256.Size, nil
	}
	n, err := m.constant(d.value, "the number of bytes")
	if err != nil || d.kind == fill {
		return n, err
	}
	if n == 0 {
		return 0, errors.New("alignment to 0 bytes")
	}
	return (n - at%n) % n, nil
}

// emit writes the bytes: first everything except the digests, then the patches,
// then the digests in their order in the file, and finally the damage. So a digest
// may cover the digests before it.
func (m *machine) emit() error {
	m.data = make([]byte, m.size)
	var digests []*datum
	for _, b := range m.blocks {
		for _, it := range b.items {
			for _, d := range it.data {
				if d.kind == digest {
					digests = append(digests, d)
					continue
				}
				if err := m.write(d); err != nil {
					return locate(err, d.source, d.line)
				}
			}
		}
	}
	for _, c := range m.asserts {
		if err := c.do(m); err != nil {
			return locate(err, c.source, c.line)
		}
	}
	for _, c := range m.patches {
		if err := c.do(m); err != nil {
			return locate(err, c.source, c.line)
		}
	}
	for _, d := range digests {
		if err := m.write(d); err != nil {
			return locate(err, d.source, d.line)
		}
	}
	for _, c := range m.damages {
		err := c.do(m)
		if err == nil && len(m.data) > maxSize {
			err = fmt.Errorf("the file is larger than %d bytes", maxSize)
		}
		if err != nil {
			return locate(err, c.source, c.line)
		}
	}
	return nil
}

func (m *machine) write(d *datum) error {
	to := m.data[d.start:d.end]
	switch d.kind {
	case literal:
		copy(to, d.bytes)
	case fill, align:
		for i := range to {
			to[i] = d.by
		}
	case number:
		n, err := d.value(m)
		if err != nil {
			return err
		}
		mod := new(big.Int).Lsh(big.NewInt(1), uint(8*d.width))
		least := new(big.Int).Neg(new(big.Int).Rsh(mod, 1))
		if n.Cmp(mod) >= 0 || n.Cmp(least) < 0 {
			return fmt.Errorf("%v does not fit into %d bytes", n, d.width)
		}
		new(big.Int).Mod(n, mod).FillBytes(to)
		slices.Reverse(to)
	case digest:
		from, err := m.place(d.from)
		if err != nil {
			return err
		}
		end, err := m.place(d.to)
		if err != nil {
			return err
		}
		if end.end < from.start {
			return fmt.Errorf("%s ends before %s starts", d.to, d.from)
		}
		sum := sha256.Sum256(m.data[from.start:end.end])
		copy(to, sum[:])
	}
	return nil
}

// Number returns the value of the number at path before any damage. It reports
// false if no number has that path.
func (im *Image) Number(path string) (n uint64, ok bool) {
	node, err := im.m.find(path)
	if err != nil || node.item == nil {
		return 0, false
	}
	d := node.datum
	if d == nil {
		if len(node.item.data) != 1 {
			return 0, false
		}
		d = node.item.data[0]
	}
	if d.kind != number {
		return 0, false
	}
	v, err := d.value(im.m)
	if err != nil || !v.IsUint64() {
		return 0, false
	}
	return v.Uint64(), true
}

// Range returns the half-open range of bytes that a location names. A location is
// a PATH, PATH+X or X for one byte, or X..Y, where X and Y are expressions.
func (im *Image) Range(location string) (start, end int, err error) {
	tokens, err := lex(location)
	if err != nil {
		return 0, 0, err
	}
	if len(tokens) == 1 && tokens[0].kind == word {
		if s, err := im.m.place(tokens[0].text); err == nil {
			return s.start, s.end, nil
		}
	}
	if len(tokens) > 1 && tokens[0].kind == word && tokens[1].is("+") {
		if s, err := im.m.place(tokens[0].text); err == nil {
			tokens[0].text = fmt.Sprint(s.start)
		}
	}
	p := &parser{m: im.m, in: tokens}
	from, err := p.expr()
	if err != nil {
		return 0, 0, err
	}
	if start, err = im.m.constant(from, "the start"); err != nil {
		return 0, 0, err
	}
	end = start + 1
	if p.accept("..") {
		to, err := p.expr()
		if err != nil {
			return 0, 0, err
		}
		if end, err = im.m.constant(to, "the end"); err != nil {
			return 0, 0, err
		}
	}
	if err := p.end(); err != nil {
		return 0, 0, err
	}
	if end < start {
		return 0, 0, fmt.Errorf("%s ends at %d, before its start %d", location, end, start)
	}
	return start, end, nil
}
