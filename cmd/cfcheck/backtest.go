package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/validate"
)

// A backtesting is one call of cfcheck backtest. Its checking is a pattern: each release is
// judged by a copy.
type backtesting struct {
	*checking
	releases string // folder of releases
	reports  string // folder of reports; "" means that each release has its own
	format   string
}

// storedReport is the name of the stored report in the folder of a release.
const storedReport = "report.json"

// maxStoredReport limits the size of a stored report, in bytes.
const maxStoredReport = 1 << 30

// backtestFormats lists the output formats of backtest, the default first.
var backtestFormats = []string{"text", "json"}

func (c *command) backtest() *cobra.Command {
	b := &backtesting{checking: &checking{command: c, maxFindings: validate.DefaultMaxFindings}}
	b.checking.format, b.checking.color, b.checking.when = report.FormatNames()[0], colorNever, colorNever
	cmd := &cobra.Command{
		Use:   "backtest [flags] --history folder",
		Short: "compare the verdicts of this gate on all past releases with their stored reports",
		Long: `backtest judges each release in a folder as check does, and compares the verdicts
with those of stored reports. It shows what a new version of cfcheck, a new
policy or a new fleet would have decided: new rejections and new acceptances, by
check.

A release is a folder of channel files or rules in the folder of --history. The
releases are ordered by name, and numbers in names count by value: release-9
comes before release-10. The checks of the family CF6 compare each release with
the one before. Channels that appear or disappear between releases are no
finding, because they shipped.

The stored report of a release is the file report.json in its folder, or with
--reports the file of its name in that folder, such as release-10.json. It is
the output of check --format json. Channel files are found in it by their bytes,
and rules by their channel. backtest judges for the fleets that --fleet names,
also if a stored report was for others.

The exit status is 0 if each verdict is as before, 1 if a verdict is another one,
and 2 if a verdict could not be compared.`,
		Example: `  cfcheck backtest --fleet fleet.json --history releases/`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unexpected argument %q; name the folder of releases with --history", args[0])
			}
			if b.releases == "" {
				return errors.New("missing folder: name the folder of releases with --history")
			}
			if err := b.follow(cmd); err != nil {
				return err
			}
			return b.run()
		},
	}
	b.addData(cmd)
	b.addFailOn(cmd)
	b.addLimits(cmd)
	f := cmd.Flags()
	f.StringVar(&b.releases, "history", "", "judge the releases in this `folder`, each a folder of its own")
	f.StringVar(&b.reports, "reports", "", "read the stored reports from this `folder` (default: "+storedReport+" in each release)")
	f.StringVar(&b.format, "format", backtestFormats[0], "write the comparison in this `format`: "+alternatives(backtestFormats))
	return cmd
}

func (b *backtesting) run() error {
	s := b.outputs()
	b.reads(s, []string{b.releases})
	all := func(string) bool { return true }
	s.ReadsFolder("--history "+b.releases, b.releases, all)
	if b.reports != "" {
		s.ReadsFolder("--reports "+b.reports, b.reports, all)
	}
	out := s.Stream("the standard output", b.stdout)
	if err := s.Begin(); err != nil {
		return err
	}
	if err := oneOf("--format", "format", b.format, backtestFormats); err != nil {
		return err
	}
	if err := b.limit(); err != nil {
		return err
	}
	defer b.closeRecordings()
	if err := b.prepare(); err != nil {
		return err
	}
	b.options.ChangeLimits = validate.ChangeLimits{Removed: b.maxRemoved, Growth: b.maxGrowth}
	names, err := releaseNames(b.releases)
	if err != nil {
		return err
	}
	for _, r := range b.remarks {
		b.say("remark: %s", r)
	}
	first := newRun()
	backtest := &report.Backtest{Gate: first.Gate}
	var last *pastRelease
	for _, name := range names {
		if last, err = b.judgeRelease(backtest, name, last); err != nil {
			return err
		}
	}
	out.Write(backtest.Text)
	if b.format == "json" {
		out.Write(backtest.JSON)
	}
	if err := s.Commit(); err != nil {
		return err
	}
	if status := backtest.ExitStatus(); status != statusAccepted {
		return exitError(status)
	}
	return nil
}

