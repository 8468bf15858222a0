package page

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

type (
	jsonMatrix struct {
		States []jsonState `json:"states"`
		Fleets []jsonFleet `json:"fleets"`
	}
	jsonState struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Symbol  string `json:"symbol"`
		Meaning string `json:"meaning"`
	}
	jsonFleet struct {
		Name    string   `json:"name"`
		Hosts   uint64   `json:"hosts"`
		Columns []any    `json:"columns"` // pairs of builds and hosts
		Cells   []string `json:"cells"`   // each once
		Types   []string `json:"types"`
		Causes  []string `json:"causes"`
		Reasons []string `json:"reasons"`
		Sets    [][]int  `json:"sets"`
		Rows    [][]any  `json:"rows"`
	}
)

// matrixJSON returns the matrices for the script. json.Marshal escapes all characters that could
// end the element that holds the text.
func matrixJSON(fleets []Fleet) ([]byte, error) {
	out := jsonMatrix{Fleets: []jsonFleet{}}
	for _, s := range States {
		out.States = append(out.States, jsonState(s))
	}
	for i := range fleets {
		f := &fleets[i]
		of := jsonFleet{Name: f.Name, Hosts: f.Hosts, Reasons: list(f.Reasons), Sets: f.Sets, Rows: [][]any{}}
		if of.Sets == nil {
			of.Sets = [][]int{}
		}
		for _, c := range f.Columns {
			of.Columns = append(of.Columns, []any{list(c.Builds), c.Hosts})
		}
		var cells, types, causes Texts
		for _, r := range byTitle(f.Rows) {
			refer := []int{}
			for _, c := range r.Causes {
				refer = append(refer, causes.Number(c))
			}
			because := r.Because
			if because == nil {
				because = [][2]int{}
			}
			of.Rows = append(of.Rows, []any{r.Title, r.ID, types.Number(r.Type), r.Where, r.Author, cells.Number(r.Cells), r.Errors, r.Warnings, refer, because})
		}
		of.Cells, of.Types, of.Causes = list(cells.List), list(types.List), list(causes.List)
		out.Fleets = append(out.Fleets, of)
	}
	return json.Marshal(out)
}

// byTitle returns the rules in the order of their titles, so that the script need not compare them.
func byTitle(rules []Rule) []*Rule {
	list, keys := make([]*Rule, len(rules)), make(map[*Rule]string, len(rules))
	for i := range rules {
		list[i] = &rules[i]
		keys[list[i]] = strings.ToLower(cmp.Or(rules[i].Title, rules[i].ID))
	}
	slices.SortStableFunc(list, func(a, b *Rule) int { return strings.Compare(keys[a], keys[b]) })
	return list
}

// list returns s, or an empty list in place of nil, which JSON would write as null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// Texts numbers texts from 0 in the order of their first use. The zero value is ready to use.
type Texts struct {
	List    []string // by number
	numbers map[string]int
}

// Number returns the number of a text.
func (t *Texts) Number(s string) int {
	n, ok := t.numbers[s]
	if !ok {
		if t.numbers == nil {
			t.numbers = map[string]int{}
		}
		n = len(t.List)
		t.List, t.numbers[s] = append(t.List, s), n
	}
	return n
}
