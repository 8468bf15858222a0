// Package foreign holds the checks of family CF8: does each build load the content of another
// sensor as it is written?
//
// The sensor is Sysmon. Its content has two forms. An administrator writes the configuration, an
// XML text. Sysmon compiles it to the rule blob, which its driver loads. The contract of a build
// states the version of Sysmon under "sensors". The checks of a configuration load it as each of
// these versions does. The checks of a blob compare its bytes with the requirements of
// sysmon/blob/BLOB.md, and with each version.
package foreign

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/validate"
)

// Checks are the checks of family CF8, in the order of their IDs. Do not change the list.
var Checks = []*validate.Check{
	blobHeaderWhole,
	blobLayoutKnown,
	blobBinaryMajor,
	blobBinaryMinor,
	blobRecordsSome,
	blobHeaderSize,
	blobSchemaVersion,
	blobFirstEvent,
	blobFirstAggregation,
	blobEventWhole,
	blobEventPlace,
	blobEventID,
	blobEventFirstID,
	blobEventOrder,
	blobEventDefault,
	blobEventCombine,
	blobEventFilters,
	blobEventNumber,
	blobFilterWhole,
	blobFilterPlace,
	blobNameEnded,
	blobNameFilled,
	blobNameText,
	blobOperatorKnown,
	blobDataSize,
	blobDataInside,
	blobDataEnded,
	blobDataOneNUL,
	blobDataText,
	blobFieldKnown,
	blobAggregationReference,
	blobAggregationID,
	blobAggregationName,
	blobAggregationRoot,
	blobAggregationFilters,
	blobAggregationCombine,
	blobAggregationNext,
	blobAggregationReserved,
	blobAggregationUsed,
	blobRecordCount,
	blobNoUnusedBytes,
	blobPaddingZero,
	blobPaddingWhole,
	sourceReadable,
	loadsOnEachBuild,
	loaderSurvives,
	nothingDropped,
	nothingIgnored,
	noKnownBug,
	elementsLogSomething,
	emptyExcludeLogsAll,
	numberCompared,
	listItemsWhole,
	listHasListCondition,
	exclusionAsMeant,
	fieldOfEachEvent,
	negationsApart,
	valueWithoutWildcard,
	valueNotExpanded,
	includeNotExcluded,
	includeCanMatch,
	filterNotRepeated,
	valueWithoutBlanks,
	registryRootKnown,
	updatesNotBlocked,
	relationStated,
	pathWhole,
	rulesStillFire,
}

// The parts of the subject that the checks of a configuration use. The checks of its text alone use
// no fleet.
const (
	source = validate.UsesSysmonSource
	ofHost = source | validate.UsesFleet
)

// A version is one version of Sysmon in the fleet, with the builds whose hosts run it.
type version struct {
	sysmon  *sysmon.Build
	cohorts []*validate.Cohort
	loading *config.Loading // of the configuration; nil for a blob
}

// versions are the versions of Sysmon in the fleet, in the order of their first builds.
var versions = validate.OfFleet(func(p *validate.Pass) []version {
	var list []version
	for i := range p.Cohorts {
		g := &p.Cohorts[i]
		if g.Sysmon == nil {
			continue
		}
		k := slices.IndexFunc(list, func(v version) bool { return v.sysmon.Name == g.Sysmon.Name })
		if k < 0 {
			k = len(list)
			v := version{sysmon: g.Sysmon}
			for i := len(list) - 1; i >= 0 && v.loading == nil && p.SysmonSource != nil; i-- {
				v.loading = list[i].loading.For(g.Sysmon)
			}
			if v.loading == nil && p.SysmonSource != nil {
				v.loading = p.SysmonSource.Load(g.Sysmon)
			}
			list = append(list, v)
		}
		list[k].cohorts = append(list[k].cohorts, g)
	}
	return list
})

// builds returns the builds of versions, with the sum of their hosts.
func builds(of []*version) (list []validate.Build, hosts uint64) {
	for _, v := range of {
		for _, g := range v.cohorts {
			list = append(list, g.Builds...)
			hosts += min(g.Hosts, ^uint64(0)-hosts)
		}
	}
	return list, hosts
}

// A fault is a problem of a configuration, with the versions that have it.
type fault struct {
	problem  *config.Problem
	versions []*version
}

