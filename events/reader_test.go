package events

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// show returns a record as one line.
func show(r *Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s %s %s:", r.EventID, r.Provider, r.Channel, r.Computer)
	if len(r.Level) > 0 {
		fmt.Fprintf(&b, " [level %s]", r.Level)
	}
	if len(r.Keywords) > 0 {
		fmt.Fprintf(&b, " [keywords %s]", r.Keywords)
	}
	for i := range r.Fields {
		b.WriteString(" " + r.Fields[i].String())
	}
	return b.String()
}

// readAll returns the records and the errors of a file, in order.
func readAll(name string, file io.Reader) (lines []string, last error) {
	return appendAll(nil, NewReader(name, file))
}

// TestForms tests the forms in which exporters write the same event, and the
// peculiarities of each.
func TestForms(t *testing.T) {
	const pipe = `17 Microsoft-Windows-Sysmon Microsoft-Windows-Sysmon/Operational WS1: PipeName="\\a" ProcessId="4"`
	const sysmon = `"Microsoft-Windows-Sysmon"`
	const channel = `"Microsoft-Windows-Sysmon/Operational"`
	for _, tt := range []struct{ why, line, want string }{
		{"an object with the data",
			`{"EventID":17,"Channel":` + channel + `,"Provider":` + sysmon + `,"Computer":"WS1","Time":"t","Src":"s","EventData":{"PipeName":"\\a","ProcessId":"4"}}`, pipe},
		{"the data may come first, and space anywhere",
			` { "EventData" : { "PipeName" : "\\a" , "ProcessId" : "4" } , "EventID" : "17", "Channel" : ` + channel + ` , "Provider" : ` + sysmon + `, "Computer": "WS1" } ` + "\r\n", pipe},
		{"NXLog: flat, what it says itself is no data",
			`{"EventTime":"t","Hostname":"WS1","Keywords":-9223372036854775808,"EventType":"INFO","SeverityValue":2,"Severity":"INFO","EventID":17,"SourceName":` + sysmon +
				`,"ProviderGuid":"{}","Version":1,"Task":17,"OpcodeValue":0,"RecordNumber":9,"ProcessID":1,"ThreadID":2,"Channel":` + channel +
				`,"Domain":"NT AUTHORITY","AccountName":"SYSTEM","UserID":"S-1-5-18","AccountType":"User","Message":"m","Category":"c","Opcode":"Info","PipeName":"\\a","ProcessId":"4","EventReceivedTime":"t","SourceModuleName":"in","SourceModuleType":"im_msvistalog"}`, pipe},
		{"NXLog through Logstash: the host that collects is not the one that recorded, and there are tags",
			`{"@timestamp":"t","@version":"1","host":"collector","port":1,"tags":["x"],"EventID":17,"SourceName":` + sysmon + `,"Channel":` + channel + `,"Hostname":"WS1","PipeName":"\\a","ProcessId":"4","SourceModuleName":"in"}`,
			`17 Microsoft-Windows-Sysmon Microsoft-Windows-Sysmon/Operational WS1: @timestamp="t" @version="1" host="collector" port="1" PipeName="\\a" ProcessId="4"`},
		{"flat and of no known exporter: EventType is data, for Sysmon has it",
			`{"EventID":17,"ProviderName":` + sysmon + `,"Channel":` + channel + `,"ComputerName":"WS1","EventType":"CreatePipe"}`,
			`17 Microsoft-Windows-Sysmon Microsoft-Windows-Sysmon/Operational WS1: EventType="CreatePipe"`},
		{"flat: the first name for the provider is taken, the other is data",
			`{"EventID":5061,"ProviderName":"Microsoft Software KSP","SourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security","Computer":"WS1"}`,
			`5061 Microsoft-Windows-Security-Auditing Security WS1: ProviderName="Microsoft Software KSP"`},
		{"ECS, as winlogbeat 7 and later write it",
			`{"@timestamp":"t","host":{"name":"ws1"},"event":{"code":17,"provider":"other"},"tags":["a"],"winlog":{"event_id":17,"channel":` + channel + `,"provider_name":` + sysmon +
				`,"computer_name":"WS1","process":{"pid":1,"thread":{"id":2}},"keywords":["a"],"event_data":{"PipeName":"\\a","ProcessId":"4"}},"message":"m"}`, pipe},
		{"ECS without what winlog has elsewhere",
			`{"winlog":{"channel":` + channel + `,"event_data":{"PipeName":"\\a","ProcessId":"4"}},"host":{"name":"WS1","ip":["1"]},"event":{"code":"17","provider":` + sysmon + `}}`, pipe},
		{"ECS as Elasticsearch hands it out",
			`{"_index":"i","_score":null,"_source":{"winlog":{"event_id":"17","channel":` + channel + `,"provider_name":` + sysmon + `,"computer_name":"WS1","event_data":{"PipeName":"\\a","ProcessId":"4"}}},"sort":[1]}`, pipe},
		{"flat, with data before anything else, and little said of the event", `{"a":"b","EventID":1}`, `1   : a="b"`},
		{"what stands beside _source is not of the event, before it or after it",
			`{"EventID":2,"a":"1","EventData":{"c":"3"},"_source":{"EventID":1,"a":"2"},"Computer":"x","a2":[1]}`, `1   : a="2"`},
		{"ECS with user_data, or with no data",
			`{"winlog":{"event_id":104,"channel":"System","provider_name":"Microsoft-Windows-Eventlog","computer_name":"WS1","user_data":{"xml_name":"LogFileCleared","Channel":"Setup"}}}`,
			`104 Microsoft-Windows-Eventlog System WS1: xml_name="LogFileCleared" Channel="Setup"`},
		{"winlogbeat 6",
			`{"@timestamp":"t","beat":{"name":"b"},"computer_name":"WS1","event_data":{"PipeName":"\\a","ProcessId":"4"},"event_id":17,"log_name":` + channel + `,"source_name":` + sysmon + `,"type":"wineventlog","keywords":["x"]}`, pipe},
		{"evtx_dump",
			`{"Event":{"#attributes":{"xmlns":"x"},"EventData":{"PipeName":"\\a","ProcessId":4},"System":{"Channel":` + channel + `,"Computer":"WS1","EventID":17,"Provider":{"#attributes":{"Guid":"g","Name":` + sysmon + `}},"TimeCreated":{"#attributes":{"SystemTime":"t"}}}}}`, pipe},
		{"evtx_dump, attributes apart, an event ID with qualifiers, unnamed Data",
			`{"Event":{"EventData":{"Data":{"#text":["a","b"]},"Data_attributes":{},"Binary":null},"System":{"Channel":"Application","Computer":"WS1","EventID":{"#attributes":{"Qualifiers":0},"#text":1000},"Provider_attributes":{"Name":"App"}}}}`,
			`1000 App Application WS1: Data="a\nb"`},
		{"evtx_dump: the level and the keywords are of the header, also if the data has these names",
			`{"Event":{"EventData":{"Level":"low"},"System":{"Channel":"Security","Computer":"WS1","EventID":4625,"Keywords":"0x8010000000000000","Level":0,"Provider":{"#attributes":{"Name":"A"}}}}}`,
			`4625 A Security WS1: [level 0] [keywords 0x8010000000000000] Level="low"`},
		{"a level beside the data, and keywords as words, which are not in the event",
			`{"EventID":1,"Level":"4","Keywords":"Audit Success","EventData":{"a":"b"}}`, `1   : [level 4] a="b"`},
		{"a level as a word",
			`{"EventID":1,"Level":"Error","Keywords":null,"EventData":{}}`, `1   :`},
		{"flat: a level is of the header and may be data",
			`{"EventID":1,"Level":2,"Keywords":"0x1"}`, `1   : [level 2] [keywords 0x1] Level="2" Keywords="0x1"`},
		{"evtx_dump with UserData",
			`{"Event":{"System":{"Channel":"Security","Computer":"WS1","EventID":1102,"Provider":{"#attributes":{"Name":"Eventlog"}}},"UserData":{"LogFileCleared":{"#attributes":{"xmlns":"x"},"SubjectUserName":"u"}}}}`,
			`1102 Eventlog Security WS1: SubjectUserName="u"`},

		{"numbers, true and false as they are written; null is absent, the empty text is not",
			`{"EventID":1,"EventData":{"a":-1.50e+3,"b":true,"c":false,"d":null,"e":""}}`, `1   : a="-1.50e+3" b="true" c="false" e=""`},
		{"escapes, in names too",
			`{"EventID":1,"Computer":"\u0057S1","EventData":{"\u0061\"":"\u00e9\ud83d\ude00\n\\"}}`, `1  ` + ` WS1: a"="é😀\n\\"`},
		{"several unnamed Data are one, joined by newlines, for classic events have no names",
			`{"EventID":1,"EventData":{"Data":["a\\b",1,null,"c"],"Binary":"00"}}`, `1   : Data="a\\b\n1\n\nc" Binary="00"`},
		{"no data at all", `{"EventID":1,"EventData":null,"x":"y"}`, `1   :`},
		{"the same, as an empty object", `{"EventID":1,"EventData":{}}`, `1   :`},
		{"the greatest event ID", `{"EventID":4294967295,"EventData":{}}`, `4294967295   :`},
	} {
		t.Run(tt.why, func(t *testing.T) {
			have, err := readAll("x", strings.NewReader(tt.line))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tt.want}, have); diff != "" {
				t.Errorf("record (-want +have):\n%s", diff)
			}
		})
	}
}

