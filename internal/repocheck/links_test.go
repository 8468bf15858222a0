package repocheck

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// root is the folder of the repository.
const root = "../.."

// TestLinks follows every relative link and anchor in the Markdown of the
// repository.
func TestLinks(t *testing.T) {
	files := markdownFiles(t)
	for _, path := range []string{"README.md", "CONTRIBUTING.md", "channelfile/FORMAT.md", "docs/ci.md"} {
		if files[path] == "" {
			t.Errorf("%s is not there, or empty", path)
		}
	}
	anchors := make(map[string][]string) // of the files, by path
	for path, text := range files {
		anchors[path] = anchorsOf(text)
	}
	for path, text := range files {
		for _, l := range linksOf(text) {
			if err := follow(path, l.target, anchors); err != nil {
				t.Errorf("%s:%d: link to %q: %v", path, l.line, l.target, err)
			}
		}
	}
}

// markdownFiles returns the Markdown of the repository by path, with slashes.
func markdownFiles(t *testing.T) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules"):
			return filepath.SkipDir
		case filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		files[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// follow returns an error if the target of a link in a file does not exist.
func follow(from, target string, anchors map[string][]string) error {
	if regexp.MustCompile(`^[a-z][a-z0-9+.-]*:`).MatchString(target) {
		return nil // leaves the repository
	}
	path, anchor, hasAnchor := strings.Cut(target, "#")
	switch {
	case strings.HasPrefix(path, "/"):
		return fmt.Errorf("an absolute path; expected one relative to %s", from)
	case path == "":
		path = from
	default:
		path = filepath.ToSlash(filepath.Join(filepath.Dir(filepath.FromSlash(from)), filepath.FromSlash(path)))
	}
	if !filepath.IsLocal(filepath.FromSlash(path)) {
		return fmt.Errorf("%s is outside the repository", path)
	}
	if err := thereAs(path); err != nil {
		return err
	}
	if have, ok := anchors[path]; hasAnchor && !ok {
		return fmt.Errorf("%s is not Markdown and has no anchors", path)
	} else if hasAnchor && !slices.Contains(have, anchor) {
		return fmt.Errorf("%s has no heading #%s; it has %q", path, anchor, have)
	}
	return nil
}

// thereAs returns an error unless a path exists in exactly this spelling. A
// file system that ignores case would also find other spellings.
func thereAs(path string) error {
	if path == "." {
		return nil
	}
	parent, name := filepath.Split(filepath.Join(root, filepath.FromSlash(path)))
	entries, err := os.ReadDir(parent)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == name }) {
		return fmt.Errorf("%s is not there", path)
	}
	return nil
}

type link struct {
	line   int // from 1
	target string
}

