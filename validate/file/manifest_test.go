package file

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
)

// published returns a set of two files of revision 7, and their bytes by name.
func published(t *testing.T) (*Manifest, map[string][]byte) {
	t.Helper()
	m := &Manifest{
		Revision: 7,
		Sources: []ManifestSource{
			{Use: "types", Path: "types.json", Size: 3, Digest: sha256.Sum256([]byte("two"))},
			{Use: "rules", Path: "b/a.yml", Size: 3, Digest: sha256.Sum256([]byte("one"))},
			{Use: "rules", Path: "b/a.yml", Size: 3, Digest: sha256.Sum256([]byte("one"))},
		},
	}
	files := map[string][]byte{}
	for _, h := range []channelfile.Header{
		{Channel: 1002, Revision: 7, Type: 2, TypeVersion: 1, InputsDeclared: 1},
		{Channel: 291, Revision: 7, Type: 1, TypeVersion: 2, InputsDeclared: 1},
	} {
		data := content(t, h)
		name := channelfile.FileName(h)
		files[name] = data
		m.Files = append(m.Files, ManifestFile{
			Name: name, Channel: h.Channel, Type: h.Type, TypeVersion: h.TypeVersion, Revision: h.Revision, Size: int64(len(data)), Digest: sha256.Sum256(data),
		})
	}
	return m, files
}

// TestManifestJSON holds that what is written is read, sorted, without what is
// there twice.
func TestManifestJSON(t *testing.T) {
	m, _ := published(t)
	data, err := m.JSON()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadManifest("manifest.json", data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, back); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
	if m.Files[0].Channel != 291 || len(m.Sources) != 2 || m.Sources[0].Use != "rules" {
		t.Errorf("not sorted: %+v", m)
	}
	if !strings.Contains(string(data[:manifestPeek]), manifestMark) {
		t.Errorf("the first %d bytes do not tell a manifest: %q", manifestPeek, data[:manifestPeek])
	}
	m.Files[0].Name = "pipes.cf"
	if _, err := m.JSON(); err == nil || !strings.Contains(err.Error(), `found a file "pipes.cf"; expected "C-00000291-00000002-00000007.cf"`) {
		t.Errorf("a name that says something else: %v", err)
	}
}

// TestReadManifest holds what is refused, and where.
func TestManifestKeepsNumbers(t *testing.T) {
	h := channelfile.Header{Channel: channelfile.MaxNumber, Type: 1<<32 - 1, TypeVersion: channelfile.MaxNumber - 1, Revision: channelfile.MaxNumber - 2}
	long := strings.Repeat("ä", sensor.MaxNote)
	m := &Manifest{
		Revision: h.Revision,
		Files: []ManifestFile{{
			Name: channelfile.FileName(h), Channel: h.Channel, Type: h.Type, TypeVersion: h.TypeVersion, Revision: h.Revision,
			Size: channelfile.MaxFileSize, Digest: sha256.Sum256(nil),
		}},
		Sources: []ManifestSource{{Use: "rules", Path: long, Size: 1<<40 + 1, Digest: sha256.Sum256(nil)}},
	}
	data, err := m.JSON()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadManifest("manifest.json", data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, back); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
	twice := bytes.Replace(data, []byte(`"sources": [`), append([]byte(`"sources": [`), source(t, data)...), 1)
	if _, err := ReadManifest("manifest.json", twice); err == nil || !strings.Contains(err.Error(), "expected sources that ascend") {
		t.Errorf("%v; expected that a source that is there twice is refused", err)
	}
}

// source returns the only source of a manifest, and a comma.
func source(t *testing.T, data []byte) []byte {
	t.Helper()
	_, list, _ := bytes.Cut(data, []byte(`"sources": [`))
	one, _, ok := bytes.Cut(list, []byte("]"))
	if !ok {
		t.Fatalf("no sources in %s", data)
	}
	return append(bytes.TrimSpace(one), ',')
}

