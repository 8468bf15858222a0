package sysmon

import (
	"fmt"
	"strings"
)

// A Version is the version of a schema or of the binary form. Both have a minor number of two
// decimals, so schema "4.1" is version 4.10, and binary "16" is version 16.00. The zero Version
// stands for one that is not known.
type Version struct{ Major, Minor uint16 }

// ParseVersion reads a version as manifests and configurations write it: decimal digits, with at
// most two more after a point ("4.50", "4.5", "16"). It takes no sign, space or exponent, which
// the loader of Sysmon partly does.
func ParseVersion(s string) (Version, error) {
	whole, decimals, point := strings.Cut(s, ".")
	major, ok := digits(whole, 5)
	minor := 0
	if ok && point {
		if minor, ok = digits(decimals, 2); len(decimals) == 1 {
			minor *= 10
		}
	}
	if !ok || major > 0xFFFF {
		return Version{}, fmt.Errorf("found version %.40q (want a number with at most two decimals, such as 4.50)", s)
	}
	return Version{uint16(major), uint16(minor)}, nil
}

// digits returns the number that 1 to limit decimal digits stand for.
func digits(s string, limit int) (n int, ok bool) {
	if s == "" || len(s) > limit {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// VersionOf returns the version that a word of a rule blob stands for: the major number in the
// high 16 bits, the minor number in the low 16.
func VersionOf(word uint32) Version { return Version{uint16(word >> 16), uint16(word)} }

// Word returns the version as a word of a rule blob.
func (v Version) Word() uint32 { return uint32(v.Major)<<16 | uint32(v.Minor) }

// String returns the version with two decimals, such as "4.50". A minor number above 99, which
// only a damaged blob has, has as many digits as it needs.
func (v Version) String() string { return fmt.Sprintf("%d.%02d", v.Major, v.Minor) }

// Compare returns -1, 0 or +1: whether v is before, equal to or after w.
func (v Version) Compare(w Version) int {
	switch a, b := v.Word(), w.Word(); {
	case a < b:
		return -1
	case a > b:
		return +1
	}
	return 0
}
