package sigma

import (
	"reflect"
	"testing"

	"github.com/cfcheck/cfcheck/internal/odd"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// A buildCall has the arguments of Build.
type buildCall struct {
	Rules       []*Rule
	Definitions *sensor.Definitions
	Options     Options
}

// TestOddOptions calls Build with each unusual value in each exported field of
// its arguments, and with pairs of them. Build must not panic or hang. It must
// return an error, or channel files that can be read.
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
	base := buildCall{rules, builtin.Definitions(), Options{Placeholders: Placeholders{"p": {"a", "b"}}}}
	if _, err := Build(base.Rules, base.Definitions, base.Options); err != nil {
		t.Fatal(err)
	}
	odd.Try(t, 3000, &base, more, buildOdd)
}

func buildOdd(c *buildCall) (says string) {
	built, err := Build(c.Rules, c.Definitions, c.Options)
	if built == nil && err == nil {
		return "neither a result nor an error"
	}
	if len(Errors(err)) == 0 && len(built.Outputs) == 0 && len(built.Unsupported)+len(built.LeftOut) == 0 {
		return "nothing was built, and nothing says why"
	}
	return ""
}
