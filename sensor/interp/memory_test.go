package interp

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/sensor"
)

// worstSize is the size of the documents in this test. Their memory is proportional to their size,
// and documents of MaxJSONSize take longer to test.
const worstSize = sensor.MaxJSONSize / 4

// fill returns a document of worstSize. Between head and tail it has as many elements as fit; each
// element depends on its number.
func fill(head, tail string, element func(i int) string) []byte {
	data := append(make([]byte, 0, worstSize), head...)
	for i := 0; ; i++ {
		e := element(i)
		if i > 0 {
			e = "," + e
		}
		if len(data)+len(e)+len(tail) > worstSize {
			return append(data, tail...)
		}
		data = append(data, e...)
	}
}

// list joins n elements into one text between head and tail.
func list(head, tail string, n int, element func(i int) string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = element(i)
	}
	return head + strings.Join(all, ",") + tail
}

// TestJSONMemory reads the documents that need the most memory, which have the shortest text for
// each stored value. The doc comment of MaxJSONSize states the bound.
func TestJSONMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reading documents of many MiB takes seconds; the full tests run it")
	}
	const maxMultiple = 12
	const (
		reader      = `"reader":{"evidence":"stated","access":"named","formats":["1.0"],"operators":["exists"]}`
		fleet       = `{"schema":"cfcheck.fleet/v0","name":"f","builds":[`
		definitions = `{"schema":"cfcheck.definitions/v0","definitions":[`
	)
	readFleet := func(data []byte) (any, error) { return sensor.ReadFleet("f", data) }
	readDefinitions := func(data []byte) (any, error) { return sensor.ReadDefinitions("f", data) }
	input := func(i int) string { return fmt.Sprintf(`{"name":"%x","type":"string"}`, i) }
	bounded := func(i int) string { return fmt.Sprintf(`{"name":"%x","type":"integer","least":1,"greatest":2}`, i) }
	for _, tt := range []struct {
		why  string
		data []byte
		read func([]byte) (any, error)
		ok   bool
	}{
		{"builds that supply nothing", fill(fleet, `]}`, func(i int) string {
			return fmt.Sprintf(`{"build":"%x","hosts":1,%s,"supply":[]}`, i, reader)
		}), readFleet, true},
		{"supplies without inputs", fill(fleet+`{"build":"x","hosts":1,`+reader+`,"supply":[`, `]}]}`, func(i int) string {
			return fmt.Sprintf(`{"type":"%x","version":1,"evidence":"stated","inputs":[]}`, i)
		}), readFleet, true},
		{"supplied inputs", fill(fleet+`{"build":"x","hosts":1,`+reader+`,"supply":[`, `]}]}`, func(i int) string {
			return list(fmt.Sprintf(`{"type":"%x","version":1,"evidence":"stated","inputs":[`, i), `]}`, 1024, input)
		}), readFleet, true},
		{"inputs with a reason and a place", fill(`{"schema":"cfcheck.fleet/v1","name":"f","builds":[{"build":"x","hosts":1,"sources":[{"name":"s","path":"p"}],`+reader+`,"supply":[`, `]}]}`, func(i int) string {
			return list(fmt.Sprintf(`{"type":"%x","version":1,"evidence":"stated","inputs":[`, i), `]}`, 1024, func(i int) string {
				return fmt.Sprintf(`{"name":"%x","type":"string","source":"s"}`, i)
			})
		}), readFleet, true},
		{"constant inputs", fill(`{"schema":"cfcheck.fleet/v1","name":"f","builds":[{"build":"x","hosts":1,`+reader+`,"supply":[`, `]}]}`, func(i int) string {
			return list(fmt.Sprintf(`{"type":"%x","version":1,"evidence":"stated","inputs":[`, i), `]}`, 16, func(i int) string {
				return list(fmt.Sprintf(`{"name":"%x","type":"integer","state":"constant","values":[`, i), `]}`, 1024, func(i int) string { return fmt.Sprint(i) })
			})
		}), readFleet, true},
		{"types that are lacking", fill(`{"schema":"cfcheck.fleet/v1","name":"f","builds":[`, `]}`, func(i int) string {
			return list(fmt.Sprintf(`{"build":"%x","hosts":1,%s,"supply":[],"lacks":[`, i, reader), `]}`, 1024, func(i int) string { return fmt.Sprintf(`{"type":"%x"}`, i) })
		}), readFleet, true},
		{"definitions of one input", fill(definitions, `]}`, func(i int) string {
			return list(fmt.Sprintf(`{"name":"%x","number":%d,"version":1,"channel":1,"inputs":[`, i, i), `]}`, 1, input)
		}), readDefinitions, true},
		{"declared inputs with bounds", fill(definitions, `]}`, func(i int) string {
			return list(fmt.Sprintf(`{"name":"%x","number":%d,"version":1,"channel":1,"inputs":[`, i, i), `]}`, 1024, bounded)
		}), readDefinitions, true},
		{"events of one kind", fill(definitions+`{"name":"x","number":1,"version":1,"channel":1,"inputs":[{"name":"x","type":"string"}],"feeds":[{"name":"x","fields":[],"kinds":[{"fields":[],"events":[`, `]}]}]}]}`, func(i int) string {
			return fmt.Sprint(i)
		}), readDefinitions, true},
		{"kinds of one event", fill(definitions+`{"name":"x","number":1,"version":1,"channel":1,"inputs":[{"name":"x","type":"string"}],"feeds":[{"name":"x","fields":[],"kinds":[`, `]}]}]}`, func(i int) string {
			return fmt.Sprintf(`{"events":[%d],"fields":[]}`, i)
		}), readDefinitions, true},
		{"an escape that never ends", fill(`{"schema":"cfcheck.fleet/v0","name":"`, `","builds":[]}`, func(int) string {
			return strings.Repeat(`\n`, 4096)
		}), readFleet, false},
		{"nesting", fill(`[`, ``, func(int) string { return strings.Repeat(`[`, 4096) }), readFleet, false},
	} {
		peak, err := peakOf(func() (any, error) { return tt.read(tt.data) })
		for n := 0; n < 5 && peak > maxMultiple*uint64(len(tt.data)); n++ { // the collector may have been late
			again, _ := peakOf(func() (any, error) { return tt.read(tt.data) })
			peak = min(peak, again)
		}
		multiple := float64(peak) / float64(len(tt.data))
		t.Logf("%s: %.2f times the document of %d bytes", tt.why, multiple, len(tt.data))
		if (err == nil) != tt.ok {
			t.Errorf("%s: error is %v; want it accepted: %v", tt.why, err, tt.ok)
		}
		if multiple > maxMultiple {
			t.Errorf("%s: reading takes %.2f times the document; want at most %d", tt.why, multiple, maxMultiple)
		}
	}
}

// peakOf returns the maximum heap size of read in bytes, including its result. It runs the garbage
// collector all the time, so that garbage hardly counts.
func peakOf(read func() (any, error)) (peak uint64, err error) {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	heap := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	before := heap()
	stop, done := make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		for {
			most = max(most, heap())
			select {
			case <-stop:
				done <- max(most, heap())
				return
			case <-time.After(100 * time.Microsecond):
			}
		}
	}()
	value, err := read()
	close(stop)
	peak = <-done
	runtime.KeepAlive(value)
	return peak - min(before, peak), err
}
