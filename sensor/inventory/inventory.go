// Package inventory makes the fleet of an organisation from ready contracts and from its own
// numbers of hosts. It also merges fleets, and counts the hosts that supply each input.
package inventory

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/cfcheck/cfcheck/internal/csvtext"
	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sensor"
)

// The limits of an inventory.
const (
	MaxSize   = 64 << 20 // bytes of the document
	MaxBuilds = 1 << 16  // builds that it names
)

// A Count is the number of hosts that run a build.
type Count struct {
	Build string
	Hosts uint64
	Line  int // line of the document, from 1; 0 means that the count is from no document
}

// Options say how to read an inventory.
type Options struct {
	// names of the columns in the header; "" means to recognise the column by its usual names
	Build, Hosts string
	Sum          bool // add up the rows of a build; otherwise a second row is an error
}

// A List is an inventory that was read.
type List struct {
	Counts []Count // by build, in the order of their first rows
	Rows   int     // rows without the header
	// whether each row stands for one host, because no column has a number of hosts
	EachHost bool
}

// An Error is a fault of an inventory.
type Error struct {
	Name string // file name
	Line int    // from 1; 0 means the whole document
	Err  error
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.Name, e.Line, e.Err)
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// The usual names of columns, in lower case and without other characters than letters.
var (
	buildColumns = []string{"build", "buildnumber", "sensorbuild", "agentbuild", "version", "sensorversion", "agentversion", "productversion", "sensor", "agent"}
	hostsColumns = []string{"hosts", "hostcount", "count", "number", "numberofhosts", "machines", "devices", "endpoints", "computers"}
	nameColumns  = []string{"host", "hostname", "computer", "computername", "device", "devicename", "machine", "machinename", "endpoint", "name"}
)

