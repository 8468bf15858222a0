package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate/file"
)

// A revision is the value of build --revision.
type revision struct {
	number uint32
	next   bool // the value is the word next: one more than the highest in the folder
}

func (r *revision) String() string {
	if r.next {
		return "next"
	}
	return strconv.FormatUint(uint64(r.number), 10)
}

func (r *revision) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 32)
	if r.next = s == "next"; r.next {
		return nil
	}
	if err != nil || n > channelfile.MaxNumber || strconv.FormatUint(n, 10) != s {
		return fmt.Errorf("neither a whole number from 0 to %d, in decimal digits, nor next", channelfile.MaxNumber)
	}
	r.number = uint32(n)
	return nil
}

func (r *revision) Type() string { return "revision" }

// A shelf is the content of the output folder before the build.
type shelf struct {
	folder   string
	manifest *file.Manifest // nil means that the folder has no manifest
	names    []string       // names of the channel files, sorted
}

// readShelf reads the manifest and the names of the channel files in a folder. If
// the folder does not exist, the shelf is empty.
func readShelf(folder string) (*shelf, error) {
	s := &shelf{folder: folder}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, unread(folder, err)
	}
	for _, e := range entries {
		if isChannelFile(e.Name()) {
			s.names = append(s.names, e.Name())
		}
	}
	if name := rulesIn(folder); name != "" {
		return nil, fmt.Errorf("-o %s: the folder contains rules, such as %s; if the value came from an unset variable, -o took the next argument. Name a folder without rules",
			folder, name)
	}
	name := filepath.Join(folder, file.ManifestName)
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	data, err := readDocument(name)
	if err != nil {
		return nil, err
	}
	if s.manifest, err = file.ReadManifest(filepath.ToSlash(name), data); err != nil {
		return nil, fmt.Errorf("%w; remove the file if cfcheck build wrote it, or name another folder with -o", err)
	}
	return s, nil
}

// rulesIn returns the first file of rules in a folder or below it, or "".
func rulesIn(folder string) (name string) {
	// Ignore errors: writing to the folder will report them.
	_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && isRules(path) {
			name = filepath.ToSlash(path)
			return fs.SkipAll
		}
		return nil
	})
	return name
}

// newest returns the highest revision in the folder over all channels and types. A
// revision numbers a release, so all files of a set have the same revision.
func (s *shelf) newest() (newest uint32, any bool) {
	if s.manifest != nil {
		newest, any = s.manifest.Revision, len(s.manifest.Files) > 0
	}
	for _, name := range s.names {
		if _, _, r, ok := channelfile.ParseFileName(name); ok {
			newest, any = max(newest, r), true
		}
	}
	return newest, any
}

// resolve returns the revision number of the build.
func (r *revision) resolve(s *shelf) (uint32, error) {
	if !r.next {
		return r.number, nil
	}
	newest, any := s.newest()
	if !any {
		return 1, nil
	}
	if newest >= channelfile.MaxNumber {
		return 0, fmt.Errorf("--revision next: the folder %s has revision %d, the highest possible", s.folder, newest)
	}
	return newest + 1, nil
}

