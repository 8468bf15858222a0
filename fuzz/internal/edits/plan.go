package edits

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A Plan says which neighbours of which files are judged.
type Plan struct {
	Files []File
	Cores int

	// Positions is at how many bytes of a file changes are made, at most and
	// about: they lie evenly, an odd number of bytes apart, so that they are now
	// at the start of a field and now within. 0: at all bytes.
	Positions int

	// Every is how many bytes there are from one at which all is done to the
	// next; 0: there are none. In between, the gate sees neighbours that are kept
	// alone; and of long files none, nor are bytes set or swapped there.
	Every int

	// Meaning is what files are compared by; nil: by [Meaning].
	Meaning func(*channelfile.File) string
}

// Counts are how many neighbours became what.
type Counts [NumKinds][NumRepairs][NumOutcomes]uint64

// Sum returns how many neighbours had an outcome.
func (c *Counts) Sum(o Outcome) (n uint64) {
	for k := range c {
		for r := range c[k] {
			n += c[k][r][o]
		}
	}
	return n
}

// All returns how many neighbours were judged.
func (c *Counts) All() (n uint64) {
	for o := range NumOutcomes {
		n += c.Sum(o)
	}
	return n
}

func (c *Counts) add(o *Counts) {
	for k := range c {
		for r := range c[k] {
			for i := range c[k][r] {
				c[k][r][i] += o[k][r][i]
			}
		}
	}
}

// A Problem is a neighbour that is silent or faulty.
type Problem struct {
	File    *File
	Change  Change
	Outcome Outcome
	Err     error
	Data    []byte // the neighbour

	file int
}

// compareProblems orders problems by file, and in it by place.
func compareProblems(a, b *Problem) int {
	return cmp.Or(
		cmp.Compare(a.file, b.file), cmp.Compare(a.Change.At, b.Change.At), cmp.Compare(a.Change.Kind, b.Change.Kind),
		cmp.Compare(a.Change.Arg, b.Change.Arg), cmp.Compare(a.Change.Repair, b.Change.Repair),
	)
}

// A Result is what has become of all neighbours.
type Result struct {
	Files   int    // that were begun
	Done    int    // of them, with all neighbours that were to be judged
	Kept    int    // of the files themselves
	Bytes   uint64 // of the files
	Long    int    // files in which not all is done to every byte
	Sampled int    // files of which not all bytes were changed
	Counts  Counts
	First   *Problem // by file and place; nil if there is none
}

// A Progress is how far it is.
type Progress struct {
	Changes, Bad atomic.Uint64 // neighbours that were judged, and of them silent or faulty
	Files        atomic.Int64  // that are done
}

// step returns how many bytes there are from one change to the next.
func (p *Plan) step(f *File) int {
	if p.Positions <= 0 || len(f.Data) < p.Positions {
		return 1
	}
	return (len(f.Data)+p.Positions)/p.Positions | 1
}

// long is the size of the longest file that is not long, in bytes. What a file
// takes grows with the square of its size.
const long = 8 << 10

// The kinds of changes, all and those that are made at every byte of a long
// file.
var (
	allKinds    = []Kind{Flip, Set, Swap, Cut, Delete, Insert}
	kindsOfLong = []Kind{Flip, Cut, Delete, Insert}
)

// blockSize is how many places of a file a worker takes at once.
const blockSize = 128

// A task is a file whose neighbours are being judged.
type task struct {
	file  *File
	index int
	judge *Judge
	step  int
	next  int // where the next block starts
	left  atomic.Int64
}

