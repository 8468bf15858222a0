package validate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
)

// An Identity names a finding over the revisions of the content. It has no line, no offset and no
// index of an instance, so it stays equal if rules are added, removed or reordered, and if a file
// is renamed. It has no build and no number of hosts either. Several findings of a report can have
// the same identity, such as two comparisons of one rule that read the same missing input.
//
// A finding of one rule has the ID of the rule, and a path in the rule. Other findings have an
// empty Rule, and a path in the content.
type Identity struct {
	Check   string // ID of the check
	Subject string // channel and template type of the content; its name if it cannot be read
	Rule    string // UUID of the rule in lower case, or else its ID or title
	Path    string // part of the rule or of the content, such as an input; "" means all of it
}

// Fingerprint returns 16 hexadecimal digits of a SHA-256 of the identity. Different identities
// have different fingerprints, except with negligible probability.
func (id Identity) Fingerprint() string {
	h := sha256.New()
	for _, s := range []string{"cfcheck/1", id.Check, id.Subject, id.Rule, id.Path} {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// identify completes the identity of a finding. A check or a compiler that sets Rule or Path
// knows both; identify computes them otherwise.
//
//mutation:equivalent: no verdict of one run depends on identities
func (p *Pass) identify(f *Finding) {
	id := &f.Identity
	if id.Rule == "" && id.Path == "" {
		id.Rule, id.Path = f.Instance.identity(), f.path()
	}
	id.Check, id.Subject, id.Rule = p.Check.ID, p.subject(), strings.ToLower(id.Rule)
}

// subject returns the Subject of the identities of the pass.
//
//mutation:equivalent: no verdict of one run depends on identities
func (p *Pass) subject() string {
	if n := p.Needs; n != nil {
		return fmt.Sprintf("channel %d, type %d", n.Channel, n.Type)
	}
	name := p.Subject.Base
	if name == "" {
		name = base(p.Subject.Name)
	}
	if channel, _, _, ok := channelfile.ParseFileName(name); ok {
		return fmt.Sprintf("channel %d", channel)
	}
	return cut(name)
}

// identity returns the name of an instance in identities, or "" for nil.
func (in *Instance) identity() string {
	switch {
	case in == nil:
		return ""
	case in.ID != channelfile.ID{}:
		return in.ID.String()
	case in.Rule != "":
		return in.Rule
	}
	return in.Title
}

// path returns the path of a finding in its rule or in the content, without indices that depend
// on other rules. The index of a word in its condition depends only on the rule, and the index of
// a section or an input only on the format or the template type.
func (f *Finding) path() string {
	path := f.Where.Path
	switch {
	case f.Input != nil && f.Input.Name != "":
		return f.Input.Name
	case f.Input != nil:
		return fmt.Sprintf("inputs[%d]", f.Input.Index)
	case f.Instance != nil:
		_, path, _ = strings.Cut(path, ".")
	case !strings.HasPrefix(path, "section["):
		path, _, _ = strings.Cut(path, "[")
	}
	return path
}
