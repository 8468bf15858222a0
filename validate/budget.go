package validate

import (
	"cmp"
	"fmt"
	"strconv"
	"sync"
)

// DefaultMaxSteps is the number of steps that a [Budget] allows if it does not
// say otherwise. A step takes 3 to 5 nanoseconds on a core of 2025 where content is
// made to be slow, and a fraction of that for ordinary content: the default ends
// a run after about five to nine minutes of work.
const DefaultMaxSteps = 100_000_000_000

// A Budget limits the work of a run: of all subjects that are judged with it,
// together. Work is counted in steps. Running content on recorded events costs
// what FORMAT.md, section 9, charges. The other checks whose work is more than a
// few passes over the subject are charged so that a step takes about as long.
//
// Steps do not depend on the machine, so a run that is repeated ends at the same
// place. Subjects take from the budget in the order in which they are judged.
// The one that asks for more steps than are left is undecided, and so is each
// later one that asks for any.
//
// The zero Budget has the default limit. A Budget may be used by several
// goroutines; which subject runs out then depends on how they are scheduled.
type Budget struct {
	MaxSteps uint64 // 0 means DefaultMaxSteps; do not change it once the Budget is in use

	mu    sync.Mutex
	spent uint64
	over  bool
	most  cost
}

// A cost is the number of steps that one rule asked for.
type cost struct {
	steps uint64
	rule  string // and where it stands
}

// Limit returns the number of steps that the budget allows in all.
func (b *Budget) Limit() uint64 { return cmp.Or(b.MaxSteps, DefaultMaxSteps) }

// Spent returns the number of steps that were taken so far.
func (b *Budget) Spent() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.spent
}

// Left returns the number of steps that are left.
func (b *Budget) Left() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Limit() - b.spent
}

// Spend takes steps. It reports false if there are fewer: then it takes all that
// are left, and no later call gets any.
func (b *Budget) Spend(steps uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if left := b.Limit() - b.spent; steps > left || b.over && steps > 0 {
		b.spent, b.over = b.Limit(), true
		return false
	}
	b.spent += steps
	return true
}

// cost records that a rule has cost so many steps. Name is called if no rule
// before has cost as much.
func (b *Budget) cost(steps uint64, name func() string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if steps > b.most.steps {
		b.most = cost{steps, name()}
	}
}

// exceeded says that the budget is spent, which rule has cost most, and what a
// person can do.
func (b *Budget) exceeded() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := fmt.Sprintf("the run may take %s steps (--max-steps), and they are spent", grouped(b.Limit()))
	if b.most.rule != "" {
		s += fmt.Sprintf("; the most expensive is %s, which asked for %s", b.most.rule, grouped(b.most.steps))
	}
	return s + "; simplify that rule, judge fewer files or events in one run, or raise the limit"
}

// clone returns a Budget of its own with the same state.
func (b *Budget) clone() *Budget {
	b.mu.Lock()
	defer b.mu.Unlock()
	return &Budget{MaxSteps: b.MaxSteps, spent: b.spent, over: b.over, most: b.most}
}

// grouped writes a number with a comma before each three digits.
func grouped(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Spend takes steps from the budget of the run before the check does the work
// that they stand for. If it reports false, the budget is spent: the check must
// return without doing the work. The verdict on the subject is then undecided at
// best.
func (p *Pass) Spend(steps uint64) bool {
	if p.budget.Spend(steps) {
		return true
	}
	p.over = true
	return false
}

// Unfinished records that the check could not do its work to the end, and why:
// the verdict on the subject is undecided at best. The check returns after it.
func (p *Pass) Unfinished(err error) { p.unfinished = err.Error() }

// StepsLeft returns the number of steps that the budget of the run has left.
func (p *Pass) StepsLeft() uint64 { return p.budget.Left() }

// CostOf records the number of steps that a rule has cost in the check, for the
// message that names the most expensive one. Rule returns its place and its name,
// nil if the work is for no rule. It may be called after the check has returned.
func (p *Pass) CostOf(steps uint64, rule func() (Location, *Instance)) {
	if steps > p.dearest.steps {
		p.dearest = dearest{steps, rule}
	}
}

// A dearest is the most expensive rule of a subject, which has its name only if
// somebody asks for it.
type dearest struct {
	steps uint64
	rule  func() (Location, *Instance)
}

// nameDearest lets the budget know the most expensive rule of the subject.
func (p *Pass) nameDearest() {
	p.budget.cost(p.dearest.steps, func() string {
		where, in := p.dearest.rule()
		if in == nil {
			return p.Subject.Name
		}
		return ruleAt(p.Subject, where, in)
	})
}

// RuleAt names an instance of the subject, and its place, for a message.
func (p *Pass) RuleAt(where Location, in *Instance) string { return ruleAt(p.Subject, where, in) }

// ruleAt names a rule and its place for a person.
func ruleAt(s *Subject, where Location, in *Instance) string {
	name := fmt.Sprintf("instance %d", in.Index)
	switch {
	case in.Title != "":
		name = fmt.Sprintf("rule %q", in.Title)
	case in.Rule != "":
		name = "rule " + in.Rule
	}
	switch at := where.Source; {
	case at.Path != "" && at.Line > 0:
		name += fmt.Sprintf(" (%s:%d)", at.Path, at.Line)
	case at.Path != "":
		name += fmt.Sprintf(" (%s)", at.Path)
	}
	if s.Kind == KindChannelFile && s.Name != "" {
		name += " of " + s.Name
	}
	return name
}
