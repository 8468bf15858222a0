package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"
)

// A Mutant is one change of the code.
type Mutant struct {
	Number        int
	Part          string // the name of one of parts
	File          string // relative to the module
	Func          string
	Line          int
	Kind          string
	Before, After string
	Same          int    // number of earlier mutants in the function with the same change
	Check         string // ID of the check that finds nothing; "" means that code is changed

	manual *manualChange
	inC    *cChange
}

// Key returns a name of the mutant that does not change when lines above it do.
func (b *Mutant) Key() string {
	if b.Check != "" {
		return "check " + b.Check + " finds nothing"
	}
	key := fmt.Sprintf("%s %s: %s -> %s", b.File, b.Func, b.Before, b.After)
	if b.Same > 0 {
		key += fmt.Sprintf(" (%d)", b.Same+1)
	}
	return key
}

// The kinds of mutants.
const (
	kindCondition  = "condition"  // a condition is false
	kindComparison = "comparison" // a comparison is off by one, or negated
	kindWidth      = "width"      // an integer keeps 8 or 16 bits
	kindCheck      = "check"      // a check of the gate finds nothing
	kindManual     = "manual"     // a change written by hand
)

// kinds are the kinds that directives can select.
var kinds = []string{kindCondition, kindComparison, kindWidth, kindCheck}

// A site is an expression that has a mutant.
type site struct {
	bug      *Mutant
	from, to int // offsets in the file
	// write returns the expression with the mutant built in. It gets inner text by part, which
	// returns the text between two offsets with the mutants that are inside.
	write func(part func(from, to int) string) string
}

// boundaries has the replacement of each comparison.
var boundaries = map[token.Token]token.Token{
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.EQL: token.NEQ, token.NEQ: token.EQL,
}

// A generator finds the mutants of packages.
type generator struct {
	root    string // of the module
	mutants []*Mutant
	same    map[string]int // number of mutants with the same key

	directives []*directive
	checks     map[string]token.Position // the definition of each check, by ID
}

// add numbers a mutant.
func (s *generator) add(b *Mutant) *Mutant {
	b.Number = len(s.mutants) + 1
	b.Before, b.After = oneLine(b.Before), oneLine(b.After)
	key := b.Key()
	b.Same = s.same[key]
	s.same[key]++
	s.mutants = append(s.mutants, b)
	return b
}

// oneLine returns code in one line, without lines of comments.
func oneLine(s string) string {
	var words []string
	for line := range strings.Lines(s) {
		if fields := strings.Fields(line); len(fields) > 0 && !strings.HasPrefix(fields[0], "//") {
			words = append(words, fields...)
		}
	}
	return strings.Join(words, " ")
}

// file returns the text of a file with all its mutants built in. Package mutant chooses the
// active one.
func (s *generator) file(p *packages.Package, f *ast.File, part, name string, src []byte) []byte {
	at := func(pos token.Pos) int { return p.Fset.Position(pos).Offset }
	var sites []site
	add := func(n ast.Node, fn, kind, before, after string, write func(number int, part func(from, to int) string) string) {
		b := s.add(&Mutant{Part: part, File: name, Func: fn, Line: p.Fset.Position(n.Pos()).Line, Kind: kind, Before: before, After: after})
		sites = append(sites, site{b, at(n.Pos()), at(n.End()), func(part func(from, to int) string) string { return write(b.Number, part) }})
	}
	text := func(n ast.Node) string { return string(src[at(n.Pos()):at(n.End())]) }
	guard := func(fn string, cond ast.Expr) {
		add(cond, fn, kindCondition, "if "+text(cond), "if false", func(number int, part func(from, to int) string) string {
			return fmt.Sprintf("(cfmutant.Active != %d && (%s))", number, part(at(cond.Pos()), at(cond.End())))
		})
	}
	narrow := func(fn string, e ast.Expr) {
		add(e, fn, kindWidth, text(e), "in fewer bits", func(number int, part func(from, to int) string) string {
			return fmt.Sprintf("cfmutant.Narrow(%d, %s)", number, part(at(e.Pos()), at(e.End())))
		})
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil && fn.Recv == nil {
			if g, isGen := d.(*ast.GenDecl); !isGen || g.Tok != token.VAR {
				continue
			}
		}
		called := funcName(d)
		ast.Inspect(d, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GenDecl:
				return n.Tok == token.VAR
			case *ast.IfStmt:
				guard(called, n.Cond)
			case *ast.SwitchStmt:
				if n.Tag != nil {
					break
				}
				for _, c := range n.Body.List {
					for _, e := range c.(*ast.CaseClause).List {
						guard(called, e)
					}
				}
			case *ast.BinaryExpr:
				if constant(p, n) {
					return false
				}
				if other, ok := boundaries[n.Op]; ok {
					x, y := n.X, n.Y
					add(n, called, kindComparison, text(n), text(x)+" "+other.String()+" "+text(y), func(number int, part func(from, to int) string) string {
						a, b := part(at(x.Pos()), at(x.End())), part(at(y.Pos()), at(y.End()))
						return fmt.Sprintf("(cfmutant.Active == %d && (%s %s %s) || cfmutant.Active != %d && (%s %s %s))", number, a, other, b, number, a, n.Op, b)
					})
				}
				if (n.Op == token.ADD || n.Op == token.MUL) && wide(p, n) {
					narrow(called, n)
				}
			case *ast.CallExpr:
				if constant(p, n) {
					return false
				}
				if (isConversion(p, n) || isRead(n)) && wide(p, n) {
					narrow(called, n)
				}
			}
			return true
		})
	}
	if len(sites) == 0 {
		return nil
	}
	// An outer expression stands before an inner one. At the same place, the one that was
	// found first is the outer one.
	sort.SliceStable(sites, func(i, k int) bool {
		if sites[i].from != sites[k].from {
			return sites[i].from < sites[k].from
		}
		return sites[i].to > sites[k].to
	})
	var out bytes.Buffer
	end := p.Fset.Position(f.Name.End()).Offset
	out.Write(src[:end])
	out.WriteString(`; import cfmutant "github.com/cfcheck/cfcheck/internal/mutant"`)
	out.WriteString(render(src, sites, end, len(src)))
	return out.Bytes()
}

