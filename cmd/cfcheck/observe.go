package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/internal/progress"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
)

// Limits of the report. Everything is counted, and the fleet has all inputs.
const (
	maxBadLines = 10 // lines that are not events
	maxKinds    = 10 // kinds of events that feed no type
	maxInputs   = 20 // inputs in a line of a feed
)

// An observing is one call of cfcheck contract observe.
type observing struct {
	*command
	metering
	judging
	out         string
	name        string
	reader      string
	only        []string // names of the types to observe; empty means all
	absentAfter uint64
	group       string // expression for the role of a host in its name
	minHosts    int

	observer *events.Observer
	set      *output.Set
	fleet    *output.Output
	said     *output.Output // the report; nil means stderr
	events   uint64         // events that were read
	bad      uint64         // lines that are not events
}

func (c *command) contractObserve() *cobra.Command {
	o := &observing{command: c}
	cmd := &cobra.Command{
		Use:   "observe [flags] file...",
		Short: "write a fleet from the inputs that recorded events supply",
		Long: `contract observe reads recorded events of Windows (.evtx, or JSON or XML in the forms of common exporters, plain, gzip or zstd) and
writes a fleet with the inputs that their sources really supply. For each host,
template type and feed, it counts the events that have each input. Hosts that
supply the same inputs become one contract, with the names of hosts as its name.

With --group, a contract has the hosts of one role that have the same version of
Sysmon, as far as their events show it. An input that only some of them supply
is conditional. A fleet of many hosts is then short enough to be reviewed.

An input that is in no event of a host is unknown there, not absent, unless its
feed never has it or --absent-after says otherwise. Events do not show how a
sensor reads content. That part comes from --reader, by default from the
interpreter of cfcheck itself.

docs/observe.md lists the accepted forms of events. A line that is not an event
is left out, counted and shown. Exit status 2 means that nothing was observed,
or that a file could not be read to its end; then nothing is written.`,
		Example: `  cfcheck contract observe events/*.ndjson.gz -o fleet.json
  cfcheck contract observe --group '(?i)^(dc|ws|srv)' --min-hosts-per-group 5 events/*.ndjson.gz -o fleet.json
  cfcheck contract observe Sysmon.evtx -o fleet.json`,
		Args: onceEach(atLeastOne("file of events")),
		RunE: func(_ *cobra.Command, args []string) error { return o.run(args) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.out, "out", "o", "", "write the fleet to a `file` (default: the standard output, with the report on the standard error)")
	o.metering.add(cmd)
	f.StringVar(&o.name, "name", "observed", "give the fleet this `name`")
	f.StringVar(&o.reader, "reader", "", "describe how the sensors read content with a JSON `file` (default: like cfcheck's own interpreter)")
	f.StringArrayVar(&o.only, "type", nil, "observe only the template type of this `name` (default: all known types)")
	f.Uint64Var(&o.absentAfter, "absent-after", 0, "treat an input as not supplied by a host if at least `N` events of its feed do not have it (default: never)")
	f.StringVar(&o.group, "group", "", "group hosts by the part of their name that this regular `expression` matches, or its first group in parentheses, and by the version of Sysmon")
	f.IntVar(&o.minHosts, "min-hosts-per-group", 1, "join groups of fewer than `N` hosts to one group, with --group")
	o.addTypes(cmd)
	return cmd
}

// role returns the function that finds the role of a host, or nil without --group.
func (o *observing) role() (func(host string) string, error) {
	switch {
	case o.minHosts < 1:
		return nil, fmt.Errorf("--min-hosts-per-group: found %d; expected at least 1", o.minHosts)
	case o.group == "" && o.minHosts > 1:
		return nil, errors.New("--min-hosts-per-group: there are no groups; give an expression with --group, such as ^ for all hosts")
	case o.group == "":
		return nil, nil
	}
	re, err := regexp.Compile(o.group)
	if err != nil {
		return nil, fmt.Errorf("--group: %w", err)
	}
	return func(host string) string {
		m := re.FindStringSubmatch(host)
		if m == nil {
			return "other"
		}
		// Windows ignores the case of the names of hosts.
		for _, group := range m[1:] {
			if group != "" {
				return strings.ToLower(group)
			}
		}
		if len(m) > 1 {
			return ""
		}
		return strings.ToLower(m[0])
	}, nil
}

func (o *observing) run(files []string) error {
	if err := o.begin(files); err != nil {
		return err
	}
	defs, err := o.observed()
	if err != nil {
		return err
	}
	reader := sensor.OwnReader()
	reader.Evidence = sensor.EvidenceStated // events do not show which reader a sensor has
	if o.reader != "" {
		data, err := readDocument(o.reader)
		if err != nil {
			return fmt.Errorf("--reader: %w", err)
		}
		if reader, err = sensor.ReadReader(o.reader, data); err != nil {
			return err
		}
	}
	if err := o.metering.check(); err != nil {
		return err
	}
	role, err := o.role()
	if err != nil {
		return err
	}
	o.observer = events.NewObserver(defs, events.Options{AbsentAfter: o.absentAfter, Role: role, MinHosts: o.minHosts})
	defer o.metering.meter(o.command)()
	o.command.meter.Begin("reading events", progress.Bytes, sizes(files))
	for _, name := range files {
		if err := o.read(name); err != nil {
			return fmt.Errorf("%w; nothing was written", err)
		}
	}
	o.command.meter.End()
	if o.bad > maxBadLines {
		o.say("cfcheck: and %s", noEvents(o.bad-maxBadLines, "more "))
	}
	fleet, err := o.observer.Fleet(o.name, reader)
	if err != nil {
		var b strings.Builder
		o.others(&b)
		fmt.Fprint(o.stderr, strings.TrimPrefix(b.String(), "\n"))
		return fmt.Errorf("%w: %s, %s", err, count(o.events, "event"), noEvents(o.bad, ""))
	}
	if o.bad > 0 {
		fleet.Note += fmt.Sprintf(" %s could not be read as events.", count(o.bad, "line"))
	}
	data, err := fleet.JSON()
	if errors.Is(err, sensor.ErrJSONSize) {
		return fmt.Errorf("%w; observe fewer files at once, or fewer types with --type", err)
	}
	if err != nil {
		return err
	}
	return o.write(len(files), fleet, data)
}

// begin registers the files that the run reads and writes. The report goes to the
// standard output, or to the standard error if the fleet goes to the standard output.
func (o *observing) begin(files []string) error {
	s := o.outputs()
	for _, name := range files {
		if name == "-" {
			s.ReadsStream("the standard input", o.stdin)
		} else {
			s.Reads("the input "+name, name)
		}
	}
	o.reads(s)
	if o.reader != "" {
		s.Reads("--reader "+o.reader, o.reader)
	}
	o.set, o.fleet = s, o.orStandard(s, "the fleet", "-o", o.out)
	if o.out != "" {
		o.said = s.Stream("the report on the standard output", o.stdout)
	}
	return s.Begin()
}

// observed returns the definitions of the types to observe.
func (o *observing) observed() (*sensor.Definitions, error) {
	all, err := o.definitions()
	if err != nil || len(o.only) == 0 {
		return all, err
	}
	return definitionsOf(all, o.only)
}

// read counts the events of one file.
func (o *observing) read(name string) error {
	var in io.Reader = o.stdin
	if name == "-" {
		if err := onlyStdin(); err != nil {
			return err
		}
	} else {
		f, err := os.Open(name)
		if err != nil {
			return unread(name, err)
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return fmt.Errorf("%s: a folder; name the files of events in it", name)
		}
		in = f
	}
	r := events.NewReader(name, o.command.meter.Reader(in))
	defer r.Close()
	var record events.Record
	for {
		err := r.Read(&record)
		if err == io.EOF {
			return nil
		}
		if err == nil {
			o.events++
			if err = o.observer.Add(&record); err == nil {
				continue
			}
			if errors.Is(err, events.ErrLimit) {
				return err
			}
			o.events--
			err = &events.LineError{Name: name, Line: r.Line(), Err: err}
		}
		if line := (*events.LineError)(nil); !errors.As(err, &line) {
			return err
		}
		if o.bad++; o.bad <= maxBadLines {
			o.say("cfcheck: %v", err)
		}
	}
}

// onlyStdin returns an error if a file has the name of the standard input.
func onlyStdin() error {
	if _, err := os.Lstat("-"); err == nil {
		return errors.New("the argument - means the standard input, and a file has this name too; write ./- for the file")
	}
	return nil
}

// write writes the fleet, and the report to the other output.
func (o *observing) write(files int, fleet *sensor.Fleet, data []byte) error {
	said := o.report(files, fleet)
	o.fleet.WriteBytes(data)
	if o.said != nil {
		o.said.WriteBytes([]byte(said))
	} else {
		fmt.Fprint(o.stderr, said)
	}
	return o.set.Commit()
}

func (o *observing) report(files int, fleet *sensor.Fleet) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s, %s\n", count(o.events, "event"), count(uint64(files), "file"), noEvents(o.bad, ""))
	fmt.Fprintf(&b, "%s of %s in %s\n", count(o.observer.Events(), "event"), count(uint64(o.observer.Hosts()), "host"), count(uint64(len(fleet.Contracts)), "contract"))
	if o.group != "" {
		o.groups(&b)
	} else {
		for _, s := range o.observer.Feeds() {
			o.feed(&b, &s)
		}
	}
	o.others(&b)
	return b.String()
}

