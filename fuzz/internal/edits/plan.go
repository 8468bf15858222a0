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

// A Plan lists files, and states which of their mutants Run judges.
type Plan struct {
	Files []File
	Cores int

	// Positions is the approximate maximum number of changed bytes in each file. The distance
	// between them is constant and odd, so that they hit the start and the middle of fields.
	// 0 means every byte.
	Positions int

	// Every is the distance between bytes that get every kind of change. There the gate judges
	// each mutant. At other bytes the gate judges only kept mutants. At other bytes of long
	// files the gate judges no mutant, and Run neither sets nor swaps bytes. 0 means that no
	// byte gets every kind of change.
	Every int

	// Meaning compares files; nil means [Meaning].
	Meaning func(*channelfile.File) string
}

// Counts has the number of mutants by kind, repair and outcome.
type Counts [NumKinds][NumRepairs][NumOutcomes]uint64

// Sum returns the number of mutants with an outcome.
func (c *Counts) Sum(o Outcome) (n uint64) {
	for k := range c {
		for r := range c[k] {
			n += c[k][r][o]
		}
	}
	return n
}

// All returns the number of judged mutants.
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

// A Problem is a silent or faulty mutant.
type Problem struct {
	File    *File
	Change  Change
	Outcome Outcome
	Err     error
	Data    []byte // of the mutant

	file int
}

// compareProblems orders problems by file and place.
func compareProblems(a, b *Problem) int {
	return cmp.Or(
		cmp.Compare(a.file, b.file), cmp.Compare(a.Change.At, b.Change.At), cmp.Compare(a.Change.Kind, b.Change.Kind),
		cmp.Compare(a.Change.Arg, b.Change.Arg), cmp.Compare(a.Change.Repair, b.Change.Repair),
	)
}

// A Result has the outcomes of all mutants.
type Result struct {
	Files   int    // number of files started
	Done    int    // of these, judged completely
	Kept    int    // of these, kept
	Bytes   uint64 // total size of the files
	Long    int    // long files, which do not get every change at every byte
	Sampled int    // files in which only some bytes were changed
	Counts  Counts
	First   *Problem // the first by file and place; nil means that no problem was found
}

// A Progress shows how far a run is.
type Progress struct {
	Changes, Bad atomic.Uint64 // mutants judged, and of these silent or faulty
	Files        atomic.Int64  // files finished
}

// step returns the distance between two changed bytes.
func (p *Plan) step(f *File) int {
	if p.Positions <= 0 || len(f.Data) < p.Positions {
		return 1
	}
	return (len(f.Data)+p.Positions)/p.Positions | 1
}

// long is the maximum size in bytes of a file that gets every change. The time for a file
// grows with the square of its size.
const long = 8 << 10

// All kinds of changes, and those made at every byte of a long file.
var (
	allKinds    = []Kind{Flip, Set, Swap, Cut, Delete, Insert}
	kindsOfLong = []Kind{Flip, Cut, Delete, Insert}
)

// blockSize is the number of positions that a worker takes at once.
const blockSize = 128

// A task is a file whose mutants are being judged.
type task struct {
	file  *File
	index int
	judge *Judge
	step  int
	next  int // start of the next block
	left  atomic.Int64
}

// Run judges the mutants. It shows its progress in progress, unless that is nil. It returns an
// error if a file itself is kept and faulty. If ctx ends, it returns an error and the result
// so far.
func (p *Plan) Run(ctx context.Context, progress *Progress) (*Result, error) {
	if progress == nil {
		progress = new(Progress)
	}
	result := new(Result)
	order := make([]int, len(p.Files))
	for i := range order {
		order[i] = i
	}
	// Short files come first: if the run is stopped early, most files are done. All cores work
	// on one file, so no core is left with a long file at the end.
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

// A queue hands out blocks of positions.
type queue struct {
	plan   *Plan
	mu     sync.Mutex
	order  []int // remaining files
	task   *task
	result *Result
	err    error
}

// take returns the next block, or nil after the last.
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
		return fmt.Errorf("%s, without a change: %w", f.Name, err)
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
	done     int // files whose last mutant it judged
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
