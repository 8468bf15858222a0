package policy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/cfcheck/cfcheck/policy"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

const schemaLine = "schema: cfcheck.policy/v0\n"

// full is a policy with every key.
const full = schemaLine + `fleets: [fleet.json, 291]
types: [types.json]
fail-on: warning
severities:
  behaviour: warning
  CF5003: note
  within-ceilings: error
ceilings: {bytes: 1000, instances: 20, memory: 3000, known-good-matches: 0, max-removed: 9, max-growth: 90, known-good-new: 7}
expect:
  files: 3
  instances: 4
  builds: 5
protected:
- 5A0C1D2E-0001-4000-8000-CFC0CFC00001 # the rule of July
never-match: [events/no.ndjson]
known-good: [events/good.ndjson]
exclude: [tests, '*.test.yml']
waivers:
- check: CF3012
  rule: 5A0C1D2E-0001-4000-8000-CFC0CFC00001
  path: User
  reason: 'every host gets User with 13.30, see #12'
  by: ann
  until: 2027-01-31
- {check: every-build-addressed, subject: 'channel 291, type 1', reason: later, by: ann, until: 2027-01-31}
waiver-files: [.cfcheck-baseline.yaml]
ledger: shipped.ledger
exercise-plans: [plan.json@sha256:` + digest + `]
rings: {hosts-per-cell: 50, factor: 4}
tests: {must-match: 2, must-not-match: 1}
known-bad: [events/bad.ndjson]
`

// digest is the digest of no plan.
const digest = "24b53532195fbde11cbaadbab3bb5121188e48b1b574bbeb90988f7811a7695b"

func TestRead(t *testing.T) {
	p, err := policy.Read("p.yaml", []byte(full), suite.Checks)
	if err != nil {
		t.Fatal(err)
	}
	at := func(line, column int) policy.Place { return policy.Place{Line: line, Column: column} }
	want := &policy.Policy{
		Name:   "p.yaml",
		Fleets: []policy.Text{{"fleet.json", at(2, 10)}, {"291", at(2, 22)}},
		Types:  []policy.Text{{"types.json", at(3, 9)}},
		FailOn: policy.Text{"warning", at(4, 10)},
		Severities: []policy.Severity{
			{suite.ByID("CF5002"), validate.Warning, at(6, 3)},
			{suite.ByID("CF5003"), validate.Note, at(7, 3)},
			{suite.ByID("CF5004"), validate.Error, at(8, 3)},
		},
		Ceilings: policy.Ceilings{
			Bytes: policy.Number{1000, at(9, 19)}, Instances: policy.Number{20, at(9, 36)}, Memory: policy.Number{3000, at(9, 48)},
			KnownGoodMatches: policy.Number{0, at(9, 74)}, MaxRemoved: policy.Number{9, at(9, 90)}, MaxGrowth: policy.Number{90, at(9, 105)}, KnownGoodNew: policy.Number{7, at(9, 125)},
		},
		Expect:        policy.Expect{Files: policy.Number{3, at(11, 10)}, Instances: policy.Number{4, at(12, 14)}, Builds: policy.Number{5, at(13, 11)}},
		Protected:     []policy.Text{{"5a0c1d2e-0001-4000-8000-cfc0cfc00001", at(15, 3)}},
		NeverMatch:    []policy.Text{{"events/no.ndjson", at(16, 15)}},
		KnownGood:     []policy.Text{{"events/good.ndjson", at(17, 14)}},
		KnownBad:      []policy.Text{{"events/bad.ndjson", at(32, 13)}},
		Exclude:       []policy.Text{{"tests", at(18, 11)}, {"*.test.yml", at(18, 18)}},
		WaiverFiles:   []policy.Text{{".cfcheck-baseline.yaml", at(27, 16)}},
		Ledger:        policy.Text{Value: "shipped.ledger", Place: at(28, 9)},
		ExercisePlans: []policy.Text{{"plan.json@sha256:" + digest, at(29, 18)}},
		Rings:         policy.Rings{HostsPerCell: policy.Number{50, at(30, 25)}, Factor: policy.Number{4, at(30, 37)}},
		Tests:         policy.Tests{MustMatch: policy.Number{2, at(31, 21)}, MustNotMatch: policy.Number{1, at(31, 40)}},
		Waivers: []validate.Waiver{
			{
				Check: "CF3012", Rule: "5a0c1d2e-0001-4000-8000-cfc0cfc00001", Path: "User", Reason: "every host gets User with 13.30, see #12", By: "ann",
				Until: sensor.Date{Year: 2027, Month: time.January, Day: 31}, From: validate.Position{Path: "p.yaml", Line: 20, Column: 3},
			},
			{
				Check: "CF3019", Subject: "channel 291, type 1", Reason: "later", By: "ann",
				Until: sensor.Date{Year: 2027, Month: time.January, Day: 31}, From: validate.Position{Path: "p.yaml", Line: 26, Column: 3},
			},
		},
	}
	compareChecks := cmpopts.AcyclicTransformer("ID", func(c *validate.Check) string { return c.ID })
	// Other families may get settable checks of their own.
	p.Severities = slices.DeleteFunc(p.Severities, func(s policy.Severity) bool { return s.Check.ID > "CF5004" })
	if diff := cmp.Diff(want, p, compareChecks); diff != "" {
		t.Errorf("the policy differs (-want +got):\n%s", diff)
	}
	if err := schemaError(t, full); err != nil {
		t.Errorf("the schema refuses the policy: %v", err)
	}
}

