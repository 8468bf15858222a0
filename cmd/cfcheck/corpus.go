package main

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/corpus/conform"
	"github.com/cfcheck/cfcheck/internal/scratch"
	"github.com/cfcheck/cfcheck/internal/strictjson"
)

func (c *command) corpusGroup() *cobra.Command {
	return c.group("corpus", "hold readers in any language against the corpus", c.corpusRun(), c.corpusExport())
}

func (c *command) corpusExport() *cobra.Command {
	return &cobra.Command{
		Use:   "export folder",
		Short: "write the corpus of good and bad channel files to a folder",
		Long: `corpus export writes the cases of the corpus with their texts, index.json and the
vectors of meaning to a folder that is new or empty. corpus/README.md in the
repository describes them.`,
		Example: `  cfcheck corpus export cases`,
		Args:    exactlyOne("folder to write to"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := conform.Export(args[0]); err != nil {
				return fmt.Errorf("%s: cannot be written: %w", args[0], err)
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
}

// A conforming is one call of cfcheck corpus run.
type conforming struct {
	*command
	only     []string
	expected string
	format   string
	out      string
	timeout  time.Duration
	jobs     int
}

var conformFormats = []string{"text", "json", "junit"}

// maxExpected is the maximum size of a list of expected failures in bytes.
const maxExpected = 1 << 20

func (c *command) corpusRun() *cobra.Command {
	k := &conforming{command: c}
	cmd := &cobra.Command{
		Use:   "run [flags] -- reader {}",
		Short: "ask a reader of channel files about each file of the corpus",
		Long: `corpus run starts the command of a reader once for each file of the corpus, with
the name of the file in place of {}. The reader can be written in any language.
It answers with its exit status:

  0      the file is accepted: it can be read, and is in normal form
  1      the file is refused
  other  the reader failed; a signal and a timeout are failures too

If the reader also prints a line such as "requirement 34", this must be a
requirement of FORMAT.md, section 7, that the file breaks.

The table counts the right and wrong answers by requirement. The file of
--expected-failures names one case on each line, with a reason after it. A case
on the list that is right is wrong too: remove it.

The exit status is 0 if all answers are right or expected, and 1 otherwise.`,
		Example: `  cfcheck corpus run -- ./my-reader --check {}
  cfcheck corpus run --format junit -o readers.xml --expected-failures known.txt -- python3 reader.py {}`,
		RunE: func(cmd *cobra.Command, args []string) error { return k.run(args) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&k.only, "case", nil, "ask only about the file of the case with this `name`; repeat the flag for further cases")
	f.StringVar(&k.expected, "expected-failures", "", "read the names of cases whose answer may be wrong from a `file`")
	f.DurationVar(&k.timeout, "timeout", 10*time.Second, "stop the reader if it needs more than this `duration` for a file")
	f.IntVar(&k.jobs, "jobs", 0, "start at most `N` readers at a time (default: the number of processors)")
	f.StringVar(&k.format, "format", conformFormats[0], "write the table in this `format`: "+alternatives(conformFormats))
	f.StringVarP(&k.out, "out", "o", "", "write the table to a `file` (default: the standard output)")
	return cmd
}

func (k *conforming) run(args []string) error {
	s := k.outputs()
	if k.expected != "" {
		s.Reads("--expected-failures "+k.expected, k.expected)
	}
	table := k.orStandard(s, "the table", "-o", k.out)
	if err := s.Begin(); err != nil {
		return err
	}
	if err := oneOf("--format", "format", k.format, conformFormats); err != nil {
		return err
	}
	switch {
	case k.timeout <= 0:
		return fmt.Errorf("--timeout: found %v; expected more than 0, such as 10s", k.timeout)
	case k.jobs <= 0: // a negative number cannot be given: it looks like a flag
		k.jobs = runtime.NumCPU()
	}
	all := conform.Files()
	names := caseNames(all)
	files := all
	if len(k.only) > 0 {
		for _, name := range k.only {
			if !slices.Contains(names, name) {
				return fmt.Errorf("--case: the corpus has no case %q%s", name, strictjson.Suggest(name, names))
			}
		}
		files = slices.DeleteFunc(slices.Clone(all), func(f conform.File) bool {
			return !slices.ContainsFunc(f.Names, func(name string) bool { return slices.Contains(k.only, name) })
		})
		for i := range files { // the table shows the first name
			slices.SortStableFunc(files[i].Names, func(a, b string) int {
				return -cmp.Compare(btoi(slices.Contains(k.only, a)), btoi(slices.Contains(k.only, b)))
			})
		}
	}
	expected, err := k.expectedFailures(names)
	if err != nil {
		return err
	}
	folder, remove, err := scratch.Folder()
	if err != nil {
		return err
	}
	defer remove() // a folder that stays behind does not change the answers
	if err := conform.Write(folder, files); err != nil {
		return err
	}
	read, err := conform.Command(args, folder, k.timeout)
	if err != nil {
		return fmt.Errorf("the reader: %w", err)
	}
	r := &conform.Report{Reader: strings.Join(args, " "), Results: conform.Run(files, expected, k.jobs, read)}
	table.Write(map[string]func(io.Writer) error{"text": r.Text, "json": r.JSON, "junit": r.JUnit}[k.format])
	if err := s.Commit(); err != nil {
		return err
	}
	if !r.Passed() {
		return exitError(statusRejected)
	}
	return nil
}

// btoi returns 1 for true, and 0 for false.
func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func caseNames(files []conform.File) []string {
	var names []string
	for i := range files {
		names = append(names, files[i].Names...)
	}
	return names
}

// expectedFailures reads the list of cases whose answer may be wrong. Each line has the name
// of a case, and optionally a reason. Empty lines and lines with a number sign are comments.
func (k *conforming) expectedFailures(names []string) (map[string]bool, error) {
	if k.expected == "" {
		return nil, nil
	}
	data, err := readRegular(k.expected, "the list of cases itself", maxExpected)
	if err != nil {
		return nil, fmt.Errorf("--expected-failures: %w", err)
	}
	if len(data) > maxExpected {
		return nil, fmt.Errorf("%s: found more than %d bytes; expected a list of cases", k.expected, maxExpected)
	}
	expected := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, maxExpected+1)
	for n := 1; lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		name := words[0]
		switch {
		case !slices.Contains(names, name):
			return nil, fmt.Errorf("%s:%d: the corpus has no case %q%s", k.expected, n, name, strictjson.Suggest(name, names))
		case expected[name]:
			return nil, fmt.Errorf("%s:%d: found the case %q again; name it once", k.expected, n, name)
		}
		expected[name] = true
	}
	return expected, errors.Join(lines.Err())
}
