package fuzz

import (
	"fmt"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// definitions returns the built-in definitions and those of the corpus.
var definitions = sync.OnceValue(func() *sensor.Definitions {
	all := new(sensor.Definitions)
	add := func(set *sensor.Definitions) {
		for d := range set.All() {
			if err := all.Add(d); err != nil {
				panic(err)
			}
		}
	}
	add(builtin.Definitions())
	for _, data := range documents("types") {
		set, err := sensor.ReadDefinitions("corpus", data)
		if err != nil {
			panic(err)
		}
		add(set)
	}
	return all
})

// fleets returns the fleets that a target can choose: no fleet, the built-in ones, and those
// of the corpus.
var fleets = sync.OnceValue(func() []*sensor.Fleet {
	list := []*sensor.Fleet{nil}
	for _, name := range builtin.Fleets() {
		fleet, _ := builtin.Fleet(name)
		list = append(list, fleet)
	}
	for _, data := range documents("fleets") {
		fleet, err := sensor.ReadFleet("corpus", data)
		if err != nil {
			panic(err)
		}
		list = append(list, fleet)
	}
	return list
})

// documents returns the JSON files in a folder of the corpus.
func documents(folder string) [][]byte {
	entries, err := corpus.FS.ReadDir(folder)
	if err != nil || len(entries) == 0 {
		panic(fmt.Sprintf("the corpus has no %s: %v", folder, err))
	}
	var list [][]byte
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") {
			data, err := corpus.FS.ReadFile(path.Join(folder, e.Name()))
			if err != nil {
				panic(err)
			}
			list = append(list, data)
		}
	}
	return list
}

func TestFleets(t *testing.T) {
	if n := len(fleets()); n < 20 {
		t.Errorf("there are %d fleets to choose; want the built-in ones and those of the corpus", n)
	}
	for _, number := range []uint32{1, 1000} {
		if definitions().ByNumber(number, 1) == nil {
			t.Errorf("template type %d is unknown", number)
		}
	}
	// The bytes of a spec can express everything that a test of the gate needs.
	for _, tt := range []struct {
		why  string
		spec []byte
		want func(*sensor.Fleet) bool
	}{
		{"a byte chooses a fleet", []byte{1}, func(f *sensor.Fleet) bool { return f == fleets()[1] }},
		{"an empty spec is no fleet", nil, func(f *sensor.Fleet) bool { return f == nil }},
		{"a positional build that supplies 20 of 21", made(build{}, 20), func(f *sensor.Fleet) bool {
			return len(f.Contracts) == 1 && f.Contracts[0].Reader.Access == sensor.AccessPositional && len(f.Contracts[0].Supplies[0].Inputs) == 20
		}},
		{"a named one that supplies all", made(build{flags: buildNamed}, 21), func(f *sensor.Fleet) bool {
			return f.Contracts[0].Reader.Access == sensor.AccessNamed && len(f.Contracts[0].Supplies[0].Inputs) == 21
		}},
	} {
		def := definitions().ByNumber(1, 1)
		if f := fleetOf(tt.spec, def); !tt.want(f) {
			t.Errorf("%s: %v gives %+v", tt.why, tt.spec, f)
		}
	}
}

// fleetOf returns the fleet that the bytes of an input describe. The first byte chooses a
// known fleet, or says that the other bytes describe builds. The definition is that of the
// file's type; nil means that the type is unknown.
//
// A document could not contain all of these builds. A supply may acknowledge an input that it
// supplies, have an input twice, or have an unknown type. The gate must handle them all.
func fleetOf(spec []byte, def *sensor.Definition) *sensor.Fleet {
	r := &specReader{spec}
	known := fleets()
	if n := int(r.byte()); n < len(known) {
		return known[n]
	}
	fleet := &sensor.Fleet{Name: "generated"}
	for len(r.rest) > 0 && len(fleet.Contracts) < 8 {
		fleet.Contracts = append(fleet.Contracts, r.contract(def, len(fleet.Contracts)))
	}
	return fleet
}

// A specReader reads the parts of an input. After the end it reads zeros.
type specReader struct{ rest []byte }

