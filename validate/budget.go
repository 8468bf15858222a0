package validate

import (
	"cmp"
	"fmt"
	"sync"

	"github.com/cfcheck/cfcheck/internal/numeral"
)

// DefaultMaxSteps is the default limit of a [Budget], in steps. On a core of 2025 a step of
// hostile content takes 3 to 5 nanoseconds, so the default ends such a run after five to
// nine minutes. A step of ordinary content takes a tenth of that.
const DefaultMaxSteps = 100_000_000_000

// A Budget limits the work of a run, for all subjects that share it. It counts work in
// steps. Content that runs on recorded events costs the charge of FORMAT.md, section 9.
// Other checks that do more than a few passes over the subject are charged so that a step
// takes about the same time.
//
// Steps do not depend on the machine, so a repeated run ends at the same place. Subjects
// take steps in the order in which they are judged. If a subject asks for more steps than
// are left, its verdict is undecided, and so is the verdict of each later subject that
// asks for a step.
//
// The zero Budget has the default limit. Several goroutines may use a Budget at the same
// time. Their scheduling then decides which subject exceeds it.
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
	rule  string // name and place
}

// Limit returns the total number of steps that the budget allows.
func (b *Budget) Limit() uint64 { return cmp.Or(b.MaxSteps, DefaultMaxSteps) }

// Spent returns the number of steps taken so far.
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

// Spend takes steps from the budget. If fewer steps are left, it takes all of them and
// returns false. Later calls for steps then also return false.
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

// cost records the cost of a rule in steps. It calls name only if no earlier rule cost as
// much.
func (b *Budget) cost(steps uint64, name func() string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if steps > b.most.steps {
		b.most = cost{steps, name()}
	}
}

// exceeded returns the message that the budget is spent, with the most expensive rule and
// the advice.
func (b *Budget) exceeded() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := fmt.Sprintf("the run has used all of its %s steps (--max-steps)", numeral.Thousands(b.Limit()))
	if b.most.rule != "" {
		s += fmt.Sprintf("; the most expensive is %s with %s steps", b.most.rule, numeral.Thousands(b.most.steps))
	}
	return s + "; simplify that rule, judge fewer files or events in one run, or raise the limit"
}

// clone returns a separate Budget with the same state.
func (b *Budget) clone() *Budget {
	b.mu.Lock()
	defer b.mu.Unlock()
	return &Budget{MaxSteps: b.MaxSteps, spent: b.spent, over: b.over, most: b.most}
}

// Spend takes steps from the budget of the run. Call it before the work that the steps
// stand for. If their number is only known afterwards, call it after each small part of
// the work. If it returns false, the budget is spent, and the check must return without
// further work. The subject is then not accepted.
func (p *Pass) Spend(steps uint64) bool {
	if p.budget.Spend(steps) {
		return true
	}
	p.over = true
	return false
}

// Unfinished records the reason why the check could not finish. The subject is then not
// accepted. The check must return after the call.
func (p *Pass) Unfinished(err error) { p.unfinished = err.Error() }

// StepsLeft returns the number of steps that are left in the budget of the run.
func (p *Pass) StepsLeft() uint64 { return p.budget.Left() }

// CostOf records the cost of a rule in the check, in steps, for the message that names the
// most expensive rule. Rule returns the place and the instance of the rule, or a nil
// Instance if the work belongs to no rule. It can be called after the check returned.
func (p *Pass) CostOf(steps uint64, rule func() (Location, *Instance)) {
	if steps > p.dearest.steps {
		p.dearest = dearest{steps, rule}
	}
}

// A dearest is the most expensive rule of a subject. Its name is computed only if a
// message needs it.
type dearest struct {
	steps uint64
	rule  func() (Location, *Instance)
}

// nameDearest records the most expensive rule of the subject in the budget.
func (p *Pass) nameDearest() {
	p.budget.cost(p.dearest.steps, func() string {
		where, in := p.dearest.rule()
		if in == nil {
			return p.Subject.Name
		}
		return ruleAt(p.Subject, where, in)
	})
}

// RuleAt returns the name and the place of an instance of the subject, for messages.
func (p *Pass) RuleAt(where Location, in *Instance) string { return ruleAt(p.Subject, where, in) }

// ruleAt returns the name and the place of a rule, for messages.
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
