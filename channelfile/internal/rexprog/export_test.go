package rexprog

import (
	"os"
	"strings"
	"testing"
)

// These are for the tests that compile through package channelfile.
var (
	PosixSets      = posixSets
	UnicodeAliases = unicodeAliases
	UnicodeKey     = unicodeKey
	IsWordByte     = isWordByte
)

const UnicodeVersion = unicodeVersion

// ForeignGroups returns the starts of groups that are not expressible.
func ForeignGroups() (starts []string) {
	for _, f := range foreignGroups {
		starts = append(starts, f.start)
	}
	return starts
}

// SyntaxOf returns the part of FORMAT.md on the syntax of a source.
func SyntaxOf(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, syntax, ok := strings.Cut(string(text), "\n### Syntax of a source\n")
	if !ok {
		t.Fatal("FORMAT.md has no section on the syntax of a source")
	}
	syntax, _, _ = strings.Cut(syntax, "\n### ")
	return syntax
}
