package contract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// reportOutcome reports each instance that becomes what outcome says on some
// named build, because the build never supplies an input that it reads.
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
	for i, is := range affected {
		if !is {
			continue
		}
		var bad []feed
		for _, l := range lacking {
			if folder.Fold(p.File, i, l.missing) == outcome {
				bad = append(bad, l.feed)
			}
		}
		if len(bad) == 0 {
			continue
		}
		groups := groupsOf(bad)
		all := builds(p, groups)
		p.Report(func() validate.Finding {
			index, word := missingInput(p, i, lacking, bad[0])
			where, in := p.LocateWord(i, word, index)
			var details []string
			for _, f := range bad {
				details = append(details, fmt.Sprintf("%s does not supply %s: %s", f, p.Definition.Inputs[index].Name, hosts(p, groupsOf([]feed{f}))))
			}
			return validate.Finding{
				Where: where, Instance: in, Input: p.InputAt(index), Builds: all,
				Message: fmt.Sprintf("%s %s %s of type %s", rule(in), says, field(p, index), p.Definition.Name),
				Details: details, Fix: fix,
				Group: fmt.Sprintf("%s input %04d %s", p.Check.ID, index, strings.Join(details, "\n")),
			}
		})
	}
}

// A lack is a feed of a named build with the inputs that the content reads and
// the feed does not supply.
type lack struct {
	feed
	inputs []int
}

func (l lack) missing(index int) bool { return slices.Contains(l.inputs, index) }

func lackingFeeds(p *validate.Pass) []lack {
	var list []lack
	for _, f := range feeds(p) {
		if f.positional() {
			continue
		}
		l := lack{feed: f}
		for _, need := range p.Needs.Inputs {
			if f.input(p, need.Index).State == sensor.NotSupplied {
				l.inputs = append(l.inputs, need.Index)
			}
		}
		if len(l.inputs) > 0 {
			list = append(list, l)
		}
	}
	return list
}

// readers returns for each instance whether it reads an input that some feed
// lacks.
func readers(p *validate.Pass, lacking []lack) []bool {
	criteria := make([]bool, p.File.Criteria())
	for i := range criteria {
		c := p.File.Criterion(i)
		for _, l := range lacking {
			criteria[i] = criteria[i] || l.missing(int(c.Input))
			for other := range p.File.OperandInputs(c) {
				criteria[i] = criteria[i] || l.missing(other)
			}
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

// missingInput returns the first input that instance i reads and a feed lacks,
// and the word that reads it.
func missingInput(p *validate.Pass, i int, lacking []lack, f feed) (index, word int) {
	at := slices.IndexFunc(lacking, func(l lack) bool { return l.feed == f })
	in := p.File.Instance(i)
	for w := in.First; w < in.First+in.Count; w++ {
		if !p.File.Word(w).IsReference() {
			continue
		}
		c := p.File.Criterion(p.File.Word(w).Criterion())
		if lacking[at].missing(int(c.Input)) {
			return int(c.Input), w
		}
		for other := range p.File.OperandInputs(c) {
			if lacking[at].missing(other) {
				return other, w
			}
		}
	}
	return lacking[at].inputs[0], in.First
}

// reportLacking reports each input that is needed and that some feeds lack,
// where there are no conditions to fold.
func reportLacking(p *validate.Pass, lacking []lack, fix string) {
	for i := range p.Needs.Inputs {
		need := &p.Needs.Inputs[i]
		var bad []feed
		var details []string
		for _, l := range lacking {
			if l.missing(need.Index) {
				bad = append(bad, l.feed)
				details = append(details, fmt.Sprintf("%s does not supply it: %s", l.feed, hosts(p, groupsOf([]feed{l.feed}))))
			}
		}
		if len(bad) > 0 {
			reportInput(p, need, bad, func(rule string) string {
				return fmt.Sprintf("%s reads %s of type %s, and may be blind, or match too much; needs do not say which", rule, field(p, need.Index), p.Definition.Name)
			}, details, fix)
		}
	}
}
