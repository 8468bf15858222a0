package blob

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/cfcheck/cfcheck/sysmon"
)

// large returns the rules of a blob of about a megabyte, with values as long as real ones, names
// for a third of the filters and a group for each tenth.
func large() *sysmon.Rules {
	r := &sysmon.Rules{Schema: sysmon.Version{Major: 4, Minor: 90}, Binary: sysmon.Version{Major: 18}}
	for i, event := range []uint32{1, 3, 7, 11, 12, 22} {
		e := sysmon.Element{Event: event, Include: i%2 == 0}
		for j := range 270 {
			f := sysmon.Filter{Field: 4, Op: sysmon.EndWith, Value: fmt.Sprintf(`\Windows\System32\program-%d.exe`, j), Group: -1}
			if j%3 == 0 {
				f.Name = fmt.Sprintf("technique_id=T%d,technique_name=Example", 1000+j)
			}
			if j%10 == 0 {
				f.Group = len(e.Groups)
				e.Groups = append(e.Groups, sysmon.Group{Name: "a rule", All: true, First: j})
			}
			e.Filters = append(e.Filters, f)
		}
		r.Elements = append(r.Elements, e)
	}
	return r
}

// BenchmarkParse judges a blob of about a megabyte. Compare it with BenchmarkSHA256, which passes
// over the same bytes once.
func BenchmarkParse(b *testing.B) {
	data, build := encoded(b, large()), newestBuild(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		blob, err := Parse(data)
		if err != nil || len(blob.Faults)+len(blob.For(build)) > 0 {
			b.Fatal(err, blob.Faults)
		}
	}
}

func BenchmarkSHA256(b *testing.B) {
	data := encoded(b, large())
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		sha256.Sum256(data)
	}
}

func BenchmarkEncode(b *testing.B) {
	r := large()
	b.SetBytes(int64(len(encoded(b, r))))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Encode(r, r.Binary); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAllocations shows that judging a blob does not allocate for each record.
func TestAllocations(t *testing.T) {
	data, build := encoded(t, large()), newestBuild(t)
	b := parsed(t, data)
	records := len(b.Events) + len(b.Filters) + len(b.Aggregations)
	const limit = 150 // most of them list the tags of the schema
	if n := testing.AllocsPerRun(5, func() {
		b, _ := Parse(data)
		b.For(build)
	}); n > limit || limit > records/10 {
		t.Errorf("%v allocations for %d records; want at most %d", n, records, limit)
	}
}
