// Package progress prints progress lines and a summary for long-running commands.
package progress

import (
	"fmt"
	"io"
	"os"
	"time"
)

// A Line is a progress line on w. On a terminal it is rewritten each second.
// Elsewhere a new line is written at longer intervals.
type Line struct {
	*time.Ticker // ticks when the line should be written
	w            io.Writer
	inPlace      bool
}

// NewLine starts a line and its ticker. End ends both.
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

// End ends the line, so that other output can follow.
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