// releaseNames returns the names of the folders in a folder, in the order of the releases.
func releaseNames(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("--history: %w", unread(folder, err))
	}
	var names []string
	for _, e := range entries {
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			names = append(names, e.Name())
		case isRules(e.Name()) || isChannelFile(e.Name()):
			return nil, fmt.Errorf("--history: %s is content beside the releases; each release needs a folder of its own", filepath.Join(folder, e.Name()))
		case e.Type()&fs.ModeSymlink != 0:
			return nil, fmt.Errorf("--history: %s is a symbolic link; cfcheck does not follow it", filepath.Join(folder, e.Name()))
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("--history: %s: the folder has no releases (want a folder for each)", folder)
	}
	slices.SortFunc(names, compareReleases)
	return names, nil
}

// compareReleases compares names of releases. Digits in them are numbers, which are compared by
// their value.
func compareReleases(a, b string) int {
	for x, y := a, b; ; {
		i, j := digits(x), digits(y)
		switch {
		case x == "" || y == "":
			return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
		case i > 0 && j > 0:
			m, n := strings.TrimLeft(x[:i], "0"), strings.TrimLeft(y[:j], "0")
			if order := cmp.Or(cmp.Compare(len(m), len(n)), cmp.Compare(m, n)); order != 0 {
				return order
			}
			x, y = x[i:], y[j:]
		case x[0] != y[0]:
			return cmp.Compare(x[0], y[0])
		default:
			x, y = x[1:], y[1:]
		}
	}
}

// digits returns the number of digits at the start of a text.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

// A pastRelease is a release with which the next one is compared.
type pastRelease struct {
	folder   string
	release  *release
	problems []string // parts that cannot be read
}

// judgeRelease judges a release, and adds its verdicts to the backtest. The last release is the
// one before; it is nil for the first.
func (b *backtesting) judgeRelease(backtest *report.Backtest, name string, last *pastRelease) (*pastRelease, error) {
	one := *b.checking
	if err := one.limit(); err != nil {
		return nil, err
	}
	one.options.Budget, one.explaining = &validate.Budget{MaxSteps: one.maxSteps}, &validate.Budget{MaxSteps: one.maxSteps}
	run := &report.Run{Gate: backtest.Gate, FailOnWarnings: one.options.FailOnWarnings}
	defer run.Close()
	this := &pastRelease{folder: filepath.Join(b.releases, name)}
	c := compiling{&one.expanding, one.options.Definitions, one.placeholders, one.allowUnsupported}
	this.release, this.problems = c.readRelease("", this.folder)
	if last != nil {
		previous := &validate.Release{Name: last.folder, Find: last.release.find}
		for channel := range this.release.content {
			if last.release.content[channel] == nil {
				previous.Added = append(previous.Added, channel)
			}
		}
		one.options.Previous = previous
		for _, p := range last.problems {
			run.Problems = append(run.Problems, "the release before cannot be compared: "+p)
		}
	}
	one.judgePath(run, this.folder)
	run.Add(one.judgeRules(one.roots)...)
	stored, err := b.stored(name)
	if b.reports == "" {
		run.PassedOver = withoutReport(run.PassedOver, this.folder)
	}
	backtest.Add(name, run, stored, err)
	return this, nil
}

// withoutReport leaves the stored report out of the entries of a release that were not judged.
func withoutReport(passed []report.PassedOver, folder string) []report.PassedOver {
	for i := range passed {
		p := &passed[i]
		if p.Kind == report.OtherFile && p.Folder == filepath.ToSlash(folder) {
			p.Found--
			p.Names = slices.DeleteFunc(p.Names, func(name string) bool { return name == p.Folder+"/"+storedReport })
		}
	}
	return slices.DeleteFunc(passed, func(p report.PassedOver) bool { return p.Found == 0 })
}

// stored reads the stored report of a release.
func (b *backtesting) stored(release string) (*report.Stored, error) {
	name := filepath.Join(b.releases, release, storedReport)
	if b.reports != "" {
		name = filepath.Join(b.reports, release+".json")
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no stored report %s; check --format json --out writes it", name)
	case err != nil:
		return nil, unread(name, err)
	case !info.Mode().IsRegular() || info.Size() > maxStoredReport:
		return nil, fmt.Errorf("%s: not a regular file of at most %d bytes", name, maxStoredReport)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, unread(name, err)
	}
	defer f.Close()
	stored, err := report.ReadStored(io.LimitReader(f, maxStoredReport))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return stored, nil
}
