package main

import (
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/file"
	"github.com/cfcheck/cfcheck/validate/types"
)

// An expanding says what the placeholders of rules stand for.
type expanding struct{ file string }

func (e *expanding) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&e.file, "placeholders", "", "a YAML or JSON `file` with what the placeholders (%name%) of rules stand for: a map of names to values")
}

// values returns the values of the placeholders, nil if no file was named. What
// is wrong with the file it says, each on a line.
func (e *expanding) values(c *command) (sigma.Placeholders, error) {
	if e.file == "" {
		return nil, nil
	}
	data, err := readDocument(e.file)
	if err != nil {
		return nil, fmt.Errorf("--placeholders: %w", err)
	}
	placeholders, err := sigma.ReadPlaceholders(e.file, data)
	if err != nil {
		for _, err := range sigma.Errors(err) {
			c.say("cfcheck: %v", err)
		}
		return nil, exitError(statusUndecided)
	}
	return placeholders, nil
}

// sayNotes says what is worth a look in rules that were compiled.
func (c *command) sayNotes(built *sigma.Result) {
	for _, n := range built.Notes {
		c.say("note: %v", n)
	}
}

// judgeRules compiles the rules at a path and judges what they become, one
// subject a template type. What is wrong with the rules themselves goes with
// the type that it speaks of, and else with the first.
func (k *checking) judgeRules(root string) []report.Result {
	// Rules are many small values that live until they are judged: collecting
	// garbage as often as by default would take a fifth of the time.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	files, err := sigma.Load(root)
	if err != nil {
		return []report.Result{report.NotJudged(root, err)}
	}
	rules, source, unread := collect(files)
	source = append(source, k.again(rules)...)
	if len(files) == 0 {
		return []report.Result{report.NotJudged(root, errors.New("nothing to check: there are no rules (.yml) in it"))}
	}
	built, err := sigma.Build(rules, k.options.Definitions, sigma.Options{AllowUnsupported: true, Placeholders: k.placeholders})
	k.sayNotes(built)
	for _, e := range built.Malformed {
		source = append(source, malformed(e))
	}
	of := map[string][]validate.Finding{} // by the type that they speak of
	for _, e := range built.UnknownFields {
		of[e.Type] = append(of[e.Type], unknownField(e))
	}
	// What could not be read or expressed is undecided by itself, whatever
	// becomes of the rest.
	var results []report.Result
	for _, text := range unread {
		results = append(results, report.NotJudged(root, errors.New(text)))
	}
	if !k.allowUnsupported {
		for _, e := range built.Unsupported {
			results = append(results, report.NotJudged(fmt.Sprintf("%s:%d:%d", e.Name, e.Line, e.Column), e))
		}
	}
	var unjudged []string
	if len(built.Outputs) > 0 || len(source)+len(of)+len(results) == 0 { // else it is clear why no rule is left
		unjudged = append(unjudged, unexplained(err)...)
	}
	var subjects []*validate.Subject
	for _, out := range built.Outputs {
		s := validate.Rules(fmt.Sprintf("%s (%s)", root, out.Definition.Name), out.Data)
		s.Origin = func(part validate.Part) (validate.Position, bool) {
			name, at, ok := built.Locate(part.ID, part.From.Line, part.From.Text)
			return validate.Position{Path: name, Line: at.Line, Column: at.Column, Text: part.From.Text}, ok
		}
		s.Source = of[out.Definition.Name]
		delete(of, out.Definition.Name)
		subjects = append(subjects, s)
	}
	for _, name := range slices.Sorted(maps.Keys(of)) { // of types of which no rule is left
		source = append(source, of[name]...)
	}
	if len(subjects) == 0 {
		if len(source)+len(unjudged) == 0 && len(results) > 0 {
			return results
		}
		// What was found still has to be said.
		subjects = append(subjects, validate.Rules(root, nil))
		if len(source)+len(unjudged) == 0 {
			unjudged = append(unjudged, "no rule became content: there is nothing to judge")
		}
	}
	subjects[0].Source, subjects[0].Unjudged = append(source, subjects[0].Source...), unjudged
	first := len(results)
	for _, s := range subjects {
		results = append(results, k.judge(s, ""))
	}
	if k.allowUnsupported {
		for _, e := range built.Unsupported {
			results[first].LeftOut = append(results[first].LeftOut, e.Error())
		}
	}
	return results
}

// again returns a finding for each rule that has the ID of one that was judged
// before, from another argument of the command.
func (k *checking) again(rules []*sigma.Rule) (findings []validate.Finding) {
	if k.ids == nil {
		k.ids = map[channelfile.ID]*sigma.Rule{}
	}
	var new []*sigma.Rule
	for _, r := range rules {
		id, err := channelfile.ParseID(r.ID.Value)
		if err != nil {
			continue
		}
		if first := k.ids[id]; first != nil {
			findings = append(findings, malformed(&sigma.Error{Name: r.Name, Position: r.ID.Position, Path: "id",
				Found: fmt.Sprintf("%s is also that of the rule at %s:%d:%d", r.ID.Value, first.Name, first.ID.Line, first.ID.Column),
				Want:  "give one of them a new UUID, or remove the copy"}))
			continue
		}
		new = append(new, r)
	}
	for _, r := range new {
		id, _ := channelfile.ParseID(r.ID.Value)
		k.ids[id] = r
	}
	return findings
}

// collect takes the rules out of files, and what is wrong with these: faults
// of rules as findings, and what could not be read as text.
func collect(files []sigma.File) (rules []*sigma.Rule, source []validate.Finding, unread []string) {
	for _, f := range files {
		rules = append(rules, f.Rules...)
		for _, err := range sigma.Errors(f.Err) {
			var e *sigma.Error
			if errors.As(err, &e) {
				source = append(source, malformed(e))
			} else {
				unread = append(unread, err.Error())
			}
		}
	}
	return rules, source, unread
}

// unexplained returns what of the error of sigma.Build is neither a fault of a
// rule nor a limit of cfcheck: those are in its result.
func unexplained(err error) []string {
	var list []string
	for _, err := range sigma.Errors(err) {
		switch err.(type) {
		case *sigma.Error, *sigma.UnknownFieldError, *sigma.UnsupportedError:
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
		Check:   file.RuleWellFormed,
		Where:   validate.Location{Source: position(e.Name, e.Position)},
		Message: message,
		Fix:     e.Want,
	}
}

func unknownField(e *sigma.UnknownFieldError) validate.Finding {
	f := validate.Finding{
		Check:    types.InputDefined,
		Where:    validate.Location{Source: position(e.Name, e.Position)},
		Instance: &validate.Instance{Index: -1, Rule: e.ID, Title: e.Title},
		Message:  fmt.Sprintf("rule %q reads the field %q, which version %d of type %s does not have", e.Title, e.Field, e.Version, e.Type),
		Fix:      "use a field of the type: " + someFields(e.Fields),
		Group:    e.Type + " " + e.Field,
	}
	if e.Nearest != "" {
		f.Fix = fmt.Sprintf("did you mean %q?", e.Nearest)
	}
	return f
}

// someFields names fields, but not all of a type that has hundreds.
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
