package audit

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sensor"
)

// Options complete a policy.
type Options struct {
	Role     Role
	Switches Switches
	// name of the source of the policy in the contract; "" means that no document has the policy
	Source string
}

// Switches are settings beside the audit policy that decide which events and fields Windows
// records. The keys are the names of switches, or channels of logs. Windows' default holds for a
// switch that is not in the map.
type Switches map[string]bool

// The names of the switches that are not channels.
const (
	// 4688 has the command line: ProcessCreationIncludeCmdLine_Enabled
	SwitchCommandLine = "command-line"
	// 4104 has every block of script: EnableScriptBlockLogging
	SwitchScriptBlocks = "script-blocks"
	// 4103 and 800 are recorded: EnableModuleLogging, for all modules
	SwitchModules = "modules"
	// the objects that matter have SACLs, so events of access to objects are recorded
	SwitchSACLs = "sacls"
)

var switchNames = []string{SwitchCommandLine, SwitchScriptBlocks, SwitchModules, SwitchSACLs}

// SwitchNames returns the names of all switches: those that are not channels, and the channels.
func SwitchNames() []string {
	names := slices.Clone(switchNames)
	for _, l := range logs() {
		names = append(names, l.channel)
	}
	return names
}

// Set turns a switch on or off. It fails for a name that is not known, and for a switch that was
// already set to the opposite.
func (s Switches) Set(name string, on bool) error {
	i := slices.IndexFunc(SwitchNames(), func(n string) bool { return strings.EqualFold(n, name) })
	if i < 0 {
		return fmt.Errorf("unknown switch %s; known are %s, and the channels of the logs of Windows%s", strictjson.Quote(name),
			strings.Join(switchNames, ", "), strictjson.Suggest(name, SwitchNames()))
	}
	name = SwitchNames()[i]
	if before, ok := s[name]; ok && before != on {
		return fmt.Errorf("the switch %s is both on and off", strictjson.Quote(name))
	}
	s[name] = on
	return nil
}

// A log is a log of Windows that no audit policy governs.
type log struct {
	channel   string
	collected sensor.Collected
	reason    string // "" unless collected is CollectedSome
}

//go:embed logs.txt
var logsText string

var logs = sync.OnceValue(func() []log {
	var list []log
	for line := range strings.Lines(logsText) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		state, rest, _ := strings.Cut(line, "\t")
		l := log{channel: rest}
		switch state {
		case "on":
			l.collected = sensor.CollectedAll
		case "off":
			l.collected = sensor.CollectedNone
		case "some":
			l.collected = sensor.CollectedSome
			l.channel, l.reason, _ = strings.Cut(rest, ": ")
		default:
			panic("audit: logs.txt: " + line)
		}
		list = append(list, l)
	}
	return list
})

// The logs and the event IDs that need more than a line of logs.txt.
const (
	securityChannel   = "Security"
	powershellChannel = "Microsoft-Windows-PowerShell/Operational"
	coreChannel       = "PowerShellCore/Operational"
	classicChannel    = "Windows PowerShell"

	processCreated  = 4688
	modulePipeline  = 4103
	scriptBlock     = 4104
	classicPipeline = 800
)

// A State is the setting of a subcategory on the hosts, as far as it is known.
type State struct {
	Subcategory *Subcategory
	Setting     Setting
	Default     bool // whether the setting is Windows' default, because the policy does not set it
	Line        int  // line of the setting in the document; 0 means that it is not in the document
	UserLine    int  // line of a setting for one user; 0 means that no user has a setting
}

// States returns the state of each subcategory, in the order of [Subcategories].
func (p *Policy) States(role Role) []State {
	list := facts().list
	states := make([]State, len(list))
	for i := range list {
		s := &list[i]
		states[i] = State{Subcategory: s, Setting: s.Default(role), Default: true}
	}
	for i := range p.Rows {
		row := &p.Rows[i]
		st := &states[facts().guid[row.Subcategory.GUID]]
		if row.User != "" {
			st.UserLine = row.Line
			continue
		}
		st.Setting, st.Default, st.Line = row.Setting, false, row.Line
	}
	return states
}

