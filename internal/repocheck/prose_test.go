package repocheck

import (
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// A text is the prose of a subject, measured.
type text struct {
	words, sentences int
	values           [measures]int
	examples         [measures][]string // some, with the place
}

// listedWords are words that the prose of the repository does without.
var listedWords = regexp.MustCompile(`(?i)\b(none|anew|mend(s|ed|ing)?|reckon(s|ed|ing)?|for ever|likewise|lest|made of|so much as)\b`)

var (
	quoted       = regexp.MustCompile(`"[^"\s]*"|'[^'\s]*'`)
	linkTarget   = regexp.MustCompile(`(\])\([^)\s]*\)`)
	htmlTag      = regexp.MustCompile(`(?s)<!--.*?-->|</?[a-z][^>\n]*>`)
	listMarker   = regexp.MustCompile(`^\s*(?:[-*+]|\d+[.)])\s+`)
	abbreviation = regexp.MustCompile(`(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|No)\.$`)
)

// columns is the width of a line of comment at most, with tabs of four.
const columns = 100

// example returns where faults of a measure are.
func (t text) example(m int) string {
	return strings.Join(t.examples[m], "; ")
}

func (t *text) add(o text) {
	t.words += o.words
	t.sentences += o.sentences
	for m, v := range o.values {
		t.values[m] += v
	}
}

func (t *text) count(m, n int, place, example string) {
	t.values[m] += n
	if n > 0 && len(t.examples[m]) < 8 {
		if r := []rune(example); len(r) > 60 {
			example = string(r[:60]) + "..."
		}
		t.examples[m] = append(t.examples[m], fmt.Sprintf("%s %q", place, example))
	}
}

// paragraph adds a paragraph. Its code and its quoted words count as words, and
// are not looked into.
func (t *text) paragraph(place, s string) {
	s = codeSpan.ReplaceAllString(s, "code")
	s = quoted.ReplaceAllString(s, "code")
	for _, sentence := range sentencesOf(s) {
		n := t.wordsIn(place, sentence)
		if n == 0 {
			continue
		}
		t.sentences++
		if n > 40 {
			t.count(over40, 1, place, sentence)
		}
		if n > 25 {
			t.count(over25, 1, place, sentence)
		}
	}
}

// wordsIn adds words that are no sentence, and returns their number.
func (t *text) wordsIn(place, s string) (n int) {
	for _, word := range strings.Fields(s) {
		if !strings.ContainsFunc(word, unicode.IsLetter) && !strings.ContainsFunc(word, unicode.IsDigit) {
			continue
		}
		n++
		if strings.EqualFold(strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) }), "what") {
			t.count(what, 1, place, s)
		}
	}
	t.words += n
	t.count(listed, len(listedWords.FindAllString(s, -1)), place, s)
	return n
}

// sentencesOf splits a paragraph after each full stop, question mark or
// exclamation mark that white space follows.
func sentencesOf(s string) []string {
	var sentences []string
	var current []string
	for _, word := range strings.Fields(s) {
		current = append(current, word)
		end := strings.TrimRight(word, `"')*_]`)
		if strings.HasSuffix(end, ".") && !abbreviation.MatchString(word) || strings.HasSuffix(end, "?") || strings.HasSuffix(end, "!") {
			sentences = append(sentences, strings.Join(current, " "))
			current = nil
		}
	}
	if len(current) > 0 {
		sentences = append(sentences, strings.Join(current, " "))
	}
	return sentences
}

// markdown adds a page, without its fenced code. Cells of tables are counted as
// words and not as sentences.
func (t *text) markdown(place, page string) {
	page = htmlTag.ReplaceAllStringFunc(page, func(tag string) string { return strings.Repeat("\n", strings.Count(tag, "\n")) })
	var paragraph []string
	start := 0
	flush := func() {
		t.paragraph(fmt.Sprintf("%s:%d", place, start), strings.Join(paragraph, " "))
		paragraph = nil
	}
	for i, line := range prose(page) {
		line = linkTarget.ReplaceAllString(line, "$1")
		isHeading, isItem := heading.MatchString(line), listMarker.MatchString(line)
		isRow := strings.HasPrefix(strings.TrimSpace(line), "|")
		if isHeading || isItem || isRow || strings.TrimSpace(line) == "" {
			flush()
		}
		if isRow {
			t.wordsIn(fmt.Sprintf("%s:%d", place, i+1), codeSpan.ReplaceAllString(line, "code"))
			continue
		}
		if len(paragraph) == 0 {
			start = i + 1
		}
		paragraph = append(paragraph, listMarker.ReplaceAllString(line, ""))
		if isHeading {
			flush()
		}
	}
	flush()
}

