// Package witness finds an example of the harm that a finding describes: a small channel
// file and an event on which a sensor without checks reads outside its inputs. It replays
// each witness on the model sensor before it returns it, so a witness is never a guess.
// If it finds no event, it returns the reason.
package witness

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
)

// The reasons why a witness has no event.
const (
	ReasonNotModelled = "the model does not cover builds that read content of another type, version or operator"
	ReasonLimit       = "the model does not cover builds that read content beyond their limits"
	ReasonUnknown     = "the supply of the build is unknown"
	ReasonUnbounded   = "the cost has no bound, because the contract states no length"
	ReasonMistyped    = "no event costs as much, because the content also has the wrong type: numbers and addresses are charged like strings"
	ReasonMemory      = "the file needs the memory, whatever the event is"
	ReasonCompared    = "the sensor compares the wrong value, but reads only its inputs"
	ReasonOtherInput  = "the sensor reads the wrong input, but only its inputs"
	ReasonTooLarge    = "the channel file is too large to be part of a witness"
	ReasonNoBuild     = "the finding names no build of the fleet"
	ReasonSpent       = "the run has no steps left for the search (--max-steps)"
	ReasonNoFile      = "there is no channel file, because only needs were judged"
)

// Reasons lists all reasons.
var Reasons = []string{
	ReasonNotModelled, ReasonLimit, ReasonUnknown, ReasonUnbounded, ReasonMistyped, ReasonMemory,
	ReasonCompared, ReasonOtherInput, ReasonTooLarge, ReasonNoBuild, ReasonSpent, ReasonNoFile,
}

// maxContent is the size of the largest channel file in a witness, in bytes.
const maxContent = 1 << 20

// A Case is the judged content with its definition and its fleet.
type Case struct {
	File       *channelfile.File // nil means that there is no file
	Definition *sensor.Definition
	Fleet      *sensor.Fleet
	Budget     *validate.Budget // limits the search; nil means no limit
}

// ofType are the checks of family CF2 whose findings are harm that an event can do:
// input-defined, operator-for-type, comparison-types.
var ofType = []string{"CF2005", "CF2006", "CF2008"}

// Wants reports whether findings of a check have a witness. They do if an event can do the
// harm, or if the check compares content with builds.
func Wants(c *validate.Check) bool {
	if c.Severity != validate.Error {
		return false
	}
	return c.Family() == 3 || c.Family() == 5 || slices.Contains(ofType, c.ID)
}

// maxWitnesses is the largest number of findings of a report that get a witness. Further
// findings usually repeat the first ones at other places.
const maxWitnesses = 200

// Attach sets the Witness of the findings of a report. It takes at most the steps of a
// default [validate.Budget].
func Attach(r *validate.Report) { AttachWithin(r, new(validate.Budget)) }

// AttachWithin is [Attach] with the budget of a run. When the budget is spent, findings
// have no event, with the reason [ReasonSpent].
func AttachWithin(r *validate.Report, b *validate.Budget) {
	c := Case{r.File, r.Definition, r.Fleet, b}
	found := 0
	for i := range r.Findings {
		if found == maxWitnesses {
			return
		}
		if r.Findings[i].Witness = Of(c, &r.Findings[i]); r.Findings[i].Witness != nil {
			found++
		}
	}
}

// Of returns the witness of a finding, or nil if its check has no witnesses.
func Of(c Case, f *validate.Finding) *interp.Witness {
	if !Wants(f.Check) || c.Definition == nil || c.Fleet == nil {
		return nil
	}
	w := finder{Case: c, finding: f}
	if len(f.Builds) > 0 {
		w.build = f.Builds[0].Name
	}
	if f.Check.Family() == 2 { // it names no build, and any build shows it
		if f.Input == nil || c.File == nil {
			return nil // a finding in the source did not become content
		}
		return w.anywhere()
	}
	if w.build == "" {
		return w.none(ReasonNoBuild)
	}
	switch f.Check.ID {
	case "CF3001", "CF3003", "CF5001": // inputs-supplied, input-type, runs-without-fault
		return w.reading(c.File, "")
	case "CF3002", "CF3017": // inputs-latent, acknowledgement-current
		return w.latent()
	case "CF3009": // step-budget
		return w.budget()
	case "CF3004": // supply-known
		return w.none(ReasonUnknown)
	case "CF3011": // length-known
		return w.none(ReasonUnbounded)
	case "CF3010": // memory-budget
		return w.none(ReasonMemory)
	case "CF3008": // reader-limits
		return w.none(ReasonLimit)
	case "CF3018": // input-identity
		return w.none(ReasonOtherInput)
	}
	return w.none(ReasonNotModelled)
}

