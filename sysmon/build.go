package sysmon

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// The platforms of a build.
const (
	Windows = "windows"
	Linux   = "linux"
)

// A Layout is a form of the rule blob.
type Layout uint8

const (
	LayoutUnknown Layout = iota // known for no public description: nobody can judge such a blob
	Layout101                   // binary version 1.01: no names, groups or relations
	Layout15                    // binary versions 15 to 18
)

// String returns a few words for messages, such as "the layout of 15 to 18".
func (l Layout) String() string {
	switch l {
	case Layout101:
		return "the layout of 1.01"
	case Layout15:
		return "the layout of 15 to 18"
	}
	return "an unknown layout"
}

// LayoutOf returns the layout of a blob by the binary version in its first word. The minor number
// counts for version 1 only, because later readers compare the major number alone. The layout is
// certain for 1.01 and 15; for 16 to 18 it is inferred from the source of 16 and from two
// registries (Sysmon 14.16 and 15.11).
func LayoutOf(binary Version) Layout {
	switch {
	case binary == Version{1, 1}:
		return Layout101
	case 15 <= binary.Major && binary.Major <= 18:
		return Layout15
	}
	return LayoutUnknown
}

// A Build is a released version of Sysmon.
type Build struct {
	Name     string    // such as "15.15", "linux-1.0.0"
	Platform string    // Windows or Linux
	Schema   Version   // newest schema that it knows
	Binary   Version   // of the blobs that it reads and writes; zero if it is one of several
	Binaries []Version // the possible binary versions; one if it is known
	Layout   Layout    // of these blobs
	Sure     bool      // schema and binary version are certain
	Source   string    // where both were read
	Bad      []Defect  // known bugs

	manifest *Schema // of a build that is not built in; nil means the built-in schema
}

// builtinBuilds are the released versions. The first lines of the text describe its form.
//
//go:embed builds.txt
var buildsText string

// Builds returns the built-in builds, for Windows by ascending version, then those for Linux. The
// caller must not change them.
func Builds() []*Build { return builtinBuilds().list }

// Newest returns the newest built-in build for Windows whose name is a version.
func Newest() (newest *Build) {
	for _, b := range Builds() {
		if _, err := ParseVersion(b.Name); err == nil && b.Platform == Windows {
			newest = b
		}
	}
	return newest
}

type buildTable struct {
	list   []*Build
	ranges []buildRange
}

// A buildRange stands for every version between two.
type buildRange struct {
	from, to Version
	build    *Build // the first one
}

var builtinBuilds = sync.OnceValue(func() buildTable {
	table, err := parseBuilds(buildsText)
	if err != nil {
		panic("sysmon: builds.txt: " + err.Error()) // a test reads the embedded text
	}
	return table
})

