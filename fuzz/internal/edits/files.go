package edits

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// A File is a file whose mutants are judged, with the options of the gate.
type File struct {
	Name     string   // for messages
	Others   []string // other cases with the same file
	FileName string   // name under which the gate judges it
	Data     []byte
	Options  validate.Options
}

// Corpus returns the files of the corpus, good and bad. Cases that differ only in the fleet
// have one file; it is judged for the fleet of the first.
func Corpus() ([]File, error) {
	var files []File
	place := map[digest]int{}
	for _, c := range corpus.Cases() {
		d := digestOf(c.Data)
		if i, ok := place[d]; ok {
			files[i].Others = append(files[i].Others, c.Name)
			continue
		}
		place[d] = len(files)
		opts, err := gatetest.ReadOptions(&c, suite.Checks...)
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", c.Name, err)
		}
		files = append(files, File{Name: c.Name, FileName: c.FileName, Data: c.Data, Options: opts})
	}
	return files, nil
}

// Read reads a file from disk, which is judged for fleet 291.
func Read(name string) (File, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return File{}, err
	}
	fleet, ok := builtin.Fleet("291")
	if !ok {
		return File{}, errors.New("fleet 291 is missing")
	}
	return File{
		Name: name, FileName: filepath.Base(name), Data: data,
		Options: validate.Options{Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: fleet},
	}, nil
}

// Called reports whether one of the names of the file contains part.
func (f *File) Called(part string) bool {
	return slices.ContainsFunc(append([]string{f.Name}, f.Others...), func(name string) bool { return strings.Contains(name, part) })
}

// gate returns an error if the report of the gate on a mutant is inconsistent. The gate must
// reject a mutant that is not kept.
func (f *File) gate(data []byte, kept bool) error {
	r := validate.Run(validate.ChannelFile(f.FileName, data), f.Options)
	var wrong mistakes
	gatetest.CheckReport(&wrong, f.Options, r)
	if v := r.Verdict(); !kept && v != validate.Rejected {
		wrong.Errorf("the verdict on a file that is not in normal form is %v (want rejected)", v)
	}
	if wrong != nil {
		return fmt.Errorf("the gate: %w", errors.Join(wrong...))
	}
	return nil
}

// mistakes are the errors in a report.
type mistakes []error

func (m *mistakes) Helper() {}

func (m *mistakes) Errorf(format string, args ...any) { *m = append(*m, fmt.Errorf(format, args...)) }