// groups writes a table of the groups, and the names of their hosts.
func (o *observing) groups(b *strings.Builder) {
	list := o.observer.Groups()
	fmt.Fprintln(b, "\nInputs over all feeds of a group:")
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "hosts\tevents\tfeeds\tof some hosts\tsupplied\tconditional\tunknown\t  group\n")
	for i := range list {
		g := &list[i]
		fmt.Fprintf(t, "%d\t%s\t%d\t%d\t%d\t%d\t%d\t  %s\n", len(g.Hosts), numeral.Thousands(g.Events), g.Feeds, g.Partial, g.Supplied, g.Conditional, g.Unknown, report.Clean(g.Build))
	}
	t.Flush()
	fmt.Fprintln(b, "\nHosts:")
	for i := range list {
		var names []string
		for _, h := range list[i].Hosts[:min(len(list[i].Hosts), maxInputs)] {
			names = append(names, nameOr(h))
		}
		more := ""
		if n := len(list[i].Hosts) - len(names); n > 0 {
			more = fmt.Sprintf(" and %d more", n)
		}
		fmt.Fprintf(b, "  %s: %s%s\n", report.Clean(list[i].Build), strings.Join(names, ", "), more)
	}
	fmt.Fprintln(b, "\nfleet show --type shows which inputs these are.")
}

