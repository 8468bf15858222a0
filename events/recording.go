package events

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/cfcheck/cfcheck/internal/scratch"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// The limits of a [Recording].
const (
	// MaxRecording is the maximum size in bytes of the temporary file of a
	// Recording.
	MaxRecording = 16 << 30

	// maxBuffered is the number of bytes of values in memory beyond which all
	// values move to the temporary file.
	maxBuffered = 4 << 20

	// keptBuffer is the maximum size in bytes of an empty buffer that a type
	// keeps after its events moved to the file.
	keptBuffer = 64 << 10
)

// A Recording keeps recorded events as events of the template types that they feed,
// so that content can run on them. It reads each file of events once. A few MiB of
// values stay in memory. The others are in a temporary file, in $TMPDIR or the folder
// of the system for such files, which Close deletes. Each block of about 4 MiB in the
// file takes 24 bytes of memory for each type.
type Recording struct {
	matcher  *Matcher
	types    map[*sensor.Definition]*recorded
	order    []*recorded // in the order of first use
	files    []string
	buffered int          // bytes in memory
	file     scratch.File // nil while all values are in memory
	size     int64        // size of file in bytes
	err      error        // reason why the recording is incomplete
	total    uint64       // number of events that feed a type
	event    interp.Event
	feeds    []*Mapping

	create func() (scratch.File, error)
	most   int64 // MaxRecording
	keep   int   // maxBuffered
}

// recorded holds the events of one type: first the events in the blocks of the file,
// then the events in memory.
type recorded struct {
	blocks []stored
	memory []byte
}

// A stored is a block of events of one type, one after another, in the temporary file.
type stored struct {
	offset int64
	length int
	sum    uint32
}

// NewRecording returns an empty recording for events that feed the given types.
func NewRecording(defs *sensor.Definitions) *Recording {
	return &Recording{matcher: NewMatcher(defs), types: map[*sensor.Definition]*recorded{}, create: scratch.Create, most: MaxRecording, keep: maxBuffered}
}

// Close deletes the temporary file, if any. The events cannot be read afterwards.
func (rec *Recording) Close() error {
	rec.types, rec.order, rec.err = nil, nil, errClosedRecording
	if rec.file == nil {
		return nil
	}
	file := rec.file
	rec.file = nil
	return file.Close()
}

var errClosedRecording = errors.New("the recording is closed")

// Read reads all records of a reader of the named file. It calls bad for each line that
// is not an event. It also calls bad for each event that feeds no type, or leaves an
// input absent, because a name in it is misspelt, and for each event with an unclear
// name ([*UnclearError]).
//
// The error is a [*ReadError], wraps [ErrLimit], or is an error of the temporary file.
// The recording is then incomplete, and Events returns the same error. Read takes time
// in proportion to the file, and at most [MaxRecording] bytes on the disk. To stop it
// early, see [NewReader].
func (rec *Recording) Read(name string, r *Reader, bad func(*LineError)) error {
	file := len(rec.files)
	rec.files = append(rec.files, name)
	var record Record
	for rec.err == nil {
		switch err := r.Read(&record).(type) {
		case nil:
			if rec.feeds, err = rec.matcher.Match(&record); err != nil {
				bad(&LineError{Name: name, Line: r.Line(), Err: err})
				continue
			}
			rec.err = rec.add(&record, file, r.Line())
		case *LineError:
			bad(err)
		default:
			if err == io.EOF {
				return nil
			}
			rec.err = err
		}
	}
	return rec.err
}

// add stores a matched record as an event of each type in rec.feeds.
func (rec *Recording) add(r *Record, file, line int) error {
	if len(rec.feeds) > 0 {
		rec.total++
	}
	for _, m := range rec.feeds {
		rec.event = m.event(rec.event, r)
		of := rec.types[m.Definition]
		if of == nil {
			of = new(recorded)
			rec.types[m.Definition] = of
			rec.order = append(rec.order, of)
		}
		before := len(of.memory)
		of.memory = appendEvent(of.memory, file, line, rec.event)
		if rec.buffered += len(of.memory) - before; rec.buffered < rec.keep {
			continue
		}
		if err := rec.flush(); err != nil {
			return fmt.Errorf("%s:%d: %w", rec.files[file], line, err)
		}
	}
	return nil
}

