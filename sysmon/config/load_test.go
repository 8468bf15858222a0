package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sysmon"
)

// buildOf returns the build of a name, or for "of 4.81" one of that schema without bugs.
func buildOf(t testing.TB, name string) *sysmon.Build {
	t.Helper()
	if schema, ok := strings.CutPrefix(name, "of "); ok {
		return engine(t, schema)
	}
	b, err := sysmon.BuildNamed(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// summary writes the problems and rules of a loading, one in a line.
func summary(l *Loading) string {
	var b strings.Builder
	for i := range l.Problems {
		p := &l.Problems[i]
		fmt.Fprintf(&b, "%s, %s at %d:%d", p.Kind, p.Reason, p.Place.Line, p.Place.Column)
		if !p.Sure {
			b.WriteString(", not sure")
		}
		if len(p.Lost) > 0 {
			b.WriteString(", lost:")
			for _, at := range p.Lost {
				fmt.Fprintf(&b, " %d:%d", at.Line, at.Column)
			}
		}
		b.WriteByte('\n')
	}
	if l.Rules == nil {
		return b.String()
	}
	for i := range l.Rules.Elements {
		e := &l.Rules.Elements[i]
		fmt.Fprintf(&b, "%d %s %s", e.Event, choose(e.Include, "include", "exclude"), choose(e.All, "and", "or"))
		group := -1
		for k := range e.Filters {
			f := &e.Filters[k]
			b.WriteByte(' ')
			if f.Group != group {
				if group >= 0 {
					b.WriteString("} ")
				}
				if group = f.Group; group >= 0 {
					g := &e.Groups[group]
					fmt.Fprintf(&b, "%d%s%s{", g.ID, g.Name, choose(g.All, "&", "|"))
				}
			}
			fmt.Fprintf(&b, "%s.%d %s %q", f.FieldName, f.Field, f.Op, f.Value)
			if f.Name != "" {
				b.WriteString(" =" + f.Name)
			}
		}
		if group >= 0 {
			b.WriteString("}")
		}
		b.WriteByte('\n')
	}
	if !l.Sure {
		b.WriteString("not sure\n")
	}
	return b.String()
}

func choose(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// in returns a configuration with event elements, the first in line 2.
func in(version, elements string) string {
	return "<Sysmon schemaversion=\"" + version + "\"><EventFiltering>\n" + elements + "\n</EventFiltering></Sysmon>"
}

func TestLoad(t *testing.T) {
	include := `<ProcessCreate onmatch="include"><Image>a</Image></ProcessCreate>`
	group := func(inside string) string { return `<RuleGroup groupRelation="or">` + inside + `</RuleGroup>` }
	for _, row := range []struct{ reason, build, text, want string }{
		// Version and root.
		{"the plainest file", "15.15", in("4.90", include), "1 include and Image.4 is \"a\"\n"},
		{"no filter at all", "15.15", "<Sysmon schemaversion='4.90'><EventFiltering/></Sysmon>", ""},
		{"another root", "15.15", "<sysmon schemaversion='4.90'/>", "refused, wrong root at 1:1\n"},
		{"a namespace is an unknown attribute", "15.15", "<Sysmon xmlns='a' schemaversion='4.90'/>", "refused, unknown attribute at 1:9\n"},
		{"no version", "15.15", "<Sysmon/>", "crashes, no version at 1:1\n"},
		{"no version on MSXML", "12.0", "<Sysmon/>", "crashes, no version at 1:1, not sure\n"},
		{"the version is no number", "15.15", "<Sysmon schemaversion='v4.90'/>", "crashes, wrong version at 1:9\n"},
		{"an empty version", "15.15", "<Sysmon schemaversion=''/>", "crashes, wrong version at 1:9\n"},
		{"a number that is no version", "15.15", "<Sysmon schemaversion='inf'/>", "refused, wrong version at 1:9\n"},
		{"a negative version", "15.15", "<Sysmon schemaversion='-4.90'/>", "refused, wrong version at 1:9\n"},
		{"version 0", "15.15", "<Sysmon schemaversion='0.50'/>", "refused, wrong version at 1:9\n"},
		{"text behind the number counts for nothing", "15.15", in(" 4.9-beta", include), "1 include and Image.4 is \"a\"\n"},
		{"a lower major number", "15.15", "<Sysmon schemaversion='3.40'/>", "refused, unsupported version at 1:9\n"},
		{"a comma ends the number: 4.00", "15.15", in("4,90", include), "1 include or Image.4 is \"a\"\n"},
		{"UTF-16BE is not read", "15.15", wide("<Sysmon schemaversion='4.90'/>", bigEndian), "refused, wrong encoding at 1:1\n"},

		// Grammar.
		{"an element of a later schema", "of 4.81", in("4.81", `<FileExecutableDetected onmatch="include"/>`), "refused, unknown element at 2:1\n"},
		{"the same, of that schema", "of 4.90", in("4.90", `<FileExecutableDetected onmatch="include"/>`), "29 include and\n"},
		{"a newer file is judged by the second newest grammar", "of 3.2", in("3.30", `<FileCreate onmatch="include"/>`), "refused, unknown element at 2:1\n"},
		{"case counts", "15.15", in("4.90", `<processCreate onmatch="include"/>`), "refused, unknown element at 2:1\n"},
		{"below an unknown element nothing more is reported", "15.15", in("4.90", `<A><B/></A><C/>`), "refused, unknown element at 2:1\nrefused, unknown element at 2:12\n"},
		{"RuleGroup came with 4.20", "8.0", in("4.10", group(include)), "refused, unknown element at 2:1\n"},
		{"and is in old grammars of later builds", "15.15", in("4.10", group(include)), "1 include or Image.4 is \"a\"\n"},
		{"Rule came with 4.22", "10.0", in("4.21", `<ProcessCreate onmatch="include"><Rule><Image>a</Image></Rule></ProcessCreate>`), "refused, unknown element at 2:34\n"},
		{"names came with 4.10", "7.0", in("4.00", `<ProcessCreate onmatch="include"><Image name="n">a</Image></ProcessCreate>`), "refused, unknown attribute at 2:41\n"},
		{"a RuleGroup in a RuleGroup", "15.15", in("4.90", group(group(include))), "refused, unknown element at 2:31\n"},
		{"a RuleGroup without a relation", "15.15", in("4.90", `<RuleGroup name="a">`+include+`</RuleGroup>`), "refused, missing attribute at 2:1\n"},
		{"a relation in capitals", "15.15", in("4.90", `<RuleGroup groupRelation="OR">`+include+`</RuleGroup>`), "refused, wrong value at 2:12\n"},
		{"spaces around a word of a list", "15.15", in("4.90", `<RuleGroup groupRelation=" or "><ProcessCreate onmatch=" exclude"/></RuleGroup>`), "1 exclude or\n"},
		{"onmatch in capitals", "15.15", in("4.90", `<ProcessCreate onmatch="Include"/>`), "refused, wrong value at 2:16\n"},
		{"an unknown attribute", "15.15", in("4.90", `<ProcessCreate onMatch="include"/>`), "refused, unknown attribute at 2:16\n"},
		{"an attribute of EventFiltering", "15.15", `<Sysmon schemaversion="4.90"><EventFiltering a=""/></Sysmon>`, "refused, unknown attribute at 1:46\n"},
		{"text between elements", "15.15", in("4.90", `<ProcessCreate onmatch="include">x</ProcessCreate>`), "refused, stray text at 2:34\n"},
		{"a CDATA section between elements, although blank", "15.15", in("4.90", `<![CDATA[ ]]>`), "refused, stray text at 2:1\n"},
		{"white space and comments between elements", "15.15", in("4.90", "<ProcessCreate onmatch=\"include\"> &#32;<!-- x -->\n</ProcessCreate>"), "1 include and\n"},
		{"an element in a field", "15.15", in("4.90", `<ProcessCreate onmatch="include"><Image><Image/></Image></ProcessCreate>`), "refused, unknown element at 2:41\n"},
		{"a field of another event", "15.15", in("4.90", `<ProcessCreate onmatch="include"><TargetFilename/></ProcessCreate>`), "refused, unknown element at 2:34\n"},
		{"contents of an option without a value", "15.15", `<Sysmon schemaversion="4.90"><CaptureClipboard> </CaptureClipboard></Sysmon>`, "refused, not empty at 1:30\n"},
		{"an option of the command line", "15.15", `<Sysmon schemaversion="4.90"><NoLogo/></Sysmon>`, "refused, unknown element at 1:30\n"},
		{"an option of Microsoft's own builds", "15.15", `<Sysmon schemaversion="4.90"><OutputRules>a</OutputRules></Sysmon>`, "refused, unknown element at 1:30\n"},
		{"an option that was taken out", "15.15", `<Sysmon schemaversion="4.90"><CopyOnDelete_PE/></Sysmon>`, "refused, unknown element at 1:30\n"},
		{"with other refusals the conditions are told too", "15.15", in("4.90", `<ProcessCreate><Image condition="a">a</Image></ProcessCreate><A/>`), "refused, unknown element at 2:62\nrefused, unknown condition at 2:23\n"},

		// Conditions and names.
		{"an unknown condition", "15.15", in("4.90", `<ProcessCreate onmatch="include"><Image condition="begins with">a</Image></ProcessCreate>`), "refused, unknown condition at 2:41\n"},
		{"case of a condition", "15.15", in("4.90", `<ProcessCreate onmatch="include"><Image condition="Begin WITH">a</Image></ProcessCreate>`), "1 include and Image.4 begin with \"a\"\n"},
		{"an empty condition", "15.15", in("4.90", `<ProcessCreate onmatch="include"><Image condition="">a</Image></ProcessCreate>`), "1 include and Image.4 is \"a\"\n"},
		{"a condition of the build, not of the declared schema", "15.15", in("4.20", `<ProcessCreate onmatch="include"><Image condition="not begin with">a</Image></ProcessCreate>`), "1 include and Image.4 not begin with \"a\"\n"},
		{"a condition that the build does not have", "13.10", in("4.60", `<ProcessCreate onmatch="include"><Image condition="not begin with">a</Image></ProcessCreate>`), "refused, unknown condition at 2:41\n"},
		{"a name of 255 bytes", "15.15", in("4.90", `<ProcessCreate onmatch="include"><Image name="`+strings.Repeat("n", 255)+`">a</Image></ProcessCreate>`), "1 include and Image.4 is \"a\" =" + strings.Repeat("n", 255) + "\n"},
		{"a name of 256 bytes", "15.15", in("4.90", `<ProcessCreate onmatch="include"><Image name="`+strings.Repeat("é", 128)+`">a</Image></ProcessCreate>`), "refused, long name at 2:41\n"},
		{"a long name that no filter takes", "15.15", in("4.90", `<RuleGroup groupRelation="or" name="`+strings.Repeat("n", 256)+`"><ProcessCreate onmatch="include"><Image name="">a</Image></ProcessCreate></RuleGroup>`), "1 include or Image.4 is \"a\"\n"},
		{"a long name that one takes", "15.15", in("4.90", `<RuleGroup groupRelation="or" name="`+strings.Repeat("n", 256)+`"><ProcessCreate onmatch="include"><Image>a</Image></ProcessCreate></RuleGroup>`), "refused, long name at 2:31\n"},
		{"names were shorter", "13.22", in("4.70", `<ProcessCreate onmatch="include"><Image name="`+strings.Repeat("n", 128)+`">a</Image></ProcessCreate>`), "refused, long name at 2:41, not sure\n"},
		{"own name, that of the Rule, that of the RuleGroup", "15.15", in("4.90", `<RuleGroup groupRelation="and" name="g"><ProcessCreate onmatch="include"><Image>a</Image><User name="u">b</User><Rule><Image>c</Image></Rule><Rule name="r" groupRelation="and"><Image>d</Image><User name="">e</User></Rule></ProcessCreate></RuleGroup>`),
			"1 include and Image.4 is \"a\" =g User.12 is \"b\" =u 1|{Image.4 is \"c\" =g } 2r&{Image.4 is \"d\" =r User.12 is \"e\"}\n"},

		// Relations and defaults.
		{"or up to 4.10", "15.15", in("4.1", include), "1 include or Image.4 is \"a\"\n"},
		{"and above", "15.15", in("4.2", include), "1 include and Image.4 is \"a\"\n"},
		{"the old attribute is the other way round", "15.15", in("4.90", `<ProcessCreate default="include"/><FileCreate default="exclude"/>`), "1 exclude and\n11 include and\n"},
		{"no onmatch", "15.15", in("4.90", `<ProcessCreate/>`+include), "dropped, no onmatch at 2:1\n1 include and Image.4 is \"a\"\n"},
		{"onmatch and default", "15.15", in("4.90", `<ProcessCreate onmatch="include" default="include"/>`), "dropped, two defaults at 2:1\n"},
		{"the order is that of the manifest, then of the file", "15.15", in("4.90", `<FileCreate onmatch="include"/><ProcessCreate onmatch="exclude"/><ProcessTerminate onmatch="include"/><ProcessCreate onmatch="include"/>`), "1 exclude and\n1 include and\n5 include and\n11 include and\n"},
		{"a relation of a Rule that is no word counts as and", "15.15", in("4.90", `<ProcessCreate onmatch="include"><Rule groupRelation="xor"><Image>a</Image><User>b</User></Rule><Rule groupRelation="OR"><Image>a</Image></Rule></ProcessCreate>`),
			"ignored, wrong relation at 2:40\n1 include and 1&{Image.4 is \"a\" User.12 is \"b\" } 2|{Image.4 is \"a\"}\n"},

		// Rules.
		{"an empty Rule", "15.15", in("4.90", `<ProcessCreate onmatch="include"><Rule/></ProcessCreate>`), "crashes, empty rule at 2:34\n"},
		{"an empty Rule with two tags", "15.15", in("4.90", `<ProcessCreate onmatch="include"><Rule name="a"></Rule></ProcessCreate>`), "crashes, empty rule at 2:34\n"},
		{"a Rule with a space", "15.15", in("4.90", `<ProcessCreate onmatch="include"><Rule> </Rule></ProcessCreate>`), "ignored, unused rule at 2:34\n1 include and\n"},
		{"a Rule may have a field of any event", "of 4.81", in("4.81", `<ProcessCreate onmatch="include"><Rule><TargetFilename>a</TargetFilename></Rule></ProcessCreate>`+include+include+`<FileCreate onmatch="include"/>`),
			"dropped, incorrect field at 2:40, lost: 2:97 2:162\n11 include and\n"},
		{"the elements before it stay", "of 4.81", in("4.81", include+`<ProcessCreate onmatch="include"><Rule><TargetFilename>a</TargetFilename></Rule></ProcessCreate>`), "dropped, incorrect field at 2:105\n1 include and Image.4 is \"a\"\n"},
		{"an unknown condition in what is lost is not seen", "of 4.81", in("4.81", `<ProcessCreate onmatch="include"><Rule><TargetFilename>a</TargetFilename></Rule></ProcessCreate><ProcessCreate onmatch="include"><Image condition="x">a</Image></ProcessCreate>`), "dropped, incorrect field at 2:40, lost: 2:97\n"},
		{"a field that is newer than the declared schema", "of 4.90", in("4.50", `<ImageLoad onmatch="include"><Rule><User>a</User></Rule></ImageLoad>`), "7 include and 1|{User.15 is \"a\"}\n"},

		// Events of one tag.
		{"the first event with all fields", "15.15", in("4.90", `<RegistryEvent onmatch="include"><TargetObject>a</TargetObject></RegistryEvent><RegistryEvent onmatch="include"><TargetObject>a</TargetObject><Details>b</Details></RegistryEvent><RegistryEvent onmatch="exclude"><NewName>c</NewName></RegistryEvent>`),
			"12 include and TargetObject.6 is \"a\"\n13 include and TargetObject.6 is \"a\" Details.7 is \"b\"\n14 exclude and NewName.7 is \"c\"\n"},
		{"no event has both", "15.15", in("4.90", `<RegistryEvent onmatch="include"><NewName>c</NewName><Details>b</Details></RegistryEvent><RegistryEvent onmatch="include"/>`), "dropped, incorrect field at 2:54, lost: 2:90\n"},
		{"Rules keep the numbers of undone tries", "15.15", in("4.90", `<RegistryEvent onmatch="include"><Rule><TargetObject>a</TargetObject></Rule><Rule><Details>b</Details></Rule></RegistryEvent><PipeEvent onmatch="include"><Rule><Image>a</Image></Rule></PipeEvent>`),
			"13 include and 3|{TargetObject.6 is \"a\" } 4|{Details.7 is \"b\"}\n17 include and 5|{Image.6 is \"a\"}\n"},

		// Known bugs.
		{"10.x takes one element", "10.42", in("4.23", include+include), "refused, several elements at 2:66\n"},
		{"11.0 takes several", "11.0", in("4.30", include+include), "1 include and Image.4 is \"a\"\n1 include and Image.4 is \"a\"\n"},
		{"before 10.0 it is not sure", "9.0", in("4.20", include+include), "refused, several elements at 2:66, not sure\n"},
		{"include and exclude are two kinds", "9.0", in("4.20", include+`<ProcessCreate onmatch="exclude"/>`), "1 include and Image.4 is \"a\"\n1 exclude and\n"},
		{"10.x loses the exclude in one RuleGroup", "10.42", in("4.23", group(include+`<ProcessCreate onmatch="exclude"/><FileCreate onmatch="exclude"/>`)), "dropped, include and exclude at 2:96\n1 include or Image.4 is \"a\"\n11 exclude or\nnot sure\n"},
		{"11.0 stops at a comment in a RuleGroup", "11.0", in("4.30", group("<!-- -->"+include+`<!-- --><FileCreate onmatch="exclude"/>`)), "dropped, after comment at 2:112, not sure\n1 include or Image.4 is \"a\"\nnot sure\n"},
		{"12.03 reads the first of a RuleGroup", "12.03", in("4.40", group(include+`<FileCreate onmatch="exclude"/>`)), "dropped, not first in group at 2:96, not sure\n1 include or Image.4 is \"a\"\nnot sure\n"},
		{"13.01 reads all", "13.01", in("4.40", group(include+`<FileCreate onmatch="exclude"/>`)), "1 include or Image.4 is \"a\"\n11 exclude or\n"},
		{"13.10 reads and as or", "13.10", in("4.60", `<ProcessCreate onmatch="include"><Rule groupRelation="and"><Image>a</Image><User>b</User></Rule></ProcessCreate>`), "known bug, and as or at 2:34\n1 include and 1&{Image.4 is \"a\" User.12 is \"b\"}\nnot sure\n"},
		{"an and of one filter is no bug", "13.10", in("4.60", `<ProcessCreate onmatch="include"><Rule groupRelation="and"><Image>a</Image></Rule></ProcessCreate>`), "1 include and 1&{Image.4 is \"a\"}\n"},
		{"capital letters on Linux", "linux-1.2.0", in("4.81", `<ProcessCreate onmatch="include"><Image>a</Image><Image>A</Image></ProcessCreate>`), "known bug, capital value at 2:50, not sure\n1 include and Image.4 is \"a\" Image.4 is \"A\"\nnot sure\n"},
		{"a bug for every file", "13.00", in("4.50", include), "known bug, whole build at 1:1, not sure\n1 include and Image.4 is \"a\"\n"},
	} {
		c, err := Parse([]byte(row.text))
		if err != nil {
			t.Errorf("%s: %v", row.reason, err)
			continue
		}
		l := c.Load(buildOf(t, row.build))
		got := summary(l)
		if got != row.want {
			t.Errorf("%s:\n%swant\n%s", row.reason, got, row.want)
		}
		refuses := strings.Contains(got, "refused") || strings.Contains(got, "crashes")
		if (l.Refused != nil) != refuses || (l.Rules == nil) != refuses || l.Took() == refuses {
			t.Errorf("%s: refused %v, rules %v", row.reason, l.Refused, l.Rules)
		}
		for _, p := range l.Problems {
			if p.Text == "" || p.Fix == "" || p.Place != c.Nodes[p.Node].Place && p.Place.Line == 0 {
				t.Errorf("%s: %+v", row.reason, p)
			}
		}
	}
}

func TestLoadOptions(t *testing.T) {
	with := func(s string) string { return `<Sysmon schemaversion="4.91">` + s + "<EventFiltering/></Sysmon>" }
	for _, row := range []struct {
		reason, text, problems string
		want                   sysmon.Options
	}{
		{"a size ends at a letter, an item without colon counts for nothing", with("<FieldSizes>Image:20,x,,CommandLine:1x</FieldSizes>"), "", sysmon.Options{FieldSizes: []sysmon.FieldSize{{Field: "Image", Units: 20}, {Field: "CommandLine", Units: 1}}}},
		{"all", with("<HashAlgorithms>md5,SHA-256,,imphash,</HashAlgorithms><CheckRevocation>True</CheckRevocation><DnsLookup>False</DnsLookup><ArchiveDirectory>a</ArchiveDirectory><DriverName>b</DriverName><FieldSizes>Image:20,CommandLine:1</FieldSizes><ProcessAccessConfig>c</ProcessAccessConfig><PipeMonitoringConfig>d</PipeMonitoringConfig><DriverQueueSize>1</DriverQueueSize><SigningQueueSize>2</SigningQueueSize>"), "",
			sysmon.Options{HashAlgorithms: []string{"MD5", "SHA256", "IMPHASH"}, CheckRevocation: sysmon.On, DnsLookup: sysmon.Off, ArchiveDirectory: "a", DriverName: "b", FieldSizes: []sysmon.FieldSize{{Field: "Image", Units: 20}, {Field: "CommandLine", Units: 1}}, ProcessAccess: "c", PipeMonitoring: "d", DriverQueueSize: "1", SigningQueueSize: "2"}},
		{"every hash", with("<HashAlgorithms>*</HashAlgorithms>"), "", sysmon.Options{HashAlgorithms: []string{"MD5", "SHA1", "SHA256", "IMPHASH"}}},
		{"a space in a list of hashes", with("<HashAlgorithms>md5, sha1</HashAlgorithms>"), "refused, wrong option at 1:30\n", sysmon.Options{}},
		{"a list that begins with a comma is empty", with("<HashAlgorithms>,x</HashAlgorithms>"), "", sysmon.Options{}},
		{"a folder with a backslash", with(`<ArchiveDirectory>C:\a</ArchiveDirectory>`), "refused, wrong option at 1:30\n", sysmon.Options{}},
		{"a field that no event has", with("<FieldSizes>a:1</FieldSizes>"), "refused, wrong option at 1:30\n", sysmon.Options{}},
		{"a size of 0", with("<FieldSizes>Image:0</FieldSizes>"), "refused, wrong option at 1:30\n", sysmon.Options{}},
		{"a space in sizes", with("<FieldSizes>Image:1, User:2</FieldSizes>"), "refused, wrong option at 1:30\n", sysmon.Options{}},
		{"an option without text ends the options", with("<HashAlgorithms>md5</HashAlgorithms><CheckRevocation/><DnsLookup>False</DnsLookup><EventFiltering/><ArchiveDirectory>a</ArchiveDirectory>"), "ignored, options end at 1:66, lost: 1:84 1:129\n", sysmon.Options{HashAlgorithms: []string{"MD5"}}},
		{"so a wrong one behind it is not seen", with("<CheckRevocation></CheckRevocation><HashAlgorithms>a</HashAlgorithms>"), "ignored, options end at 1:30, lost: 1:65\n", sysmon.Options{}},
		{"a comment is no text", with("<CheckRevocation><!-- --></CheckRevocation>"), "ignored, options end at 1:30\n", sysmon.Options{}},
		{"a space is one", with("<CheckRevocation> </CheckRevocation><DnsLookup>false</DnsLookup>"), "", sysmon.Options{DnsLookup: sysmon.Off}},
		{"an option that can have no text", with("<CaptureClipboard/><DnsLookup>true</DnsLookup>"), "ignored, options end at 1:30, lost: 1:49\n", sysmon.Options{}},
		{"the last one counts", with("<HashAlgorithms>x</HashAlgorithms><HashAlgorithms>md5</HashAlgorithms>"), "ignored, repeated option at 1:30\n", sysmon.Options{HashAlgorithms: []string{"MD5"}}},
		{"a switch with another word", with("<DnsLookup>0</DnsLookup>"), "", sysmon.Options{}},
	} {
		c, err := Parse([]byte(row.text))
		if err != nil {
			t.Errorf("%s: %v", row.reason, err)
			continue
		}
		l := c.Load(engine(t, "4.91"))
		if got := summary(l); got != row.problems {
			t.Errorf("%s:\n%swant\n%s", row.reason, got, row.problems)
		}
		if l.Rules != nil && fmt.Sprint(l.Rules.Options) != fmt.Sprint(row.want) {
			t.Errorf("%s: %+v, want %+v", row.reason, l.Rules.Options, row.want)
		}
	}
	c, err := Parse([]byte(with("<CheckRevocation/>")))
	if err != nil {
		t.Fatal(err)
	}
	if l := c.Load(engine(t, "4.60")); len(l.Problems) != 1 || l.Problems[0].Sure {
		t.Errorf("whether options end is known for MSXML: %+v", l.Problems)
	}
}

// TestLoadBounded loads files with very many faults.
func TestLoadBounded(t *testing.T) {
	for _, elements := range []string{
		strings.Repeat("<A/>", 100_000),
		strings.Repeat(`<ProcessCreate a="b"/>`, 50_000),
		`<ProcessCreate onmatch="include">` + strings.Repeat(`<Image condition="x"/>`, 50_000) + "</ProcessCreate>x",
		strings.Repeat(`<ProcessCreate/>`, 100_000),
	} {
		c, err := Parse([]byte(in("4.90", elements)))
		if err != nil {
			t.Fatal(err)
		}
		if l := c.Load(buildOf(t, "15.15")); len(l.Problems) != MaxProblems || l.More == 0 {
			t.Errorf("%d problems and %d more", len(l.Problems), l.More)
		}
	}
}

func TestDeclaredVersion(t *testing.T) {
	for _, row := range []struct {
		text string
		want sysmon.Version
		ok   bool
	}{
		{"4.5", sysmon.Version{Major: 4, Minor: 50}, true},
		{"4", sysmon.Version{Major: 4}, true},
		{"+4.", sysmon.Version{Major: 4}, true},
		{"4.999", sysmon.Version{Major: 5}, true},
		{".45e1x", sysmon.Version{Major: 4, Minor: 50}, true},
		{"4e", sysmon.Version{Major: 4}, true},
		{"65536", sysmon.Version{}, false},
		{"1e400", sysmon.Version{}, false},
		{"NaN", sysmon.Version{}, false},
		{".", sysmon.Version{}, false},
	} {
		if got, ok, _ := declaredVersion(row.text); got != row.want || ok != row.ok {
			t.Errorf("%q: %v %v", row.text, got, ok)
		}
	}
}

// TestNames tests that every kind and reason has a name.
func TestNames(t *testing.T) {
	for k := Refused; k <= KnownBug; k++ {
		if strings.HasPrefix(k.String(), "Kind") {
			t.Errorf("kind %d has no name", k)
		}
	}
	var seen []string
	for r := WrongEncoding; r <= DamagedBlob; r++ {
		if s := r.String(); strings.HasPrefix(s, "Reason") || slices.Contains(seen, s) {
			t.Errorf("reason %d has the name %s", r, s)
		} else {
			seen = append(seen, s)
		}
	}
	if Kind(0).String() != "Kind(0)" || Reason(200).String() != "Reason(200)" || Encoding(99).String() != "Encoding(99)" {
		t.Error("a number without a name has one")
	}
}

// TestFor holds that the answer that another build shares is the one that it gives itself.
func TestFor(t *testing.T) {
	shared := 0
	for _, test := range []struct{ text, why string }{
		{string(workload.SysmonSource(5_000)), "many builds take it, and one attempt is undone"},
		{`<Sysmon schemaversion="4.90"><EventFiltering><FileExecutableDetected onmatch="include"/></EventFiltering></Sysmon>`, "messages name the build"},
		{`<Sysmon schemaversion="4.50"><EventFiltering><RegistryEvent onmatch="include"><Details>a</Details><NewName>b</NewName></RegistryEvent></EventFiltering></Sysmon>`, "an element is dropped"},
		{`<Sysmon schemaversion="4.50"><EventFiltering><RuleGroup groupRelation="and"><ProcessCreate onmatch="include"><Image>A</Image><User>B</User></ProcessCreate><DriverLoad onmatch="include"/></RuleGroup></EventFiltering></Sysmon>`, "known bugs concern it"},
		{`<Sysmon schemaversion="3.40"><Typo/><EventFiltering/></Sysmon>`, "no build of these takes it"},
		{`<Sysmon><EventFiltering/></Sysmon>`, "the loader stops"},
	} {
		c, err := Parse([]byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range sysmon.Builds() {
			l := c.Load(a)
			for _, b := range sysmon.Builds() {
				got := l.For(b)
				if got == nil {
					continue
				}
				shared++
				if want := c.Load(b); !reflect.DeepEqual(got, want) {
					t.Fatalf("%s: %s answers as %s\n%s\nbut itself\n%s", test.why, b.Name, a.Name, summary(got), summary(want))
				}
			}
		}
	}
	if shared < 200 {
		t.Errorf("only %d answers were shared", shared)
	}
}
