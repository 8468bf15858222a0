package sigma

import (
	"slices"
	"strings"
)

// A Word is a word of Sigma that an author can write at some place, for editors.
type Word struct {
	Text string
	// Note explains the word in a few words; "" means that there is no explanation. For a modifier
	// that a channel file cannot express it is the reason.
	Note string
}

// words returns words without an explanation.
func words(texts []string) (list []Word) {
	for _, t := range texts {
		list = append(list, Word{Text: t})
	}
	return list
}

// Keys returns the keys of a document, in the order of the specification.
func Keys() []Word { return words(documentKeys) }

// Statuses returns the values of the key status, and Levels those of the key level.
func Statuses() []Word { return words(statuses) }

// Levels returns the values of the key level, the lowest first.
func Levels() []Word { return words(levels) }

// Tags returns tags for the tactics of ATT&CK, and the beginnings of the other namespaces.
func Tags() (list []Word) {
	for _, t := range tactics {
		list = append(list, Word{Text: "attack." + t})
	}
	for _, n := range namespaces {
		list = append(list, Word{Text: n + "."})
	}
	return list
}

// Modifiers returns the modifiers of values.
func Modifiers() (list []Word) {
	for _, m := range modifiers {
		note := modifierNotes[m.name]
		if m.reason != "" {
			note = "not supported: " + m.reason
		}
		list = append(list, Word{m.name, note})
	}
	return list
}

// modifierNotes explain the modifiers.
var modifierNotes = map[string]string{
	"all": "each value must match, not only one", "startswith": "the field starts with the value",
	"endswith": "the field ends with the value", "contains": "the value is anywhere in the field",
	"exists": "the event has the field (true), or lacks it (false)", "cased": "the case of letters counts",
	"neq": "the field differs from the value", "windash": "also with /, en dash, em dash or horizontal bar in place of a dash",
	"re": "the value is a regular expression", "i": "after re: the case of letters does not count",
	"m": "after re: ^ and $ match at each line", "s": "after re: a dot matches a line end too",
	"ignorecase": "after re: the case of letters does not count", "multiline": "after re: ^ and $ match at each line",
	"dotall": "after re: a dot matches a line end too", "base64": "the value in base64",
	"base64offset": "the value in base64, at each of the three offsets", "utf16le": "the value in UTF-16, little endian",
	"wide": "the value in UTF-16, little endian", "utf16be": "the value in UTF-16, big endian",
	"utf16": "the value in UTF-16 with a byte order mark", "lt": "the field is a lower number", "lte": "the field is a lower or equal number",
	"gt": "the field is a higher number", "gte": "the field is a higher or equal number", "cidr": "the field is an address in the network",
	"expand": "placeholders such as %name% stand for values", "fieldref": "the value is the name of another field",
}

// IsModifier reports whether a text is the name of a modifier.
func IsModifier(text string) bool { return slices.Contains(modifierNames(), strings.ToLower(text)) }
