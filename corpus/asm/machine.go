package asm

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf16"
)

// maxSize limits a file in bytes. A mistake in an expression is then an error and
// not a full disk.
const maxSize = 16 << 20

// maxWork limits the words of a text after expansion of names and repetitions.
const maxWork = 1 << 20

// A machine holds the result of the statements so far.
type machine struct {
	defs    map[string]macro
	records map[string]macro
	blocks  []*block
	asserts []change
	patches []change
	damages []change

	work   int  // words read so far
	placed bool // whether every part has its place
	size   int
	data   []byte
}

// A macro is a def or a record.
type macro struct {
	params []string
	body   []token
}

type block struct {
	name       string
	entry      int
	items      []*item
	start, end int
}

type item struct {
	name       string
	data       []*datum
	start, end int
}

type kind uint8

const (
	number  kind = iota // width bytes, little-endian
	literal             // bytes
	fill                // value bytes of by
	align               // up to a multiple of value, bytes of by
	digest              // SHA-256 of from..to
)

type datum struct {
	name       string
	kind       kind
	width      int
	value      expr
	bytes      []byte
	by         byte
	from, to   string
	line       int
	source     string
	start, end int
}

// A change is a patch, a damage or an assertion, applied to the finished bytes.
type change struct {
	source string
	line   int
	do     func(m *machine) error
}

// A span is the place of a part of the file.
type span struct {
	path       string
	start, end int
	block      *block
}

// A node is a part of the file that a path names: a block, one of its items
// (datum nil) or a field of an item.
type node struct {
	block *block
	item  *item
	datum *datum
}

// find finds the node of a path. A path starts with a block, or with an item whose name
// no other item has.
func (m *machine) find(path string) (node, error) {
	var found []node
	head, rest, dotted := strings.Cut(path, ".")
	for _, b := range m.blocks {
		if b.name == head {
			if !dotted {
				return node{block: b}, nil
			}
			if n := b.find(rest); len(n) > 0 {
				found = n
				break
			}
		}
	}
	if len(found) == 0 {
		for _, b := range m.blocks {
			found = append(found, b.find(path)...)
		}
	}
	switch len(found) {
	case 0:
		return node{}, fmt.Errorf("nothing is called %s", path)
	case 1:
		return found[0], nil
	}
	return node{}, fmt.Errorf("%d things are called %s; write block.%s", len(found), path, path)
}

func (b *block) find(path string) (found []node) {
	name, field, dotted := strings.Cut(path, ".")
	for _, it := range b.items {
		if it.name != name {
			continue
		}
		if !dotted {
			found = append(found, node{block: b, item: it})
			continue
		}
		for _, d := range it.data {
			if d.name == field {
				found = append(found, node{b, it, d})
			}
		}
	}
	return found
}

// place returns the place of the part that a path names.
func (m *machine) place(path string) (span, error) {
	if !m.placed {
		return span{}, fmt.Errorf("%s has no place yet: the size of a fill or a block's entry cannot depend on it", path)
	}
	n, err := m.find(path)
	switch {
	case err != nil:
		return span{}, err
	case n.datum != nil:
		return span{path, n.datum.start, n.datum.end, n.block}, nil
	case n.item != nil:
		return span{path, n.item.start, n.item.end, n.block}, nil
	}
	return span{path, n.block.start, n.block.end, n.block}, nil
}

// constant computes an expression that cannot depend on places.
func (m *machine) constant(x expr, what string) (int, error) {
	n, err := x(m)
	if err != nil {
		return 0, err
	}
	if !n.IsInt64() || n.Sign() < 0 || n.Int64() > maxSize {
		return 0, fmt.Errorf("%s is %v; it may be 0 to %d", what, n, maxSize)
	}
	return int(n.Int64()), nil
}

// expand puts arguments into the body of a name or a repetition, up to maxWork.
func (m *machine) expand(body []token, params []string, args [][]token) ([]token, error) {
	out := substitute(body, params, args)
	if m.work += len(out); m.work > maxWork {
		return nil, fmt.Errorf("more than %d words, with those that names and repetitions stand for", maxWork)
	}
	return out, nil
}

// line is one line of a text, with the items that are indented below it.
type line struct {
	number int
	tokens []token
	items  []line
}

