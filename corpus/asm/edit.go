package asm

import (
	"fmt"
	"math/big"
	"slices"
)

func (m *machine) set(c *context, p *parser) error {
	path := p.next().text
	n, err := m.find(path)
	if err != nil {
		return err
	}
	d := n.datum
	if d == nil {
		if n.item == nil || len(n.item.data) != 1 {
			return fmt.Errorf("%s is not one datum; replace it", path)
		}
		d = n.item.data[0]
	}
	if err := p.expect("="); err != nil {
		return err
	}
	d.line, d.source = c.line.number, c.source
	switch d.kind {
	case number:
		d.value, err = p.expr()
	case literal:
		if d.bytes, err = p.sixteen(); err == nil && len(d.bytes) != 16 {
			err = fmt.Errorf("%s is not a UUID or an address; replace it", path)
		}
	default:
		err = fmt.Errorf("%s is neither a number nor a UUID; replace it", path)
	}
	if err != nil {
		return err
	}
	if err := p.end(); err != nil {
		return err
	}
	return c.noItems()
}

func (m *machine) replace(c *context, p *parser) error {
	path := p.next().text
	n, err := m.find(path)
	if err != nil {
		return err
	}
	switch {
	case n.datum != nil:
		if err := p.expect(":"); err != nil {
			return err
		}
		data, err := p.data(c.source, c.line.number)
		if err != nil {
			return err
		}
		i := slices.Index(n.item.data, n.datum)
		data[0].name = n.datum.name
		n.item.data = slices.Replace(n.item.data, i, i+1, data...)
	case n.item != nil:
		if err := p.expect(":"); err != nil {
			return err
		}
		if len(p.in) == 0 {
			n.item.data = nil
			return c.noItems()
		}
		if n.item.data, err = p.data(c.source, c.line.number); err != nil {
			return err
		}
	default:
		n.block.items, err = m.items(c, p)
		return err
	}
	if err := p.end(); err != nil {
		return err
	}
	return c.noItems()
}

func (m *machine) append(c *context, p *parser) error {
	if p.accept("to") {
		path := p.next().text
		n, err := m.find(path)
		if err != nil {
			return err
		}
		if n.item != nil {
			return fmt.Errorf("%s is not a block", path)
		}
		items, err := m.items(c, p)
		n.block.items = append(n.block.items, items...)
		return err
	}
	if p.accept("itself") {
		m.damages = append(m.damages, change{c.source, c.line.number, func(m *machine) error {
			m.data = append(m.data, slices.Clone(m.data)...)
			return nil
		}})
		if err := p.end(); err != nil {
			return err
		}
		return c.noItems()
	}
	data, err := p.data(c.source, c.line.number)
	if err != nil {
		return err
	}
	m.damages = append(m.damages, change{c.source, c.line.number, func(m *machine) error {
		at := len(m.data)
		for _, d := range data {
			size, err := m.sizeOf(d, at)
			if err != nil {
				return err
			}
			if size > maxSize-at {
				return fmt.Errorf("the file is larger than %d bytes", maxSize)
			}
			d.start, d.end = at, at+size
			at += size
			m.data = append(m.data, make([]byte, size)...)
			if err := m.write(d); err != nil {
				return err
			}
		}
		return nil
	}})
	if err := p.end(); err != nil {
		return err
	}
	return c.noItems()
}

func (m *machine) insert(c *context, p *parser) error {
	var b *block
	if p.accept("block") {
		var err error
		if b, err = m.newBlock(p); err != nil {
			return err
		}
	}
	after := p.accept("after")
	if !after {
		if err := p.expect("before"); err != nil {
			return err
		}
	}
	path := p.next().text
	n, err := m.find(path)
	if err != nil {
		return err
	}
	items, err := m.items(c, p)
	if err != nil {
		return err
	}
	shift := 0
	if after {
		shift = 1
	}
	switch {
	case b != nil && n.item == nil:
		b.items = items
		m.blocks = slices.Insert(m.blocks, slices.Index(m.blocks, n.block)+shift, b)
	case b == nil && n.item != nil && n.datum == nil:
		n.block.items = slices.Insert(n.block.items, slices.Index(n.block.items, n.item)+shift, items...)
	default:
		return fmt.Errorf("a block goes before or after a block, and items before or after an item; %s is something else", path)
	}
	return nil
}

func (m *machine) remove(c *context, p *parser) error {
	path := p.next().text
	n, err := m.find(path)
	switch {
	case err != nil:
		return err
	case n.datum != nil:
		n.item.data = slices.DeleteFunc(n.item.data, func(d *datum) bool { return d == n.datum })
	case n.item != nil:
		n.block.items = slices.DeleteFunc(n.block.items, func(it *item) bool { return it == n.item })
	default:
		m.blocks = slices.DeleteFunc(m.blocks, func(b *block) bool { return b == n.block })
	}
	if err := p.end(); err != nil {
		return err
	}
	return c.noItems()
}

