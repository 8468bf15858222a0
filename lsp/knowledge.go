package lsp

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/inventory"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
)

// A knowledge has the facts of a session that completions and explanations show. It does not
// change.
type knowledge struct {
	checks       []*validate.Check // with the severities of the policy
	placeholders func() sigma.Placeholders
	defs         *sensor.Definitions
	fleets       []*sensor.Fleet
	hosts        uint64 // of all fleets
	types        map[string]*typeFacts
}

// A typeFacts has the facts about the newest version of a type.
type typeFacts struct {
	*sensor.Definition
	hosts  uint64 // that record some event of the type
	inputs map[string]*inputFacts
}

// An inputFacts has the facts about an input.
type inputFacts struct {
	hosts [inventory.NumSupplied]uint64
	since []string // first versions of the sources, such as "Sysmon 13.30"
}

// newKnowledge computes the facts of a session. Without one, because the policy or a fleet cannot
// be read, it has the built-in definitions, and neither checks nor fleets.
func newKnowledge(s Session) *knowledge {
	k := &knowledge{defs: builtin.Definitions(), placeholders: func() sigma.Placeholders { return nil }, types: map[string]*typeFacts{}}
	if s != nil {
		k.checks, k.placeholders, k.defs, k.fleets = s.Checks(), s.Placeholders, s.Definitions(), s.Fleets()
	}
	for d := range k.defs.All() {
		if newest := k.defs.Newest(d.Name); newest == d {
			k.types[d.Name] = &typeFacts{Definition: d, inputs: map[string]*inputFacts{}}
		}
	}
	for _, t := range k.types {
		for i := range t.Inputs {
			in := &inputFacts{}
			for j := range t.Feeds {
				if f := t.Feeds[j].Field(t.Inputs[i].Name); f != nil && f.Since != "" && !slices.Contains(in.since, f.Since) {
					in.since = append(in.since, f.Since)
				}
			}
			t.inputs[t.Inputs[i].Name] = in
		}
	}
	for _, f := range k.fleets {
		k.hosts += min(f.Hosts(), ^uint64(0)-k.hosts)
		best := map[string]*inventory.TypeSummary{} // of the versions of a type
		all := inventory.Summarise(f, k.defs)
		for i := range all {
			if t := &all[i]; best[t.Type] == nil || t.Hosts >= best[t.Type].Hosts {
				best[t.Type] = t
			}
		}
		for name, of := range best {
			t := k.types[name]
			if t == nil {
				continue
			}
			t.hosts += of.Hosts
			for i := range of.Inputs {
				if in := t.inputs[of.Inputs[i].Name]; in != nil {
					for n, hosts := range of.Inputs[i].Hosts {
						in.hosts[n] += hosts
					}
				}
			}
		}
	}
	return k
}

// share returns a part of the hosts of the fleets, such as "80 %". A part that is neither nothing
// nor everything is never shown as 0 % or 100 %.
func (k *knowledge) share(hosts uint64) string {
	switch percent := float64(hosts) / float64(max(k.hosts, 1)) * 100; {
	case hosts == 0:
		return "0 %"
	case hosts >= k.hosts:
		return "100 %"
	case percent < 1:
		return "under 1 %"
	case percent > 99:
		return "over 99 %"
	default:
		return fmt.Sprintf("%.0f %%", percent)
	}
}

// typeOf returns the type for rules of a logsource, or nil. A service beside a category does not
// count.
func (k *knowledge) typeOf(l sensor.Logsource) *typeFacts {
	name := k.defs.TypeOf(l)
	if name == "" && l.Category != "" && l.Service != "" {
		l.Service = ""
		name = k.defs.TypeOf(l)
	}
	return k.types[name]
}

// supplied returns a line on the hosts that supply an input, such as "80 % of hosts, since Sysmon
// 13.30".
func (k *knowledge) supplied(in *inputFacts) string {
	text := k.hostsOf(in)
	if len(in.since) > 0 {
		if text != "" {
			text += ", "
		}
		text += "since " + strings.Join(in.since, " and ")
	}
	return text
}

// suppliedShort is supplied for a list: "6 to 83 % of hosts" means that more than 6 % supply the
// input in part, or that it is not known whether they do.
func (k *knowledge) suppliedShort(in *inputFacts) string {
	var parts []string
	if k.hosts > 0 {
		least := in.hosts[inventory.OnAll]
		text := k.share(least)
		if most := k.share(least + in.hosts[inventory.InPart] + in.hosts[inventory.Unknown]); most != text {
			text = strings.TrimSuffix(text, " %") + " to " + most
		}
		parts = append(parts, text+" of hosts")
	}
	if len(in.since) > 0 {
		version, _, _ := strings.Cut(in.since[0], " (") // the schema in brackets takes much space
		parts = append(parts, "since "+version)
	}
	return strings.Join(parts, ", ")
}

// hostsOf returns the part of the hosts that supply an input, or "" without a fleet.
func (k *knowledge) hostsOf(in *inputFacts) string {
	if k.hosts == 0 {
		return ""
	}
	text := k.share(in.hosts[inventory.OnAll]) + " of hosts"
	if n := in.hosts[inventory.InPart]; n > 0 {
		text += ", in part on " + k.share(n)
	}
	if n := in.hosts[inventory.Unknown]; n > 0 {
		text += ", unknown on " + k.share(n)
	}
	return text
}

// sortedTypes returns the types by their names.
func (k *knowledge) sortedTypes() []*typeFacts {
	return slices.SortedFunc(maps.Values(k.types), func(a, b *typeFacts) int { return strings.Compare(a.Name, b.Name) })
}

// typeDetail returns a line on a type, such as "creation of a process, 80 % of hosts".
func (k *knowledge) typeDetail(t *typeFacts) string {
	if k.hosts == 0 {
		return t.Title
	}
	return t.Title + ", " + k.share(t.hosts) + " of hosts"
}

