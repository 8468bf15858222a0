package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/fuzz/internal/oracle"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// A smallCase is a problem in a minimised file, fleet and event.
type smallCase struct {
	problem     *oracle.Problem
	definitions *sensor.Definitions
	definition  *sensor.Definition
	data        []byte
	fleet       *sensor.Fleet // nil means that the problem needs no fleet
	safe        bool
}

// write minimises a problem, writes the case to a folder, and returns the problem of the small
// case.
func (f *found) write(folder string) (*oracle.Problem, error) {
	if f.foreign != nil {
		return writeForeign(f.foreign, folder)
	}
	if f.release != nil {
		c := minimiseRelease(f)
		return c.problem, c.write(folder)
	}
	c := minimise(f)
	return c.problem, c.write(folder)
}

// minimise makes the file, the fleet and the event of a problem smaller while a problem of the
// same kind remains.
func minimise(f *found) *smallCase {
	c := &smallCase{f.problem, f.batch.Definitions, f.batch.Definition, f.file.Data, f.fleet, f.safe}
	o, err := oracle.New(f.checks, oracle.Config{})
	if err != nil {
		return c
	}
	defer o.Close()
	try := func(data []byte, fleet *sensor.Fleet) bool {
		p := o.Load(c.definitions, c.definition, data)
		if p == nil && fleet != nil {
			_, p = o.Decide(fleet, nil, c.safe)
		}
		if p == nil || p.Kind != c.problem.Kind {
			return false
		}
		c.problem, c.data, c.fleet = p, data, fleet
		return true
	}
	if c.fleet != nil {
		for i := range c.fleet.Contracts { // one build often suffices
			if one := (&sensor.Fleet{Name: c.fleet.Name, Contracts: c.fleet.Contracts[i : i+1]}); try(c.data, one) {
				break
			}
		}
		for i := 0; len(c.fleet.Contracts) == 1 && i < len(c.fleet.Contracts[0].Supplies); i++ {
			b := c.fleet.Contracts[0]
			b.Supplies = b.Supplies[i : i+1]
			if try(c.data, &sensor.Fleet{Name: c.fleet.Name, Contracts: []sensor.Contract{b}}) {
				break
			}
		}
	}
	for i := 0; ; {
		less, ok := generate.RemoveInstance(c.data, i)
		if !ok {
			break
		}
		if !try(less, c.fleet) {
			i++
		}
	}
	if c.fleet == nil {
		return c
	}
	if o.Load(c.definitions, c.definition, c.data) == nil {
		if _, p := o.Decide(c.fleet, nil, c.safe); p != nil {
			for i := range c.fleet.Contracts {
				if b := &c.fleet.Contracts[i]; b.Build == p.Build {
					p = o.Shrink(p, b)
				}
			}
			c.problem = p
		}
	}
	return c
}

// The files of a case.
const (
	caseFile        = "file.cf"
	caseDefinitions = "definitions.json"
	caseFleet       = "fleet.json"
	caseProblem     = "problem.json"
	caseText        = "problem.txt"
)

// A problemDocument describes the problem of a case.
type problemDocument struct {
	Kind  string          `json:"kind"`
	What  string          `json:"what"`
	Build string          `json:"build,omitempty"`
	Feed  string          `json:"feed,omitempty"`
	Safe  bool            `json:"safe"` // the file must be accepted
	Event []valueDocument `json:"event,omitempty"`
	Did   []string        `json:"did,omitempty"`
}

// A valueDocument is the value of an input. A value without a type is absent.
type valueDocument struct {
	Type    string `json:"type,omitempty"`
	Hex     string `json:"hex,omitempty"`
	Integer *int64 `json:"integer,omitempty"`
	Address string `json:"address,omitempty"`
}

func documentOf(e interp.Event) (list []valueDocument) {
	for _, v := range e {
		d := valueDocument{}
		if v.Present() {
			d.Type = v.Type.String()
		}
		switch v.Type {
		case sensor.TypeString:
			d.Hex = hex.EncodeToString(v.Text)
		case sensor.TypeInteger:
			d.Integer = &v.Integer
		case sensor.TypeAddress:
			d.Address = netip.AddrFrom16(v.Address).String()
		}
		list = append(list, d)
	}
	return list
}

