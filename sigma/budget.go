package sigma

import (
	"cmp"
	"fmt"
)

// A Budget limits what all rules of one run may cost, so that many small files
// cannot take what one large file may not. Give the same Budget to a [Loader]
// and to [Build]. Memory is charged before it is allocated, apart from that of
// the one file that is being read. Once a Budget is spent, whatever needs it
// fails with its [BudgetError].
//
// A Budget must not be used by several goroutines at once.
type Budget struct {
	limit, spent cost
	top          costly
	err          *BudgetError
}

// A cost is what a rule takes.
type cost struct {
	values int // values, after modifiers and placeholders; fields, rules and errors count for several
	bytes  int // of values and of regular expressions' programs
	steps  int // uses of values by conditions, instructions of programs, comparisons of names
}

func (c *cost) add(d cost) {
	c.values += d.values
	c.bytes += d.bytes
	c.steps += d.steps
}

// The values that other things count for, after the memory that they take.
const (
	ruleValues  = 8
	fieldValues = 2
	errorValues = 4
)

// A costly rule is the most expensive one so far.
type costly struct {
	name string
	Position
	title string
	spent cost
	share float64 // of the resource of which it takes most
}

// NewBudget returns a budget of the given number of times BudgetValues,
// BudgetBytes and BudgetSteps.
func NewBudget(times int) *Budget {
	times = min(max(times, 1), MaxBudgetTimes)
	return &Budget{limit: cost{times * BudgetValues, times * BudgetBytes, times * BudgetSteps}}
}

// Err returns a [*BudgetError] if the budget is spent, else nil.
func (b *Budget) Err() error {
	if b == nil || b.err == nil {
		return nil
	}
	return b.err
}

// spend charges a rule, and reports whether the budget had enough. A nil
// Budget always has.
func (b *Budget) spend(r *Rule, c cost) bool {
	if b == nil {
		return true
	}
	if b.err != nil {
		return false
	}
	b.spent.add(c)
	r.spent.add(c)
	if share := b.share(r.spent); share > b.top.share {
		b.top = costly{r.Name, r.Position, r.Title.Value, r.spent, share}
	}
	for _, resource := range []struct {
		name                string
		spent, limit, ofTop int
	}{
		{"values", b.spent.values, b.limit.values, b.top.spent.values},
		{"bytes", b.spent.bytes, b.limit.bytes, b.top.spent.bytes},
		{"steps", b.spent.steps, b.limit.steps, b.top.spent.steps},
	} {
		if resource.spent > resource.limit {
			b.err = &BudgetError{Resource: resource.name, Limit: resource.limit, Name: b.top.name, Position: b.top.Position, Title: b.top.title, Spent: resource.ofTop}
			return false
		}
	}
	return true
}

// share returns the share of the budget that a cost takes of the resource of
// which it takes most.
func (b *Budget) share(c cost) float64 {
	of := func(spent, limit int) float64 { return float64(spent) / float64(max(limit, 1)) }
	return max(of(c.values, b.limit.values), of(c.bytes, b.limit.bytes), of(c.steps, b.limit.steps))
}

// A BudgetError says that the rules of a run cost more than its [Budget].
// Nothing is known of the rules then, neither good nor bad.
type BudgetError struct {
	Resource string // "values", "bytes" or "steps"
	Limit    int    // of the run

	// The most expensive rule, and what it takes of the resource.
	Name string // of the file
	Position
	Title string
	Spent int
}

func (e *BudgetError) Error() string {
	title := ""
	if e.Title != "" {
		title = " (" + quote(e.Title) + ")"
	}
	advice := cmp.Or(map[string]string{
		"values": "write fewer values, or fewer dashes and placeholders in one value",
		"bytes":  "write fewer and shorter values and regular expressions",
		"steps":  "use its searches less often in the condition, and smaller repetitions in its regular expressions",
	}[e.Resource], "simplify it")
	return fmt.Sprintf("compiling the rules of this run takes more than %s %s, its budget; the most expensive rule is %s:%d:%d%s, with %s of them: %s, split the run, or raise the budget by --compile-budget",
		count(e.Limit), e.Resource, e.Name, e.Line, e.Column, title, count(e.Spent), advice)
}
