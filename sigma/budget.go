package sigma

import (
	"cmp"
	"fmt"
)

// A Budget limits the cost of all rules of one run, so that many small files
// cannot cost more than one large file may. Give the same Budget to a [Loader]
// and to [Build]. Memory is charged before it is allocated, except for the
// memory of the one file that is being read. Once a Budget is spent, each
// function that needs it fails with a [*BudgetError].
//
// A Budget must not be used by several goroutines at once.
type Budget struct {
	limit, spent cost
	top          costly
	err          *BudgetError
}

// A cost is the amount of each resource that a rule uses.
type cost struct {
	// Number of values after modifiers and placeholders. A field, a rule and an
	// error count as several values.
	values int
	bytes  int // bytes of values and of compiled regular expressions
	// Uses of values by conditions, instructions of compiled regular
	// expressions, and comparisons of names.
	steps int
}

func (c *cost) add(d cost) {
	c.values += d.values
	c.bytes += d.bytes
	c.steps += d.steps
}

// A rule, a field and an error each count as several values, in proportion to
// the memory that they take.
const (
	ruleValues  = 8
	fieldValues = 2
	errorValues = 4
)

// A costly rule is the most expensive rule so far.
type costly struct {
	name string
	Position
	title string
	spent cost
	share float64 // largest share of a resource that the rule takes
}

// NewBudget returns a budget whose limits are BudgetValues, BudgetBytes and
// BudgetSteps, each multiplied by times. A value of times below 1 counts as 1,
// and a value above MaxBudgetTimes counts as MaxBudgetTimes.
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

// spend charges a rule and reports whether the budget was sufficient. A nil
// Budget has no limit.
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

// share returns the largest share of a resource that a cost takes from the
// budget.
func (b *Budget) share(c cost) float64 {
	of := func(spent, limit int) float64 { return float64(spent) / float64(max(limit, 1)) }
	return max(of(c.values, b.limit.values), of(c.bytes, b.limit.bytes), of(c.steps, b.limit.steps))
}

// A BudgetError reports that the rules of a run cost more than its [Budget].
// Compilation stopped, so it says nothing about whether the rules are correct.
type BudgetError struct {
	Resource string // "values", "bytes" or "steps"
	Limit    int    // limit of the run

	// The most expensive rule, and the amount of the resource that it takes.
	Name string // name of its file
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
	return fmt.Sprintf("compiling the rules of this run takes more than the budget of %s %s; the most expensive rule is %s:%d:%d%s, which takes %s: %s, split the run, or raise the budget with --compile-budget",
		count(e.Limit), e.Resource, e.Name, e.Line, e.Column, title, count(e.Spent), advice)
}
