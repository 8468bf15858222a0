package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/sysmon/registry"
	"github.com/cfcheck/cfcheck/validate"
)

func (c *command) sysmon() *cobra.Command {
	return c.group("sysmon", "judge, compile and decompile configurations of Sysmon",
		c.sysmonCheck(), c.sysmonCompile(), c.sysmonDecompile(), c.sysmonBuilds())
}

func (c *command) sysmonCheck() *cobra.Command {
	k := &checking{command: c, as: asSysmon}
	var names []string
	cmd := &cobra.Command{
		Use:   "check [flags] --build version file...",
		Short: "judge files of Sysmon for versions of it, without a fleet",
		Long: `sysmon check judges configurations, rule blobs and exports of the registry for the
versions that --build names. Use check with a fleet to learn how many hosts a
finding concerns.`,
		Example: `  cfcheck sysmon check --build 13.30 rules.bin
  cfcheck sysmon check --build 13.33 --build 15.15 sysmonconfig.xml`,
		Args: atLeastOne("configuration, a rule blob or an export of the registry"),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(names) == 0 {
				return fmt.Errorf("missing version: name it with --build, such as --build %s; cfcheck sysmon builds lists all", sysmon.Newest().Name)
			}
			fleet, err := fleetOfSysmon(names)
			if err != nil {
				return err
			}
			k.made = []givenFleet{{fleet.Name, fleet, fleet.Cohorts()}}
			return k.run(args)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&names, "build", nil, "judge for this `version` of Sysmon, such as "+sysmon.Newest().Name+"; may repeat")
	f.IntVar(&k.maxFindings, "max-findings", validate.DefaultMaxFindings, "show at most `N` findings per check; all are counted")
	k.addFailOn(cmd)
	k.reporting.add(cmd)
	k.times, k.maxSteps = 1, validate.DefaultMaxSteps
	return cmd
}

// fleetOfSysmon returns a fleet with one host for each named version.
func fleetOfSysmon(names []string) (*sensor.Fleet, error) {
	fleet := &sensor.Fleet{Name: "Sysmon " + strings.Join(names, ", ")}
	seen := map[string]string{}
	for _, name := range names {
		b, err := sysmon.BuildNamed(name)
		if err != nil {
			return nil, fmt.Errorf("--build: %w", err)
		}
		if other, ok := seen[b.Name]; ok {
			return nil, fmt.Errorf("--build: %s and %s are the same version; name each once", other, name)
		}
		seen[b.Name] = name
		fleet.Contracts = append(fleet.Contracts, sensor.Contract{
			Build: "Sysmon " + b.Name, Hosts: 1,
			Reader:  sensor.Reader{Evidence: sensor.EvidenceStated, Access: sensor.AccessNamed, RefusesUnknownVersions: true},
			Sensors: []sensor.SensorVersion{{Name: "sysmon", Version: b.Name}},
		})
	}
	return fleet, nil
}

func (c *command) sysmonCompile() *cobra.Command {
	var name, out string
	cmd := &cobra.Command{
		Use:   "compile [flags] --build version config.xml",
		Short: "compile a configuration as a version of Sysmon does",
		Long: `sysmon compile writes the rule blob that the named version makes of a
configuration, byte for byte. If the version refuses the configuration, or drops
a part of it, compile says where, and writes nothing.

The layout of binary versions 15 to 18 is known. It was compared with blobs of
version 15.`,
		Example: `  cfcheck sysmon compile config.xml --build 15.15 -o rules.bin`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			s := c.outputs()
			s.Reads("the input "+args[0], args[0])
			o := c.orStandard(s, "the blob", "-o", out).Verdict()
			if err := s.Begin(); err != nil {
				return err
			}
			if name == "" {
				return fmt.Errorf("missing version: name it with --build, such as --build %s; cfcheck sysmon builds lists all", sysmon.Newest().Name)
			}
			b, err := sysmon.BuildNamed(name)
			if err != nil {
				return fmt.Errorf("--build: %w", err)
			}
			data, err := readSysmonFile(args[0])
			if err != nil {
				return err
			}
			compiled, err := c.compileSysmon(args[0], data, b)
			if err != nil {
				return err
			}
			o.WriteBytes(compiled)
			return s.Commit()
		},
	}
	f := cmd.Flags()
	f.StringVar(&name, "build", "", "compile as this `version` of Sysmon does")
	f.StringVarP(&out, "out", "o", "", "write the blob to a `file` (default: the standard output)")
	return cmd
}

