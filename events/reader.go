package events

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/cfcheck/cfcheck/events/evtx"
)

// MaxLine is the maximum length of an event in bytes, in UTF-8 and with the space in it. An
// event of Windows has at most 64 KiB of data, and JSON can make it six times as long.
const MaxLine = 1 << 20

// A Reader reads records from JSON: objects one after another, each on one line or on
// several, arrays of objects, and responses of Elasticsearch and Splunk that contain such an
// array. It also reads the event logs of Windows, see package evtx, and events as XML. It keeps one
// event in memory, or 64 KiB of a log. Use it from one goroutine at a time. It unpacks a gzip
// or zstd file in a goroutine of its own, which ends at the end of the file or with Close.
type Reader struct {
	name    string
	counted *counter      // counts the bytes that are read of the file
	file    *bufio.Reader // buffers counted
	started bool
	packed  bool          // the file is gzip or zstd
	ahead   *ahead        // nil if the file is not packed
	err     error         // final error
	reused  *bufio.Reader // of a reader for blocks
	log     *evtx.Reader  // of an event log of Windows; nil for text
	zeek    *zeekLog      // of a log of Zeek with columns; nil for other text
	splitter
	parser
}

// bufferSize is the size of each bufio.Reader in bytes. Longer lines are copied.
const bufferSize = 64 << 10

// NewReader returns a Reader for the content of a file. If the content begins like
// gzip or zstd, the Reader unpacks all its members or frames. If it begins with a byte order
// mark, the Reader converts it from UTF-16. The name is used in errors only.
//
// To stop early, for example because a context is done, let the Read method of file
// return an error. You can also stop calling [Reader.Read] and call [Reader.Close].
func NewReader(name string, file io.Reader) *Reader {
	c := &counter{r: file}
	r := &Reader{name: name, counted: c, file: bufio.NewReaderSize(c, bufferSize)}
	r.resync = -1
	r.parser.init()
	r.parser.file = name
	return r
}

// A LineError is the error for text that is not a record. Reading can go on after
// it.
type LineError struct {
	Name   string // name of the file
	Line   int    // from 1; in a log of Windows, the number of the record; 0 for a part of a log
	Column int    // from 1, in bytes of UTF-8; 0 means the event as a whole
	Err    error  // found and expected text
}

func (e *LineError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.Name, e.Err)
	}
	if e.Column == 0 {
		return fmt.Sprintf("%s:%d: %v", e.Name, e.Line, e.Err)
	}
	return fmt.Sprintf("%s:%d:%d: %v", e.Name, e.Line, e.Column, e.Err)
}

// Unwrap returns e.Err.
func (e *LineError) Unwrap() error { return e.Err }

// A ReadError is the error after which the rest of a file cannot be read.
type ReadError struct {
	Name   string // name of the file
	Offset int64  // number of bytes of the file that were read, before unpacking
	Err    error
}

func (e *ReadError) Error() string {
	return fmt.Sprintf("%s: byte %d of the file: %v", e.Name, e.Offset, e.Err)
}

// Unwrap returns e.Err.
func (e *ReadError) Unwrap() error { return e.Err }

// Read reads the next record into rec and replaces the old content of rec. The new
// content is valid until the next Read. Read skips space. It reads at most one event, and is
// bounded by [MaxLine] except for space and overlong text.
//
// The error is io.EOF at the end of the file. It is a [*LineError] if an event is not
// a record; then Read can be called again. Any other error is a [*ReadError], and all
// later calls return it too.
func (r *Reader) Read(rec *Record) error {
	if r.err != nil {
		return r.err
	}
	if !r.started {
		r.started = true
		if err := r.start(); err != nil {
			return r.end(err)
		}
	}
	if r.log != nil {
		return r.readLog(rec)
	}
	if r.zeek != nil {
		return r.readZeek(rec)
	}
	for {
		// Most files have one event on each line: such a line is not scanned before it is parsed.
		text, err := r.whole()
		if err != nil {
			return r.end(err)
		}
		if text != nil {
			at, err := r.parse(text, rec, true)
			if err != errSplit {
				return r.place(text, at, err)
			}
			r.again()
		}
		if text, err = r.split(); err == errLine {
			continue
		} else if err != nil {
			return r.end(err)
		}
		at, err := r.parse(text, rec, false)
		return r.place(text, at, err)
	}
}

// end returns an error of the splitter, and keeps it if nothing can be read after it.
func (r *Reader) end(err error) error {
	if e, ok := err.(*LineError); ok {
		e.Name = r.name
		r.begin, r.column = e.Line, max(0, e.Column-1)
		return e
	}
	if r.err = err; err != io.EOF && err != errBlock {
		r.err = r.fail(err)
	}
	return r.err
}

// place returns the error of the parser with its place in the file, or nil. The offset at in
// the text of the event is -1 for an error in the event as a whole.
func (r *Reader) place(text []byte, at int, err error) error {
	if err == nil {
		return nil
	}
	e := &LineError{Name: r.name, Line: r.begin, Err: err}
	if at < 0 {
		if r.column > 0 {
			e.Column = r.column + 1
		}
		return e
	}
	before := text[:min(at, len(text))]
	if n := bytes.LastIndexByte(before, '\n'); n >= 0 {
		e.Line += bytes.Count(before, []byte("\n"))
		e.Column = at - n
	} else {
		e.Column = r.column + at + 1
	}
	return e
}

