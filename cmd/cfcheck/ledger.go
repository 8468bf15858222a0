package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/cells"
)

func (c *command) ledgerGroup() *cobra.Command {
	return c.group("ledger", "record which content shipped to which builds without harm", c.ledgerInit(), c.ledgerAdd())
}

// A ledgering is one call of a ledger command.
type ledgering struct {
	*command
	judging
	expanding
	allowUnsupported bool
	survived         string // date

	defs    *sensor.Definitions
	fleets  []givenFleet
	by      sensor.Date // zero means that the date of each file counts
	today   time.Time
	ledger  *cells.Ledger
	files   int
	entries int // that are new
}

func (l *ledgering) add(cmd *cobra.Command, survivedUsage string) {
	l.judging.add(cmd)
	cmd.Flags().StringVar(&l.survived, "survived", "", survivedUsage)
}

func (c *command) ledgerInit() *cobra.Command {
	l := &ledgering{command: c}
	var from, out string
	cmd := &cobra.Command{
		Use:   "init [flags] --from folder --fleet fleet -o file",
		Short: "write a ledger of all releases in a folder",
		Long: `ledger init writes a new ledger. It reads all revisions of all channel files in
a folder, and records their cells for each build of the fleet whose contract
supplies the type version. The date of an entry is the date of the first file
with the cell, as its header states it, or the date of --survived.

The builds of the fleet have run all files of the folder as far as ledger init
can tell. Leave out releases that were withdrawn, and builds that are newer than
the releases.`,
		Example: `  cfcheck ledger init --from releases/ --fleet fleet.json -o shipped.ledger`,
		Args:    cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			if from == "" || out == "" {
				return errors.New("missing folder or output: name the releases with --from, and the ledger with --out")
			}
			if isLedger(out) {
				return fmt.Errorf("--out: %s is a ledger; add releases to it with ledger add, or remove it", out)
			}
			s := c.outputs()
			s.ReadsFolder("--from "+from, from, isContent)
			l.judging.reads(s)
			o := s.File("--out", out)
			if err := s.Begin(); err != nil {
				return err
			}
			l.ledger = &cells.Ledger{Name: out}
			if err := l.prepare(); err != nil {
				return err
			}
			in := readFolder(from, nil)
			switch {
			case len(in.problems) > 0:
				return fmt.Errorf("--from: %s", in.problems[0])
			case in.files.n == 0:
				return fmt.Errorf("--from: %s: the folder has no channel file (.cf)", from)
			case in.rules:
				return fmt.Errorf("--from: %s: the folder has rules, which have no date of release; build them, or record them with ledger add", from)
			}
			for name := range in.files.all() {
				f, err := readFile(filepath.FromSlash(name))
				if err != nil {
					return fmt.Errorf("--from: %w", err)
				}
				if err := l.record(name, f); err != nil {
					return err
				}
			}
			return l.write(s, o)
		},
	}
	l.add(cmd, "state the `date` until which all the releases did no harm, such as 2026-11-29 (default: the date in each file)")
	cmd.Flags().StringVar(&from, "from", "", "read the releases in this `folder`")
	cmd.Flags().StringVarP(&out, "out", "o", "", "write the ledger to a `file`")
	return cmd
}

func (c *command) ledgerAdd() *cobra.Command {
	l := &ledgering{command: c}
	var name string
	cmd := &cobra.Command{
		Use:   "add [flags] --ledger file --fleet fleet --survived date path...",
		Short: "record a release that did no harm",
		Long: `ledger add records the cells of a release for each build of the fleet whose
contract supplies the type version. A path is a channel file, a file of rules,
or a folder of either, as for check. The file is written again: sorted, and
with one line for each entry. The earliest date of an entry counts.

Run it when the release has been on the hosts long enough to show harm.
If only a part of the fleet got the release, give a fleet with these builds.`,
		Example: `  cfcheck ledger add --ledger shipped.ledger --fleet fleet.json --survived 2026-11-29 shipped/`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("nothing to record: name a channel file, a file of rules or a folder")
			}
			if name == "" {
				return errors.New("missing ledger: name it with --ledger, or make one with ledger init")
			}
			if l.survived == "" {
				return errors.New("missing date: state with --survived until when the release did no harm")
			}
			s := c.outputs()
			for _, arg := range args {
				s.ReadsFolder("the input "+arg, arg, isContent)
			}
			l.judging.reads(s)
			l.expanding.reads(s)
			o := s.File("--ledger", name)
			if err := s.Begin(); err != nil {
				return err
			}
			data, err := readLedgerFile(name)
			if err == nil {
				l.ledger, err = cells.ReadLedger(name, data)
			}
			if err != nil {
				return fmt.Errorf("--ledger: %w", err)
			}
			if err := l.prepare(); err != nil {
				return err
			}
			if _, err := l.expanding.budget(); err != nil {
				return err
			}
			placeholders, err := l.values(l.command)
			if err != nil {
				return err
			}
			comp := compiling{&l.expanding, l.defs, placeholders, l.allowUnsupported}
			for _, arg := range args {
				release, problems := comp.readRelease("", arg)
				if len(problems) > 0 {
					for _, p := range problems[1:] {
						l.say("cfcheck: %s", p)
					}
					return errors.New(problems[0])
				}
				if err := l.recordRelease(release); err != nil {
					return err
				}
			}
			return l.write(s, o)
		},
	}
	l.add(cmd, "state the `date` until which the release did no harm, such as 2026-11-29")
	l.expanding.add(cmd)
	cmd.Flags().BoolVar(&l.allowUnsupported, "allow-unsupported", false, allowUnsupportedUsage)
	cmd.Flags().StringVar(&name, "ledger", "", "add the release to this `file`")
	return cmd
}

