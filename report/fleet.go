package report

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/inventory"
)

// FleetSchema is the name and version of the schema of a JSON page of a fleet, which is
// schema/fleet-page.json.
const FleetSchema = "cfcheck.fleet-page/v0"

// A FleetPage shows a fleet to a person: its builds, and the hosts that supply each input.
type FleetPage struct {
	fleet    *sensor.Fleet
	distinct int
	types    []inventory.TypeSummary
	inputs   bool // whether Text and Markdown show the inputs of the types
}

// NewFleetPage returns a page for a fleet. If only is not empty, the page has only the
// template types with these names, and its texts show their inputs.
func NewFleetPage(f *sensor.Fleet, defs *sensor.Definitions, only []string) *FleetPage {
	p := &FleetPage{fleet: f, distinct: len(f.Distinct()), types: inventory.Summarise(f, defs), inputs: len(only) > 0}
	if len(only) > 0 {
		p.types = slices.DeleteFunc(p.types, func(t inventory.TypeSummary) bool { return !slices.Contains(only, t.Type) })
	}
	return p
}

// Types returns the names of the template types of the page.
func (p *FleetPage) Types() []string {
	var names []string
	for i := range p.types {
		names = append(names, p.types[i].Type)
	}
	return slices.Compact(names)
}

// title describes the whole fleet in one line.
func (p *FleetPage) title() string {
	example := ""
	if p.fleet.Builtin {
		example = "example "
	}
	return fmt.Sprintf("%sfleet %s: %s (%s), %s; evidence: %s", example, p.fleet.Name, count(uint64(len(p.fleet.Contracts)), "build"),
		count(uint64(p.distinct), "distinct contract"), count(p.fleet.Hosts(), "host"), Evidence(p.fleet))
}

// share returns a part of the hosts of the fleet, such as 40.0 %. A part that is neither
// nothing nor everything is never shown as 0.0 % or 100.0 %.
func (p *FleetPage) share(hosts uint64) string {
	all := p.fleet.Hosts()
	if all == 0 || hosts == 0 {
		return "0 %"
	}
	if hosts >= all {
		return "100 %"
	}
	whole := new(big.Int).SetUint64(all)
	tenths := new(big.Int).Mul(new(big.Int).SetUint64(hosts), big.NewInt(1000))
	tenths.Add(tenths, new(big.Int).Rsh(whole, 1)) // round to the nearest
	n := min(max(tenths.Div(tenths, whole).Uint64(), 1), 999)
	return fmt.Sprintf("%d.%d %%", n/10, n%10)
}

// A pageTable is a table of a page, for text and Markdown.
type pageTable struct {
	title string
	head  []string
	left  []bool // whether a column has texts; the others have numbers
	rows  [][]string
}

