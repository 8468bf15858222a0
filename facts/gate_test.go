package facts_test

import (
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/facts/certify"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// TestAgreesWithGate compares the checker with the gate on random files and fleets. The facts of
// an accepted file hold. If the checker accepts a file that the gate rejects, the reason is one
// that the checker need not see. The loosest facts about a damaged file hold only if a sensor that
// loads it does no harm.
func TestAgreesWithGate(t *testing.T) {
	stream := generate.NewStream(4)
	var accepted, rejected, refused, damaged int
	type document struct {
		*sensor.Fleet
		doc []byte
	}
	documents := map[*sensor.Fleet]document{} // the same fleets occur again
	batches := 30
	if testing.Short() {
		batches = 15
	}
	for range batches {
		batch := stream.Next()
		for k, file := range batch.Files {
			var n *sensor.Needs
			f, err := channelfile.Parse(file.Data)
			if err == nil {
				n = sensor.NeedsOf(f, batch.Definitions)
			}
			var types []string
			for _, in := range batch.Definition.Inputs {
				types = append(types, in.Type.String())
			}
			if fleet, loose := loosest(file.Data, types); refusal(t, file.Data, fleet, loose) == "" {
				sound(t, file.Data, fleet, loose, uint64(k))
			} else if damaged++; n != nil && n.Type == batch.Definition.Number && file.Kind == generate.Valid {
				t.Fatalf("the loosest facts about a valid file are refused: %s", refusal(t, file.Data, fleet, loose))
			}
			if n == nil || batch.Definitions.ByNumber(n.Type, n.TypeVersion) == nil {
				continue
			}
			for _, fleet := range batch.Fleets {
				d, ok := documents[fleet.Fleet]
				if !ok {
					d.doc = must(fleet.JSON())
					d.Fleet = must(sensor.ReadFleet("drawn", d.doc))
					documents[fleet.Fleet] = d
				}
				doc := must(certify.Facts(f, n, batch.Definition, d.Fleet).JSON())
				r := validate.Run(validate.ChannelFile("", file.Data), validate.Options{
					Checks: suite.Checks, Definitions: batch.Definitions, Fleet: d.Fleet, Cohorts: fleet.Cohorts,
					Now: time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC),
				})
				says := refusal(t, file.Data, d.doc, doc)
				switch verdict := r.Verdict(); {
				case verdict == validate.Accepted && says != "":
					t.Fatalf("the checker refuses what the gate claims of a file that it accepted: %s\n%s", says, doc)
				case verdict == validate.Accepted:
					if accepted++; accepted%8 == 0 {
						sound(t, file.Data, d.doc, doc, uint64(accepted))
					}
				case says != "":
					refused++
				default:
					rejected++
					judged(t, file.Data, d.Fleet, batch.Definition)
				}
			}
		}
	}
	t.Logf("accepted by both %d, by neither %d, rejected for what the checker need not see %d; damaged files refused %d", accepted, refused, rejected, damaged)
	if accepted < 10*batches || refused < 10*batches || rejected < batches/2 || damaged < batches/3 {
		t.Errorf("accepted by both %d, by neither %d, rejected for what the checker need not see %d; damaged files refused %d: too few to say anything",
			accepted, refused, rejected, damaged)
	}
}
