package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"sort"
	"strings"

	"golang.org/x/tools/go/packages"
)

// A Bug is one that is seeded.
type Bug struct {
	Number        int
	Part          string // of the project: gate, decoders, sensors
	File          string // relative to the module
	Func          string
	Line          int
	Kind          string
	Before, After string
	Same          int    // how many like it stand before it in the function
	Check         string // that is switched off, instead of a change of a file

	person *personal
	inC    *cBug
}

// Key names a bug as the list of those that are equivalent does: it has no line,
// which would change with every change above it.
func (b *Bug) Key() string {
	if b.Check != "" {
		return "check " + b.Check + " finds nothing"
	}
	key := fmt.Sprintf("%s %s: %s -> %s", b.File, b.Func, b.Before, b.After)
	if b.Same > 0 {
		key += fmt.Sprintf(" (%d)", b.Same+1)
	}
	return key
}

// A site is an expression that a bug stands in for.
type site struct {
	bug      *Bug
	from, to int // in the file
	// write returns the expression with the bug and without; part returns what
	// stands between two places of it, with the bugs in there.
	write func(part func(from, to int) string) string
}

// boundaries are the comparisons that are off by one, or the other way round.
var boundaries = map[token.Token]token.Token{
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.EQL: token.NEQ, token.NEQ: token.EQL,
}

// A seeder seeds bugs in the files of packages.
type seeder struct {
	root string // of the module
	bugs []*Bug
	same map[string]int // of each key, how often it was given
}

// add numbers a bug.
func (s *seeder) add(b *Bug) *Bug {
	b.Number = len(s.bugs) + 1
	b.Before, b.After = oneLine(b.Before), oneLine(b.After)
	key := b.Key()
	b.Same = s.same[key]
	s.same[key]++
	s.bugs = append(s.bugs, b)
	return b
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// file returns the text of a file with all its bugs in it, of which the variable
// of package mutant chooses one.
func (s *seeder) file(p *packages.Package, f *ast.File, part, name string, src []byte) []byte {
	at := func(pos token.Pos) int { return p.Fset.Position(pos).Offset }
	var sites []site
	add := func(n ast.Node, fn, kind, before, after string, write func(number int, part func(from, to int) string) string) {
		b := s.add(&Bug{Part: part, File: name, Func: fn, Line: p.Fset.Position(n.Pos()).Line, Kind: kind, Before: before, After: after})
		sites = append(sites, site{b, at(n.Pos()), at(n.End()), func(part func(from, to int) string) string { return write(b.Number, part) }})
	}
	text := func(n ast.Node) string { return string(src[at(n.Pos()):at(n.End())]) }
	guard := func(fn string, cond ast.Expr) {
		add(cond, fn, "check", "if "+text(cond), "if false", func(number int, part func(from, to int) string) string {
			return fmt.Sprintf("(cfmutant.Active != %d && (%s))", number, part(at(cond.Pos()), at(cond.End())))
		})
	}
	narrow := func(fn string, e ast.Expr) {
		add(e, fn, "width", text(e), "in fewer bits", func(number int, part func(from, to int) string) string {
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
					add(n, called, "comparison", text(n), text(x)+" "+other.String()+" "+text(y), func(number int, part func(from, to int) string) string {
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
	// What encloses stands before what it encloses, and of two of one place the
	// one that was found first, which is the outer one.
	sort.SliceStable(sites, func(i, k int) bool {
		if sites[i].from != sites[k].from {
			return sites[i].from < sites[k].from
		}
		return sites[i].to > sites[k].to
	})
	var out bytes.Buffer
	end := p.Fset.Position(f.Name.End()).Offset
	out.Write(src[:end])
	out.WriteString(`; import cfmutant "github.com/cfcheck/cfcheck/fuzz/internal/mutant"`)
	out.WriteString(render(src, sites, end, len(src)))
	return out.Bytes()
}

// render returns what stands between two places, with the bugs of the sites.
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

// constant reports whether an expression is one, or no value at all.
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

// funcName returns what a declaration is called: a method with its type.
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
