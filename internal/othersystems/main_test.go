package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	const fine = "package p\n\nfunc F() int { return 1 }\n"
	for _, tt := range []struct {
		name    string
		systems []string
		files   map[string]string
		status  int
		says    []string
		why     string
	}{
		{"fine", []string{"windows/amd64", "js/wasm"}, map[string]string{"p.go": fine}, 0,
			[]string{"windows/amd64: 1 packages and tests, 0 errors", "js/wasm: 1 packages and tests, 0 errors"}, "each system is checked"},
		{"a file of one system", []string{"windows/amd64", "darwin/arm64"}, map[string]string{"p.go": fine, "p_windows.go": "package p\n\nvar x int = F(1)\n"}, 1,
			[]string{"p_windows.go:3:15: too many arguments", "darwin/arm64: 1 packages and tests, 0 errors"}, "the other system does not compile the file"},
		{"a function that one system lacks", []string{"windows/amd64"}, map[string]string{"p.go": "package p\n\nvar X = f()\n", "p_unix.go": "//go:build unix\n\npackage p\n\nfunc f() int { return 1 }\n"}, 1,
			[]string{"p.go:3:9: undefined: f"}, "a call without its function does not compile"},
		{"a test", []string{"js/wasm"}, map[string]string{"p.go": fine, "p_test.go": "package p\n\nimport \"testing\"\n\nfunc TestF(t *testing.T) { t.Fatal(G()) }\n"}, 1,
			[]string{"p_test.go:5:36: undefined: G"}, "tests are compiled too"},
		{"a body", []string{"windows/amd64"}, map[string]string{"p.go": "package p\n\nimport \"syscall\"\n\nfunc F() { syscall.Fork() }\n"}, 1,
			[]string{"p.go:5:20: undefined: syscall.Fork"}, "the bodies of our functions are checked, those of the standard library are not"},
		{"no system", nil, map[string]string{"p.go": fine}, 2, []string{"expected GOOS/GOARCH"}, "nothing would be checked"},
		{"half a system", []string{"windows"}, map[string]string{"p.go": fine}, 2, []string{"windows: expected GOOS/GOARCH"}, "go list would take the architecture of this machine"},
		{"an unknown system", []string{"dos/8086"}, map[string]string{"p.go": fine}, 2, []string{"dos/8086"}, "a misspelt system is not passed over"},
		{"no packages", []string{"js/wasm"}, nil, 2, []string{"no packages"}, "an empty folder is not a success"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			files := map[string]string{"go.mod": "module example.com/p\n\ngo 1.26\n"}
			for name, text := range tt.files {
				files[name] = text
			}
			for name, text := range files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			var out strings.Builder
			if status := run(tt.systems, dir, &out); status != tt.status {
				t.Errorf("exit status %d, expected %d: %s\n%s", status, tt.status, tt.why, &out)
			}
			for _, s := range tt.says {
				if !strings.Contains(out.String(), s) {
					t.Errorf("expected %q in the output: %s\n%s", s, tt.why, &out)
				}
			}
		})
	}
}
