package csvtext_test

import (
	"testing"

	"github.com/cfcheck/cfcheck/internal/csvtext"
)

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		why, in, want string
		fails         bool
	}{
		{"plain UTF-8", "a,ü", "a,ü", false},
		{"a byte order mark, as Excel writes it", "\xef\xbb\xbfa", "a", false},
		{"UTF-16, as PowerShell 5 writes it", "\xff\xfea\x00\xfc\x00", "aü", false},
		{"big-endian UTF-16", "\xfe\xff\x00a", "a", false},
		{"UTF-16 without a mark", "a\x00b\x00", "ab", false},
		{"no text at all", "ab\x00", "", true},
		{"half of a character", "\xff\xfea", "", true},
		{"a zero character", "\xff\xfe\x00\x00", "", true},
		{"empty", "", "", false},
	} {
		got, err := csvtext.Decode([]byte(c.in))
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%s: %q, %v; expected %q", c.why, got, err, c.want)
		}
	}
}

func TestDelimiter(t *testing.T) {
	for line, want := range map[string]byte{"build,hosts": ',', "build;hosts": ';', "build\thosts": '\t', "build": ',', "a,b;c;d": ';'} {
		if got := csvtext.Delimiter(line); got != want {
			t.Errorf("%q: %q, expected %q", line, got, want)
		}
	}
}
