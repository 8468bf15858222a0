package coverage_test

import (
	"errors"
	"flag"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/audit"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/coverage"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/sysmon/logging"
	"github.com/cfcheck/cfcheck/sysmon/supply"
)

// realData is the folder with public rules and configurations, which are not part of the
// repository.
const realData = "../../../shared/data"

var realEvents = flag.Int("events", 50, "events to make for each rule of which a test claims that it never matches")

// A realHost is a host with a public configuration.
type realHost struct {
	rules    *sysmon.Rules
	engine   *logging.Engine
	contract sensor.Contract
}

// newRealHost returns a host with a build of Sysmon and a public configuration.
func newRealHost(t testing.TB, file, build string) *realHost {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(realData + "/sysmon/configs/" + file))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the public configurations are not here: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	b, err := sysmon.BuildNamed(build)
	if err != nil {
		t.Fatal(err)
	}
	x, err := config.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	l := x.Load(b)
	y, err := supply.Configured(x, l, "configuration")
	if err != nil {
		t.Fatal(err)
	}
	h := &realHost{rules: l.Rules, engine: logging.New(l.Rules, b, true)}
	h.contract = sensor.Contract{
		Build: build + " " + file, Hosts: 1, Reader: sensor.OwnReader(), Sources: []sensor.Source{{Name: "configuration", Path: file}},
		Sensors: []sensor.SensorVersion{{Name: sensor.Sysmon, Version: build}}, Supplies: y.Supplies(builtin.Definitions()),
	}
	return h
}

// loads reports whether a build loads a public configuration.
func loads(t testing.TB, file string, b *sysmon.Build) bool {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(realData + "/sysmon/configs/" + file))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the public configurations are not here: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	x, err := config.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return x.Load(b).Refused == nil
}

// realRules compiles the public rules, once for all tests.
func realRules(t testing.TB) ([]*sigma.Rule, *sigma.Result) {
	t.Helper()
	if _, err := os.Stat(realFolder); err != nil {
		t.Skipf("the public rules are not here: %v", err)
	}
	c := compileReal()
	if c.err != nil {
		t.Fatal(c.err)
	}
	return c.rules, c.built
}

var realFolder = filepath.FromSlash(realData + "/dev/sigma")

type compiledRules struct {
	rules []*sigma.Rule
	built *sigma.Result
	err   error
}

var compileReal = sync.OnceValue(func() (c compiledRules) {
	files, err := sigma.Load(realFolder)
	if err != nil {
		c.err = err
		return c
	}
	for _, f := range files {
		c.rules = append(c.rules, f.Rules...)
	}
	c.built, _ = sigma.Build(c.rules, builtin.Definitions(), sigma.Options{AllowUnsupported: true, IDs: sigma.IDsOfNames}) // the tests count the rules that are left out
	if len(c.built.Outputs) == 0 {
		c.err = errors.New("no rule could be compiled")
	}
	return c
})

// A judgement is the result for one compiled rule.
type judgement struct {
	judge    *coverage.Judge
	hosts    *coverage.Hosts
	file     *channelfile.File
	def      *sensor.Definition
	instance int
	result   *coverage.Result
}

// judgeAll judges all compiled rules for the contracts.
func judgeAll(t testing.TB, built *sigma.Result, contracts ...*sensor.Contract) []judgement {
	t.Helper()
	return judgeTypes(t, built, func(string) bool { return true }, contracts...)
}

// judgeTypes judges the compiled rules of some types.
func judgeTypes(t testing.TB, built *sigma.Result, counts func(typ string) bool, contracts ...*sensor.Contract) (list []judgement) {
	t.Helper()
	for i := range built.Outputs {
		out := &built.Outputs[i]
		if !counts(out.Definition.Name) {
			continue
		}
		f, err := channelfile.Parse(out.Data)
		if err != nil {
			t.Fatal(err)
		}
		j := coverage.NewJudge(f, out.Definition)
		for _, c := range contracts {
			h := j.Hosts(c)
			for k := range f.Instances() {
				list = append(list, judgement{j, h, f, out.Definition, k, j.Result(h, k)})
			}
		}
	}
	return list
}

