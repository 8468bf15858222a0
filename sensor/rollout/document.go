package rollout

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/cells"
	"github.com/cfcheck/cfcheck/sensor/internal/document"
)

// Schema is the name and version of the schema of a [Document].
const Schema = "cfcheck.plan/v0"

// A Digest is a SHA-256. Its text has 64 lower-case hex digits.
type Digest [sha256.Size]byte

func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText returns the text of the digest. It returns no error.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// parseDigest returns the digest with a text.
func parseDigest(text string) (d Digest, ok bool) {
	data, err := hex.DecodeString(text)
	if err != nil || len(data) != len(d) || strings.ToLower(text) != text {
		return Digest{}, false
	}
	return Digest(data), true
}

// A Document is a plan in the form that a deployer reads, and that the command cfcheck plan
// writes in JSON. [Plan.Document] makes it of a plan, and [ReadDocument] reads it.
type Document struct {
	Name   string `json:"-"` // name of the file that was read; "" means that no file was read
	Digest Digest `json:"-"` // of the bytes that were read

	Schema       string            `json:"schema"`
	Fleet        DocumentFleet     `json:"fleet"`
	HostsPerCell uint64            `json:"hostsPerCell"`
	Factor       uint64            `json:"factor"`
	Contents     []DocumentContent `json:"contents"`
	Rings        []DocumentRing    `json:"rings"`
	Unaffected   []Build           `json:"unaffected"`

	checked bool // ReadDocument has checked it
}

// A DocumentFleet names the fleet of a plan.
type DocumentFleet struct {
	Name   string `json:"name"`
	Digest Digest `json:"sha256"`
}

// A DocumentContent is a [Content] of a plan.
type DocumentContent struct {
	Channel     uint32         `json:"channel"`
	Type        string         `json:"type"` // name of the template type
	TypeVersion uint32         `json:"typeVersion"`
	Revision    uint32         `json:"revision"`             // 0 means rules
	Digest      Digest         `json:"headerSha256"`         // header digest
	Previous    *Digest        `json:"previousHeaderSha256"` // nil means a new channel
	Cells       []DocumentCell `json:"cells"`                // sorted
}

// A DocumentCell is a [Cell] of a plan.
type DocumentCell struct {
	Cell   string   `json:"cell"` // as [cells.Cell.String] writes it
	First  bool     `json:"firstUse"`
	Builds []string `json:"builds"` // in the order of the rings
}

// A DocumentRing is a [Ring] of a plan. All rings have the same builds in the same order.
type DocumentRing struct {
	Ring   int     `json:"ring"`   // from 1
	Hosts  uint64  `json:"hosts"`  // of all builds, or the largest number if that overflows
	Builds []Build `json:"builds"` // the hosts are those of the ring
}

// Document returns the plan as a document. Equal plans give equal documents.
func (p *Plan) Document() *Document {
	d := &Document{
		Schema: Schema, Fleet: DocumentFleet{cmp.Or(p.Fleet.Name, "fleet"), p.Fleet.Digest},
		HostsPerCell: p.HostsPerCell, Factor: p.Factor,
		Contents: []DocumentContent{}, Rings: []DocumentRing{}, Unaffected: append([]Build{}, p.Unaffected...),
	}
	for i := range p.Contents {
		c := &p.Contents[i]
		h := &c.Header
		content := DocumentContent{h.Channel, c.TypeName, h.TypeVersion, h.Revision, c.Digest, (*Digest)(c.Previous), []DocumentCell{}}
		for k := range c.Cells {
			cell := DocumentCell{c.Cells[k].String(), c.Cells[k].First, []string{}}
			for _, b := range c.Cells[k].Builds {
				cell.Builds = append(cell.Builds, p.Fleet.Contracts[b].Build)
			}
			content.Cells = append(content.Cells, cell)
		}
		d.Contents = append(d.Contents, content)
	}
	for i, r := range p.Rings {
		//mutation:equivalent width: there are at most 65 rings
		ring := DocumentRing{i + 1, r.Total(), []Build{}}
		for k, b := range p.Builds {
			ring.Builds = append(ring.Builds, Build{b.Name, r.Hosts[k]})
		}
		d.Rings = append(d.Rings, ring)
	}
	return d
}

// ReadDocument reads the JSON of a plan. Name is the name of the file. Besides the form, it
// checks that the rings are those of [Rings], and that each cell runs on builds of the rings.
// It refuses each other document: somebody changed the plan after it was computed. The error is
// a [*sensor.JSONError].
func ReadDocument(name string, data []byte) (*Document, error) {
	d := &Document{Name: name, Digest: sha256.Sum256(data)}
	err := document.Read(name, data, func(r *document.Reader) {
		(&reader{r, map[string]string{}}).document(d)
		if r.Failed() { //mutation:equivalent: the reader keeps its first problem
			return
		}
		if path, problem := d.fault(); problem != "" {
			at, _, _ := strictjson.Find(data, path)
			r.FailAt(at.Offset, path, "%s", problem)
		}
	})
	if e, ok := errors.AsType[*strictjson.Error](err); ok {
		return nil, (*sensor.JSONError)(e)
	}
	d.checked = true
	return d, nil
}

