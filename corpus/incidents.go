package corpus

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// IncidentsFS holds the models of outages: in the folder incidents, a folder for each
// outage, and the texts about the outages that have no model. README.md describes them.
//
//go:embed incidents
var IncidentsFS embed.FS

// An Incident is a public outage that was caused by content, or by something like it.
type Incident struct {
	Name    string   // name of the folder: lower-case words with hyphens
	Outage  string   // company and product
	Date    string   // its first day, as 2024-07-19, or the month, as 2016-03
	Cause   string   // the cause in our own words
	Sources []string // public accounts

	// Unseen is the reason why no check of content can see the fault. If it is "", there
	// is a model, and the fields below are set.
	Unseen string

	Model    string // how the model stands for the outage
	Check    string // ID of the check that rejects Bad
	NearMiss string // why Near is accepted

	// Bad, Near and Shipped are content, as paths from the folder of the corpus: a channel
	// file, or a folder with rules. Bad is like the content that caused the outage. Near
	// differs from it as little as possible. Shipped is the previous release; "" means that
	// the model needs no previous release.
	Bad, Near, Shipped string

	// BadFleet and NearFleet are the fleets of Bad and Near: a path, or the name of a
	// built-in fleet.
	BadFleet, NearFleet string
	flags               []string // further arguments of cfcheck check
}

// Modelled reports whether the incident has a model.
func (in *Incident) Modelled() bool { return in.Unseen == "" }

// Args returns the arguments of the cfcheck command that judges Bad or Near in the
// folder of the corpus.
func (in *Incident) Args(near bool) []string {
	content, fleet := in.Bad, in.BadFleet
	if near {
		content, fleet = in.Near, in.NearFleet
	}
	args := append([]string{"check", "--fleet", fleet}, in.flags...)
	if !slices.Contains(in.flags, "--policy") {
		args = append(args, "--no-policy")
	}
	if in.Shipped != "" {
		args = append(args, "--previous", in.Shipped)
	}
	return append(args, content)
}

var incidents = sync.OnceValues(func() ([]Incident, error) { return LoadIncidents(FS, IncidentsFS) })

// Incidents returns all incidents, sorted by date and name. It panics if the embedded
// folder is broken. The test of the package excludes that.
func Incidents() []Incident {
	all, err := incidents()
	if err != nil {
		panic("corpus: " + err.Error())
	}
	return slices.Clone(all)
}

// unseenFile has the texts about the outages without a model, separated by lines of
// three hyphens.
const unseenFile = "incidents/unseen.txt"

// LoadIncidents reads the incidents of a file system. Cases is the file system of the
// corpus, whose cases the models may use. It fails if there is no incident, if a text has
// an unknown key or lacks a key, or if a path does not exist.
func LoadIncidents(cases, fsys fs.FS) ([]Incident, error) {
	var all []Incident
	texts, err := readTexts(cases, "cases")
	if err != nil {
		return nil, err
	}
	folders, err := fs.ReadDir(fsys, "incidents")
	if err != nil {
		return nil, err
	}
	for _, d := range folders {
		if !d.IsDir() {
			if name := path.Join("incidents", d.Name()); name != unseenFile {
				return nil, fmt.Errorf("%s: a file that belongs to no incident", name)
			}
			continue
		}
		in, err := loadIncident(cases, texts, fsys, d.Name())
		if err != nil {
			return nil, err
		}
		all = append(all, *in)
	}
	data, err := fs.ReadFile(fsys, unseenFile)
	if err != nil {
		return nil, err
	}
	line := 1
	for part := range strings.SplitSeq(string(data), "\n---\n") {
		t, err := parseIncident(unseenFile, part, line)
		if err != nil {
			return nil, err
		}
		in, err := t.incident(unseenKeys)
		if err != nil {
			return nil, err
		}
		all = append(all, *in)
		line += strings.Count(part, "\n") + 2
	}
	slices.SortFunc(all, func(a, b Incident) int {
		return cmp.Or(strings.Compare(a.Date, b.Date), strings.Compare(a.Outage, b.Outage))
	})
	for i := 1; i < len(all); i++ {
		if all[i].Outage == all[i-1].Outage && all[i].Date == all[i-1].Date {
			return nil, fmt.Errorf("%s of %s is there twice", all[i].Outage, all[i].Date)
		}
	}
	return all, nil
}

