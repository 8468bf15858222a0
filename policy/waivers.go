package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// MaxWaivers is the maximum number of waivers in a policy.
const MaxWaivers = 10_000

// waivers reads the list of waivers.
func (r *reader) waivers(p *Policy, path string, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		found := kind(n)
		if n.Kind == yaml.SequenceNode {
			found = "an empty list"
		}
		r.failAt(n, path, "found "+found, "expected a list of waivers, or leave the key out")
		return
	}
	if len(n.Content) > MaxWaivers {
		r.failAt(n, path, fmt.Sprintf("found %d waivers", len(n.Content)), fmt.Sprintf("expected at most %d", MaxWaivers))
		return
	}
	type name struct{ check, rule, subject, path string }
	first := map[name]Place{}
	for i, element := range n.Content {
		at, before := fmt.Sprintf("%s[%d]", path, i), len(r.errors)
		w := validate.Waiver{From: validate.Position{Path: r.name, Line: r.place(element).Line, Column: r.place(element).Column}}
		keys := r.waiver(&w)
		if !r.object(at, element, keys) {
			continue
		}
		for _, key := range []string{"check", "reason", "by", "until"} {
			if !r.has(element, key) {
				r.failAt(element, at, fmt.Sprintf("the key %q is missing", key), "a waiver has check, rule or subject, reason, by and until")
			}
		}
		if !r.has(element, "rule") && !r.has(element, "subject") {
			r.failAt(element, at, "the waiver names neither a rule nor a subject", "name one of them, as the JSON report of the finding does (identity)")
		}
		if len(r.errors) > before {
			continue
		}
		id := name{w.Check, w.Rule, w.Subject, w.Path}
		if place, ok := first[id]; ok {
			r.failAt(element, at, fmt.Sprintf("the same findings are waived in line %d", place.Line), "remove one of the two")
			continue
		}
		first[id] = r.place(element)
		p.Waivers = append(p.Waivers, w)
	}
}

// waiver returns the keys of a waiver.
func (r *reader) waiver(w *validate.Waiver) []key {
	text := func(to *string) func(string, *yaml.Node) {
		return func(path string, n *yaml.Node) {
			t, _ := r.text(path, n)
			*to = t.Value
		}
	}
	return []key{
		{"check", func(path string, n *yaml.Node) {
			if t, ok := r.text(path, n); ok {
				var found, want string
				if w.Check, found, want = waivable(t.Value, r.checks); found != "" {
					r.failAt(n, path, found, want)
				}
			}
		}},
		{"rule", func(path string, n *yaml.Node) {
			t, _ := r.text(path, n)
			w.Rule = strings.ToLower(t.Value)
		}},
		{"subject", text(&w.Subject)},
		{"path", text(&w.Path)},
		{"reason", text(&w.Reason)},
		{"by", text(&w.By)},
		{"until", func(path string, n *yaml.Node) {
			if n.Kind != yaml.ScalarNode {
				r.failAt(n, path, "found "+kind(n), "expected a date such as 2027-01-31")
				return
			}
			d, err := sensor.ParseDate(n.Value)
			if err != nil {
				r.failAt(n, path, "found "+kind(n), "expected a day that exists, in the form 2027-01-31")
				return
			}
			w.Until = d
		}},
	}
}

// waivable returns the ID of a check, by its ID or name. If no waiver may accept findings of
// the check, found is the reason, and want is advice.
func waivable(name string, checks []*validate.Check) (id, found, want string) {
	var names []string
	for _, c := range checks {
		if c.ID == name || c.Name == name {
			if why := c.NotWaivable(); why != "" {
				return "", fmt.Sprintf("%v cannot be waived: %s", c, why), "remove the waiver, and fix the cause of the finding"
			}
			return c.ID, "", ""
		}
		if c.NotWaivable() == "" {
			names = append(names, c.Name, c.ID)
		}
	}
	want = strings.TrimPrefix(strictjson.Suggest(name, names), "; ")
	return "", "unknown check " + strictjson.Quote(name), cmp.Or(want, "cfcheck checks lists all checks")
}

// Directive is the beginning of a comment that is a statement to the gate.
const Directive = "cfcheck:"

const waiveForm = "expected \"# cfcheck:waive CF3012 until=2027-01-31 by=ann: reason\""

