package contract

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// An outcomeReport says what a check has to say of rules that become one thing.
type outcomeReport struct {
	outcome sensor.Outcome
	// one and several say it of a rule and of several, given these, the
	// events that it is about and the input that they do not have.
	one, several string
	fix          string
}

// run reports each instance that becomes what the outcome says on the events
// of some feed, because the named build never supplies an input that it reads:
// once for each input by which it does.
func (o outcomeReport) run(p *validate.Pass) {
	lacks := lackingFeeds(p)
	if len(lacks) == 0 {
		return
	}
	if p.File == nil {
		// Needs do not carry conditions, so what becomes of the rules
		// cannot be told. The worst is said, once.
		if o.outcome == sensor.Blind {
			reportLacking(p, lacks, o.fix)
		}
		return
	}
	r := &outcomeReporter{outcomeReport: o, pass: p, lacks: lacks, groups: map[string]*outcomeGroup{}}
	r.mask()
	for i := range p.File.Instances() {
		if r.find(i); len(r.faults) > 0 {
			r.report(i)
		}
	}
}

// maxGrouped is how many findings are put into groups: more than any set of
// rules has. Of those beyond, which only a file that was made for it has, it is
// counted that they are there, and not found out whose fault they are.
const maxGrouped = 20_000

// An outcomeReporter is one check at work. What it finds out of an instance is
// kept from one to the next only as memory to be used again.
type outcomeReporter struct {
	outcomeReport
	pass   *validate.Pass
	lacks  []*lack
	folder sensor.Folder

	reads  []uint64 // of each criterion: the inputs that it reads, of those that some feed lacks
	known  []folded // of the instance
	faults []fault  // likewise
	key    []byte
	groups map[string]*outcomeGroup
}

// Which of the inputs that some feed lacks something reads is a set of 64. The
// last stands for all that have no place of their own.
const othersBit = 1 << 63

// A folded is what becomes of an instance without a set of inputs.
type folded struct {
	missing uint64
	bad     bool
	input   int // that is blamed
	word    int // that reads it
}

// A fault is that an instance is bad for a lack.
type fault struct {
	lack  int
	input int
	word  int
}

// An outcomeGroup is the findings about one input and the feeds that lack it.
type outcomeGroup struct {
	*validate.FindingGroup
	events  string
	details []string
	builds  []validate.Build
	fix     string
}

// mask gives each input that some feed lacks a place in the sets, and finds out
// which of them the criteria read.
func (r *outcomeReporter) mask() {
	f, bits := r.pass.File, make([]uint64, len(r.pass.Definition.Inputs))
	n := 0
	for _, l := range r.lacks {
		for _, index := range l.inputs {
			if bits[index] == 0 {
				bits[index] = 1 << min(n, 63)
				n++
			}
			l.mask |= bits[index]
		}
	}
	r.reads = make([]uint64, f.Criteria())
	for i := range r.reads {
		for input := range inputsOf(f, f.Criterion(i)) {
			r.reads[i] |= bits[input]
		}
	}
}

// find finds the lacks for which an instance is bad, and whose fault it is.
func (r *outcomeReporter) find(instance int) {
	r.known, r.faults = r.known[:0], r.faults[:0]
	in := r.pass.File.Instance(instance)
	var reads uint64
	for w := in.First; w < in.First+in.Count; w++ {
		if word := r.pass.File.Word(w); word.IsReference() {
			reads |= r.reads[word.Criterion()]
		}
	}
	if reads == 0 {
		return
	}
	for k, l := range r.lacks {
		missing := reads & l.mask
		if missing == 0 {
			continue
		}
		// Feeds that lack the same of what the instance reads do the same
		// to it.
		i := slices.IndexFunc(r.known, func(k folded) bool { return k.missing == missing && missing&othersBit == 0 })
		if i < 0 {
			i = len(r.known)
			r.known = append(r.known, r.fold(instance, l, missing))
		}
		if known := r.known[i]; known.bad {
			r.faults = append(r.faults, fault{k, known.input, known.word})
		}
	}
}

// fold finds out what becomes of an instance for a lack.
func (r *outcomeReporter) fold(instance int, l *lack, missing uint64) folded {
	k := folded{missing: missing, bad: r.folder.Fold(r.pass.File, instance, l.missing) == r.outcome}
	if k.bad && !r.counted() {
		k.input, k.word = blamed(r.pass, &r.folder, instance, l, r.outcome)
	}
	return k
}

// counted reports whether findings are no more than counted.
func (r *outcomeReporter) counted() bool { return r.pass.Full() && r.pass.Found() >= maxGrouped }

// report reports what was found of an instance, one finding for each input that
// is to blame.
func (r *outcomeReporter) report(instance int) {
	if r.counted() {
		r.pass.ReportMore(1)
		return
	}
	slices.SortStableFunc(r.faults, func(a, b fault) int {
		return cmp.Or(cmp.Compare(a.word, b.word), cmp.Compare(a.input, b.input))
	})
	for faults := r.faults; len(faults) > 0; {
		n := 1
		for n < len(faults) && faults[n].input == faults[0].input {
			n++
		}
		g := r.group(faults[:n])
		index, word := faults[0].input, faults[0].word
		g.Report(func() validate.Finding {
			where, in := r.pass.LocateWord(instance, word, index)
			return validate.Finding{
				Where: where, Instance: in, Input: r.pass.InputAt(index), Builds: g.builds,
				Message: fmt.Sprintf(r.one, rule(in), g.events, ofType(r.pass, index)),
				Details: g.details, Fix: g.fix,
			}
		})
		faults = faults[n:]
	}
}

