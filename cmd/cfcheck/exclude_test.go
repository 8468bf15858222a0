package main

import "testing"

// TestExclusion tests the patterns of --exclude.
func TestExclusion(t *testing.T) {
	for _, tt := range []struct {
		pattern, path string
		want          bool
	}{
		{"tests", "tests", true},
		{"tests", "a/b/tests", true},
		{"tests", "tests2", false},
		{"tests", "tests/a.yml", false}, // the walk stops at the folder
		{"tests/", "a/tests", true},
		{"/tests", "tests", true},
		{"/tests", "a/tests", false},
		{"*.test.yml", "a/x.test.yml", true},
		{"*.test.yml", "x.yml", false},
		{"a/*.yml", "a/x.yml", true},
		{"a/*.yml", "a/b/x.yml", false},
		{"a/*.yml", "b/a/x.yml", false},
		{"a/**/x.yml", "a/x.yml", true},
		{"a/**/x.yml", "a/b/c/x.yml", true},
		{"a/**/x.yml", "b/x.yml", false},
		{"**/old/*", "old/x", true},
		{"**/old/*", "a/old/x", true},
		{"**/old/*", "a/old", false},
		{"**", "anything/at/all", true},
		{"[a-c]?.yml", "b1.yml", true},
		{"[a-c]?.yml", "d1.yml", false},
		{`\*.yml`, "*.yml", true},
		{`\*.yml`, "a.yml", false},
		{"A.yml", "a.yml", false},
	} {
		x, err := newExclusion([]string{"none", tt.pattern})
		if err != nil {
			t.Errorf("%s: %v", tt.pattern, err)
		} else if have := x.match(tt.path); have != tt.want {
			t.Errorf("%q matches %q: %t; want %t", tt.pattern, tt.path, have, tt.want)
		}
	}
	for _, pattern := range []string{"", "/", "[", "a//b", "../a", "./a", "a/["} {
		if _, err := newExclusion([]string{pattern}); err == nil {
			t.Errorf("%q is taken", pattern)
		}
	}
}
