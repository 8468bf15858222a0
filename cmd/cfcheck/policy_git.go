package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/policy"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// A reviewing keeps a change from judging itself. In a run that compares with a Git revision, the
// policy, the files that it names and the waivers in rules are those of the revision.
type reviewing struct {
	revision  string            // "" means that the run follows the work tree
	baseFiles map[string][]byte // files that the policy names, as the revision has them, by name
	changes   []validate.Finding
}

// changed notes a difference between the work tree and the revision.
func (r *reviewing) changed(name string, at validate.Position, format string, args ...any) {
	at.Path = name
	r.changes = append(r.changes, validate.Finding{
		Check:    suite.ByID("CF7005"), // policy-reviewed
		Where:    validate.Location{Source: at},
		Identity: validate.Identity{Path: filepath.ToSlash(name)},
		Message:  fmt.Sprintf(format, args...),
		Fix:      "let the owners of the policy review the change; it applies when the base has it",
	})
}

// tree returns a file of the work tree in the revision.
func (r *reviewing) tree(name string) *gitTree { return &gitTree{r.revision, name} }

// loadReviewed is load for a run that compares with a Git revision.
func (g *governing) loadReviewed(c *command, s *output.Set) error {
	found, err := findPolicy()
	if err != nil && g.file == "" {
		return err
	}
	g.found = found
	name, data, err := g.basePolicy()
	switch {
	case err != nil:
		return err
	case name == "" && g.file != "":
		return fmt.Errorf("--policy: %s: %s has no such file", g.file, g.revision)
	case name == "":
		if found != "" {
			g.changed(found, validate.Position{Line: 1, Column: 1}, "the policy is new since %s, so nothing of it applies", g.revision)
		}
		return nil
	case g.file == "" && found != name:
		work := "no policy"
		if found != "" {
			work = "the policy " + found
		}
		g.changed(name, validate.Position{}, "the work tree has %s; the policy of %s applies", work, g.revision)
	default:
		g.compare(name, data)
	}
	g.reads(s, name)
	if err := s.Begin(); err != nil {
		return err
	}
	return g.take(c, g.tree(name).String(), name, data)
}

// ofRepository reports whether a file is in the repository of the working folder. If the working
// folder is in no repository, any repository counts.
func (r *reviewing) ofRepository(name string) bool {
	top := func(dir string) string {
		out, err := r.tree(dir).git(dir, nil, "rev-parse", "--show-toplevel")
		if err != nil {
			return ""
		}
		return strings.TrimSuffix(string(out), "\n")
	}
	here, there := top("."), top(filepath.Dir(name))
	return there != "" && (here == "" || isSame(here, there))
}

