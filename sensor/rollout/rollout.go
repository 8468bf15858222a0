// Package rollout plans which hosts of a fleet get content first.
//
// Code of a sensor that no shipped content ever ran has no record of safety. A [Plan] lists the
// cells (see package cells) that a release changes or uses for the first time, and the builds that
// run them. Its rings grow from a fixed number of hosts of each such build by a fixed factor. So
// each cell runs on enough hosts of each build before more hosts of any build get the content.
//
// Rings that are a part of all hosts, such as 1 %, have far more hosts than that in a large fleet,
// and may have no host at all of a rare build.
package rollout

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/cells"
	"github.com/cfcheck/cfcheck/sensor/delta"
)

// The defaults of Options.
const (
	DefaultHostsPerCell = 100
	DefaultFactor       = 10
)

// Options are the sizes of the rings. 0 means the default.
type Options struct {
	HostsPerCell uint64 // hosts of each build in the first ring
	Factor       uint64 // largest growth from one ring to the next, at least 2
}

// A Change is the new content of a channel, and the content that shipped before. Both files keep
// all requirements of FORMAT.md.
type Change struct {
	New *channelfile.File
	Old *channelfile.File // nil means that the channel is new
}

// A Plan is a rollout of a release to a fleet.
type Plan struct {
	Options
	Fleet    *sensor.Fleet
	Contents []Content // in the order of the changes

	// Builds are the builds that run a changed cell, in the order of the fleet.
	Builds []Build
	// Unaffected has all other builds. They may get the release at any time.
	Unaffected []Build
	// Rings are the steps. They have no element if no cell has changed.
	Rings []Ring
}

// A Content is the content of a channel in a release.
type Content struct {
	Header   channelfile.Header
	Digest   [32]byte            // header digest of the new content
	Previous *[32]byte           // header digest of the old content; nil means a new channel
	TypeName string              // of the template type
	Cells    []Cell              // sorted
	Old      *channelfile.Header // nil means a new channel
}

// A Cell is a cell that a release changes or uses for the first time.
type Cell struct {
	cells.Cell
	First  bool  // the content that shipped before has no such cell
	Builds []int // indices in the contracts of the fleet of the builds that run the cell, ascending
}

// A Build is a build of a fleet.
type Build struct {
	Name  string `json:"build"`
	Hosts uint64 `json:"hosts"`
}

// A Ring is a step of a rollout. It contains the hosts of the rings before it.
type Ring struct {
	Hosts []uint64 // number of hosts of each of Plan.Builds
}

// Total returns the number of hosts of the ring.
func (r Ring) Total() (n uint64) {
	for _, hosts := range r.Hosts {
		n += min(hosts, math.MaxUint64-n)
	}
	return n
}

// Whole returns the builds of which the first ring has all hosts, because they are so few. A fault
// of such a build reaches all of its hosts at once.
func (p *Plan) Whole() (list []Build) {
	if len(p.Rings) > 0 { //mutation:equivalent comparison: a plan without rings has no builds
		for i, b := range p.Builds {
			if p.Rings[0].Hosts[i] == b.Hosts {
				list = append(list, b)
			}
		}
	}
	return list
}

// New plans the rollout of a release. It returns an error if the definition of a template type is
// unknown, because its inputs have no names then.
func New(fleet *sensor.Fleet, defs *sensor.Definitions, changes []Change, opts Options) (*Plan, error) {
	p := &Plan{Options: Options{cmp.Or(opts.HostsPerCell, DefaultHostsPerCell), cmp.Or(opts.Factor, DefaultFactor)}, Fleet: fleet}
	if p.Factor < 2 {
		return nil, errors.New("the factor is less than 2, so the rings would not grow")
	}
	runs := make([]bool, len(fleet.Contracts))
	for _, change := range changes {
		c, err := p.content(defs, change)
		if err != nil {
			return nil, err
		}
		for _, cell := range c.Cells {
			for _, i := range cell.Builds {
				runs[i] = true
			}
		}
		p.Contents = append(p.Contents, *c)
	}
	var hosts []uint64
	for i := range fleet.Contracts {
		c := &fleet.Contracts[i]
		b := Build{c.Build, c.Hosts}
		if !runs[i] {
			p.Unaffected = append(p.Unaffected, b)
			continue
		}
		p.Builds = append(p.Builds, b)
		hosts = append(hosts, b.Hosts)
	}
	p.Rings = Rings(hosts, p.HostsPerCell, p.Factor)
	return p, nil
}

