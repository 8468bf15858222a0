package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// The values of --color, the default first.
const (
	colorAuto   = "auto"
	colorAlways = "always"
	colorNever  = "never"
)

var colors = []string{colorAuto, colorAlways, colorNever}

// showsColor reports whether a stream is a terminal that shows colours, and its user wants them:
// NO_COLOR (https://no-color.org) is not set, and TERM is not dumb.
func showsColor(w io.Writer) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(w) && understandsColor(w.(*os.File))
}

// isTerminal reports whether a stream is a terminal. The null device is a device of characters
// too, but not a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && f != nil && term.IsTerminal(int(f.Fd()))
}
