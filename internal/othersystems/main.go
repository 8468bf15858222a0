// Command othersystems checks that the packages and their tests compile on other systems.
//
// It type-checks them and their imports from source, once for each GOOS/GOARCH that is named.
// "go vet" with GOOS set finds the same errors. But it first compiles the standard library and
// all dependencies for each system, which takes ten times as long.
//
// Usage:
//
//	othersystems windows/amd64 darwin/arm64 js/wasm
//
// Each error is printed with its system, file, line and column. The exit status is 1 if there is
// one, and 2 if the packages cannot be listed or no system is named.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	os.Exit(run(os.Args[1:], ".", os.Stderr))
}

// run checks the packages of the module in dir, and returns the exit status.
func run(systems []string, dir string, stderr io.Writer) int {
	if len(systems) == 0 {
		fmt.Fprintln(stderr, "othersystems: no system is named; expected GOOS/GOARCH, such as windows/amd64")
		return 2
	}
	found := 0
	for _, system := range systems {
		errs, checked, err := check(system, dir)
		if err != nil {
			fmt.Fprintf(stderr, "othersystems: %s: %v\n", system, err)
			return 2
		}
		for _, e := range errs {
			fmt.Fprintf(stderr, "%s: %s\n", system, e)
		}
		found += len(errs)
		fmt.Fprintf(stderr, "%s: %d packages and tests, %d errors\n", system, checked, len(errs))
	}
	if found > 0 {
		return 1
	}
	return 0
}

// check type-checks the module in dir for a system, and returns the errors in its packages, each
// once, and the number of packages.
func check(system, dir string) (errs []string, checked int, err error) {
	if dir, err = filepath.Abs(dir); err == nil {
		dir, err = filepath.EvalSymlinks(dir) // as go list names files
	}
	if err != nil {
		return nil, 0, err
	}
	goos, goarch, ok := strings.Cut(system, "/")
	if !ok || goos == "" || goarch == "" {
		return nil, 0, fmt.Errorf("expected GOOS/GOARCH, such as windows/amd64")
	}
	roots, err := packages.Load(&packages.Config{
		Mode:      packages.LoadAllSyntax,
		Dir:       dir,
		Env:       append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0"),
		Tests:     true,
		ParseFile: parse(dir),
	}, "./...")
	if err != nil {
		return nil, 0, err
	}
	seen := map[string]bool{}
	for _, p := range roots {
		if strings.HasSuffix(p.ID, ".test") { // the main package that go test writes
			continue
		}
		checked++
		for _, e := range p.Errors {
			if s := e.Error(); !seen[s] {
				seen[s] = true
				errs = append(errs, s)
			}
		}
	}
	if checked == 0 {
		return nil, 0, fmt.Errorf("no packages in %s", dir)
	}
	return errs, checked, nil
}

// parse parses a file for [packages.Load]. It drops the bodies of the functions of other modules.
// Their authors checked them, and to check them again takes most of the time.
func parse(root string) func(*token.FileSet, string, []byte) (*ast.File, error) {
	return func(fset *token.FileSet, name string, src []byte) (*ast.File, error) {
		f, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
		if f == nil || strings.HasPrefix(name, root+string(os.PathSeparator)) {
			return f, err
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				fn.Body = nil
			}
		}
		return f, err
	}
}
