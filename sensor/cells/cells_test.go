package cells_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/cells"
)

// Each property of a criterion is in the text of its cells, with the place of the first use.
func TestOf(t *testing.T) {
	ipc := builtin.Definitions().ByName("ipc", 1)
	many := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprintf("pipe-%03d", i))
		}
		return list
	}
	for _, tt := range []struct {
		name string
		e    channelfile.Expr
		want []string
	}{
		{"exists", channelfile.Exists(5), []string{"PipeName exists - 0 input 5"}},
		{"one value", channelfile.Equals(5, "a"), []string{"PipeName equals short 1 input 5"}},
		{"ignore case", channelfile.Equals(5, "a").Fold(), []string{"PipeName equals+fold short 1 input 5"}},
		{"all of several", channelfile.Contains(5, "a", "b").All(), []string{"PipeName contains+all short 2 input 5"}},
		{"empty and short", channelfile.Equals(5, "", "a"), []string{"PipeName equals empty 2 input 5", "PipeName equals short 2 input 5"}},
		{"4,096 bytes", channelfile.Equals(5, strings.Repeat("a", 4096)), []string{"PipeName equals short 1 input 5"}},
		{"4,097 bytes", channelfile.Equals(5, strings.Repeat("a", 4097)), []string{"PipeName equals long 1 input 5"}},
		{"not ASCII", channelfile.Equals(5, "\u0080"), []string{"PipeName equals short+non-ascii 1 input 5"}},
		{"the first byte that is not ASCII", channelfile.Equals(5, "\x80"), []string{"PipeName equals short+non-ascii 1 input 5"}},
		{"the last of ASCII", channelfile.Equals(5, "\u007f"), []string{"PipeName equals short 1 input 5"}},
		{"long and not ASCII", channelfile.Equals(5, strings.Repeat("ä", 4097)), []string{"PipeName equals long+non-ascii 1 input 5"}},
		{"pattern", channelfile.Pattern(5, "a*b"), []string{"PipeName pattern short+wildcard 1 input 5"}},
		{"expression", channelfile.Regexp(5, "a+"), []string{"PipeName regexp short+expression 1 input 5"}},
		{"expression that is not ASCII", channelfile.Regexp(5, "ä"), []string{"PipeName regexp short+non-ascii+expression 1 input 5"}},
		{"another input", channelfile.EqualsInput(5, 6), []string{"Image equals+inputs input 1 input 6", "PipeName equals+inputs input 1 input 5"}},
		{"list of 4", channelfile.Equals(5, many(4)...), []string{"PipeName equals short 3-4 input 5"}},
		{"list of 5", channelfile.Equals(5, many(5)...), []string{"PipeName equals short 5-8 input 5"}},
		{"list of 64", channelfile.Equals(5, many(64)...), []string{"PipeName equals short 33-64 input 5"}},
		{"several criteria", channelfile.And(channelfile.Exists(6), channelfile.Equals(5, "a")), []string{"Image exists - 0 input 6", "PipeName equals short 1 input 5"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := []string{"ipc/1 - instances - 1 input -1"}
			for _, w := range tt.want {
				want = append(want, "ipc/1 "+w)
			}
			var got []string
			for _, u := range cells.Of(testkit.File(t, testkit.IPC, tt.e), ipc) {
				got = append(got, fmt.Sprintf("%v input %d", u.Cell, u.InputRead))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// The place of a cell is its first use.
func TestFirstUse(t *testing.T) {
	ipc := builtin.Definitions().ByName("ipc", 1)
	f := testkit.File(t, testkit.IPC,
		channelfile.Equals(5, "a"),
		channelfile.And(channelfile.Equals(5, "b"), channelfile.Exists(6)),
		channelfile.Exists(6))
	var got []string
	for _, u := range cells.Of(f, ipc) {
		got = append(got, fmt.Sprintf("%s instance %d", u.Operator, u.Instance))
		if u.Word < 0 {
			continue
		}
		in := f.Instance(u.Instance)
		if c := f.Criterion(f.Word(u.Word).Criterion()); u.Word < in.First || u.Word >= in.First+in.Count || int(c.Input) != u.InputRead || c.Operator.String() != u.Operator {
			t.Errorf("word %d of instance %d is not of cell %v", u.Word, u.Instance, u.Cell)
		}
	}
	if diff := cmp.Diff([]string{"instances instance -1", "exists instance 1", "equals instance 0"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// An input that the definition lacks has a number that counts from 1.
func TestUnknownInput(t *testing.T) {
	d := *builtin.Definitions().ByName("ipc", 1)
	d.Inputs = d.Inputs[:20]
	uses := cells.Of(testkit.File(t, testkit.IPC, channelfile.Exists(20)), &d)
	if got := uses[len(uses)-1].Input; got != "#21" {
		t.Errorf("input %q, want #21", got)
	}
	d.Version = 70_000
	h := testkit.HeaderOf(&d)
	h.InputsDeclared = 301
	uses = cells.Of(testkit.File(t, h, channelfile.Exists(300)), &d)
	if got := uses[len(uses)-1]; got.String() != `ipc/70000 "#301" exists - 0` || got.InputRead != 300 {
		t.Errorf("%v, input %d; want the 301st input of version 70000", got, got.InputRead)
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int]string{0: "0", 1: "1", 2: "2", 3: "3-4", 4: "3-4", 5: "5-8", 8: "5-8", 9: "9-16", 65536: "32769-65536"} {
		if got := cells.SizeOf(n).String(); got != want {
			t.Errorf("size of %d is %s, want %s", n, got, want)
		}
	}
}

func BenchmarkOf(b *testing.B) {
	f := testkit.Parse(b, workload.File(100_000, 1))
	d := workload.Definition()
	for b.Loop() {
		cells.Of(f, d)
	}
}
