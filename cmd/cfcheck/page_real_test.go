package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRealPage compares the matrix of a page on all published rules with the findings of the JSON
// report of the same run: each rule that a finding names has its state, or a worse one, on each
// build of the finding.
func TestRealPage(t *testing.T) {
	rules, err := filepath.Abs(filepath.FromSlash("../../../shared/data/dev/sigma"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(rules); err != nil {
		t.Skipf("the rules of the Sigma project are not there: %v", err)
	}
	if testing.Short() {
		t.Skip("judges all published rules, too slow for -short; go test without -short runs it")
	}
	t.Chdir(t.TempDir())
	var out strings.Builder
	if status := run([]string{"check", "--fleet", "reference", "--out", "html=page.html", "--out", "json=report.json", rules}, strings.NewReader(""), &out, &out); status != statusUndecided {
		t.Fatalf("exit status %d:\n%s", status, out.String())
	}
	read := func(name string) []byte {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	match := regexp.MustCompile(`(?s)id="matrix-data">(.*?)</script>`).FindSubmatch(read("page.html"))
	if match == nil {
		t.Fatal("the page has no matrix")
	}
	var matrix struct {
		Fleets []struct {
			Columns [][]any
			Cells   []string
			Rows    [][]any
		}
	}
	var rep struct {
		Results []struct {
			Groups   []struct{ Builds []struct{ Build string } }
			Findings []struct {
				Check    string
				Group    *int
				Instance *struct{ Title string }
				Source   struct{ Path string }
				Builds   []struct{ Build string }
			}
		}
	}
	if err := json.Unmarshal(match[1], &matrix); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(read("report.json"), &rep); err != nil {
		t.Fatal(err)
	}
	fleet := matrix.Fleets[0]
	column := map[string]int{}
	for i, c := range fleet.Columns {
		for _, build := range c[0].([]any) {
			column[build.(string)] = i
		}
	}
	cells := map[string]string{} // by title and path
	for _, r := range fleet.Rows {
		path, _, _ := strings.Cut(r[3].(string), ".yml")
		cells[r[0].(string)+"\n"+path+".yml"] = fleet.Cells[int(r[5].(float64))]
	}
	states := map[string]string{"CF3012": "b", "CF3013": "bw", "CF3014": "bwk", "CF2005": "x"}
	pairs := 0
	for _, result := range rep.Results {
		for _, f := range result.Findings {
			want := states[f.Check]
			if want == "" || f.Instance == nil {
				continue
			}
			builds := f.Builds
			if f.Group != nil {
				builds = result.Groups[*f.Group].Builds
			}
			row := cells[f.Instance.Title+"\n"+f.Source.Path]
			if row == "" || len(builds) == 0 && strings.Trim(row, want) != "" {
				t.Errorf("%s on %q: found the row %q", f.Check, f.Instance.Title, row)
				continue
			}
			for _, b := range builds {
				pairs++
				if state := row[column[b.Build]]; !strings.ContainsRune(want, rune(state)) {
					t.Errorf("%s on %q, build %s: found the state %q; expected one of %q", f.Check, f.Instance.Title, b.Build, state, want)
				}
			}
		}
	}
	if len(fleet.Rows) < 1_700 || pairs < 1_000 {
		t.Errorf("compared %d rows and %d pairs of a rule and a build; expected at least 1,700 and 1,000", len(fleet.Rows), pairs)
	}
}
