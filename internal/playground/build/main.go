// Command build writes the playground to a folder: the page, and the gate as WebAssembly.
//
//	go run ./internal/playground/build -o FOLDER
//
// With -sample N, the folder also has sample.cf, a channel file of N rules for measurements.
//
// A server of static files can serve the folder. With -serve, the command serves it on the
// loopback interface itself.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/cfcheck/cfcheck/internal/playground"
)

func main() {
	folder := flag.String("o", "", "write to this `folder`")
	serve := flag.String("serve", "", "serve the folder on this `address`, such as 127.0.0.1:8000")
	sample := flag.Int("sample", 0, "write a channel file of `N` rules too")
	flag.Parse()
	err := run(*folder, *sample, *serve)
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(folder string, sample int, address string) error {
	if folder == "" {
		return fmt.Errorf("name the folder with -o")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	wasm := filepath.Join(folder, "cfcheck.wasm")
	command := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", wasm, "github.com/cfcheck/cfcheck/cmd/playground")
	command.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	command.Stderr = os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("the gate cannot be compiled: %w", err)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	// The script must be of the version of Go that compiled the program.
	support, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return fmt.Errorf("%s has no support for WebAssembly: %w", runtime.Version(), err)
	}
	var page bytes.Buffer
	if err := playground.WritePage(&page, string(support)); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "index.html"), page.Bytes(), 0o644); err != nil {
		return err
	}
	if sample > 0 {
		data, err := playground.Sample(sample)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, "sample.cf"), data, 0o644); err != nil {
			return err
		}
	}
	if address == "" {
		return nil
	}
	fmt.Printf("http://%s/\n", address)
	return http.ListenAndServe(address, http.FileServer(http.Dir(folder)))
}
