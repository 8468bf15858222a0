package behaviour

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
)

// supplied are the checks that find the same faults from needs and contracts:
// inputs-supplied, input-type, supply-known, step-budget, memory-budget.
var supplied = []string{"CF3001", "CF3003", "CF3004", "CF3009", "CF3010"}

// runsWithoutFault is CF5001.
var runsWithoutFault = &validate.Check{
	ID:   "CF5001",
	Name: "runs-without-fault",
	Doc: `each instance runs without a fault in the interpreter of each build

The instances that stopped 8.5 million machines in July 2024 had never run in
the interpreter. A validator had looked at them, and the tests had used
wildcards for the 21st input. This check runs each instance for each distinct
contract, on events made for it: one event that it matches, and for each
criterion one event that satisfies it and one that just fails it. The
interpreter of the gate checks each access, which a sensor may not do.
The work for one file has a limit, in proportion to the size of the file. If
some instances were not run, the verdict is undecided.

Correct the rule or the contract, whichever is wrong. The checks of family CF3
find the same faults first, from needs and contracts. A finding of this check
is therefore also a fault of cfcheck: please report it.`,
	Uses:     validate.UsesFile | validate.UsesNeeds | validate.UsesFleet | validate.UsesDefinition,
	Firm:     true,
	Requires: slices.Concat(typed, supplied),
	Run: func(p *validate.Pass) {
		//mutation:equivalent condition: another check detects the same, on purpose
		if p.File.Header.Type != p.Definition.Number {
			return
		}
		u := runnerOf.Get(p)
		//mutation:equivalent: generated files never reach this limit of work
		own := workAtLeast + workPerByte*uint64(len(p.File.Data()))
		limit := min(own, p.StepsLeft()/stepsPerWork)
		u.synthesizer.Limit(limit)
		start := u.synthesizer.Work()
		var most cleanRun
		cut := false // whether some instances were not run
		u.each(p, func(r *run, key []byte) {
			c, ok := u.clean[string(key)]
			//mutation:equivalent: the slow path gives the same result
			if ok {
				// Count the work again, so that the verdict on a fleet does not
				// depend on the fleets judged before it.
				u.synthesizer.Spend(c.work)
				cut = cut || u.synthesizer.Work()-start > limit
			} else {
				before := u.synthesizer.Work()
				ended := u.runAll(p, r, &c)
				cut = cut || ended == byLimit
				//mutation:equivalent condition: the slow path gives the same result
				if c.work = u.synthesizer.Work() - before; ended == clean {
					u.clean[string(key)] = c
				}
			}
			//mutation:equivalent: only the message about a spent budget depends on it
			if c.most > most.most {
				most = c
			}
		})
		dearest := func() (validate.Location, *validate.Instance) { return p.LocateInstance(most.dearest) }
		//mutation:equivalent: only the message about a spent budget depends on it
		p.CostOf(most.most*stepsPerWork, dearest)
		work := u.synthesizer.Work() - start
		//mutation:missed width: TestBudget or budget.txtar detects it
		if p.Spend(work*stepsPerWork) && cut { // false if the budget has less left
			p.Unfinished(fmt.Errorf("running the content takes more than %d million units of work and %d a byte of the file; the most expensive is %s; simplify that rule",
				workAtLeast/1_000_000, workPerByte, p.RuleAt(dearest())))
		}
	},
}

// The limit of the work for one file is workAtLeast, plus workPerByte for each byte, in
// units of the synthesizer's work. The most expensive files of published rules take a
// sixth of workPerByte. An instance with the largest number of words that the format
// allows takes less than workAtLeast.
const (
	workAtLeast = 250_000_000
	workPerByte = 50
)

// stepsPerWork is the charge for one unit of the synthesizer's work, in steps of the
// run's budget. For hostile content a unit takes up to 15 nanoseconds. A step takes 3
// to 5.
const stepsPerWork = 4

// An ending is the way in which a run ended.
type ending int

const (
	clean   ending = iota // all instances were run, without a fault
	byFault               // a fault was reported
	byLimit               // the limit of the work was reached
)

// runAll runs all instances as the builds of one run do. It runs all criteria on one event
// that has every input, and then each instance on its own events. It stops at the limit of
// the work. It records the most expensive instance in c.
//
//mutation:equivalent `if ok`, `if ended != clean`: another check detects the same, on purpose
func (u *runner) runAll(p *validate.Pass, r *run, c *cleanRun) ending {
	synthesizer := u.synthesizer
	it := synthesizer.Interpreter()
	// Without limits, because CF3009 and CF3010 compare the budgets.
	it.As(&sensor.Reader{Access: r.cohort.Contract.Reader.Access})
	trials := interp.NewTrials(synthesizer, len(r.inputs), r.handValue)
	err := trials.RunFilled()
	if fault, ok := errors.AsType[*interp.Fault](err); ok {
		report(p, r, instanceOf(p.File, fault.Criterion), fault)
		return byFault
	}
	before := synthesizer.Work()
	for i, ran := range trials.All() {
		ended := clean
		if !ran {
			ended = u.runEvents(p, r, i)
		}
		work := synthesizer.Work()
		//mutation:equivalent: only the message about a spent budget depends on it
		if work-before > c.most {
			c.most, c.dearest = work-before, i
		}
		before = work
		if ended != clean {
			return ended
		}
	}
	//mutation:equivalent condition: the slow path gives the same result
	if err != nil {
		return byLimit
	}
	return clean
}

// runEvents runs instance i on one event after the other.
//
//mutation:equivalent `if ok`: another check detects the same, on purpose
func (u *runner) runEvents(p *validate.Pass, r *run, i int) ending {
	it, ended := u.synthesizer.Interpreter(), byLimit
	if u.synthesizer.Events(i, len(r.inputs), func(e interp.Event) bool {
		r.hand(e)
		_, err := it.RunInstance(i, e)
		fault, ok := errors.AsType[*interp.Fault](err)
		if ok {
			report(p, r, i, fault)
			ended = byFault
		}
		return !ok
	}) {
		return clean
	}
	return ended
}

// instanceOf returns the first instance that refers to a criterion, or 0 if no instance
// does.
//
//mutation:equivalent: only report texts depend on it
func instanceOf(f *channelfile.File, criterion int) int {
	for i := range f.Instances() {
		in := f.Instance(i)
		for w := in.First; w < in.First+in.Count; w++ {
			if word := f.Word(w); word.IsReference() && word.Criterion() == criterion {
				return i
			}
		}
	}
	return 0
}

// report reports a fault of instance i.
//
//mutation:equivalent: only report texts depend on it
func report(p *validate.Pass, r *run, i int, fault *interp.Fault) {
	r.cohort.Blame()
	p.Report(func() validate.Finding {
		where, in := p.LocateInstance(i)
		f := validate.Finding{
			Where: where, Instance: in, Builds: r.cohort.Builds,
			Message: "the instance faults when it runs: " + fault.Error(),
			Details: []string{"build " + r.cohort.Builds[0].Name + " hands over the inputs that its contract states"},
			Fix:     "correct the rule, or hold the content back from these builds",
		}
		if fault.Input < 0 {
			return f
		}
		f.Input = p.InputAt(fault.Input)
		for w := p.File.Instance(i).First; w < p.File.Instance(i).First+p.File.Instance(i).Count; w++ {
			if word := p.File.Word(w); word.IsReference() && word.Criterion() == fault.Criterion {
				f.Where, f.Instance = p.LocateWord(i, w, fault.Input)
				break
			}
		}
		return f
	})
}
