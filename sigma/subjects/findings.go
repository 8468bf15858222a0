package subjects

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/cfcheck/cfcheck/internal/spelling"
	"github.com/cfcheck/cfcheck/policy"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// waivers reads the waivers in the comments of a rule, and returns those that were reviewed. Each
// mistake is a finding.
func waivers(r *sigma.Rule, reviewed func(*sigma.Rule, sigma.Text) bool) (waivers []validate.Waiver, mistakes []validate.Finding) {
	for _, d := range r.Directives {
		w, found, want := policy.ReadComment(d.Value, suite.Checks)
		if id, ok := r.UUID(); ok {
			w.Rule = id.String()
		} else if found == "" {
			found, want = "the rule has no UUID that a waiver could name", "give the rule an id"
		}
		w.From = position(r.Name, d.Position)
		if found == "" {
			if reviewed == nil || reviewed(r, d) {
				waivers = append(waivers, w)
			}
			continue
		}
		mistakes = append(mistakes, validate.Finding{
			Check:    suite.ByID("CF7001"), // waiver-well-formed
			Where:    validate.Location{Source: w.From},
			Instance: &validate.Instance{Index: -1, Rule: r.ID.Value, Title: r.Title.Value},
			Message:  found,
			Fix:      want,
			Identity: validate.Identity{Rule: cmp.Or(r.ID.Value, r.Title.Value), Path: "comment"},
		})
	}
	return waivers, mistakes
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

// unknownField returns the finding on a field that the type of its rule does not have. If no
// name is nearly the same, it states the fields with similar names, and the types that have the
// field.
func unknownField(e *sigma.UnknownFieldError, defs *sensor.Definitions) validate.Finding {
	f := validate.Finding{
		Check:    suite.ByID("CF2005"), // input-defined
		Where:    validate.Location{Source: position(e.Name, e.Position)},
		Instance: &validate.Instance{Index: -1, Rule: e.ID, Title: e.Title, Author: e.Author},
		Message:  fmt.Sprintf("rule %q reads the field %q, which version %d of type %s does not have", e.Title, e.Field, e.Version, e.Type),
		Group:    e.Type + " " + e.Field,
		Identity: validate.Identity{Rule: cmp.Or(e.ID, e.Title), Path: e.Field},
	}
	switch {
	case e.Feed != "":
		f.Fix = fmt.Sprintf("did you mean %q? It is %q in the events of feed %s", e.Nearest, e.Raw, e.Feed)
	case e.Nearest != "":
		f.Fix = fmt.Sprintf("did you mean %q?", e.Nearest)
	default:
		f.Fix = otherField(e, defs)
		if n := len(e.Fields); n <= maxFields {
			f.Details = []string{"type " + e.Type + " has " + strings.Join(e.Fields, ", ")}
		}
	}
	for _, name := range e.Unfilled {
		f.Details = append(f.Details, fmt.Sprintf("also: placeholder %%%s%% has no values: give them in a file (--placeholders)", name))
	}
	return f
}

// maxFields is the largest number of fields that a finding lists. A type may have hundreds.
const maxFields = 24

// otherField returns the advice for a field without a near name. A rule without the condition is
// another rule: it can match far more events.
func otherField(e *sigma.UnknownFieldError, defs *sensor.Definitions) string {
	const most = 5
	fix := "type " + e.Type + " has no field with a similar name: "
	if alike := spelling.Alike(e.Field, e.Fields, most); len(alike) > 0 {
		fix = "the most similar fields of the type: " + strings.Join(alike, ", ") + "; use one only if it means the same, or "
	}
	var types []string
	for d := range defs.All() {
		if _, ok := d.Input(e.Field); ok && d == defs.Newest(d.Name) {
			types = append(types, d.Name)
		}
	}
	more := ""
	if n := len(types) - most; n > 0 {
		types, more = types[:most], fmt.Sprintf(" and %d more", n)
	}
	if len(types) > 0 {
		fix += "move the rule to a type that has it (" + strings.Join(types, ", ") + more + "), or "
	}
	return fix + "remove the condition if the rule is still right without it"
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

func position(name string, at sigma.Position) validate.Position {
	return validate.Position{Path: name, Line: at.Line, Column: at.Column}
}