// An incidentText is the written form of an incident.
type incidentText struct {
	place  string // path and first line, for messages
	keys   map[string]string
	source []string
}

// The keys of a text.
var (
	commonKeys = []string{"outage", "date", "cause"}
	modelKeys  = append([]string{"model", "check", "bad", "near", "near-miss"}, commonKeys...)
	unseenKeys = append([]string{"unseen"}, commonKeys...)
	otherKeys  = []string{"shipped", "fleet"}
	// flagKeys are flags of cfcheck check whose value is a path
	flagKeys = []string{"policy", "types", "never-match", "known-good", "ledger"}
)

// parseIncident reads the keys of a text that starts at a line of a file. A value may
// continue in indented lines.
func parseIncident(name, s string, first int) (*incidentText, error) {
	t := &incidentText{place: fmt.Sprintf("%s:%d", name, first), keys: map[string]string{}}
	known := slices.Concat(modelKeys, unseenKeys, otherKeys, flagKeys)
	n, last := first-1, ""
	for l := range strings.Lines(s) {
		n++
		l = strings.TrimRight(l, "\r\n")
		fail := func(format string, a ...any) error {
			return fmt.Errorf("%s:%d: %s", name, n, fmt.Sprintf(format, a...))
		}
		switch {
		case l == "":
			continue
		case l[0] == ' ':
			if t.keys[last] == "" {
				return nil, fail("an indented line continues the value of a key; there is no such key before it")
			}
			t.keys[last] += " " + strings.TrimSpace(l)
			continue
		}
		key, value, ok := strings.Cut(l, ":")
		if value = strings.TrimSpace(value); !ok || value == "" {
			return nil, fail("expected a key, a colon and a value")
		}
		last = key
		switch {
		case key == "source":
			t.source = append(t.source, value)
		case !slices.Contains(known, key):
			return nil, fail("unknown key %q (want %s, source)", key, strings.Join(known, ", "))
		case t.keys[key] != "":
			return nil, fail("%s: a second time", key)
		default:
			t.keys[key] = value
		}
	}
	return t, nil
}

// incident returns the part of an incident that needs no model. Required are the keys
// that the text must have.
func (t *incidentText) incident(required []string) (*Incident, error) {
	for _, k := range required {
		if t.keys[k] == "" {
			return nil, fmt.Errorf("%s: the key %s is missing", t.place, k)
		}
	}
	date := t.keys["date"]
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		if _, err := time.Parse("2006-01", date); err != nil {
			return nil, fmt.Errorf("%s: date: %q (want a day, such as 2024-07-19, or a month, such as 2016-03)", t.place, date)
		}
	}
	return &Incident{Outage: t.keys["outage"], Date: date, Cause: t.keys["cause"], Sources: t.source, Unseen: t.keys["unseen"]}, nil
}

var incidentName = regexp.MustCompile(`^[0-9]{4}(-[a-z0-9]+)+$`)

