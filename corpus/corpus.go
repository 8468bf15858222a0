// Package corpus holds good and bad channel files, with the expected findings of
// the gate for each. A case is a folder below cases. It has a text, which states
// the verdict, the reason and the content of the file, and the file that the
// assembler makes from the text. README.md describes how to read and write
// cases, and how to use them from another language.
//
// Tests use [Cases]. [Variants] derives many more files from one case.
// [Specials] lists inputs that no file of the corpus can hold. [Incidents] returns
// models of public outages. The package imports nothing that reads or writes
// channel files, so it can test all of that.
package corpus

import (
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

	"github.com/cfcheck/cfcheck/corpus/asm"
)

// FS is the corpus: cases, layouts, fleets, types, ledgers, plans and index.json.
//
//go:embed cases layouts fleets types ledgers plans index.json
var FS embed.FS

// A Verdict is the result of the gate for one file and fleet.
type Verdict string

const (
	Accepted  Verdict = "accepted"
	Rejected  Verdict = "rejected"
	Undecided Verdict = "undecided"
)

// NoFleet is the [Case.Fleet] of a case that is judged without a fleet.
const NoFleet = "none"

// defaultFleet is the fleet of cases that do not name one: a build that supplies
// all inputs of the built-in definition of type 1, without limits.
const defaultFleet = "supplies-21"

// builtinFleets are the fleets that the gate has built in. All others are files.
var builtinFleets = []string{"291", "reference"}

// A Case is one channel file with the expected findings of the gate.
type Case struct {
	Name   string  // name of the folder: lower-case words with hyphens
	Why    string  // the fault of the file, or its near fault
	Expect Verdict // verdict on the file for the fleet

	// Checks are the IDs of all checks that report a finding, of any severity, in
	// ascending order. An accepted case has warnings and notes only.
	Checks []string

	// Near are the checks that an accepted file only just passes.
	Near []string

	// At holds the places of the findings. Empty means that the case states no place.
	At []Location

	// Fleet is the name of the fleet that the file is judged for. FleetData is
	// that fleet in JSON; nil means that it is built into the gate, or is NoFleet.
	Fleet     string
	FleetData []byte

	// Types names definitions that the file is judged with, in addition to the
	// built-in ones. TypesData holds them in JSON. "" and nil mean no additions.
	Types     string
	TypesData []byte

	// Ledger names the record of content that shipped without harm, and Plan the exercise
	// plan that the file is judged with. LedgerData and PlanData are these files. "" and nil
	// mean that there is no record or no plan.
	Ledger     string
	LedgerData []byte
	Plan       string
	PlanData   []byte

	// Previous is the name of the case whose file shipped before. "" means that the file is
	// not compared with a previous release. PreviousName and PreviousData are the name and
	// the bytes of that file.
	Previous     string
	PreviousName string
	PreviousData []byte

	// Now is the time at which the file is judged. Zero means that it does not matter.
	Now time.Time

	FileName string // base name under which the file is judged
	Data     []byte // the file; must not be modified
}

// A Location is a half-open range of bytes of the file that a finding of the
// check overlaps. An empty range is a place between two bytes, or the end.
type Location struct {
	Check      string
	Start, End int
}

// Path returns the path of the case's file in [FS].
func (c *Case) Path() string { return path.Join("cases", c.Name, c.FileName) }

var cases = sync.OnceValues(func() ([]Case, error) { return Load(FS) })

// Cases returns all cases, sorted by name. It panics if the embedded corpus is
// broken. The test of the package excludes that.
func Cases() []Case {
	all, err := cases()
	if err != nil {
		panic("corpus: " + err.Error())
	}
	return slices.Clone(all)
}

// Load reads the cases of a corpus with their files. It fails if there are no
// cases, or if a text has an unknown key, lacks a key or cannot be assembled. It
// does not compare the files with the results of the assembler.
func Load(fsys fs.FS) ([]Case, error) {
	texts, err := readTexts(fsys, "cases")
	if err != nil {
		return nil, err
	}
	var out []Case
	for _, t := range texts {
		c, _, err := t.resolve(fsys, texts)
		if err != nil {
			return nil, err
		}
		if c.Data, err = fs.ReadFile(fsys, c.Path()); err != nil {
			return nil, fmt.Errorf("case %s has no file; assemble it with go test ./corpus -update: %w", c.Name, err)
		}
		out = append(out, *c)
	}
	return out, addPrevious(out)
}

// addPrevious fills in the previous files of the cases.
func addPrevious(cases []Case) error {
	for i := range cases {
		c := &cases[i]
		if c.Previous == "" {
			continue
		}
		k := slices.IndexFunc(cases, func(o Case) bool { return o.Name == c.Previous })
		if k < 0 {
			return fmt.Errorf("case %s: previous: there is no case %s", c.Name, c.Previous)
		}
		c.PreviousName, c.PreviousData = cases[k].FileName, cases[k].Data
	}
	return nil
}