func TestReadManifest(t *testing.T) {
	m, _ := published(t)
	good, err := m.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ why, old, new, want string }{
		{"the next version may mean something else", "manifest/v0", "manifest/v1", `schema: found the string "cfcheck.manifest/v1"; expected "cfcheck.manifest/v0"`},
		{"a misspelt key is no key", `"files"`, `"file"`, `unknown key "file"; did you mean "files"?`},
		{"without the list nothing is known", `"sources": [`, `"revision": [`, `key "revision" occurs twice`},
		{"a file of another revision is of another set", "\"revision\": 7,\n  \"files\"", "\"revision\": 8,\n  \"files\"", `found revision 7 of the file "C-00000291-00000002-00000007.cf"; expected 8, the revision of the set`},
		{"its name says otherwise", "\"revision\": 7,\n      \"size\"", "\"revision\": 8,\n      \"size\"", `found a file "C-00000291-00000002-00000007.cf"; expected "C-00000291-00000002-00000008.cf"`},
		{"a path leads out of the folder", `"name": "C-`, `"name": "../C-`, `found a file "../C-00000291-00000002-00000007.cf"`},
		{"a file twice, or two in another order, is not what build writes", "C-00001002-00000001", "C-00000291-00000002", "files[1].name: found"},
		{"half a digest is none", fmt.Sprintf("%x", m.Files[0].Digest), fmt.Sprintf("%x", m.Files[0].Digest[1:]), "files[0].sha256: found"},
		{"one digest has one spelling", fmt.Sprintf("%x", m.Files[0].Digest), fmt.Sprintf("%X", m.Files[0].Digest), "files[0].sha256: found"},
		{"no channel file is empty", fmt.Sprintf(`"size": %d`, m.Files[0].Size), `"size": 0`, "files[0].size: found the number 0"},
		{"a use that nobody knows", `"use": "rules"`, `"use": "rule"`, `sources[0].use: found the string "rule"`},
		{"a source without a name", `"path": "types.json"`, `"path": ""`, "sources[1].path: found a text of 0 characters"},
		{"sources in another order", `"use": "types"`, `"use": "placeholders"`, "sources[1].path: found"},
		{"something after the end", "\n}\n", "\n}\n{}\n", "manifest.json:"},
	} {
		text := strings.Replace(string(good), tt.old, tt.new, 1)
		if text == string(good) {
			t.Errorf("%s: nothing was changed", tt.why)
		}
		if _, err := ReadManifest("manifest.json", []byte(text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, expected %q", tt.why, err, tt.want)
		} else if _, ok := err.(*sensor.JSONError); !ok {
			t.Errorf("%s: the error is a %T", tt.why, err)
		}
	}
}

// TestSchemaIsPublished holds that the schema is there, and is JSON.
func TestSchemaIsPublished(t *testing.T) {
	data, err := Schemas.ReadFile("schema/manifest.json")
	if err != nil || !json.Valid(data) || !strings.Contains(string(data), ManifestSchema) {
		t.Errorf("%v: %.80q", err, data)
	}
}

