package sysmon

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"
)

// manifest is a small one with all shapes, of our own.
const manifest = `<manifest schemaversion="4.95" binaryversion="18">
  <configuration>
    <options>
      <!-- a comment -->
      <option switch="i" name="Install" argument="optional" noconfig="true" exclusive="true" />
      <option switch="k" name="ProcessAccess" argument="required" rule="true" forceconfig="true" />
      <option name="CaptureClipboard" argument="none" />
      <option name="Secret" argument="required" target="internal" />
    </options>
    <filters default="is">is,is not, Contains</filters>
  </configuration>
  <events>
    <event name="A" value="255" level="Error" template="Error report" version="3">
      <data name="UtcTime" inType="win:UnicodeString" outType="xs:string" />
    </event>
    <event name="B" value="5" template="Process terminated" rulename="ProcessTerminate" ruledefault="include" version="3">
      <data name="UtcTime" inType="win:UnicodeString" outType="xs:string" />
      <data name="Image" inType="win:UnicodeString" outType="xs:string" />
    </event>
    <event name="C" value="61441" rulename="FileDelete" ruledefault="exclude" version="3">
      <data name="UtcTime" />
    </event>
  </events>
</manifest>
`

func TestParseManifest(t *testing.T) {
	want := &Schema{
		Version: Version{4, 95}, Binary: Version{18, 0}, Source: "manifest that the build prints",
		Operators: []Operator{Is, IsNot, Contains},
		Options: []Option{
			{Name: "Install", Argument: OptionalArgument, CommandLine: true},
			{Name: "ProcessAccess", Argument: RequiredArgument, Rule: true, ForceConfig: true},
			{Name: "CaptureClipboard"},
			{Name: "Secret", Argument: RequiredArgument, Internal: true},
		},
		Events: []Event{
			{ID: 255, Name: "Error report", Fields: []string{"UtcTime"}},
			{ID: 5, Name: "Process terminated", Tag: "ProcessTerminate", LoggedByDefault: true, Fields: []string{"UtcTime", "Image"}},
		},
		Internal: []Event{{ID: 61441, Tag: "FileDelete", Fields: []string{"UtcTime"}}},
	}
	utf16le := func(s string) string {
		b := []byte{0xFF, 0xFE}
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return string(b)
	}
	utf16be := func(s string) string {
		b := []byte(utf16le(s))
		for i := 0; i < len(b); i += 2 {
			b[i], b[i+1] = b[i+1], b[i]
		}
		return string(b)
	}
	for _, c := range []struct{ why, text string }{
		{"alone", manifest},
		{"with a byte order mark", "\xEF\xBB\xBF" + manifest},
		{"with the banner of the program", "\r\nSystem Monitor v15.15 - System activity monitor\r\nCopyright (C) <c@x>\r\n\r\n" + manifest},
		{"with the line ends of Windows", strings.ReplaceAll(manifest, "\n", "\r\n")},
		{"UTF-16LE, as PowerShell writes it", utf16le("banner\r\n" + manifest)},
		{"UTF-16BE", utf16be(manifest)},
	} {
		got, err := ParseManifest([]byte(c.text))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", c.why, got, err, want)
		}
	}
	b := NewBuild("lab", Windows, want)
	if b.Manifest() != want || b.Layout != Layout15 || b.Binary != want.Binary {
		t.Errorf("the build of the manifest is %+v", b)
	}
	for declared, grammar := range map[Version]Version{{4, 95}: {4, 95}, {4, 99}: {4, 91}, {4, 30}: {4, 30}} {
		if s, err := b.Grammar(declared); err != nil || s.Version != grammar {
			t.Errorf("the build judges %s by %v, %v; want %s", declared, s, err, grammar)
		}
	}
}

