package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// A Source is an input file of a run. Channel files and fleets are not listed as
// sources, because the results have their digests.
type Source struct {
	Use    string `json:"use"` // purpose of the file, such as "rules", "types" or "placeholders"
	Path   string `json:"path"`
	Size   int64  `json:"size"`   // in bytes
	Digest string `json:"sha256"` // SHA-256 of the bytes that were read, in hex
}

// SourceOf returns the Source for the bytes that were read from a file.
func SourceOf(use, path string, data []byte) Source {
	digest := sha256.Sum256(data)
	return Source{use, path, int64(len(data)), hex.EncodeToString(digest[:])}
}

// SourcesDigest returns one digest for several files, in hex. It is the SHA-256 of
// the output of sha256sum for the files, sorted by path.
func SourcesDigest(sources []Source) string {
	sorted := slices.SortedFunc(slices.Values(sources), func(a, b Source) int { return strings.Compare(a.Path, b.Path) })
	h := sha256.New()
	for _, s := range sorted {
		escaped := sumEscapes.Replace(s.Path)
		if escaped != s.Path {
			fmt.Fprint(h, `\`)
		}
		fmt.Fprintf(h, "%s  %s\n", s.Digest, escaped)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// sumEscapes are the escapes of sha256sum. A line with an escape begins with a
// backslash.
var sumEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)

func sourcesJSON(sources []Source) []Source {
	out := make([]Source, 0, len(sources))
	for _, s := range sources {
		s.Path = valid(s.Path)
		out = append(out, s)
	}
	return out
}

// sourceLines writes one line for each use of sources.
func (t *text) sourceLines() {
	var uses []string
	of := map[string][]Source{}
	for _, s := range t.run.Sources {
		if of[s.Use] == nil {
			uses = append(uses, s.Use)
		}
		of[s.Use] = append(of[s.Use], s)
	}
	for _, use := range uses {
		list := of[use]
		name, digest := list[0].Path, list[0].Digest
		if use == "rules" || len(list) > 1 {
			name, digest = count(uint64(len(list)), "file"), SourcesDigest(list)
		}
		t.line("read", "%s: %s, sha256 %s", use, Clean(name), digest)
	}
}
