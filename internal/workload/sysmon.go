package workload

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sysmon"
)

// sysmonSchema is the schema version that [SysmonSource] declares. It has no field that is newer.
var sysmonSchema = sysmon.Version{Major: 4, Minor: 50}

// SysmonSource returns a configuration of Sysmon of about size bytes. It looks like the large
// public ones: two in three of the filters stand in Rules, filters and Rules have the names of
// techniques, and comments stand between them. One element in four is an exclude. Every second
// element of the registry compares Details in a later Rule, so the loader compiles it twice.
func SysmonSource(size int) []byte {
	kinds := [...]struct{ tag, field, other string }{
		{"ProcessCreate", "CommandLine", "ParentImage"},
		{"RegistryEvent", "TargetObject", "EventType"},
		{"FileCreate", "TargetFilename", "CreationUtcTime"},
		{"ImageLoad", "ImageLoaded", "Signature"},
		{"NetworkConnect", "DestinationHostname", "DestinationPort"},
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<Sysmon schemaversion=\"%s\">\n  <HashAlgorithms>md5,sha256,imphash</HashAlgorithms>\n  <EventFiltering>\n", sysmonSchema)
	for i := 0; b.Len() < size; i++ {
		k := &kinds[i%len(kinds)]
		onmatch := "include"
		if i/len(kinds)%4 == 3 {
			onmatch = "exclude"
		}
		fmt.Fprintf(&b, "    <RuleGroup name=\"\" groupRelation=\"or\">\n      <%s onmatch=%q>\n", k.tag, onmatch)
		for n := range 20 {
			folder := words[(i*7+n)%len(words)]
			fmt.Fprintf(&b, "        <%s name=\"technique_id=T%d,technique_name=Some Technique\" condition=\"contains\">\\%s\\%s-%d</%[1]s> <!-- comment -->\n", k.field, 1000+n, folder, onmatch, 100*i+n)
			fmt.Fprintf(&b, "        <Rule name=\"technique_id=T%d\" groupRelation=\"and\">\n          <Image condition=\"image\">%s-%s-%d.exe</Image>\n", 1000+n, folder, onmatch, 100*i+n)
			other, value := k.other, fmt.Sprintf("%d;%d;%d", 3*n, 3*n+1, 3*n+2)
			if k.tag == "RegistryEvent" && i%10 == 1 && n == 10 {
				other = "Details"
			}
			fmt.Fprintf(&b, "          <%s condition=\"contains any\">%s</%[1]s>\n        </Rule>\n", other, value)
		}
		fmt.Fprintf(&b, "      </%s>\n    </RuleGroup>\n", k.tag)
	}
	b.WriteString("  </EventFiltering>\n</Sysmon>\n")
	return []byte(b.String())
}

// SysmonBuilds returns the first n versions of Sysmon that load [SysmonSource], from the oldest
// on. There are at least 20.
func SysmonBuilds(n int) []*sysmon.Build {
	var list []*sysmon.Build
	for _, b := range sysmon.Builds() {
		if b.Schema.Compare(sysmonSchema) >= 0 && len(list) < n {
			list = append(list, b)
		}
	}
	return list
}

// SysmonFleet returns a fleet with 1,000 hosts for each version of Sysmon.
func SysmonFleet(builds []*sysmon.Build) *sensor.Fleet {
	f := &sensor.Fleet{Name: "workload", Note: "A fleet for benchmarks. It is invented."}
	for _, b := range builds {
		f.Contracts = append(f.Contracts, sensor.Contract{
			Build: "with-" + b.Name, Hosts: 1000, Sensors: []sensor.SensorVersion{{Name: sensor.Sysmon, Version: b.Name}},
		})
	}
	return f
}