func (r *specReader) byte() byte {
	if len(r.rest) == 0 {
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// The bits of a build's first byte.
const (
	buildNamed = 1 << iota
	buildRefuses
	buildLimits  // two bytes follow: the kind of limit and its size
	buildBudget  // two bytes follow: an exponent of steps and one of memory
	buildFormats // the build reads another version of the format
	buildOperators
	buildFeeds // two supplies of the same version
	buildOther // the build has another type
)

// The bits of a supply's second byte.
const (
	supplySome    = 1 << iota // three bytes follow: an input and its state, type or name
	supplyLengths             // a byte follows: the exponent of the maximum length of a value
	supplyAcknowledged
	supplyVersion
)

// A build has the flags that a spec gives for one build.
type build struct{ flags byte }

// generated is the first byte of a spec that describes builds.
const generated = 255

// made returns the spec of a fleet of one build that supplies a number of inputs.
func made(b build, inputs byte) []byte { return []byte{generated, b.flags, inputs, 0} }

func (r *specReader) contract(def *sensor.Definition, i int) sensor.Contract {
	flags := r.byte()
	has := func(bit byte) bool { return flags&bit != 0 }
	c := sensor.Contract{Build: fmt.Sprintf("b%d", i), Hosts: uint64(i) + 1}
	c.Reader = sensor.Reader{
		Access: sensor.AccessPositional, Evidence: sensor.EvidenceStated,
		Formats: []string{channelfile.Version}, Operators: channelfile.Operators(),
		RefusesUnknownVersions: has(buildRefuses),
	}
	if has(buildNamed) {
		c.Reader.Access = sensor.AccessNamed
	}
	if has(buildLimits) {
		which, most := r.byte(), uint64(r.byte())
		limits := []*uint64{
			&c.Reader.Limits.FileSize, &c.Reader.Limits.Instances, &c.Reader.Limits.Criteria,
			&c.Reader.Limits.WordsPerInstance, &c.Reader.Limits.OperandsPerCriterion, &c.Reader.Limits.ValueLength,
		}
		*limits[int(which)%len(limits)] = most
	}
	if has(buildBudget) {
		c.Reader.Budget.Steps = 1 << (r.byte() % 64)
		c.Reader.Budget.Memory = 1 << (r.byte() % 64)
	}
	if has(buildFormats) {
		c.Reader.Formats = []string{"0.1", "1.1"}
	}
	if has(buildOperators) {
		c.Reader.Operators = c.Reader.Operators[:int(r.byte())%len(c.Reader.Operators)]
	}
	supplies := 1
	if has(buildFeeds) {
		supplies = 2
	}
	for k := range supplies {
		s := r.supply(def)
		if has(buildOther) {
			s.Type = "another"
		}
		if k > 0 {
			s.Feed = "second"
		}
		c.Supplies = append(c.Supplies, s)
	}
	return c
}

func (r *specReader) supply(def *sensor.Definition) sensor.Supply {
	if def == nil {
		def = definitions().ByNumber(1, 1)
	}
	s := sensor.Supply{Type: def.Name, Version: def.Version, Evidence: sensor.EvidenceExtracted}
	n, flags := int(r.byte()), r.byte()
	for i := range n % (len(def.Inputs) + 3) {
		in := sensor.SuppliedInput{Name: fmt.Sprintf("more%d", i), Type: sensor.TypeString, State: sensor.StateSupplied}
		if i < len(def.Inputs) {
			in.Name, in.Type = def.Inputs[i].Name, def.Inputs[i].Type
		}
		s.Inputs = append(s.Inputs, in)
	}
	if flags&supplySome != 0 && len(s.Inputs) > 0 {
		in := &s.Inputs[int(r.byte())%len(s.Inputs)]
		how, with := r.byte(), r.byte()
		switch how % 3 {
		case 0:
			in.State = []sensor.State{sensor.StateSupplied, sensor.StateNotSupplied, sensor.StateUnknown}[with%3]
		case 1:
			in.Type = []sensor.InputType{sensor.TypeString, sensor.TypeInteger, sensor.TypeAddress}[with%3]
		case 2:
			in.Name = def.Inputs[int(with)%len(def.Inputs)].Name
		}
	}
	if flags&supplyLengths != 0 {
		most := 1 << (r.byte() % 31)
		for i := range s.Inputs {
			if s.Inputs[i].Type == sensor.TypeString {
				s.Inputs[i].MaxLength = most
			}
		}
	}
	if flags&supplyAcknowledged != 0 {
		s.Acknowledged = append(s.Acknowledged, sensor.Shortfall{
			Input: int(r.byte()), Why: "a reason", Until: sensor.Date{Year: 2020 + int(r.byte()%10), Month: 6, Day: 30},
		})
	}
	if flags&supplyVersion != 0 {
		s.Version++
	}
	return s
}