// compileSysmon returns the blob that a build makes of a configuration. It prints the problems that
// the build has with it. Problems by which a part is lost are an error.
func (c *command) compileSysmon(name string, data []byte, b *sysmon.Build) ([]byte, error) {
	cfg, err := config.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	l := cfg.Load(b)
	lost := false
	for i := range l.Problems {
		p := &l.Problems[i]
		lost = lost || p.Kind == config.Dropped || p.Kind == config.Refused || p.Kind == config.Crashes
		c.say("%s:%d:%d: %v: %s; %s", name, p.Place.Line, p.Place.Column, p.Kind, p.Text, p.Fix)
	}
	switch {
	case l.Refused != nil:
		return nil, fmt.Errorf("%s: Sysmon %s does not load the configuration", name, b.Name)
	case lost:
		return nil, fmt.Errorf("%s: Sysmon %s drops a part of the configuration", name, b.Name)
	}
	compiled, err := l.Blob()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case len(compiled) == 0:
		return nil, fmt.Errorf("%s: the configuration has no rules, and Sysmon %s writes no blob for it", name, b.Name)
	}
	return compiled, nil
}

func (c *command) sysmonDecompile() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "decompile [flags] file",
		Short: "write the configuration of a rule blob",
		Long: `sysmon decompile reads a rule blob, or an export of the registry that has one, and
writes a configuration from which Sysmon compiles the same blob again. Comments
and the division into groups are not in a blob, so they are lost. The options
are not in it either: the registry has them beside the blob.

If a part of the blob has no form in a configuration, or the blob has a fault,
decompile names the byte, and writes nothing. sysmon check lists all faults.`,
		Example: `  cfcheck sysmon decompile rules.bin -o config.xml
  cfcheck sysmon decompile export.reg`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			s := c.outputs()
			s.Reads("the input "+args[0], args[0])
			o := c.orStandard(s, "the configuration", "-o", out)
			if err := s.Begin(); err != nil {
				return err
			}
			text, err := decompileSysmon(args[0])
			if err != nil {
				return err
			}
			o.WriteBytes(text)
			return s.Commit()
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "write the configuration to a `file` (default: the standard output)")
	return cmd
}

// decompileSysmon returns the configuration of the blob in a file.
func decompileSysmon(name string) ([]byte, error) {
	data, err := readSysmonFile(name)
	if err != nil {
		return nil, err
	}
	switch {
	case registry.IsExport(data):
		value, err := registry.Rules(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		data = value.Data
	case config.IsXML(data):
		return nil, fmt.Errorf("%s: it is a configuration, and not a rule blob", name)
	}
	b, err := blob.Parse(data)
	if err == nil {
		data, err = config.Decompile(b)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return data, nil
}

func (c *command) sysmonBuilds() *cobra.Command {
	return &cobra.Command{
		Use:   "builds",
		Short: "list the versions of Sysmon that cfcheck knows",
		Long: `sysmon builds lists each version with its newest schema, the binary version of its
rule blobs, and the source of both.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			o := c.outputs()
			list := c.orStandard(o, "the list", "", "")
			if err := o.Begin(); err != nil {
				return err
			}
			list.Write(func(w io.Writer) error {
				var errs []error
				for _, b := range sysmon.Builds() {
					binary := "unknown"
					if (b.Binary != sysmon.Version{}) {
						binary = b.Binary.String()
					}
					_, err := fmt.Fprintf(w, "%-12s schema %-5s binary %-7s %s\n", b.Name, b.Schema, binary, report.Clean(b.Source))
					errs = append(errs, err)
				}
				return errors.Join(errs...)
			})
			return o.Commit()
		},
	}
}
