package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// small is a report with a matrix.
func small(text string) *Report {
	return &Report{
		Title: text, Verdict: "rejected", Question: text, Answer: text, Totals: []Fact{{text, text}}, Explained: text, Facts: []Fact{{text, text}}, Remarks: []string{text},
		Blocks: []Section{{
			ID: "part-1", Severity: "error", Check: text, Title: text, URL: "https://example.com", Found: text, Advice: text, Where: text, Fixes: []Fix{{ID: "part-1-1", Message: text, Text: text, Found: text}, {Text: text, Found: text}},
			Causes: []Cause{{ID: "part-1-1", Message: text, Details: []string{text}, Fix: text, Found: text, Hosts: text, More: text, Places: []Place{{
				Where: text, Rule: text, Author: text, Type: text, Message: text, Details: []string{text}, Until: text,
				Lines: []Line{{1, text, text, text}}, Rows: []Row{{text, text, text, text}},
				Why: &Why{Title: text, First: text, Nodes: []Node{{Text: text, Holds: true, Decides: true, Notes: []string{text}}}, More: text},
			}}, Rest: []Place{{Where: text, Rule: text, Lines: []Line{{1, text, text, text}}}}, RestIs: text}},
		}},
		Matches: &Section{
			ID: "part-2", Severity: "note", Title: text, Found: text, Advice: text,
			Causes: []Cause{{ID: "part-2-1", Message: text, Found: text, Places: []Place{{Where: text, Details: []string{text}}}}},
		},
		Fleets: []Fleet{{
			Name: text, Hosts: 3, Columns: []Column{{[]string{text}, 2}, {[]string{"b"}, 1}}, Note: text, Reasons: []string{text}, Sets: [][]int{{0}},
			Rows: []Rule{
				{Title: text, ID: text, Type: text, Where: text, Author: text, Cells: "sb", Causes: []string{"part-1-1"}, Because: [][2]int{{0, 0}}},
				{Title: "other", Type: text, Cells: "sb"},
			},
			Summary: []BuildSummary{{text, text, []string{text}}}, Worst: []WorstRule{{text, text, text, text}}, More: text, Unsummed: text,
		}},
		Maps:     []Map{{Name: text, Size: text, Parts: []Part{{Name: text, X: 1, Width: 2}}, Marks: []Mark{{Severity: "error", Check: text, Text: text, Range: text}}}},
		Bars:     []Chart{{ID: "chart", Title: text, Note: text, Columns: [2]string{text, text}, Bars: []Bar{{Name: text, Detail: text, Value: text}}}},
		Compared: true,
		Diffs:    []Diff{{Title: text, Change: text, Lists: []DiffList{{text, text, []string{text}, text, true}}, Rows: []DiffRow{{text, text, text, text}}}},
	}
}

func write(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestPolicy tests that the policy of the page permits its own script and style, and no other.
func TestPolicy(t *testing.T) {
	doc := write(t, small("text"))
	policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(doc)
	if policy == nil {
		t.Fatal("the page has no policy")
	}
	have := html.UnescapeString(policy[1])
	for name, element := range map[string]string{"script-src": `(?s)<script>(.*?)</script>`, "style-src": `(?s)<style>(.*?)</style>`} {
		all := regexp.MustCompile(element).FindAllStringSubmatch(doc, -1)
		if len(all) != 1 {
			t.Fatalf("%s: the page has %d elements; expected 1", name, len(all))
		}
		sum := sha256.Sum256([]byte(all[0][1]))
		if want := name + " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !slices.Contains(strings.Split(have, "; "), want) {
			t.Errorf("the policy is %q; expected %q in it", have, want)
		}
	}
	if !strings.HasPrefix(have, "default-src 'none'; ") {
		t.Errorf("the policy is %q; expected that it begins with default-src 'none'", have)
	}
}