func (j *judgement) name() string {
	return strings.TrimSuffix(filepath.Base(j.file.Origin(j.instance).Path), ".yml")
}

// TestRealCoverage compares the coverage of the public rules with figures that another program
// found, by category alone and beyond.
func TestRealCoverage(t *testing.T) {
	rules, built := realRules(t)
	lookups := []string{
		"net_connection_win_domain_portmap", "net_connection_win_domain_ngrok", "net_connection_win_domain_ngrok_tunnel", "net_connection_win_domain_dropbox_api",
		"net_connection_win_domain_vscode_tunnel_connection", "net_connection_win_malware_3cx_compromise_beaconing_activity", "net_connection_win_domain_cloudflared_communication",
		"net_connection_win_domain_notion_api_susp_communication", "net_connection_win_susp_azurefd_connection", "net_connection_win_domain_devtunnels",
		"net_connection_win_domain_btunnels", "net_connection_win_susp_file_sharing_domains_susp_folders", "net_connection_win_domain_crypto_mining_pools",
	}
	// The configuration of SwiftOnSecurity records MD5, SHA256 and IMPHASH.
	hashes := []string{
		"driver_load_win_mal_drivers", "driver_load_win_vuln_drivers", "proc_creation_win_hktl_gmer", "proc_creation_win_hktl_pchunter", "proc_creation_win_pua_frp",
		"proc_creation_win_pua_iox", "proc_creation_win_pua_nps", "proc_creation_win_pua_pingcastle", "proc_creation_win_pua_system_informer",
	}
	for _, test := range []struct {
		file          string
		sysmon        int // rules that can get an event from Sysmon
		never, partly []string
	}{
		{"swiftonsecurity.xml", 1318,
			[]string{"registry_set_disable_autologger_sessions", "pipe_created_win_exploit_redsun_named_pipe", "dns_query_win_quickassist"},
			append([]string{"dns_query_win_remote_access_software_domains_non_browsers", "registry_event_disable_security_events_logging_adding_reg_key_minint", "pipe_created_hktl_cobaltstrike_susp_pipe_patterns"}, hashes...)},
		{"sysmon-modular.xml", 1423,
			append([]string{"registry_set_disable_autologger_sessions", "registry_set_create_minint_key", "dns_query_win_quickassist"}, lookups...),
			[]string{"dns_query_win_remote_access_software_domains_non_browsers", "registry_event_disable_security_events_logging_adding_reg_key_minint", "registry_set_win_malware_blackbyte_privesc_registry"}},
	} {
		h := newRealHost(t, test.file, "15.15")
		events := func(c *sensor.Contract, counts func(typ string) bool) (n int) {
			compiled := map[channelfile.ID]*coverage.Result{}
			for _, j := range judgeTypes(t, built, counts, c) {
				compiled[j.file.Instance(j.instance).ID] = j.result
			}
			for _, r := range rules {
				typ := builtin.Definitions().TypeOf(r.Logsource.Sensor())
				if !counts(typ) {
					continue
				}
				id, _ := r.UUID()
				if result := compiled[id]; result != nil && typ != "sysmon" && gets(result) || (result == nil || typ == "sysmon") && typeGets(c, r, typ) {
					n++
				}
			}
			return n
		}
		if n := events(&h.contract, func(string) bool { return true }); n != test.sysmon {
			t.Errorf("%s: %d rules can get an event from Sysmon, want %d", test.file, n, test.sysmon)
		}
		for role, want := range map[audit.Role]int{audit.RoleClient: 31, audit.RoleServer: 44} {
			c := h.contract
			c.Supplies = append(slices.Clone(c.Supplies), (&audit.Policy{}).Supplies(builtin.Definitions(), audit.Options{Role: role})...)
			if n := events(&c, func(typ string) bool { return typ == "security" }); n < want {
				t.Errorf("%s, %s: %d rules can get an event from the Security log, want at least %d", test.file, role, n, want)
			}
		}
		var never, partly []string
		for _, j := range judgeAll(t, built, &h.contract) {
			switch {
			case j.result.Verdict == coverage.Never:
				never = append(never, j.name())
			case j.result.Verdict == coverage.InPart:
				partly = append(partly, j.name())
			}
		}
		for _, list := range []struct {
			what       string
			have, want []string
		}{{"never", never, test.never}, {"in part", partly, test.partly}} {
			slices.Sort(list.have)
			slices.Sort(list.want)
			if !slices.Equal(list.have, list.want) {
				t.Errorf("%s: %s: %q, want %q", test.file, list.what, list.have, list.want)
			}
		}
	}
}

