package oracle

import (
	"flag"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

var releases = flag.Int("releases", 100, "compare `N` releases with the reference")

// TestReleases checks that the gate agrees with the reference on releases.
func TestReleases(t *testing.T) {
	rs, stream := NewReleases(suite.Checks), generate.NewReleases(1)
	for n := range *releases {
		r := stream.Next()
		if p := rs.Compare(r); p != nil {
			t.Fatalf("release %d, scope %s: %v\n%s\n%s", n, r.Scope.Name, p, Describe(p.Event), strings.Join(p.Did, "\n"))
		}
	}
	for q := range NumQuestions {
		t.Logf("%v: %d asked, %d open", q, rs.Asked[q], rs.Open[q])
	}
}
