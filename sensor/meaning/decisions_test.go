package meaning_test

import (
	"flag"
	"fmt"
	"net/netip"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/meaning"
)

var (
	decisions = flag.Int("decisions", 30_000, "compare `N` decisions of the solver with the reference")
	seed      = flag.Uint64("seed", 1, "seed of the random conditions of -decisions")
)

// A scope is all events of two inputs whose values are in a list: of the first input the first few
// values, of the second fewer. The reference decides a question by the interpreter on each of these
// events.
type scope struct {
	*generate.Scope
	first, second []interp.Value
}

func scopes() (list []*scope) {
	for _, s := range generate.Scopes() {
		list = append(list, &scope{s, s.Values[0][:min(s.Few, len(s.Values[0]))], s.Values[1][:min(12, len(s.Values[1]))]})
	}
	return list
}

// results returns for each instance of a file whether it matches, by event of the scope.
func (s *scope) results(t *testing.T, f *channelfile.File) [][]bool {
	it := interp.New(f, &sensor.Reader{Access: sensor.AccessNamed})
	results := make([][]bool, f.Instances())
	for i := range results {
		results[i] = make([]bool, s.events())
	}
	for n := range results[0] {
		if err := it.Run(s.event(n)); err != nil {
			t.Fatal(err)
		}
		for _, i := range it.Matched() {
			results[i][n] = true
		}
	}
	return results
}

// TestDecisions compares decisions of the solver with the interpreter on all events of small
// scopes. An answer that no event exists is wrong if one of the scope fits. An answer that an event
// exists comes with the event, and the interpreter must agree. Run
//
//	go test ./sensor/meaning -run Decisions -decisions 10000000 -timeout 0
//
// for a long comparison.
func TestDecisions(t *testing.T) {
	all := scopes()
	for i, s := range all {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			s.compare(t, *decisions/len(all), generate.New(*seed<<8+uint64(i)))
		})
	}
}

func (s *scope) compare(t *testing.T, n int, g *generate.Generator) {
	const perFile = 8
	counts := map[string]int{}
	done, unknown := 0, 0
	for done < n {
		var data []byte
		b := channelfile.NewBuilder(channelfile.Header{Channel: 1, Revision: 1, Type: 1, TypeVersion: 1, InputsDeclared: 2})
		for i := range perFile {
			if err := b.Add(testkit.ID(i), s.Condition(g, g.Intn(3)), nil); err != nil {
				t.Fatal(err)
			}
		}
		data, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		f := testkit.Parse(t, data)
		it := interp.New(f, &sensor.Reader{Access: sensor.AccessNamed})
		matched := func(instance int, e interp.Event) bool {
			ok, err := it.RunInstance(instance, e)
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		results := s.results(t, f)
		solver, instances := meaning.NewSolver(s.Types), meaning.NewInstances(f)
		var formulas []meaning.Formula
		for i := range f.Instances() {
			formula, ok := instances.Formula(i)
			if !ok {
				t.Fatal("a small condition has too many tests")
			}
			formulas = append(formulas, formula)
		}
		// question compares an answer to the question whether an event fits, of which found is one.
		question := func(name string, answer meaning.Answer, e interp.Event, found int, fits func(e interp.Event) bool) {
			done++
			counts[name+" "+answer.String()]++
			switch answer {
			case meaning.Yes:
				for len(e) < 2 {
					e = append(e, interp.Value{})
				}
				if !fits(e) {
					t.Fatalf("%s: yes with event %v, which does not fit:\n%s", name, describe(e), dump(f))
				}
			case meaning.No:
				if found >= 0 {
					t.Fatalf("%s: no, but event %v fits:\n%s", name, describe(s.event(found)), dump(f))
				}
			case meaning.Unknown:
				unknown++
			}
		}
		for i, formula := range formulas {
			answer, e := solver.Possible(formula)
			question("possible", answer, e, index(results[i], true), func(e interp.Event) bool { return matched(i, e) })
			if answer == meaning.Yes && !formula.Holds(e) {
				t.Fatal("a formula does not hold for its own event")
			}
			answer, e = solver.Possible(meaning.Not(formula))
			question("not always", answer, e, index(results[i], false), func(e interp.Event) bool { return !matched(i, e) })
			k := (i + 1) % len(formulas)
			answer, e = solver.Implies(formula, formulas[k])
			both := make([]bool, len(results[i]))
			for n := range both {
				both[n] = results[i][n] && !results[k][n]
			}
			switch answer { // Yes means that no event fits
			case meaning.Yes:
				answer = meaning.No
			case meaning.No:
				answer = meaning.Yes
			}
			question("not implied", answer, e, index(both, true), func(e interp.Event) bool { return matched(i, e) && !matched(k, e) })
			solver.Dead(formula, meaning.Formula{}, func(dead meaning.Alternative) {
				counts["dead"]++
				if n := s.contributes(formula, dead); n >= 0 {
					t.Fatalf("an alternative is dead, but event %v fits:\n%s", describe(s.event(n)), dump(f))
				}
			})
		}
	}
	t.Logf("%d decisions, %d unknown: %v", done, unknown, counts)
	if s.Fragment && unknown > 0 {
		t.Errorf("%d of %d questions in the fragment have no answer", unknown, done)
	}
	if unknown > done/3 {
		t.Errorf("%d of %d questions have no answer", unknown, done)
	}
	for _, name := range []string{"possible no", "possible yes", "not always no", "not always yes", "not implied no", "not implied yes", "dead"} {
		if counts[name] == 0 && n >= 2000 {
			t.Errorf("the sample has no case of %q", name)
		}
	}
}

// contributes returns an event of the scope for which an alternative and the whole formula hold, and
// for which the formula would fail if the alternative failed; or -1.
func (s *scope) contributes(f meaning.Formula, dead meaning.Alternative) int {
	without := f.Without(dead)
	for i := range s.events() {
		if e := s.event(i); f.Holds(e) && !without.Holds(e) {
			return i
		}
	}
	return -1
}

func (s *scope) events() int { return len(s.first) * len(s.second) }

func (s *scope) event(i int) interp.Event {
	return interp.Event{s.first[i/len(s.second)], s.second[i%len(s.second)]}
}

func index(list []bool, b bool) int {
	for i := range list {
		if list[i] == b {
			return i
		}
	}
	return -1
}

func describe(e interp.Event) string {
	s := ""
	for _, v := range e {
		switch v.Type {
		case sensor.TypeString:
			s += fmt.Sprintf(" %q", v.Text)
		case sensor.TypeInteger:
			s += fmt.Sprintf(" %d", v.Integer)
		case sensor.TypeAddress:
			s += fmt.Sprintf(" %v", netip.AddrFrom16(v.Address))
		default:
			s += " absent"
		}
	}
	return "{" + s + " }"
}

func dump(f *channelfile.File) string {
	s := ""
	for i := range f.Criteria() {
		c := f.Criterion(i)
		s += fmt.Sprintf("criterion %d: input %d %v flags %d", i, c.Input, c.Operator, c.Flags)
		for v := range f.OperandValues(c) {
			s += fmt.Sprintf(" %q", []byte(v))
		}
		for p := range f.OperandPrograms(c) {
			s += fmt.Sprintf(" %q", p.Source())
		}
		s += "\n"
	}
	for i := range f.Instances() {
		in := f.Instance(i)
		s += fmt.Sprintf("instance %d:", i)
		for w := in.First; w < in.First+in.Count; w++ {
			s += " (" + f.Word(w).String() + ")"
		}
		s += "\n"
	}
	return s
}