// tables returns the tables of the page.
func (p *FleetPage) tables() []pageTable {
	builds := pageTable{head: []string{"hosts", "share", "types", "reader", "build", "note"}, left: []bool{false, false, false, true, true, true}}
	for i := range p.fleet.Contracts {
		c := &p.fleet.Contracts[i]
		builds.rows = append(builds.rows, []string{numeral.Thousands(c.Hosts), p.share(c.Hosts), strconv.Itoa(typesOf(c)), c.Reader.Access.String(), c.Build, c.Note})
	}
	tables := []pageTable{builds}
	if !p.inputs {
		types := pageTable{
			title: "Types, with their inputs by the hosts that supply them",
			head:  []string{"hosts", "share", "inputs", "on all", "on some", "unknown", "on none", "type", "feeds"},
			left:  []bool{false, false, false, false, false, false, false, true, true},
		}
		for i := range p.types {
			t := &p.types[i]
			all, some, unknown, none := countInputs(t)
			types.rows = append(types.rows, []string{numeral.Thousands(t.Hosts), p.share(t.Hosts), strconv.Itoa(len(t.Inputs)),
				strconv.Itoa(all), strconv.Itoa(some), strconv.Itoa(unknown), strconv.Itoa(none), typeName(t), strings.Join(t.Feeds, ", ")})
		}
		return append(tables, types)
	}
	for i := range p.types {
		t := &p.types[i]
		title := fmt.Sprintf("Type %s: %s, %s of hosts", typeName(t), count(t.Hosts, "host"), p.share(t.Hosts))
		if t.Unrecorded > 0 {
			title += fmt.Sprintf("; %s do not record it", count(t.Unrecorded, "more host"))
		}
		if len(t.Feeds) > 0 {
			title += "; feeds: " + strings.Join(t.Feeds, ", ")
		}
		table := pageTable{title: title, head: []string{"supplied", "in part", "unknown", "not supplied", "index", "input"}, left: []bool{false, false, false, false, false, true}}
		for k := range t.Inputs {
			in := &t.Inputs[k]
			row := make([]string, 0, len(table.head))
			for _, n := range in.Hosts {
				if n == 0 {
					row = append(row, ".")
					continue
				}
				row = append(row, numeral.Thousands(n))
			}
			index := "."
			if in.Index >= 0 {
				index = strconv.Itoa(in.Index)
			}
			table.rows = append(table.rows, append(row, index, in.Name))
		}
		tables = append(tables, table)
	}
	return tables
}

func typeName(t *inventory.TypeSummary) string {
	return fmt.Sprintf("%s version %d", t.Type, t.Version)
}

// typesOf returns the number of template types that a build supplies.
func typesOf(c *sensor.Contract) int {
	types := map[string]bool{}
	for i := range c.Supplies {
		types[c.Supplies[i].Type] = true
	}
	return len(types)
}

// countInputs counts the inputs of a type by the hosts that supply them.
func countInputs(t *inventory.TypeSummary) (all, some, unknown, none int) {
	for i := range t.Inputs {
		switch h := &t.Inputs[i].Hosts; {
		case t.Hosts > 0 && h[inventory.OnAll] == t.Hosts:
			all++
		case h[inventory.OnAll] > 0 || h[inventory.InPart] > 0:
			some++
		case h[inventory.Unknown] > 0:
			unknown++
		default:
			none++
		}
	}
	return all, some, unknown, none
}

// Text writes the page for a terminal.
func (p *FleetPage) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintln(b, Clean(p.title()))
	if p.fleet.Note != "" {
		fmt.Fprintln(b, Clean(p.fleet.Note))
	}
	for _, table := range p.tables() {
		fmt.Fprintln(b)
		if table.title != "" {
			fmt.Fprintln(b, Clean(table.title))
		}
		width := make([]int, len(table.head))
		rows := append([][]string{table.head}, table.rows...)
		for _, row := range rows {
			for i := range row {
				row[i] = Clean(row[i])
				width[i] = max(width[i], utf8.RuneCountInString(row[i]))
			}
		}
		for _, row := range rows {
			var line strings.Builder
			for i, s := range row {
				pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(s))
				if table.left[i] {
					line.WriteString("  " + s + pad)
				} else {
					line.WriteString("  " + pad + s)
				}
			}
			fmt.Fprintln(b, strings.TrimRight(line.String(), " "))
		}
	}
	return b.Flush()
}

// Markdown writes the page for a web page of a repository or of a job.
func (p *FleetPage) Markdown(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "## %s\n", markdown(p.title()))
	if p.fleet.Note != "" {
		fmt.Fprintf(b, "\n%s\n", markdown(p.fleet.Note))
	}
	for _, table := range p.tables() {
		if table.title != "" {
			fmt.Fprintf(b, "\n%s\n", markdown(table.title))
		}
		fmt.Fprintf(b, "\n| %s |\n|", strings.Join(table.head, " | "))
		for _, left := range table.left {
			if left {
				fmt.Fprint(b, "---|")
			} else {
				fmt.Fprint(b, "---:|")
			}
		}
		fmt.Fprintln(b)
		for _, row := range table.rows {
			for _, s := range row {
				fmt.Fprintf(b, "| %s ", markdown(s))
			}
			fmt.Fprintln(b, "|")
		}
	}
	return b.Flush()
}

