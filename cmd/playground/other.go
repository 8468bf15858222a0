//go:build !js || !wasm

// Command playground is the gate as WebAssembly, for the page in docs/playground. On other systems
// it says how to build that page.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "playground: runs in a browser only; go run ./internal/playground/build -o FOLDER writes its page")
	os.Exit(2)
}
