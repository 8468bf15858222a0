// Package change holds the checks of family CF6: how does it differ from the last release?
//
// A file that every reader takes can still harm, if it differs from the last one more than
// anybody intended. The checks compare a subject with the content that the previous release
// has for its channel.
package change

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor/delta"
	"github.com/cfcheck/cfcheck/validate"
)

// Checks are the checks of family CF6, in the order of their IDs. Do not change the list.
var Checks = []*validate.Check{
	revisionGreater,
	revisionOfOneContent,
	removalBounded,
	contentKept,
	growthBounded,
	rulesKept,
	rulesAdded,
	rulesChanged,
	oneRevision,
	protectedKept,
	nextRevision,
	revertPossible,
	firstUse,
	firstSize,
	firstUseExercised,
}

// compared are the parts that the checks of instances use.
const compared = validate.UsesFile | validate.UsesNeeds | validate.UsesPrevious

// instances is the difference between the instances of the previous content and of the subject.
var instances = validate.OfSubject(func(p *validate.Pass) *delta.Instances {
	return delta.Between(p.Previous.File, p.File, inputs(p))
})

// inputs returns the map of inputs for package delta.
func inputs(p *validate.Pass) func(int) int {
	return delta.InputsOf(p.Previous.File.Header, p.File.Header, p.Known)
}

// removed returns the number of rules that the subject lacks, and the number of previous rules.
func removed(p *validate.Pass) (n, of uint64) {
	return uint64(len(instances.Get(p).Removed)), uint64(p.Previous.File.Instances())
}

// exceeds reports whether n is more than a percentage of a number.
func exceeds(n, percent, of uint64) bool {
	high, most := bits.Mul64(of, percent)
	return high == 0 && n > most/100
}

// some names the first of several instances, for details.
//
//mutation:equivalent: only report texts depend on it
func some(list []int, name func(i int) *validate.Instance) string {
	const most = 5
	var names []string
	for _, i := range list[:min(len(list), most)] {
		names = append(names, name(i).String())
	}
	if more := len(list) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %s more", numeral.Thousands(uint64(more))))
	}
	return strings.Join(names, ", ")
}

// rules returns a number of rules with its noun.
//
//mutation:equivalent: only report texts depend on it
func rules(n int) string {
	if n == 1 {
		return "1 rule"
	}
	return numeral.Thousands(uint64(n)) + " rules"
}

// reportGone reports a fault of the subject as a whole: rules of the previous content are gone.
func reportGone(p *validate.Pass, fix, format string, args ...any) {
	p.Report(func() validate.Finding {
		f := p.At(channelfile.HeaderRange, "header", fix, format, args...)
		f.Identity.Path = "instances"
		f.Details = []string{"removed: " + some(instances.Get(p).Removed, p.Previous.Instance)}
		return f
	})
}
