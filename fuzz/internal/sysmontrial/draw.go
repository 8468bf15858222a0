// Package sysmontrial draws configurations of Sysmon, and compares the gate with the model of the
// published engine on them. The model shares no code with the gate. Of a configuration that the
// gate accepts, the compiled blob must be accepted too, come back from its configuration, and do no
// harm to the model. The decisions about events, and the claims of findings about the meaning of
// rules, must be those of the model.
package sysmontrial

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
)

// A Case is a configuration for a build. Each element, Rule and filter has a line of its own, so
// lines can be removed to make a case smaller.
type Case struct {
	Lines []string
	Build string // name of a version of Sysmon whose blobs are known
	Seed  uint64 // of the events, and of the changes of the blob
}

// Text returns the configuration.
func (c *Case) Text() []byte { return []byte(strings.Join(c.Lines, "\n") + "\n") }

// builds are the versions for which configurations are drawn: one of each schema and binary
// version that can be written, and one for Linux.
var builds = []string{"13.24", "13.30", "14.0", "15.0", "15.15", "linux-1.0.0"}

// tags are the events that are filtered. Some of them stand for several IDs, with fields at other
// places.
var tags = []string{"ProcessCreate", "NetworkConnect", "DriverLoad", "RegistryEvent", "RegistryEvent", "WmiEvent", "WmiEvent", "PipeEvent", "DnsQuery"}

// alphabet has the letters of values: paths, lists, blanks, a variable, a star, numbers and letters
// beyond ASCII.
var alphabet = []string{"a", "a", "b", "A", "B", `\`, `\`, ";", ";", " ", "%", "*", "1", "9", "é", "HKCU", "HKLM"}

// Draw returns the next case of a random stream.
func Draw(r *rand.Rand) *Case {
	c := &Case{Build: builds[r.IntN(len(builds))], Seed: r.Uint64()}
	build, err := sysmon.BuildNamed(c.Build)
	if err != nil {
		panic(err) // a test draws for each build
	}
	d := drawer{r, build.Manifest(), c}
	schema := build.Schema.String()
	if r.IntN(4) == 0 {
		schema = "4.50"
	}
	d.line("<Sysmon schemaversion=%q>", schema)
	if r.IntN(4) == 0 {
		d.line("<DnsLookup>False</DnsLookup>")
	}
	if r.IntN(4) == 0 {
		d.line("<HashAlgorithms>md5</HashAlgorithms>")
	}
	d.line("<EventFiltering>")
	// Two tags, so that elements of one meet.
	few := []string{tags[r.IntN(len(tags))], tags[r.IntN(len(tags))]}
	for range 1 + r.IntN(5) {
		d.element(few[r.IntN(2)])
	}
	d.line("</EventFiltering>")
	d.line("</Sysmon>")
	return c
}

type drawer struct {
	*rand.Rand
	schema *sysmon.Schema
	*Case
}

func (d *drawer) line(format string, args ...any) {
	d.Lines = append(d.Lines, fmt.Sprintf(format, args...))
}

func (d *drawer) element(tag string) {
	group := d.IntN(5) > 0
	if group {
		d.line("<RuleGroup%s groupRelation=%q>", d.name(), d.relation())
	}
	onmatch := "include"
	if d.IntN(2) == 0 {
		onmatch = "exclude"
	}
	d.line("<%s onmatch=%q>", tag, onmatch)
	for n := d.IntN(5); n > 0; n-- {
		if d.IntN(3) > 0 {
			d.filter(tag)
			continue
		}
		d.line("<Rule%s groupRelation=%q>", d.name(), d.relation())
		for range 1 + d.IntN(3) {
			d.filter(tag)
		}
		d.line("</Rule>")
	}
	d.line("</%s>", tag)
	if group {
		d.line("</RuleGroup>")
	}
}

// filter draws a filter on one of a few fields. The last fields of an event are those that the
// events of a tag do not share.
func (d *drawer) filter(tag string) {
	events := d.schema.Tagged(tag)
	fields := events[d.IntN(len(events))].Fields
	at := len(fields) - 1 - d.IntN(min(4, len(fields)))
	if d.IntN(3) == 0 {
		at = min(4, len(fields)-1) // an image, mostly
	}
	name := fields[at]
	if d.IntN(200) == 0 {
		name = "Typo"
	}
	operators := d.schema.Operators
	d.line("<%s%s condition=%q>%s</%[1]s>", name, d.name(), operators[d.IntN(len(operators))], escaped.Replace(d.value()))
}

func (d *drawer) name() string {
	if d.IntN(3) > 0 {
		return ""
	}
	return fmt.Sprintf(" name=%q", []string{"", "n", "m"}[d.IntN(3)])
}

func (d *drawer) relation() string { return []string{"or", "and"}[d.IntN(2)] }

func (d *drawer) value() string {
	var b strings.Builder
	for range d.IntN(5) {
		b.WriteString(alphabet[d.IntN(len(alphabet))])
	}
	return b.String()
}

var escaped = strings.NewReplacer("&", "&amp;", "<", "&lt;")
