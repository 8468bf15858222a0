package progress

import (
	"io"
	"strings"
	"testing"
	"time"
)

// A writer that is not a terminal gets separate lines.
func TestLine(t *testing.T) {
	var b strings.Builder
	l := NewLine(&b)
	l.Write("half")
	l.Write("all")
	l.End()
	if got := b.String(); got != "half\nall\n" {
		t.Errorf("found %q", got)
	}
}

// A Meter states amount, share, rate and the time left, as far as they are known.
func TestMeter(t *testing.T) {
	for _, tt := range []struct {
		why, unit   string
		total, done int64
		after       time.Duration
		want        string
	}{
		{"half is done", "files", 5000, 2500, 10 * time.Second, "judging: 2,500 of 5,000 (50 %) files, 250 a second, about 10s left"},
		{"a slow task", "files", 9, 3, 2 * time.Second, "judging: 3 of 9 (33 %) files, 1.5 a second, about 4s left"},
		{"bytes are MB", Bytes, 400e6, 100e6, 4 * time.Second, "judging: 100.0 MB of 400.0 MB (25 %), 25.0 MB a second, about 12s left"},
		{"the total is unknown", "events", 0, 1200, 3 * time.Second, "judging: 1,200 events, 400 a second"},
		{"nothing is done", "files", 5, 0, 3 * time.Second, "judging: 0 of 5 (0 %) files"},
		{"more is done than the total", "files", 5, 7, 7 * time.Second, "judging: 7 of 5 (100 %) files, 1.0 a second"},
		{"a task without an amount", "", 0, 0, 3 * time.Second, "judging"},
		{"a short run is silent", "files", 5, 1, 700 * time.Millisecond, ""},
	} {
		for _, inPlace := range []bool{false, true} {
			var b strings.Builder
			m := NewMeter(&b, inPlace)
			now := time.Unix(1000, 0)
			m.now = func() time.Time { return now }
			m.Begin("judging", tt.unit, tt.total)
			m.Note(func() string { return "3 matches" })
			m.Add(tt.done)
			now = now.Add(tt.after)
			m.mu.Lock()
			m.show()
			m.mu.Unlock()
			m.End()
			want := ""
			switch {
			case tt.want == "":
			case inPlace:
				want = "\r" + tt.want + "; 3 matches\x1b[K" + "\r\x1b[K"
			default:
				want = tt.want + "; 3 matches\n"
			}
			if b.String() != want {
				t.Errorf("%s: found %q, expected %q", tt.why, b.String(), want)
			}
		}
	}
	var none *Meter
	none.Begin("judging", "files", 1)
	none.Add(1)
	none.Clear()
	none.End()
	if r := strings.NewReader("x"); none.Reader(r) != r {
		t.Error("a nil Meter wraps a reader")
	}
}

// The bytes that are read count, and the ticker shows them.
func TestMeterReader(t *testing.T) {
	lines := make(chan string, 100)
	m := NewMeter(writer(func(p []byte) { lines <- string(p) }), true)
	m.Begin("reading events", Bytes, 10)
	data, err := io.ReadAll(m.Reader(strings.NewReader("0123456789")))
	if err != nil || len(data) != 10 || m.done.Load() != 10 {
		t.Fatalf("%d bytes were read, %d counted: %v", len(data), m.done.Load(), err)
	}
	m.mu.Lock()
	m.begun = m.begun.Add(-Silence)
	m.mu.Unlock()
	if line := <-lines; !strings.HasPrefix(line, "\rreading events: 0.0 MB of 0.0 MB (100 %), ") {
		t.Errorf("found %q", line)
	}
	m.End()
	m.Begin("again", "files", 0)
	m.End()
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}
