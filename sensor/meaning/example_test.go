package meaning_test

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/meaning"
)

// A filter removes a program from any folder, and the selection asks for it in one folder. So the
// condition never holds. Without the folder in the filter it does.
func Example() {
	const image = 0
	ends := func(s string) meaning.Formula {
		return meaning.Is(meaning.Test{Field: image, Operator: channelfile.OpSuffix, Fold: true, Operand: channelfile.Value(s)})
	}
	s := meaning.NewSolver(nil) // the field is a string

	selection := ends(`\system32\cmd.exe`)
	answer, _ := s.Possible(meaning.And(selection, meaning.Not(ends(`\cmd.exe`))))
	fmt.Println("with the filter of any folder:", answer)

	answer, event := s.Possible(meaning.And(ends(`\cmd.exe`), meaning.Not(selection)))
	fmt.Printf("with the filter of one folder: %v, such as %s\n", answer, event[image].Text)

	answer, _ = s.Implies(selection, ends(`.exe`))
	fmt.Println("the selection implies an executable:", answer)
	// Output:
	// with the filter of any folder: no
	// with the filter of one folder: yes, such as \cmd.exe
	// the selection implies an executable: yes
}