// group returns the group of findings for an input and some lacks.
func (r *outcomeReporter) group(faults []fault) *outcomeGroup {
	index := faults[0].input
	r.key = binary.AppendUvarint(r.key[:0], uint64(index))
	for _, f := range faults {
		r.key = binary.AppendUvarint(r.key, uint64(f.lack))
	}
	if g := r.groups[string(r.key)]; g != nil {
		return g
	}
	p := r.pass
	var feeds []feed
	for _, f := range faults {
		feeds = append(feeds, r.lacks[f.lack].feeds...)
	}
	g := &outcomeGroup{events: eventsOf(feeds), details: lacking(p, index, feeds), builds: builds(groupsOf(feeds)), fix: instead(p, index, r.fix)}
	key := fmt.Sprintf("%s input %04d %s", p.Check.ID, index, strings.Join(g.details, "\n"))
	g.FindingGroup = p.FindingGroup(key, func(found int) validate.Summary {
		details := slices.Clone(g.details)
		if need := p.Needs.Input(index); need != nil && need.Instances > found {
			details = append(details, fmt.Sprintf("%s read it", rulesOf(p, need.Instances)))
		}
		rules := rulesOf(p, found)
		if p.Found() > maxGrouped {
			rules = "at least " + rules
		}
		return validate.Summary{
			Input: p.InputAt(index), Builds: g.builds,
			Message: fmt.Sprintf(r.several, rules, g.events, ofType(p, index)),
			Details: details, Fix: g.fix,
		}
	})
	r.groups[string(r.key)] = g
	return g
}

// ofType names an input and its type.
func ofType(p *validate.Pass, index int) string {
	return fmt.Sprintf("%s, of type %s", field(p, index), p.Definition.Name)
}

// A lack is the feeds of named builds that do not supply the same inputs of
// those that the content reads.
type lack struct {
	inputs []int // ascending
	lacks  []bool
	feeds  []feed
	mask   uint64 // the set of the inputs
}

func (l *lack) missing(index int) bool { return l.lacks[index] }

// lackingFeeds returns what the feeds of named builds lack: many builds lack
// the same, and what becomes of a rule is found out once for all of them.
func lackingFeeds(p *validate.Pass) []*lack {
	var list []*lack
	same := map[string]int{} // the lack of the same inputs
	for _, f := range feeds(p) {
		if f.positional() {
			continue
		}
		var inputs []int
		for _, need := range p.Needs.Inputs {
			if f.input(p, need.Index).State == sensor.NotSupplied {
				inputs = append(inputs, need.Index)
			}
		}
		if len(inputs) == 0 {
			continue
		}
		key := fmt.Sprint(inputs)
		if i, ok := same[key]; ok {
			list[i].feeds = append(list[i].feeds, f)
			continue
		}
		same[key] = len(list)
		l := &lack{inputs: inputs, lacks: make([]bool, len(p.Definition.Inputs)), feeds: []feed{f}}
		for _, index := range inputs {
			l.lacks[index] = true
		}
		list = append(list, l)
	}
	return list
}

// maxTried is how many inputs blamed tries, so that a finding about a rule that
// reads a thousand is not a thousand times as dear.
const maxTried = 16

// blamed returns the input by which instance i becomes what the outcome says,
// and the word that reads it: the first that is enough by itself, or else the
// first that is missing.
func blamed(p *validate.Pass, folder *sensor.Folder, i int, l *lack, outcome sensor.Outcome) (index, word int) {
	index = -1
	in := p.File.Instance(i)
	tried := map[int]bool{}  // inputs
	looked := map[int]bool{} // criteria: many words may refer to a long one
	for w := in.First; w < in.First+in.Count && len(tried) < maxTried; w++ {
		ref := p.File.Word(w)
		if !ref.IsReference() || looked[ref.Criterion()] {
			continue
		}
		looked[ref.Criterion()] = true
		c := p.File.Criterion(ref.Criterion())
		for input := range inputsOf(p.File, c) {
			if !l.missing(input) || tried[input] || len(tried) == maxTried {
				continue
			}
			tried[input] = true
			if index < 0 {
				index, word = input, w
			}
			if folder.Fold(p.File, i, func(n int) bool { return n == input }) == outcome {
				return input, w
			}
		}
	}
	return index, word
}

// inputsOf returns the inputs that a criterion reads.
func inputsOf(f *channelfile.File, c channelfile.Criterion) iter.Seq[int] {
	return func(yield func(int) bool) {
		if yield(int(c.Input)) {
			f.OperandInputs(c)(yield)
		}
	}
}

// reportLacking reports each input that is needed and that some feeds lack,
// where there are no conditions to fold.
func reportLacking(p *validate.Pass, lacks []*lack, fix string) {
	for i := range p.Needs.Inputs {
		need := &p.Needs.Inputs[i]
		var bad []feed
		for _, l := range lacks {
			if l.missing(need.Index) {
				bad = append(bad, l.feeds...)
			}
		}
		if len(bad) > 0 {
			reportInput(p, need, bad, func(rules, read string) string {
				return fmt.Sprintf("%s %s %s, and may be blind, or match too much: needs do not say which", rules, read, ofType(p, need.Index))
			}, lacking(p, need.Index, bad), instead(p, need.Index, fix))
		}
	}
}
