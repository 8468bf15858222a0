package facts

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// must ends the check with a Refusal unless ok.
func must(ok bool, format string, args ...any) {
	if !ok {
		panic(&Refusal{fmt.Sprintf(format, args...)})
	}
}

// demand is must for each entry of a file: it does not allocate.
func demand(ok bool, what string, args ...uint64) {
	if !ok {
		must(false, "file: %s: found %d", what, slices.Clone(args))
	}
}

// Check verifies facts about a file and a fleet. It returns nil if each build of the fleet that
// loads the file is safe, even if it checks nothing. A safe build reads only inside the file and
// its inputs, and keeps its budgets. Check trusts the facts only for the name and the inputs of
// the type. If it fails, the error is a [*Refusal].
func Check(file, fleet, facts []byte) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fault.(*Refusal) // another panic is a bug of the checker and ends the program
		}
	}()
	claims, contracts := Facts{}, document{}
	decode("facts", facts, &claims)
	decode("fleet", fleet, &contracts)
	must(claims.Schema == Schema && (contracts.Schema == "cfcheck.fleet/v0" || contracts.Schema == "cfcheck.fleet/v1"), "found schemas %.40q and %.40q; expected facts and a fleet", claims.Schema, contracts.Schema)
	is, of := fmt.Sprintf("%x", sha256.Sum256(file)), fmt.Sprintf("%x", sha256.Sum256(fleet))
	must(claims.File == is, "facts.file: found the SHA-256 %.64q; the file has %s: use the facts of this file", claims.File, is)
	must(claims.Fleet == of, "facts.fleet: found the SHA-256 %.64q; the fleet has %s: use the facts for this fleet", claims.Fleet, of)
	c := &checker{file: file, claims: &claims, reads: map[uint64]uint64{}}
	c.header()
	c.conditions()
	c.programs()
	c.criteria()
	c.compare()
	c.fleet(contracts.Builds)
	return nil
}

// decode reads a document twice. The second pass refuses documents with two meanings:
// encoding/json accepts keys in any case, equal keys, null for any value, and U+FFFD for half of a
// surrogate pair.
func decode(name string, data []byte, v any) {
	must(len(data) <= MaxDocument && utf8.Valid(data), "%s: found %d bytes; expected UTF-8 of at most %d", name, len(data), MaxDocument)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	must(err == nil, "%s: %v", name, err)
	_, err = d.Token()
	must(err == io.EOF, "%s: found text after the document, at offset %d", name, d.InputOffset())
	walk(name, json.NewDecoder(bytes.NewReader(data)))
}

func walk(name string, d *json.Decoder) {
	token, _ := d.Token()
	text, _ := token.(string)
	must(token != nil && !strings.Contains(text, "\uFFFD"), "%s: found null or U+FFFD before offset %d; expected another value", name, d.InputOffset())
	opened, _ := token.(json.Delim)
	for seen := map[json.Token]bool{}; opened != 0 && d.More(); walk(name, d) {
		if opened == '{' {
			key, _ := d.Token()
			must(!seen[key] && strings.Contains(keys, fmt.Sprint(" ", key, " ")), "%s: found the repeated or unknown key %.40q before offset %d", name, key, d.InputOffset())
			seen[key] = true
		}
	}
	if opened != 0 {
		d.Token() // the closing delimiter
	}
}

// The numbers in FORMAT.md: sections, their types and entry sizes, limits, operators.
const (
	instances, conditions, criteria, operands, values, pool                          = 1, 2, 3, 4, 5, 6
	programs, sources, instructions, classes, ranges                                 = 7, 8, 9, 10, 11
	exists, contains, pattern, expression, integerEquals, integerRange, addressRange = 1, 5, 6, 7, 8, 9, 10
	flagInputs, maxNesting, maxSource, maxRanges                                     = 4, 16, 16_384, 4096
)

var layout = [][2]uint64{{}, {1, 24}, {2, 4}, {3, 12}, {4, 4}, {5, 8}, {6, 1}, {7, 16}, {8, 1}, {9, 8}, {10, 8}, {11, 8}, {1<<31 | 1, 24}, {1<<31 | 2, 8}, {1<<31 | 3, 8}, {1<<31 | 4, 1}}

var limits = Most{Inputs: 1024, Words: 4096, Stack: 1024, Operands: 65_536, ValueLength: 65_535, Instructions: 8192}

