package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/sigma/subjects"
	"github.com/cfcheck/cfcheck/validate"
)

// An expanding holds the flags for the rules to read, for placeholders and for the
// budget of compilation.
type expanding struct {
	excludes []string
	exclude  *exclusion // of excludes
	file     string
	source   []report.Source // the file, after it was read
	times    int             // number of default budgets
}

func (e *expanding) add(cmd *cobra.Command) {
	cmd.Flags().IntVar(&e.times, "compile-budget", 1, fmt.Sprintf("multiply the budget for compiling all rules of the run (%d values, %d MiB and %d steps) by `N`", sigma.BudgetValues, sigma.BudgetBytes>>20, sigma.BudgetSteps))
	cmd.Flags().StringArrayVar(&e.excludes, "exclude", nil, excludeUsage)
	cmd.Flags().StringVar(&e.file, "placeholders", "", "read the values of placeholders (%name%) in rules from a YAML or JSON `file`: a map of names to values")
}

// values returns the values of the placeholders, or nil if no file was named. It
// prints each error in the file on a line.
func (e *expanding) values(c *command) (sigma.Placeholders, error) {
	if e.file == "" {
		return nil, nil
	}
	data, err := readDocument(e.file)
	if err != nil {
		return nil, fmt.Errorf("--placeholders: %w", err)
	}
	e.source = []report.Source{report.SourceOf("placeholders", e.file, data)}
	placeholders, err := sigma.ReadPlaceholders(e.file, data)
	if err != nil {
		for _, err := range sigma.Errors(err) {
			c.say("cfcheck: %v", err)
		}
		return nil, exitError(statusUndecided)
	}
	return placeholders, nil
}

// budget returns the budget for compiling all rules of the run. It reads the patterns
// of --exclude first.
func (e *expanding) budget() (_ *sigma.Budget, err error) {
	if e.exclude, err = newExclusion(e.excludes); err != nil {
		return nil, err
	}
	if e.times < 1 || e.times > sigma.MaxBudgetTimes {
		return nil, fmt.Errorf("--compile-budget: found %d (want 1 to %d)", e.times, sigma.MaxBudgetTimes)
	}
	return sigma.NewBudget(e.times), nil
}

// A ruleSet holds all rules of a run, which are compiled together.
type ruleSet struct {
	rules  []*sigma.Rule
	files  []sigma.File
	faults []error  // faults of rules, files and paths
	roots  []string // path of each fault
	again  []string // remarks on files that were named twice
}

// A ruleRoot is a file or a folder of rules.
type ruleRoot struct {
	fsys  fs.FS // nil means the file system of the operating system
	path  string
	name  string       // for messages
	cache *sigma.Cache // nil means that each file is parsed
}

// loadRules loads the rules at the paths, without the excluded rules of folders. It
// returns an error only if the budget is exhausted.
func loadRules(paths []string, exclude *exclusion, budget *sigma.Budget) (set ruleSet, err error) {
	var roots []ruleRoot
	for _, path := range paths {
		roots = append(roots, ruleRoot{path: path, name: path})
	}
	return loadRoots(roots, exclude, budget)
}

// loadRoots is loadRules for any file systems.
func loadRoots(roots []ruleRoot, exclude *exclusion, budget *sigma.Budget) (set ruleSet, err error) {
	loader := sigma.NewLoader(budget)
	if !exclude.empty() {
		loader.Skip = exclude.match
	}
	fault := func(path string, err error) {
		set.faults, set.roots = append(set.faults, err), append(set.roots, path)
	}
	for _, root := range roots {
		path := root.name
		load := loader.Load
		loader.Cache = root.cache
		if root.fsys != nil {
			load = func(path string) ([]sigma.File, error) { return loader.LoadFS(root.fsys, path) }
		}
		files, err := load(root.path)
		if err := budget.Err(); err != nil {
			return ruleSet{}, err
		}
		if err == nil && len(files) == 0 {
			but := ""
			if !exclude.empty() {
				but = ", except those that --exclude leaves out"
			}
			err = fmt.Errorf("%s: found no rules (.yml, .yaml)%s", path, but)
		}
		if err != nil {
			fault(path, err)
			continue
		}
		set.files = append(set.files, files...)
		for _, f := range files {
			if f.Again != "" {
				set.again = append(set.again, fmt.Sprintf("%s: the same file as %s, so it was read once", f.Name, f.Again))
			}
			set.rules = append(set.rules, f.Rules...)
			for _, err := range sigma.Errors(f.Err) {
				fault(path, err)
			}
		}
	}
	return set, nil
}

