package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/policy"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// A baselining is one call of cfcheck baseline.
type baselining struct {
	*checking
	out, by, reason, until string
	add                    bool // accept findings that the file does not have yet

	before []validate.Waiver // of the file that is replaced
	exists bool              // the file is there
	last   sensor.Date
}

// baselineFile is the usual name of a baseline. Folders that are judged may have it.
const baselineFile = ".cfcheck-baseline.yaml"

// maxListed is the number of findings that baseline lists of each kind.
const maxListed = 20

func (c *command) baseline() *cobra.Command {
	b := &baselining{checking: &checking{command: c, failOn: failOn[0]}}
	b.format, b.color, b.when = report.FormatNames()[0], colorNever, colorNever
	cmd := &cobra.Command{
		Use:   "baseline [flags] --by name --until date path...",
		Short: "write waivers for the findings that stand today",
		Long: `baseline judges content as check does, and writes a file with a waiver for each
error and warning that can be waived. The policy takes the file with the key
waiver-files. So you can begin with the gate before all old findings are fixed,
and new findings count from the first day.

If the file exists, baseline removes the waivers of judged rules that are no
longer needed. It does not accept new findings silently: if there are any, it
lists them, writes nothing, and exits with status 1. With --add it accepts and
lists them. The waivers that stay keep their last day.

Errors that cannot be waived are listed. If a part of the content was not
judged, its findings are unknown, and baseline writes nothing (status 2).`,
		Example: `  cfcheck baseline --by ann --until 2027-01-31 rules/`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := b.governing.load(b.command, b.outputs()); err != nil {
				return err
			}
			if b.out == "" {
				if b.out = baselineFile; b.policy != nil {
					b.out = b.path(baselineFile)
				}
			}
			b.creates = b.out
			if err := b.adopt(cmd.Flags()); err != nil {
				return err
			}
			return b.run(args)
		},
	}
	b.addContent(cmd)
	f := cmd.Flags()
	f.StringVarP(&b.out, "out", "o", "", "write the waivers to a `file` (default: "+baselineFile+" beside the policy)")
	f.StringVar(&b.by, "by", "", "state the `name` of the person who answers for the waivers")
	f.StringVar(&b.reason, "reason", "", "state the `reason` of the waivers (default: that the findings stood on the day of --now)")
	f.StringVar(&b.until, "until", "", "let the new waivers hold until this `date`, such as 2027-01-31")
	f.BoolVar(&b.add, "add", false, "accept findings that the existing file does not accept, and list them")
	return cmd
}

func (b *baselining) run(args []string) error {
	if len(args) == 0 {
		return errors.New("nothing to judge: name a channel file, a file of rules or a folder; see cfcheck baseline --help")
	}
	if b.by == "" {
		return errors.New("missing name: state who answers for the waivers with --by")
	}
	if b.until == "" {
		return errors.New("missing date: state the last day of the waivers with --until")
	}
	var err error
	if b.last, err = sensor.ParseDate(b.until); err != nil {
		return fmt.Errorf("--until: %w", err)
	}
	if err := b.readBefore(); err != nil {
		return err
	}
	s := b.outputs()
	s.Precious = func(path string) bool { return !b.exists && isContent(path) }
	b.reads(s, args)
	out := s.File("--out", b.out)
	if err := s.Begin(); err != nil {
		return err
	}
	if err := b.limit(); err != nil {
		return err
	}
	defer b.closeRecordings()
	b.maxFindings, b.all = policy.MaxWaivers+1, true
	if err := b.prepare(); err != nil {
		return err
	}
	if !(&validate.Waiver{Until: b.last}).Holds(b.options.Now) {
		return fmt.Errorf("--until: %v is in the past; it is %s", b.last, b.options.Now.UTC().Format(time.DateOnly))
	}
	b.options.Waivers = slices.Concat(b.waivers, b.before)
	run := newRun()
	defer run.Close()
	b.judgeContent(run, args)
	return b.write(run, s, out)
}

// readBefore reads the waivers of the file that is to be replaced, if it is there.
func (b *baselining) readBefore() error {
	data, err := readDocument(b.out)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	b.exists = true
	if b.before, err = policy.ReadWaivers(b.out, data, suite.Checks); err != nil {
		return b.refusePolicy(err)
	}
	// The policy may have them too.
	b.waivers = slices.DeleteFunc(slices.Clone(b.waivers), func(w validate.Waiver) bool { return isSame(w.From.Path, b.out) })
	b.waiverFiles = slices.DeleteFunc(b.waiverFiles, func(name string) bool { return isSame(name, b.out) })
	return nil
}

