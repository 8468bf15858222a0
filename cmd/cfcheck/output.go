package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate/file"
)

// outputs returns a set of outputs. Add all inputs and outputs of the run to it.
func (c *command) outputs() *output.Set {
	s := &output.Set{Stdout: c.stdout, Precious: isContent}
	s.Messages("the standard error", c.stderr)
	if name, err := os.Executable(); err == nil {
		s.Reads("the running program "+name, name)
	}
	return s
}

// toStandard returns an error if the standard output is one of the inputs.
func (c *command) toStandard(inputs ...string) error {
	s := c.outputs()
	for _, name := range inputs {
		s.ReadsFolder("the input "+name, name, isContent)
	}
	s.Stream("the standard output", c.stdout)
	return s.Begin()
}

// orStandard adds an output to the set: the file that a flag names, or the standard
// output if name is "". In messages, what names the content of the output.
func (c *command) orStandard(s *output.Set, what, flag, name string) *output.Output {
	if name == "" {
		return s.Stream(what+" on the standard output", c.stdout)
	}
	return s.File(flag, name)
}

// reads adds the files of fleets and types to the inputs.
func (j *judging) reads(s *output.Set) {
	names, from := j.named()
	if j.fleetsFrom != "" {
		from = "the fleet"
	}
	for _, name := range names {
		if _, builtin := builtin.Fleet(name); !builtin {
			s.Reads(from+" "+name, name)
		}
	}
	readsAll(s, "--types", j.types)
}

func (e *expanding) reads(s *output.Set) {
	if e.file != "" {
		s.Reads("--placeholders "+e.file, e.file)
	}
}

// readsAll adds the files that a flag names to the inputs.
func readsAll(s *output.Set, flag string, names []string) {
	for _, name := range names {
		s.Reads(flag+" "+name, name)
	}
}

// isContent reports whether a file is content that can be judged. No report or
// document replaces such a file, even if it is not an input of the run. A pattern of
// the shell after --out can expand to the names of many files.
func isContent(path string) bool {
	if isRules(path) || isChannelFile(path) || filepath.Base(path) == file.ManifestName {
		return true
	}
	magic, manifest, err := file.Sniff(path)
	return magic || manifest || err != nil && !errors.Is(err, fs.ErrNotExist)
}
