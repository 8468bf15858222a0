package main

import (
	"errors"
	"io"
	"os"
	"runtime"
)

// errClosedOutput is the error of each write to a standard output that is closed.
var errClosedOutput = errors.New("the standard output is closed (or is the null device opened for reading and writing); " +
	"redirect it to a file or with >/dev/null")

// A closedOutput is a standard output that is closed.
type closedOutput struct{}

func (closedOutput) Write([]byte) (int, error) { return 0, errClosedOutput }

// standardOutput returns the standard output of the process. If it is closed,
// every write fails, so that no report is lost in silence.
//
// Before main runs, Go's runtime opens the null device in the place of each
// standard descriptor that is closed. So no file that is opened later takes its
// place, and no write to it fails. The runtime opens it for reading and
// writing; a shell's >/dev/null is for writing only.
func standardOutput() io.Writer {
	if runtime.GOOS == "windows" { // its runtime leaves a closed descriptor closed
		return os.Stdout
	}
	null, err := os.Stat(os.DevNull)
	if err != nil {
		return os.Stdout
	}
	if info, err := os.Stdout.Stat(); err != nil || !os.SameFile(info, null) {
		return os.Stdout
	}
	if _, err := os.Stdout.Read(make([]byte, 1)); err != io.EOF {
		return os.Stdout // for writing only
	}
	return closedOutput{}
}
