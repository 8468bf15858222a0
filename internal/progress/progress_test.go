package progress

import (
	"strings"
	"testing"
)

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
