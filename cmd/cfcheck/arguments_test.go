package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// eachCommand calls a function for every command, with the arguments that name it.
func eachCommand(cmd *cobra.Command, names []string, f func(cmd *cobra.Command, names []string)) {
	f(cmd, names)
	for _, below := range cmd.Commands() {
		eachCommand(below, append(slices.Clip(names), below.Name()), f)
	}
}

// values are values that the flags of a type take, two of each.
var values = map[string][2]string{
	"bool":        {"true", "false"},
	"duration":    {"3s", "4m"},
	"int":         {"3", "4"},
	"uint32":      {"3", "4"},
	"uint64":      {"3", "4"},
	"revision":    {"3", "next"},
	"string":      {"a", "b"},
	"stringArray": {"a", "b"},
}

// arguments returns arguments that a command takes, by their number.
func arguments(cmd *cobra.Command) []string {
	all := []string{"one", "two", "three"}
	for _, n := range []int{1, 0, 3} {
		if cmd.ValidateArgs(all[:n]) == nil {
			return all[:n]
		}
	}
	return nil
}

// TestFlagsAreClear checks that each flag of each command refuses values without a
// clear meaning: a second value, an empty one, one that looks like a flag. The test
// finds the flags in the commands themselves, so a new flag needs no line here.
func TestFlagsAreClear(t *testing.T) {
	t.Chdir(t.TempDir())
	flags, lists := 0, 0
	eachCommand(new(command).root(), nil, func(cmd *cobra.Command, names []string) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			flags++
			value, ok := values[f.Value.Type()]
			if !ok {
				t.Fatalf("%s --%s is of type %s: this test has no values of it, and single.Set no rule", cmd.CommandPath(), f.Name, f.Value.Type())
			}
			_, list := f.Value.(pflag.SliceValue)
			if list {
				lists++
			}
			refused := func(why, says string, flags ...string) {
				t.Helper()
				var stdout, stderr bytes.Buffer
				args := slices.Concat(names, flags, arguments(cmd))
				status := run(args, strings.NewReader(""), &stdout, &stderr)
				says = "--" + f.Name + ": " + says
				if said := stderr.String(); status != statusUndecided || !strings.Contains(said, says) {
					t.Errorf("%q: status %d, expected %d: %s; %q does not say %q", args, status, statusUndecided, why, said, says)
				}
				if stdout.Len() > 0 {
					t.Errorf("%q: it did something: %s", args, stdout.String())
				}
			}
			flag := "--" + f.Name
			if list {
				refused("a value twice adds nothing, so another was meant", `"a" is given twice`, flag+"=a", flag+"=a")
			} else {
				refused("of two values either may be meant", "given twice", flag+"="+value[0], flag+"="+value[1])
				refused("of two values either may be meant, also if they are equal", "given twice", flag+"="+value[0], flag+"="+value[0])
			}
			refused("a variable is not set", "the value is empty", flag+"=")
			refused("a variable is not set", "the value is empty", flag+"= \t")
			refused("the value is missing, and another flag is lost", `"--out" begins with -`, flag+"=--out")
			if f.NoOptDefVal == "" {
				refused("a variable is not set", "the value is empty", flag, "")
				refused("the value is missing, and another flag is lost", `"-v" begins with -`, flag, "-v")
				refused("the value is missing, and what follows is no flag any more", `"--" begins with -`, flag, "--")
			}
			if f.Shorthand != "" && !list {
				refused("the short form is the same flag", "given twice", "-"+f.Shorthand+"="+value[0], flag+"="+value[0])
				if f.NoOptDefVal == "" {
					refused("a variable is not set", "the value is empty", "-"+f.Shorthand+"=")
				}
			}
		})
	})
	if flags < 50 || lists < 10 {
		t.Errorf("%d flags were looked at, %d of them lists; there are more", flags, lists)
	}
}

// TestOnlyWorkIsAccepted checks that no command has status 0 with --help and any other
// arguments, except the commands that exist to print help.
func TestOnlyWorkIsAccepted(t *testing.T) {
	t.Chdir(t.TempDir())
	eachCommand(new(command).root(), nil, func(cmd *cobra.Command, names []string) {
		for _, help := range [][]string{{"--help"}, {"-h"}, {"--help=true"}, {"argument", "--help"}, {"--help", "argument"}, {"-h", "--", "argument"}} {
			args := slices.Concat(names, help)
			var stdout, stderr bytes.Buffer
			status := run(args, strings.NewReader(""), &stdout, &stderr)
			if len(args) == 1 { // cfcheck --help
				if status != statusAccepted {
					t.Errorf("%q: status %d", args, status)
				}
			} else if status == statusAccepted {
				t.Errorf("%q: status 0, and nothing was done", args)
			}
			if stdout.Len() == 0 {
				t.Errorf("%q shows no help", args)
			}
		}
		var stdout bytes.Buffer
		if status := run(append([]string{"help"}, names...), strings.NewReader(""), &stdout, new(bytes.Buffer)); status != statusAccepted || stdout.Len() == 0 {
			t.Errorf("help %q: status %d, %d bytes", names, status, stdout.Len())
		}
	})
}