var (
	planKeys    = strictjson.Keys{Required: []string{"schema", "fleet", "hostsPerCell", "factor", "contents", "rings", "unaffected"}}
	fleetKeys   = strictjson.Keys{Required: []string{"name", "sha256"}}
	contentKeys = strictjson.Keys{Required: []string{"channel", "type", "typeVersion", "revision", "headerSha256", "previousHeaderSha256", "cells"}}
	cellKeys    = strictjson.Keys{Required: []string{"cell", "firstUse", "builds"}}
	ringKeys    = strictjson.Keys{Required: []string{"ring", "hosts", "builds"}}
	buildKeys   = strictjson.Keys{Required: []string{"build", "hosts"}}
)

// A reader reads a document.
type reader struct {
	*document.Reader
	names map[string]string // names of builds; a plan repeats them for each cell and ring
}

func (r *reader) document(d *Document) {
	for key := range r.Object(planKeys) {
		switch key {
		case "schema":
			r.Enum(Schema)
			d.Schema = Schema
		case "fleet":
			for key := range r.Object(fleetKeys) {
				switch key {
				case "name":
					d.Fleet.Name = r.Name()
				case "sha256":
					d.Fleet.Digest = r.digest()
				}
			}
		case "hostsPerCell":
			d.HostsPerCell = r.Uint(1, math.MaxUint64)
		case "factor":
			d.Factor = r.Uint(2, math.MaxUint64)
		case "contents":
			d.Contents = []DocumentContent{}
			for range r.Array() {
				d.Contents = append(d.Contents, r.content())
			}
		case "rings":
			d.Rings = []DocumentRing{}
			for range r.Array() {
				d.Rings = append(d.Rings, r.ring())
			}
		case "unaffected":
			d.Unaffected = r.builds()
		}
	}
}

func (r *reader) content() (c DocumentContent) {
	for key := range r.Object(contentKeys) {
		switch key {
		case "channel":
			c.Channel = uint32(r.Uint(0, channelfile.MaxNumber))
		case "type":
			c.Type = r.Name()
		case "typeVersion":
			c.TypeVersion = uint32(r.Uint(0, channelfile.MaxNumber))
		case "revision":
			c.Revision = uint32(r.Uint(0, channelfile.MaxNumber))
		case "headerSha256":
			c.Digest = r.digest()
		case "previousHeaderSha256":
			if !r.Null() {
				digest := r.digest()
				c.Previous = &digest
			}
		case "cells":
			c.Cells = []DocumentCell{}
			for range r.Array() {
				c.Cells = append(c.Cells, r.cell())
			}
		}
	}
	return c
}

func (r *reader) cell() (c DocumentCell) {
	for key := range r.Object(cellKeys) {
		switch key {
		case "cell":
			c.Cell = r.String()
			//mutation:equivalent: fault reports the same
			if _, err := cells.Parse(c.Cell); err != nil {
				r.Failf("%v", err)
			}
		case "firstUse":
			c.First = r.Bool()
		case "builds":
			c.Builds = []string{}
			for range r.Array() {
				c.Builds = append(c.Builds, r.build())
			}
		}
	}
	return c
}

func (r *reader) ring() (ring DocumentRing) {
	for key := range r.Object(ringKeys) {
		switch key {
		case "ring":
			ring.Ring = r.Integer(1, math.MaxInt32)
		case "hosts":
			ring.Hosts = r.Uint(0, math.MaxUint64)
		case "builds":
			ring.Builds = r.builds()
		}
	}
	return ring
}

// builds reads a list of builds with their hosts.
func (r *reader) builds() []Build {
	list := []Build{}
	for range r.Array() {
		var b Build
		for key := range r.Object(buildKeys) {
			switch key {
			case "build":
				b.Name = r.build()
			case "hosts":
				b.Hosts = r.Uint(0, math.MaxUint64)
			}
		}
		list = append(list, b)
	}
	return list
}

// build reads the name of a build. Equal names share their memory.
func (r *reader) build() string {
	name := r.Name()
	if known, ok := r.names[name]; ok { //mutation:equivalent: only memory depends on it
		return known
	}
	r.names[name] = name
	return name
}

func (r *reader) digest() Digest {
	text := r.String()
	d, ok := parseDigest(text)
	if !ok && !r.Failed() {
		r.Failf("found %s; expected a SHA-256 in %d lower-case hex digits", strictjson.Quote(text), hex.EncodedLen(len(d)))
	}
	return d
}