// Assemble builds the cases of a corpus from their texts alone. [Case.Data] is
// the result of the assembler.
func Assemble(fsys fs.FS) ([]Case, error) {
	texts, err := readTexts(fsys, "cases")
	if err != nil {
		return nil, err
	}
	var out []Case
	for _, t := range texts {
		c, im, err := t.resolve(fsys, texts)
		if err != nil {
			return nil, err
		}
		c.Data = im.Data
		out = append(out, *c)
	}
	return out, addPrevious(out)
}

// A text is the written form of a case.
type text struct {
	name     string
	path     string // path of the file, for messages
	keys     map[string]string
	at       []string
	body     string
	bodyLine int
}

// The keys of a text.
var (
	requiredKeys = []string{"expect", "why"}
	optionalKeys = []string{"checks", "near", "fleet", "types", "previous", "ledger", "plan", "now", "file", "layout", "base"}
)

var (
	caseName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	checkID  = regexp.MustCompile(`^CF[0-9]{4}$`)
)

// readTexts reads all texts below a folder, in the order of their names.
func readTexts(fsys fs.FS, folder string) ([]*text, error) {
	folders, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return nil, err
	}
	var out []*text
	for _, d := range folders {
		if !caseName.MatchString(d.Name()) {
			return nil, fmt.Errorf("%s/%s: the name of a case is lower-case words with hyphens", folder, d.Name())
		}
		p := path.Join(folder, d.Name(), "case.txt")
		data, err := fs.ReadFile(fsys, p)
		if err != nil {
			return nil, err
		}
		t, err := parseText(d.Name(), p, string(data))
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	if len(out) == 0 {
		return nil, errors.New("the corpus has no cases")
	}
	return out, nil
}

// parseText reads the keys of a text, up to the first blank line after the first
// key. The rest is assembly.
func parseText(name, p, s string) (*text, error) {
	t := &text{name: name, path: p, keys: map[string]string{}}
	n, last := 0, ""
	for l := range strings.Lines(s) {
		n++
		rest := s[len(l):]
		s = rest
		l = strings.TrimRight(l, "\r\n")
		fail := func(format string, a ...any) error {
			return fmt.Errorf("%s:%d: %s", p, n, fmt.Sprintf(format, a...))
		}
		switch {
		case strings.HasPrefix(l, "#"):
			continue
		case strings.TrimSpace(l) == "":
			if last == "" {
				continue
			}
			t.body, t.bodyLine = rest, n+1
		case l[0] == ' ' || l[0] == '\t':
			if last != "why" {
				return nil, fail("only why: goes on in a second line")
			}
			t.keys[last] += " " + strings.TrimSpace(l)
			continue
		default:
			key, value, ok := strings.Cut(l, ":")
			value = strings.TrimSpace(value)
			last = key
			switch {
			case !ok:
				return nil, fail("a line without a colon among the keys; a blank line ends them")
			case value == "":
				return nil, fail("%s: has no value", key)
			case key == "at":
				t.at = append(t.at, value)
			case !slices.Contains(requiredKeys, key) && !slices.Contains(optionalKeys, key):
				return nil, fail("unknown key %q; there are %s, at, %s", key, strings.Join(requiredKeys, ", "), strings.Join(optionalKeys, ", "))
			case t.keys[key] != "":
				return nil, fail("%s: a second time", key)
			default:
				t.keys[key] = value
			}
			continue
		}
		break
	}
	for _, k := range requiredKeys {
		if t.keys[k] == "" {
			return nil, fmt.Errorf("%s: the key %s is missing", p, k)
		}
	}
	return t, nil
}

