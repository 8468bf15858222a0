package behaviour_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/validate"
)

// hostile lists content that is made to be slow, for an event that is made to
// take it to the end.
var hostile = []struct {
	name      string
	condition func(i int) channelfile.Expr // of instance i
	event     string
}{
	{"repetition", func(i int) channelfile.Expr {
		return channelfile.Regexp(5, fmt.Sprintf("(a|b)*(a|b){0,90}c%d", i))
	}, strings.Repeat("ab", 500)},
	{"nested-repetition", func(i int) channelfile.Expr { return channelfile.Regexp(5, fmt.Sprintf("((a|b*)*c?)*d%d", i)) }, strings.Repeat("ab", 500)},
	{"empty-groups", func(i int) channelfile.Expr {
		return channelfile.Regexp(5, fmt.Sprintf("(()|()|()|()){40}d%d", i))
	}, strings.Repeat("ab", 500)},
	{"classes", func(i int) channelfile.Expr {
		var b strings.Builder
		for r := rune(0x400); r < 0x400+600; r += 3 {
			b.WriteRune(r)
		}
		return channelfile.Regexp(5, fmt.Sprintf("[%s]*x%d", b.String(), i))
	}, strings.Repeat("\u0400", 500)},
	{"nested-classes", func(i int) channelfile.Expr {
		return channelfile.Regexp(5, fmt.Sprintf(`([\p{L}\p{N}]|[\p{Lu}\p{Nd}])*x%d`, i))
	}, strings.Repeat("\u0400", 500)},
	{"short-literals", func(i int) channelfile.Expr {
		var words []string
		for n := range 200 {
			words = append(words, fmt.Sprintf("a%d%d", i, n))
		}
		return channelfile.Contains(5, words...)
	}, strings.Repeat("a", 1000)},
}

// BenchmarkHostileContent judges content that is made to be slow: on the events
// that CF5001 makes, and on a recorded one. It reports the nanoseconds that a
// step of the work limit takes, and the megabytes of files that are judged in a
// second. Where there are few steps, reading the file counts for more than they
// do.
func BenchmarkHostileContent(b *testing.B) {
	for _, h := range hostile {
		var conditions []channelfile.Expr
		for i := range 50 {
			conditions = append(conditions, h.condition(i))
		}
		data := testkit.Encode(b, testkit.IPC, conditions...)
		for _, on := range []struct {
			name   string
			events *validate.Recorded
		}{{"made", nil}, {"recorded", recorded(h.event)}} {
			b.Run(h.name+"/"+on.name, func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				var steps uint64
				for b.Loop() {
					budget := new(validate.Budget)
					r := validate.Run(validate.ChannelFile("", data), limited(budget, on.events))
					if len(r.Ran) == 0 {
						b.Fatal(r.Undecided)
					}
					steps += budget.Spent()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(steps), "ns/step")
			})
		}
	}
}