// Run judges the neighbours. It shows in progress, if that is not nil, how far
// it is. It is an error if a file itself is kept and faulty; and if ctx ends,
// beside what became of the neighbours until then.
func (p *Plan) Run(ctx context.Context, progress *Progress) (*Result, error) {
	if progress == nil {
		progress = new(Progress)
	}
	result := new(Result)
	order := make([]int, len(p.Files))
	for i := range order {
		order[i] = i
	}
	// The short ones first: who stops it has most of the files. All cores work on
	// one file, so none is left with a long one at the end.
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(p.Files[a].Data), len(p.Files[b].Data)) })
	q := queue{plan: p, order: order, result: result}
	var group sync.WaitGroup
	workers := make([]worker, max(p.Cores, 1))
	for i := range workers {
		w := &workers[i]
		w.every, w.progress = p.Every, progress
		group.Go(func() {
			for ctx.Err() == nil {
				t, start := q.take()
				if t == nil {
					return
				}
				w.block(t, start)
			}
		})
	}
	group.Wait()
	for i := range workers {
		w := &workers[i]
		result.Counts.add(&w.counts)
		result.Done += w.done
		if w.first != nil && (result.First == nil || compareProblems(w.first, result.First) < 0) {
			result.First = w.first
		}
	}
	if q.err != nil {
		return nil, q.err
	}
	return result, ctx.Err()
}

// A queue gives out blocks of places.
type queue struct {
	plan   *Plan
	mu     sync.Mutex
	order  []int // of the files that are left
	task   *task
	result *Result
	err    error
}

// take returns the next block; nil if there is none.
func (q *queue) take() (t *task, start int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.task == nil || q.task.next > len(q.task.file.Data) {
		if len(q.order) == 0 || q.err != nil {
			return nil, 0
		}
		if q.err = q.open(q.order[0]); q.err != nil {
			return nil, 0
		}
		q.order = q.order[1:]
	}
	t, start = q.task, q.task.next
	t.next += blockSize * t.step
	return t, start
}

// open starts a file.
func (q *queue) open(index int) error {
	f := &q.plan.Files[index]
	meaning := q.plan.Meaning
	if meaning == nil {
		meaning = Meaning
	}
	judge, err := NewJudge(f.Data, meaning, f.gate)
	if err != nil {
		return fmt.Errorf("%s, as it is: %w", f.Name, err)
	}
	t := &task{file: f, index: index, judge: judge, step: q.plan.step(f)}
	places := len(f.Data) + 1
	t.left.Store(int64((places + blockSize*t.step - 1) / (blockSize * t.step)))
	q.task = t
	q.result.Files++
	q.result.Bytes += uint64(len(f.Data))
	if judge.kept {
		q.result.Kept++
	}
	if len(f.Data) > long {
		q.result.Long++
	}
	if t.step > 1 {
		q.result.Sampled++
	}
	return nil
}

// A worker judges blocks.
type worker struct {
	done     int // files of which it judged the last neighbour
	every    int
	progress *Progress
	counts   Counts
	first    *Problem
	task     *task
	maker    *Maker
}

func (w *worker) block(t *task, start int) {
	if w.task != t {
		w.task, w.maker = t, NewMaker(t.file.Data)
	}
	end := min(start+blockSize*t.step, len(t.file.Data)+1)
	for i := start; i < end; i += t.step {
		ask, kinds := AskKept, allKinds
		switch {
		case w.every > 0 && i%w.every == 0:
			ask = AskAlways
		case len(t.file.Data) > long:
			ask, kinds = AskNever, kindsOfLong
		}
		n := uint64(0)
		for _, kind := range kinds {
			w.maker.At(kind, i, func(c Change, data []byte) {
				o, err := t.judge.Judge(data, ask)
				w.counts[c.Kind][c.Repair][o]++
				n++
				if err == nil {
					return
				}
				w.progress.Bad.Add(1)
				problem := &Problem{File: t.file, file: t.index, Change: c, Outcome: o, Err: err}
				if w.first == nil || compareProblems(problem, w.first) < 0 {
					problem.Data = slices.Clone(data)
					w.first = problem
				}
			})
		}
		w.progress.Changes.Add(n)
	}
	if t.left.Add(-1) == 0 {
		w.done++
		w.progress.Files.Add(1)
	}
}
