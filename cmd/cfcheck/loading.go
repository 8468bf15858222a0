package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sigma"
)

// A loading loads content that a command shows but does not judge: channel files, and rules, which
// it compiles.
type loading struct {
	*command
	judging
	expanding
	allowUnsupported bool

	leftOut int // rules that were not compiled
}

// add adds the flags, except those for fleets.
func (l *loading) add(cmd *cobra.Command) {
	l.addTypes(cmd)
	l.expanding.add(cmd)
	cmd.Flags().BoolVar(&l.allowUnsupported, "allow-unsupported", false, allowUnsupportedUsage)
}

// load passes the content of each path to add: the channel files first, and then a file for each
// type of the rules. The name is that of a channel file, or "" for rules.
func (l *loading) load(paths []string, defs *sensor.Definitions, add func(name string, f *channelfile.File, d *sensor.Definition)) error {
	rules, files, err := rulesAndFiles(paths)
	if err != nil {
		return err
	}
	if err := l.compiled(files, defs, add); err != nil {
		return err
	}
	return l.compile(rules, defs, add)
}

// rulesAndFiles divides paths into those of rules and those of channel files.
func rulesAndFiles(paths []string) (rules, files []string, err error) {
	for _, name := range paths {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return nil, nil, unread(name, err)
		case isRules(name) || info.IsDir() && readFolder(name, nil).files.n == 0:
			rules = append(rules, name)
		default:
			files = append(files, name)
		}
	}
	return rules, files, nil
}

// compiled adds channel files.
func (l *loading) compiled(names []string, defs *sensor.Definitions, add func(string, *channelfile.File, *sensor.Definition)) error {
	if len(names) == 0 {
		return nil
	}
	files, _, err := channelFiles(names)
	if err != nil {
		return err
	}
	for _, name := range files {
		f, err := readFile(name)
		if err != nil {
			return err
		}
		d := defs.ByNumber(f.Header.Type, f.Header.TypeVersion)
		if d == nil {
			return fmt.Errorf("%s: no definition has template type %d version %d; name a file that has it with --types", name, f.Header.Type, f.Header.TypeVersion)
		}
		add(name, f, d)
	}
	return nil
}

// compile compiles rules and adds them.
func (l *loading) compile(paths []string, defs *sensor.Definitions, add func(string, *channelfile.File, *sensor.Definition)) error {
	if len(paths) == 0 {
		return nil
	}
	built, _, err := l.build(paths, defs)
	if err != nil {
		return err
	}
	for i := range built.Outputs {
		out := &built.Outputs[i]
		f, err := channelfile.Parse(out.Data)
		if err != nil {
			return err
		}
		add("", f, out.Definition)
	}
	return nil
}

// build compiles rules, and prints the faults of those that do not compile.
func (l *loading) build(paths []string, defs *sensor.Definitions) (*sigma.Result, sigma.Placeholders, error) {
	placeholders, err := l.values(l.command)
	if err != nil {
		return nil, nil, err
	}
	budget, err := l.budget()
	if err != nil {
		return nil, nil, err
	}
	defer limitMemory()()
	set, err := loadRules(paths, l.exclude, budget)
	if err != nil {
		return nil, nil, err
	}
	for _, text := range set.again {
		l.say("remark: %s", text)
	}
	built, err := sigma.Build(set.rules, defs, sigma.Options{AllowUnsupported: l.allowUnsupported, Placeholders: placeholders, Budget: budget, IDs: sigma.IDsOfNames})
	if err := budget.Err(); err != nil {
		return nil, nil, err
	}
	faults := slices.Clone(set.faults)
	for _, err := range sigma.Errors(err) {
		// The faults explain why no rule is left.
		if !errors.Is(err, sigma.ErrNoRule) {
			faults = append(faults, err)
		}
	}
	for _, err := range faults {
		l.say("cfcheck: %v", err)
	}
	l.leftOut = len(faults)
	if l.allowUnsupported {
		for _, e := range built.Unsupported {
			l.say("left out: %v", e)
		}
	}
	return built, placeholders, nil
}

// complete returns the exit status of a result without a rule that was left out for a fault.
func (l *loading) complete() error {
	if l.leftOut == 0 {
		return nil
	}
	l.say("cfcheck: %s not in the result; correct the rules, or leave out those that cannot be expressed with --allow-unsupported", counted(l.leftOut, "fault: a rule is", "faults: their rules are"))
	return exitError(statusUndecided)
}
