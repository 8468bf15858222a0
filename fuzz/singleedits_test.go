package fuzz

import (
	"bytes"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/fuzz/internal/edits"
	"github.com/cfcheck/cfcheck/fuzz/internal/reference"
)

// runPlan judges mutants and checks that none is silent or faulty.
func runPlan(t *testing.T, p *edits.Plan) *edits.Result {
	t.Helper()
	p.Cores = runtime.GOMAXPROCS(0)
	r, err := p.Run(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.First != nil {
		t.Errorf("%d mutants are silent and %d faulty; the first is of %s, %v: %v",
			r.Counts.Sum(edits.Silent), r.Counts.Sum(edits.Faulty), r.First.File.Name, r.First.Change, r.First.Err)
	}
	return r
}

// editedFiles returns the files of the corpus and the canaries.
func editedFiles(t *testing.T) []edits.File {
	t.Helper()
	files, err := edits.Corpus()
	if err != nil {
		t.Fatal(err)
	}
	canaries, err := filepath.Glob("../validate/suite/canary/*.cf")
	if err != nil || len(canaries) < 2 {
		t.Fatalf("found the canaries %q, error %v; want at least two", canaries, err)
	}
	for _, name := range canaries {
		f, err := edits.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// Every byte has a meaning: a changed file is rejected or says something else, even if its
// digests were repaired. This test judges every mutant of three files; go run
// ./fuzz/singleedits judges those of all files.
func TestEveryByteCounts(t *testing.T) {
	p := edits.Plan{Every: 53} // the command takes all
	if testing.Short() {
		p.Every = 499
	}
	for _, f := range editedFiles(t) {
		if slices.Contains([]string{"every-operator", "provenance", "mixed-text"}, f.Name) {
			p.Files = append(p.Files, f)
		}
	}
	r := runPlan(t, &p)
	if r.Kept != 3 || r.Sampled != 0 {
		t.Fatalf("%d files are kept and %d not changed at every byte; want 3 and 0", r.Kept, r.Sampled)
	}
	for kind := range edits.NumKinds {
		for repair := range edits.NumRepairs {
			n := r.Counts[kind][repair]
			t.Logf("%v, %v: %d rejected, %d different, %d undone by the repair", kind, repair, n[edits.Rejected], n[edits.Different], n[edits.Undone])
			want := repair == edits.Digests && kind <= edits.Swap
			if (n[edits.Different] > 0) != want || n[edits.Rejected] == 0 && repair == edits.NoRepair {
				t.Errorf("%v, %v: %d files are different, %d rejected; want some different: %v", kind, repair, n[edits.Different], n[edits.Rejected], want)
			}
		}
	}
}

// The same for some mutants of every file of the corpus and of the canaries. If a file is
// rejected, some of its mutants are good, because they fix it.
func TestEveryFileCounts(t *testing.T) {
	p, least := edits.Plan{Files: editedFiles(t), Positions: 4, Every: 9}, uint64(200)
	if testing.Short() {
		p.Positions, p.Every, least = 2, 19, 10
	}
	r := runPlan(t, &p)
	for _, o := range []edits.Outcome{edits.Rejected, edits.Different, edits.Fixed, edits.Undone} {
		if n := r.Counts.Sum(o); n < least {
			t.Errorf("%d mutants are %v; want many", n, o)
		}
	}
	if r.Files < 400 || r.Kept < 50 || r.Kept > r.Files-50 {
		t.Errorf("%d of %d files are kept; want hundreds, many of each", r.Kept, r.Files)
	}
	t.Logf("%d mutants of %d files", r.Counts.All(), r.Files)
}

// A header with one integer in the wrong byte order is rejected or says something else.
func TestHeaderFieldsSwapped(t *testing.T) {
	fields := []struct {
		name     string
		at, size int
	}{
		{"magic", 0x00, 8}, {"major", 0x08, 2}, {"minor", 0x0A, 2}, {"channel", 0x0C, 4}, {"revision", 0x10, 4},
		{"type", 0x14, 4}, {"type version", 0x18, 4}, {"inputs declared", 0x1C, 2}, {"inputs read", 0x1E, 2},
		{"created", 0x20, 8}, {"file size", 0x28, 4}, {"section count", 0x2C, 4},
	}
	swapped := map[string]int{}
	for _, c := range corpus.Cases() {
		f, err := channelfile.Parse(c.Data)
		if err != nil || f.Conformance() != 0 || len(c.Data) > maxSeed {
			continue
		}
		j, err := edits.NewJudge(c.Data, edits.Meaning, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range fields {
			data := slices.Clone(c.Data)
			slices.Reverse(data[field.at:][:field.size])
			if bytes.Equal(data, c.Data) {
				continue
			}
			swapped[field.name]++
			if _, err := j.Judge(edits.Repaired(data), edits.AskNever); err != nil {
				t.Errorf("%s with %s in big-endian order: %v", c.Name, field.name, err)
			}
		}
	}
	for _, field := range fields {
		if swapped[field.name] == 0 && field.name != "minor" { // it is 0
			t.Errorf("no file has a %s that swapping changes", field.name)
		}
	}
}

// readable returns the small readable files of the corpus and their names.
func readable(t testing.TB) (names []string, files []*raw) {
	t.Helper()
	for _, c := range corpus.Cases() {
		if r, ok := rawOf(c.Data); ok && len(c.Data) <= maxSeed {
			names, files = append(names, c.Name), append(files, r)
		}
	}
	if len(files) < 50 {
		t.Fatalf("the corpus has %d readable files; want many", len(files))
	}
	return names, files
}

// A file with sections of two files is rejected or encodes to itself, so nothing depends on
// the file that a section came from.
func TestSplices(t *testing.T) {
	names, files := readable(t)
	seen := [edits.NumOutcomes]int{}
	// splice returns a file made from files i and j. The bits in from choose the sections that
	// come from j; the highest bit chooses the header.
	splice := func(t rapid.TB, i, j int, order []int, from uint16) {
		a, b := files[i], files[j]
		spliced := raw{header: a.header, order: order}
		for _, k := range spliced.order {
			spliced.sections[k] = a.sections[k]
			if from&(1<<k) != 0 && b.sections[k] != nil {
				spliced.sections[k] = b.sections[k]
			}
		}
		if from&(1<<15) != 0 {
			spliced.header = b.header
		}
		data := spliced.bytes()
		judge, err := edits.NewJudge(a.bytes(), edits.Meaning, nil)
		if err != nil {
			t.Fatal(err)
		}
		o, err := judge.Judge(data, edits.AskNever)
		if err != nil {
			t.Fatalf("%s and %s: %v", names[i], names[j], err)
		}
		seen[o]++
		agree(t, data)
	}
	for i := range files { // each pair at least once: the header, and half of the sections
		j := (i + 1) % len(files)
		splice(t, i, j, files[i].order, 1<<15)
		splice(t, i, j, files[i].order, 0x5555)
	}
	rapid.Check(t, func(rt *rapid.T) {
		i := rapid.IntRange(0, len(files)-1).Draw(rt, "file")
		j := rapid.IntRange(0, len(files)-1).Draw(rt, "other")
		order := rapid.SampledFrom([][]int{files[i].order, files[j].order}).Draw(rt, "sections")
		splice(rt, i, j, order, rapid.Uint16().Draw(rt, "sections of the other"))
	})
	if kept := seen[edits.Different] + seen[edits.Fixed]; seen[edits.Rejected] == 0 || kept == 0 {
		t.Errorf("of the spliced files %d are rejected and %d kept; want some of each", seen[edits.Rejected], kept)
	}
}

// agree checks that Parse and the reference reader agree on a file.
func agree(t interface {
	Helper()
	Fatalf(string, ...any)
}, data []byte) {
	t.Helper()
	f, err := channelfile.Parse(data)
	broken, want := reference.Read(data)
	if kindOf(err) != want {
		t.Fatalf("Parse returns %v; the reference reader %v", err, want)
	}
	if err == nil && f.Conformance() != broken {
		t.Fatalf("Parse finds the rules %021b broken; by FORMAT.md these are %021b", f.Conformance(), broken)
	}
}

// The readers agree on files in which a few numbers were changed to values just inside or
// outside a limit. Random bytes rarely reach these.
func TestReadersAgreeOnNumbers(t *testing.T) {
	_, files := readable(t)
	sizes := []int{1, 2, 4, 4, 4, 8, 8}
	broken := channelfile.Requirements(0)
	errs := map[error]int{}
	rapid.Check(t, func(t *rapid.T) {
		for range 40 { // for each random file, because making one takes longer than reading it
			r := files[rapid.IntRange(0, len(files)-1).Draw(t, "file")]
			c := raw{header: r.header, order: r.order}
			for k, s := range r.sections {
				c.sections[k] = slices.Clone(s)
			}
			for range rapid.IntRange(1, 3).Draw(t, "changes") {
				s := c.sections[rapid.SampledFrom(c.order).Draw(t, "section")]
				size := rapid.SampledFrom(sizes).Draw(t, "size")
				if len(s) < size {
					continue
				}
				at := rapid.IntRange(0, len(s)/size-1).Draw(t, "at") * size
				copy(s[at:], genNumber(t, size, s[at:at+size]))
			}
			data := c.bytes()
			agree(t, data)
			f, err := channelfile.Parse(data)
			errs[kindOf(err)]++
			if err == nil {
				broken |= f.Conformance()
			}
		}
	})
	t.Logf("%d kinds of errors, %d rules broken", len(errs), broken.Len())
	if len(errs) < 10 || broken.Len() < 10 {
		t.Errorf("the changes cause %d kinds of errors and break %d requirements; want more: %v", len(errs), broken.Len(), errs)
	}
}

// genNumber returns random bytes for a number that replaces another.
func genNumber(t *rapid.T, size int, was []byte) []byte {
	n := uint64(0)
	for i := size - 1; i >= 0; i-- {
		n = n<<8 | uint64(was[i])
	}
	switch rapid.IntRange(0, 5).Draw(t, "number") {
	case 0:
		n++
	case 1:
		n--
	case 2:
		n = rapid.Uint64Range(0, 24).Draw(t, "small")
	case 3:
		n = math.MaxUint64 - rapid.Uint64Range(0, 2).Draw(t, "large")
	case 4:
		n ^= 1 << rapid.IntRange(0, 8*size-1).Draw(t, "bit")
	case 5:
		n = rapid.SampledFrom([]uint64{20, 21, 1024, 1025, 4096, 4097, 65_535, 65_536, 65_537, 1 << 30, 1<<31 | 2, 3<<30 | 2, 3<<30 | 1}).Draw(t, "edge")
	}
	out := make([]byte, 8)
	le.PutUint64(out, n)
	return out[:size]
}
