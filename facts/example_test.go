package facts_test

import (
	"fmt"
	"os"

	"github.com/cfcheck/cfcheck/facts"
)

func Example() {
	fmt.Println(mayLoad("none.cf", "fleet.json", "facts.json") != nil)
	// Output: true
}

// mayLoad returns the reason why a file must not be loaded with its facts, or nil.
func mayLoad(file, fleet, claims string) error {
	var docs [3][]byte
	for i, name := range []string{file, fleet, claims} {
		var err error
		if docs[i], err = os.ReadFile(name); err != nil {
			return err
		}
	}
	if err := facts.Check(docs[0], docs[1], docs[2]); err != nil {
		return fmt.Errorf("%s must not be loaded: %w", file, err)
	}
	return nil
}
