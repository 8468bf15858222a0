package facts

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// must ends the check unless ok.
func must(ok bool, format string, args ...any) {
	if !ok {
		panic(&Refusal{fmt.Sprintf(format, args...)})
	}
}

// demand is must where it is called for each entry of a file: it does not
// allocate.
func demand(ok bool, format string, args ...uint64) {
	if !ok {
		var list []any
		for _, arg := range args {
			list = append(list, arg)
		}
		must(false, format, list...)
	}
}

// Check reports whether facts are true of a file and a fleet, and say enough:
// whether each build of the fleet that loads the file, and checks nothing, reads
// only inside of the file and of the inputs that it is given, and keeps its
// budgets. Of the facts it believes nothing but the name and the inputs of the
// type. The error, if any, is a [*Refusal].
func Check(file, fleet, facts []byte) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fault.(*Refusal) // any other is a fault of the checker's own, and ends the program
		}
	}()
	var claims Facts
	var contracts document
	decode("facts", facts, &claims)
	decode("fleet", fleet, &contracts)
	must(claims.Schema == Schema && contracts.Schema == "cfcheck.fleet/v0", "found schemas %.40q and %.40q; expected facts and a fleet", claims.Schema, contracts.Schema)
	for _, d := range [][3]string{{"file", claims.File, string(file)}, {"fleet", claims.Fleet, string(fleet)}} {
		is := fmt.Sprintf("%x", sha256.Sum256([]byte(d[2])))
		must(d[1] == is, "facts.%s: found the SHA-256 %.64q; that of this %s is %s: take the facts that are about it", d[0], d[1], d[0], is)
	}
	c := &checker{file: file, claims: &claims}
	c.header()
	c.conditions()
	c.programs()
	c.criteria()
	c.compare()
	c.fleet(contracts.Builds)
	return nil
}

// keys are those of facts and fleets.
const keys = " acknowledged access build builds budget constant contracts count criteria events evidence facts feed feeds file fileSize fleet " +
	"formats hosts input inputs instances instructions length lengths limits maxLength memory memoryBudget most name note number offset operands " +
	"operandsPerCriterion operators perByte programInstructions reader reads refuses refusesUnknownVersions schema sections seen stack state " +
	"stepBudget steps supplied supply type until valueLength version why words wordsPerInstance "

// decode reads a document, and goes through it once more: encoding/json takes
// keys in any case, the last of two, null for anything and U+FFFD for what is no
// rune, and a contract must not mean two things.
func decode(name string, data []byte, v any) {
	must(len(data) <= MaxDocument && utf8.Valid(data), "%s: found %d bytes; expected UTF-8 of at most %d", name, len(data), MaxDocument)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	must(err == nil, "%s: %v", name, err)
	_, err = d.Token()
	must(err == io.EOF, "%s: found more behind the document, at offset %d; expected nothing", name, d.InputOffset())
	walk(name, json.NewDecoder(bytes.NewReader(data)))
}

func walk(name string, d *json.Decoder) {
	token, _ := d.Token()
	text, _ := token.(string)
	must(token != nil && !strings.Contains(text, "\uFFFD"), "%s: found null, or U+FFFD, before offset %d; expected neither", name, d.InputOffset())
	opened, _ := token.(json.Delim)
	for seen := map[string]bool{}; opened != 0 && d.More(); walk(name, d) {
		if opened == '{' {
			token, _ := d.Token()
			key := token.(string)
			must(!seen[key] && strings.Contains(keys, " "+key+" "), "%s: found the key %.40q, twice or unknown, before offset %d", name, key, d.InputOffset())
			seen[key] = true
		}
	}
	if opened != 0 {
		d.Token() // what closes it
	}
}

// The sections that a reader follows, by type: FORMAT.md, section 4.
const (
	instances, conditions, criteria, operands, values, pool = 1, 2, 3, 4, 5, 6
	programs, sources, instructions, classes, ranges        = 7, 8, 9, 10, 11
)

// sizes are those of the entries of all sections, in the order of their types;
// the last four are ancillary.
var sizes = []uint64{24, 4, 12, 4, 8, 1, 16, 1, 8, 8, 8, 24, 8, 8, 1}

// limits are what readers rely on: FORMAT.md, section 10.
var limits = Most{Inputs: 1024, Words: 4096, Stack: 1024, Operands: 65_536, ValueLength: 65_535, Instructions: 8192}

const maxNesting, maxSource, maxRanges = 16, 16_384, 4096

