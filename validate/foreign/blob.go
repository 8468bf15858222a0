package foreign

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sysmon/blob"
	"github.com/cfcheck/cfcheck/validate"
)

// ofBlob returns the check of a requirement of sysmon/blob/BLOB.md, whose number is that of the
// check.
func ofBlob(r blob.Requirement, doc string) *validate.Check {
	c := &validate.Check{
		ID: r.Check(), Name: r.CheckName(), Doc: doc,
		Uses: validate.UsesSysmonBlob | validate.UsesFleet,
		Run:  func(p *validate.Pass) { reportBlob(p, r) },
	}
	if r.Note() {
		c.Severity = validate.Note
	}
	return c
}

// A blobFault is a fault of a blob. Without versions, it does not depend on a version.
type blobFault struct {
	fault    *blob.Fault
	versions []*version
}

// blobFaults are the faults of the blob by requirement: those of the bytes, and those that each
// version of Sysmon in the fleet has with it. Versions that say the same share a fault.
var blobFaults = validate.OfFleet(func(p *validate.Pass) map[blob.Requirement][]blobFault {
	all := map[blob.Requirement][]blobFault{}
	for i := range p.SysmonBlob.Faults {
		f := &p.SysmonBlob.Faults[i]
		all[f.Requirement] = append(all[f.Requirement], blobFault{fault: f})
	}
	type key struct {
		blob.Requirement
		offset      int
		found, want string
	}
	seen := map[key]int{}
	list := versions.Get(p)
	for i := range list {
		v := &list[i]
		faults := p.SysmonBlob.For(v.sysmon)
		for k := range faults {
			f := &faults[k]
			of := all[f.Requirement]
			id := key{f.Requirement, f.Offset, f.Found, f.Want}
			at, ok := seen[id]
			if !ok {
				at = len(of)
				seen[id] = at
				of = append(of, blobFault{fault: f})
			}
			of[at].versions = append(of[at].versions, v)
			all[f.Requirement] = of
		}
	}
	for _, of := range all {
		slices.SortStableFunc(of, func(a, b blobFault) int { return cmp.Compare(a.fault.Offset, b.fault.Offset) })
	}
	return all
})

// reportBlob reports the places where the blob breaks a requirement.
func reportBlob(p *validate.Pass, r blob.Requirement) {
	for _, f := range blobFaults.Get(p)[r] {
		p.Report(func() validate.Finding {
			at := channelfile.Range{Start: f.fault.Offset, End: f.fault.Offset + f.fault.Length}
			list, hosts := builds(f.versions)
			finding := validate.Finding{
				Where:   p.Locate(at, blobPath(f.fault)),
				Message: fmt.Sprintf("found %s; expected %s", f.fault.Found, f.fault.Want),
				Details: []string{"the driver " + f.fault.Effect.String()},
				Fix:     compileAgain, Builds: list,
			}
			if a, ok := p.SysmonBlob.Access(f.fault); ok {
				finding.Details = append(finding.Details, "witness: "+a.String())
			}
			if len(f.versions) > 0 {
				finding.Details[0] = fmt.Sprintf("%s of %s hosts run Sysmon %s, whose driver %s (fleet %s)",
					numeral.Thousands(hosts), numeral.Thousands(hostsOf(p)), names(f.versions), f.fault.Effect, p.Fleet.Name)
			}
			return finding
		})
		if p.Check.Severity == validate.Error {
			blame(p, f.versions)
		}
	}
}

// blame marks the builds that run the versions, or all of them if the versions are nil.
func blame(p *validate.Pass, of []*version) {
	if of == nil {
		list := versions.Get(p)
		for i := range list {
			of = append(of, &list[i])
		}
	}
	for _, v := range of {
		for _, g := range v.cohorts {
			g.Blame()
		}
	}
}

// compileAgain is the advice for a blob, whose bytes nobody writes by hand.
const compileAgain = "compile the configuration again, with the version of Sysmon that will load the blob, and check how the blob is copied"

// blobPath names the part of a blob at which a fault is.
func blobPath(f *blob.Fault) string {
	switch f.Part {
	case blob.EventPart:
		return fmt.Sprintf("event[%d]", f.Index)
	case blob.FilterPart:
		return fmt.Sprintf("filter[%d]", f.Index)
	case blob.AggregationPart:
		return fmt.Sprintf("aggregation[%d]", f.Index)
	case blob.SpacePart:
		return "space"
	}
	return "header"
}
