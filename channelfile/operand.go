package channelfile

import "net/netip"

// Integer returns a number of the value of an integer operand; i is 0 but for
// the greatest of a range, 1. The value must have the form that its operator
// wants, which those of a File have.
func Integer(value []byte, i int) int64 { return int64(le.Uint64(value[8*i:])) }

// Address returns an address of the value of an address range, the first for
// i = 0, the last for 1. IPv4 addresses are returned as such.
func Address(value []byte, i int) netip.Addr {
	return netip.AddrFrom16([16]byte(value[16*i:])).Unmap()
}

// SimplerPattern says what to write instead of a wildcard pattern that another
// operator, or a shorter pattern, says; empty if none does. The pattern must
// be well formed, as those of a File are.
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
		return "of wildcards next to each other the ? come first, then one *"
	}
	return ""
}