// CSV writes a row for each input of each type.
func (p *FleetPage) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	out.Write([]string{"fleet", "type", "version", "input", "index", "hosts", "supplied", "in part", "unknown", "not supplied", "not recorded"})
	number := func(n uint64) string { return strconv.FormatUint(n, 10) }
	for i := range p.types {
		t := &p.types[i]
		for k := range t.Inputs {
			in := &t.Inputs[k]
			index := ""
			if in.Index >= 0 {
				index = strconv.Itoa(in.Index)
			}
			out.Write([]string{cell(p.fleet.Name), cell(t.Type), number(uint64(t.Version)), cell(in.Name), index, number(t.Hosts),
				number(in.Hosts[inventory.OnAll]), number(in.Hosts[inventory.InPart]), number(in.Hosts[inventory.Unknown]), number(in.Hosts[inventory.Nowhere]), number(t.Unrecorded)})
		}
	}
	out.Flush()
	return out.Error()
}

type jsonFleetPage struct {
	Schema   string          `json:"schema"`
	Name     string          `json:"name"`
	Builtin  bool            `json:"builtin"`
	Note     string          `json:"note,omitempty"`
	Distinct int             `json:"distinctContracts"`
	Hosts    uint64          `json:"hosts"`
	Evidence string          `json:"evidence"`
	Builds   []jsonPageBuild `json:"builds"`
	Types    []jsonPageType  `json:"types"`
}

type jsonPageBuild struct {
	Build  string `json:"build"`
	Hosts  uint64 `json:"hosts"`
	Access string `json:"access"`
	Types  int    `json:"types"`
	Note   string `json:"note,omitempty"`
}

type jsonPageType struct {
	Type       string          `json:"type"`
	Version    uint32          `json:"version"`
	Known      bool            `json:"known"`
	Builds     []string        `json:"builds"`
	Feeds      []string        `json:"feeds"`
	Hosts      uint64          `json:"hosts"`
	Unrecorded uint64          `json:"notRecorded"`
	Inputs     []jsonPageInput `json:"inputs"`
}

type jsonPageInput struct {
	Name    string `json:"name"`
	Index   *int   `json:"index,omitempty"`
	OnAll   uint64 `json:"supplied"`
	InPart  uint64 `json:"inPart"`
	Unknown uint64 `json:"unknown"`
	Nowhere uint64 `json:"notSupplied"`
}

// JSON writes the page for programs, in the form of [FleetSchema].
func (p *FleetPage) JSON(w io.Writer) error {
	f := p.fleet
	out := jsonFleetPage{FleetSchema, f.Name, f.Builtin, f.Note, p.distinct, f.Hosts(), Evidence(f), []jsonPageBuild{}, []jsonPageType{}}
	for i := range f.Contracts {
		c := &f.Contracts[i]
		out.Builds = append(out.Builds, jsonPageBuild{c.Build, c.Hosts, c.Reader.Access.String(), typesOf(c), c.Note})
	}
	for i := range p.types {
		t := &p.types[i]
		of := jsonPageType{t.Type, t.Version, t.Known, t.Builds, list(t.Feeds), t.Hosts, t.Unrecorded, []jsonPageInput{}}
		for k := range t.Inputs {
			in := &t.Inputs[k]
			input := jsonPageInput{in.Name, nil, in.Hosts[inventory.OnAll], in.Hosts[inventory.InPart], in.Hosts[inventory.Unknown], in.Hosts[inventory.Nowhere]}
			if in.Index >= 0 {
				input.Index = &in.Index
			}
			of.Inputs = append(of.Inputs, input)
		}
		out.Types = append(out.Types, of)
	}
	return writeIndented(w, out)
}
