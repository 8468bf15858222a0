package main

import (
	"fmt"
	"path"
	"strings"
)

// An exclusion is a list of patterns of rules to leave out. A nil exclusion leaves out
// nothing.
type exclusion struct {
	patterns [][]string // each divided at its slashes
	used     []bool     // by pattern: whether it matched a file or folder
}

const excludeUsage = "leave out rules in folders whose name, or path below the folder, matches this `pattern`, and list them; it may have *, ?, [a-z] and **"

// newExclusion reads the patterns of --exclude.
func newExclusion(patterns []string) (*exclusion, error) {
	x := &exclusion{used: make([]bool, len(patterns))}
	for _, s := range patterns {
		elements := strings.Split(strings.Trim(s, "/"), "/")
		for _, e := range elements {
			if _, err := path.Match(e, ""); err != nil || e == "" || e == "." || e == ".." {
				return nil, fmt.Errorf("--exclude: found %q (want a name or a path with wildcards, such as tests or '*.test.yml')", s)
			}
		}
		if len(elements) == 1 && !strings.HasPrefix(s, "/") { // a name, in any folder
			elements = []string{"**", elements[0]}
		}
		x.patterns = append(x.patterns, elements)
	}
	return x, nil
}

// match reports whether a pattern matches the path of a file or folder below the
// folder that was named on the command line. It does not look at the folders above.
func (x *exclusion) match(below string) bool {
	if x == nil || len(x.patterns) == 0 {
		return false
	}
	matched, elements := false, strings.Split(below, "/")
	for i, pattern := range x.patterns {
		if matches(pattern, elements) {
			matched, x.used[i] = true, true
		}
	}
	return matched
}

// empty reports whether the exclusion has no pattern.
func (x *exclusion) empty() bool { return x == nil || len(x.patterns) == 0 }

// matches reports whether a pattern matches all elements of a path. The element ** of
// a pattern matches any number of elements.
func matches(pattern, elements []string) bool {
	// can[i] reports whether the pattern so far matches the first i elements.
	can := make([]bool, len(elements)+1)
	can[0] = true
	for _, p := range pattern {
		next := make([]bool, len(can))
		for i := range can {
			switch {
			case p == "**":
				next[i] = can[i] || i > 0 && next[i-1]
			case i > 0 && can[i-1]:
				next[i], _ = path.Match(p, elements[i-1]) // Set checked it
			}
		}
		can = next
	}
	return can[len(elements)]
}