// TestSeverities tests the list of checks with the severities of a policy.
func TestSeverities(t *testing.T) {
	p, err := policy.Read("p.yaml", []byte(full), suite.Checks)
	if err != nil {
		t.Fatal(err)
	}
	list := p.Checks(suite.Checks)
	if err := validate.Vet(list); err != nil {
		t.Fatal(err)
	}
	for i, c := range suite.Checks {
		want := c.Severity
		switch {
		case c.ID == "CF5001" || c.Family() != 5:
		case c.ID == "CF5003":
			want = validate.Note
		case c.ID == "CF5004":
			want = validate.Error
		default:
			want = validate.Warning
		}
		if got := list[i]; got.ID != c.ID || got.Severity != want || got.Declared() != c {
			t.Errorf("%v has the severity %v, want %v", got, got.Severity, want)
		}
	}
}

// TestRefused tests that a policy which is not completely understood is an error with a place.
func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		why, text string
		errors    string
		schema    bool // the JSON Schema refuses it too
	}{
		{"an empty file", "", `p.yaml:1:1: the file is empty; write at least "schema: cfcheck.policy/v0", or remove the file`, true},
		{"only a comment", "# later\n", `p.yaml:1:1: the file is empty; write at least "schema: cfcheck.policy/v0", or remove the file`, true},
		{"a list", "- a\n", `p.yaml:1:1: found a list; expected a map with keys such as schema`, true},
		{"no schema", "fail-on: error\n", `p.yaml:1:1: the key "schema" is missing; write schema: cfcheck.policy/v0`, true},
		{"a later schema", "schema: cfcheck.policy/v1\n", `p.yaml:1:9: schema: found "cfcheck.policy/v1"; expected cfcheck.policy/v0; another version of cfcheck may read it`, true},
		{"another document", "schema: cfcheck.fleet/v0\n", `p.yaml:1:9: schema: found "cfcheck.fleet/v0"; expected cfcheck.policy/v0`, true},
		{"a misspelt key", schemaLine + "fleet: [a]\n", `p.yaml:2:1: unknown key "fleet"; did you mean "fleets"?`, true},
		{"a key in another case", schemaLine + "Fail-On: error\n", `p.yaml:2:1: unknown key "Fail-On"; did you mean "fail-on"?`, true},
		{"an unknown key", schemaLine + "everything: allowed\n", `p.yaml:2:1: unknown key "everything"; expected "schema", "fleets", "types", "fail-on", "severities", "ceilings", "expect", "tests", "protected", "never-match", "known-good", "known-bad", "ledger", "exercise-plans", "rings", "exclude", "waivers" or "waiver-files"`, true},
		{"an unknown key below", schemaLine + "ceilings: {byte: 1}\n", `p.yaml:2:12: ceilings: unknown key "byte"; did you mean "bytes"?`, true},
		{"a key twice", schemaLine + "fail-on: warning\nfail-on: error\n", `p.yaml:3:1: the key "fail-on" occurs here and in line 2; remove one of the two`, false},
		{"no value", schemaLine + "fleets:\n", `p.yaml:2:8: fleets: found no value; expected a list of at least one value, or leave the key out`, true},
		{"an empty list", schemaLine + "fleets: []\n", `p.yaml:2:9: fleets: found an empty list; expected a list of at least one value, or leave the key out`, true},
		{"a value in place of a list", schemaLine + "fleets: fleet.json\n", `p.yaml:2:9: fleets: found "fleet.json"; expected a list of at least one value, or leave the key out`, true},
		{"a map in place of a list", schemaLine + "fleets: {a: b}\n", `p.yaml:2:9: fleets: found a map; expected a list of at least one value, or leave the key out`, true},
		{"a null element twice", schemaLine + "fleets: [~, ~]\n", `p.yaml:2:10: fleets[0]: found no value; expected one value, or leave the key out` + "\n" + `p.yaml:2:13: fleets[1]: found no value; expected one value, or leave the key out`, true},
		{"an empty text", schemaLine + "fleets: ['']\n", `p.yaml:2:10: fleets[0]: found an empty value; give a value, or leave the key out`, true},
		{"a space at the end", schemaLine + "fleets: ['a ']\n", `p.yaml:2:10: fleets[0]: found "a ", with a space at its start or end; remove the space`, false},
		{"a character that reverses text", schemaLine + "fleets: [\"a\u202eb\"]\n", `p.yaml:2:10: fleets[0]: found "a\u202eb", with a character that cannot be seen; remove the character`, false},
		{"a value twice", schemaLine + "fleets:\n- a\n- b\n- a\n", `p.yaml:5:3: fleets[2]: found "a" here and in line 3; remove one of the two`, true},
		{"a null element", schemaLine + "fleets: [~]\n", `p.yaml:2:10: fleets[0]: found no value; expected one value, or leave the key out`, true},
		{"a value that is not a text", schemaLine + "fleets: [yes, true]\n", `p.yaml:2:15: fleets[1]: found true, which is not a text in YAML; put it in quotes`, true},
		{"a number that is not decimal", schemaLine + "fleets: [0x10]\n", `p.yaml:2:10: fleets[0]: found 0x10, which is not a text in YAML; put it in quotes`, false},
		{"a list in a list", schemaLine + "fleets: [[a]]\n", `p.yaml:2:10: fleets[0]: found a list; expected one value, or leave the key out`, true},
		{"an alias", schemaLine + "fleets: &f [a]\ntypes: *f\n", `p.yaml:2:9: found the anchor &f; write the value out; put it in quotes if it begins with &` + "\n" +
			`p.yaml:3:8: found the alias *f; write the value out; put it in quotes if it begins with *`, false},
		{"a merge key", schemaLine + "<<: {fail-on: error}\n", `p.yaml:2:1: found "<<" in place of a key; expected a map with keys such as schema`, false},
		{"a tag", schemaLine + "fail-on: !!str error\n", `p.yaml:2:10: found the YAML tag !!str; remove the tag; put the value in quotes if it begins with !`, false},
		{"a second document", schemaLine + "---\nfail-on: error\n", `p.yaml:3:1: the file has a second document; write one map`, false},
		{"a second document that is not YAML", schemaLine + "---\n[a\n", `p.yaml:4:1: not YAML: `, false},
		{"an unknown severity that rejects", schemaLine + "fail-on: warnings\n", `p.yaml:2:10: fail-on: found "warnings"; did you mean "warning"?`, true},
		{"notes never reject", schemaLine + "fail-on: note\n", `p.yaml:2:10: fail-on: found "note"; expected "error" or "warning"`, true},
		{"an unknown check", schemaLine + "severities: {CF9999: note}\n", `p.yaml:2:14: severities: unknown check "CF9999"; expected the ID or name of a check, or the name of a family, of ` + settable(), false},
		{"a misspelt check", schemaLine + "severities: {known-god: note}\n", `p.yaml:2:14: severities: unknown check "known-god"; did you mean "known-good"?`, false},
		{"the check of July", schemaLine + "severities: {CF3001: note}\n", `p.yaml:2:14: severities: CF3001 inputs-supplied: its severity is permanent: it belongs to family CF3, and only those of CF4 to CF6 can be set; remove the entry`, false},
		{"the first check", schemaLine + "severities: {CF0001: note}\n", `p.yaml:2:14: severities: CF0001 regular-file: its severity is permanent: it belongs to family CF0, and only those of CF4 to CF6 can be set; remove the entry`, false},
		{"the first family", schemaLine + "severities: {file: note}\n", `p.yaml:2:14: severities: the severities of family file (CF0) are permanent; expected the ID or name of a check, or the name of a family, of ` + settable(), false},
		{"a check of harm", schemaLine + "severities: {CF5001: note}\n", `p.yaml:2:14: severities: CF5001 runs-without-fault: its severity is permanent, because its findings show a harm to the sensor; remove the entry`, false},
		{"a permanent family", schemaLine + "severities: {contract: note}\n", `p.yaml:2:14: severities: the severities of family contract (CF3) are permanent; expected the ID or name of a check, or the name of a family, of ` + settable(), false},
		{"a check by ID and by name", schemaLine + "severities:\n  CF5003: note\n  known-good: error\n", `p.yaml:4:3: severities: CF5003 known-good has a severity here and in line 3; remove one of the two`, false},
		{"no severity", schemaLine + "severities: {CF5003: off}\n", `p.yaml:2:22: severities.CF5003: found "off"; expected "error", "warning" or "note"`, true},
		{"a negative number", schemaLine + "expect: {files: -1}\n", `p.yaml:2:17: expect.files: found "-1"; expected a whole number from 1 to 9007199254740991, in decimal digits`, true},
		{"a hexadecimal number", schemaLine + "expect: {files: 0x10}\n", `p.yaml:2:17: expect.files: found 0x10, which is not a text in YAML; put it in quotes`, false},
		{"nothing expected", schemaLine + "expect: {files: 0}\n", `p.yaml:2:17: expect.files: found "0"; expected a whole number from 1 to 9007199254740991, in decimal digits`, true},
		{"a ceiling of zero", schemaLine + "ceilings: {bytes: 0}\n", `p.yaml:2:19: ceilings.bytes: found "0"; expected a whole number from 1 to 9007199254740991, in decimal digits`, true},
		{"an empty map", schemaLine + "ceilings: {}\n", `p.yaml:2:11: ceilings: found an empty map; expected a map with keys such as bytes`, true},
		{"no ID", schemaLine + "protected: [evil]\n", `p.yaml:2:13: protected[0]: found "evil"; expected the ID of a rule, such as 5a0c1d2e-0001-4000-8000-cfc0cfc00001`, true},
		{"a rule twice", schemaLine + "protected:\n- 5a0c1d2e-0001-4000-8000-cfc0cfc00001\n- 5A0C1D2E-0001-4000-8000-CFC0CFC00001\n", `p.yaml:4:3: protected[1]: found "5a0c1d2e-0001-4000-8000-cfc0cfc00001" here and in line 3; remove one of the two`, false},
		{"a plan without a digest", schemaLine + "exercise-plans: [plan.json]\n", `p.yaml:2:18: exercise-plans[0]: found "plan.json"; expected the name of a plan and its digest, FILE@sha256:HEX with 64 lower-case hex digits`, true},
		{"a plan with a short digest", schemaLine + "exercise-plans: [p@sha256:" + digest[1:] + "]\n", `p.yaml:2:18: exercise-plans[0]: found "p@sha256:` + digest[1:52] + `"...; expected the name of a plan and its digest, FILE@sha256:HEX with 64 lower-case hex digits`, true},
		{"a ring of no host", schemaLine + "rings: {hosts-per-cell: 0}\n", `p.yaml:2:25: rings.hosts-per-cell: found "0"; expected a whole number from 1 to 9007199254740991, in decimal digits`, true},
		{"rings that do not grow", schemaLine + "rings: {factor: 1}\n", `p.yaml:2:17: rings.factor: found "1"; expected a whole number from 2 to 9007199254740991, in decimal digits`, true},
		{"no waivers", schemaLine + "waivers: []\n", `p.yaml:2:10: waivers: found an empty list; expected a list of waivers, or leave the key out`, true},
		{"a waiver that is a text", schemaLine + "waivers: [CF3012]\n", `p.yaml:2:11: waivers[0]: found "CF3012"; expected a map with keys such as check`, true},
		{"a waiver of the check of July", schemaLine + "waivers: [{check: CF3001, rule: a, reason: b, by: c, until: 2027-01-31}]\n", `p.yaml:2:19: waivers[0].check: CF3001 inputs-supplied cannot be waived: it protects the sensor; remove the waiver, and fix the cause of the finding`, false},
		{"a waiver of harm, by name", schemaLine + "waivers: [{check: runs-without-fault, rule: a, reason: b, by: c, until: 2027-01-31}]\n", `p.yaml:2:19: waivers[0].check: CF5001 runs-without-fault cannot be waived: its findings show a harm to the sensor; remove the waiver, and fix the cause of the finding`, false},
		{"a waiver of a waiver", schemaLine + "waivers: [{check: CF7002, rule: a, reason: b, by: c, until: 2027-01-31}]\n", `p.yaml:2:19: waivers[0].check: CF7002 waiver-current cannot be waived: it protects the gate; remove the waiver, and fix the cause of the finding`, false},
		{"a waiver of a misspelt check", schemaLine + "waivers: [{check: rule-blnid, rule: a, reason: b, by: c, until: 2027-01-31}]\n", `p.yaml:2:19: waivers[0].check: unknown check "rule-blnid"; did you mean "rule-blind"?`, false},
		{"a misspelt key of a waiver", schemaLine + "waivers: [{check: CF3012, rules: a, reason: b, by: c, until: 2027-01-31}]\n", `p.yaml:2:11: waivers[0]: the waiver names neither a rule nor a subject; name one of them, as the JSON report of the finding does (identity)` + "\n" +
			`p.yaml:2:27: waivers[0]: unknown key "rules"; did you mean "rule"?`, true},
		{"a waiver without an end", schemaLine + "waivers: [{check: CF3012, rule: a, reason: b, by: c}]\n", `p.yaml:2:11: waivers[0]: the key "until" is missing; a waiver has check, rule or subject, reason, by and until`, true},
		{"a waiver without a reason", schemaLine + "waivers: [{check: CF3012, rule: a, by: c, until: 2027-01-31}]\n", `p.yaml:2:11: waivers[0]: the key "reason" is missing; a waiver has check, rule or subject, reason, by and until`, true},
		{"a day that does not exist", schemaLine + "waivers: [{check: CF3012, rule: a, reason: b, by: c, until: 2027-02-30}]\n", `p.yaml:2:61: waivers[0].until: found "2027-02-30"; expected a day that exists, in the form 2027-01-31`, false},
		{"a list of days", schemaLine + "waivers: [{check: CF3012, rule: a, reason: b, by: c, until: [2027-01-31]}]\n", `p.yaml:2:61: waivers[0].until: found a list; expected a date such as 2027-01-31`, true},
		{"a faulty waiver twice", schemaLine + "waivers:\n- {check: CF3012, rule: a, reason: b, by: c}\n- {check: CF3012, rule: a, reason: b, by: c}\n", `p.yaml:3:3: waivers[0]: the key "until" is missing; a waiver has check, rule or subject, reason, by and until` + "\n" +
			`p.yaml:4:3: waivers[1]: the key "until" is missing; a waiver has check, rule or subject, reason, by and until`, true},
		{"no last day", schemaLine + "waivers: [{check: CF3012, rule: a, reason: b, by: c, until: never}]\n", `p.yaml:2:61: waivers[0].until: found "never"; expected a day that exists, in the form 2027-01-31`, false},
		{"a waiver twice", schemaLine + "waivers:\n- {check: CF3012, rule: A, reason: b, by: c, until: 2027-01-31}\n- {check: rule-blind, rule: a, reason: d, by: e, until: 2028-01-31}\n", `p.yaml:4:3: waivers[1]: the same findings are waived in line 3; remove one of the two`, false},
		{"not YAML", schemaLine + "fleets: [a\n", `p.yaml:3:1: not YAML: `, true},
		{"a tab", schemaLine + "expect:\n\tfiles: 1\n", `p.yaml:3:1: not YAML: `, true},
		{"not UTF-8", schemaLine + "fleets: [\xff]\n", `p.yaml:2:10: byte 0xff (255) is not UTF-8; save the file as UTF-8`, true},
		{"a control character", schemaLine + "fleets: [\x1b[31m]\n", `p.yaml:2:10: control character 0x1b (27); if you mean it, write it as an escape in double quotes`, true},
		{"nested too deep", schemaLine + "fleets: [[[[[a]]]]]\n", `p.yaml:2:13: not YAML: collections are nested more than 4 deep; write it with fewer levels`, true},
		{"two faults, in the order of the file", "fail-on: never\nfleet: [a]\n" + schemaLine, `p.yaml:1:10: fail-on: found "never"; expected "error" or "warning"` + "\n" + `p.yaml:2:1: unknown key "fleet"; did you mean "fleets"?`, true},
	} {
		t.Run(tt.why, func(t *testing.T) {
			p, err := policy.Read("p.yaml", []byte(tt.text), suite.Checks)
			var list policy.Errors
			if p != nil || !errors.As(err, &list) || len(list) == 0 {
				t.Fatalf("policy %v, error %v; want errors of the package", p, err)
			}
			if got := err.Error(); got != tt.errors && !(strings.HasSuffix(tt.errors, ": ") && strings.HasPrefix(got, tt.errors)) {
				t.Errorf("error is\n%s\nwant\n%s", got, tt.errors)
			}
			if got := schemaError(t, tt.text) != nil; got != tt.schema {
				t.Errorf("the schema refuses it: %v; want %v", got, tt.schema)
			}
		})
	}
}

