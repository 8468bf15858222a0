package events

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/internal/evtxtest"
)

var update = flag.Bool("update", false, "write testdata/forms/event-log.evtx.gz")

// sampleEvent is the event of the samples of all forms.
var sampleEvent = evtxtest.Event{
	Record: 1, Provider: "Microsoft-Windows-Sysmon", EventID: 1, Channel: "Microsoft-Windows-Sysmon/Operational", Computer: "ws1.example.com",
	Level: 4, Keywords: 1 << 63,
	Data: []evtxtest.Field{
		{Name: "UtcTime", Value: "2026-03-02 08:15:00.125"}, {Name: "ProcessId", Value: uint32(2044)}, {Name: "Image", Value: `C:\Windows\System32\notepad.exe`},
		{Name: "CommandLine", Value: `notepad "a & b" <é>`}, {Name: "User", Value: `EXAMPLE\eva`},
	},
}

// TestLogSample compares the sample of an event log with what the writer of tests makes.
func TestLogSample(t *testing.T) {
	const name = "testdata/forms/event-log.evtx.gz"
	want := evtxtest.Log(sampleEvent)
	if *update {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(want); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if have, err := io.ReadAll(z); err != nil || !bytes.Equal(have, want) {
		t.Errorf("%s has other bytes (%v); write it with -update", name, err)
	}
}

// TestLog reads event logs: their fields, and the places of what cannot be read.
func TestLog(t *testing.T) {
	event := func(record uint64, in string, data ...evtxtest.Field) evtxtest.Event {
		return evtxtest.Event{Record: record, Provider: "p", EventID: 5, Channel: "c", Computer: "h", Level: 2, Keywords: 1, InUserData: in, Data: data}
	}
	const head = "5 p c h: [level 2] [keywords 0x1]"
	var several []evtxtest.Event
	for i := range 50 {
		several = append(several, event(uint64(100+i), "", evtxtest.Field{Name: "a", Value: strings.Repeat("x", 2000)}))
	}
	for _, c := range []struct {
		why    string
		events []evtxtest.Event
		change func(log []byte)
		want   []string // nil stands for an event of several
	}{
		{"an empty text is present, null is absent", []evtxtest.Event{event(9, "", evtxtest.Field{Name: "a", Value: ""}, evtxtest.Field{Name: "b"})}, nil, []string{head + ` a=""`}},
		{"unnamed data are one value", []evtxtest.Event{event(9, "", evtxtest.Field{Value: "a"}, evtxtest.Field{Value: uint8(7)})}, nil, []string{head + ` Data="a\n7"`}},
		{"an array is one value", []evtxtest.Event{event(9, "", evtxtest.Field{Value: []string{"a", "b"}})}, nil, []string{head + ` Data="a\nb"`}},
		{"data in UserData", []evtxtest.Event{event(9, "Own", evtxtest.Field{Name: "a", Value: evtxtest.Hex64(0x3e7)})}, nil, []string{head + ` a="0x3e7"`}},
		{"a name twice", []evtxtest.Event{event(9, "", evtxtest.Field{Name: "a", Value: "x"}, evtxtest.Field{Name: "b", Value: ""}, evtxtest.Field{Name: "a", Value: "y"}), event(10, "")}, nil,
			[]string{"x.evtx:9: found the name \"a\" twice in the data of the event; expected it once", head}},
		{"a record whose XML cannot be read", []evtxtest.Event{event(9, ""), event(10, "")}, func(b []byte) { b[4096+512+28] = 0x30; evtxtest.Seal(b) },
			[]string{"x.evtx:9: found 0x30; expected a part of binary XML, 0x00 to 0x0f (at byte 4636, 0x121c)", head}},
		{"a damaged chunk", append(several[:1:1], several[1:]...), func(b []byte) { b[4096+1000]++ },
			[]string{"x.evtx: chunk 1: found records with the checksum "}},
	} {
		t.Run(c.why, func(t *testing.T) {
			log := evtxtest.Log(c.events...)
			if c.change != nil {
				c.change(log)
			}
			have, err := readAll("x.evtx", bytes.NewReader(log))
			if err != nil {
				t.Fatal(err)
			}
			if c.why == "a damaged chunk" {
				if len(have) < 10 || len(have) > len(several) || !strings.HasPrefix(have[0], c.want[0]) {
					t.Fatalf("%d records and errors, first %.200s", len(have), have[0])
				}
				return
			}
			if diff := cmp.Diff(c.want, have); diff != "" {
				t.Errorf("-want +have:\n%s", diff)
			}
		})
	}
}

// TestRecordedLogs writes recorded events, which are JSON, to event logs, and compares the records
// of both.
func TestRecordedLogs(t *testing.T) {
	const most = 200 // events of a file
	compared := 0
	for _, name := range recordings(t) {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var want []string
		var list []evtxtest.Event
		r := NewReader(name, f)
		defer r.Close()
		var rec Record
		for len(list) < most && r.Read(&rec) != io.EOF {
			e := evtxtest.Event{Record: uint64(len(list) + 1), Provider: string(rec.Provider), EventID: uint16(rec.EventID), Channel: string(rec.Channel), Computer: string(rec.Computer)}
			size := 0
			for i := range rec.Fields {
				value := string(rec.Fields[i].Append(nil))
				size += len(value) + 2*len(rec.Fields[i].Name)
				e.Data = append(e.Data, evtxtest.Field{Name: string(rec.Fields[i].Name), Value: value})
				if raw, err := json.Marshal(value); err == nil {
					rec.Fields[i].raw = raw // a number is text in the log
				}
				if strings.Contains(value, "\x00") {
					size = most * most
				}
			}
			if size > 20_000 || rec.EventID > 0xffff || strings.Contains(show(&rec), "\x00") {
				continue // no event of Windows: it is too large, or a NUL is in a text
			}
			rec.Level, rec.Keywords = []byte("0"), []byte("0x0")
			want = append(want, show(&rec))
			list = append(list, e)
		}
		have, err := readAll(name, bytes.NewReader(evtxtest.Log(list...)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s: -JSON +log:\n%.2000s", name, diff)
		}
		compared += len(list)
	}
	if compared < 1000 {
		t.Errorf("only %d events were compared", compared)
	}
}
