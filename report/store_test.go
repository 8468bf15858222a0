package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/scratch"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
	"github.com/cfcheck/cfcheck/validate/witness"
)

// spooled returns a run as r with all results in a temporary file, and the
// results.
func spooled(t testing.TB, r *Run, file scratch.File) (*Run, []Result) {
	t.Helper()
	s := new(Run)
	*s = *r
	s.totals, s.results, s.files = Totals{}, store{}, fileCounts{}
	s.results.keep = -1
	if file != nil {
		s.results.create = func() (scratch.File, error) { return file, nil }
	}
	results := all(t, r)
	s.Add(results...)
	return s, results
}

func all(t testing.TB, r *Run) (results []Result) {
	t.Helper()
	for result, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, result)
	}
	return results
}

// reports writes a run in every format.
func reports(t testing.TB, r *Run) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range Formats {
		format, write := f.Name, f.Write
		var b strings.Builder
		if err := write(&b, r); err != nil {
			t.Fatal(err)
		}
		out[format] = b.String()
	}
	return out
}

// ofCorpus returns a run over the cases of the corpus, in short tests over one in
// four, in memory and with witnesses.
func ofCorpus(t testing.TB) *Run {
	run := new(Run)
	run.results.keep = 1 << 30
	for i, c := range corpus.Cases() {
		if testing.Short() && i%4 != 0 {
			continue
		}
		r := validate.Run(validate.ChannelFile(c.FileName, c.Data), gatetest.Options(t, &c, suite.Checks...))
		witness.Attach(r)
		run.Add(Judged(r, ""))
	}
	run.results.bytes = 0
	return run
}

var sameCheck = cmp.Comparer(func(a, b *validate.Check) bool { return a == b })

