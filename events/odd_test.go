package events_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/internal/odd"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// An observeCall has the arguments of an Observer's functions.
type observeCall struct {
	Definitions *sensor.Definitions
	Options     events.Options
	Record      *events.Record
	Name        string
	Reader      sensor.Reader
}

// TestOddOptions observes with each unusual value in each exported field of the
// arguments of an Observer, and with pairs of them. The functions must not
// panic or hang.
func TestOddOptions(t *testing.T) {
	var record events.Record
	r := events.NewReader("e", strings.NewReader(`{"EventID":17,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider":"Microsoft-Windows-Sysmon","Computer":"h","EventData":{"PipeName":"a","Image":"b"}}`))
	if err := r.Read(&record); err != nil {
		t.Fatal(err)
	}
	more := odd.Values{reflect.TypeFor[*sensor.Definitions](): {new(sensor.Definitions)}}
	base := observeCall{builtin.Definitions(), events.Options{}, &record, "observed", sensor.OwnReader()}
	odd.Try(t, 300, &base, more, observeOdd)
	if says := odd.Guard(func() string { return observeOdd(&observeCall{}) }); says != "" {
		t.Errorf("without anything: %s", says)
	}
}

func observeOdd(c *observeCall) (says string) {
	o := events.NewObserver(c.Definitions, c.Options)
	if err := o.Add(c.Record); err == nil && c.Record == nil {
		return "a record that is not there was added"
	}
	if fleet, err := o.Fleet(c.Name, c.Reader); err == nil {
		if _, err := fleet.JSON(); err == nil && fleet.Hosts() == 0 {
			return "a fleet without hosts was observed"
		}
	}
	recording := events.NewRecording(c.Definitions)
	if err := recording.Read(c.Name, events.NewReader(c.Name, strings.NewReader("{}\n")), func(*events.LineError) {}); err == nil && recording.Total() > 0 {
		return "an event without fields feeds a type"
	}
	return ""
}
