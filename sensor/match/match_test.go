package match_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/internal/realdata"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/match"
)

// A differ compares matchers with the interpreters of their files. The matchers differ in when
// they use tables, and when they give up.
type differ struct {
	t            testing.TB
	matchers     []*match.Matcher
	interpreters []*interp.Interpreter
	files        []*channelfile.File
	matches      int
}

func newDiffer(t testing.TB, files ...*channelfile.File) *differ {
	t.Helper()
	d := &differ{t: t, files: files}
	for _, build := range []func(...*channelfile.File) (*match.Index, error){match.New, match.NewWithTables, match.NewHasty} {
		ix, err := build(files...)
		if err != nil {
			t.Fatal(err)
		}
		d.matchers = append(d.matchers, ix.Matcher())
	}
	for _, f := range files {
		d.interpreters = append(d.interpreters, interp.New(f, &sensor.Reader{Access: sensor.AccessNamed}))
	}
	return d
}

// compare runs an event in all of them.
func (d *differ) compare(e interp.Event) {
	d.t.Helper()
	var want []int
	var fault error
	before := 0
	for k, it := range d.interpreters {
		if fault = it.Run(e); fault != nil {
			break
		}
		for _, i := range it.Matched() {
			want = append(want, before+i)
		}
		before += d.files[k].Instances()
	}
	for k, m := range d.matchers {
		got, err := m.Match(e)
		switch {
		case fault != nil:
			if err == nil || err.Error() != fault.Error() {
				d.t.Fatalf("matcher %d: %v; the interpreter: %v; on %v", k, err, fault, e)
			}
		case err != nil || !slices.Equal(got, want):
			d.t.Fatalf("matcher %d finds %v (%v), the interpreter %v, on %v", k, got, err, want, e)
		}
	}
	if fault == nil {
		d.matches += len(want)
	}
}

// TestGenerated compares the answers on random files, two at once, on random events and on events
// that reach their criteria.
func TestGenerated(t *testing.T) {
	g := generate.New(7)
	matches := 0
	for range 150 {
		def := g.Definition()
		a, b := testkit.Parse(t, g.File(def)), testkit.Parse(t, g.File(def))
		d, one := newDiffer(t, a, b), newDiffer(t, b)
		other := g.Definition()
		for _, f := range []*channelfile.File{a, b} {
			s := interp.NewSynthesizer(f, nil, def.Types())
			for i := range min(f.Instances(), 5) {
				s.Events(i, len(def.Inputs), func(e interp.Event) bool {
					for _, e := range []interp.Event{e, e[:len(e)/2], g.Event(def, len(def.Inputs)), g.Event(other, len(def.Inputs))} {
						d.compare(e)
						one.compare(e)
					}
					return true
				})
			}
		}
		matches += d.matches
	}
	if matches < 1000 {
		t.Errorf("only %d matches", matches)
	}
}

// TestWorkload compares the answers on the content of the benchmarks.
func TestWorkload(t *testing.T) {
	for _, n := range []int{1, 10, 100, 2000} {
		f := testkit.Parse(t, workload.File(n, 1))
		d := newDiffer(t, f)
		for _, e := range workload.Events(f, 100, 2) {
			d.compare(e)
		}
		if d.matches < 40 {
			t.Errorf("%d instances: only %d matches", n, d.matches)
		}
	}
}

// TestReal compares the answers of published rules on recorded events.
func TestReal(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling the published rules takes seconds; the full tests do it")
	}
	sets, err := realdata.Load("../../../shared/data/dev", "benign-splunk*")
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the published rules and recorded events are not there: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sets {
		d := newDiffer(t, s.File)
		for _, e := range s.Events {
			d.compare(e)
		}
	}
}

