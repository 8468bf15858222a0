package realdata_test

import (
	"errors"
	"os"
	"testing"

	"github.com/cfcheck/cfcheck/internal/realdata"
)

const data = "../../../shared/data/dev"

// TestLoad loads the rules and a small file of events, and checks a request that has no answer.
func TestLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling the published rules takes seconds; the full tests do it")
	}
	sets, err := realdata.Load(data, "benign-splunk*", "process_creation", "ipc")
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the published rules and recorded events are not there: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(sets) != 2 || sets[0].File.Instances() < 800 || len(sets[0].Events) == 0 || len(sets[1].Events) == 0 {
		t.Errorf("%d sets, the first has %d instances and %d events", len(sets), sets[0].File.Instances(), len(sets[0].Events))
	}
	if _, err := realdata.Load(data, "benign-splunk*", "no_such_type"); err == nil {
		t.Error("a type without rules has a set")
	}
	if _, err := realdata.Load(data, "no-such-file*"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file of events: %v", err)
	}
}
