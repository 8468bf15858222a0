package events

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// TestNamesInAnotherCase maps events whose names differ from those of the built-in
// types only in case. Published recordings have each of them.
func TestNamesInAnotherCase(t *testing.T) {
	defs := builtin.Definitions()
	m := NewMapper(defs)
	for _, tt := range []struct{ name, line, typ, input, want string }{
		{"Sysmon 10 has SourceProcessGUID, and 8 SourceProcessGuid",
			line(10, sysmon, sysmonChannel, "h", `"SourceProcessGUID":"{1}"`), "sysmon", "SourceProcessGuid", "{1}"},
		{"Security 5156 has ProcessID",
			line(5156, "Microsoft-Windows-Security-Auditing", "Security", "h", `"ProcessID":"4"`), "security", "ProcessId", "4"},
		{"Security 5143 has OldSD",
			line(5143, "Microsoft-Windows-Security-Auditing", "Security", "h", `"OldSD":"D:"`), "security", "OldSd", "D:"},
		{"CAPI2 has URL",
			line(11, "Microsoft-Windows-CAPI2", "Microsoft-Windows-CAPI2/Operational", "h", `"URL":"http://a"`), "capi2", "Url", "http://a"},
		{"System has ErrorCode and errorCode",
			line(1054, "Microsoft-Windows-GroupPolicy", "System", "h", `"ErrorCode":"1355"`), "system", "ErrorCode", "1355"},
		{"NXLog writes the channel in lower case",
			`{"EventID":4688,"SourceName":"Microsoft-Windows-Security-Auditing","Channel":"security","Hostname":"h","SourceModuleType":"im_msvistalog","NewProcessName":"p"}`,
			"process_creation", "Image", "p"},
	} {
		r := readLine(t, tt.line)
		d := defs.Newest(tt.typ)
		found := ""
		for _, mapping := range appendFeeds(t, m, nil, r) {
			if mapping.Definition != d {
				continue
			}
			e, err := mapping.Event(nil, r)
			if err != nil {
				t.Fatal(err)
			}
			// A definition may have the other spelling, or both.
			for i := range d.Inputs {
				if strings.EqualFold(d.Inputs[i].Name, tt.input) && e[i].Present() {
					found = string(e[i].Text)
				}
			}
		}
		if found != tt.want {
			t.Errorf("%s: %s of type %s is %q; want %q", tt.name, tt.input, tt.typ, found, tt.want)
		}
	}
}

// TestUnclear tests the errors for names that differ only in case from several.
func TestUnclear(t *testing.T) {
	const types = `{"schema":"cfcheck.definitions/v0","definitions":[{"name":"t","number":9001,"version":1,"channel":9001,` +
		`"inputs":[{"name":"First","type":"string"},{"name":"Second","type":"string"},{"name":"Two","type":"string"}],"feeds":[` +
		`{"name":"a","channel":"Log","provider":"P","events":[1],"fields":[{"input":"First","field":"One"},{"input":"Second","field":"ONE"},{"input":"Two"}]},` +
		`{"name":"b","channel":"LOG","provider":"P","events":[1],"fields":[{"input":"Two"}]},` +
		`{"name":"c","channel":"Log","provider":"p","events":[2],"fields":[{"input":"Two"}]}]}]}`
	defs, err := sensor.ReadDefinitions("types.json", []byte(types))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, line, want string }{
		{"all exact", line(1, "P", "Log", "h", `"One":"1","ONE":"2","Two":"3"`), ""},
		{"one exact", line(1, "P", "Log", "h", `"One":"1","Two":"3"`), ""},
		{"one name for two fields", line(1, "P", "Log", "h", `"one":"1"`),
			`found the field "one", which differs only in case from each of "One" and "ONE"; expected one of them exactly`},
		{"two names for one field", line(1, "P", "Log", "h", `"two":"1","x":"","TWO":"2"`),
			`found the fields "two" and "TWO", which differ only in case from "Two"; expected one of them`},
		{"two names for one field, and the exact one", line(1, "P", "Log", "h", `"two":"1","TWO":"2","Two":"3"`), ""},
		{"one channel for two", line(1, "P", "log", "h", `"Two":"1"`), `found the channel "log", which differs only in case from each of "Log" and "LOG"; expected one of them exactly`},
		{"exact channel and provider", line(2, "p", "Log", "h", `"Two":"1"`), ""},
		{"a provider in another case in a channel with one", line(1, "p", "LOG", "h", `"Two":"1"`), ""},
		{"the channel of an event that feeds no type", line(3, "P", "log", "h", ""), `found the channel "log"`},
	} {
		r := readLine(t, tt.line)
		o, rec := NewObserver(defs, Options{}), NewRecording(defs)
		defer rec.Close()
		err := o.Add(r)
		var unclear *UnclearError
		if tt.want == "" && err != nil || tt.want != "" && (!errors.As(err, &unclear) || !strings.HasPrefix(err.Error(), tt.want)) {
			t.Errorf("%s: error %v; want %q", tt.name, err, tt.want)
		}
		if err != nil && (o.Events() != 0 || errors.Is(err, ErrLimit)) {
			t.Errorf("%s: the event is counted", tt.name)
		}
		var said []string
		if err := rec.Read("e", NewReader("e", strings.NewReader(tt.line)), func(e *LineError) { said = append(said, e.Err.Error()) }); err != nil {
			t.Fatal(err)
		}
		want := []string(nil)
		if err != nil {
			want = []string{err.Error()}
		}
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("%s: errors of a recording (-want +have):\n%s", tt.name, diff)
		}
		if err != nil && rec.Total() != 0 {
			t.Errorf("%s: the event is recorded", tt.name)
		}
	}
	// Two providers that differ only in case.
	if _, err := NewMapper(defs).Append(nil, readLine(t, line(2, "P", "Log", "h", ""))); err != nil {
		t.Error(err)
	}
	more := strings.Replace(types, `"provider":"p"`, `"provider":"pp"`, 1)
	more = strings.Replace(more, `"provider":"P"`, `"provider":"Pp"`, 1)
	if defs, err = sensor.ReadDefinitions("types.json", []byte(more)); err != nil {
		t.Fatal(err)
	}
	_, err = NewMapper(defs).Append(nil, readLine(t, line(2, "PP", "Log", "h", "")))
	if want := `found the provider "PP", which differs only in case from each of "Pp" and "pp"; expected one of them exactly`; err == nil || err.Error() != want {
		t.Errorf("error %v; want %s", err, want)
	}
}