// Rings returns rings for builds with these numbers of hosts. The first ring has first hosts of
// each build, or all of them. Each further ring has up to factor times as many hosts of each build.
// The last ring has all hosts. first must be at least 1, and factor at least 2.
func Rings(hosts []uint64, first, factor uint64) []Ring {
	var rings []Ring
	for size, done := first, len(hosts) == 0; !done; {
		ring := Ring{make([]uint64, len(hosts))}
		done = true
		for i, n := range hosts {
			ring.Hosts[i] = min(n, size)
			done = done && n <= size
		}
		rings = append(rings, ring)
		size = grown(size, factor)
	}
	return rings
}

// countRings returns the number of the rings that Rings returns.
func countRings(hosts []uint64, first, factor uint64) (n int) {
	if len(hosts) == 0 {
		return 0
	}
	most := slices.Max(hosts)
	for size := first; ; size = grown(size, factor) {
		if n++; size >= most {
			return n
		}
	}
}

// grown returns the product, or the largest number if it overflows.
func grown(size, factor uint64) uint64 {
	if size > math.MaxUint64/factor {
		return math.MaxUint64
	}
	return size * factor
}

// content returns the changed cells of a channel.
func (p *Plan) content(defs *sensor.Definitions, change Change) (*Content, error) {
	h := change.New.Header
	d := defs.ByNumber(h.Type, h.TypeVersion)
	if d == nil {
		return nil, fmt.Errorf("channel %d: template type %d version %d is not defined", h.Channel, h.Type, h.TypeVersion)
	}
	c := &Content{Header: h, Digest: change.New.HeaderDigest(), TypeName: d.Name}
	shipped := map[cells.Cell]bool{}
	var changed iter.Seq[int]
	if old := change.Old; old != nil {
		digest := old.HeaderDigest()
		c.Previous, c.Old = &digest, &old.Header
		if digest == c.Digest {
			return c, nil
		}
		before := defs.ByNumber(old.Header.Type, old.Header.TypeVersion)
		if before == nil {
			return nil, fmt.Errorf("channel %d: template type %d version %d of the previous release is not defined", h.Channel, old.Header.Type, old.Header.TypeVersion)
		}
		for _, u := range cells.Of(old, before) {
			shipped[u.Cell] = true
		}
		between := delta.Between(old, change.New, delta.InputsOf(old.Header, h, defs))
		changed = func(yield func(int) bool) {
			for _, i := range between.Added {
				if !yield(i) { //mutation:equivalent: all are asked for
					return
				}
			}
			for _, pair := range between.Changed {
				if !yield(pair.New) { //mutation:equivalent: all are asked for
					return
				}
			}
		}
	}
	first := map[cells.Cell]bool{}
	index := map[cells.Cell]int{} // of the input
	for _, u := range cells.Of(change.New, d) {
		index[u.Cell] = u.InputRead
		if !shipped[u.Cell] {
			first[u.Cell] = true
		}
	}
	all := maps.Clone(first)
	if changed != nil {
		for _, u := range cells.OfInstances(change.New, d, changed) {
			all[u.Cell] = true
		}
	}
	builds := map[string][]int{} // by input; a fleet can have thousands of contracts
	for _, cell := range slices.SortedFunc(maps.Keys(all), cells.Cell.Compare) {
		if _, ok := builds[cell.Input]; !ok {
			builds[cell.Input] = p.running(d, cell, index[cell])
		}
		c.Cells = append(c.Cells, Cell{cell, first[cell], builds[cell.Input]})
	}
	return c, nil
}

// running returns the builds that run a cell.
func (p *Plan) running(d *sensor.Definition, cell cells.Cell, input int) (builds []int) {
	for i := range p.Fleet.Contracts {
		if Runs(&p.Fleet.Contracts[i], d, cell, input) {
			builds = append(builds, i)
		}
	}
	return builds
}

// Runs reports whether a build runs a cell: it has the type version and, if the cell has an input,
// may hand it over on some feed. input is the index of that input. A positional reader hands over
// all of them. A build without a statement about the type version runs the cell too, unless it
// refuses unknown versions or is known to lack the type.
func Runs(c *sensor.Contract, d *sensor.Definition, cell cells.Cell, input int) bool {
	has, hands := false, cell.Input == ""
	for _, s := range c.SuppliesOf(d.Name, d.Version) {
		has = true
		if in := s.Listed(c.Reader.Access, input, cell.Input); in != nil && in.State != sensor.StateNotSupplied {
			hands = true
		}
	}
	if has {
		return hands || c.Reader.Access != sensor.AccessNamed
	}
	return !c.Reader.RefusesUnknownVersions && c.Lack(d.Name, d.Version) == nil
}
