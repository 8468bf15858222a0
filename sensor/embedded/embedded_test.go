package embedded

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// embedded returns the bytes in a build that supplies the given number of inputs of a type.
func embedded(t *testing.T, d *sensor.Definition, r sensor.Reader, supplied int) []byte {
	t.Helper()
	text, err := embeddedText(d, &r)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(text)
	le := binary.LittleEndian
	b := []byte(embeddedMagic)
	b = le.AppendUint32(b, uint32(len(text)))
	b = le.AppendUint32(b, uint32(supplied))
	b = le.AppendUint32(b, ^uint32(supplied))
	b = append(b, digest[:]...)
	return append(b, text...)
}

func TestExtractContract(t *testing.T) {
	ipc := builtin.Definitions().ByName("ipc", 1)
	other := &sensor.Definition{Name: "other", Number: 9999, Version: 3, Channel: 1, Inputs: []sensor.Input{{Name: "A", Type: sensor.TypeInteger}}}
	r := testkit.Fleet(t, "291").Contracts[0].Reader
	named := r
	named.Access = sensor.AccessNamed
	noise := []byte(strings.Repeat("\x7fELF\x00", 1000))
	good := embedded(t, ipc, r, 20)
	change := func(at int, to byte) []byte {
		b := bytes.Clone(good)
		b[at] = to
		return b
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, noise) }
	for _, tt := range []struct {
		why   string
		data  []byte
		is    error
		text  string // part of the error
		types int
	}{
		{"in the middle of a binary", join(nil, good, nil), nil, "", 1},
		{"alone", good, nil, "", 1},
		{"of two types", join(good, embedded(t, other, r, 1)), nil, "", 2},
		{"none", noise, ErrNoContract, "no contract is embedded; compile the build with the header", 0},
		{"no bytes", nil, ErrNoContract, "no contract", 0},
		{"magic alone, as in a tool that looks for it", join(nil, []byte(embeddedMagic)), ErrNoContract, "the bytes at offset 5000 (0x1388) begin like a contract, but are damaged or incomplete", 0},
		{"magic in a tool, and a contract", join([]byte(embeddedMagic), good), nil, "", 1},
		{"two of a type", join(good, good), ErrTwoContracts, `for version 1 of type "ipc": at offset 0 (0x0) and at`, 0},
		{"two of a type that differ", join(good, embedded(t, ipc, r, 21)), ErrTwoContracts, "", 0},
		{"another way of reading", join(good, embedded(t, other, named, 1)), nil, "has another reader than the contract before it", 0},
		{"damaged text", change(embeddedFixed+100, '#'), ErrNoContract, "damaged or incomplete", 0},
		{"damaged digest", change(28, good[28]^1), ErrNoContract, "damaged or incomplete", 0},
		{"damaged number of inputs", change(20, 21), ErrNoContract, "damaged or incomplete", 0},
		{"length beyond the end", change(18, 1), ErrNoContract, "damaged or incomplete", 0},
		{"length of gigabytes", change(19, 0xFF), ErrNoContract, "damaged or incomplete", 0},
		{"cut", good[:len(good)-1], ErrNoContract, "damaged or incomplete", 0},
		{"cut in what comes before the text", good[:50], ErrNoContract, "damaged or incomplete", 0},
		{"a whole contract beside a damaged one", join(change(embeddedFixed+100, '#'), embedded(t, other, r, 1)), ErrNoContract, "at offset 0 (0x0) begin like a contract", 0},
		{"the damaged one later", join(embedded(t, other, r, 1), change(20, 21)), ErrNoContract, "damaged or incomplete", 0},
		{"a whole contract and a cut one", join(embedded(t, other, r, 1), good[:20]), ErrNoContract, "damaged or incomplete", 0},
		{"so many lengths that digests of all take hours", bytes.Repeat(append(bytes.Clone(good[:17]), append([]byte{0xFF, 0x0F, 0}, good[20:28]...)...), 200_000), ErrNoContract, "at offset 0 (0x0) begin like a contract", 0},
		{"more inputs than the type declares", embedded(t, ipc, r, 22), nil, "supplies 22 inputs, but names only 21", 0},
	} {
		c, err := Extract("sensor.sys", tt.data)
		if tt.types == 0 {
			if err == nil || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.text) || !strings.HasPrefix(err.Error(), "sensor.sys: ") {
				t.Errorf("%s: error is %v", tt.why, err)
			}
			continue
		}
		if err != nil || len(c.Supplies) != tt.types {
			t.Errorf("%s: %+v, %v", tt.why, c, err)
			continue
		}
		s := &c.Supplies[0]
		if s.Type != "ipc" || len(s.Inputs) != 20 || s.Evidence != sensor.EvidenceExtracted || c.Reader.Access != sensor.AccessPositional || c.Reader.Evidence != sensor.EvidenceStated {
			t.Errorf("%s: %+v", tt.why, c)
		}
		if in := s.Input(sensor.AccessPositional, 20, "ClientImage"); in.State != sensor.StateNotSupplied {
			t.Errorf("%s: input 21 is %v", tt.why, in.State)
		}
	}
}