const flagInputs, exists, contains, pattern, regexp, integerEquals, integerRange, addressRange = 4, 1, 5, 6, 7, 8, 9, 10

// An operator has flags, the length that its values must have (0: any), and the
// types of the inputs that it reads: FORMAT.md, section 5.
type operator struct {
	name   string
	flags  byte
	length int
	types  []string
}

var operators = []operator{
	{}, {"exists", 0, 0, []string{"string", "integer", "address"}}, {"equals", 7, 0, text}, {"prefix", 7, 0, text}, {"suffix", 7, 0, text},
	{"contains", 3, 0, text}, {"pattern", 3, 0, text}, {"regexp", 2, 0, text}, {"integer equals", 6, 8, []string{"string", "integer"}},
	{"integer range", 2, 16, []string{"string", "integer"}}, {"address range", 2, 32, []string{"string", "address"}},
}

var text = []string{"string"}

// escapes are the places of a pattern where a backslash may be.
var escapes = strings.NewReplacer(`\\`, "", `\*`, "", `\?`, "")

// A checker finds out what is true of a file, and compares it with claims.
type checker struct {
	file     []byte
	claims   *Facts
	sections [ranges + 1][]byte
	counts   [ranges + 1]uint64
	most     Most
	has      [addressRange + 1]bool // operators
	reads    map[uint64]uint64      // the inputs, and the steps for each byte
	constant uint64
	charges  []uint64 // of programs, at each place of a value
}

// number reads an integer of so many bytes.
func number(b []byte, at, size uint64) (n uint64) {
	for i := size; i > 0; i-- {
		n = n<<8 | uint64(b[at+i-1])
	}
	return n
}

// entry returns entry i of a section; it must be there.
func (c *checker) entry(section int, i uint64) []byte {
	return c.sections[section][i*sizes[section-1]:][:sizes[section-1]]
}

// tile visits the entries of a section, each of which has, where its two numbers
// at an offset say, at most so many entries of another. They must tile it.
func (c *checker) tile(section int, at uint64, other int, most uint64, visit func(i, first, end uint64)) {
	all, end := c.counts[other], uint64(0)
	for i := range c.counts[section] {
		first, count := number(c.entry(section, i), at, 4), number(c.entry(section, i), at+4, 4)
		demand(first == end && count <= min(most, all-end), "file: section %d, entry %d: found %d entries of section %d from %d on; expected at most %d from %d on, of %d",
			uint64(section), i, count, uint64(other), first, most, end, all)
		end += count
		visit(i, first, end)
	}
	demand(end == all, "file: section %d: found %d entries; the last that section %d names is %d", uint64(other), all, uint64(section), end)
}

// header compares header and section table with what is claimed.
func (c *checker) header() {
	f, t := c.file, &c.claims.Type
	size := uint64(len(f))
	must(size >= 80 && size <= 1<<30 && string(f[:12]) == "\x89CFC\r\n\x1a\n\x00\x00\x01\x00" && number(f, 0x28, 4) == size,
		"file: found %d bytes; expected all of a channel file of format 0.1", size)
	typ, version, declared, n := number(f, 0x14, 4), number(f, 0x18, 4), number(f, 0x1C, 2), number(f, 0x2C, 4)
	must(uint64(t.Number) == typ && uint64(t.Version) == version && uint64(len(t.Inputs)) == declared && declared <= limits.Inputs,
		"facts.type: found type %d version %d with %d inputs; the file has type %d version %d with %d", t.Number, t.Version, len(t.Inputs), typ, version, declared)
	must((n == 6 || n == 10 || n == 11 || n == 15) && size >= 80+48*n && uint64(len(c.claims.Sections)) == n,
		"file: found %d sections, %d in the facts; expected 6, 10, 11 or 15, and as many", n, len(c.claims.Sections))
	for i, k := uint64(0), uint64(1); i < n; i, k = i+1, k+1 {
		if k == programs && n <= 10 {
			k = ranges + 1
		}
		want := k
		if k > ranges {
			want = k - ranges | 1<<31
		}
		s := Section{number(f, 48+48*i, 4), number(f, 52+48*i, 4), number(f, 56+48*i, 4), number(f, 60+48*i, 4)}
		must(s.Type == want && s.Offset%8 == 0 && s.Offset >= 80+48*n && s.Offset+s.Length <= size && s.Length == s.Count*sizes[k-1],
			"file: section %d: found type, offset, length and count %x; expected type %x and entries of %d bytes, all in %d bytes", i, s, want, sizes[k-1], size)
		must(s == c.claims.Sections[i], "facts.sections[%d]: found %d; it is %d", i, c.claims.Sections[i], s)
		if k <= ranges {
			c.sections[k], c.counts[k] = f[s.Offset:][:s.Length], s.Count
		}
	}
}

