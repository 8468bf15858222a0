package workload

import (
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// TestEvents checks that events have the usual size, and that planted ones match.
func TestEvents(t *testing.T) {
	f, err := channelfile.Parse(File(1000, 1))
	if err != nil {
		t.Fatal(err)
	}
	it := interp.New(f, &sensor.Reader{Access: sensor.AccessNamed})
	list := Events(f, 100, 1)
	size, matching := 0, 0
	for i, e := range list {
		for _, v := range e {
			size += len(v.Text)
		}
		if err := it.Run(e); err != nil {
			t.Fatal(err)
		}
		if i%2 == 1 && len(it.Matched()) > 0 {
			matching++
		}
	}
	if size < 400*len(list) || size > 800*len(list) {
		t.Errorf("an event has %d bytes on average", size/len(list))
	}
	if matching < 45 {
		t.Errorf("%d of 50 planted events match", matching)
	}
}