// comment adds a comment of Go.
func (t *text) comment(place string, group *ast.CommentGroup) {
	for _, block := range new(comment.Parser).Parse(group.Text()).Content {
		switch block := block.(type) {
		case *comment.Paragraph:
			t.paragraph(place, plain(block.Text))
		case *comment.Heading:
			t.paragraph(place, plain(block.Text))
		case *comment.List:
			for _, item := range block.Items {
				for _, content := range item.Content {
					if p, ok := content.(*comment.Paragraph); ok {
						t.paragraph(place, plain(p.Text))
					}
				}
			}
		}
	}
}

// plain returns the words of a text of a comment.
func plain(texts []comment.Text) string {
	var s strings.Builder
	for _, text := range texts {
		switch text := text.(type) {
		case comment.Plain:
			s.WriteString(string(text))
		case comment.Italic:
			s.WriteString(string(text))
		case *comment.Link:
			s.WriteString(plain(text.Text))
		case *comment.DocLink:
			s.WriteString(plain(text.Text))
		}
	}
	return s.String()
}

// A goFile is a parsed file of Go.
type goFile struct {
	path   string // from the root, with slashes
	source []byte
	fset   *token.FileSet
	syntax *ast.File
}

// goFiles returns the files of Go that are neither tests, nor generated, nor
// below a folder testdata.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || d.Name() == "testdata"):
			return filepath.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		syntax, err := parser.ParseFile(fset, path, source, parser.ParseComments)
		if err != nil {
			return err
		}
		if ast.IsGenerated(syntax) {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		files = append(files, goFile{filepath.ToSlash(rel), source, fset, syntax})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// repositoryTexts measures the prose of the repository. The pages in docs/checks are generated
// from messages, and measured as such. The reference is generated from help texts and schemas.
func repositoryTexts(t *testing.T) map[subject]text {
	texts := make(map[subject]text)
	into := func(s subject, add func(*text)) {
		text := texts[s]
		add(&text)
		if text.words > 0 {
			texts[s] = text
		}
	}
	for path, page := range markdownFiles(t) {
		if !strings.HasPrefix(path, "docs/checks/") && path != "docs/reference.md" {
			into(subject{"docs", path}, func(text *text) { text.markdown(path, page) })
		}
	}
	for _, f := range goFiles(t) {
		name := path.Dir(f.path)
		exported := exportedComments(f.syntax)
		for _, group := range f.syntax.Comments {
			class := class("comments")
			if exported[group] {
				class = "exported"
			}
			into(subject{class, name}, func(text *text) {
				place := f.fset.Position(group.Pos())
				text.comment(fmt.Sprintf("%s:%d", f.path, place.Line), group)
				end := f.fset.Position(group.End()).Line
				for i, line := range strings.Split(string(f.source), "\n")[place.Line-1 : end] {
					if n := utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    ")); n > columns {
						text.count(wide, 1, fmt.Sprintf("%s:%d", f.path, place.Line+i), strings.TrimSpace(line))
					}
				}
			})
		}
		into(subject{"messages", name}, func(text *text) {
			for _, m := range messagesOf(f.syntax) {
				if len(strings.Fields(m.text)) >= 3 {
					text.markdown(fmt.Sprintf("%s:%d", f.path, f.fset.Position(m.pos).Line), m.text)
				}
			}
		})
	}
	return texts
}

