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

var operatorMeanings = [...]string{
	Is: "the field is the value", IsNot: "the field is not the value",
	Contains: "the field contains the value", ContainsAny: "the field contains an item of the list",
	IsAny: "the field is an item of the list", ContainsAll: "the field contains all items of the list",
	Excludes: "the field does not contain the value", ExcludesAny: "the field contains no item of the list",
	ExcludesAll: "the field lacks one item of the list or more", BeginWith: "the field begins with the value",
	EndWith: "the field ends with the value", LessThan: "the field is before the value, in the order of characters",
	MoreThan:     "the field is behind the value, in the order of characters",
	Image:        "the field is the value; if the value has no backslash, the part of the field behind its last backslash is the value",
	NotBeginWith: "the field does not begin with the value", NotEndWith: "the field does not end with the value",
}

// Meaning returns the statement about a field that a filter makes, such as "the field begins with
// the value". It is about the driver. Microsoft's page describes ExcludesAny and ExcludesAll the
// other way round. The meaning of an unknown operator is "".
func (o Operator) Meaning() string {
	if !o.Known() {
		return ""
	}
	return operatorMeanings[o]
}

// List reports whether the operator takes its value as a list, which semicolons divide.
func (o Operator) List() bool {
	switch o {
	case ContainsAny, IsAny, ContainsAll, ExcludesAny, ExcludesAll:
		return true
	}
	return false
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
