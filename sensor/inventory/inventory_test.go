package inventory_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/inventory"
)

func TestRead(t *testing.T) {
	two := []inventory.Count{{"7.11", 412000, 2}, {"7.16", 588000, 3}}
	for _, c := range []struct {
		why, in string
		options inventory.Options
		want    []inventory.Count
	}{
		{"the usual header", "build,hosts\n7.11,412000\n7.16,588000\n", inventory.Options{}, two},
		{"other usual names, in another order", "Count,Agent Version\n412000,7.11\n588000,7.16\n", inventory.Options{}, two},
		{"semicolons, as spreadsheets write them in Europe", "build;hosts\r\n7.11;412000\r\n7.16;588000\r\n", inventory.Options{}, two},
		{"tabs", "build\thosts\n7.11\t412000\n7.16\t588000\n", inventory.Options{}, two},
		{"a byte order mark", "\xef\xbb\xbfbuild,hosts\n7.11,412000\n7.16,588000\n", inventory.Options{}, two},
		{"quotes, and spaces around values", "\"build\", hosts\n\"7.11\", 412000 \n7.16,588000\n", inventory.Options{}, two},
		{"empty rows at the end", "build,hosts\n7.11,412000\n7.16,588000\n,\n\n", inventory.Options{}, two},
		{"named columns", "patch level,where,amount\n7.11,eu,412000\n7.16,us,588000\n", inventory.Options{Build: "Patch Level", Hosts: "amount"}, two},
		{"a named column beside a usual one", "build,count,hosts\n7.11,1,412000\n7.16,2,588000\n", inventory.Options{Hosts: "hosts"}, two},
		{"no header", "7.11,412000\n7.16,588000\n", inventory.Options{}, []inventory.Count{{"7.11", 412000, 1}, {"7.16", 588000, 2}}},
		{"one row for each host", "hostname,version\na,7.11\nb,7.16\nc,7.11\n", inventory.Options{}, []inventory.Count{{"7.11", 2, 2}, {"7.16", 1, 3}}},
		{"the sum of sites", "site,build,hosts\neu,7.11,1\nus,7.11,2\n", inventory.Options{Sum: true}, []inventory.Count{{"7.11", 3, 2}}},
		{"a build without hosts", "build,hosts\n7.11,0\n", inventory.Options{}, []inventory.Count{{"7.11", 0, 2}}},
	} {
		list, err := inventory.Read("i.csv", []byte(c.in), c.options)
		if err != nil || !reflect.DeepEqual(list.Counts, c.want) {
			t.Errorf("%s: %+v, %v; expected %v", c.why, list, err, c.want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct {
		why, in string
		options inventory.Options
		want    string
	}{
		{"no rows", "build,hosts\n", inventory.Options{}, "i.csv: found no build; "},
		{"an empty file", "", inventory.Options{}, "i.csv: found no build; "},
		{"a binary file", "MZ\x90\x01\x00\x03", inventory.Options{}, "i.csv: found a zero byte at offset 4"},
		{"thousands separators", "build,hosts\n7.11,\"412,000\"\n", inventory.Options{}, `i.csv:2: column 2: found "412,000"; expected a number of hosts in digits alone`},
		{"a negative number", "build,hosts\n7.11,-1\n", inventory.Options{}, `i.csv:2: column 2: found "-1"`},
		{"a leading zero, which may be octal", "build,hosts\n7.11,010\n", inventory.Options{}, `i.csv:2: column 2: found "010"`},
		{"too many hosts", "build,hosts\n7.11,9007199254740992\n", inventory.Options{}, "i.csv:2: column 2: found 9007199254740992 hosts; expected at most"},
		{"too many hosts together", "build,hosts\n7.11,9007199254740991\n7.11,1\n", inventory.Options{Sum: true}, "i.csv:3: found more than 9007199254740991 hosts"},
		{"a build twice", "build,hosts\n7.11,1\n\n7.11,2\n", inventory.Options{}, `i.csv:4: found the build "7.11" again; line 2 has it already`},
		{"a host twice, in another case", "host,build\nA,7.11\na,7.16\n", inventory.Options{}, `i.csv:3: found the host "a" again; line 2 has it already`},
		{"a row without a build", "build,hosts\n,4\n", inventory.Options{}, "i.csv:2: found no build in column 1"},
		{"a row without a host", "host,build\n,7.11\n", inventory.Options{}, "i.csv:2: found no name of a host in column 1"},
		{"a short row", "build,hosts,site\n7.11,4\n", inventory.Options{}, "i.csv:2: found 2 columns; expected 3"},
		{"two columns that could be it", "build,version,hosts\n7.11,7,4\n", inventory.Options{}, `i.csv:1: found the columns "build" and "version", and either could be it; name one with --build-column`},
		{"no known column", "a,b,c\n7.11,7,4\n", inventory.Options{}, `i.csv:1: found no column of builds in "a", "b", "c"`},
		{"only builds: neither numbers nor names", "build,site\n7.11,eu\n", inventory.Options{}, "i.csv:1: found no column with the number of hosts"},
		{"a named column that is not there", "build,hosts\n7.11,4\n", inventory.Options{Hosts: "amount"}, `i.csv:1: --hosts-column: found no column "amount"; the first row has "build", "hosts"`},
		{"one column for both", "build,hosts\n7.11,4\n", inventory.Options{Hosts: "build"}, "i.csv:1: --build-column and --hosts-column name the same column"},
		{"a quote that does not end", "build,hosts\n\"7.11,4\n", inventory.Options{}, `i.csv:2: column 9: extraneous or missing " in quoted-field`},
	} {
		_, err := inventory.Read("i.csv", []byte(c.in), c.options)
		var e *inventory.Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v; expected %s", c.why, err, c.want)
		}
	}
	if _, err := inventory.Read("i.csv", make([]byte, inventory.MaxSize+1), inventory.Options{}); err == nil {
		t.Error("a file over the limit was read")
	}
}

// TestReadWhatIsWritten checks that the counts of an inventory do not depend on its dialect.
func TestReadWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		builds := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-zA-Z0-9.,;"ü-]([a-zA-Z0-9 .,;"ü-]{0,8}[a-zA-Z0-9])?`), 1, 5, rapid.ID[string]).Draw(t, "builds")
		var want []inventory.Count
		var b strings.Builder
		w := csv.NewWriter(&b)
		w.UseCRLF = rapid.Bool().Draw(t, "crlf")
		w.Comma = rapid.SampledFrom([]rune{',', ';', '\t'}).Draw(t, "delimiter")
		w.Write([]string{"build", "hosts"})
		for i, name := range builds {
			want = append(want, inventory.Count{Build: name, Hosts: rapid.Uint64Range(0, sensor.MaxInteger).Draw(t, "hosts"), Line: i + 2})
			w.Write([]string{name, fmt.Sprint(want[i].Hosts)})
		}
		w.Flush()
		list, err := inventory.Read("i.csv", []byte(b.String()), inventory.Options{})
		if err != nil || !reflect.DeepEqual(list.Counts, want) {
			t.Fatalf("%q: %v, %v; expected %v", b.String(), list, err, want)
		}
	})
}

// smallFleet returns a built-in fleet with the first supplies of its builds alone.
func smallFleet(name string) *sensor.Fleet {
	f, _ := builtin.Fleet(name)
	for i := range f.Contracts {
		c := &f.Contracts[i]
		c.Supplies = c.Supplies[:min(len(c.Supplies), 2)]
	}
	return f
}

// drawFleet returns some builds of the built-in fleets with drawn numbers of hosts.
func drawFleet(t *rapid.T, label string) *sensor.Fleet {
	f := &sensor.Fleet{Name: label}
	for _, name := range builtin.Fleets() {
		for _, c := range smallFleet(name).Contracts {
			if rapid.Bool().Draw(t, label+" has "+c.Build) {
				c.Hosts = rapid.Uint64Range(1, 1e6).Draw(t, "hosts")
				f.Contracts = append(f.Contracts, c)
			}
		}
	}
	return f
}

// TestTake checks that each build is in the fleet or reported, and that the document of the
// fleet is read as the same fleet.
func TestTake(t *testing.T) {
	reference := smallFleet("reference")
	rapid.Check(t, func(t *rapid.T) {
		var counts []inventory.Count
		for _, name := range rapid.Permutation(append(inventory.Builds(reference), "other", "more")).Draw(t, "order") {
			if rapid.Bool().Draw(t, "named") {
				counts = append(counts, inventory.Count{Build: name, Hosts: rapid.Uint64Range(0, 2).Draw(t, "hosts")})
			}
		}
		f, unknown, absent, empty := inventory.Take(reference, counts)
		if len(f.Contracts)+len(absent)+len(empty) != len(reference.Contracts) || len(f.Contracts)+len(unknown)+len(empty) != len(counts) {
			t.Fatalf("%d builds, %v unknown, %v absent, %v empty of %v", len(f.Contracts), unknown, absent, empty, counts)
		}
		var sum uint64
		for _, c := range counts {
			sum += c.Hosts
		}
		for _, c := range unknown {
			sum -= c.Hosts
		}
		if f.Hosts() != sum {
			t.Fatalf("%d hosts, expected %d", f.Hosts(), sum)
		}
		if len(f.Contracts) == 0 {
			return
		}
		f.Name = "taken"
		data, err := f.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := sensor.ReadFleet("again", data)
		if err != nil {
			t.Fatal(err)
		}
		if data2, err := again.JSON(); err != nil || string(data) != string(data2) {
			t.Fatalf("the document differs after it was read: %v", err)
		}
	})
}

// TestMerge checks that merged fleets keep all hosts, that the order of the fleets does not
// change the builds, and that a fleet merged with its parts is as before except for the
// hosts.
func TestMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawFleet(t, "a"), drawFleet(t, "b")
		one, joined, conflicts, err := inventory.Merge([]*sensor.Fleet{a, b}, nil)
		if err != nil || len(conflicts) > 0 {
			t.Fatal(conflicts, err)
		}
		other, _, _, err := inventory.Merge([]*sensor.Fleet{b, a}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if one.Hosts() != a.Hosts()+b.Hosts() || len(one.Contracts) != len(a.Contracts)+len(b.Contracts)-len(joined) {
			t.Fatalf("%d hosts in %d builds of %d and %d", one.Hosts(), len(one.Contracts), a.Hosts(), b.Hosts())
		}
		hosts := map[string]uint64{}
		for _, c := range other.Contracts {
			hosts[c.Build] = c.Hosts
		}
		for _, c := range one.Contracts {
			if hosts[c.Build] != c.Hosts {
				t.Fatalf("build %s has %d hosts, and %d in the other order", c.Build, c.Hosts, hosts[c.Build])
			}
		}
	})
}

// TestMergeConflicts changes one statement of a contract in each way, and expects the
// difference to be named.
func TestMergeConflicts(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(*sensor.Contract)
	}{
		{"the reader is positional in the first and named in the second", func(c *sensor.Contract) { c.Reader.Access = sensor.AccessNamed }},
		{"the reader: different budget", func(c *sensor.Contract) { c.Reader.Budget.Steps++ }},
		{"only the first supplies type ipc version 1", func(c *sensor.Contract) { c.Supplies = nil }},
		{"only the second supplies type ipc version 2", func(c *sensor.Contract) {
			more := c.Supplies[0]
			more.Version = 2
			c.Supplies = append(c.Supplies[:1:1], more)
		}},
		{"type ipc version 1: 20 inputs in the first and 19 in the second", func(c *sensor.Contract) { c.Supplies[0].Inputs = c.Supplies[0].Inputs[:19] }},
		{"type ipc version 1: input 1 (index 0), RuleName, is supplied in the first and unknown in the second", func(c *sensor.Contract) { c.Supplies[0].Inputs[0].State = sensor.StateUnknown }},
		{"type ipc version 1: input 1 (index 0), RuleName: different maxLength", func(c *sensor.Contract) { c.Supplies[0].Inputs[0].MaxLength++ }},
		{"type ipc version 1: input 1 (index 0) is RuleName in the first and A in the second", func(c *sensor.Contract) { c.Supplies[0].Inputs[0].Name = "A" }},
		{"type ipc version 1: different evidence", func(c *sensor.Contract) { c.Supplies[0].Evidence = sensor.EvidenceObserved }},
		{"different lacks", func(c *sensor.Contract) { c.Lacks = []sensor.Lack{{Type: "dns"}} }},
		{"", func(c *sensor.Contract) { c.Hosts, c.Note = 1, "a note is no term" }},
	} {
		a, _ := builtin.Fleet("291")
		b, _ := builtin.Fleet("291")
		b.Name = "other"
		c.change(&b.Contracts[0])
		_, _, conflicts, err := inventory.Merge([]*sensor.Fleet{a, b}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.want == "" {
			if len(conflicts) > 0 {
				t.Errorf("conflicts %v without a difference", conflicts)
			}
			continue
		}
		if len(conflicts) != 1 || conflicts[0] != (inventory.Conflict{Build: "7.11", First: 0, Second: 1, Differs: c.want}) {
			t.Errorf("conflicts %v, expected %q", conflicts, c.want)
		}
		merged, joined, _, err := inventory.Merge([]*sensor.Fleet{a, b}, func(fleet int, build string) string { return fmt.Sprint(fleet, "/", build) })
		if err != nil || !reflect.DeepEqual(inventory.Builds(merged), []string{"0/7.11", "7.16", "1/7.11"}) || len(joined) != 1 {
			t.Errorf("%s: %v, %v, %v", c.want, inventory.Builds(merged), joined, err)
		}
		if _, _, _, err := inventory.Merge([]*sensor.Fleet{a, b}, func(int, string) string { return "x" }); err == nil {
			t.Errorf("%s: two builds were given one name", c.want)
		}
	}
}

// TestSummarise compares the counts with a count by hand, for readers of both kinds.
func TestSummarise(t *testing.T) {
	defs := builtin.Definitions()
	f, _ := builtin.Fleet("291")
	list := inventory.Summarise(f, defs)
	if len(list) != 1 || list[0].Type != "ipc" || list[0].Hosts != 1_000_000 || !list[0].Known || len(list[0].Inputs) != 21 {
		t.Fatalf("found %+v", list)
	}
	if have, want := list[0].Inputs[19].Hosts, [4]uint64{1_000_000, 0, 0, 0}; have != want {
		t.Errorf("input 20: %v, expected %v", have, want)
	}
	if have, want := list[0].Inputs[20].Hosts, [4]uint64{588_000, 0, 0, 412_000}; have != want {
		t.Errorf("input 21: %v, expected %v", have, want)
	}

	in := func(state sensor.State) []sensor.SuppliedInput {
		return []sensor.SuppliedInput{{Name: "A", Type: sensor.TypeString, State: state}}
	}
	supply := func(feed string, state sensor.State) sensor.Supply {
		return sensor.Supply{Type: "mine", Version: 1, Feed: feed, Inputs: in(state)}
	}
	none := supply("off", sensor.StateSupplied)
	none.Collected.Events = sensor.CollectedNone
	build := func(hosts uint64, supplies ...sensor.Supply) sensor.Contract {
		return sensor.Contract{Build: fmt.Sprint(hosts), Hosts: hosts, Reader: sensor.Reader{Access: sensor.AccessNamed}, Supplies: supplies}
	}
	f = &sensor.Fleet{Contracts: []sensor.Contract{
		build(1, supply("a", sensor.StateSupplied), supply("b", sensor.StateConstant)),
		build(20, supply("a", sensor.StateSupplied), supply("b", sensor.StateNotSupplied)),
		build(300, supply("a", sensor.StateConditional)),
		build(4000, supply("a", sensor.StateUnknown), supply("b", sensor.StateNotSupplied)),
		build(50000, supply("a", sensor.StateNotSupplied)),
		build(600000, none),
		build(7000000),
	}}
	want := inventory.TypeSummary{
		Type: "mine", Version: 1, Builds: []string{"1", "20", "300", "4000", "50000", "600000"}, Feeds: []string{"a", "b"}, Hosts: 54321, Unrecorded: 600000,
		Inputs: []inventory.InputSummary{{Name: "A", Hosts: [4]uint64{1, 320, 4000, 50000}}},
	}
	if list = inventory.Summarise(f, defs); len(list) != 1 || !reflect.DeepEqual(list[0], want) {
		t.Errorf("found    %+v\nexpected %+v", list, want)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"build,hosts\n7.11,4\n", "host;version\r\na;1\r\nb;1\r\n", "7.11\t4\n", "\xff\xfeb\x00", "\"a\n\",1\n"} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, sum bool) {
		list, err := inventory.Read("i.csv", data, inventory.Options{Sum: sum})
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, c := range list.Counts {
			if c.Build == "" || seen[c.Build] || c.Line < 1 || c.Hosts > sensor.MaxInteger {
				t.Errorf("found %+v in %q", c, data)
			}
			seen[c.Build] = true
		}
	})
}