// exportedComments returns the comments of a file that go doc shows: those of
// the package, of exported declarations, and of exported fields and methods.
func exportedComments(f *ast.File) map[*ast.CommentGroup]bool {
	groups := map[*ast.CommentGroup]bool{f.Doc: true}
	if f.Name.Name == "main" {
		return groups
	}
	fields := func(list *ast.FieldList) {
		for _, field := range list.List {
			exported := len(field.Names) == 0 // embedded
			for _, name := range field.Names {
				exported = exported || name.IsExported()
			}
			if exported {
				groups[field.Doc], groups[field.Comment] = true, true
			}
		}
	}
	for _, decl := range f.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Name.IsExported() && (decl.Recv == nil || ast.IsExported(receiver(decl))) {
				groups[decl.Doc] = true
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					if !spec.Name.IsExported() {
						continue
					}
					groups[decl.Doc], groups[spec.Doc], groups[spec.Comment] = true, true, true
					switch of := spec.Type.(type) {
					case *ast.StructType:
						fields(of.Fields)
					case *ast.InterfaceType:
						fields(of.Methods)
					}
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						if name.IsExported() {
							groups[decl.Doc], groups[spec.Doc], groups[spec.Comment] = true, true, true
						}
					}
				}
			}
		}
	}
	return groups
}

// receiver returns the name of the type that a method is of.
func receiver(decl *ast.FuncDecl) string {
	expr := decl.Recv.List[0].Type
	for {
		switch of := expr.(type) {
		case *ast.StarExpr:
			expr = of.X
		case *ast.IndexExpr:
			expr = of.X
		case *ast.IndexListExpr:
			expr = of.X
		case *ast.Ident:
			return of.Name
		default:
			return ""
		}
	}
}

type message struct {
	pos  token.Pos
	text string
}

// messagesOf returns the string literals of a file, with those that are added
// to each other as one.
func messagesOf(f *ast.File) []message {
	var messages []message
	var visit func(ast.Node) bool
	var flatten func(ast.Expr) string
	flatten = func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.BasicLit:
			if e.Kind == token.STRING {
				s, _ := strconv.Unquote(e.Value)
				return s
			}
		case *ast.BinaryExpr:
			if e.Op == token.ADD {
				return flatten(e.X) + flatten(e.Y)
			}
		}
		ast.Inspect(e, visit)
		return "x"
	}
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			ast.Inspect(n.Type, visit) // without the tag
			return false
		case *ast.BinaryExpr:
			if n.Op == token.ADD {
				messages = append(messages, message{n.Pos(), flatten(n)})
				return false
			}
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				messages = append(messages, message{n.Pos(), flatten(n)})
			}
		}
		return true
	}
	ast.Inspect(f, visit)
	return messages
}

func TestProse(t *testing.T) {
	const page = "# What is it?\n\nOne sentence, e.g. this. Another `what`\nover two lines.\n\n```\nwhat\n```\n" +
		"- an item, \"none\" quoted, none not\n| a cell | what |\n<!-- what\nwhat -->[a link](what.md) made of words!\n"
	var got text
	got.markdown("page.md", page)
	if got.sentences != 5 || got.words != 26 || got.values != [measures]int{what: 2, listed: 2} {
		t.Errorf("got %d sentences, %d words, values %v; want 5, 26, two each of what and listed", got.sentences, got.words, got.values)
	}
	got = text{}
	got.paragraph("a", strings.Repeat("word ", 25)+"end. "+strings.Repeat("word ", 40)+"end.")
	if got.sentences != 2 || got.values != [measures]int{over25: 2, over40: 1} {
		t.Errorf("got %d sentences, values %v; want 2, of which 2 and 1 are long", got.sentences, got.values)
	}
	const source = "// Package p is.\npackage p\n\nimport \"a b c\"\n\n// T is.\ntype T struct {\n\tA int // A is\n\tb int `d e f`// b is\n}\n\n" +
		"// f is.\nfunc f() {\n\t// inside\n\tg(\"one \"+x+\" two\", \"three\")\n}\n\n// M is.\nfunc (*T) M() {}\n"
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var exported, other, messages []string
	groups := exportedComments(f)
	for _, g := range f.Comments {
		if groups[g] {
			exported = append(exported, strings.TrimSpace(g.Text()))
		} else {
			other = append(other, strings.TrimSpace(g.Text()))
		}
	}
	for _, m := range messagesOf(f) {
		messages = append(messages, m.text)
	}
	const want = "[Package p is. T is. A is M is.] [b is f is. inside] [one x two three]"
	if got := fmt.Sprint(exported, other, messages); got != want {
		t.Errorf("exported, other comments, messages: got %s, want %s", got, want)
	}
}