// prepare reads the fleets and the definitions.
func (l *ledgering) prepare() error {
	fleets, remark, err := l.loadFleets()
	if err != nil {
		return err
	}
	if len(fleets) == 0 {
		return errors.New("missing fleet: name one with --fleet; the ledger records its builds")
	}
	if l.fleets = fleets; remark != "" {
		l.say("remark: %s", remark)
	}
	if l.defs, err = l.definitions(); err != nil {
		return err
	}
	for _, f := range l.fleets {
		if err := f.groups.Undefined(l.defs); err != nil {
			return err
		}
	}
	if l.today, err = l.time(); err != nil {
		return err
	}
	if l.survived != "" {
		if l.by, err = sensor.ParseDate(l.survived); err != nil {
			return fmt.Errorf("--survived: %w", err)
		}
		if l.isFuture(l.by) {
			return fmt.Errorf("--survived: %v is in the future; it is %s", l.by, l.today.UTC().Format(time.DateOnly))
		}
	}
	return nil
}

// isFuture reports whether a date is after today.
func (l *ledgering) isFuture(d sensor.Date) bool {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).After(l.today)
}

// recordRelease records all content of a release.
func (l *ledgering) recordRelease(r *release) error {
	for _, channel := range slices.Sorted(maps.Keys(r.content)) {
		for _, s := range r.content[channel] {
			subject, err := s.subject()
			if err != nil {
				return err
			}
			f, err := channelfile.Parse(subject.Data)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if err := l.record(s.name, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// record records the cells of a file for each build that reads it.
func (l *ledgering) record(name string, f *channelfile.File) error {
	d := l.defs.ByNumber(f.Header.Type, f.Header.TypeVersion)
	if d == nil {
		return fmt.Errorf("%s: type %d version %d is not known; give its definition (--types)", name, f.Header.Type, f.Header.TypeVersion)
	}
	by := l.by
	if by == (sensor.Date{}) {
		if f.Header.Created == 0 {
			return fmt.Errorf("%s: the file has no date; state one with --survived", name)
		}
		y, m, day := time.Unix(int64(f.Header.Created), 0).UTC().Date()
		if by = (sensor.Date{Year: y, Month: m, Day: day}); l.isFuture(by) {
			return fmt.Errorf("%s: its date %v is in the future; it is %s", name, by, l.today.UTC().Format(time.DateOnly))
		}
	}
	uses := cells.Of(f, d)
	readers := 0
	for _, fleet := range l.fleets {
		for i := range fleet.Contracts {
			c := &fleet.Contracts[i]
			if !supplies(c, d) {
				continue
			}
			readers++
			for _, u := range uses {
				if l.ledger.Add(c.Build, u.Cell, by) {
					l.entries++
				}
			}
		}
	}
	if readers == 0 {
		l.say("remark: %s: no build of the fleet supplies type %s version %d, so nothing was recorded", name, d.Name, d.Version)
	}
	l.files++
	return nil
}

// supplies reports whether a build has a supply for a type version.
func supplies(c *sensor.Contract, d *sensor.Definition) bool {
	for range c.SuppliesOf(d.Name, d.Version) {
		return true
	}
	return false
}

// write writes the ledger.
func (l *ledgering) write(s *output.Set, o *output.Output) error {
	data := l.ledger.Bytes()
	if len(data) > cells.MaxSize {
		return fmt.Errorf("%s: it would have more than %d bytes", l.ledger.Name, cells.MaxSize)
	}
	o.WriteBytes(data)
	if err := s.Commit(); err != nil {
		return err
	}
	l.say("remark: %s: %s, %d new, from %s", l.ledger.Name, plural(l.ledger.Len(), "entry", "entries"), l.entries, plural(l.files, "file", "files"))
	return nil
}

// plural returns a number with its noun.
func plural(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}

// readLedgerFile reads a regular file, at most one byte more than a ledger may have.
func readLedgerFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, unread(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file; name the ledger itself", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, unread(name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, cells.MaxSize+1))
	if err != nil {
		return nil, unread(name, err)
	}
	return data, nil
}

// isLedger reports whether a file begins as a ledger. A new ledger does not replace one, because
// the record of the builds would be lost.
func isLedger(name string) bool {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	first := make([]byte, len(cells.Header))
	n, _ := io.ReadFull(f, first)
	return string(first[:n]) == cells.Header
}
