// Command cfcheck judges channel files, and the rules that they are compiled from,
// before they ship. Run "cfcheck help" for its commands.
package main

import "os"

func main() {
	ignoreBrokenPipe()
	os.Exit(run(os.Args[1:], os.Stdin, standardOutput(), os.Stderr))
}