// gets reports whether a rule can get an event at all, by the events alone. Logs that record only
// some events under a condition do not count.
func gets(r *coverage.Result) bool {
	if r.Verdict == coverage.NotCollected || r.Verdict == coverage.NotAddressed {
		return false
	}
	some := 0
	for s, n := range r.States {
		if coverage.State(s) != coverage.Some {
			some += n
		}
	}
	return some > 0
}

// typeGets reports whether hosts record events for the type of a rule, and one of the event IDs
// that it names.
func typeGets(c *sensor.Contract, r *sigma.Rule, typ string) bool {
	var ids []uint32
	for _, search := range r.Detection.Searches {
		for _, alternative := range search.Alternatives {
			for _, item := range alternative.Items {
				if item.Field != "EventID" || typ != "security" {
					continue
				}
				for _, v := range item.Values {
					n, err := strconv.ParseUint(v.Value, 10, 32)
					if err == nil {
						ids = append(ids, uint32(n))
					}
				}
			}
		}
	}
	return typ != "" && slices.ContainsFunc(c.Supplies, func(s sensor.Supply) bool {
		return s.Type == typ && s.Collected.Events != sensor.CollectedNone &&
			(len(ids) == 0 || slices.ContainsFunc(ids, func(id uint32) bool { return !slices.Contains(s.Collected.Off, id) }))
	})
}

// TestRealNever makes events that rules match which are said to match no recorded event, and gives
// them to the interpreter of the configuration: it must not log one. The events are made from the
// words of the rule and from the values of the configuration.
func TestRealNever(t *testing.T) {
	_, built := realRules(t)
	for _, file := range []string{"swiftonsecurity.xml", "sysmon-modular.xml"} {
		h := newRealHost(t, file, "15.15")
		never, events, unknown, dead := 0, 0, 0, 0
		for _, j := range judgeAll(t, built, &h.contract) {
			if j.result.Verdict == coverage.InPart {
				dead += deadAlternatives(t, h, j)
			}
			if j.result.Verdict != coverage.Never {
				continue
			}
			never++
			m := &maker{judgement: j, host: h, random: rand.New(rand.NewPCG(1, uint64(never))), run: interp.New(j.file, &h.contract.Reader)}
			made := 0
			for try := 0; made < *realEvents && try < 20**realEvents+1000; try++ {
				if e := m.event(); e != nil {
					made++
					m.mustDrop(t, e)
				}
			}
			if made < *realEvents {
				t.Errorf("%s: %s: made only %d events", file, j.name(), made)
			}
			events, unknown = events+made, unknown+m.unknown
		}
		t.Logf("%s: %d rules never match; %d events, not known whether %d are recorded; %d dead alternatives of other rules", file, never, events, unknown, dead)
		if dead == 0 {
			t.Errorf("%s: no dead alternative was tested", file)
		}
		if unknown > events/10 {
			t.Errorf("%s: the interpreter decides only about %d of %d events", file, events-unknown, events)
		}
	}
}

