package events

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cfcheck/cfcheck/sensor"
)

// versioned has a feed whose fields came with three versions of its source.
const versioned = `{"schema": "cfcheck.definitions/v0", "definitions": [
	{"name": "process", "number": 1, "version": 1, "channel": 1, "title": "t",
	 "inputs": [{"name": "Image", "type": "string"}, {"name": "Hash", "type": "string"}, {"name": "User", "type": "string"}, {"name": "Ours", "type": "string"}],
	 "feeds": [
		{"name": "sysmon", "provider": "Microsoft-Windows-Sysmon", "channel": "Microsoft-Windows-Sysmon/Operational", "events": [1], "fields": [
			{"input": "Image"}, {"input": "Hash", "since": "Sysmon 9.5 (schema 4.2)"}, {"input": "User", "since": "Sysmon 13.30"}]},
		{"name": "security", "channel": "Security", "events": [4688], "fields": [{"input": "Image"}]}]}]}`

func versionedDefinitions(t testing.TB) *sensor.Definitions {
	defs, err := sensor.ReadDefinitions("versioned.json", []byte(versioned))
	if err != nil {
		t.Fatal(err)
	}
	return defs
}

// byLetter returns the letters at the start of a name as the role.
func byLetter(host string) string { return strings.TrimRight(host, "0123456789") }

// TestRoles tests the contracts of groups of hosts.
func TestRoles(t *testing.T) {
	process := func(host, data string) string { return line(1, sysmon, sysmonChannel, host, data) }
	security := func(host string) string { return line(4688, "", "Security", host, `"Image":"a"`) }
	for _, tt := range []struct {
		why     string
		options Options
		events  string
		want    []string
	}{
		{"a role has a build for each version that its fields show", Options{Role: byLetter},
			process("dc1", `"Image":"a"`) + process("dc2", `"Image":"a","Hash":"b"`) + process("dc3", `"Image":"a","User":"b"`) + process("dc4", `"Image":"a","User":"b"`) + security("dc5"), []string{
				"dc, Sysmon 13.30 or later: 2, hosts dc3, dc4",
				"  process 1 sysmon, observed, 2 events: Image supplied 2, Hash unknown 0, User supplied 2",
				"dc, Sysmon: 1, host dc1",
				"  process 1 sysmon, observed, 1 events: Image supplied 1, Hash unknown 0, User unknown 0",
				"dc, Sysmon 9.5 or later: 1, host dc2",
				"  process 1 sysmon, observed, 1 events: Image supplied 1, Hash supplied 1, User unknown 0",
				"dc, no Sysmon: 1, host dc5",
				"  process 1 security, observed, 1 events: Image supplied 1",
			}},
		{"an input of some hosts is conditional, and a feed of some hosts is collected in part", Options{Role: byLetter},
			process("ws1", `"Image":"a","Hash":"b","User":"c"`) + process("ws2", `"Image":"a","User":"c"`) + process("ws2", `"Image":"a"`) + security("ws2"), []string{
				"ws, Sysmon 13.30 or later: 2, hosts ws1, ws2",
				"  process 1 sysmon, observed, 3 events: Image supplied 3, Hash conditional 1, User supplied 2",
				"  process 1 security, observed, 1 events: Image supplied 1",
			}},
		{"an empty role groups by version alone", Options{Role: func(string) string { return "" }},
			process("a", `"Image":"a","Hash":"b"`) + process("b", `"Image":"a","Hash":"b"`), []string{
				"Sysmon 9.5 or later: 2, hosts a, b",
				"  process 1 sysmon, observed, 2 events: Image supplied 2, Hash supplied 2, User unknown 0",
			}},
		{"small groups become one", Options{Role: byLetter, MinHosts: 2},
			process("a1", `"Hash":"b"`) + process("a2", `"Hash":"b"`) + process("b1", `"Image":"a"`) + process("c1", `"User":"a"`), []string{
				"a, Sysmon 9.5 or later: 2, hosts a1, a2",
				"  process 1 sysmon, observed, 2 events: Image unknown 0, Hash supplied 2, User unknown 0",
				"other hosts: 2, hosts b1, c1",
				"  process 1 sysmon, observed, 2 events: Image conditional 1, Hash unknown 0, User conditional 1",
			}},
		{"absence that some hosts have enough events for is not that of the group", Options{Role: byLetter, AbsentAfter: 2},
			process("a1", `"Image":"a"`) + process("a1", `"Image":"a"`) + process("a2", `"Image":"a"`), []string{
				"a, Sysmon: 2, hosts a1, a2",
				"  process 1 sysmon, observed, 3 events: Image supplied 3, Hash unknown 0, User unknown 0",
			}},
		{"absence on all hosts is absence", Options{Role: byLetter, AbsentAfter: 1},
			process("a1", `"Image":"a"`) + process("a2", `"Image":"a"`), []string{
				"a, Sysmon: 2, hosts a1, a2",
				"  process 1 sysmon, observed, 2 events: Image supplied 2",
			}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			o := observe(t, versionedDefinitions(t), tt.options, tt.events)
			if diff := cmp.Diff(tt.want, fleetOf(t, o)); diff != "" {
				t.Errorf("fleet (-want +have):\n%s", diff)
			}
		})
	}
}