// TestBadLines checks that a line that is not an event gives an error with its
// place, and that the next line is read.
func TestBadLines(t *testing.T) {
	const next = `{"EventID":1,"EventData":{"a":"b"}}`
	for _, tt := range []struct{ why, line, want string }{
		{"no JSON", `hello`, `x:1:1: found 'h'; expected an event as a JSON object`},
		{"an object that is cut off", `{`, `x:1:1: found the next object in line 2, indented as deep, before the end of this one; expected '}'`},
		{"an object that is cut off after a value", `{"EventID":1,"EventData":{"a":"b"}`, `x:1:1: found the next object in line 2, indented as deep, before the end of this one; expected '}'`},
		{"an object that is cut off in a string", `{"EventID":1,"EventData":{"a":"b`, `x:1:33: found the end of the line inside a string; expected '"'`},
		{"a number", `1`, `x:1:1: found the number "1"; expected an event as a JSON object`},
		{"a comma after the object", `{"EventID":1,"EventData":{}},`, `x:1:29: found ',' after the object; expected the next event as an object, or the end of the line`},
		{"a broken value", `{"EventID":1,"EventData":{"a":tru}}`, `x:1:34: found '}', which is not JSON here; expected an event as a JSON object in UTF-8`},
		{"a byte that is no UTF-8", "{\"EventID\":1,\"EventData\":{\"a\":\"\xff\"}}", `x:1:32: found byte 0xff (not UTF-8), which is not JSON here; expected an event as a JSON object in UTF-8`},
		{"half a surrogate pair", `{"EventID":1,"EventData":{"a":"\ud800"}}`, `x:1:32: found '\\', which is not JSON here; expected an event as a JSON object in UTF-8`},
		{"a control character", "{\"EventID\":1,\"EventData\":{\"a\":\"\x01\"}}", `x:1:32: found byte 0x01, which is not JSON here; expected an event as a JSON object in UTF-8`},
		{"a name twice in the data", `{"EventID":1,"EventData":{"a":"1","a":"2"}}`, `x:1:35: found the name "a" twice in one object; expected it once`},
		{"the same, written in another way", `{"EventID":1,"EventData":{"a":"1","\u0061":"2"}}`, `x:1:35: found the name "\\u0061" twice in one object; expected it once`},
		{"a name twice outside the data", `{"EventID":1,"EventID":2,"EventData":{}}`, `x:1:14: found the name "EventID" twice in one object; expected it once`},
		{"a name twice in what is passed over", `{"EventID":1,"EventData":{},"x":{"y":[{"a":1,"a":1}]}}`, `x:1:46: found the name "a" twice in one object; expected it once`},
		{"an empty name", `{"EventID":1,"EventData":{"":"1"}}`, `x:1:27: found an empty name; expected the name of a field`},
		{"an array in the data", `{"EventID":1,"EventData":{"a":["1"]}}`, `x:1:31: found an array for "a" in EventData; expected a string, a number, true, false or null: an event has one value for each of its fields`},
		{"an object in the data", `{"winlog":{"event_id":1,"event_data":{"a": {}}}}`, `x:1:44: found an object for "a" in event_data; expected a string, a number, true, false or null: an event has one value for each of its fields`},
		{"an array in unnamed Data", `{"EventID":1,"EventData":{"Data":["1",[]]}}`, `x:1:39: found an array in the array Data; expected strings`},
		{"an array among flat data", `{"EventID":1,"a":["1"]}`, `x:1:18: found an array for "a"; expected a string, a number, true, false or null: an event has one value for each of its fields`},
		{"an object in the data of evtx_dump", `{"Event":{"System":{"EventID":1},"EventData":{"a":{"b":"c"}}}}`, `x:1:56: found "b" in "a"; expected a text`},
		{"two elements with data in the XML", `{"Event":{"System":{"EventID":1},"UserData":{"a":{"c":"1"},"b":{"c":"1"}}}}`, `x:1:64: found a second element with data, "b", in UserData; expected one`},
		{"data in two elements of the XML", `{"Event":{"System":{"EventID":1},"EventData":{"c":"1"},"UserData":{"b":{"c":"1"}}}}`, `x:1:67: found data of the event in EventData and in UserData; expected it in one of them`},
		{"data in two places", `{"EventID":1,"EventData":{"a":"1"},"winlog":{"event_data":{"a":"1"}}}`, `x:1:59: found data of the event in EventData and in event_data; expected it in one of them`},
		{"no event ID", `{"level":"info","msg":"started"}`, `x:1: found no event ID; expected EventID, or event_id in winlog, with the data of the event in EventData, in winlog.event_data or beside it`},
		{"an event ID that is none", `{"EventID":"4688x","EventData":{}}`, `x:1: found the event ID "4688x"; expected a number from 0 to 4294967295`},
		{"an event ID too great", `{"EventID":4294967296,"EventData":{}}`, `x:1: found the event ID "4294967296"; expected a number from 0 to 4294967295`},
		{"an event ID with a point", `{"EventID":1.0,"EventData":{}}`, `x:1: found the event ID "1.0"; expected a number from 0 to 4294967295`},
		{"an event ID that is null is none", `{"EventID":null,"EventData":{}}`, `x:1: found no event ID; expected EventID, or event_id in winlog, with the data of the event in EventData, in winlog.event_data or beside it`},
	} {
		t.Run(tt.why, func(t *testing.T) {
			have, err := readAll("x", strings.NewReader(tt.line+"\n"+next+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tt.want, `1   : a="b"`}, have); diff != "" {
				t.Errorf("lines (-want +have):\n%s", diff)
			}
		})
	}
}

