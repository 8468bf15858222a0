package coverage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	. "github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/audit"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/coverage"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/sysmon/supply"
)

// contract returns the contract of a host with a build of Sysmon and a configuration with some
// elements. Without a build the host has no Sysmon.
func contract(t testing.TB, build string, elements ...string) *sensor.Contract {
	t.Helper()
	c := &sensor.Contract{Build: "host", Hosts: 10, Reader: sensor.OwnReader(), Sources: []sensor.Source{{Name: "configuration", Path: "c.xml"}}}
	if build == "" {
		return c
	}
	b, err := sysmon.BuildNamed(build)
	if err != nil {
		t.Fatal(err)
	}
	x, err := config.Parse([]byte("<Sysmon schemaversion=\"4.50\"><EventFiltering>\n" + strings.Join(elements, "\n") + "\n</EventFiltering></Sysmon>\n"))
	if err != nil {
		t.Fatal(err)
	}
	y, err := supply.Configured(x, x.Load(b), "configuration")
	if err != nil {
		t.Fatal(err)
	}
	c.Sensors = []sensor.SensorVersion{{Name: sensor.Sysmon, Version: build}}
	c.Supplies = y.Supplies(builtin.Definitions())
	return c
}

// input returns the index of an input of a built-in type.
func input(t testing.TB, typ, name string) int {
	t.Helper()
	i, ok := builtin.Definitions().Newest(typ).Input(name)
	if !ok {
		t.Fatalf("type %s has no input %s", typ, name)
	}
	return i
}

