package logging

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/config"
)

// build returns a build without known bugs, by its newest schema.
func build(t testing.TB, schema, platform string) *sysmon.Build {
	t.Helper()
	v, err := sysmon.ParseVersion(schema)
	if err != nil {
		t.Fatal(err)
	}
	s, ok := sysmon.SchemaOf(v)
	if !ok {
		t.Fatalf("no schema %s", schema)
	}
	return sysmon.NewBuild("of "+schema, platform, s)
}

// engineOf loads a configuration with event elements.
func engineOf(t testing.TB, b *sysmon.Build, text string) *Engine {
	t.Helper()
	if !strings.HasPrefix(text, "<Sysmon") {
		text = `<Sysmon schemaversion="4.81"><EventFiltering>` + text + "</EventFiltering></Sysmon>"
	}
	c, err := config.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	l := c.Load(b)
	if !l.Took() {
		t.Fatalf("%s\n%s", l.Refused.Text, text)
	}
	return New(l.Rules, b, l.Sure)
}

// TestOperators compares one filter with one value.
func TestOperators(t *testing.T) {
	const none = sysmon.Operator(99)
	for _, row := range []struct {
		reason string
		op     sysmon.Operator
		value  string
		field  string
		want   set
	}{
		{"equal", sysmon.Is, "a", "a", match},
		{"case does not count", sysmon.Is, "aBc", "AbC", match},
		{"not equal", sysmon.Is, "a", "ab", miss},
		{"an empty value equals an empty field", sysmon.Is, "", "", match},
		{"and no other", sysmon.Is, "", "-", miss},
		{"negation", sysmon.IsNot, "a", "A", miss},
		{"negation", sysmon.IsNot, "a", "b", match},
		{"an item", sysmon.IsAny, "a;b", "B", match},
		{"the whole list is no item", sysmon.IsAny, "a;b", "a;b", miss},
		{"a blank behind ; belongs to the item", sysmon.IsAny, "a; b", "b", miss},
		{"an empty item is an empty field", sysmon.IsAny, "a;", "", match},
		{"contained", sysmon.Contains, "b", "ABC", match},
		{"; is a character", sysmon.Contains, "a;b", "a", miss},
		{"* is a character", sysmon.Contains, "*", "a", miss},
		{"empty in a field", sysmon.Contains, "", "a", match},
		{"empty in an empty field", sysmon.Contains, "", "", miss},
		{"excludes is the negation", sysmon.Excludes, "b", "ABC", miss},
		{"so an empty value is not in an empty field", sysmon.Excludes, "", "", match},
		{"one item", sysmon.ContainsAny, "x;b", "abc", match},
		{"no item", sysmon.ContainsAny, "x;y", "abc", miss},
		{"a ; at the end makes it true", sysmon.ContainsAny, "x;", "abc", match},
		{"but for an empty field", sysmon.ContainsAny, "x;", "", miss},
		{"an empty item in the middle is the rest of the list", sysmon.ContainsAny, "x;;y", "a;yb", match},
		{"and not every field", sysmon.ContainsAny, "x;;y", "ab", miss},
		{"the same in front", sysmon.ContainsAny, ";y", "a;y", match},
		{"all items", sysmon.ContainsAll, "a;c", "abc", match},
		{"not all", sysmon.ContainsAll, "a;x", "abc", miss},
		{"excludes any: none of the items", sysmon.ExcludesAny, "x;y", "abc", match},
		{"one of them is there", sysmon.ExcludesAny, "x;b", "abc", miss},
		{"a ; at the end makes it false", sysmon.ExcludesAny, "x;", "abc", miss},
		{"excludes all: one is missing", sysmon.ExcludesAll, "x;b", "abc", match},
		{"all are there", sysmon.ExcludesAll, "a;b", "abc", miss},
		{"begin", sysmon.BeginWith, "AB", "abc", match},
		{"; is a character", sysmon.BeginWith, "ab;x", "abc", miss},
		{"longer than the field", sysmon.BeginWith, "abcd", "abc", miss},
		{"an empty value begins every field", sysmon.BeginWith, "", "", match},
		{"not begin", sysmon.NotBeginWith, "b", "abc", match},
		{"end", sysmon.EndWith, "BC", "abc", match},
		{"longer than the field", sysmon.EndWith, "xabc", "abc", miss},
		{"not end", sysmon.NotEndWith, "c", "abc", miss},
		{"text comparison: 445 is not less than 1024", sysmon.LessThan, "1024", "445", miss},
		{"10 is less than 9", sysmon.LessThan, "9", "10", match},
		{"shorter is less", sysmon.LessThan, "ab", "a", match},
		{"equal is not less", sysmon.LessThan, "a", "A", miss},
		{"more", sysmon.MoreThan, "1024", "445", match},
		{"equal is not more", sysmon.MoreThan, "a", "a", miss},
		{"a letter and _ have no known order", sysmon.LessThan, "a", "_", match | miss},
		{"the last part of a path", sysmon.Image, "b.exe", `C:\a\B.exe`, match},
		{"without a path", sysmon.Image, "b.exe", "b.exe", match},
		{"a part of the name", sysmon.Image, "b.exe", `C:\ab.exe`, miss},
		{"a value with a path is compared whole", sysmon.Image, `a\b.exe`, `C:\a\b.exe`, miss},
		{"and equal", sysmon.Image, `C:\a\b.exe`, `c:\A\b.exe`, match},
		{"% may be expanded", sysmon.Is, "%a%", "%a%", match | miss | failed},
		{"also in a negation", sysmon.Excludes, "100%", "b", match | miss | failed},
		{"letters beyond ASCII as they are", sysmon.Is, "É", "É", match},
		{"their case", sysmon.Is, "É", "é", match | miss},
		{"the same in a part", sysmon.EndWith, "é", "cafÉ", match | miss},
		{"the negation", sysmon.NotEndWith, "é", "cafÉ", match | miss},
		{"other letters", sysmon.Is, "É", "è", miss},
		{"the sign Kelvin", sysmon.Contains, "k", "\u212A", match | miss},
		{"no order beyond ASCII", sysmon.LessThan, "é", "z", match | miss},
		{"an unknown operator gives up", none, "a", "a", failed},
	} {
		e := &Engine{}
		f := e.newFilter(&sysmon.Filter{Op: row.op, Value: row.value})
		if got := f.eval(folded(row.field, false)); got != row.want {
			t.Errorf("%s: %q %s %q is %b, want %b", row.reason, row.field, row.op, row.value, got, row.want)
		}
	}
	for _, row := range []struct {
		reason string
		op     sysmon.Operator
		value  string
		field  string
		want   set
	}{
		{"Linux expands nothing", sysmon.Is, "%a%", "%A%", match},
		{"Linux folds A to Z alone", sysmon.Is, "É", "é", miss},
		{"a letter is behind _ there", sysmon.LessThan, "a", "_", match},
		{"an order of units", sysmon.LessThan, "\uE000", "\U00010000", match},
		{"the same the other way round", sysmon.MoreThan, "\U00010000", "\uE000", match},
		{"equal", sysmon.LessThan, "é", "é", miss},
	} {
		e := &Engine{traits: traits{linux: true}}
		f := e.newFilter(&sysmon.Filter{Op: row.op, Value: row.value})
		if got := f.eval(folded(row.field, true)); got != row.want {
			t.Errorf("%s: %q %s %q is %b, want %b", row.reason, row.field, row.op, row.value, got, row.want)
		}
	}
}

