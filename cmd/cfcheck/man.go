package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/internal/manual"
)

func (c *command) man() *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:   "man -o folder",
		Short: "write the manual pages of all commands",
		Long: `man writes a page for man(1) for each command: cfcheck.1, cfcheck-check.1 and so
on. They have the texts of cfcheck help. Put them in a folder man1 of your
manual path. The archives of a release contain them.`,
		Example: `  cfcheck man -o ~/.local/share/man/man1`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if folder == "" {
				return errors.New("missing output folder: name it with -o; see cfcheck man --help")
			}
			if err := os.MkdirAll(folder, 0o777); err != nil {
				return fmt.Errorf("-o: %w", err)
			}
			o := c.outputs()
			pages := manual.Pages(cmd.Root())
			for _, page := range pages {
				o.File("-o", filepath.Join(folder, page.Name)).WriteBytes([]byte(page.Text))
			}
			if err := o.Begin(); err != nil {
				return err
			}
			return o.Commit()
		},
	}
	cmd.Flags().StringVarP(&folder, "out", "o", "", "write to this `folder`; create it if it does not exist")
	return cmd
}