// isSame reports whether two names are of one existing file.
func isSame(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// A baseName is the part of an identity that a waiver names.
type baseName struct{ check, rule, subject, path string }

func nameOf(id validate.Identity) baseName {
	if id.Rule != "" {
		return baseName{id.Check, id.Rule, "", id.Path}
	}
	return baseName{id.Check, "", id.Subject, id.Path}
}

// write writes the waivers that are needed, unless something speaks against it.
func (b *baselining) write(run *report.Run, s *output.Set, out *output.Output) error {
	found := map[baseName]bool{} // findings that no waiver accepts
	var lasting []string         // errors that cannot be waived
	for result, err := range run.All() {
		r := result.Report()
		if err != nil || r == nil || r.Verdict() == validate.Undecided && !result.Unread() {
			return b.refuse(run, "a part of the content was not judged, so its findings are unknown")
		}
		for _, t := range r.Totals {
			if t.Found > policy.MaxWaivers {
				return b.refuse(run, fmt.Sprintf("%v has %s, more than a file of waivers may have", t.Check, count(uint64(t.Found), "finding")))
			}
		}
		for i := range r.Findings {
			switch f := &r.Findings[i]; {
			case f.Severity() == validate.Note:
			case f.Check.NotWaivable() != "":
				lasting = append(lasting, fmt.Sprintf("%s %s: %s", f.Check.ID, result.Place(i), f.Message))
			default:
				found[nameOf(f.Identity)] = true
			}
		}
	}
	if len(run.Reasons()) > 0 || run.Totals().Results == 0 {
		return b.refuse(run, "a part of the content was not judged, so its findings are unknown")
	}
	// A waiver that has expired and is needed is one of the new ones.
	var list, gone, added []validate.Waiver
	unjudged := 0
	for i := range b.before {
		w := &b.before[i]
		use := b.waiving.uses[&b.options.Waivers[len(b.waivers)+i]]
		switch {
		case use != nil && use.Found > 0:
			list = append(list, *w)
		case use == nil || !use.Judged:
			list = append(list, *w)
			unjudged++
		case !found[baseName{w.Check, w.Rule, w.Subject, w.Path}]:
			gone = append(gone, *w)
		}
	}
	reason := cmp.Or(b.reason, "stood on "+b.options.Now.UTC().Format(time.DateOnly))
	for name := range found {
		added = append(added, validate.Waiver{Check: name.check, Rule: name.rule, Subject: name.subject, Path: name.path, Reason: reason, By: b.by, Until: b.last})
	}
	slices.SortFunc(added, compareWaivers)
	if b.exists && !b.add && len(added) > 0 {
		b.list("not accepted: ", added)
		b.say("cfcheck: nothing was written: %s has no waiver for %s; fix them, or accept them with --add", b.out, count(uint64(len(added)), "finding"))
		return exitError(statusRejected)
	}
	list = append(list, added...)
	slices.SortFunc(list, compareWaivers)
	for i, text := range lasting {
		if i == maxListed {
			b.say("remark: and %s that cannot be waived", count(uint64(len(lasting)-i), "more error"))
			break
		}
		b.say("remark: cannot be waived: %s", text)
	}
	if len(list) == 0 && !b.exists {
		b.say("remark: nothing was written: there is no finding to waive")
		return nil
	}
	data, err := policy.WriteWaivers(list)
	if err != nil {
		return fmt.Errorf("%s: %w", b.out, err)
	}
	b.list("removed: ", gone)
	if b.exists {
		b.list("accepted: ", added)
	}
	out.WriteBytes(data)
	if err := s.Commit(); err != nil {
		return err
	}
	b.say("remark: %s: %s, %s new, %s removed", b.out, count(uint64(len(list)), "waiver"), numeral.Thousands(uint64(len(added))), numeral.Thousands(uint64(len(gone))))
	if unjudged > 0 {
		b.say("remark: %s stay, because their checks did not judge the rules that they name", count(uint64(unjudged), "waiver"))
	}
	if !b.follows() {
		b.say("remark: the policy does not take this file; add it to the key waiver-files of %s", cmp.Or(b.found, policy.FileName))
	}
	return nil
}

// follows reports whether the policy takes the waivers of the output.
func (b *baselining) follows() bool {
	if b.policy == nil {
		return false
	}
	return slices.ContainsFunc(b.policy.WaiverFiles, func(t policy.Text) bool {
		return filepath.Clean(b.path(t.Value)) == filepath.Clean(b.out) || isSame(b.path(t.Value), b.out)
	})
}

// refuse prints the report and the reason why nothing was written.
func (b *baselining) refuse(run *report.Run, why string) error {
	if err := report.Text(b.stderr, run); err != nil {
		return err
	}
	b.say("cfcheck: nothing was written: %s", why)
	return exitError(statusUndecided)
}

// list prints waivers, one on a line.
func (b *baselining) list(word string, list []validate.Waiver) {
	for i := range list {
		if i == maxListed {
			b.say("%sand %d more", word, len(list)-i)
			return
		}
		b.say("%s%v", word, &list[i])
	}
}

func compareWaivers(a, b validate.Waiver) int {
	return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Path, b.Path))
}
