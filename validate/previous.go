package validate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Release is a release that shipped. The checks of family CF6 compare a subject with its
// content.
type Release struct {
	Name string // name for messages, such as a folder

	// Find returns the content of the release for a channel, or nil if the release has no
	// content for it. If it has content for several versions of the template type, Find
	// returns the content for typeVersion, or else the content with the highest revision. The
	// result is a subject of kind KindChannelFile or KindRules. An error makes the verdict
	// undecided. Find must return the same content in each call.
	Find func(channel, typeVersion uint32) (*Subject, error)

	// FindForeign returns the content of the release for a subject of a foreign kind, or nil if
	// the release has no such content. A nil FindForeign means the same.
	FindForeign func(*Subject) (*Subject, error)

	// Added are channels that the release need not have. The verdict on a subject of any other
	// channel that the release does not have is undecided.
	Added []uint32
}

// A Previous is the content of a release for the channel of a subject.
type Previous struct {
	Release string // name of the release
	Subject *Subject
	File    *channelfile.File // keeps all requirements of FORMAT.md
	Needs   *sensor.Needs
}

// ChangeLimits limit the difference between a subject and the previous content. 0 means the
// default.
type ChangeLimits struct {
	// Removed is the number of rules that may be removed, in percent of the previous rules.
	// With 100 or more, all may be removed.
	Removed uint64
	// Growth is the growth of the size, of the number of rules and of the cost, in percent of
	// the previous value.
	Growth uint64
}

// The defaults of ChangeLimits, in percent.
const (
	DefaultRemoved = 20
	DefaultGrowth  = 50
)

// orDefault returns the limits with the defaults in place of 0.
func (c ChangeLimits) orDefault() ChangeLimits {
	if c.Removed == 0 {
		c.Removed = DefaultRemoved
	}
	if c.Growth == 0 {
		c.Growth = DefaultGrowth
	}
	return c
}

// Revision returns the revision of the previous content. Rules have no revision.
func (p *Previous) Revision() (revision uint32, ok bool) {
	return p.File.Header.Revision, p.Subject.Kind == KindChannelFile
}

// String names the content for messages.
func (p *Previous) String() string {
	if r, ok := p.Revision(); ok {
		return fmt.Sprintf("revision %d in %s", r, p.Release)
	}
	return p.Release
}

// Instance returns the names of instance i of the previous content. Its Index is -1, because the
// instance is not part of the subject.
func (p *Previous) Instance(i int) *Instance {
	in := p.File.Instance(i)
	return instanceOf(-1, in.ID, p.File.ShortOrigin(i, shortText))
}

// compare finds the previous content for the subject and prepares it. A fault is one of the
// reasons in j.odd, which make the verdict undecided.
func (j *Prepared) compare() {
	p, release := &j.pass, j.opts.Previous
	if release == nil {
		return
	}
	fail := func(format string, args ...any) {
		j.odd = append(j.odd, fmt.Sprintf("the content was not compared with %s: %s", release.Name, fmt.Sprintf(format, args...)))
	}
	if p.Subject.Kind.Foreign() {
		if release.FindForeign == nil {
			return
		}
		switch s, err := release.FindForeign(p.Subject); {
		case err != nil:
			fail("%v", err)
		case s != nil && s.Kind.Foreign():
			// Identities name the file, and a candidate can have another name.
			renamed := *s
			renamed.Base = cmp.Or(p.Subject.Base, base(p.Subject.Name))
			j.before, j.beforeName = &renamed, s.Name
		}
		return
	}
	switch {
	case p.Subject.Kind == KindNeeds || p.Subject.Kind == KindDefinition:
		fail("it is of kind %v, which has no rules", p.Subject.Kind)
		return
	case p.File == nil:
		return // the skipped checks have the reason
	case release.Find == nil:
		fail("the release has no Find")
		return
	}
	h := p.File.Header
	s, err := release.Find(h.Channel, h.TypeVersion)
	switch {
	case err != nil:
		fail("%v", err)
		return
	case s == nil && slices.Contains(release.Added, h.Channel):
		j.added = true
		return
	case s == nil:
		fail("it has no content of channel %d; if the channel is new, state that (--added-channel)", h.Channel)
		return
	}
	if s.Kind != KindChannelFile && s.Kind != KindRules {
		fail("it has content of kind %v", s.Kind)
		return
	}
	f, err := channelfile.Parse(s.Data)
	switch {
	case err != nil:
		fail("%s cannot be read: %v", s.Name, err)
	case f.Conformance() != 0:
		fail("%s is not in normal form", s.Name)
	default:
		j.before = s
		p.Previous = &Previous{Release: release.Name, Subject: s, File: f, Needs: sensor.NeedsOf(f, p.Known)}
	}
}

