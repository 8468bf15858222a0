package replay_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/replay"
	"github.com/cfcheck/cfcheck/sensor"
)

// TestBadLinesOfSources replays events of each source that is not Windows, with a bad one between
// two good ones: both are tried, and the bad one is counted with its place, by one worker and by
// several.
func TestBadLinesOfSources(t *testing.T) {
	data, err := os.ReadFile("../events/testdata/sources/types.json")
	if err != nil {
		t.Fatal(err)
	}
	defs, err := sensor.ReadDefinitions("types.json", data)
	if err != nil {
		t.Fatal(err)
	}
	const trail = `{"eventVersion":"1","eventSource":"s","eventName":"n"}`
	for _, tt := range []struct{ why, typ, name, text, bad string }{
		{"CloudTrail: an array on one line", "aws_cloudtrail", "x.json", `{"Records":[` + trail + `,{"eventName":"n"},` + trail + `]}`, "x.json:1:68: found no event ID"},
		{"CloudTrail: a record a line", "aws_cloudtrail", "x.json", trail + "\n" + `{"eventVersion":"1","eventSource":"s","eventName":"n","a":{"":1}}` + "\n" + trail, "x.json:2:60: found an empty name"},
		{"Laurel", "laurel_auditd", "x", `{"ID":"1.500:1","SYSCALL":{"exe":"a"}}` + "\n" + `{"ID":"1.500:2","SYSCALL":{"exe":"a","exe":"b"}}` + "\n" + `{"ID":"1.500:3","SYSCALL":{"exe":"a"}}`,
			`x:2:38: found the name "exe" twice`},
		{"Defender: rows", "defender_process", "x", `{"Timestamp":"t","DeviceId":"d","ActionType":"ProcessCreated","FolderPath":"a"}` + "\n" + `{"Timestamp":"t","DeviceId":"d","ActionType":"Other"}` + "\n" +
			`{"Timestamp":"t","DeviceId":"d","ActionType":"ProcessCreated","FolderPath":"a"}`, `x:2: found the ActionType "Other"`},
		{"Defender: a response over several lines", "defender_process", "x", "{\"Results\":[\n" + `{"Timestamp":"t","DeviceId":"d","ActionType":"ProcessCreated","FolderPath":"a"},` + "\n1,\n" +
			`{"Timestamp":"t","DeviceId":"d","ActionType":"ProcessCreated","FolderPath":"a"}` + "\n]}", "x:3:1: found the number \"1\" in an array"},
		{"Zeek: JSON", "zeek_conn", "conn.log", `{"ts":1,"uid":"a","id.orig_h":"::1"}` + "\n" + `{"ts":1,"uid":"a"` + "\n" + `{"ts":1,"uid":"a","id.orig_h":"::1"}`, "conn.log:2"},
		{"Zeek: columns", "zeek_conn", "x", "#separator \\x09\n#path\tconn\n#fields\tid.orig_h\tproto\n::1\ttcp\n::1\n::1\ttcp\n", "x:5: found a line with another number of values"},
	} {
		d := defs.ByName(tt.typ, 1)
		content := []replay.Content{{File: testkit.File(t, testkit.HeaderOf(d), channelfile.Exists(0)), Definition: d}}
		for _, workers := range []int{1, 2} {
			r, err := replay.Run(defs, content, []replay.Source{text(tt.name, tt.text)}, replay.Options{Workers: workers})
			if err != nil {
				t.Fatalf("%s: %v", tt.why, err)
			}
			if have := fmt.Sprint(r.FirstBad); r.Tried != 2 || r.Matches() != 2 || r.BadLines != 1 || !strings.Contains(have, tt.bad) {
				t.Errorf("%s, %d workers: %d tried, %d matches, %d bad lines, %s", tt.why, workers, r.Tried, r.Matches(), r.BadLines, have)
			}
		}
	}
}
