package structure

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// takeAgain is the advice if bytes changed after the file was written.
const takeAgain = "take the file from its source again; if it is the same there, the encoder is at fault"

// align returns the start of the section after a section that ends at n.
func align(n int) int { return (n + 7) &^ 7 }

// quote returns the first bytes of b in quotes, for a message.
//
//mutation:equivalent: only report texts depend on it
func quote(b []byte) string {
	const most = 60
	if len(b) > most {
		return fmt.Sprintf("%q and %d bytes more", b[:most], len(b)-most)
	}
	return strconv.Quote(string(b))
}

// The functions below make a message only if the report keeps the finding, because a
// file can break one requirement a million times.

func reportInstance(p *validate.Pass, i int, fix string, message func() string) {
	p.Report(func() validate.Finding {
		where, instance := p.LocateInstance(i)
		return validate.Finding{Where: where, Instance: instance, Fix: fix, Message: message()}
	})
}

func reportWord(p *validate.Pass, instance, word int, message func() string) {
	p.Report(func() validate.Finding {
		where, in := p.LocateWord(instance, word, -1)
		return validate.Finding{Where: where, Instance: in, Fix: encodeAgain, Message: message()}
	})
}

func reportCriterion(p *validate.Pass, i int, message func() string) {
	p.Report(func() validate.Finding {
		return p.At(p.File.CriterionRange(i), fmt.Sprintf("criterion[%d]", i), encodeAgain, "%s", message())
	})
}

func reportOperand(p *validate.Pass, k int, message func() string) {
	p.Report(func() validate.Finding {
		return p.At(p.File.OperandRange(k), fmt.Sprintf("operand[%d]", k), encodeAgain, "%s", message())
	})
}

// reportOrder reports entry i unless it is greater than the entry before it.
func reportOrder(p *validate.Pass, what string, i int, neighbour, entry []byte, at channelfile.Range) {
	c := bytes.Compare(neighbour, entry)
	if c < 0 {
		return
	}
	p.Report(func() validate.Finding {
		path := fmt.Sprintf("%s[%d]", what, i)
		//mutation:equivalent: only report texts depend on it
		if c == 0 {
			return p.At(at, path, encodeAgain, "%s is there twice", quote(entry))
		}
		return p.At(at, path, encodeAgain, "%s stands after %s, which is greater", quote(entry), quote(neighbour))
	})
}

// text returns the bytes of text i of the provenance, without the copy that File.Text
// makes.
func text(f *channelfile.File, i int) []byte {
	r := f.TextPoolRange(i)
	return f.Data()[r.Start:r.End]
}

// An operand is a part of a condition that leaves one result on the stack: the words
// of the file from start to end.
type operand struct {
	start, end int
	word       channelfile.Word // the last of them
}

// walkConditions calls visit for each "and" and "or" of each instance, with its operands.
// It also calls visit at the end of each instance. Last is then true, and operands are the
// results that are left on the stack.
func walkConditions(p *validate.Pass, visit func(instance int, operands []operand, op channelfile.Word, last bool)) {
	var stack []operand
	for i := range p.File.Instances() {
		in := p.File.Instance(i)
		stack = stack[:0]
		for w := in.First; w < in.First+in.Count; w++ {
			word, start := p.File.Word(w), w
			if !word.IsReference() {
				n := len(stack) - word.Operands()
				visit(i, stack[n:], word, false)
				start = stack[n].start
				stack = stack[:n]
			}
			stack = append(stack, operand{start, w + 1, word})
		}
		visit(i, stack, 0, true)
	}
}

// compareWords compares two operands as FORMAT.md sorts them.
func compareWords(f *channelfile.File, a, b operand) int {
	if c := cmp.Compare(a.end-a.start, b.end-b.start); c != 0 {
		return c
	}
	for k := range a.end - a.start {
		if c := cmp.Compare(f.Word(a.start+k), f.Word(b.start+k)); c != 0 {
			return c
		}
	}
	return 0
}

