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

// A Witness demonstrates the harm that a finding reports. It consists of an event and the smallest
// channel file on which a sensor that checks nothing does this harm. A witness is self-contained:
// replaying it needs neither the judged file nor the fleet.
type Witness struct {
	Class WitnessClass
	Build string // build on which the harm happens
	Feed  string // "" if the build has only one feed for the type

	// The fields below are set if Class is WitnessConfirmed, WitnessLatent or WitnessOverBudget.
	Content []byte             // channel file with one instance and as few criteria as possible
	Types   []sensor.InputType // types of the inputs, as the template type declares them
	Event   Event              // the supply of the build, by index
	Edit    string             // for WitnessLatent: the change that was made to the judged file
	// result of [Witness.Run], such as "read of 16 bytes at inputs+320 of 320"
	Happens string
	Budget  uint64 // for WitnessOverBudget, in steps

	Reason string // for WitnessMissing: why there is no event
}

// A WitnessClass states the kind of evidence in a witness.
type WitnessClass uint8

// The classes of witnesses. The zero value is not a class.
const (
	WitnessConfirmed  WitnessClass = 1 + iota // the sensor reads memory that it did not get
	WitnessLatent                             // the sensor does so after one edit of the file
	WitnessOverBudget                         // the event costs more than the budget of the build
	WitnessMissing                            // there is no event, for a stated reason
)

var witnessClassNames = []string{"confirmed", "latent", "over budget", "none"}

func (c WitnessClass) String() string {
	if i := int(c) - 1; i >= 0 && i < len(witnessClassNames) {
		return witnessClassNames[i]
	}
	return fmt.Sprintf("no class of witness (%d)", uint8(c))
}

// Run replays the witness on a model of a sensor that checks nothing, and describes the harm. It
// returns an error if no harm happens.
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
	return "", errors.New("the sensor reads only memory that it was given")
}

var (
	witnessKeys = strictjson.Keys{
		Required: []string{"schema", "class", "build"},
		Optional: []string{"feed", "content", "types", "event", "edit", "happens", "budget", "reason"},
	}
	valueKeys = strictjson.Keys{Optional: []string{"text", "hex", "integer", "address"}}
)

// ReadWitness reads a document with a witness. If it fails, the error is a [*sensor.JSONError].
// The name of the file appears only in errors.
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
				for range r.Elements(channelfile.MaxInputs, "inputs") {
					w.Types = append(w.Types, sensor.InputType(1+r.Enum(sensor.InputTypeNames()...)))
				}
			case "event":
				for range r.Elements(channelfile.MaxInputs, "inputs") {
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

// value reads the value of an input: an object with one key, or without a key for an absent value.
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

// JSON returns the witness as a document that [ReadWitness] reads. Equal witnesses give equal
// bytes.
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
