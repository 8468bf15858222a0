package sigma

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadPlaceholders reads documents in YAML and JSON.
func TestReadPlaceholders(t *testing.T) {
	for _, tt := range []struct {
		why, text string
		want      Placeholders
		errs      string // one error per line
	}{
		{why: "a value and a list, as they are written", text: "A: x*\nB_1: [010, yes, '%A%', \"\\t\"]\n", want: Placeholders{"A": {"x*"}, "B_1": {"010", "yes", "%A%", "\t"}}},
		{why: "JSON", text: "{\n\t\"A\": [\"C:\\\\x\", \"\\u00e9\\/\"],\n\t\"B\": \"y\"\n}\n", want: Placeholders{"A": {`C:\x`, "é/"}, "B": {"y"}}},
		{why: "an alias", text: "A: &a [x]\nB: *a\n", want: Placeholders{"A": {"x"}, "B": {"x"}}},
		{why: "letters of any alphabet", text: "Größe: x\n", want: Placeholders{"Größe": {"x"}}},
		{why: "nothing", text: "# none\n", errs: "p.yml:1:1: file has no placeholders in it; " + wantPlaceholders},
		{why: "a list", text: "- a\n", errs: "p.yml:1:1: file is a list; " + wantPlaceholders},
		{why: "percent signs around the name", text: "'%A%': x\n", errs: `p.yml:1:1: name "%A%" is not a name of a placeholder; expected letters, digits and underscores, without the "%"`},
		{why: "no name", text: "'': x\n", errs: `p.yml:1:1: name "" is not a name of a placeholder; expected letters, digits and underscores, without the "%"`},
		{why: "a name twice", text: "A: x\nB: y\nA: z\n", errs: `p.yml:3:1: key "A" occurs here and in line 1; a key may occur once in a map; remove one of the two`},
		{why: "no values", text: "A: []\nB: [x]\n", errs: "p.yml:1:4: A: placeholder has no values; expected at least one"},
		{why: "null, alone and in a list", text: "A:\nB: [x, null]\n", errs: "p.yml:1:3: A: value is null; write the value, or put it in quotes if you mean the text\np.yml:2:8: B: value is null; write the value, or put it in quotes if you mean the text"},
		{why: "maps as values", text: "A: {x: y}\nB: [[z]]\n", errs: "p.yml:1:4: A: value is a map; expected text or a number\np.yml:2:5: B: value is a list; expected text or a number"},
		{why: "two documents", text: "A: x\n---\nB: y\n", errs: "p.yml:3:1: file has a second document; write a single map"},
		{why: "no YAML", text: "A: 'x\n", errs: "p.yml:1:4: not YAML: the text in quotes that begins here is not closed; close it; a quote inside is written twice"},
		{why: "no UTF-8", text: "A: \xff\n", errs: "p.yml:1:4: byte 0xff (255) is not UTF-8; save the file as UTF-8"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			got, err := ReadPlaceholders("p.yml", []byte(tt.text))
			var errs []string
			for _, e := range Errors(err) {
				errs = append(errs, e.Error())
			}
			if strings.Join(errs, "\n") != tt.errs {
				t.Errorf("errors\n%s\nwant\n%s", strings.Join(errs, "\n"), tt.errs)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestPlaceholders tests errors that depend on the values of placeholders.
func TestPlaceholders(t *testing.T) {
	many := make([]string, 400)
	for i := range many {
		many[i] = fmt.Sprint("value", i)
	}
	placeholders := Placeholders{"Admins": {"a*"}, "Names": {"x"}, "Many": many, "Long": {strings.Repeat("x", 1<<20)}}
	for _, tt := range []struct{ why, search, want string }{
		{"a name that the file does not have", "{A|expand: '%Admin%'}", "case.yml:8:19: detection.s: not supported: placeholder %Admin% is not among the given placeholders; did you mean %Admins%?"},
		{"a name that nothing is near", "{A|expand: '%Subnets%'}", "not supported: placeholder %Subnets% is not among the given placeholders"},
		{"a wildcard in what is encoded", "{A|expand|base64: '%Admins%'}", `case.yml:8:26: detection.s: value "%Admins%" has a wildcard, which has no base64 encoding`},
		{"text on a field of integers", "{N|expand: '%Names%'}", `case.yml:8:19: detection.s: N is of type integer, and its value is expand "x"; expected a decimal number`},
		{"a wildcard on a field of addresses", "{IP|expand: '%Admins%'}", `IP is of type address, and its value is expand "a*"; expected an address, or cidr and a network`},
		{"too many combinations", "{A|expand: '%Many%%Many%%Many%'}", "case.yml:8:19: detection.s: not supported: with its placeholders filled in, the field has more than 131,072 values"},
		{"too many bytes", "{A|expand: '%Long%%Long%%Long%%Long%%Long%'}", "not supported: with its placeholders filled in, the rule has more than 4,194,304 bytes of values"},
		{"too many bytes of variants", "{A|expand|windash: '%Many%" + strings.Repeat(" -a", 6) + "'}", "has more than 4,194,304 bytes with its placeholders filled in"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			rules := mustParse(t, ruleOf("    s: "+tt.search+"\n    condition: s\n"))
			rules[0].Name = "case.yml"
			_, err := Compile(rules[0], typed(), placeholders)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}
