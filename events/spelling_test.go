package events

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// TestMisspelt checks that a record with a misspelt name is an error.
func TestMisspelt(t *testing.T) {
	const pipe = `{"EventID":17,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider":"Microsoft-Windows-Sysmon","Computer":"c","EventData":{"PipeName":"\\a","Image":"b"}}`
	for _, tt := range []struct{ why, old, new, says string }{
		{"nothing is misspelt", "", "", ""},
		{"a letter of a field", `"PipeName"`, `"PipName"`, `the unknown field "PipName"; did you mean "PipeName"?`},
		{"the case of a field", `"PipeName"`, `"pipename"`, ""},
		{"a field that is there as well", `"PipeName"`, `"PipName":"x","PipeName"`, ""},
		{"a field that resembles no other", `"PipeName"`, `"Elevation"`, ""},
		{"a letter of a channel", "Sysmon/Operational", "Sysmn/Operational", `the channel "Microsoft-Windows-Sysmn/Operational", which feeds no template type; did you mean "Microsoft-Windows-Sysmon/Operational"?`},
		{"the case of a channel", "Sysmon/Operational", "sysmon/operational", ""},
		{"the case of a provider", `"Microsoft-Windows-Sysmon"`, `"microsoft-windows-sysmon"`, ""},
		{"a field twice, in other cases", `"PipeName"`, `"PIPENAME":"x","pipename"`, `found the fields "PIPENAME" and "pipename", which differ only in case from "PipeName"; expected one of them`},
		{"a field twice, once exactly", `"PipeName"`, `"PIPENAME":"x","PipeName"`, ""},
		{"a channel that resembles no other", "Microsoft-Windows-Sysmon/Operational", "Vendor-Product/Admin", ""},
		{"the key of the channel", `"Channel"`, `"Chanel"`, "found no channel"},
		{"an event ID that feeds nothing is another event", `"EventID":17`, `"EventID":16`, ""},
	} {
		rec := NewRecording(builtin.Definitions())
		defer rec.Close()
		var said []string
		r := NewReader("e.ndjson", strings.NewReader(strings.Replace(pipe, tt.old, tt.new, 1)+"\n"+pipe+"\n"))
		if err := rec.Read("e.ndjson", r, func(e *LineError) { said = append(said, e.Error()) }); err != nil {
			t.Fatal(err)
		}
		switch {
		case tt.says == "" && len(said) > 0:
			t.Errorf("%s: %q", tt.why, said)
		case tt.says != "" && (len(said) != 1 || !strings.HasPrefix(said[0], "e.ndjson:1: ") || !strings.Contains(said[0], tt.says)):
			t.Errorf("%s: %q; expected one line with %q", tt.why, said, tt.says)
		}
	}
}

// TestSpellerMemory checks that the cached answers of a speller are limited.
func TestSpellerMemory(t *testing.T) {
	m := NewMapper(builtin.Definitions())
	s := newSpeller(m)
	var lines strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&lines, `{"EventID":17,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider":"Microsoft-Windows-Sysmon","EventData":{`)
		for k := range 30 {
			fmt.Fprintf(&lines, `"Unheard%d":"",`, i*30+k)
		}
		lines.WriteString(`"PipeName":"a"}}` + "\n")
	}
	r := NewReader("e.ndjson", strings.NewReader(lines.String()))
	var record Record
	for {
		err := r.Read(&record)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := s.check(&record, appendFeeds(t, m, nil, &record)); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.asked) > maxAsked {
		t.Errorf("%d answers are kept; at most %d", len(s.asked), maxAsked)
	}
}
