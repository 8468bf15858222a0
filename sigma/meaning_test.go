package sigma

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sensor"
	"go.yaml.in/yaml/v4"
)

// TestEscaping compares strings with their patterns, by the section Escaping of
// the specification. testdata/cases tests the values that the patterns match.
func TestEscaping(t *testing.T) {
	for _, tt := range []struct {
		why   string
		value string // as in single quotes, where YAML changes only ''
		glob  string // as channel files write it
	}{
		{"a plain word", `abc`, `abc`},
		{"the empty string is equal to the empty string alone", ``, ``},
		{"a backslash before a letter is itself", `\abc`, `\\abc`},
		{"two backslashes are one", `\\abc`, `\\abc`},
		{"three backslashes are two", `\\\abc`, `\\\\abc`},
		{"four backslashes are two", `\\\\abc`, `\\\\abc`},
		{"a UNC path needs four, or three", `\\\\server\share`, `\\\\server\\share`},
		{"a UNC path written as seen has lost a backslash", `\\server\share`, `\\server\\share`},
		{"a backslash at the end is itself", `C:\Windows\`, `C:\\Windows\\`},
		{"two backslashes at the end are one", `C:\Windows\\`, `C:\\Windows\\`},
		{"backslashes around a word", `\pipe\`, `\\pipe\\`},
		{"a lone backslash", `\`, `\\`},
		{"two backslashes alone", `\\`, `\\`},
		{"a star is any number of characters", `a*c`, `a*c`},
		{"a question mark is one character", `a?c`, `a?c`},
		{"an escaped star is a star", `a\*c`, `a\*c`},
		{"an escaped question mark is a question mark", `a\?c`, `a\?c`},
		{"an escaped backslash leaves the star a wildcard", `a\\*`, `a\\*`},
		{"three backslashes escape the backslash and the star", `a\\\*`, `a\\\*`},
		{"four backslashes before a star are two and a wildcard", `a\\\\*`, `a\\\\*`},
		{"a folder and everything in it", `*\\Temp\\*`, `*\\Temp\\*`},
		{"a folder, and the star taken for a literal by mistake", `*\Temp\*`, `*\\Temp\*`},
		{"an escape before an ordinary character changes nothing", `100\%`, `100\\%`},
		{"a placeholder without expand is text", `%AppData%\x`, `%AppData%\\x`},
		{"a star alone holds for whatever is there", `*`, `*`},
		{"stars next to each other are one", `a**c`, `a*c`},
		{"stars and question marks: so many characters at least", `a*?*?`, `a??*`},
		{"an escaped star next to a star", `\**`, `\**`},
		{"letters beyond ASCII fold too", `ÉTÉ`, `ÉTÉ`},
		{"the RedSun rule's own words: two question marks are wildcards", `\\??\pipe\REDSUN`, `\\??\\pipe\\REDSUN`},
	} {
		if got := parseGlob(tt.value).String(); got != tt.glob {
			t.Errorf("%s: %s is the pattern %s; want %s", tt.why, tt.value, got, tt.glob)
		}
	}
}

// caseTypes is embedded for a libFuzzer program, which runs in another folder.
//
//go:embed testdata/cases/types.json
var caseTypes []byte

// caseType returns the template type of the cases.
func caseType(t testing.TB) *sensor.Definition {
	t.Helper()
	defs, err := sensor.ReadDefinitions("testdata/cases/types.json", caseTypes)
	if err != nil {
		t.Fatal(err)
	}
	return defs.Newest("case")
}

// casePlaceholders returns the values of the placeholders in the cases.
func casePlaceholders(t testing.TB) Placeholders {
	t.Helper()
	const name = "testdata/cases/placeholders.yaml"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ReadPlaceholders(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A meaning is a case of testdata/cases: a rule, events that it must match, and
// events that it must not match.
type meaning struct {
	name    string
	rule    *Rule
	Match   []event
	NoMatch []event `yaml:"no match"`
}

// meanings reads the cases. Each file has two documents, the rule and the
// events. The title of the rule states the subject of the case.
func meanings(t testing.TB) []meaning {
	t.Helper()
	files, err := filepath.Glob("testdata/cases/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("testdata/cases has no cases")
	}
	var cases []meaning
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rule, events, ok := strings.Cut(string(data), "\n---\n")
		if !ok {
			t.Fatalf("%s is not two documents, divided by ---", file)
		}
		rules, err := Parse(file, []byte(rule+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		c := meaning{name: strings.TrimSuffix(filepath.Base(file), ".yml"), rule: rules[0]}
		if err := yaml.Load([]byte(events), &c, yaml.WithKnownFields()); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if len(rules) != 1 || len(c.Match) == 0 || len(c.NoMatch) == 0 {
			t.Fatalf("%s: %d rules, %d events to match and %d not to; want one rule, and events of both kinds", file, len(rules), len(c.Match), len(c.NoMatch))
		}
		cases = append(cases, c)
	}
	return cases
}

// TestMeaning evaluates the rules of the cases on their events.
func TestMeaning(t *testing.T) {
	def, placeholders := caseType(t), casePlaceholders(t)
	for _, c := range meanings(t) {
		t.Run(c.name, func(t *testing.T) {
			f, err := buildWith([]*Rule{c.rule}, def, placeholders)
			if err != nil {
				t.Fatal(err)
			}
			if broken := f.Conformance(); broken != 0 {
				t.Errorf("the channel file is not in normal form: %v", broken)
			}
			for _, e := range c.Match {
				if !matches(t, f, def, e) {
					t.Errorf("does not match %v:\n%s", e, dump(f, def))
				}
			}
			for _, e := range c.NoMatch {
				if matches(t, f, def, e) {
					t.Errorf("matches %v:\n%s", e, dump(f, def))
				}
			}
		})
	}
}

// TestMeaningIsWhole checks that the cases cover each modifier that a channel
// file can express, each escape and each form of a condition.
func TestMeaningIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range meanings(t) {
		d := &c.rule.Detection
		for _, s := range d.Searches {
			for _, alternative := range s.Alternatives {
				for _, it := range alternative.Items {
					for _, m := range it.Modifiers {
						seen["modifier "+m.Value] = true
						if it.Field == "" {
							seen["modifier of a keyword"] = true
						}
					}
					if it.Field == "" && len(it.Modifiers) == 0 {
						seen["keyword"] = true
					}
					for _, v := range it.Values {
						seen["null"] = seen["null"] || v.Null
						for _, escape := range []string{`\\*`, `\\?`, `\*`, `\?`, `\\`, `\%`, `*`, `?`} {
							if strings.Contains(v.Value, escape) {
								seen["text "+escape] = true
							}
						}
					}
				}
			}
		}
		if len(d.Conditions) > 1 {
			seen["list of conditions"] = true
		}
		for _, condition := range d.Conditions {
			if strings.Contains(condition.Value, "(") {
				seen["parentheses"] = true
			}
			condition.Node.walk(func(n *Node) {
				form := [...]string{"name", "1 of ", "all of ", "not", "and", "or"}[n.Op]
				switch {
				case n.Name == them && n.Op != Named:
					form += "them"
				case n.Op == AnyOf || n.Op == AllOf:
					form += "pattern"
				}
				seen[form] = true
				for _, arg := range n.Args {
					if n.Op == Not {
						seen["not of "+[...]string{"name", "1 of", "all of", "not", "and", "or"}[arg.Op]] = true
					}
				}
			})
		}
	}
	want := []string{"keyword", "modifier of a keyword", "null", "parentheses", "list of conditions", "name", "1 of them", "1 of pattern", "all of them", "all of pattern",
		"not", "and", "or", "not of name", "not of 1 of", "not of all of", "not of not", "not of or", "not of and",
		`text *`, `text ?`, `text \*`, `text \?`, `text \\`, `text \\*`, `text \\?`, `text \%`}
	unsupported, err := os.ReadFile("testdata/unsupported/modifiers.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modifiers {
		if m.reason == "" {
			want = append(want, "modifier "+m.name)
		} else if !strings.Contains(string(unsupported), "|"+m.name) {
			t.Errorf("testdata/unsupported/modifiers.yml does not have modifier %s", m.name)
		}
	}
	for _, what := range want {
		if !seen[what] {
			t.Errorf("no case has %s", what)
		}
	}
}
