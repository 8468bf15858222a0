package report

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/cfcheck/cfcheck/internal/scratch"
)

// MaxKept limits how many results and findings (counted together) a Run keeps in
// memory. Beyond it, or beyond 4 MiB, all results are in a temporary file, and one
// at a time is in memory.
const MaxKept = 1000

const (
	maxKeptBytes   = 4 << 20
	maxSharedBytes = 4 << 20  // bytes of the lists of builds that results share, per table
	maxPending     = 64 << 10 // bytes of records that are not yet in the file
)

// A store keeps the results of a run in order. While they are few they are in
// memory, afterwards all of them are in a temporary file.
//
// The file is a sequence of records, one for each result: length and checksum (4
// bytes each) and a value of one gob stream. The checksum of each record continues
// the checksum of the record before. This detects records that are missing,
// repeated or left over from another file. Gob is the only encoding in the standard
// library that preserves every byte of a string; encoding/json replaces bytes that
// are not UTF-8.
type store struct {
	keep  int // maximum number of items in memory; 0 means MaxKept, negative means no items
	kept  []Result
	items int // results and findings in kept
	bytes int // their approximate size

	create  func() (scratch.File, error) // nil means scratch.Create
	file    scratch.File                 // nil as long as all results are in kept
	stream  bytes.Buffer
	encoder *gob.Encoder // to stream
	pending []byte       // records that are not yet in the file
	held    int          // number of records in the file
	size    int64        // their size in bytes
	sum     uint32       // checksum of the last record in the file
	queued  int          // number of records in pending
	next    uint32       // checksum of the last record in pending
	tables  tables

	verified bool // the records were read back after the last add
	closed   bool
	err      error // reason why results are missing; if it is set, add does nothing
}

// add adds a result.
func (s *store) add(r Result) {
	s.verified = false
	switch {
	case s.err != nil:
		return
	case s.closed:
		s.err = errClosed
	case s.file == nil:
		s.kept = append(s.kept, r)
		s.items += r.items()
		s.bytes += r.size()
		if most := cmp.Or(s.keep, MaxKept); s.items > most || s.bytes > maxKeptBytes {
			s.spill()
		}
	default:
		s.write(&r)
	}
}

var errClosed = errors.New("the run is closed")

// spill moves the results from memory to a new file.
func (s *store) spill() {
	create := s.create
	if create == nil {
		create = scratch.Create
	}
	file, err := create()
	if err != nil {
		s.err = fmt.Errorf("a temporary file cannot be created: %w; set %s to a folder that can be written to", err, scratch.Variable())
		return // the kept results can still be shown
	}
	s.file, s.encoder = file, gob.NewEncoder(&s.stream)
	for i := range s.kept {
		s.write(&s.kept[i])
	}
	s.kept = nil
}

// write appends the record of a result.
func (s *store) write(r *Result) {
	if s.err != nil {
		return
	}
	s.stream.Reset()
	if err := s.encoder.Encode(s.tables.record(r)); err != nil {
		s.err = fmt.Errorf("the result on %s cannot be encoded: %w", r.Name, err)
		return
	}
	data := s.stream.Bytes()
	s.next = checksum(s.next, data)
	s.pending = binary.LittleEndian.AppendUint32(s.pending, uint32(len(data)))
	s.pending = binary.LittleEndian.AppendUint32(s.pending, s.next)
	s.pending = append(s.pending, data...)
	s.queued++
	if len(s.pending) >= maxPending {
		s.flush()
	}
}

