package repocheck

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/cfcheck/cfcheck/"

// floors are the floors of the house, from the ground up. A package imports
// what is on its own floor or below. The ground is what imports nothing of ours.
var floors = [][]string{
	{"channelfile", "facts", "facts/verify", "internal/mandatory", "internal/odd", "internal/output", "internal/progress", "internal/scratch", "internal/spelling", "internal/strictjson"},
	{"internal/testfile", "sensor/internal/document", "sensor/internal/inputset"},
	{"sensor"},
	{"sensor/builtin", "sensor/embedded", "sensor/interp", "sensor/outcome", "facts/certify", "internal/workload"},
	{"validate"},
	{"validate/file", "validate/structure", "validate/types", "validate/contract"}, // and new families
	{"validate/behaviour"},
	{"validate/suite", "validate/witness"},
	{"sigma", "events"},
	{"report"},
	{"cmd/cfcheck"},
	{"fuzz", "fuzz/campaign", "fuzz/internal/csensor", "fuzz/internal/detector", "fuzz/internal/edits", "fuzz/internal/mutant", "fuzz/internal/oracle", "fuzz/internal/rawsensor", "fuzz/internal/reference", "fuzz/internal/vectors", "fuzz/libfuzzer", "fuzz/libfuzzer/driver", "fuzz/mutation", "fuzz/singleedits", "internal/bench", "internal/faults", "internal/gatetest", "internal/generate"},
}

// library is where only the standard library may be linked: up to here.
const library = "validate/suite"

// apart are the packages that import nothing of ours but each other.
var apart = [][]string{
	{"corpus", "corpus/asm"}, // or it could not judge the packages that it tests
	{"internal/apicheck"},
	{"internal/newcheck"},
	{"internal/repocheck"},
}

// A goPackage is what go list says of a package.
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

// TestImports holds that nothing imports upward.
func TestImports(t *testing.T) {
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
			t.Errorf("%s has no place in the house: give it a floor in this test", name)
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
				continue // the top floor tests the others, by the corpus too
			}
			if onFloor && (!ok || f > at) || inGroup && (!apart || g != in) {
				t.Errorf("%s imports %s, which is not below it", name, imported)
			}
		}
	}
	for _, packages := range slices.Concat(floors, apart) {
		for _, p := range packages {
			if !there[p] {
				t.Errorf("%s has a place in the house, but is not there", p)
			}
		}
	}
}

// TestLibraryLinksOnlyStandard holds that who imports the library takes in no
// other module.
func TestLibraryLinksOnlyStandard(t *testing.T) {
	args := []string{"-deps"}
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

// TestDependencies holds docs/dependencies.md against what is linked and what
// go.mod requires.
func TestDependencies(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, linkedText, ok := strings.Cut(string(page), "## Linked into the command")
	linkedText, testsText, ok2 := strings.Cut(linkedText, "## Used by tests and tools")
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

// firstColumn returns, sorted, what stands in backquotes at the start of the
// rows of a table.
func firstColumn(table string) []string {
	var cells []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(table, -1) {
		cells = append(cells, m[1])
	}
	slices.Sort(cells)
	return cells
}