// operators have a name, allowed flags, the length of their values (0 means any length) and the
// types of the inputs that they read.
var operators = []struct {
	name, types   string
	flags, length uint64
}{
	{}, {"exists", "string integer address", 0, 0}, {"equals", "string", 7, 0}, {"prefix", "string", 7, 0}, {"suffix", "string", 7, 0},
	{"contains", "string", 3, 0}, {"pattern", "string", 3, 0}, {"regexp", "string", 2, 0}, {"integer equals", "string integer", 6, 8},
	{"integer range", "string integer", 2, 16}, {"address range", "string address", 2, 32},
}

var escapes = strings.NewReplacer(`\\`, "", `\*`, "", `\?`, "")

// A checker computes the properties of a file and compares them with the claims.
type checker struct {
	file     []byte
	claims   *Facts
	sections [ranges + 5][]byte
	counts   [ranges + 5]uint64
	most     Most
	has      [addressRange + 1]bool // by operator
	reads    map[uint64]uint64      // by input that is read, the steps for each byte
	constant uint64
	charges  []uint64 // by program, at each position of a value
}

func u16(b []byte, at uint64) uint64 { return uint64(binary.LittleEndian.Uint16(b[at:])) }
func u32(b []byte, at uint64) uint64 { return uint64(binary.LittleEndian.Uint32(b[at:])) }

// entry returns entry i of a section. The entry must exist.
func (c *checker) entry(section int, i uint64) []byte {
	return c.sections[section][i*layout[section][1]:][:layout[section][1]]
}

// tile visits the entries of a section that refer to ranges of another section. The two numbers of
// an entry at an offset are the first index and the length of its range, which must not exceed
// most. The ranges must tile the other section.
func (c *checker) tile(section int, at uint64, other int, most uint64, visit func(i, first, end uint64)) {
	all, end := c.counts[other], uint64(0)
	for i := range c.counts[section] {
		first, count := u32(c.entry(section, i), at), u32(c.entry(section, i), at+4)
		demand(first == end && count <= min(most, all-end), "section, entry, its first index, in section, count; expected first index, maximum count, entries in that section",
			uint64(section), i, first, uint64(other), count, end, most, all)
		end += count
		visit(i, first, end)
	}
	demand(end == all, "section, its number of entries, the section that refers to them, and to how many", uint64(other), all, uint64(section), end)
}

func (c *checker) header() {
	f, t, size := c.file, &c.claims.Type, uint64(len(c.file))
	must(size >= 80 && size <= 1<<30 && string(f[:12]) == "\x89CFC\r\n\x1a\n\x01\x00\x00\x00" && u32(f, 0x28) == size,
		"file: found %d bytes; expected a complete channel file of format 1.0", size)
	typ, version, declared, n := u32(f, 0x14), u32(f, 0x18), u16(f, 0x1C), u32(f, 0x2C)
	must(uint64(t.Number) == typ && uint64(t.Version) == version && uint64(len(t.Inputs)) == declared && declared <= limits.Inputs,
		"facts.type: found type %d version %d with %d inputs; the file has type %d version %d with %d", t.Number, t.Version, len(t.Inputs), typ, version, declared)
	must((n == 6 || n == 10 || n == 11 || n == 15) && size >= 80+48*n && uint64(len(c.claims.Sections)) == n,
		"file: found %d sections, %d in the facts; expected 6, 10, 11 or 15 in both", n, len(c.claims.Sections))
	for i := range n {
		k := i + 1
		if k > pool && n <= 10 {
			k += ranges - pool // the file has no programs
		}
		s := Section{u32(f, 48+48*i), u32(f, 52+48*i), u32(f, 56+48*i), u32(f, 60+48*i)}
		must(s.Type == layout[k][0] && s.Offset%8 == 0 && s.Offset >= 80+48*n && s.Offset+s.Length <= size && s.Length == s.Count*layout[k][1],
			"file: section %d: found %+v; expected type %d and entries of %d bytes, inside the %d bytes of the file", i, s, layout[k][0], layout[k][1], size)
		must(s == c.claims.Sections[i], "facts.sections[%d]: found %+v; the file has %+v", i, c.claims.Sections[i], s)
		c.sections[k], c.counts[k] = f[s.Offset:][:s.Length], s.Count
	}
}