// parseBuilds reads the form of builds.txt. An error names the line.
func parseBuilds(text string) (buildTable, error) {
	var table buildTable
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if err := table.add(line); err != nil {
			return table, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	slices.SortStableFunc(table.list, compareBuilds)
	return table, nil
}

// compareBuilds puts numbered builds first, then the other ones for Windows, then those for Linux.
func compareBuilds(a, b *Build) int {
	rank := func(b *Build) int {
		_, err := ParseVersion(b.Name)
		switch {
		case err == nil:
			return 0
		case b.Platform == Windows:
			return 1
		}
		return 2
	}
	if c := cmp.Compare(rank(a), rank(b)); c != 0 || rank(a) != 0 {
		return c
	}
	v, _ := ParseVersion(a.Name)
	w, _ := ParseVersion(b.Name)
	return v.Compare(w)
}

// add adds the builds of one line.
func (t *buildTable) add(line string) error {
	columns := strings.Split(line, " | ")
	if len(columns) != 4 {
		return fmt.Errorf("found %d columns (want versions, schema, binary, source)", len(columns))
	}
	row := Build{Platform: Windows, Sure: true, Source: columns[3]}
	schema, certain := strings.CutSuffix(columns[1], "?")
	row.Sure = !certain
	var err error
	if row.Schema, err = ParseVersion(schema); err != nil {
		return err
	}
	if _, ok := SchemaOf(row.Schema); !ok {
		return fmt.Errorf("schema %s is not in schemas.txt", row.Schema)
	}
	for text := range strings.FieldsSeq(columns[2]) {
		text, certain := strings.CutSuffix(text, "?")
		binary, err := ParseVersion(text)
		if err != nil {
			return err
		}
		row.Binaries = append(row.Binaries, binary)
		row.Sure = row.Sure && !certain
	}
	row.Layout = LayoutOf(row.Binaries[0])
	if len(row.Binaries) == 1 {
		row.Binary = row.Binaries[0]
	} else {
		row.Sure = false
	}
	for _, b := range row.Binaries {
		if LayoutOf(b) != row.Layout {
			return errors.New("the binary versions have several layouts")
		}
	}
	for name := range strings.FieldsSeq(columns[0]) {
		from, to, isRange := strings.Cut(name, "-")
		lower, err := ParseVersion(from)
		if err != nil {
			t.list = append(t.list, row.named(name))
			continue
		}
		t.list = append(t.list, row.named(from))
		if !isRange {
			continue
		}
		t.list = append(t.list, row.named(to))
		upper, err := ParseVersion(to)
		if err != nil {
			return err
		}
		t.ranges = append(t.ranges, buildRange{lower, upper, t.list[len(t.list)-1]})
	}
	return nil
}

// named returns a build like b with another name, its platform and its known bugs.
func (b *Build) named(name string) *Build {
	c := *b
	c.Name = name
	if strings.HasPrefix(name, Linux) {
		c.Platform = Linux
	}
	c.Bad = defectsOf(&c)
	return &c
}

// BuildNamed returns the build of a name, such as "15.15", "v13.00" or "Linux-1.0.0". The case of
// letters does not count, nor does a "v" in front. Of a version the two decimals count, so "15",
// "15.0" and "15.00" are one build, and "15.1" is 15.10. Within a range that a source states, a
// version without an entry of its own is like its neighbours. The error names the nearest builds.
func BuildNamed(name string) (*Build, error) {
	table := builtinBuilds()
	plain := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(name)), "v")
	v, err := ParseVersion(plain)
	if err != nil {
		for _, b := range table.list {
			if b.Name == plain {
				return b, nil
			}
		}
		return nil, fmt.Errorf("unknown Sysmon build %.40q (want a version such as 15.15, or one of %s)", name, unnumbered(table.list))
	}
	var below, above *Build
	for _, b := range table.list {
		w, err := ParseVersion(b.Name)
		if err != nil {
			continue
		}
		switch c := w.Compare(v); {
		case c == 0:
			return b, nil
		case c < 0:
			below = b
		case above == nil:
			above = b
		}
	}
	for _, r := range table.ranges {
		if r.from.Compare(v) < 0 && v.Compare(r.to) < 0 {
			return r.build.named(plain), nil
		}
	}
	var near []string
	for _, b := range []*Build{below, above} {
		if b != nil {
			near = append(near, b.Name)
		}
	}
	return nil, fmt.Errorf("unknown Sysmon build %.40q; the nearest known: %s", name, strings.Join(near, " and "))
}

// unnumbered lists the names of the builds without a version of their own.
func unnumbered(list []*Build) string {
	var names []string
	for _, b := range list {
		if _, err := ParseVersion(b.Name); err != nil {
			names = append(names, b.Name)
		}
	}
	return strings.Join(names, ", ")
}

// NewBuild returns a build that is not built in, by the manifest that it prints.
func NewBuild(name, platform string, manifest *Schema) *Build {
	b := &Build{
		Name: name, Platform: platform, Schema: manifest.Version, Binary: manifest.Binary,
		Binaries: []Version{manifest.Binary}, Layout: LayoutOf(manifest.Binary),
		Sure: true, Source: manifest.Source, manifest: manifest,
	}
	b.Bad = defectsOf(b)
	return b
}

// Manifest returns the newest schema that the build knows. Its blobs have the field numbers and
// event IDs of this schema, whatever schema a configuration declares.
func (b *Build) Manifest() *Schema {
	if b.manifest != nil {
		return b.manifest
	}
	s, ok := SchemaOf(b.Schema)
	if !ok {
		return new(Schema) // a build that a caller made by hand, of an unknown schema
	}
	return s
}

// Grammar returns the schema by which the build judges a configuration that declares a version:
//
//   - the schema of that version, if the build knows it;
//   - otherwise the next lower one;
//   - but for a version above the newest schema of the build, the second newest.
//
// All of them have the major number of the build. So another major number is an error, and so is
// a newer version if the build knows one schema only.
func (b *Build) Grammar(declared Version) (*Schema, error) {
	newest := b.Manifest()
	if declared == newest.Version {
		return newest, nil
	}
	if declared.Major != newest.Version.Major {
		return nil, fmt.Errorf("build %s takes configurations of schema %d.00 to %s only; this one declares %s", b.Name, newest.Version.Major, newest.Version, declared)
	}
	var below *Schema
	for _, s := range Schemas() {
		if s.Version.Major == declared.Major && s.Version.Compare(declared) <= 0 && s.Version.Compare(newest.Version) < 0 {
			below = s
		}
	}
	if below == nil {
		return nil, fmt.Errorf("build %s knows no schema for version %s; it knows %s", b.Name, declared, versionsOf([]*Schema{newest}))
	}
	return below, nil
}
