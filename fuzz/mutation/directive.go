package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// The words of directives.
const (
	equivalent = "equivalent" // no verdict, limit or fact changes
	missed     = "missed"     // the oracle does not detect the change
)

// directivePrefix is the start of a directive.
const directivePrefix = "//mutation:"

// A directive is a comment in the source that exempts mutants from the search. The
// command's documentation describes the form.
type directive struct {
	File      string // relative to the module
	Line      int
	Word      string
	selectors []selector
	Reason    string
	from, to  int // lines that the directive covers
}

// A selector selects mutants by their kind or their original text.
type selector struct {
	kind, text string
	nth        int // 0 means all
}

// parseDirective parses the text of a comment. It returns nil if the comment is not a
// directive.
func parseDirective(comment string) (*directive, error) {
	rest, ok := strings.CutPrefix(comment, directivePrefix)
	if !ok {
		return nil, nil
	}
	d := new(directive)
	end := strings.IndexAny(rest, " :")
	if end < 0 || rest[:end] != equivalent && rest[:end] != missed {
		return nil, fmt.Errorf("found %q; expected %s%s or %s%s, selectors, a colon and a reason",
			comment, directivePrefix, equivalent, directivePrefix, missed)
	}
	d.Word, rest = rest[:end], strings.TrimLeft(rest[end:], " ")
	for !strings.HasPrefix(rest, ":") {
		var s selector
		if after, quoted := strings.CutPrefix(rest, "`"); quoted {
			if s.text, rest, ok = strings.Cut(after, "`"); !ok {
				return nil, fmt.Errorf("found %q; expected a second backquote", comment)
			}
		} else {
			end := strings.IndexAny(rest, "#,:")
			if end < 0 || !slices.Contains(kinds, rest[:end]) {
				return nil, fmt.Errorf("found %q; expected a selector: one of %s, or text in backquotes", comment, strings.Join(kinds, ", "))
			}
			s.kind, rest = rest[:end], rest[end:]
		}
		if after, ok := strings.CutPrefix(rest, "#"); ok {
			digits := len(after) - len(strings.TrimLeft(after, "0123456789"))
			s.nth, _ = strconv.Atoi(after[:digits])
			if rest = after[digits:]; s.nth == 0 {
				return nil, fmt.Errorf("found %q; expected a number from 1 after #", comment)
			}
		}
		d.selectors = append(d.selectors, s)
		if after, ok := strings.CutPrefix(rest, ","); ok {
			rest = strings.TrimLeft(after, " ")
		} else if !strings.HasPrefix(rest, ":") {
			return nil, fmt.Errorf("found %q; expected a comma or a colon after each selector", comment)
		}
	}
	if d.Reason = strings.TrimSpace(rest[1:]); d.Reason == "" {
		return nil, fmt.Errorf("found %q; expected a reason after the colon", comment)
	}
	return d, nil
}

// directivesOf returns the directives of a Go file.
func directivesOf(fset *token.FileSet, f *ast.File, name string, src []byte) (list []*directive, err error) {
	lines := strings.Split(string(src), "\n")
	line := func(pos token.Pos) int { return fset.Position(pos).Line }
	for _, group := range f.Comments {
		for _, c := range group.List {
			d, err := parseDirective(c.Text)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", name, line(c.Pos()), err)
			}
			if d == nil {
				continue
			}
			d.File, d.Line = name, line(c.Pos())
			d.from = lineAfter(lines, d.Line)
			d.to = d.from
			if c.Pos() < f.Package {
				d.from, d.to = 1, len(lines)
			}
			for _, decl := range f.Decls {
				if docOf(decl) == group {
					d.from, d.to = line(decl.Pos()), line(decl.End())
				}
			}
			list = append(list, d)
		}
	}
	return list, nil
}

func docOf(d ast.Decl) *ast.CommentGroup {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Doc
	case *ast.GenDecl:
		return d.Doc
	}
	return nil
}

// lineAfter returns the line that a directive at the given line covers: the line itself if it
// has code, or else the next line that has code.
func lineAfter(lines []string, at int) int {
	for i := at; i <= len(lines); i++ {
		text := strings.TrimSpace(lines[i-1])
		if text != "" && !strings.HasPrefix(text, "//") {
			return i
		}
	}
	return at
}

// directivesInC returns the directives of the sensor in C.
func directivesInC(src string) (list []*directive, err error) {
	lines := strings.Split(src, "\n")
	for i, text := range lines {
		at := strings.Index(text, directivePrefix)
		if at < 0 {
			continue
		}
		d, err := parseDirective(text[at:])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", cSource, i+1, err)
		}
		d.File, d.Line, d.from = cSource, i+1, lineAfter(lines, i+1)
		d.to = d.from
		list = append(list, d)
	}
	return list, nil
}

// exempt returns the directive of each mutant that has one. A directive or a selector
// that matches no mutant is an error.
func exempt(directives []*directive, mutants []*Mutant) (map[*Mutant]*directive, error) {
	inFile := map[string][]*Mutant{}
	for _, b := range mutants {
		inFile[b.File] = append(inFile[b.File], b)
	}
	exempted := map[*Mutant]*directive{}
	for _, d := range directives {
		there := slices.DeleteFunc(slices.Clone(inFile[d.File]), func(b *Mutant) bool {
			return b.manual != nil || b.Line < d.from || b.Line > d.to
		})
		if len(d.selectors) == 0 {
			if len(there) == 0 {
				return nil, fmt.Errorf("%s:%d: no mutant is made where this directive stands; delete it or move it", d.File, d.Line)
			}
			for _, b := range there {
				exempted[b] = d
			}
		}
		for _, s := range d.selectors {
			n, found := 0, false
			for _, b := range there {
				if s.kind != "" && b.Kind == s.kind || s.kind == "" && b.Before == s.text {
					if n++; s.nth == 0 || s.nth == n {
						exempted[b], found = d, true
					}
				}
			}
			if !found {
				return nil, fmt.Errorf("%s:%d: no mutant matches %q; delete the selector or correct it", d.File, d.Line, s.kind+s.text)
			}
		}
	}
	for _, b := range mutants {
		if b.manual != nil && b.manual.equivalent != "" {
			exempted[b] = &directive{File: b.File, Word: equivalent, Reason: b.manual.equivalent}
		}
	}
	return exempted, nil
}
