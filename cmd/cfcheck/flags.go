package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// fleetVariable is the environment variable that names the fleet of a run without
// the flag --fleet.
const fleetVariable = "CFCHECK_FLEET"

// A judging holds the flags for fleets, types and time.
type judging struct {
	fleetNames []string // values of --fleet, or of a policy
	fleetsFrom string   // origin of the names in a policy; "" means --fleet
	types      []string
	now        string

	read        func(name string) ([]byte, error) // reads a document; nil means readDocument
	typeSources []report.Source                   // files of types that were read
}

func (j *judging) add(cmd *cobra.Command) {
	j.addFleet(cmd)
	j.addTypes(cmd)
	cmd.Flags().StringVar(&j.now, "now", "", "compare the dates of acknowledgements with this `time`, such as 2027-01-31 or 2027-01-31T12:00:00Z (default: the clock)")
}

func (j *judging) addFleet(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&j.fleetNames, "fleet", nil,
		"judge for this `fleet`: a JSON file or a built-in example ("+strings.Join(builtin.Fleets(), ", ")+"); repeat the flag for further fleets (default $"+fleetVariable+")")
}

func (j *judging) addTypes(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&j.types, "types", nil, "read definitions of template types from a JSON `file`, in addition to the built-in ones")
}

// A givenFleet is a fleet for which content is judged.
type givenFleet struct {
	name string // name on the command line: a file or a built-in example
	*sensor.Fleet
	groups *sensor.Cohorts
}

// named returns the names of the fleets, and their origin for messages: a flag, a
// policy or a variable. Without a flag and a policy they come from the environment.
func (j *judging) named() (names []string, from string) {
	if name := fleetOfEnvironment(); name != "" && len(j.fleetNames) == 0 {
		return []string{name}, "$" + fleetVariable
	}
	return j.fleetNames, cmp.Or(j.fleetsFrom, "--fleet")
}

// fleetOfEnvironment returns the fleet that the environment names, or "". An empty
// variable counts as unset.
func fleetOfEnvironment() string { return strings.TrimSpace(os.Getenv(fleetVariable)) }

// loadFleets returns the named fleets, and a remark if the fleet of the environment
// was not used.
func (j *judging) loadFleets() (fleets []givenFleet, remark string, err error) {
	names, from := j.named()
	if other := fleetOfEnvironment(); other != "" && !slices.Contains(names, other) {
		remark = fmt.Sprintf("%s overrides $%s: nothing was judged for the fleet %s", from, fleetVariable, other)
	}
	for _, name := range names {
		fleet, err := loadFleet(from, name, j.document)
		if err != nil {
			return nil, "", err
		}
		for _, other := range fleets {
			if other.Digest == fleet.Digest {
				return nil, "", fmt.Errorf("%s: %s and %s are the same fleet; name each once", from, other.name, name)
			}
		}
		fleets = append(fleets, givenFleet{name, fleet, fleet.Cohorts()})
	}
	return fleets, remark, nil
}

// loadFleet returns the fleet with a name. from is the flag or variable that names
// it.
func loadFleet(from, name string, read func(string) ([]byte, error)) (*sensor.Fleet, error) {
	if f, ok := builtin.Fleet(name); ok {
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s: %s is a built-in example and also a file here; write ./%s for the file, or run cfcheck in another folder", from, name, name)
		}
		return f, nil
	}
	data, err := read(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(name, `./\`) {
			return nil, fmt.Errorf("%s: unknown fleet %q (want a JSON file, or one of the built-in examples %s)", from, name, alternatives(builtin.Fleets()))
		}
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	return sensor.ReadFleet(name, data)
}

// document reads a document of the run.
func (j *judging) document(name string) ([]byte, error) {
	if j.read != nil {
		return j.read(name)
	}
	return readDocument(name)
}

// definitions returns the built-in template types and the types of --types.
func (j *judging) definitions() (*sensor.Definitions, error) {
	all := builtin.Definitions()
	for _, name := range j.types {
		data, err := j.document(name)
		if err != nil {
			return nil, fmt.Errorf("--types: %w", err)
		}
		j.typeSources = append(j.typeSources, report.SourceOf("types", name, data))
		more, err := sensor.ReadDefinitions(name, data)
		if err != nil {
			return nil, err
		}
		for d := range more.All() {
			if err := all.Add(d); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return all, nil
}

func (j *judging) time() (time.Time, error) {
	if j.now == "" {
		return time.Now(), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, j.now); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("--now: %q is not a time (want 2027-01-31 or 2027-01-31T12:00:00Z)", j.now)
}

// readDocument reads a JSON document from a regular file, at most one byte more
// than the limit. It checks the kind of the file first, because opening a FIFO
// would wait.
func readDocument(name string) ([]byte, error) {
	return readRegular(name, "the JSON document itself", sensor.MaxJSONSize)
}

// readRegular reads a regular file. If it has more than limit bytes, readRegular returns one
// byte more than limit, which the reader of the format refuses. wanted is the file that the
// caller should have named, for messages.
func readRegular(name, wanted string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, unread(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file; name %s", name, wanted)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, unread(name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, unread(name, err)
	}
	return data, nil
}

// unread returns the error for a file that cannot be read. It leaves out the name
// of the failed system call.
func unread(name string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: cannot be read: %w", name, e.Err)
	}
	return fmt.Errorf("%s: cannot be read: %w", name, err)
}
