package reference

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Cell is a way in which content uses a sensor, as the fields of a line of a ledger. It
// follows the table in docs/change.md, and shares no code with package cells.
type Cell struct{ Type, Input, Operator, Class, Size string }

// String returns the cell as in a line of a ledger.
func (c Cell) String() string {
	return strings.Join([]string{field(c.Type), input(c.Input), field(c.Operator), c.Class, c.Size}, " ")
}

func input(name string) string {
	if name == "" {
		return "-"
	}
	return field(name)
}

// field returns a text as a field of a line. It has quotes if it could be misread.
func field(s string) string {
	plain := s != "" && s != "-" && !strings.HasPrefix(s, "#") && strings.ToValidUTF8(s, "") == s
	for _, r := range s {
		plain = plain && r != '"' && r != '\\' && !unicode.IsSpace(r) && unicode.IsPrint(r)
	}
	if plain {
		return s
	}
	return strconv.Quote(s)
}

// Cells returns the cells of a file that fits a definition.
//
//mutation:equivalent width: a scope has at most three inputs
func Cells(f *channelfile.File, d *sensor.Definition) map[Cell]bool {
	typ := fmt.Sprintf("%s/%d", d.Name, d.Version)
	cells := map[Cell]bool{{Type: typ, Operator: "instances", Class: "-", Size: sizeClass(f.Instances())}: true}
	for i := range f.Instances() {
		treeOf(f, i).each(func(leaf *tree) {
			c := f.Criterion(leaf.criterion)
			operator := c.Operator.String()
			for _, flag := range []struct {
				is   channelfile.Flags
				name string
			}{{channelfile.FlagFold, "fold"}, {channelfile.FlagAll, "all"}, {channelfile.FlagInputs, "inputs"}} {
				if c.Flags&flag.is != 0 {
					operator += "+" + flag.name
				}
			}
			add := func(input int, class string) {
				cells[Cell{typ, d.Inputs[input].Name, operator, class, sizeClass(c.Count)}] = true
			}
			if c.Count == 0 {
				add(int(c.Input), "-")
			}
			for other := range f.OperandInputs(c) {
				add(int(c.Input), "input")
				add(other, "input")
			}
			for v := range f.OperandValues(c) {
				switch c.Operator {
				case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
					add(int(c.Input), "number")
				case channelfile.OpAddressRange:
					add(int(c.Input), "address")
				case channelfile.OpPattern:
					add(int(c.Input), textClass(string(v))+"+wildcard")
				default:
					add(int(c.Input), textClass(string(v)))
				}
			}
			for p := range f.OperandPrograms(c) {
				add(int(c.Input), textClass(p.Source())+"+expression")
			}
		})
	}
	return cells
}

// textClass returns the class of a text by its length and its letters.
func textClass(s string) string {
	class := "short"
	switch {
	case s == "":
		return "empty"
	case len(s) > 4096:
		class = "long"
	}
	if strings.IndexFunc(s, func(r rune) bool { return r > 127 }) >= 0 {
		class += "+non-ascii"
	}
	return class
}

// sizeClass returns the class of a number, which ends with a power of two.
func sizeClass(n int) string {
	end := 1
	for end < n {
		end *= 2
	}
	switch {
	case n == 0:
		return "0"
	case end <= 2:
		return strconv.Itoa(end)
	}
	return fmt.Sprintf("%d-%d", end/2+1, end)
}

// A Record is a line of a ledger.
type Record struct {
	Build string
	Cell  Cell
	By    sensor.Date // first day on which it counts
}

func (r Record) String() string {
	return fmt.Sprintf("%s %v %04d-%02d-%02d", field(r.Build), r.Cell, r.By.Year, r.By.Month, r.By.Day)
}

// LedgerOf returns the text of a ledger with records.
func LedgerOf(records []Record) []byte {
	lines := []string{"cfcheck.ledger/v0"}
	for _, r := range records {
		lines = append(lines, r.String())
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

// A FirstUse names a first use as the check does: the ID of the check, and the cell, or
// "type version" for content of a type version that a build has no record of.
type FirstUse struct{ Check, Path string }

// FirstUses returns the first uses of a file on the builds of a fleet, each with the names of
// its builds, sorted. A build that refuses the type version safely does not count.
func FirstUses(f *channelfile.File, d *sensor.Definition, fleet *sensor.Fleet, ledger []Record, now time.Time) map[FirstUse][]string {
	uses := map[FirstUse][]string{}
	cells := Cells(f, d)
	larger := map[Cell]bool{} // cells whose size alone is new, on each build for which they are new
	type lacking struct {
		cell  Cell
		build string
	}
	var list []lacking
	for i := range fleet.Contracts {
		c := &fleet.Contracts[i]
		if c.Reader.RefusesUnknownVersions && !slices.ContainsFunc(c.Supplies, func(s sensor.Supply) bool { return s.Type == d.Name && s.Version == d.Version }) {
			continue
		}
		// agree reports whether a record of the build has the first fields of a cell.
		agree := func(cell Cell, fields int) bool {
			return slices.ContainsFunc(ledger, func(r Record) bool {
				day := time.Date(r.By.Year, r.By.Month, r.By.Day, 0, 0, 0, 0, time.UTC)
				mine := []string{cell.Type, cell.Input, cell.Operator, cell.Class, cell.Size}
				its := []string{r.Cell.Type, r.Cell.Input, r.Cell.Operator, r.Cell.Class, r.Cell.Size}
				return r.Build == c.Build && !day.After(now) && slices.Equal(mine[:fields], its[:fields])
			})
		}
		for cell := range cells {
			if !agree(cell, 1) {
				use := FirstUse{"CF6013", "type version"}
				uses[use] = append(uses[use], c.Build)
				break
			}
			if !agree(cell, 5) {
				list = append(list, lacking{cell, c.Build})
				if size, seen := larger[cell]; !seen || size {
					larger[cell] = agree(cell, 4)
				}
			}
		}
	}
	for _, l := range list {
		use := FirstUse{"CF6013", l.cell.String()}
		if larger[l.cell] || l.cell.Operator == "instances" {
			use.Check = "CF6014"
		}
		uses[use] = append(uses[use], l.build)
	}
	for _, builds := range uses {
		slices.Sort(builds)
	}
	return uses
}