// TestLines tests lines of any length and with any line end.
func TestLines(t *testing.T) {
	event := func(n int) string { // of n bytes
		const head, tail = `{"EventID":1,"EventData":{"a":"`, `"}}`
		return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
	}
	const bad = "?"
	for _, tt := range []struct {
		why  string
		file string
		want []string // line numbers of the records and of the errors
	}{
		{"nothing", "", nil},
		{"blank lines are counted and passed over", "\n \t\r\n" + event(64) + "\n\n" + bad + "\n", []string{"3", "5 bad"}},
		{"the last line needs no end", event(64) + "\r\n" + event(64), []string{"1", "2"}},
		{"a byte order mark at the start", "\ufeff" + event(64) + "\n\ufeff" + event(64), []string{"1", "2 bad"}},
		{"lines as long as the buffer, and around it", event(bufferSize-1) + "\n" + event(bufferSize) + "\n" + event(bufferSize+1) + "\n" + bad, []string{"1", "2", "3", "4 bad"}},
		{"a line as long as may be", event(MaxLine) + "\r\n" + event(64), []string{"1", "2"}},
		{"a byte more", event(MaxLine+1) + "\n" + event(64), []string{"1 too long", "2"}},
		{"far more, and the last", event(64) + "\n" + event(3*MaxLine), []string{"1", "2 too long"}},
		{"far more, and all of it space", strings.Repeat(" ", 3*MaxLine) + "\n" + event(64), []string{"2"}},
		{"far more, and no event at all", strings.Repeat("x", 3*MaxLine) + "\n" + event(64), []string{"1 bad", "2"}},
	} {
		for how, wrap := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r },
			"by half": iotest.HalfReader,
		} {
			t.Run(tt.why+"/"+how, func(t *testing.T) {
				r := NewReader("x", wrap(strings.NewReader(tt.file)))
				var rec Record
				var have []string
				for {
					err := r.Read(&rec)
					if err == io.EOF {
						break
					}
					s := fmt.Sprint(r.Line())
					var bad *LineError
					if errors.As(err, &bad) {
						s = fmt.Sprint(bad.Line, " bad")
						if strings.Contains(err.Error(), "more than 1048576 bytes") {
							s = fmt.Sprint(bad.Line, " too long")
						}
					} else if err != nil {
						t.Fatal(err)
					}
					have = append(have, s)
				}
				if diff := cmp.Diff(tt.want, have); diff != "" {
					t.Errorf("lines (-want +have):\n%s", diff)
				}
				if err := r.Read(&rec); err != io.EOF {
					t.Errorf("after the end: %v", err)
				}
			})
		}
	}
}

