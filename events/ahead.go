package events

import (
	"io"
	"sync"
)

// An ahead unpacks in its own goroutine, ahead of its reader. Unpacking takes about
// as long as reading the unpacked data.
type ahead struct {
	full chan block
	free chan []byte
	quit chan struct{}
	stop func()

	now  []byte // rest of the last block
	last block
}

// A block is unpacked data, with the error after it.
type block struct {
	data []byte
	err  error
}

// There are two blocks of this size in memory.
const blockSize = 128 << 10

// newAhead reads from r until an error, which fail may rephrase. Both happen in the
// goroutine.
func newAhead(r io.Reader, fail func(error) error) *ahead {
	a := &ahead{full: make(chan block), free: make(chan []byte, 2), quit: make(chan struct{})}
	a.stop = sync.OnceFunc(func() { close(a.quit) })
	a.free <- make([]byte, blockSize)
	a.free <- make([]byte, blockSize)
	go func() {
		for {
			var buf []byte
			select {
			case buf = <-a.free:
			case <-a.quit:
				return
			}
			n := 0
			var err error
			for n < len(buf) && err == nil {
				var more int
				more, err = r.Read(buf[n:])
				n += more
			}
			if err != nil && err != io.EOF {
				err = fail(err)
			}
			select {
			case a.full <- block{buf[:n], err}:
			case <-a.quit:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return a
}

func (a *ahead) Read(p []byte) (int, error) {
	for len(a.now) == 0 {
		if a.last.err != nil {
			return 0, a.last.err
		}
		if a.last.data != nil {
			a.free <- a.last.data[:cap(a.last.data)]
		}
		a.last = <-a.full
		a.now = a.last.data
	}
	n := copy(p, a.now)
	a.now = a.now[n:]
	return n, nil
}
