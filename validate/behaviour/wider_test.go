package behaviour

import (
	"reflect"
	"testing"

	"github.com/cfcheck/cfcheck/sensor"
)

// TestWider holds that one run of several builds has the longest values of each,
// and lacks only what all of them do.
func TestWider(t *testing.T) {
	of := func(state sensor.State, most int) sensor.SuppliedInput {
		return sensor.SuppliedInput{Name: "A", Type: sensor.TypeString, State: state, MaxLength: most}
	}
	for _, tt := range []struct {
		why        string
		a, b, want sensor.SuppliedInput
	}{
		{"the longer of two", of(sensor.StateSupplied, 4), of(sensor.StateSupplied, 8), of(sensor.StateSupplied, 8)},
		{"any length is longer than one that is stated", of(sensor.StateSupplied, 4), of(sensor.StateSupplied, 0), of(sensor.StateSupplied, 0)},
		{"what is there, against what is not", of(sensor.StateNotSupplied, 100), of(sensor.StateSupplied, 8), of(sensor.StateSupplied, 8)},
		{"what is there, against what may be", of(sensor.StateUnknown, 100), of(sensor.StateSupplied, 8), of(sensor.StateSupplied, 8)},
	} {
		if got := wider(tt.a, tt.b); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, expected %+v", tt.why, got, tt.want)
		}
		if got := wider(tt.b, tt.a); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s, the other way round: %+v, expected %+v", tt.why, got, tt.want)
		}
	}
}
