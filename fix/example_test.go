package fix_test

import (
	"fmt"
	"log"

	"github.com/cfcheck/cfcheck/fix"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// Make the safe corrections of a rule.
func Example() {
	text := []byte(`title: Demo # stays
status: Test
logsource: {product: windows, category: process_creation}
detection:
    selection: {NewProcessName: 'C:\demo.exe'}
    condition: selection
`)
	var safe []fix.Edit
	for _, e := range fix.File("demo.yml", text, fix.Options{Definitions: builtin.Definitions()}) {
		fmt.Printf("line %d: %s (%s, safe: %v)\n", e.Line, e.Title, e.Kind, e.Safe)
		if e.Safe {
			safe = append(safe, e)
		}
	}
	corrected, err := fix.Apply(text, safe)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", corrected[:33])
	// Output:
	// line 2: write test (status, safe: true)
	// line 5: write Image (raw-field, safe: false)
	// title: Demo # stays
	// status: test
}
