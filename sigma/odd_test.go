package sigma

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime/debug"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/internal/odd"
	"github.com/cfcheck/cfcheck/sensor"
)

// A buildCall is all that Build is given.
type buildCall struct {
	Rules       []*Rule
	Definitions *sensor.Definitions
	Options     Options
}

// TestOddOptions calls Build with each unusual value in each exported field of
// what it is given, and with pairs of them. It must neither panic nor hang, and
// what it builds is a channel file that can be read, or there is an error.
func TestOddOptions(t *testing.T) {
	rules, err := Parse("a.yml", []byte(ruleOf("    s: {PipeName|expand: '%p%', Image: [a, 'b*']}\n    condition: s\n")+"---\n"+
		ruleOf("    s: {PipeName: y}\n    condition: not s\n")))
	if err != nil {
		t.Fatal(err)
	}
	rules[1].ID.Value = "5a0c1d2e-0009-4000-8000-cfc0cfc00009"
	more := odd.Values{
		reflect.TypeFor[*sensor.Definitions](): {new(sensor.Definitions)},
		reflect.TypeFor[Placeholders]():        {Placeholders{}, Placeholders{"p": nil}, Placeholders{"p": {}}, Placeholders{"p": {""}}, Placeholders{"": make([]string, 3000)}, Placeholders{"p": make([]string, 3000)}},
	}
	base := buildCall{rules, sensor.BuiltinDefinitions(), Options{Placeholders: Placeholders{"p": {"a", "b"}}}}
	if _, err := Build(base.Rules, base.Definitions, base.Options); err != nil {
		t.Fatal(err)
	}
	changes := odd.Changes(&base, more)
	try := func(changes ...odd.Change) {
		c, what := odd.Copy(&base, more), ""
		for i := range changes {
			if changes[i].Apply(c) {
				what += "; " + changes[i].What
			}
		}
		if says := buildOdd(c); says != "" {
			t.Errorf("%.300s: %s", what, says)
		}
	}
	for _, c := range changes {
		try(c)
	}
	pairs := 3000
	if testing.Short() {
		pairs = 300
	}
	random := rand.New(rand.NewPCG(4, 5))
	for range pairs {
		try(changes[random.IntN(len(changes))], changes[random.IntN(len(changes))])
	}
	t.Logf("%d changes, %d pairs of them", len(changes), pairs)
}

func buildOdd(c *buildCall) (says string) {
	defer func() {
		if fault := recover(); fault != nil {
			says = fmt.Sprintf("panic: %v\n%s", fault, debug.Stack())
		}
	}()
	for range 3 { // a machine that does other things can be slow once
		start := time.Now()
		built, err := Build(c.Rules, c.Definitions, c.Options)
		if built == nil && err == nil {
			return "neither a result nor an error"
		}
		if len(Errors(err)) == 0 && len(built.Outputs) == 0 && len(built.Unsupported)+len(built.LeftOut) == 0 {
			return "nothing was built, and nothing says why"
		}
		if time.Since(start) < time.Second {
			return ""
		}
	}
	return "it takes more than a second"
}