// TestSupersedes holds which files of a folder need not be judged.
func TestSupersedes(t *testing.T) {
	m, _ := published(t)
	older := channelfile.Header{Channel: 291, Revision: 6, Type: 1, TypeVersion: 2, InputsDeclared: 1}
	for _, tt := range []struct {
		why    string
		change func(h *channelfile.Header)
		name   string // "" means the name that the header has
		damage bool
		want   bool
	}{
		{"an older revision", func(*channelfile.Header) {}, "", false, true},
		{"much older", func(h *channelfile.Header) { h.Revision = 0 }, "", false, true},
		{"the same revision is of the same set, or a lie", func(h *channelfile.Header) { h.Revision = 7 }, "", false, false},
		{"a sensor would take it for newer", func(h *channelfile.Header) { h.Revision = 8 }, "", false, false},
		{"the set has nothing in its place", func(h *channelfile.Header) { h.Channel = 292 }, "", false, false},
		{"a sensor with this version reads no other", func(h *channelfile.Header) { h.TypeVersion = 1 }, "", false, false},
		{"another type in the same channel", func(h *channelfile.Header) { h.Type = 3 }, "", false, false},
		{"who goes by the name takes it for newer", func(*channelfile.Header) {}, "C-00000291-00000002-00000008.cf", false, false},
		{"nobody knows what it is for", func(*channelfile.Header) {}, "backup.cf", false, false},
		{"on some systems it has the name of another", func(*channelfile.Header) {}, "c-00000291-00000002-00000006.cf", false, false},
		{"what it says of itself may be damaged as well", func(*channelfile.Header) {}, "", true, false},
	} {
		h := older
		tt.change(&h)
		data := content(t, h)
		if tt.damage {
			data[len(data)-1] ^= 1
		}
		name := tt.name
		if name == "" {
			name = channelfile.FileName(h)
		}
		if have := m.Supersedes(name, data); have != tt.want {
			t.Errorf("%v, expected %v: %s", have, tt.want, tt.why)
		}
	}
	if m.Supersedes(channelfile.FileName(older), []byte("junk")) || m.Supersedes("", nil) {
		t.Error("what is no channel file is no older one")
	}
}

// edited returns the listing of a file in a manifest that somebody edited.
func edited(m *Manifest, name string, edit func(*validate.Listing)) *validate.Listing {
	l := m.Listing("out/manifest.json", name)
	edit(l)
	return l
}

// TestListed holds what the checks of manifests say, and of which files.
func TestListed(t *testing.T) {
	m, files := published(t)
	const named = "C-00000291-00000002-00000007.cf"
	checks := []*validate.Check{regularFile, sizeCap, namedByManifest, digestOfManifest}
	for _, tt := range []struct {
		why     string
		name    string
		data    []byte
		listing *validate.Listing
		want    []string
	}{
		{"the file of the set", named, files[named], m.Listing("out/manifest.json", named), nil},
		{"a file by itself", named, files[named], nil, nil},
		{"one bit is another file", named, append(append([]byte{}, files[named][:len(files[named])-1]...), files[named][len(files[named])-1]^1), m.Listing("out/manifest.json", named), []string{"CF0009"}},
		{"an empty one too", named, nil, m.Listing("out/manifest.json", named), []string{"CF0009"}},
		{"the good content under another name", "copy.cf", files[named], m.Listing("out/manifest.json", "copy.cf"), []string{"CF0008"}},
		{"the name in another case", strings.ToLower(named), files[named], m.Listing("out/manifest.json", strings.ToLower(named)), []string{"CF0008"}},
		{"the manifest states another size", named, files[named], edited(m, named, func(l *validate.Listing) { l.Size++ }), []string{"CF0009"}},
		{"the manifest states another type", named, files[named], edited(m, named, func(l *validate.Listing) { l.Type++ }), []string{"CF0009"}},
		{"another size and SHA-256 are one fault", named, files[named], edited(m, named, func(l *validate.Listing) { l.Size++; l.Type++; l.Digest[0]++ }), []string{"CF0009"}},
		{"a file in a folder below", named, files[named], &validate.Listing{Manifest: "out/manifest.json"}, []string{"CF0008"}},
	} {
		s := validate.ChannelFile(tt.name, tt.data)
		s.Listing = tt.listing
		r := validate.Run(s, validate.Options{Checks: checks, Definitions: builtin.Definitions()})
		var have []string
		for _, f := range r.Findings {
			have = append(have, f.Check.ID)
		}
		if diff := cmp.Diff(tt.want, have); diff != "" {
			t.Errorf("%s (-want +have)\n%s", tt.why, diff)
		}
		if applies := len(r.NotApplicable) == 0; applies != (tt.listing != nil) {
			t.Errorf("%s: not applicable are %v", tt.why, r.NotApplicable)
		}
	}
}
