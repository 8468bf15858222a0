package evtx

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Magic is the beginning of a log.
const Magic = "ElfFile\x00"

const (
	headerSize  = 4096     // of the file
	chunkSize   = 64 << 10 // with its header
	chunkHeader = 512      // with the tables of names and templates
	recordHead  = 24       // of a record, before its XML

	chunkMagic  = "ElfChnk\x00"
	recordMagic = "**\x00\x00"

	flagDirty      = 1 // of the file: it was not closed, and its header can be old
	flagChunkNoCRC = 4 // of a chunk: it has no checksums
)

// An Error is a part of a log that cannot be read. Reading can go on after it.
type Error struct {
	Record uint64 // identifier of the record; 0 for a chunk, or the header of the file
	Offset int64  // in the log, in bytes
	Err    error
}

func (e *Error) Error() string {
	return fmt.Sprintf("%v (at byte %d, 0x%x)", e.Err, e.Offset, e.Offset)
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// A Reader reads a log. Use it from one goroutine at a time.
type Reader struct {
	r       io.Reader
	chunk   []byte // the current chunk, of chunkSize
	chunks  int    // that were read, with the current one
	used    int    // of them, those with records
	unused  int    // number of the first chunk of zeros
	next    int    // offset in the chunk of the next record
	free    int    // offset in the chunk of its end
	started bool
	err     error // after which nothing can be read
	header  [headerSize]byte
	record  uint64 // identifier of the current record
	at      int    // its offset in the chunk
	expander
}

// NewReader returns a Reader of a log. It does not buffer r.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: r, chunk: make([]byte, chunkSize)}
}

var le = binary.LittleEndian

// Next goes to the next record, and skips the rest of the current one. It returns io.EOF at the
// end of the log. After an [*Error], the next call goes on. After any other error it does not.
func (r *Reader) Next() error {
	if r.err != nil {
		return r.err
	}
	err := r.advance()
	if err != nil {
		r.reset(nil, 0, 0)
		if _, ok := err.(*Error); !ok {
			r.err = err
		}
	}
	return err
}

func (r *Reader) advance() error {
	if !r.started {
		r.started = true
		if err := r.start(); err != nil {
			return err
		}
	}
	for r.next >= r.free {
		if err := r.readChunk(); err != nil {
			return err
		}
	}
	at := r.next
	r.record, r.at = 0, at
	rest := r.chunk[at:r.free]
	if len(rest) < recordHead+4 || string(rest[:4]) != recordMagic {
		return r.lost("found no record, which begins with 2a 2a 00 00")
	}
	size := int64(le.Uint32(rest[4:]))
	if size < recordHead+4 || size > int64(len(rest)) {
		return r.lost("found a record of %d bytes; expected %d to %d", size, recordHead+4, len(rest))
	}
	if again := le.Uint32(rest[size-4:]); int64(again) != size {
		return r.lost("found a record that states %d bytes at its beginning and %d at its end; expected the same number", size, again)
	}
	r.record, r.next = le.Uint64(rest[8:]), at+int(size)
	r.reset(r.chunk, at+recordHead, r.next-4)
	return nil
}

// Record returns the identifier of the current record, which the event has as EventRecordID.
func (r *Reader) Record() uint64 { return r.record }

// lost returns an error after which the rest of the chunk is skipped.
func (r *Reader) lost(format string, args ...any) error {
	offset := r.offset(r.next)
	r.next = r.free
	return &Error{Offset: offset, Err: fmt.Errorf(format+"; the rest of chunk %d cannot be read", append(args, r.chunks)...)}
}

// offset returns the offset in the log of an offset in the chunk.
func (r *Reader) offset(at int) int64 { return headerSize + int64(r.chunks-1)*chunkSize + int64(at) }

// start reads the header of the file.
func (r *Reader) start() error {
	h := r.header[:]
	if n, err := io.ReadFull(r.r, h); err != nil {
		return cut(err, "found %d bytes; expected the header of a log of %d bytes", n, headerSize)
	}
	if string(h[:8]) != Magic {
		return fmt.Errorf("found % x; expected the header of a log, %q", h[:8], Magic)
	}
	if major, size := le.Uint16(h[38:]), le.Uint16(h[40:]); major != 3 || size != headerSize {
		return fmt.Errorf("found a log of format %d with a header of %d bytes; expected format 3 and %d bytes", major, size, headerSize)
	}
	if have, want := crc32.ChecksumIEEE(h[:120]), le.Uint32(h[124:]); have != want && !r.dirty() {
		return &Error{Err: fmt.Errorf("found a header of the log with the checksum 0x%08x; it states 0x%08x: the file is damaged", have, want)}
	}
	return nil
}

func (r *Reader) dirty() bool { return le.Uint32(r.header[120:])&flagDirty != 0 }

// cut returns the error of a read.
func cut(err error, format string, args ...any) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf(format+": the file was cut off", args...)
	}
	return err
}

// readChunk reads the next chunk. Windows writes chunks that are not used yet as zeros.
func (r *Reader) readChunk() error {
	r.next, r.free = 0, 0
	n, err := io.ReadFull(r.r, r.chunk)
	if err == io.EOF {
		if want := int(le.Uint16(r.header[42:])); r.used&0xffff < want && !r.dirty() {
			r.header[42], r.header[43] = 0, 0 // said once
			return &Error{Offset: r.offset(chunkSize), Err: fmt.Errorf("found %d chunks; the header of the log states %d: the file was cut off", r.used, want)}
		}
		return io.EOF
	}
	r.chunks++
	r.names, r.left = nil, MaxChunk
	if err != nil {
		return cut(err, "found %d bytes of chunk %d; expected %d", n, r.chunks, chunkSize)
	}
	c := r.chunk
	bad := func(format string, args ...any) error {
		r.used++
		return &Error{Offset: r.offset(0), Err: fmt.Errorf("chunk %d: "+format+": its records cannot be read", append([]any{r.chunks}, args...)...)}
	}
	if string(c[:8]) != chunkMagic {
		if len(bytes.Trim(c, "\x00")) == 0 {
			r.unused = cmp.Or(r.unused, r.chunks)
			return nil
		}
		return bad("found % x; expected %q", c[:8], chunkMagic)
	}
	free := int64(le.Uint32(c[48:]))
	if free < chunkHeader || free > chunkSize {
		return bad("found records up to byte %d; expected %d to %d", free, chunkHeader, chunkSize)
	}
	if le.Uint32(c[120:])&flagChunkNoCRC == 0 {
		have := crc32.Update(crc32.ChecksumIEEE(c[:120]), crc32.IEEETable, c[128:chunkHeader])
		if want := le.Uint32(c[124:]); have != want {
			return bad("found a header with the checksum 0x%08x; it states 0x%08x", have, want)
		}
		if have, want := crc32.ChecksumIEEE(c[chunkHeader:free]), le.Uint32(c[52:]); have != want {
			return bad("found records with the checksum 0x%08x; the header states 0x%08x", have, want)
		}
	}
	r.used++
	r.next, r.free = chunkHeader, int(free)
	if n := r.unused; n > 0 {
		r.used += r.chunks - n
		r.unused = 0
		return &Error{Offset: headerSize + int64(n-1)*chunkSize, Err: fmt.Errorf("chunk %d: found zeros before a chunk with records: its records are lost", n)}
	}
	return nil
}

var errNoRecord = errors.New("no record is read; call Next first")