// recorded states whether hosts record an event of a subcategory.
func (st *State) recorded(e *Event) sensor.Collected {
	collected := sensor.CollectedSome
	switch {
	case e.Always:
		return sensor.CollectedAll
	case st.Setting == SettingUnknown:
	case st.Setting == SettingOff:
		collected = sensor.CollectedNone
	case st.Setting == SettingBoth || st.Setting == e.Outcome:
		collected = sensor.CollectedAll
	case e.Outcome == SettingSuccess || e.Outcome == SettingFailure:
		collected = sensor.CollectedNone
	}
	if st.UserLine > 0 || e.Likely && collected == sensor.CollectedNone {
		return sensor.CollectedSome // one user has another setting, or another subcategory counts
	}
	return collected
}

// A judgement states which events of the Security log hosts record.
type judgement struct {
	policy  *Policy
	options Options
	states  []State
}

// recorded states whether hosts record an event of the Security log, with the reason if it is not
// CollectedAll. An event that belongs to no subcategory is recorded. Line is the line of the policy
// that decides, or 0 if that is not one line.
func (j *judgement) recorded(id uint32) (collected sensor.Collected, reason string, line int) {
	uses := facts().events[id]
	if len(uses) == 0 {
		return sensor.CollectedAll, "", 0
	}
	var reasons []string
	for i := range uses {
		c, r := j.use(&uses[i])
		if i == 0 || rank(c) > rank(collected) {
			collected, reasons = c, nil
		}
		if c == collected && !slices.Contains(reasons, r) {
			reasons = append(reasons, r)
		}
	}
	if len(uses) == 1 {
		st := &j.states[uses[0].subcategory]
		line = cmp.Or(st.UserLine, st.Line)
	}
	return collected, strings.Join(reasons, ", "), line
}

// use states whether a subcategory records one of its events, with the reason if it is not
// CollectedAll.
func (j *judgement) use(u *use) (sensor.Collected, string) {
	st := &j.states[u.subcategory]
	on, stated := j.options.Switches[SwitchSACLs]
	switch c := st.recorded(u.event); {
	case c == sensor.CollectedNone:
		return c, st.text()
	case u.event.SACL && stated && !on:
		return sensor.CollectedNone, "no object has a SACL"
	case u.event.SACL && !stated:
		return sensor.CollectedSome, "only for objects with a SACL"
	case c == sensor.CollectedAll && u.event.Handles && j.handles() == sensor.CollectedNone:
		return sensor.CollectedSome, "Handle Manipulation is not audited, which the event may need"
	case c == sensor.CollectedAll:
		return c, ""
	case st.UserLine > 0:
		return c, "the policy of one user differs for " + st.Subcategory.Name
	case st.Setting == SettingUnknown:
		return c, "not known whether the setting is on"
	case st.Setting == SettingOff:
		return c, fmt.Sprintf("%s, but may be the wrong subcategory", st.text())
	default:
		return c, "only in part, because " + st.text()
	}
}

// rank orders the states by how much is recorded.
func rank(c sensor.Collected) int {
	return slices.Index([]sensor.Collected{sensor.CollectedNone, sensor.CollectedSome, sensor.CollectedAll}, c)
}

// handles states whether Handle Manipulation is audited.
func (j *judgement) handles() sensor.Collected {
	st := &j.states[facts().name[letters("Handle Manipulation")]]
	switch {
	case st.UserLine > 0 || st.Setting == SettingUnknown:
		return sensor.CollectedSome
	case st.Setting == SettingOff:
		return sensor.CollectedNone
	}
	return sensor.CollectedAll
}

