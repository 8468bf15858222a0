package sysmon

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// realData has facts about Sysmon that were read from Microsoft's sources. They are not part of
// the repository.
const realData = "../../shared/data/sysmon"

func readReal(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(filepath.FromSlash(realData), name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the facts about Sysmon are not here: there is no %s", filepath.Join(realData, name))
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

type realSchema struct {
	Schema, Binary string
	Operators      []string
	Options        []struct {
		Name, Argument                               string
		Rule, Forceconfig, CommandLineOnly, Internal bool
	}
	Events []struct {
		ID      uint32
		Tag     *string
		Default string
		Fields  []string
	}
}

// TestRealSchemas compares each schema with the facts, and the facts with the schemas.
func TestRealSchemas(t *testing.T) {
	var facts []realSchema
	if err := json.Unmarshal(readReal(t, "schemas.json"), &facts); err != nil {
		t.Fatal(err)
	}
	seen := map[Version]bool{}
	for _, want := range facts {
		v, err := ParseVersion(want.Schema)
		if err != nil {
			t.Fatal(err)
		}
		seen[v] = true
		s, ok := SchemaOf(v)
		if !ok {
			t.Errorf("schema %s is missing", v)
			continue
		}
		if b, err := ParseVersion(want.Binary); err != nil || s.Binary != b || s.Derived {
			t.Errorf("schema %s: binary %s, derived %v; want %s, read in a manifest; %v", v, s.Binary, s.Derived, b, err)
		}
		var operators []string
		for _, o := range s.Operators {
			operators = append(operators, o.String())
		}
		if !slices.Equal(operators, want.Operators) {
			t.Errorf("schema %s: operators %q; want %q", v, operators, want.Operators)
		}
		if len(s.Options) != len(want.Options) {
			t.Errorf("schema %s has %d options; want %d", v, len(s.Options), len(want.Options))
			continue
		}
		for i, o := range want.Options {
			if got := s.Options[i]; got.Name != o.Name || got.Argument.String() != o.Argument || got.Rule != o.Rule ||
				got.ForceConfig != o.Forceconfig || got.CommandLine != o.CommandLineOnly || got.Internal != o.Internal {
				t.Errorf("schema %s: option %+v; want %+v", v, got, o)
			}
		}
		public, internal := s.Events, s.Internal
		for _, e := range want.Events {
			list := &public
			if e.ID >= firstInternal {
				list = &internal
			}
			if len(*list) == 0 {
				t.Errorf("schema %s lacks event %d", v, e.ID)
				break
			}
			got := (*list)[0]
			*list = (*list)[1:]
			tag := ""
			if e.Tag != nil {
				tag = *e.Tag
			}
			if got.ID != e.ID || got.Tag != tag || got.LoggedByDefault != (e.Default == "include") || !slices.Equal(got.Fields, e.Fields) {
				t.Errorf("schema %s: event %+v; want %+v with tag %q", v, got, e, tag)
			}
		}
		if len(public)+len(internal) > 0 {
			t.Errorf("schema %s has events that the facts lack: %+v %+v", v, public, internal)
		}
	}
	for _, s := range Schemas() {
		if !seen[s.Version] && !s.Derived {
			t.Errorf("schema %s is neither in the facts nor derived", s.Version)
		}
	}
}

// TestRealBuilds compares the builds with the table of versions in both directions.
func TestRealBuilds(t *testing.T) {
	text := string(readReal(t, "versions.tsv"))
	// Builds that the table does not have: the source of each names it.
	covered := map[string]bool{"linux-1.2.0": true}
	rows := 0
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if i == 0 {
			continue
		}
		rows++
		columns := strings.Split(line, "\t")
		for _, name := range namesOf(columns[0]) {
			b, err := BuildNamed(name)
			if err != nil {
				t.Errorf("row %q: %v", columns[0], err)
				continue
			}
			covered[b.Name] = true
			schema, err := ParseVersion(columns[1])
			if err != nil || b.Schema != schema {
				t.Errorf("%s: schema %s; want %s; %v", name, b.Schema, columns[1], err)
			}
			var binaries []Version
			for alternative := range strings.SplitSeq(strings.TrimSuffix(columns[2], "?"), " or ") {
				v, err := ParseVersion(alternative)
				if err != nil {
					t.Fatal(err)
				}
				binaries = append(binaries, v)
			}
			if !slices.Equal(b.Binaries, binaries) {
				t.Errorf("%s: binary %v; want %v", name, b.Binaries, binaries)
			}
			if sure := columns[3] == "yes"; b.Sure != (sure && name != "10.41") { // the source column doubts 10.41
				t.Errorf("%s: sure is %v; the table says %q", name, b.Sure, columns[3])
			}
		}
	}
	// The versions between the ends of a range are not in the table one by one.
	for _, b := range Builds() {
		within := slices.ContainsFunc(builtinBuilds().ranges, func(r buildRange) bool {
			v, err := ParseVersion(b.Name)
			return err == nil && r.from.Compare(v) <= 0 && v.Compare(r.to) <= 0
		})
		if !covered[b.Name] && !within {
			t.Errorf("build %s is not in the table", b.Name)
		}
	}
	t.Logf("%d rows of the table, %d builds", rows, len(Builds()))
}

// namesOf returns the versions in a cell such as "13.01 (13.00-13.02)" or "Linux 1.0.0".
func namesOf(cell string) []string {
	if v, ok := strings.CutPrefix(cell, "Linux "); ok {
		return []string{"linux-" + v}
	}
	if strings.HasPrefix(cell, "Windows built-in feature ") {
		return []string{"windows-" + cell[strings.LastIndexByte(cell, ' ')+1:]}
	}
	var names []string
	for _, word := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(" -,()", r) }) {
		if word[0] >= '0' && word[0] <= '9' && word != "187" {
			names = append(names, strings.TrimSuffix(word, "by"))
		}
	}
	return names
}
