package events

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// TestSplit tests the ways in which a file holds its events.
func TestSplit(t *testing.T) {
	event := func(id int) string { return fmt.Sprintf(`{"EventID":%d,"EventData":{"a":"}]\\\""}}`, id) }
	record := func(id int) string { return fmt.Sprintf(`%d   : a="}]\\\""`, id) }
	pretty := func(id int, indent string) string {
		return strings.ReplaceAll(fmt.Sprintf("{\n  \"EventID\": %d,\n  \"EventData\": {\n    \"a\": \"}]\\\\\\\"\"\n  }\n}", id), "\n", "\n"+indent)
	}
	long := strings.Repeat("x", 3*bufferSize)
	many := strings.Repeat(event(1)+",", 20_000) // more than MaxLine
	for _, tt := range []struct {
		why, file string
		want      []string
	}{
		{"objects over several lines, one after another", pretty(1, "") + "\n" + pretty(2, "") + pretty(3, ""), []string{record(1), record(2), record(3)}},
		{"objects on one line", event(1) + event(2) + " " + event(3), []string{record(1), record(2), record(3)}},
		{"lines and objects over several lines", event(1) + "\n" + pretty(2, "") + "\n" + event(3), []string{record(1), record(2), record(3)}},
		{"evtx_dump without -o: a line before each object", "Record 1\n" + pretty(1, "") + "\nRecord 12\r\n" + pretty(2, ""), []string{record(1), record(2)}},
		{"a similar line that is not one", "Record x\n" + event(1), []string{"x:1:1: found 'R'; expected an event as a JSON object", record(1)}},
		{"an array over several lines", "[\n  " + pretty(1, "  ") + ",\n  " + pretty(2, "  ") + "\n]\n", []string{record(1), record(2)}},
		{"an array on one line, then an event", "[" + event(1) + ", " + event(2) + "]" + event(3), []string{record(1), record(2), record(3)}},
		{"arrays of lines", "[\n" + event(1) + ",\n" + event(2) + "\n]\n[]\n[" + event(3) + "]", []string{record(1), record(2), record(3)}},
		{"an empty array", "[ ]", nil},
		{"a response of Elasticsearch", `{"took":1,"hits":{"total":{"value":2},"hits":[{"_source":` + event(1) + `},{"_source":` + event(2) + `}]},"a":"]}"}` + event(3),
			[]string{record(1), record(2), record(3)}},
		{"the same over several lines", "{\n \"took\": 1,\n \"hits\": {\n  \"hits\": [\n   " + pretty(1, "   ") + "\n  ]\n }\n}\n" + event(2), []string{record(1), record(2)}},
		{"a response of Splunk", `{"preview":false,"results":[` + event(1) + `],"highlighted":{}}`, []string{record(1)}},
		{"names like those of a response, beside an event ID", `{"EventID":1,"EventData":{"a":"b"},"results":[{}],"hits":{"hits":[]}}`, []string{`1   : a="b"`}},
		{"hits without events", `{"hits":{"total":1}}`,
			[]string{`x:1: found no event ID; expected EventID, or event_id in winlog, with the data of the event in EventData, in winlog.event_data or beside it`}},

		{"the place of a fault in an object over several lines", "\n" + event(1) + "\n{\n \"EventID\": 1,\n \"a\": [1]\n}\n" + event(2),
			[]string{record(1), `x:5:7: found an array for "a"; expected a string, a number, true, false or null: an event has one value for each of its fields`, record(2)}},
		{"the place of a fault in an array on one line", "[" + event(1) + `,{"a":1},{"EventID":1,"a":[1]}]`,
			[]string{record(1), `x:1:43: found no event ID; expected EventID, or event_id in winlog, with the data of the event in EventData, in winlog.event_data or beside it`,
				`x:1:68: found an array for "a"; expected a string, a number, true, false or null: an event has one value for each of its fields`}},
		{"elements that are not objects", `[1,"]",[{"EventID":1}],` + event(1) + `,x]`,
			[]string{`x:1:2: found the number "1" in an array; expected an event as a JSON object`, `x:1:4: found "]" in an array; expected an event as a JSON object`,
				`x:1:8: found an array; expected an event as a JSON object`, record(1), `x:1:65: found 'x' in an array; expected an event as a JSON object`}},
		{"a missing comma, and one too many", "[" + event(1) + event(2) + ",]" + event(3),
			[]string{record(1), `x:1:42: found an object after an element of an array; expected ',' or ']'`, record(2), `x:1:83: found ']' after a comma; expected an event as a JSON object`, record(3)}},
		{"an array that is cut off", "[" + event(1) + ",\n", []string{record(1), `x:1: found the end of the file inside an array of events; expected ']'`}},
		{"a response that is cut off", `{"hits":{"hits":[]}`, []string{`x:1: found the end of the file inside an array of events; expected ']'`}},
		{"an object that is cut off", event(1) + "\n{\n", []string{record(1), `x:2:1: found the end of the file inside the object; expected '}'`}},
		{"a string that is cut off in an object over several lines: the next object is read", "[\n  {\n    \"EventID\": 1,\n    \"a\": \"x\n  },\n  " + pretty(2, "  ") + "\n]\n" + event(3),
			[]string{`x:4:12: found the end of the line inside a string; expected '"'`, record(2), record(3)}},
		{"an object that is cut off in an array of lines", "[\n{\"EventID\":1,\n" + event(2) + "\n]\n" + event(3),
			[]string{`x:2:1: found the next object in line 3, indented as deep, before the end of this one; expected '}'`, record(2), record(3)}},
		{"brackets of the other kind", `{"EventID":1]` + "\n" + event(1), []string{`x:1:13: found ']', which is not JSON here; expected an event as a JSON object in UTF-8`, record(1)}},

		{"an array of more than the limit on one line", "[" + many + event(2) + "]", nil},
		{"events longer than the buffer, in an array", `[{"EventID":1,"EventData":{"a":"` + long + `"}},` + event(1) + `]`, []string{fmt.Sprintf("1   : a=%q", long), record(1)}},
		{"an event over the limit, in an array", "[\n{\"EventID\":1,\n\"EventData\":{\"a\":\"" + strings.Repeat("x", MaxLine) + "\"}}," + event(1) + "]",
			[]string{`x:2: the event has more than 1048576 bytes; expected at most as many`, record(1)}},
		{"XML in a document, over several lines and in a line", "<?xml version='1.0'?>\n<Events>\n" + asXML(1, "a\nb") + asXML(2, "c") + "</Events>\n" + asXML(3, "d"),
			[]string{`1   : a="a\nb"`, `2   : a="c"`, `3   : a="d"`}},
		{"XML that is cut off: the next line is read", "<Event><System>\n" + asXML(2, "c"),
			[]string{`x:1:1: found the next event before the end of this one; expected its end tag, </Event>`, `2   : a="c"`}},
		{"XML at the end of the buffer", "<Events>" + strings.Repeat(" ", bufferSize-len("<Events>")-3) + asXML(1, "b"), []string{`1   : a="b"`}},
		{"XML over the limit", asXML(1, strings.Repeat("x", 2*MaxLine)) + asXML(2, "c"), []string{`x:1: the event has more than 1048576 bytes; expected at most as many`, `2   : a="c"`}},
		{"UTF-16", wideText(binary.LittleEndian, "[\r\n "+pretty(1, " ")+"\r\n]"), []string{record(1)}},
		{"half a pair of UTF-16", "\xff\xfe" + strings.ReplaceAll(wideText(binary.LittleEndian, event(1)+"\n"+`{"EventID":1,"a":"?"}`)[2:], "?\x00", "\x00\xd8"),
			[]string{record(1), `x:2:19: found byte 0xed (not UTF-8), which is not JSON here; expected an event as a JSON object in UTF-8`}},
		{"a pair of UTF-16 across reads", wideText(binary.BigEndian, `{"EventID":1,"a":"`+strings.Repeat("x", 4096)+strings.Repeat("\U0001f600", 4096)+`"}`),
			[]string{fmt.Sprintf("1   : a=%q", strings.Repeat("x", 4096)+strings.Repeat("\U0001f600", 4096))}},
	} {
		for how, wrap := range map[string]func(io.Reader) io.Reader{"at once": func(r io.Reader) io.Reader { return r }, "by half": iotest.HalfReader} {
			t.Run(tt.why+"/"+how, func(t *testing.T) {
				have, err := readAll("x", wrap(strings.NewReader(tt.file)))
				if err != nil {
					t.Fatal(err)
				}
				want := tt.want
				if strings.Contains(tt.why, "more than the limit") {
					for range 20_000 {
						want = append(want, record(1))
					}
					want = append(want, record(2))
				}
				if diff := cmp.Diff(want, have); diff != "" {
					t.Errorf("records (-want +have):\n%.2000s", diff)
				}
			})
		}
	}
}

// asXML returns an event with the field a as XML.
func asXML(id int, a string) string {
	return fmt.Sprintf("<Event xmlns='x'><System><EventID>%d</EventID></System><EventData><Data Name='a'>%s</Data></EventData></Event>", id, a)
}
