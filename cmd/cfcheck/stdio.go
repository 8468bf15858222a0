package main

import (
	"errors"
	"io"
	"os"
	"runtime"
)

// errClosedOutput is the error of every write to a closed standard output.
var errClosedOutput = errors.New("the standard output is closed (or is the null device opened for reading and writing); " +
	"redirect it to a file or with >/dev/null")

// A closedOutput stands for a closed standard output.
type closedOutput struct{}

func (closedOutput) Write([]byte) (int, error) { return 0, errClosedOutput }

// standardOutput returns the standard output of the process. If it is closed, every
// write fails, so that no report is lost without an error.
//
// Before main, the Go runtime opens the null device for each closed standard
// descriptor, so that no file that is opened later gets its number. Writes to it
// succeed. The runtime opens the device for reading and writing, but >/dev/null in a
// shell opens it for writing only. That difference shows which of the two it is.
func standardOutput() io.Writer {
	if runtime.GOOS == "windows" { // the runtime does not open closed descriptors there
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
		return os.Stdout // opened for writing only
	}
	return closedOutput{}
}
