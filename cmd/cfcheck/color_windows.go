package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// understandsColor reports whether a terminal interprets control sequences. It makes an old
// console do so, if that is possible.
func understandsColor(f *os.File) bool {
	var mode uint32
	console := windows.Handle(f.Fd())
	if windows.GetConsoleMode(console, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
