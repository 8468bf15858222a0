package channelfile

import (
	"strings"
	"testing"
)

func TestHasMagic(t *testing.T) {
	for _, tt := range []struct {
		data string
		want bool
		why  string
	}{
		{magic, true, "a whole magic"},
		{magic + strings.Repeat("\x00", 1000), true, "a file"},
		{magic[:4], true, "a file that was cut in the magic"},
		{magic[:3], false, "three bytes may begin anything"},
		{"", false, "an empty file"},
		{"\x89CFC\n\x1a\n", true, "CR LF became LF"},
		{"\x89CFC\r\r\n\x1a\r\n", true, "LF became CR LF"},
		{"\x09CFC\r\n\x1a\n", true, "seven bits were left of each byte"},
		{"\xc2\x89CFC\r\n\x1a\n", true, "it became UTF-8"},
		{"\xef\xbf\xbdCFC\r\n\x1a\n", true, "the first byte was replaced"},
		{"\xef\xbb\xbf\xc2\x89CFC\r\n", true, "an editor put a byte order mark before it"},
		{"\x89PNG\r\n\x1a\n", false, "a picture"},
		{"CFC", false, "text"},
		{"title: CFC\r\n", false, "a rule"},
		{" " + magic, false, "the magic stands first"},
	} {
		if got := HasMagic([]byte(tt.data)); got != tt.want {
			t.Errorf("%q: %v, expected %v (%s)", tt.data, got, tt.want, tt.why)
		}
		if _, err := Parse([]byte(tt.data)); err == nil {
			t.Errorf("%q is a channel file", tt.data)
		}
	}
	for _, m := range mangled {
		if len(m.prefix) > MagicPeek-3 || !HasMagic([]byte(m.prefix)) {
			t.Errorf("%q is not found", m.prefix)
		}
	}
}
