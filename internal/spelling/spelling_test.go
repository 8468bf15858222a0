package spelling

import (
	"strings"
	"testing"
)

func TestWithin(t *testing.T) {
	fields := []string{"PipeName", "Image", "User", "url"}
	for _, tt := range []struct {
		why, word string
		edits     int
		want      string
	}{
		{"a letter is missing", "PipName", 2, "PipeName"},
		{"a letter is doubled", "PipeeName", 2, "PipeName"},
		{"neighbours are swapped", "PieName", 2, "PipeName"},
		{"case alone differs", "pipename", 0, "PipeName"},
		{"more edits than allowed", "PpName", 1, ""},
		{"two edits", "PpName", 2, "PipeName"},
		{"three edits are another word", "PpNae", 2, ""},
		{"case in a short name", "URL", 2, "url"},
		{"an edit in a name of three letters", "uri", 2, "url"},
		{"two edits in a name of three letters make any other", "mrz", 2, ""},
		{"the name itself", "User", 2, "User"},
		{"an empty word", "", 2, ""},
		{"a word of any length costs nothing", strings.Repeat("x", 1<<20), 2, ""},
		{"bytes that are not UTF-8", "Ima\xffge", 2, "Image"},
	} {
		if have := Within(tt.edits, tt.word, fields); have != tt.want {
			t.Errorf("%s: Within(%d, %.20q) = %q, want %q", tt.why, tt.edits, tt.word, have, tt.want)
		}
	}
	if have := Within(2, "Imxge", []string{"Imyge", "Image"}); have != "Imyge" {
		t.Errorf("of two equally near names the first counts; found %q", have)
	}
}

func TestNearest(t *testing.T) {
	fields := []string{"PipeName", "Image", "User"}
	for _, tt := range []struct {
		why, word string
		most      int
		want      string
	}{
		{"case counts for nothing", "pIPEnAME", 0, "PipeName"},
		{"case and a letter", "pipnAME", 1, "PipeName"},
		{"more edits than allowed", "pipnAME", 0, ""},
		{"a negative number allows nothing", "Image", -1, ""},
		{"a word of any length costs nothing", strings.Repeat("x", 1<<20), 2, ""},
	} {
		if have := Nearest(tt.word, fields, func(string) int { return tt.most }); have != tt.want {
			t.Errorf("%s: Nearest(%.20q) = %q, want %q", tt.why, tt.word, have, tt.want)
		}
	}
	most := func(name string) int { return len(name) - 4 }
	if have := Nearest("Usex", fields, most); have != "" {
		t.Errorf("a name says how near it has to be; found %q", have)
	}
}
