package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cfcheck/cfcheck/internal/view"
	"github.com/cfcheck/cfcheck/internal/view/loopback"
	"github.com/cfcheck/cfcheck/policy"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/file"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// A viewing is one call of cfcheck view.
type viewing struct {
	*command
	judging
	governing
	waivers  []validate.Waiver // of the policy
	out      string
	port     int
	maxSteps uint64
}

func (c *command) view() *cobra.Command {
	v := &viewing{command: c}
	cmd := &cobra.Command{
		Use:   "view [flags] file [file]",
		Short: "show channel files and files of Sysmon in a browser",
		Long: `view shows a channel file, or a rule blob or a configuration of Sysmon, as a
page: the sections to scale, each byte with its meaning, the rules with their
conditions as pictures, the needs and the findings. It shows a damaged file too,
as far as it can be read. With two files it shows them side by side, with their
difference. With several fleets the page has the verdict for each.

Without --out, view serves the page on the loopback interface until it is
interrupted, and prints the address. The address has a random part, so other
users of the machine cannot guess it. With --out, view writes the page as one
file that needs no other file.

The page shows the findings of check for the fleets, but view is no gate: its
exit status is 0 if the page was written, whatever the verdict.`,
		Example: `  cfcheck view out/C-00000291-00000001-00000001.cf
  cfcheck view --out page.html shipped.cf new.cf
  cfcheck view --fleet fleet.json --out page.html rules.bin`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return fmt.Errorf("view shows one file or two, but %d were named", len(args))
			}
			return nil
		},
		PreRunE: func(cmd *cobra.Command, _ []string) error { return v.follow(cmd.Flags()) },
		RunE:    func(_ *cobra.Command, args []string) error { return v.run(args) },
	}
	v.judging.add(cmd)
	v.governing.add(cmd)
	cmd.Flags().StringVarP(&v.out, "out", "o", "", "write the page to this `file`, and serve nothing")
	cmd.Flags().IntVar(&v.port, "port", 0, "serve on the port of this `number` of the loopback interface (default: a free one)")
	cmd.Flags().Uint64Var(&v.maxSteps, "max-steps", validate.DefaultMaxSteps, "limit the work of the checks to `N` steps")
	return cmd
}

// follow reads the policy, and takes the keys that change findings on one file. A flag overrides
// the key of the same meaning.
func (v *viewing) follow(flags *pflag.FlagSet) error {
	if err := v.governing.load(v.command, v.outputs()); err != nil || v.policy == nil {
		return err
	}
	p := v.policy
	keys := &taking{governing: &v.governing, flags: flags}
	keys.list("fleets", "fleet", p.Fleets, &v.fleetNames, v.governing.fleet)
	if len(p.Fleets) > 0 && !flags.Changed("fleet") {
		v.fleetsFrom = v.from("fleets")
	}
	keys.list("types", "types", p.Types, &v.types, v.namedFile)
	for _, s := range p.Severities {
		keys.record("severities."+s.Check.ID, s.Place, "", s.Severity.String())
	}
	v.waivers = slices.Clone(p.Waivers)
	keys.list("waiver-files", "waiver-files", p.WaiverFiles, &v.waiverFiles, v.namedFile)
	for _, name := range v.waiverFiles {
		data, err := v.document(name)
		if err != nil {
			return fmt.Errorf("%s: %w", v.from("waiver-files"), err)
		}
		list, err := policy.ReadWaivers(name, data, suite.Checks)
		if err != nil {
			return err
		}
		v.waivers = append(v.waivers, list...)
	}
	if keys.failed == nil {
		keys.say(v.command)
	}
	return keys.failed
}

func (v *viewing) run(names []string) error {
	s := v.outputs()
	for _, name := range names {
		s.ReadsFolder("the input "+name, name, isContent)
	}
	v.judging.reads(s)
	if v.policy != nil {
		v.governing.reads(s, v.policy.Name)
	}
	page := s.Stream("the address on the standard output", v.stdout)
	if v.out != "" {
		page = s.File("--out", v.out)
	}
	if err := s.Begin(); err != nil {
		return err
	}
	if v.port < 0 || v.port > 65535 {
		return fmt.Errorf("--port: found %d (want 1 to 65535)", v.port)
	}
	fleets, remark, err := v.loadFleets()
	if err != nil {
		return err
	}
	if remark != "" {
		v.say("remark: %s", remark)
	}
	defs, err := v.definitions()
	if err != nil {
		return err
	}
	now, err := v.time()
	if err != nil {
		return err
	}
	options := validate.Options{Checks: suite.Checks, Definitions: defs, Now: now, Budget: &validate.Budget{MaxSteps: v.maxSteps}, AllowEmpty: true, Waivers: v.waivers}
	if v.policy != nil {
		options.Checks = v.policy.Checks(suite.Checks)
	}
	for _, fleet := range fleets {
		if err := fleet.groups.Undefined(defs); err != nil {
			return err
		}
	}
	var files []view.File
	for _, name := range names {
		subject, err := viewed(name)
		if err != nil {
			return err
		}
		f := view.File{Name: filepath.Base(name), Data: subject.Data}
		prepared := validate.Prepare(subject, options)
		for _, fleet := range fleets {
			f.Reports = append(f.Reports, prepared.Run(fleet.Fleet, fleet.groups))
		}
		if len(fleets) == 0 {
			f.Reports = append(f.Reports, prepared.Run(nil, nil))
		}
		files = append(files, f)
	}
	if v.out != "" {
		page.Write(func(w io.Writer) error { return view.Write(w, files, defs) })
		return s.Commit()
	}
	return v.serve(files, defs)
}

// viewed returns a file as a subject that has bytes to show.
func viewed(name string) (*validate.Subject, error) {
	if isSysmon(name) && !isChannelFileBy(name) {
		data, err := readSysmonFile(name)
		if err != nil {
			return nil, err
		}
		s, err := subjectOfSysmon(name, data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return s, nil
	}
	s, err := file.Read(name)
	switch {
	case err != nil:
		return nil, unread(name, err)
	case s.Refused:
		return nil, fmt.Errorf("%s: not a regular file; name the channel file itself", name)
	case s.TooBig || len(s.Data) > view.MaxSize:
		return nil, fmt.Errorf("%s: the file has %d bytes (want at most %d)", name, s.Size, view.MaxSize)
	}
	return s, nil
}

// serve serves the page until the process is interrupted.
func (v *viewing) serve(files []view.File, defs *sensor.Definitions) error {
	var b bytes.Buffer
	if err := view.Write(&b, files, defs); err != nil {
		return err
	}
	server, err := loopback.Listen(v.port, b.Bytes(), view.PagePolicy())
	if err != nil {
		return err
	}
	defer server.Close()
	if _, err := fmt.Fprintf(v.stdout, "%s\n", server.URL); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	v.say("serving until interrupted")
	return server.Serve()
}
