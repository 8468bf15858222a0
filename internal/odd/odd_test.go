package odd_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cfcheck/cfcheck/internal/odd"
)

type inner struct {
	N    int
	Next *inner
}

type outer struct {
	Name   string
	On     bool
	Parts  []inner
	One    *inner
	Say    func() string
	By     map[string]int
	Opaque *outer
	hidden int
}

// TestChanges checks that there is a change for each exported field, that each
// change affects one place only, and that the original stays unchanged.
func TestChanges(t *testing.T) {
	more := odd.Values{reflect.TypeFor[*outer](): {&outer{Name: "odd"}}}
	base := func() *outer {
		return &outer{Name: "base", Parts: []inner{{N: 5}, {N: 6, Next: &inner{N: 7}}}, One: &inner{N: 8}, hidden: 9, Say: func() string { return "" }, By: map[string]int{"a": 1}}
	}
	original := base()
	places := map[string]int{}
	for _, c := range odd.Changes(original, more) {
		places[c.Place]++
		changed := odd.Copy(original, more)
		if !c.Apply(changed) {
			t.Errorf("%s: there is no such place", c.What)
		}
		if original.Name != "base" || original.Parts[1].Next.N != 7 || original.One.N != 8 {
			t.Fatalf("%s changes the original", c.What)
		}
	}
	for _, place := range []string{"Name", "On", "Parts", "Parts[0]", "Parts[0].N", "Parts[1].Next.N", "One", "One.N", "Say", "By", "Opaque"} {
		if places[place] == 0 {
			t.Errorf("nothing changes %s: %v", place, places)
		}
	}
	if places["hidden"] > 0 || places["Opaque.Name"] > 0 {
		t.Errorf("what is private, or has values of its own, is changed inside: %v", places)
	}
	for _, first := range odd.Changes(original, more) {
		for _, second := range odd.Changes(original, more) {
			changed := odd.Copy(original, more)
			first.Apply(changed)
			second.Apply(changed)
		}
	}
	if diff := cmp.Diff(base(), original, cmp.AllowUnexported(outer{}), cmpopts.IgnoreFields(outer{}, "Say")); diff != "" {
		t.Errorf("pairs of changes change the original: %s", diff)
	}
	without := &outer{}
	for _, c := range odd.Changes(original, more) {
		if c.Place == "Parts[0].N" && c.Apply(without) {
			t.Errorf("%s was made where there is no such place", c.What)
		}
	}
}