var (
	inlineLink    = regexp.MustCompile(`\]\(\s*<?([^\s<>()]+)>?(?:\s+"[^"]*")?\s*\)`)
	referenceLink = regexp.MustCompile(`^ {0,3}\[[^\]]+\]:\s*<?([^\s<>]+)>?`)
	codeSpan      = regexp.MustCompile("``[^\n]*?``|`[^`\n]*`")
	heading       = regexp.MustCompile(`^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$`)
	htmlAnchor    = regexp.MustCompile(`<a\s+(?:id|name)="([^"]+)"`)
	headingLink   = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// prose returns the lines of a Markdown text. Lines of fenced code are empty.
func prose(text string) []string {
	lines := strings.Split(text, "\n")
	fence := ""
	for i, line := range lines {
		trimmed := strings.TrimLeft(line, " ")
		mark := trimmed[:len(trimmed)-len(strings.TrimLeft(trimmed, "`~"))]
		switch {
		case fence == "" && (strings.HasPrefix(mark, "```") || strings.HasPrefix(mark, "~~~")):
			fence = mark
		case fence != "" && strings.HasPrefix(mark, fence):
			fence = ""
		case fence == "":
			continue
		}
		lines[i] = ""
	}
	return lines
}

// linksOf returns the targets of the links and images in a Markdown text.
func linksOf(text string) []link {
	var links []link
	for i, line := range prose(text) {
		line = codeSpan.ReplaceAllString(line, "`code`")
		for _, expr := range []*regexp.Regexp{inlineLink, referenceLink} {
			for _, m := range expr.FindAllStringSubmatch(line, -1) {
				links = append(links, link{i + 1, m[1]})
			}
		}
	}
	return links
}

// anchorsOf returns the anchors of the headings in a Markdown text, as GitHub
// makes them, and the anchors in its HTML.
func anchorsOf(text string) []string {
	var anchors []string
	seen := make(map[string]int)
	for _, line := range prose(text) {
		for _, m := range htmlAnchor.FindAllStringSubmatch(line, -1) {
			anchors = append(anchors, m[1])
		}
		m := heading.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		title := headingLink.ReplaceAllString(m[2], "$1")
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsNumber(r):
				return unicode.ToLower(r)
			}
			return -1
		}, title)
		n := seen[anchor]
		seen[anchor]++
		if n > 0 {
			anchor = fmt.Sprintf("%s-%d", anchor, n)
		}
		anchors = append(anchors, anchor)
	}
	return anchors
}

func TestLinksOf(t *testing.T) {
	const text = "See [one](a.md), ![an image](b.png \"its title\") and [two](<c.md#d>).\n" +
		"Not `[code](e.md)`, nor ``[`code`](f.md)``.\n" +
		"```\n[fenced](g.md)\n```\n" +
		"[label]: h.md\n" +
		"| a cell with [a link](#i) | [and another](https://example.com) |\n"
	want := []string{"1 a.md", "1 b.png", "1 c.md#d", "6 h.md", "7 #i", "7 https://example.com"}
	var got []string
	for _, l := range linksOf(text) {
		got = append(got, fmt.Sprintf("%d %s", l.line, l.target))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}

func TestAnchorsOf(t *testing.T) {
	const text = "# The `CF1` checks: what, and why?\n## 7 Requirements, in reading order\n" +
		"~~~\n# no heading\n~~~\n#no heading either\n## Again ##\n### Again\n## [Unreleased](x.md) – now\n<a id=\"here\"></a>\n"
	want := []string{"the-cf1-checks-what-and-why", "7-requirements-in-reading-order", "again", "again-1", "unreleased--now", "here"}
	if diff := cmp.Diff(want, anchorsOf(text)); diff != "" {
		t.Errorf("anchors (-want +got):\n%s", diff)
	}
}

func TestFollow(t *testing.T) {
	anchors := map[string][]string{"docs/ci.md": {"exit-status"}, "README.md": {"start"}}
	tests := []struct {
		why, from, target string
		leads             bool
	}{
		{"a file beside it", "docs/ci.md", "dependencies.md", true},
		{"a file above it", "docs/ci.md", "../go.mod", true},
		{"a folder", "docs/ci.md", "../channelfile/", true},
		{"an anchor of its own", "docs/ci.md", "#exit-status", true},
		{"another site", "docs/ci.md", "https://example.com/none", true},
		{"a mail address", "docs/ci.md", "mailto:a@example.com", true},
		{"a file that is not there", "docs/ci.md", "none.md", false},
		{"another case", "docs/ci.md", "CI.md", false},
		{"an anchor that is not there", "docs/ci.md", "#exit", false},
		{"an anchor of what has none", "docs/ci.md", "../go.mod#L1", false},
		{"outside the repository", "docs/ci.md", "../../x.md", false},
		{"an absolute path", "docs/ci.md", "/docs/ci.md", false},
	}
	for _, test := range tests {
		if err := follow(test.from, test.target, anchors); (err == nil) != test.leads {
			t.Errorf("%s: %q: got error %v, want it to lead somewhere: %v", test.why, test.target, err, test.leads)
		}
	}
}