// flush writes the pending records. If that fails, they count as missing.
func (s *store) flush() {
	if s.queued == 0 || s.err != nil {
		return
	}
	if n, err := s.file.Write(s.pending); err != nil || n < len(s.pending) {
		if err == nil {
			err = io.ErrShortWrite
		}
		s.err = fmt.Errorf("the temporary file cannot be written: %w; set %s to a folder with more room", scratch.Cause(err), scratch.Variable())
		return
	}
	s.held, s.size, s.sum = s.held+s.queued, s.size+int64(len(s.pending)), s.next
	s.pending, s.queued = s.pending[:0], 0
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum returns the checksum of a record that follows a record with the checksum
// before.
func checksum(before uint32, data []byte) uint32 {
	return crc32.Update(crc32.Update(before, castagnoli, []byte{1}), castagnoli, data)
}

// readable returns the number of results that can be read back.
func (s *store) readable() int {
	if s.file == nil {
		return len(s.kept)
	}
	return s.held
}

// problem returns the reason why some of n results cannot be read back, or "". It
// reads the file, unless it was read since the last add.
func (s *store) problem(n int) string {
	switch {
	case s.file == nil || s.verified:
	case s.closed:
		s.err = errClosed
	default:
		s.verify()
	}
	if s.err == nil {
		return ""
	}
	return fmt.Sprintf("the results on %d of %s are missing: %v", n-s.readable(), count(uint64(n), "subject"), s.err)
}

// verify reads the records back. The first record that differs from the written
// one counts as missing, and so do all records after it.
func (s *store) verify() {
	s.flush()
	s.verified = true
	records := newRecords(s)
	for records.read < s.held {
		if _, err := records.next(); err != nil {
			s.lose(records, err)
			return
		}
		records.done()
	}
}

// lose counts the record that was read last, and all records after it, as missing.
func (s *store) lose(at *records, err error) {
	if s.err == nil {
		s.err = err
	}
	s.held, s.size = at.read, at.offset
}

// all yields the readable results. The last pair has the error, if all finds one that
// was not known before.
func (s *store) all(yield func(Result, error) bool) {
	if s.file == nil {
		for _, r := range s.kept {
			if !yield(r, nil) {
				return
			}
		}
		return
	}
	if s.closed {
		yield(Result{}, errClosed)
		return
	}
	s.flush()
	records := newRecords(s)
	decoder := gob.NewDecoder(records)
	for records.read < s.held {
		data, err := records.next()
		var rec record
		if err == nil {
			err = records.decode(decoder, data, &rec)
		}
		if err != nil {
			s.lose(records, err)
			yield(Result{}, err)
			return
		}
		records.done()
		if !yield(s.tables.result(&rec), nil) {
			return
		}
	}
}

func (s *store) close() error {
	if s.file == nil || s.closed {
		return nil
	}
	s.closed = true
	return s.file.Close()
}

// A records reads the file of a store from its start.
type records struct {
	bytes.Reader // the record that is being decoded
	from         *bufio.Reader
	size         int64 // size of the file
	data         []byte
	sum          uint32

	read   int   // number of finished records
	offset int64 // end of the finished records
	at     int64 // end of the current record
}

func newRecords(s *store) *records {
	return &records{from: bufio.NewReaderSize(io.NewSectionReader(s.file, 0, s.size), maxPending), size: s.size}
}

// next returns the next record, which is valid until the next call.
func (r *records) next() ([]byte, error) {
	const header = 8
	var head [header]byte
	if _, err := io.ReadFull(r.from, head[:]); err != nil {
		return nil, r.failed(err)
	}
	length, sum := int64(binary.LittleEndian.Uint32(head[:])), binary.LittleEndian.Uint32(head[4:])
	if length > r.size-r.offset-header {
		return nil, r.failed(errNotOurs)
	}
	r.data = slices.Grow(r.data[:0], int(length))[:length]
	if _, err := io.ReadFull(r.from, r.data); err != nil {
		return nil, r.failed(err)
	}
	if r.sum = checksum(r.sum, r.data); r.sum != sum {
		return nil, r.failed(errNotOurs)
	}
	r.at = r.offset + header + length
	return r.data, nil
}

var errNotOurs = errors.New("the bytes are not those that were written")

// failed returns an error with the offset at which the file cannot be read.
func (r *records) failed(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = fmt.Errorf("it ends before byte %d", r.size)
	}
	return fmt.Errorf("the temporary file cannot be read from byte %d on: %w", r.offset, scratch.Cause(err))
}

// decode decodes the record that was read last.
func (r *records) decode(d *gob.Decoder, data []byte, rec *record) error {
	r.Reader.Reset(data)
	err := d.Decode(rec)
	if err == nil && r.Reader.Len() > 0 {
		err = errNotOurs
	}
	if err != nil {
		return r.failed(err)
	}
	return nil
}

// done marks the record that was read last as finished.
func (r *records) done() { r.read, r.offset = r.read+1, r.at }
