package workload

import (
	"bytes"
	"math"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
)

func parse(t *testing.T, data []byte) *channelfile.File {
	t.Helper()
	f, err := channelfile.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if broken := f.Conformance(); broken != 0 {
		t.Fatalf("breaks rules %b", broken)
	}
	return f
}

// The figures that the package promises.
func TestFile(t *testing.T) {
	if testing.Short() {
		t.Skip("a large file takes a second; the full tests run it")
	}
	const n = 30_000
	f := parse(t, File(n, 1))
	if f.Instances() != n {
		t.Fatalf("%d instances", f.Instances())
	}
	if got := float64(len(f.Data())) / n; got > 200 {
		t.Errorf("%.1f bytes an instance, at most 200", got)
	}
	references, texts, others, negated, strings := 0, 0, 0, 0, 0
	kinds := map[channelfile.Operator]int{}
	inputs := map[uint16]bool{}
	for i := range f.Words() {
		w := f.Word(i)
		if !w.IsReference() {
			continue
		}
		references++
		if w.Negated() {
			negated++
		}
		c := f.Criterion(w.Criterion())
		inputs[c.Input] = true
		for v := range f.OperandValues(c) {
			strings += len(v)
		}
		if c.Operator > channelfile.OpPattern || c.Input == eventType || c.Input == integrityLevel {
			others++
			continue
		}
		texts++
		kinds[c.Operator]++
	}
	near := func(what string, got, want, by float64) {
		t.Helper()
		if math.Abs(got-want) > by {
			t.Errorf("%s: %.3f, want %.3f", what, got, want)
		}
	}
	share := func(op channelfile.Operator) float64 { return float64(kinds[op]) / float64(texts) }
	near("criteria an instance", float64(references)/n, 4.39, 0.05)
	near("criteria that compare strings, an instance", float64(texts)/n, 3.3, 0.05)
	near("bytes of strings an instance, before sharing", float64(strings)/n, 94, 8)
	near("exact", share(channelfile.OpEquals), 0.40, 0.02)
	near("prefix", share(channelfile.OpPrefix), 0.17, 0.02)
	near("suffix", share(channelfile.OpSuffix), 0.20, 0.02)
	near("contains or pattern", share(channelfile.OpContains)+share(channelfile.OpPattern), 0.23, 0.02)
	if negated == 0 || len(inputs) < 18 {
		t.Errorf("%d negations, %d inputs", negated, len(inputs))
	}
	t.Logf("%.1f bytes an instance, %.2f criteria and %.2f values of its own, %d bytes of strings before sharing and %d after, %d others",
		float64(len(f.Data()))/n, float64(f.Criteria())/n, float64(f.Values())/n, strings/n, f.Sections[5].Range.Len()/n, others)
}

func TestFileFollowsFromItsSeed(t *testing.T) {
	a, b := File(100, 1), File(100, 1)
	if &a[0] != &b[0] {
		t.Error("the file is made twice")
	}
	again := channelfile.NewBuilder(Header)
	for id, e := range Instances(100, 1) {
		if err := again.Add(id, e, nil); err != nil {
			t.Fatal(err)
		}
	}
	data, err := again.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, a) {
		t.Error("one seed gives two files")
	}
	if bytes.Equal(File(100, 2), a) {
		t.Error("two seeds give one file")
	}
}
