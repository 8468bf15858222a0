package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sensor"
)

// strict makes a command and its subcommands refuse arguments without a clear
// meaning: a flag given twice, a value that is empty or looks like a flag, an empty
// argument. Then exit status 0 means that the command itself ran to its end, and
// not that the name of a file was taken for --help.
func (c *command) strict(cmd *cobra.Command) {
	cmd.InitDefaultHelpFlag()
	cmd.DisableFlagsInUseLine = true // a command with flags says so itself
	if help := cmd.Flags().Lookup("help"); !cmd.HasParent() {
		help.Usage = "print this page"
	} else {
		help.Usage = "print this page (exit status 2: no verdict)"
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if _, list := f.Value.(pflag.SliceValue); !list {
			f.Value = &single{Value: f.Value, flag: f}
		}
	})
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if err := clear(cmd, args); err != nil {
				return err
			}
			err := run(cmd, args)
			c.ran = err == nil
			return err
		}
	}
	for _, below := range cmd.Commands() {
		c.strict(below)
	}
}

// nearFlag returns a question that names the known flag closest to an unknown one,
// or "" if no flag is close.
func nearFlag(cmd *cobra.Command, err error) string {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok || unknown.GetSpecifiedShortnames() != "" {
		return ""
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	return strictjson.Suggest("--"+unknown.GetSpecifiedName(), names)
}

// A flagError is an error in the value of a flag.
type flagError struct {
	flag *pflag.Flag
	what string
}

func (e *flagError) Error() string { return fmt.Sprintf("--%s: %s", e.flag.Name, e.what) }

// A single is the value of a flag that may be given only once.
type single struct {
	pflag.Value
	flag  *pflag.Flag
	given bool
}

// Set sets the value. It refuses a second value, because it cannot know which of
// the two was meant.
func (s *single) Set(value string) error {
	if s.given {
		if s.Type() == "bool" {
			return &flagError{s.flag, "given twice; give it once"}
		}
		return &flagError{s.flag, fmt.Sprintf("given twice, as %q and %q; give it once", s.Value.String(), value)}
	}
	s.given = true
	if what := unclear(s.flag, value); what != "" {
		return &flagError{s.flag, what}
	}
	switch kind := s.Type(); kind {
	case "bool":
		if _, err := strconv.ParseBool(value); err != nil {
			return &flagError{s.flag, fmt.Sprintf("%q is neither true nor false", value)}
		}
	case "int", "uint32", "uint64":
		bits := map[string]int{"int": strconv.IntSize - 1, "uint32": 32, "uint64": 64}[kind]
		if n, err := strconv.ParseUint(value, 10, bits); err != nil || strconv.FormatUint(n, 10) != value {
			return &flagError{s.flag, fmt.Sprintf("%q is not a whole number from 0 to %d, in decimal digits", value, ^uint64(0)>>(64-bits))}
		}
	case "duration":
		if _, err := time.ParseDuration(value); err != nil {
			return &flagError{s.flag, fmt.Sprintf("%q is not a time with a unit, such as 500ms, 30s or 2m", value)}
		}
	case "revision":
		if err := s.Value.Set(value); err != nil {
			return &flagError{s.flag, fmt.Sprintf("%q is %v", value, err)}
		}
		return nil
	}
	return s.Value.Set(value)
}

// unclear returns the reason why the value of a flag is unclear, or "".
func unclear(f *pflag.Flag, value string) string {
	switch {
	case strings.TrimSpace(value) == "", value == "=": // pflag reads -o= as the value =
		return fmt.Sprintf("the value is empty (an unset variable?); give a value, or leave --%s out", f.Name)
	// the standard input
	case value == "-" && (f.Name == "never-match" || f.Name == "known-good" || f.Name == "known-bad" || f.Name == "events" || f.Name == "event"):
	case value[0] == '-':
		return fmt.Sprintf("%q begins with - like a flag; the real value may be missing (an unset variable?). Write ./%s for a file of this name", value, value)
	}
	return ""
}

// clear returns an error if an argument or a value of a list has no clear meaning.
func clear(cmd *cobra.Command, args []string) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		list, ok := f.Value.(pflag.SliceValue)
		if !ok || err != nil {
			return
		}
		seen := map[string]bool{}
		for _, value := range list.GetSlice() {
			what := unclear(f, value)
			if what == "" && seen[value] {
				what = fmt.Sprintf("%q is given twice; give it once", value)
			}
			if seen[value] = true; what != "" {
				err = &flagError{f, what}
				return
			}
		}
	})
	for i, arg := range args {
		if strings.TrimSpace(arg) == "" && err == nil {
			err = fmt.Errorf("argument %d is empty (an unset variable?); give a value, or leave it out; see %s --help", i+1, cmd.CommandPath())
		}
	}
	return err
}