func (m *machine) swap(c *context, p *parser) error {
	one := p.next().text
	if err := p.expect(","); err != nil {
		return err
	}
	two := p.next().text
	a, err := m.find(one)
	if err != nil {
		return err
	}
	b, err := m.find(two)
	if err != nil {
		return err
	}
	switch {
	case a.item == nil && b.item == nil:
		i, k := slices.Index(m.blocks, a.block), slices.Index(m.blocks, b.block)
		m.blocks[i], m.blocks[k] = m.blocks[k], m.blocks[i]
	case a.item != nil && b.item != nil && a.block == b.block && a.datum == nil && b.datum == nil:
		list := a.block.items
		i, k := slices.Index(list, a.item), slices.Index(list, b.item)
		list[i], list[k] = list[k], list[i]
	default:
		return fmt.Errorf("%s and %s are neither two blocks nor two items of one block", one, two)
	}
	if err := p.end(); err != nil {
		return err
	}
	return c.noItems()
}

func (m *machine) assert(c *context, p *parser) error {
	left, err := p.expr()
	if err != nil {
		return err
	}
	if err := p.expect("="); err != nil {
		return err
	}
	right, err := p.expr()
	if err != nil {
		return err
	}
	m.asserts = append(m.asserts, change{c.source, c.line.number, func(m *machine) error {
		a, err := left(m)
		if err != nil {
			return err
		}
		b, err := right(m)
		if err != nil {
			return err
		}
		if a.Cmp(b) != 0 {
			return fmt.Errorf("%v (%#x) is not %v (%#x)", a, a, b, b)
		}
		return nil
	}})
	if err := p.end(); err != nil {
		return err
	}
	return c.noItems()
}

func (m *machine) patch(c *context, p *parser) error {
	ch, err := m.overwrite(c, p)
	m.patches = append(m.patches, ch)
	return err
}

func (m *machine) damage(c *context, p *parser) error {
	ch, err := m.overwrite(c, p)
	m.damages = append(m.damages, ch)
	return err
}

// overwrite parses "PATH[+X] = hex" or "PATH[+X] ^= hex".
func (m *machine) overwrite(c *context, p *parser) (change, error) {
	path := p.next().text
	if _, err := m.find(path); err != nil {
		return change{}, err
	}
	more := constant(new(big.Int))
	if p.accept("+") {
		var err error
		if more, err = p.expr(); err != nil {
			return change{}, err
		}
	}
	xor := p.accept("^=")
	if !xor {
		if err := p.expect("="); err != nil {
			return change{}, err
		}
	}
	bytes, err := p.hex()
	if err == nil {
		err = p.end()
	}
	if err == nil {
		err = c.noItems()
	}
	return change{c.source, c.line.number, func(m *machine) error {
		s, err := m.place(path)
		if err != nil {
			return err
		}
		n, err := m.constant(more, "the distance")
		if err != nil {
			return err
		}
		at := s.start + n
		if at+len(bytes) > len(m.data) {
			return fmt.Errorf("%s+%d is outside the file", path, n)
		}
		for i, b := range bytes {
			if xor {
				b ^= m.data[at+i]
			}
			if m.data[at+i] == b {
				return fmt.Errorf("byte %#x is %#02x already: nothing would change", at+i, b)
			}
			m.data[at+i] = b
		}
		return nil
	}}, err
}

func (m *machine) reverse(c *context, p *parser) error {
	for {
		path := p.next().text
		if _, err := m.find(path); err != nil {
			return err
		}
		m.damages = append(m.damages, change{c.source, c.line.number, func(m *machine) error {
			s, err := m.place(path)
			if err != nil {
				return err
			}
			slices.Reverse(m.data[s.start:s.end])
			return nil
		}})
		if !p.accept(",") {
			break
		}
	}
	if err := p.end(); err != nil {
		return err
	}
	return c.noItems()
}

func (m *machine) truncate(c *context, p *parser) error {
	if err := p.expect("at"); err != nil {
		return err
	}
	x, err := p.expr()
	if err != nil {
		return err
	}
	m.damages = append(m.damages, change{c.source, c.line.number, func(m *machine) error {
		n, err := m.constant(x, "the new length")
		if err != nil {
			return err
		}
		if n >= len(m.data) {
			return fmt.Errorf("the file has %d bytes; cutting it at %d changes nothing", len(m.data), n)
		}
		m.data = m.data[:n:n]
		return nil
	}})
	if err := p.end(); err != nil {
		return err
	}
	return c.noItems()
}

func (m *machine) transfer(c *context, p *parser) error {
	name := p.next()
	if name.kind != quoted {
		return fmt.Errorf("%q where the name of a transfer was expected, in quotes", name)
	}
	if Transfer(name.text) == nil {
		return fmt.Errorf("unknown transfer %q", name.text)
	}
	m.damages = append(m.damages, change{c.source, c.line.number, func(m *machine) error {
		m.data = Transfer(name.text)(m.data)
		return nil
	}})
	if err := p.end(); err != nil {
		return err
	}
	return c.noItems()
}
