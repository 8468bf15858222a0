package repocheck

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

var update = flag.Bool("update", false, "lower the bounds in language.txt to the values measured")

const (
	boundsFile     = "language.txt"
	updateLanguage = "go test ./internal/repocheck -run Language -update"
)

// A class is a kind of prose: "exported" for the doc comments of packages and
// exported names, "comments" for the other comments of non-test Go code,
// "messages" for string literals of three words or more in it, "docs" for
// Markdown.
type class string

// A subject is one package or page, in one class.
type subject struct {
	class class
	name  string // the folder of the package, or the path of the page
}

// The measures, in the order of their columns in language.txt.
const (
	what   = iota // the word "what"
	listed        // the words of listedWords
	over40        // sentences of more than 40 words
	over25        // sentences of more than 25 words
	wide          // lines of more than 100 columns that hold a comment
	measures
)

// finals are the values that no ratchet goes below.
var finals = [measures]struct {
	name string
	rate float64
	of   func(text) int
}{
	what:   {"what", 15. / 10_000, func(t text) int { return t.words }},
	listed: {"listed", 0, func(t text) int { return t.words }},
	over40: {"over40", 1.5 / 100, func(t text) int { return t.sentences }},
	over25: {"over25", 15. / 100, func(t text) int { return t.sentences }},
	wide:   {"wide", 0, func(t text) int { return t.words }},
}

// final returns the value of a measure that is good enough for a text.
func (t text) final(m int) int {
	return int(finals[m].rate * float64(finals[m].of(t)))
}

// reached lists the classes that keep the final rates of all measures as a whole.
// The others are still above one of them.
var reached = []class{"docs"}

type bounds map[subject][measures]int

// TestLanguage measures the prose of the repository. A value may fall, and may
// not rise above its bound in language.txt until it is within the final rate. A
// package without a row may exceed the final rates by as much as other packages
// of its class have fallen, so that code can move.
func TestLanguage(t *testing.T) {
	texts := repositoryTexts(t)
	file, err := os.ReadFile(boundsFile)
	if err != nil {
		t.Fatal(err)
	}
	have, err := parseBounds(string(file))
	if err != nil {
		t.Fatalf("%s: %v", boundsFile, err)
	}
	if testing.Verbose() {
		t.Logf("\n%s", table(texts))
	}

	totals := totalsOf(texts)
	for _, c := range reached {
		total := totals[c]
		for m, value := range total.values {
			if value > total.final(m) {
				t.Errorf("%s: %s is %d in all; expected at most %d", c, finals[m].name, value, total.final(m))
			}
		}
	}
	problems, low := compare(texts, have)
	for _, p := range problems {
		t.Error(p)
	}
	want := lowered(texts, have, len(problems) == 0)
	switch {
	case want.String() == have.String():
	case *update:
		if err := os.WriteFile(boundsFile, []byte(want.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	case len(low) > 0 && os.Getenv("CI") != "":
		t.Errorf("the values have clearly fallen below their bounds; %s lowers these:\n%s", updateLanguage, strings.Join(low, "\n"))
	default:
		t.Logf("some values have fallen below their bounds; %s lowers the bounds", updateLanguage)
	}
}

// clearly is the number of faults by which a value may be below its bound. Then,
// and if it is below two thirds of the bound, the bound must be lowered.
const clearly = 25

// compare returns the values that are above their bounds, and those that are
// clearly below. The latter fail only where the variable CI is set.
func compare(texts map[subject]text, have bounds) (problems, low []string) {
	type key struct {
		class
		measure int
	}
	fallen := make(map[key]int)
	for s, row := range have {
		for m, bound := range row {
			t := texts[s]
			if value := t.values[m]; value > max(bound, t.final(m)) {
				problems = append(problems, fmt.Sprintf("%s of %s: %s is %d; expected at most %d, as in %s. See %s.",
					s.class, s.name, finals[m].name, value, max(bound, t.final(m)), boundsFile, t.example(m)))
				continue
			}
			by := max(0, bound-max(t.values[m], t.final(m)))
			fallen[key{s.class, m}] += by
			if by > max(clearly, bound/3) {
				low = append(low, fmt.Sprintf("%s of %s: %s is %d, the bound is %d", s.class, s.name, finals[m].name, t.values[m], bound))
			}
		}
	}
	for _, s := range slices.SortedFunc(maps.Keys(texts), compareSubjects) {
		if _, ok := have[s]; ok {
			continue
		}
		t := texts[s]
		for m, value := range t.values {
			excess := max(0, value-t.final(m))
			fallen[key{s.class, m}] -= excess
			if excess > 0 && fallen[key{s.class, m}] < 0 {
				problems = append(problems, fmt.Sprintf("%s of %s, which has no row in %s: %s is %d; expected at most %d. See %s.",
					s.class, s.name, boundsFile, finals[m].name, value, t.final(m), t.example(m)))
			}
		}
	}
	slices.Sort(problems)
	slices.Sort(low)
	return problems, low
}

// lowered returns bounds no higher than have that the texts keep. Subjects that
// have no row get one if withNew is set.
func lowered(texts map[subject]text, have bounds, withNew bool) bounds {
	want := make(bounds)
	for s, t := range texts {
		old, ok := have[s]
		if !ok && !withNew {
			continue
		}
		row, above := [measures]int{}, false
		for m, value := range t.values {
			if ok {
				value = min(value, max(old[m], t.final(m)))
			}
			row[m] = value
			above = above || value > t.final(m)
		}
		if above {
			want[s] = row
		}
	}
	return want
}

func parseBounds(file string) (bounds, error) {
	b := make(bounds)
	for i, line := range strings.Split(file, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var s subject
		var row [measures]int
		if _, err := fmt.Sscan(line, &s.class, &s.name, &row[what], &row[listed], &row[over40], &row[over25], &row[wide]); err != nil {
			return nil, fmt.Errorf("line %d: %v", i+1, err)
		}
		b[s] = row
	}
	return b, nil
}

func (b bounds) String() string {
	var s strings.Builder
	s.WriteString("# Upper bounds of TestLanguage: how often each fault of language may stand in a package or page.\n" +
		"# They may only fall: " + updateLanguage + "\n" +
		"# A package or page without a row is held to the final rates alone.\n")
	s.WriteString("# class name")
	for _, f := range finals {
		s.WriteString(" " + f.name)
	}
	s.WriteByte('\n')
	for _, k := range slices.SortedFunc(maps.Keys(b), compareSubjects) {
		fmt.Fprintf(&s, "%s %s", k.class, k.name)
		for _, value := range b[k] {
			fmt.Fprintf(&s, " %d", value)
		}
		s.WriteByte('\n')
	}
	return s.String()
}

func compareSubjects(a, b subject) int {
	return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.name, b.name))
}