// TestMany tests the largest number of waivers, and the largest values.
func TestMany(t *testing.T) {
	waivers := "waivers:\n" + strings.Repeat("- a\n", policy.MaxWaivers+1)
	for _, tt := range []struct{ why, text, last string }{
		{"too many waivers", schemaLine + waivers, `found 10001 waivers; expected at most 10000`},
		{"as many waivers as are allowed", schemaLine + strings.TrimSuffix(waivers, "- a\n"), `waivers[`},
	} {
		_, err := policy.Read("p.yaml", []byte(tt.text), suite.Checks)
		if err == nil || !strings.Contains(err.Error(), tt.last) {
			t.Errorf("%s: %.300v, want %s", tt.why, err, tt.last)
		}
	}
	largest := schemaLine + "fleets: [" + strings.Repeat("a", policy.MaxValue) + "]\nexpect: {files: 9007199254740991}\n"
	if p, err := policy.Read("p.yaml", []byte(largest), suite.Checks); err != nil || p.Expect.Files.Value != 9007199254740991 || !p.Expect.Files.Set() || (policy.Place{}).Set() {
		t.Errorf("%v, %v; want the largest values", p, err)
	}
}

// settable lists the families whose severities can be set, as messages do.
func settable() string {
	var names []string
	for _, f := range validate.Families {
		if 4 <= f.Digit && f.Digit <= 6 {
			names = append(names, fmt.Sprintf("%s (CF%d)", f.Name, f.Digit))
		}
	}
	return strings.Join(names, ", ")
}

