package progress

import (
	"strings"
	"testing"
)

func TestThousands(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", 100000: "100,000"} {
		if got := Thousands(n); got != want {
			t.Errorf("%d is %s; expected %s", n, got, want)
		}
	}
}

// A writer that is not a terminal gets separate lines.
func TestLine(t *testing.T) {
	var b strings.Builder
	l := NewLine(&b)
	l.Write("half")
	l.Write("all")
	l.End()
	if got := b.String(); got != "half\nall\n" {
		t.Errorf("found %q", got)
	}
}
