package events

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// definitions returns template types for tests: one with feeds from two sources,
// and two versions of a type with feeds from the same events.
func definitions(t testing.TB) *sensor.Definitions {
	t.Helper()
	const document = `{"schema":"cfcheck.definitions/v0","definitions":[
{"name":"process","number":9001,"version":1,"channel":9001,"inputs":[
 {"name":"Image","type":"string"},{"name":"OriginalFileName","type":"string"},{"name":"ProcessId","type":"integer"},{"name":"Id","type":"string"},{"name":"Ours","type":"string"}],
 "feeds":[
 {"name":"sysmon","provider":"Microsoft-Windows-Sysmon","channel":"Microsoft-Windows-Sysmon/Operational","events":[1],
  "fields":[{"input":"Image"},{"input":"OriginalFileName","since":"Sysmon 10.0"},{"input":"ProcessId"},{"input":"Id","field":"System/EventID"}]},
 {"name":"security","channel":"Security","events":[4688],
  "fields":[{"input":"Image","field":"NewProcessName"}]}]},
{"name":"value","number":9002,"version":1,"channel":9002,"inputs":[{"name":"Target","type":"string"},{"name":"Address","type":"address"},{"name":"Computer","type":"string"}],
 "feeds":[{"name":"sysmon","channel":"Microsoft-Windows-Sysmon/Operational","events":[12,13],"fields":[{"input":"Target"},{"input":"Address","field":"Target"},{"input":"Computer","field":"System/Computer"}]}]},
{"name":"value","number":9002,"version":2,"channel":9002,"inputs":[{"name":"Target","type":"string"},{"name":"Other","type":"string"}],
 "feeds":[{"name":"sysmon","channel":"Microsoft-Windows-Sysmon/Operational","events":[13],"fields":[{"input":"Target"},{"input":"Other"}]}]},
{"name":"anything","number":9003,"version":1,"channel":9003,"inputs":[{"name":"Channel","type":"string"},{"name":"Provider","type":"string"}],
 "feeds":[{"name":"app","provider":"App","fields":[{"input":"Channel","field":"System/Channel"},{"input":"Provider","field":"System/Provider"}]}]}]}`
	defs, err := sensor.ReadDefinitions("types.json", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return defs
}

// line returns an event as a line.
func line(id int, provider, channel, computer, data string) string {
	return fmt.Sprintf(`{"EventID":%d,"Provider":%q,"Channel":%q,"Computer":%q,"EventData":{%s}}`+"\n", id, provider, channel, computer, data)
}

const (
	sysmon        = "Microsoft-Windows-Sysmon"
	sysmonChannel = "Microsoft-Windows-Sysmon/Operational"
)

// readLine returns the record in the first line of a text.
func readLine(t testing.TB, text string) *Record {
	t.Helper()
	rec := new(Record)
	if err := NewReader("x", strings.NewReader(text)).Read(rec); err != nil {
		t.Fatal(err)
	}
	return rec
}

// appendFeeds returns the mappings of a record, whose names must be clear.
func appendFeeds(t testing.TB, m *Mapper, list []*Mapping, r *Record) []*Mapping {
	t.Helper()
	list, err := m.Append(list, r)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestMapper tests the feeds of records.
func TestMapper(t *testing.T) {
	m := NewMapper(definitions(t))
	var all []string
	for _, mapping := range m.mappings {
		all = append(all, fmt.Sprintf("%s %d %s", mapping.Definition.Name, mapping.Definition.Version, mapping.Feed.Name))
	}
	if diff := cmp.Diff([]string{"process 1 sysmon", "process 1 security", "value 1 sysmon", "value 2 sysmon", "anything 1 app"}, all); diff != "" {
		t.Errorf("mappings (-want +have):\n%s", diff)
	}
	for _, tt := range []struct {
		why, line string
		want      []string
	}{
		{"provider, channel and event ID", line(1, sysmon, sysmonChannel, "h", ""), []string{"process 1 sysmon"}},
		{"another provider", line(1, "x", sysmonChannel, "h", ""), nil},
		{"the provider in another case", line(1, strings.ToLower(sysmon), sysmonChannel, "h", ""), []string{"process 1 sysmon"}},
		{"the channel in another case", line(4688, "x", "security", "h", ""), []string{"process 1 security"}},
		{"a letter beyond ASCII is another letter", line(4688, "x", "\u017fecurity", "h", ""), nil},
		{"no provider: the channel says enough", line(1, "", sysmonChannel, "h", ""), []string{"process 1 sysmon"}},
		{"another event", line(2, sysmon, sysmonChannel, "h", ""), nil},
		{"another channel", line(1, sysmon, "Security", "h", ""), nil},
		{"no channel", line(1, sysmon, "", "h", ""), nil},
		{"any provider", line(4688, "whatever", "Security", "h", ""), []string{"process 1 security"}},
		{"two versions of one type", line(13, sysmon, sysmonChannel, "h", ""), []string{"value 1 sysmon", "value 2 sysmon"}},
		{"the event ID of one of them", line(12, sysmon, sysmonChannel, "h", ""), []string{"value 1 sysmon"}},
		{"any channel and any event", line(7, "App", "Application", "h", ""), []string{"anything 1 app"}},
		{"any channel, none recorded", line(7, "App", "", "h", ""), []string{"anything 1 app"}},
		{"in the order of the types", line(13, "App", sysmonChannel, "h", ""), []string{"value 1 sysmon", "value 2 sysmon", "anything 1 app"}},
	} {
		var have []string
		for _, mapping := range appendFeeds(t, m, nil, readLine(t, tt.line)) {
			have = append(have, fmt.Sprintf("%s %d %s", mapping.Definition.Name, mapping.Definition.Version, mapping.Feed.Name))
		}
		if diff := cmp.Diff(tt.want, have); diff != "" {
			t.Errorf("%s: feeds (-want +have):\n%s", tt.why, diff)
		}
	}
}

// TestMappingEvent tests the event of a record, also after records with other
// fields.
func TestMappingEvent(t *testing.T) {
	defs := definitions(t)
	m := NewMapper(defs)
	type values map[string]any
	process, value := defs.Newest("process"), defs.ByName("value", 1)
	for _, tt := range []struct {
		why  string
		line string
		d    *sensor.Definition
		want values
	}{
		{"all fields", line(1, sysmon, sysmonChannel, "h", `"Image":"C:\\a","OriginalFileName":"a","ProcessId":"4"`), process,
			values{"Image": `C:\a`, "OriginalFileName": "a", "ProcessId": int64(4), "Id": "1"}},
		{"in another order, one twice as long, one empty", line(1, sysmon, sysmonChannel, "h", `"ProcessId":-9223372036854775808,"OriginalFileName":"","Image":"C:\\a\\b"`), process,
			values{"Image": `C:\a\b`, "OriginalFileName": "", "ProcessId": int64(-9223372036854775808), "Id": "1"}},
		{"others between them, and one in another case", line(1, sysmon, sysmonChannel, "h", `"x":"1","image":"2","y":"3","OriginalFileName":"b","Ours":"z"`), process,
			values{"Image": "2", "OriginalFileName": "b", "Id": "1"}},
		{"a name in another case beside the exact one", line(1, sysmon, sysmonChannel, "h", `"IMAGE":"1","Image":"2","image":"3"`), process,
			values{"Image": "2", "Id": "1"}},
		{"what is null is absent", line(1, sysmon, sysmonChannel, "h", `"Image":null`), process, values{"Id": "1"}},
		{"a number in hexadecimal is none", line(1, sysmon, sysmonChannel, "h", `"ProcessId":"0x4"`), process, values{"Id": "1"}},
		{"nor is one with a sign or space", line(1, sysmon, sysmonChannel, "h", `"ProcessId":"+4"`), process, values{"Id": "1"}},
		{"nor one that is too large", line(1, sysmon, sysmonChannel, "h", `"ProcessId":9223372036854775808`), process, values{"Id": "1"}},
		{"nor nothing", line(1, sysmon, sysmonChannel, "h", `"ProcessId":""`), process, values{"Id": "1"}},
		{"a field of another name", line(4688, sysmon, "Security", "h", `"NewProcessName":"p","Image":"q"`), process, values{"Image": "p"}},
		{"a field that becomes two inputs", line(12, sysmon, sysmonChannel, "h", `"Target":"10.0.0.1"`), value,
			values{"Target": "10.0.0.1", "Address": "::ffff:10.0.0.1", "Computer": "h"}},
		{"of which one is no address", line(12, sysmon, sysmonChannel, "h", `"Target":"fe80::1%eth0"`), value,
			values{"Target": "fe80::1%eth0", "Computer": "h"}},
		{"a host that is not recorded", line(12, sysmon, sysmonChannel, "", `"Target":"-"`), value, values{"Target": "-"}},
	} {
		r := readLine(t, tt.line)
		var e interp.Event
		for _, mapping := range appendFeeds(t, m, nil, r) {
			if mapping.Definition == tt.d {
				var err error
				if e, err = mapping.Event(e, r); err != nil {
					t.Fatal(err)
				}
			}
		}
		have := values{}
		for i, v := range e {
			switch v.Type {
			case sensor.TypeString:
				have[tt.d.Inputs[i].Name] = string(v.Text)
			case sensor.TypeInteger:
				have[tt.d.Inputs[i].Name] = v.Integer
			case sensor.TypeAddress:
				have[tt.d.Inputs[i].Name] = netip.AddrFrom16(v.Address).String()
			}
		}
		if diff := cmp.Diff(tt.want, have); diff != "" {
			t.Errorf("%s: event (-want +have):\n%s", tt.why, diff)
		}
	}
}

// TestHeaderInputs tests the inputs of built-in types that are in the header of an event, also if a
// field of the data has the same name.
func TestHeaderInputs(t *testing.T) {
	m := NewMapper(builtin.Definitions())
	line := func(provider, channel, system, data string) string {
		return fmt.Sprintf(`{"Event":{"System":{"EventID":104,"Level":4,"Computer":"h","Channel":%q,"Provider":{"#attributes":{"Name":%q}}%s},"EventData":{%s}}}`, channel, provider, system, data)
	}
	for _, tt := range []struct {
		typ, line string
		want      map[string]string
	}{
		{"security", line("Microsoft-Windows-Eventlog", "Security", `,"Keywords":"0x4020000000000000"`, `"Channel":"Setup","Level":"9"`),
			map[string]string{"EventID": "104", "Channel": "Security", "Provider_Name": "Microsoft-Windows-Eventlog", "Computer": "h", "Level": "4", "Keywords": "0x4020000000000000"}},
		{"system", line("Microsoft-Windows-Eventlog", "System", "", `"Channel":"Setup"`),
			map[string]string{"EventID": "104", "Channel": "Setup", "Level": "4"}},
		{"driver-framework", line("Microsoft-Windows-DriverFrameworks-UserMode", "Microsoft-Windows-DriverFrameworks-UserMode/Operational", "", `"Level":"1"`),
			map[string]string{"EventID": "104", "Channel": "Microsoft-Windows-DriverFrameworks-UserMode/Operational", "Level": "1"}},
	} {
		r := readLine(t, tt.line)
		feeds := appendFeeds(t, m, nil, r)
		i := slices.IndexFunc(feeds, func(m *Mapping) bool { return m.Definition.Name == tt.typ })
		if i < 0 {
			t.Errorf("type %s: the event belongs to %d feeds; want one of the type", tt.typ, len(feeds))
			continue
		}
		e, err := feeds[i].Event(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range tt.want {
			input, _ := feeds[i].Definition.Input(name)
			if have := string(e[input].Text); have != want {
				t.Errorf("type %s: %s is %q; want %q", tt.typ, name, have, want)
			}
		}
	}
}

// TestMappingAllocates checks that making an event into sufficient space does
// not allocate.
func TestMappingAllocates(t *testing.T) {
	m := NewMapper(definitions(t))
	r := readLine(t, line(1, sysmon, sysmonChannel, "h", `"Image":"C:\\a","x":1,"ORIGINALFILENAME":"\u0061","ProcessId":"4"`))
	var list []*Mapping
	var e interp.Event
	n := testing.AllocsPerRun(100, func() {
		list = appendFeeds(t, m, list[:0], r)
		e, _ = list[0].Event(e, r)
	})
	if n != 0 || len(e) != 5 || string(e[0].Text) != `C:\a` {
		t.Errorf("%v allocations, event %v", n, e)
	}
}

// observe counts all records of texts.
func observe(t testing.TB, defs *sensor.Definitions, options Options, texts ...string) *Observer {
	t.Helper()
	o := NewObserver(defs, options)
	for _, text := range texts {
		addAll(t, o, NewReader("x", strings.NewReader(text)))
	}
	return o
}

// addAll counts all records of a reader, and returns their number.
func addAll(t testing.TB, o *Observer, r *Reader) (records int) {
	t.Helper()
	var rec Record
	for ; ; records++ {
		err := r.Read(&rec)
		if err == io.EOF {
			return records
		}
		if err == nil {
			err = o.Add(&rec)
		}
		if err != nil {
			t.Fatalf("line %d: %v", r.Line(), err)
		}
	}
}

// fleetOf returns the observed fleet as lines.
func fleetOf(t testing.TB, o *Observer) []string {
	t.Helper()
	f, err := o.Fleet("f", sensor.OwnReader())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range f.Contracts {
		lines = append(lines, fmt.Sprintf("%s: %d, %s", c.Build, c.Hosts, c.Note))
		for _, s := range c.Supplies {
			l := fmt.Sprintf("  %s %d %s, %s, %d events:", s.Type, s.Version, s.Feed, s.Evidence, s.Events)
			for _, in := range s.Inputs {
				l += fmt.Sprintf(" %s %s %d,", in.Name, in.State, in.Seen)
			}
			lines = append(lines, strings.TrimSuffix(l, ","))
		}
	}
	return lines
}

const (
	full  = `"Image":"a","OriginalFileName":"b","ProcessId":1`
	short = `"Image":"a","ProcessId":1`
)

// TestObserve tests the supplied inputs of hosts, and the groups of hosts.
func TestObserve(t *testing.T) {
	process := func(host, data string) string { return line(1, sysmon, sysmonChannel, host, data) }
	for _, tt := range []struct {
		why     string
		options Options
		events  string
		want    []string
	}{
		{"an input of some events is supplied, one of none is unknown, one that the feed does not have is not supplied", Options{},
			process("a", full) + process("a", short) + process("b", short), []string{
				"a: 1, host a",
				"  process 1 sysmon, observed, 2 events: Image supplied 2, OriginalFileName supplied 1, ProcessId supplied 2, Id supplied 2, Ours not supplied 0",
				"b: 1, host b",
				"  process 1 sysmon, observed, 1 events: Image supplied 1, OriginalFileName unknown 0, ProcessId supplied 1, Id supplied 1, Ours not supplied 0",
			}},
		{"hosts that supply the same are one group, whatever their counts; the greatest is first", Options{},
			process("a", full) + process("d", short) + process("c", short) + process("c", short) + process("e", short) + process("b", short) + process("f", short), []string{
				"b and 4 more: 5, hosts b, c, d and 2 more",
				"  process 1 sysmon, observed, 6 events: Image supplied 6, OriginalFileName unknown 0, ProcessId supplied 6, Id supplied 6, Ours not supplied 0",
				"a: 1, host a",
				"  process 1 sysmon, observed, 1 events: Image supplied 1, OriginalFileName supplied 1, ProcessId supplied 1, Id supplied 1, Ours not supplied 0",
			}},
		{"each feed is a supply of its own: the union would hide that Security lacks most", Options{},
			process("a", full) + line(4688, "", "Security", "a", `"NewProcessName":"x"`) + line(4688, "", "Security", "b", `"NewProcessName":"x"`), []string{
				"a: 1, host a",
				"  process 1 sysmon, observed, 1 events: Image supplied 1, OriginalFileName supplied 1, ProcessId supplied 1, Id supplied 1, Ours not supplied 0",
				"  process 1 security, observed, 1 events: Image supplied 1, OriginalFileName not supplied 0, ProcessId not supplied 0, Id not supplied 0, Ours not supplied 0",
				"b: 1, host b",
				"  process 1 security, observed, 1 events: Image supplied 1, OriginalFileName not supplied 0, ProcessId not supplied 0, Id not supplied 0, Ours not supplied 0",
			}},
		{"one event may feed several types and versions", Options{},
			line(13, "", sysmonChannel, "a", `"Target":"10.0.0.1"`) + line(13, "", sysmonChannel, "a", `"Target":"x"`), []string{
				"a: 1, host a",
				"  value 1 sysmon, observed, 2 events: Target supplied 2, Address supplied 1, Computer supplied 2",
				"  value 2 sysmon, observed, 2 events: Target supplied 2, Other unknown 0",
			}},
		{"absence that is concluded, of hosts with enough events", Options{AbsentAfter: 2},
			process("a", short) + process("a", short) + process("b", short), []string{
				"a: 1, host a",
				"  process 1 sysmon, observed, 2 events: Image supplied 2, OriginalFileName not supplied 0, ProcessId supplied 2, Id supplied 2, Ours not supplied 0",
				"b: 1, host b",
				"  process 1 sysmon, observed, 1 events: Image supplied 1, OriginalFileName unknown 0, ProcessId supplied 1, Id supplied 1, Ours not supplied 0",
			}},
		{"names of hosts that would not look like what they are", Options{},
			process("a\nb", short) + process(" x, y", short) + process(strings.Repeat("é", 70), short) + process("z", short), []string{
				`" x, y" and 3 more: 4, hosts " x, y", "a\nb", z and 1 more`,
				"  process 1 sysmon, observed, 4 events: Image supplied 4, OriginalFileName unknown 0, ProcessId supplied 4, Id supplied 4, Ours not supplied 0",
			}},
		{"a long name of a host is cut", Options{}, process(strings.Repeat("é", 70), short), []string{
			strings.Repeat("é", 64) + "...: 1, host " + strings.Repeat("é", 64) + "...",
			"  process 1 sysmon, observed, 1 events: Image supplied 1, OriginalFileName unknown 0, ProcessId supplied 1, Id supplied 1, Ours not supplied 0",
		}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			o := observe(t, definitions(t), tt.options, tt.events)
			if diff := cmp.Diff(tt.want, fleetOf(t, o)); diff != "" {
				t.Errorf("fleet (-want +have):\n%s", diff)
			}
			f, err := o.Fleet("f", sensor.OwnReader())
			if err != nil {
				t.Fatal(err)
			}
			if data, err := f.JSON(); err != nil {
				t.Error(err)
			} else if back, err := sensor.ReadFleet("f.json", data); err != nil {
				t.Error(err)
			} else if back.Digest, back.Document = f.Digest, f.Document; !cmp.Equal(f, back) {
				t.Errorf("the fleet that is written reads as another:\n%s", cmp.Diff(f, back))
			}
		})
	}
}

// TestFleetNote tests the note, which states the conclusions and their basis.
func TestFleetNote(t *testing.T) {
	for _, tt := range []struct {
		options Options
		want    string
	}{
		{Options{}, "Observed by cfcheck contract observe in 1 recorded event from 1 host; events do not show how a sensor reads content. A field that is in no event of a host is unknown, not absent, unless the feed never has it."},
		{Options{AbsentAfter: 7}, "Observed by cfcheck contract observe in 1 recorded event from 1 host; events do not show how a sensor reads content. A host with at least 7 events of a feed does not supply the fields that are in no event. On other hosts these fields are unknown."},
	} {
		f, err := observe(t, definitions(t), tt.options, line(1, sysmon, sysmonChannel, "a", short)).Fleet("f", sensor.OwnReader())
		if err != nil {
			t.Fatal(err)
		}
		if f.Note != tt.want {
			t.Errorf("note is %q; want %q", f.Note, tt.want)
		}
	}
}

// TestOthers checks that events that feed nothing are counted by kind, and are
// not part of the fleet.
func TestOthers(t *testing.T) {
	o := observe(t, definitions(t), Options{}, line(5, "p", "c", "", "")+line(5, "p", "c", "h", "")+line(6, "p", "c", "h", "")+line(5, "", "c", "h", "")+
		`{"ID":"1.500:2","NODE":"h","SYSCALL":{}}`+"\n"+line(5, strings.Repeat("p", maxNameSize), "", "h", ""))
	kinds, rest := o.Others()
	want := []Kind{{"p", "c", 5, 2, false}, {ProviderLaurel, "auditd", 0, 1, true}, {"", "c", 5, 1, false}, {"p", "c", 6, 1, false}}
	if diff := cmp.Diff(want, kinds); diff != "" || rest != 1 {
		t.Errorf("kinds (-want +have):\n%s\nand %d more; want 1", diff, rest)
	}
	if _, err := o.Fleet("f", sensor.OwnReader()); !errors.Is(err, ErrNothing) {
		t.Errorf("error is %v; want ErrNothing", err)
	}
	o = NewObserver(definitions(t), Options{})
	for i := range MaxKinds + 3 {
		if err := o.Add(&Record{EventID: uint32(i), Channel: []byte("c")}); err != nil {
			t.Fatal(err)
		}
	}
	if kinds, rest := o.Others(); len(kinds) != MaxKinds || rest != 3 {
		t.Errorf("%d kinds and %d more; want %d and 3", len(kinds), rest, MaxKinds)
	}
}

// TestObserverRefuses checks that an Observer reports events that it cannot
// count, and keeps its counts.
func TestObserverRefuses(t *testing.T) {
	event := func(host string) *Record { return readLine(t, line(1, sysmon, sysmonChannel, host, full)) }
	o := NewObserver(definitions(t), Options{})
	for _, tt := range []struct {
		why  string
		r    *Record
		want string
	}{
		{"no host", event(""), "found no computer name; expected Computer, Hostname or winlog.computer_name"},
		{"a host's name that is none", event(strings.Repeat("x", 2000)), "found a computer name of 2000 bytes; expected at most 1024"},
	} {
		if err := o.Add(tt.r); err == nil || err.Error() != tt.want || errors.Is(err, ErrLimit) {
			t.Errorf("%s: error is %v; want %s", tt.why, err, tt.want)
		}
	}
	if o.Events() != 0 || o.Hosts() != 0 {
		t.Errorf("%d events of %d hosts; want none", o.Events(), o.Hosts())
	}
	o.maxHosts = 1
	if err := errors.Join(o.Add(event("a")), o.Add(event("a"))); err != nil {
		t.Fatal(err)
	}
	if err := o.Add(event("b")); !errors.Is(err, ErrLimit) || err.Error() != "too much to count: there are more than 1 hosts; observe fewer files at once" {
		t.Errorf("error is %v; want ErrLimit", err)
	}
	o.maxHosts, o.maxCounters = 2, o.counters
	if err := o.Add(event("b")); !errors.Is(err, ErrLimit) || err.Error() != "too much to count: the inputs of 1 hosts need more than 9 counters; observe fewer files or types at once" {
		t.Errorf("error is %v; want ErrLimit", err)
	}
	o.maxCounters += 5 // sufficient for the host, and not for its feed
	if err := o.Add(event("b")); !errors.Is(err, ErrLimit) {
		t.Errorf("error is %v; want ErrLimit", err)
	}
	if have := o.Events(); have != 2 {
		t.Errorf("%d events; want 2", have)
	}
}

// TestObserveOrder checks that the fleet does not depend on the order of the
// events or on their distribution over files.
func TestObserveOrder(t *testing.T) {
	defs := definitions(t)
	rapid.Check(t, func(rt *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			host := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "host")
			return rapid.SampledFrom([]string{
				line(1, sysmon, sysmonChannel, host, full), line(1, sysmon, sysmonChannel, host, short),
				line(4688, "", "Security", host, `"NewProcessName":"x"`), line(13, "", sysmonChannel, host, `"Target":"x"`),
				line(13, "", sysmonChannel, host, `"Other":"x"`), line(99, "", "", host, ``),
			}).Draw(t, "event")
		}), 1, 40).Draw(rt, "events")
		options := Options{AbsentAfter: rapid.Uint64Range(0, 3).Draw(rt, "absent after")}
		document := func(texts ...string) string {
			f, err := observe(t, defs, options, texts...).Fleet("f", sensor.OwnReader())
			if err != nil {
				return err.Error()
			}
			data, err := f.JSON()
			if err != nil {
				rt.Fatal(err)
			}
			return string(data)
		}
		want := document(strings.Join(events, ""))
		shuffled := rapid.Permutation(slices.Clone(events)).Draw(rt, "order")
		if have := document(shuffled...); have != want {
			rt.Errorf("the fleet differs:\n%s", cmp.Diff(want, have))
		}
	})
}