// TestCHeader tests that Extract finds the bytes of the header. The tests of the sensor in C
// compile and run it.
func TestCHeader(t *testing.T) {
	ipc := builtin.Definitions().ByName("ipc", 1)
	r := testkit.Fleet(t, "291").Contracts[0].Reader
	var b bytes.Buffer
	if err := WriteCHeader(&b, ipc, &r); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	_, export, ok := strings.Cut(text, "EXPORT(array) \\\n")
	if !ok {
		t.Fatalf("no macro:\n%s", text)
	}
	export = strings.ReplaceAll(export, "CFCHECK_IPC_COUNT(array)", "20")
	var data []byte
	for _, m := range regexp.MustCompile(`0x([0-9a-f]{2})\b|~\(uint32_t\)20|\(uint32_t\)(20), |([0-9]+)u,`).FindAllStringSubmatch(export, -1) {
		switch {
		case m[1] != "":
			n, _ := strconv.ParseUint(m[1], 16, 8)
			data = append(data, byte(n))
		case m[2] != "":
			data = binary.LittleEndian.AppendUint32(data, 20)
		case m[3] != "":
			n, _ := strconv.Atoi(m[3])
			data = binary.LittleEndian.AppendUint32(data, uint32(n))
		default:
			data = binary.LittleEndian.AppendUint32(data, ^uint32(20))
		}
	}
	if c, err := Extract("x", data); err != nil || len(c.Supplies[0].Inputs) != 20 {
		t.Errorf("the bytes of the header are no contract: %v\n%s", err, text)
	}
	for _, want := range []string{
		"#define CFCHECK_IPC_INPUTS 21u", "CFCHECK_IPC_CLIENTIMAGE = 20 /* string */",
		`"type ipc, version 1, declares 21 inputs: the array supplies another number"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the header does not have %s", want)
		}
	}
}

func TestCHeaderNames(t *testing.T) {
	d := &sensor.Definition{Name: "my-type 2", Number: 1, Version: 1, Inputs: []sensor.Input{{Name: "a-b", Type: sensor.TypeString}, {Name: "a.b", Type: sensor.TypeString}, {Name: "1st", Type: sensor.TypeInteger}, {Name: "É", Type: sensor.TypeAddress}}}
	var b bytes.Buffer
	r := testkit.Fleet(t, "291").Contracts[0].Reader
	if err := WriteCHeader(&b, d, &r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"CFCHECK_MY_TYPE_2_A_B = 0,", "CFCHECK_MY_TYPE_2_A_B_1 = 1,", "CFCHECK_MY_TYPE_2__1ST = 2,", "CFCHECK_MY_TYPE_2__ = 3 "} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the header does not have %s", want)
		}
	}
}

// FuzzExtractContract tests that Extract does not panic, and that JSON accepts the contract
// it finds.
func FuzzExtractContract(f *testing.F) {
	d := &sensor.Definition{Name: "t", Number: 1, Version: 1, Inputs: []sensor.Input{{Name: "A", Type: sensor.TypeString}}}
	r := testkit.Fleet(f, "291").Contracts[0].Reader
	text, err := embeddedText(d, &r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, uint32(1), []byte("MZ"))
	f.Add([]byte("{}"), uint32(0), []byte(embeddedMagic))
	f.Fuzz(func(t *testing.T, text []byte, supplied uint32, before []byte) {
		digest := sha256.Sum256(text)
		b := append(bytes.Clone(before), embeddedMagic...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
		b = binary.LittleEndian.AppendUint32(b, supplied)
		b = binary.LittleEndian.AppendUint32(b, ^supplied)
		b = append(append(b, digest[:]...), text...)
		c, err := Extract("x", b)
		if err != nil {
			return
		}
		c.Build, c.Hosts = "b", 1
		if _, err := (&sensor.Fleet{Name: "f", Contracts: []sensor.Contract{*c}}).JSON(); err != nil {
			t.Errorf("the contract that was found cannot be written: %v", err)
		}
	})
}
