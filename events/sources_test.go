package events

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// TestSources reads a sample of each source that is not Windows, and of Hayabusa, and checks that
// the page on forms names it.
func TestSources(t *testing.T) {
	const process = `0 Microsoft Defender XDR DeviceProcessEvents ws1.example.com: Timestamp="2026-03-02T08:15:00.125Z" DeviceId="d1" DeviceName="ws1.example.com" ActionType="ProcessCreated" FileName="notepad.exe" ` +
		`FolderPath="C:\\Windows\\System32\\notepad.exe" ProcessId="2044" ProcessCommandLine="notepad a.txt" AccountName="eva" InitiatingProcessFileName="explorer.exe"`
	samples := map[string]string{
		"cloudtrail.json": `0 AWS CloudTrail CloudTrail : eventVersion="1.11" userIdentity.type="AssumedRole" userIdentity.arn="arn:aws:sts::111122223333:assumed-role/ops/eva" ` +
			`userIdentity.sessionContext.sessionIssuer.userName="ops" userIdentity.sessionContext.attributes.mfaAuthenticated="false" eventTime="2026-03-02T08:15:00Z" ` +
			`eventSource="s3.amazonaws.com" eventName="GetObject" awsRegion="eu-central-1" sourceIPAddress="192.0.2.7" requestParameters.bucketName="example" readOnly="true" ` +
			`resources.type="AWS::S3::Object\nAWS::S3::Bucket" resources.ARN="arn:aws:s3:::example/a\narn:aws:s3:::example" eventID="6f1b0c2e-0000-4000-8000-000000000001" recipientAccountId="111122223333"`,
		"conn.log": `0 Zeek conn : ts="1772439300.125" uid="Cabc1" id.orig_h="192.0.2.7" id.orig_p="49152" id.resp_h="198.51.100.9" id.resp_p="443" proto="tcp" local_orig="true" ` +
			`history="Sh\\\tx" tunnel_parents="Cp1\nCp2"`,
		"zeek-conn.log": `0 Zeek conn : ts="1772439300.125000" uid="Cabc1" id.orig_h="192.0.2.7" id.orig_p="49152" id.resp_h="198.51.100.9" id.resp_p="443" proto="tcp" local_orig="true" ` +
			`history="Sh\\\tx" tunnel_parents="Cp1\nCp2"`,
		"zeek-streaming.ndjson": `0 Zeek conn sensor1: _path="conn" _system_name="sensor1" _write_ts="2026-03-02T08:15:01.000000Z" ts="2026-03-02T08:15:00.125000Z" uid="Cabc1" ` +
			`id.orig_h="192.0.2.7" id.resp_p="443" proto="tcp"`,
		"laurel.ndjson": `0 Laurel auditd lx1.example.com: ID="1772439300.125:348501" NODE="lx1.example.com" SYSCALL.arch="0xc000003e" SYSCALL.syscall="59" SYSCALL.success="yes" SYSCALL.exit="0" ` +
			`SYSCALL.ppid="722076" SYSCALL.pid="724395" SYSCALL.uid="0" SYSCALL.comm="perl" SYSCALL.exe="/usr/bin/perl" SYSCALL.ARCH="x86_64" SYSCALL.SYSCALL="execve" SYSCALL.UID="root" ` +
			`EXECVE.argc="3" EXECVE.ARGV="perl\n-e\nprint 1" CWD.cwd="/root" PATH.item="0\n1" PATH.name="/usr/bin/perl\n/lib64/ld-linux-x86-64.so.2" PATH.nametype="NORMAL\nNORMAL" ` +
			`PARENT_INFO.ID="1772439299.001:348490" PARENT_INFO.comm="sh" PARENT_INFO.exe="/usr/bin/dash" PARENT_INFO.ppid="722075"`,
		"defender.ndjson":         process,
		"defender-streaming.json": process,
		"defender-api.json":       process,
		"hayabusa.ndjson": `1  Microsoft-Windows-Sysmon/Operational ws1.example.com: UtcTime="2026-03-02 08:15:00.125" ProcessId="2044" Image="C:\\Windows\\System32\\notepad.exe" ` +
			`CommandLine="notepad \"a & b\" <é>" User="EXAMPLE\\eva"`,
	}
	page, err := os.ReadFile("../docs/observe.md")
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob("testdata/sources/*")
	if len(files) != len(samples)+1 { // types.json
		t.Errorf("%d files in testdata/sources and %d samples", len(files), len(samples))
	}
	for name, want := range samples {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile("testdata/sources/" + name)
			if err != nil {
				t.Fatal(err)
			}
			have, err := readAll("dir/"+name, bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{want}, have); diff != "" {
				t.Errorf("record (-want +have):\n%s", diff)
			}
			if !bytes.Contains(page, []byte("(../events/testdata/sources/"+name+")")) {
				t.Errorf("docs/observe.md does not name the sample %s", name)
			}
			if name == "conn.log" { // readBlocks gives no name to the file
				return
			}
			for _, size := range []int{1, 100} {
				if again, err := readBlocks(data, size); err != nil || !slices.Equal(have, again) {
					t.Errorf("in blocks of %d bytes: %q, %v", size, again, err)
				}
			}
		})
	}
}