// packed returns a text as one member of gzip.
func packed(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// TestGzip checks that gzip is detected by content. Damage is an error that
// ends the file.
func TestGzip(t *testing.T) {
	const one, two = `{"EventID":1,"EventData":{}}` + "\n", `{"EventID":2,"EventData":{}}` + "\n"
	whole := packed(one)
	half := len(whole) / 2
	flipped := []byte(whole)
	flipped[len(flipped)-5] ^= 1 // in the length
	for _, tt := range []struct {
		why  string
		file string
		want []string
		err  string
	}{
		{"one member", whole, []string{"1   :"}, ""},
		{"several, as of files put together", whole + packed(two) + packed(""), []string{"1   :", "2   :"}, ""},
		{"a line from one member to the next", packed(one+two[:9]) + packed(two[9:]), []string{"1   :", "2   :"}, ""},
		{"nothing packed", packed(""), nil, ""},
		{"cut off", whole[:half], nil, fmt.Sprintf("x.gz: byte %d of the file: unexpected EOF; the file was cut off", half)},
		{"cut off before the checksum", whole[:len(whole)-8], []string{"1   :"}, fmt.Sprintf("x.gz: byte %d of the file: unexpected EOF; the file was cut off", len(whole)-8)},
		{"cut off in its header", whole[:4], nil, "x.gz: byte 4 of the file: unexpected EOF; the file was cut off"},
		{"the second member cut off", whole + packed(two)[:12], []string{"1   :"}, fmt.Sprintf("x.gz: byte %d of the file: unexpected EOF; the file was cut off", len(whole)+12)},
		{"other content than was packed", string(flipped), []string{"1   :"}, fmt.Sprintf("x.gz: byte %d of the file: gzip: invalid checksum; the packed content was changed", len(whole))},
		{"something else behind it", whole + "a text that is not packed", []string{"1   :"}, fmt.Sprintf("x.gz: byte %d of the file: gzip: invalid header; expected gzip to begin, or the file to end", len(whole)+10)},
		{"an event log", "ElfFile\x00", nil, "x.gz: byte 8 of the file: found 8 bytes; expected the header of a log of 4096 bytes: the file was cut off"},
		{"UTF-16 without its mark", "{\x00", nil, "x.gz: byte 0 of the file: found UTF-16 without a byte order mark; expected UTF-8, or UTF-16 with the mark: convert the file, for example by iconv -f UTF-16LE -t UTF-8"},
		{"half a character of UTF-16", "\xff\xfe \x00{", nil, "x.gz: byte 5 of the file: the file ends after one of the two bytes of a character of UTF-16; it was cut off"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			have, err := readAll("x.gz", strings.NewReader(tt.file))
			text := ""
			if err != nil {
				text = err.Error()
			}
			if text != tt.err {
				t.Errorf("error is %q; want %q", text, tt.err)
			}
			if diff := cmp.Diff(tt.want, have); diff != "" {
				t.Errorf("records (-want +have):\n%s", diff)
			}
		})
	}
}