// Close releases a Reader before its end is reached. It does not close the file.
func (r *Reader) Close() {
	if r.ahead != nil {
		r.ahead.stop()
	}
	if r.err == nil {
		r.err = errClosed
	}
}

var errClosed = errors.New("the reader is closed")

// Line returns the number of the line where the event that was read last begins, from 1. In an
// event log of Windows, it returns the number of the record, which the event has as EventRecordID.
func (r *Reader) Line() int { return r.begin }

// Column returns the column where the event that was read last begins, from 1, in bytes of
// UTF-8. If it is alone on its line, that is column 1 even if space precedes it.
func (r *Reader) Column() int { return r.column + 1 }

// start examines the first bytes of the file and sets r.lines.
func (r *Reader) start() error {
	r.lines = r.file
	magic, err := r.file.Peek(4)
	if err != nil && err != io.EOF {
		return r.fail(err)
	}
	if unpack := unpackerOf(magic); unpack != nil {
		r.packed = true
		z, err := unpack(r.file)
		if err != nil {
			return r.fail(err)
		}
		r.ahead = newAhead(z, r.fail)
		r.lines = bufio.NewReaderSize(r.ahead, bufferSize)
	}
	mark, err := r.lines.Peek(8)
	if err != nil && err != io.EOF {
		return r.fail(err)
	}
	switch {
	case bytes.HasPrefix(mark, []byte("\xff\xfe")):
		r.lines = bufio.NewReaderSize(&wide{src: r.lines, order: binary.LittleEndian}, bufferSize)
	case bytes.HasPrefix(mark, []byte("\xfe\xff")):
		r.lines = bufio.NewReaderSize(&wide{src: r.lines, order: binary.BigEndian}, bufferSize)
	case len(mark) > 1 && mark[1] == 0 && (mark[0] == '{' || mark[0] == '[' || mark[0] == '<'):
		return &ReadError{Name: r.name, Err: errors.New("found UTF-16 without a byte order mark; expected UTF-8, or UTF-16 with the mark: convert the file, for example by iconv -f UTF-16LE -t UTF-8")}
	case string(mark) == evtx.Magic:
		r.log = evtx.NewReader(r.lines)
	}
	if mark, _ := r.lines.Peek(3); string(mark) == "\xef\xbb\xbf" {
		if _, err := r.lines.Discard(len(mark)); err != nil {
			return err
		}
	}
	begin, _ := r.lines.Peek(len(hayabusaCSV[0]))
	switch {
	case bytes.HasPrefix(begin, []byte(zeekMagic)):
		r.zeek = new(zeekLog)
	case slices.ContainsFunc(hayabusaCSV[:], func(header string) bool { return bytes.HasPrefix(begin, []byte(header)) }):
		return &ReadError{Name: r.name, Err: errors.New("found Hayabusa's timeline as CSV; expected JSON: run hayabusa json-timeline -L -p all-field-info")}
	}
	return nil
}

// maxWindow is the memory in bytes that a zstd file may demand for its window. RFC 8878 recommends
// that every decoder supports 8 MiB. The levels of zstd up to 19 need no more.
const maxWindow = 8 << 20

// unpackerOf returns the function that unpacks a file with the given first bytes, or nil. Its
// reader keeps a bounded part of the content in memory, however far the file expands.
func unpackerOf(magic []byte) func(io.Reader) (io.Reader, error) {
	switch {
	case bytes.HasPrefix(magic, []byte("\x1f\x8b")):
		return func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
	case string(magic) == "\x28\xb5\x2f\xfd", isSkippable(magic):
		return func(r io.Reader) (io.Reader, error) {
			return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		}
	}
	return nil
}

// isSkippable reports whether a file begins with a frame of zstd that decoders skip.
func isSkippable(magic []byte) bool {
	return len(magic) == 4 && magic[0]&0xf0 == 0x50 && string(magic[1:]) == "\x2a\x4d\x18"
}

// fail converts an error of a file or of gzip to a ReadError. For a packed file, only
// the goroutine that unpacks it may call fail, because it knows the offset.
func (r *Reader) fail(err error) error {
	if e, ok := err.(*ReadError); ok {
		return e
	}
	at := r.counted.n - int64(r.file.Buffered())
	switch {
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zstd.ErrCRCMismatch):
		err = fmt.Errorf("%w; the packed content was changed", err)
	case errors.Is(err, gzip.ErrHeader):
		err = fmt.Errorf("%w; expected gzip to begin, or the file to end", err)
	case errors.Is(err, zstd.ErrMagicMismatch):
		err = fmt.Errorf("%w; expected zstd to begin, or the file to end", err)
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		err = fmt.Errorf("%w; expected a window of at most %d bytes: pack the file again without --ultra and --long", err, maxWindow)
	case r.packed && (err == io.ErrUnexpectedEOF || err == io.EOF):
		err = fmt.Errorf("%w; the file was cut off", io.ErrUnexpectedEOF)
	}
	return &ReadError{Name: r.name, Offset: at, Err: err}
}

// A counter counts the bytes that are read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
