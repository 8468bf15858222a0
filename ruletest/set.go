package ruletest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/sigma"
)

// A Place is a position in a file.
type Place struct {
	File string
	sigma.Position
}

// String returns the place as people and editors write it.
func (p Place) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// A ReadFunc returns the content of a file. It returns an error that wraps [fs.ErrNotExist] if
// there is no such file, and at most limit bytes and one. Names are divided by slashes.
type ReadFunc func(name string, limit int64) ([]byte, error)

// A Set holds rules and their tests.
type Set struct {
	rules    []*sigma.Rule // detection rules
	tests    []test
	outcomes []Outcome // of tests that cannot run
	read     ReadFunc
}

// A test is a Case with its rule.
type test struct {
	Case
	file string // with the test
	rule *sigma.Rule
	data string // name of the file of recorded events; "" if the test has an event
	also string // file that is read if data is an event log of Windows; "" means no other
}

func (t *test) place() Place { return Place{t.file, t.Position} }

// maxUp is the number of folders above a rule in which its regression tests are looked for.
const maxUp = 32

// Load finds the tests of the rules in files, which [sigma.Loader.Load] returned:
//   - in the file of tests beside each file of rules
//   - in the file that the key regression_tests_path of a rule names. It begins at the nearest
//     folder above the rule in which the file exists
//
// A file of tests that cannot be read, and one without its rules, has an Outcome.
func Load(files []sigma.File, read ReadFunc) *Set {
	s := &Set{read: read}
	rules := map[string]*sigma.File{} // by name without extension
	for i := range files {
		f := &files[i]
		if f.Test || f.Again != "" {
			continue
		}
		rules[strings.TrimSuffix(f.Name, path.Ext(f.Name))] = f
		for _, r := range f.Rules {
			if r.Kind == sigma.Detecting {
				s.rules = append(s.rules, r)
			}
		}
	}
	done := map[string]bool{}
	beside := func(name string, f *sigma.File) {
		if done[name] {
			return
		}
		data, err := read(name, MaxFileSize)
		if errors.Is(err, fs.ErrNotExist) && f != nil {
			return // there are no tests beside the rules
		}
		done[name] = true
		whole := Outcome{Where: Place{name, sigma.Position{Line: 1, Column: 1}}, Name: "tests", Status: Undecided}
		switch {
		case err != nil:
			whole.Message = err.Error()
			s.outcomes = append(s.outcomes, whole)
		case f == nil:
			whole.Message = fmt.Sprintf("the rules of these tests are missing: %s was not read; put it beside the tests, and name it or its folder", ruleOf(name)+".yml")
			s.outcomes = append(s.outcomes, whole)
		default:
			s.add(name, data, f)
		}
	}
	for i := range files {
		if f := &files[i]; !f.Test && f.Again == "" {
			for _, ext := range sigma.TestExtensions {
				beside(strings.TrimSuffix(f.Name, path.Ext(f.Name))+ext, f)
			}
		}
	}
	for i := range files {
		if files[i].Test {
			beside(files[i].Name, rules[ruleOf(files[i].Name)])
		}
	}
	for _, r := range s.rules {
		if r.Tests.Set() {
			s.addInfo(r)
		}
	}
	return s
}

// ruleOf returns the name of the rules of a file of tests, without extension.
func ruleOf(name string) string {
	for _, ext := range sigma.TestExtensions {
		if n := len(name) - len(ext); n >= 0 && strings.EqualFold(name[n:], ext) {
			return name[:n]
		}
	}
	return name
}

// malformed adds an outcome for each error in a file of tests.
func (s *Set) malformed(name string, rule *sigma.Rule, err error) {
	for _, err := range sigma.Errors(err) {
		o := Outcome{Rule: rule, Where: Place{name, sigma.Position{Line: 1, Column: 1}}, Name: "tests", Status: Failed, Message: err.Error()}
		if e := (*sigma.Error)(nil); errors.As(err, &e) {
			o.Where.Position, o.Message = e.Position, messageOf(e)
		}
		s.outcomes = append(s.outcomes, o)
	}
}

// messageOf returns the text of an error without its place.
func messageOf(e *sigma.Error) string {
	message := e.Found
	if e.Path != "" {
		message = e.Path + ": " + message
	}
	if e.Want != "" {
		message += "; " + e.Want
	}
	return message
}

// add adds the tests of a file to the rules that stand beside it.
func (s *Set) add(name string, data []byte, f *sigma.File) {
	parsed, err := Parse(name, data)
	if err != nil {
		s.malformed(name, nil, err)
		return
	}
	for _, c := range parsed.Cases {
		t := test{Case: c, file: name}
		if c.File.Set() {
			t.data = c.File.Value
			if !path.IsAbs(t.data) {
				t.data = path.Join(path.Dir(name), t.data)
			}
		}
		rule, why := pick(f, c.Rule)
		if rule == nil {
			status := Undecided
			if f.Err == nil {
				status = Failed
			}
			s.outcomes = append(s.outcomes, Outcome{Where: t.place(), Name: c.Name, Match: c.Match, Status: status, Message: why})
			continue
		}
		t.rule = rule
		s.tests = append(s.tests, t)
	}
}