// text describes the setting of a subcategory for a reason.
func (st *State) text() string {
	if st.Default {
		return fmt.Sprintf("%s is %s by default", st.Subcategory.Name, st.Setting)
	}
	return fmt.Sprintf("%s is %s", st.Subcategory.Name, st.Setting)
}

// Supplies returns the supplies of all template types in definitions that get events from logs of
// Windows, except from Sysmon's. The statements about the Security log follow from the policy. The
// statements about other logs follow from the switches and from Windows' defaults.
func (p *Policy) Supplies(definitions *sensor.Definitions, o Options) []sensor.Supply {
	j := &judgement{p, o, p.States(o.Role)}
	var supplies []sensor.Supply
	for d := range definitions.All() {
		for i := range d.Feeds {
			if s, ok := j.supply(d, &d.Feeds[i]); ok {
				supplies = append(supplies, s)
			}
		}
	}
	return supplies
}

// supply returns the supply of a type from a feed. It returns false for a feed that is no log of
// Windows.
func (j *judgement) supply(d *sensor.Definition, f *sensor.Feed) (sensor.Supply, bool) {
	s, _ := d.Supply(f, sensor.EvidenceStated)
	s.StateHeader(f)
	// Windows compares the names of channels without regard to case.
	switch is := func(channel string) bool { return strings.EqualFold(f.Channel, channel) }; {
	case is(securityChannel):
		j.security(&s, f)
	case is(powershellChannel):
		s.Collected = j.powershell(f)
	case is(coreChannel):
		s.Collected = some("only where PowerShell 6 or later is installed and its events are registered")
	case is(classicChannel):
		s.Collected = j.classic(f)
	default:
		i := slices.IndexFunc(logs(), func(l log) bool { return is(l.channel) })
		if i < 0 {
			return s, false
		}
		s.Collected = j.log(&logs()[i])
	}
	return s, true
}

func some(reason string, off ...uint32) sensor.Collection {
	return sensor.Collection{Events: sensor.CollectedSome, Basis: sensor.Basis{Reason: reason}, Off: off}
}

func all(reason string) sensor.Collection {
	return sensor.Collection{Events: sensor.CollectedAll, Basis: sensor.Basis{Reason: reason}}
}

func none(reason string) sensor.Collection {
	return sensor.Collection{Events: sensor.CollectedNone, Basis: sensor.Basis{Reason: reason}}
}

func (j *judgement) log(l *log) sensor.Collection {
	on, stated := j.options.Switches[l.channel]
	switch {
	case stated && on:
		return all("the log is on")
	case stated:
		return none("the log is off")
	case l.collected == sensor.CollectedSome:
		return some(l.reason)
	case l.collected == sensor.CollectedAll:
		return all("the log is on by default")
	}
	return none("the log is off by default")
}

// powershell states the collection of events from the log of Windows PowerShell 5.
func (j *judgement) powershell(f *sensor.Feed) sensor.Collection {
	blocks, blocksStated := j.options.Switches[SwitchScriptBlocks]
	modules, modulesStated := j.options.Switches[SwitchModules]
	one := func(id uint32) sensor.Collection {
		switch {
		case id == modulePipeline && modules:
			return all("module logging is on")
		case id == modulePipeline && modulesStated:
			return none("module logging is off")
		case id == modulePipeline:
			return none("module logging is off by default")
		case id == scriptBlock && blocks:
			return all("script block logging is on")
		case id == scriptBlock && blocksStated:
			return none("script block logging is off")
		case id == scriptBlock:
			return some("script block logging is off by default; PowerShell then records only blocks of script that look suspicious")
		}
		return all("the log is on by default")
	}
	if len(f.Events) == 1 {
		return one(f.Events[0])
	}
	return join(map[uint32]sensor.Collection{modulePipeline: one(modulePipeline), scriptBlock: one(scriptBlock)})
}