// fieldsOf reads "Image=a User=b".
func fieldsOf(s string) map[string]string {
	m := map[string]string{}
	for item := range strings.FieldsSeq(s) {
		name, value, _ := strings.Cut(item, "=")
		m[name] = value
	}
	return m
}

func TestLogged(t *testing.T) {
	group := func(relation, inside string) string {
		return `<RuleGroup groupRelation="` + relation + `">` + inside + `</RuleGroup>`
	}
	for _, row := range []struct {
		reason, elements string
		id               uint32
		fields           string
		want             string // answer, RuleName or ?, element and filter
	}{
		// Rule 1.
		{"the type default of ProcessCreate", "", 1, "", `logged "" -1 -1`},
		{"and of ProcessTerminate", "", 5, "", `logged "" -1 -1`},
		{"of others", "", 3, "", `dropped "" -1 -1`},
		{"an event without a tag", "", 4, "", `logged "" -1 -1`},
		{"an event that the build does not have", "", 29, "", `dropped ? -1 -1`},
		// Rule 2.
		{"one exclude, no match", `<FileCreate onmatch="exclude"><Image>a</Image></FileCreate>`, 11, "Image=b", `logged "" -1 -1`},
		{"one exclude, match", `<FileCreate onmatch="exclude"><Image>a</Image></FileCreate>`, 11, "Image=A", `dropped "" 0 0`},
		{"one include, match", `<FileCreate onmatch="include"><Image name="n">a</Image></FileCreate>`, 11, "Image=a", `logged "n" 0 0`},
		{"one include, no match", `<FileCreate onmatch="include"><Image name="n">a</Image></FileCreate>`, 11, "Image=b", `dropped "" -1 -1`},
		{"an empty include keeps nothing", `<ProcessCreate onmatch="include"/>`, 1, "", `dropped "" -1 -1`},
		{"an empty exclude keeps everything", `<FileCreate onmatch="exclude"/>`, 11, "", `logged "" -1 -1`},
		// Rule 3.
		{"two excludes keep nothing", `<ProcessCreate onmatch="exclude"/><ProcessCreate onmatch="exclude"><Image>a</Image></ProcessCreate>`, 1, "Image=b", `dropped "" -1 -1`},
		{"an empty exclude and an include are the include", `<DriverLoad onmatch="exclude"/><DriverLoad onmatch="include"><Hashes>a</Hashes></DriverLoad>`, 6, "Hashes=b", `dropped "" -1 -1`},
		{"excludes are first, wherever they stand", `<ProcessCreate onmatch="include"><Image>a</Image></ProcessCreate><ProcessCreate onmatch="exclude"><User>b</User></ProcessCreate>`, 1, "Image=a User=b", `dropped "" 1 0`},
		{"the last of two includes is first", `<ProcessCreate onmatch="include"><Image name="m">a</Image></ProcessCreate><ProcessCreate onmatch="include"><Image name="n">a</Image></ProcessCreate>`, 1, "Image=a", `logged "n" 1 0`},
		// Rules 4 and 5.
		{"and between fields", `<ProcessCreate onmatch="include"><Image>a</Image><User>b</User></ProcessCreate>`, 1, "Image=a User=c", `dropped "" -1 -1`},
		{"or between filters of one field", `<ProcessCreate onmatch="include"><Image>a</Image><User>b</User><Image>c</Image></ProcessCreate>`, 1, "Image=c User=b", `logged "" 0 2`},
		{"the field that matched is not compared again", `<ProcessCreate onmatch="include"><Image>a</Image><User>b</User><Image>c</Image></ProcessCreate>`, 1, "Image=a User=b", `logged "" 0 1`},
		{"two negations of one field are always true", `<ProcessCreate onmatch="include"><Image condition="is not">a</Image><Image condition="is not">b</Image></ProcessCreate>`, 1, "Image=a", `logged "" 0 1`},
		{"or in a group", group("or", `<ProcessCreate onmatch="include"><Image>a</Image><User>b</User></ProcessCreate>`), 1, "Image=x User=b", `logged "" 0 1`},
		{"a Rule without relation is or", group("or", `<ProcessCreate onmatch="include"><Rule><Image>a</Image><User>b</User></Rule></ProcessCreate>`), 1, "Image=x User=b", `logged "" 0 1`},
		{"and in a Rule, also of one field", group("or", `<ProcessCreate onmatch="include"><Rule groupRelation="and"><Image condition="contains">a</Image><Image condition="contains">b</Image></Rule></ProcessCreate>`), 1, "Image=xb", `dropped "" -1 -1`},
		{"all match", group("or", `<ProcessCreate onmatch="include"><Rule groupRelation="and"><Image condition="contains">a</Image><Image condition="contains">b</Image></Rule></ProcessCreate>`), 1, "Image=ab", `logged "" 0 1`},
		{"a Rule counts like a filter of its own", group("and", `<ProcessCreate onmatch="include"><Image>a</Image><Rule><Image>b</Image></Rule></ProcessCreate>`), 1, "Image=a", `dropped "" -1 -1`},
		{"a filter of its field in a Rule is no later one", group("and", `<ProcessCreate onmatch="include"><Image>a</Image><Rule><User>b</User></Rule><Image>c</Image></ProcessCreate>`), 1, "Image=c User=b", `logged "" 0 2`},
		// Rule 6.
		{"a Rule that fails half-way leaves its name", group("or", `<ProcessCreate onmatch="include"><Rule name="r" groupRelation="and"><Image>a</Image><User>x</User></Rule><User>b</User></ProcessCreate>`), 1, "Image=a User=b", `logged "r" 0 2`},
		{"also from another element", `<ProcessCreate onmatch="include"><User>b</User></ProcessCreate><ProcessCreate onmatch="include"><Image name="r">a</Image><User>x</User></ProcessCreate>`, 1, "Image=a User=b", `logged "r" 0 0`},
		{"the last name counts", group("and", `<ProcessCreate onmatch="include"><Image name="m">a</Image><User name="n">b</User></ProcessCreate>`), 1, "Image=a User=b", `logged "n" 0 1`},
		{"a default has no name", `<ProcessCreate onmatch="exclude"><Image name="r">a</Image><User>x</User></ProcessCreate>`, 1, "Image=a User=b", `logged "" -1 -1`},
		// Events of one tag.
		{"a record of 12 counts for 13", `<RegistryEvent onmatch="include"><TargetObject>a</TargetObject></RegistryEvent>`, 13, "TargetObject=a", `logged "" 0 0`},
		{"User works for 12 only", `<RegistryEvent onmatch="include"><User>a</User></RegistryEvent>`, 13, "User=a", `dropped "" -1 -1`},
		{"there", `<RegistryEvent onmatch="include"><User>a</User></RegistryEvent>`, 12, "User=a", `logged "" 0 0`},
		{"with Details for 13 and 14", group("or", `<RegistryEvent onmatch="include"><User>a</User><Details>b</Details></RegistryEvent>`), 14, "User=a", `logged "" 0 0`},
		{"Details of 13 is NewName of 14", group("or", `<RegistryEvent onmatch="include"><User>a</User><Details>b</Details></RegistryEvent>`), 14, "User=x NewName=b", `dropped "" -1 -1`},
		{"and never for 12, which lacks the place", group("or", `<RegistryEvent onmatch="include"><User>a</User><Details>b</Details></RegistryEvent>`), 12, "User=a", `dropped "" -1 -1`},
		{"Name works for 19 only", `<WmiEvent onmatch="include"><Name>a</Name></WmiEvent>`, 20, "Name=a", `dropped "" -1 -1`},
		{"Destination makes 19 never match", `<WmiEvent onmatch="include"><Destination>a</Destination><Operation>b</Operation></WmiEvent>`, 19, "Operation=b", `dropped "" -1 -1`},
		// Unknown.
		{"a value that is not known", `<FileCreate onmatch="include"><Image>a</Image></FileCreate>`, 11, "", `unknown ? -1 -1`},
		{"which does not matter", group("or", `<FileCreate onmatch="include"><Image name="m">a</Image><User>b</User></FileCreate>`), 11, "User=b", `logged ? 0 -1`},
		{"the name before it", group("or", `<FileCreate onmatch="include"><Image>a</Image><User name="n">b</User></FileCreate>`), 11, "User=b", `logged ? 0 -1`},
		{"an expansion", `<FileCreate onmatch="exclude"><Image>%a%</Image></FileCreate>`, 11, "Image=b", `unknown ? -1 -1`},
		{"behind a filter that decides", group("or", `<FileCreate onmatch="include"><User name="n">b</User><Image>%a%</Image></FileCreate>`), 11, "Image=b User=b", `logged "n" 0 0`},
		{"in front of it: the engine may give up", group("or", `<FileCreate onmatch="include"><Image>%a%</Image><User>b</User></FileCreate>`), 11, "Image=b User=b", `unknown ? -1 -1`},
	} {
		e := engineOf(t, build(t, "4.81", sysmon.Windows), row.elements)
		r := e.Logged(&Event{row.id, fieldsOf(row.fields)})
		name := "?"
		if r.NameKnown {
			name = strconv.Quote(r.RuleName)
		}
		got := fmt.Sprintf("%s %s %d %d", r.Answer, name, r.Element, r.Filter)
		if r.Answer == Dropped { // the name of an event that is dropped is of no use
			got = strings.Replace(got, name, strings.Fields(row.want)[1], 1)
		}
		if got != row.want {
			t.Errorf("%s: %s, want %s", row.reason, got, row.want)
		}
	}
}