// conditions executes the words of each instance without truth values.
func (c *checker) conditions() {
	c.constant = c.counts[instances] + c.counts[conditions]
	var stack []uint64 // nesting depth of each truth on the stack
	c.tile(instances, 16, conditions, limits.Words, func(i, first, end uint64) {
		demand(first < end, "instance without words", i)
		c.most.Words = max(c.most.Words, end-first)
		stack = stack[:0]
		for k := first; k < end; k++ {
			word, nested, top := u32(c.entry(conditions, k), 0), uint64(0), uint64(len(stack))
			if word>>31 == 0 {
				demand(word>>1 < c.counts[criteria], "word, criterion, number of criteria", k, word>>1, c.counts[criteria])
			} else {
				n := word & (1<<30 - 1)
				demand(2 <= n && n <= top, "word, operands of its operator, truths on the stack", k, n, top)
				nested = 1 + slices.Max(stack[top-n:])
				stack = stack[:top-n]
			}
			stack = append(stack, nested)
			c.most.Stack = max(c.most.Stack, uint64(len(stack)))
			demand(c.most.Stack <= limits.Stack && nested <= maxNesting, "word, truths on the stack, nesting depth", k, uint64(len(stack)), nested)
		}
	})
}

// programs checks each regular expression.
func (c *checker) programs() {
	c.tile(classes, 0, ranges, maxRanges, func(i, first, end uint64) {
		for k, least := first, uint64(0); k < end; k++ {
			lo, hi := u32(c.entry(ranges, k), 0), u32(c.entry(ranges, k), 4)
			demand(least <= lo && lo <= hi && hi <= utf8.MaxRune, "range, its class, first rune, last rune, smallest first rune allowed", k, i, lo, hi, least)
			least = hi + 2
		}
	})
	c.tile(programs, 0, sources, maxSource, func(uint64, uint64, uint64) {})
	c.tile(programs, 8, instructions, limits.Instructions, func(i, first, end uint64) {
		n, charge := end-first, 3*(end-first)
		demand(n > 0, "program without instructions", i)
		c.most.Instructions = max(c.most.Instructions, n)
		for k := first; k < end; k++ {
			in := c.entry(instructions, k)
			op, out, arg := u16(in, 0), u16(in, 2), u32(in, 4)
			known := op == 1 && out == 0 && arg == 0 || op == 2 && arg < n || op == 3 && arg < c.counts[classes] || op == 4 && 1 <= arg && arg <= 6
			demand(known && out < n, "instruction, its program, op, out, arg, number of instructions, number of classes", k-first, i, op, out, arg, n, c.counts[classes])
			if op == 3 {
				charge += uint64(bits.Len64(u32(c.entry(classes, arg), 4)))
			}
		}
		c.charges = append(c.charges, charge)
	})
}

