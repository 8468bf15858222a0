package sysmon

import "fmt"

// An Operator compares a field of an event with the value of a filter. Its number is the one that
// rule blobs of binary version 14 and later hold. Before, the number was the place in the list of
// the build's manifest: [Schema.Operators].
type Operator uint32

// The operators, in the order of their numbers.
const (
	Is Operator = iota
	IsNot
	Contains
	ContainsAny
	IsAny
	ContainsAll
	Excludes
	ExcludesAny
	ExcludesAll
	BeginWith
	EndWith
	LessThan
	MoreThan
	Image
	NotBeginWith
	NotEndWith
)

var operatorNames = [...]string{
	Is: "is", IsNot: "is not", Contains: "contains", ContainsAny: "contains any", IsAny: "is any",
	ContainsAll: "contains all", Excludes: "excludes", ExcludesAny: "excludes any",
	ExcludesAll: "excludes all", BeginWith: "begin with", EndWith: "end with",
	LessThan: "less than", MoreThan: "more than", Image: "image",
	NotBeginWith: "not begin with", NotEndWith: "not end with",
}

// Known reports whether Sysmon has an operator of this number.
func (o Operator) Known() bool { return uint64(o) < uint64(len(operatorNames)) }

// String returns the condition of a configuration, such as "begin with".
func (o Operator) String() string {
	if !o.Known() {
		return fmt.Sprintf("operator %d", uint32(o))
	}
	return operatorNames[o]
}

// OperatorNamed returns the operator of a condition. Like Sysmon it ignores the case of ASCII
// letters, and nothing else: "Begin With" is an operator, "begin  with" is not.
func OperatorNamed(s string) (Operator, bool) {
	for o, name := range operatorNames {
		if equalFoldASCII(name, s) {
			return Operator(o), true
		}
	}
	return 0, false
}

// equalFoldASCII compares two strings without regard to the case of ASCII letters.
// strings.EqualFold knows further letters: the Kelvin sign is a k.
func equalFoldASCII(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lowerASCII(a[i]) != lowerASCII(b[i]) {
			return false
		}
	}
	return true
}

func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
