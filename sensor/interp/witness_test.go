package interp

import (
	"errors"
	"strings"
	"testing"

	cf "github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
)

const witnessDoc = `{
  "schema": "cfcheck.witness/v0", "class": "latent", "build": "7.11", "feed": "kernel",
  "happens": "read of 16 bytes at inputs+16 of 16", "edit": "a criterion", "budget": 7,
  "event": [{"text": "a"}, {"hex": "ff"}, {"integer": -5}, {"address": "00000000000000000000ffff0a010203"}, {}],
  "types": ["string", "string", "integer", "address", "string"],
  "content": "AQI="
}
`

func TestReadWitness(t *testing.T) {
	w, err := ReadWitness("w.json", []byte(witnessDoc))
	if err != nil {
		t.Fatal(err)
	}
	if w.Class != WitnessLatent || w.Build != "7.11" || w.Feed != "kernel" || w.Edit != "a criterion" || w.Budget != 7 || string(w.Content) != "\x01\x02" || len(w.Types) != 5 {
		t.Errorf("witness is %+v", w)
	}
	if len(w.Event) != 5 || string(w.Event[1].Text) != "\xff" || w.Event[2].Integer != -5 || w.Event[3].Address[15] != 3 || w.Event[4].Present() {
		t.Errorf("event is %+v", w.Event)
	}
	data, err := w.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ReadWitness("w.json", data); err != nil || string(again.Event[1].Text) != "\xff" || again.Event[3].Address != w.Event[3].Address {
		t.Errorf("after writing and reading: %+v, %v", again, err)
	}
}

func TestReadWitnessRefuses(t *testing.T) {
	for _, tt := range []struct{ why, old, new, says string }{
		{"another schema", "witness/v0", "witness/v1", `expected "cfcheck.witness/v0"`},
		{"no class", `"latent"`, `"sure"`, "class"},
		{"content that is not base64", `"AQI="`, `"AQI"`, "is not base64"},
		{"an unknown type", `"integer", "address", "string"]`, `"integer", "address", "float"]`, "types[4]"},
		{"bytes that are not hexadecimal", `"ff"`, `"fg"`, "event[1].hex: found a string that is not hexadecimal"},
		{"an address that is too short", "00000000000000000000ffff0a010203", "0a010203", "event[3].address: found no address"},
		{"two values", `{"text": "a"}`, `{"text": "a", "integer": 1}`, "event[0]: found 2 values; expected one"},
		{"too many inputs", `{"text": "a"}`, strings.Repeat("{},", 1024) + "{}", "more than 1024 inputs"},
		{"too many types", `["string",`, "[" + strings.Repeat(`"string",`, 1024), "more than 1024 inputs"},
		{"a budget of nothing", `"budget": 7`, `"budget": 0`, "budget"},
	} {
		_, err := ReadWitness("w.json", []byte(strings.Replace(witnessDoc, tt.old, tt.new, 1)))
		if j, ok := errors.AsType[*sensor.JSONError](err); !ok || !strings.Contains(j.Error(), tt.says) {
			t.Errorf("%s: %v; want %s", tt.why, err, tt.says)
		}
	}
}

// TestWitnessWithout tests the replay of witnesses that show no harm.
func TestWitnessWithout(t *testing.T) {
	for _, tt := range []struct {
		why  string
		w    Witness
		says string
	}{
		{"no event", Witness{Class: WitnessMissing, Reason: "that is not modelled"}, "there is nothing to replay: that is not modelled"},
		{"no file, and a budget", Witness{Class: WitnessOverBudget, Content: []byte("x"), Budget: 1}, "cannot be read"},
		{"within the budget", Witness{Class: WitnessOverBudget, Content: needsFile(t), Budget: 1 << 30}, "no more than the budget of 1073741824 steps"},
		{"all inputs", Witness{Class: WitnessConfirmed, Content: needsFile(t), Event: make(Event, 30)}, "reads only memory that it was given"},
	} {
		if happens, err := tt.w.Run(); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %q, %v; want %s", tt.why, happens, err, tt.says)
		}
	}
}

// needsFile returns a channel file that reads an input.
func needsFile(t *testing.T) []byte { return testkit.Encode(t, testkit.IPC, cf.Contains(1, "a")) }
