package suite_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// pipeRule is a rule that reads the field.
func pipeRule(field string) string {
	return `title: A demo
id: 00000000-0000-4000-8000-00000000000a
logsource: {product: windows, category: pipe_created}
detection:
    selection:
        ` + field + `: '\demo'
    condition: selection
`
}

// compiled makes a subject of rules, as a front end does: what is wrong with
// the rules themselves goes into Source, and what they become is the data.
func compiled(t *testing.T, text string) *validate.Subject {
	t.Helper()
	s := validate.Rules("rules.yml", nil)
	list, err := sigma.Parse("rules.yml", []byte(text))
	built, buildErr := sigma.Build(list, builtin.Definitions(), sigma.Options{})
	for _, err := range append(sigma.Errors(err), sigma.Errors(buildErr)...) {
		f := validate.Finding{Message: err.Error(), Fix: "mend the rule"}
		malformed, unknown := (*sigma.Error)(nil), (*sigma.UnknownFieldError)(nil)
		switch {
		case errors.As(err, &malformed):
			f.Check = suite.ByID("CF0007")
		case errors.As(err, &unknown):
			f.Check = suite.ByID("CF2005")
		default: // such as that there is no rule left
			s.Unjudged = append(s.Unjudged, err.Error())
			continue
		}
		s.Source = append(s.Source, f)
	}
	for _, r := range list {
		for _, n := range r.Unused {
			s.Source = append(s.Source, validate.Finding{Check: suite.ByID("CF0013"), Message: n.Message, Fix: "use it"})
		}
	}
	for _, r := range list {
		for _, n := range r.Warnings {
			s.Source = append(s.Source, validate.Finding{Check: suite.ByID("CF0014"), Message: n.Message, Fix: "write what Sigma has"})
		}
		for _, n := range r.Alone {
			s.Source = append(s.Source, validate.Finding{Check: suite.ByID("CF0015"), Message: n.Message, Fix: "write all"})
		}
	}
	if built != nil && len(built.Outputs) > 0 {
		s.Data = built.Outputs[0].Data
	}
	return s
}

// TestSource has the cases of the checks that speak of rules: each reported by
// it alone, and a near miss.
func TestSource(t *testing.T) {
	tests := []struct {
		name, text string
		want       validate.Verdict
		checks     []string
		why        string
	}{
		{"good", pipeRule("PipeName"), validate.Accepted, nil, "the near miss of both: a rule that can be read, and a field that the type has"},
		{"field in another case", pipeRule("pipename"), validate.Accepted, nil, "no type has two fields that differ in case alone: it is clear which is meant, and noted"},
		{"unknown field", pipeRule("PipeNames"), validate.Rejected, []string{"CF2005"}, "no sensor ever supplies it"},
		{"unused search", strings.Replace(pipeRule("PipeName"), "    condition", "    filter: {Image: x}\n    condition", 1), validate.Accepted, []string{"CF0013"}, "it was forgotten in the condition, which is no harm to a sensor"},
		{"used search", strings.Replace(pipeRule("PipeName"), "    condition: selection", "    filter: {Image: x}\n    condition: selection and not filter", 1), validate.Accepted, nil, "the near miss of it"},
		{"level in another case", pipeRule("PipeName") + "level: High\n", validate.Accepted, []string{"CF0014"}, "it changes no event that the rule matches"},
		{"level", pipeRule("PipeName") + "level: high\n", validate.Accepted, nil, "the near miss of it"},
		{"level that is not one", pipeRule("PipeName") + "level: hihg\n", validate.Accepted, []string{"CF0014"}, "it changes no event that the rule matches"},
		{"all of one search", strings.NewReplacer("PipeName: ", "PipeName|contains: [x, y]\n        Image: ", "condition: selection", "condition: all of selection").Replace(pipeRule("PipeName")), validate.Accepted, []string{"CF0015"}, "one value of the list is enough"},
		{"all of one search with all", strings.NewReplacer("PipeName: ", "PipeName|contains|all: [x, y]\n        Image: ", "condition: selection", "condition: all of selection").Replace(pipeRule("PipeName")), validate.Accepted, nil, "the near miss of it"},
		{"malformed", "title: [", validate.Rejected, []string{"CF0007"}, "nobody can say what it means"},
		{"without a condition", "title: A\nlogsource: {category: pipe_created, product: windows}\ndetection:\n    selection:\n        PipeName: a\n", validate.Rejected, []string{"CF0007"}, "it says nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := validate.Run(compiled(t, tt.text), validate.Options{
				Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: gatetest.Fleet(t, "reference", nil),
			})
			if got := r.Verdict(); got != tt.want {
				t.Errorf("%v, expected %v: %s %q", got, tt.want, tt.why, r.Undecided)
			}
			if diff := cmp.Diff(tt.checks, found(r)); diff != "" {
				t.Errorf("checks that find something (-expected +found), where %s:\n%s", tt.why, diff)
			}
			complete(t, r)
		})
	}
}

