package repocheck

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxWords is the length of a page that somebody reads from its start to its end.
const maxWords = 2500

// generatedPart matches a part of a page that a test writes.
var generatedPart = regexp.MustCompile(`(?s)<!-- (\w[\w ]*) -->\n.*?\n<!-- (?:/|end of )(\w[\w ]*) -->`)

// TestLength holds that no page has more than maxWords words, without its code and its generated
// parts.
func TestLength(t *testing.T) {
	long := []string{
		"CHANGELOG.md",                 // a record
		"channelfile/FORMAT.md",        // normative
		"sensor/interp/INTERPRETER.md", // normative
		"sysmon/blob/BLOB.md",          // normative
		"docs/events.md",               // generated
		"docs/types.md",                // generated
		"docs/checks/README.md",        // generated
		"docs/reference.md",            // generated
	}
	n := 0
	for path, page := range markdownFiles(t) {
		n++
		if slices.Contains(long, path) {
			continue
		}
		page = generatedPart.ReplaceAllString(page, "")
		var text text
		text.markdown(path, page)
		if text.words > 2000 {
			t.Logf("%s: %d words", path, text.words)
		}
		if text.words > maxWords {
			t.Errorf("%s has %d words; expected at most %d. Move a part to a page of its own", path, text.words, maxWords)
		}
	}
	for _, path := range long {
		if strings.TrimSpace(markdownFiles(t)[path]) == "" {
			t.Errorf("%s may be long, and does not exist", path)
		}
	}
	if n < 100 {
		t.Errorf("found %d pages; expected more, or this test no longer finds them", n)
	}
}
