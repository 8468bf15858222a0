package cost

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Trend is the growth of one number over successive releases.
type Trend struct {
	Releases uint64 // number of releases between First and Last; 0 means that there is no trend
	First    uint64 // number in the oldest of these releases
	Last     uint64 // number in the newest of these releases
}

// MaxReleases is the number of releases that a trend looks back.
const MaxReleases = 6

// TrendOf returns the trend of a number from the earlier revisions of content, the lowest revision
// first, to the content itself. It uses the last MaxReleases of the earlier revisions.
func TrendOf(earlier []*sensor.Needs, now *sensor.Needs, number func(*sensor.Needs) uint64) Trend {
	n := min(len(earlier), MaxReleases)
	if n == 0 {
		return Trend{}
	}
	//mutation:equivalent width: the value is at most MaxReleases
	return Trend{Releases: uint64(n), First: number(earlier[len(earlier)-n]), Last: number(now)}
}

// Growth returns the mean growth for each release, rounded to the nearest whole number. It is 0 if
// the number did not grow.
func (t Trend) Growth() uint64 {
	//mutation:equivalent `t.Last <= t.First`: equal numbers grow by 0
	if t.Releases == 0 || t.Last <= t.First {
		return 0
	}
	grown := t.Last - t.First
	//mutation:equivalent `2*(grown%t.Releases)`: Releases is small
	return grown/t.Releases + 2*(grown%t.Releases)/t.Releases
}

// Left returns the number of further releases that still fit into room if the number continues to
// grow by the mean. It returns false if the number did not grow.
func (t Trend) Left(room uint64) (releases uint64, ok bool) {
	if t.Releases == 0 || t.Last <= t.First {
		return 0, false
	}
	high, low := bits.Mul64(room, t.Releases)
	grown := t.Last - t.First
	if high >= grown {
		return math.MaxUint64, true
	}
	releases, _ = bits.Div64(high, low, grown)
	return releases, true
}

// String returns a text such as "+12 a release" or "not growing", or "" if there is no trend.
func (t Trend) String() string {
	switch growth := t.Growth(); {
	case t.Releases == 0:
		return ""
	case t.Last <= t.First:
		return "not growing"
	case growth == 0:
		return "less than +1 a release"
	default:
		return fmt.Sprintf("+%s a release", numeral.Thousands(growth))
	}
}

// manyReleases is the number of further releases from which [Use.Outlook] does not count them.
const manyReleases = 1000

// Outlook returns a text about a trend of the used part, such as "+12 a release, room for 1 more
// release". It returns "" if there is no trend.
func (u Use) Outlook(t Trend) string {
	left, ok := t.Left(u.Room())
	if !ok || u.Most == 0 {
		return t.String()
	}
	switch {
	case left == 0:
		return t.String() + ", no room for another release"
	case left == 1:
		return t.String() + ", room for 1 more release"
	case left >= manyReleases:
		return t.String() + ", room for at least 1,000 more releases"
	}
	return fmt.Sprintf("%v, room for %d more releases", t, left)
}
