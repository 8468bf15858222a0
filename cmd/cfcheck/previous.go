package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/sigma/subjects"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/file"
)

// A comparing holds the flags for the comparison with the previous release.
type comparing struct {
	previous   string
	revision   string   // of a Git repository
	added      []string // channels
	withdrawn  []string
	maxRemoved uint64
	maxGrowth  uint64
	newOnly    bool

	release *release // nil means that there is no release to compare with
	present channels // channels of the content that was judged
	whole   bool     // a folder was judged, so all channels of the release should be there
}

// comparingFlags are the names of the flags that need a previous release.
var comparingFlags = []string{"added-channel", "withdrawn-channel", "max-removed", "max-growth", "new-only", "known-good-new", "known-bad"}

func (c *comparing) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.previous, "previous", "", "compare with the release that shipped before: a `path` of channel files or rules")
	f.StringVar(&c.revision, "previous-git", "", "compare with the content that the judged paths have in this Git `revision`, such as origin/main")
	f.StringArrayVar(&c.added, "added-channel", nil, "accept that the previous release has no content of this `channel`; repeat the flag for further channels")
	f.StringArrayVar(&c.withdrawn, "withdrawn-channel", nil, "accept that a channel of the previous release has no content any more: its `number`; repeat the flag for further channels")
	f.BoolVar(&c.newOnly, "new-only", false, "give the verdict without the findings that stood at the previous release")
	c.addLimits(cmd)
}

// addLimits adds the flags for the limits of a change.
func (c *comparing) addLimits(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Uint64Var(&c.maxRemoved, "max-removed", validate.DefaultRemoved, fmt.Sprintf("let at most `N` percent of the rules disappear since the previous release (default %d)", validate.DefaultRemoved))
	f.Uint64Var(&c.maxGrowth, "max-growth", validate.DefaultGrowth, fmt.Sprintf("let the number of rules, the size and the cost grow by at most `N` percent since the previous release (default %d)", validate.DefaultGrowth))
}

// reads registers the previous release as an input.
func (c *comparing) reads(s *output.Set) {
	if c.previous != "" {
		s.ReadsFolder("--previous", c.previous, isContent)
	}
}

// check returns an error if a flag needs a previous release, which is missing, or if a limit has
// no effect.
func (c *comparing) check(cmd *cobra.Command) error {
	for name, limit := range map[string]uint64{"max-removed": c.maxRemoved, "max-growth": c.maxGrowth} {
		if limit == 0 {
			return fmt.Errorf("--%s: found 0 (want at least 1)", name)
		}
	}
	switch {
	case c.previous != "" && c.revision != "":
		return errors.New("--previous and --previous-git exclude each other; give one of them")
	case c.previous != "" || c.revision != "":
		return nil
	}
	for _, name := range comparingFlags {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s: there is no release to compare with; name it with --previous or --previous-git", name)
		}
	}
	return nil
}

// channels is a set of channels.
type channels map[uint32]bool

// readChannels reads the values of a flag.
func readChannels(flag string, values []string) (channels, error) {
	set := channels{}
	for _, value := range values {
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil || n > channelfile.MaxNumber || value != strconv.FormatUint(n, 10) {
			return nil, fmt.Errorf("--%s: %q is not a channel (want a number from 0 to %d)", flag, value, channelfile.MaxNumber)
		}
		set[uint32(n)] = true
	}
	return set, nil
}

