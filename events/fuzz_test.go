package events

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/internal/evtxtest"
	"github.com/cfcheck/cfcheck/sensor"
)

// FuzzReader reads any bytes. All text but space must be a record or
// an error with its line, whether the bytes are compressed or not. The fields
// of a record must have unique names, and the values that another decoder
// reads. An Observer that counts the records must return a fleet that can be
// read.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		line(1, sysmon, sysmonChannel, "h", full),
		`{"EventTime":"t","Hostname":"h","EventType":"INFO","EventID":1,"SourceName":"Microsoft-Windows-Sysmon","Channel":"Microsoft-Windows-Sysmon/Operational","Image":"\\a","SourceModuleType":"im_msvistalog"}`,
		`{"winlog":{"event_id":"1","channel":"Microsoft-Windows-Sysmon/Operational","provider_name":"Microsoft-Windows-Sysmon","event_data":{"Image":null}},"host":{"name":"h"}}`,
		`{"Event":{"System":{"EventID":{"#text":4688},"Channel":"Security","Computer":"h","Provider":{"#attributes":{"Name":"p"}}},"EventData":{"NewProcessName":{"#text":"x"}}}}`,
		`{"_source":{"event_id":4688,"log_name":"Security","computer_name":"h","event_data":{"Data":["a",1,null]}}}`,
		`{"a":1,"_source":{"EventID":1,"a":2},"b":1}`,
		`{"Event":{"System":{"EventID":1},"UserData":{"a":{"c":"1"},"b":{"c":"1"}}}}`,
		"\n{}\n[]\n{\"EventID\":1,\"EventID\":2}\n{\"EventID\":1,\"a\":[1]}\r\n{\"EventID\":1,\"\\u0061\":\"\xff\"}",
		"\ufeff{\"EventID\":1}\n" + strings.Repeat(" ", 70_000) + "\n{",
		"[{\"EventID\":1,\"a\":\"}\"},\n {\n \"EventID\":\n2}]{\"EventID\":3}\n{\n \"EventID\":4\n}\n[1,[],{}{},]",
		"{\n \"a\":\"x\n },\n\n {\"EventID\":1}\n{\n{\"EventID\":1}\nRecord 1\n{\n\"EventID\":1}",
		"{\n \x02a\":\"x\n },\n\n {\"EventID\":1\xff\xff\xff\xff{\"EventI",
		`{"took":1,"hits":{"total":1,"hits":[{"_id":"1","_source":{"EventID":1,"EventData":{"a":"b"}}}]},"x":["]"]}`,
		`{"results":[{"EventID":"1","a":"b"}]}`,
		wideText(binary.LittleEndian, "{\"EventID\":1,\r\n\"a\":\"\U0001f600\"}"), wideText(binary.BigEndian, "[{\"EventID\":1}]"),
		`{"winlog.event_id":1,"winlog.event_data.a":"b","host.name":["h"],"process.name":["x"]}`,
		`{"_id":"1","fields":{"winlog.event_id":["1"],"winlog.event_data.a":["b","c"],"winlog.event_data.a.keyword":["b"]}}`,
		`{"data":{"win":{"system":{"eventID":"1","computer":"h"},"eventdata":{"a":"\\\\x","b":"\\\\\\\\\\\"","data":"c"}}}}`,
		`{"data.win.system.eventID":"1","data.win.eventdata.a":"b"}`,
		`{"preview":false,"result":{"EventCode":"1","a":"b","host":"h","_raw":"x"}}`,
		`{"System":{"EventID":{"Value":1},"Provider":{"Name":"p"}},"EventData":{"Data":[{"@Name":"a","#text":"b"},{"@Name":"a"},"c"]}}`,
		`{"EventId":1,"Payload":"{\"EventData\":{\"Data\":[{\"@Name\":\"a\",\"#text\":\"b\"}]}}"}`,
		`{"event_id":{"id":1},"provider":{"name":"p"},"computer":"h","event_data":{"data":[{"a":"b"},{"":"c"},{"":null}]}}`,
		`{"EventID":1,"StringInserts":["a"]}`, `{"EventID":1,"Data":[{"Name":"a","text":1},"b"]}`,
		"<?xml version='1.0'?>\r\n<Events><Event><System><Provider Name='p'/><EventID>1</EventID><Computer>h</Computer></System><EventData><Data Name='a'>b &lt;</Data><Data>c\nd</Data></EventData></Event></Events>",
		"<Event><System><EventID>1</EventID></System>\n<Event ><System><EventID>1</EventID></System><UserData><x><a>b</a></x></UserData></Event>\n{}\n<x/>\n<Event",
		`{"result":{"_raw":"<Event><System><EventID>1</EventID></System></Event>"}}`,
		`{"EventID":1,"Source":"p","EventLog":"c","EventData":"<DataItem><EventData><Data Name='a'>b</Data></EventData></DataItem>"}`,
		`{"Records":[{"eventVersion":"1","eventSource":"s","eventName":"n","userIdentity":{"type":"t","x":[{"a":1},{"a":"b"}]}},{"eventVersion":1}]}`,
		`{"ID":"1.500:2","NODE":"h","SYSCALL":{"exe":"/x"},"EXECVE":{"ARGV":["a","b"]},"PATH":[{"name":"c"},{"name":null}]}`,
		`{"records":[{"category":"AdvancedHunting-DeviceEvents","properties":{"DeviceName":"h","ActionType":"a","A":{"b":[]}}}]}`,
		`{"Results":[{"Timestamp":"t","DeviceId":"d","ActionType":"ProcessCreated","FileName":"x"},{"Timestamp":"t","DeviceId":"d","ActionType":"x"}]}`,
		"{\"_path\":\"conn\",\"ts\":1.5,\"uid\":\"u\",\"id.orig_h\":\"::1\",\"v\":[\"a\",\"b\"]}\n{\"ts\":1,\"uid\":\"u\",\"a.b\":1,\"a\":{\"b\":2}}",
		"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tx\n#fields\ta\tb\tc\n#types\tstring\tset[string]\tbool\n\\x5c\tb,\\x2c\tT\n-\t(empty)\n\n#fields\ta\n\xff\n",
		`{"EventID":1,"Channel":"Sysmon","AllFieldInfo":{"a":1,"b":["c","d"],"Data":["e"]}}`, `{"EventID":1,"AllFieldInfo":"n/a"}`, "Timestamp,RuleTitle\n",
		"\xff\xfe", "{\x00", "\x28\xb5\x2f\xfd", "ElfFile\x00", string(evtxtest.Log(sampleEvent)), zstandard(line(1, sysmon, sysmonChannel, "h", full)), packed(line(4688, "p", "Security", "h", `"NewProcessName":"x"`)), packed("x")[:15],
	} {
		f.Add([]byte(seed))
	}
	defs := definitions(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		o := NewObserver(defs, Options{})
		m := NewMapper(defs)
		r := NewReader("x", bytes.NewReader(data))
		var rec Record
		var have []string
		lines := 0
		for {
			err := r.Read(&rec)
			var bad *LineError
			var unread *ReadError
			switch {
			case err == io.EOF:
			case errors.As(err, &bad):
				have = append(have, err.Error())
				if r.log == nil && (bad.Line < lines || bad.Line < r.Line() || bad.Column < 0 || bad.Column > MaxLine+2) {
					t.Fatalf("line %d after %d: %v", bad.Line, lines, err)
				}
				lines = r.Line()
				continue
			case errors.As(err, &unread):
				if unread.Offset < 0 || unread.Offset > int64(len(data)) {
					t.Fatalf("the file has %d bytes: %v", len(data), err)
				}
				if unpackerOf(data[:min(len(data), 4)]) == nil && !bytes.HasPrefix(data, []byte("ElfFile\x00")) &&
					!strings.Contains(err.Error(), "timeline as CSV") && !bytes.HasPrefix(bytes.TrimLeft(data, "{[<"), []byte("\x00")) && !bytes.HasPrefix(data, []byte("\xff\xfe")) && !bytes.HasPrefix(data, []byte("\xfe\xff")) {
					t.Fatalf("a file that is there cannot be read: %v", err)
				}
				return
			case err != nil:
				t.Fatalf("an error of no kind: %v", err)
			}
			if err == io.EOF {
				break
			}
			if r.log == nil && r.Line() < lines { // a log may number its records in any order
				t.Fatalf("line %d after %d", r.Line(), lines)
			}
			lines = r.Line()
			have = append(have, show(&rec))
			checkFields(t, &rec)
			var unclear *UnclearError
			mappings, err := m.Append(nil, &rec)
			if err != nil && !errors.As(err, &unclear) {
				t.Fatal(err)
			}
			for _, mapping := range mappings {
				e, err := mapping.Event(nil, &rec)
				if errors.As(err, &unclear) {
					continue
				}
				if err != nil || len(e) != len(mapping.Definition.Inputs) {
					t.Fatalf("%d values for %d inputs", len(e), len(mapping.Definition.Inputs))
				}
			}
			if err := o.Add(&rec); errors.Is(err, ErrLimit) {
				t.Fatal(err)
			}
		}
		checkWide(t, data, have)
		for _, size := range []int{1 + len(data)%7, 40} {
			again, err := readBlocks(data, size)
			if err != nil || !slices.Equal(have, again) {
				t.Fatalf("in blocks of %d bytes, the file reads as\n%q, %v\nand not as\n%q", size, again, err, have)
			}
		}
		if unpackerOf(data[:min(len(data), 4)]) == nil {
			again, err := readAll("x", strings.NewReader(packed(string(data))))
			if err != nil || !slices.Equal(have, again) {
				t.Fatalf("packed, the file reads as\n%q, %v\nand not as\n%q", again, err, have)
			}
		}
		fleet, err := o.Fleet("f", sensor.OwnReader())
		if (err != nil) != (o.Events() == 0) {
			t.Fatalf("%d events: %v", o.Events(), err)
		}
		if err == nil {
			if _, err := fleet.JSON(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// readBlocks reads a file in blocks of about the given size, and the rest of the file in order
// after a block that ends inside an event.
func readBlocks(data []byte, size int) (list []string, err error) {
	whole := NewReader("x", bytes.NewReader(data))
	defer whole.Close()
	blocks, ok, err := whole.NewBlocks()
	if err != nil {
		return nil, err
	}
	if !ok {
		return appendAll(nil, whole)
	}
	r := NewBlockReader("x")
	for {
		b, more := blocks.Next(make([]byte, size))
		r.Reset(b)
		before := len(list)
		list, err = appendAll(list, r)
		ended, between := r.AtBlockEnd()
		if ended != more {
			return nil, errors.New("the last block ends as if another one followed")
		}
		if !ended {
			return list, err
		}
		if !between {
			r.ResetRest(b, func() Block {
				next, _ := blocks.Next(make([]byte, size))
				return next
			})
			return appendAll(list[:before], r)
		}
	}
}

// appendAll appends the records and errors of a reader. The error is nil at the end of the file.
func appendAll(list []string, r *Reader) ([]string, error) {
	var rec Record
	for {
		err := r.Read(&rec)
		switch {
		case err == nil:
			list = append(list, show(&rec))
		case errors.As(err, new(*LineError)):
			list = append(list, err.Error())
		case err == io.EOF:
			return list, nil
		default:
			return list, err
		}
	}
}

// checkFields compares the fields of a record with encoding/json.
func checkFields(t *testing.T, rec *Record) {
	seen := map[string]bool{}
	var scratch []byte
	for i := range rec.Fields {
		f := &rec.Fields[i]
		if len(f.Name) == 0 || seen[string(f.Name)] {
			t.Fatalf("field %q is twice or has no name", f.Name)
		}
		seen[string(f.Name)] = true
		value := f.Value(&scratch)
		if !bytes.Equal(value, f.Append(nil)) {
			t.Fatalf("field %q is %q and %q", f.Name, value, f.Append(nil))
		}
		if f.raw[0] == '"' {
			var s string
			if err := json.Unmarshal(f.raw, &s); err != nil || s != string(value) {
				t.Fatalf("field %q is %q; encoding/json reads %q, %v", f.Name, value, s, err)
			}
		}
	}
}

// checkWide checks that a text reads the same in UTF-16.
func checkWide(t *testing.T, data []byte, want []string) {
	text := string(data)
	if !utf8.ValidString(text) || strings.HasPrefix(text, "\ufeff") || strings.Contains(text, "\x00") || strings.HasPrefix(text, "ElfFile\x00") {
		return
	}
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		have, err := readAll("x", strings.NewReader(wideText(order, text)))
		if err != nil || !slices.Equal(want, have) {
			t.Fatalf("as UTF-16, the file reads as\n%q, %v\nand not as\n%q", have, err, want)
		}
	}
}

// wideText returns a text as UTF-16 with a byte order mark.
func wideText(order binary.AppendByteOrder, s string) string {
	b := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}
