package contract

import (
	"fmt"
	"iter"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// reportOutcome reports each instance that becomes what outcome says on some
// named build, because the build never supplies an input that it reads. Says
// is the message, with a place for the rule and one for the input.
func reportOutcome(p *validate.Pass, outcome sensor.Outcome, says, fix string) {
	lacking := lackingFeeds(p)
	if len(lacking) == 0 {
		return
	}
	if p.File == nil {
		// Needs do not carry conditions, so what becomes of the rules
		// cannot be told. The worst is said, once.
		if outcome == sensor.Blind {
			reportLacking(p, lacking, fix)
		}
		return
	}
	affected := readers(p, lacking)
	var folder sensor.Folder
	var bad []*lack
	for i, is := range affected {
		if !is {
			continue
		}
		bad = bad[:0]
		for _, l := range lacking {
			if folder.Fold(p.File, i, l.missing) == outcome {
				bad = append(bad, l)
			}
		}
		if len(bad) == 0 {
			continue
		}
		p.Report(func() validate.Finding {
			var feeds []feed
			culprit := map[*sensor.Supply]int{}
			// Of several inputs the one that is read first is named, so
			// that the order of the builds does not matter.
			index, word := -1, -1
			for _, l := range bad {
				n, w := blamed(p, &folder, i, l, outcome)
				if word < 0 || w < word || w == word && n < index {
					index, word = n, w
				}
				for _, f := range l.feeds {
					culprit[f.supply] = n
				}
				feeds = append(feeds, l.feeds...)
			}
			where, in := p.LocateWord(i, word, index)
			lines := details(feeds, func(f feed) string {
				return fmt.Sprintf("%s does not supply %s: %s", f, p.Definition.Inputs[culprit[f.supply]].Name, hostsOf(p, f))
			})
			return validate.Finding{
				Where: where, Instance: in, Input: p.InputAt(index), Builds: builds(groupsOf(feeds)),
				Message: fmt.Sprintf(says, rule(in), field(p, index)+", of type "+p.Definition.Name),
				Details: lines, Fix: fix,
				Group: fmt.Sprintf("%s input %04d %s", p.Check.ID, index, strings.Join(lines, "\n")),
			}
		})
	}
}

// A lack is the feeds of named builds that do not supply the same inputs of
// those that the content reads.
type lack struct {
	inputs []int // ascending
	lacks  []bool
	feeds  []feed
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
		l := &lack{inputs, make([]bool, len(p.Definition.Inputs)), []feed{f}}
		for _, index := range inputs {
			l.lacks[index] = true
		}
		list = append(list, l)
	}
	return list
}

// readers returns for each instance whether it reads an input that some feed
// lacks.
func readers(p *validate.Pass, lacking []*lack) []bool {
	lacks := make([]bool, len(p.Definition.Inputs)) // of any
	for _, l := range lacking {
		for _, index := range l.inputs {
			lacks[index] = true
		}
	}
	criteria := make([]bool, p.File.Criteria())
	for i := range criteria {
		c := p.File.Criterion(i)
		criteria[i] = lacks[c.Input]
		for other := range p.File.OperandInputs(c) {
			criteria[i] = criteria[i] || lacks[other]
		}
	}
	affected := make([]bool, p.File.Instances())
	for i := range affected {
		in := p.File.Instance(i)
		for w := in.First; w < in.First+in.Count; w++ {
			if word := p.File.Word(w); word.IsReference() && criteria[word.Criterion()] {
				affected[i] = true
				break
			}
		}
	}
	return affected
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
func reportLacking(p *validate.Pass, lacking []*lack, fix string) {
	for i := range p.Needs.Inputs {
		need := &p.Needs.Inputs[i]
		var bad []feed
		for _, l := range lacking {
			if l.missing(need.Index) {
				bad = append(bad, l.feeds...)
			}
		}
		if len(bad) > 0 {
			reportInput(p, need, bad, func(rule string) string {
				return fmt.Sprintf("%s reads %s, of type %s, and may be blind, or match too much: needs do not say which", rule, field(p, need.Index), p.Definition.Name)
			}, details(bad, func(f feed) string { return fmt.Sprintf("%s does not supply it: %s", f, hostsOf(p, f)) }), fix)
		}
	}
}
