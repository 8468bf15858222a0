package events

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/internal/spelling"
)

// names finds known names without regard to the case of ASCII letters, as Windows
// does. It has a list of the names for each folded name; most lists have one.
type names map[string][]string

func (n names) add(name string) {
	var buf [spelling.MaxWord]byte
	key := string(fold(buf[:0], name))
	if !slices.Contains(n[key], name) {
		n[key] = append(n[key], name)
	}
}

// find returns the known name that is equal to name, or else all known names that
// differ from it only in case.
func (n names) find(name []byte) []string {
	var buf [spelling.MaxWord]byte
	list := n[string(fold(buf[:0], name))]
	for i, known := range list {
		if known == string(name) {
			return list[i : i+1]
		}
	}
	return list
}

// only returns the only name that find returns, or "". Two names are an error. what
// says what the name is for, such as "field".
func (n names) only(what string, name []byte) (string, error) {
	switch list := n.find(name); len(list) {
	case 0:
		return "", nil
	case 1:
		return list[0], nil
	default:
		return "", &UnclearError{what, []string{string(name)}, list}
	}
}

// fold appends a name with its ASCII letters in lower case.
func fold[S []byte | string](b []byte, name S) []byte {
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}

// An UnclearError is the error for an event with a name that could mean two names, or
// with two names that could mean the same, because they differ only in case.
type UnclearError struct {
	What  string   // "field", "channel" or "provider"
	Found []string // one or two names in the event
	Known []string // names in the definitions that differ from them only in case
}

func (e *UnclearError) Error() string {
	if len(e.Known) > 1 {
		return fmt.Sprintf("found the %s %s, which differs only in case from each of %s; expected one of them exactly", e.What, quoted(e.Found), quoted(e.Known))
	}
	return fmt.Sprintf("found the %ss %s, which differ only in case from %s; expected one of them", e.What, quoted(e.Found), quoted(e.Known))
}

// quoted quotes and joins names for a message.
func quoted(names []string) string {
	var list []string
	for _, name := range names {
		list = append(list, clip([]byte(name)))
	}
	return strings.Join(list, " and ")
}
