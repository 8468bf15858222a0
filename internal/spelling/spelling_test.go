package spelling

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
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

func TestAlike(t *testing.T) {
	fields := []string{"SubjectUserName", "SubjectDomainName", "TargetUserName", "Computer", "Image", "CommandLine", "IPAddress", "Event_ID", ""}
	for _, tt := range []struct {
		why, word, want string
	}{
		{"two words of three, and the fewer edits first", "SubjectAccountName", "SubjectDomainName SubjectUserName"},
		{"the words of a field begin the name", "ComputerName", "Computer"},
		{"the words of a field only end the name: it is of another process", "ParentImage", ""},
		{"the name begins the words of a field", "Subject", "SubjectUserName SubjectDomainName"},
		{"a word that is shared with no field", "Hashes", ""},
		{"capitals are one word", "IpAddress", "IPAddress"},
		{"other characters end words", "EventID", "Event_ID"},
		{"no word", "_", ""},
		{"a word of any length costs nothing", strings.Repeat("Subject", 1<<18), ""},
	} {
		if have := strings.Join(Alike(tt.word, fields, 2), " "); have != tt.want {
			t.Errorf("%s: Alike(%.20q) = %q, want %q", tt.why, tt.word, have, tt.want)
		}
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

// TestSearchSkips checks that the search does not skip a name that is near
// enough.
func TestSearchSkips(t *testing.T) {
	const letters = "aAbé_1"
	all := []rune(letters)
	var words []string
	for i := range 6 * 6 * 6 * 6 {
		words = append(words, string([]rune{all[i%6], all[i/6%6], all[i/36%6], all[i/216%6], 'x'}[i%3:]))
	}
	for i, a := range words {
		b := words[i*7%len(words)]
		for limit := range 4 {
			near := Distance(strings.ToLower(a), strings.ToLower(b)) <= limit
			if have := Nearest(a, []string{b}, func(string) int { return limit }); (have == b) != near {
				t.Errorf("Nearest(%q, %q) with %d edits: %q", a, b, limit, have)
			}
			near = limit <= 2 && min(limit, utf8.RuneCountInString(b)-2) >= 0 && (strings.EqualFold(a, b) || Distance(a, b) <= min(limit, utf8.RuneCountInString(b)-2))
			if have := Within(limit, a, []string{b}); limit <= 2 && (have == b) != near {
				t.Errorf("Within(%d, %q, %q): %q", limit, a, b, have)
			}
		}
	}
}

// TestSearchTime checks that a hostile document cannot make the search
// expensive. A recording of 20 MB can have a million unknown names.
func TestSearchTime(t *testing.T) {
	names := []string{"PipeName", "Image", "User", "ProcessGuid", "ParentCommandLine", "OriginalFileName", "IntegrityLevel", "UtcTime"}
	start := time.Now()
	for i := range 200_000 {
		Within(2, fmt.Sprintf("field-%d", i), names)
	}
	if took := time.Since(start); took > 4*time.Second { // 0.1 s on one core of 2020
		t.Errorf("took %v", took)
	}
}