// deadAlternatives does the same for the dead alternatives of a rule that matches in part. It returns
// their number. An alternative that compares a field twice is left out.
func deadAlternatives(t *testing.T, h *realHost, j judgement) (n int) {
	t.Helper()
	for i := range j.result.Dead {
		m := &maker{judgement: j, host: h, random: rand.New(rand.NewPCG(2, uint64(i))), run: interp.New(j.file, &h.contract.Reader), dead: j.result.Dead[i].Alternative}
		for made := range *realEvents {
			e := m.event()
			if e == nil {
				break
			}
			if made == 0 {
				n++
			}
			m.mustDrop(t, e)
		}
	}
	return n
}

// A maker makes events that a rule matches.
type maker struct {
	judgement
	host   *realHost
	random *rand.Rand
	run    *interp.Interpreter
	pool   []string // values of the filters of the configuration

	dead    coverage.Alternative // nil means the whole rule
	unknown int                  // events of which the interpreter does not know whether they are recorded
}

// value returns a text from the configuration, or another one.
func (m *maker) value() string {
	if m.pool == nil {
		for _, e := range m.host.rules.Elements {
			for _, f := range e.Filters {
				m.pool = append(m.pool, strings.Split(f.Value, ";")...)
			}
		}
	}
	if m.random.IntN(3) == 0 {
		return "x"
	}
	return m.pool[m.random.IntN(len(m.pool))]
}

// event returns an event that the rule matches, or nil if the attempt fails.
func (m *maker) event() interp.Event {
	texts := make([]string, len(m.def.Inputs))
	if m.dead != nil {
		for _, p := range m.dead {
			c := m.file.Criterion(p.Criterion)
			if c.Flags&channelfile.FlagInputs != 0 || c.Count == 0 || c.Operator == channelfile.OpRegexp || texts[c.Input] != "" {
				return nil
			}
			operands := slices.Collect(m.file.OperandValues(c))
			texts[c.Input] = m.satisfy(c.Operator, operands[max(p.Operand, 0)], "")
		}
		return m.finish(texts)
	}
	in := m.file.Instance(m.instance)
	// The words are in postfix order. An "or" takes one of its operands.
	var stack [][]channelfile.Word
	for w := in.First; w < in.First+in.Count; w++ {
		word := m.file.Word(w)
		if word.IsReference() {
			stack = append(stack, []channelfile.Word{word})
			continue
		}
		operands := stack[len(stack)-word.Operands():]
		var taken []channelfile.Word
		if word.IsOr() {
			taken = operands[m.random.IntN(len(operands))]
		} else {
			taken = slices.Concat(operands...)
		}
		stack = append(stack[:len(stack)-word.Operands()], taken)
	}
	for _, word := range slices.Concat(stack...) {
		if word.Negated() {
			continue
		}
		c := m.file.Criterion(word.Criterion())
		if c.Flags&channelfile.FlagInputs != 0 || c.Count == 0 || c.Operator == channelfile.OpRegexp || c.Operator == channelfile.OpAddressRange || c.Operator == channelfile.OpIntegerRange {
			continue
		}
		operands := slices.Collect(m.file.OperandValues(c))
		if c.Flags&channelfile.FlagAll == 0 {
			operands = operands[m.random.IntN(len(operands)):][:1]
		}
		for _, v := range operands {
			texts[c.Input] = m.satisfy(c.Operator, v, texts[c.Input])
		}
	}
	e := m.finish(texts)
	if matched, err := m.run.RunInstance(m.instance, e); err != nil || !matched {
		return nil
	}
	return e
}

