package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/file"
)

func isRules(name string) bool {
	ext := strings.ToLower(filepath.Ext(name))
	return ext == ".yml" || ext == ".yaml"
}

func isChannelFile(name string) bool { return strings.EqualFold(filepath.Ext(name), ".cf") }

// judgeFolder judges the channel files in a folder, records the folder if it has
// rules, and lists all other entries.
func (k *checking) judgeFolder(run *report.Run, root string) {
	in := readFolder(root, k.exclude)
	in.passed = k.withoutOwn(in.passed)
	sets := in.sets()
	run.Problems = append(run.Problems, in.problems...)
	run.PassedOver = append(run.PassedOver, in.passed...)
	k.whole = true
	beside := in.neighbours()
	k.command.meter.Begin("judging", "files", int64(in.files.n+in.sysmon.n))
	for name := range in.files.all() {
		if listing, judged := sets.listing(name); judged {
			run.Add(k.judgeFile(name, listing, beside.of(name))...)
		}
		k.command.meter.Add(1)
	}
	for _, s := range sets {
		for _, name := range s.missing() {
			run.Add(report.NotJudged(name, s.errMissing()))
		}
		run.Remarks = append(run.Remarks, s.remarks()...)
	}
	for name := range in.sysmon.all() {
		run.Add(k.judgeSysmonFile(name)...)
		k.command.meter.Add(1)
	}
	if in.rules {
		k.roots = append(k.roots, root)
	}
	k.rulesOfFolders = k.rulesOfFolders || in.rules || in.excludes()
	switch empty := in.files.n+in.sysmon.n == 0 && !in.rules && len(in.problems) == 0; {
	case empty && in.excludes():
		run.Problems = append(run.Problems, fmt.Sprintf("%s: nothing to check: --exclude leaves out all rules", root))
	case empty:
		run.Problems = append(run.Problems, fmt.Sprintf("%s: nothing to check: the folder has no channel file (.cf), no rules (.yml, .yaml) and no file of Sysmon (.xml, .bin, .reg)", root))
	}
}

// A neighbourhood has the neighbours of files. Of the files of a folder with the same
// channel and type version, only the one with the highest revision has neighbours, so that
// there is one finding.
type neighbourhood map[string]*validate.Neighbours

// of returns the neighbours of a file of the folder.
func (n neighbourhood) of(name string) *validate.Neighbours {
	if beside := n[name]; beside != nil {
		return beside
	}
	return new(validate.Neighbours)
}

// neighbours returns the neighbourhood of the files. It takes the channel of a file from
// its canonical name, or else from its header. A file that cannot be read is no neighbour.
func (in *folder) neighbours() neighbourhood {
	type key struct {
		folder               string
		channel, typeVersion uint32
	}
	type sharing struct { // files that share a key
		newest   string
		revision uint32
		found    int
		names    []string // of the first few
	}
	sharings := map[key]*sharing{}
	for name := range in.files.all() {
		channel, typeVersion, revision, ok := channelfile.ParseFileName(path.Base(name))
		if !ok {
			f, err := readFile(filepath.FromSlash(name))
			if err != nil {
				continue // the verdict on the file has the reason
			}
			channel, typeVersion, revision = f.Header.Channel, f.Header.TypeVersion, f.Header.Revision
		}
		at := key{path.Dir(name), channel, typeVersion}
		s := sharings[at]
		if s == nil {
			s = &sharing{newest: name, revision: revision}
			sharings[at] = s
		}
		if revision > s.revision {
			s.newest, s.revision = name, revision
		}
		if s.found++; len(s.names) <= maxNeighbours {
			s.names = append(s.names, path.Base(name))
		}
	}
	all := neighbourhood{}
	for _, s := range sharings {
		if s.found > 1 {
			others := slices.DeleteFunc(s.names, func(name string) bool { return name == path.Base(s.newest) })
			all[s.newest] = &validate.Neighbours{Found: s.found - 1, Names: others[:min(len(others), maxNeighbours)]}
		}
	}
	return all
}

// maxNeighbours is the number of files beside a file that a finding names.
const maxNeighbours = 3

// A folder lists the entries of a folder and of its subfolders.
type folder struct {
	root      string
	files     paths // channel files (by extension or by first bytes), sorted
	rules     bool  // the folder has rules
	sysmon    paths // files of Sysmon, sorted
	manifests []namedManifest
	problems  []string // unreadable entries and links to folders
	passed    []report.PassedOver
	exclude   *exclusion // rules to leave out
}

// excludes reports whether rules of the folder were left out.
func (in *folder) excludes() bool {
	return slices.ContainsFunc(in.passed, func(p report.PassedOver) bool { return p.Kind == report.Excluded })
}

// A namedManifest is a file with the name of a manifest. Its content is unchecked.
type namedManifest struct {
	name string
	kind report.PassedKind // used if the file is not a manifest of cfcheck
}

// readFolder lists a folder. It reads the first bytes of each regular file that does
// not have the extension of a channel file or a rule. It follows no link to a folder,
// except if root is such a link. Excluded files of rules are listed like other files
// that are not judged, unless they are channel files.
func readFolder(root string, exclude *exclusion) *folder {
	in := &folder{root: filepath.ToSlash(root), exclude: exclude}
	in.read(in.root, "", false, false)
	slices.SortFunc(in.passed, func(a, b report.PassedOver) int { return int(a.Kind) - int(b.Kind) })
	return in
}