// A report does not depend on where the results were.
func TestSpooledRunsAreTheSame(t *testing.T) {
	of := map[string]*Run{"corpus": ofCorpus(t), "empty": new(Run)}
	for _, tt := range runs(t) {
		of[tt.name] = tt.run
	}
	for name, run := range of {
		if run.results.file != nil {
			t.Fatalf("%s: the results are not in memory", name)
		}
		s, _ := spooled(t, run, nil)
		if (s.results.file == nil) != (name == "empty") {
			t.Fatalf("%s: the results are in memory", name)
		}
		for range 2 { // a pass does not change the next
			if diff := cmp.Diff(reports(t, run), reports(t, s)); diff != "" {
				t.Errorf("%s (-memory +file):\n%s", name, diff)
			}
		}
		if diff := cmp.Diff(run.Totals(), s.Totals(), sameCheck); diff != "" || run.Verdict() != s.Verdict() {
			t.Errorf("%s: verdict %v in memory, %v in a file; totals (-memory +file):\n%s", name, run.Verdict(), s.Verdict(), diff)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A run moves its results to a file at the limits, whichever is reached first.
func TestKept(t *testing.T) {
	with := func(findings, text int) Result {
		r := validate.Report{Subject: new(validate.Subject)}
		for range findings {
			r.Findings = append(r.Findings, validate.Finding{Check: first, Message: strings.Repeat("x", text)})
		}
		return Judged(&r, "")
	}
	for _, tt := range []struct {
		why     string
		results []Result
		file    bool
	}{
		{"as many results as are kept", slices.Repeat([]Result{{}}, MaxKept), false},
		{"one more", slices.Repeat([]Result{{}}, MaxKept+1), true},
		{"a result and its findings", []Result{with(MaxKept-1, 1)}, false},
		{"one finding more", []Result{with(MaxKept, 1)}, true},
		{"few findings with very long texts", []Result{with(5, maxKeptBytes/4)}, true},
	} {
		run := NewRun(tt.results...)
		if (run.results.file != nil) != tt.file {
			t.Errorf("%s: in a file: %t, expected %t", tt.why, !tt.file, tt.file)
		}
		if n := len(all(t, run)); n != len(tt.results) {
			t.Errorf("%s: %d results, expected %d", tt.why, n, len(tt.results))
		}
		run.Close()
	}
}

// filled sets everything in a value to non-zero values, except checks, fleets,
// functions and the fields that a Result strips.
func filled(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		switch v.Interface().(type) {
		case *validate.Check, *sensor.Fleet:
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		filled(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				filled(v.Field(i), n)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			filled(v.Index(i), n)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("\xff %d", *n)) // not UTF-8
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64(*n%255) + 1)
	case reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Func:
	default:
		panic(fmt.Sprintf("what to put into %v?", v.Type()))
	}
}

// Every field of a result comes back, also one that is added to a Finding
// tomorrow.
func TestRecordsAreComplete(t *testing.T) {
	n := 0
	fill := func(v any) { filled(reflect.ValueOf(v).Elem(), &n) }
	rep := &validate.Report{Fleet: fleet, Ran: []*validate.Check{first, second}, NotApplicable: []*validate.Check{third, nil}}
	subject := new(validate.Subject)
	fill(&subject.Name)
	fill(&subject.Base)
	fill(&subject.Mode)
	fill(&subject.Size)
	subject.Kind, subject.TooBig, subject.Refused = validate.KindNeeds, true, true
	rep.Subject = subject
	for _, part := range []any{
		&rep.Findings, &rep.Waived, &rep.WaivedFound, &rep.Summaries, &rep.Totals, &rep.Skipped, &rep.Builds, &rep.Counts, &rep.Undecided, &rep.FailOnWarnings, &rep.NewOnly, &rep.Foreign, &rep.Unread,
	} {
		fill(part)
	}
	checks := []*validate.Check{advice, third}
	for i := range 2 {
		rep.Findings[i].Check, rep.Waived[i].Check, rep.Summaries[i].Check = checks[i], checks[1-i], checks[i]
		rep.Totals[i].Check, rep.Skipped[i].Check = checks[1-i], checks[i]
	}
	r := Result{Name: "\xff", report: rep, read: true, err: errors.New("why"), digest: "ab"}
	fill(&r.LeftOut)
	fill(&r.FleetNamed)
	fill(&r.Rule)
	fill(&r.at)
	fill(&r.file)
	fill(&r.windows)
	// Were a field missing above, it would be zero on both sides.
	for _, v := range []any{r, *rep} {
		v := reflect.ValueOf(v)
		for i := range v.NumField() {
			switch name := v.Type().Field(i).Name; name {
			case "File", "Needs", "Definition", "WaiverUses":
			default:
				if v.Field(i).IsZero() {
					t.Fatalf("this test does not fill %v.%s", v.Type(), name)
				}
			}
		}
	}

	run := new(Run)
	run.results.keep = -1
	empty := Judged(&validate.Report{Subject: new(validate.Subject)}, "")
	noEvent := Judged(&validate.Report{Subject: new(validate.Subject), Findings: []validate.Finding{{Check: first, Witness: new(interp.Witness), Input: new(validate.Input), Instance: new(validate.Instance)}}}, "")
	added := []Result{r, {}, NotJudged("", errors.New("")), empty, noEvent, r}
	run.Add(added...)
	same := cmp.Options{
		cmp.AllowUnexported(Result{}),
		sameCheck,
		cmp.Comparer(func(a, b *sensor.Fleet) bool { return a == b }),
		cmp.Comparer(func(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) }),
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Origin" }, cmp.Ignore()),
	}
	if diff := cmp.Diff(added, all(t, run), same); diff != "" {
		t.Errorf("results (-added +read back):\n%s", diff)
	}
}

// Lists of builds are stored once, and completely also where the table is full.
func TestSharedBuilds(t *testing.T) {
	run := new(Run)
	run.results.keep = -1
	var added []Result
	for i := range 300 {
		list := make([]validate.BuildReport, 500)
		var builds []validate.Build
		for k := range list {
			list[k] = validate.BuildReport{Build: validate.Build{Name: fmt.Sprint("build ", k), Hosts: uint64(k)}, Addressed: k%2 == 0, AtFault: i%3 == 0 && k == i}
			if k != i {
				builds = append(builds, list[k].Build)
			}
		}
		added = append(added, Judged(&validate.Report{
			Subject: new(validate.Subject), Builds: list,
			Findings: []validate.Finding{{Check: first, Builds: builds}, {Check: first}}, Summaries: []validate.Summary{{Check: first}, {Check: first, Builds: builds}},
		}, ""))
	}
	run.Add(added...)
	for i, r := range all(t, run) {
		if !reflect.DeepEqual(r.report, added[i].report) {
			t.Fatalf("result %d is another (-added +read back): %s", i, cmp.Diff(added[i].report, r.report))
		}
	}
	if of := &run.results.tables; !some(&of.builds) || !some(&of.reports) {
		t.Errorf("%d and %d lists of %d and %d bytes are shared", len(of.builds.lists), len(of.reports.lists), of.builds.bytes, of.reports.bytes)
	}
}

func some[T any](l *lists[T]) bool {
	return l.bytes <= maxSharedBytes && 20 < len(l.lists) && len(l.lists) < 100
}

// A fragile is a temporary file that fails.
type fragile struct {
	data   []byte
	room   int                 // number of bytes that fit; the next write is short
	spoil  func([]byte) []byte // changes the data that a reader gets; nil means no change
	reads  int                 // if above 0, the number of calls of ReadAt that succeed
	closed int
}

func (f *fragile) Write(p []byte) (int, error) {
	n := min(len(p), f.room-len(f.data))
	f.data = append(f.data, p[:n]...)
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func (f *fragile) ReadAt(p []byte, at int64) (int, error) {
	if f.reads--; f.reads == 0 {
		return 0, syscall.EIO
	}
	data := f.data
	if f.spoil != nil {
		data = f.spoil(slices.Clone(data))
	}
	if at >= int64(len(data)) {
		return 0, io.EOF
	}
	n := copy(p, data[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *fragile) Close() error { f.closed++; return nil }

// accepted is a run of n results that accept.
func accepted(n int) *Run {
	run := &Run{Gate: Gate{Checks: 4}}
	run.results.keep = 1 << 30
	for i := range n {
		s := validate.ChannelFile(fmt.Sprintf("C-%d.cf", i), nil)
		s.Base = strings.Repeat("base ", 1000) // many buffers
		run.Add(Judged(&validate.Report{Subject: s, Ran: []*validate.Check{first}}, ""))
	}
	return run
}

// If a result is lost, no report says accepted; each says why, and has the
// results that are left.
func TestSpoolFaults(t *testing.T) {
	const n = 100
	memory := accepted(n)
	if memory.Verdict() != validate.Accepted {
		t.Fatal(memory.Verdict())
	}
	whole := &fragile{room: 1 << 30}
	run, _ := spooled(t, memory, whole)
	reports(t, run)
	size := len(whole.data)
	record := size / n

	type fault struct {
		why    string
		file   *fragile
		reason string
		left   int // results that are left, at most
	}
	faults := []fault{
		{"the file is lost", &fragile{room: 1 << 30, spoil: func([]byte) []byte { return nil }}, "it ends before byte", 0},
		{"all of it is zeros", &fragile{room: 1 << 30, spoil: func(b []byte) []byte { clear(b); return b }}, "not those that were written", 0},
		{"the disk cannot be read", &fragile{room: 1 << 30, reads: 1}, "input/output error", 0},
		{"nor at the second read", &fragile{room: 1 << 30, reads: 2}, "input/output error", n - 1},
		{"two records are exchanged", &fragile{room: 1 << 30, spoil: func(b []byte) []byte {
			// All but the first are equally long, or nearly.
			end := len(b)
			last, before := slices.Clone(b[end-record:]), slices.Clone(b[end-2*record:end-record])
			return append(append(b[:end-2*record], last...), before...)
		}}, "not those that were written", n - 2},
	}
	for _, room := range []int{0, 1, record, size / 2, size - 1} {
		faults = append(faults, fault{fmt.Sprintf("the disk is full after %d bytes of %d", room, size), &fragile{room: room}, "no space left on device; set TMPDIR", n - 1})
	}
	for _, at := range []int{1, 7, 8, record, size / 2, size - 1} {
		faults = append(faults,
			fault{fmt.Sprintf("the file is cut at byte %d of %d", at, size), &fragile{room: 1 << 30, spoil: func(b []byte) []byte { return b[:at] }}, "it ends before byte", n - 1},
			fault{fmt.Sprintf("byte %d of %d is another", at, size), &fragile{room: 1 << 30, spoil: func(b []byte) []byte { b[at] ^= 0x10; return b }}, "not those that were written", n - 1})
	}
	for _, tt := range faults {
		run, _ := spooled(t, memory, tt.file)
		for format, have := range reports(t, run) {
			if strings.Contains(have, `"verdict": "accepted",`+"\n  \"exitCode\"") || strings.Contains(have, "accepted  100") {
				t.Errorf("%s: the report as %s says accepted", tt.why, format)
			}
			if !strings.Contains(have, tt.reason) || !strings.Contains(have, " of 100 subjects are missing: ") {
				t.Errorf("%s: the report as %s does not say %q: %s", tt.why, format, tt.reason, have[max(0, len(have)-400):])
			}
			if format == "json" {
				validJSON(t, []byte(have))
			}
		}
		if v := run.Verdict(); v != validate.Undecided {
			t.Errorf("%s: the verdict is %v", tt.why, v)
		}
		if run.Totals().Results != n || run.Totals().Accepted != n {
			t.Errorf("%s: totals %+v", tt.why, run.Totals())
		}
		left, failed := 0, error(nil)
		for _, err := range run.All() {
			if failed = err; err == nil {
				left++
			}
		}
		if left > tt.left || failed == nil {
			t.Errorf("%s: %d results are left, expected at most %d; the error is %v", tt.why, left, tt.left, failed)
		}
	}
}

// The file can fail after it was verified, while a report is being written.
func TestSpoolFaultInTheMiddle(t *testing.T) {
	for _, f := range Formats {
		format, write := f.Name, f.Write
		file := &fragile{room: 1 << 30}
		run, _ := spooled(t, accepted(100), file)
		if v := run.Verdict(); v != validate.Accepted {
			t.Fatal(v)
		}
		file.spoil = func(b []byte) []byte { b[len(b)/2] ^= 1; return b }
		var b bytes.Buffer
		if err := write(&b, run); err == nil || !strings.Contains(err.Error(), "not those that were written") {
			t.Errorf("%s: the error is %v", format, err)
		}
		if v := run.Verdict(); v != validate.Undecided {
			t.Errorf("%s: the verdict is %v after the fault", format, v)
		}
		if format == "text" && !strings.Contains("\n"+b.String(), "\nundecided the report ends here: ") {
			t.Errorf("the text does not say that it ends:\n%s", b.String())
		}
		if strings.Contains(b.String(), "100 in all") {
			t.Errorf("%s: the report has a conclusion", format)
		}
	}
}

func TestNoTemporary(t *testing.T) {
	run := new(Run)
	run.results.create = func() (scratch.File, error) { return nil, errors.New("read-only file system") }
	run.results.keep = 10
	run.Add(all(t, accepted(100))...)
	text := reports(t, run)["text"]
	const want = "undecided the results on 89 of 100 subjects are missing: a temporary file cannot be created: read-only file system; set TMPDIR to a folder that can be written to\n"
	if !strings.Contains(text, want) || run.Verdict() != validate.Undecided || strings.Count(text, "\naccepted  C-") != 10 {
		t.Errorf("%v:\n%s\nexpected\n%s", run.Verdict(), text, want)
	}
	if err := run.Close(); err != nil {
		t.Error(err)
	}
}

// A closed run has no results, and is not mistaken for an empty run.
func TestClosed(t *testing.T) {
	file := &fragile{room: 1 << 30}
	run, results := spooled(t, accepted(3), file)
	if err := errors.Join(run.Close(), run.Close()); err != nil || file.closed != 1 {
		t.Errorf("%v, closed %d times", err, file.closed)
	}
	for _, err := range run.All() {
		if err == nil {
			t.Error("a result of a run that is closed")
		}
	}
	if run.Verdict() != validate.Undecided {
		t.Errorf("%v, of a run that was closed before anybody read it", run.Verdict())
	}
	run.Add(results...)
	if run.Verdict() != validate.Undecided {
		t.Errorf("%v, of a run that was closed before all was added", run.Verdict())
	}
}

func TestTotals(t *testing.T) {
	rep := &validate.Report{
		Subject: new(validate.Subject), Ran: []*validate.Check{second, advice}, Skipped: []validate.Skip{{Check: third}},
		Totals: []validate.Total{{Check: second, Found: 3}, {Check: advice, Found: 40, Old: 30}},
	}
	other := &validate.Report{Subject: new(validate.Subject), Ran: []*validate.Check{first}, Totals: []validate.Total{{Check: advice, Found: 2}, {Check: aside, Found: 1}}}
	run := NewRun(Judged(rep, ""), Judged(other, ""), NotJudged("x", io.EOF), Judged(rep, ""))
	want := Totals{
		Results: 4, Accepted: 1, Rejected: 2, Undecided: 1, Errors: 6, Warnings: 82, Notes: 1, Skipped: 2,
		Checks: []validate.Total{{Check: second, Found: 6}, {Check: advice, Found: 82, Old: 60}, {Check: aside, Found: 1}},
	}
	if diff := cmp.Diff(want, run.Totals(), sameCheck); diff != "" {
		t.Errorf("totals (-want +have):\n%s", diff)
	}
}