// TestHostile tests files that are made to cost time, memory or long reports.
func TestHostile(t *testing.T) {
	for why, text := range map[string]string{
		"too large":         schemaLine + "# " + strings.Repeat("a", policy.MaxSize),
		"many brackets":     schemaLine + "fleets: [" + strings.Repeat("a,", 1<<15) + "]",
		"many unknown keys": schemaLine + strings.Repeat("a: b\n", 100_000),
		"a bomb of aliases": schemaLine + "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n",
		"a long value":      schemaLine + "fleets: [" + strings.Repeat("a", policy.MaxValue+1) + "]\n",
	} {
		_, err := policy.Read("p.yaml", []byte(text), suite.Checks)
		var list policy.Errors
		if !errors.As(err, &list) || len(list) > policy.MaxErrors {
			t.Errorf("%s: %d errors", why, len(list))
		}
		if n := len(err.Error()); n > 10_000 {
			t.Errorf("%s: the message has %d bytes", why, n)
		}
	}
}

// TestReadComment tests the waivers in comments of rules.
func TestReadComment(t *testing.T) {
	day := sensor.Date{Year: 2027, Month: time.January, Day: 31}
	for _, tt := range []struct {
		why, comment string
		want         validate.Waiver
		found        string
	}{
		{"complete", "cfcheck:waive CF3012 until=2027-01-31 by=ann: with 13.30: later", validate.Waiver{Check: "CF3012", Until: day, By: "ann", Reason: "with 13.30: later"}, ""},
		{"a path, and another order", "cfcheck:waive  rule-blind by=ann path=User until=2027-01-31:  later ", validate.Waiver{Check: "CF3012", Path: "User", Until: day, By: "ann", Reason: "later"}, ""},
		{"no comment to the gate", "waive CF3012 until=2027-01-31 by=ann: later", validate.Waiver{}, `found "waive CF3012 until=2027-01-31 by=ann: later"`},
		{"only a check", "cfcheck:waive CF3012: later", validate.Waiver{}, "the waiver has no last day or no name"},
		{"no statement", "cfcheck:", validate.Waiver{}, `unknown statement "cfcheck:"`},
		{"misspelt", "cfcheck:wave CF3012 until=2027-01-31 by=ann: later", validate.Waiver{}, `unknown statement "cfcheck:wave"`},
		{"no reason", "cfcheck:waive CF3012 until=2027-01-31 by=ann", validate.Waiver{}, "the waiver has no reason"},
		{"an empty reason", "cfcheck:waive CF3012 until=2027-01-31 by=ann: ", validate.Waiver{}, "the waiver has no reason"},
		{"no check", "cfcheck:waive : later", validate.Waiver{}, "the waiver names no check"},
		{"an unknown check", "cfcheck:waive CF9999 until=2027-01-31 by=ann: later", validate.Waiver{}, `unknown check "CF9999"`},
		{"the check of July", "cfcheck:waive CF3001 until=2027-01-31 by=ann: later", validate.Waiver{}, "CF3001 inputs-supplied cannot be waived: it protects the sensor"},
		{"no date", "cfcheck:waive CF3012 by=ann: later", validate.Waiver{}, "the waiver has no last day or no name"},
		{"no name", "cfcheck:waive CF3012 until=2027-01-31: later", validate.Waiver{}, "the waiver has no last day or no name"},
		{"no day", "cfcheck:waive CF3012 until=2027-13-31 by=ann: later", validate.Waiver{}, `found "until=2027-13-31"`},
		{"twice", "cfcheck:waive CF3012 until=2027-01-31 until=2028-01-31 by=ann: later", validate.Waiver{}, `the setting "until" occurs twice`},
		{"an unknown setting", "cfcheck:waive CF3012 untill=2027-01-31 by=ann: later", validate.Waiver{}, `unknown setting "untill"`},
		{"a word", "cfcheck:waive CF3012 CF3013 until=2027-01-31 by=ann: later", validate.Waiver{}, `found "CF3013"`},
	} {
		w, found, want := policy.ReadComment(tt.comment, suite.Checks)
		if found != tt.found || (found == "") != (want == "") {
			t.Errorf("%s: found %q, advice %q; want %q", tt.why, found, want, tt.found)
		}
		if diff := cmp.Diff(tt.want, w); found == "" && diff != "" {
			t.Errorf("%s: the waiver differs (-want +got):\n%s", tt.why, diff)
		}
	}
}

