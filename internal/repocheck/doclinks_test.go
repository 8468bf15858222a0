package repocheck

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// docLink matches a link of a doc comment to an exported name: [Name],
// [Name.Method], [pkg.Name] or [pkg.Name.Method].
var docLink = regexp.MustCompile(`\[\*?((?:[a-z][\w/]*\.)?[A-Z]\w*(?:\.[A-Z]\w*)?)\]`)

// TestDocLinks resolves the links in the comments of non-test Go code.
func TestDocLinks(t *testing.T) {
	packages := make(map[string][]goFile)
	for _, f := range goFiles(t) {
		packages[path.Dir(f.path)] = append(packages[path.Dir(f.path)], f)
	}
	build.Default.GOROOT = strings.TrimSpace(goCommand(t, "env", "GOROOT"))
	names := make(map[string]map[string]bool) // by import path
	imports := make(map[string][]*ast.ImportSpec)
	for dir, files := range packages {
		var syntax []*ast.File
		for _, f := range files {
			syntax = append(syntax, f.syntax)
			imports[dir] = append(imports[dir], f.syntax.Imports...)
		}
		names[module+dir] = namesOf(syntax)
	}
	n := 0
	for dir, files := range packages {
		for _, f := range files {
			for _, group := range f.syntax.Comments {
				for _, target := range docLinksOf(group.Text()) {
					n++
					if err := resolve(target, module+dir, imports[dir], names); err != nil {
						t.Errorf("%s: link to [%s]: %v", f.fset.Position(group.Pos()), target, err)
					}
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("found %d links; expected more, or this test no longer finds them", n)
	}
}

// docLinksOf returns the targets of the links in a comment, without its code.
func docLinksOf(comment string) []string {
	var targets []string
	for _, line := range strings.Split(comment, "\n") {
		if strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "    ") {
			continue
		}
		for _, m := range docLink.FindAllStringSubmatch(line, -1) {
			targets = append(targets, m[1])
		}
	}
	return targets
}

// namesOf returns the names that a package declares, with the fields and
// methods of its types as Type.Name.
func namesOf(files []*ast.File) map[string]bool {
	names := make(map[string]bool)
	for _, f := range files {
		for _, decl := range f.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil {
					names[decl.Name.Name] = true
				} else {
					names[receiver(decl)+"."+decl.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					switch spec := spec.(type) {
					case *ast.ValueSpec:
						for _, name := range spec.Names {
							names[name.Name] = true
						}
					case *ast.TypeSpec:
						names[spec.Name.Name] = true
						members(spec, names)
					}
				}
			}
		}
	}
	return names
}

// members adds the fields and methods of a struct or an interface.
func members(spec *ast.TypeSpec, names map[string]bool) {
	var list *ast.FieldList
	switch of := spec.Type.(type) {
	case *ast.StructType:
		list = of.Fields
	case *ast.InterfaceType:
		list = of.Methods
	default:
		return
	}
	for _, field := range list.List {
		for _, name := range field.Names {
			names[spec.Name.Name+"."+name.Name] = true
		}
	}
}

// resolve returns an error if a link in a package leads nowhere. As in go doc,
// the first part is a package that the package imports, or one of the standard
// library by its whole path.
func resolve(target, from string, imports []*ast.ImportSpec, names map[string]map[string]bool) error {
	importPath, name := from, target
	if i := strings.LastIndex(target, "/"); i >= 0 || target[0] >= 'a' && target[0] <= 'z' {
		dot := i + 1 + strings.Index(target[i+1:], ".")
		var pkg string
		pkg, name = target[:dot], target[dot+1:]
		importPath = importByName(imports, pkg)
		if importPath == "" {
			return fmt.Errorf("the package does not import %s", pkg)
		}
	}
	have, ok := names[importPath]
	if !ok {
		p, err := build.Import(importPath, "", 0)
		if err != nil {
			return err
		}
		var syntax []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			syntax = append(syntax, f)
		}
		have = namesOf(syntax)
		names[importPath] = have
	}
	if !have[name] {
		return fmt.Errorf("%s has no %s", importPath, name)
	}
	return nil
}

// importByName returns the path of an import by its name, or of a package of
// the standard library by its whole path; "" if there is no such package.
func importByName(imports []*ast.ImportSpec, name string) string {
	for _, i := range imports {
		p := strings.Trim(i.Path.Value, `"`)
		if i.Name != nil && i.Name.Name == name || i.Name == nil && path.Base(p) == name || p == name {
			return p
		}
	}
	if p, err := build.Import(name, "", build.FindOnly); err == nil && p.Goroot {
		return name
	}
	return ""
}

func TestDocLinksOf(t *testing.T) {
	const source = "// Package p links [T], [*T], [T.M], [T.F], [io.Reader], [os.File.Read] and [strings.Builder].\n" +
		"// It does not link [a], [3] or [T].x,\n//\n//\tnor [Code].\n//\n// Dead are [U], [T.N], [io.None] and [none.T].\n" +
		"package p\n\nimport \"io\"\n\ntype T struct { F io.Reader }\n\nfunc (*T) M() {}\n"
	f, err := parser.ParseFile(token.NewFileSet(), "p.go", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	build.Default.GOROOT = strings.TrimSpace(goCommand(t, "env", "GOROOT"))
	names := map[string]map[string]bool{"p": namesOf([]*ast.File{f})}
	var dead []string
	for _, target := range docLinksOf(f.Doc.Text()) {
		if resolve(target, "p", f.Imports, names) != nil {
			dead = append(dead, target)
		}
	}
	if diff := cmp.Diff([]string{"U", "T.N", "io.None", "none.T"}, dead); diff != "" {
		t.Errorf("dead links (-want +got):\n%s", diff)
	}
}