// render returns the text between two offsets with the mutants of the sites built in.
func render(src []byte, sites []site, from, to int) string {
	var out strings.Builder
	for i := 0; i < len(sites); {
		s := sites[i]
		inner := i + 1
		for inner < len(sites) && sites[inner].from < s.to {
			inner++
		}
		if s.from < from || s.to > to {
			i++
			continue
		}
		out.Write(src[from:s.from])
		inside := sites[i+1 : inner]
		out.WriteString(s.write(func(from, to int) string { return render(src, inside, from, to) }))
		from, i = s.to, inner
	}
	out.Write(src[from:to])
	return out.String()
}

// definitions notes where a file defines checks of the gate.
func (s *generator) definitions(p *packages.Package, f *ast.File, name string) {
	ast.Inspect(f, func(n ast.Node) bool {
		kv, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		key, isIdent := kv.Key.(*ast.Ident)
		value, isLit := kv.Value.(*ast.BasicLit)
		if isIdent && isLit && key.Name == "ID" {
			if id, err := strconv.Unquote(value.Value); err == nil {
				s.checks[id] = token.Position{Filename: name, Line: p.Fset.Position(kv.Pos()).Line}
			}
		}
		return true
	})
}

// constant reports whether an expression is a constant, or has no value.
func constant(p *packages.Package, e ast.Expr) bool {
	tv, ok := p.TypesInfo.Types[e]
	return !ok || tv.Value != nil
}

// wide reports whether an expression is an integer of at least 16 bits.
func wide(p *packages.Package, e ast.Expr) bool {
	if _, ok := p.TypesInfo.TypeOf(e).(*types.TypeParam); ok {
		return false
	}
	basic, ok := p.TypesInfo.TypeOf(e).Underlying().(*types.Basic)
	if !ok {
		return false
	}
	switch basic.Kind() {
	case types.Int, types.Int32, types.Int64, types.Uint, types.Uint16, types.Uint32, types.Uint64, types.Uintptr:
		return true
	}
	return false
}

// isConversion reports whether a call converts an integer.
func isConversion(p *packages.Package, c *ast.CallExpr) bool {
	return len(c.Args) == 1 && p.TypesInfo.Types[c.Fun].IsType() && wide(p, c.Args[0])
}

// isRead reports whether a call reads an integer out of bytes.
func isRead(c *ast.CallExpr) bool {
	sel, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	switch strings.ToLower(sel.Sel.Name) {
	case "uint16", "uint32", "uint64", "u16", "u32", "u64":
		return true
	}
	return false
}

// funcName returns the name of a declaration; the name of a method includes its type.
func funcName(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil || len(d.Recv.List) == 0 {
			return d.Name.Name
		}
		return strings.TrimPrefix(types.ExprString(d.Recv.List[0].Type), "*") + "." + d.Name.Name
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			if v, ok := spec.(*ast.ValueSpec); ok {
				return v.Names[0].Name
			}
		}
	}
	return "?"
}