// ReadComment reads a waiver from a comment of a rule, without the # and the spaces around the
// text. The comment has this form, and path=NAME may stand among its settings:
//
//	cfcheck:waive CF3012 until=2027-01-31 by=ann: reason
//
// The waiver does not name a rule yet. If the comment cannot be read, found is the problem, and
// want is advice.
func ReadComment(comment string, checks []*validate.Check) (w validate.Waiver, found, want string) {
	text, ok := strings.CutPrefix(comment, Directive)
	if !ok {
		return w, "found " + strictjson.Quote(comment), waiveForm
	}
	settings, reason, ok := strings.Cut(text, ": ")
	words := strings.Fields(settings)
	switch {
	case len(words) == 0 || words[0] != "waive":
		word := strings.TrimRight(strings.Join(words[:min(1, len(words))], ""), ":")
		return w, "unknown statement " + strictjson.Quote(Directive+word), cmp.Or(strings.TrimPrefix(strictjson.Suggest(word, []string{"waive"}), "; "), waiveForm)
	case !ok || strings.TrimSpace(reason) == "":
		return w, "the waiver has no reason", waiveForm
	case len(words) < 2:
		return w, "the waiver names no check", waiveForm
	}
	if w.Check, found, want = waivable(words[1], checks); found != "" {
		return w, found, want
	}
	w.Reason = strings.TrimSpace(reason)
	values := map[string]string{}
	known := []string{"until", "by", "path"}
	for _, word := range words[2:] {
		name, value, ok := strings.Cut(word, "=")
		_, twice := values[name]
		switch {
		case !ok || value == "":
			return w, "found " + strictjson.Quote(word), waiveForm
		case !slices.Contains(known, name):
			return w, "unknown setting " + strictjson.Quote(name), cmp.Or(strings.TrimPrefix(strictjson.Suggest(name, known), "; "), "expected until, by or path")
		case twice:
			return w, fmt.Sprintf("the setting %q occurs twice", name), "remove one of the two"
		}
		values[name] = value
	}
	if values["until"] == "" || values["by"] == "" {
		return w, "the waiver has no last day or no name", waiveForm
	}
	day, err := sensor.ParseDate(values["until"])
	if err != nil {
		return w, "found " + strictjson.Quote("until="+values["until"]), "expected a day that exists, in the form until=2027-01-31"
	}
	w.Until, w.By, w.Path = day, values["by"], values["path"]
	return w, "", ""
}

// WaiversSchema is the value of the key "schema" in a file of waivers.
const WaiversSchema = "cfcheck.waivers/v0"

// MaxWaiversSize is the maximum size of a file of waivers in bytes.
const MaxWaiversSize = 8 << 20

// ReadWaivers reads a file of waivers, which a policy names with the key waiver-files. It is as
// strict as [Read], and an error is of type [Errors].
func ReadWaivers(name string, data []byte, checks []*validate.Check) ([]validate.Waiver, error) {
	p := new(Policy)
	r := &reader{name: name, checks: checks, version: WaiversSchema, size: MaxWaiversSize}
	r.document(data, []key{
		{"schema", r.schema},
		{"waivers", func(path string, n *yaml.Node) { r.waivers(p, path, n) }},
	})
	if err := r.err(); err != nil {
		return nil, err
	}
	return p.Waivers, nil
}

// WriteWaivers returns a file of waivers, in the order of the list. The same list gives the same
// bytes. It returns an error if ReadWaivers could not read the file.
func WriteWaivers(list []validate.Waiver) ([]byte, error) {
	if len(list) > MaxWaivers {
		return nil, fmt.Errorf("found %d waivers (want at most %d)", len(list), MaxWaivers)
	}
	var b strings.Builder
	b.WriteString("# Written by cfcheck baseline. See docs/policy.md.\nschema: " + WaiversSchema + "\n")
	if len(list) > 0 {
		b.WriteString("waivers:\n")
	}
	for i := range list {
		w := &list[i]
		before := "  - "
		for _, k := range []struct{ name, value string }{
			{"check", w.Check}, {"rule", w.Rule}, {"subject", w.Subject}, {"path", w.Path}, {"reason", w.Reason}, {"by", w.By}, {"until", w.Until.String()},
		} {
			if k.value == "" {
				continue
			}
			if fault, _ := textFault(k.value); fault != "" {
				return nil, fmt.Errorf("the waiver of %v cannot be written: %s: %s", w, k.name, fault)
			}
			value := k.value
			if k.name != "check" {
				value = "'" + strings.ReplaceAll(value, "'", "''") + "'"
			}
			fmt.Fprintf(&b, "%s%s: %s\n", before, k.name, value)
			before = "    "
		}
	}
	return []byte(b.String()), nil
}