// keptForMarks is the number of findings of each check, and of each group, that are kept of the
// previous content, to mark findings as old. It is also the number that is kept of the subject if
// only new findings count.
const keptForMarks = 10_000

// mark marks the findings that the previous content has too, for the same fleet. If it has an
// identity n times, at most n findings with the identity are old. A finding that affects more
// builds than before, or more events, is not old.
func (j *Prepared) mark(r *Report, fleet *sensor.Fleet, cohorts *sensor.Cohorts) {
	if j.before == nil {
		return
	}
	opts := j.opts
	if opts.Checks = j.checksToMark(r); len(opts.Checks) == 0 {
		return
	}
	opts.Previous, opts.NewOnly, opts.Fleet, opts.Cohorts = nil, false, fleet, cohorts
	opts.MaxFindings, opts.MaxOfGroup = max(opts.MaxFindings, keptForMarks), max(opts.MaxOfGroup, keptForMarks)
	before := Run(j.before, opts)
	if j.before.Kind.Foreign() {
		j.sayNewlyRefused(r, before)
	}
	stood := make(map[Identity][]*Finding, len(before.Findings))
	for i := range before.Findings {
		f := &before.Findings[i]
		stood[f.Identity] = append(stood[f.Identity], f)
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if !f.canBeOld() {
			continue
		}
		same := stood[f.Identity]
		at := slices.IndexFunc(same, func(old *Finding) bool { return f.Extent <= old.Extent && within(f.Builds, old.Builds) })
		if at < 0 {
			continue
		}
		stood[f.Identity] = slices.Delete(same, at, at+1)
		f.Old = true
		k := slices.IndexFunc(r.Totals, func(t Total) bool { return t.Check == f.Check })
		r.Totals[k].Old++
	}
}

// sayNewlyRefused adds to the errors of foreign content the builds that had no error with the
// previous content. They load that today.
func (j *Prepared) sayNewlyRefused(r, before *Report) {
	had := map[string]bool{}
	for i := range before.Findings {
		if f := &before.Findings[i]; f.Severity() == Error {
			for _, b := range f.Builds {
				had[b.Name] = true
			}
		}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Severity() != Error {
			continue
		}
		var names []string
		hosts := uint64(0)
		for _, b := range f.Builds {
			if !had[b.Name] {
				names = append(names, b.Name)
				hosts = addHosts(hosts, b.Hosts)
			}
		}
		if len(names) > 0 {
			f.Details = append(f.Details, fmt.Sprintf("new: build %s took %s without an error; hosts: %s", shortList(names), cut(j.beforeName), numeral.Thousands(hosts)))
		}
	}
}

// shortList lists the first names.
func shortList(names []string) string {
	const most = 5
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}

// within reports whether a list of builds has no build that another list lacks.
func within(builds, of []Build) bool {
	if slices.Equal(builds, of) {
		return true
	}
	has := make(map[Build]bool, len(of))
	for _, b := range of {
		has[b] = true
	}
	return !slices.ContainsFunc(builds, func(b Build) bool { return !has[b] })
}

// checksToMark returns the checks with a finding that can be old, and the checks that they
// require, in the order of the list.
func (j *Prepared) checksToMark(r *Report) []*Check {
	wanted := map[string]bool{}
	for i := range r.Findings {
		if r.Findings[i].canBeOld() || j.before.Kind.Foreign() {
			wanted[r.Findings[i].Check.ID] = true
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	var list []*Check
	for _, c := range slices.Backward(j.list.checks) {
		if wanted[c.ID] {
			list = append(list, c)
			for _, id := range c.Requires {
				wanted[id] = true
			}
		}
	}
	slices.Reverse(list)
	return list
}

// canBeOld reports whether a finding may be marked as old. Errors whose severity is permanent
// never are: content that no sensor can load safely does not become safe because it shipped.
// Findings of family CF6 are about the change itself, and notes never count.
func (f *Finding) canBeOld() bool {
	switch {
	case f.Fault || f.Check.Family() == 6 || f.Severity() == Note:
		return false
	case f.Check.SeverityIsFirm() != "":
		return f.Severity() != Error
	}
	return true
}