// TestObserveMemory checks that memory does not grow with the number of events.
func TestObserveMemory(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	text := line(1, sysmon, sysmonChannel, "a", full) + line(13, "", sysmonChannel, "b", `"Target":"x"`) + line(99, "p", "c", "a", "")
	live := func(times int) uint64 {
		o := NewObserver(definitions(t), Options{})
		r := NewReader("x", io.LimitReader(&repeat{text: text}, int64(times*len(text))))
		addAll(t, o, r)
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		runtime.KeepAlive(o)
		runtime.KeepAlive(r)
		return m.HeapAlloc
	}
	live(1)
	few, many := live(10), live(30_000)
	if many > few+64<<10 {
		t.Errorf("after 90,000 events there are %d bytes, after 30 there were %d", many, few)
	}
	t.Logf("%d bytes after 30 events, %d after 90,000", few, many)
}

// A repeat is a reader that returns a text repeatedly.
type repeat struct {
	text string
	at   int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

// TestFeeds tests the summary of a feed, with the number of hosts for each
// state of an input.
func TestFeeds(t *testing.T) {
	o := observe(t, definitions(t), Options{AbsentAfter: 2},
		line(1, sysmon, sysmonChannel, "a", full)+line(1, sysmon, sysmonChannel, "b", short)+line(1, sysmon, sysmonChannel, "c", short)+line(1, sysmon, sysmonChannel, "c", `"ProcessId":"0x4"`))
	have := o.Feeds()
	if len(have) != 1 {
		t.Fatalf("%d feeds; want 1", len(have))
	}
	have[0].Definition, have[0].Feed = nil, nil
	want := FeedSummary{Hosts: 3, Events: 4, Odd: 1, Fields: []FieldSummary{
		{"Image", 3, 0, 0, 3}, {"OriginalFileName", 1, 1, 1, 1}, {"ProcessId", 3, 0, 0, 3}, {"Id", 3, 0, 0, 4},
	}}
	if diff := cmp.Diff(want, have[0]); diff != "" {
		t.Errorf("summary (-want +have):\n%s", diff)
	}
}

// TestObserveForms tests that a contract states which inputs have other values than the definition
// says: in another form, or absent although the source always writes the field.
func TestObserveForms(t *testing.T) {
	const document = `{"schema":"cfcheck.definitions/v0","definitions":[{"name":"start","number":9010,"version":1,"channel":9010,
"inputs":[{"name":"Id","type":"string"},{"name":"Name","type":"string"},{"name":"Line","type":"string"}],
"feeds":[{"name":"log","channel":"Log","events":[1],"fields":[{"input":"Id","form":"hexadecimal"},{"input":"Name","placeholders":["-"]},{"input":"Line"}]}]}]}`
	defs, err := sensor.ReadDefinitions("types.json", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	const right, decimal, nameless = `"Id":"0x1a4","Name":"-","Line":"x"`, `"Id":"420","Name":"-","Line":"x"`, `"Id":"0x1a4","Line":"x"`
	for _, tt := range []struct {
		why      string
		events   []string
		id, name bool
	}{
		{"as the source writes it", []string{right, right}, false, false},
		{"a number in another form", []string{right, decimal}, true, false},
		{"a value late in a long recording", append(slices.Repeat([]string{right}, 127), decimal, right), true, false},
		{"an event without a field that is never absent", []string{right, nameless}, false, true},
		{"no event with the field, whose supply is not known", []string{nameless}, false, false},
	} {
		o := NewObserver(defs, Options{})
		for _, data := range tt.events {
			if err := o.Add(readLine(t, line(1, "P", "Log", "host", data))); err != nil {
				t.Fatal(err)
			}
		}
		f, err := o.Fleet("observed", sensor.OwnReader())
		if err != nil {
			t.Fatal(err)
		}
		in := f.Contracts[0].Supplies[0].Inputs
		if in[0].OtherForm != tt.id || in[1].OtherForm != tt.name || in[2].OtherForm {
			t.Errorf("%s: other forms are %v, %v and %v; want %v, %v and false", tt.why, in[0].OtherForm, in[1].OtherForm, in[2].OtherForm, tt.id, tt.name)
		}
	}
}
