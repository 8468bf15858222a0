package events_test

import (
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// ExampleObserver learns from recorded events which inputs each host supplies.
func ExampleObserver() {
	const recording = `{"EventID":17,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider":"Microsoft-Windows-Sysmon","Computer":"ws1","EventData":{"PipeName":"\\lsass","Image":"C:\\a.exe"}}
{"EventID":17,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider":"Microsoft-Windows-Sysmon","Computer":"ws2","EventData":{"PipeName":"\\spoolss","Image":"C:\\b.exe"}}`
	o := events.NewObserver(builtin.Definitions(), events.Options{})
	r := events.NewReader("events.ndjson", strings.NewReader(recording))
	defer r.Close()
	var record events.Record
	for {
		err := r.Read(&record)
		if err == io.EOF {
			break
		}
		if err == nil {
			err = o.Add(&record)
		}
		if err != nil {
			log.Fatal(err) // or count the line and go on, if it is an *events.LineError
		}
	}
	fleet, err := o.Fleet("observed", sensor.OwnReader())
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range fleet.Contracts {
		fmt.Printf("%s: %d hosts (%s)\n", c.Build, c.Hosts, c.Note)
		for _, s := range c.Supplies {
			for _, in := range s.Inputs {
				if s.Type == "ipc" && s.Version == 1 && in.State == sensor.StateSupplied {
					fmt.Printf("  %s, from %s: %s in %d of %d events\n", s.Type, s.Feed, in.Name, in.Seen, s.Events)
				}
			}
		}
	}
	// Output:
	// ws1 and 1 more: 2 hosts (hosts ws1, ws2)
	//   ipc, from sysmon: PipeName in 2 of 2 events
	//   ipc, from sysmon: Image in 2 of 2 events
}

// ExampleRecording keeps recorded events, to run content on them.
func ExampleRecording() {
	const recording = `{"EventID":17,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider":"Microsoft-Windows-Sysmon","Computer":"ws1","EventData":{"PipeName":"\\lsass"}}
not an event`
	defs := builtin.Definitions()
	rec := events.NewRecording(defs)
	defer rec.Close()
	r := events.NewReader("events.ndjson", strings.NewReader(recording))
	defer r.Close()
	err := rec.Read("events.ndjson", r, func(bad *events.LineError) { fmt.Println(bad) })
	if err != nil {
		log.Fatal(err)
	}
	ipc := defs.Newest("ipc")
	input, _ := ipc.Input("PipeName")
	err = rec.Events(ipc, func(where func() string, e interp.Event) bool {
		fmt.Printf("%s: PipeName %s\n", where(), e[input].Text)
		return true
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// events.ndjson:2:1: found 'n'; expected an event as a JSON object
	// events.ndjson:1: PipeName \lsass
}

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
			log.Fatal(err) // or report the line and go on, if it is an *events.LineError
		}
		if mappings, err = mapper.Append(mappings[:0], &record); err != nil {
			log.Fatal(err)
		}
		for _, m := range mappings {
			if event, err = m.Event(event, &record); err != nil {
				log.Fatal(err)
			}
			if i, ok := m.Definition.Input("PipeName"); ok && m.Definition.Name == "ipc" {
				fmt.Printf("%s version %d, from %s: PipeName %s\n", m.Definition.Name, m.Definition.Version, m.Feed.Name, event[i].Text)
			}
		}
	}
	// Output:
	// ipc version 1, from sysmon: PipeName \lsass
	// ipc version 2, from sysmon: PipeName \lsass
}
