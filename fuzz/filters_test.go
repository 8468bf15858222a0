package fuzz

import (
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/fuzz/internal/sysmonreader"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
	"github.com/cfcheck/cfcheck/sysmon/logging"
	"github.com/cfcheck/cfcheck/validate"
)

var neverDraws = flag.Int("never-draws", 500, "rules and filters that TestNeverRecorded draws")

// TestNeverRecorded draws rules and filters of Sysmon, and events for the rules of which CF3024
// says that no host records one. The interpreter of the filters must not log such an event, and
// nor must the model of the published engine, which reads the filters as a blob.
//
// Events are drawn as Sysmon records them. The build passes them on as its contract states: it may
// cut a value, change its form, leave a missing one out or replace it by a hyphen.
func TestNeverRecorded(t *testing.T) {
	draws := *neverDraws
	if longtest.Enabled() {
		draws = max(draws, 10_000)
	}
	checks := gatetest.Family(3)
	var never, part, luck, matched, dropped, byModel int
	for seed := range draws {
		d := &filterDraw{Rand: rand.New(rand.NewPCG(uint64(seed), 3024)), definition: builtin.Definitions().ByName("ipc", 1)}
		var conditions []channelfile.Expr
		for range 1 + d.IntN(4) {
			conditions = append(conditions, d.expr(d.IntN(4)))
		}
		data := testkit.Encode(t, testkit.HeaderOf(d.definition), conditions...)
		c := d.contract(t)
		fleet := testkit.Declare(&sensor.Fleet{Name: "drawn", Contracts: []sensor.Contract{c}})
		r := validate.Run(validate.ChannelFile("", data), validate.Options{Checks: checks, Definitions: builtin.Definitions(), Fleet: fleet})
		if len(r.Undecided) > 0 {
			t.Fatalf("seed %d: %q", seed, r.Undecided)
		}
		claimed := map[int]bool{}
		for _, f := range r.Findings {
			switch f.Check.ID {
			case "CF3024":
				claimed[f.Instance.Index] = true
			case "CF3025":
				part++
			case "CF3026":
				luck++
			}
		}
		if len(claimed) == 0 {
			continue
		}
		never += len(claimed)
		f := r.File
		if f == nil {
			t.Fatalf("seed %d: the report has no file", seed)
		}
		run := interp.New(f, &c.Reader)
		for instance := range claimed {
			for range 200 {
				recorded := d.event(f, instance)
				for i := range c.Supplies {
					s := &c.Supplies[i]
					if ok, err := run.RunInstance(instance, d.passed(s, recorded)); err != nil || !ok {
						continue
					}
					matched++
					if len(s.Filters.Elements) == 0 {
						t.Fatalf("seed %d: rule %d matches an event of feed %s, which has no filters", seed, instance, s.Feed)
					}
					engine, model := d.engines(t, s)
					for _, id := range []uint32{17, 18} {
						if slices.Contains(s.Collected.Off, id) {
							continue
						}
						switch engine.Logged(&logging.Event{ID: id, Values: recorded}).Answer {
						case logging.Logged:
							t.Fatalf("seed %d: rule %d matches event %d, and the filters log it: %q", seed, instance, id, recorded)
						case logging.Dropped:
							dropped++
						}
						if model == nil {
							continue
						}
						of := model.Decide(id, d.inOrder(id, recorded))
						if of.Outcome != sysmonreader.Accepted {
							t.Fatalf("seed %d: the model of the engine: %v", seed, of.Outcome)
						}
						if of.Logged && !of.Failures {
							t.Fatalf("seed %d: rule %d matches event %d, and the model of the engine logs it: %q", seed, instance, id, recorded)
						}
						byModel++
					}
				}
			}
		}
	}
	t.Logf("%d rules never match, %d in part, %d by luck; %d events, %d dropped by the interpreter, %d decisions of the model", never, part, luck, matched, dropped, byModel)
	if never < draws/100 || part < draws/100 || luck < draws/100 || matched < draws || dropped < draws || byModel < draws {
		t.Error("the draws test too little")
	}
}

// A filterDraw draws rules of type ipc, filters of Sysmon for pipes, and events.
type filterDraw struct {
	*rand.Rand
	definition *sensor.Definition
	build      *sysmon.Build
	drawn      []string // texts of the rules
}

// drawnFields are the fields that rules and filters compare.
var drawnFields = []string{"EventType", "PipeName", "Image"}

// field draws a field, in most cases the last one of them.
func (d *filterDraw) field() string { return drawnFields[min(d.IntN(6), 2)] }

