package main

import (
	"cmp"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/corpus/conform"
	"github.com/cfcheck/cfcheck/facts"
	"github.com/cfcheck/cfcheck/internal/manual"
	"github.com/cfcheck/cfcheck/policy"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate/file"
)

const referenceBegin = `# Reference

All commands and flags, the keys of the configuration, and the JSON documents. A test writes this page from the help texts and the schemas; [the documentation](README.md) explains them.

- [Commands](#commands)
- [Exit status](#exit-status)
- [Environment](#environment)
- [Configuration](#configuration)
- [JSON documents](#json-documents)

## Commands

` + "`cfcheck help COMMAND`" + ` prints the same texts. Each command also has ` + "`--help`" + `, which prints them with exit status 2, because there is no verdict.
`

const referenceMiddle = `
## Exit status

| status | verdict |
|---|---|
| 0 | accepted, or the command did its work |
| 1 | rejected |
| 2 | undecided: no verdict was reached |
| 128 + N | stopped by the signal with the number N |

[In a pipeline](ci.md#exit-status) says who has to act.

## Environment

| variable | effect |
|---|---|
| ` + "`CFCHECK_FLEET`" + ` | the fleet of a run without ` + "`--fleet`" + ` and without a policy that names one |
| ` + "`SOURCE_DATE_EPOCH`" + ` | the time that ` + "`build`" + ` writes to channel files, in seconds since 1970 (default 0) |
| ` + "`TMPDIR`" + ` | the folder of temporary files, on systems other than Windows |
`

// TestDocsReference checks docs/reference.md. With -update it writes the page.
func TestDocsReference(t *testing.T) {
	var b strings.Builder
	b.WriteString(referenceBegin)
	c := &command{stdout: io.Discard, stderr: io.Discard}
	b.WriteString(manual.Markdown(c.root(), 3))
	b.WriteString(referenceMiddle)
	b.WriteString("\n## Configuration\n\nThe policy is the file `.cfcheck.yaml`, and [a page](policy.md) explains it. `cfcheck policy schema` prints the schema for an editor.\n")
	written := 0
	add := func(from embed.FS, first ...string) {
		names, err := fs.Glob(from, "schema/*.json")
		if err != nil || len(names) == 0 {
			t.Fatalf("no schemas: %v", err)
		}
		rank := func(name string) int { // the given documents come first
			i := slices.Index(first, strings.TrimSuffix(path.Base(name), ".json"))
			if i < 0 {
				return len(first)
			}
			return i
		}
		slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
		for _, name := range names {
			data, err := from.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			section, err := manual.Schema(data, 3)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			b.WriteString(section)
			written++
		}
	}
	add(policy.Schemas, "policy")
	b.WriteString("\n## JSON documents\n\nEach document has a schema in the repository, beside the package that reads or writes it. The key `schema` names it and its version.\n")
	add(report.Schemas, "report", "overview")
	add(sensor.Schemas, "fleet", "definitions")
	add(facts.Schemas)
	add(file.Schemas)
	add(conform.Schemas)
	if written < 16 {
		t.Errorf("%d schemas; expected at least 16", written)
	}
	for _, name := range []string{fleetVariable, "SOURCE_DATE_EPOCH"} {
		if !strings.Contains(b.String(), fmt.Sprintf("| `%s` |", name)) {
			t.Errorf("the reference lacks the variable %s", name)
		}
	}
	compare(t, "docs/reference.md", b.String())
}
