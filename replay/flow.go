package replay

import (
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cfcheck/cfcheck/events"
)

// A flow passes blocks of sources to workers.
//
// A worker reads a block at once, although the events of the blocks before it decide whether an
// event begins with it. It adds the counts of the block to its own when it knows that the block
// before ended between two events. If a block does not, its worker reads that block and the rest of
// the source in order, and the other workers drop what they counted there.
type flow struct {
	run      *run
	sources  chan int
	jobs     chan func(*worker)
	problems []error // by source
}

// replay runs the content on all sources.
func (r *run) replay() (*Result, faults) {
	n := r.options.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	f := &flow{run: r, sources: make(chan int), jobs: make(chan func(*worker)), problems: make([]error, len(r.sources))}
	workers := make([]*worker, n)
	for i := range workers {
		workers[i] = newWorker(r)
	}
	if n == 1 {
		for source := range r.sources {
			f.problems[source] = workers[0].read(source)
		}
	} else {
		f.replay(workers)
	}
	all := workers[0].all
	for _, w := range workers[1:] {
		w.all.moveTo(all)
	}
	return r.join(all, slices.DeleteFunc(f.problems, func(err error) bool { return err == nil }))
}

// replay reads several sources at once, because unpacking one takes a good part of the time.
func (f *flow) replay(workers []*worker) {
	var feeding, working sync.WaitGroup
	for range min(len(f.run.sources), (len(workers)+1)/2) {
		feeding.Go(func() {
			for source := range f.sources {
				f.feed(source, len(workers)+2)
			}
		})
	}
	for _, w := range workers {
		w.block = newScore(f.run)
		working.Go(func() {
			for job := range f.jobs {
				job(w)
			}
		})
	}
	for source := range f.run.sources {
		f.sources <- source
	}
	close(f.sources)
	feeding.Wait()
	close(f.jobs)
	working.Wait()
}

// An input is a source that is read in blocks.
type input struct {
	flow   *flow
	source int
	free   chan []byte   // buffers
	serial chan struct{} // closed when a worker reads the rest in order
}

// A block is a block of an input.
type block struct {
	events.Block
	*input
	number  int
	buffer  []byte
	users   atomic.Int32 // of the buffer: the worker of the block, and the input
	prev    *block       // nil means that it is the first one
	next    chan *block  // receives the next block, if there is one
	settled chan struct{}
	counts  bool // valid when settled is closed: the block counts, and ends between two events
}

// release gives the buffer back after its last use.
func (b *block) release() {
	if b.users.Add(-1) == 0 {
		b.free <- b.buffer[:cap(b.buffer)]
	}
}

func (b *block) settle(counts bool) {
	b.counts = counts
	close(b.settled)
}

// feed passes the blocks of a source to workers. At most a number of blocks are in use.
func (f *flow) feed(source, most int) {
	s := f.run.sources[source]
	file, err := s.Open()
	if err != nil {
		f.problems[source] = err
		return
	}
	reader := events.NewReader(s.Name, file)
	blocks, ok, err := reader.NewBlocks()
	if err == nil && !ok {
		f.jobs <- func(w *worker) {
			f.problems[source] = w.readAll(reader, place{source: source})
			reader.Close()
			file.Close()
		}
		return
	}
	defer file.Close()
	defer reader.Close()
	if err != nil {
		if err != io.EOF {
			f.problems[source] = err
		}
		return
	}
	in := &input{flow: f, source: source, free: make(chan []byte, most), serial: make(chan struct{})}
	for range most {
		in.free <- nil
	}
	var prev *block
	for number, more := 0, true; more; number++ {
		buffer := <-in.free
		if buffer == nil {
			buffer = make([]byte, events.BlockSize)
		}
		b := &block{input: in, number: number, prev: prev, next: make(chan *block, 1), settled: make(chan struct{})}
		b.Block, more = blocks.Next(buffer)
		b.buffer = b.Data()
		b.users.Store(2)
		if prev != nil {
			prev.next <- b
		}
		prev = b
		select {
		case <-in.serial:
			b.prev = nil
			b.release()
			continue
		default:
		}
		select {
		case f.jobs <- func(w *worker) { w.readBlock(b) }:
		case <-in.serial:
			b.prev = nil
			b.release()
		}
	}
}

// readBlock runs the content on the events of a block.
func (w *worker) readBlock(b *block) {
	defer b.release()
	select {
	case <-b.serial:
		b.prev = nil
		b.settle(false)
		return
	default:
	}
	if w.reader == nil || w.source != b.source {
		w.reader, w.source = events.NewBlockReader(w.sources[b.source].Name), b.source
	}
	at := place{source: b.source, block: b.number}
	w.reader.Reset(b.Block)
	w.now = w.block
	err := w.readAll(w.reader, at)
	w.now = w.all
	if b.prev != nil {
		<-b.prev.settled
		counts := b.prev.counts
		b.prev = nil
		if !counts {
			w.block.empty()
			b.settle(false)
			return
		}
	}
	ended, between := w.reader.AtBlockEnd()
	if !ended || between {
		w.options.Progress.add(w.block.events, w.block.matched(w.run))
		w.block.moveTo(w.all)
		b.settle(true)
		b.release()
		if !ended {
			b.flow.problems[b.source] = err
		}
		return
	}
	w.block.empty()
	close(b.serial)
	b.settle(false)
	now := b
	w.reader.ResetRest(b.Block, func() events.Block {
		now.release()
		now = <-now.next
		return now.Block
	})
	b.flow.problems[b.source] = w.readAll(w.reader, at)
	now.release()
}
