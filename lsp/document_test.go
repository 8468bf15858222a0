package lsp

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// texts draws texts with characters of one to four bytes, and with each end of a line.
func texts() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom([]rune("ab:- \n\r\t\u00e9\u20ac\U0001F600\ufeff")), -1, 40, -1)
}

// TestEdits applies random edits to a document, and to its text by another way of counting.
func TestEdits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := rapid.SampledFrom([]encoding{utf16, utf8Bytes}).Draw(t, "encoding")
		text := texts().Draw(t, "text")
		d := newDocument(text, 0)
		for range rapid.IntRange(1, 8).Draw(t, "edits") {
			if rapid.IntRange(0, 9).Draw(t, "whole") == 0 {
				text = texts().Draw(t, "new text")
				d.change(contentChange{Text: text}, e)
			} else {
				r := &Range{drawPosition(t), drawPosition(t)}
				insert := texts().Draw(t, "insert")
				start, end := plainOffset(text, r.Start, e), plainOffset(text, r.End, e)
				text = text[:min(start, end)] + insert + text[max(start, end):]
				d.change(contentChange{r, insert}, e)
			}
			if d.text != text {
				t.Fatalf("the document is %q (want %q)", d.text, text)
			}
			for i := range d.text {
				p := d.position(i, e)
				if at := d.offset(p, e); at != i && !(i > 0 && text[i-1:min(i+1, len(text))] == "\r\n") {
					t.Fatalf("offset %d of %q is at %v, which is offset %d", i, text, p, at)
				}
			}
		}
	})
}

func drawPosition(t *rapid.T) Position {
	return Position{rapid.IntRange(-1, 9).Draw(t, "line"), rapid.IntRange(-1, 12).Draw(t, "character")}
}

// plainOffset is the offset of a position, counted character by character from the start.
func plainOffset(text string, p Position, e encoding) int {
	if p.Line < 0 {
		return 0
	}
	line, units, start := 0, 0, true
	for i := 0; i < len(text); {
		if line == p.Line && (!start && units >= p.Character || start && p.Character <= 0) {
			return i
		}
		c := []rune(text[i:])[0]
		size := len(string(c))
		if strings.HasPrefix(text[i:], "\r\n") {
			size = 2
		}
		if c == '\n' || c == '\r' {
			if line == p.Line {
				return i
			}
			line, units, start, i = line+1, 0, true, i+size
			continue
		}
		width := size
		if e == utf16 {
			width = 1
			if c > 0xffff {
				width = 2
			}
		}
		if line == p.Line && units+width > p.Character {
			return i // inside the character
		}
		units, start, i = units+width, false, i+size
	}
	return len(text)
}

// TestPlaces compares places as the gate counts with positions of the protocol.
func TestPlaces(t *testing.T) {
	d := newDocument("\ufeffa: \U0001F600x\r\nb\u20ac: 1\rc", 0)
	for _, c := range []struct {
		reason       string
		line, column int
		utf16, utf8  Position
	}{
		{"the start, behind a byte order mark", 1, 1, Position{0, 1}, Position{0, 3}},
		{"behind a character of two units and four bytes", 1, 8, Position{0, 6}, Position{0, 10}},
		{"behind a character of one unit and three bytes", 2, 5, Position{1, 2}, Position{1, 4}},
		{"a line that ends with CR", 3, 1, Position{2, 0}, Position{2, 0}},
		{"beyond the end of the line", 2, 99, Position{1, 5}, Position{1, 7}},
		{"beyond the last line", 99, 1, Position{2, 0}, Position{2, 0}},
		{"an unknown place", 0, 0, Position{0, 1}, Position{0, 3}},
	} {
		if a, b := d.at(c.line, c.column, utf16), d.at(c.line, c.column, utf8Bytes); a != c.utf16 || b != c.utf8 {
			t.Errorf("%s: %v and %v (want %v and %v)", c.reason, a, b, c.utf16, c.utf8)
		}
	}
}

// TestNames converts names of files to URIs and back.
func TestNames(t *testing.T) {
	for _, c := range []struct{ reason, uri, name string }{
		{"a file", "file:///a/b.yml", "/a/b.yml"},
		{"escapes", "file:///a%20b/%C3%A9.yml", "/a b/\u00e9.yml"},
		{"a name with dots", "file:///a/../b.yml", "/b.yml"},
		{"no file", "untitled:Untitled-1", ""},
		{"another host", "file://host/a.yml", ""},
		{"a relative name", "file:a.yml", ""},
		{"a zero byte", "file:///a%00b", ""},
		{"no URI", "%", ""},
	} {
		if got := fileOf(c.uri); got != c.name {
			t.Errorf("%s: %s is %q (want %q)", c.reason, c.uri, got, c.name)
		}
		if c.name != "" && fileOf(uriOf(c.name)) != c.name {
			t.Errorf("%s: %q became %s", c.reason, c.name, uriOf(c.name))
		}
	}
}