// compareCriteria compares two criteria as FORMAT.md sorts them.
func compareCriteria(f *channelfile.File, i, j int) int {
	a, b := f.Criterion(i), f.Criterion(j)
	if c := cmp.Or(
		cmp.Compare(a.Input, b.Input),
		cmp.Compare(a.Operator, b.Operator),
		cmp.Compare(a.Flags, b.Flags),
	); c != 0 {
		return c
	}
	for k := range min(a.Count, b.Count) {
		if c := cmp.Compare(f.Operand(a.First+k), f.Operand(b.First+k)); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.Count, b.Count)
}

// A simplest finds criteria that a simpler operator can express. It remembers the
// patterns that it has examined, because many criteria can share one long pattern.
type simplest struct {
	file     *channelfile.File
	patterns []uint8 // by value: 0 not examined, 1 needs a pattern, 2 has a simpler form
}

// first returns the first operand of c, counted from 0, for which a simpler operator
// has the same meaning, or -1 if there is no such operand.
func (s *simplest) first(c channelfile.Criterion) int {
	for k := range c.Count {
		if !s.operand(c, s.file.Operand(c.First+k)) {
			return k
		}
	}
	return -1
}

// operand reports whether no simpler operator has the meaning of c's operator for the
// operand.
func (s *simplest) operand(c channelfile.Criterion, operand int) bool {
	if c.Flags&channelfile.FlagInputs != 0 {
		symmetric := c.Operator == channelfile.OpEquals || c.Operator == channelfile.OpIntegerEquals
		//mutation:equivalent width#2: reading found the fault before; this only locates it
		return operand > int(c.Input) || operand < int(c.Input) && !symmetric
	}
	if c.Operator == channelfile.OpRegexp {
		return true // no other operator replaces one
	}
	switch v := s.file.Value(operand); c.Operator {
	case channelfile.OpPrefix, channelfile.OpSuffix, channelfile.OpContains:
		return len(v) > 0
	case channelfile.OpPattern:
		//mutation:equivalent: reading found the fault before; this only locates it
		if s.patterns[operand] == 0 {
			s.patterns[operand] = 1
			if channelfile.SimplerPattern(v) != "" {
				s.patterns[operand] = 2
			}
		}
		return s.patterns[operand] == 1
	case channelfile.OpIntegerRange:
		least, greatest := v.IntegerRange()
		return least < greatest
	case channelfile.OpAddressRange:
		//mutation:equivalent: reading found the fault before; this only locates it
		return bytes.Compare(v[:16], v[16:]) <= 0 // as bytes, whatever the version
	}
	return true
}

// why describes the simpler form of criterion c with an operand.
//
//mutation:equivalent: only report texts depend on it
func (s *simplest) why(c channelfile.Criterion, operand int) string {
	if c.Flags&channelfile.FlagInputs != 0 {
		if operand < int(c.Input) {
			return fmt.Sprintf("it compares input %d (index %d) with input %d (index %d); the smaller index comes first", c.Input+1, c.Input, operand+1, operand)
		}
		instead := channelfile.OpExists.String()
		if c.Operator == channelfile.OpIntegerEquals {
			instead = "the integer range of all numbers"
		}
		return fmt.Sprintf("it compares input %d (index %d) with itself, which %s says", operand+1, operand, instead)
	}
	switch v := s.file.Value(operand); c.Operator {
	case channelfile.OpPattern:
		return fmt.Sprintf("of %s, %s", quote(v), channelfile.SimplerPattern(v))
	case channelfile.OpIntegerRange:
		least, greatest := v.IntegerRange()
		if least == greatest {
			return fmt.Sprintf("a range of one number, %d, which integer equals says", least)
		}
		return fmt.Sprintf("from %d to %d is no number: it never holds", least, greatest)
	case channelfile.OpAddressRange:
		first, last := v.AddressRange()
		return fmt.Sprintf("from %v to %v is no address: it never holds", first, last)
	}
	return "an operand is empty, which exists says"
}