// TestCaseOfNames checks that the case of names changes nothing, for any event.
func TestCaseOfNames(t *testing.T) {
	defs := builtin.Definitions()
	m := NewMapper(defs)
	values := func(t *rapid.T, line string) (list []string) {
		r := new(Record)
		if err := NewReader("x", strings.NewReader(line)).Read(r); err != nil {
			t.Fatal(err)
		}
		feeds, err := m.Append(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		for _, feed := range feeds {
			e, err := feed.Event(nil, r)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range e {
				if v.Present() && v.Type == sensor.TypeString {
					list = append(list, fmt.Sprintf("%s %s: %s", feed.Definition.Name, feed.Definition.Inputs[i].Name, v.Text))
				}
			}
		}
		return list
	}
	rapid.Check(t, func(t *rapid.T) {
		other := func(s string) string {
			b := []byte(s)
			for i, c := range b {
				if 'a' <= c|0x20 && c|0x20 <= 'z' && rapid.Bool().Draw(t, "flip") {
					b[i] ^= 0x20
				}
			}
			return string(b)
		}
		mapping := rapid.SampledFrom(m.mappings).Draw(t, "mapping")
		id := uint32(1)
		if events := mapping.Feed.Events; len(events) > 0 {
			id = rapid.SampledFrom(events).Draw(t, "id")
		}
		var exact, folded []string
		for i, name := range slices.Sorted(maps.Keys(mapping.byName)) {
			if !rapid.Bool().Draw(t, "has") {
				continue
			}
			exact = append(exact, fmt.Sprintf(`"%s":"%d"`, name, i))
			folded = append(folded, fmt.Sprintf(`"%s":"%d"`, other(name), i))
		}
		provider, channel := mapping.Feed.Provider, mapping.Feed.Channel
		want := values(t, line(int(id), provider, channel, "h", strings.Join(exact, ",")))
		have := values(t, line(int(id), other(provider), other(channel), "h", strings.Join(folded, ",")))
		slices.Sort(want)
		slices.Sort(have)
		// An input with the name of the provider or the channel has it as recorded.
		same := func(list []string) []string {
			return slices.DeleteFunc(list, func(s string) bool {
				_, value, _ := strings.Cut(s, ": ")
				return strings.EqualFold(value, provider) || strings.EqualFold(value, channel)
			})
		}
		if diff := cmp.Diff(same(want), same(have)); diff != "" {
			t.Errorf("feed %s, event %d (-exact +folded):\n%s", mapping.Feed.Name, id, diff)
		}
	})
}