// zstandard returns a text as one frame of zstd.
func zstandard(s string, options ...zstd.EOption) string {
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b, append(options, zstd.WithEncoderConcurrency(1))...)
	if err == nil {
		_, err = z.Write([]byte(s))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic(err)
	}
	return b.String()
}

// TestZstd checks that zstd is detected by content. Damage is an error that ends the file.
func TestZstd(t *testing.T) {
	const one, two = `{"EventID":1,"EventData":{}}` + "\n", `{"EventID":2,"EventData":{}}` + "\n"
	whole := zstandard(one)
	flipped := []byte(whole)
	flipped[len(flipped)-1] ^= 1 // in the checksum
	const skip = "\x5f\x2a\x4d\x18\x03\x00\x00\x00abc"
	large := strings.Repeat(one, 1<<20/len(one))
	for _, tt := range []struct {
		why  string
		file string
		want []string
		err  string // begins like this
	}{
		{"one frame", whole, []string{"1   :"}, ""},
		{"several, as of files put together", whole + zstandard(two), []string{"1   :", "2   :"}, ""},
		{"a line from one frame to the next", zstandard(one+two[:9]) + zstandard(two[9:]), []string{"1   :", "2   :"}, ""},
		{"a frame to skip at first, as pzstd writes", skip + whole, []string{"1   :"}, ""},
		{"a byte order mark in it", zstandard("\xef\xbb\xbf" + one), []string{"1   :"}, ""},
		{"cut off", whole[:len(whole)/2], nil, fmt.Sprintf("x.zst: byte %d of the file: unexpected EOF; the file was cut off", len(whole)/2)},
		{"cut off in its header", whole[:4], nil, "x.zst: byte 4 of the file: unexpected EOF; the file was cut off"},
		{"other content than was packed", string(flipped), nil, fmt.Sprintf("x.zst: byte %d of the file: CRC check failed; the packed content was changed", len(whole))},
		{"something else behind it", whole + "a text that is not packed", []string{"1   :"}, fmt.Sprintf("x.zst: byte %d of the file: invalid input: magic number mismatch; expected zstd to begin, or the file to end", len(whole)+4)},
		{"a window that is too large", zstandard(large, zstd.WithWindowSize(2*maxWindow)), nil, "x.zst: byte 6 of the file: window size exceeded; expected a window of at most 8388608 bytes: pack the file again without --ultra and --long"},
	} {
		have, err := readAll("x.zst", strings.NewReader(tt.file))
		if text := fmt.Sprint(err); err == nil && tt.err != "" || err != nil && text != tt.err {
			t.Errorf("%s: error is %q; want %q", tt.why, text, tt.err)
		}
		if diff := cmp.Diff(tt.want, have); diff != "" {
			t.Errorf("%s: records (-want +have):\n%s", tt.why, diff)
		}
	}
}

