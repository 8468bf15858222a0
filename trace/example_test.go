package trace_test

import (
	"fmt"
	"log"

	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/trace"
)

// Find the comparison for which a rule does not match.
func ExampleRule_Tree() {
	rules, err := sigma.Parse("demo.yml", []byte(`title: Demo
logsource: {product: windows, category: process_creation}
detection:
    selection: {Image|endswith: '\demo.exe'}
    filter: {User: admin}
    condition: selection and not filter
`))
	if err != nil {
		log.Fatal(err)
	}
	d := builtin.Definitions().Newest("process_creation")
	rule, err := trace.OfRule(rules[0], d, nil)
	if err != nil {
		log.Fatal(err)
	}
	event := make(interp.Event, len(d.Inputs))
	for name, text := range map[string]string{"Image": `C:\demo.exe`, "User": "admin"} {
		i, _ := d.Input(name)
		event[i] = interp.Text(text)
	}
	root, err := rule.Tree(event)
	if err != nil {
		log.Fatal(err)
	}
	first, negated := root.First()
	fmt.Println("matches:", root.Holds)
	fmt.Println(first.Place, first.Name, first.Text, "holds:", first.Holds, "negated:", negated)
	for n, negated := range root.Reasons() {
		fmt.Println(n.Truth(negated)+":", rule.Evidence(n, event, nil))
	}
	// Output:
	// matches: false
	// demo.yml:5:14 filter User: admin holds: true negated: true
	// filter: User: admin holds, and the condition negates it: [the event has User "admin"]
}
