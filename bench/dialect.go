package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A dialect writes the comparisons of a peer's language. Input i has these values:
//
//	f<i>  the text; empty if the input is absent
//	g<i>  the folded text
//	h<i>  whether the input is present
//	n<i>  the number; 0 if the value is not a number
//	i<i>  whether the value is a number
//	a<i>  the address as 32 hexadecimal digits; empty if the value is not an address
type dialect struct {
	ref     func(name string) string
	call    map[channelfile.Operator]string // formats of comparisons of two texts
	matches string                          // format of a value that matches an expression
	in      string                          // format of a value that is in a list
}

// quote returns a text as a literal, which is the same in all languages of the peers.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // texts can be encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// alternatives returns comparisons for a criterion: it holds if all of one list hold.
func (d *dialect) alternatives(c *criterion) [][]string {
	list := d.operands(c)
	if c.all && len(list) > 1 {
		var all []string
		for _, a := range list {
			all = append(all, a...)
		}
		list = [][]string{all}
	}
	if c.holdsEmpty() && c.others == nil {
		for i := range list {
			list[i] = append([]string{d.ref(fmt.Sprint("h", c.input))}, list[i]...)
		}
	}
	return list
}

// operands returns comparisons for each operand, which must all hold.
func (d *dialect) operands(c *criterion) [][]string {
	name := func(kind string, input int) string { return d.ref(fmt.Sprint(kind, input)) }
	text := func(input int) string {
		if c.folded && c.operator != channelfile.OpRegexp {
			return name("g", input)
		}
		return name("f", input)
	}
	var list [][]string
	for _, k := range c.others {
		if c.operator == channelfile.OpIntegerEquals {
			list = append(list, []string{name("i", c.input), name("i", k), name("n", c.input) + " == " + name("n", k)})
		} else {
			list = append(list, []string{name("h", c.input), name("h", k), fmt.Sprintf(d.call[c.operator], text(c.input), text(k))})
		}
	}
	for _, r := range c.numbers {
		n, is := name("n", c.input), name("i", c.input)
		if r[0] == r[1] {
			list = append(list, []string{is, fmt.Sprintf("%s == %d", n, r[0])})
		} else {
			list = append(list, []string{is, fmt.Sprintf("%s >= %d", n, r[0]), fmt.Sprintf("%s <= %d", n, r[1])})
		}
	}
	for _, r := range c.addresses {
		a := name("a", c.input)
		list = append(list, []string{fmt.Sprintf("%s >= %q", a, r[0]), fmt.Sprintf("%s <= %q", a, r[1])})
	}
	if len(list) > 0 {
		return list
	}
	switch {
	case c.operator == channelfile.OpExists:
		return [][]string{{name("h", c.input)}}
	case c.operator == channelfile.OpEquals && !c.all && len(c.texts) > 1:
		var quoted []string
		for _, t := range c.texts {
			quoted = append(quoted, quote(t))
		}
		return [][]string{{fmt.Sprintf(d.in, text(c.input), strings.Join(quoted, ", "))}}
	}
	for _, t := range c.texts {
		format := d.call[c.operator]
		switch c.operator {
		case channelfile.OpPattern:
			format, t = d.matches, expression(t)
		case channelfile.OpRegexp:
			format = d.matches
		}
		list = append(list, []string{fmt.Sprintf(format, text(c.input), quote(t))})
	}
	return list
}

// infix returns a condition in a language that has && and || and !.
func (d *dialect) infix(r *rules, n node) string {
	var parts []string
	operator := " || "
	if n.criterion < 0 {
		for _, child := range n.children {
			parts = append(parts, d.infix(r, child))
		}
		if n.and {
			operator = " && "
		}
	} else {
		for _, a := range d.alternatives(&r.criteria[n.criterion]) {
			s := strings.Join(a, " && ")
			if len(a) > 1 {
				s = "(" + s + ")"
			}
			parts = append(parts, s)
		}
	}
	s := strings.Join(parts, operator)
	if n.negated {
		return "!(" + s + ")"
	}
	if len(parts) > 1 {
		return "(" + s + ")"
	}
	return s
}

// variables returns the variables of each event.
func (c *content) variables() []map[string]any {
	list := make([]map[string]any, len(c.values))
	for event, values := range c.values {
		list[event] = make(map[string]any, 6*len(values))
		for i := range values {
			v := &values[i]
			for kind, x := range map[string]any{"f": v.text, "g": v.folded, "h": v.present, "n": v.number, "i": v.isNumber, "a": v.address} {
				list[event][fmt.Sprint(kind, i)] = x
			}
		}
	}
	return list
}

// eachRule returns an engine with a program for each rule. The function compiles a condition in the
// dialect, to a program that says whether an event matches.
func (c *content) eachRule(d *dialect, compile func(text string) (func(event int) (bool, error), error)) (runner, error) {
	programs := make([]func(event int) (bool, error), len(c.rules.conditions))
	for i, n := range c.rules.conditions {
		var err error
		if programs[i], err = compile(d.infix(c.rules, n)); err != nil {
			return nil, fmt.Errorf("rule %d: %w", i, err)
		}
	}
	var matched []int
	return c.runner(func(event int) ([]int, error) {
		matched = matched[:0]
		for i, holds := range programs {
			if ok, err := holds(event); err != nil {
				return nil, fmt.Errorf("rule %d: %w", i, err)
			} else if ok {
				matched = append(matched, i)
			}
		}
		return matched, nil
	}), nil
}