// A finder looks for the witness of one finding.
type finder struct {
	Case
	finding *validate.Finding
	build   string
	spent   bool
}

// spend takes steps from the budget.
func (w *finder) spend(steps uint64) bool {
	w.spent = w.spent || w.Budget != nil && !w.Budget.Spend(steps)
	return !w.spent
}

// The charge for one attempt, in addition to the steps of its events: close to the time
// for making the content and the events. One attempt takes at most maxWork units of the
// synthesizer's work.
const (
	stepsPerTry  = 20_000
	stepsPerByte = 30
	stepsPerWork = 4
	maxWork      = 20_000_000
)

func (w *finder) none(reason string) *interp.Witness {
	if w.spent {
		reason = ReasonSpent
	}
	return &interp.Witness{Class: interp.WitnessMissing, Build: w.build, Reason: reason}
}

// supplies returns the supplies of the build for the type version.
func (w *finder) supplies() (list []*sensor.Supply) {
	for i := range w.Fleet.Contracts {
		c := &w.Fleet.Contracts[i]
		if c.Build != w.build {
			continue
		}
		for _, s := range c.SuppliesOf(w.Definition.Name, w.Definition.Version) {
			list = append(list, s)
		}
	}
	return list
}

// anywhere tries all builds: content that does not fit its own type does harm on any
// build that supplies the declared inputs.
func (w *finder) anywhere() *interp.Witness {
	for i := range w.Fleet.Contracts {
		w.build = w.Fleet.Contracts[i].Build
		if found := w.reading(w.File, ""); found.Class == interp.WitnessConfirmed {
			return found
		}
	}
	if w.build == "" {
		return w.none(ReasonNoBuild)
	}
	return w.none(ReasonCompared)
}

// reading looks for an event on which a criterion of the file reads outside its inputs.
func (w *finder) reading(file *channelfile.File, edit string) *interp.Witness {
	if file == nil {
		return w.none(ReasonNoFile)
	}
	class := interp.WitnessConfirmed
	if edit != "" {
		class = interp.WitnessLatent
	}
	declared := make([]sensor.InputType, len(w.Definition.Inputs))
	for i, in := range w.Definition.Inputs {
		declared[i] = in.Type
	}
	try := func(content []byte) *interp.Witness {
		for _, s := range w.supplies() {
			list, steps := events(content, declared, s)
			if !w.spend(stepsPerTry + stepsPerByte*uint64(len(content)) + steps) {
				return nil
			}
			for _, e := range list {
				found := &interp.Witness{Class: class, Build: w.build, Feed: s.Feed, Content: content, Types: declared, Event: e, Edit: edit}
				if happens, err := found.Run(); err == nil {
					found.Happens = happens
					return found
				}
			}
		}
		return nil
	}
	stands := file.Conformance() == 0 // whether each criterion alone is the same as in the file
	for i := range file.Criteria() {
		c := file.Criterion(i)
		if w.spent {
			break
		}
		if w.finding.Input != nil && !readsInput(file, c, w.finding.Input.Index) {
			continue
		}
		content, err := file.ExtractCriterion(i, channelfile.ID{15: 1})
		if err != nil {
			stands = false
			continue
		}
		if found := try(content); found != nil {
			return found
		}
	}
	// Extraction fails for a criterion whose program does not match its source. It
	// simplifies a criterion that is not in normal form. In both cases the file
	// itself can show the fault.
	if !stands && len(file.Data()) <= maxContent {
		if found := try(file.Data()); found != nil {
			return found
		}
	}
	return w.none(ReasonCompared)
}

// latent makes the edit that turns a latent fault into harm: a criterion on the input that
// is not supplied.
func (w *finder) latent() *interp.Witness {
	if w.finding.Input == nil {
		return w.none(ReasonNotModelled)
	}
	index := w.finding.Input.Index
	for _, e := range []channelfile.Expr{channelfile.Exists(index), channelfile.Equals(index, "a")} {
		b := channelfile.NewBuilder(header(w.Definition))
		if b.Add(channelfile.ID{15: 1}, e, nil) != nil {
			continue
		}
		data, err := b.Encode()
		if err != nil {
			continue
		}
		file, err := channelfile.Parse(data)
		if err != nil {
			continue
		}
		name := ""
		if index < len(w.Definition.Inputs) {
			name = ", " + w.Definition.Inputs[index].Name
		}
		edit := fmt.Sprintf("a criterion on input %d (index %d)%s", index+1, index, name)
		if found := w.reading(file, edit); found.Class == interp.WitnessLatent {
			return found
		}
	}
	return w.none(ReasonCompared)
}