// classic states the collection of events from the old log of Windows PowerShell.
func (j *judgement) classic(f *sensor.Feed) sensor.Collection {
	pipeline := some("module logging is off by default; PowerShell then records the pipelines of some modules only")
	if on, stated := j.options.Switches[SwitchModules]; on {
		pipeline = all("module logging is on")
	} else if stated {
		pipeline = some("module logging is off; PowerShell may still record the pipelines of some modules")
	}
	switch {
	case len(f.Events) == 1 && f.Events[0] == classicPipeline:
		return pipeline
	case len(f.Events) == 1:
		return all("the log is on by default")
	}
	return join(map[uint32]sensor.Collection{classicPipeline: pipeline})
}

// join returns the collection of a log in which some events have collections of their own, and all
// others are recorded.
func join(events map[uint32]sensor.Collection) sensor.Collection {
	var off, part []uint32
	for id, c := range events {
		switch c.Events {
		case sensor.CollectedNone:
			off = append(off, id)
		case sensor.CollectedSome:
			part = append(part, id)
		}
	}
	if len(off)+len(part) == 0 {
		return all("the log is on")
	}
	slices.Sort(off)
	slices.Sort(part)
	var reasons []string
	for _, id := range slices.Concat(off, part) {
		reasons = append(reasons, fmt.Sprintf("event %d: %s", id, events[id].Basis.Reason))
	}
	return some(strings.Join(reasons, "; "), off...)
}

// security completes the supply of a feed of the Security log.
func (j *judgement) security(s *sensor.Supply, f *sensor.Feed) {
	s.Place.Source = j.options.Source
	if len(f.Events) == 1 {
		collected, reason, line := j.recorded(f.Events[0])
		if collected == sensor.CollectedAll {
			reason = "the audit policy records event " + fmt.Sprint(f.Events[0])
		}
		s.Collected = sensor.Collection{Events: collected, Basis: sensor.Basis{Reason: reason, Place: j.place(line)}}
	} else {
		s.Collected = j.wholeLog(f)
		j.inputs(s, f)
	}
	if len(f.Events) == 0 || slices.Contains(f.Events, processCreated) {
		j.commandLine(s, f)
	}
}

func (j *judgement) place(line int) sensor.Place {
	if j.options.Source == "" {
		return sensor.Place{}
	}
	return sensor.Place{Source: j.options.Source, Line: line}
}

// wholeLog states the collection of several events of the Security log: those of the feed, or all
// that are known.
func (j *judgement) wholeLog(f *sensor.Feed) sensor.Collection {
	var off, part []uint32
	parts := map[string][]uint32{} // events by the reason why only some of them are recorded
	for id := range facts().events {
		if len(f.Events) > 0 && !slices.Contains(f.Events, id) {
			continue
		}
		switch collected, reason, _ := j.recorded(id); collected {
		case sensor.CollectedNone:
			off = append(off, id)
		case sensor.CollectedSome:
			part = append(part, id)
			parts[reason] = append(parts[reason], id)
		}
	}
	slices.Sort(off)
	slices.Sort(part)
	var reasons []string
	if len(off) > 0 {
		reasons = append(reasons, "not recorded: events "+ranges(off))
	}
	for len(part) > 0 {
		_, reason, _ := j.recorded(part[0])
		ids := parts[reason]
		slices.Sort(ids)
		reasons = append(reasons, fmt.Sprintf("%s: events %s", reason, ranges(ids)))
		part = slices.DeleteFunc(part, func(id uint32) bool { return slices.Contains(ids, id) })
	}
	place := j.place(0)
	if len(reasons) == 0 {
		return sensor.Collection{Events: sensor.CollectedAll, Basis: sensor.Basis{Reason: "the audit policy records all events", Place: place}}
	}
	return sensor.Collection{Events: sensor.CollectedSome, Off: off, Basis: sensor.Basis{Reason: clip(strings.Join(reasons, "; ")), Place: place}}
}