// TestBombs checks that a small packed file that expands to much text takes little memory.
func TestBombs(t *testing.T) {
	const size = 64 << 20
	text := strings.Repeat(" ", size) + "{}"
	for name, file := range map[string]string{"gzip": packed(text), "zstd": zstandard(text)} {
		if len(file) > size/500 {
			t.Errorf("%s: the file has %d bytes", name, len(file))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		have, err := readAll("x", strings.NewReader(file))
		runtime.ReadMemStats(&after)
		if err != nil || len(have) != 1 {
			t.Errorf("%s: %v, %v", name, have, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > size/2 {
			t.Errorf("%s: %d bytes of memory were allocated for %d bytes of text", name, used, size)
		}
	}
}

// TestClose checks that a Reader reads no more after Close and leaves no
// goroutine. The same holds for a Reader that reached the end of its content or
// an error.
func TestClose(t *testing.T) {
	event := `{"EventID":1,"EventData":{"a":"` + strings.Repeat("x", 1000) + `"}}` + "\n"
	whole := packed(strings.Repeat(event, 2000))
	before := runtime.NumGoroutine()
	for _, tt := range []struct {
		why  string
		file string
		read int // number of lines
	}{
		{"before the first line", whole, 0},
		{"after a line", whole, 1},
		{"in the middle", whole, 1000},
		{"at the end", whole, 2001},
		{"after damage", whole[:len(whole)-9], 2001},
		{"zstd, after a line", zstandard(strings.Repeat(event, 2000)), 1},
		{"zstd, at the end", zstandard(strings.Repeat(event, 2000)), 2001},
		{"not packed", event + event, 1},
	} {
		r := NewReader("x", strings.NewReader(tt.file))
		var rec Record
		for range tt.read {
			_ = r.Read(&rec)
		}
		r.Close()
		r.Close()
		if err := r.Read(&rec); err == nil {
			t.Errorf("%s: a closed reader reads on", tt.why)
		}
	}
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines are left; there were %d", runtime.NumGoroutine(), before)
}

// TestReadError checks that each Read returns an error of the file, with its
// place.
func TestReadError(t *testing.T) {
	broken := errors.New("the disk is gone")
	r := NewReader("x", io.MultiReader(strings.NewReader("{\"EventID\":1,\"EventData\":{}}\n{"), iotest.ErrReader(broken)))
	var rec Record
	if err := r.Read(&rec); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := r.Read(&rec)
		var e *ReadError
		if !errors.As(err, &e) || !errors.Is(err, broken) || e.Offset != 30 || e.Name != "x" {
			t.Errorf("error is %v; want a *ReadError with the disk, at byte 30", err)
		}
	}
}

// TestReadAllocates checks that a record is valid until the next Read, and that
// reading it does not allocate.
func TestReadAllocates(t *testing.T) {
	line := `{"EventID":17,"Channel":"c","Provider":"p","Computer":"h","EventData":{"PipeName":"\\a","Image":"C:\\b","ProcessId":"4"}}` + "\n"
	r := NewReader("x", strings.NewReader(strings.Repeat(line, 4000)))
	var rec Record
	var value []byte
	n := testing.AllocsPerRun(1000, func() {
		if err := r.Read(&rec); err != nil {
			t.Fatal(err)
		}
		value = value[:0]
		for i := range rec.Fields {
			value = rec.Fields[i].Append(value)
		}
	})
	if string(value) != `\aC:\b4` {
		t.Errorf("values are %q", value)
	}
	if n != 0 {
		t.Errorf("a record takes %v allocations; want none", n)
	}
}

func TestRecordField(t *testing.T) {
	r := NewReader("x", strings.NewReader(`{"EventID":1,"EventData":{"a":"b\\","c":5}}`))
	var rec Record
	if err := r.Read(&rec); err != nil {
		t.Fatal(err)
	}
	scratch := make([]byte, 0, 64)
	if have := rec.Field("a").Value(&scratch); string(have) != `b\` {
		t.Errorf("a is %q", have)
	}
	if have := rec.Field("c").Value(&scratch); string(have) != "5" {
		t.Errorf("c is %q", have)
	}
	if f := rec.Field("A"); f != nil {
		t.Errorf("there is a field A: %s", f)
	}
}