// fault returns the first contradiction in a document, and its path, or "". A plan that New
// makes has no contradiction.
func (d *Document) fault() (path, problem string) {
	place := map[string]int{} // of each build of the rings
	var hosts []uint64        // of the last ring
	if n := len(d.Rings); n > 0 {
		for i, b := range d.Rings[n-1].Builds {
			if _, ok := place[b.Name]; ok {
				return fmt.Sprintf("rings[%d].builds[%d].build", n-1, i), fmt.Sprintf("found the build %s again; expected each build once", strictjson.Quote(b.Name))
			}
			place[b.Name] = i
			hosts = append(hosts, b.Hosts)
		}
	}
	if want := countRings(hosts, d.HostsPerCell, d.Factor); len(d.Rings) != want {
		return "rings", fmt.Sprintf("found %d rings; expected %d, by the hosts of the last ring, hostsPerCell and factor", len(d.Rings), want)
	}
	rings := Rings(hosts, d.HostsPerCell, d.Factor)
	for i := range d.Rings {
		ring, want := &d.Rings[i], &rings[i]
		at := fmt.Sprintf("rings[%d]", i)
		switch {
		case ring.Ring != i+1: //mutation:equivalent `i+1`: there are at most 65 rings
			//mutation:equivalent width: there are at most 65 rings
			return at + ".ring", fmt.Sprintf("found ring %d; expected %d", ring.Ring, i+1)
		case len(ring.Builds) != len(hosts):
			return at + ".builds", fmt.Sprintf("found %d builds; expected %d, as in the last ring", len(ring.Builds), len(hosts))
		case ring.Hosts != want.Total():
			return at + ".hosts", fmt.Sprintf("found %d hosts; expected %d, the sum of the hosts of the builds", ring.Hosts, want.Total())
		}
		for k, b := range ring.Builds {
			at := fmt.Sprintf("%s.builds[%d]", at, k)
			if first, ok := place[b.Name]; !ok || first != k {
				return at + ".build", fmt.Sprintf("found the build %s; expected %s, as in the last ring", strictjson.Quote(b.Name), strictjson.Quote(d.Rings[len(d.Rings)-1].Builds[k].Name))
			}
			if b.Hosts != want.Hosts[k] {
				return at + ".hosts", fmt.Sprintf("found %d hosts; expected %d, by the hosts of the last ring, hostsPerCell and factor", b.Hosts, want.Hosts[k])
			}
		}
	}
	other := map[string]bool{}
	for i, b := range d.Unaffected {
		if _, ok := place[b.Name]; ok || other[b.Name] {
			return fmt.Sprintf("unaffected[%d].build", i), fmt.Sprintf("found the build %s again; expected each build once, in the rings or here", strictjson.Quote(b.Name))
		}
		other[b.Name] = true
	}
	for i := range d.Contents {
		if path, problem := d.Contents[i].fault(place); problem != "" {
			return fmt.Sprintf("contents[%d].%s", i, path), problem
		}
	}
	return "", ""
}

// fault returns the first contradiction in the cells of a content, and its path, or "". place
// has the builds of the rings.
func (c *DocumentContent) fault(place map[string]int) (path, problem string) {
	var before cells.Cell
	for i := range c.Cells {
		at := fmt.Sprintf("cells[%d]", i)
		cell, err := cells.Parse(c.Cells[i].Cell)
		switch {
		case err != nil: //mutation:equivalent: the reader has parsed the cell
			return at + ".cell", err.Error()
		case cell.Type != c.Type || cell.Version != c.TypeVersion:
			return at + ".cell", fmt.Sprintf("found the type %s/%d; expected %s/%d, as the content has", cell.Type, cell.Version, c.Type, c.TypeVersion)
		//mutation:equivalent `i > 0`: the zero cell is before all others
		case i > 0 && before.Compare(cell) >= 0:
			return at + ".cell", "found a cell that does not follow the one before it; expected each cell once, sorted"
		}
		before = cell
		last := -1
		for k, name := range c.Cells[i].Builds {
			n, ok := place[name]
			if !ok || n <= last {
				return fmt.Sprintf("%s.builds[%d]", at, k), fmt.Sprintf("found the build %s; expected builds of the rings, in the same order", strictjson.Quote(name))
			}
			last = n
		}
	}
	return "", ""
}

// ParseReference returns the parts of a text that names a plan: the name of its file and the
// digest of its bytes, joined by "@sha256:".
func ParseReference(text string) (file string, digest Digest, err error) {
	const between = "@sha256:"
	i := strings.LastIndex(text, between)
	if i <= 0 {
		return "", digest, fmt.Errorf("found %s (want FILE%sHEX; the text of cfcheck plan ends with the digest)", strictjson.Quote(text), between)
	}
	digest, ok := parseDigest(text[i+len(between):])
	if !ok {
		return "", digest, fmt.Errorf("found the digest %s (want a SHA-256 in %d lower-case hex digits)", strictjson.Quote(text[i+len(between):]), hex.EncodedLen(len(digest)))
	}
	return text[:i], digest, nil
}

