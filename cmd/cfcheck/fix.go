package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/fix"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sigma"
)

// A fixing is one call of cfcheck fix.
type fixing struct {
	*command
	judging
	expanding
	diff, check  bool
	only, unsafe []string

	options fix.Options
	files   []correctedFile
	kept    int // edits that have to be asked for
	faults  int
}

// A correctedFile is a file with the edits to make.
type correctedFile struct {
	name          string
	before, after []byte
	edits         []fix.Edit
}

func (c *command) fix() *cobra.Command {
	x := &fixing{command: c}
	cmd := &cobra.Command{
		Use:   "fix [flags] path...",
		Short: "correct rules",
		Long: `fix corrects Sigma rules. It changes single words and keeps comments and layout:
misspelt keys, logsources, modifiers, statuses, tags and fields, repeated tags
and values, and quotes. docs/fix.md lists the kinds of corrections.

It makes safe corrections alone. They do not change the content that a sensor
reads: fix compiles each file before and after, and writes it only if the
content is the same. --unsafe names the kinds of other corrections to make. They
change the meaning of a rule, or let a rule compile that did not.

A file is replaced as a whole. If a file has changed since it was read, fix
writes no file.

Exit status: 0 the rules are corrected, or need no correction; 1 with --check, a
correction is missing; 2 a file could not be read, verified or written.`,
		Example: `  cfcheck fix --diff rules/
  cfcheck fix rules/
  cfcheck fix --unsafe raw-field,modifier rules/`,
		Args: atLeastOne("file or folder of rules"),
		RunE: func(_ *cobra.Command, args []string) error { return x.run(args) },
	}
	f := cmd.Flags()
	f.BoolVar(&x.diff, "diff", false, "print the corrections as a unified diff, and write no file")
	f.BoolVar(&x.check, "check", false, "write no file, and exit with status 1 if a correction is missing")
	f.StringArrayVar(&x.only, "only", nil, "make only corrections of this `kind`, or of several with commas")
	f.StringArrayVar(&x.unsafe, "unsafe", nil, "also make the corrections of this `kind`, or of several with commas, that are not safe")
	x.addTypes(cmd)
	x.expanding.add(cmd)
	return cmd
}

// kindNames returns the names of the kinds of corrections.
func kindNames() (names []string) {
	for _, k := range fix.Kinds {
		names = append(names, string(k))
	}
	return names
}

func (x *fixing) run(paths []string) error {
	for _, flag := range []struct {
		name string
		list *[]string
	}{{"--only", &x.only}, {"--unsafe", &x.unsafe}} {
		*flag.list = strings.FieldsFunc(strings.Join(*flag.list, ","), func(r rune) bool { return r == ',' })
		for _, kind := range *flag.list {
			if err := oneOf(flag.name, "kind", kind, kindNames()); err != nil {
				return err
			}
		}
	}
	defs, err := x.definitions()
	if err != nil {
		return err
	}
	if err := x.collect(paths, defs); err != nil {
		return err
	}
	switch {
	case x.check || x.diff:
		err = x.show()
	default:
		err = x.write()
	}
	if err != nil {
		return err
	}
	switch {
	case x.faults > 0:
		return exitError(statusUndecided)
	case x.check && len(x.files) > 0:
		return exitError(statusRejected)
	}
	return nil
}

// collect finds the edits of all files.
func (x *fixing) collect(paths []string, defs *sensor.Definitions) error {
	placeholders, err := x.values(x.command)
	if err != nil {
		return err
	}
	budget, err := x.expanding.budget()
	if err != nil {
		return err
	}
	defer limitMemory()()
	set, err := loadRules(paths, x.exclude, budget)
	if err != nil {
		return err
	}
	for _, err := range set.faults {
		// A malformed rule may have corrections, but not a path that cannot be read.
		if _, ok := errors.AsType[*sigma.Error](err); !ok {
			x.fault(err)
		}
	}
	x.options = fix.Options{Definitions: defs, Placeholders: placeholders}
	for i := range set.files {
		f := &set.files[i]
		if f.Again != "" || f.Test || f.Digest == [32]byte{} {
			continue
		}
		data, err := readRegular(f.Name, "the rules themselves", sigma.MaxFileSize)
		if err != nil {
			x.fault(err)
			continue
		}
		if sha256.Sum256(data) != f.Digest {
			x.fault(fmt.Errorf("%s: changed while cfcheck read it; run cfcheck fix again", f.Name))
			continue
		}
		if err := x.file(f.Name, data); err != nil {
			x.fault(err)
		}
	}
	return nil
}

func (x *fixing) fault(err error) {
	x.faults++
	x.say("cfcheck: %v", err)
}