// TestNeedsAgree has the cases of CF2005 in needs: a compiler that worked from
// another definition.
func TestNeedsAgree(t *testing.T) {
	needs := func(name, typ string) string {
		return `{
  "schema": "cfcheck.needs/v0", "channel": 291, "revision": 1, "type": 1, "typeVersion": 1, "format": "1.0",
  "inputsDeclared": 21, "inputsRead": 6,
  "inputs": [{"index": 5, "name": "` + name + `", "type": "` + typ + `", "instances": 1, "criteria": 1, "coefficient": 0}],
  "operators": [{"operator": "prefix", "instances": 1, "criteria": 1}],
  "sizes": {"fileSize": 1000, "instances": 1, "criteria": 1, "wordsPerInstance": 1, "operandsPerCriterion": 1, "valueLength": 5, "stack": 1},
  "steps": {"constant": 10}, "memory": 2000
}`
	}
	tests := []struct {
		name, document string
		want           validate.Verdict
		checks         []string
		why            string
	}{
		{"the definition's", needs("PipeName", "string"), validate.Accepted, nil, "the near miss"},
		{"another name", needs("Image", "string"), validate.Rejected, []string{"CF2005"}, "it would compare the pipe with a path"},
		{"another type", needs("PipeName", "integer"), validate.Rejected, []string{"CF2005"}, "it would take a pointer for a number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := sensor.ReadNeeds("needs.json", []byte(tt.document))
			if err != nil {
				t.Fatal(err)
			}
			supplies21 := gatetest.Case(t, "minimal")
			r := validate.Run(validate.Needs("needs.json", n), corpusOptions(t, supplies21))
			if got := r.Verdict(); got != tt.want {
				t.Errorf("%v, expected %v: %s %q", got, tt.want, tt.why, r.Undecided)
			}
			if diff := cmp.Diff(tt.checks, found(r)); diff != "" {
				t.Errorf("checks that find something (-expected +found), where %s:\n%s", tt.why, diff)
			}
			for _, f := range r.Findings {
				presentable(t, r, f)
			}
			complete(t, r)
		})
	}
}

// TestNeedsOfTheCorpus holds that needs are judged as the file that they are
// computed from, as far as the contract goes.
func TestNeedsOfTheCorpus(t *testing.T) {
	// What becomes of a rule at a named reader needs its condition; without
	// it the worst is said.
	same := map[string]string{"CF3012": "CF3012", "CF3013": "CF3012", "CF3014": "CF3012"}
	// The needs do not state either which events a rule selects, and by which values.
	byValue := map[string]bool{
		"rule-blind-by-event": true, "rule-blind-without-event": true,
		"rule-blind-by-form": true, "rule-blind-by-hash": true, "rule-blind-by-placeholder": true, "rule-widened-by-form": true, "rule-weakened-by-form": true,
		"rule-blind-by-cut": true, "rule-blind-by-value": true, "rule-blind-by-value-on-one-feed": true, "rule-on-an-event-that-is-off": true,
		"rule-weakened-by-value": true, "rule-widened-by-cut": true,
	}
	judged := 0
	for _, c := range cases(t) {
		opts := corpusOptions(t, &c)
		of := validate.Run(validate.ChannelFile(c.FileName, c.Data), opts)
		if of.Needs == nil || of.Definition == nil || len(of.Needs.Inputs) > len(of.Definition.Inputs) {
			continue
		}
		document, err := of.Needs.JSON()
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		n, err := sensor.ReadNeeds("needs.json", document)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		judged++
		r := validate.Run(validate.Needs("needs.json", n), opts)
		complete(t, r)
		want := map[string]bool{}
		for _, id := range found(of) {
			if check := suite.ByID(id); check.Family() >= 2 && check.Uses&validate.UsesFile == 0 {
				if as, ok := same[id]; ok {
					id = as
				}
				want[id] = true
			}
		}
		got := map[string]bool{}
		for _, id := range found(r) {
			got[id] = true
		}
		if byValue[c.Name] {
			if !want["CF3012"] && !want["CF3021"] {
				t.Errorf("%s: CF3012 and CF3021 find nothing in the file", c.Name)
			}
			delete(want, "CF3012")
			delete(want, "CF3021")
		}
		if want["CF3012"] {
			// A feed that differs from its host can be part of the worst.
			delete(want, "CF3021")
			delete(got, "CF3021")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: checks that find something in its needs (-of the file +of the needs):\n%s", c.Name, diff)
		}
		for _, f := range r.Findings {
			presentable(t, r, f)
			if f.Where.Range.Len() > 0 {
				t.Errorf("%s: %s names bytes where there is no file: %v", c.Name, f.Check.ID, f.Where.Range)
			}
		}
	}
	if judged < 100 {
		t.Errorf("only %d cases have needs", judged)
	}
}