// loadIncident reads the incident in a folder.
func loadIncident(cases fs.FS, texts []*text, fsys fs.FS, name string) (*Incident, error) {
	folder := path.Join("incidents", name)
	file := path.Join(folder, "incident.txt")
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	t, err := parseIncident(file, string(data), 1)
	if err != nil {
		return nil, err
	}
	in, err := t.incident(modelKeys)
	if err != nil {
		return nil, err
	}
	fail := func(err error) (*Incident, error) { return nil, fmt.Errorf("%s: %w", file, err) }
	in.Name, in.Model, in.Check, in.NearMiss = name, t.keys["model"], t.keys["check"], t.keys["near-miss"]
	switch {
	case !incidentName.MatchString(name) || !strings.HasPrefix(name, in.Date+"-"):
		return fail(fmt.Errorf("the name of the folder is the date and lower-case words, joined by hyphens"))
	case !checkID.MatchString(in.Check):
		return fail(fmt.Errorf("check: %q is not the ID of a check, such as CF1034", in.Check))
	case in.Unseen != "":
		return fail(errors.New("unseen: an incident in a folder has a model"))
	case len(in.Sources) == 0:
		return fail(errors.New("the key source is missing"))
	}
	m := modelReader{cases: cases, texts: texts, fsys: fsys, folder: folder}
	fleet := t.keys["fleet"]
	in.Bad, in.BadFleet = m.content("bad", t.keys["bad"], fleet)
	in.Near, in.NearFleet = m.content("near", t.keys["near"], fleet)
	if shipped := t.keys["shipped"]; shipped != "" {
		in.Shipped, _ = m.content("shipped", shipped, fleet)
	}
	for _, k := range flagKeys {
		if v := t.keys[k]; v != "" {
			in.flags = append(in.flags, "--"+k, m.path(k, v))
		}
	}
	if m.err != nil {
		return fail(m.err)
	}
	if err := m.allUsed(in); err != nil {
		return fail(err)
	}
	return in, nil
}

// A modelReader finds the files of a model.
type modelReader struct {
	cases, fsys fs.FS
	texts       []*text // of the cases
	folder      string
	err         error // the first error
}

func (m *modelReader) fail(format string, a ...any) {
	if m.err == nil {
		m.err = fmt.Errorf(format, a...)
	}
}

// path returns the path of a file or folder of the model, from the folder of the corpus.
func (m *modelReader) path(key, value string) string {
	p := path.Join(m.folder, value)
	if _, err := fs.Stat(m.fsys, p); err != nil {
		m.fail("%s: %w", key, err)
	}
	return p
}

// content returns the path of content, and the fleet to judge it for. A value such as
// "case two-rules" is the file of a case. If the text names no fleet, the fleet is the
// fleet of the case.
func (m *modelReader) content(key, value, fleet string) (content, forFleet string) {
	name, ok := strings.CutPrefix(value, "case ")
	if !ok {
		content = m.path(key, value)
		if fleet == "" {
			m.fail("the key fleet is missing, and %s is not a case", key)
		}
		return content, m.fleet(fleet)
	}
	i := slices.IndexFunc(m.texts, func(t *text) bool { return t.name == name })
	if i < 0 {
		m.fail("%s: there is no case %s", key, name)
		return "", ""
	}
	c, _, err := m.texts[i].resolve(m.cases, m.texts)
	if err != nil {
		m.fail("%s: %w", key, err)
		return "", ""
	}
	if c.Types != "" {
		m.fail("%s: case %s has definitions of its own, which a model cannot use yet", key, name)
	}
	if fleet == "" {
		fleet = c.Fleet
	}
	return c.Path(), m.fleet(fleet)
}

// fleet returns a built-in fleet by its name, a fleet of the model by its path, or else
// a fleet of the corpus.
func (m *modelReader) fleet(name string) string {
	switch {
	case slices.Contains(builtinFleets, name):
		return name
	case strings.HasSuffix(name, ".json"):
		return m.path("fleet", name)
	}
	p := path.Join("fleets", name+".json")
	if _, err := fs.Stat(m.cases, p); err != nil {
		m.fail("fleet: %w", err)
	}
	return p
}

// allUsed returns an error if the folder has a file that the model does not use.
func (m *modelReader) allUsed(in *Incident) error {
	used := append([]string{path.Join(m.folder, "incident.txt"), in.Bad, in.Near, in.Shipped, in.BadFleet, in.NearFleet}, in.flags...)
	return fs.WalkDir(m.fsys, m.folder, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case slices.Contains(used, p) && d.IsDir():
			return fs.SkipDir
		case slices.Contains(used, p) || d.IsDir():
			return nil
		}
		return fmt.Errorf("the model does not use %s", p)
	})
}
