// Verify holds facts that cfcheck wrote against a channel file and a fleet. It
// links the checker and nothing else of cfcheck, for who wants to trust no more
// than that.
//
//	go run github.com/cfcheck/cfcheck/facts/verify file.cf fleet.json facts.json
//
// Exit status: 0 the facts hold; 1 they do not; 2 something could not be read.
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
		fmt.Fprintln(stderr, "verify: name a channel file, the document of a fleet and one of facts, in this order")
		return 2
	}
	var docs [3][]byte
	for i, name := range args {
		info, err := os.Stat(name)
		if err == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("%s: not a regular file", name) // opening a pipe would wait
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
