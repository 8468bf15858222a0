package progress

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cfcheck/cfcheck/internal/numeral"
)

// A Meter shows how far a command has come: the amount that is done, the share, the rate and the
// time left. It shows nothing for the time of Silence, so that a short run stays silent.
//
// A nil Meter does nothing. The methods can be called from several goroutines.
type Meter struct {
	w       io.Writer
	inPlace bool
	now     func() time.Time
	done    atomic.Int64

	mu     sync.Mutex
	begun  time.Time // of the first task; zero means that no task has begun
	start  time.Time // of the task
	task   string
	unit   string
	total  int64
	shown  bool // a line is on the terminal
	note   func() string
	stop   chan struct{}
	ticker *time.Ticker
}

// Silence is the time before a Meter shows its first line. So the first line of a run, with its
// first result, comes within a second.
const Silence = 800 * time.Millisecond

// Bytes is the unit of an amount of bytes, which a Meter shows in MB.
const Bytes = "bytes"

// NewMeter returns a Meter that writes to w. With inPlace, w is a terminal, and the Meter rewrites
// one line of it each 0.4 seconds. Otherwise it writes a line each ten seconds.
func NewMeter(w io.Writer, inPlace bool) *Meter {
	return &Meter{w: w, inPlace: inPlace, now: time.Now}
}

// Begin begins a task, such as "judging", of the given total in a unit, such as "files". A total
// of 0 means that it is unknown. Without a unit, the Meter shows only the name of the task.
func (m *Meter) Begin(task, unit string, total int64) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.task, m.unit, m.total, m.start, m.note = task, unit, total, m.now(), nil
	m.done.Store(0)
	if m.begun.IsZero() {
		m.begun = m.start
	}
	if m.stop == nil {
		every := 10 * time.Second
		if m.inPlace {
			every = Silence / 2
		}
		m.stop, m.ticker = make(chan struct{}), time.NewTicker(every)
		go m.run(m.stop, m.ticker.C)
	}
}

func (m *Meter) run(stop <-chan struct{}, tick <-chan time.Time) {
	for {
		select {
		case <-stop:
			return
		case <-tick:
			m.mu.Lock()
			if m.stop == stop {
				m.show()
			}
			m.mu.Unlock()
		}
	}
}

// Note makes each line of the task end with the text that note returns, such as a first result.
func (m *Meter) Note(note func() string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.note = note
}

// Add adds to the amount that is done.
func (m *Meter) Add(n int64) {
	if m != nil {
		m.done.Add(n)
	}
}

// Clear removes the line from the terminal, so that a message can be written. The Meter goes on.
func (m *Meter) Clear() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
}

// End ends the task and removes the line. Another Begin is possible.
func (m *Meter) End() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stop != nil {
		m.ticker.Stop()
		close(m.stop)
		m.stop = nil
	}
	m.clear()
}

func (m *Meter) clear() {
	if m.shown {
		fmt.Fprint(m.w, "\r\x1b[K")
		m.shown = false
	}
}

// show writes the line. An error of the writer changes nothing: the report is elsewhere.
func (m *Meter) show() {
	now := m.now()
	if now.Sub(m.begun) < Silence {
		return
	}
	line := m.line(now)
	if m.note != nil {
		line += "; " + m.note()
	}
	if m.inPlace {
		fmt.Fprintf(m.w, "\r%s\x1b[K", line)
		m.shown = true
		return
	}
	fmt.Fprintln(m.w, line)
}

// line returns the line at a time.
func (m *Meter) line(now time.Time) string {
	done, elapsed := m.done.Load(), now.Sub(m.start)
	if m.unit == "" {
		return m.task
	}
	s := m.task + ": " + m.amount(done)
	if m.total > 0 {
		s += fmt.Sprintf(" of %s (%d %%)", m.amount(m.total), min(100, int64(100*float64(done)/float64(m.total))))
	}
	if m.unit != Bytes {
		s += " " + m.unit
	}
	if done <= 0 || elapsed <= 0 {
		return s
	}
	rate := float64(done) / elapsed.Seconds()
	switch {
	case m.unit == Bytes:
		s += fmt.Sprintf(", %.1f MB a second", rate/1e6)
	case rate >= 10:
		s += fmt.Sprintf(", %s a second", numeral.Thousands(uint64(rate)))
	default:
		s += fmt.Sprintf(", %.1f a second", rate)
	}
	if m.total > done {
		left := time.Duration(float64(m.total-done) / rate * float64(time.Second))
		s += fmt.Sprintf(", about %v left", max(left.Round(time.Second), time.Second))
	}
	return s
}

func (m *Meter) amount(n int64) string {
	if m.unit == Bytes {
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return numeral.Thousands(uint64(max(n, 0)))
}

// Reader returns a reader that adds the bytes that are read to the Meter.
func (m *Meter) Reader(r io.Reader) io.Reader {
	if m == nil {
		return r
	}
	return &metered{r, m}
}

type metered struct {
	r io.Reader
	m *Meter
}

func (r *metered) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.m.Add(int64(n))
	return n, err
}
