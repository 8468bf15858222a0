package repocheck

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/cfcheck/cfcheck/"

// library is the last package that may link only the standard library.
const library = "validate/suite"

const architecturePage = "ARCHITECTURE.md"

var (
	floorRow    = regexp.MustCompile(`(?m)^\| (\d+|–) \| (.*?) \|`)
	packageLink = regexp.MustCompile("\\[`?([\\w/]+)`?\\]\\(([\\w/]+)\\)")
	graphBlock  = regexp.MustCompile(`(?s)<!-- graph -->\n.*?<!-- /graph -->`)
)

// readArchitecture returns the floors of the house that the page lists, from the
// ground up, and the groups of packages that stand apart. A package imports
// packages on its own floor or below. Packages of a group import only each other.
func readArchitecture(t *testing.T) (floors, apart [][]string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, architecturePage))
	if err != nil {
		t.Fatal(err)
	}
	byFloor := make(map[int][]string)
	for _, row := range floorRow.FindAllStringSubmatch(string(page), -1) {
		var packages []string
		for _, l := range packageLink.FindAllStringSubmatch(row[2], -1) {
			if l[1] != l[2] {
				t.Errorf("%s: the link of %s leads to %s", architecturePage, l[1], l[2])
			}
			packages = append(packages, l[2])
		}
		if len(packages) == 0 {
			t.Errorf("%s: found no package in the row %q", architecturePage, row[0])
		}
		if n, err := strconv.Atoi(row[1]); err == nil {
			byFloor[n] = append(byFloor[n], packages...)
		} else {
			apart = append(apart, packages)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(byFloor)) {
		floors = append(floors, byFloor[n])
	}
	if len(floors) < 5 || len(apart) == 0 {
		t.Fatalf("%s: found %d floors and %d groups apart; this test may no longer find them", architecturePage, len(floors), len(apart))
	}
	return floors, apart
}

// A goPackage is a package in the output of go list.
type goPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
	Module     *struct{ Path string }
	Standard   bool
}

