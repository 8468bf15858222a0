// Command newcheck begins a new check. Run it in the root of the repository:
//
//	go run ./internal/newcheck [-severity warning] CF2010 operand-plausible
//
// It writes the file of the check in the folder of its family, adds the check to
// the list of the family, and writes two cases of the corpus: one that the check
// rejects, and a near miss that it accepts. If the family has no check yet,
// newcheck also creates its package. It prints the steps that are left.
// CONTRIBUTING.md explains them.
//
// Exit status: 0 if all was written; 1 if nothing was; 2 for wrong arguments.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"go/format"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	severity := flag.String("severity", "error", "the `severity` of its findings: error, warning or note")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/newcheck [-severity warning] CF2010 operand-plausible")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	left, err := write(".", flag.Arg(0), flag.Arg(1), *severity)
	if err != nil {
		fmt.Fprintln(os.Stderr, "newcheck:", err)
		os.Exit(1)
	}
	fmt.Print(left)
}

// A family is a row of validate.Families.
type family struct {
	digit    byte
	name     string
	question string
}

// planned are the families that have no checks yet.
var planned []family

var (
	idForm     = regexp.MustCompile(`^CF([0-9])[0-9]{3}$`)
	nameForm   = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	idInSource = regexp.MustCompile(`(?m)^// \w+ is (CF\d{4})\.$`)
	familyRow  = regexp.MustCompile(`(?m)^\t\{(\d), "(\w+)", "(.*)"\},\n`)
)

// severities are the constants of package validate, by the word for each.
var severities = map[string]string{"error": "", "warning": "\tSeverity: validate.Warning,\n", "note": "\tSeverity: validate.Note,\n"}

// write writes the files of a new check into the repository at root, and returns
// the steps that are left.
func write(root, id, name, severity string) (left string, err error) {
	variable := variableOf(name)
	switch {
	case !idForm.MatchString(id):
		return "", fmt.Errorf("ID %q (want CF and four digits, such as CF2010)", id)
	case !nameForm.MatchString(name):
		return "", fmt.Errorf("name %q (want lower-case words joined by hyphens, such as rule-differs)", name)
	case token.IsKeyword(variable):
		return "", fmt.Errorf("name %q is a word of Go; use two words", name)
	}
	line, ok := severities[severity]
	if !ok {
		return "", fmt.Errorf("severity %q (want error, warning or note)", severity)
	}
	f := files{root: root, changed: map[string][]byte{}}
	fam, isNew := f.familyOf(id[2])
	if fam.name == "" {
		return "", fmt.Errorf("%s: no family has the digit %c", id, id[2])
	}
	if isNew {
		f.addFamily(fam)
	}
	// file.go, which has the list, is in the folder file.
	folder := filepath.Join("validate", fam.name)
	list := filepath.Join(folder, fam.name+".go")
	f.insertCheck(folder, list, id, variable)
	f.create(filepath.Join(folder, strings.ReplaceAll(name, "-", "_")+".go"), checkText(fam, id, name, variable, line))
	expect := "rejected"
	if severity != "error" {
		expect = "accepted"
	}
	rejected, near := filepath.Join("corpus", "cases", name, "case.txt"), filepath.Join("corpus", "cases", name+"-near", "case.txt")
	f.create(rejected, fmt.Sprintf(rejectedCase, expect, id))
	f.create(near, fmt.Sprintf(nearCase, id))
	if err := f.write(); err != nil {
		return "", err
	}
	left = fmt.Sprintf("Begun: %s %s. These steps are left; CONTRIBUTING.md explains them.\n", id, name)
	if isNew {
		left += fmt.Sprintf("- Review the question of family CF%c in validate/family.go and in %s.\n", fam.digit, list)
	}
	if id[2] == '1' {
		left += "- State the requirement in channelfile/FORMAT.md, section 7, with this check, and let the Doc cite its number.\n"
	}
	left += fmt.Sprintf(`- Write the check: replace each TODO in %s.
- Write its cases: replace each TODO in %s and %s, then run
  go test ./corpus -update
- Write the page of the check:
  go test ./cmd/cfcheck -run Docs -update
- Add a line under Gate in CHANGELOG.md.
- Run go test -short ./validate/... ./corpus ./cmd/cfcheck ./facts
`, filepath.Join(folder, strings.ReplaceAll(name, "-", "_")+".go"), rejected, near)
	return left, nil
}

// variableOf returns the name of the variable of a check.
func variableOf(name string) string {
	var b strings.Builder
	for i, word := range strings.Split(name, "-") {
		switch {
		case i == 0 || word == "":
		case word == "id":
			word = "ID"
		default:
			word = strings.ToUpper(word[:1]) + word[1:]
		}
		b.WriteString(word)
	}
	return b.String()
}

// files are the files of a repository that are to be written together. The first
// error is kept, and nothing is written after one.
type files struct {
	root    string
	changed map[string][]byte // contents by path; also the new files
	err     error
}

func (f *files) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// read returns the text of a file, with the changes so far.
func (f *files) read(name string) string {
	data, ok := f.changed[name]
	if !ok {
		var err error
		if data, err = os.ReadFile(filepath.Join(f.root, name)); err != nil {
			f.fail(err)
		}
	}
	return string(data)
}

func (f *files) create(name, text string) {
	if _, err := os.Lstat(filepath.Join(f.root, name)); !errors.Is(err, fs.ErrNotExist) {
		f.fail(fmt.Errorf("%s exists", name))
	}
	f.changed[name] = []byte(text)
}

// edit replaces the first old text in a file.
func (f *files) edit(name, old, replacement string) {
	text := f.read(name)
	if !strings.Contains(text, old) {
		f.fail(fmt.Errorf("%s has no %q", name, old))
	}
	f.changed[name] = []byte(strings.Replace(text, old, replacement, 1))
}

