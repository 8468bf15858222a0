package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/report"
)

// A reporting holds the flags of the reports of a run, and their outputs.
type reporting struct {
	format  string
	out     []string // values of --out: FILE or FORM=FILE
	verbose bool
	quiet   bool
	color   string
	metering
	endMeter func() // nil means that writes was not called

	identified bool // identify was called
	set        *output.Set
	reports    []formed
}

// A formed is a report in one form, and its output.
type formed struct {
	format report.Format
	out    *output.Output
	color  bool
}

func (r *reporting) add(cmd *cobra.Command) {
	r.metering.add(cmd)
	names := report.FormatNames()
	cmd.Flags().StringVar(&r.format, "format", names[0], "write the report in this `format`: "+alternatives(names))
	cmd.Flags().BoolVarP(&r.verbose, "verbose", "v", false, "also show notes, which are findings that never block, and details of each subject; a JSON report always has them")
	cmd.Flags().BoolVarP(&r.quiet, "quiet", "q", false, "show only the findings that reject, the reasons why the verdict is undecided, and the counts")
	cmd.Flags().StringVar(&r.color, "color", colors[0], "say `when` to write the text in colour: "+alternatives(colors)+"; auto means on a terminal, unless NO_COLOR is set or TERM is dumb")
	cmd.Flags().StringArrayVar(&r.out, "out", nil,
		"write the report to a `file` (default: the standard output); form=file, repeated, writes a report in another format beside it, such as json=report.json")
}

// writes adds the reports to the outputs of the run. The report in the form of --format is the
// last of them, because it is the one that people read. It returns an error if it cannot
// tell a form from a file.
func (r *reporting) writes(s *output.Set, c *command) error {
	if err := r.check(); err != nil {
		return err
	}
	file := ""
	r.set, r.endMeter = s, r.meter(c)
	for _, value := range r.out {
		form, name, err := formOf(value, report.FormatNames())
		if err != nil {
			return err
		}
		switch {
		case form != "":
			r.reports = append(r.reports, formed{report.FormatOf(form), s.File("--out", name).Verdict(), r.color == colorAlways})
		case file != "":
			return fmt.Errorf("--out: two files without a form, %q and %q, would have the same report; name one, or write form=file (form: %s)", file, name, alternatives(report.FormatNames()))
		default:
			file = name
		}
	}
	color := r.color == colorAlways || r.color == colorAuto && file == "" && showsColor(c.stdout)
	r.reports = append(r.reports, formed{report.FormatOf(r.format), c.orStandard(s, "the report", "--out", file).Verdict(), color})
	return nil
}

// formOf splits a value of --out into one of the forms and a file. The form is "" if the value
// has only a file. A value whose part before the first = looks like a form, and is not one, is an
// error: a file of such a name is written ./name.
func formOf(value string, names []string) (form, file string, err error) {
	form, file, ok := strings.Cut(value, "=")
	switch {
	case !ok || strings.ContainsFunc(form, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' }):
		return "", value, nil
	case !slices.Contains(names, form):
		return "", "", fmt.Errorf("--out %s: %q is not a format%s (want %s, or ./%s for a file of this name)", value, form, strictjson.Suggest(form, names), alternatives(names), value)
	case strings.TrimSpace(file) == "":
		return "", "", fmt.Errorf("--out %s: the name of the file is empty (an unset variable?)", value)
	}
	return form, file, nil
}

func (r *reporting) check() error {
	if err := oneOf("--format", "format", r.format, report.FormatNames()); err != nil {
		return err
	}
	if r.verbose && r.quiet {
		return errors.New("--quiet and --verbose contradict each other; give one of them")
	}
	if err := r.metering.check(); err != nil {
		return err
	}
	return oneOf("--color", "value", r.color, colors)
}

// machine reports whether programs read one of the reports.
func (r *reporting) machine() bool {
	return slices.ContainsFunc(r.reports, func(f formed) bool { return f.format.Machine })
}

// draws reports whether one of the reports is a page with pictures.
func (r *reporting) draws() bool {
	return slices.ContainsFunc(r.reports, func(f formed) bool { return f.format.Pictures })
}

// identify adds the digest of the gate to a run with a report that states it. The run is
// undecided if the digest cannot be computed. Without such a report, identify only adds a
// remark if the program file cannot be read.
func (r *reporting) identify(run *report.Run) {
	if r.identified {
		return
	}
	r.identified = true
	if slices.ContainsFunc(r.reports, func(f formed) bool { return f.format.Digest }) {
		digest, err := gateDigest()
		if err != nil {
			run.Problems = append(run.Problems, err.Error())
		}
		run.Gate.Digest = digest
		return
	}
	f, err := openGate()
	if err != nil {
		run.Remarks = append(run.Remarks, err.Error())
		return
	}
	f.Close()
}

// write writes the reports and the other outputs of the run, and returns the exit
// status of its verdict as an error. A report that cannot be written is not a
// verdict.
func (r *reporting) write(run *report.Run) error {
	r.identify(run)
	r.endMeter()
	run.ShowNotes, run.Details, run.Quiet = r.verbose, r.verbose, r.quiet
	for _, f := range r.reports {
		f.out.Write(func(w io.Writer) error {
			run.Color = f.color
			return f.format.Write(w, run)
		})
	}
	if err := r.set.Commit(); err != nil {
		return err
	}
	if status := report.ExitStatus(run.Verdict()); status != statusAccepted {
		return exitError(status)
	}
	return nil
}
