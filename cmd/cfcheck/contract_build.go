package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/embedded"
	"github.com/cfcheck/cfcheck/sensor/inventory"
)

// maxBinary is the maximum size of a build in bytes.
const maxBinary = 1 << 30

func (c *command) contractHeader() *cobra.Command {
	var j judging
	var typ, reader, out string
	var version uint32
	cmd := &cobra.Command{
		Use:   "header [flags] --type name",
		Short: "write a C header that makes a build check and carry its contract",
		Long: `contract header writes a header for the build of a sensor. It has the number of
inputs that a version of a template type declares. A static assertion checks
that the sensor's own array has as many elements. A macro puts the contract into
the binary, with the real number of elements. With the assertion, a build that
declares 21 inputs and supplies 20 does not compile. Without it, contract
extract finds the difference.`,
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
				return errors.New("missing template type: name it with --type; see cfcheck contract header --help")
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
				if defs.Newest(typ) == nil {
					return unknownType(typ, defs)
				}
				return fmt.Errorf("--type-version: template type %q has no version %d; give its definition with --types", typ, version)
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
	f.StringVar(&typ, "type", "", "write the header for the template type of this `name`")
	f.Uint32Var(&version, "type-version", 0, "use this `version` of the type (default: the newest)")
	f.StringVar(&reader, "reader", "", "describe how the build reads content with a JSON `file` (default: by position, every operator, no limits)")
	f.StringVarP(&out, "out", "o", "", "write the header to a `file` (default: the standard output)")
	j.addTypes(cmd)
	return cmd
}

// positionalReader returns the reader of a sensor that has its inputs in an array,
// supports every operator and states no limits.
func positionalReader() sensor.Reader {
	return sensor.Reader{
		Evidence: sensor.EvidenceExtracted, Access: sensor.AccessPositional,
		Formats: []string{channelfile.Version}, Operators: channelfile.Operators(),
	}
}

func (c *command) contractExtract() *cobra.Command {
	var out string
	var builds, hosts []string
	cmd := &cobra.Command{
		Use:   "extract [flags] file...",
		Short: "extract the contracts that builds carry",
		Long: `contract extract finds the contract in a build and writes a fleet with one build
for each file. A file is an executable, a library, a driver or any other bytes.
extract searches for the contract itself and trusts no header of the file's
format. A build carries a contract if it was compiled with the header that
contract header writes. A file without a contract, or with two contracts for
one template type, is an error.

With several files, --build and --hosts name the file before an equals sign.`,
		Example: `  cfcheck contract extract sensor.sys --build 7.11 --hosts 412000 -o fleet.json
  cfcheck contract extract old.sys new.sys --hosts old.sys=412000 --hosts new.sys=588000 -o fleet.json`,
		Args: onceEach(atLeastOne("build of a sensor")),
		RunE: func(_ *cobra.Command, args []string) error {
			names, err := ofFiles("--build", builds, args)
			if err != nil {
				return err
			}
			numbers, err := ofFiles("--hosts", hosts, args)
			if err != nil {
				return err
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
				contract.Build, contract.Hosts = cmp.Or(names[name], filepath.Base(name)), 1
				if text, ok := numbers[name]; ok {
					if contract.Hosts, err = inventory.ParseHosts(text); err != nil {
						return fmt.Errorf("--hosts: %w", err)
					}
				}
				if i := slices.IndexFunc(fleet.Contracts, func(c sensor.Contract) bool { return c.Build == contract.Build }); i >= 0 {
					return fmt.Errorf("%s and %s are both build %q; name the builds, such as --build %s=1.0", args[i], name, contract.Build, name)
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
	f.StringArrayVar(&builds, "build", nil, "give the build of a file this name, as file=`name`, or as a name alone if there is one file (default: the name of the file)")
	f.StringArrayVar(&hosts, "hosts", nil, "state the number of hosts that run the build of a file, as file=`number`, or as a number alone if there is one file (default 1)")
	f.StringVarP(&out, "out", "o", "", "write the fleet to a `file` (default: the standard output)")
	return cmd
}

// ofFiles returns the values of a flag by the files that they name, such as old.sys=412000. A
// value that names no file is for the one file of the run.
func ofFiles(flag string, values, files []string) (map[string]string, error) {
	of := map[string]string{}
	for _, v := range values {
		var file, value string
		for _, name := range files {
			if rest, ok := strings.CutPrefix(v, name+"="); ok && len(name) > len(file) {
				file, value = name, rest
			}
		}
		switch {
		case file == "" && len(files) == 1:
			file, value = files[0], v
		case file == "":
			return nil, fmt.Errorf("%s: found %q, but %d files are named; write the file first, such as %s=%s", flag, v, len(files), files[0], v)
		}
		if value == "" {
			return nil, fmt.Errorf("%s: found nothing after %s=", flag, file)
		}
		if _, ok := of[file]; ok {
			return nil, fmt.Errorf("%s: %s has two values; give one", flag, file)
		}
		of[file] = value
	}
	return of, nil
}

func extract(name string) (*sensor.Contract, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, unread(name, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a regular file; name the build itself", name)
	case info.Size() > maxBinary:
		return nil, fmt.Errorf("%s: the build has %d bytes (want at most %d)", name, info.Size(), maxBinary)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, unread(name, err)
	}
	defer f.Close()
	// Allocate the known size at once: a growing buffer takes twice the memory.
	data := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	if _, err := data.ReadFrom(io.LimitReader(f, maxBinary)); err != nil {
		return nil, unread(name, err)
	}
	return embedded.Extract(name, data.Bytes())
}