// feed writes, for each input of a feed, the number of hosts that supply it.
func (o *observing) feed(b *strings.Builder, s *events.FeedSummary) {
	fmt.Fprintf(b, "\ntype %s version %d, feed %s: %s on %s\n", s.Definition.Name, s.Definition.Version, s.Feed.Name,
		count(s.Events, "event"), count(uint64(s.Hosts), "host"))
	var all, some, unknown, missing, never []string
	has := map[string]bool{}
	for _, f := range s.Fields {
		has[f.Input] = true
		switch {
		case f.Supplied == s.Hosts:
			all = append(all, f.Input)
		case f.Supplied > 0:
			text := fmt.Sprintf("%s on %d (", f.Input, f.Supplied)
			if f.NotSupplied > 0 {
				text += fmt.Sprintf("not on %d", f.NotSupplied)
			}
			if f.NotSupplied > 0 && f.Unknown > 0 {
				text += ", "
			}
			if f.Unknown > 0 {
				text += fmt.Sprintf("unknown on %d", f.Unknown)
			}
			some = append(some, text+")")
		case f.Unknown > 0:
			unknown = append(unknown, f.Input)
		default:
			missing = append(missing, f.Input)
		}
	}
	for _, in := range s.Definition.Inputs {
		if !has[in.Name] {
			never = append(never, in.Name)
		}
	}
	for _, list := range []struct {
		what  string
		names []string
	}{
		{"supplied on all hosts", all},
		{"supplied on some", some},
		{"in no event, unknown", unknown},
		{"in no event, not supplied", missing},
		{"not of this feed", never},
	} {
		more := ""
		if n := len(list.names) - maxInputs; n > 0 {
			list.names, more = list.names[:maxInputs], fmt.Sprintf(" and %d more", n)
		}
		if len(list.names) > 0 {
			fmt.Fprintf(b, "  %s: %s%s\n", list.what, report.Clean(strings.Join(list.names, ", ")), more)
		}
	}
	if s.Odd > 0 {
		fmt.Fprintf(b, "  not counted: %s of another type than the input\n", count(s.Odd, "value"))
	}
}

// others writes the kinds of events that feed no type.
func (o *observing) others(b *strings.Builder) {
	kinds, rest := o.observer.Others()
	sum := rest
	for _, k := range kinds {
		sum += k.Events
	}
	if sum == 0 {
		return
	}
	feed := "feed"
	if sum == 1 {
		feed = "feeds"
	}
	fmt.Fprintf(b, "\n%s that %s no template type:\n", count(sum, "event"), feed)
	for i, k := range kinds {
		if i == maxKinds {
			fmt.Fprintf(b, "  and %s\n", count(uint64(len(kinds)-i), "more kind"))
			break
		}
		event := fmt.Sprintf("event %d", k.EventID)
		if k.Unnumbered {
			event = "no event ID"
		}
		fmt.Fprintf(b, "  %8d  %s, channel %s, provider %s\n", k.Events, event, nameOr(k.Channel), nameOr(k.Provider))
	}
	if rest > 0 {
		fmt.Fprintf(b, "  and %s of further kinds (only %d kinds are told apart)\n", count(rest, "event"), events.MaxKinds)
	}
}

// nameOr returns a name from a record in a form that is safe to show.
func nameOr(name string) string {
	if name == "" {
		return "(none)"
	}
	if len(name) > 100 {
		name = name[:100] + "..."
	}
	return report.Clean(name)
}

// noEvents returns a count of lines that are not events.
func noEvents(n uint64, more string) string {
	if n == 1 {
		return "1 " + more + "line that is not an event"
	}
	return count(n, more+"line") + " that are not events"
}

// count returns a number with its noun.
func count(n uint64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return numeral.Thousands(n) + " " + noun
}