// TestSourceFeeds reads the samples as events of types of a user, which name the source as the
// provider of their feed, and its log as the channel.
func TestSourceFeeds(t *testing.T) {
	data, err := os.ReadFile("testdata/sources/types.json")
	if err != nil {
		t.Fatal(err)
	}
	defs, err := sensor.ReadDefinitions("types.json", data)
	if err != nil {
		t.Fatal(err)
	}
	row := func(row string) string {
		return `{"Timestamp":"t","DeviceName":"h","InitiatingProcessId":4,` + row + "}"
	}
	for _, tt := range []struct{ why, file, want string }{
		{"a file of Defender", row(`"ActionType":"FileCreated","FolderPath":"C:\\a"`), `defender_file: FileCreated C:\a absent 4 absent`},
		{"a connection of Defender", row(`"ActionType":"ConnectionSuccess","RemoteIP":"192.0.2.1","RemotePort":443,"RemoteUrl":"x"`), `defender_network: ConnectionSuccess absent absent absent 192.0.2.1 443 x absent 4 absent`},
		{"a library of Defender", row(`"ActionType":"ImageLoaded","FolderPath":"C:\\a.dll"`), `defender_image_load: C:\a.dll absent 4 absent`},
		{"a value of Defender", row(`"ActionType":"RegistryValueSet","RegistryKey":"HKLM\\a","RegistryValueName":"b","RegistryValueData":"c"`), `defender_registry: RegistryValueSet HKLM\a b c absent 4 absent`},
		{"own names, addresses and numbers", "zeek-conn.log", "zeek_conn: 192.0.2.7 198.51.100.9 443 tcp absent"},
		{"the same from JSON", "conn.log", "zeek_conn: 192.0.2.7 198.51.100.9 443 tcp absent"},
		{"paths, and several values", "cloudtrail.json", "aws_cloudtrail: s3.amazonaws.com GetObject AssumedRole arn:aws:s3:::example/a\narn:aws:s3:::example"},
		{"Sigma's names for paths", "laurel.ndjson", "laurel_auditd: /usr/bin/perl perl\n-e\nprint 1"},
		{"Sigma's names for those of a table", "defender.ndjson", "defender_process: C:\\Windows\\System32\\notepad.exe notepad a.txt absent 2044 eva absent absent"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			data, err := []byte(tt.file), error(nil)
			if data[0] != '{' {
				data, err = os.ReadFile("testdata/sources/" + tt.file)
			}
			if err != nil {
				t.Fatal(err)
			}
			var rec Record
			if err := NewReader(tt.file, bytes.NewReader(data)).Read(&rec); err != nil {
				t.Fatal(err)
			}
			list, err := NewMapper(defs).Append(nil, &rec)
			if err != nil || len(list) != 1 {
				t.Fatalf("%d feeds: %v", len(list), err)
			}
			event, err := list[0].Event(nil, &rec)
			if err != nil {
				t.Fatal(err)
			}
			have := list[0].Definition.Name + ":"
			for _, v := range event {
				switch v.Type {
				case 0:
					have += " absent"
				case sensor.TypeString:
					have += " " + string(v.Text)
				case sensor.TypeInteger:
					have += fmt.Sprint(" ", v.Integer)
				default:
					have += fmt.Sprint(" ", netip.AddrFrom16(v.Address).Unmap())
				}
			}
			if have != tt.want {
				t.Errorf("have %q, want %q", have, tt.want)
			}
		})
	}
}

