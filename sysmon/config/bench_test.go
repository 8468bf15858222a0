package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sysmon"
)

// large returns a configuration of about size bytes in the manner of public ones: half of the
// fields in Rules, names of techniques, comments.
func large(size int) []byte {
	var b strings.Builder
	b.WriteString("<Sysmon schemaversion=\"4.50\">\n<HashAlgorithms>md5,sha256</HashAlgorithms>\n<EventFiltering>\n")
	for i := 0; b.Len() < size; i++ {
		tag, field := "ProcessCreate", "CommandLine"
		if i%2 == 1 {
			tag, field = "RegistryEvent", "TargetObject"
		}
		fmt.Fprintf(&b, "<RuleGroup name=\"\" groupRelation=\"or\">\n<%s onmatch=\"include\">\n", tag)
		for k := range 20 {
			fmt.Fprintf(&b, "<%s name=\"technique_id=T%d,technique_name=Some Technique\" condition=\"contains\">\\Software\\Path %d</%[1]s> <!-- comment -->\n", field, k, i)
			fmt.Fprintf(&b, "<Rule name=\"technique_id=T%d\" groupRelation=\"and\">\n<Image condition=\"image\">program%d.exe</Image>\n<%s condition=\"contains any\">a %d;b;c</%[3]s>\n</Rule>\n", k, k, field, i)
		}
		fmt.Fprintf(&b, "</%s>\n</RuleGroup>\n", tag)
	}
	b.WriteString("</EventFiltering>\n</Sysmon>\n")
	return []byte(b.String())
}

// builds20 are builds that load such a configuration.
func builds20(t testing.TB) []*sysmon.Build {
	var list []*sysmon.Build
	for _, b := range sysmon.Builds() {
		if b.Schema.Compare(sysmon.Version{Major: 4, Minor: 50}) >= 0 && len(list) < 20 {
			list = append(list, b)
		}
	}
	if len(list) != 20 {
		t.Fatalf("%d builds", len(list))
	}
	return list
}

// BenchmarkLoad parses 250 KB once and loads it for 20 builds. It must take less than 50 ms.
func BenchmarkLoad(b *testing.B) {
	text, builds := large(250_000), builds20(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		c, err := Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		for _, build := range builds {
			if l := c.Load(build); !l.Took() {
				b.Fatal(l.Refused)
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	text := large(250_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
