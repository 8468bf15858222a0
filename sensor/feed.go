package sensor

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Supply returns the supply of a feed of d by the definition alone: every input of d is supplied if
// the feed has a field for it, and not supplied otherwise. The supply has no lengths, because a
// definition does not bound the values of a build. Callers add what they know about the build. The
// second result has the field of each input, or nil, in the order of the inputs.
func (d *Definition) Supply(f *Feed, evidence Evidence) (Supply, []*FeedField) {
	s := Supply{Type: d.Name, Version: d.Version, Feed: f.Name, Evidence: evidence, Inputs: make([]SuppliedInput, len(d.Inputs))}
	fields := make([]*FeedField, len(d.Inputs))
	next := 0 // most fields are in the order of the inputs
	for i := range d.Inputs {
		in := &d.Inputs[i]
		s.Inputs[i] = SuppliedInput{Name: in.Name, Type: in.Type, State: StateNotSupplied}
		if next == len(f.Fields) || f.Fields[next].Input != in.Name {
			if next = slices.IndexFunc(f.Fields, func(field FeedField) bool { return field.Input == in.Name }); next < 0 {
				next = len(f.Fields)
				continue
			}
		}
		s.Inputs[i].State, fields[i] = StateSupplied, &f.Fields[next]
		next++
	}
	return s, fields
}

// Header reports whether the field is in the header of an event, and not in its data.
func (f *FeedField) Header() bool { return strings.HasPrefix(f.Field, "System/") }

// StateHeader marks the supplied inputs that have the same value in all events of a feed, because
// they come from the header of the event and the feed selects the events by them: the event ID, the
// channel and the provider. A field of the data with such a name stays as it is.
func (s *Supply) StateHeader(f *Feed) {
	constant := map[string][]string{}
	for _, id := range f.Events[:min(len(f.Events), maxValues)] {
		constant["System/EventID"] = append(constant["System/EventID"], strconv.FormatUint(uint64(id), 10))
	}
	if len(f.Events) > maxValues {
		delete(constant, "System/EventID")
	}
	if f.Channel != "" {
		constant["System/Channel"] = []string{f.Channel}
	}
	if f.Provider != "" {
		constant["System/Provider"] = []string{f.Provider}
	}
	for i := range s.Inputs {
		in := &s.Inputs[i]
		if in.State != StateSupplied || in.Type != TypeString {
			continue
		}
		field := f.Field(in.Name)
		if field == nil {
			continue
		}
		if values := constant[cmp.Or(field.Field, field.Input)]; values != nil {
			in.State, in.Values = StateConstant, values
		}
	}
}