// TestSourceLines tests the peculiarities of the sources, and the places of their errors.
func TestSourceLines(t *testing.T) {
	const header = "#separator \\x09\n#path\tx\n#fields\ta\tb\n#types\tstring\tset[string]\n"
	deep := strings.Repeat(`{"a":`, maxNesting) + "1" + strings.Repeat("}", maxNesting)
	for _, tt := range []struct {
		why, name, text string
		want            []string
	}{
		{"CloudTrail: a record alone, empty values", "x", `{"eventVersion":"1","eventSource":"s","eventName":"n","a":{},"b":[],"c":null,"d":[[1],{"e":2}]}`,
			[]string{`0 AWS CloudTrail CloudTrail : eventVersion="1" eventSource="s" eventName="n" d="1" d.e="2"`}},
		{"CloudTrail: a bad record among others", "x", `{"Records":[{"eventVersion":"1","eventSource":"s","eventName":"n"},{"eventVersion":1},{"eventVersion":"1","eventSource":"s","eventName":"m"}]}`,
			[]string{`0 AWS CloudTrail CloudTrail : eventVersion="1" eventSource="s" eventName="n"`,
				"x:1:68: found no event ID; expected EventID, or event_id in winlog, with the data of the event in EventData, in winlog.event_data or beside it",
				`0 AWS CloudTrail CloudTrail : eventVersion="1" eventSource="s" eventName="m"`}},
		{"objects in one another", "x", `{"eventVersion":"1","eventSource":"s","eventName":"n","a":` + deep + `}`,
			[]string{"x:1:214: found more than 32 objects and arrays in one another; expected at most as many"}},
		{"two values under one path", "x", `{"eventVersion":"1","eventSource":"s","eventName":"n","a.b":1,"a":{"b":2}}`,
			[]string{`x:1:72: found a second value for "a.b"; expected one: an event has one value for each of its fields`}},
		{"long paths", "x", `{"eventVersion":"1","eventSource":"s","eventName":"n","` + strings.Repeat("a", 50_000) + `":[` + strings.Repeat("1,", 100) + `1]}`,
			[]string{"x:1:50225: found more than 4194304 bytes of names of fields, with the names of the objects around them; expected at most as many"}},
		{"an empty name", "x", `{"eventVersion":"1","eventSource":"s","eventName":"n","a":{"":1}}`, []string{"x:1:60: found an empty name; expected the name of a field"}},
		{"Laurel: an identifier of another source", "x", `{"ID":"1.5:2","SYSCALL":{}}`,
			[]string{"x:1: found no event ID; expected EventID, or event_id in winlog, with the data of the event in EventData, in winlog.event_data or beside it"}},
		{"Defender: the table in the row", "x", `{"TimeGenerated":"t","DeviceName":"h","ActionType":"OtherAlert","Type":"DeviceEvents"}`,
			[]string{`0 Microsoft Defender XDR DeviceEvents h: TimeGenerated="t" DeviceName="h" ActionType="OtherAlert" Type="DeviceEvents"`}},
		{"Defender: an action of several tables", "x", `{"Timestamp":"t","DeviceName":"h","ActionType":"OtherAlert"}`,
			[]string{`x:1: found the ActionType "OtherAlert" of Microsoft Defender XDR without the name of its table; expected Type: end the query with | extend Type = "DeviceEvents", with the name of the table`}},
		{"Defender: an inspected connection", "x", `{"Timestamp":"t","DeviceName":"h","ActionType":"SslConnectionInspected"}`,
			[]string{`0 Microsoft Defender XDR DeviceNetworkEvents h: Timestamp="t" DeviceName="h" ActionType="SslConnectionInspected"`}},
		{"Zeek: JSON without _path, in a rotated file", `C:\zeek\dns.2026-03-02-08-00-00.log`, `{"ts":1,"uid":"a"}`, []string{`0 Zeek dns : ts="1" uid="a"`}},
		{"Zeek: a log without a connection", "x509.log", `{"ts":1,"san.dns":["a","b"]}`, []string{`0 Zeek x509 : ts="1" san.dns="a\nb"`}},
		{"Zeek: JSON without _path, from standard input", "-", `{"ts":1,"uid":"a"}`,
			[]string{"-:1: found an event of Zeek without the name of its log; expected _path, or a file with Zeek's own name, such as conn.log"}},
		{"Zeek: unset and empty values", "x", header + "-\t-\n(empty)\t(empty)\nc\td,-,(empty),\\x2c\n",
			[]string{`0 Zeek x :`, `0 Zeek x : a=""`, `0 Zeek x : a="c" b="d\n\n,"`}},
		{"Zeek: escapes", "x", header + "\\\\x\\xc3\\xa9\\x\\x0\t\\xff\n", []string{`0 Zeek x : a="\\xé\\x\\x0" b="\\xff"`}},
		{"Zeek: too few and too many values, and reading goes on", "x", header + "c\nc\td\te\nc\td",
			[]string{"x:5: found a line with another number of values, 1; expected 2, one for each column of #fields", "x:6: found a line with another number of values, 3; expected 2, one for each column of #fields", `0 Zeek x : a="c" b="d"`}},
		{"Zeek: not UTF-8", "x", header + "c\t\xff\n", []string{"x:5:3: found bytes that are not UTF-8; expected UTF-8"}},
		{"Zeek: a column twice", "x", "#separator \\x09\n#path\tx\n#fields\ta\ta\nb\tc\n",
			[]string{`x:3: found the name "a" for two columns; expected it once`, "x:4: found values without the names of their columns; expected #separator and #fields before them"}},
		{"Zeek: an empty name", "x", "#separator \\x09\n#fields\ta\t\n", []string{`x:2: found an empty name for column 2; expected the name of a field`}},
		{"Zeek: no path", "x", "#separator \\x09\n#fields\ta\nb\n", []string{`x:3: found values without the name of their log; expected #path before them`}},
		{"Zeek: no separator", "x", "#separator \n#fields\ta\n", []string{`x:1: found an empty separator; expected one, such as \x09`}},
		{"Zeek: two logs after one another", "x", header + "c\td\n#close\tt\n" + strings.ReplaceAll(header, "\tx\n", "\ty\n") + "e\tf\r\n", []string{`0 Zeek x : a="c" b="d"`, `0 Zeek y : a="e" b="f"`}},
		{"Zeek: an overlong line", "x", header + strings.Repeat("c", MaxLine+1) + "\nc\td\n",
			[]string{"x:5: the event has more than 1048576 bytes; expected at most as many", `0 Zeek x : a="c" b="d"`}},
		{"Zeek: a long line", "x", header + strings.Repeat("c", bufferSize) + "\td", []string{`0 Zeek x : a="` + strings.Repeat("c", bufferSize) + `" b="d"`}},
		{"Hayabusa: no data", "x", `{"Channel":"Sec","EventID":1102,"Computer":"h","AllFieldInfo":"n/a"}`, []string{`1102  Security h:`}},
		{"Hayabusa: names of several elements", "x", `{"EventID":1,"Provider":"P","AllFieldInfo":{"Data":["a","b"],"c":["d",1],"e":null}}`, []string{`1   : Data="a\nb" c="d\n1"`}},
		{"Hayabusa: the whole name of a channel", "x", `{"EventID":1,"Channel":"Setup","AllFieldInfo":{}}`, []string{`1  Setup :`}},
		{"Hayabusa: an object in an array", "x", `{"EventID":1,"AllFieldInfo":{"c":[{}]}}`, []string{`x:1:35: found an object in the array of "c"; expected a string or a number`}},
		{"Hayabusa: a short name of several channels", "x", `{"EventID":1,"Channel":"AppLocker","AllFieldInfo":{}}`,
			[]string{`x:1: found the channel "AppLocker", which Hayabusa writes for several logs; expected the name of the log: run hayabusa json-timeline with --disable-abbreviations`}},
		{"Hayabusa: CSV", "x", "\"Timestamp\",\"RuleTitle\",\"Level\"\n\"a\",\"b\",\"c\"\n",
			[]string{"error: x: byte 0 of the file: found Hayabusa's timeline as CSV; expected JSON: run hayabusa json-timeline -L -p all-field-info"}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			have, err := readAll(tt.name, strings.NewReader(tt.text))
			if err != nil {
				have = append(have, "error: "+err.Error())
			}
			if diff := cmp.Diff(tt.want, have); diff != "" {
				t.Errorf("lines (-want +have):\n%s", diff)
			}
		})
	}
}

// TestShortenedChannels checks that each name in full is the channel of a built-in type.
func TestShortenedChannels(t *testing.T) {
	var channels []string
	for d := range builtin.Definitions().All() {
		for _, f := range d.Feeds {
			channels = append(channels, f.Channel)
		}
	}
	for short, channel := range shortened {
		if !slices.Contains(channels, channel) {
			t.Errorf("no built-in type has the channel %s, for %s", channel, short)
		}
	}
}
