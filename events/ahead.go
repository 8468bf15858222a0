package events

import (
	"io"
	"sync"
)

// An ahead reads ahead of its reader in a goroutine of its own, because unpacking takes
// about as long as parsing the unpacked lines.
type ahead struct {
	full chan block
	free chan []byte
	quit chan struct{}
	stop func()

	now  []byte // unread rest of the last block
	last block
}

// A block holds bytes that were read, and the error that followed them.
type block struct {
	data []byte
	err  error
}

// blockSize is the size in bytes of each of the two blocks.
const blockSize = 128 << 10

// newAhead starts to read from r until an error. Its goroutine calls fail to convert
// the error.
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
