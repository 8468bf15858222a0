package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/embedded"
)

// maxBinary is the size of the largest build that is looked at, in bytes.
const maxBinary = 1 << 30

func (c *command) contractHeader() *cobra.Command {
	var j judging
	var typ, reader, out string
	var version uint32
	cmd := &cobra.Command{
		Use:   "header [flags] --type name",
		Short: "write a C header by which a build checks and carries its contract",
		Long: `contract header writes a header for the build of a sensor: the number of inputs
that a version of a template type declares, a static assertion that the sensor's
own array has as many, and a macro that puts the contract into the binary, with
the number of elements that the array really has. What declares 21 and supplies
20 does not compile with the assertion; without it, contract extract tells.`,
		Example: `  cfcheck contract header --type ipc -o cfcheck_ipc.h`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s := c.outputs()
			j.reads(s)
			if reader != "" {
				s.Reads("--reader "+reader, reader)
			}
			header := c.orStandard(s, "the header", "-o", out)
			if err := s.Begin(); err != nil {
				return err
			}
			if typ == "" {
				return fmt.Errorf("of which type? name it with --type; see cfcheck contract header --help")
			}
			defs, err := j.definitions()
			if err != nil {
				return err
			}
			d := defs.Newest(typ)
			if cmd.Flags().Changed("type-version") {
				d = defs.ByName(typ, version)
			}
			if d == nil {
				return fmt.Errorf("--type: no such version of a template type %q is known; give its definition with --types", typ)
			}
			r := positionalReader()
			if reader != "" {
				data, err := readDocument(reader)
				if err != nil {
					return fmt.Errorf("--reader: %w", err)
				}
				if r, err = sensor.ReadReader(reader, data); err != nil {
					return err
				}
			}
			header.Write(func(w io.Writer) error { return embedded.WriteCHeader(w, d, &r) })
			return s.Commit()
		},
	}
	f := cmd.Flags()
	f.StringVar(&typ, "type", "", "the `name` of the template type")
	f.Uint32Var(&version, "type-version", 0, "the `version` of the type (default the newest)")
	f.StringVar(&reader, "reader", "", "a JSON `file` that says how the build reads content (default by position, every operator, no limits)")
	f.StringVarP(&out, "out", "o", "", "the `file` to write to (default the standard output)")
	j.addTypes(cmd)
	return cmd
}

// positionalReader is how a sensor reads that has its inputs in an array and
// states nothing else of itself.
func positionalReader() sensor.Reader {
	return sensor.Reader{
		Evidence: sensor.EvidenceExtracted, Access: sensor.AccessPositional,
		Formats: []string{channelfile.Version}, Operators: channelfile.Operators(),
	}
}

func (c *command) contractExtract() *cobra.Command {
	var out, build string
	var hosts uint64
	cmd := &cobra.Command{
		Use:   "extract [flags] file...",
		Short: "take contracts out of the builds that will read the content",
		Long: `contract extract finds the contract that a build carries, in an executable, a
library, a driver or any other bytes, and writes a fleet with it: one build for
each file. It looks for the contract itself and trusts no header of the file's
format. A build carries a contract if it was compiled with what contract header
writes. None, and two for one template type, are errors.`,
		Example: `  cfcheck contract extract sensor.sys --build 7.11 --hosts 412000 -o fleet.json`,
		Args:    onceEach(atLeastOne("build of a sensor")),
		RunE: func(_ *cobra.Command, args []string) error {
			if build != "" && len(args) > 1 {
				return fmt.Errorf("--build names one build, and %d files were named; the builds of several are named by their files", len(args))
			}
			s := c.outputs()
			for _, name := range args {
				s.Reads("the input "+name, name)
			}
			written := c.orStandard(s, "the fleet", "-o", out)
			if err := s.Begin(); err != nil {
				return err
			}
			fleet := &sensor.Fleet{Name: "extracted"}
			for _, name := range args {
				contract, err := extract(name)
				if err != nil {
					return err
				}
				contract.Build, contract.Hosts = build, hosts
				if build == "" {
					contract.Build = filepath.Base(name)
				}
				fleet.Contracts = append(fleet.Contracts, *contract)
			}
			data, err := fleet.JSON()
			if err != nil {
				return err
			}
			written.WriteBytes(data)
			return s.Commit()
		},
	}
	f := cmd.Flags()
	f.StringVar(&build, "build", "", "the `name` of the build (default that of the file)")
	f.Uint64Var(&hosts, "hosts", 1, "the `number` of hosts that run it")
	f.StringVarP(&out, "out", "o", "", "the `file` to write the fleet to (default the standard output)")
	return cmd
}

func extract(name string) (*sensor.Contract, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, unread(name, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: no regular file; name the build itself", name)
	case info.Size() > maxBinary:
		return nil, fmt.Errorf("%s: %d bytes; a build of at most %d is looked at", name, info.Size(), maxBinary)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, unread(name, err)
	}
	defer f.Close()
	// The size is known: a buffer that grows takes twice as much.
	data := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	if _, err := data.ReadFrom(io.LimitReader(f, maxBinary)); err != nil {
		return nil, unread(name, err)
	}
	return embedded.Extract(name, data.Bytes())
}
