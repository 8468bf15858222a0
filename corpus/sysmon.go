package corpus

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cfcheck/cfcheck/corpus/asm"
)

// The cases of Sysmon stand apart from those of channel files: they have other formats, and a user
// of the corpus for channel files must not meet them.
//
//go:embed sysmon fleets layouts
var sysmonFS embed.FS

// The files of a case of Sysmon: one of them.
const (
	sysmonSource = "config.xml"
	sysmonBlob   = "rules.bin"
)

// defaultSysmonFleet is the fleet of cases of Sysmon that do not name one: Sysmon 13.33 and 15.15.
const defaultSysmonFleet = "sysmon"

// A SysmonCase is a configuration or a rule blob of Sysmon with the expected findings of the gate.
type SysmonCase struct {
	Name   string  // name of the folder: lower-case words with hyphens
	Why    string  // the fault of the file, or its near fault
	Expect Verdict // verdict on the file for the fleet

	// Checks are the IDs of all checks that report a finding, of any severity, in
	// ascending order. An accepted case has warnings and notes only.
	Checks []string

	// Near are the checks that an accepted file only just passes.
	Near []string

	// Lines are the lines of a configuration with findings. Bytes are the ranges of a blob that a
	// finding overlaps. Empty means that the case states no place.
	Lines []int
	Bytes []Location

	// Fleet is the name of the fleet that the file is judged for, and FleetData that fleet in JSON.
	Fleet     string
	FleetData []byte

	FileName string // config.xml or rules.bin
	Data     []byte // the file; must not be modified
}

// IsBlob reports whether the file is a rule blob. The others are configurations.
func (c *SysmonCase) IsBlob() bool { return c.FileName == sysmonBlob }

// Path returns the path of the case's file in the folder of the package.
func (c *SysmonCase) Path() string { return path.Join("sysmon", c.Name, c.FileName) }

var sysmonCases = sync.OnceValues(func() ([]SysmonCase, error) { return loadSysmon(sysmonFS, false) })

// Sysmon returns all cases of Sysmon, sorted by name. It panics if the embedded corpus is broken.
// The test of the package excludes that.
func Sysmon() []SysmonCase {
	all, err := sysmonCases()
	if err != nil {
		panic("corpus: " + err.Error())
	}
	return slices.Clone(all)
}

// loadSysmon reads the cases of Sysmon. If assemble is true, the blobs are those that the assembler
// makes from the texts, and not the files.
func loadSysmon(fsys fs.FS, assemble bool) ([]SysmonCase, error) {
	texts, err := readTexts(fsys, "sysmon")
	if err != nil {
		return nil, err
	}
	var out []SysmonCase
	for _, t := range texts {
		c, err := t.resolveSysmon(fsys, texts, assemble)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.path, err)
		}
		out = append(out, *c)
	}
	return out, nil
}

// resolveSysmon returns the case of a text. A case with assembly is a blob.
func (t *text) resolveSysmon(fsys fs.FS, all []*text, assemble bool) (*SysmonCase, error) {
	for _, key := range []string{"types", "previous", "now", "file"} {
		if t.keys[key] != "" {
			return nil, fmt.Errorf("%s: a case of Sysmon does not have this key", key)
		}
	}
	c := &SysmonCase{Name: t.name, FileName: sysmonSource}
	if t.keys["layout"]+t.keys["base"] != "" {
		c.FileName = sysmonBlob
	} else if strings.TrimSpace(t.body) != "" {
		return nil, errors.New("assembly without a layout or a base; a configuration is the file " + sysmonSource + " beside the text")
	}
	var err error
	if c.Why, c.Expect, c.Checks, c.Near, err = t.expectation(); err != nil {
		return nil, err
	}
	if c.Fleet = t.keys["fleet"]; c.Fleet == "" {
		c.Fleet = defaultSysmonFleet
	}
	if c.Fleet != NoFleet {
		if c.FleetData, err = fs.ReadFile(fsys, path.Join("fleets", c.Fleet+".json")); err != nil {
			return nil, fmt.Errorf("fleet: %w", err)
		}
	}
	var im *asm.Image
	if c.IsBlob() {
		sources, err := t.sources(fsys, all)
		if err != nil {
			return nil, err
		}
		if im, err = asm.Assemble(sources...); err != nil {
			return nil, err
		}
	}
	for _, at := range t.at {
		if err := c.place(at, im); err != nil {
			return nil, fmt.Errorf("at: %w", err)
		}
	}
	if assemble && im != nil {
		c.Data = im.Data
		return c, nil
	}
	if c.Data, err = fs.ReadFile(fsys, c.Path()); err != nil {
		return nil, fmt.Errorf("it has no %s: %w", c.FileName, err)
	}
	return c, nil
}

// place adds a place: "line 3" of a configuration, or a name of the assembly.
func (c *SysmonCase) place(at string, im *asm.Image) error {
	if im == nil {
		number, ok := strings.CutPrefix(at, "line ")
		line, err := strconv.Atoi(number)
		if !ok || err != nil || line < 1 {
			return fmt.Errorf("%s: expected a line, such as line 3", at)
		}
		c.Lines = append(c.Lines, line)
		return nil
	}
	loc := Location{}
	if len(c.Checks) == 1 {
		loc.Check = c.Checks[0]
	}
	if id, rest, ok := strings.Cut(at, " "); ok && checkID.MatchString(id) {
		loc.Check, at = id, rest
	}
	if !slices.Contains(c.Checks, loc.Check) {
		return fmt.Errorf("%s: it must start with an ID from the line checks", at)
	}
	var err error
	if loc.Start, loc.End, err = im.Range(at); err != nil {
		return err
	}
	if loc.End > len(im.Data) {
		return fmt.Errorf("%s ends at %d, but the file has %d bytes", at, loc.End, len(im.Data))
	}
	c.Bytes = append(c.Bytes, loc)
	return nil
}