// TestRolesOfPositionalReader checks that an array keeps its places.
func TestRolesOfPositionalReader(t *testing.T) {
	o := observe(t, versionedDefinitions(t), Options{Role: byLetter}, line(4688, "", "Security", "a", `"Image":"a"`))
	reader := sensor.OwnReader()
	reader.Access = sensor.AccessPositional
	f, err := o.Fleet("f", reader)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(f.Contracts[0].Supplies[0].Inputs); n != 4 {
		t.Errorf("%d inputs, expected all 4", n)
	}
}

// TestRolesClaimNoMore checks for random events that the contract of a role claims nothing
// that does not hold for each of its hosts: not of an input, and not of a feed.
func TestRolesClaimNoMore(t *testing.T) {
	defs := versionedDefinitions(t)
	hosts := []string{"a1", "a2", "a3", "b1", "b2", "c1"}
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		for range rapid.IntRange(1, 12).Draw(t, "events") {
			host := rapid.SampledFrom(hosts).Draw(t, "host")
			var data []string
			for _, field := range []string{"Image", "Hash", "User"} {
				if rapid.Bool().Draw(t, field) {
					data = append(data, fmt.Sprintf(`"%s":"x"`, field))
				}
			}
			if rapid.Bool().Draw(t, "security") {
				text.WriteString(line(4688, "", "Security", host, strings.Join(data, ",")))
			} else {
				text.WriteString(line(1, sysmon, sysmonChannel, host, strings.Join(data, ",")))
			}
		}
		absent := uint64(rapid.IntRange(0, 2).Draw(t, "absent after"))
		read := func(o Options) *Observer {
			o.AbsentAfter = absent
			obs := NewObserver(defs, o)
			r := NewReader("x", strings.NewReader(text.String()))
			var rec Record
			for r.Read(&rec) == nil {
				if err := obs.Add(&rec); err != nil {
					t.Fatal(err)
				}
			}
			return obs
		}
		fleet := func(o *Observer) *sensor.Fleet {
			f, err := o.Fleet("f", sensor.OwnReader())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.JSON(); err != nil {
				t.Fatal(err)
			}
			return f
		}
		apart := read(Options{})
		own := map[string]*sensor.Contract{} // by host
		single := fleet(apart)
		for i, g := range apart.Groups() {
			for _, h := range g.Hosts {
				own[h] = &single.Contracts[i]
			}
		}
		role := read(Options{Role: byLetter, MinHosts: rapid.IntRange(0, 3).Draw(t, "min")})
		joined := fleet(role)
		n := 0
		for i, g := range role.Groups() {
			c := &joined.Contracts[i]
			if c.Build != g.Build || c.Hosts != uint64(len(g.Hosts)) {
				t.Fatalf("%s of %d hosts is %+v", c.Build, c.Hosts, g)
			}
			n += len(g.Hosts)
			for _, h := range g.Hosts {
				for k := range c.Supplies {
					claimsNoMore(t, &c.Supplies[k], own[h])
				}
				for k := range own[h].Supplies {
					s := &own[h].Supplies[k]
					if !slices.ContainsFunc(c.Supplies, func(of sensor.Supply) bool { return of.Type == s.Type && of.Feed == s.Feed }) {
						t.Fatalf("host %s has feed %s, and its group has not", h, s.Feed)
					}
				}
			}
		}
		if n != len(own) {
			t.Fatalf("%d hosts in groups, %d in all", n, len(own))
		}
	})
}

