package config

import (
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
)

// declaredVersion reads a schemaversion as the loader does, which takes the number at the
// start of the text and rounds it to two decimals: "4.50", " 4.5", "4.50-beta" and "450e-2"
// are all 4.50. A text without a number throws an exception that the loader does not catch:
// crash is true. ok is false for that and for a number that is not a version.
func declaredVersion(s string) (v sysmon.Version, ok, crash bool) {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	size := numberLen(s)
	if size == 0 {
		return v, false, !notFinite(s)
	}
	f, err := strconv.ParseFloat(s[:size], 64)
	if err != nil {
		return v, false, true // the number is out of range
	}
	whole, decimals, _ := strings.Cut(strconv.FormatFloat(f, 'f', 2, 64), ".")
	major, err := strconv.ParseUint(whole, 10, 16)
	if err != nil || major == 0 {
		return v, false, false
	}
	minor, _ := strconv.ParseUint(decimals, 10, 16)
	return sysmon.Version{Major: uint16(major), Minor: uint16(minor)}, true, false
}

// numberLen returns the length of the decimal number with which a text begins.
func numberLen(s string) int {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	from := i
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	digits := i - from
	if i < len(s) && s[i] == '.' {
		i++
		from = i
		for i < len(s) && '0' <= s[i] && s[i] <= '9' {
			i++
		}
		digits += i - from
	}
	if digits == 0 {
		return 0
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		end := i + 1
		if end < len(s) && (s[end] == '+' || s[end] == '-') {
			end++
		}
		from = end
		for end < len(s) && '0' <= s[end] && s[end] <= '9' {
			end++
		}
		if end > from {
			i = end
		}
	}
	return i
}

// notFinite reports whether a text begins with infinity or NaN, which are numbers for the
// loader, but no versions.
func notFinite(s string) bool {
	s = strings.ToLower(strings.TrimLeft(s[:min(len(s), 4)], "+-"))
	return strings.HasPrefix(s, "inf") || strings.HasPrefix(s, "nan")
}
