// Verify checks facts that cfcheck wrote against a channel file and a fleet. It links only the
// checker, for users who do not want to trust the rest of cfcheck.
//
//	go run github.com/cfcheck/cfcheck/facts/verify file.cf fleet.json facts.json
//
// The exit status is 0 if the facts hold, 1 if they do not, and 2 if an argument cannot be read.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/cfcheck/cfcheck/facts"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) != 3 {
		fmt.Fprintln(stderr, "verify: expected three arguments: a channel file, a fleet document and a facts document")
		return 2
	}
	var docs [3][]byte
	for i, name := range args {
		info, err := os.Stat(name)
		if err == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("%s: not a regular file", name) // opening a pipe would block
		}
		if err == nil {
			docs[i], err = os.ReadFile(name)
		}
		if err != nil {
			fmt.Fprintf(stderr, "verify: %v\n", err)
			return 2
		}
	}
	if err := facts.Check(docs[0], docs[1], docs[2]); err != nil {
		fmt.Fprintf(stderr, "verify: the facts do not hold: %v\n", err)
		return 1
	}
	if _, err := fmt.Fprintln(stdout, "the facts hold"); err != nil {
		return 2
	}
	return 0
}
