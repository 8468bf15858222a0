package reference

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// WhyNot is the reference judge: it returns the first reason why a file must not ship to a
// fleet, or "". It follows FORMAT.md and the contracts, build by build, supply by supply and
// input by input. It shares no code with the gate's checks: it has no needs, no groups of
// builds and no methods of contracts. It does not judge warnings, programs that differ from
// their source, the name of the file, or names in the fleet that no definition has.
//
// Def is the definition of the file's type and version; nil means that it is unknown. Now is
// the time at which acknowledgements are checked; the zero time means that all have expired.
func WhyNot(f *channelfile.File, def *sensor.Definition, fleet *sensor.Fleet, now time.Time) string {
	j := &judge{file: f, fleet: fleet, def: def, now: now}
	return j.whyNot()
}

// Silent reports whether WhyNot does not judge the errors of the check with the given ID.
//
//mutation:equivalent comparison#2: nothing makes the judge silent or omits the fleet
func Silent(id string) bool { return id == "CF2009" || id == "CF0005" || id == "CF4002" }

// A judge is one call of WhyNot.
type judge struct {
	file  *channelfile.File
	fleet *sensor.Fleet
	def   *sensor.Definition
	now   time.Time
}

// whyNot returns the first reason, or "".
func (j *judge) whyNot() string {
	f := j.file
	switch {
	case f.Conformance() != 0:
		return "it breaks requirements of FORMAT.md"
	case f.Instances() == 0:
		return "the file has no instances"
	case j.def == nil:
		return "the type is unknown"
	case j.def.Channel != f.Header.Channel:
		return "the type is on another channel"
	case len(j.def.Inputs) != int(f.Header.InputsDeclared):
		return "the type declares another number of inputs"
	//mutation:equivalent condition: nothing makes the judge silent or omits the fleet
	case j.fleet == nil:
		return "there is no fleet"
	}
	for i := range f.Criteria() {
		if why := j.criterion(f.Criterion(i)); why != "" {
			return fmt.Sprintf("criterion %d: %s", i, why)
		}
		if why := j.reach(f.Criterion(i)); why != "" {
			return fmt.Sprintf("criterion %d: %s", i, why)
		}
	}
	addressed := 0
	for i := range j.fleet.Contracts {
		c := &j.fleet.Contracts[i]
		has := 0
		for k := range c.Supplies {
			s := &c.Supplies[k]
			if s.Type != j.def.Name || s.Version != j.def.Version {
				continue
			}
			has++
			if why := j.supply(c, s); why != "" {
				return fmt.Sprintf("build %s, supply %d: %s", c.Build, k, why)
			}
		}
		if has == 0 && c.Reader.RefusesUnknownVersions {
			continue // the build never evaluates the content
		}
		addressed++
		if has == 0 {
			return "build " + c.Build + " reads it as content of another version"
		}
		if why := j.reader(&c.Reader); why != "" {
			return fmt.Sprintf("build %s: %s", c.Build, why)
		}
	}
	if addressed == 0 {
		return "no build reads it"
	}
	return ""
}

// criterion compares a criterion with the definition.
func (j *judge) criterion(c channelfile.Criterion) string {
	of := j.def.Inputs[c.Input].Type
	switch c.Operator {
	case channelfile.OpExists:
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		if of == sensor.TypeAddress {
			return "a number is compared with an address"
		}
	case channelfile.OpAddressRange:
		if of == sensor.TypeInteger {
			return "an address is compared with a number"
		}
	default:
		if of != sensor.TypeString {
			return "a string is compared with a number or an address"
		}
	}
	if c.Flags&channelfile.FlagInputs != 0 {
		for k := range c.Count {
			//mutation:missed width: generated comparisons do not mix types after operand 256
			if other := j.file.Operand(c.First + k); j.def.Inputs[other].Type != of {
				return "inputs of two types are compared"
			}
		}
	}
	return ""
}

