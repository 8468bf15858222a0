package ruletest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

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

// A recording is a file of recorded events, unpacked.
type recording struct {
	name string
	data []byte
}

// readRecorded returns a file of recorded events in one of the forms that package events reads.
// The file may be gzip.
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
	return &recording{name, data}, nil
}

// each reads the records, and returns their number. It calls yield with the place of each
// record, or with the error in it and its place. A record is valid until yield returns. The
// error of each is for the file: it cannot be read, or has no event.
func (rec *recording) each(yield func(at sigma.Position, r *events.Record, err error)) (total int, err error) {
	reader := events.NewReader(rec.name, bytes.NewReader(rec.data))
	defer reader.Close()
	var record events.Record
	for {
		err := reader.Read(&record)
		switch e := err.(type) {
		case nil:
			yield(sigma.Position{Line: reader.Line(), Column: reader.Column()}, &record, nil)
		case *events.LineError:
			yield(sigma.Position{Line: e.Line, Column: max(1, e.Column)}, nil, e.Err)
		default:
			if err != io.EOF {
				return total, err
			}
			if total == 0 {
				return 0, fmt.Errorf("%s: found no event; expected events as JSON objects", rec.name)
			}
			return total, nil
		}
		total++
	}
}
