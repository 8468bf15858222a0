package logging

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/internal/odd"
	"github.com/cfcheck/cfcheck/sysmon"
)

// TestUnder compares a filter with all values that satisfy an atom.
func TestUnder(t *testing.T) {
	for _, row := range []struct {
		reason     string
		op         sysmon.Operator
		value      string
		comparison Comparison
		atom       string
		want       set
	}{
		{"a known value decides", sysmon.EndWith, "b", Equals, "ab", match},
		{"a known end has the end", sysmon.EndWith, `\b.exe`, Ends, `a\B.exe`, match},
		{"another end", sysmon.EndWith, `\b.exe`, Ends, `\c.exe`, miss},
		{"a longer end is open", sysmon.EndWith, `a\b.exe`, Ends, `\b.exe`, match | miss},
		{"a longer end that differs", sysmon.EndWith, `a\c.exe`, Ends, `\b.exe`, miss},
		{"its negation", sysmon.NotEndWith, `\b.exe`, Ends, `a\b.exe`, miss},
		{"its negation", sysmon.NotEndWith, `\b.exe`, Ends, `\c.exe`, match},
		{"a begin says nothing about an end", sysmon.EndWith, "a", Starts, "a", match | miss},
		{"but an empty end is always there", sysmon.EndWith, "", Starts, "a", match},
		{"a known begin", sysmon.BeginWith, "HK", Starts, "HKLM", match},
		{"a longer begin", sysmon.BeginWith, "HKLM", Starts, "HK", match | miss},
		{"another begin", sysmon.BeginWith, "HKLM", Starts, "HKU", miss},
		{"contained in an end", sysmon.Contains, "b", Ends, "abc", match},
		{"an end without it", sysmon.Contains, "x", Ends, "abc", match | miss},
		{"contained in a part", sysmon.Contains, "b", Contains, "abc", match},
		{"a part of what it looks for", sysmon.Contains, "abc", Contains, "b", match | miss},
		{"any value is not empty if it has a part", sysmon.Contains, "", Contains, "a", match},
		{"an empty part says nothing", sysmon.Contains, "", Contains, "", match | miss},
		{"excludes", sysmon.Excludes, "b", Contains, "abc", miss},
		{"one of the items is there", sysmon.ContainsAny, "x;b", Ends, "abc", match},
		{"all of them", sysmon.ContainsAll, "a;b", Ends, "abc", match},
		{"not all of them", sysmon.ContainsAll, "a;x", Ends, "abc", match | miss},
		{"none may be there", sysmon.ExcludesAny, "x;b", Ends, "abc", miss},
		{"all are there", sysmon.ExcludesAll, "a;b", Starts, "abc", miss},
		{"equal to a text with another end", sysmon.Is, "xb", Ends, "a", miss},
		{"equal to a text with that end", sysmon.Is, "xa", Ends, "a", match | miss},
		{"equal to a text with another begin", sysmon.Is, "xb", Starts, "a", miss},
		{"equal to a text without the part", sysmon.Is, "xb", Contains, "a", miss},
		{"not equal to it", sysmon.IsNot, "xb", Contains, "a", match},
		{"no item has the end", sysmon.IsAny, "x;y", Ends, "a", miss},
		{"one item has", sysmon.IsAny, "x;ya", Ends, "a", match | miss},
		{"the name of an image is known", sysmon.Image, "b.exe", Ends, `\B.exe`, match},
		{"another name", sysmon.Image, "c.exe", Ends, `a\b.exe`, miss},
		{"an end of the name", sysmon.Image, "b.exe", Ends, ".exe", match | miss},
		{"not of this name", sysmon.Image, "b.com", Ends, ".exe", miss},
		{"a begin says nothing about the name", sysmon.Image, "b.exe", Starts, `C:\`, match | miss},
		{"nor does a part", sysmon.Image, "b.exe", Contains, "x", match | miss},
		{"with a path it is the whole", sysmon.Image, `C:\b.exe`, Starts, `D:\`, miss},
		{"the same", sysmon.Image, `C:\b.exe`, Ends, `\c.exe`, miss},
		{"the same", sysmon.Image, `C:\b.exe`, Contains, "c.exe", miss},
		{"an order is open", sysmon.LessThan, "b", Starts, "a", match | miss},
		{"an expansion is open", sysmon.EndWith, "%a", Ends, "b", match | miss | failed},
		{"case beyond ASCII is open", sysmon.EndWith, "é", Ends, "É", match | miss},
		{"other letters are not", sysmon.EndWith, "é", Ends, "È", miss},
	} {
		e := &Engine{}
		f := e.newFilter(&sysmon.Filter{Op: row.op, Value: row.value})
		if got := f.under(row.comparison, folded(row.atom, false)); got != row.want {
			t.Errorf("%s: %s %q under %d %q is %b, want %b", row.reason, row.op, row.value, row.comparison, row.atom, got, row.want)
		}
	}
}

func TestDecide(t *testing.T) {
	group := func(inside string) string {
		return `<RuleGroup groupRelation="or">` + inside + `</RuleGroup>`
	}
	ends := func(values ...string) []Atom { return []Atom{{"Image", Ends, values}} }
	for _, row := range []struct {
		reason, elements string
		id               uint32
		atoms            []Atom
		want             string // verdict, reason, element, filters, atom
	}{
		{"no such event", "", 29, nil, "closed no event -1 [] -1"},
		{"dropped by default", "", 11, nil, "closed type default -1 [] -1"},
		{"an empty include", `<FileCreate onmatch="include"/>`, 11, ends("a"), "closed nothing kept 0 [] -1"},
		{"two excludes", `<FileCreate onmatch="exclude"/><FileCreate onmatch="exclude"/>`, 11, ends("a"), "closed nothing kept 1 [] -1"},
		{"an include that no event of this ID matches", `<RegistryEvent onmatch="include"><User>a</User></RegistryEvent>`, 13, nil, "closed nothing kept 0 [] -1"},
		{"logged by default", "", 1, ends("a"), "sure  -1 [] -1"},
		{"without a tag", "", 4, nil, "sure  -1 [] -1"},
		{"without a tag and a field", "", 4, ends("a"), "never no field -1 [] 0"},
		{"a field that the event lacks", "", 1, append(ends("a"), Atom{"TargetFilename", Ends, []string{"a"}}), "never no field -1 [] 1"},
		{"excluded", `<FileCreate onmatch="exclude"><User>x</User><Image condition="end with">a</Image></FileCreate>`, 11, ends("ba"), "wanted  -1 [] -1"},
		{"excluded", group(`<FileCreate onmatch="exclude"><User>x</User><Image condition="end with">a</Image></FileCreate>`), 11, ends("ba"), "never excluded 0 [1] -1"},
		{"one of two values is excluded", group(`<FileCreate onmatch="exclude"><Image condition="end with">a</Image></FileCreate>`), 11, ends("ba", "b"), "wanted  -1 [] -1"},
		{"both are", group(`<FileCreate onmatch="exclude"><Image condition="end with">a</Image></FileCreate>`), 11, ends("ba", "ca"), "never excluded 0 [0] -1"},
		{"each by another filter: not complete", group(`<FileCreate onmatch="exclude"><Image condition="end with">ba</Image><Image condition="end with">ca</Image></FileCreate>`), 11, ends("ba", "ca"), "wanted  -1 [] -1"},
		{"not excluded", group(`<FileCreate onmatch="exclude"><Image condition="end with">x</Image></FileCreate>`), 11, ends("a"), "sure  -1 [] -1"},
		{"excluded by a Rule", `<FileCreate onmatch="exclude"><Rule groupRelation="and"><Image condition="end with">a</Image><User condition="contains">b</User></Rule></FileCreate>`, 11, append(ends("a"), Atom{"User", Equals, []string{"abc"}}), "never excluded 0 [0 1] -1"},
		{"half a Rule", `<FileCreate onmatch="exclude"><Rule groupRelation="and"><Image condition="end with">a</Image><User condition="contains">b</User></Rule></FileCreate>`, 11, ends("a"), "wanted  -1 [] -1"},
		{"an and of fields", `<FileCreate onmatch="exclude"><Image condition="end with">a</Image><User condition="contains">b</User><Image>x</Image></FileCreate>`, 11, append(ends("a"), Atom{"User", Equals, []string{"abc"}}), "never excluded 0 [0 1] -1"},
		{"no include matches", `<FileCreate onmatch="include"><Image condition="end with">x</Image></FileCreate><FileCreate onmatch="include"><Rule groupRelation="and"><User>b</User><Image>y</Image></Rule></FileCreate>`, 11, ends("a"), "never no include -1 [] -1"},
		{"an exclude and no include", `<FileCreate onmatch="exclude"><Image>x</Image></FileCreate><FileCreate onmatch="include"><Image condition="end with">x</Image></FileCreate>`, 11, ends("a"), "never no include -1 [] -1"},
		{"included", group(`<FileCreate onmatch="include"><User>b</User><Image condition="end with">a</Image></FileCreate>`), 11, ends("ba"), "sure  0 [1] -1"},
		{"included, or excluded", group(`<FileCreate onmatch="include"><Image condition="end with">a</Image></FileCreate>`) + `<FileCreate onmatch="exclude"><User>b</User></FileCreate>`, 11, ends("ba"), "wanted  0 [0] -1"},
		{"only by luck", group(`<FileCreate onmatch="include"><Image condition="end with">ba</Image></FileCreate>`), 11, ends("a"), "by luck  -1 [] -1"},
		{"a part of several atoms", `<FileCreate onmatch="include"><Image>abc</Image></FileCreate>`, 11, []Atom{{"Image", Starts, []string{"a"}}, {"Image", Ends, []string{"b"}}}, "never no include -1 [] -1"},
		{"an expansion is no exclude for sure", group(`<FileCreate onmatch="exclude"><Image condition="end with">%a</Image></FileCreate>`), 11, ends("b"), "wanted  -1 [] -1"},
		{"nor is a filter behind it", group(`<FileCreate onmatch="exclude"><User>%a</User><Image condition="end with">a</Image></FileCreate>`), 11, ends("a"), "wanted  -1 [] -1"},
		{"a filter of another event of the tag does not count", group(`<RegistryEvent onmatch="exclude"><Details>a</Details></RegistryEvent>`), 14, []Atom{{"NewName", Equals, []string{"a"}}}, "sure  -1 [] -1"},
	} {
		d := engineOf(t, build(t, "4.81", sysmon.Windows), row.elements).Decide(row.id, row.atoms)
		if got := fmt.Sprintf("%s %s %d %d %d", d.Verdict, d.Reason, d.Element, d.Filters, d.Atom); got != row.want {
			t.Errorf("%s: %s, want %s", row.reason, got, row.want)
		}
	}
}

// TestDecideOptions has verdicts that depend on options or the build.
func TestDecideOptions(t *testing.T) {
	with := func(version, options, elements string) string {
		return `<Sysmon schemaversion="` + version + `">` + options + `<EventFiltering>` + elements + "</EventFiltering></Sysmon>"
	}
	host := func(c Comparison, v string) []Atom { return []Atom{{"DestinationHostname", c, []string{v}}} }
	network := `<NetworkConnect onmatch="exclude"/>`
	windows := build(t, "4.81", sysmon.Windows)
	for _, row := range []struct {
		reason, text string
		b            *sysmon.Build
		id           uint32
		atoms        []Atom
		want         string
	}{
		{"DnsLookup is off", with("4.81", "<DnsLookup>False</DnsLookup>", network), windows, 3, host(Ends, "a"), "never empty field"},
		{"an empty name is there", with("4.81", "<DnsLookup>False</DnsLookup>", network), windows, 3, host(Equals, "-"), "sure "},
		{"it is on", with("4.81", "<DnsLookup>True</DnsLookup>", network), windows, 3, host(Ends, "a"), "sure "},
		{"an option hides it", with("4.81", "<CheckRevocation/><DnsLookup>False</DnsLookup>", network), windows, 3, host(Ends, "a"), "sure "},
		{"the empty name decides a filter", with("4.81", "<DnsLookup>False</DnsLookup>", `<NetworkConnect onmatch="include"><DestinationHostname condition="end with">a</DestinationHostname></NetworkConnect>`), windows, 3, nil, "never no include"},
		{"of event 3 only", with("4.81", "<DnsLookup>False</DnsLookup>", `<DnsQuery onmatch="exclude"/>`), windows, 22, []Atom{{"QueryName", Equals, []string{"a"}}}, "sure "},
		{"another algorithm", with("4.81", "<HashAlgorithms>md5</HashAlgorithms>", ""), windows, 1, []Atom{{"Hashes", Contains, []string{"SHA256=0", "IMPHASH=0"}}}, "never no algorithm"},
		{"one of two is configured", with("4.81", "<HashAlgorithms>md5</HashAlgorithms>", ""), windows, 1, []Atom{{"Hashes", Contains, []string{"SHA256=0", "md5=0"}}}, "sure "},
		{"the default is not certain", with("4.81", "", ""), windows, 1, []Atom{{"Hashes", Contains, []string{"IMPHASH=0"}}}, "sure "},
		{"a bare hash", with("4.81", "<HashAlgorithms>md5</HashAlgorithms>", ""), windows, 1, []Atom{{"Hashes", Contains, []string{"00"}}}, "sure "},
		{"Linux has no event 7", with("4.81", "", `<ImageLoad onmatch="exclude"/>`), build(t, "4.81", sysmon.Linux), 7, nil, "closed no event"},
		{"Linux expands nothing", with("4.81", "", `<ProcessCreate onmatch="exclude"><Image>%a</Image></ProcessCreate>`), build(t, "4.81", sysmon.Linux), 1, []Atom{{"Image", Equals, []string{"%A"}}}, "never excluded"},
		{"a bug of the build: capitals", with("4.81", "", `<ProcessCreate onmatch="exclude"><Image>A</Image></ProcessCreate>`), named(t, "linux-1.2.0"), 1, []Atom{{"Image", Equals, []string{"A"}}}, "open "},
		{"another build", with("4.81", "", `<ProcessCreate onmatch="exclude"><Image>A</Image></ProcessCreate>`), named(t, "linux-1.0.0"), 1, []Atom{{"Image", Equals, []string{"A"}}}, "never excluded"},
		{"before 11.0 the relation is not known", with("4.23", "", `<ProcessCreate onmatch="exclude"><Image>a</Image><User>b</User></ProcessCreate>`), named(t, "10.42"), 1, []Atom{{"Image", Equals, []string{"a"}}, {"User", Equals, []string{"c"}}}, "wanted "},
		{"both relations exclude", with("4.23", "", `<ProcessCreate onmatch="exclude"><Image>a</Image><User>b</User></ProcessCreate>`), named(t, "10.42"), 1, []Atom{{"Image", Equals, []string{"a"}}, {"User", Equals, []string{"b"}}}, "never excluded"},
		{"an element that may be lost", with("4.30", "", `<RuleGroup groupRelation="or"><FileCreate onmatch="include"/><!-- --><ProcessCreate onmatch="include"/></RuleGroup>`), named(t, "11.0"), 1, nil, "open "},
	} {
		d := engineOf(t, row.b, row.text).Decide(row.id, row.atoms)
		if got := fmt.Sprintf("%s %s", d.Verdict, d.Reason); got != row.want {
			t.Errorf("%s: %s (%+v), want %s", row.reason, got, d, row.want)
		}
	}
}

func TestCombine(t *testing.T) {
	d := func(v Verdict, r Reason) Decision { return Decision{Verdict: v, Reason: r} }
	for _, row := range []struct {
		reason string
		list   []Decision
		want   Verdict
	}{
		{"no event at all", nil, Closed},
		{"all closed", []Decision{d(Closed, TypeDefault), d(Closed, NoEvent)}, Closed},
		{"one is never", []Decision{d(Closed, TypeDefault), d(Never, Excluded)}, Never},
		{"one by luck", []Decision{d(Luck, NoReason), d(Never, Excluded)}, Luck},
		{"one wanted", []Decision{d(Luck, NoReason), d(Wanted, NoReason), d(Closed, NothingKept)}, Wanted},
		{"sure for the only one with the field", []Decision{d(Never, NoField), d(Sure, NoReason), d(Closed, NoEvent)}, Sure},
		{"sure for one of two", []Decision{d(Never, Excluded), d(Sure, NoReason)}, Wanted},
		{"sure and closed", []Decision{d(Sure, NoReason), d(Closed, TypeDefault)}, Wanted},
		{"open and never", []Decision{d(Never, NoField), d(Open, NoReason)}, Open},
		{"open and luck", []Decision{d(Open, NoReason), d(Luck, NoReason)}, Luck},
		{"luck and open", []Decision{d(Luck, NoReason), d(Open, NoReason)}, Luck},
	} {
		if got := Combine(row.list...); got != row.want {
			t.Errorf("%s: %s, want %s", row.reason, got, row.want)
		}
	}
	for v := Open; v <= Sure; v++ {
		if strings.HasPrefix(v.String(), "Verdict") {
			t.Errorf("verdict %d has no name", v)
		}
	}
	if Verdict(99).String() != "Verdict(99)" || Reason(99).String() != "Reason(99)" || Answer(99).String() != "Answer(99)" || Unknown.String() != "unknown" {
		t.Error("a number without a name has one")
	}
}

func named(t testing.TB, name string) *sysmon.Build {
	t.Helper()
	b, err := sysmon.BuildNamed(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A draw makes random rules, atoms and events.
type draw struct{ *rand.Rand }

func (d draw) text(alphabet string, most int) string {
	letters := []rune(alphabet)
	var b strings.Builder
	for range d.IntN(most + 1) {
		b.WriteRune(letters[d.IntN(len(letters))])
	}
	return b.String()
}

// few has the letters of values: a path, a list, a variable, letters beyond ASCII.
const few = `aabbAB\\;%éÉ`

// fields of events 12, 13 and 14; the last ones differ.
var someFields = []int{5, 6, 7, 8}

func (d draw) rules(ids []uint32) *sysmon.Rules {
	r := new(sysmon.Rules)
	for range d.IntN(4) {
		e := sysmon.Element{Event: ids[d.IntN(len(ids))], Include: d.IntN(2) == 0, All: d.IntN(2) == 0}
		group := -1
		for range d.IntN(5) {
			switch d.IntN(4) {
			case 0:
				group = -1
			case 1:
				group = len(e.Groups)
				e.Groups = append(e.Groups, sysmon.Group{ID: uint32(group + 1), All: d.IntN(2) == 0})
			}
			f := sysmon.Filter{Field: someFields[d.IntN(len(someFields))], Op: sysmon.Operator(d.IntN(16)), Value: d.text(few, 3), Name: d.text("mn", 1), Group: group}
			if d.IntN(40) == 0 {
				f.Op = 16
			}
			e.Filters = append(e.Filters, f)
		}
		r.Elements = append(r.Elements, e)
	}
	return r
}

// satisfying returns a value that satisfies the atoms about a field, or false if it found none.
func (d draw) satisfying(atoms []Atom) (string, bool) {
	var v string
	var middle, end string
	for _, a := range atoms {
		pick := a.Values[d.IntN(len(a.Values))]
		switch a.Comparison {
		case Equals:
			v, middle, end = pick, "", ""
		case Starts:
			v = pick + d.text(few, 2)
		case Ends:
			end = d.text(few, 2) + pick
		case Contains:
			middle += d.text(few, 1) + pick + d.text(few, 1)
		}
	}
	v += middle + end
	if len(atoms) == 0 {
		v = d.text(few, 4)
	}
	b := []byte(v)
	for i, c := range b {
		if c|0x20 >= 'a' && c|0x20 <= 'z' && c < 0x80 && d.IntN(2) == 0 {
			b[i] ^= 0x20
		}
	}
	v = string(b)
	for _, a := range atoms {
		ok := slices.ContainsFunc(a.Values, func(s string) bool {
			s, v := lowerASCII(s), lowerASCII(v)
			switch a.Comparison {
			case Equals:
				return v == s
			case Starts:
				return strings.HasPrefix(v, s)
			case Ends:
				return strings.HasSuffix(v, s)
			}
			return strings.Contains(v, s)
		})
		if !ok {
			return "", false
		}
	}
	return v, true
}

// TestSound draws rules and atoms, and for each verdict events that satisfy the atoms: not
// one may contradict it, not even in a world where what is unknown is chosen at will.
func TestSound(t *testing.T) {
	b := build(t, "4.81", sysmon.Windows)
	d := draw{rand.New(rand.NewPCG(13, 81))}
	schema := b.Manifest()
	ids := []uint32{12, 13, 14}
	count := map[Verdict]int{}
	rounds, many := 2500, 5
	if testing.Short() {
		rounds, many = 1000, 2
	}
	known, events := 0, 0
	for range rounds {
		rules := d.rules(ids)
		e := New(rules, b, true)
		id := ids[d.IntN(len(ids))]
		if i := slices.IndexFunc(rules.Elements, func(x sysmon.Element) bool { return len(x.Filters) > 0 }); i >= 0 {
			// An engine in which a filter was replaced decides as a new one.
			k := d.IntN(len(rules.Elements[i].Filters))
			before := *rules
			before.Elements = slices.Clone(rules.Elements)
			before.Elements[i].Filters = slices.Clone(rules.Elements[i].Filters)
			before.Elements[i].Filters[k].Value += "c"
			f := &rules.Elements[i].Filters[k]
			if got, want := New(&before, b, true).WithFilter(i, k, f).Decide(id, nil), e.Decide(id, nil); !reflect.DeepEqual(got, want) {
				t.Fatalf("with a filter replaced %+v, want %+v\nrules %+v", got, want, rules)
			}
		}
		names := schema.Event(id).Fields
		var atoms []Atom
		for range d.IntN(4) {
			a := Atom{Field: names[someFields[d.IntN(len(someFields)-1)]], Comparison: Comparison(d.IntN(4))}
			for range 1 + d.IntN(2) {
				a.Values = append(a.Values, d.text(few, 3))
			}
			if schema.Event(id).Field(a.Field) >= 0 {
				atoms = append(atoms, a)
			}
		}
		decision := e.Decide(id, atoms)
		count[decision.Verdict]++
		want := decision
		if want.Verdict > Never {
			want = Decision{Element: -1, Atom: -1}
		}
		if got := e.Never(id, atoms, d.IntN(len(rules.Elements)+1)); !reflect.DeepEqual(got, want) {
			t.Fatalf("Never %+v, Decide %+v\nrules %+v\natoms %+v", got, decision, rules, atoms)
		}
		each := 40
		if decision.Verdict == Never && count[Never] <= many {
			each = 10_000
		}
		for range each {
			event := Event{ID: id, Values: map[string]string{}}
			ok := true
			for _, name := range names {
				var about []Atom
				for _, a := range atoms {
					if a.Field == name && decision.Verdict != Closed {
						about = append(about, a)
					}
				}
				v, found := d.satisfying(about)
				ok = ok && found
				event.Values[name] = v
			}
			if !ok {
				continue
			}
			events++
			// One of the worlds that are possible, by an interpreter of its own.
			logged, name := world(rules, schema, &event, d)
			r := e.Logged(&event)
			if r.Answer != Unknown {
				known++
				if (r.Answer == Logged) != logged {
					t.Fatalf("%s, want logged %v\n%+v\n%+v", r.Answer, logged, rules, event)
				}
				if r.NameKnown && logged && r.RuleName != name {
					t.Fatalf("RuleName %q, want %q\n%+v\n%+v", r.RuleName, name, rules, event)
				}
			}
			wrong := false
			switch decision.Verdict {
			case Closed, Never:
				wrong = logged
			case Sure:
				wrong = !logged
			}
			if wrong {
				t.Fatalf("%s (%s), but logged is %v\nrules %+v\natoms %+v\nevent %+v", decision.Verdict, decision.Reason, logged, rules, atoms, event)
			}
		}
	}
	for _, v := range []Verdict{Closed, Never, Luck, Wanted, Sure} {
		if count[v] == 0 {
			t.Errorf("no verdict %s", v)
		}
	}
	if known < events/2 {
		t.Errorf("%d of %d answers are known", known, events)
	}
	t.Logf("%v; %d events, %d answers known", count, events, known)
}

// world follows the description of the engine, filter by filter. Where it is open it chooses
// at will.
func world(r *sysmon.Rules, s *sysmon.Schema, event *Event, d draw) (logged bool, ruleName string) {
	ev := s.Event(event.ID)
	name := ""
	turkish := d.IntN(2) == 0 // whether É and é are equal in this world
	fold := func(s string) string {
		if turkish {
			return strings.ToLower(s)
		}
		return lowerASCII(s)
	}
	hold := func(f *sysmon.Filter) (matched, gaveUp bool) {
		v, value := fold(event.Values[ev.Fields[f.Field]]), fold(f.Value)
		if f.Op > sysmon.NotEndWith {
			return false, true
		}
		if strings.Contains(value, "%") {
			switch d.IntN(3) {
			case 0:
				return false, true
			case 1:
				return true, false
			}
			return false, false
		}
		in := func(item string) bool { return v != "" && strings.Contains(v, item) }
		count, all := 0, 0
		for rest, more := value, true; more; {
			var item string
			whole := rest
			if item, rest, more = strings.Cut(rest, ";"); item == "" {
				item = whole
			}
			all++
			if in(item) {
				count++
			}
		}
		last := v
		if !strings.Contains(value, `\`) {
			last = v[strings.LastIndex(v, `\`)+1:]
		}
		// Windows compares either lower or upper case letters.
		order := func(a, b string) bool { return a < b }
		if d.IntN(2) == 0 && isASCII(v+value) {
			order = func(a, b string) bool { return strings.ToUpper(a) < strings.ToUpper(b) }
		}
		switch f.Op {
		case sysmon.Is:
			return v == value, false
		case sysmon.IsNot:
			return v != value, false
		case sysmon.IsAny:
			return slices.Contains(strings.Split(value, ";"), v), false
		case sysmon.Contains:
			return in(value), false
		case sysmon.Excludes:
			return !in(value), false
		case sysmon.ContainsAny:
			return count > 0, false
		case sysmon.ExcludesAny:
			return count == 0, false
		case sysmon.ContainsAll:
			return count == all, false
		case sysmon.ExcludesAll:
			return count < all, false
		case sysmon.BeginWith:
			return strings.HasPrefix(v, value), false
		case sysmon.NotBeginWith:
			return !strings.HasPrefix(v, value), false
		case sysmon.EndWith:
			return strings.HasSuffix(v, value), false
		case sysmon.NotEndWith:
			return !strings.HasSuffix(v, value), false
		case sysmon.LessThan:
			return order(v, value), false
		case sysmon.MoreThan:
			return order(value, v), false
		}
		return last == value, false
	}
	compare := func(e *sysmon.Element, f *sysmon.Filter) (matched, gaveUp bool) {
		own := s.Event(e.Event).Fields
		if f.Field >= len(ev.Fields) || f.Field >= len(own) || own[f.Field] != ev.Fields[f.Field] {
			return false, false
		}
		if matched, gaveUp = hold(f); matched && f.Name != "" {
			name = f.Name
		}
		return matched, gaveUp
	}
	matches := func(e *sysmon.Element) bool {
		done := map[int]bool{}
		for i := 0; i < len(e.Filters); {
			f := &e.Filters[i]
			matched, gaveUp := false, false
			if f.Group >= 0 {
				all := e.Groups[f.Group].All
				end := i
				for end < len(e.Filters) && e.Filters[end].Group == f.Group {
					end++
				}
				matched = all
				for ; i < end; i++ {
					if matched, gaveUp = compare(e, &e.Filters[i]); gaveUp || matched != all {
						break
					}
				}
				i = end
			} else {
				i++
				if e.All && done[f.Field] {
					continue
				}
				matched, gaveUp = compare(e, f)
				done[f.Field] = matched
				if !matched && !gaveUp && e.All && slices.ContainsFunc(e.Filters[i:], func(g sysmon.Filter) bool { return g.Group < 0 && g.Field == f.Field }) {
					continue
				}
			}
			if gaveUp {
				return false
			}
			if matched != e.All {
				return matched
			}
		}
		return e.All && len(e.Filters) > 0
	}
	for _, include := range []bool{false, true} {
		for i := len(r.Elements) - 1; i >= 0; i-- {
			if e := &r.Elements[i]; e.Include == include && matches(e) {
				return include, name
			}
		}
	}
	switch len(r.Elements) {
	case 0:
		return ev.LoggedByDefault, ""
	case 1:
		return !r.Elements[0].Include, ""
	}
	return false, ""
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c > 0x7F })
}

// BenchmarkDecide decides about an alternative of a rule, with an include of 300 filters.
func BenchmarkDecide(b *testing.B) {
	var x strings.Builder
	x.WriteString(`<RuleGroup groupRelation="or"><RegistryEvent onmatch="include">`)
	for i := range 300 {
		fmt.Fprintf(&x, `<TargetObject condition="contains">\Software\Some\Path %d</TargetObject>`, i)
	}
	x.WriteString(`</RegistryEvent><RegistryEvent onmatch="exclude"><Image condition="image">a.exe</Image></RegistryEvent></RuleGroup>`)
	e := engineOf(b, build(b, "4.81", sysmon.Windows), x.String())
	atoms := []Atom{{"TargetObject", Ends, []string{`\CurrentVersion\Run`}}, {"Details", Contains, []string{".exe"}}}
	b.ReportAllocs()
	for b.Loop() {
		e.Decide(13, atoms)
	}
}

// TestOddRules gives unusual values to the engine, as a hostile blob has them.
func TestOddRules(t *testing.T) {
	type input struct {
		Rules sysmon.Rules
		Event Event
		Atoms []Atom
	}
	in := &input{
		Rules: sysmon.Rules{Elements: []sysmon.Element{{
			Event: 1, Include: true, All: true,
			Filters: []sysmon.Filter{{Field: 4, Op: sysmon.ContainsAny, Value: "a;b", Group: 0}, {Field: 12, Op: sysmon.Image, Value: "c", Name: "n", Group: -1}},
			Groups:  []sysmon.Group{{ID: 1, Name: "g"}},
		}}},
		Event: Event{1, map[string]string{"Image": "a"}},
		Atoms: []Atom{{"Image", Ends, []string{"a"}}, {"User", Contains, []string{"c"}}},
	}
	b := build(t, "4.81", sysmon.Windows)
	odd.Try(t, 300, in, nil, func(in *input) string {
		e := New(&in.Rules, b, true)
		r := e.Logged(&in.Event)
		d := e.Decide(in.Event.ID, in.Atoms)
		if n := e.Never(in.Event.ID, in.Atoms, 0); n.Verdict != Open && n.Verdict != d.Verdict {
			return fmt.Sprintf("%+v %+v", n, d)
		}
		if r.Element >= len(in.Rules.Elements) || d.Element >= len(in.Rules.Elements) || d.Atom >= len(in.Atoms) {
			return fmt.Sprintf("%+v %+v", r, d)
		}
		return ""
	})
}