// reach compares the operands of a criterion with the values that the definition allows for
// the input.
func (j *judge) reach(c channelfile.Criterion) string {
	in := &j.def.Inputs[c.Input]
	if c.Flags&channelfile.FlagInputs != 0 {
		return ""
	}
	for k := range c.Count {
		n := j.file.Operand(c.First + k)
		length := 0 // minimum length of a value that contains the operand
		switch c.Operator {
		case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
			v := j.file.Value(n)
			least, greatest := int64(binary.LittleEndian.Uint64(v)), int64(binary.LittleEndian.Uint64(v[len(v)-8:]))
			if in.Least != nil && greatest < *in.Least || in.Greatest != nil && least > *in.Greatest {
				return "a number outside the range of the input"
			}
		case channelfile.OpEquals, channelfile.OpPrefix, channelfile.OpSuffix, channelfile.OpContains:
			// A rune may fold to a longer one.
			if length = len(j.file.Value(n)); c.Flags&channelfile.FlagFold != 0 {
				length = len([]rune(string(j.file.Value(n))))
			}
		case channelfile.OpRegexp:
			length = shortest(j.file.Program(n))
		}
		if in.MaxLength > 0 && length > in.MaxLength {
			return "a text longer than the maximum length of the input"
		}
	}
	return ""
}

// shortest returns the number of runes on the shortest path of a program from its start to a
// match, or 0 if there is no path. It shortens paths until no path gets shorter.
func shortest(p channelfile.Program) int {
	ways := make([]int, p.Len()) // shortest path to each instruction
	far := len(ways)             // longer than any path
	for i := 1; i < len(ways); i++ {
		ways[i] = far
	}
	for shorter := true; shorter; {
		shorter = false
		lead := func(to uint32, runes int) {
			if runes < ways[to] {
				ways[to], shorter = runes, true
			}
		}
		for i, runes := range ways {
			switch in := p.Inst(i); in.Op {
			case channelfile.InstSplit:
				lead(in.Out, runes)
				lead(in.Arg, runes)
			case channelfile.InstAssert:
				lead(in.Out, runes)
			case channelfile.InstRunes:
				if p.Ranges(in.Arg) > 0 {
					lead(in.Out, runes+1)
				}
			}
		}
	}
	least := far
	for i, runes := range ways {
		if p.Inst(i).Op == channelfile.InstMatch {
			least = min(least, runes)
		}
	}
	if least == far {
		return 0
	}
	return least
}

// reader compares the file with the abilities of a build's reader.
func (j *judge) reader(r *sensor.Reader) string {
	f := j.file
	if !slices.Contains(r.Formats, "1.0") {
		return "it does not read version 1.0"
	}
	words, operands, length := 0, 0, 0
	for i := range f.Instances() {
		words = max(words, f.Instance(i).Count)
	}
	for i := range f.Criteria() {
		c := f.Criterion(i)
		operands = max(operands, c.Count)
		if !slices.Contains(r.Operators, c.Operator) {
			return "it lacks the operator " + c.Operator.String()
		}
	}
	for i := range f.Values() {
		length = max(length, len(f.Value(i)))
	}
	program := 0
	for i := range f.Programs() {
		program = max(program, f.Program(i).Len())
	}
	for _, l := range []struct {
		what string
		have int
		most uint64
	}{
		{"bytes", len(f.Data()), r.Limits.FileSize},
		{"instances", f.Instances(), r.Limits.Instances},
		{"criteria", f.Criteria(), r.Limits.Criteria},
		{"words", words, r.Limits.WordsPerInstance},
		{"operands", operands, r.Limits.OperandsPerCriterion},
		{"bytes of a value", length, r.Limits.ValueLength},
		{"instructions", program, r.Limits.ProgramInstructions},
		{"revisions", int(f.Header.Revision), r.Limits.Revision},
		{"bytes of memory", len(f.Data()) + f.Criteria() + 1024 + 24*program, r.Budget.Memory},
	} {
		if l.most != 0 && uint64(l.have) > l.most {
			return fmt.Sprintf("it has room for %d %s (want %d)", l.most, l.what, l.have)
		}
	}
	return ""
}

