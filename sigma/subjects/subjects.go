// Package subjects turns Sigma rules into subjects, which package validate judges.
//
// [Compile] compiles all rules of a run together, because a filter in one file narrows rules of
// other files. It makes a subject for each template type. The findings of the compiler belong to
// the subject of their type.
package subjects

import (
	"fmt"
	"maps"
	"slices"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
)

// Options are the options of [Compile].
type Options struct {
	Build sigma.Options // how to compile the rules

	// Faults are the errors of the documents that are not among the rules.
	Faults []*sigma.Error
	// Incomplete means that some rules could not be read, and that the caller reports that.
	Incomplete bool
	// Reviewed reports whether a waiver in a comment of a rule counts. Nil means that each one
	// counts.
	Reviewed func(r *sigma.Rule, comment sigma.Text) bool
}

// A Compilation is the result of [Compile].
type Compilation struct {
	Built *sigma.Result

	// Subjects has a subject for each template type. It is empty only if Unjudged, or the option
	// Incomplete, explains why no rule is left.
	Subjects []*validate.Subject
	// Unjudged are the documents that could not be compiled, in the order of the rules.
	Unjudged []Unjudged
	// Waivers are the waivers of rules that are in no subject.
	Waivers []validate.Waiver
}

// An Unjudged is a document that cannot be judged, and the reason.
type Unjudged struct {
	At   validate.Position
	Rule validate.Instance // the document; it has no index and no ID of a channel file
	Err  error             // a [*sigma.UnsupportedError] or a [*sigma.UnresolvedError]
}

// Compile compiles rules, and makes a subject for each template type. Name is the name of all
// rules for messages. A finding that belongs to no type is in the first subject.
//
// The error is a [*sigma.BudgetError], and then there is no result.
func Compile(name string, rules []*sigma.Rule, defs *sensor.Definitions, opts Options) (*Compilation, error) {
	built, err := sigma.Build(rules, defs, opts.Build)
	if spent := opts.Build.Budget.Err(); spent != nil {
		return nil, spent
	}
	c := &Compilation{Built: built}
	var source []validate.Finding
	for _, e := range slices.Concat(opts.Faults, built.Malformed) {
		source = append(source, malformed(e))
	}
	of := map[string][]validate.Finding{} // by template type
	for _, e := range built.UnknownFields {
		of[e.Type] = append(of[e.Type], unknownField(e, defs))
	}
	if !opts.Build.AllowUnsupported {
		for _, e := range built.Unsupported {
			c.Unjudged = append(c.Unjudged, Unjudged{position(e.Name, e.Position), validate.Instance{Index: -1, Rule: e.ID, Title: e.Title, Author: e.Author}, e})
		}
	}
	for _, e := range built.Unresolved {
		c.Unjudged = append(c.Unjudged, Unjudged{position(e.Name, e.Position), validate.Instance{Index: -1, Rule: e.ID, Title: e.Title, Author: e.Author}, e})
	}
	var unjudged []string
	// If there are findings or unjudged documents, they explain why no rule is left.
	explained := opts.Incomplete || len(source)+len(of)+len(c.Unjudged) > 0
	if len(built.Outputs) > 0 || !explained {
		unjudged = append(unjudged, unexplained(err)...)
	}
	unbuilt := map[*sigma.Rule]bool{} // rules with directives that are not in an output
	for _, r := range rules {
		if len(r.Directives) > 0 {
			unbuilt[r] = true
		}
	}
	for i := range built.Outputs {
		out := &built.Outputs[i]
		s := Of(name, built, out)
		s.Source = append(of[out.Definition.Name], s.Source...)
		for _, r := range out.Rules {
			waivers, mistakes := waivers(r, opts.Reviewed)
			s.Waivers, s.Source = append(s.Waivers, waivers...), append(s.Source, mistakes...)
			delete(unbuilt, r)
		}
		delete(of, out.Definition.Name)
		c.Subjects = append(c.Subjects, s)
	}
	for _, r := range rules {
		if unbuilt[r] {
			waivers, mistakes := waivers(r, opts.Reviewed)
			c.Waivers, source = append(c.Waivers, waivers...), append(source, mistakes...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(of)) { // types without any remaining rule
		source = append(source, of[name]...)
	}
	if len(c.Subjects) == 0 {
		if len(source)+len(unjudged) == 0 && explained {
			return c, nil
		}
		// The findings still need a subject.
		c.Subjects = append(c.Subjects, validate.Rules(name, nil))
		if len(source)+len(unjudged) == 0 {
			unjudged = append(unjudged, "nothing to judge: the rules produced no content")
		}
	}
	first := c.Subjects[0]
	first.Source, first.Unjudged = append(source, first.Source...), unjudged
	return c, nil
}

// Of returns an output of the compiler as a subject, with the warnings of the compiler. Name is
// the name of the rules.
func Of(name string, built *sigma.Result, out *sigma.Output) *validate.Subject {
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