// TestWaiverFiles tests that a file of waivers is read as it was written, and that the schema
// accepts it.
func TestWaiverFiles(t *testing.T) {
	day := sensor.Date{Year: 2027, Month: time.January, Day: 31}
	list := []validate.Waiver{
		{Check: "CF3012", Rule: "5a0c1d2e-0001-4000-8000-cfc0cfc00001", Path: "User", Reason: "it's old: # no comment", By: "ann", Until: day},
		{Check: "CF3019", Subject: "channel 291, type 1", Path: "header.type", Reason: "'", By: "true", Until: day},
		{Check: "CF0013", Rule: "ünusual {rule}", Path: "detection.sel*", Reason: "~", By: "2027-01-31", Until: day},
	}
	for n := range len(list) + 1 {
		data, err := policy.WriteWaivers(list[:n])
		if err != nil {
			t.Fatal(err)
		}
		got, err := policy.ReadWaivers("w.yaml", data, suite.Checks)
		if err != nil {
			t.Fatalf("%v in\n%s", err, data)
		}
		if diff := cmp.Diff(list[:n], got, cmpopts.IgnoreFields(validate.Waiver{}, "From"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("the waivers differ (-written +read):\n%s", diff)
		}
		if err := schemaErrorOf(t, "waivers", string(data)); err != nil {
			t.Errorf("the schema refuses it: %v", err)
		}
	}
	many := make([]validate.Waiver, policy.MaxWaivers)
	for i := range many {
		many[i] = validate.Waiver{Check: "CF3012", Rule: strings.Repeat("r", 200), Path: strconv.Itoa(i), Reason: strings.Repeat("a", 300), By: "ann", Until: day}
	}
	data, err := policy.WriteWaivers(many)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := policy.ReadWaivers("w.yaml", data, suite.Checks); err != nil || len(got) != len(many) {
		t.Errorf("%d waivers in %d bytes: read %d, %v", len(many), len(data), len(got), err)
	}
	for why, w := range map[string]validate.Waiver{
		"a line end":        {Check: "CF3012", Rule: "a\nb", Reason: "a", By: "ann", Until: day},
		"an escape":         {Check: "CF3012", Rule: "a", Reason: "\x1b", By: "ann", Until: day},
		"a byte, not UTF-8": {Check: "CF3012", Rule: "a", Reason: "\xff", By: "ann", Until: day},
	} {
		if data, err := policy.WriteWaivers([]validate.Waiver{w}); err == nil {
			t.Errorf("%s is written: %s", why, data)
		}
	}
	if _, err := policy.WriteWaivers(append(many, many[0])); err == nil {
		t.Error("more waivers are written than can be read")
	}
	for text, want := range map[string]string{
		"schema: cfcheck.policy/v0\n":               `w.yaml:1:9: schema: found "cfcheck.policy/v0"; expected cfcheck.waivers/v0`,
		"schema: cfcheck.waivers/v1\n":              `w.yaml:1:9: schema: found "cfcheck.waivers/v1"; expected cfcheck.waivers/v0; another version of cfcheck may read it`,
		"schema: cfcheck.waivers/v0\nfleets: [a]\n": `w.yaml:2:1: unknown key "fleets"; expected "schema" or "waivers"`,
		"": `w.yaml:1:1: the file is empty; write at least "schema: cfcheck.waivers/v0", or remove the file`,
		"schema: cfcheck.waivers/v0\nwaivers: [CF3012]\n": `w.yaml:2:11: waivers[0]: found "CF3012"; expected a map with keys such as check`,
	} {
		if list, err := policy.ReadWaivers("w.yaml", []byte(text), suite.Checks); err == nil || err.Error() != want || list != nil {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// schemaError holds a policy against its JSON Schema. It returns nil if the schema accepts it.
func schemaError(t *testing.T, text string) error {
	t.Helper()
	return schemaErrorOf(t, "policy", text)
}

// schemas has the compiled JSON Schemas by name.
var schemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	compiled, ids := map[string]*jsonschema.Schema{}, map[string]string{}
	for _, name := range []string{"policy", "waivers"} {
		data, err := policy.Schemas.ReadFile("schema/" + name + ".json")
		if err != nil {
			return nil, err
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		ids[name] = doc.(map[string]any)["$id"].(string)
		if err := c.AddResource(ids[name], doc); err != nil {
			return nil, err
		}
	}
	for name, id := range ids {
		s, err := c.Compile(id)
		if err != nil {
			return nil, err
		}
		compiled[name] = s
	}
	return compiled, nil
})

func schemaErrorOf(t *testing.T, name, text string) error {
	t.Helper()
	all, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	s := all[name]
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		if strings.Contains(err.Error(), "already defined") {
			return nil // no schema can tell
		}
		return err
	}
	form, err := json.Marshal(value)
	if err != nil {
		return err
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(form))
	if err != nil {
		return err
	}
	return s.Validate(instance)
}

// TestSchemaHasTheKeys tests that the reader and the schema agree on the keys.
func TestSchemaHasTheKeys(t *testing.T) {
	data, err := policy.Schemas.ReadFile("schema/policy.json")
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Properties           map[string]object
		AdditionalProperties any
		Items                *object
		Defs                 map[string]object `json:"$defs"`
	}
	var root object
	if err := json.Unmarshal(data, &root); err != nil {
		t.Fatal(err)
	}
	for path, keys := range policy.Keys() {
		at := root
		if path != "" {
			at = root.Properties[path]
		}
		if path == "waivers" {
			at = *root.Defs[path].Items
		}
		var names []string
		for name := range at.Properties {
			names = append(names, name)
		}
		slices.Sort(names)
		slices.Sort(keys)
		if diff := cmp.Diff(keys, names); diff != "" {
			t.Errorf("%q: keys differ (-reader +schema):\n%s", path, diff)
		}
		if at.AdditionalProperties != false {
			t.Errorf("%q: other keys are not refused", path)
		}
	}
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	write := func(name string) {
		t.Helper()
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(".cfcheck.yaml")
	write("a/b/rule.yml")
	write("repository/.git/HEAD")
	write("repository/rules/rule.yml")
	write("own/.git/HEAD")
	write("own/.cfcheck.yaml")
	write("own/inner/.cfcheck.yaml")
	write("own/inner/deep/rule.yml")
	write("tree/.git") // a work tree has a file .git
	write("tree/rules/rule.yml")
	write("misspelt/.cfcheck.yml")
	write("misspelt/rules/rule.yml")
	write("both/.cfcheck.yaml")
	write("both/cfcheck.yaml")
	if got, err := policy.Find(filepath.Join(root, "a/b/rule.yml")); err == nil {
		t.Errorf("a file in place of a folder: %q, want an error", got)
	}
	if _, err := os.Lstat(filepath.Join(filepath.VolumeName(root), "/.cfcheck.yaml")); err != nil {
		if got, err := policy.Find(filepath.VolumeName(root) + "/"); got != "" || err != nil {
			t.Errorf("the root of the file system: %q, %v", got, err)
		}
	}
	for _, tt := range []struct{ dir, want, fails, why string }{
		{"", ".cfcheck.yaml", "", "it is in the folder"},
		{"a/b", ".cfcheck.yaml", "", "it is two folders above"},
		{"repository/rules", "", "", "the policy outside of a repository does not apply in it"},
		{"tree/rules", "", "", "the root of a work tree is a root"},
		{"own", "own/.cfcheck.yaml", "", "it is at the root of the repository"},
		{"own/inner/deep", "own/inner/.cfcheck.yaml", "", "the nearest one applies"},
		{"misspelt/rules", "", ".cfcheck.yml: a policy file has the name .cfcheck.yaml", "a misspelt name is not passed over"},
		{"both", "", "cfcheck.yaml: a policy file has the name .cfcheck.yaml", "two names are one too many"},
	} {
		got, err := policy.Find(filepath.Join(root, tt.dir))
		if tt.fails != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("%s: error %v, want %q", tt.why, err, tt.fails)
			}
			continue
		}
		want := tt.want
		if want != "" {
			want = filepath.Join(root, want)
		}
		if err != nil || got != want {
			t.Errorf("%s: found %q, %v; want %q", tt.why, got, err, want)
		}
	}
}

// FuzzRead tests that no text makes Read panic, that each error has a place in the text,
// and that Read accepts only what the schema accepts.
func FuzzRead(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(schemaLine + "fleets: [a]\n"))
	f.Add([]byte(schemaLine + "exclude: [\"\\u202e\"]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := policy.Read("p.yaml", data, suite.Checks)
		if err == nil {
			if err := schemaError(t, string(data)); err != nil {
				t.Errorf("accepted, but the schema refuses it: %v", err)
			}
			return
		}
		lines := bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) + 1
		for _, e := range err.(policy.Errors) {
			if e.Line < 1 || e.Line > lines || e.Column < 1 || e.Found == "" {
				t.Errorf("error without a place in the text: %+v", e)
			}
		}
	})
}
