package outcome_test

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/outcome"
)

// A build that does not supply the user loses the exclusion of SYSTEM.
func ExampleFolder() {
	b := channelfile.NewBuilder(channelfile.Header{Channel: 291, Type: 1, TypeVersion: 1, InputsDeclared: 21})
	err := b.Add(channelfile.ID{1}, channelfile.And(
		channelfile.Contains(5, "spoolss"),
		channelfile.Not(channelfile.Equals(7, "SYSTEM")), // User
	), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := b.Encode()
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := channelfile.Parse(data)
	if err != nil {
		fmt.Println(err)
		return
	}

	var folder outcome.Folder
	fmt.Println(folder.Fold(file, 0, outcome.Known{Missing: func(input int) bool { return input == 7 }}))
	// Output:
	// widened
}
