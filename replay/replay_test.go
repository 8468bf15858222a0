package replay_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/replay"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// text returns a source with the given content.
func text(name, data string) replay.Source {
	return replay.Source{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(data)), nil }}
}

// interpreted returns the matches of each rule by the interpreter, on the events of a recording.
func interpreted(t *testing.T, content []replay.Content, sources []replay.Source) (matches, tried []uint64) {
	t.Helper()
	recording := events.NewRecording(builtin.Definitions())
	defer recording.Close()
	for _, s := range sources {
		file, err := s.Open()
		if err != nil {
			t.Fatal(err)
		}
		if err := recording.Read(s.Name, events.NewReader(s.Name, file), func(*events.LineError) {}); err != nil {
			t.Fatal(err)
		}
		file.Close()
	}
	for _, c := range content {
		it := interp.New(c.File, &sensor.Reader{Access: sensor.AccessNamed})
		counts, n := make([]uint64, c.File.Instances()), uint64(0)
		err := recording.Events(c.Definition, func(where func() string, e interp.Event) bool {
			n++
			if err := it.Run(e); err != nil {
				t.Fatalf("%s: %v", where(), err)
			}
			for _, i := range it.Matched() {
				counts[i]++
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		for range counts {
			tried = append(tried, n)
		}
		matches = append(matches, counts...)
	}
	return matches, tried
}

// compare replays with several numbers of workers, and compares the counts with the interpreter's.
// It returns the result.
func compare(t *testing.T, content []replay.Content, sources []replay.Source) *replay.Result {
	t.Helper()
	matches, tried := interpreted(t, content, sources)
	var first *replay.Result
	for _, workers := range []int{1, 3} {
		r, err := replay.Run(builtin.Definitions(), content, sources, replay.Options{Examples: 3, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Rules) != len(matches) || len(r.Problems) > 0 {
			t.Fatalf("%d rules of %d, problems %v", len(r.Rules), len(matches), r.Problems)
		}
		for i := range r.Rules {
			rule := &r.Rules[i]
			if rule.Matches != matches[i] || rule.Events != tried[i] || len(rule.Examples) != min(3, int(rule.Matches)) {
				t.Fatalf("%d workers: rule %d of content %d matches %d of %d events with %d examples; the interpreter finds %d of %d",
					workers, rule.Instance, rule.Content, rule.Matches, rule.Events, len(rule.Examples), matches[i], tried[i])
			}
		}
		sum := r.Tried + r.NoType
		for _, c := range r.Untried {
			sum += c.Events
		}
		if sum != r.Events {
			t.Errorf("%d events, and the parts are %d", r.Events, sum)
		}
		if first == nil {
			first = r
		} else if diff := cmp.Diff(first, r, cmp.Comparer(func(a, b error) bool { return a.Error() == b.Error() })); diff != "" {
			t.Fatalf("%d workers differ from one; -one +several:\n%s", workers, diff)
		}
	}
	return first
}

// line returns an event as a line that feeds a definition, or "" if a feed has no channel.
func line(d *sensor.Definition, f *sensor.Feed, e interp.Event) string {
	id := uint32(1)
	if len(f.Events) > 0 {
		id = f.Events[0]
	}
	data := map[string]any{}
	for i := range f.Fields {
		input, ok := d.Input(f.Fields[i].Input)
		name := f.Fields[i].Field
		if name == "" {
			name = f.Fields[i].Input
		}
		if !ok || input >= len(e) || !e[input].Present() || strings.HasPrefix(name, "System/") {
			continue
		}
		switch v := &e[input]; v.Type {
		case sensor.TypeInteger:
			data[name] = v.Integer
		case sensor.TypeString:
			data[name] = string(v.Text)
		}
	}
	b, err := json.Marshal(map[string]any{"EventID": id, "Channel": f.Channel, "Provider": f.Provider, "Computer": "h", "EventData": data})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestCorpus replays all files of the corpus that the interpreter can run, one by one and all
// together, on events that reach their criteria.
func TestCorpus(t *testing.T) {
	defs := builtin.Definitions()
	var content []replay.Content
	var lines strings.Builder
	matches := uint64(0)
	for _, c := range corpus.Cases() {
		f, err := channelfile.Parse(c.Data)
		if err != nil || len(c.TypesData) > 0 || slices.ContainsFunc(c.Checks, func(id string) bool { return strings.HasPrefix(id, "CF2") }) {
			continue // it cannot be read, or does not fit the built-in type
		}
		d := defs.ByNumber(f.Header.Type, f.Header.TypeVersion)
		if d == nil || len(d.Feeds) == 0 || f.Instances() > 200 {
			continue
		}
		content = append(content, replay.Content{File: f, Definition: d})
		s := interp.NewSynthesizer(f, nil, d.Types())
		for i := range min(f.Instances(), 3) {
			n := 0
			s.Events(i, len(d.Inputs), func(e interp.Event) bool {
				lines.WriteString(line(d, &d.Feeds[0], e) + "\n")
				n++
				return n < 4
			})
		}
	}
	all := text("all.ndjson", lines.String())
	r := compare(t, content, []replay.Source{all})
	matches += r.Matches()
	t.Logf("%d files with %d rules: %d matches of %d events, %d bad lines", len(content), len(r.Rules), r.Matches(), r.Events, r.BadLines)
	if len(content) < 20 || matches < 100 {
		t.Errorf("%d files have only %d matches", len(content), matches)
	}
}

// pipes returns n events of pipes, number 0 first, with a bad line and an event of another type
// after each 500.
func pipes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"EventID":17,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider":"Microsoft-Windows-Sysmon","Computer":"h","EventData":{"PipeName":"\\p%d","Image":"C:\\%s.exe"}}`+"\n", i, strings.Repeat("x", 400))
		if i%500 == 499 {
			b.WriteString("{\n" + `{"EventID":3,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider":"Microsoft-Windows-Sysmon","Computer":"h","EventData":{}}` + "\n")
			b.WriteString(`{"EventID":3,"Channel":"Microsoft-Windows-Sysmon/Opertional","Computer":"h","EventData":{}}` + "\n")
			b.WriteString(`{"EventID":3,"Channel":"Unknown","Computer":"h","EventData":{}}` + "\n")
		}
	}
	return b.String()
}

// TestCounts checks all figures on three files, which are read at once.
func TestCounts(t *testing.T) {
	d := builtin.Definitions().ByNumber(testkit.IPC.Type, testkit.IPC.TypeVersion)
	pipe, _ := d.Input("PipeName")
	image, _ := d.Input("Image")
	content := []replay.Content{
		{File: testkit.File(t, testkit.IPC, channelfile.Suffix(pipe, "99"), channelfile.Equals(pipe, "none")), Definition: d},
		{File: testkit.File(t, testkit.IPC, channelfile.And(channelfile.Prefix(image, "C:"), channelfile.Not(channelfile.Suffix(pipe, "7")))), Definition: d},
	}
	r := compare(t, content, []replay.Source{text("a", pipes(2500)), text("b", pipes(500)), text("c", pipes(2000))})
	if r.Events != 5020 || r.Tried != 5000 || r.NoType != 10 || r.BadLines != 20 || len(r.FirstBad) != replay.MaxBadLines {
		t.Errorf("%d events, %d tried, %d of no type, %d bad lines, %d shown", r.Events, r.Tried, r.NoType, r.BadLines, len(r.FirstBad))
	}
	if want := []replay.Count{{Type: "network_connection", Events: 10}}; !slices.Equal(r.Untried, want) {
		t.Errorf("untried: %v, expected %v", r.Untried, want)
	}
	for i, want := range []string{"a:501:1: ", "a:503: "} {
		if have := r.FirstBad[i].Error(); !strings.HasPrefix(have, want) {
			t.Errorf("bad line %d is %s, expected %s", i, have, want)
		}
	}
	for i, want := range []uint64{50, 0, 4500} {
		if r.Rules[i].Matches != want {
			t.Errorf("rule %d matches %d events, expected %d", i, r.Rules[i].Matches, want)
		}
	}
	for _, f := range r.Fields {
		want := replay.Field{Definition: d, Input: f.Input, Events: 5000}
		switch f.Input {
		case pipe:
			want.Present, want.Rules = 5000, 3
		case image:
			want.Present, want.Rules = 5000, 1
		case 0, 1, 2, 3, 4:
			continue // the envelope of an event, and fields that some feeds fill
		}
		if f != want {
			t.Errorf("field %s: %+v, expected %+v", d.Inputs[f.Input].Name, f, want)
		}
	}
	if r.Rules[2].Work < 5000 || r.Work() != r.Rules[0].Work+r.Rules[1].Work+r.Rules[2].Work+r.Cost.Search+r.Cost.Interpreter {
		t.Errorf("work: %d of the last rule, %+v, %d in all", r.Rules[2].Work, r.Cost, r.Work())
	}
	want := []replay.Example{
		{File: "a", Line: 100, Values: []replay.Value{{Input: "PipeName", Text: `\p99`, Bytes: 4}}},
		{File: "a", Line: 200, Values: []replay.Value{{Input: "PipeName", Text: `\p199`, Bytes: 5}}},
		{File: "a", Line: 300, Values: []replay.Value{{Input: "PipeName", Text: `\p299`, Bytes: 5}}},
	}
	if diff := cmp.Diff(want, r.Rules[0].Examples); diff != "" {
		t.Errorf("examples of the first rule; -want +have:\n%s", diff)
	}
	long := r.Rules[2].Examples[0].Values
	if len(long) != 1 || long[0].Input != "Image" || len(long[0].Text) != replay.MaxValue || long[0].Bytes != 407 {
		t.Errorf("values of the third rule: %v", long)
	}
}

// TestProblems checks that what is missing is said, and that the rest is counted.
func TestProblems(t *testing.T) {
	d := builtin.Definitions().ByNumber(testkit.IPC.Type, testkit.IPC.TypeVersion)
	pipe, _ := d.Input("PipeName")
	content := []replay.Content{{File: testkit.File(t, testkit.IPC, channelfile.Exists(pipe)), Definition: d}}
	missing := replay.Source{Name: "missing", Open: func() (io.ReadCloser, error) { return nil, errors.New("missing: cannot be read") }}
	r, err := replay.Run(builtin.Definitions(), content, []replay.Source{missing, text("cut", "\x1f\x8b\x08"), text("a", pipes(3))}, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Problems) != 2 || r.Problems[0].Error() != "missing: cannot be read" || !strings.HasPrefix(r.Problems[1].Error(), "cut: byte 3 ") {
		t.Errorf("problems: %v", r.Problems)
	}
	if r.Matches() != 3 || len(r.Rules[0].Examples) != 0 {
		t.Errorf("%d matches with %d examples", r.Matches(), len(r.Rules[0].Examples))
	}
	if _, err := replay.Run(builtin.Definitions(), content, nil, replay.Options{Examples: replay.MaxExamples + 1}); err == nil {
		t.Error("too many examples are accepted")
	}
}

// TestFault checks that an event on which content faults is a problem with its place.
func TestFault(t *testing.T) {
	d := &sensor.Definition{
		Name: "own", Title: "Own", Number: 900, Version: 1, Channel: 900, Inputs: []sensor.Input{{Name: "Size", Type: sensor.TypeInteger}},
		Feeds: []sensor.Feed{{Name: "own", Channel: "Own", Fields: []sensor.FeedField{{Input: "Size"}}}},
	}
	content := []replay.Content{{File: testkit.File(t, testkit.HeaderOf(d), channelfile.Suffix(0, "x")), Definition: d}}
	lines := strings.Repeat("\n"+line(d, &d.Feeds[0], interp.Event{interp.Number(5)}), 4)
	r, err := replay.Run(testkit.Definitions(t, d), content, []replay.Source{text("a", lines)}, replay.Options{Workers: 3})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Problems) != 1 || !strings.HasPrefix(r.Problems[0].Error(), "a:2: content of type own faults") || !strings.Contains(r.Problems[0].Error(), " 4 events ") {
		t.Errorf("problems: %v", r.Problems)
	}
}

// A grower is a file of n events that measures the heap while it is read.
type grower struct {
	n, most int
	rest    string
}

func (g *grower) Read(p []byte) (int, error) {
	if g.rest == "" {
		if g.n == 0 {
			return 0, io.EOF
		}
		g.n -= 500
		g.rest = pipes(500)
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		g.most = max(g.most, int(m.HeapAlloc))
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

func (g *grower) Close() error { return nil }

// TestMemory checks that the memory does not grow with the number of events.
func TestMemory(t *testing.T) {
	d := builtin.Definitions().ByNumber(testkit.IPC.Type, testkit.IPC.TypeVersion)
	image, _ := d.Input("Image")
	content := []replay.Content{{File: testkit.File(t, testkit.IPC, channelfile.Exists(image)), Definition: d}}
	used := map[int]int{}
	const few, many = 2000, 20_000
	for _, n := range []int{few, many} {
		g := &grower{n: n}
		r, err := replay.Run(builtin.Definitions(), content, []replay.Source{{Name: "a", Open: func() (io.ReadCloser, error) { return g, nil }}}, replay.Options{Examples: 3})
		if err != nil || r.Matches() != uint64(n) {
			t.Fatalf("%d matches, %v", r.Matches(), err)
		}
		used[n] = g.most
	}
	// A line has more than 500 bytes.
	if each := (used[many] - used[few]) / (many - few); each > 20 {
		t.Errorf("%d bytes of heap for %d events, %d for %d: %d for each", used[few], few, used[many], many, each)
	}
}

// TestReal replays the published rules on recorded events, which are not part of the repository.
func TestReal(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling the published rules takes seconds; the full tests do it")
	}
	sets, err := published()
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the published rules and recorded events are not there: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var content []replay.Content
	for _, s := range sets {
		if s.Definition.Name == "process_creation" || s.Definition.Name == "ipc" {
			content = append(content, replay.Content{File: s.File, Definition: s.Definition})
		}
	}
	names, err := filepath.Glob(realData + "/events/attack-sigma-*.ndjson.gz")
	if err != nil || len(names) == 0 {
		t.Skipf("no recorded events: %v", err)
	}
	var sources []replay.Source
	for _, name := range names {
		sources = append(sources, replay.Source{Name: name, Open: func() (io.ReadCloser, error) { return os.Open(name) }})
	}
	r := compare(t, content, sources)
	t.Logf("%d matches of %d events in %d files", r.Matches(), r.Events, len(sources))
	if r.Matches() < 100 {
		t.Errorf("only %d matches", r.Matches())
	}
}

// TestChange compares the matches of rules with those of their predecessors. testkit gives the
// rules of a file the IDs 1, 2, 3.
func TestChange(t *testing.T) {
	d := builtin.Definitions().ByNumber(testkit.IPC.Type, testkit.IPC.TypeVersion)
	pipe, _ := d.Input("PipeName")
	image, _ := d.Input("Image")
	of := func(conditions ...channelfile.Expr) []replay.Content {
		return []replay.Content{{File: testkit.File(t, testkit.IPC, conditions...), Definition: d}}
	}
	sources := []replay.Source{text("a", pipes(500)), text("b", pipes(500))}
	type side struct {
		gained, lost uint64
		first        string
	}
	at := func(e []replay.Example) string {
		if len(e) == 0 {
			return ""
		}
		return fmt.Sprintf("%s:%d %s", e[0].File, e[0].Line, e[0].Values[0].Text)
	}
	for _, tt := range []struct {
		why              string
		old, newer       []replay.Content
		changed, removed []side
	}{
		{"a suffix that is shorter matches more", of(channelfile.Suffix(pipe, "99")), of(channelfile.Suffix(pipe, "9")), []side{{90, 0, `a:10 \p9`}}, nil},
		{"another suffix matches others", of(channelfile.Suffix(pipe, "98")), of(channelfile.Suffix(pipe, "97")), []side{{10, 10, `a:98 \p97`}}, nil},
		{"the same matches in other words", of(channelfile.Suffix(pipe, "98")), of(channelfile.And(channelfile.Suffix(pipe, "8"), channelfile.Suffix(pipe, "98"))), []side{{}}, nil},
		{"a second rule is new", of(channelfile.Exists(image)), of(channelfile.Exists(image), channelfile.Equals(pipe, `\p7`)), []side{{}, {2, 0, `a:8 \p7`}}, nil},
		{"a second rule is gone", of(channelfile.Exists(image), channelfile.Equals(pipe, `\p7`)), of(channelfile.Exists(image)), []side{{}}, []side{{0, 2, `a:8 \p7`}}},
		{"there was no content", []replay.Content{}, of(channelfile.Equals(pipe, `\p7`)), []side{{2, 0, `a:8 \p7`}}, nil},
	} {
		var first *replay.Result
		for _, workers := range []int{1, 2} {
			r, err := replay.Run(builtin.Definitions(), tt.newer, sources, replay.Options{Examples: 1, Workers: workers, Previous: tt.old})
			if err != nil {
				t.Fatal(err)
			}
			check := func(rules []replay.Rule, want []side) {
				t.Helper()
				if len(rules) != len(want) {
					t.Fatalf("%s: %d rules, expected %d", tt.why, len(rules), len(want))
				}
				for i, w := range want {
					c := rules[i].Change
					if have := (side{c.Gained.Records, c.Lost.Records, at(append(c.Gained.Examples, c.Lost.Examples...))}); have != w {
						t.Errorf("%s: rule %d: %+v, expected %+v", tt.why, i, have, w)
					}
				}
			}
			check(r.Rules, tt.changed)
			check(r.Removed, tt.removed)
			if r.Tried != 1000 {
				t.Errorf("%s: %d events tried", tt.why, r.Tried)
			}
			if first == nil {
				first = r
			} else if diff := cmp.Diff(first, r, cmp.Comparer(func(a, b error) bool { return a.Error() == b.Error() })); diff != "" {
				t.Errorf("%s: two workers differ from one:\n%s", tt.why, diff)
			}
		}
	}
	plain, err := replay.Run(builtin.Definitions(), of(channelfile.Exists(image)), sources, replay.Options{})
	if err != nil || plain.Rules[0].Change != nil || plain.Removed != nil {
		t.Errorf("without previous content: %+v, %v", plain.Rules[0].Change, err)
	}
}