// text draws a text of a few parts, so that drawn texts often contain each other.
func (d *filterDraw) text() string {
	var b strings.Builder
	for range d.IntN(4) {
		b.WriteString([]string{"a", "b", "A", `\`, "ab", ";", "-", "x.exe"}[d.IntN(8)])
	}
	return b.String()
}

// texts draws texts of a rule.
func (d *filterDraw) texts() []string {
	list := make([]string, 1+d.IntN(3)/2)
	for i := range list {
		list[i] = d.text()
	}
	d.drawn = append(d.drawn, list...)
	return list
}

func (d *filterDraw) input(name string) int {
	i, _ := d.definition.Input(name)
	return i
}

// expr draws a condition.
func (d *filterDraw) expr(depth int) channelfile.Expr {
	if depth > 0 && d.IntN(2) == 0 {
		list := []channelfile.Expr{d.expr(depth - 1), d.expr(depth - 1)}
		if d.IntN(2) == 0 {
			return channelfile.Or(list...)
		}
		return channelfile.And(list...)
	}
	input, values := d.input(d.field()), d.texts()
	var e channelfile.Expr
	switch d.IntN(8) {
	case 0:
		return channelfile.Exists(input)
	case 1:
		return channelfile.Not(channelfile.Contains(input, values...))
	case 2:
		e = channelfile.Prefix(input, values...)
	case 3:
		e = channelfile.Suffix(input, values...)
	case 4:
		e = channelfile.Contains(input, values...)
	default:
		e = channelfile.Equals(input, values...)
	}
	if d.IntN(3) == 0 {
		e = e.All()
	}
	if d.IntN(2) == 0 {
		e = e.Fold()
	}
	return e
}

// contract draws a contract with a feed of Sysmon, and sometimes with another one.
func (d *filterDraw) contract(t *testing.T) sensor.Contract {
	name := []string{"15.15", "15.15", "13.33", "13.22", "13.10", "12.03"}[d.IntN(6)]
	var err error
	if d.build, err = sysmon.BuildNamed(name); err != nil {
		t.Fatal(err)
	}
	s := testkit.Supply(d.definition)
	s.Feed = "sysmon"
	for range 1 + d.IntN(4)/2 {
		s.Filters.Elements = append(s.Filters.Elements, d.element())
	}
	switch in := &s.Inputs[d.input(drawnFields[d.IntN(3)])]; d.IntN(8) {
	case 0, 1:
		for i := range s.Inputs {
			if in := &s.Inputs[i]; slices.Contains(drawnFields, in.Name) {
				in.CutAt, in.MaxLength = 1+d.IntN(3), 0
			}
		}
	case 2:
		in.OtherForm = true
	case 3:
		in.State = sensor.StateNotSupplied
	case 4:
		s.Collected = sensor.Collection{Events: sensor.CollectedSome, Off: []uint32{17 + uint32(d.IntN(2))}, Basis: sensor.Basis{Reason: "drawn"}}
	}
	supplies := []sensor.Supply{s}
	if d.IntN(8) == 0 {
		other := testkit.Supply(d.definition)
		other.Feed = "other"
		other.Inputs[d.input(drawnFields[d.IntN(3)])].State = sensor.StateNotSupplied
		supplies = append(supplies, other)
	}
	c := testkit.Contract("drawn", 10, sensor.AccessNamed, supplies...)
	c.Sensors = []sensor.SensorVersion{{Name: sensor.Sysmon, Version: name}}
	return c
}

// element draws an event element, with filters in Rules and outside.
func (d *filterDraw) element() sysmon.Element {
	e := sysmon.Element{Event: 17, Include: d.IntN(2) == 0, All: d.IntN(3) == 0}
	for range d.IntN(3) {
		n, group := 1, -1
		if d.IntN(4) == 0 {
			n, group = 1+d.IntN(3), len(e.Groups)
			e.Groups = append(e.Groups, sysmon.Group{ID: uint32(1 + len(e.Groups)), First: len(e.Filters), All: d.IntN(2) == 0})
		}
		for range n {
			field := d.field()
			place := slices.Index(d.build.Manifest().Event(17).Fields, field)
			if place < 0 {
				field, place = "Image", slices.Index(d.build.Manifest().Event(17).Fields, "Image")
			}
			e.Filters = append(e.Filters, sysmon.Filter{
				Field: place, FieldName: field, Op: d.operator(), Value: d.value(), Group: group,
			})
		}
	}
	return e
}

// operator draws an operator, most often one of those that configurations use.
func (d *filterDraw) operator() sysmon.Operator {
	if d.IntN(2) == 0 {
		return []sysmon.Operator{sysmon.Is, sysmon.BeginWith, sysmon.EndWith, sysmon.Contains}[d.IntN(4)]
	}
	return sysmon.Operator(d.IntN(16))
}

// value draws the value of a filter: a text of a rule, a part of one, or a list.
func (d *filterDraw) value() string {
	switch v := d.drawn[d.IntN(len(d.drawn))]; d.IntN(4) {
	case 0:
		return v[:d.IntN(len(v)+1)]
	case 1:
		return v + ";" + d.text()
	default:
		return v
	}
}

// engines returns the interpreter of the filters of a supply, and the model of the engine; nil if
// the build is one whose effect on filters, or whose blobs, the model does not know.
func (d *filterDraw) engines(t *testing.T, s *sensor.Supply) (*logging.Engine, *sysmonreader.Loaded) {
	rules := &sysmon.Rules{Schema: d.build.Schema, Binary: d.build.Binary, Elements: s.Filters.Elements}
	engine := logging.New(rules, d.build, true)
	if d.build.Name != "15.15" {
		return engine, nil
	}
	for i := range rules.Elements { // the IDs of Rules are counted over the whole blob
		e := &rules.Elements[i]
		e.Groups = slices.Clone(e.Groups)
		for k := range e.Groups {
			e.Groups[k].ID = uint32(100*i + k + 1)
		}
	}
	data, err := blob.Encode(rules, d.build.Binary)
	if err != nil {
		t.Fatal(err)
	}
	e := &sysmonreader.Engine{Major: d.build.Binary.Major}
	for _, event := range d.build.Manifest().Events {
		e.Types = append(e.Types, sysmonreader.EventType{ID: event.ID, Tag: event.Tag, LoggedByDefault: event.LoggedByDefault, Fields: event.Fields})
	}
	loaded := e.Load(data)
	if loaded.Outcome != sysmonreader.Accepted {
		t.Fatalf("the model of the engine does not load the blob: %v", loaded.Outcome)
	}
	return engine, loaded
}

// event draws an event as Sysmon records it. Half of its values are made from those of the rule.
func (d *filterDraw) event(f *channelfile.File, instance int) map[string]string {
	e := map[string]string{"User": "u"}
	for _, name := range drawnFields {
		e[name] = d.text()
	}
	in := f.Instance(instance)
	for w := in.First; w < in.First+in.Count; w++ {
		word := f.Word(w)
		if !word.IsReference() || d.IntN(3) == 0 {
			continue
		}
		c := f.Criterion(word.Criterion())
		name := d.definition.Inputs[c.Input].Name
		var values []string
		for v := range f.OperandValues(c) {
			values = append(values, string(v))
		}
		if len(values) == 0 {
			continue
		}
		value := values[d.IntN(len(values))]
		if c.Flags&channelfile.FlagAll != 0 {
			value = strings.Join(values, d.text())
		}
		switch c.Operator {
		case channelfile.OpPrefix:
			value += d.text()
		case channelfile.OpSuffix:
			if value = d.text() + value; d.IntN(4) == 0 {
				value += d.text()
			}
		case channelfile.OpContains:
			value = d.text() + value + d.text()
		case channelfile.OpEquals:
			switch d.IntN(6) {
			case 0, 1:
				value += d.text() // a cut value may be equal
			case 2:
				if value == "-" {
					value = "" // the log shows a missing value so
				}
			}
		}
		e[name] = value
	}
	if d.IntN(2) == 0 {
		for _, name := range drawnFields {
			e[name] = strings.ToUpper(e[name])
		}
	}
	return e
}

// passed returns the event that the build passes to the rules.
func (d *filterDraw) passed(s *sensor.Supply, recorded map[string]string) interp.Event {
	e := make(interp.Event, len(d.definition.Inputs))
	for i := range d.definition.Inputs {
		in := s.Input(sensor.AccessNamed, i, d.definition.Inputs[i].Name)
		text, ok := recorded[in.Name]
		if !ok || in.State == sensor.StateNotSupplied {
			continue
		}
		switch {
		case in.OtherForm:
			text = []string{"a", "", strings.ToUpper(text), "b" + text}[d.IntN(4)]
		case text == "":
			if d.IntN(3) == 0 {
				continue
			}
			text = []string{"", "-"}[d.IntN(2)]
		case in.CutAt > 0:
			text = text[:min(len(text), in.CutAt)]
		}
		e[i] = interp.Text(text)
	}
	return e
}

// inOrder returns the values of an event in the order of the fields.
func (d *filterDraw) inOrder(id uint32, recorded map[string]string) []string {
	fields := d.build.Manifest().Event(id).Fields
	values := make([]string, len(fields))
	for i, name := range fields {
		values[i] = recorded[name]
	}
	return values
}