// pick returns the rule of a file with an ID or a title, or the only rule if there is no such text.
// Otherwise it returns nil and the reason.
func pick(f *sigma.File, of sigma.Text) (rule *sigma.Rule, why string) {
	broken := ""
	if errs := sigma.Errors(f.Err); len(errs) > 0 {
		broken = "; " + errs[0].Error()
	}
	if !of.Set() {
		switch {
		case len(f.Rules) == 0 || broken != "":
			return nil, fmt.Sprintf("%s has no rule to test%s", f.Name, broken)
		case len(f.Rules) > 1:
			return nil, fmt.Sprintf("%s has %d rules; name one with the key rule: its ID or its title", f.Name, len(f.Rules))
		}
		return f.Rules[0], ""
	}
	var found []*sigma.Rule
	for _, r := range f.Rules {
		if strings.EqualFold(r.ID.Value, of.Value) || r.Title.Value == of.Value {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Sprintf("%s has %d rules with the ID or title %q%s", f.Name, len(found), of.Value, broken)
	}
	return found[0], ""
}

// addInfo adds the regression tests that a rule names.
func (s *Set) addInfo(r *sigma.Rule) {
	at := Place{r.Name, r.Tests.Position}
	bad := func(format string, args ...any) {
		s.outcomes = append(s.outcomes, Outcome{Rule: r, Where: at, Name: "regression_tests_path", Match: true, Status: Undecided, Message: fmt.Sprintf(format, args...)})
	}
	name := r.Tests.Value
	if !fs.ValidPath(name) || name == "." {
		bad("regression_tests_path: found %q; expected the path of a file below a folder of the rule, such as regression_data/a/info.yml", name)
		return
	}
	root := path.Dir(r.Name)
	var data []byte
	err := fs.ErrNotExist
	for range maxUp {
		if data, err = s.read(path.Join(root, name), MaxFileSize); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		up := above(root)
		if up == root {
			break
		}
		root = up
	}
	if err != nil {
		bad("regression_tests_path: %s cannot be read in a folder above the rule: %v", name, err)
		return
	}
	name = path.Join(root, name)
	info, err := ParseInfo(name, data)
	if err != nil {
		s.malformed(name, r, err)
		return
	}
	if !slices.ContainsFunc(info.IDs, func(id sigma.Text) bool { return strings.EqualFold(id.Value, r.ID.Value) }) {
		bad("regression_tests_path: the tests in %s are for rule %s, and this is rule %s", name, info.IDs[0].Value, r.ID.Value)
		return
	}
	for _, c := range info.Cases {
		t := test{Case: c, file: name, rule: r}
		if !fs.ValidPath(c.File.Value) {
			s.outcomes = append(s.outcomes, Outcome{Rule: r, Where: t.place(), Name: c.Name, Match: true, Status: Failed,
				Message: fmt.Sprintf("found the path %q; expected one that begins at the same folder as regression_tests_path", c.File.Value)})
			continue
		}
		t.data = path.Join(root, c.File.Value)
		if ext := path.Ext(t.data); strings.EqualFold(ext, ".evtx") {
			t.also = strings.TrimSuffix(t.data, ext) + ".json"
		}
		s.tests = append(s.tests, t)
	}
}

// above returns the folder above a folder, or the folder itself if it is the root.
func above(folder string) string {
	if folder == "." || folder == ".." || strings.HasSuffix(folder, "/..") {
		return path.Join(folder, "..")
	}
	return path.Dir(folder)
}

// A Coverage is the number of tests of a rule, also of those that failed.
type Coverage struct {
	Rule           *sigma.Rule
	Match, NoMatch int
}

// Coverage returns the numbers of tests of each detection rule, in the order of the files.
func (s *Set) Coverage() []Coverage {
	of := map[*sigma.Rule]*Coverage{}
	list := make([]Coverage, len(s.rules))
	for i, r := range s.rules {
		list[i].Rule = r
		of[r] = &list[i]
	}
	for i := range s.tests {
		if t := &s.tests[i]; t.Match {
			of[t.rule].Match++
		} else {
			of[t.rule].NoMatch++
		}
	}
	return list
}

// Lacks returns an outcome for each kind of test of which the rule has fewer than demanded.
func (c *Coverage) Lacks(match, noMatch int) (list []Outcome) {
	for _, k := range []struct {
		key       string
		match     bool
		has, want int
	}{{mustMatch, true, c.Match, match}, {mustNotMatch, false, c.NoMatch, noMatch}} {
		if k.has < k.want {
			list = append(list, Outcome{Rule: c.Rule, Where: Place{c.Rule.Name, c.Rule.Position}, Name: k.key, Match: k.match, Status: Failed,
				Message: fmt.Sprintf("the rule has %d such tests (want at least %d)", k.has, k.want)})
		}
	}
	return list
}
