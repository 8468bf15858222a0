package main

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
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
	fsys fs.FS // nil means the file system of the operating system
	path string
	name string // for messages
}

// loadRules loads the rules at the paths, without the excluded rules of folders. It
// returns an error only if the budget is exhausted.
func loadRules(paths []string, exclude *exclusion, budget *sigma.Budget) (set ruleSet, err error) {
	var roots []ruleRoot
	for _, path := range paths {
		roots = append(roots, ruleRoot{nil, path, path})
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
	set, err := loadRules(roots, k.exclude, k.compileBudget)
	if err != nil {
		return []report.Result{report.NotJudged(name, err)}
	}
	k.remarks = append(k.remarks, set.again...)
	var source []validate.Finding
	k.ruleSources = ruleSources(set.files)
	k.tally.files += uint64(len(k.ruleSources))
	for i, err := range set.faults {
		var e *sigma.Error
		if errors.As(err, &e) {
			source = append(source, malformed(e))
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
	built, err := sigma.Build(set.rules, k.options.Definitions, sigma.Options{
		AllowUnsupported: k.allowUnsupported, Placeholders: k.placeholders, Budget: k.compileBudget, IDs: sigma.IDsOfNames,
	})
	if err := k.compileBudget.Err(); err != nil {
		return []report.Result{report.NotJudged(name, err)}
	}
	k.sayNotes(built)
	for _, e := range built.Malformed {
		source = append(source, malformed(e))
	}
	of := map[string][]validate.Finding{} // by template type
	for _, e := range built.UnknownFields {
		of[e.Type] = append(of[e.Type], unknownField(e))
	}
	var leftOut []report.LeftOut
	for _, e := range built.Unsupported {
		if k.allowUnsupported {
			leftOut = append(leftOut, report.LeftOut{File: e.Name, Line: e.Line, Column: e.Column, Path: e.Path, ID: e.ID, Title: e.Title, Reason: e.Reason})
		} else {
			results = append(results, report.NotJudgedAt(position(e.Name, e.Position), e))
		}
	}
	for _, e := range built.Unresolved {
		results = append(results, report.NotJudgedAt(position(e.Name, e.Position), e))
	}
	var unjudged []string
	// If source, of or results are not empty, they explain why no rule is left.
	if len(built.Outputs) > 0 || len(source)+len(of)+len(results) == 0 {
		unjudged = append(unjudged, unexplained(err)...)
	}
	unbuilt := map[*sigma.Rule]bool{} // rules with directives that are not in an output
	for _, r := range set.rules {
		if len(r.Directives) > 0 {
			unbuilt[r] = true
		}
	}
	var subjects []*validate.Subject
	for _, out := range built.Outputs {
		s := ruleSubject(name, built, &out)
		s.Source = append(of[out.Definition.Name], s.Source...)
		for _, r := range out.Rules {
			waivers, mistakes := k.inline(r)
			s.Waivers, s.Source = append(s.Waivers, waivers...), append(s.Source, mistakes...)
			delete(unbuilt, r)
		}
		delete(of, out.Definition.Name)
		subjects = append(subjects, s)
	}
	for _, r := range set.rules {
		if unbuilt[r] {
			waivers, mistakes := k.inline(r)
			source = append(source, mistakes...)
			for i := range waivers {
				k.waiving.add(validate.WaiverUse{Waiver: &waivers[i]})
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(of)) { // types without any remaining rule
		source = append(source, of[name]...)
	}
	if len(subjects) == 0 {
		if len(source)+len(unjudged) == 0 && len(results) > 0 {
			results[0].LeftOut = leftOut
			return results
		}
		// The findings still need a subject.
		subjects = append(subjects, validate.Rules(name, nil))
		if len(source)+len(unjudged) == 0 {
			unjudged = append(unjudged, "nothing to judge: the rules produced no content")
		}
	}
	subjects[0].Source, subjects[0].Unjudged = append(source, subjects[0].Source...), unjudged
	first := len(results)
	digest := report.SourcesDigest(k.ruleSources)
	k.command.meter.Begin("judging", "template types of the rules", int64(len(subjects)))
	for _, s := range subjects {
		results = append(results, k.judge(s, digest)...)
		k.command.meter.Add(1)
	}
	// The first subject has a result for each fleet.
	for i := first; i < len(results) && results[i].Name == results[first].Name; i++ {
		results[i].LeftOut = leftOut
	}
	return results
}

// ruleSubject returns an output of the compiler as a subject, with the warnings of the
// compiler. Name is the name of the rules.
func ruleSubject(name string, built *sigma.Result, out *sigma.Output) *validate.Subject {
	s := validate.Rules(fmt.Sprintf("%s (%s)", name, out.Definition.Name), out.Data)
	s.Origin = func(part validate.Part) (validate.Position, bool) {
		name, at, ok := built.Locate(part.ID, part.From.Line, part.From.Text)
		return validate.Position{Path: name, Line: at.Line, Column: at.Column, Text: part.From.Text}, ok
	}
	for _, r := range out.Rules {
		for _, n := range r.Unused {
			s.Source = append(s.Source, unused(r, n))
		}
		for _, n := range r.Warnings {
			s.Source = append(s.Source, advised("CF0014", r, n)) // metadata-spelled
		}
		for _, n := range r.Alone {
			s.Source = append(s.Source, advised("CF0015", r, n)) // quantifier-of-several
		}
	}
	return s
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

// unexplained returns the errors of sigma.Build that are neither faults of rules nor
// limits of cfcheck, because the result of sigma.Build does not list them.
func unexplained(err error) []string {
	var list []string
	for _, err := range sigma.Errors(err) {
		switch err.(type) {
		case *sigma.Error, *sigma.UnknownFieldError, *sigma.UnsupportedError, *sigma.UnresolvedError:
		default:
			list = append(list, err.Error())
		}
	}
	return list
}

func malformed(e *sigma.Error) validate.Finding {
	message := e.Found
	if e.Path != "" {
		message = e.Path + ": " + message
	}
	return validate.Finding{
		Check:   suite.ByID("CF0007"), // rule-well-formed
		Where:   validate.Location{Source: position(e.Name, e.Position)},
		Message: message,
		Fix:     e.Want,
		// The rule may have no ID that can be read.
		Identity: validate.Identity{Path: strings.TrimSuffix(filepath.Base(e.Name)+" "+e.Path, " ")},
	}
}

func unknownField(e *sigma.UnknownFieldError) validate.Finding {
	f := validate.Finding{
		Check:    suite.ByID("CF2005"), // input-defined
		Where:    validate.Location{Source: position(e.Name, e.Position)},
		Instance: &validate.Instance{Index: -1, Rule: e.ID, Title: e.Title},
		Message:  fmt.Sprintf("rule %q reads the field %q, which version %d of type %s does not have", e.Title, e.Field, e.Version, e.Type),
		Fix:      "use a field of the type: " + someFields(e.Fields),
		Group:    e.Type + " " + e.Field,
		Identity: validate.Identity{Rule: cmp.Or(e.ID, e.Title), Path: e.Field},
	}
	if e.Nearest != "" {
		f.Fix = fmt.Sprintf("did you mean %q?", e.Nearest)
	}
	if e.Feed != "" {
		f.Fix = fmt.Sprintf("did you mean %q? It is %q in the events of feed %s", e.Nearest, e.Raw, e.Feed)
	}
	return f
}

func unused(r *sigma.Rule, n sigma.Note) validate.Finding {
	return validate.Finding{
		Check:    suite.ByID("CF0013"), // searches-used
		Where:    validate.Location{Source: position(n.Name, n.Position)},
		Instance: &validate.Instance{Index: -1, Rule: r.ID.Value, Title: r.Title.Value},
		Message:  fmt.Sprintf("%s: no condition of rule %q uses this search", n.Path, r.Title.Value),
		Fix:      "use it in the condition, or remove it",
		Identity: validate.Identity{Rule: cmp.Or(r.ID.Value, r.Title.Value), Path: n.Path},
	}
}

// advised returns a finding of a check about a rule. The note ends with the advice.
func advised(check string, r *sigma.Rule, n sigma.Note) validate.Finding {
	found, want := n.Message, ""
	if i := strings.LastIndex(found, "; "); i >= 0 {
		found, want = found[:i], found[i+2:]
	}
	return validate.Finding{
		Check:    suite.ByID(check),
		Where:    validate.Location{Source: position(n.Name, n.Position)},
		Instance: &validate.Instance{Index: -1, Rule: r.ID.Value, Title: r.Title.Value},
		Message:  fmt.Sprintf("%s of rule %q: %s", n.Path, r.Title.Value, found),
		Fix:      want,
		Identity: validate.Identity{Rule: cmp.Or(r.ID.Value, r.Title.Value), Path: n.Path},
	}
}

// someFields lists the first fields of a type, which may have hundreds.
func someFields(names []string) string {
	const most = 24
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

func position(name string, at sigma.Position) validate.Position {
	return validate.Position{Path: name, Line: at.Line, Column: at.Column}
}
