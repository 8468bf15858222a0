package events

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// BlockSize is the usual size of a [Block] in bytes.
const BlockSize = 256 << 10

// Blocks splits a file into blocks of whole lines, so that several goroutines can read the
// records of one file. It unpacks and converts the file as a [Reader] does. Use it from one
// goroutine at a time.
type Blocks struct {
	r    *Reader
	line int    // number of lines before the next block
	rest []byte // read, and not yet in a block
	err  error  // follows rest
}

// A Block is a part of a file. A line that is longer than [MaxLine] can be in two blocks.
type Block struct {
	data []byte
	line int   // number of lines before it
	end  error // error after its last byte: errBlock if another block follows
}

var errBlock = errors.New("the block ends")

// NewBlocks returns the Blocks of a file. Ok is false if the file does not begin with an object.
// Then an event can begin and end on any line, and the caller reads the file by Read. NewBlocks
// must be called before Read. After it, Read must not be called if ok is true.
func (r *Reader) NewBlocks() (b *Blocks, ok bool, err error) {
	r.started = true
	if err := r.start(); err != nil {
		return nil, false, r.end(err)
	}
	first, err := r.lines.Peek(1)
	if err != nil && err != io.EOF {
		return nil, false, r.end(err)
	}
	return &Blocks{r: r}, string(first) == "{", nil
}

// Next reads the next block into buf, which has at least [BlockSize] bytes, or into a larger
// buffer if a line is longer. The last block is the one for which more is false.
func (b *Blocks) Next(buf []byte) (block Block, more bool) {
	n := copy(buf, b.rest)
	if n < len(b.rest) {
		buf = append(buf, b.rest[n:]...)
		n = len(b.rest)
	}
	for end := 0; ; {
		for n < len(buf) && b.err == nil {
			var got int
			got, b.err = b.r.lines.Read(buf[n:])
			n += got
		}
		if b.err != nil {
			if b.err != io.EOF {
				b.err = b.r.fail(b.err)
			}
			return Block{buf[:n], b.line, b.err}, false
		}
		end = bytes.LastIndexByte(buf[:n], '\n') + 1
		if end == 0 && n <= MaxLine {
			buf = append(buf, make([]byte, n)...)
			continue
		}
		if end == 0 {
			end = n // Reset reports this as an event that does not end
		}
		block = Block{buf[:end], b.line, errBlock}
		b.rest = append(b.rest[:0], buf[end:n]...)
		b.line += bytes.Count(block.data, newline)
		return block, true
	}
}

var newline = []byte("\n")

// Data returns the bytes of the block.
func (b Block) Data() []byte { return b.data }

// NewBlockReader returns a Reader for blocks, which Reset gives it. The name is used in errors
// only.
func NewBlockReader(name string) *Reader {
	r := &Reader{name: name, started: true, reused: bufio.NewReaderSize(nil, bufferSize)}
	r.parser.init()
	r.parser.file = name
	return r
}

// Reset makes r read a block, and forgets everything else. At the end of a block that is not the
// last one, Read returns an error for which [Reader.AtBlockEnd] is true.
func (r *Reader) Reset(b Block) { r.reset(b.line, &blockSource{data: b.data, end: b.end}) }

// ResetRest makes r read a block and those that follow it, as Read reads the whole file. Next
// returns the block after the last one, and is called when its bytes are read.
func (r *Reader) ResetRest(b Block, next func() Block) {
	r.reset(b.line, &blockSource{data: b.data, end: b.end, next: next})
}

func (r *Reader) reset(line int, source io.Reader) {
	r.reused.Reset(source)
	r.splitter = splitter{lines: r.reused, line: line, resync: -1, long: r.long[:0]}
	r.err = nil
}

// AtBlockEnd reports whether Read has returned an error because the block ends. Between is true
// if the block ends between two events, so the next block can be read by itself.
func (r *Reader) AtBlockEnd() (ended, between bool) { return r.err == errBlock, r.between }

// A blockSource reads a block, and the following ones if next is not nil.
type blockSource struct {
	data []byte
	end  error
	next func() Block
}

func (s *blockSource) Read(p []byte) (int, error) {
	for len(s.data) == 0 {
		if s.end != errBlock || s.next == nil {
			return 0, s.end
		}
		b := s.next()
		s.data, s.end = b.data, b.end
	}
	n := copy(p, s.data)
	s.data = s.data[n:]
	return n, nil
}