// Read reads an inventory: CSV with commas, semicolons or tabs, in UTF-8 or UTF-16. If it
// fails, the error is an [*Error].
//
// A header names the columns. With a column for the number of hosts, each row has the number
// of one build. Without it each row is one host, and a column for the name of the host is
// required, so that no host counts twice. A document without a header has two columns, the
// build and the number.
func Read(name string, data []byte, o Options) (*List, error) {
	if len(data) > MaxSize {
		return nil, &Error{name, 0, fmt.Errorf("found %d bytes or more; expected an inventory of at most %d", len(data), MaxSize)}
	}
	text, err := csvtext.Decode(data)
	if err != nil {
		return nil, &Error{name, 0, err}
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1 // reported here, with a better message
	r.ReuseRecord = true
	r.TrimLeadingSpace = true
	first, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	r.Comma = rune(csvtext.Delimiter(first))
	t := &table{options: o, list: new(List), build: -1, hosts: -1, host: -1, at: map[string]int{}, seen: map[string]int{}}
	for {
		fields, err := r.Read()
		if err == io.EOF {
			break
		}
		if e, ok := errors.AsType[*csv.ParseError](err); ok {
			return nil, &Error{name, e.Line, fmt.Errorf("column %d: %w", e.Column, e.Err)}
		}
		if err != nil {
			return nil, &Error{name, 0, err}
		}
		line, _ := r.FieldPos(0)
		if blank(fields) {
			continue
		}
		if err := t.row(line, fields); err != nil {
			return nil, &Error{name, line, err}
		}
	}
	if len(t.list.Counts) == 0 {
		return nil, &Error{name, 0, errors.New("found no build; expected rows with a build and its number of hosts")}
	}
	return t.list, nil
}

// blank reports whether a row has no values. Spreadsheets write such rows at the end.
func blank(fields []string) bool {
	return !slices.ContainsFunc(fields, func(s string) bool { return strings.TrimSpace(s) != "" })
}

// A table reads the rows of an inventory.
type table struct {
	options Options
	list    *List
	columns int // number of columns; 0 means that no row was read
	// the indices of the columns; -1 means that there is no such column
	build, hosts, host int
	at                 map[string]int // for each build, the index in list.Counts
	seen               map[string]int // for each host, its line
}

func (t *table) row(line int, fields []string) error {
	if t.columns == 0 {
		t.columns = len(fields)
		header, err := t.header(fields)
		if header || err != nil {
			return err
		}
	}
	if len(fields) != t.columns {
		return fmt.Errorf("found %d columns; expected %d, as in the first row", len(fields), t.columns)
	}
	t.list.Rows++
	build := strings.TrimSpace(fields[t.build])
	if build == "" {
		return fmt.Errorf("found no build in column %d; write its name, or remove the row", t.build+1)
	}
	hosts := uint64(1)
	if t.hosts >= 0 {
		var err error
		if hosts, err = ParseHosts(strings.TrimSpace(fields[t.hosts])); err != nil {
			return fmt.Errorf("column %d: %w", t.hosts+1, err)
		}
	} else {
		host := strings.TrimSpace(fields[t.host])
		if host == "" {
			return fmt.Errorf("found no name of a host in column %d; write it, or remove the row", t.host+1)
		}
		key := strings.ToLower(host)
		if first, ok := t.seen[key]; ok {
			return fmt.Errorf("found the host %s again; line %d has it already", strictjson.Quote(host), first)
		}
		t.seen[key] = line
	}
	return t.add(Count{build, hosts, line})
}

func (t *table) add(c Count) error {
	i, again := t.at[c.Build]
	switch {
	case !again && len(t.list.Counts) == MaxBuilds:
		return fmt.Errorf("found more than %d builds; name the column of the builds, such as %q", MaxBuilds, buildColumns[0])
	case !again:
		t.at[c.Build] = len(t.list.Counts)
		t.list.Counts = append(t.list.Counts, c)
		return nil
	case t.hosts >= 0 && !t.options.Sum:
		return fmt.Errorf("found the build %s again; line %d has it already: correct one of the rows, or ask for the sum of both (--sum)", strictjson.Quote(c.Build), t.list.Counts[i].Line)
	}
	sum := t.list.Counts[i].Hosts + c.Hosts // two numbers below 2^53
	if sum > sensor.MaxInteger {
		return fmt.Errorf("found more than %d hosts of the build %s; expected at most so many", uint64(sensor.MaxInteger), strictjson.Quote(c.Build))
	}
	t.list.Counts[i].Hosts = sum
	return nil
}

// header finds the columns by the first row. It returns false if the row is no header.
func (t *table) header(fields []string) (bool, error) {
	find := func(flag, wanted string, usual []string) (int, error) {
		var found []int
		for i, f := range fields {
			if f = strings.TrimSpace(f); wanted != "" && strings.EqualFold(f, wanted) || wanted == "" && slices.Contains(usual, letters(f)) {
				found = append(found, i)
			}
		}
		switch {
		case len(found) > 1:
			return 0, fmt.Errorf("found the columns %s and %s, and either could be it; name one with %s", strictjson.Quote(fields[found[0]]), strictjson.Quote(fields[found[1]]), flag)
		case len(found) == 1:
			return found[0], nil
		case wanted != "":
			return 0, fmt.Errorf("%s: found no column %s; the first row has %s", flag, strictjson.Quote(wanted), quoted(fields))
		}
		return -1, nil
	}
	var err error
	if t.build, err = find("--build-column", t.options.Build, buildColumns); err != nil {
		return false, err
	}
	if t.hosts, err = find("--hosts-column", t.options.Hosts, hostsColumns); err != nil {
		return false, err
	}
	if t.build >= 0 && t.build == t.hosts {
		return false, fmt.Errorf("--build-column and --hosts-column name the same column %s", strictjson.Quote(fields[t.build]))
	}
	if t.build >= 0 && t.hosts >= 0 {
		return true, nil
	}
	if t.build >= 0 {
		if t.host, err = find("--hosts-column", "", nameColumns); err != nil {
			return false, err
		}
		if t.host < 0 {
			return false, fmt.Errorf("found no column with the number of hosts, or with the name of the host, in %s; name it with --hosts-column", quoted(fields))
		}
		t.list.EachHost = true
		return true, nil
	}
	if len(fields) == 2 {
		if _, err := ParseHosts(strings.TrimSpace(fields[1])); err == nil {
			t.build, t.hosts = 0, 1
			return false, nil
		}
	}
	return false, fmt.Errorf("found no column of builds in %s; expected a header such as build,hosts, or a name after --build-column", quoted(fields))
}

// ParseHosts reads a number of hosts, from 0 to [sensor.MaxInteger], in decimal digits.
func ParseHosts(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	switch {
	case err != nil || s != strconv.FormatUint(n, 10):
		return 0, fmt.Errorf("found %s; expected a number of hosts in digits alone, such as 40000", strictjson.Quote(s))
	case n > sensor.MaxInteger:
		return 0, fmt.Errorf("found %d hosts; expected at most %d", n, uint64(sensor.MaxInteger))
	}
	return n, nil
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// quoted lists the first names of a row.
func quoted(fields []string) string {
	const most = 8
	var names []string
	for _, f := range fields[:min(len(fields), most)] {
		names = append(names, strictjson.Quote(f))
	}
	if n := len(fields) - most; n > 0 {
		names = append(names, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(names, ", ")
}
