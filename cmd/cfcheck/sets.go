package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/file"
)

// A set is a published set in a folder.
type set struct {
	folder   string // folder of the manifest and its files
	path     string // path of the manifest
	manifest *file.Manifest
	found    map[string]bool // listed files that exist, by name
	older    int             // number of files that the set supersedes
}

// sets are the published sets in a folder and its subfolders.
type sets []*set

// sets reads the manifests. An unreadable manifest is a problem, because then the
// files of the set are unknown. A manifest.json that cfcheck did not write is passed
// over if no channel file is in its folder or below it.
func (in *folder) sets() sets {
	var all sets
	for _, m := range in.manifests {
		name := m.name
		s := &set{folder: path.Dir(name), path: name, found: map[string]bool{}}
		data, err := readDocument(filepath.FromSlash(name))
		if err == nil && foreign(data) && !s.aboveAny(in.files.all()) {
			in.pass(m.kind, name)
			continue
		}
		if err == nil {
			s.manifest, err = file.ReadManifest(name, data)
		}
		switch {
		case err != nil:
			in.problem(name, fmt.Errorf("%w; the files of the set are unknown: build it again, or remove this file if cfcheck build did not write it", err))
		case len(s.manifest.Files) == 0:
			in.problem(name, fmt.Errorf("%s: the manifest lists no file, because a build did not finish; build again", name))
		default:
			all = append(all, s)
		}
	}
	// Inner folders come before outer ones.
	slices.SortFunc(all, func(a, b *set) int { return strings.Compare(b.folder, a.folder) })
	return all
}

// foreign reports whether a document is JSON, but not a cfcheck document of any
// version.
func foreign(data []byte) bool {
	var doc struct {
		Schema any `json:"schema"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return false
	}
	schema, ok := doc.Schema.(string)
	return !ok || !strings.HasPrefix(schema, "cfcheck.")
}

// above reports whether the folder of the set contains a file, directly or below.
func (s *set) above(name string) bool {
	return s.folder == "." && !strings.HasPrefix(name, "../") && !path.IsAbs(name) || strings.HasPrefix(name, strings.TrimSuffix(s.folder, "/")+"/")
}

// aboveAny reports whether the folder of the set contains any of the files.
func (s *set) aboveAny(names iter.Seq[string]) bool {
	for name := range names {
		if s.above(name) {
			return true
		}
	}
	return false
}

// listing returns the manifest's entry for a channel file of the folder, or nil if
// there is no manifest. judged is false if the file is an older revision, which is
// not judged.
func (all sets) listing(name string) (listing *validate.Listing, judged bool) {
	i := slices.IndexFunc(all, func(s *set) bool { return s.above(name) })
	if i < 0 {
		return nil, true
	}
	s, base := all[i], path.Base(name)
	if path.Dir(name) != s.folder {
		return &validate.Listing{Manifest: s.path}, true
	}
	listing = s.manifest.Listing(s.path, base)
	if listing.Named {
		s.found[base] = true
		return listing, true
	}
	if subject, err := file.Read(filepath.FromSlash(name)); err == nil && s.manifest.Supersedes(base, subject.Data) {
		s.older++
		return listing, false
	}
	return listing, true
}

// missing returns the files that the manifest lists but the folder does not have.
// Call it after listing was called for all files of the folder.
func (s *set) missing() (names []string) {
	for _, f := range s.manifest.Files {
		if !s.found[f.Name] {
			names = append(names, path.Join(s.folder, f.Name))
		}
	}
	return names
}

// errMissing returns the reason why a missing file has no verdict.
func (s *set) errMissing() error {
	return errors.New(s.path + " lists this file, but it is missing; build the set again")
}

// remarks returns a remark on the older revisions that were not judged, if any.
func (s *set) remarks() []string {
	switch s.older {
	case 0:
		return nil
	case 1:
		return []string{s.path + ": 1 older revision of a listed file was not judged"}
	}
	return []string{fmt.Sprintf("%s: %d older revisions of listed files were not judged", s.path, s.older)}
}