func (f *files) write() error {
	for name, data := range f.changed {
		if strings.HasSuffix(name, ".go") && f.err == nil {
			formatted, err := format.Source(data)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			f.changed[name] = formatted
		}
	}
	if f.err != nil {
		return f.err
	}
	for name, data := range f.changed {
		path := filepath.Join(f.root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			return err
		}
	}
	return nil
}

const (
	familiesFile = "validate/family.go"
	suiteFile    = "validate/suite/suite.go"
	module       = "github.com/cfcheck/cfcheck/"
)

// families returns the families that have checks.
func (f *files) families() []family {
	var list []family
	for _, m := range familyRow.FindAllStringSubmatch(f.read(familiesFile), -1) {
		list = append(list, family{m[1][0], m[2], m[3]})
	}
	return list
}

// familyOf returns the family of a digit, and whether it is a planned one. The
// name of a family that is neither is empty.
func (f *files) familyOf(digit byte) (found family, isNew bool) {
	same := func(o family) bool { return o.digit == digit }
	if list := f.families(); slices.ContainsFunc(list, same) {
		return list[slices.IndexFunc(list, same)], false
	}
	if i := slices.IndexFunc(planned, same); i >= 0 {
		return planned[i], true
	}
	return family{}, false
}

// addFamily creates the package of a family, and adds it to the lists.
func (f *files) addFamily(fam family) {
	row := fmt.Sprintf("\t{%c, %q, %q},\n", fam.digit, fam.name, fam.question)
	list := f.families()
	if next := slices.IndexFunc(list, func(o family) bool { return o.digit > fam.digit }); next >= 0 {
		before := fmt.Sprintf("\t{%c, ", list[next].digit)
		f.edit(familiesFile, before, row+before)
		f.edit(suiteFile, list[next].name+".Checks", fam.name+".Checks, "+list[next].name+".Checks")
	} else {
		f.edit(familiesFile, "},\n}", "},\n"+row+"}")
		f.edit(suiteFile, ".Checks)", ".Checks, "+fam.name+".Checks)")
	}
	f.edit(suiteFile, "\t\""+module+"validate\"\n", "\t\""+module+"validate\"\n\t\""+module+"validate/"+fam.name+"\"\n")
	f.create(filepath.Join("validate", fam.name, fam.name+".go"), fmt.Sprintf(`// Package %s holds the checks of family CF%c:
// %s
package %s

import "%svalidate"

// Checks are the checks of family CF%c, in the order of their IDs. Do not change
// the list.
var Checks = []*validate.Check{}
`, fam.name, fam.digit, fam.question, fam.name, module, fam.digit))
}

// insertCheck adds a variable to the list of a family, in the order of the IDs.
func (f *files) insertCheck(folder, list, id, variable string) {
	sources, err := filepath.Glob(filepath.Join(f.root, folder, "*.go"))
	if err != nil {
		f.fail(err)
	}
	for _, name := range sources {
		source, err := os.ReadFile(name)
		if err != nil {
			f.fail(err)
			continue
		}
		for _, m := range idInSource.FindAllSubmatch(source, -1) {
			if string(m[1]) >= id {
				f.fail(fmt.Errorf("%s: %s exists; take the ID after the last one of the family", id, m[1]))
			}
		}
	}
	text := f.read(list)
	start := strings.Index(text, "var Checks = []*validate.Check{")
	if start < 0 {
		f.fail(fmt.Errorf("%s has no list of checks", list))
		return
	}
	end := start + strings.IndexByte(text[start:], '}')
	var b bytes.Buffer
	b.WriteString(text[:end])
	if text[end-1] == '{' {
		b.WriteString("\n")
	}
	b.WriteString("\t" + variable + ",\n" + text[end:])
	f.changed[list] = b.Bytes()
}

// uses are what the checks of a family usually look at, and what they require.
var uses = map[byte]string{
	'0': "\tUses: validate.UsesBytes,\n",
	'2': "\tUses: validate.UsesNeeds | validate.UsesDefinition,\n\tRequires: []string{\"CF2001\", \"CF2002\", \"CF2004\"},\n",
	'3': "\tUses: uses,\n\tRequires: known,\n",
	'5': "\tUses: validate.UsesFile | validate.UsesNeeds | validate.UsesDefinition,\n\tRequires: typed,\n",
}

func checkText(fam family, id, name, variable, severity string) string {
	looksAt, ok := uses[fam.digit]
	if !ok {
		looksAt = "\tUses: validate.UsesFile,\n"
	}
	return fmt.Sprintf(`package %s

import (
	"%schannelfile"
	"%svalidate"
)

// %s is %s.
var %s = &validate.Check{
	ID: %q,
	Name: %q,
	Doc: `+"`"+`TODO: say in one line what must hold, without a full stop

TODO: Say what goes wrong on the endpoint if it does not hold.

Correct TODO: say what to do.`+"`"+`,
%s%s	Run: func(p *validate.Pass) {
		// TODO: Look for the fault. Do not allocate for each entry of the file: only a
		// finding that is reported may allocate.
		broken := false
		if broken {
			p.ReportAt(channelfile.HeaderRange, "header", "TODO: what to do", "TODO: what was found, and what was expected")
		}
	},
}
`, fam.name, module, module, variable, id, variable, id, name, severity, looksAt)
}

const rejectedCase = `expect: %s
checks: %s
at: TODO
why: TODO: what would go wrong
base: two-rules

# TODO: one fault, and nothing else.
set header.revision = 2
`

const nearCase = `expect: accepted
near: %s
why: TODO: why this is only just right
base: two-rules

# TODO: as near to the fault as possible.
set header.revision = 3
`