// statement runs one statement.
func (m *machine) statement(source string, l line) error {
	p := &parser{m: m, in: l.tokens}
	verb, err := p.name()
	if err != nil {
		return err
	}
	c := &context{source: source, line: l}
	switch verb {
	case "def":
		return m.def(c, p)
	case "record":
		return m.record(c, p)
	case "block":
		return m.block(c, p)
	case "set":
		return m.set(c, p)
	case "replace":
		return m.replace(c, p)
	case "append":
		return m.append(c, p)
	case "insert":
		return m.insert(c, p)
	case "remove":
		return m.remove(c, p)
	case "swap":
		return m.swap(c, p)
	case "assert":
		return m.assert(c, p)
	case "patch":
		return m.patch(c, p)
	case "damage":
		return m.damage(c, p)
	case "reverse":
		return m.reverse(c, p)
	case "truncate":
		return m.truncate(c, p)
	case "transfer":
		return m.transfer(c, p)
	}
	return fmt.Errorf("unknown statement %q", verb)
}

// A context names the line being run.
type context struct {
	source string
	line   line
}

func (p *parser) macro(closing string) (name string, d macro, err error) {
	if name, err = p.name(); err != nil {
		return
	}
	if p.accept("(") {
		for {
			var param string
			if param, err = p.name(); err != nil {
				return
			}
			d.params = append(d.params, param)
			if p.accept(")") {
				break
			}
			if err = p.expect(","); err != nil {
				return
			}
		}
	}
	if err = p.expect(closing); err == nil && len(p.in) == 0 {
		err = fmt.Errorf("%s has no body", name)
	}
	d.body, p.in = p.in, nil
	return
}

func (m *machine) def(c *context, p *parser) error {
	name, d, err := p.macro("=")
	if err != nil {
		return err
	}
	if _, taken := functions[name]; taken || name == "size" {
		return fmt.Errorf("%s is a function already", name)
	}
	m.defs[name] = d
	return c.noItems()
}

func (m *machine) record(c *context, p *parser) error {
	name, d, err := p.macro(":")
	if err != nil {
		return err
	}
	m.records[name] = d
	return c.noItems()
}

// newBlock reads "name [of N]".
func (m *machine) newBlock(p *parser) (*block, error) {
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	b := &block{name: name, entry: 1}
	for _, other := range m.blocks {
		if other.name == name {
			return nil, fmt.Errorf("block %s is there already; to change it, write replace %s", name, name)
		}
	}
	if p.accept("of") {
		x, err := p.expr()
		if err != nil {
			return nil, err
		}
		if b.entry, err = m.constant(x, "the size of an entry"); err != nil {
			return nil, err
		}
		if b.entry == 0 {
			return nil, fmt.Errorf("the size of an entry is 0")
		}
	}
	return b, nil
}

func (m *machine) block(c *context, p *parser) error {
	b, err := m.newBlock(p)
	if err != nil {
		return err
	}
	if b.items, err = m.items(c, p); err != nil {
		return err
	}
	m.blocks = append(m.blocks, b)
	return nil
}

// items reads the colon that ends a statement, and the items below it.
func (m *machine) items(c *context, p *parser) ([]*item, error) {
	if err := p.expect(":"); err != nil {
		return nil, err
	}
	if err := p.end(); err != nil {
		return nil, err
	}
	var out []*item
	for _, l := range c.line.items {
		it := &item{}
		q := &parser{m: m, in: l.tokens}
		if len(q.in) > 1 && q.in[0].kind == word && q.in[1].is(":") {
			it.name = q.in[0].text
			q.in = q.in[2:]
		}
		var err error
		if len(q.in) > 0 {
			it.data, err = q.data(c.source, l.number)
		}
		if err == nil {
			err = q.end()
		}
		if err != nil {
			return nil, &Error{c.source, l.number, err}
		}
		out = append(out, it)
	}
	return out, nil
}

func (c *context) noItems() error {
	if len(c.line.items) > 0 {
		return &Error{c.source, c.line.items[0].number, fmt.Errorf("indented, but the statement above has no items")}
	}
	return nil
}

// data reads data separated by commas, up to the end of the line.
func (p *parser) data(source string, number int) ([]*datum, error) {
	var out []*datum
	for {
		d, err := p.datum(source, number)
		if err != nil {
			return nil, err
		}
		out = append(out, d...)
		if !p.accept(",") {
			return out, nil
		}
	}
}

// widths maps the names of number types to their sizes in bytes.
var widths = map[string]int{"u8": 1, "u16": 2, "u32": 4, "u64": 8, "i64": 8}

