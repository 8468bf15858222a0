package sigma

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cfcheck/cfcheck/sensor/builtin"
	"go.yaml.in/yaml/v4"
)

// realFiles returns the contents and the names of the published rule files.
func realFiles(b *testing.B) (names []string, files [][]byte) {
	needRealData(b)
	loaded, err := Load(filepath.Join(realData, "sigma"))
	if err != nil {
		b.Fatal(err)
	}
	size := 0
	for _, f := range loaded {
		data, err := os.ReadFile(f.Name)
		if err != nil {
			b.Fatal(err)
		}
		names, files = append(names, f.Name), append(files, data)
		size += len(data)
	}
	b.SetBytes(int64(size))
	return names, files
}

// BenchmarkYAML only decodes the YAML of the published rules.
func BenchmarkYAML(b *testing.B) {
	_, files := realFiles(b)
	b.ReportAllocs()
	for b.Loop() {
		for _, data := range files {
			var doc yaml.Node
			if err := yaml.Unmarshal(data, &doc); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkParse parses the same files as rules.
func BenchmarkParse(b *testing.B) {
	names, files := realFiles(b)
	b.ReportAllocs()
	for b.Loop() {
		for i, data := range files {
			if _, err := Parse(names[i], data); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkBuild compiles the published rules to channel files. Some rules read
// fields that their types do not have.
func BenchmarkBuild(b *testing.B) {
	names, files := realFiles(b)
	var rules []*Rule
	for i, data := range files {
		r, err := Parse(names[i], data)
		if err != nil {
			b.Fatal(err)
		}
		rules = append(rules, r...)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, err := Build(rules, builtin.Definitions(), Options{AllowUnsupported: true})
		onlyUnknownFields(b, err)
	}
}
