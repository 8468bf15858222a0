package events

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestExporters tests the peculiarities of exporters' forms. TestSamples has the plain case of each.
func TestExporters(t *testing.T) {
	for _, tt := range []struct{ why, line, want string }{
		{"Elasticsearch: an empty array is an absent value, and other indexes of a value are not data",
			`{"_index":"i","fields":{"winlog.event_id":[1],"winlog.event_data.a":[],"winlog.event_data.b":["c"],"winlog.event_data.b.keyword":["c"],"process.args":["x","y"]}}`, `1   : b="c"`},
		{"Elasticsearch: two values", `{"_index":"i","fields":{"winlog.event_id":[1],"winlog.event_data.a":["b","c"]}}`,
			`x:1:74: found a second value for "winlog.event_data.a"; expected one: an event has one value for each of its fields`},
		{"Elasticsearch: an array in an array", `{"_index":"i","fields":{"winlog.event_id":[[1]]}}`,
			`x:1:44: found an array in the array of "winlog.event_id"; expected a value`},
		{"Elasticsearch: a name twice in the data, in two ways", `{"winlog.event_id":1,"winlog.event_data.a":"b","winlog.user_data.a":"b"}`,
			`x:1: found the name "a" twice in the data of the event; expected it once`},
		{"Elasticsearch: an event without data", `{"winlog.event_id":1,"winlog.channel":"c","tags2":["x"]}`, `1  c :`},
		{"fields of a forwarder, which is not Elasticsearch", `{"fields":{"env":"x"},"EventID":1,"a":"b"}`, `1   : a="b"`},
		{"Wazuh: backslashes and quotes are escaped twice", `{"data":{"win":{"system":{"eventID":"1","computer":"h","level":"4","keywords":"0x1"},"eventdata":{"a":"C:\\\\b \\\"c\\\""}}},"rule":{}}`,
			`1   h: [level 4] [keywords 0x1] a="C:\\b \"c\""`},
		{"Wazuh: a text that was not escaped", `{"data":{"win":{"system":{"eventID":"1"},"eventdata":{"a":"C:\\b\\\\c"}}}}`, `1   : a="C:\\b\\\\c"`},
		{"Wazuh: an event without data", `{"rule":{},"data":{"win":{"system":{"eventID":"1"}}}}`, `1   :`},
		{"an object data of another source", `{"EventID":1,"data":{"a":"b"}}`,
			`x:1:21: found an object for "data"; expected a string, a number, true, false or null: an event has one value for each of its fields`},
		{"Splunk: its own fields are not data", `{"result":{"EventCode":"1","host":"h","source":"s","_time":"t","date_hour":"1","a":"b"}}`, `1   h: a="b"`},
		{"EvtxECmd: no text is the empty text; a text without a name", `{"EventId":1,"Payload":"{\"EventData\":{\"Data\":[{\"@Name\":\"a\"}]}}"}`, `1   : a=""`},
		{"EvtxECmd: unnamed data", `{"EventId":1,"Payload":"{\"EventData\":{\"Data\":\"a, b\"}}"}`, `1   : Data="a, b"`},
		{"EvtxECmd: one value", `{"EventId":1,"Payload":"{\"EventData\":{\"Data\":{\"@Name\":\"a\",\"#text\":\"b\"}}}"}`, `1   : a="b"`},
		{"EvtxECmd: data under UserData", `{"EventId":1,"Payload":"{\"UserData\":{\"x\":{\"a\":\"b\"}}}"}`, `1   : a="b"`},
		{"EvtxECmd: broken data", `{"EventId":1,"Payload":"{\"EventData\":{\"Data\":[}}"}`,
			`x:1:24: in Payload: found '}', which is not JSON here; expected an event as a JSON object in UTF-8`},
		{"a field Payload of a flat event", `{"EventID":1,"Payload":"{x"}`, `1   : Payload="{x"`},
		{"a name twice in a list", `{"EventID":1,"EventData":{"Data":[{"@Name":"a","#text":"1"},{"@Name":"a","#text":"2"}]}}`,
			`x:1: found the name "a" twice in the data of the event; expected it once`},
		{"an unknown key in an element", `{"EventID":1,"EventData":{"Data":[{"@Name":"a","c":"1"}]}}`,
			`x:1:52: found "c" in an element of Data; expected its name and its text`},
		{"an empty name in a list", `{"EventID":1,"EventData":{"Data":[{"@Name":"","#text":"1"}]}}`,
			`x:1:35: found an element of Data with an empty name or several texts; expected a name and a text`},
		{"OpenTelemetry: values without a name", `{"event_id":{"id":1},"event_data":{"data":[{"":"a"},{"":"b"}]}}`, `1   : Data="a\nb"`},
		{"OpenTelemetry: an object for a value", `{"event_id":{"id":1},"event_data":{"data":[{"a":{}}]}}`,
			`x:1:49: found an object for "a"; expected a string, a number, true, false or null`},
		{"XML: values without a name, an element that is not Data, and attributes of the event ID",
			"<Event><System><Provider Guid='g' Name='p'/><EventID Qualifiers='0'>1</EventID><Level>4</Level><Keywords>0x1</Keywords></System><EventData><Data>a\n</Data><Data/><Binary>00</Binary></EventData></Event>",
			`1 p  : [level 4] [keywords 0x1] Binary="00" Data="a\n\n"`},
		{"XML: UserData, entities and CDATA", `<Event xmlns="x"><System><EventID>1</EventID></System><UserData><y:b xmlns:y="y"><c>&lt;&#xe9;<![CDATA[>]]></c></y:b></UserData></Event>`, `1   : c="<é>"`},
		{"XML: no data", `<Event><System><EventID>1</EventID></System></Event>`, `1   :`},
		{"XML: an element in a value", `<Event><System><EventID>1</EventID></System><EventData><Data Name="a"><b/></Data></EventData></Event>`,
			`x:1:71: found the element "b" in the element "a"; expected a text`},
		{"XML: an array, as elements of one name", `<Event><System><EventID>1</EventID></System><EventData><Data Name="b">x</Data><Data Name="a">1</Data><Data Name="a"/><Data Name="a">&lt;</Data><Data Name="c">y</Data></EventData></Event>`,
			`1   : b="x" a="1\n\n<" c="y"`},
		{"XML: an array in UserData, at the end", `<Event><System><EventID>1</EventID></System><UserData><x><a>1</a><a>2</a></x></UserData></Event>`, `1   : a="1\n2"`},
		{"XML: a name twice, with an element between", `<Event><System><EventID>1</EventID></System><EventData><Data Name="a"/><Data/><Data Name="a"/></EventData></Event>`,
			`x:1: found the name "a" twice in the data of the event; expected it once`},
		{"XML: an unknown entity", `<Event><System><EventID>&a;</EventID></System></Event>`,
			`x:1:28: found text that is not XML (invalid character entity &a;); expected an event as XML in UTF-8`},
		{"XML: cut off", `<Event><System>`, `x:1:1: found the end of the file inside the event as XML; expected its end tag`},
		{"other markup", `<html>`, `x:1:1: found markup that is not an event; expected the element Event, or an event as a JSON object`},
		{"Splunk: an event that is not XML", `{"result":{"_raw":"LogName=Security"}}`,
			`x:1: found no event ID; expected EventID, or event_id in winlog, with the data of the event in EventData, in winlog.event_data or beside it`},
		{"Splunk: broken XML", `{"result":{"_raw":"<Event></x>"}}`,
			`x:1:19: in _raw: found text that is not XML (element <Event> closed by </x>); expected an event as XML in UTF-8`},
		{"Azure: the data in an event", `{"EventID":1,"EventLog":"c","Source":"p","EventData":"<EventData><Data Name='a'>b</Data></EventData>"}`, `1 p c : a="b"`},
		{"Fluent Bit", `{"EventID":1,"StringInserts":["a"]}`, "x:1:30: " + withoutNames["StringInserts"]},
		{"Get-WinEvent", `{"Id":1,"Properties":[{"Value":"a"}]}`, "x:1:22: " + withoutNames["Properties"]},
		{"Hayabusa", `{"EventID":1,"Channel":"Sysmon","Details":{"a":"b"}}`, "x:1:43: " + withoutNames["Details"]},
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
