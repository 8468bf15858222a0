package generate

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// Texts returns a batch of files with one criterion each on one string. They have each
// expression of the generator, and operands for each operator that are parsed, folded or
// compared in more than one way. A build supplies the string.
func Texts() *Batch {
	d := &sensor.Definition{Name: "texts", Number: 2912, Version: 1, Channel: 291, Inputs: []sensor.Input{{Name: "Text", Type: sensor.TypeString, MaxLength: MaxLength}}}
	b := &Batch{Definition: d, Definitions: new(sensor.Definitions)}
	if err := b.Definitions.Add(d); err != nil {
		panic(fmt.Sprintf("a generated definition is rejected: %v", err))
	}
	var list []channelfile.Expr
	for _, e := range expressions {
		list = append(list, channelfile.Regexp(0, e))
	}
	for _, s := range pieces {
		for _, e := range []channelfile.Expr{channelfile.Equals(0, s), channelfile.Prefix(0, s), channelfile.Suffix(0, s), channelfile.Contains(0, s)} {
			list = append(list, e, e.Fold())
		}
	}
	every := "[" // every second rune of some
	for r := rune(0x3100); r < 0x3290; r += 2 {
		every += string(r)
	}
	// These have classes with many ranges.
	for _, e := range []string{every + "]", `^\pL`, `\PL$`, `^\p{Greek}+$`} {
		list = append(list, channelfile.Regexp(0, e))
	}
	for _, s := range []string{strings.Repeat("?", 256), "?", "??", "*?*a", "a?*", "?*\u00e9", "*1*1", "?.?.*", "*\xff?", "*\x9F?*\x80", "?*\x9F?*\x80", "*\x9F?\\*"} {
		list = append(list, channelfile.Pattern(0, s), channelfile.Pattern(0, s).Fold())
	}
	for _, n := range []int64{0, 1, 7, -1, 1<<63 - 1, -1 << 63} {
		list = append(list, channelfile.IntegerEquals(0, n), channelfile.IntegerRange(0, [2]int64{n, 1<<63 - 1}), channelfile.IntegerRange(0, [2]int64{-1 << 63, n}))
	}
	for _, s := range []string{"0.0.0.0/0", "1.2.3.4/32", "1.2.3.0/24", "::/0", "::1/128", "1::/16", "2001:db8::/32"} {
		list = append(list, channelfile.AddressPrefix(0, netip.MustParsePrefix(s)))
	}
	for _, e := range list {
		if data := single(d, e); data != nil {
			b.Files = append(b.Files, File{data, Valid})
		}
	}
	f := &sensor.Fleet{Name: "texts", Contracts: []sensor.Contract{{
		Build: "b0", Hosts: 1, Reader: sensor.Reader{Access: sensor.AccessPositional, Evidence: sensor.EvidenceStated, Formats: formats, Operators: operators},
		Supplies: []sensor.Supply{{
			Type: d.Name, Version: d.Version, Evidence: sensor.EvidenceExtracted,
			Inputs: []sensor.SuppliedInput{{Name: "Text", Type: sensor.TypeString, State: sensor.StateSupplied, MaxLength: MaxLength}},
		}},
	}}}
	b.Fleets = []Fleet{{f, f.Cohorts(), true}}
	return b
}
