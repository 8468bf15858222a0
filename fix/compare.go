package fix

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sigma"
)

// Compare compiles a file of rules before and after edits, and returns an error that names the
// first difference in the content. The content is each byte that a sensor reads, the ID, title,
// author and licence of each rule, and the errors of rules that do not compile. Line numbers and
// the quoted source of a criterion are not content: they follow the text of the file.
func Compare(name string, before, after []byte, o Options) error {
	if bytes.Equal(before, after) {
		return nil
	}
	old, err := compile(name, before, o)
	if err != nil {
		return err
	}
	now, err := compile(name, after, o)
	if err != nil {
		return err
	}
	if a, b := strings.Join(old.errs, "\n"), strings.Join(now.errs, "\n"); a != b {
		return fmt.Errorf("%s: the edits change the errors of the compiler from %q to %q", name, a, b)
	}
	if len(old.files) != len(now.files) {
		return fmt.Errorf("%s: the rules make %d channel files before the edits and %d after them", name, len(old.files), len(now.files))
	}
	for i, f := range old.files {
		g := now.files[i]
		if f.ContentDigest() != g.ContentDigest() {
			return fmt.Errorf("%s: the edits change the bytes of the channel file for template type %d", name, f.Header.Type)
		}
		for k := range f.Instances() {
			a, b := f.Origin(k), g.Origin(k)
			a.Line, b.Line = 0, 0
			if a != b {
				return fmt.Errorf("%s: the edits change the title, author, licence or ID of rule %q", name, a.Title)
			}
		}
	}
	return nil
}

// Worse compiles a file of rules before and after edits that change its content. It returns an
// error with the first error of the compiler that the edits add.
func Worse(name string, before, after []byte, o Options) error {
	old, err := compile(name, before, o)
	if err != nil {
		return err
	}
	now, err := compile(name, after, o)
	if err != nil {
		return err
	}
	for _, e := range now.errs {
		if !slices.Contains(old.errs, e) {
			return fmt.Errorf("%s: the edits add an error: %s", name, e)
		}
	}
	return nil
}

// A compilation is the result of compiling a file of rules.
type compilation struct {
	files []*channelfile.File
	errs  []string // without positions
}

func compile(name string, data []byte, o Options) (c compilation, err error) {
	rules, err := sigma.Parse(name, data)
	all := sigma.Errors(err)
	if len(rules) > 0 {
		built, err := sigma.Build(rules, o.Definitions, sigma.Options{
			AllowUnsupported: true, Placeholders: o.Placeholders, Budget: o.Budget, IDs: sigma.IDsOfNames,
		})
		if o.Budget != nil && o.Budget.Err() != nil {
			return c, o.Budget.Err()
		}
		all = append(all, sigma.Errors(err)...)
		for _, e := range built.Unsupported {
			all = append(all, e)
		}
		for _, out := range built.Outputs {
			f, err := channelfile.Parse(out.Data)
			if err != nil {
				return c, fmt.Errorf("internal error: the compiled rules of %s cannot be read: %w", name, err)
			}
			c.files = append(c.files, f)
		}
	}
	for _, err := range all {
		switch e := err.(type) {
		case *sigma.Error:
			c.errs = append(c.errs, e.Path+": "+e.Found)
		case *sigma.UnknownFieldError:
			c.errs = append(c.errs, e.Path+": unknown field "+e.Field)
		case *sigma.UnsupportedError:
			c.errs = append(c.errs, e.Path+": "+e.Reason)
		case *sigma.UnresolvedError:
			c.errs = append(c.errs, e.Path+": unresolved "+e.Reference)
		default:
			c.errs = append(c.errs, err.Error())
		}
	}
	return c, nil
}