// resolve returns the case of a text, without its data.
func (t *text) resolve(fsys fs.FS, all []*text) (*Case, *asm.Image, error) {
	c := &Case{Name: t.name, Previous: t.keys["previous"]}
	fail := func(format string, a ...any) (*Case, *asm.Image, error) {
		return nil, nil, fmt.Errorf("%s: %w", t.path, fmt.Errorf(format, a...))
	}
	var err error
	if c.Why, c.Expect, c.Checks, c.Near, err = t.expectation(); err != nil {
		return fail("%w", err)
	}

	c.Fleet = t.keys["fleet"]
	if c.Fleet == "" {
		c.Fleet = defaultFleet
	}
	if c.Fleet != NoFleet && !slices.Contains(builtinFleets, c.Fleet) {
		if c.FleetData, err = fs.ReadFile(fsys, path.Join("fleets", c.Fleet+".json")); err != nil {
			return fail("fleet: %w", err)
		}
	}
	if c.Types = t.keys["types"]; c.Types != "" {
		if c.TypesData, err = fs.ReadFile(fsys, path.Join("types", c.Types+".json")); err != nil {
			return fail("types: %w", err)
		}
	}
	if c.Ledger = t.keys["ledger"]; c.Ledger != "" {
		if c.LedgerData, err = fs.ReadFile(fsys, path.Join("ledgers", c.Ledger+".ledger")); err != nil {
			return fail("ledger: %w", err)
		}
	}
	if c.Plan = t.keys["plan"]; c.Plan != "" {
		if c.PlanData, err = fs.ReadFile(fsys, path.Join("plans", c.Plan+".json")); err != nil {
			return fail("plan: %w", err)
		}
	}
	if now := t.keys["now"]; now != "" {
		if c.Now, err = time.Parse(time.RFC3339, now); err != nil {
			return fail("now: %w", err)
		}
	}

	sources, err := t.sources(fsys, all)
	if err != nil {
		return fail("%w", err)
	}
	im, err := asm.Assemble(sources...)
	if err != nil {
		return fail("%w", err)
	}
	for _, at := range t.at {
		loc := Location{}
		if id, rest, ok := strings.Cut(at, " "); ok && checkID.MatchString(id) {
			loc.Check, at = id, rest
		} else if len(c.Checks) == 1 {
			loc.Check = c.Checks[0]
		}
		if !slices.Contains(c.Checks, loc.Check) {
			return fail("at: %s: it must start with one of the IDs of checks:", at)
		}
		if loc.Start, loc.End, err = im.Range(at); err != nil {
			return fail("at: %w", err)
		}
		if loc.End > len(im.Data) {
			return fail("at: %s ends at %d, but the file has %d bytes", at, loc.End, len(im.Data))
		}
		c.At = append(c.At, loc)
	}

	if c.FileName = t.keys["file"]; c.FileName == "" {
		c.FileName = canonicalName(im)
	}
	if c.FileName != path.Base(c.FileName) || c.FileName == "case.txt" {
		return fail("file: %s is not a base name", c.FileName)
	}
	return c, im, nil
}

// expectation returns the keys for the verdict and the findings, and the reason.
func (t *text) expectation() (why string, expect Verdict, checks, near []string, err error) {
	why, expect = t.keys["why"], Verdict(t.keys["expect"])
	if checks, err = checkList(t.keys["checks"]); err != nil {
		return "", "", nil, nil, fmt.Errorf("checks: %w", err)
	}
	if near, err = checkList(t.keys["near"]); err != nil {
		return "", "", nil, nil, fmt.Errorf("near: %w", err)
	}
	switch {
	case expect != Accepted && expect != Undecided && expect != Rejected:
		err = fmt.Errorf("expect: %s; it is accepted, rejected or undecided", expect)
	case expect == Rejected && len(checks) == 0:
		err = errors.New("rejected, but checks: does not say by which")
	case len(near) > 0 && expect != Accepted:
		err = fmt.Errorf("near: is for accepted cases; this one is %s", expect)
	}
	return why, expect, checks, near, err
}

// maxBases limits the length of a chain of bases, so that a cycle ends.
const maxBases = 8

// sources returns the texts to assemble for t, in this order: the names of the
// format, the layout, and the chain of bases, which ends with t.
func (t *text) sources(fsys fs.FS, all []*text) ([]asm.Source, error) {
	var chain []asm.Source
	for at := t; ; {
		chain = append(chain, asm.Source{Name: at.path, Text: at.body, Line: at.bodyLine})
		if len(chain) > maxBases {
			return nil, fmt.Errorf("more than %d bases, one upon the other", maxBases)
		}
		base, layout := at.keys["base"], at.keys["layout"]
		if base != "" && layout != "" {
			return nil, fmt.Errorf("%s has a base and a layout; the base has its own", at.path)
		}
		if base == "" {
			for _, name := range []string{layout, "format"} {
				if name == "" {
					continue
				}
				p := path.Join("layouts", name+".txt")
				data, err := fs.ReadFile(fsys, p)
				if err != nil {
					return nil, err
				}
				chain = append(chain, asm.Source{Name: p, Text: string(data)})
			}
			slices.Reverse(chain)
			return chain, nil
		}
		i := slices.IndexFunc(all, func(o *text) bool { return o.name == base })
		if i < 0 {
			return nil, fmt.Errorf("base: there is no case %s", base)
		}
		at = all[i]
	}
}

// checkList reads IDs separated by commas.
func checkList(s string) ([]string, error) {
	if s == "" {
		return nil, nil
	}
	var out []string
	for id := range strings.SplitSeq(s, ",") {
		id = strings.TrimSpace(id)
		if !checkID.MatchString(id) {
			return nil, fmt.Errorf("%q is not the ID of a check, such as CF1034", id)
		}
		out = append(out, id)
	}
	for i := 1; i < len(out); i++ {
		if out[i-1] >= out[i] {
			return nil, fmt.Errorf("%s after %s; the IDs ascend", out[i], out[i-1])
		}
	}
	return out, nil
}

// canonicalName returns the name that the header requires. If the text has no
// header, it returns a name in canonical form.
func canonicalName(im *asm.Image) string {
	number := func(path string, otherwise uint64) uint64 {
		if n, ok := im.Number(path); ok {
			return n
		}
		return otherwise
	}
	return fmt.Sprintf("C-%08d-%08d-%08d.cf",
		number("header.channel", 291), number("header.type_version", 1), number("header.revision", 1))
}
