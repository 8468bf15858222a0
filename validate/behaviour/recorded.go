package behaviour

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// matches runs the content on recorded events, in a reader that finds inputs by
// name, and reports each instance that matches any: how many, and the first.
func matches(p *validate.Pass, recorded *validate.Recorded, report func(instance int, n uint64, first string)) {
	it := sensor.NewInterpreter(p.File, &sensor.Reader{Access: sensor.Named})
	counts := make([]uint64, p.File.Instances())
	first := make([]string, len(counts))
	for where, e := range recorded.Events(p.Definition) {
		if it.Run(e) != nil {
			continue // without a budget, and with the types that are declared, there is no fault
		}
		for _, i := range it.Matched() {
			if counts[i]++; counts[i] == 1 {
				first[i] = where()
			}
		}
	}
	for i, n := range counts {
		if n > 0 {
			report(i, n, first[i])
		}
	}
}

func count(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// rule names an instance for a person.
func rule(in *validate.Instance) string {
	switch {
	case in.Title != "":
		return fmt.Sprintf("rule %q", in.Title)
	case in.Rule != "":
		return "rule " + in.Rule
	}
	return fmt.Sprintf("instance %d", in.Index)
}
