package foreign

import (
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
)

// onList reports whether a condition takes a list of items, separated by semicolons.
func onList(o sysmon.Operator) bool {
	switch o {
	case sysmon.IsAny, sysmon.ContainsAny, sysmon.ContainsAll, sysmon.ExcludesAny, sysmon.ExcludesAll:
		return true
	}
	return false
}

// negative reports whether a condition holds for the fields that do not compare with the value.
func negative(o sysmon.Operator) bool {
	switch o {
	case sysmon.IsNot, sysmon.Excludes, sysmon.ExcludesAny, sysmon.ExcludesAll, sysmon.NotBeginWith, sysmon.NotEndWith:
		return true
	}
	return false
}

// freeTexts are the fields that can have any text: words of users and of programs, with wildcards,
// variables, blanks and semicolons that mean themselves. The other fields have names, paths,
// addresses and numbers.
var freeTexts = []string{
	"CommandLine", "ParentCommandLine", "Details", "Contents", "QueryResults", "Query", "Destination",
	"Description", "Product", "Company", "Signature", "FileVersion", "RuleName", "ClientInfo", "Configuration",
	"Consumer", "Filter", "Name", "Operation", "Hashes", "Hash",
}

func isFreeText(f *sysmon.Filter) bool {
	return f.FieldName == "" || slices.Contains(freeTexts, f.FieldName)
}

const blanks = " \t\r\n"

// plainWords reports whether a value is a list of words: two or more items without signs that
// commands and texts have around a semicolon of their own.
func plainWords(value string) bool {
	n := 0
	for item := range strings.SplitSeq(value, ";") {
		n++
		if item == "" || strings.Trim(item, blanks) != item {
			return false
		}
		for _, c := range item {
			switch {
			case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.ContainsRune(`.\-_/: `, c):
			default:
				return false
			}
		}
	}
	return n > 1
}

// isWord reports whether a character begins a word or a number.
func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c >= 0x80
}

// lowerASCII folds A to Z, as every version of Sysmon does. Versions for Windows fold other letters
// too.
func lowerASCII(s string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
}