// TestAllocations checks that a matcher that has seen the events allocates nothing.
func TestAllocations(t *testing.T) {
	f := testkit.Parse(t, workload.File(1000, 1))
	ix, err := match.New(f)
	if err != nil {
		t.Fatal(err)
	}
	m, events := ix.Matcher(), workload.Events(f, 50, 3)
	n := testing.AllocsPerRun(3, func() {
		for _, e := range events {
			if _, err := m.Match(e); err != nil {
				t.Fatal(err)
			}
		}
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestTypes checks that files of different types have no common index.
func TestTypes(t *testing.T) {
	a := testkit.File(t, testkit.IPC, channelfile.Exists(1))
	h := testkit.IPC
	h.TypeVersion++
	b := testkit.File(t, h, channelfile.Exists(1))
	if _, err := match.New(a, b); !errors.Is(err, match.ErrTypes) {
		t.Errorf("two versions of a type: %v", err)
	}
	if _, err := match.New(); !errors.Is(err, match.ErrNoFile) {
		t.Errorf("no file: %v", err)
	}
}

// TestReadings checks why an instance of the second file matches, and one does not.
func TestReadings(t *testing.T) {
	a := testkit.File(t, testkit.IPC, channelfile.Exists(1))
	b := testkit.File(t, testkit.IPC, channelfile.Equals(2, "x"),
		channelfile.And(channelfile.Prefix(5, `\a`), channelfile.Not(channelfile.Suffix(5, "z"))))
	ix, err := match.New(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if file, instance := ix.Locate(2); file != 1 || instance != 1 {
		t.Errorf("instance 2 is %d of file %d", instance, file)
	}
	m := ix.Matcher()
	e := make(interp.Event, 6)
	for text, want := range map[string][]bool{`\ab`: {true, false}, `\az`: {true, true}, "": {false, false}} {
		e[5] = interp.Text(text)
		list, err := m.Readings(nil, 2, e)
		if err != nil || len(list) != 2 {
			t.Fatalf("%q: %v, %v", text, list, err)
		}
		for k, r := range list {
			if negated := b.Criterion(r.Criterion).Operator == channelfile.OpSuffix; r.Holds != want[k] || r.Negated != negated {
				t.Errorf("%q: %+v", text, r)
			}
		}
		matched, err := m.Match(e)
		if err != nil || slices.Contains(matched, 2) != (list[0].Holds && !list[1].Holds) {
			t.Errorf("%q matches %v, %v", text, matched, err)
		}
	}
}

// TestParallel checks that matchers of one index give the same answers in several goroutines.
func TestParallel(t *testing.T) {
	f := testkit.Parse(t, workload.File(1000, 1))
	ix, err := match.New(f)
	if err != nil {
		t.Fatal(err)
	}
	events := workload.Events(f, 200, 4)
	answers := make([][][]int, 4)
	var group sync.WaitGroup
	for k := range answers {
		group.Go(func() {
			m := ix.Matcher()
			for i := range events {
				got, err := m.Match(events[(i+k*50)%len(events)])
				if err != nil {
					t.Error(err)
				}
				answers[k] = append(answers[k], slices.Clone(got))
			}
		})
	}
	group.Wait()
	for k := range answers {
		for i := range events {
			if !slices.Equal(answers[k][i], answers[0][(i+k*50)%len(events)]) {
				t.Fatalf("goroutine %d finds %v", k, answers[k][i])
			}
		}
	}
}

// TestHostile compares the answers on content that defeats an index, on texts with many hits.
func TestHostile(t *testing.T) {
	text := strings.Repeat("the quick brown fox, É\xff\u212A; ", 6)
	for why, condition := range map[string]func(i int) channelfile.Expr{
		"short literals":      func(i int) channelfile.Expr { return channelfile.Contains(5, text[i%100:][:1+i%3]).Fold() },
		"bytes within runes":  func(i int) channelfile.Expr { return channelfile.Contains(5, text[i%60:][:4+i%9]) },
		"one literal in all":  func(i int) channelfile.Expr { return channelfile.Contains(5, "brown fox", fmt.Sprint(i)) },
		"no literal":          func(i int) channelfile.Expr { return channelfile.Regexp(5, fmt.Sprintf("[a-f]+[0-9]{%d}", i%8)) },
		"negations":           func(i int) channelfile.Expr { return channelfile.Not(channelfile.Suffix(5, fmt.Sprint(i))) },
		"optional parts":      func(i int) channelfile.Expr { return channelfile.Regexp(5, fmt.Sprintf("(k|ſx|%d)?(own f|É.)", i)) },
		"literals of regexps": func(i int) channelfile.Expr { return channelfile.Regexp(5, fmt.Sprintf("(?i)fox, é.k|BROWN|q%d", i)) },
	} {
		t.Run(why, func(t *testing.T) {
			var conditions []channelfile.Expr
			for i := range 200 {
				conditions = append(conditions, condition(i))
			}
			d := newDiffer(t, testkit.File(t, testkit.IPC, conditions...))
			e := make(interp.Event, 6)
			for i := range 60 {
				e[5] = interp.Text(text[i:] + fmt.Sprint(i))
				d.compare(e)
			}
			if d.matches == 0 && why != "no literal" {
				t.Error("no match")
			}
		})
	}
}

// TestMemory checks that an index is not much larger than its file, however instances share long
// lists.
func TestMemory(t *testing.T) {
	var list []string
	for i := range 400 {
		list = append(list, fmt.Sprintf("operand %d", i*i))
	}
	common := channelfile.Equals(5, "common")
	for why, condition := range map[string]func(own channelfile.Expr) channelfile.Expr{
		"all have one access criterion": func(own channelfile.Expr) channelfile.Expr {
			return channelfile.And(channelfile.Contains(2, list...), channelfile.Not(own))
		},
		"all have one guard": func(own channelfile.Expr) channelfile.Expr {
			return channelfile.And(common, channelfile.Contains(2, list...), channelfile.Not(own))
		},
		"all have guards with one criterion": func(own channelfile.Expr) channelfile.Expr {
			return channelfile.And(common, channelfile.Or(channelfile.Contains(2, list...), own))
		},
	} {
		t.Run(why, func(t *testing.T) {
			var conditions []channelfile.Expr
			for i := range 400 {
				conditions = append(conditions, condition(channelfile.Suffix(5, fmt.Sprintf("own %d", i))))
			}
			f := testkit.File(t, testkit.IPC, conditions...)
			d := newDiffer(t, f)
			e := make(interp.Event, 6)
			for _, text := range []string{"common", "own 7", "common own 8"} {
				e[2], e[5] = interp.Text("an operand 49"), interp.Text(text)
				d.compare(e)
			}
			if d.matches == 0 {
				t.Error("no match")
			}
			ix, err := match.New(f)
			if err != nil {
				t.Fatal(err)
			}
			if got := ix.Statistics().Bytes; got > 6*len(f.Data()) {
				t.Errorf("%d bytes for a file of %d", got, len(f.Data()))
			}
		})
	}
}

// TestWork checks that the work of events is measured, adds up, and depends on the content and the
// events alone.
func TestWork(t *testing.T) {
	f := testkit.Parse(t, workload.File(300, 1))
	list := workload.Events(f, 200, 1)
	measure := func(newIndex func(...*channelfile.File) (*match.Index, error), list []interp.Event) *match.Work {
		ix, err := newIndex(f)
		if err != nil {
			t.Fatal(err)
		}
		m, w := ix.Matcher(), &match.Work{Instances: make([]uint64, ix.Instances())}
		m.Measure(w)
		for _, e := range list {
			if _, err := m.Match(e); err != nil {
				t.Fatal(err)
			}
		}
		return w
	}
	whole, first, rest := measure(match.New, list), measure(match.New, list[:77]), measure(match.New, list[77:])
	measured := 0
	for i := range whole.Instances {
		if whole.Instances[i] != first.Instances[i]+rest.Instances[i] {
			t.Errorf("instance %d: %d, and the parts are %d and %d", i, whole.Instances[i], first.Instances[i], rest.Instances[i])
		}
		if whole.Instances[i] > 0 {
			measured++
		}
	}
	if whole.Search == 0 || whole.Search != first.Search+rest.Search || measured < 20 {
		t.Errorf("search %d, parts %d and %d; %d instances with work", whole.Search, first.Search, rest.Search, measured)
	}
	if hasty := measure(match.NewHasty, list); hasty.Interpreted == 0 || hasty.Interpreter < hasty.Interpreted*1000 {
		t.Errorf("an index that gives up: %d for %d events", hasty.Interpreter, hasty.Interpreted)
	}
}
