package file

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// ManifestName is the name of the manifest in the folder of its files.
const ManifestName = "manifest.json"

// ManifestSchema is the value of the key "schema" in a manifest.
const ManifestSchema = "cfcheck.manifest/v0"

// A manifest of any version has manifestMark in its first manifestPeek bytes.
const (
	manifestMark = "cfcheck.manifest/"
	manifestPeek = 128
)

// Schemas holds the JSON Schema (draft 2020-12) of a manifest,
// schema/manifest.json. [ReadManifest] refuses some documents that the schema
// accepts, for instance one that names a file twice.
//
//go:embed schema/manifest.json
var Schemas embed.FS

// A Manifest names the channel files of one published set, which are in the same
// folder. A manifest without files means that the build of a set was begun and did not
// finish: nothing in the folder may ship.
type Manifest struct {
	Revision uint32           // of each file
	Files    []ManifestFile   // sorted by name
	Sources  []ManifestSource // inputs of the compilation, sorted by use, path and digest
}

// A ManifestFile is one channel file of a set.
type ManifestFile struct {
	Name        string // as [channelfile.FileName] returns it
	Channel     uint32
	Type        uint32
	TypeVersion uint32
	Revision    uint32 // the same as Manifest.Revision
	Size        int64  // in bytes
	Digest      [sha256.Size]byte
}

// A ManifestSource is a file that a set was compiled from.
type ManifestSource struct {
	Use    string // "rules", "types" or "placeholders"
	Path   string // relative to the named folder, with slashes; the same as in the provenance
	Size   int64  // in bytes
	Digest [sha256.Size]byte
}

// uses are the values of ManifestSource.Use, sorted.
var uses = []string{"placeholders", "rules", "types"}

var (
	manifestKeys = strictjson.Keys{Required: []string{"schema", "revision", "files", "sources"}}
	fileKeys     = strictjson.Keys{Required: []string{"name", "channel", "type", "typeVersion", "revision", "size", "sha256"}}
	sourceKeys   = strictjson.Keys{Required: []string{"use", "path", "size", "sha256"}}
)

// ReadManifest reads a manifest. Name is the name of the file, for errors only. An
// error is a [*sensor.JSONError].
func ReadManifest(name string, data []byte) (*Manifest, error) {
	m := new(Manifest)
	limits := strictjson.Limits{Size: sensor.MaxJSONSize, Depth: sensor.MaxJSONDepth}
	err := strictjson.Read(name, data, limits, func(d *strictjson.Decoder) { m.read(d) })
	if e := (*strictjson.Error)(nil); errors.As(err, &e) {
		j := sensor.JSONError(*e)
		return nil, &j
	}
	return m, err
}

func (m *Manifest) read(d *strictjson.Decoder) {
	for key := range d.Object(manifestKeys) {
		switch key {
		case "schema":
			d.Enum(ManifestSchema)
		case "revision":
			m.Revision = uint32(d.Uint(0, channelfile.MaxNumber))
		case "files":
			for range d.Array() {
				m.readFile(d)
			}
		case "sources":
			for range d.Array() {
				m.readSource(d)
			}
		}
	}
	if d.Failed() {
		return
	}
	// Not in the loop above, because keys come in any order.
	for _, f := range m.Files {
		want := channelfile.FileName(channelfile.Header{Channel: f.Channel, TypeVersion: f.TypeVersion, Revision: f.Revision})
		switch {
		case f.Name != want:
			d.Failf("found a file %s; expected %s, by its channel, type version and revision", strictjson.Quote(f.Name), strictjson.Quote(want))
		case f.Revision != m.Revision:
			d.Failf("found revision %d of the file %s; expected %d, the revision of the set", f.Revision, strictjson.Quote(f.Name), m.Revision)
		}
	}
}

func (m *Manifest) readFile(d *strictjson.Decoder) {
	var f ManifestFile
	at := d.Next()
	for key := range d.Object(fileKeys) {
		switch key {
		case "name":
			f.Name = text(d)
		case "channel":
			f.Channel = uint32(d.Uint(0, channelfile.MaxNumber))
		case "type":
			f.Type = uint32(d.Uint(0, 1<<32-1))
		case "typeVersion":
			f.TypeVersion = uint32(d.Uint(0, channelfile.MaxNumber))
		case "revision":
			f.Revision = uint32(d.Uint(0, channelfile.MaxNumber))
		case "size":
			f.Size = int64(d.Uint(1, channelfile.MaxFileSize))
		case "sha256":
			f.Digest = digest(d)
		}
	}
	if n := len(m.Files); !d.Failed() && n > 0 && f.Name <= m.Files[n-1].Name {
		d.FailAt(at, "name", "found %s after %s; expected names that ascend", strictjson.Quote(f.Name), strictjson.Quote(m.Files[n-1].Name))
	}
	m.Files = append(m.Files, f)
}