// limitMemory tunes the garbage collector for rules, which are many small values that
// live until they are judged. It collects less often than by default up to
// compileMemory, and more often beyond. The returned function undoes that.
func limitMemory() (undo func()) {
	percent, limit := debug.SetGCPercent(400), debug.SetMemoryLimit(compileMemory)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

// compileMemory is the soft memory limit in bytes for compiling and judging rules. One
// default budget needs less.
const compileMemory = 384 << 20

// sayNotes prints the remarks of the compiler on the rules.
func (c *command) sayNotes(built *sigma.Result) {
	for _, n := range built.Notes {
		c.say("remark: %v", n)
	}
}

// judgeRules compiles the rules at the paths together, as build does, and judges the
// result, one subject for each template type. A finding about the rules themselves
// belongs to the subject of its type, or to the first subject if it has no type.
func (k *checking) judgeRules(roots []string) (results []report.Result) {
	if len(roots) == 0 {
		return nil
	}
	defer limitMemory()()
	name := rootsName(roots)
	k.command.meter.Begin("reading rules", "", 0)
	var from []ruleRoot
	for _, path := range roots {
		from = append(from, ruleRoot{k.ruleFiles, path, path, k.ruleCache})
	}
	set, err := loadRoots(from, k.exclude, k.compileBudget)
	if err != nil {
		return []report.Result{report.NotJudged(name, err)}
	}
	k.remarks = append(k.remarks, set.again...)
	k.ruleSources = ruleSources(set.files)
	k.tally.files += uint64(len(k.ruleSources))
	var faults []*sigma.Error
	for i, err := range set.faults {
		if e, ok := errors.AsType[*sigma.Error](err); ok {
			faults = append(faults, e)
		} else {
			// Unreadable rules are undecided on their own, whatever the result
			// of the others.
			results = append(results, report.NotJudged(set.roots[i], err))
		}
	}
	if len(set.files) == 0 {
		return results
	}
	k.command.meter.Begin("compiling "+count(uint64(len(set.rules)), "rule"), "", 0)
	compiled, err := subjects.Compile(name, set.rules, k.options.Definitions, subjects.Options{
		Build: sigma.Options{
			AllowUnsupported: k.allowUnsupported, Placeholders: k.placeholders, Budget: k.compileBudget, IDs: sigma.IDsOfNames,
		},
		Faults: faults, Incomplete: len(results) > 0, Reviewed: k.reviewed,
	})
	if err != nil {
		return []report.Result{report.NotJudged(name, err)}
	}
	k.sayNotes(compiled.Built)
	if !k.allowUnsupported {
		k.unfilled = compiled.Built.Unfilled(k.placeholders)
	}
	for _, u := range compiled.Unjudged {
		result := report.NotJudgedAt(u.At, u.Err)
		result.Rule = u.Rule
		results = append(results, result)
	}
	for i := range compiled.Waivers {
		k.waiving.add(validate.WaiverUse{Waiver: &compiled.Waivers[i]})
	}
	var leftOut []report.LeftOut
	if k.allowUnsupported {
		for _, e := range compiled.Built.Unsupported {
			leftOut = append(leftOut, report.LeftOut{File: e.Name, Line: e.Line, Column: e.Column, Path: e.Path, ID: e.ID, Title: e.Title, Reason: e.Reason})
		}
	}
	if len(compiled.Subjects) == 0 {
		results[0].LeftOut = leftOut
		return results
	}
	first := len(results)
	digest := report.SourcesDigest(k.ruleSources)
	k.command.meter.Begin("judging", "template types of the rules", int64(len(compiled.Subjects)))
	for _, s := range compiled.Subjects {
		results = append(results, k.judge(s, digest)...)
		k.command.meter.Add(1)
	}
	// The first subject has a result for each fleet.
	for i := first; i < len(results) && results[i].Name == results[first].Name; i++ {
		results[i].LeftOut = leftOut
	}
	return results
}

// ruleSources returns a Source for each file of rules that was read.
func ruleSources(files []sigma.File) (sources []report.Source) {
	for _, f := range files {
		if f.Digest != [32]byte{} {
			sources = append(sources, report.Source{Use: "rules", Path: f.Name, Size: f.Size, Digest: hex.EncodeToString(f.Digest[:])})
		}
	}
	return sources
}

// rootsName returns a name for the rules of several paths. It lists at most three
// paths.
func rootsName(roots []string) string {
	const most = 3
	if n := len(roots); n > most {
		return fmt.Sprintf("%s and %d more", strings.Join(roots[:most], ", "), n-most)
	}
	return strings.Join(roots, ", ")
}