// faultsOf returns the problems of a kind. Versions that say the same about a place share a
// fault.
func faultsOf(p *validate.Pass, kind config.Kind) []fault {
	var list []fault
	byText := map[string]int{}
	all := versions.Get(p)
	for i := range all {
		v := &all[i]
		for k := range v.loading.Problems {
			q := &v.loading.Problems[k]
			if q.Kind != kind {
				continue
			}
			key := fmt.Sprintf("%d %d %s", q.Place.Offset, q.Reason, q.Text)
			at, ok := byText[key]
			if !ok {
				at = len(list)
				byText[key] = at
				list = append(list, fault{problem: q})
			}
			list[at].versions = append(list[at].versions, v)
		}
	}
	slices.SortStableFunc(list, func(a, b fault) int {
		return cmp.Compare(a.problem.Place.Offset, b.problem.Place.Offset)
	})
	return list
}

// report reports the problems of a kind. one and several are the predicates of one version and
// of several versions, such as "refuses the file" and "refuse the file".
func report(p *validate.Pass, kind config.Kind, one, several string) {
	for _, f := range faultsOf(p, kind) {
		p.Report(func() validate.Finding {
			q, effect := f.problem, one
			if len(f.versions) > 1 {
				effect = several
			}
			list, hosts := builds(f.versions)
			finding := validate.Finding{
				Where: locate(p, q.Place), Message: q.Text, Fix: q.Fix, Builds: list,
				Details: []string{fmt.Sprintf("%s of %s hosts run Sysmon %s, which %s (fleet %s)",
					numeral.Thousands(hosts), numeral.Thousands(hostsOf(p)), names(f.versions), effect, p.Fleet.Name)},
			}
			finding.Identity.Path = q.Reason.String() + " " + pathOf(p.SysmonSource, q.Node)
			if len(q.Lost) > 0 {
				finding.Details = append(finding.Details, lost(q.Lost))
			}
			if !q.Sure {
				finding.Details = append(finding.Details, "this is likely, but not measured on these versions")
			}
			return finding
		})
		if p.Check.Severity == validate.Error {
			blame(p, f.versions)
		}
	}
	if kind == config.Refused {
		more := 0
		for _, v := range versions.Get(p) {
			more = max(more, v.loading.More)
		}
		p.ReportMore(more)
	}
}

// names lists versions of Sysmon.
func names(of []*version) string {
	var b strings.Builder
	for i, v := range of {
		switch {
		case i == 0:
		case i == len(of)-1:
			b.WriteString(" and ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(v.sysmon.Name)
	}
	return b.String()
}

// hostsOf returns the number of hosts of the fleet.
func hostsOf(p *validate.Pass) (hosts uint64) {
	for i := range p.Cohorts {
		hosts += min(p.Cohorts[i].Hosts, ^uint64(0)-hosts)
	}
	return hosts
}

// lost names the places that are not read because of a problem.
func lost(places []sysmon.Place) string {
	const most = 5
	var b strings.Builder
	b.WriteString("also lost: ")
	for i, at := range places[:min(len(places), most)] {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "line %d", at.Line)
	}
	if more := len(places) - most; more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	return b.String()
}

// locate returns the location of a place in the configuration.
func locate(p *validate.Pass, at sysmon.Place) validate.Location {
	where := p.Locate(channelfile.Range{}, fmt.Sprintf("byte[%d]", at.Offset))
	if where.Source.Path == "" {
		where.Source.Path = p.Subject.Name
	}
	where.Source.Line, where.Source.Column = at.Line, at.Column
	return where
}

// pathOf returns the path of an element, such as "Sysmon/EventFiltering/RuleGroup[2]/ImageLoad[1]".
// The number counts the elements of the same name under the same parent, so that lines above do
// not change it.
func pathOf(c *config.Config, node int) string {
	var parts []string
	for n := node; n >= 0 && n < len(c.Nodes); n = c.Nodes[n].Parent {
		part := c.Nodes[n].Name
		if parent := c.Nodes[n].Parent; parent >= 0 {
			nth := 1
			for k := c.Nodes[parent].First; k >= 0 && k != n; k = c.Nodes[k].Next {
				if c.Nodes[k].Name == part {
					nth++
				}
			}
			if nth > 1 {
				part += fmt.Sprintf("[%d]", nth)
			}
		}
		parts = append(parts, part)
	}
	slices.Reverse(parts)
	return strings.Join(parts, "/")
}
