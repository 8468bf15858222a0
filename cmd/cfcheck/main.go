// Command cfcheck judges channel files, and the rules that they are made from,
// before they ship. Run cfcheck help for what it can do.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A reader that goes away must not kill the process: its temporary files
	// would stay. The write fails instead.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(os.Args[1:], os.Stdin, standardOutput(), os.Stderr))
}
