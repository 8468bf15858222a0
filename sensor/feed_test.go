package sensor_test

import (
	"slices"
	"testing"

	"github.com/cfcheck/cfcheck/sensor"
)

// TestDefinitionSupply tests the supply of a feed by its definition, and its constants.
func TestDefinitionSupply(t *testing.T) {
	str := func(name string) sensor.Input { return sensor.Input{Name: name, Type: sensor.TypeString} }
	d := &sensor.Definition{
		Name: "t", Number: 20_000, Version: 3, Channel: 20_000,
		Inputs: []sensor.Input{str("Image"), str("Hash"), str("EventID"), str("Channel"), str("Provider_Name"), {Name: "Count", Type: sensor.TypeInteger}},
		Feeds: []sensor.Feed{{Name: "f", Provider: "P", Channel: "C", Events: []uint32{1, 7}, Fields: []sensor.FeedField{
			{Input: "Count"}, {Input: "Image", Field: "Path"}, {Input: "EventID", Field: "System/EventID"}, {Input: "Channel"}, {Input: "Provider_Name", Field: "System/Provider"}}}},
	}
	s, fields := d.Supply(&d.Feeds[0], sensor.EvidenceStated)
	s.StateHeader(&d.Feeds[0])
	if s.Type != "t" || s.Version != 3 || s.Feed != "f" || s.Evidence != sensor.EvidenceStated {
		t.Errorf("the supply is %+v", s)
	}
	for i, want := range []struct {
		reason string
		field  string // "" means that the input has no field
		state  sensor.State
		values []string
	}{
		{"a field with another name", "Path", sensor.StateSupplied, nil},
		{"an input that the feed lacks", "", sensor.StateNotSupplied, nil},
		{"the IDs of the feed", "System/EventID", sensor.StateConstant, []string{"1", "7"}},
		{"a field of the data with the name of the header", "Channel", sensor.StateSupplied, nil},
		{"the provider of the feed", "System/Provider", sensor.StateConstant, []string{"P"}},
		{"an integer, out of order", "Count", sensor.StateSupplied, nil},
	} {
		in := s.Inputs[i]
		name := ""
		if f := fields[i]; f != nil {
			if name = f.Field; name == "" {
				name = f.Input
			}
		}
		if in.Name != d.Inputs[i].Name || in.Type != d.Inputs[i].Type || in.State != want.state || !slices.Equal(in.Values, want.values) || name != want.field {
			t.Errorf("%s: the input is %+v with field %q", want.reason, in, name)
		}
	}
	any := &sensor.Feed{Name: "any", Fields: d.Feeds[0].Fields}
	s, _ = d.Supply(any, sensor.EvidenceStated)
	if s.StateHeader(any); slices.ContainsFunc(s.Inputs, func(in sensor.SuppliedInput) bool { return in.State == sensor.StateConstant }) {
		t.Errorf("a feed of any events has constants: %+v", s.Inputs)
	}
}