// ambiguous returns an error for an argument that is read as a flag and is also the
// name of a file. A pattern of the shell, such as *, may have inserted it. After --
// no argument is read as a flag.
func ambiguous(args []string) error {
	for _, arg := range args {
		if len(arg) < 2 || arg[0] != '-' {
			continue
		}
		if _, err := os.Lstat(arg); err == nil || errors.Is(err, fs.ErrPermission) {
			if arg == "--" {
				return errors.New("the argument -- ends the flags, and a file has this name too; rename the file, or write ./* in place of *")
			}
			return fmt.Errorf("the argument %s is a flag, and a file has this name too (from a pattern such as *?); "+
				"write -- before file names, or ./%s for this file", arg, arg)
		}
		if arg == "--" {
			return nil
		}
		if strings.HasPrefix(arg, "-test.") { // package pflag ignores these flags
			return fmt.Errorf("unknown flag: %s", arg)
		}
	}
	return nil
}

// onceEach refuses two arguments that name the same file.
func onceEach(then cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		var files fileSet
		for _, arg := range args {
			if other, ok := files.add(arg); !ok {
				return fmt.Errorf("%s and %s name the same file; name it once", other, arg)
			}
		}
		return then(cmd, args)
	}
}

// A fileSet holds the names of files, each file once.
type fileSet struct {
	names   map[place]string  // first name of each file
	folders map[string]string // real folder for each folder part of a name
}

// A place is the real folder of a file and its name there. Two files can have the
// same place if a folder changes during the run.
type place struct{ folder, name string }

// add adds a file and reports whether it is new. If it is not, first is the name
// under which it was added. A file with another name, or in another folder, is another
// file, even if it is a link. The reason is that a channel file is also judged by its
// name.
func (s *fileSet) add(name string) (first string, added bool) {
	at := s.place(name)
	if first, ok := s.names[at]; ok && (first == name || sameFile(first, name)) {
		return first, false
	}
	if s.names == nil {
		s.names = map[place]string{}
	}
	s.names[at] = name
	return name, true
}

func (s *fileSet) place(name string) place {
	folder, base := filepath.Split(name)
	real, ok := s.folders[folder]
	if !ok {
		real = realFolder(folder)
		if s.folders == nil {
			s.folders = map[string]string{}
		}
		s.folders[folder] = real
	}
	return place{real, base}
}

// realFolder returns the absolute name of a folder without links, or the name itself
// if the folder does not exist.
func realFolder(name string) string {
	path := name
	if !filepath.IsAbs(path) {
		here, err := os.Getwd()
		if err != nil {
			return name
		}
		// Do not clean the path: if a is a link, a/.. is not the folder of the link.
		path = here + string(filepath.Separator) + path
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return name
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	two, err := os.Stat(b)
	return err == nil && os.SameFile(one, two)
}

// alternatives joins names for help and messages: a, b or c.
func alternatives(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// oneOf returns an error if the value of a flag is not one of names. Noun says
// what a name stands for.
func oneOf(flag, noun, value string, names []string) error {
	if slices.Contains(names, value) {
		return nil
	}
	return fmt.Errorf("%s: unknown %s %q (want %s)", flag, noun, value, alternatives(names))
}

// unknownType returns the error for a --type that no definition has.
func unknownType(name string, defs *sensor.Definitions) error {
	var known []string
	for d := range defs.All() {
		known = append(known, d.Name)
	}
	return fmt.Errorf("--type: unknown template type %q%s", name,
		cmp.Or(strictjson.Suggest(name, known), "; give its definition with --types"))
}