func TestParseManifestErrors(t *testing.T) {
	change := func(old, new string) string {
		if !strings.Contains(manifest, old) {
			t.Fatalf("the manifest has no %q", old)
		}
		return strings.Replace(manifest, old, new, 1)
	}
	for _, c := range []struct{ text, want string }{
		{"", "line 1, column 1: found no element manifest"},
		{"\xFF\xFE<", "line 1, column 1: the manifest is UTF-16, but has an odd number"},
		{"\xFF<manifest", "line 1, column 1: the manifest is neither UTF-8"},
		{change(`"4.95"`, `"new"`), `line 1, column 1: schemaversion: found version "new"`},
		{change(`binaryversion="18"`, ``), `line 1, column 1: binaryversion: found version ""`},
		{change("</options>", "</option>"), "line 9, column 14: element <options> closed by </option>"},
		{manifest[:300], "line 6, column 97: unexpected EOF"},
		{change(`name="Install"`, ``), "line 5, column 7: an option has no name"},
		{change(`"CaptureClipboard"`, `"Install"`), "line 7, column 7: option Install is there twice"},
		{change(`"optional"`, `"perhaps"`), `line 5, column 7: option Install: unknown argument "perhaps"`},
		{change("is not", "is nearly"), `line 10, column 27: unknown condition "is nearly"`},
		{change("is,is not, Contains", " "), "line 25, column 1: the manifest has no element filters"},
		{change(`value="5"`, `value="five"`), `line 16, column 5: event "B" has the value`},
		{change(`value="5"`, `value="65536"`), `line 16, column 5: event "B" has the value`},
		{change(`value="5"`, `value="255"`), "line 16, column 5: event 255 is there twice"},
		{change(`ruledefault="include"`, `ruledefault="in"`), `line 16, column 5: event 5: unknown ruledefault "in"`},
		{change(`name="Image"`, `name="UtcTime"`), "line 18, column 7: event 5 has the field UtcTime twice"},
		{change(`name="Image"`, ``), "line 18, column 7: event 5 has a field without a name"},
		{change("<events>", `<events><data name="x"/>`), "line 12, column 11: found data outside of an event"},
		{change("<data name=\"UtcTime\" />", `<event value="9"/>`), "line 21, column 7: event 9 stands in event 61441"},
		{manifest + manifest, "line 25, column 1: found a second manifest"},
		{manifest + "more", "line 24, column 12: found text behind the manifest"},
		{change("<configuration>", "<manifest>"), "line 2, column 3: unexpected element manifest"},
		{change("<configuration>", "<configuration><!DOCTYPE x>"), "line 2, column 18: found a directive"},
		{`<manifest schemaversion="4.9" binaryversion="18"><filters>is</filters></manifest>`, "line 1, column 82: the manifest has no event"},
	} {
		_, err := ParseManifest([]byte(c.text))
		e, ok := errors.AsType[*ManifestError](err)
		if !ok || !strings.HasPrefix(e.Error(), c.want) {
			t.Errorf("%.60q: %v; want %s", c.text, err, c.want)
		}
	}
}

// FuzzParseManifest shows that any text gives a schema with unique events, or an error at a place
// in it.
func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(manifest))
	f.Add([]byte("\xFF\xFE<\x00m\x00"))
	f.Add([]byte(`<manifest schemaversion="4.9" binaryversion="18"><filters>is</filters><event value="1" rulename="A"><data name="B"/></event></manifest>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseManifest(data)
		if err != nil {
			e, ok := errors.AsType[*ManifestError](err)
			if !ok || e.Line < 1 || e.Column < 1 || e.Line > len(data)+1 || e.Problem == "" {
				t.Fatalf("error %#v of %d bytes", err, len(data))
			}
			return
		}
		seen := map[uint32]bool{}
		for i := range s.Events {
			e := &s.Events[i]
			if seen[e.ID] || s.Event(e.ID) != e {
				t.Fatalf("event %d is there twice", e.ID)
			}
			seen[e.ID] = true
			for j, field := range e.Fields {
				if e.Field(field) != j {
					t.Fatalf("field %q of event %d is there twice", field, e.ID)
				}
			}
		}
		for _, tag := range s.Tags() {
			if len(s.Tagged(tag)) == 0 {
				t.Fatalf("tag %q has no event", tag)
			}
		}
		b := NewBuild("fuzz", Windows, s)
		if g, err := b.Grammar(s.Version); err != nil || g != s {
			t.Fatalf("the build judges its own version by %v, %v", g, err)
		}
	})
}
