package replay_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/replay"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// TestBlocks checks that the result does not depend on the number of workers for files of many
// blocks: of lines, and with text that makes blocks end inside an event or an array.
func TestBlocks(t *testing.T) {
	d := builtin.Definitions().ByNumber(testkit.IPC.Type, testkit.IPC.TypeVersion)
	pipe, _ := d.Input("PipeName")
	content := []replay.Content{{File: testkit.File(t, testkit.IPC, channelfile.Suffix(pipe, "9"), channelfile.Exists(pipe)), Definition: d}}
	previous := []replay.Content{{File: testkit.File(t, testkit.IPC, channelfile.Suffix(pipe, "7")), Definition: d}}
	lines := pipes(1000) // more than two blocks
	if len(lines) < 2*events.BlockSize {
		t.Fatalf("%d bytes are too few", len(lines))
	}
	one, _, _ := strings.Cut(lines, "\n")
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, lines+lines)
	z.Close()
	long := `{"EventID":17,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"h","EventData":{"PipeName":"` + strings.Repeat("y", events.BlockSize+events.BlockSize/2) + `9"}}` + "\n"
	sources := []replay.Source{
		text("lines", lines), text("packed", packed.String()), text("empty", ""),
		text("a byte order mark", "\xef\xbb\xbf"+lines), text("without the last line end", strings.TrimSuffix(lines, "\n")),
		text("an array after lines", lines+"[\n"+strings.Repeat(one+",\n", 600)+one+"\n]\n"+lines),
		text("an array", "["+strings.Repeat(one+",", 700)+one+"]"),
		text("an array that does not end", lines+"["+strings.Repeat(one+",\n", 600)),
		text("objects of several lines", lines+strings.Repeat(strings.ReplaceAll(one, ",", ",\n "), 600)+"\n"+lines),
		text("an object that does not end", lines+`{"EventID":17,`+"\n"+lines),
		text("a response", lines+`{"hits":{"hits":[`+"\n"+strings.Repeat(one+",\n", 600)+one+"]}}\n"+lines),
		text("a line longer than a block", lines+long+lines),
		text("an overlong line", lines+strings.Repeat(" ", events.MaxLine)+strings.Repeat("z", events.MaxLine)+"\n"+lines),
		text("cut off", packed.String()[:packed.Len()-9]),
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 2 { // with faults at random places
		b := []byte(lines + lines)
		for range 3 {
			at := r.IntN(len(b))
			b = bytes.Join([][]byte{b[:at], b[at:]}, []byte([]string{"{", "[", "\"", "\n", "]", "}"}[r.IntN(6)]))
		}
		sources = append(sources, text(fmt.Sprint("faults ", i), string(b)))
	}
	run := func(workers int, sources ...replay.Source) *replay.Result {
		t.Helper()
		var counts replay.Progress
		result, err := replay.Run(builtin.Definitions(), content, sources, replay.Options{Examples: 5, Workers: workers, Previous: previous, Progress: &counts})
		if err != nil {
			t.Fatal(err)
		}
		if counts.Events.Load() != result.Events || counts.Matches.Load() != result.Matches() {
			t.Errorf("%s: the progress ends with %d events and %d matches of %d and %d", sources[0].Name, counts.Events.Load(), counts.Matches.Load(), result.Events, result.Matches())
		}
		return result
	}
	equal := cmp.Comparer(func(a, b error) bool { return a.Error() == b.Error() })
	for _, s := range sources {
		want := run(1, s)
		for _, workers := range []int{3} {
			if diff := cmp.Diff(want, run(workers, s), equal); diff != "" {
				t.Errorf("%s: %d workers differ from one; -one +several:\n%s", s.Name, workers, diff)
			}
		}
	}
	if diff := cmp.Diff(run(1, sources[:5]...), run(2, sources[:5]...), equal); diff != "" {
		t.Errorf("five files: two workers differ from one; -one +several:\n%s", diff)
	}
}
