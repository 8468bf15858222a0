package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestFingerprintsStay checks that the fingerprints of findings stay if rules move within their
// file and between files, other lines are added above them, other rules are added, and the
// revision of a channel file rises.
func TestFingerprintsStay(t *testing.T) {
	rules := []string{
		// each with a finding of its own: an unknown field, two that no event can match, a search without use
		"title: One\nid: 7c0e0000-0000-4000-8000-000000000001\nlogsource: {category: file_event, product: windows}\ndetection: {sel: {CommandLine: x}, condition: sel}\n",
		"title: Two\nid: 7c0e0000-0000-4000-8000-000000000002\nlogsource: {category: process_creation, product: windows}\ndetection: {sel: {CurrentDirectory: 'C:\\\\x'}, condition: sel}\n",
		"title: Three\nid: 7c0e0000-0000-4000-8000-000000000003\nlogsource: {category: process_creation, product: windows}\ndetection: {sel: {OriginalFileName: a.exe}, condition: sel}\n",
		"title: Four\nid: 7c0e0000-0000-4000-8000-000000000004\nlogsource: {category: process_creation, product: windows}\ndetection: {sel: {Image: a}, other: {Image: b}, condition: sel}\n",
	}
	const clean = "title: Clean %d\nid: 7c0e0000-0000-4000-8000-0000000001%02d\nlogsource: {category: process_creation, product: windows}\ndetection: {sel: {Image: 'clean%d.exe'}, condition: sel}\n"
	dir := t.TempDir()
	n := 0
	// of returns the fingerprints of the findings about the rules of one folder.
	of := func(t interface{ Fatalf(string, ...any) }, files ...string) []string {
		n++
		folder := filepath.Join(dir, fmt.Sprint(n))
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatalf("%v", err)
		}
		for i, text := range files {
			if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.yml", i)), []byte(text), 0o644); err != nil {
				t.Fatalf("%v", err)
			}
		}
		return printsOf(t, folder)
	}
	want := of(t, strings.Join(rules, "---\n"))
	if len(slices.Compact(slices.Clone(want))) != len(want) || len(want) < len(rules) {
		t.Fatalf("findings share fingerprints, or are too few: %q", want)
	}
	var built [2][]string
	for i, text := range []string{rules[1] + "---\n" + rules[2], rules[2] + "---\n# another line\n" + rules[1]} {
		source, out := filepath.Join(dir, fmt.Sprintf("built%d.yml", i)), filepath.Join(dir, fmt.Sprintf("out%d", i))
		if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		var messages bytes.Buffer
		if status := run([]string{"build", "--revision", fmt.Sprint(i + 1), "-o", out, source}, strings.NewReader(""), &messages, &messages); status != 0 {
			t.Fatalf("status %d: %s", status, &messages)
		}
		built[i] = printsOf(t, out)
	}
	if !slices.Equal(built[0], built[1]) || len(built[0]) < 2 {
		t.Errorf("revision 1 has %q, revision 2 has %q", built[0], built[1])
	}
	rapid.Check(t, func(t *rapid.T) {
		files := make([]string, rapid.IntRange(1, 3).Draw(t, "files"))
		add := func(rule string) {
			i := rapid.IntRange(0, len(files)-1).Draw(t, "file")
			if files[i] != "" {
				files[i] += "---\n"
			}
			files[i] += strings.Repeat("# another line\n", rapid.IntRange(0, 3).Draw(t, "lines")) + rule
		}
		for i := range rapid.IntRange(0, 2).Draw(t, "clean rules") {
			add(fmt.Sprintf(clean, i, i, i))
		}
		for _, rule := range rapid.Permutation(rules).Draw(t, "rules") {
			add(rule)
		}
		files = slices.DeleteFunc(files, func(s string) bool { return s == "" })
		if have := of(t, files...); !slices.Equal(have, want) {
			t.Fatalf("fingerprints %q, expected %q", have, want)
		}
	})
}

// printsOf judges a path for the fleet reference, and returns the checks and the fingerprints of
// the findings.
func printsOf(t interface{ Fatalf(string, ...any) }, path string) []string {
	var out, messages bytes.Buffer
	run([]string{"check", "--fleet", "reference", "-v", "--format", "csv", path}, strings.NewReader(""), &out, &messages)
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%v\n%s", err, &messages)
	}
	check, print := slices.Index(rows[0], "check"), slices.Index(rows[0], "fingerprint")
	var prints []string
	for _, row := range rows[1:] {
		if row[print] != "" {
			prints = append(prints, row[check]+" "+row[print])
		}
	}
	slices.Sort(prints)
	return prints
}