// conditions runs the words of each instance without truths.
func (c *checker) conditions() {
	c.constant = c.counts[instances] + c.counts[conditions]
	var stack []uint64 // how deep each truth is nested
	c.tile(instances, 16, conditions, limits.Words, func(i, first, end uint64) {
		demand(first < end, "file: instance %d: found no words; expected at least one", i)
		c.most.Words = max(c.most.Words, end-first)
		stack = stack[:0]
		for k := first; k < end; k++ {
			word, nested, top := number(c.entry(conditions, k), 0, 4), uint64(0), uint64(len(stack))
			if word>>31 == 0 {
				demand(word>>1 < c.counts[criteria], "file: word %d: found criterion %d; there are %d", k, word>>1, c.counts[criteria])
			} else {
				n := word & (1<<30 - 1)
				demand(2 <= n && n <= top, "file: word %d: found an operator on %d truths; expected 2 to %d, which are on the stack", k, n, top)
				nested = 1 + slices.Max(stack[top-n:])
				stack = stack[:top-n]
			}
			stack = append(stack, nested)
			c.most.Stack = max(c.most.Stack, uint64(len(stack)))
			demand(c.most.Stack <= limits.Stack && nested <= maxNesting, "file: word %d: found %d truths, %d deep; expected at most %d, %d deep",
				k, uint64(len(stack)), nested, limits.Stack, maxNesting)
		}
	})
}

// programs looks at each regular expression.
func (c *checker) programs() {
	c.tile(classes, 0, ranges, maxRanges, func(i, first, end uint64) {
		for k, least := first, uint64(0); k < end; k++ {
			lo, hi := number(c.entry(ranges, k), 0, 4), number(c.entry(ranges, k), 4, 4)
			demand(least <= lo && lo <= hi && hi <= utf8.MaxRune, "file: range %d of class %d: found %#x to %#x; expected runes from %#x on", k, i, lo, hi, least)
			least = hi + 2
		}
	})
	c.tile(programs, 0, sources, maxSource, func(uint64, uint64, uint64) {})
	c.tile(programs, 8, instructions, limits.Instructions, func(i, first, end uint64) {
		n := end - first
		c.most.Instructions = max(c.most.Instructions, n)
		charge := 3 * n
		demand(n > 0, "file: program %d: found no instructions; expected at least one", i)
		for k := first; k < end; k++ {
			in := c.entry(instructions, k)
			op, out, arg := number(in, 0, 2), number(in, 2, 2), number(in, 4, 4)
			known := op == 1 && out == 0 && arg == 0 || op == 2 && arg < n || op == 3 && arg < c.counts[classes] || op == 4 && 1 <= arg && arg <= 6
			demand(known && out < n, "file: instruction %d of program %d: found op %d, out %d, arg %d; expected one of FORMAT.md, section 5, of %d instructions and %d classes",
				k-first, i, op, out, arg, n, c.counts[classes])
			if op == 3 {
				charge += uint64(bits.Len64(number(c.entry(classes, arg), 4, 4)))
			}
		}
		c.charges = append(c.charges, charge)
	})
}