func goList(t *testing.T, args ...string) []goPackage {
	t.Helper()
	var packages []goPackage
	d := json.NewDecoder(strings.NewReader(goCommand(t, append([]string{"list", "-json=ImportPath,Imports,Deps,Module,Standard"}, args...)...)))
	for {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func goCommand(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// TestImports holds that nothing imports upward, by the floors of the page.
func TestImports(t *testing.T) {
	floors, apart := readArchitecture(t)
	floor := make(map[string]int)
	for i, packages := range floors {
		for _, p := range packages {
			floor[p] = i
		}
	}
	group := make(map[string]int)
	for i, packages := range apart {
		for _, p := range packages {
			group[p] = i
		}
	}
	packages := goList(t, "./...")
	// A package below validate is a family of checks, unless it is listed.
	for _, p := range packages {
		name := strings.TrimPrefix(p.ImportPath, module)
		if _, ok := floor[name]; !ok && strings.HasPrefix(name, "validate/") {
			floor[name] = floor["validate/contract"]
		}
	}
	there := make(map[string]bool)
	for _, p := range packages {
		name := strings.TrimPrefix(p.ImportPath, module)
		there[name] = true
		at, onFloor := floor[name]
		in, inGroup := group[name]
		if !onFloor && !inGroup {
			t.Errorf("%s has no place in the house: give it a floor in %s", name, architecturePage)
			continue
		}
		for _, i := range p.Imports {
			imported, ours := strings.CutPrefix(i, module)
			if !ours {
				continue
			}
			f, ok := floor[imported]
			g, apart := group[imported]
			if apart && at == len(floors)-1 && onFloor {
				continue // the top floor tests the others, also with the corpus
			}
			if name == "cmd/cfcheck" && imported == "corpus/conform" {
				continue // the command holds other readers against the corpus
			}
			if onFloor && (!ok || f > at) || inGroup && (!apart || g != in) {
				t.Errorf("%s imports %s, which is not below it", name, imported)
			}
		}
	}
	for _, packages := range slices.Concat(floors, apart) {
		for _, p := range packages {
			if !there[p] {
				t.Errorf("%s has a floor in %s, but does not exist", p, architecturePage)
			}
		}
	}
}

// TestLibraryLinksOnlyStandard checks that importers of the library need no
// other module.
func TestLibraryLinksOnlyStandard(t *testing.T) {
	args := []string{"-deps"}
	floors, _ := readArchitecture(t)
	for _, packages := range floors {
		for _, p := range packages {
			args = append(args, "./"+p)
		}
		if slices.Contains(packages, library) {
			break
		}
	}
	for _, p := range goList(t, args...) {
		if !p.Standard && !strings.HasPrefix(p.ImportPath, module) {
			t.Errorf("channelfile, sensor or validate links %s (go mod why -m %s)", p.ImportPath, p.Module.Path)
		}
	}
}

// TestGraph compares the graph of the page with the imports of the packages. The
// graph leaves out helpers, tests and tools, and arrows that a longer way implies.
func TestGraph(t *testing.T) {
	imports := make(map[string][]string)
	for _, p := range goList(t, "./...") {
		name := strings.TrimPrefix(p.ImportPath, module)
		if !inGraph(name) {
			continue
		}
		imports[name] = nil
		for _, i := range p.Imports {
			if i, ours := strings.CutPrefix(i, module); ours && inGraph(i) {
				imports[name] = append(imports[name], i)
			}
		}
	}
	want := graph(imports)
	name := filepath.Join(root, architecturePage)
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	have := graphBlock.FindString(string(page))
	switch {
	case have == "":
		t.Fatalf("%s has no graph between its markers", architecturePage)
	case have == want:
	case *update:
		page := strings.Replace(string(page), have, want, 1)
		if err := os.WriteFile(name, []byte(page), 0o666); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the graph of %s is not that of the code; go test ./internal/repocheck -run Graph -update writes it (-page +code):\n%s",
			architecturePage, cmp.Diff(have, want))
	}
}

// inGraph reports whether the graph shows a package.
func inGraph(name string) bool {
	top, _, _ := strings.Cut(name, "/")
	return !slices.Contains([]string{"internal", "fuzz", "corpus"}, top) && !strings.Contains(name, "/internal/")
}

// graph returns imports as a graph in Mermaid, between the markers of the page.
func graph(imports map[string][]string) string {
	reaches := make(map[string]map[string]bool) // by one or more arrows
	var reach func(string) map[string]bool
	reach = func(name string) map[string]bool {
		if reaches[name] == nil {
			reaches[name] = make(map[string]bool)
			for _, i := range imports[name] {
				reaches[name][i] = true
				maps.Copy(reaches[name], reach(i))
			}
		}
		return reaches[name]
	}
	var b strings.Builder
	b.WriteString("<!-- graph -->\n```mermaid\nflowchart TD\n")
	for _, name := range slices.Sorted(maps.Keys(imports)) {
		list := slices.Clone(imports[name])
		slices.Sort(list)
		for _, i := range list {
			implied := slices.ContainsFunc(list, func(other string) bool { return other != i && reach(other)[i] })
			if !implied {
				fmt.Fprintf(&b, "  %s --> %s\n", name, i)
			}
		}
	}
	b.WriteString("```\n<!-- /graph -->")
	return b.String()
}

// nameIn matches a name of the code, followed by the file that declares it.
var nameIn = regexp.MustCompile("`(\\w+)` in \\[[^\\]]+\\]\\(([^)]+\\.go)\\)")

// TestNames holds that the names of functions, types and fields that pages give
// with a file are declared in that file.
func TestNames(t *testing.T) {
	n := 0
	for path, text := range markdownFiles(t) {
		for _, m := range nameIn.FindAllStringSubmatch(text, -1) {
			n++
			file := filepath.Join(root, filepath.Dir(filepath.FromSlash(path)), filepath.FromSlash(m[2]))
			source, err := os.ReadFile(file)
			if err != nil {
				t.Errorf("%s: %v", path, err)
			} else if !regexp.MustCompile(`(?m)^(func (\([^)]*\) )?|type |var |const |\t+)` + m[1] + `\b`).Match(source) {
				t.Errorf("%s: %s does not declare %s", path, m[2], m[1])
			}
		}
	}
	if n < 10 {
		t.Errorf("found %d names in the documentation; there were more, or this test no longer finds them", n)
	}
}

// TestDependencies holds docs/dependencies.md against what is linked and what
// go.mod requires.
func TestDependencies(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, linkedText, ok := strings.Cut(string(page), "## Linked into the command")
	linkedText, testsText, ok2 := strings.Cut(linkedText, "## Used by tests and tools")
	testsText, _, _ = strings.Cut(testsText, "\n## ")
	if !ok || !ok2 {
		t.Fatal("docs/dependencies.md has not the two headings that this test looks for")
	}

	linked := make(map[string]bool)
	for _, p := range goList(t, "-deps", "./cmd/cfcheck") {
		if !p.Standard && !strings.HasPrefix(p.ImportPath, module) {
			linked[p.Module.Path] = true
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(linked)), firstColumn(linkedText)); diff != "" {
		t.Errorf("modules that cmd/cfcheck links (-linked +docs/dependencies.md):\n%s", diff)
	}

	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Tool []struct{ Path string }
	}
	if err := json.Unmarshal([]byte(goCommand(t, "mod", "edit", "-json")), &mod); err != nil {
		t.Fatal(err)
	}
	others := make(map[string]bool)
	for _, r := range mod.Require {
		isTool := slices.ContainsFunc(mod.Tool, func(tool struct{ Path string }) bool {
			return strings.HasPrefix(tool.Path, r.Path+"/")
		})
		if (!r.Indirect || isTool) && !linked[r.Path] {
			others[r.Path] = true
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(others)), firstColumn(testsText)); diff != "" {
		t.Errorf("modules that only tests and tools use (-go.mod +docs/dependencies.md):\n%s", diff)
	}
}

// firstColumn returns the texts in backquotes in the first column of a table,
// sorted.
func firstColumn(table string) []string {
	var cells []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(table, -1) {
		cells = append(cells, m[1])
	}
	slices.Sort(cells)
	return cells
}