// datum reads one datum. A record and a repeat give several.
func (p *parser) datum(source string, lineNumber int) ([]*datum, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("records nested deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()

	d := &datum{line: lineNumber, source: source}
	one := []*datum{d}
	var err error
	if len(p.in) > 1 && p.in[1].is("=") {
		if d.name, err = p.name(); err != nil {
			return nil, err
		}
		p.next()
	}
	verb := p.next()
	if w, ok := widths[verb.text]; ok && verb.kind == word {
		d.kind, d.width = number, w
		d.value, err = p.expr()
		return one, err
	}
	switch verb.text {
	case "hex":
		d.kind = literal
		d.bytes, err = p.hex()
	case "str":
		d.kind = literal
		t := p.next()
		if t.kind != quoted {
			return nil, fmt.Errorf("%q where a string was expected", t)
		}
		d.bytes = []byte(t.text)
	case "wide":
		d.kind = literal
		d.bytes, err = p.wide()
	case "uuid", "ip":
		d.kind = literal
		d.bytes, err = p.sixteen()
	case "fill", "align":
		d.kind = fill
		if verb.text == "align" {
			d.kind = align
		}
		if d.value, err = p.expr(); err == nil && p.accept("with") {
			var x expr
			if x, err = p.expr(); err == nil {
				var b int
				if b, err = p.m.constant(x, "the byte to fill with"); err == nil && b > 0xff {
					err = fmt.Errorf("the byte to fill with is %d", b)
				}
				d.by = byte(b)
			}
		}
	case "sha256":
		d.kind = digest
		d.from = p.next().text
		d.to = d.from
		if p.accept("..") {
			d.to = p.next().text
		}
	case "repeat":
		return p.repeat(source, lineNumber)
	default:
		r, ok := p.m.records[verb.text]
		if !ok {
			return nil, fmt.Errorf("unknown kind of data %q (want a number, a keyword such as hex or str, or the name of a record)", verb)
		}
		args, err := p.args(verb.text, len(r.params))
		if err != nil {
			return nil, err
		}
		body, err := p.m.expand(r.body, r.params, args)
		if err != nil {
			return nil, err
		}
		in := &parser{m: p.m, in: body, depth: p.depth}
		out, err := in.data(source, lineNumber)
		if err == nil {
			err = in.end()
		}
		if err != nil {
			return nil, fmt.Errorf("in %s: %w", verb, err)
		}
		return out, nil
	}
	return one, err
}

func (p *parser) repeat(source string, lineNumber int) ([]*datum, error) {
	x, err := p.expr()
	if err != nil {
		return nil, err
	}
	n, err := p.m.constant(x, "the number of repetitions")
	if err != nil {
		return nil, err
	}
	if err := p.expect("as"); err != nil {
		return nil, err
	}
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	if err := p.expect(":"); err != nil {
		return nil, err
	}
	body := p.in
	p.in = nil
	var out []*datum
	for i := range n {
		words, err := p.m.expand(body, []string{name}, [][]token{{{word, fmt.Sprint(i)}}})
		if err != nil {
			return nil, err
		}
		in := &parser{m: p.m, in: words, depth: p.depth}
		d, err := in.data(source, lineNumber)
		if err == nil {
			err = in.end()
		}
		if err != nil {
			return nil, err
		}
		out = append(out, d...)
	}
	return out, nil
}

// hex reads bytes as pairs of hexadecimal digits.
func (p *parser) hex() ([]byte, error) {
	var digits strings.Builder
	for len(p.in) > 0 && p.in[0].kind == word && strings.Trim(p.in[0].text, "0123456789abcdefABCDEF") == "" {
		digits.WriteString(p.next().text)
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil || len(b) == 0 {
		return nil, fmt.Errorf("%q where pairs of hexadecimal digits were expected", digits.String()+p.peek().text)
	}
	return b, nil
}

// wide reads a string in UTF-16, little-endian, with zero bytes up to N units if "of N" follows.
func (p *parser) wide() ([]byte, error) {
	t := p.next()
	if t.kind != quoted {
		return nil, fmt.Errorf("%q where a string was expected", t)
	}
	var b []byte
	for _, u := range utf16.Encode([]rune(t.text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	if !p.accept("of") {
		return b, nil
	}
	x, err := p.expr()
	if err != nil {
		return nil, err
	}
	n, err := p.m.constant(x, "the number of units")
	if err != nil {
		return nil, err
	}
	if len(b) > 2*n {
		return nil, fmt.Errorf("the string has %d units (want at most %d)", len(b)/2, n)
	}
	return append(b, make([]byte, 2*n-len(b))...), nil
}

// sixteen reads a UUID, or an address in quotes.
func (p *parser) sixteen() ([]byte, error) {
	t := p.next()
	if t.kind == uuid {
		return hex.DecodeString(strings.ReplaceAll(t.text, "-", ""))
	}
	if t.kind != quoted {
		return nil, fmt.Errorf("%q where a UUID, or an address in quotes, was expected", t)
	}
	a, err := netip.ParseAddr(t.text)
	if err != nil {
		return nil, err
	}
	b := a.As16()
	return b[:], nil
}