// An Exercise is a plan that was found to be for a content and a fleet. Its first ring runs the
// content on few hosts before more hosts get it.
type Exercise struct {
	Plan *Document

	cells map[cells.Cell]map[string]bool // builds that run the cell
	first map[string]uint64              // hosts of ring 1, by build
	all   map[string]uint64              // hosts of the build
}

// For returns the plan as an exercise of a file on a fleet, or the reason why it is not one.
// least are the demands of an owner: a plan needs at least that many hosts per cell, and at
// most that factor. 0 means that the plan decides.
func (d *Document) For(f *channelfile.File, fleet *sensor.Fleet, least Options) (*Exercise, string) {
	digest := Digest(f.HeaderDigest())
	h := &f.Header
	i := slices.IndexFunc(d.Contents, func(c DocumentContent) bool {
		return c.Digest == digest && c.Channel == h.Channel && c.TypeVersion == h.TypeVersion && c.Revision == h.Revision
	})
	switch {
	case !d.checked:
		return nil, "it was not read from a document"
	case fleet.Digest == [sha256.Size]byte{}:
		return nil, "the judged fleet has no digest that it could name"
	case d.Fleet.Digest != fleet.Digest:
		return nil, fmt.Sprintf("it is for the fleet %s with the digest %v; the judged fleet %s has %v", d.Fleet.Name, d.Fleet.Digest, fleet.Name, Digest(fleet.Digest))
	case i < 0:
		return nil, fmt.Sprintf("it is for other content; the judged content has the header digest %v", digest)
	case d.HostsPerCell < least.HostsPerCell:
		return nil, fmt.Sprintf("it has %d hosts per cell; expected at least %d", d.HostsPerCell, least.HostsPerCell)
	case least.Factor > 0 && d.Factor > least.Factor:
		return nil, fmt.Sprintf("its rings grow by the factor %d; expected at most %d", d.Factor, least.Factor)
	}
	e := &Exercise{Plan: d, cells: map[cells.Cell]map[string]bool{}, first: map[string]uint64{}, all: map[string]uint64{}}
	for _, c := range d.Contents[i].Cells {
		cell, err := cells.Parse(c.Cell)
		if err != nil { //mutation:equivalent: the reader has parsed the cell
			return nil, fmt.Sprintf("it has a cell that cannot be read: %v", err)
		}
		builds := make(map[string]bool, len(c.Builds))
		for _, b := range c.Builds {
			builds[b] = true
		}
		e.cells[cell] = builds
	}
	if n := len(d.Rings); n > 0 {
		for k, b := range d.Rings[n-1].Builds {
			e.first[b.Name], e.all[b.Name] = d.Rings[0].Builds[k].Hosts, b.Hosts
		}
	}
	for _, b := range d.Unaffected {
		e.all[b.Name] = b.Hosts
	}
	for k := range fleet.Contracts {
		c := &fleet.Contracts[k]
		if hosts, ok := e.all[c.Build]; !ok || hosts != c.Hosts {
			return nil, fmt.Sprintf("it does not state the %d hosts of the build %s", c.Hosts, c.Build)
		}
	}
	if len(e.all) != len(fleet.Contracts) {
		return nil, "it states builds that the judged fleet does not have"
	}
	return e, ""
}

// Covers returns the number of hosts of a build on which the first ring runs a cell of the
// content, before more hosts of the build do. If the plan gives no such proof, why is the
// reason. c is the contract of the build, d the definition of the content's type, and input the
// index of the cell's input.
//
// A build that does not run the cell by its contract, because it never gets the input, still
// reads the content. Then it is enough that the first ring has hosts of that build.
func (e *Exercise) Covers(build string, c *sensor.Contract, d *sensor.Definition, cell cells.Cell, input int) (hosts uint64, why string) {
	planned, listed := e.cells[cell]
	hosts, reached := e.first[build]
	switch {
	case !listed:
		return 0, "it does not list the cell"
	case !reached:
		return 0, "its rings do not have the build"
	case !planned[build] && Runs(c, d, cell, input):
		return 0, "it does not run the cell on the build"
	case hosts == e.all[build]: // in any other case ring 1 has HostsPerCell hosts
		return 0, "ring 1 has all hosts of the build, so no host would wait for the exercise"
	}
	return hosts, ""
}

// Hosts returns the number of hosts of a build, or 0 if the plan does not have the build.
func (e *Exercise) Hosts(build string) uint64 { return e.all[build] }
