package reference

import (
	"slices"
	"strconv"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// BlindByEvents reports whether an instance is true for no event of a feed, by what the
// definition states about the events of the feed. It tries each event ID that the instance or
// the feed names, and one more that hosts record. For each ID it uses the truth table of the
// instance, as [Outcome] does. A criterion that compares the event ID with IDs has its value for
// this ID in all rows. The missing inputs of the feed, and the fields that the event does not
// have, are absent. Criteria lost by a cut fail.
//
// An instance that is not true for any event either if the feed has all events, with all fields
// that are not missing, is not blind by events.
//
// BlindByEvents returns false for known if it does not know: the table is too long, or the
// fields of an event depend on its provider.
func BlindByEvents(f *channelfile.File, instance int, d *sensor.Definition, feed *sensor.Feed, of *Feed) (blind, known bool) {
	t := newTable(f, instance, &Feed{})
	if t == nil {
		return false, false
	}
	missing := func(input int) bool { return of.Missing != nil && of.Missing(input) }
	ids := slices.Clone(feed.Events)
	for _, k := range feed.Kinds {
		if k.Provider != "" {
			return false, false
		}
		ids = append(ids, k.Events...)
	}
	listed := slices.Clone(ids)
	for c := range t.first {
		compared, _ := t.comparedIDs(c, d, feed)
		ids = append(ids, compared...)
	}
	slices.Sort(ids)
	other := uint32(0)
	for slices.Contains(ids, other) || slices.Contains(of.Off, other) {
		other++
	}
	// Whether the instance is true for some event, and for an event of the feed.
	some, real := false, false
	for _, id := range append(ids, other) {
		some = some || t.holdsFor(id, d, feed, of, missing)
		switch {
		case slices.Contains(of.Off, id):
			continue
		case len(feed.Events) > 0 && !slices.Contains(feed.Events, id), feed.Complete && !slices.Contains(listed, id):
			continue
		}
		absent := missing
		if k := slices.IndexFunc(feed.Kinds, func(k sensor.EventKind) bool { return slices.Contains(k.Events, id) }); k >= 0 {
			absent = func(input int) bool { return missing(input) || lacks(d, feed, &feed.Kinds[k], input) }
		}
		real = real || t.holdsFor(id, d, feed, of, absent)
	}
	return some && !real, true
}

// lacks reports whether events of a kind never have an input that the feed has.
func lacks(d *sensor.Definition, feed *sensor.Feed, k *sensor.EventKind, input int) bool {
	for _, field := range feed.Fields {
		if field.Input != d.Inputs[input].Name {
			continue
		}
		name := field.Field
		if name == "" {
			name = field.Input
		}
		return !isHeader(name) && name != "Data" && !slices.Contains(k.Fields, name)
	}
	return false
}

func isHeader(field string) bool { return len(field) > 7 && field[:7] == "System/" }

// comparedIDs returns the event IDs with which a criterion compares the event ID. It returns false
// if the criterion is another one.
func (t *table) comparedIDs(criterion int, d *sensor.Definition, feed *sensor.Feed) (ids []uint32, ok bool) {
	c := t.file.Criterion(criterion)
	of := false
	for _, field := range feed.Fields {
		of = of || field.Field == "System/EventID" && field.Input == d.Inputs[c.Input].Name
	}
	equals := c.Operator == channelfile.OpEquals || c.Operator == channelfile.OpIntegerEquals
	if !of || !equals || c.Flags&channelfile.FlagInputs != 0 || c.Flags&channelfile.FlagAll != 0 && c.Count > 1 {
		return nil, false
	}
	for v := range t.file.OperandValues(c) {
		var n uint64
		if c.Operator == channelfile.OpIntegerEquals {
			n = uint64(v.Integer())
		} else if n, _ = strconv.ParseUint(string(v), 10, 32); strconv.FormatUint(n, 10) != string(v) {
			return nil, false
		}
		if n>>32 != 0 {
			return nil, false
		}
		ids = append(ids, uint32(n))
	}
	return ids, true
}

// holdsFor reports whether the condition is true in some row for an event with an ID, without some
// inputs.
func (t *table) holdsFor(id uint32, d *sensor.Definition, feed *sensor.Feed, of *Feed, missing func(input int) bool) bool {
	var off, on uint
	for criterion, variable := range t.first {
		c := t.file.Criterion(criterion)
		if ids, ok := t.comparedIDs(criterion, d, feed); ok {
			if slices.Contains(ids, id) {
				on |= 1 << variable
			} else {
				off |= 1 << variable
			}
		}
		operands := 1
		if c.Flags&channelfile.FlagInputs != 0 {
			operands = c.Count
		}
		for k := range operands {
			if missing(int(c.Input)) || c.Flags&channelfile.FlagInputs != 0 && missing(t.file.Operand(c.First+k)) || of.gone(t.file, criterion, k) {
				off |= 1 << (variable + k)
			}
		}
	}
	for row := range uint(1) << t.variables {
		if t.holds((row | on) &^ off) {
			return true
		}
	}
	return false
}
