package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sensor"
)

// TestRecordedEvents observes all recordings, which are not part of the repository. It
// judges the published rules for named pipes against the observed fleet.
func TestRecordedEvents(t *testing.T) {
	if testing.Short() {
		t.Skip("runs content on all recorded events, too slow for -short; go test without -short runs it")
	}
	data, err := filepath.Abs(filepath.FromSlash("../../../shared/data/dev"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(data, "events", "*.ndjson.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("there are no recorded events at %s", data)
	}
	t.Chdir(t.TempDir())
	var out strings.Builder
	if status := run(append([]string{"contract", "observe", "-o", "fleet.json"}, files...), strings.NewReader(""), &out, &out); status != statusAccepted {
		t.Fatalf("exit status %d:\n%s", status, out.String())
	}
	for _, want := range []string{
		fmt.Sprintf(" events of %d files, 0 lines that are not events\n", len(files)),
		"type ipc version 1, feed sysmon: ",
		"type process_creation version 1, feed security",
		"OriginalFileName on ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
	document, err := os.ReadFile("fleet.json")
	if err != nil {
		t.Fatal(err)
	}
	fleet, err := sensor.ReadFleet("fleet.json", document)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d hosts in %d contracts, %d bytes", fleet.Hosts(), len(fleet.Contracts), len(document))

	out.Reset()
	rules := filepath.Join(data, "sigma", "rules", "windows", "pipe_created")
	if status := run([]string{"check", "--fleet", "fleet.json", "--allow-unsupported", rules}, strings.NewReader(""), &out, &out); status != statusAccepted {
		t.Errorf("exit status %d:\n%s", status, out.String())
	}
	if want := fmt.Sprintf("fleet     observed: %d builds", len(fleet.Contracts)); !strings.Contains(out.String(), want) {
		t.Errorf("it does not say %q:\n%s", want, out.String())
	}
}