func header(d *sensor.Definition) channelfile.Header {
	return channelfile.Header{Channel: d.Channel, Revision: 1, Type: d.Number, TypeVersion: d.Version, InputsDeclared: uint16(len(d.Inputs))}
}

// budget makes the most expensive event: each input has its maximum length.
func (w *finder) budget() *interp.Witness {
	if w.File == nil {
		return w.none(ReasonNoFile)
	}
	if len(w.File.Data()) > maxContent {
		return w.none(ReasonTooLarge)
	}
	if !w.spend(stepsPerTry + stepsPerByte*uint64(len(w.File.Data()))) {
		return w.none(ReasonSpent)
	}
	needs := sensor.NeedsOf(w.File, nil)
	for i := range w.Fleet.Contracts {
		c := &w.Fleet.Contracts[i]
		if c.Build != w.build {
			continue
		}
		for _, s := range c.SuppliesOf(w.Definition.Name, w.Definition.Version) {
			found := &interp.Witness{Class: interp.WitnessOverBudget, Build: w.build, Feed: s.Feed, Content: w.File.Data(), Budget: c.Reader.Budget.Steps}
			for index, in := range w.Definition.Inputs {
				found.Types = append(found.Types, in.Type)
				given := s.Input(c.Reader.Access, index, in.Name)
				var v interp.Value
				if need := needs.Input(index); need != nil && need.Coefficient > 0 && given.State != sensor.StateNotSupplied && given.Type == sensor.TypeString {
					v = interp.Text(strings.Repeat("a", given.Room()))
					for i, constant := range interp.Constants(&given) {
						if i == 0 || len(constant.Text) > len(v.Text) {
							v = constant
						}
					}
				}
				found.Event = append(found.Event, v)
			}
			if happens, err := found.Run(); err == nil {
				found.Happens = happens
				return found
			}
		}
	}
	return w.none(ReasonMistyped)
}

// readsInput reports whether a criterion reads an input, directly or as an operand.
func readsInput(f *channelfile.File, c channelfile.Criterion, index int) bool {
	if int(c.Input) == index {
		return true
	}
	for other := range f.OperandInputs(c) {
		if other == index {
			return true
		}
	}
	return false
}

// hole is the content of a place of the array that the sensor's code never fills.
const hole = -0x5555555555555556 // 0xAAAAAAAAAAAAAAAA

// events returns events that a build could hand over, the smallest first: with all inputs
// absent, with all inputs empty, and events that satisfy the criterion. A constant input
// has one of its values in all events. Steps is the cost of making and running the
// events.
func events(content []byte, declared []sensor.InputType, s *sensor.Supply) (list []interp.Event, steps uint64) {
	bare, empty := make(interp.Event, len(s.Inputs)), make(interp.Event, len(s.Inputs))
	for i := range s.Inputs {
		in := &s.Inputs[i]
		switch constants := interp.Constants(in); {
		case in.State == sensor.StateConstant && len(constants) > 0:
			bare[i], empty[i] = constants[0], constants[0]
		case in.State == sensor.StateNotSupplied:
			bare[i], empty[i] = interp.Number(hole), interp.Number(hole)
		case in.Type == sensor.TypeInteger:
			empty[i] = interp.Number(hole)
		case in.Type == sensor.TypeAddress:
			empty[i] = interp.Value{Type: sensor.TypeAddress}
		default:
			empty[i] = interp.Text("")
		}
	}
	list = []interp.Event{bare, empty}
	f, err := channelfile.Parse(content)
	if err != nil || f.Instances() == 0 {
		return list, 0
	}
	synthesizer := interp.NewSynthesizer(f, nil, declared)
	synthesizer.Limit(maxWork)
	synthesizer.Events(0, len(s.Inputs), func(e interp.Event) bool {
		made := make(interp.Event, len(e))
		copy(made, e)
		// Keep a value only if the build supplies the input with its declared type.
		for i := range made {
			if s.Inputs[i].State == sensor.StateNotSupplied || s.Inputs[i].State == sensor.StateConstant || s.Inputs[i].Type != made[i].Type {
				made[i] = empty[i]
			}
		}
		list = append(list, made)
		return true
	})
	steps = stepsPerWork * synthesizer.Work()
	for _, e := range list {
		charge := synthesizer.Interpreter().Charge(e)
		steps += min(charge, math.MaxUint64-steps)
	}
	return list, steps
}