// clip keeps a reason below the longest text of a contract. The list of events is complete beside
// it.
func clip(s string) string {
	const most = sensor.MaxNote - 4
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + " ..."
	}
	return s
}

// haveEvents is the subject and the verb of a sentence about events.
func haveEvents(ids []uint32) string {
	if len(ids) == 1 {
		return fmt.Sprintf("event %d has", ids[0])
	}
	return "events " + ranges(ids) + " have"
}

// ranges lists ascending numbers, with a hyphen between the first and last of three or more
// successive numbers.
func ranges(list []uint32) string {
	var b strings.Builder
	for i := 0; i < len(list); {
		k := i
		for k+1 < len(list) && list[k+1] == list[k]+1 {
			k++
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		if k >= i+2 {
			fmt.Fprintf(&b, "%d-%d", list[i], list[k])
		} else {
			fmt.Fprint(&b, list[i])
			k = i
		}
		i = k + 1
	}
	return b.String()
}

// inputs marks the inputs that only few events have, by what is known about these events.
func (j *judgement) inputs(s *sensor.Supply, f *sensor.Feed) {
	for i := range s.Inputs {
		in := &s.Inputs[i]
		field := f.Field(in.Name)
		if in.State != sensor.StateSupplied || field == nil || field.Header() {
			continue
		}
		var off, sacl []uint32
		other := false
		for k := range f.Kinds {
			if kind := &f.Kinds[k]; kind.Has(field) {
				for _, id := range kind.Events {
					switch collected, _, _ := j.recorded(id); {
					case collected == sensor.CollectedNone:
						off = append(off, id)
					case collected == sensor.CollectedSome && j.needsSACL(id):
						sacl = append(sacl, id)
					default:
						other = true
					}
				}
			}
		}
		slices.Sort(off)
		slices.Sort(sacl)
		switch {
		case other:
		case len(sacl) > 0:
			in.State = sensor.StateConditional
			in.Basis = &sensor.Basis{Reason: fmt.Sprintf("only %s it, and only for objects with a SACL", haveEvents(sacl)), Place: j.place(0)}
		case len(off) > 0:
			// Another program may write events of its own into the log, so "not supplied" would be
			// too much.
			in.State = sensor.StateUnknown
			in.Basis = &sensor.Basis{Reason: clip(fmt.Sprintf("of the known events only %s it, and the audit policy does not record that", haveEvents(off))), Place: j.place(0)}
		}
	}
}

// needsSACL reports whether an event is recorded only for objects with a SACL.
func (j *judgement) needsSACL(id uint32) bool {
	_, stated := j.options.Switches[SwitchSACLs]
	uses := facts().events[id]
	return !stated && len(uses) > 0 && !slices.ContainsFunc(uses, func(u use) bool {
		return !u.event.SACL && j.states[u.subcategory].recorded(u.event) != sensor.CollectedNone
	})
}

// commandLine states the supply of the command line of event 4688.
func (j *judgement) commandLine(s *sensor.Supply, f *sensor.Feed) {
	const policy = "event 4688 has the command line only if the policy to include it is set"
	i := slices.IndexFunc(s.Inputs, func(in sensor.SuppliedInput) bool { return in.Name == "CommandLine" })
	if i < 0 || s.Inputs[i].State != sensor.StateSupplied {
		return
	}
	in := &s.Inputs[i]
	missing := sensor.StateNotSupplied
	if len(f.Events) == 0 {
		missing = sensor.StateUnknown // as for other inputs of the whole log
	}
	switch on, stated := j.options.Switches[SwitchCommandLine]; {
	case on:
		in.Basis = &sensor.Basis{Reason: policy + ", which it is"}
	case stated:
		in.State, in.Basis = missing, &sensor.Basis{Reason: policy + ", which it is not"}
	default:
		in.State, in.Basis = missing, &sensor.Basis{Reason: policy + ", which it is not by default"}
	}
}