// criteria looks at each criterion, and charges what it costs.
func (c *checker) criteria() {
	c.reads = map[uint64]uint64{}
	c.tile(values, 0, pool, limits.ValueLength, func(_, first, end uint64) { c.most.ValueLength = max(c.most.ValueLength, end-first) })
	inputs, formed := c.claims.Type.Inputs, make([]bool, c.counts[values])
	declared := uint64(len(inputs))
	c.tile(criteria, 4, operands, limits.Operands, func(i, first, end uint64) {
		e, n, sum := c.entry(criteria, i), end-first, uint64(0)
		flags, op, input := e[0], int(e[1]), number(e, 2, 2)
		demand(0 < op && op < len(operators) && flags&^operators[op].flags == 0 && (op == exists) == (n == 0) && input < declared,
			"file: criterion %d: found operator %d, flags %d, %d operands, input index %d; expected those of FORMAT.md, section 5, and one of %d inputs",
			i, uint64(op), uint64(flags), n, input, declared)
		of := &operators[op]
		demand(slices.Contains(of.types, inputs[input].Type), "file: criterion %d: found operator %d on input index %d; expected one for its type", i, uint64(op), input)
		c.has[op] = true
		c.most.Operands, c.most.Inputs = max(c.most.Operands, n), max(c.most.Inputs, input+1)
		for k := first; k < end; k++ {
			o := number(c.entry(operands, k), 0, 4)
			switch {
			case flags&flagInputs != 0:
				demand(o < declared && inputs[o].Type == inputs[input].Type, "file: operand %d: found input index %d; expected one of %d, of the type of %d", k, o, declared, input)
				c.reads[o] += 0
				c.most.Inputs = max(c.most.Inputs, o+1)
			case op == regexp:
				demand(o < c.counts[programs], "file: operand %d: found program %d; there are %d", k, o, c.counts[programs])
				sum += c.charges[o]
			default:
				demand(o < c.counts[values], "file: operand %d: found value %d; there are %d", k, o, c.counts[values])
				v := c.sections[pool][number(c.entry(values, o), 0, 4):][:number(c.entry(values, o), 4, 4)]
				formed[o] = formed[o] || op == pattern && !strings.Contains(escapes.Replace(string(v)), `\`)
				demand((of.length == 0 || len(v) == of.length) && (op != pattern || formed[o]), "file: operand %d: found value %d, of %d bytes; operator %d takes another form",
					k, o, uint64(len(v)), uint64(op))
				sum += uint64(len(v))
			}
		}
		constant, perByte := 1+2*n+sum, uint64(0) // FORMAT.md, section 9
		switch {
		case flags&flagInputs != 0 && op == integerEquals:
			constant = 1 + 40*n
		case flags&flagInputs != 0:
			perByte = n
		case op == regexp:
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

// compare holds the claims against what was found. From here on they are used.
func (c *checker) compare() {
	claims, found := c.claims, &c.most
	for name, m := range map[string][3]uint64{
		"inputs": {found.Inputs, claims.Most.Inputs, uint64(len(claims.Type.Inputs))}, "words": {found.Words, claims.Most.Words, limits.Words},
		"stack": {found.Stack, claims.Most.Stack, limits.Stack}, "operands": {found.Operands, claims.Most.Operands, limits.Operands},
		"valueLength":  {found.ValueLength, claims.Most.ValueLength, limits.ValueLength},
		"instructions": {found.Instructions, claims.Most.Instructions, limits.Instructions},
	} {
		must(m[0] <= m[1] && m[1] <= m[2], "facts.most.%s: found %d; it is %d, and at most %d", name, m[1], m[0], m[2])
	}
	must(c.constant <= claims.Constant, "facts.constant: found %d; it is %d", claims.Constant, c.constant)
	for op, has := range c.has {
		must(!has || slices.Contains(claims.Operators, operators[op].name), "facts.operators: found no %q, which occurs", operators[op].name)
	}
	for i, r := range claims.Reads {
		must(r.Input < claims.Most.Inputs && (i == 0 || claims.Reads[i-1].Input < r.Input), "facts.reads[%d].input: found %d; expected ascending ones below %d", i, r.Input, claims.Most.Inputs)
		must(r.PerByte >= c.reads[r.Input], "facts.reads[%d].perByte: found %d; it is %d", i, r.PerByte, c.reads[r.Input])
		delete(c.reads, r.Input)
	}
	for input := range c.reads {
		must(false, "facts.reads: found no input index %d, which is read", input)
	}
}

// fleet holds what is claimed of the builds against their contracts.
func (c *checker) fleet(builds []build) {
	claimed, loads := map[string]*Contract{}, 0
	for i := range c.claims.Contracts {
		for _, name := range c.claims.Contracts[i].Builds {
			must(claimed[name] == nil, "facts.contracts[%d]: found build %q again", i, name)
			claimed[name] = &c.claims.Contracts[i]
		}
	}
	must(len(claimed) == len(builds), "facts.contracts: found %d builds; the fleet has %d", len(claimed), len(builds))
	for i := range builds {
		b := &builds[i]
		claim := claimed[b.Build]
		must(claim != nil, "facts.contracts: found no build %q, which is of the fleet", b.Build)
		if c.build(b, claim) {
			loads++
		}
	}
	must(loads > 0, "fleet: found no build with version %d of type %q: there is nothing to hold the file against", c.claims.Type.Version, c.claims.Type.Name)
}

// build reports whether a build loads the file, and then is safe.
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
		"build %q: found %d feeds claimed, and that it refuses the file: %v; it has %d with the type version, and refuses unknown ones: %v",
		b.Build, len(claim.Feeds), claim.Refuses, len(feeds), r.RefusesUnknownVersions)
	if claim.Refuses {
		return false
	}
	must(slices.Contains(r.Formats, "0.1"), "build %q: found formats %q; expected 0.1", b.Build, r.Formats)
	must(r.Access == "positional" || r.Access == "named", "build %q: found access %q; expected positional or named", b.Build, r.Access)
	for _, op := range c.claims.Operators {
		must(slices.Contains(r.Operators, op), "build %q: found no operator %q, which occurs", b.Build, op)
	}
	needs := map[string]uint64{
		"fileSize": uint64(len(c.file)), "instances": c.counts[instances], "criteria": c.counts[criteria], "wordsPerInstance": m.Words,
		"operandsPerCriterion": m.Operands, "valueLength": m.ValueLength, "programInstructions": m.Instructions,
	}
	for what, room := range r.Limits {
		n, known := needs[what]
		must(known && n <= room, "build %q: found a limit of %d %s; %d are needed (known: %v)", b.Build, room, what, n, known)
	}
	memory := uint64(len(c.file)) + c.counts[criteria] + 1024 + 24*m.Instructions // FORMAT.md, section 9
	must(memory <= claim.Memory && (claim.MemoryBudget == 0 || claim.Memory <= claim.MemoryBudget),
		"build %q: found %d bytes of memory claimed; %d are needed, the budget is %d (0: none)", b.Build, claim.Memory, memory, claim.MemoryBudget)
	for what, is := range r.Budget {
		must(is > 0 && (what == "memory" || what == "steps"), "build %q: found a budget of %d %s; expected more than 0, of memory or steps", b.Build, is, what)
	}
	must(claim.MemoryBudget == r.Budget["memory"] && claim.StepBudget == r.Budget["steps"], "build %q: found budgets of %d bytes and %d steps claimed; it has %v",
		b.Build, claim.MemoryBudget, claim.StepBudget, r.Budget)
	for i := range feeds {
		c.feed(b, &feeds[i], &claim.Feeds[i])
	}
	return true
}

// feed holds what is read, and what it costs, against what a feed supplies.
func (c *checker) feed(b *build, s *supply, claim *Feed) {
	name, n := fmt.Sprintf("build %q, feed %q", b.Build, s.Feed), uint64(len(s.Inputs))
	must(claim.Feed == s.Feed && claim.Supplied <= n, "%s: found %d inputs of feed %q claimed; it supplies %d", name, claim.Supplied, claim.Feed, n)
	steps, bounded := c.claims.Constant, true
	for _, r := range c.claims.Reads {
		in := c.claims.Type.Inputs[r.Input]
		longest, known := uint64(0), true // of what a named reader does not find: 0 bytes
		for i, o := range s.Inputs {
			if b.Reader.Access == "positional" && uint64(i) != r.Input || b.Reader.Access == "named" && (o.Name != in.Name || o.State == "not supplied") {
				continue
			}
			must(o.Type == in.Type, "%s: input index %d is read as %s; it is supplied as %q", name, r.Input, in.Type, o.Type)
			must(b.Reader.Access == "named" || o.State == "" || o.State == "supplied", "%s: input index %d is read; it is %s", name, r.Input, o.State)
			length := cmp.Or(map[string]uint64{"integer": 8, "address": 16}[o.Type], o.MaxLength)
			longest, known = max(longest, length), known && length > 0
		}
		must(b.Reader.Access == "named" || r.Input < claim.Supplied, "%s: input index %d is read; claimed are %d inputs, and supplied %d", name, r.Input, claim.Supplied, n)
		k := slices.IndexFunc(claim.Lengths, func(l Length) bool { return l.Input == r.Input })
		if k < 0 {
			bounded = bounded && r.PerByte == 0
			continue
		}
		length := claim.Lengths[k].Length
		must(known && longest <= length, "%s: input index %d: found %d bytes claimed; it has %d (known: %v)", name, r.Input, length, longest, known)
		over, product := bits.Mul64(r.PerByte, length)
		sum, carry := bits.Add64(steps, product, 0)
		if steps = sum; over+carry > 0 {
			steps = math.MaxUint64
		}
	}
	budget := b.Reader.Budget["steps"]
	must(claim.Steps == 0 && budget == 0 || claim.Steps > 0 && bounded && steps <= claim.Steps && (budget == 0 || claim.Steps <= budget),
		"%s: found %d steps claimed; an event can cost %d (known: %v), the budget is %d (0: none)", name, claim.Steps, steps, bounded, budget)
}
