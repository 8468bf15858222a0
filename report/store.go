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

// MaxKept is the number of results and findings together that a Run keeps in
// memory. Beyond it, or beyond 4 MiB of them, all results are in a temporary
// file, and one at a time is in memory.
const MaxKept = 1000

const (
	maxKeptBytes   = 4 << 20
	maxSharedBytes = 4 << 20  // of lists that results share: of builds of findings, and of reports
	maxPending     = 64 << 10 // bytes of records that are not in the file yet
)

// A store keeps the results of a run in order: in memory as long as they are
// few, and then all of them in a temporary file.
//
// The file is a sequence of records, one a result: length and checksum, 4 bytes
// each, and a value of one stream of package gob. The checksum of a record goes
// on from that of the record before, so a record that is missing, repeated or
// left from another file is found out. Gob is the one encoding of the standard
// library that keeps every string byte by byte; encoding/json replaces what is
// not UTF-8.
type store struct {
	keep  int // most items in memory; 0 means MaxKept, less means none
	kept  []Result
	items int // results and findings in kept
	bytes int // their size, about

	create  func() (scratch.File, error) // nil means scratch.Create
	file    scratch.File                 // nil as long as all results are in kept
	stream  bytes.Buffer
	encoder *gob.Encoder // to stream
	pending []byte       // records that are not in the file yet
	held    int          // records in the file
	size    int64        // their bytes
	sum     uint32       // of the last
	queued  int          // records in pending
	next    uint32       // the checksum of the last of these
	tables  tables

	verified bool // the records were read back, and nothing was added since
	closed   bool
	err      error // why results are missing; then none is added any more
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
		return // what is kept can still be shown
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

// checksum returns the checksum of a record after one with the checksum before.
func checksum(before uint32, data []byte) uint32 {
	return crc32.Update(crc32.Update(before, castagnoli, []byte{1}), castagnoli, data)
}

// readable returns the number of results that all yields.
func (s *store) readable() int {
	if s.file == nil {
		return len(s.kept)
	}
	return s.held
}

// problem returns the reason why not all of n results can be read back, "" if
// they can. It reads the file, unless it did so before.
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

// verify reads the records back. Those from the first that is not as it was
// written count as missing.
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

// lose counts the record that was read last, and those after it, as missing.
func (s *store) lose(at *records, err error) {
	if s.err == nil {
		s.err = err
	}
	s.held, s.size = at.read, at.offset
}

// all yields the results that are readable. An error, which is the last pair,
// is one that was not known before.
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
	bytes.Reader // of the record that is being decoded
	from         *bufio.Reader
	size         int64 // of the file
	data         []byte
	sum          uint32

	read   int   // records that are done
	offset int64 // where they end
	at     int64 // where the current one ends
}

func newRecords(s *store) *records {
	return &records{from: bufio.NewReaderSize(io.NewSectionReader(s.file, 0, s.size), maxPending), size: s.size}
}

// next returns the next record, until the next call.
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

// failed says where the file cannot be read.
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

// done counts the record that was read last.
func (r *records) done() { r.read, r.offset = r.read+1, r.at }