// compareWith reads the previous release, and sets the options that compare with it. Faults
// of the release are problems of the run.
func (k *checking) compareWith(run *report.Run, paths []string) error {
	if k.previous == "" && k.revision == "" {
		return nil
	}
	added, err := readChannels("added-channel", k.added)
	if err != nil {
		return err
	}
	if _, err := readChannels("withdrawn-channel", k.withdrawn); err != nil {
		return err
	}
	k.present = channels{}
	var problems []string
	// A pattern that matches only in the previous release is not used in this one.
	of := k.expanding
	if of.exclude, err = newExclusion(of.excludes); err != nil {
		return err
	}
	c := compiling{&of, k.options.Definitions, k.placeholders, k.allowUnsupported}
	name := k.previous
	if name != "" {
		if err := notInside(name, paths); err != nil {
			return err
		}
		k.release, problems = c.readRelease("--previous", name)
	} else {
		name = k.revision
		k.release, problems = c.readTrees(name, paths, k.as == asSysmon)
	}
	run.Problems = append(run.Problems, problems...)
	run.Sources = append(run.Sources, k.release.sources...)
	for channel := range added {
		if k.release.content[channel] != nil {
			return fmt.Errorf("--added-channel: channel %d is not new, %s has it", channel, name)
		}
	}
	if k.revision != "" && len(problems) == 0 && k.release.onlyRules() {
		// The revision has the same paths, so it is no other release that lacks the channel: its
		// rules were the first of their type. Rules have no revision that could go back.
		for d := range k.options.Definitions.All() {
			if k.release.content[d.Channel] == nil {
				added[d.Channel] = true
			}
		}
	}
	k.options.Previous = &validate.Release{Name: name, Find: k.release.find, FindForeign: k.release.findSysmon, Added: slices.Sorted(maps.Keys(added))}
	k.options.ChangeLimits = validate.ChangeLimits{Removed: k.maxRemoved, Growth: k.maxGrowth}
	k.options.NewOnly = k.newOnly
	return nil
}

// notInside returns an error if a path is, or lies in, the previous release. The content would
// be compared with itself, and nothing would have changed.
func notInside(previous string, paths []string) error {
	whole, err := os.Stat(previous)
	if err != nil {
		return nil // a problem of the release
	}
	for _, p := range paths {
		at, err := filepath.Abs(p)
		if err != nil {
			return err
		}
		if real, err := filepath.EvalSymlinks(at); err == nil {
			at = real
		}
		for {
			if info, err := os.Stat(at); err == nil && os.SameFile(info, whole) {
				return fmt.Errorf("--previous: %s has the judged content %s, which would be compared with itself; name the release that shipped", previous, p)
			}
			above := filepath.Dir(at)
			if above == at {
				break
			}
			at = above
		}
	}
	return nil
}

// noteChannel records the channel of content that was judged.
func (c *comparing) noteChannel(r *validate.Report) {
	if c.present != nil && r.Needs != nil {
		c.present[r.Needs.Channel] = true
	}
}

// sayWithdrawn makes the run undecided for each channel of the previous release that no
// judged content has, if the run judged a folder, and for each type version with which no judged
// content was compared. A release without a channel is either a part of a release, or withdraws
// the channel.
func (c *comparing) sayWithdrawn(run *report.Run) {
	if c.release == nil {
		return
	}
	withdrawn, _ := readChannels("withdrawn-channel", c.withdrawn) // compareWith checked it
	for _, channel := range slices.Sorted(maps.Keys(c.release.content)) {
		name := c.release.content[channel][0].name
		lost := slices.IndexFunc(c.release.content[channel], func(s *shipped) bool { return !s.compared })
		switch {
		case c.present[channel] && lost >= 0:
			if s := c.release.content[channel][lost]; c.whole && !withdrawn[channel] {
				run.Problems = append(run.Problems, fmt.Sprintf("channel %d has content for type version %d in the previous release (%s), but no judged content was compared with it; if it is withdrawn, state that (--withdrawn-channel %d)", channel, s.header.TypeVersion, s.name, channel))
			}
		case c.present[channel] && withdrawn[channel]:
			run.Problems = append(run.Problems, fmt.Sprintf("--withdrawn-channel: channel %d is not withdrawn, content of it was judged", channel))
		case c.present[channel] || withdrawn[channel] || !c.whole:
		default:
			run.Problems = append(run.Problems, fmt.Sprintf("channel %d has content in the previous release (%s), but no content of it was judged; if it is withdrawn, state that (--withdrawn-channel %d)", channel, name, channel))
		}
	}
}

// A release is the content at a path: channel files, rules, or both.
type release struct {
	content    map[uint32][]*shipped // by channel; one for each type version
	directives map[directiveKey]bool // of the rules
	sources    []report.Source       // files that were read
	sysmon     []*validate.Subject   // files of Sysmon
}

// onlyRules reports whether the release has rules and no channel files.
func (r *release) onlyRules() bool {
	for _, list := range r.content {
		if slices.ContainsFunc(list, func(s *shipped) bool { return !s.rules() }) {
			return false
		}
	}
	return len(r.content) > 0
}

// addSysmon adds a file of Sysmon.
func (r *release) addSysmon(name string) error {
	data, err := readSysmonFile(name)
	if err != nil {
		return err
	}
	return r.addSysmonData(name, data)
}

