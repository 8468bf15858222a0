package events

import (
	"fmt"
	"io"
	"iter"

	"github.com/cfcheck/cfcheck/sensor"
)

// MaxRecording is how many bytes of values a [Recording] keeps at most.
const MaxRecording = 2 << 30

// A Recording keeps recorded events as the events of the template types that
// they feed, to run content on. It takes the memory of their values.
type Recording struct {
	mapper *Mapper
	events map[*sensor.Definition]*recorded
	files  []string
	bytes  int
	total  uint64 // that feed a type
	event  sensor.Event
	feeds  []*Mapping
}

// recorded are the events of one type. The values of an event follow each
// other: its own are those from its first on.
type recorded struct {
	events []recordedEvent
	values []recordedValue
	arena  []byte
}

type recordedEvent struct {
	file, line, first int32
}

type recordedValue struct {
	input     int32
	typ       sensor.InputType
	from, len int // of a string, in the arena
	integer   int64
	address   [16]byte
}

// NewRecording returns an empty recording of events that feed the types of a
// set.
func NewRecording(defs *sensor.Definitions) *Recording {
	return &Recording{mapper: NewMapper(defs), events: map[*sensor.Definition]*recorded{}}
}

// Read reads all records of a reader; name is that of its file. Bad is called
// for each line that is no event. The error is a [*ReadError], or wraps
// [ErrLimit].
func (rec *Recording) Read(name string, r *Reader, bad func(*LineError)) error {
	file := int32(len(rec.files))
	rec.files = append(rec.files, name)
	var record Record
	for {
		switch err := r.Read(&record).(type) {
		case nil:
			if err := rec.add(&record, file, int32(r.Line())); err != nil {
				return err
			}
		case *LineError:
			bad(err)
		default:
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}

func (rec *Recording) add(r *Record, file, line int32) error {
	rec.feeds = rec.mapper.Append(rec.feeds[:0], r)
	if len(rec.feeds) > 0 {
		rec.total++
	}
	for _, m := range rec.feeds {
		rec.event = m.Event(rec.event, r)
		of := rec.events[m.Definition]
		if of == nil {
			of = new(recorded)
			rec.events[m.Definition] = of
		}
		of.events = append(of.events, recordedEvent{file, line, int32(len(of.values))})
		for i := range rec.event {
			v := &rec.event[i]
			if !v.Present() {
				continue
			}
			of.values = append(of.values, recordedValue{int32(i), v.Type, len(of.arena), len(v.Text), v.Integer, v.Address})
			of.arena = append(of.arena, v.Text...)
			rec.bytes += len(v.Text) + 64
		}
		if rec.bytes > MaxRecording {
			return fmt.Errorf("%s:%d: the values of the events so far take more than %d bytes: %w; use fewer events at once", rec.files[file], line, MaxRecording, ErrLimit)
		}
	}
	return nil
}

// Total returns how many events were read that feed a type.
func (rec *Recording) Total() uint64 { return rec.total }

// Events returns the events of a type, with the line that each comes from, such
// as "benign.ndjson.gz:12". An event is overwritten by the next.
func (rec *Recording) Events(d *sensor.Definition) iter.Seq2[func() string, sensor.Event] {
	return func(yield func(func() string, sensor.Event) bool) {
		of := rec.events[d]
		if of == nil {
			return
		}
		e := make(sensor.Event, len(d.Inputs))
		for i, from := range of.events {
			clear(e)
			end := len(of.values)
			if i+1 < len(of.events) {
				end = int(of.events[i+1].first)
			}
			for _, v := range of.values[from.first:end] {
				e[v.input] = sensor.Value{Type: v.typ, Text: of.arena[v.from:][:v.len:v.len], Integer: v.integer, Address: v.address}
			}
			where := func() string { return fmt.Sprintf("%s:%d", rec.files[from.file], from.line) }
			if !yield(where, e) {
				return
			}
		}
	}
}
