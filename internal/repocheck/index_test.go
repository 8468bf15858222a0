package repocheck

import (
	"path"
	"strings"
	"testing"
)

// TestIndex holds that docs/README.md names each page of the documentation. The pages of checks
// have an index of their own.
func TestIndex(t *testing.T) {
	files := markdownFiles(t)
	linked := make(map[string]bool)
	for _, l := range linksOf(files["docs/README.md"]) {
		target, _, _ := strings.Cut(l.target, "#")
		linked[path.Join("docs", target)] = true
	}
	n := 0
	for name := range files {
		if !strings.HasPrefix(name, "docs/") || name == "docs/README.md" || path.Dir(name) == "docs/checks" && name != "docs/checks/README.md" {
			continue
		}
		n++
		if !linked[name] {
			t.Errorf("docs/README.md has no link to %s", name)
		}
	}
	if n < 30 {
		t.Errorf("found %d pages; expected more, or this test no longer finds them", n)
	}
}
