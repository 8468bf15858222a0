package subjects

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/cfcheck/cfcheck/policy"
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