// supply compares the file with the inputs that a build gets from one feed.
func (j *judge) supply(c *sensor.Contract, s *sensor.Supply) string {
	read := map[int]bool{}
	for i := range j.file.Criteria() {
		cr := j.file.Criterion(i)
		//mutation:missed: it takes a gap in an array that only an operand reads
		read[int(cr.Input)] = true
		//mutation:missed condition: it takes a gap in an array that only an operand reads
		if cr.Flags&channelfile.FlagInputs != 0 {
			for k := range cr.Count {
				//mutation:missed: it takes a gap in an array that only an operand reads
				read[j.file.Operand(cr.First+k)] = true
			}
		}
	}
	positional := c.Reader.Access != sensor.AccessNamed
	given := func(i int) *sensor.SuppliedInput {
		if positional {
			if i < len(s.Inputs) {
				return &s.Inputs[i]
			}
			return nil
		}
		for k := range s.Inputs {
			if s.Inputs[k].Name == j.def.Inputs[i].Name {
				return &s.Inputs[k]
			}
		}
		return nil
	}
	//mutation:equivalent condition, width: another check detects the same, on purpose
	if positional && int(j.file.Header.InputsRead) > len(s.Inputs) {
		return fmt.Sprintf("%d inputs are read, but only %d supplied", j.file.Header.InputsRead, len(s.Inputs))
	}
	for i, declared := range j.def.Inputs {
		in := given(i)
		there := in != nil && (in.State == sensor.StateSupplied || in.State == sensor.StateConstant)
		switch {
		case positional && !there && read[i]:
			return fmt.Sprintf("input index %d is read and may not be supplied", i)
		case positional && !there && !j.acknowledged(s, i):
			return fmt.Sprintf("input index %d is declared and may not be supplied", i)
		case in == nil || in.State == sensor.StateNotSupplied:
		case in.Type != declared.Type:
			return fmt.Sprintf("input index %d has type %v (want %v)", i, in.Type, declared.Type)
		case positional && in.Name != declared.Name:
			return fmt.Sprintf("input index %d is %s (want %s)", i, in.Name, declared.Name)
		}
	}
	return j.steps(c, given)
}

func (j *judge) acknowledged(s *sensor.Supply, input int) bool {
	for _, a := range s.Acknowledged {
		if a.Input == input {
			// The first acknowledgement of an input counts; a contract has at most one.
			end := time.Date(a.Until.Year, a.Until.Month, a.Until.Day, 24, 0, 0, 0, time.UTC)
			return !j.now.IsZero() && j.now.Before(end)
		}
	}
	return false
}

// steps computes the charge of FORMAT.md, section 9, without overflow.
func (j *judge) steps(c *sensor.Contract, given func(int) *sensor.SuppliedInput) string {
	if c.Reader.Budget.Steps == 0 {
		return ""
	}
	f := j.file
	sum := big.NewInt(int64(f.Words() + f.Instances()))
	for i := range f.Criteria() {
		cr := f.Criterion(i)
		// The maximum length of the input; -1 means that it is unknown.
		longest := int64(0)
		switch in := given(int(cr.Input)); {
		case in == nil || in.State == sensor.StateNotSupplied:
		//mutation:equivalent condition: no operator for numbers or addresses asks for the length
		case in.Type == sensor.TypeInteger:
			longest = 8
		//mutation:equivalent condition: no operator for numbers or addresses asks for the length
		case in.Type == sensor.TypeAddress:
			longest = 16
		case in.State == sensor.StateConstant:
			for _, v := range in.Values {
				longest = max(longest, int64(len(v)))
			}
		case in.MaxLength == 0 && in.CutAt == 0:
			longest = -1
		case in.CutAt == 0:
			longest = int64(in.MaxLength)
		case in.MaxLength == 0:
			longest = int64(in.CutAt)
		default:
			longest = int64(min(in.MaxLength, in.CutAt))
		}
		constant, each := charge(f, cr)
		if each > 0 && longest < 0 {
			return fmt.Sprintf("the cost of criterion %d has no bound", i)
		}
		sum.Add(sum, big.NewInt(constant))
		sum.Add(sum, new(big.Int).Mul(big.NewInt(each), big.NewInt(longest)))
	}
	if budget := new(big.Int).SetUint64(c.Reader.Budget.Steps); sum.Cmp(budget) > 0 {
		return fmt.Sprintf("it costs %v steps of %v", sum, budget)
	}
	return ""
}

// Uncollected returns the builds that supply a type version, and whose hosts do not record all
// events of any feed. The value is CollectedSome if the hosts record some events of a feed, and
// CollectedNone otherwise. A feed without a statement counts as one whose events are all recorded.
func Uncollected(def *sensor.Definition, fleet *sensor.Fleet) map[string]sensor.Collected {
	builds := map[string]sensor.Collected{}
	for _, c := range fleet.Contracts {
		feeds := map[sensor.Collected]int{}
		for _, s := range c.Supplies {
			if s.Type == def.Name && s.Version == def.Version {
				feeds[s.Collected.Events]++
			}
		}
		switch {
		case len(feeds) == 0 || feeds[sensor.CollectedAll]+feeds[sensor.CollectedUnknown] > 0:
		case feeds[sensor.CollectedSome] > 0:
			builds[c.Build] = sensor.CollectedSome
		default:
			builds[c.Build] = sensor.CollectedNone
		}
	}
	return builds
}
