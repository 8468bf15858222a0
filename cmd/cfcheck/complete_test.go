package main

import (
	"io"
	"slices"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestCompleters demands a decision on the completion of each flag with a value. A flag with a new
// noun belongs in one of the two lists, or in valuesOf if its values can be listed.
func TestCompleters(t *testing.T) {
	files := []string{"file", "path", "FILE@sha256:HEX", "folder"}
	free := []string{"N", "number", "port", "name", "reason", "date", "time", "part", "version", "revision", "channel", "pattern", "expression", "build", "duration"}
	listed := []string{"fleet", "format", "severity", "role", "switch", "platform", "when"}
	c := &command{stdout: io.Discard, stderr: io.Discard, completing: true}
	n := 0
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			noun, _ := pflag.UnquoteUsage(f)
			if noun == "" {
				return // a switch
			}
			n++
			complete, _ := cmd.GetFlagCompletionFunc(f.Name)
			offers := 0
			if complete != nil {
				values, _ := complete(cmd, nil, "")
				offers = len(values)
			}
			switch {
			case offers > 0:
			case slices.Contains(listed, noun):
				t.Errorf("%s --%s takes a %s, whose values are known, but completes no value", cmd.CommandPath(), f.Name, noun)
			case !slices.Contains(files, noun) && !slices.Contains(free, noun):
				t.Errorf("%s --%s takes a %q; complete its values in complete.go, or add the word to a list of this test", cmd.CommandPath(), f.Name, noun)
			case slices.Contains(free, noun) && complete == nil:
				t.Errorf("%s --%s takes a %s, and the shell would complete files", cmd.CommandPath(), f.Name, noun)
			}
		})
		for _, below := range cmd.Commands() {
			visit(below)
		}
	}
	visit(c.root())
	if n < 50 {
		t.Errorf("found %d flags with values; expected more, or this test no longer finds them", n)
	}
}
