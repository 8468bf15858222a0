package ruletest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/sigma"
)

// The limits of recorded events.
const (
	MaxRecorded = 64 << 20 // bytes of a file, after unpacking

	// MaxRecordedRun is the maximum number of bytes of all files of a run. A file counts for each
	// test that reads it.
	MaxRecordedRun = 1 << 30
)

// A recording is a file of recorded events as JSON lines.
type recording struct {
	name   string
	lines  []byte
	places []sigma.Position // place in the file of each line
}

// readRecorded reads a file of recorded events: JSON objects one after another, each on one line or
// on several, or arrays of such objects. The file may be gzip.
func readRecorded(name string, data []byte) (*recording, error) {
	if bytes.HasPrefix(data, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err == nil {
			data, err = io.ReadAll(io.LimitReader(z, MaxRecorded+1))
		}
		if err != nil {
			return nil, fmt.Errorf("%s: cannot be unpacked: %w", name, err)
		}
	}
	if len(data) > MaxRecorded {
		return nil, fmt.Errorf("%s: found more than %d bytes of events; use cfcheck check --never-match for large recordings", name, MaxRecorded)
	}
	if bytes.HasPrefix(data, []byte("ElfFile\x00")) {
		return nil, fmt.Errorf("%s: found an event log of Windows (EVTX); expected its events as JSON, for example of evtx_dump", name)
	}
	rec := &recording{name: name}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	at := placer{data: data, line: 1}
	// Package events refuses equal names.
	d := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true))
	for {
		kind := d.PeekKind()
		switch {
		case kind == '[' && d.StackDepth() == 0, kind == ']' && d.StackDepth() == 1:
			if _, err := d.ReadToken(); err != nil {
				return nil, notJSON(name, &at, d, err)
			}
			continue
		}
		value, err := d.ReadValue()
		if errors.Is(err, io.EOF) && d.StackDepth() == 0 {
			break
		}
		if err != nil {
			return nil, notJSON(name, &at, d, err)
		}
		place := at.of(int(d.InputOffset()) - len(value))
		line := value.Clone()
		if err := line.Compact(jsontext.AllowDuplicateNames(true)); err != nil {
			return nil, notJSON(name, &at, d, err)
		}
		rec.lines = append(append(rec.lines, line...), '\n')
		rec.places = append(rec.places, place)
	}
	if len(rec.places) == 0 {
		return nil, fmt.Errorf("%s: found no event; expected events as JSON objects", name)
	}
	return rec, nil
}

// notJSON returns the error for the place where the decoder stopped.
func notJSON(name string, at *placer, d *jsontext.Decoder, err error) error {
	offset := int(d.InputOffset())
	if e := (*jsontext.SyntacticError)(nil); errors.As(err, &e) {
		offset = int(e.ByteOffset)
	}
	p := at.of(offset)
	return fmt.Errorf("%s:%d:%d: found text that is not JSON; expected events as JSON objects", name, p.Line, p.Column)
}

// each reads the records. It calls yield with the place of each record, or with the error in it. A
// record is valid until yield returns.
func (rec *recording) each(yield func(at sigma.Position, r *events.Record, err error)) {
	reader := events.NewReader(rec.name, bytes.NewReader(rec.lines))
	defer reader.Close()
	var record events.Record
	for {
		err := reader.Read(&record)
		if err == io.EOF {
			return
		}
		line := reader.Line()
		if line < 1 {
			yield(sigma.Position{Line: 1, Column: 1}, nil, err)
			return
		}
		place := rec.places[line-1]
		switch e := err.(type) {
		case nil:
			yield(place, &record, nil)
		case *events.LineError:
			yield(place, nil, e.Err)
		default:
			yield(place, nil, err)
			return
		}
	}
}

// A placer finds the positions of offsets that do not decrease much, in one pass.
type placer struct {
	data        []byte
	line, start int // number of the current line, and its offset
}

func (p *placer) of(offset int) sigma.Position {
	offset = max(min(offset, len(p.data)), p.start)
	for {
		i := bytes.IndexByte(p.data[p.start:offset], '\n')
		if i < 0 {
			return sigma.Position{Line: p.line, Column: offset - p.start + 1}
		}
		p.line, p.start = p.line+1, p.start+i+1
	}
}
