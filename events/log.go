package events

import (
	"encoding/xml"
	"errors"
	"math"

	"github.com/cfcheck/cfcheck/events/evtx"
)

// readLog reads the next record of an event log of Windows.
func (r *Reader) readLog(rec *Record) error {
	if err := r.log.Next(); err != nil {
		return r.logError(err)
	}
	r.begin, r.column = int(min(r.log.Record(), math.MaxInt)), 0
	r.parser.line = nil
	r.parser.reset()
	err := r.elements(func() (xml.Token, int, error) {
		token, err := r.log.Token()
		return token, 0, err
	})
	if err == nil {
		err = r.record(rec)
	}
	if err == nil {
		return nil
	}
	if f, ok := err.(*fault); ok {
		err = f.err
	}
	return &LineError{Name: r.name, Line: r.begin, Err: err}
}

// logError returns an error of a log.
func (r *Reader) logError(err error) error {
	if e, ok := errors.AsType[*evtx.Error](err); ok {
		return &LineError{Name: r.name, Err: e}
	}
	return r.end(err)
}