// write writes the case to a folder, from which -replay reads it.
func (c *smallCase) write(folder string) error {
	w := &caseWriter{folder: folder}
	w.put(caseFile, c.data)
	w.json(caseDefinitions, c.definitions.JSON)
	if c.fleet != nil {
		w.json(caseFleet, c.fleet.JSON)
	}
	p := c.problem
	w.document(caseProblem, problemDocument{p.Kind.String(), p.What, p.Build, p.Feed, c.safe, documentOf(p.Event), p.Did})
	w.put(caseText, []byte(c.text()))
	return w.err
}

// A caseWriter writes the files of a case until an error occurs. It creates the folder.
type caseWriter struct {
	folder string
	err    error
}

func (w *caseWriter) put(name string, data []byte) {
	if w.err == nil {
		w.err = os.MkdirAll(w.folder, 0o755)
	}
	if w.err == nil {
		w.err = os.WriteFile(filepath.Join(w.folder, name), data, 0o644)
	}
}

func (w *caseWriter) json(name string, encode func() ([]byte, error)) {
	data, err := encode()
	if w.err == nil {
		w.err = err
	}
	w.put(name, data)
}

func (w *caseWriter) document(name string, v any) {
	w.json(name, func() ([]byte, error) {
		data, err := json.MarshalIndent(v, "", "  ")
		return append(data, '\n'), err
	})
}

// text returns a description of the case for people.
func (c *smallCase) text() string {
	var b strings.Builder
	p := c.problem
	fmt.Fprintf(&b, "%v\n", p)
	if p.Feed != "" {
		fmt.Fprintf(&b, "feed: %s\n", p.Feed)
	}
	for i, v := range p.Event {
		name := "?"
		if i < len(c.definition.Inputs) {
			name = c.definition.Inputs[i].Name
		}
		switch v.Type {
		case 0:
			fmt.Fprintf(&b, "input %d (index %d), %s: absent\n", i+1, i, name)
		case sensor.TypeString:
			fmt.Fprintf(&b, "input %d (index %d), %s: %q, %d bytes\n", i+1, i, name, v.Text, len(v.Text))
		case sensor.TypeInteger:
			fmt.Fprintf(&b, "input %d (index %d), %s: %d\n", i+1, i, name, v.Integer)
		case sensor.TypeAddress:
			fmt.Fprintf(&b, "input %d (index %d), %s: %v\n", i+1, i, name, netip.AddrFrom16(v.Address))
		}
	}
	for _, line := range p.Did {
		fmt.Fprintf(&b, "%s\n", line)
	}
	if f, err := channelfile.Parse(c.data); err == nil {
		fmt.Fprintf(&b, "the file has %d instances and %d criteria, declares %d inputs and reads %d\n", f.Instances(), f.Criteria(), f.Header.InputsDeclared, f.Header.InputsRead)
	}
	return b.String()
}

// replay judges the case of a folder again, writes the result, and reports whether the problem
// remains.
func replay(w io.Writer, folder string) (problem bool, err error) {
	read := func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(folder, name)) }
	if _, err := os.Stat(filepath.Join(folder, caseRelease)); err == nil {
		return replayRelease(w, folder)
	}
	if _, err := os.Stat(filepath.Join(folder, caseForeign)); err == nil {
		return replayForeign(w, folder)
	}
	data, err := read(caseFile)
	if err != nil {
		return false, err
	}
	text, err := read(caseDefinitions)
	if err != nil {
		return false, err
	}
	definitions, err := sensor.ReadDefinitions(caseDefinitions, text)
	if err != nil {
		return false, err
	}
	var document problemDocument
	if text, err = read(caseProblem); err != nil {
		return false, err
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return false, fmt.Errorf("%s: %w", caseProblem, err)
	}
	c := &smallCase{definitions: definitions, data: data, safe: document.Safe}
	for d := range definitions.All() {
		c.definition = d
	}
	if text, err = read(caseFleet); err == nil {
		if c.fleet, err = sensor.ReadFleet(caseFleet, text); err != nil {
			return false, err
		}
	} else if !os.IsNotExist(err) {
		return false, err
	}
	o, err := oracle.New(suite.Checks, oracle.Config{})
	if err != nil {
		return false, err
	}
	defer o.Close()
	c.problem = o.Load(c.definitions, c.definition, c.data)
	verdict := validate.Undecided
	if c.problem == nil && c.fleet != nil {
		verdict, c.problem = o.Decide(c.fleet, nil, c.safe)
	}
	if c.problem == nil {
		_, err := fmt.Fprintf(w, "%v, without a problem: it is fixed, or depends on the machine\n", verdict)
		return false, err
	}
	_, err = io.WriteString(w, c.text())
	return true, err
}