// admit returns an error if a set does not fit the files in the folder. It refuses
// other content under an existing revision, unless replace is set. It also refuses a
// revision lower than the revision of a file in the folder.
func (s *shelf) admit(files []sigma.Output, rev uint32, replace bool) error {
	ours := func(name string) bool {
		return slices.ContainsFunc(files, func(o sigma.Output) bool { return o.Name == name })
	}
	for _, name := range s.names {
		channel, version, r, ok := channelfile.ParseFileName(name)
		if !ok || ours(name) {
			continue
		}
		path := filepath.Join(s.folder, name)
		for _, out := range files {
			c, v, _, _ := channelfile.ParseFileName(out.Name)
			switch {
			case c != channel:
			case r == rev && !replace:
				return fmt.Errorf("%s: the file exists, with the same channel and revision as %s; build with --revision next", path, out.Name)
			case r > rev && v == version:
				return fmt.Errorf("%s: the file has a higher revision than %d, and a sensor would take it; build with --revision next, or remove it", path, rev)
			}
		}
	}
	if s.manifest != nil && s.manifest.Revision > rev && len(s.manifest.Files) > 0 {
		return fmt.Errorf("%s: the set in the folder has revision %d, higher than %d; build with --revision next, or name another folder",
			filepath.Join(s.folder, file.ManifestName), s.manifest.Revision, rev)
	}
	for _, out := range files {
		path := filepath.Join(s.folder, out.Name)
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return unread(path, err)
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s: not a regular file, but a channel file of this name is to be written; remove it, or name another folder", path)
		case !replace:
			old, err := os.ReadFile(path)
			if err != nil {
				return unread(path, err)
			}
			if !bytes.Equal(old, out.Data) {
				return fmt.Errorf("%s: the file exists with other content; build with --revision next, or with --replace if nobody has the file yet", path)
			}
		}
	}
	return nil
}

