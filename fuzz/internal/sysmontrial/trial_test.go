package sysmontrial

import (
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/cfcheck/cfcheck/internal/gatetest"
)

var (
	cases = flag.Int("cases", 400, "number of random `cases`")
	seed  = flag.Uint64("seed", 8, "`seed` of the cases")
)

// TestTrials tries random cases. The campaign tries more.
func TestTrials(t *testing.T) {
	n := *cases
	checks, r := gatetest.Family(8), rand.New(rand.NewPCG(*seed, 8))
	f := new(Figures)
	for range n {
		c := Draw(r)
		if c.Try(checks, f) != nil {
			small, problem := c.Minimise(checks)
			t.Fatalf("Sysmon %s: %s\n%s", small.Build, problem.What, small.Text())
		}
	}
	t.Logf("%+v", f)
	if f.Accepted*10 < f.Configurations || f.Accepted == f.Configurations || f.Decisions < f.Unknown {
		t.Errorf("the draws test too little: %+v", f)
	}
	for _, check := range []string{"CF8301", "CF8302", "CF8307", "CF8308", "CF8311", "CF8312"} {
		if f.Claims[check] == 0 {
			t.Errorf("no claim of %s was held against an event", check)
		}
	}
}
