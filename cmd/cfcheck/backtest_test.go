package main

import (
	"slices"
	"testing"
)

// TestCompareReleases sorts the names of releases that are in order.
func TestCompareReleases(t *testing.T) {
	for _, names := range [][]string{
		{"r1", "r2", "r9", "r10", "r11"},
		{"2025-12-31", "2026-01-01", "2026-1-2", "2026-01-10"},
		{"1", "1.9", "1.10", "2"},
		{"7", "007a", "08", "9"},
		{"", "a", "a0", "a00", "b"},
		{"r18446744073709551616", "r18446744073709551617"}, // beyond 64 bits
		{"1a", "a1"},
	} {
		for i, a := range names {
			for k, b := range names {
				if have := compareReleases(a, b); have < 0 != (i < k) || have > 0 != (i > k) {
					t.Errorf("compareReleases(%q, %q) = %d", a, b, have)
				}
			}
		}
		if !slices.IsSortedFunc(names, compareReleases) {
			t.Errorf("%q is not sorted", names)
		}
	}
}