// sources returns the entries for documents in a manifest. The entry has only the
// last part of a path, so that the manifest does not depend on the folder.
func sources(documents []report.Source) ([]file.ManifestSource, error) {
	var list []file.ManifestSource
	for _, d := range documents {
		s := file.ManifestSource{Use: d.Use, Path: sourcePath(filepath.Base(d.Path)), Size: d.Size}
		if _, err := hex.Decode(s.Digest[:], []byte(d.Digest)); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// sourcePath returns a path in valid UTF-8 for JSON. If this changes the path, the
// digest still identifies the file.
func sourcePath(path string) string { return strings.ToValidUTF8(path, "\ufffd") }

// errLocked is the error of a folder that another process has locked.
var errLocked = errors.New("another build is writing to it")

const (
	lockWait = 30 * time.Second      // how long a build waits for another build
	lockLook = 20 * time.Millisecond // time between two attempts to lock
)

// lock locks a folder against other builds.
func lock(folder string) (unlock func(), err error) {
	for start := time.Now(); ; time.Sleep(lockLook) {
		unlock, err := tryLock(folder)
		if err == nil {
			return unlock, nil
		}
		if !errors.Is(err, errLocked) || time.Since(start) > lockWait {
			return nil, fmt.Errorf("%s: the folder cannot be locked: %w", folder, err)
		}
	}
}

// leftovers matches the names of the temporary files of builds.
var leftovers = regexp.MustCompile(`^\.(?:C-[0-9]{8}-[0-9]{8}-[0-9]{8}\.cf|manifest\.json)\.[0-9A-Z]{10}\.tmp$`)

// removeLeftovers removes the temporary files of builds that were killed. The caller
// must hold the lock.
func removeLeftovers(folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return // writing to the folder will report the error
	}
	for _, e := range entries {
		if leftovers.MatchString(e.Name()) && e.Type().IsRegular() {
			os.Remove(filepath.Join(folder, e.Name()))
		}
	}
}

// publish writes the channel files to the folder, and then the manifest that lists
// them. A mixture of two sets is always detected. At every moment the folder has one
// complete manifest: the old one, the new one, or one that lists no files. A file with
// other content than the listed one has another digest:
//   - A file of a new revision has a new name. The old set stays complete until the
//     new manifest replaces the old one.
//   - A file that is replaced under its name differs from the digest in the old
//     manifest until the new manifest is there.
//   - A folder without a manifest is judged by its files alone. So publish writes a
//     manifest without files before the first file.
//   - Two builds write one after the other, because each holds the lock.
func (b *building) publish(paths []string, rev uint32, built *sigma.Result) (err error) {
	if err := os.MkdirAll(b.out, 0o777); err != nil {
		return err
	}
	unlock, err := lock(b.out)
	if err != nil {
		return err
	}
	defer unlock()
	removeLeftovers(b.out)
	s, err := readShelf(b.out)
	if err != nil {
		return err
	}
	if now, err := b.revision.resolve(s); err != nil || now != rev {
		return errors.Join(err, fmt.Errorf("--revision next: another build took revision %d in the meantime; build again", rev))
	}
	if err := s.admit(built.Outputs, rev, b.replace); err != nil {
		return err
	}
	documents, err := sources(slices.Concat(b.typeSources, b.expanding.source))
	if err != nil {
		return err
	}
	manifest := &file.Manifest{Revision: rev, Sources: slices.Concat(b.rules, documents)}
	set := b.reading(paths)
	set.Precious = nil // a build writes content
	var said strings.Builder
	for _, out := range built.Outputs {
		name := filepath.Join(b.out, out.Name)
		set.File("-o", name).WriteBytes(out.Data)
		d := out.Definition
		manifest.Files = append(manifest.Files, file.ManifestFile{
			Name: out.Name, Channel: d.Channel, Type: d.Number, TypeVersion: d.Version, Revision: rev,
			Size: int64(len(out.Data)), Digest: sha256.Sum256(out.Data),
		})
		fmt.Fprintf(&said, "%s  %s, %d bytes\n", report.Clean(filepath.ToSlash(name)), count(uint64(len(out.Rules)), "rule"), len(out.Data))
	}
	doc, err := manifest.JSON()
	if err != nil {
		return err
	}
	name := filepath.Join(b.out, file.ManifestName)
	set.File("-o", name).WriteBytes(doc)
	fmt.Fprintf(&said, "%s  lists %s of revision %d\n", report.Clean(filepath.ToSlash(name)), count(uint64(len(manifest.Files)), "file"), rev)
	set.Stream("the list on the standard output", b.stdout).WriteBytes([]byte(said.String()))
	if err := set.Begin(); err != nil {
		return err
	}
	if s.manifest == nil {
		set.BeforeRename = func() error { return b.announce(rev) }
	}
	if err := set.Commit(); err != nil {
		return err
	}
	b.sayOthers(s, manifest)
	return nil
}

// reading returns a set of outputs that knows all inputs of the build.
func (b *building) reading(paths []string) *output.Set {
	set := b.outputs()
	for _, path := range paths {
		set.ReadsFolder("the input "+path, path, isRules)
	}
	b.judging.reads(set)
	b.expanding.reads(set)
	return set
}

// announce writes a manifest without files.
func (b *building) announce(rev uint32) error {
	doc, err := (&file.Manifest{Revision: rev}).JSON()
	if err != nil {
		return err
	}
	set := b.outputs()
	set.Precious = nil // a build writes content
	set.File("-o", filepath.Join(b.out, file.ManifestName)).WriteBytes(doc)
	if err := set.Begin(); err != nil {
		return err
	}
	return set.Commit()
}

// sayOthers reports the channel files in the folder that are not part of the set.
func (b *building) sayOthers(s *shelf, set *file.Manifest) {
	older := 0
	for _, name := range s.names {
		path := filepath.Join(s.folder, name)
		if slices.ContainsFunc(set.Files, func(f file.ManifestFile) bool { return f.Name == name }) {
			continue
		}
		shown := report.Clean(filepath.ToSlash(path))
		if in, err := file.Read(path); err == nil && set.Supersedes(name, in.Data) {
			older++
		} else {
			b.say("remark: %s is not part of this build and was left in place; remove it, or cfcheck check %s rejects it", shown, report.Clean(filepath.ToSlash(b.out)))
		}
	}
	if older > 0 {
		b.say("remark: %s left in %s", filesOlder(older), report.Clean(filepath.ToSlash(b.out)))
	}
}

func filesOlder(n int) string {
	if n == 1 {
		return "1 file of an older revision was"
	}
	return count(uint64(n), "file") + " of older revisions were"
}
