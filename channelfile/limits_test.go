package channelfile

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile/internal/rexprog"
)

// TestLimitsOfFormat holds the table of FORMAT.md, section 10, against limits.go,
// both ways.
func TestLimitsOfFormat(t *testing.T) {
	text, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## 10 Limits\n")
	if !ok {
		t.Fatal("FORMAT.md has no section 10 on limits")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	limits := limitsOf(t)
	rows := regexp.MustCompile(`(?m)^\| .* \| ([0-9,]+)\b.* \| (Max\w+) \|$`).FindAllStringSubmatch(section, -1)
	for _, row := range rows {
		name, got := row[2], strings.ReplaceAll(row[1], ",", "")
		if want, ok := limits[name]; !ok || got != want {
			t.Errorf("%s is %s in FORMAT.md, and %q in limits.go", name, got, want)
		}
		delete(limits, name)
	}
	for name, value := range limits {
		t.Errorf("%s, %s, has no row in FORMAT.md", name, value)
	}
}

// The compiler of regular expressions imports nothing of this package, so it has
// constants of its own.
func TestLimitsOfCompiler(t *testing.T) {
	for _, l := range []struct {
		name      string
		got, want int
	}{
		{"MaxExpressionLength", rexprog.MaxExpressionLength, MaxExpressionLength},
		{"MaxNesting", rexprog.MaxNesting, MaxNesting},
		{"MaxRepetition", rexprog.MaxRepetition, MaxRepetition},
		{"MaxInstructions", rexprog.MaxInstructions, MaxInstructions},
		{"MaxRanges", rexprog.MaxRanges, MaxRanges},
	} {
		if l.got != l.want {
			t.Errorf("%s is %d in rexprog, and %d in channelfile", l.name, l.got, l.want)
		}
	}
}