// maxListed limits the rows of a table in an explanation.
const maxListed = 12

// describeInput explains an input in Markdown: its source, its feeds, and who supplies it.
func (k *knowledge) describeInput(t *typeFacts, index int) string {
	in := &t.Inputs[index]
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**: %s, input %d of type %s version %d\n\n", plain(in.Name), in.Type, index+1, plain(t.Name), t.Version)
	if text := k.supplied(t.inputs[in.Name]); text != "" {
		fmt.Fprintf(&b, "%s\n\n", text)
	}
	if in.Source != "" {
		fmt.Fprintf(&b, "source: %s\n\n", plain(in.Source))
	}
	if in.Instead != "" {
		fmt.Fprintf(&b, "where it is not supplied: %s\n\n", plain(in.Instead))
	}
	var feeds []string
	for i := range t.Feeds {
		f := t.Feeds[i].Field(in.Name)
		if f == nil {
			continue
		}
		feeds = append(feeds, fmt.Sprintf("| %s | %s | %s | %s |", plain(t.Feeds[i].Name), plain(cmp.Or(f.Field, in.Name)), plain(f.Since), plain(f.Form.Text())))
	}
	table(&b, "| feed | field | since | form |\n|---|---|---|---|", feeds)
	var builds []string
	for _, fleet := range k.fleets {
		for i := range fleet.Contracts {
			c := &fleet.Contracts[i]
			for _, s := range c.SuppliesOf(t.Name, t.Version) {
				got := s.Input(c.Reader.Access, index, in.Name)
				state := got.State.String()
				if s.Collected.Events == sensor.CollectedNone {
					state = "events not recorded"
				} else if got.CutAt > 0 {
					state += fmt.Sprintf(", cut at %s bytes", numeral.Thousands(uint64(got.CutAt)))
				}
				builds = append(builds, fmt.Sprintf("| %s | %s | %s | %s |", numeral.Thousands(c.Hosts), plain(c.Build), plain(s.Feed), state))
			}
		}
	}
	table(&b, "| hosts | build | feed | state |\n|---:|---|---|---|", builds)
	return b.String()
}

// table writes a table with at most maxListed rows.
func table(b *strings.Builder, head string, rows []string) {
	if len(rows) == 0 {
		return
	}
	b.WriteString(head + "\n" + strings.Join(rows[:min(len(rows), maxListed)], "\n") + "\n\n")
	if more := len(rows) - maxListed; more > 0 {
		fmt.Fprintf(b, "and %d more\n\n", more)
	}
}

// plain escapes the characters of a text that Markdown gives a meaning, and cuts it. The text can
// come from a fleet or from a document of types.
func plain(s string) string {
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "..."
	}
	var b strings.Builder
	for _, c := range s {
		switch {
		case c < ' ':
			c = ' '
		case strings.ContainsRune("\\`*_{}[]<>()#!|~&", c):
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// describeType explains the type for a logsource.
func (k *knowledge) describeType(l sensor.Logsource) string {
	if t := k.typeOf(l); t != nil {
		return k.describeTypeAs(t, l.String())
	}
	return ""
}

// describeTypeAs explains a type under the name that a document gives it.
func (k *knowledge) describeTypeAs(t *typeFacts, name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**: type %s version %d, %s\n\n", plain(name), plain(t.Name), t.Version, plain(t.Title))
	if k.hosts > 0 {
		fmt.Fprintf(&b, "recorded by %s of hosts\n\n", k.share(t.hosts))
	}
	var feeds []string
	for i := range t.Feeds {
		f := &t.Feeds[i]
		var events []string
		for _, id := range f.Events[:min(len(f.Events), maxListed)] {
			events = append(events, fmt.Sprint(id))
		}
		if len(f.Events) > maxListed {
			events = append(events, "...")
		}
		feeds = append(feeds, fmt.Sprintf("| %s | %s | %s |", plain(f.Name), plain(f.Channel), strings.Join(events, ", ")))
	}
	table(&b, "| feed | channel | events |\n|---|---|---|", feeds)
	return b.String()
}

// check returns the check with an ID, or nil.
func (k *knowledge) check(id string) *validate.Check {
	for _, c := range k.checks {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// maxValues limits the values that are offered for a field.
const maxValues = 100

// valuesOf returns values of an input that hosts can have: those of constant inputs, the IDs of
// events, and examples of the forms.
func (k *knowledge) valuesOf(t *typeFacts, index int) (values []completionItem) {
	in := &t.Inputs[index]
	seen := map[string]bool{}
	add := func(text, detail string) {
		if text != "" && !seen[text] && len(values) < maxValues {
			seen[text] = true
			values = append(values, completionItem{Label: text, Kind: kindValue, Detail: detail})
		}
	}
	if in.Name == "EventID" {
		for i := range t.Feeds {
			for _, id := range t.Feeds[i].Events {
				add(fmt.Sprint(id), "feed "+t.Feeds[i].Name)
			}
		}
	}
	for _, fleet := range k.fleets {
		for i := range fleet.Contracts {
			c := &fleet.Contracts[i]
			for _, s := range c.SuppliesOf(t.Name, t.Version) {
				got := s.Input(c.Reader.Access, index, in.Name)
				for _, v := range got.Values {
					add(v, "a value of build "+c.Build)
				}
			}
		}
	}
	for i := range t.Feeds {
		if f := t.Feeds[i].Field(in.Name); f != nil {
			add(cmp.Or(f.Example, f.Form.Example()), "example of feed "+t.Feeds[i].Name)
			for _, p := range f.Placeholders {
				add(p, "no value in feed "+t.Feeds[i].Name)
			}
		}
	}
	return values
}