// flush moves the events in memory to the temporary file.
func (rec *Recording) flush() error {
	if rec.file == nil {
		file, err := rec.create()
		if err != nil {
			return fmt.Errorf("the events take more than %d bytes, and a temporary file for them cannot be created: %w; set TMPDIR to a writable folder", maxBuffered, err)
		}
		rec.file = file
	}
	for _, of := range rec.order {
		if len(of.memory) == 0 {
			continue
		}
		if rec.size+int64(len(of.memory)) > rec.most {
			return fmt.Errorf("the values of the events so far take more than %d bytes: %w; use fewer events at once", rec.most, ErrLimit)
		}
		n, err := rec.file.Write(of.memory)
		if err != nil {
			return fmt.Errorf("the temporary file of events cannot be written after %d bytes: %w; free space for it, or set TMPDIR to another folder", rec.size+int64(n), err)
		}
		of.blocks = append(of.blocks, stored{rec.size, n, crc32.ChecksumIEEE(of.memory)})
		rec.size += int64(n)
		if cap(of.memory) > keptBuffer { // otherwise each type could keep the memory of all
			of.memory = nil
		}
		of.memory = of.memory[:0]
	}
	rec.buffered = 0
	return nil
}

// Total returns the number of events that feed a type.
func (rec *Recording) Total() uint64 { return rec.total }

// Events passes each event of a type to yield, until yield returns false. where
// returns the line of the event, such as "benign.ndjson.gz:12". The next event
// overwrites the event. If the recording is incomplete, Events returns the reason.
// After the last Read, several goroutines may call Events.
func (rec *Recording) Events(d *sensor.Definition, yield func(where func() string, e interp.Event) bool) error {
	if rec.err != nil {
		return rec.err
	}
	of := rec.types[d]
	if of == nil {
		return nil
	}
	e := make(interp.Event, len(d.Inputs))
	var data []byte
	for _, b := range of.blocks {
		if cap(data) < b.length {
			data = make([]byte, b.length)
		}
		data = data[:b.length]
		if n, err := rec.file.ReadAt(data, b.offset); n < len(data) {
			return fmt.Errorf("the temporary file of events cannot be read at byte %d of %d: %w", b.offset+int64(n), rec.size, err)
		}
		if crc32.ChecksumIEEE(data) != b.sum {
			return fmt.Errorf("the temporary file of events was changed: bytes %d to %d are not those that were written; run again", b.offset, b.offset+int64(b.length))
		}
		if !rec.eachOf(data, e, yield) {
			return nil
		}
	}
	rec.eachOf(of.memory, e, yield)
	return nil
}

// eachOf passes the events in data to yield. It returns false if yield does.
func (rec *Recording) eachOf(data []byte, e interp.Event, yield func(func() string, interp.Event) bool) bool {
	for len(data) > 0 {
		var file, line uint64
		file, line, data = nextEvent(data, e)
		where := func() string { return fmt.Sprintf("%s:%d", rec.files[file], line) }
		if !yield(where, e) {
			return false
		}
	}
	return true
}

// appendEvent appends an event: the number of its file, its line, the number of its
// values, and the values. A value is the index of its input, its type, and a number,
// an address, or a length and that many bytes.
func appendEvent(b []byte, file, line int, e interp.Event) []byte {
	b = binary.AppendUvarint(b, uint64(file))
	b = binary.AppendUvarint(b, uint64(line))
	n := 0
	for i := range e {
		if e[i].Present() {
			n++
		}
	}
	b = binary.AppendUvarint(b, uint64(n))
	for i := range e {
		v := &e[i]
		if !v.Present() {
			continue
		}
		b = append(binary.AppendUvarint(b, uint64(i)), byte(v.Type))
		switch v.Type {
		case sensor.TypeInteger:
			b = binary.AppendVarint(b, v.Integer)
		case sensor.TypeAddress:
			b = append(b, v.Address[:]...)
		default:
			b = append(binary.AppendUvarint(b, uint64(len(v.Text))), v.Text...)
		}
	}
	return b
}

// nextEvent reads an event that appendEvent wrote into e. The texts of e are parts of
// b. It returns the rest of b.
func nextEvent(b []byte, e interp.Event) (file, line uint64, rest []byte) {
	clear(e)
	next := func() uint64 {
		v, n := binary.Uvarint(b)
		b = b[n:]
		return v
	}
	file, line = next(), next()
	for range next() {
		input := next()
		v := &e[input]
		v.Type, b = sensor.InputType(b[0]), b[1:]
		switch v.Type {
		case sensor.TypeInteger:
			value, n := binary.Varint(b)
			v.Integer, b = value, b[n:]
		case sensor.TypeAddress:
			b = b[copy(v.Address[:], b):]
		default:
			n := next()
			v.Text, b = b[:n:n], b[n:]
		}
	}
	return file, line, b
}