// finish returns an event with the texts, and with other values for empty ones.
func (m *maker) finish(texts []string) interp.Event {
	e := make(interp.Event, len(texts))
	for i, text := range texts {
		if text == "" {
			if m.random.IntN(4) == 0 {
				continue
			}
			text = m.value()
		}
		switch m.def.Inputs[i].Type {
		case sensor.TypeInteger:
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				n = int64(m.random.IntN(65536))
			}
			e[i] = interp.Number(n)
		case sensor.TypeAddress:
			e[i] = interp.IP(netip.AddrFrom4([4]byte{10, 0, 0, byte(m.random.IntN(256))}))
		default:
			e[i] = interp.Text(m.recase(text))
		}
	}
	return e
}

// satisfy returns a text for which a comparison holds, and another that held for before.
func (m *maker) satisfy(op channelfile.Operator, v channelfile.Value, before string) string {
	switch op {
	case channelfile.OpEquals:
		return string(v)
	case channelfile.OpIntegerEquals:
		return strconv.FormatInt(v.Integer(), 10)
	case channelfile.OpPrefix:
		return string(v) + cmpOr(before, m.value())
	case channelfile.OpSuffix:
		return cmpOr(before, m.value()) + string(v)
	case channelfile.OpPattern:
		var b strings.Builder
		for i := 0; i < len(v); i++ {
			switch {
			case v[i] == '*':
				b.WriteString(m.value())
			case v[i] == '?':
				b.WriteByte('x')
			case v[i] == '\\' && i+1 < len(v):
				i++
				b.WriteByte(v[i])
			default:
				b.WriteByte(v[i])
			}
		}
		return b.String()
	}
	if before != "" && m.random.IntN(2) == 0 {
		return string(v) + before
	}
	return cmpOr(before, m.value()) + string(v) + m.value()
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// recase changes the case of some letters of ASCII.
func (m *maker) recase(s string) string {
	switch m.random.IntN(4) {
	case 0:
		return strings.Map(func(r rune) rune {
			if 'a' <= r && r <= 'z' {
				return r - 'a' + 'A'
			}
			return r
		}, s)
	case 1:
		return strings.Map(func(r rune) rune {
			if 'A' <= r && r <= 'Z' {
				return r - 'A' + 'a'
			}
			return r
		}, s)
	}
	return s
}

// mustDrop checks that the hosts record none of the events that look like e: the configuration
// drops it, or it has a field that stays empty, without which the rule does not match.
func (m *maker) mustDrop(t *testing.T, e interp.Event) {
	t.Helper()
	for _, s := range m.hosts.Supplies {
		feed := m.def.Feed(s.Feed)
		if s.Collected.Events == sensor.CollectedNone || feed == nil {
			continue
		}
		kept := slices.Clone(e)
		values := map[string]string{}
		lost, possible := false, true
		for i := range m.def.Inputs {
			in := s.Input(sensor.AccessNamed, i, m.def.Inputs[i].Name)
			if in.State == sensor.StateNotSupplied {
				lost = lost || kept[i].Present()
				kept[i] = interp.Value{}
				continue
			}
			if len(in.Hashes) > 0 && kept[i].Present() && !regexp.MustCompile(sensor.HashesExpression(in.Hashes)).Match(kept[i].Text) {
				possible = false // no event has such hashes
			}
			field := feed.Field(m.def.Inputs[i].Name)
			if field == nil || field.Header() {
				continue
			}
			name := field.Field
			if name == "" {
				name = field.Input
			}
			switch v := &kept[i]; v.Type {
			case sensor.TypeInteger:
				values[name] = strconv.FormatInt(v.Integer, 10)
			case sensor.TypeAddress:
				values[name] = netip.AddrFrom16(v.Address).Unmap().String()
			default:
				values[name] = string(v.Text)
			}
		}
		if matched, err := m.run.RunInstance(m.instance, kept); !possible || lost && err == nil && !matched {
			continue
		}
		for _, id := range feed.Events {
			switch m.host.engine.Logged(&logging.Event{ID: id, Values: values}).Answer {
			case logging.Logged:
				t.Errorf("%s: event %d is recorded: %q", m.name(), id, values)
			case logging.Unknown:
				m.unknown++
			}
		}
	}
}
