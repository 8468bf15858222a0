package asm

import (
	"fmt"
	"math/big"
)

// maxDepth limits the nesting of parentheses and names in an expression.
const maxDepth = 32

// An expr is computed after every part has its place. Numbers are unbounded. The
// place where a number is written decides whether it fits.
type expr func(m *machine) (*big.Int, error)

// A parser reads data and expressions from the tokens of one line.
type parser struct {
	m     *machine
	in    []token
	depth int
}

func (p *parser) peek() token {
	if len(p.in) == 0 {
		return token{sign, "end of line"}
	}
	return p.in[0]
}

func (p *parser) next() token {
	t := p.peek()
	if len(p.in) > 0 {
		p.in = p.in[1:]
	}
	return t
}

func (p *parser) accept(s string) bool {
	if len(p.in) > 0 && p.in[0].is(s) {
		p.in = p.in[1:]
		return true
	}
	return false
}

func (p *parser) expect(s string) error {
	if !p.accept(s) {
		return fmt.Errorf("%q where %q was expected", p.peek().text, s)
	}
	return nil
}

func (p *parser) end() error {
	if len(p.in) > 0 {
		return fmt.Errorf("%q after the end of the statement", p.in[0])
	}
	return nil
}

func (p *parser) name() (string, error) {
	t := p.next()
	if t.kind != word || '0' <= t.text[0] && t.text[0] <= '9' {
		return "", fmt.Errorf("%q where a name was expected", t.text)
	}
	return t.text, nil
}

// expr reads a sum.
func (p *parser) expr() (expr, error) {
	left, err := p.product()
	for err == nil && (p.peek().is("+") || p.peek().is("-")) {
		op := p.next().text
		var right expr
		if right, err = p.product(); err == nil {
			left = binary(op, left, right)
		}
	}
	return left, err
}

func (p *parser) product() (expr, error) {
	left, err := p.operand()
	for err == nil && (p.peek().is("*") || p.peek().is("/") || p.peek().is("%")) {
		op := p.next().text
		var right expr
		if right, err = p.operand(); err == nil {
			left = binary(op, left, right)
		}
	}
	return left, err
}

func binary(op string, left, right expr) expr {
	return func(m *machine) (*big.Int, error) {
		a, err := left(m)
		if err != nil {
			return nil, err
		}
		b, err := right(m)
		if err != nil {
			return nil, err
		}
		switch op {
		case "+":
			return new(big.Int).Add(a, b), nil
		case "-":
			return new(big.Int).Sub(a, b), nil
		case "*":
			return new(big.Int).Mul(a, b), nil
		}
		if b.Sign() == 0 {
			return nil, fmt.Errorf("division by zero")
		}
		if op == "/" {
			return new(big.Int).Quo(a, b), nil
		}
		return new(big.Int).Rem(a, b), nil
	}
}

func (p *parser) operand() (expr, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("expression nested deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()

	t := p.next()
	switch {
	case t.is("-"):
		x, err := p.operand()
		if err != nil {
			return nil, err
		}
		return binary("-", constant(new(big.Int)), x), nil
	case t.is("("):
		x, err := p.expr()
		if err != nil {
			return nil, err
		}
		return x, p.expect(")")
	case t.kind != word:
		return nil, fmt.Errorf("%q where a number or a name was expected", t)
	}
	if n, ok := new(big.Int).SetString(t.text, 0); ok {
		return constant(n), nil
	}
	if f, ok := functions[t.text]; ok {
		if err := p.expect("("); err != nil {
			return nil, err
		}
		path := p.next().text
		return func(m *machine) (*big.Int, error) {
			s, err := m.place(path)
			if err != nil {
				return nil, err
			}
			return f(s)
		}, p.expect(")")
	}
	if t.text == "size" {
		return func(m *machine) (*big.Int, error) {
			if !m.placed {
				return nil, fmt.Errorf("size is not known yet where the layout is decided")
			}
			return big.NewInt(int64(m.size)), nil
		}, nil
	}
	d, ok := p.m.defs[t.text]
	if !ok {
		return nil, fmt.Errorf("unknown name %q: neither a def nor a function; write off(%s) for a place", t.text, t.text)
	}
	var args [][]token
	if len(d.params) > 0 {
		var err error
		if args, err = p.args(t.text, len(d.params)); err != nil {
			return nil, err
		}
	}
	body, err := p.m.expand(d.body, d.params, args)
	if err != nil {
		return nil, err
	}
	in := &parser{m: p.m, in: body, depth: p.depth}
	x, err := in.expr()
	if err == nil {
		err = in.end()
	}
	if err != nil {
		return nil, fmt.Errorf("in %s: %w", t.text, err)
	}
	return x, nil
}

// args reads the arguments of a def or a record, in parentheses.
func (p *parser) args(name string, want int) ([][]token, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	args := [][]token{nil}
	for depth := 0; ; {
		if len(p.in) == 0 {
			return nil, fmt.Errorf("no closing parenthesis after %s(", name)
		}
		t := p.next()
		switch {
		case t.is(")") && depth == 0:
			for _, a := range args {
				if len(a) == 0 {
					return nil, fmt.Errorf("%s has an empty argument", name)
				}
			}
			if len(args) != want {
				return nil, fmt.Errorf("%s has %d arguments and wants %d", name, len(args), want)
			}
			return args, nil
		case t.is(",") && depth == 0:
			args = append(args, nil)
			continue
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		}
		args[len(args)-1] = append(args[len(args)-1], t)
	}
}

func constant(n *big.Int) expr {
	return func(*machine) (*big.Int, error) { return n, nil }
}

// functions are the functions of a part of the file, for expressions.
var functions = map[string]func(s span) (*big.Int, error){
	"off": func(s span) (*big.Int, error) { return big.NewInt(int64(s.start)), nil },
	"len": func(s span) (*big.Int, error) { return big.NewInt(int64(s.end - s.start)), nil },
	"end": func(s span) (*big.Int, error) { return big.NewInt(int64(s.end)), nil },
	"index": func(s span) (*big.Int, error) {
		return s.entries(s.start-s.block.start, "the place")
	},
	"count": func(s span) (*big.Int, error) {
		return s.entries(s.end-s.start, "the length")
	},
}

// entries converts bytes to entries of the block that the part is in.
func (s span) entries(bytes int, what string) (*big.Int, error) {
	if bytes%s.block.entry != 0 {
		return nil, fmt.Errorf("%s of %s is %d bytes, not a multiple of the %d of an entry", what, s.path, bytes, s.block.entry)
	}
	return big.NewInt(int64(bytes / s.block.entry)), nil
}
