package ruletest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sigma"
)

// realData is the folder with the published rules of the Sigma project and the events of its
// regression tests. They are not part of this repository.
const realData = "../../shared/data/dev"

// published returns the published regression tests in the form of the Sigma project: the files by
// name, and the names of the rules. Every second file has the events in an object Event.
func published(t *testing.T) (map[string][]byte, []string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(realData, "events/attack-sigma-regression.expect.json"))
	if err != nil {
		t.Skipf("the published regression tests are not at %s", realData)
	}
	var expect map[string]struct {
		MatchCount *int     `json:"match_count"`
		RuleIDs    []string `json:"rule_ids"`
		RulePath   string   `json:"rule_path"`
	}
	if err := json.Unmarshal(data, &expect); err != nil {
		t.Fatal(err)
	}
	recorded := map[string][]json.RawMessage{}
	f, err := os.Open(filepath.Join(realData, "events/attack-sigma-regression.ndjson.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, MaxRecorded)
	for lines.Scan() {
		var line struct{ Src string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		recorded[line.Src] = append(recorded[line.Src], json.RawMessage(bytes.Clone(lines.Bytes())))
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	var rules []string
	for i, src := range slices.Sorted(maps.Keys(expect)) {
		e := expect[src]
		name := strings.TrimPrefix(src, "sigma/")
		var info, events bytes.Buffer
		fmt.Fprintf(&info, "id: 5a0c1d2e-0099-4000-8000-cfc0cfc00001\ndescription: N/A\ndate: 2026-01-01\nauthor: a\nrule_metadata:\n")
		for _, id := range e.RuleIDs {
			fmt.Fprintf(&info, "    - id: %s\n      title: a\n", id)
		}
		fmt.Fprintf(&info, "regression_tests_info:\n    - name: positive\n      type: evtx\n      provider: a\n")
		if e.MatchCount != nil {
			fmt.Fprintf(&info, "      match_count: %d\n", *e.MatchCount)
		}
		fmt.Fprintf(&info, "      path: %s\n", name)
		for _, r := range recorded[src] {
			if i%2 == 1 {
				r = wrap(t, r)
			}
			if err := json.Indent(&events, r, "", "  "); err != nil {
				t.Fatal(err)
			}
			events.WriteByte('\n')
		}
		files[path.Join(path.Dir(name), "info.yml")] = info.Bytes()
		files[strings.TrimSuffix(name, ".evtx")+".json"] = events.Bytes()
		rules = append(rules, e.RulePath)
	}
	return files, rules
}

// wrap returns a record in the form of evtx_dump.
func wrap(t *testing.T, record json.RawMessage) json.RawMessage {
	t.Helper()
	var r struct {
		EventID                     uint32
		Channel, Provider, Computer string
		EventData                   json.RawMessage
	}
	if err := json.Unmarshal(record, &r); err != nil {
		t.Fatal(err)
	}
	type attributes struct {
		Attributes map[string]string `json:"#attributes"`
	}
	data, err := json.Marshal(map[string]any{"Event": map[string]any{
		"System": map[string]any{
			"EventID": r.EventID, "Channel": r.Channel, "Computer": r.Computer,
			"Provider": attributes{map[string]string{"Name": r.Provider}},
		},
		"EventData": r.EventData,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestPublished runs the regression tests of the Sigma project. Each test whose rule is here passes.
func TestPublished(t *testing.T) {
	docs, names := published(t)
	loader := sigma.NewLoader(nil)
	fsys := os.DirFS(filepath.Join(realData, "sigma"))
	var files []sigma.File
	missing := 0
	for _, name := range names {
		list, err := loader.LoadFS(fsys, name)
		if err != nil {
			missing++
			continue
		}
		files = append(files, list...)
	}
	set := Load(files, func(name string, limit int64) ([]byte, error) {
		if data, ok := docs[name]; ok {
			return data, nil
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	})
	outcomes, err := set.Run(files, builtin.Definitions(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var of [3]int
	for _, o := range outcomes {
		of[o.Status]++
		if o.Status != Passed {
			t.Logf("%v: %s: %v: %s", o.Where, o.Name, o.Status, o.Message)
			for _, d := range o.Details {
				t.Logf("    %v: %s", d.Place, d.Message)
			}
		}
	}
	t.Logf("%d tests: %d passed, %d failed, %d undecided; the rules of %d tests are missing", len(outcomes), of[Passed], of[Failed], of[Undecided], missing)
	if len(outcomes) != len(names)-missing || of[Passed] != len(outcomes) || of[Passed] < 100 {
		t.Errorf("%d of %d tests passed; want all, and at least 100", of[Passed], len(outcomes))
	}
}