func (m *Manifest) readSource(d *strictjson.Decoder) {
	var s ManifestSource
	at := d.Next()
	for key := range d.Object(sourceKeys) {
		switch key {
		case "use":
			s.Use = uses[d.Enum(uses...)]
		case "path":
			s.Path = text(d)
		case "size":
			s.Size = int64(d.Uint(0, strictjson.MaxInteger))
		case "sha256":
			s.Digest = digest(d)
		}
	}
	if n := len(m.Sources); !d.Failed() && n > 0 && compareSources(s, m.Sources[n-1]) <= 0 {
		d.FailAt(at, "path", "found %s after %s; expected sources that ascend by use, path and digest", strictjson.Quote(s.Path), strictjson.Quote(m.Sources[n-1].Path))
	}
	m.Sources = append(m.Sources, s)
}

// text reads a string that is not empty.
func text(d *strictjson.Decoder) string {
	at := d.Next()
	s := d.String()
	if n := utf8.RuneCountInString(s); !d.Failed() && (n == 0 || n > sensor.MaxNote) {
		d.FailAt(at, "", "found a text of %d characters; expected 1 to %d", n, sensor.MaxNote)
	}
	return s
}

// digest reads a SHA-256 in hexadecimal digits.
func digest(d *strictjson.Decoder) (sum [sha256.Size]byte) {
	at := d.Next()
	s := d.String()
	b, err := hex.DecodeString(s)
	if !d.Failed() && (err != nil || len(b) != len(sum) || strings.ToLower(s) != s) {
		d.FailAt(at, "", "found %s; expected a SHA-256, 64 digits 0 to 9 and a to f", strictjson.Quote(s))
	}
	copy(sum[:], b)
	return sum
}

func compareSources(a, b ManifestSource) int {
	return cmp.Or(cmp.Compare(a.Use, b.Use), cmp.Compare(a.Path, b.Path), slices.Compare(a.Digest[:], b.Digest[:]))
}

// JSON returns the manifest as a document. It sorts Files and Sources and removes
// duplicate sources, so that the same set always has the same bytes. An error means
// that [ReadManifest] would refuse the document.
func (m *Manifest) JSON() ([]byte, error) {
	slices.SortFunc(m.Files, func(a, b ManifestFile) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(m.Sources, compareSources)
	m.Sources = slices.CompactFunc(m.Sources, func(a, b ManifestSource) bool { return compareSources(a, b) == 0 })
	w := new(strictjson.Writer)
	w.Object(func() {
		w.Key("schema")
		w.String(ManifestSchema)
		w.Key("revision")
		w.Uint(uint64(m.Revision))
		w.Key("files")
		w.Array(func() {
			for _, f := range m.Files {
				w.Object(func() {
					w.Key("name")
					w.String(f.Name)
					w.Key("channel")
					w.Uint(uint64(f.Channel))
					w.Key("type")
					w.Uint(uint64(f.Type))
					w.Key("typeVersion")
					w.Uint(uint64(f.TypeVersion))
					w.Key("revision")
					w.Uint(uint64(f.Revision))
					w.Key("size")
					w.Uint(uint64(f.Size))
					w.Key("sha256")
					w.String(hex.EncodeToString(f.Digest[:]))
				})
			}
		})
		w.Key("sources")
		w.Array(func() {
			for _, s := range m.Sources {
				w.Object(func() {
					w.Key("use")
					w.String(s.Use)
					w.Key("path")
					w.String(s.Path)
					w.Key("size")
					w.Uint(uint64(s.Size))
					w.Key("sha256")
					w.String(hex.EncodeToString(s.Digest[:]))
				})
			}
		})
	})
	data, err := w.Bytes()
	if err == nil {
		// Report a mistake of the caller here, not when somebody reads the document.
		_, err = ReadManifest("manifest", data)
	}
	if err != nil {
		return nil, fmt.Errorf("the manifest cannot be written: %w", err)
	}
	return data, nil
}

// Listing returns the manifest's statement about a file in its folder. Path is the
// path of the manifest, for messages. Name is the base name of the file.
func (m *Manifest) Listing(path, name string) *validate.Listing {
	l := &validate.Listing{Manifest: path}
	for i := range m.Files {
		if f := &m.Files[i]; f.Name == name {
			l.Named, l.Digest, l.Size, l.Type = true, f.Digest, f.Size, f.Type
		}
	}
	return l
}

// Supersedes reports whether the set has a newer file for the same channel, type and
// type version. A sensor that gets both files uses the newer one. Supersedes is false
// if the file is not a conforming channel file, or if its name and its header disagree:
// then it is not clear which revision it has.
func (m *Manifest) Supersedes(name string, data []byte) bool {
	f, err := channelfile.Parse(data)
	if err != nil || f.Conformance() != 0 || name != channelfile.FileName(f.Header) || f.Header.Revision >= m.Revision {
		return false
	}
	h := f.Header
	return slices.ContainsFunc(m.Files, func(n ManifestFile) bool {
		return n.Channel == h.Channel && n.Type == h.Type && n.TypeVersion == h.TypeVersion
	})
}
