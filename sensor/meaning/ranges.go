package meaning

import (
	"cmp"
	"encoding/binary"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A point is a number of 128 bits: an integer, or an address.
type point struct{ hi, lo uint64 }

// An interval is a range of points, both ends included.
type interval struct{ first, last point }

func (p point) compare(q point) int {
	return cmp.Or(cmp.Compare(p.hi, q.hi), cmp.Compare(p.lo, q.lo))
}

// after and before return the neighbours of a point. They wrap around at the ends.
func (p point) after() point {
	p.lo++
	if p.lo == 0 {
		p.hi++
	}
	return p
}

func (p point) before() point {
	if p.lo == 0 {
		p.hi--
	}
	p.lo--
	return p
}

// integerPoint maps integers to points in their order.
func integerPoint(n int64) point { return point{0, uint64(n) ^ 1<<63} }

func (p point) integer() int64 { return int64(p.lo ^ 1<<63) }

func addressPoint(a []byte) point {
	return point{binary.BigEndian.Uint64(a), binary.BigEndian.Uint64(a[8:])}
}

func (p point) address() (a [16]byte) {
	binary.BigEndian.PutUint64(a[:], p.hi)
	binary.BigEndian.PutUint64(a[8:], p.lo)
	return a
}

// all are the points of integers, and of addresses.
var (
	allIntegers  = interval{point{0, 0}, point{0, 1<<64 - 1}}
	allAddresses = interval{point{0, 0}, point{1<<64 - 1, 1<<64 - 1}}
)

// interval returns the range of a test on integers or addresses.
func (t *Test) interval() interval {
	if t.Operator == channelfile.OpAddressRange {
		return interval{addressPoint(t.Operand), addressPoint(t.Operand[16:])}
	}
	least, greatest := t.integers()
	return interval{integerPoint(least), integerPoint(greatest)}
}

// within returns the parts of a list of intervals that are in r, and without those that are not.
func within(list []interval, r interval) []interval {
	var out []interval
	for _, i := range list {
		if i.first.compare(r.first) < 0 {
			i.first = r.first
		}
		if i.last.compare(r.last) > 0 {
			i.last = r.last
		}
		if i.first.compare(i.last) <= 0 {
			out = append(out, i)
		}
	}
	return out
}

func without(list []interval, r interval) []interval {
	if r.first.compare(r.last) > 0 {
		return list // an empty range
	}
	var out []interval
	for _, i := range list {
		if i.last.compare(r.first) < 0 || i.first.compare(r.last) > 0 {
			out = append(out, i)
			continue
		}
		if i.first.compare(r.first) < 0 {
			out = append(out, interval{i.first, r.first.before()})
		}
		if i.last.compare(r.last) > 0 {
			out = append(out, interval{r.last.after(), i.last})
		}
	}
	return out
}
