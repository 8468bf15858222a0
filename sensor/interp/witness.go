package interp

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/internal/document"
)

// A Witness shows the harm that a finding speaks of: a channel file, as small as
// it can be made, and an event, on which a sensor that checks nothing does it. It
// stands alone: who has it needs neither the file that was judged nor the fleet.
type Witness struct {
	Class WitnessClass
	Build string // on which it happens
	Feed  string // "" if the build has one feed alone

	// What is below is there if Class is Confirmed, Latent or OverBudget.
	Content []byte             // the channel file: one instance, with as few criteria as show it
	Types   []sensor.InputType // of the inputs, as the template type declares them
	Event   Event              // what the build supplies, by index
	Edit    string             // of Latent: what was added to what was judged
	Happens string             // what [Witness.Run] says, such as "read of 16 bytes at inputs+320 of 320"
	Budget  uint64             // of OverBudget: in steps

	Reason string // of NoWitness: why there is no event
}

// A WitnessClass says what a witness shows.
type WitnessClass uint8

// The classes of witnesses. Zero is none.
const (
	WitnessConfirmed  WitnessClass = 1 + iota // the sensor reads what it was not given
	WitnessLatent                             // it does so once the one edit is made
	WitnessOverBudget                         // the event costs more than the build allows
	WitnessMissing                            // there is no event, for a reason
)

var witnessClassNames = []string{"confirmed", "latent", "over budget", "none"}

func (c WitnessClass) String() string {
	if i := int(c) - 1; i >= 0 && i < len(witnessClassNames) {
		return witnessClassNames[i]
	}
	return fmt.Sprintf("no class of witness (%d)", uint8(c))
}

// Run replays the witness on a model of a sensor that checks nothing, and
// returns what happens. It is an error if nothing does.
func (w *Witness) Run() (string, error) {
	if w.Class == WitnessMissing {
		return "", fmt.Errorf("there is nothing to replay: %s", w.Reason)
	}
	if w.Class == WitnessOverBudget {
		f, err := channelfile.Parse(w.Content)
		if err != nil {
			return "", fmt.Errorf("the channel file of the witness cannot be read: %w", err)
		}
		err = New(f, &sensor.Reader{Access: sensor.AccessPositional, Budget: sensor.Budget{Steps: w.Budget}}).Run(w.Event)
		if fault, ok := errors.AsType[*Fault](err); ok && fault.Kind == FaultSteps {
			return fault.Error(), nil
		}
		return "", fmt.Errorf("the event costs no more than the budget of %d steps", w.Budget)
	}
	m, err := NewModel(w.Content, w.Types)
	if err == nil {
		_, err = m.Run(w.Event)
	}
	if violation, ok := errors.AsType[*Violation](err); ok {
		return violation.Error(), nil
	}
	return "", errors.New("the sensor reads nothing that it was not given")
}

var (
	witnessKeys = strictjson.Keys{
		Required: []string{"schema", "class", "build"},
		Optional: []string{"feed", "content", "types", "event", "edit", "happens", "budget", "reason"},
	}
	valueKeys = strictjson.Keys{Optional: []string{"text", "hex", "integer", "address"}}
)

// ReadWitness reads a document with a witness. Its error, if any, is a
// [*sensor.JSONError]; name is that of the file, for errors only.
func ReadWitness(name string, data []byte) (*Witness, error) {
	w := new(Witness)
	err := document.Read(name, data, func(doc *document.Reader) {
		r := &witnessReader{doc}
		for key := range r.Object(witnessKeys) {
			switch key {
			case "schema":
				r.Enum(sensor.WitnessSchema)
			case "class":
				w.Class = WitnessClass(1 + r.Enum(witnessClassNames...))
			case "build":
				w.Build = r.Name()
			case "feed":
				w.Feed = r.Name()
			case "content":
				w.Content = r.base64()
			case "types":
				for i := range r.Array() {
					if i == channelfile.MaxInputs {
						r.TooMany("inputs", channelfile.MaxInputs)
						break
					}
					w.Types = append(w.Types, sensor.InputType(1+r.Enum(sensor.InputTypeNames()...)))
				}
			case "event":
				for i := range r.Array() {
					if i == channelfile.MaxInputs {
						r.TooMany("inputs", channelfile.MaxInputs)
						break
					}
					w.Event = append(w.Event, r.value())
				}
			case "edit":
				w.Edit = r.Note()
			case "happens":
				w.Happens = r.Note()
			case "budget":
				w.Budget = r.Uint(1, sensor.MaxInteger)
			case "reason":
				w.Reason = r.Reason()
			}
		}
	})
	if e, ok := errors.AsType[*strictjson.Error](err); ok {
		return nil, (*sensor.JSONError)(e)
	}
	if err != nil {
		return nil, err
	}
	return w, nil
}

// A witnessReader reads the values that only a witness has.
type witnessReader struct{ *document.Reader }

func (r *witnessReader) base64() []byte {
	s := r.String()
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil && !r.Failed() {
		r.Failf("found a string that is not base64: %v", err)
	}
	return data
}

// value reads the value of an input: an object with one key, or none for one
// that is absent.
func (r *witnessReader) value() (v Value) {
	at, n := r.Next(), 0
	for key := range r.Object(valueKeys) {
		n++
		switch key {
		case "text":
			v = Text(r.String())
		case "hex":
			data, err := hex.DecodeString(r.String())
			if err != nil && !r.Failed() {
				r.Failf("found a string that is not hexadecimal: %v", err)
			}
			v = Text(data)
		case "integer":
			v = Number(r.Int(math.MinInt64, math.MaxInt64))
		case "address":
			data, err := hex.DecodeString(r.String())
			if !r.Failed() && (err != nil || len(data) != 16) {
				r.Failf("found no address; expected 32 hexadecimal digits")
				continue
			}
			v = Value{Type: sensor.TypeAddress}
			copy(v.Address[:], data)
		}
	}
	if n > 1 {
		r.FailAt(at, "", "found %d values; expected one", n)
	}
	return v
}

// JSON returns the witness as a document that [ReadWitness] reads. The same
// witness gives the same bytes.
func (w *Witness) JSON() ([]byte, error) {
	return document.Write("witness", func(out *document.Writer) {
		out.Object(func() {
			out.Text("schema", sensor.WitnessSchema)
			out.Text("class", w.Class.String())
			out.Text("build", w.Build)
			out.OptionalText("feed", w.Feed)
			out.OptionalText("reason", w.Reason)
			out.OptionalText("happens", w.Happens)
			out.OptionalText("edit", w.Edit)
			out.OptionalNumber("budget", w.Budget)
			if w.Class == WitnessMissing {
				return
			}
			out.Key("event")
			out.Array(func() {
				for i := range w.Event {
					out.InlineObject(func() { writeValue(out, &w.Event[i]) })
				}
			})
			out.Key("types")
			out.InlineArray(func() {
				for _, t := range w.Types {
					out.String(t.String())
				}
			})
			out.Text("content", base64.StdEncoding.EncodeToString(w.Content))
		})
	}, func(name string, data []byte) error {
		_, err := ReadWitness(name, data)
		return err
	})
}

func writeValue(w *document.Writer, v *Value) {
	switch v.Type {
	case sensor.TypeInteger:
		w.Key("integer")
		w.Int(v.Integer)
	case sensor.TypeAddress:
		w.Text("address", hex.EncodeToString(v.Address[:]))
	case sensor.TypeString:
		if utf8.Valid(v.Text) {
			w.Text("text", string(v.Text))
		} else {
			w.Text("hex", hex.EncodeToString(v.Text))
		}
	}
}
