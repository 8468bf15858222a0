package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/validate/suite"
)

func (c *command) explain() *cobra.Command {
	x := &explaining{loading: loading{command: c}}
	cmd := &cobra.Command{
		Use:   "explain CHECK... | --event file path...",
		Short: "explain a check, or why a rule matches an event",
		Long: `explain prints the page of each check that it is given: the harm, and the remedy.

With --event it explains why rules match a recorded event, or do not. The rules
are Sigma rules or channel files. It shows the condition as a tree, with the
truth of each part and the values of the event. A ">" marks the parts that
decide. The interpreter decides each comparison.

With --fleet it also shows the result for the builds of the fleet: whether their
hosts record the event, which inputs of the rule they hand over, and the reason
why they do not. docs/explain.md describes the words.

The events are in the forms that docs/observe.md lists. Of several events,
explain takes the first, or that of --record.

Exit status with --event: 0 each rule was explained, whether it matches or not;
2 a rule or the event could not be read.`,
		Example: `  cfcheck explain CF3001
  cfcheck explain inputs-supplied
  cfcheck explain --event event.json --fleet fleet.json rule.yml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if x.event != "" {
				return atLeastOne("file of rules or channel file")(cmd, args)
			}
			return atLeastOne("check")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if x.event != "" {
				return x.run(args, cmd.Flags().Changed("record"))
			}
			if name := firstChanged(cmd); name != "" {
				return fmt.Errorf("--%s without --event: it is about an event, which --event names", name)
			}
			return c.explainChecks(args)
		},
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, start string) ([]string, cobra.ShellCompDirective) {
			if x.event != "" {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return checksThatBegin(start), cobra.ShellCompDirectiveNoFileComp
		},
	}
	x.add(cmd)
	return cmd
}

// firstChanged returns the name of a flag that was given, or "".
func firstChanged(cmd *cobra.Command) (name string) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if name == "" {
			name = f.Name
		}
	})
	return name
}

func (c *command) explainChecks(args []string) error {
	for i, arg := range args {
		check := cmp.Or(suite.ByID(arg), suite.ByID(strings.ToUpper(arg)), suite.ByID(strings.ToLower(arg)))
		if check == nil {
			return fmt.Errorf("unknown check %q; cfcheck checks lists all checks", arg)
		}
		text := fmt.Sprintf("%s- Example: %s\n", report.Explain(check), report.Page(check))
		if i > 0 {
			text = "\n" + text
		}
		if _, err := io.WriteString(c.stdout, text); err != nil {
			return err
		}
	}
	return nil
}

func (c *command) checks() *cobra.Command {
	return &cobra.Command{
		Use:   "checks",
		Short: "list all checks",
		Args:  cobra.NoArgs,

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			for _, check := range suite.Checks {
				if _, err := fmt.Fprintf(c.stdout, "%s  %-24s %-8s %s\n", check.ID, check.Name, check.Severity, check.Title()); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
