package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// TestDocsIncidents compares docs/incidents.md. The checks and verdicts on the page are the
// results of this run.
func TestDocsIncidents(t *testing.T) {
	t.Setenv(fleetVariable, "")
	t.Chdir(filepath.Join(root, "corpus"))
	var seen, unseen strings.Builder
	modelled, others := 0, 0
	for _, in := range corpus.Incidents() {
		if !in.Modelled() {
			others++
			fmt.Fprintf(&unseen, "| %s | %s | %s | %s |\n", in.Outage, in.Date, in.Cause+accounts(in.Sources), in.Unseen)
			continue
		}
		modelled++
		verdict, ids := judgeIncident(t, in.Args(false))
		var checks []string
		for _, id := range ids {
			i := slices.IndexFunc(suite.Checks, func(c *validate.Check) bool { return c.ID == id })
			checks = append(checks, fmt.Sprintf("[%s](checks/%s.md) %s", id, id, suite.Checks[i].Name))
		}
		fmt.Fprintf(&seen, "| [%s](../corpus/incidents/%s/incident.txt) | %s | %s | %s | %s |\n",
			in.Outage, in.Name, in.Date, in.Cause+accounts(in.Sources), strings.Join(checks, ", "), verdict)
	}
	page := fmt.Sprintf(incidentsPage, modelled+others, modelled, seen.String(), others, unseen.String())
	compare(t, "docs/incidents.md", page)
}

const incidentsPage = `# Outages

Content that was pushed to many machines at once has caused many outages. This page lists %d of them. If a check of content can see the fault, [the corpus](../corpus/README.md#incidents) has a model. It consists of content with the fault, a fleet, and a near miss that is accepted. To judge all models:

` + "```" + `
go test ./corpus -run Incidents -v
` + "```" + `

The causes are in our own words, from the sources beside them. A model has the fault of the outage, and not its size. It says that a gate would have seen this fault, and not that the outage had no other cause.

## Rejected

%d outages have a model. Each link leads to its description.

| outage | date | cause | check | verdict |
|---|---|---|---|---|
%s
## Without a model

%d outages have no model. Either no check of cfcheck can see the fault in the content, or the public accounts do not describe it.

| outage | date | cause | reason |
|---|---|---|---|
%s`

// accounts returns the links to the public accounts of an outage.
func accounts(list []string) string {
	var links []string
	for i, s := range list {
		links = append(links, fmt.Sprintf("[%d](%s)", i+1, s))
	}
	if len(links) == 0 {
		return ""
	}
	return " (" + strings.Join(links, ", ") + ")"
}

// judgeIncident runs the command and returns its verdict, and the IDs of the checks that
// report an error.
func judgeIncident(t *testing.T, args []string) (verdict string, checks []string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	run(append(slices.Clone(args), "--format", "json", "--now", "2026-11-29"), strings.NewReader(""), &stdout, &stderr)
	var doc struct {
		Verdict string
		Results []struct {
			Findings []struct{ Check, Severity string }
		}
	}
	if err := json.Unmarshal(stdout.Bytes(), &doc); err != nil {
		t.Fatalf("cfcheck %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	for _, r := range doc.Results {
		for _, f := range r.Findings {
			if f.Severity == "error" && !slices.Contains(checks, f.Check) {
				checks = append(checks, f.Check)
			}
		}
	}
	slices.Sort(checks)
	return doc.Verdict, checks
}