// file finds the edits of a file, and verifies them.
func (x *fixing) file(name string, data []byte) error {
	var safe, all []fix.Edit
	for _, e := range fix.File(name, data, x.options) {
		kind := string(e.Kind)
		switch {
		case len(x.only) > 0 && !slices.Contains(x.only, kind):
		case e.Safe:
			safe, all = append(safe, e), append(all, e)
		case slices.Contains(x.unsafe, kind):
			all = append(all, e)
		default:
			x.kept++
			x.say("not made: %s: %s (--unsafe %s)", editPlace(&e), e.Title, kind)
		}
	}
	if len(all) == 0 {
		return nil
	}
	after, err := fix.Apply(data, safe)
	if err == nil {
		err = fix.Compare(name, data, after, x.options)
	}
	if err != nil {
		return fmt.Errorf("not corrected: %w", err)
	}
	if len(all) > len(safe) {
		corrected, err := fix.Apply(data, all)
		if err == nil {
			err = fix.Worse(name, data, corrected, x.options)
		}
		if err != nil {
			return fmt.Errorf("not corrected: %w", err)
		}
		after = corrected
	}
	x.files = append(x.files, correctedFile{name, data, after, all})
	return nil
}

// editPlace returns the place of the finding that an edit corrects.
func editPlace(e *fix.Edit) string { return fmt.Sprintf("%s:%d:%d", e.Name, e.Line, e.Column) }

// text returns a line for each edit, and a summary.
func (x *fixing) text(done string) []byte {
	var b strings.Builder
	n := 0
	for _, f := range x.files {
		for i := range f.edits {
			e := &f.edits[i]
			n++
			check := ""
			if e.Check != "" {
				check = ", " + e.Check
			}
			b.WriteString(report.Clean(fmt.Sprintf("%s: %s [%s%s]", editPlace(e), e.Title, e.Kind, check)) + "\n")
		}
	}
	fmt.Fprintf(&b, "%s %s in %s", done, count(uint64(n), "correction"), count(uint64(len(x.files)), "file"))
	if x.kept > 0 {
		fmt.Fprintf(&b, "; %s to ask for with --unsafe", count(uint64(x.kept), "correction"))
	}
	return []byte(b.String() + "\n")
}

// show writes the edits, and no file.
func (x *fixing) show() error {
	s := x.outputs()
	for _, f := range x.files {
		s.Reads("the rules "+f.name, f.name)
	}
	out := s.Stream("the corrections on the standard output", x.stdout)
	if err := s.Begin(); err != nil {
		return err
	}
	content := x.text("found")
	if x.diff {
		var b bytes.Buffer
		for _, f := range x.files {
			if err := fix.Diff(&b, f.name, f.before, f.edits); err != nil {
				return err
			}
		}
		content = b.Bytes()
	}
	out.WriteBytes(content)
	return s.Commit()
}

// write replaces the files.
func (x *fixing) write() error {
	s := x.outputs()
	s.Precious = nil // the files are rules, which this command is for
	x.judging.reads(s)
	x.expanding.reads(s)
	for _, f := range x.files {
		s.File("the corrected rules", f.name).WriteBytes(f.after)
	}
	s.BeforeRename = func() error {
		for _, f := range x.files {
			if data, err := readRegular(f.name, "the rules themselves", sigma.MaxFileSize); err != nil || !bytes.Equal(data, f.before) {
				return fmt.Errorf("%s: changed since cfcheck read it, so no file was written; run cfcheck fix again", f.name)
			}
		}
		return nil
	}
	out := s.Stream("the corrections on the standard output", x.stdout)
	if err := s.Begin(); err != nil {
		return err
	}
	out.WriteBytes(x.text("made"))
	return s.Commit()
}

// corrections returns a function that computes the corrections of the files of rules of the run,
// each when it is first asked for. A file that has changed since it was read has no corrections.
func (k *checking) corrections() func(path string) []report.Correction {
	if k.ruleFiles != nil {
		return nil
	}
	known := map[string][]report.Correction{}
	return func(path string) []report.Correction {
		list, ok := known[path]
		if ok {
			return list
		}
		known[path] = nil
		i := slices.IndexFunc(k.ruleSources, func(s report.Source) bool { return s.Path == path })
		if i < 0 {
			return nil
		}
		data, err := readRegular(path, "the rules themselves", sigma.MaxFileSize)
		if err != nil || report.SourceOf("rules", path, data).Digest != k.ruleSources[i].Digest {
			return nil
		}
		edits := fix.File(path, data, fix.Options{Definitions: k.options.Definitions, Placeholders: k.placeholders})
		for n, r := range fix.Regions(data, edits) {
			e := &edits[n]
			list = append(list, report.Correction{
				Check: e.Check, Line: e.Line, Column: e.Column, Title: e.Title, Safe: e.Safe, New: e.New,
				StartLine: r.StartLine, StartColumn: r.StartColumn, EndLine: r.EndLine, EndColumn: r.EndColumn,
			})
		}
		known[path] = list
		return list
	}
}