// table returns the measures as rates, with a total for each class.
func table(texts map[subject]text) string {
	var s strings.Builder
	w := tabwriter.NewWriter(&s, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "class\tname\twords\twhat/10,000\tlisted/10,000\tsentences\tover 40/100\tover 25/100\twide lines\t")
	row := func(class class, name string, t text) {
		per := func(n, of int, scale float64) string {
			return fmt.Sprintf("%.1f", scale*float64(n)/float64(max(of, 1)))
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%d\t%s\t%s\t%d\t\n", class, name, t.words,
			per(t.values[what], t.words, 1e4), per(t.values[listed], t.words, 1e4),
			t.sentences, per(t.values[over40], t.sentences, 100), per(t.values[over25], t.sentences, 100), t.values[wide])
	}
	for _, k := range slices.SortedFunc(maps.Keys(texts), compareSubjects) {
		row(k.class, k.name, texts[k])
	}
	totals := totalsOf(texts)
	for _, c := range slices.Sorted(maps.Keys(totals)) {
		row(c, "TOTAL", totals[c])
	}
	w.Flush()
	return s.String()
}

// totalsOf returns the sums over the subjects of each class.
func totalsOf(texts map[subject]text) map[class]text {
	totals := make(map[class]text)
	for s, t := range texts {
		total := totals[s.class]
		total.add(t)
		totals[s.class] = total
	}
	return totals
}

func TestLanguageRatchet(t *testing.T) {
	a, b := subject{"comments", "a"}, subject{"comments", "b"}
	of := func(n int) text {
		return text{words: 100, sentences: 10, values: [measures]int{what: n}}
	}
	tests := []struct {
		why      string
		texts    map[subject]text
		have     bounds
		problems int
		want     bounds // after -update
	}{
		{"at its bound", map[subject]text{a: of(5)}, bounds{a: {5}}, 0, bounds{a: {5}}},
		{"above it: the bound stays", map[subject]text{a: of(6)}, bounds{a: {5}}, 1, bounds{a: {5}}},
		{"below it: the bound falls", map[subject]text{a: of(4)}, bounds{a: {5}}, 0, bounds{a: {4}}},
		{"clearly below it", map[subject]text{a: of(40)}, bounds{a: {70}}, 0, bounds{a: {40}}},
		{"good enough: no row", map[subject]text{a: of(0)}, bounds{a: {5}}, 0, bounds{}},
		{"new and good enough", map[subject]text{a: of(5), b: of(0)}, bounds{a: {5}}, 0, bounds{a: {5}}},
		{"new and not good", map[subject]text{a: of(5), b: of(1)}, bounds{a: {5}}, 1, bounds{a: {5}}},
		{"a part moved", map[subject]text{a: of(3), b: of(2)}, bounds{a: {5}}, 0, bounds{a: {3}, b: {2}}},
		{"all moved", map[subject]text{b: of(5)}, bounds{a: {5}}, 0, bounds{b: {5}}},
		{"moved and grown", map[subject]text{b: of(6)}, bounds{a: {5}}, 1, bounds{}},
		{"fallen elsewhere does not raise a bound", map[subject]text{a: of(1), b: of(6)}, bounds{a: {5}, b: {5}}, 1, bounds{a: {1}, b: {5}}},
	}
	for _, test := range tests {
		problems, low := compare(test.texts, test.have)
		if clear := strings.Contains(test.why, "clearly"); clear != (len(low) > 0) {
			t.Errorf("%s: the test says clearly below: %q", test.why, low)
		}
		if len(problems) != test.problems {
			t.Errorf("%s: got %d problems, want %d: %q", test.why, len(problems), test.problems, problems)
		}
		if got := lowered(test.texts, test.have, len(problems) == 0); got.String() != test.want.String() {
			t.Errorf("%s: got bounds\n%swant\n%s", test.why, got, test.want)
		}
	}
}
