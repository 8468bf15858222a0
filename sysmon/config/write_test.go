package config

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/internal/odd"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
)

// again writes the rules of a blob as a configuration, and compiles it.
func again(t testing.TB, data []byte, b *sysmon.Build) ([]byte, string) {
	t.Helper()
	parsed, err := blob.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := Write(&text, parsed.Rules(b.Manifest()), b.Manifest()); err != nil {
		t.Fatal(err)
	}
	c, err := Parse([]byte(text.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	l := c.Load(b)
	got, err := l.Blob()
	if err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	return got, text.String()
}

// TestDecompilePairs decompiles real blobs and compiles them again.
func TestDecompilePairs(t *testing.T) {
	b := buildOf(t, "13.24")
	list := needData(t, "pairs/*.bin")
	for _, name := range list {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, text := again(t, data, b); !bytes.Equal(got, data) {
			t.Errorf("%s: another blob\n%.2000s", name, text)
		}
	}
}

func TestWrite(t *testing.T) {
	rules := &sysmon.Rules{Schema: sysmon.Version{Major: 4, Minor: 50}, Elements: []sysmon.Element{
		{Event: 1, Filters: []sysmon.Filter{
			{Field: 4, Op: sysmon.EndWith, Value: "a&<>\"\r\n\t", Name: "n\"\n&<", Group: -1},
			{Field: 12, Op: sysmon.Is, Group: 0, Name: "r"},
			{Field: 12, Op: sysmon.NotEndWith, Value: " b ", Group: 0},
		}, Groups: []sysmon.Group{{ID: 1, Name: "r", All: true, First: 1}, {ID: 2, First: 3}}},
		{Event: 11, Include: true, All: true, Filters: []sysmon.Filter{
			{Field: 4, Op: sysmon.Is, Value: "a", Name: "g", Group: 0},
			{Field: 4, Op: sysmon.Is, Value: "b", Name: "g", Group: 1},
		}, Groups: []sysmon.Group{{ID: 3}, {ID: 4, First: 1}}},
		{Event: 13},
	}, Options: sysmon.Options{HashAlgorithms: []string{"MD5", "SHA1"}, DnsLookup: sysmon.Off, CheckRevocation: sysmon.On, FieldSizes: []sysmon.FieldSize{{Field: "Image", Units: 3}, {Field: "User", Units: 4}}, ArchiveDirectory: "a&b"}}
	s := engine(t, "4.81").Manifest()
	var b strings.Builder
	if err := Write(&b, rules, s); err != nil {
		t.Fatal(err)
	}
	const want = `<Sysmon schemaversion="4.50">
  <HashAlgorithms>MD5,SHA1</HashAlgorithms>
  <CheckRevocation>True</CheckRevocation>
  <DnsLookup>False</DnsLookup>
  <ArchiveDirectory>a&amp;b</ArchiveDirectory>
  <FieldSizes>Image:3,User:4</FieldSizes>
  <EventFiltering>
    <RuleGroup groupRelation="or">
      <ProcessCreate onmatch="exclude">
        <Image name="n&quot;&#10;&amp;&lt;" condition="end with">a&amp;&lt;&gt;"&#13;
	</Image>
        <Rule name="r" groupRelation="and">
          <User condition="is"></User>
          <User name="" condition="not end with"> b </User>
        </Rule>
        <Rule groupRelation="or"><!-- no field --></Rule>
      </ProcessCreate>
    </RuleGroup>
    <RuleGroup name="g" groupRelation="and">
      <FileCreate onmatch="include">
        <Rule groupRelation="or">
          <Image condition="is">a</Image>
        </Rule>
        <Rule groupRelation="or">
          <Image condition="is">b</Image>
        </Rule>
      </FileCreate>
    </RuleGroup>
    <RuleGroup groupRelation="or">
      <RegistryEvent onmatch="exclude">
      </RegistryEvent>
    </RuleGroup>
  </EventFiltering>
</Sysmon>
`
	if b.String() != want {
		t.Errorf("wrote\n%s", b.String())
	}

	// Before 9.0 there is no RuleGroup.
	old := &sysmon.Rules{Schema: sysmon.Version{Major: 4}, Elements: []sysmon.Element{{Event: 3, Include: true}}}
	b.Reset()
	if err := Write(&b, old, engine(t, "4.0").Manifest()); err != nil || strings.Contains(b.String(), "RuleGroup") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestWriteErrors(t *testing.T) {
	s := engine(t, "4.81").Manifest()
	v := sysmon.Version{Major: 4, Minor: 50}
	filter := func(f sysmon.Filter) sysmon.Rules {
		return sysmon.Rules{Schema: v, Elements: []sysmon.Element{{Event: 1}, {Event: 1, Filters: []sysmon.Filter{f}}}}
	}
	groups := func(filters []sysmon.Filter, groups ...sysmon.Group) sysmon.Rules {
		return sysmon.Rules{Schema: v, Elements: []sysmon.Element{{Event: 1, Filters: filters, Groups: groups}}}
	}
	for _, row := range []struct {
		reason string
		rules  sysmon.Rules
		want   string
	}{
		{"no version", sysmon.Rules{}, "no configuration declares the schema version 0.00"},
		{"a version of three decimals", sysmon.Rules{Schema: sysmon.Version{Major: 4, Minor: 100}}, "no configuration declares the schema version 4.100"},
		{"an event without tag", sysmon.Rules{Schema: v, Elements: []sysmon.Element{{Event: 4}}}, "element 1 (event 4): schema 4.81 has no element for this event"},
		{"an unknown event", sysmon.Rules{Schema: v, Elements: []sysmon.Element{{Event: 29}}}, "element 1 (event 29): schema 4.81 has no element for this event"},
		{"an unknown field", filter(sysmon.Filter{Field: 23, Group: -1}), "element 2 (event 1): filter 1: ProcessCreate has no field 23 (want 0 to 22)"},
		{"an unknown operator", filter(sysmon.Filter{Op: 16, Group: -1}), "filter 1: unknown operator 16"},
		{"a control character", filter(sysmon.Filter{Value: "a\x01", Group: -1}), `the text "a\x01" has a character at byte 1 that XML cannot have`},
		{"no UTF-8", filter(sysmon.Filter{Name: "\xFF", Group: -1}), "has a character at byte 0"},
		{"in the name of a Rule", groups([]sysmon.Filter{{}}, sysmon.Group{Name: "\uFFFE"}), "name of Rule 1: the text"},
		{"in an option", sysmon.Rules{Schema: v, Options: sysmon.Options{DriverName: "\x00"}}, "option DriverName: the text"},
		{"a Rule that is not there", groups([]sysmon.Filter{{Group: 0}}), "filter 1 belongs to Rule 1, which does not stand before it"},
		{"a Rule in two pieces", groups([]sysmon.Filter{{Group: 0}, {Group: -1}, {Group: 0}}, sysmon.Group{}), "filter 3 belongs to Rule 1"},
		{"a Rule behind its filters", groups([]sysmon.Filter{{Group: 0}}, sysmon.Group{First: 1}), "filter 1 belongs to Rule 1"},
		{"Rules in another order", groups([]sysmon.Filter{{Group: 0}, {Group: 1}}, sysmon.Group{First: 1}, sysmon.Group{}), "filter 1 belongs to Rule 1"},
		{"a Rule behind the end", groups(nil, sysmon.Group{First: 1}), "Rule 1 begins at filter 2 of 0"},
	} {
		var b strings.Builder
		if err := Write(&b, &row.rules, s); err == nil || !strings.Contains(err.Error(), row.want) || b.Len() > 0 {
			t.Errorf("%s: %v, want %s; wrote %q", row.reason, err, row.want, b.String())
		}
	}
	if err := Write(broken{}, &sysmon.Rules{Schema: v}, s); !errors.Is(err, errBroken) {
		t.Error(err)
	}
}

type broken struct{}

var errBroken = errors.New("broken")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

// randomXML returns a configuration that most builds load.
func randomXML(r *rand.Rand, s *sysmon.Schema) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	var b strings.Builder
	fmt.Fprintf(&b, "<Sysmon schemaversion=%q>\n<HashAlgorithms>md5</HashAlgorithms><EventFiltering>", pick("4.90", "4.50", "4.1", "4.22"))
	tags := s.Tags()
	names := []string{"", "", ` name=""`, ` name="n"`, ` name="` + strings.Repeat("é", 70) + `"`}
	for range r.IntN(6) {
		tag := tags[r.IntN(len(tags))]
		if r.IntN(3) == 0 {
			tag = "RegistryEvent"
		}
		grouped := r.IntN(2) == 0
		if grouped {
			fmt.Fprintf(&b, "<RuleGroup groupRelation=%q%s>", pick("and", "or"), pick(names...))
		}
		fmt.Fprintf(&b, "<%s onmatch=%q>", tag, pick("include", "exclude"))
		field := func() {
			events := s.Tagged(tag)
			f := events[r.IntN(len(events))].Fields
			name := f[r.IntN(len(f))]
			fmt.Fprintf(&b, "<%s%s condition=%q>%s</%s>", name, pick(names...), sysmon.Operator(r.IntN(16)), pick("", "a", "A;b", "&amp;&#13;\n", "<![CDATA[x]]>", "<!-- -->", "é&#x1F600;"), name)
		}
		for range r.IntN(5) {
			if r.IntN(3) > 0 {
				field()
				continue
			}
			fmt.Fprintf(&b, "<Rule%s%s> ", pick(names...), pick("", ` groupRelation="and"`, ` groupRelation="OR"`))
			for range r.IntN(4) {
				field()
			}
			b.WriteString("</Rule>")
		}
		fmt.Fprintf(&b, "</%s>", tag)
		if grouped {
			b.WriteString("</RuleGroup>")
		}
	}
	b.WriteString("</EventFiltering></Sysmon>")
	return b.String()
}

// TestRandomBlobs compiles random configurations. The blob of a configuration without a
// dropped element has no fault, holds the rules of the loading, and is compiled to the same
// bytes after it was decompiled.
func TestRandomBlobs(t *testing.T) {
	b := buildOf(t, "15.15")
	r := rand.New(rand.NewPCG(4, 90))
	whole, dropped, rounds := 0, 0, 700
	if testing.Short() {
		rounds = 150
	}
	for range rounds {
		text := randomXML(r, b.Manifest())
		c, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		l := c.Load(b)
		if !l.Took() {
			continue // such as a field that is newer than the declared schema
		}
		data, err := l.Blob()
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if len(data) == 0 {
			continue
		}
		if hasDropped(l) {
			dropped++
			continue
		}
		whole++
		parsed, err := blob.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if faults := append(parsed.Faults, parsed.For(b)...); !blob.Acceptable(faults) {
			t.Fatalf("%v\n%s", faults, text)
		}
		got := parsed.Rules(b.Manifest())
		if want := comparable(l.Rules); !reflect.DeepEqual(comparable(got), want) {
			t.Fatalf("the blob has\n%+v\nwant\n%+v\n%s", comparable(got), want, text)
		}
		if encoded, err := blob.Encode(l.Rules, b.Binary); err != nil || !bytes.Equal(encoded, data) {
			t.Fatalf("Encode gives another blob: %v\n%s", err, text)
		}
		if back, second := again(t, data, b); !bytes.Equal(back, data) {
			t.Fatalf("another blob from\n%s\nthan from\n%s", second, text)
		}
	}
	if !testing.Short() && (whole < 100 || dropped < 2) {
		t.Errorf("%d configurations are whole, and %d have a dropped element", whole, dropped)
	}
	t.Logf("%d whole, %d with a dropped element", whole, dropped)
}

func hasDropped(l *Loading) bool {
	for i := range l.Problems {
		if l.Problems[i].Kind == Dropped {
			return true
		}
	}
	return false
}

// comparable returns rules without places, options and the binary version, with names of Rules
// cut as in a blob, and nil for empty lists.
func comparable(r *sysmon.Rules) *sysmon.Rules {
	c := &sysmon.Rules{Schema: r.Schema}
	for _, e := range r.Elements {
		e.Place = sysmon.Place{}
		var filters []sysmon.Filter
		for _, f := range e.Filters {
			f.Place = sysmon.Place{}
			filters = append(filters, f)
		}
		var groups []sysmon.Group
		for _, g := range e.Groups {
			g.Place = sysmon.Place{}
			if runes := []rune(g.Name); len(runes) > 127 {
				g.Name = string(runes[:127])
			}
			groups = append(groups, g)
		}
		e.Filters, e.Groups = filters, groups
		c.Elements = append(c.Elements, e)
	}
	return c
}

// TestWriteOdd writes rules with unusual values, as a hostile blob has them. Those that are
// written are well-formed.
func TestWriteOdd(t *testing.T) {
	s := engine(t, "4.81").Manifest()
	r := &sysmon.Rules{Schema: sysmon.Version{Major: 4, Minor: 50}, Elements: []sysmon.Element{{
		Event:   1,
		Filters: []sysmon.Filter{{Field: 4, Value: "a", Group: 0}, {Field: 12, Name: "n", Group: -1}},
		Groups:  []sysmon.Group{{ID: 1, Name: "g"}},
	}}}
	odd.Try(t, 300, r, nil, func(r *sysmon.Rules) string {
		var b strings.Builder
		if err := Write(&b, r, s); err != nil {
			return ""
		}
		if _, err := Parse([]byte(b.String())); err != nil && b.Len() < MaxSize {
			return err.Error()
		}
		return ""
	})
}

// FuzzLoad loads any configuration for several builds. It must end, with problems inside the
// text; and rules without a problem survive being written and read.
func FuzzLoad(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10 {
		f.Add([]byte(randomXML(r, engine(f, "4.90").Manifest())))
	}
	f.Add([]byte(`<Sysmon schemaversion="4.60"><CheckRevocation/><DnsLookup>x</DnsLookup><EventFiltering><RuleGroup groupRelation="or"><FileCreate onmatch="include"/><!-- --><FileCreate onmatch="include"><Rule/></FileCreate></RuleGroup></EventFiltering></Sysmon>`))
	var builds []*sysmon.Build
	for _, name := range []string{"5.0", "7.0", "10.42", "11.0", "12.03", "13.10", "13.24", "15.15", "linux-1.2.0"} {
		builds = append(builds, buildOf(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err != nil {
			return
		}
		for _, b := range builds {
			l := c.Load(b)
			if (l.Rules == nil) != (l.Refused != nil) {
				t.Fatalf("%s: refused %v, rules %v", b.Name, l.Refused, l.Rules)
			}
			for i := range l.Problems {
				if p := &l.Problems[i]; p.Place.Line < 1 || p.Place.Offset >= int64(len(data)) || p.Text == "" || p.Fix == "" || p.Kind == 0 || p.Reason == 0 {
					t.Fatalf("%s: %+v", b.Name, p)
				}
			}
			got, err := l.Blob()
			if err != nil || len(got) == 0 || len(l.Problems) > 0 {
				continue
			}
			if back, text := again(t, got, b); !bytes.Equal(back, got) {
				t.Fatalf("%s: another blob from\n%s", b.Name, text)
			}
		}
	})
}

// FuzzDecompile decompiles any blob. The configuration is one from which the build compiles the
// blob again, but for the bytes between records that an undone event left. An error names a byte, or
// the version that nobody knows.
func FuzzDecompile(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, name := range []string{"13.24", "15.15"} {
		b := buildOf(f, name)
		for range 4 {
			c, err := Parse([]byte(randomXML(r, b.Manifest())))
			if err != nil {
				f.Fatal(err)
			}
			if data, err := c.Load(b).Blob(); err == nil {
				f.Add(data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := blob.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		text, err := Decompile(b)
		if err != nil {
			if s := err.Error(); !strings.Contains(s, "byte ") && !strings.Contains(s, "no known version") {
				t.Fatalf("the error names no byte: %v", err)
			}
			return
		}
		c, err := Parse(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if b.Layout != sysmon.Layout15 {
			return
		}
		build := *compilerOf(b)
		build.Binary = b.Header.Binary
		again, err := c.Load(&build).Blob()
		if at := b.Differs(again); err != nil || at >= 0 {
			t.Fatalf("another blob at byte %d, %v, from\n%s", at, err, text)
		}
	})
}