// claimsNoMore compares a supply of a group with the contract of one of its hosts.
func claimsNoMore(t *rapid.T, group *sensor.Supply, host *sensor.Contract) {
	i := slices.IndexFunc(host.Supplies, func(s sensor.Supply) bool { return s.Type == group.Type && s.Feed == group.Feed })
	if i < 0 {
		if group.Collected.Events != sensor.CollectedSome {
			t.Fatalf("host %s does not have feed %s, which its group collects %v", host.Build, group.Feed, group.Collected)
		}
		return
	}
	for _, in := range host.Supplies[i].Inputs {
		state := group.Input(sensor.AccessNamed, -1, in.Name).State
		switch {
		case state == sensor.StateSupplied && in.State != sensor.StateSupplied,
			state == sensor.StateNotSupplied && in.State != sensor.StateNotSupplied,
			state == sensor.StateUnknown && in.State == sensor.StateSupplied:
			t.Fatalf("input %s of feed %s is %s on host %s, and %s in its group", in.Name, group.Feed, in.State, host.Build, state)
		}
	}
}

// TestSinceOf tests the versions of fields.
func TestSinceOf(t *testing.T) {
	for since, want := range map[string]string{
		"Sysmon 13.30 (schema 4.70)": "Sysmon|13.30|[13 30]|true",
		"Sysmon 14.1 (schema 4.83)":  "Sysmon|14.1|[14 10]|true",
		"Resolver service 7":         "Resolver service|7|[7 0]|true",
		"":                           "||[0 0]|false",
		"always":                     "||[0 0]|false",
		"Windows 10.x":               "||[10 0]|false",
		"Windows ten":                "||[0 0]|false",
	} {
		source, version, number, ok := sinceOf(since)
		if !ok {
			source, version = "", ""
		}
		if have := fmt.Sprintf("%s|%s|%v|%v", source, version, number, ok); have != want {
			t.Errorf("%q: %s, expected %s", since, have, want)
		}
	}
}

// TestBuildNames checks that names of builds are unique, and as long as a contract permits.
func TestBuildNames(t *testing.T) {
	long := strings.Repeat("\U000e0001", 70) // not printable, so it is quoted
	n := namer{}
	for _, tt := range []struct {
		hosts []string
		want  string
	}{
		{[]string{"a"}, "a"},
		{[]string{"b", "c"}, "b and 1 more"},
		{[]string{"a"}, "a (2)"},
		{[]string{"a"}, "a (3)"},
		{[]string{long}, `"` + strings.Repeat(`\U000e0001`, 64)[:199] + "..."},
	} {
		g := &group{}
		for _, h := range tt.hosts {
			g.hosts = append(g.hosts, &host{name: h})
		}
		if have := n.build(g); have != tt.want || len([]rune(have)) > sensor.MaxName {
			t.Errorf("%q: build %s, expected %s", tt.hosts, have, tt.want)
		}
	}
}
