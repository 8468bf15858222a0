package events

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// MaxLine is the maximum length of a line in bytes, without its end. An event of
// Windows has at most 64 KiB of data, and JSON can make it six times as long.
const MaxLine = 1 << 20

// A Reader reads records from JSON lines. It keeps one line in memory. Use it from one
// goroutine at a time. It unpacks a gzip file in a goroutine of its own, which ends at
// the end of the file or with Close.
type Reader struct {
	name    string
	counted *counter      // counts the bytes that are read of the file
	file    *bufio.Reader // buffers counted
	lines   *bufio.Reader // file, or its unpacked content
	long    []byte        // a line that does not fit into the buffer of lines
	line    int           // number of the line read last
	started bool
	packed  bool   // the file is gzip
	ahead   *ahead // nil if the file is not packed
	err     error  // final error
	parser
}

// bufferSize is the size of each bufio.Reader in bytes. Longer lines are copied.
const bufferSize = 64 << 10

// NewReader returns a Reader for the content of a file. If the content begins like
// gzip, the Reader unpacks all its members. The name is used in errors only.
//
// To stop early, for example because a context is done, let the Read method of file
// return an error. You can also stop calling [Reader.Read] and call [Reader.Close].
func NewReader(name string, file io.Reader) *Reader {
	c := &counter{r: file}
	r := &Reader{name: name, counted: c, file: bufio.NewReaderSize(c, bufferSize)}
	r.parser.init()
	return r
}

// A LineError is the error for a line that is not a record. Reading can go on after
// it.
type LineError struct {
	Name   string // name of the file
	Line   int    // from 1
	Column int    // from 1, in bytes; 0 means the line as a whole
	Err    error  // found and expected text
}

func (e *LineError) Error() string {
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
// content is valid until the next Read. Read skips blank lines. It reads at most one
// line, and is bounded by [MaxLine] except for blank and overlong lines.
//
// The error is io.EOF at the end of the file. It is a [*LineError] if the line is not
// a record; then Read can be called again. Any other error is a [*ReadError], and all
// later calls return it too.
func (r *Reader) Read(rec *Record) error {
	if r.err != nil {
		return r.err
	}
	for {
		line, err := r.next()
		switch {
		case err == errLong:
			return &LineError{Name: r.name, Line: r.line, Err: fmt.Errorf("the line has more than %d bytes; expected one event per line", MaxLine)}
		case err != nil:
			r.err = err
			return err
		case len(bytes.TrimLeft(line, " \t\r\n")) == 0:
			continue
		}
		if at, err := r.parser.parse(line, rec); err != nil {
			return &LineError{Name: r.name, Line: r.line, Column: at, Err: err}
		}
		return nil
	}
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

// Line returns the number of the line that was read last, from 1.
func (r *Reader) Line() int { return r.line }

var errLong = errors.New("the line is too long")

// next returns the next line, including its line end if it has one. If the line is
// longer than MaxLine, next skips it and returns errLong.
func (r *Reader) next() ([]byte, error) {
	if !r.started {
		r.started = true
		if err := r.start(); err != nil {
			return nil, err
		}
	}
	line, err := r.lines.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		r.long = r.long[:0]
		tooLong := false
		for err == bufio.ErrBufferFull {
			tooLong = tooLong || len(r.long)+len(line) > MaxLine
			if !tooLong {
				r.long = append(r.long, line...)
			}
			line, err = r.lines.ReadSlice('\n')
		}
		if tooLong || len(r.long)+len(bytes.TrimRight(line, "\r\n")) > MaxLine {
			if err == nil || err == io.EOF {
				r.line++
				return nil, errLong
			}
		}
		r.long = append(r.long, line...)
		line = r.long
	}
	switch {
	case err == io.EOF && len(line) == 0:
		return nil, io.EOF
	case err != nil && err != io.EOF:
		return nil, r.fail(err)
	}
	r.line++
	return line, nil
}

// start examines the first bytes of the file and sets r.lines.
func (r *Reader) start() error {
	r.lines = r.file
	magic, err := r.file.Peek(2)
	if err != nil && err != io.EOF {
		return r.fail(err)
	}
	if r.packed = string(magic) == "\x1f\x8b"; r.packed {
		z, err := gzip.NewReader(r.file)
		if err != nil {
			return r.fail(err)
		}
		r.ahead = newAhead(z, r.fail)
		r.lines = bufio.NewReaderSize(r.ahead, bufferSize)
	}
	mark, err := r.lines.Peek(3)
	switch {
	case err != nil && err != io.EOF:
		return r.fail(err)
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		return &ReadError{Name: r.name, Err: errors.New("found a byte order mark of UTF-16; expected UTF-8")}
	case string(mark) == "\xef\xbb\xbf":
		_, err := r.lines.Discard(len(mark))
		return err
	}
	return nil
}

// fail converts an error of a file or of gzip to a ReadError. For a packed file, only
// the goroutine that unpacks it may call fail, because it knows the offset.
func (r *Reader) fail(err error) error {
	if e, ok := err.(*ReadError); ok {
		return e
	}
	at := r.counted.n - int64(r.file.Buffered())
	switch {
	case errors.Is(err, gzip.ErrChecksum):
		err = fmt.Errorf("%w; the packed content was changed", err)
	case errors.Is(err, gzip.ErrHeader):
		err = fmt.Errorf("%w; expected gzip to begin, or the file to end", err)
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
