// Package progress has what commands that run for long show on the way, and at
// the end.
package progress

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// Thousands writes a number as people read it: 1,000,000.
func Thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// A Line is a line on w that says how it goes: on a terminal each second in
// place, elsewhere a line now and then.
type Line struct {
	*time.Ticker // when to write it
	w            io.Writer
	inPlace      bool
}

// NewLine starts a line. End ends it, its ticker too.
func NewLine(w io.Writer) *Line {
	l := &Line{w: w, inPlace: isTerminal(w)}
	interval := 10 * time.Second
	if l.inPlace {
		interval = time.Second
	}
	l.Ticker = time.NewTicker(interval)
	return l
}

// Write writes the line.
func (l *Line) Write(text string) {
	format := "%s\n"
	if l.inPlace {
		format = "\r%s\x1b[K"
	}
	fmt.Fprintf(l.w, format, text)
}

// End ends the line, so that something else can follow.
func (l *Line) End() {
	l.Stop()
	if l.inPlace {
		fmt.Fprintln(l.w)
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
