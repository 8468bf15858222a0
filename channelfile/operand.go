package channelfile

import "net/netip"

// A Value is one operand of a criterion, in the form in which a file stores it.
// Its methods do not allocate. Each method is for certain operators, and panics
// if the value is too short for them. The values of a [File] have the right
// length for the operators that use them.
type Value []byte

// Integer returns the number of an operand of [OpIntegerEquals], or the least
// number of an operand of [OpIntegerRange].
func (v Value) Integer() int64 { return int64(le.Uint64(v)) }

// IntegerRange returns the ends of an operand of [OpIntegerRange], both included.
func (v Value) IntegerRange() (least, greatest int64) {
	_ = v[15]
	return int64(le.Uint64(v)), int64(le.Uint64(v[8:]))
}

// AddressRange returns the ends of an operand of [OpAddressRange], both
// included. It returns an IPv4-mapped IPv6 address as an IPv4 address.
func (v Value) AddressRange() (first, last netip.Addr) {
	return netip.AddrFrom16([16]byte(v)).Unmap(), netip.AddrFrom16([16]byte(v[16:])).Unmap()
}

// SimplerPattern returns advice on a simpler operator or a shorter pattern that
// means the same as the wildcard pattern p. It returns "" if p is the simplest.
// The pattern must be well formed, as the patterns of a [File] are.
func SimplerPattern(p []byte) string {
	switch form, _ := patternForm(p); form {
	case patternNoWildcard:
		return "it has no wildcard: equals says the same"
	case patternPrefix:
		return "its one wildcard is a * at the end: prefix says the same"
	case patternSuffix:
		return "its one wildcard is a * at the start: suffix says the same"
	case patternContains:
		return "its wildcards are a * at each end: contains says the same"
	case patternExists:
		return "anything matches it: exists says the same"
	case patternRun:
		return "in a run of wildcards all ? come first, then one *"
	}
	return ""
}
