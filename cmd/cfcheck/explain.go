package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/validate/suite"
)

func (c *command) explain() *cobra.Command {
	return &cobra.Command{
		Use:     "explain CHECK...",
		Short:   "explain a check and how to fix its findings",
		Example: "  cfcheck explain CF3001\n  cfcheck explain inputs-supplied",
		Args:    atLeastOne("check"),
		RunE: func(_ *cobra.Command, args []string) error {
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
		},
		ValidArgsFunction: func(_ *cobra.Command, _ []string, start string) ([]string, cobra.ShellCompDirective) {
			return checksThatBegin(start), cobra.ShellCompDirectiveNoFileComp
		},
	}
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
