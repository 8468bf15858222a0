package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/fuzz/internal/oracle"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// A smallRelease is a problem in a minimised release.
type smallRelease struct {
	problem *oracle.Problem
	release *generate.Release
	checks  []*validate.Check
}

// minimiseRelease removes parts of a release while a disagreement remains.
func minimiseRelease(f *found) *smallRelease {
	c := &smallRelease{f.problem, f.release, f.checks}
	try := func(change func(r *generate.Release) bool) bool {
		r := *c.release
		if !change(&r) {
			return false
		}
		p := oracle.NewReleases(c.checks).Compare(&r)
		if p == nil {
			return false
		}
		c.problem, c.release = p, &r
		return true
	}
	// all removes each element for which remove returns true and the problem remains.
	all := func(remove func(r *generate.Release, i int) bool) {
		for i := 0; i < 1<<10; {
			if !try(func(r *generate.Release) bool { return remove(r, i) }) {
				if r := *c.release; !remove(&r, i) {
					return
				}
				i++
			}
		}
	}
	all(func(r *generate.Release, i int) (ok bool) { r.Data, ok = generate.RemoveInstance(r.Data, i); return ok })
	all(func(r *generate.Release, i int) (ok bool) {
		r.Previous, ok = generate.RemoveInstance(r.Previous, i)
		return ok
	})
	all(func(r *generate.Release, i int) bool { return removeAt(&r.Shipments, i) })
	all(func(r *generate.Release, i int) bool { return removeAt(&r.Protected, i) })
	all(func(r *generate.Release, i int) bool {
		list := r.Fleet.Contracts
		if len(list) == 1 || !removeAt(&list, i) {
			return false
		}
		r.Fleet = &sensor.Fleet{Name: r.Fleet.Name, Contracts: list}
		return true
	})
	return c
}

// removeAt removes an element of a copy of a list. It returns false if there is no such
// element.
func removeAt[T any](list *[]T, i int) bool {
	if i >= len(*list) {
		return false
	}
	*list = slices.Delete(slices.Clone(*list), i, i+1)
	return true
}

// The other files of the case of a release.
const (
	caseRelease  = "release.json"
	casePrevious = "previous.cf"
)

// A releaseDocument has the parts of a release that have no file of their own.
type releaseDocument struct {
	Scope     string             `json:"scope"`
	Before    uint32             `json:"before"` // version of the type of the previous content
	Now       uint32             `json:"now"`
	Removed   uint64             `json:"removed"`
	Growth    uint64             `json:"growth"`
	Protected []channelfile.ID   `json:"protected"`
	Turn      int                `json:"turn"`
	Shipments []shipmentDocument `json:"shipments"`
}

type shipmentDocument struct {
	Build   string      `json:"build"`
	Version uint32      `json:"version"`
	Data    []byte      `json:"data"` // in Base64
	By      sensor.Date `json:"by"`
}

// write writes the case to a folder, from which -replay reads it.
func (c *smallRelease) write(folder string) error {
	r, w := c.release, &caseWriter{folder: folder}
	d := releaseDocument{Scope: r.Scope.Name, Before: r.Before.Version, Now: r.Now.Version, Removed: r.Removed, Growth: r.Growth, Protected: r.Protected, Turn: r.Turn}
	for _, s := range r.Shipments {
		d.Shipments = append(d.Shipments, shipmentDocument{s.Build, s.Definition.Version, s.Data, s.By})
	}
	w.put(caseFile, r.Data)
	w.put(casePrevious, r.Previous)
	w.json(caseDefinitions, r.Definitions.JSON)
	w.json(caseFleet, r.Fleet.JSON)
	w.document(caseRelease, d)
	w.put(caseText, []byte(c.text()))
	return w.err
}

// text returns a description of the case for people.
func (c *smallRelease) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v\nscope: %s\n", c.problem, c.release.Scope.Name)
	if c.problem.Event != nil {
		fmt.Fprintf(&b, "event: %s\n", oracle.Describe(c.problem.Event))
	}
	for _, line := range c.problem.Did {
		fmt.Fprintln(&b, line)
	}
	return b.String()
}

// replayRelease judges the release of a folder again, as [replay] does.
func replayRelease(w io.Writer, folder string) (problem bool, err error) {
	read := func(name string) (data []byte) {
		if err == nil {
			data, err = os.ReadFile(filepath.Join(folder, name))
		}
		return data
	}
	r := &generate.Release{Data: read(caseFile), Previous: read(casePrevious)}
	definitions, fleet, text := read(caseDefinitions), read(caseFleet), read(caseRelease)
	if err != nil {
		return false, err
	}
	if r.Definitions, err = sensor.ReadDefinitions(caseDefinitions, definitions); err != nil {
		return false, err
	}
	if r.Fleet, err = sensor.ReadFleet(caseFleet, fleet); err != nil {
		return false, err
	}
	var d releaseDocument
	if err := json.Unmarshal(text, &d); err != nil {
		return false, fmt.Errorf("%s: %w", caseRelease, err)
	}
	for _, s := range generate.Scopes() {
		if s.Name == d.Scope {
			r.Scope = s
		}
	}
	version := map[uint32]*sensor.Definition{}
	for d := range r.Definitions.All() {
		version[d.Version] = d
	}
	if r.Before, r.Now = version[d.Before], version[d.Now]; r.Scope == nil || r.Before == nil || r.Now == nil {
		return false, fmt.Errorf("%s: found scope %q, versions %d and %d (want a scope of this program, and versions of %s)", caseRelease, d.Scope, d.Before, d.Now, caseDefinitions)
	}
	r.Removed, r.Growth, r.Protected, r.Turn = d.Removed, d.Growth, d.Protected, d.Turn
	for _, s := range d.Shipments {
		r.Shipments = append(r.Shipments, generate.Shipment{Build: s.Build, Definition: version[s.Version], Data: s.Data, By: s.By})
	}
	p := oracle.NewReleases(suite.Checks).Compare(r)
	if p == nil {
		_, err := fmt.Fprintln(w, "the gate agrees with the reference: it is fixed, or depends on the machine")
		return false, err
	}
	_, err = io.WriteString(w, (&smallRelease{problem: p, release: r}).text())
	return true, err
}
