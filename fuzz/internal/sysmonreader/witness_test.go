package sysmonreader

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/validate"
)

var (
	witnessForm = regexp.MustCompile(`^witness: event ([0-9]+) \(\w+\)(.*?) (?:alone|without any text)? ?is (logged|dropped)(?:$|[;,])`)
	twinForm    = regexp.MustCompile(`, and event ([0-9]+) with the same texts is (logged|dropped)$`)
	textForm    = regexp.MustCompile(`(\w+) "([^"]*)"`)
)

// TestWitnesses replays the events that findings of meaning show on the model of the engine: it
// must decide as the witness says. The configurations are those of the corpus.
func TestWitnesses(t *testing.T) {
	const version = "15.15"
	build, err := sysmon.BuildNamed(version)
	if err != nil {
		t.Fatal(err)
	}
	e := engine(t, version)
	fleet := &sensor.Fleet{Name: "test", Contracts: []sensor.Contract{{Build: "office", Hosts: 1, Sensors: []sensor.SensorVersion{{Name: sensor.Sysmon, Version: version}}}}}
	shown := map[string]int{}
	for _, c := range corpus.Sysmon() {
		if c.IsBlob() {
			continue
		}
		cfg, err := config.Parse(c.Data)
		if err != nil {
			continue
		}
		data, err := cfg.Load(build).Blob()
		if err != nil || len(data) == 0 {
			continue
		}
		l := e.Load(data)
		r := validate.Run(validate.SysmonSource("config.xml", c.Data), validate.Options{Checks: gatetest.Family(8), Fleet: fleet})
		for i := range r.Findings {
			f := &r.Findings[i]
			for _, d := range f.Details {
				if !strings.HasPrefix(d, "witness: ") {
					continue
				}
				m := witnessForm.FindStringSubmatch(d)
				if m == nil {
					t.Errorf("%s: %v: the witness has another form: %s", c.Name, f.Check, d)
					continue
				}
				texts := map[string]string{}
				for _, field := range textForm.FindAllStringSubmatch(m[2], -1) {
					texts[field[1]] = field[2]
				}
				replay := func(id, answer string) {
					n, _ := strconv.ParseUint(id, 10, 32)
					got := l.Decide(uint32(n), valuesOf(t, e, uint32(n), texts))
					if got.Outcome != Accepted || got.Logged != (answer == "logged") {
						t.Errorf("%s: %v: %s\nthe model: %+v", c.Name, f.Check, d, got)
					}
				}
				replay(m[1], m[3])
				if twin := twinForm.FindStringSubmatch(d); twin != nil {
					replay(twin[1], twin[2])
				}
				if shown[f.Check.ID]++; shown[f.Check.ID] == 1 {
					t.Logf("%s %s: %s: %s", f.Check.ID, c.Name, f.Message, d)
				}
			}
		}
	}
	for _, id := range []string{"CF8301", "CF8302", "CF8303", "CF8304", "CF8305", "CF8306", "CF8307", "CF8308", "CF8309", "CF8311", "CF8314", "CF8315", "CF8316", "CF8318"} {
		if shown[id] == 0 {
			t.Errorf("no finding of %s has a witness", id)
		}
	}
}