// basePolicy returns the policy of the revision, and its name in the work tree. The name is "" if
// the revision has no policy.
func (g *governing) basePolicy() (name string, data []byte, err error) {
	if g.file != "" {
		data, found, err := g.tree(g.file).file()
		if !found {
			return "", nil, err
		}
		return g.file, data, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", nil, fmt.Errorf("the policy cannot be looked for: %w", err)
	}
	top, err := g.tree(dir).git(dir, nil, "rev-parse", "--show-toplevel")
	if err == nil {
		_, err = g.tree(dir).git(dir, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", g.revision+"^{tree}")
	}
	if err != nil && g.found == "" {
		// The paths can be in a repository elsewhere. If they are not, the comparison fails.
		return "", nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("--previous-git: %s: the policy has no base: %w", g.found, err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		data, found, err := g.tree(filepath.Join(at, policy.FileName)).file()
		if err != nil {
			return "", nil, err
		}
		if found {
			short, err := filepath.Rel(dir, filepath.Join(at, policy.FileName))
			return short, data, err
		}
		if isSame(at, strings.TrimSuffix(string(top), "\n")) || at == filepath.Dir(at) {
			return "", nil, nil
		}
	}
}

// compare notes it if a file of the work tree differs from the bytes of the revision.
func (g *governing) compare(name string, base []byte) {
	f, err := os.Open(name)
	if err == nil {
		defer f.Close()
		var same bool
		same, err = equal(f, base)
		if same {
			return
		}
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		g.changed(name, validate.Position{Line: 1, Column: 1}, "the file differs from that of %s, which applies", g.revision)
		return
	}
	g.changed(name, validate.Position{}, "%v; the file of %s applies", unread(name, err), g.revision)
}

// equal reports whether a reader has exactly these bytes.
func equal(r io.Reader, data []byte) (bool, error) {
	part := make([]byte, 1<<16)
	for {
		n, err := io.ReadFull(r, part)
		if !bytes.HasPrefix(data, part[:n]) {
			return false, nil
		}
		data = data[n:]
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return len(data) == 0, nil
		default:
			return false, err
		}
	}
}

// namedFile returns the name of a file that the policy names. If the policy is that of a revision,
// the file is too.
func (g *governing) namedFile(t policy.Text) (string, error) {
	name := g.path(t.Value)
	if g.revision == "" {
		return name, nil
	}
	data, found, err := g.tree(name).file()
	if err == nil && !found {
		err = fmt.Errorf("%s: the revision has no such file", g.tree(name))
	}
	if err != nil {
		return name, fmt.Errorf("%s: %w", g.policy.At(t.Place), err)
	}
	if g.baseFiles == nil {
		g.baseFiles = map[string][]byte{}
	}
	g.baseFiles[name] = data
	g.compare(name, data)
	return name, nil
}

// readNamed reads a document, which may be one that the policy of a revision names.
func (r *reviewing) readNamed(name string) ([]byte, error) {
	if data, ok := r.baseFiles[name]; ok {
		return data, nil
	}
	return readDocument(name)
}

// A directiveKey is a directive of a rule, wherever it stands.
type directiveKey struct{ rule, text string }

// reviewed reports whether a waiver in a rule applies: always, except in a run that compares with
// a revision in which the rule does not have it.
func (k *checking) reviewed(r *sigma.Rule, d sigma.Text) bool {
	if k.revision == "" || k.release == nil || k.release.directives[directiveKey{r.ID.Value, d.Value}] {
		return true
	}
	k.changed(r.Name, validate.Position{Line: d.Line, Column: d.Column}, "the waiver is new since %s, so it accepts nothing", k.revision)
	return false
}

// file returns the bytes that a single file has in the revision. found is false if the revision
// does not have it.
func (t *gitTree) file() (data []byte, found bool, err error) {
	dir, name := filepath.Split(t.path)
	// The change may have removed the folder.
	for dir = filepath.Clean(dir); ; {
		if info, err := os.Stat(dir); err == nil && info.IsDir() || dir == filepath.Dir(dir) {
			break
		}
		name = filepath.Join(filepath.Base(dir), name)
		dir = filepath.Dir(dir)
	}
	tree, err := t.git(dir, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", t.revision+"^{tree}")
	if err != nil {
		return nil, false, fmt.Errorf("--previous-git: %s: the repository has no such revision: %w", t.revision, err)
	}
	if err := t.refuseLink(dir); err != nil {
		return nil, false, err
	}
	list, err := t.git(dir, nil, "ls-tree", "-z", strings.TrimSpace(string(tree)), "--", filepath.ToSlash(name))
	if err != nil {
		return nil, false, fmt.Errorf("%s: cannot be listed: %w", t, err)
	}
	if len(list) == 0 {
		return nil, false, nil
	}
	about, _, _ := strings.Cut(string(list), "\t")
	fields := strings.Fields(about) // mode, type, object
	if len(fields) != 3 || fields[1] != "blob" || fields[0] == "120000" {
		return nil, false, fmt.Errorf("%s: not a regular file in the revision", t)
	}
	data, err = t.git(dir, nil, "cat-file", "blob", fields[2])
	if err != nil {
		return nil, false, fmt.Errorf("%s: cannot be read: %w", t, err)
	}
	return data, true, nil
}

// take reads the bytes of a policy. Name is for messages, and path is the file, whose folder is
// that of the files that the policy names.
func (g *governing) take(c *command, name, path string, data []byte) error {
	p, err := policy.Read(name, data, suite.Checks)
	if err != nil {
		return c.refusePolicy(err)
	}
	source := report.SourceOf("policy", name, data)
	g.folder = filepath.Dir(path)
	g.policy, g.about = p, &report.Policy{Path: name, Size: source.Size, Digest: source.Digest}
	return nil
}