// TestVerdicts tests rules for values of the registry under configurations.
func TestVerdicts(t *testing.T) {
	const typ = "registry_set"
	key, image, details := input(t, typ, "TargetObject"), input(t, typ, "Image"), input(t, typ, "Details")
	include := func(op, value string) string {
		return fmt.Sprintf("<RegistryEvent onmatch=\"include\"><TargetObject condition=%q>%s</TargetObject></RegistryEvent>", op, value)
	}
	exclude := func(op, value string) string {
		return fmt.Sprintf("<RegistryEvent onmatch=\"exclude\"><TargetObject condition=%q>%s</TargetObject></RegistryEvent>", op, value)
	}
	many := make([]string, 60)
	for i := range many {
		many[i] = fmt.Sprintf(`\key%d`, i)
	}
	var wide []Expr
	for i := range 300 {
		wide = append(wide, Or(And(Contains(key, fmt.Sprint("a", i)), Contains(image, "x")), And(Contains(key, fmt.Sprint("b", i)), Contains(image, "y"))))
	}
	for _, test := range []struct {
		reason  string
		config  []string
		rule    Expr
		verdict coverage.Verdict
		dead    int    // number of dead alternatives
		because string // part of the first reason
	}{
		{"an include of the rule's own value", []string{include("contains", `\Run`)}, Contains(key, `\Run\`).Fold(), coverage.Sees, 0, ""},
		{"an include of another value may match too", []string{include("contains", `\Run`)}, Contains(key, `\Services\`).Fold(), coverage.ByLuck, 0, ""},
		{"a whole value that fails the include", []string{include("contains", `\Run`)}, Equals(key, `HKLM\a`).Fold(), coverage.Never, 1, "no include matches it (c.xml:2)"},
		{"an exclude of the rule's own value", []string{exclude("contains", "auto")}, And(Contains(key, `\AutoLogger\`).Fold(), Equals(details, "0")), coverage.Never, 1, `excluded by TargetObject contains "auto" (c.xml:2)`},
		{"an exclude of another value", []string{exclude("contains", "auto")}, Contains(key, "logger").Fold(), coverage.Sees, 0, ""},
		{"one of two values is excluded", []string{exclude("contains", "auto")}, Contains(key, `\Auto\`, `\Run\`).Fold(), coverage.InPart, 1, "excluded"},
		{"both values are excluded, by other filters", []string{"<RegistryEvent onmatch=\"exclude\"><TargetObject condition=\"contains\">one</TargetObject>\n<TargetObject condition=\"contains\">two</TargetObject></RegistryEvent>"},
			Contains(key, "one", "two"), coverage.Never, 2, "(c.xml:2)"},
		{"all of the values must occur, and one is excluded", []string{exclude("contains", "auto")}, Contains(key, "auto", "run").All(), coverage.Never, 1, "excluded"},
		{"what the rule does not want is no value of it", []string{exclude("contains", "auto")}, And(Contains(image, "x"), Not(Contains(key, "auto"))), coverage.Sees, 0, ""},
		{"nor one of what it does not want", []string{exclude("contains", "auto")}, Or(Contains(key, "auto"), Not(Contains(image, "x"))), coverage.Sees, 0, ""},
		{"a pattern begins as the exclude", []string{exclude("begin with", "HKLM")}, Pattern(key, `HKLM\\*\\Run?x`).Fold(), coverage.Never, 1, "excluded"},
		{"a pattern begins with anything", []string{exclude("begin with", "HKLM")}, Pattern(key, `?HKLM*x`).Fold(), coverage.Sees, 0, ""},
		{"a part of a pattern", []string{exclude("contains", `a*b`)}, Pattern(key, `*x\*b?a\*b*`).Fold(), coverage.Never, 1, "excluded"},
		{"a regular expression says nothing", []string{exclude("contains", "auto")}, Regexp(key, "auto"), coverage.Sees, 0, ""},
		{"Sysmon shows an empty value as a hyphen, so the rule says nothing about it", []string{include("is", "x")}, Equals(key, "-"), coverage.ByLuck, 0, ""},
		{"too many combinations: each value by itself", []string{exclude("end with", `\key7`)}, And(Suffix(key, many...), Contains(details, "a", "b")), coverage.InPart, 1, "excluded"},
		{"too many combinations, and each value of one list is excluded", []string{exclude("contains", `key`)}, And(Suffix(key, many...), Contains(details, "a", "b")), coverage.Never, 60, "excluded"},
		{"too many alternatives", []string{exclude("contains", "a")}, And(wide...), coverage.NotKnown, 0, ""},
		{"nothing is included", []string{"<RegistryEvent onmatch=\"include\"/>"}, Contains(key, "x"), coverage.NotCollected, 0, ""},
	} {
		d := builtin.Definitions().Newest(typ)
		f := testkit.File(t, testkit.HeaderOf(d), test.rule)
		j := coverage.NewJudge(f, d)
		h := j.Hosts(contract(t, "15.15", test.config...))
		r := j.Result(h, 0)
		if r.Verdict != test.verdict || r.States[coverage.Dead] != test.dead || len(r.Dead) != min(test.dead, coverage.MaxDead) {
			t.Errorf("%s: %s, %d dead of %v, want %s, %d", test.reason, r.Verdict, len(r.Dead), r.States, test.verdict, test.dead)
		}
		if len(r.Dead) > 0 {
			if text := j.Describe(h, &r.Dead[0].Causes[0]); !strings.Contains(text, test.because) || test.because == "" {
				t.Errorf("%s: %q, want %q", test.reason, text, test.because)
			}
		}
	}
}

// TestFeeds tests rules that events of several feeds or IDs can match.
func TestFeeds(t *testing.T) {
	windows := (&audit.Policy{}).Supplies(builtin.Definitions(), audit.Options{Role: audit.RoleClient})
	recorded := (&audit.Policy{}).Supplies(builtin.Definitions(), audit.Options{Role: audit.RoleClient, Switches: audit.Switches{audit.SwitchScriptBlocks: true}})
	process := "<ProcessCreate onmatch=\"include\"><Image condition=\"end with\">\\a.exe</Image></ProcessCreate>"
	network := "<NetworkConnect onmatch=\"exclude\"/></EventFiltering><DnsLookup>False</DnsLookup><EventFiltering>"
	md5 := "<ProcessCreate onmatch=\"exclude\"/></EventFiltering><HashAlgorithms>md5</HashAlgorithms><EventFiltering>"
	id := input(t, "security", "EventID")
	for _, test := range []struct {
		reason, typ string
		build       string
		config      []string
		more        []sensor.Supply
		rule        Expr
		verdict     coverage.Verdict
		because     string
	}{
		{"no host has the type", "process_creation", "", nil, nil, Contains(0, "x"), coverage.NotAddressed, ""},
		{"the Security log does not have the event either", "process_creation", "15.15", []string{process}, windows, Suffix(input(t, "process_creation", "Image"), `\b.exe`), coverage.Never, ""},
		{"the Security log has the event", "process_creation", "15.15", []string{process}, all(windows, "process_creation"), Suffix(input(t, "process_creation", "Image"), `\b.exe`), coverage.Sees, ""},
		{"but not the field", "process_creation", "15.15", []string{process}, all(windows, "process_creation"), And(Suffix(input(t, "process_creation", "Image"), `\b.exe`), Contains(input(t, "process_creation", "Company"), "x")), coverage.Never, ""},
		{"only the address is looked up", "network_connection", "15.15", []string{network}, nil, Suffix(input(t, "network_connection", "DestinationHostname"), ".example"), coverage.Never, "DestinationHostname is not supplied (DnsLookup is False; c.xml:"},
		{"or the port", "network_connection", "15.15", []string{network}, nil, Or(Suffix(input(t, "network_connection", "DestinationHostname"), ".example"), IntegerEquals(input(t, "network_connection", "DestinationPort"), 443)), coverage.InPart, "DestinationHostname"},
		{"a port that is excluded", "network_connection", "15.15", []string{"<NetworkConnect onmatch=\"exclude\"><DestinationPort condition=\"is\">443</DestinationPort></NetworkConnect>"}, nil,
			IntegerEquals(input(t, "network_connection", "DestinationPort"), 443), coverage.Never, "excluded by DestinationPort is \"443\""},
		{"an event that is off", "security", "", nil, windows, Equals(id, "4688"), coverage.NotCollected, "event 4688 is not recorded"},
		{"one that is on", "security", "", nil, windows, Equals(id, "4624"), coverage.Sees, ""},
		{"one of each", "security", "", nil, windows, Equals(id, "4624", "4688"), coverage.InPart, "event 4688"},
		{"blocks of script that look suspicious", "ps_script", "", nil, windows, Contains(input(t, "ps_script", "ScriptBlockText"), "x"), coverage.InPart, ""},
		{"all blocks of script", "ps_script", "", nil, recorded, Contains(input(t, "ps_script", "ScriptBlockText"), "x"), coverage.Sees, ""},
		{"an event that the feed does not have", "wmi_event", "15.15", []string{"<WmiEvent onmatch=\"exclude\"/>"}, nil, Equals(input(t, "wmi_event", "EventID"), "7"), coverage.Never, "it does not have event 7"},
		{"the value of a header that the feed never has", "wmi_event", "15.15", []string{"<WmiEvent onmatch=\"exclude\"/>"}, nil, Equals(input(t, "wmi_event", "EventID"), "x"), coverage.Never, "EventID never has such a value"},
		{"a hash that is not computed", "process_creation", "15.15", []string{md5}, nil, Contains(input(t, "process_creation", "Hashes"), "SHA1=ab"), coverage.Never, "Hashes never has such a value (only the hashes MD5; c.xml:"},
		{"one of two hashes", "process_creation", "15.15", []string{md5}, nil, Contains(input(t, "process_creation", "Hashes"), "SHA1=ab", "MD5=ab"), coverage.InPart, "Hashes never has such a value"},
		{"the end of a name", "process_creation", "15.15", []string{md5}, nil, Contains(input(t, "process_creation", "Hashes"), "D5=ab"), coverage.Sees, ""},
		{"a list of hashes", "process_creation", "15.15", []string{md5}, nil, Equals(input(t, "process_creation", "Hashes"), "md5=ab,sha1=ab"), coverage.Never, "Hashes never has such a value"},
		{"an event that the build does not have", "sysmon", "14.16", []string{"<ImageLoad onmatch=\"exclude\"/>"}, nil, Equals(input(t, "sysmon", "EventID"), "29"), coverage.NotCollected, "the version of Sysmon does not have event 29"},
	} {
		d := builtin.Definitions().Newest(test.typ)
		c := contract(t, test.build, test.config...)
		c.Supplies = append(c.Supplies, test.more...)
		f := testkit.File(t, testkit.HeaderOf(d), test.rule)
		j := coverage.NewJudge(f, d)
		h := j.Hosts(c)
		r := j.Result(h, 0)
		if r.Verdict != test.verdict {
			t.Errorf("%s: %s, want %s", test.reason, r.Verdict, test.verdict)
		}
		if test.because == "" {
			continue
		}
		if len(r.Dead) == 0 {
			t.Errorf("%s: no alternative is dead", test.reason)
		} else if text := j.Describe(h, &r.Dead[0].Causes[0]); !strings.Contains(text, test.because) {
			t.Errorf("%s: %q, want %q", test.reason, text, test.because)
		}
	}
}

// all returns supplies of which those of a type are recorded.
func all(list []sensor.Supply, typ string) []sensor.Supply {
	list = slices.Clone(list)
	for i := range list {
		if list[i].Type == typ {
			list[i].Collected = sensor.Collection{Events: sensor.CollectedAll}
		}
	}
	return list
}

// TestShared tests that contracts share results if they say the same, and only then.
func TestShared(t *testing.T) {
	d := builtin.Definitions().Newest("process_creation")
	f := testkit.File(t, testkit.HeaderOf(d), Contains(0, "x"))
	const one = "<ProcessCreate onmatch=\"include\"><Image>a</Image></ProcessCreate>"
	base := func() *sensor.Contract { return contract(t, "15.15", one) }
	for _, test := range []struct {
		reason string
		other  *sensor.Contract
		same   bool
	}{
		{"the same", base(), true},
		{"another build of the same schema", contract(t, "15.0", one), true},
		{"a build whose other events differ", contract(t, "13.33", one), true},
		{"a build that lacks fields of the event", contract(t, "13.22", one), false},
		{"a build that may take or for and", contract(t, "13.10", one), false},
		{"another filter of the event", contract(t, "15.15", "<ProcessCreate onmatch=\"include\"><Image>b</Image></ProcessCreate>"), false},
		{"another filter of other events", contract(t, "15.15", one, "<ImageLoad onmatch=\"exclude\"><Image>b</Image></ImageLoad>"), true},
		{"no such host", contract(t, ""), false},
	} {
		j := coverage.NewJudge(f, d)
		if same := j.Hosts(base()).Same(j.Hosts(test.other)); same != test.same {
			t.Errorf("%s: shared: %v", test.reason, same)
		}
	}
}
