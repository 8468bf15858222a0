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

// outputs returns an empty set of outputs. Add to it all that the run reads and
// writes.
func (c *command) outputs() *output.Set {
	s := &output.Set{Stdout: c.stdout, Precious: isContent}
	s.Messages("the standard error", c.stderr)
	if name, err := os.Executable(); err == nil {
		s.Reads("the running program "+name, name)
	}
	return s
}

// toStandard refuses a standard output that is one of the files that are read.
func (c *command) toStandard(inputs ...string) error {
	s := c.outputs()
	for _, name := range inputs {
		s.ReadsFolder("the input "+name, name, isContent)
	}
	s.Stream("the standard output", c.stdout)
	return s.Begin()
}

// orStandard adds an output to the set: the file that a flag names, or without
// one the standard output. What names its content for messages.
func (c *command) orStandard(s *output.Set, what, flag, name string) *output.Output {
	if name == "" {
		return s.Stream(what+" on the standard output", c.stdout)
	}
	return s.File(flag, name)
}

// reads adds the files to the inputs that say against what content is judged.
func (j *judging) reads(s *output.Set) {
	names, from := j.named()
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

// readsAll adds the files to the inputs that a flag names.
func readsAll(s *output.Set, flag string, names []string) {
	for _, name := range names {
		s.Reads(flag+" "+name, name)
	}
}

// isContent reports whether a file is content that can be judged. No report or
// document is written over it, even if it is no input of the run: a pattern of a shell after
// --out names the first file of many.
func isContent(path string) bool {
	if isRules(path) || isChannelFile(path) || filepath.Base(path) == file.ManifestName {
		return true
	}
	magic, manifest, err := file.Sniff(path)
	return magic || manifest || err != nil && !errors.Is(err, fs.ErrNotExist)
}