// TestHostile tests that a text stays a text in each place of the page: the page has the same
// elements and attributes for all texts.
func TestHostile(t *testing.T) {
	tags := regexp.MustCompile(`<[a-zA-Z/!][^\s>]*|\s[a-z-]+="`)
	// A path has a <wbr> for each of its separators.
	shape := func(doc string) []string { return tags.FindAllString(strings.ReplaceAll(doc, "<wbr>", ""), -1) }
	want := shape(write(t, small("plain")))
	for _, text := range []string{
		"<script>alert(1)</script>", "</script><script>alert(1)</script>", "</style><script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, `' onload='alert(1)`,
		"javascript:alert(1)", "<!--", "]]>", "{{.}}", "\u2028", "&lt;script&gt;", "`${alert(1)}`", `\u003cscript\u003e`, "</title><svg onload=alert(1)>",
	} {
		doc := write(t, small(text))
		if have := shape(doc); !slices.Equal(have, want) {
			t.Errorf("%q: the page has other elements:\n%q\nexpected\n%q", text, have, want)
		}
	}
}

// TestMatrix tests the data that the script gets.
func TestMatrix(t *testing.T) {
	doc := write(t, small("<a>"))
	data := regexp.MustCompile(`(?s)<script type="application/json" id="matrix-data">(.*?)</script>`).FindStringSubmatch(doc)
	if data == nil {
		t.Fatal("the page has no data")
	}
	var have struct {
		States []struct{ ID, Name string }
		Fleets []struct {
			Name    string
			Columns [][]any
			Cells   []string
			Rows    [][]any
		}
	}
	if err := json.Unmarshal([]byte(data[1]), &have); err != nil {
		t.Fatal(err)
	}
	f := have.Fleets[0]
	if len(have.States) != len(States) || f.Name != "<a>" || len(f.Columns) != 2 || !slices.Equal(f.Cells, []string{"sb"}) || len(f.Rows) != 2 || f.Rows[0][0] != "<a>" {
		t.Errorf("found %+v; expected the texts, and equal rows of cells once", have)
	}
}

// TestEqualBytes tests that equal reports have equal pages.
func TestEqualBytes(t *testing.T) {
	if one, other := write(t, small("a")), write(t, small("a")); one != other {
		t.Error("two pages of one report differ")
	}
}

// TestWithoutFleet tests that a page without a matrix still has its data, so the script runs.
func TestWithoutFleet(t *testing.T) {
	doc := write(t, &Report{Title: "t", Verdict: "accepted", Answer: "Yes."})
	if !strings.Contains(doc, `"fleets":[]`) || strings.Contains(doc, `id="matrix-app"`) {
		t.Error("expected an empty list of fleets, and no matrix")
	}
}

// TestPieces tests that flags are pieces of their own, and that no text is lost.
func TestPieces(t *testing.T) {
	for _, tt := range []struct {
		why, text string
		flags     []string
	}{
		{"a flag in brackets", "in a file (--placeholders)", []string{"(--placeholders)"}},
		{"two flags", "--types or --max-findings, if", []string{"--types", "--max-findings,"}},
		{"a dash in a sentence", "one -- two", nil},
		{"the start of a comment", "<!-- x", nil},
		{"no text", "", nil},
	} {
		var all string
		var flags []string
		for _, p := range pieces(tt.text) {
			all += p.Text
			if p.Flag {
				flags = append(flags, p.Text)
			}
		}
		if all != tt.text || !slices.Equal(flags, tt.flags) {
			t.Errorf("%s: found the flags %q in %q; expected %q in %q", tt.why, flags, all, tt.flags, tt.text)
		}
	}
}

// TestParts tests where a path may be broken over two lines.
func TestParts(t *testing.T) {
	for path, want := range map[string]string{
		"":                   "",
		"rule.yml:7":         "rule.yml:7",
		"a/win_dns.yml:7:5":  "a/|win_|dns.yml:7:5",
		`C:\rules\x`:         `C:\|rules\|x`,
		"folder/":            "folder/",
		"\u202e__/proto.yml": "\u202e_|_|/|proto.yml",
	} {
		if have := strings.Join(parts(path), "|"); have != want {
			t.Errorf("%q: found the parts %q; expected %q", path, have, want)
		}
	}
}