// read lists one folder, with its path below the root. hidden means that the name of
// this folder, or of a folder above it, begins with a dot. excluded means that its
// rules are left out.
func (in *folder) read(name, sub string, hidden, excluded bool) {
	entries, err := os.ReadDir(filepath.FromSlash(name))
	if err != nil {
		in.problem(name, unread(name, err))
	}
	sortAsPaths(entries)
	for _, e := range entries {
		below := path.Join(name, e.Name())
		sub := path.Join(sub, e.Name())
		hidden := hidden || strings.HasPrefix(e.Name(), ".")
		excluded := excluded || in.exclude.match(sub)
		switch {
		case isVersionControl(below, e):
			in.pass(report.VersionControl, below)
		case e.Name() == file.ManifestName:
			kind := report.OtherFile
			if hidden {
				kind = report.HiddenFile
			}
			in.manifests = append(in.manifests, namedManifest{below, kind})
		case e.IsDir():
			in.read(below, sub, hidden, excluded)
		case isChannelFile(e.Name()):
			in.files.add(below)
		case isRules(e.Name()) && !hidden && !excluded:
			in.rules = true // sigma.Load refuses special files and channel files
		default:
			in.other(below, e, hidden, excluded)
		}
	}
}

// other handles an entry that is neither a channel file nor a rule by its extension, or
// an excluded rule.
func (in *folder) other(name string, e fs.DirEntry, hidden, excluded bool) {
	kind := report.OtherFile
	switch {
	case hidden:
		kind = report.HiddenFile
	case excluded && (isRules(e.Name()) || isSysmon(e.Name())):
		kind = report.Excluded
	case e.Type()&fs.ModeSymlink != 0:
		kind = report.Link
	case !e.Type().IsRegular():
		kind = report.SpecialFile
	}
	if e.Type()&fs.ModeSymlink != 0 {
		switch info, err := os.Stat(filepath.FromSlash(name)); {
		case errors.Is(err, fs.ErrNotExist):
			in.pass(kind, name) // a broken link
			return
		case err == nil && info.IsDir() && kind == report.Excluded:
			in.pass(kind, name)
			return
		case err == nil && info.IsDir() && !hidden:
			in.problem(name, fmt.Errorf("%s: a symbolic link to a folder; cfcheck does not follow it: name the folder itself", name))
			return
		}
	}
	switch magic, manifest, err := file.Sniff(filepath.FromSlash(name)); {
	case err != nil:
		in.problem(name, fmt.Errorf("%w; it may be a channel file", unread(name, err)))
	case magic:
		in.files.add(name)
	case manifest:
		in.problem(name, fmt.Errorf("%s: a manifest of cfcheck build under another name; rename it to %s, or remove it", name, file.ManifestName))
	case isOfVersionControl(e.Name()):
		in.pass(report.VersionControl, name)
	case isPolicy(e.Name()) && e.Type().IsRegular():
		in.pass(report.OtherPolicy, name)
	case kind == report.OtherFile && isSysmon(name):
		in.ofSysmon(name)
	default:
		in.pass(kind, name)
	}
}

// ofSysmon handles a file with the extension of a file of Sysmon.
func (in *folder) ofSysmon(name string) {
	switch is, err := sniffSysmon(filepath.FromSlash(name)); {
	case err != nil:
		in.problem(name, fmt.Errorf("%w; it may be a file of Sysmon", err))
	case is:
		in.sysmon.add(name)
	default:
		in.pass(report.OtherFile, name)
	}
}

// maxProblems limits the listed problems of one folder. A single problem makes the
// verdict undecided.
const maxProblems = 100

func (in *folder) problem(name string, err error) {
	switch len(in.problems) {
	case maxProblems:
		in.problems = append(in.problems, in.root+": and further entries that cannot be judged")
	default:
		if len(in.problems) < maxProblems {
			in.problems = append(in.problems, err.Error())
		}
	}
}

// pass counts an entry that is not judged.
func (in *folder) pass(kind report.PassedKind, name string) {
	i := slices.IndexFunc(in.passed, func(p report.PassedOver) bool { return p.Kind == kind })
	if i < 0 {
		i = len(in.passed)
		in.passed = append(in.passed, report.PassedOver{Folder: in.root, Kind: kind})
	}
	p := &in.passed[i]
	if p.Found++; len(p.Names) < report.MaxPassedNames {
		p.Names = append(p.Names, name)
	}
}

// versionControl lists the folders of version control systems. A real one has at
// least one of the listed entries.
var versionControl = map[string][]string{
	".git": {"HEAD", "commondir"},
	".hg":  {"requires", "store"},
	".svn": {"wc.db", "entries"},
	".jj":  {"repo"},
	".bzr": {"branch-format"},
}

// isVersionControl reports whether an entry is the data folder of a version control
// system, which has old copies of files in its own form. A folder that only has such
// a name is an ordinary folder.
func isVersionControl(name string, e fs.DirEntry) bool {
	if !e.IsDir() {
		return false
	}
	for _, mark := range versionControl[e.Name()] {
		if _, err := os.Lstat(filepath.Join(filepath.FromSlash(name), mark)); err == nil {
			return true
		}
	}
	return false
}

// isOfVersionControl reports whether a file with this name belongs to a version
// control system. A file .git links a work tree to its repository.
func isOfVersionControl(name string) bool {
	switch name {
	case ".git", ".gitignore", ".gitattributes", ".gitmodules", ".gitkeep", ".keep", ".mailmap",
		".git-blame-ignore-revs", ".hgignore", ".hgtags", ".hgsub", ".hgsubstate", ".bzrignore":
		return true
	}
	return false
}