// addSysmonData adds the content of a file of Sysmon.
func (r *release) addSysmonData(name string, data []byte) error {
	if len(data) > maxSysmonFile {
		return fmt.Errorf("%s: larger than %d bytes (0x%x); no file of Sysmon is that large", name, maxSysmonFile, maxSysmonFile)
	}
	s, err := subjectOfSysmon(name, data)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	r.read(name, data)
	r.sysmon = append(r.sysmon, s)
	return nil
}

// findSysmon implements validate.Release.FindForeign. Of several files it returns the one whose
// path ends as that of the subject does, by the most names. A release of one file has it for any
// name.
func (r *release) findSysmon(of *validate.Subject) (*validate.Subject, error) {
	if len(r.sysmon) == 1 {
		return r.sysmon[0], nil
	}
	var best []*validate.Subject
	most := 1
	for _, s := range r.sysmon {
		switch n := commonNames(s.Name, of.Name); {
		case n > most:
			best, most = []*validate.Subject{s}, n
		case n == most:
			best = append(best, s)
		}
	}
	switch {
	case len(best) == 1:
		return best[0], nil
	case len(best) > 1:
		return nil, fmt.Errorf("it has %d files of Sysmon with the name %s, among them %s and %s; compare each of them by itself", len(best), filepath.Base(of.Name), best[0].Name, best[1].Name)
	case len(r.sysmon) > 0:
		return nil, fmt.Errorf("it has %d files of Sysmon, but not one with the name %s", len(r.sysmon), filepath.Base(of.Name))
	}
	return nil, nil
}

// commonNames counts the names at the end of two paths that are equal.
func commonNames(a, b string) int {
	x := strings.FieldsFunc(filepath.ToSlash(a), func(c rune) bool { return c == '/' || c == ':' })
	y := strings.FieldsFunc(filepath.ToSlash(b), func(c rune) bool { return c == '/' || c == ':' })
	n := 0
	for n < min(len(x), len(y)) && x[len(x)-1-n] == y[len(y)-1-n] {
		n++
	}
	return n
}

// read records a file that was read.
func (r *release) read(name string, data []byte) {
	r.sources = append(r.sources, report.SourceOf("previous", name, data))
}

// A shipped is the content of a release for a channel and type version.
type shipped struct {
	name    string // of the file; rules are named by their paths
	header  channelfile.Header
	content *validate.Subject // nil means that it is in the file of the name
	digest  [32]byte          // SHA-256 of that file

	compared bool // judged content was compared with it
}

// rules reports whether the content was compiled from rules.
func (s *shipped) rules() bool { return s.content != nil && s.content.Kind == validate.KindRules }

// find implements validate.Release.Find.
func (r *release) find(channel, typeVersion uint32) (*validate.Subject, error) {
	s := r.best(channel, typeVersion)
	if s == nil {
		return nil, nil
	}
	s.compared = true
	return s.subject()
}

// best returns the content for a channel and type version, or else the content of the channel
// with the highest revision. It returns nil if the release has no content for the channel.
func (r *release) best(channel, typeVersion uint32) (best *shipped) {
	for _, s := range r.content[channel] {
		switch {
		case s.header.TypeVersion == typeVersion:
			return s
		case best == nil || s.header.Revision > best.header.Revision:
			best = s
		}
	}
	return best
}

// subject returns the content.
func (s *shipped) subject() (*validate.Subject, error) {
	if s.content != nil {
		return s.content, nil
	}
	subject, err := file.Read(s.name)
	switch {
	case err != nil:
		return nil, unread(s.name, err)
	case sha256.Sum256(subject.Data) != s.digest:
		return nil, fmt.Errorf("%s: the file changed during the run", s.name)
	}
	return subject, nil
}

