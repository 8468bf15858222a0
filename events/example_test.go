package events_test

import (
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A recorded event becomes the events of all types that it feeds.
func Example() {
	const recording = `{"EventID":17,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider":"Microsoft-Windows-Sysmon","Computer":"ws1","EventData":{"PipeName":"\\lsass"}}`
	mapper := events.NewMapper(builtin.Definitions())
	r := events.NewReader("events.ndjson", strings.NewReader(recording))
	defer r.Close()
	var record events.Record
	var mappings []*events.Mapping
	var event interp.Event
	for {
		err := r.Read(&record)
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err) // or, of an *events.LineError, say so and go on
		}
		mappings = mapper.Append(mappings[:0], &record)
		for _, m := range mappings {
			event = m.Event(event, &record)
			if i, ok := m.Definition.Input("PipeName"); ok && m.Definition.Name == "ipc" {
				fmt.Printf("%s, from %s: PipeName %s\n", m.Definition.Name, m.Feed.Name, event[i].Text)
			}
		}
	}
	// Output: ipc, from sysmon: PipeName \lsass
}
