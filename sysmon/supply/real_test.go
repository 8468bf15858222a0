package supply_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// TestRealConfigurations imports two published configurations, which are not part of the
// repository. The types without events are those that the published engine drops.
func TestRealConfigurations(t *testing.T) {
	for _, test := range []struct {
		file string
		none []string // types and feeds without events
	}{
		{"swiftonsecurity.xml", []string{"image_load sysmon", "raw_access_thread sysmon", "process_access sysmon", "file_delete sysmon-23", "file_delete sysmon-26", "clipboard_capture sysmon",
			"process_tampering sysmon", "file_delete_detected sysmon", "file_block_executable sysmon", "file_block_shredding sysmon", "file_executable_detected sysmon"}},
		{"sysmon-modular.xml", []string{"raw_access_thread sysmon", "file_delete sysmon-23", "clipboard_capture sysmon", "file_block_executable sysmon", "file_block_shredding sysmon"}},
	} {
		path := filepath.FromSlash("../../../shared/data/sysmon/configs/" + test.file)
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			t.Skipf("there is no configuration at %s", path)
		} else if err != nil {
			t.Fatal(err)
		}
		y := configured(t, "15.15", string(data))
		var none []string
		lookedUp := false
		for _, s := range y.Supplies(builtin.Definitions()) {
			if s.Collected.Events == sensor.CollectedNone {
				none = append(none, s.Type+" "+s.Feed)
			}
			if s.Type == "network_connection" {
				lookedUp = s.Input(sensor.AccessNamed, -1, "DestinationHostname").State == sensor.StateSupplied
			}
		}
		if !slices.Equal(none, test.none) {
			t.Errorf("%s: no events of %q, want %q", test.file, none, test.none)
		}
		if want := test.file == "swiftonsecurity.xml"; lookedUp != want {
			t.Errorf("%s: host names are supplied: %v", test.file, lookedUp)
		}
	}
}
