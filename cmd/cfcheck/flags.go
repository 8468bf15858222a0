package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/sensor"
)

// fleetVariable names the environment variable with the fleet for runs that
// name none.
const fleetVariable = "CFCHECK_FLEET"

// A judging says against what content is judged.
type judging struct {
	fleet string
	types []string
	now   string
}

func (j *judging) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&j.fleet, "fleet", os.Getenv(fleetVariable),
		"the `fleet`: a JSON file, or a built-in example: "+strings.Join(sensor.BuiltinFleets(), ", ")+" (default $"+fleetVariable+")")
	cmd.Flags().Lookup("fleet").DefValue = "" // the usage text is the same everywhere
	j.addTypes(cmd)
	cmd.Flags().StringVar(&j.now, "now", "", "the `time` at which acknowledgements are looked at, as 2027-01-31 or 2027-01-31T12:00:00Z (default the clock)")
}

func (j *judging) addTypes(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&j.types, "types", nil, "a JSON `file` with definitions of template types, besides those built in")
}

// loadFleet returns the fleet that was named, nil if none was.
func (j *judging) loadFleet() (*sensor.Fleet, error) {
	if j.fleet == "" {
		return nil, nil
	}
	if f, ok := sensor.BuiltinFleet(j.fleet); ok {
		return f, nil
	}
	data, err := readDocument(j.fleet)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(j.fleet, `./\`) {
			return nil, fmt.Errorf("fleet %q is neither a file nor one of the built-in examples %s", j.fleet, strings.Join(sensor.BuiltinFleets(), ", "))
		}
		return nil, fmt.Errorf("--fleet: %w", err)
	}
	return sensor.ReadFleet(j.fleet, data)
}

// definitions returns the template types that are known.
func (j *judging) definitions() (*sensor.Definitions, error) {
	all := sensor.BuiltinDefinitions()
	for _, name := range j.types {
		data, err := readDocument(name)
		if err != nil {
			return nil, fmt.Errorf("--types: %w", err)
		}
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
	return time.Time{}, fmt.Errorf("--now: %q is no time; write it as 2027-01-31 or 2027-01-31T12:00:00Z", j.now)
}

// readDocument reads a JSON document: a regular file, up to one byte more than
// is accepted. What it is is looked at first, for opening a FIFO would wait.
func readDocument(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, unread(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: no regular file; name the JSON document itself", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, unread(name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, sensor.MaxJSONSize+1))
	if err != nil {
		return nil, unread(name, err)
	}
	return data, nil
}

// unread says that something could not be read, and why, without the call of
// the system that failed.
func unread(name string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: cannot be read: %w", name, e.Err)
	}
	return fmt.Errorf("%s: cannot be read: %w", name, err)
}
