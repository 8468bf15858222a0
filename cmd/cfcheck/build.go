package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sigma"
)

type building struct {
	*command
	judging
	out              string
	revision         uint32
	allowUnsupported bool
}

func (c *command) build() *cobra.Command {
	b := &building{command: c}
	cmd := &cobra.Command{
		Use:   "build [flags] path... -o folder",
		Short: "make channel files of Sigma rules",
		Long: `build compiles Sigma rules to channel files, one a template type, and writes
them to a folder under their canonical names. Nothing is written unless all is
well: a rule that cannot be expressed stops the build, or with
--allow-unsupported is left out and listed. The time in the file is that of
$SOURCE_DATE_EPOCH, by default 0, so that the same rules give the same bytes.`,
		Example: `  cfcheck build rules/windows/pipe_created -o out`,
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return b.run(args) },
	}
	f := cmd.Flags()
	f.StringVarP(&b.out, "out", "o", "", "the `folder` to write to; it is made if need be")
	f.Uint32Var(&b.revision, "revision", 1, "the `number` of this release of the content")
	f.BoolVar(&b.allowUnsupported, "allow-unsupported", false, "leave out, and list, what cannot be expressed")
	b.addTypes(cmd)
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func (b *building) run(paths []string) error {
	defs, err := b.definitions()
	if err != nil {
		return err
	}
	created, err := sourceDate()
	if err != nil {
		return err
	}
	var rules []*sigma.Rule
	var faults []error
	for _, path := range paths {
		files, err := sigma.Load(path)
		if err != nil {
			return err
		}
		for _, f := range files {
			rules = append(rules, f.Rules...)
			faults = append(faults, sigma.Errors(f.Err)...)
		}
	}
	built, err := sigma.Build(rules, defs, sigma.Options{AllowUnsupported: b.allowUnsupported, Revision: b.revision, Created: created})
	faults = append(faults, sigma.Errors(err)...)
	if len(faults) > 0 {
		return b.refuse(faults)
	}
	for _, e := range built.Unsupported {
		fmt.Fprintf(b.stderr, "left out: %v\n", e)
	}
	for _, e := range built.UnknownFields {
		fmt.Fprintf(b.stderr, "left out: %v\n", e)
	}
	return b.write(built)
}

// refuse lists what is wrong. Only if all of it is the rules' fault are they
// to blame.
func (b *building) refuse(faults []error) error {
	status := statusRejected
	for _, err := range faults {
		var malformed *sigma.Error
		var unknown *sigma.UnknownFieldError
		if !errors.As(err, &malformed) && !errors.As(err, &unknown) {
			status = statusUndecided
		}
		fmt.Fprintf(b.stderr, "cfcheck: %v\n", err)
	}
	fmt.Fprintln(b.stderr, "cfcheck: nothing was written")
	return exitError(status)
}

func (b *building) write(built *sigma.Result) error {
	if err := os.MkdirAll(b.out, 0o755); err != nil {
		return err
	}
	for _, out := range built.Outputs {
		name := filepath.Join(b.out, out.Name)
		if err := writeFile(name, out.Data); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
		if _, err := fmt.Fprintf(b.stdout, "%s  %d rules, %d bytes\n", name, len(out.Rules), len(out.Data)); err != nil {
			return err
		}
	}
	return nil
}

// sourceDate returns the time of a reproducible build.
func sourceDate() (uint64, error) {
	s := os.Getenv("SOURCE_DATE_EPOCH")
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n > channelfile.MaxCreated {
		return 0, fmt.Errorf("SOURCE_DATE_EPOCH: %q; it is seconds since 1970, at most %d (%v)", s, channelfile.MaxCreated,
			time.Unix(channelfile.MaxCreated, 0).UTC().Format(time.DateOnly))
	}
	return n, nil
}