// readRelease reads the release at a path. Of several revisions of a channel and type
// version it keeps the highest, and it prefers channel files to rules. The problems are
// parts of the release that cannot be read, in messages that begin with the flag; "" means
// no flag.
func (c *compiling) readRelease(flag, path string) (*release, []string) {
	r := &release{content: map[uint32][]*shipped{}}
	var problems []string
	problem := func(format string, args ...any) {
		p := fmt.Sprintf(format, args...)
		if flag != "" {
			p = flag + ": " + p
		}
		problems = append(problems, p)
	}
	rules := false
	switch info, err := os.Stat(path); {
	case err != nil:
		problem("%v", unread(path, err))
	case info.IsDir():
		in := readFolder(path, c.exclude)
		rules = in.rules
		for _, p := range in.problems {
			problem("%s", p)
		}
		sets := in.sets()
		for name := range in.files.all() {
			if _, current := sets.listing(name); !current {
				continue // an older revision, which the manifest supersedes
			}
			if err := r.addFile(filepath.FromSlash(name)); err != nil {
				problem("%v", err)
			}
		}
		for name := range in.sysmon.all() {
			if err := r.addSysmon(filepath.FromSlash(name)); err != nil {
				problem("%v", err)
			}
		}
		for _, s := range sets {
			for _, name := range s.missing() {
				problem("%s: %v", name, s.errMissing())
			}
		}
		if in.files.n+in.sysmon.n == 0 && !rules && len(in.problems) == 0 {
			problem("%s: the folder has no channel file (.cf) and no rules (.yml, .yaml)", path)
		}
	case isRules(path):
		rules = true
	case isSysmon(path) && !isChannelFileBy(path):
		if err := r.addSysmon(path); err != nil {
			problem("%v", err)
		}
	default:
		if err := r.addFile(path); err != nil {
			problem("%v", err)
		}
	}
	if rules {
		if err := c.addRules(r, ruleRoot{path: path, name: path}); err != nil {
			problem("%s: %v", path, err)
		}
	}
	return r, problems
}

// addFile adds a channel file, unless the release has a higher revision of it.
func (r *release) addFile(name string) error {
	data, err := readBytes(name)
	if err != nil {
		return err
	}
	r.read(name, data)
	f, err := channelfile.Parse(data)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return r.add(shipped{name: name, header: f.Header, digest: sha256.Sum256(data)})
}

// add adds content, unless the release has a higher revision of it.
func (r *release) add(s shipped) error {
	list := r.content[s.header.Channel]
	i := slices.IndexFunc(list, func(o *shipped) bool { return o.header.TypeVersion == s.header.TypeVersion })
	switch {
	case i < 0:
		r.content[s.header.Channel] = append(list, &s)
	case list[i].rules() != s.rules():
		if s.rules() { // a channel file is the form that ships
			return nil
		}
		list[i] = &s
	case list[i].header.Revision == s.header.Revision:
		a, err := list[i].subject()
		if err != nil {
			return err
		}
		b, err := s.subject()
		if err != nil {
			return err
		}
		if !bytes.Equal(a.Data, b.Data) {
			return fmt.Errorf("%s and %s have the same channel, type version and revision, but not the same bytes", list[i].name, s.name)
		}
	case s.header.Revision > list[i].header.Revision:
		list[i] = &s
	}
	return nil
}

// A compiling is what the compilation of rules of a release depends on.
type compiling struct {
	*expanding
	definitions      *sensor.Definitions
	placeholders     sigma.Placeholders
	allowUnsupported bool
}

// addRules compiles rules, and adds the result.
func (c *compiling) addRules(r *release, roots ...ruleRoot) error {
	defer limitMemory()()
	budget, err := c.expanding.budget()
	if err != nil {
		return err
	}
	set, err := loadRoots(roots, c.exclude, budget)
	if err != nil {
		return err
	}
	if roots[0].fsys == nil { // addTree records the others
		for _, s := range ruleSources(set.files) {
			s.Use = "previous"
			r.sources = append(r.sources, s)
		}
	}
	if err := errors.Join(set.faults...); err != nil {
		return err
	}
	built, err := sigma.Build(set.rules, c.definitions, sigma.Options{
		AllowUnsupported: c.allowUnsupported, Placeholders: c.placeholders, Budget: budget, IDs: sigma.IDsOfNames,
	})
	if err != nil {
		return err
	}
	for _, rule := range set.rules {
		for _, d := range rule.Directives {
			if r.directives == nil {
				r.directives = map[directiveKey]bool{}
			}
			r.directives[directiveKey{rule.ID.Value, d.Value}] = true
		}
	}
	var names []string
	for _, root := range roots {
		names = append(names, root.name)
	}
	for _, out := range built.Outputs {
		f, err := channelfile.Parse(out.Data)
		if err != nil {
			return err
		}
		s := subjects.Of(rootsName(names), built, &out)
		if err := r.add(shipped{name: s.Name, header: f.Header, content: s}); err != nil {
			return err
		}
	}
	return nil
}