// criteria checks each criterion and computes its charge.
func (c *checker) criteria() {
	c.tile(values, 0, pool, limits.ValueLength, func(_, first, end uint64) { c.most.ValueLength = max(c.most.ValueLength, end-first) })
	inputs, formed := c.claims.Type.Inputs, make([]bool, c.counts[values]) // formed: by value
	c.tile(criteria, 4, operands, limits.Operands, func(i, first, end uint64) {
		e := c.entry(criteria, i)
		flags, op, input, n, sum := uint64(e[0]), uint64(e[1]), u16(e, 2), end-first, uint64(0)
		demand(0 < op && op <= addressRange && flags&^operators[op].flags == 0 && (op == exists) == (n == 0) && input < uint64(len(inputs)) &&
			slices.Contains(strings.Fields(operators[op].types), inputs[input].Type), "criterion, operator, flags, input index, number of operands", i, op, flags, input, n)
		c.has[op], c.most.Operands, c.most.Inputs = true, max(c.most.Operands, n), max(c.most.Inputs, input+1)
		for k := first; k < end; k++ {
			o := u32(c.entry(operands, k), 0)
			switch {
			case flags&flagInputs != 0:
				demand(o < uint64(len(inputs)) && inputs[o].Type == inputs[input].Type, "operand, its input index, input index of the criterion", k, o, input)
				c.reads[o] += 0
				c.most.Inputs = max(c.most.Inputs, o+1)
			case op == expression:
				demand(o < c.counts[programs], "operand, program, number of programs", k, o, c.counts[programs])
				sum += c.charges[o]
			default:
				demand(o < c.counts[values], "operand, value, number of values", k, o, c.counts[values])
				start, length, wanted := u32(c.entry(values, o), 0), u32(c.entry(values, o), 4), operators[op].length
				if op == pattern && !formed[o] {
					formed[o] = !strings.Contains(escapes.Replace(string(c.sections[pool][start:][:length])), `\`)
				}
				demand((wanted == 0 || length == wanted) && (op != pattern || formed[o]), "operand, value, its length in bytes, operator that needs another form", k, o, length, op)
				sum += length
			}
		}
		constant, perByte := 1+2*n+sum, uint64(0) // FORMAT.md, section 9
		switch {
		case flags&flagInputs != 0 && op == integerEquals:
			constant = 1 + 40*n
		case flags&flagInputs != 0:
			perByte = n
		case op == expression:
			constant, perByte = 1+sum, sum
		case op == contains || op == pattern:
			constant, perByte = 1+n+sum, n+sum
		case op == integerEquals || op == integerRange:
			constant = 24 + 2*n
		case op == addressRange:
			constant = 64 + 4*n
		}
		c.constant += constant
		c.reads[input] += perByte
	})
}

// compare compares the claims with the computed properties. Later steps rely on the claims.
func (c *checker) compare() {
	claims := c.claims
	list := func(m *Most) []uint64 {
		return []uint64{m.Inputs, m.Words, m.Stack, m.Operands, m.ValueLength, m.Instructions}
	}
	is, most := list(&c.most), list(&limits)
	for i, claimed := range list(&claims.Most) {
		must(is[i] <= claimed && claimed <= most[i], "facts.most: found %+v; the file has %+v, and the limits are %+v", claims.Most, c.most, limits)
	}
	must(claims.Most.Inputs <= uint64(len(claims.Type.Inputs)) && claims.Constant >= c.constant && len(claims.Operators) < len(operators),
		"facts: found most.inputs %d, constant %d and %d operators; expected at most %d inputs, at least constant %d, and at most 10 operators",
		claims.Most.Inputs, claims.Constant, len(claims.Operators), len(claims.Type.Inputs), c.constant)
	for op, has := range c.has {
		must(!has || slices.Contains(claims.Operators, operators[op].name), "facts.operators: operator %q occurs, but is not listed", operators[op].name)
	}
	for i, r := range claims.Reads {
		must(r.Input < claims.Most.Inputs && (i == 0 || claims.Reads[i-1].Input < r.Input), "facts.reads[%d].input: found %d; expected ascending inputs below %d", i, r.Input, claims.Most.Inputs)
		must(r.PerByte >= c.reads[r.Input], "facts.reads[%d].perByte: found %d; expected at least %d", i, r.PerByte, c.reads[r.Input])
		delete(c.reads, r.Input)
	}
	must(len(c.reads) == 0, "facts.reads: inputs are missing; with the steps for each byte: %v", c.reads)
}

// fleet compares the claims about the builds with their contracts.
func (c *checker) fleet(builds []build) {
	claimed, loads := map[string]*Contract{}, false
	for i := range c.claims.Contracts {
		for _, name := range c.claims.Contracts[i].Builds {
			must(claimed[name] == nil, "facts.contracts[%d]: found build %q again", i, name)
			claimed[name] = &c.claims.Contracts[i]
		}
	}
	must(len(claimed) == len(builds), "facts.contracts: found %d builds; the fleet has %d", len(claimed), len(builds))
	for i := range builds {
		must(claimed[builds[i].Build] != nil, "facts.contracts: build %q of the fleet is missing", builds[i].Build)
		loads = c.build(&builds[i], claimed[builds[i].Build]) || loads
	}
	must(loads, "fleet: found no build with version %d of type %q: expected at least one build that loads the file", c.claims.Type.Version, c.claims.Type.Name)
}

// build reports whether a build loads the file. It ends the check if such a build is not safe.
func (c *checker) build(b *build, claim *Contract) (loads bool) {
	m, r, t := &c.claims.Most, &b.Reader, &c.claims.Type
	var feeds []supply
	for _, s := range b.Supply {
		must(s.Version != nil, "fleet: build %q: found a supply without a version", b.Build)
		if s.Type == t.Name && *s.Version == uint64(t.Version) {
			feeds = append(feeds, s)
		}
	}
	must(claim.Refuses == (len(feeds) == 0) && (!claim.Refuses || r.RefusesUnknownVersions) && len(claim.Feeds) == len(feeds),
		"build %q: the claim has %d feeds (refuses the file: %v); the contract has %d feeds of the type version (refuses unknown versions: %v)",
		b.Build, len(claim.Feeds), claim.Refuses, len(feeds), r.RefusesUnknownVersions)
	if claim.Refuses {
		return false
	}
	must(slices.Contains(r.Formats, "1.0") && (r.Access == "positional" || r.Access == "named"), "build %q: found formats %q and access %q; expected 1.0, and positional or named", b.Build, r.Formats, r.Access)
	for _, op := range c.claims.Operators {
		must(slices.Contains(r.Operators, op), "build %q: operator %q occurs, but the build does not have it", b.Build, op)
	}
	memory := uint64(len(c.file)) + c.counts[criteria] + 1024 + 24*m.Instructions // section 9
	must(memory <= claim.Memory && claim.MemoryBudget == r.Budget["memory"] && claim.StepBudget == r.Budget["steps"],
		"build %q: the claim is %d bytes of memory, and budgets of %d bytes and %d steps; the file needs %d bytes, and the contract has the budgets %v",
		b.Build, claim.Memory, claim.MemoryBudget, claim.StepBudget, memory, r.Budget)
	needs := map[string]uint64{
		"fileSize": uint64(len(c.file)), "instances": c.counts[instances], "criteria": c.counts[criteria], "wordsPerInstance": m.Words, "operandsPerCriterion": m.Operands,
		"valueLength": m.ValueLength, "programInstructions": m.Instructions, "memory": claim.Memory, "steps": 1, "revision": u32(c.file, 0x10),
	}
	for _, room := range []map[string]uint64{r.Limits, r.Budget} {
		for _, what := range slices.Sorted(maps.Keys(room)) {
			n, known := needs[what]
			must(known && n <= room[what], "build %q: found a limit or budget of %d for %s; the file needs %d", b.Build, room[what], what, n)
		}
	}
	for i := range feeds {
		c.feed(b, &feeds[i], &claim.Feeds[i])
	}
	return true
}

// feed compares the inputs that are read, and their costs, with the supply of a feed.
func (c *checker) feed(b *build, s *supply, claim *Feed) {
	name, n := fmt.Sprintf("build %q, feed %q", b.Build, s.Feed), uint64(len(s.Inputs))
	must(claim.Feed == s.Feed && claim.Supplied <= n, "%s: the claim has %d inputs of feed %q; the contract has %d", name, claim.Supplied, claim.Feed, n)
	steps, bounded, lengths, named := c.claims.Constant, true, claim.Lengths, b.Reader.Access == "named"
	for _, r := range c.claims.Reads {
		in, look := c.claims.Type.Inputs[r.Input], s.Inputs
		if !named {
			must(r.Input < claim.Supplied, "%s: input index %d is read; the claim has %d inputs, the contract %d", name, r.Input, claim.Supplied, n)
			look = look[r.Input : r.Input+1]
			must(look[0].State == "" || look[0].State == "supplied" || look[0].State == "constant", "%s: input index %d is read; found it %s", name, r.Input, look[0].State)
		}
		longest, known := uint64(0), true // 0 bytes for an input that a named reader does not find
		for _, o := range look {
			if named && (o.Name != in.Name || o.State == "not supplied") {
				continue
			}
			must(o.Type == in.Type, "%s: input index %d is read as %s; found it supplied as %q", name, r.Input, in.Type, o.Type)
			// The smaller of MaxLength and CutAt that is not 0.
			length := max(map[string]uint64{"integer": 8, "address": 16}[o.Type], min(o.MaxLength-1, o.CutAt-1)+1)
			constant := o.Type == "string" && o.State == "constant" && len(o.Values) > 0
			for i, v := range o.Values {
				if text, is := v.(string); constant {
					must(is, "%s: input index %d: found the value %v; expected a string", name, r.Input, v)
					length = max(length*min(uint64(i), 1), uint64(len(text))) // only they bound it
				}
			}
			longest, known = max(longest, length), known && (length > 0 || constant)
		}
		if len(lengths) == 0 || lengths[0].Input != r.Input {
			bounded = bounded && r.PerByte == 0
			continue
		}
		length := lengths[0].Length
		lengths = lengths[1:]
		must(known && longest <= length, "%s: input index %d: the claim is at most %d bytes; the contract has %d (bounded: %v)", name, r.Input, length, longest, known)
		over, product := bits.Mul64(r.PerByte, length)
		sum, carry := bits.Add64(steps, product, 0)
		if steps = sum; over+carry > 0 {
			steps = ^uint64(0)
		}
	}
	budget := b.Reader.Budget["steps"]
	must(len(lengths) == 0 && (claim.Steps == 0 && budget == 0 || claim.Steps > 0 && bounded && steps <= claim.Steps && claim.Steps < 1<<53 && (budget == 0 || claim.Steps <= budget)),
		"%s: the claim is %d steps, with %d unused lengths; an event can cost %d (all lengths claimed: %v), and the budget is %d (0 means no budget)", name, claim.Steps, len(lengths), steps, bounded, budget)
}
