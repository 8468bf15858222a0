package facts_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/facts"
	"github.com/cfcheck/cfcheck/facts/certify"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
)

// A subject is a case of the corpus with its fleet and type.
type subject struct {
	corpus.Case
	defs  *sensor.Definitions
	fleet *sensor.Fleet
	doc   []byte // document of the fleet
}

// subjects returns the cases of the corpus that are judged for a fleet.
func subjects(t testing.TB) []subject {
	t.Helper()
	judgedOnce.Do(func() { judgedCases = readSubjects(t) })
	return slices.Clone(judgedCases)
}

var (
	judgedOnce  sync.Once
	judgedCases []subject
)

func readSubjects(t testing.TB) []subject {
	t.Helper()
	var list []subject
	for _, c := range corpus.Cases() {
		if c.Fleet == corpus.NoFleet {
			continue
		}
		s := subject{Case: c, defs: gatetest.Definitions(t, c.Types, c.TypesData), doc: c.FleetData}
		if s.doc == nil {
			s.doc = must(testkit.Fleet(t, c.Fleet).JSON())
		}
		s.fleet = must(sensor.ReadFleet(c.Fleet, s.doc))
		list = append(list, s)
	}
	if len(list) < 300 {
		t.Fatalf("found %d cases with a fleet; expected more, or this test no longer finds them", len(list))
	}
	return list
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// claims returns the facts that the gate would claim if it accepted the case. It returns nil if
// the file cannot be read or the type is not known.
func (s *subject) claims() *facts.Facts {
	f, err := channelfile.Parse(s.Data)
	if err != nil {
		return nil
	}
	n := sensor.NeedsOf(f, s.defs)
	d := s.defs.ByNumber(n.Type, n.TypeVersion)
	if d == nil {
		return nil
	}
	return certify.Facts(f, n, d, s.fleet)
}

// refusal returns the reason of the checker, or "". It fails the test for an error of another
// type.
func refusal(t testing.TB, file, fleet, doc []byte) string {
	t.Helper()
	err := facts.Check(file, fleet, doc)
	if err == nil {
		return ""
	}
	if r := (*facts.Refusal)(nil); !errors.As(err, &r) || r.Reason == "" {
		t.Errorf("the error is a %T: %v", err, err)
	}
	return err.Error()
}

// u16 and u32 return a number in data, or 0 if it is not inside data.
func u16(data []byte, at int) int    { return int(number(data, at, 2)) }
func u32(data []byte, at int) uint64 { return number(data, at, 4) }

func number(data []byte, at, size int) (n uint64) {
	for i := size - 1; i >= 0; i-- {
		n <<= 8
		if at+i < len(data) {
			n |= uint64(data[at+i])
		}
	}
	return n
}

// loosest returns a fleet that supplies everything that the file may ask for, and facts with the
// loosest claims. So a refusal is the fault of the file.
func loosest(file []byte, types []string) (fleet, doc []byte) {
	names := func(i int) string { return fmt.Sprintf("Input%d", i) }
	claims := facts.Facts{
		Schema: facts.Schema,
		File:   digest(file),
		Type:   facts.Type{Number: uint32(u32(file, 0x14)), Version: uint32(u32(file, 0x18)), Name: "any"},
		Most:   facts.Most{Inputs: min(number(file, 0x1C, 2), 1024), Words: 4096, Stack: 1024, Operands: 65536, ValueLength: 65535, Instructions: 8192},
		Operators: []string{
			"exists", "equals", "prefix", "suffix", "contains", "pattern", "regexp", "integer equals", "integer range", "address range",
		},
		Constant: 1 << 60,
		Contracts: []facts.Contract{{
			Builds: []string{"any"}, Memory: 1 << 40, Feeds: []facts.Feed{{Supplied: uint64(u16(file, 0x1C))}},
		}},
	}
	for i := range int(min(u32(file, 0x2C), 16)) {
		at := 48 + 48*i
		claims.Sections = append(claims.Sections, facts.Section{
			Type: u32(file, at), Offset: u32(file, at+4), Length: u32(file, at+8), Count: u32(file, at+12),
		})
	}
	var inputs []string
	for i := range min(u16(file, 0x1C), 1025) { // one beyond the limit
		typ := "string"
		if i < len(types) {
			typ = types[i]
		}
		claims.Type.Inputs = append(claims.Type.Inputs, facts.Input{Name: names(i), Type: typ})
		if i < 1024 {
			claims.Reads = append(claims.Reads, facts.Read{Input: uint64(i), PerByte: 1 << 60})
		}
		inputs = append(inputs, fmt.Sprintf(`{"name": %q, "type": %q}`, names(i), typ))
	}
	fleet = fmt.Appendf(nil, `{"schema": "cfcheck.fleet/v0", "name": "any", "builds": [{"build": "any", "hosts": 1,
		"reader": {"evidence": "stated", "access": "positional", "formats": ["1.0"], "operators": ["%s"]},
		"supply": [{"type": "any", "version": %d, "evidence": "stated", "inputs": [%s]}]}]}`,
		strings.Join(claims.Operators, `", "`), claims.Type.Version, strings.Join(inputs, ", "))
	claims.Fleet = digest(fleet)
	return fleet, must(claims.JSON())
}

// types returns the types of the inputs of the template type.
func (s *subject) types() (list []string) {
	if d := s.defs.ByNumber(uint32(u32(s.Data, 0x14)), uint32(u32(s.Data, 0x18))); d != nil {
		for _, in := range d.Inputs {
			list = append(list, in.Type.String())
		}
	}
	return list
}

// TestAccepted tests that the facts of each accepted case hold, fit the schema and are
// deterministic. It also tests that the loosest claims about these cases hold. Otherwise it would
// mean nothing that they are refused for other cases.
func TestAccepted(t *testing.T) {
	schema := compileSchema(t)
	accepted := 0
	for _, s := range subjects(t) {
		if s.Expect != corpus.Accepted {
			continue
		}
		accepted++
		claims := s.claims()
		doc := must(claims.JSON())
		if why := refusal(t, s.Data, s.doc, doc); why != "" {
			t.Errorf("%s: %s", s.Name, why)
		}
		if err := schema.Validate(must(jsonschema.UnmarshalJSON(bytes.NewReader(doc)))); err != nil {
			t.Errorf("%s: the schema refuses the facts: %v\n%s", s.Name, err, doc)
		}
		if again := must(s.claims().JSON()); !bytes.Equal(doc, again) {
			t.Errorf("%s: the same facts are written in two ways", s.Name)
		}
		fleet, loose := loosest(s.Data, s.types())
		if why := refusal(t, s.Data, fleet, loose); why != "" {
			t.Errorf("%s: the loosest facts are refused: %s", s.Name, why)
		}
	}
	if accepted < 50 {
		t.Errorf("only %d cases are accepted", accepted)
	}
}

func compileSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc := must(jsonschema.UnmarshalJSON(bytes.NewReader(must(facts.Schemas.ReadFile("schema/facts.json")))))
	c := jsonschema.NewCompiler()
	if err := c.AddResource("facts.json", doc); err != nil {
		t.Fatal(err)
	}
	return must(c.Compile("facts.json"))
}

// unseen lists checks, and single cases, for harm that the promise does not cover. The checker
// need not notice it.
var unseen = map[string]string{
	"CF1023": "provenance: no sensor reads it",
	"CF1024": "provenance: no sensor reads it",
	"CF1030": "a digest: no index or length depends on it, and the facts name the digest of all bytes",
	"CF1031": "a digest: no index or length depends on it, and the facts name the digest of all bytes",
	"CF1032": "what lies between sections, and whether two overlap: nothing is written, and each is read inside of itself",
	"CF1033": "padding: nobody reads it",
	"CF1034": "inputs read, in the header: the checker goes by the criteria",
	"CF1035": "an ID: no sensor follows it",
	"CF1036": "the order of IDs: no sensor follows them",
	"CF1037": "the order of IDs: no sensor follows them",
	"CF1038": "normal form: the stack and the nesting are bounded for any condition",
	"CF1039": "normal form: the stack and the nesting are bounded for any condition",
	"CF1040": "the order of criteria: each is evaluated and charged, one after the other",
	"CF1041": "a criterion that is not used: it is evaluated and charged all the same",
	"CF1042": "the order of operands: each is compared and charged",
	"CF1043": "the order of values: each is bounded by itself",
	"CF1044": "a value that is not used: nobody reads it",
	"CF1045": "folding: whatever an operand is, its runes are compared one by one inside of it",
	"CF1046": "normal form: what has a simpler form is safe and charged in the form that it has",
	"CF1047": "provenance: no sensor reads it",
	"CF1048": "provenance: no sensor reads it",
	"CF1049": "provenance: no sensor reads it",
	"CF1050": "provenance: no sensor reads it",
	"CF1051": "the order of programs: each is bounded by itself",
	"CF1052": "a program that is not used: nobody runs it",
	"CF1053": "the order of classes: each is bounded by itself",
	"CF1054": "a class that is not used: nobody reads it",
	"CF2001": "which template type a number is, the checker has to believe; the builds of this fleet have any",
	"CF2002": "the builds of this fleet have any version; TestClaims has one that has not",
	"CF2003": "the channel: which part of a sensor loads the file is no matter of its bounds",
	"CF2007": "an operand that no value can equal: it never holds",
	"CF2009": "a program that is not its source's: it does something else, inside of its bounds",
	"CF3002": "an input that is declared, not supplied, and not read: nothing reads it",
	"CF3016": "a warning: an input that is declared, not supplied, and not read",
	"CF3017": "an input that is declared, not supplied, and not read: nothing reads it",
	"CF3018": "another input of the same type: what is read is given, though it means something else",
	"CF4002": "a rule that matches every event: it stays inside of its bounds",
	"CF0005": "the file's name",
	"CF6001": "the revision: it bounds nothing",
	"CF6002": "the bytes of an earlier release",
	"CF6003": "the rules of an earlier release",
	"CF6004": "the rules of an earlier release",
	"CF6013": "a first use: a build that is as its contract states reads it safely",
	"CF6014": "a first size: a build that is as its contract states reads it safely",

	"limit-channel":                "a number that no sensor follows",
	"limit-revision":               "a number that no sensor follows",
	"revision-of-a-date":           "a number that no sensor follows",
	"limit-type-version":           "a number that no sensor follows; the facts and the fleet have the same",
	"limit-created":                "a number that no sensor follows",
	"limit-created-milliseconds":   "a number that no sensor follows",
	"limit-text":                   "provenance: no sensor reads it",
	"supplied-as-integer-not-read": "another type than is declared, of an input that nothing reads",
	"no-programs":                  "sections of programs without programs: nothing names one",
	"origins-empty":                "provenance: no sensor reads it",
	"origin-missing":               "provenance: no sensor reads it",
	"first-origins-then-programs":  "provenance, and sections of programs without programs: no sensor reads either",
	"use-missing":                  "provenance: no sensor reads it",
}

// TestRejected tests that the checker refuses the facts of each rejected case that the promise
// covers. These are the facts that the gate would write if it accepted the case. If the file
// cannot be read, they are the loosest facts.
func TestRejected(t *testing.T) {
	used := map[string]bool{}
	refused := map[string]int{} // by check
	for _, s := range subjects(t) {
		if s.Expect != corpus.Rejected {
			continue
		}
		fleet, doc := s.doc, []byte(nil)
		if claims := s.claims(); claims != nil {
			doc = must(claims.JSON())
		} else {
			fleet, doc = loosest(s.Data, s.types())
		}
		why := refusal(t, s.Data, fleet, doc)
		known := unseen[s.Name] != ""
		if !known {
			known = len(s.Checks) > 0 && !slices.ContainsFunc(s.Checks, func(id string) bool { return unseen[id] == "" })
		}
		switch {
		case why == "" && !known:
			t.Errorf("%s: the checker takes the facts of a file that %v rejects: %s", s.Name, s.Checks, s.Why)
		case why == "":
			used[s.Name] = true
			for _, id := range s.Checks {
				used[id] = true
			}
		default:
			for _, id := range s.Checks {
				refused[id]++
			}
		}
	}
	for name, reason := range unseen {
		if !used[name] {
			t.Errorf("no case of %s passes the checker, which has a reason for it: %s", name, reason)
		}
	}
	for _, id := range []string{
		"CF1002", "CF1003", "CF1005", "CF1007", "CF1008", "CF1009", "CF1010", "CF1011", "CF1012", "CF1013", "CF1014", "CF1015", "CF1016", "CF1017",
		"CF1018", "CF1019", "CF1020", "CF1021", "CF1022", "CF1025", "CF1026", "CF1027", "CF1028", "CF1029", "CF2004", "CF2006", "CF2008",
		"CF3001", "CF3003", "CF3004", "CF3005", "CF3006", "CF3007", "CF3008", "CF3009", "CF3010", "CF3011",
	} {
		if refused[id] == 0 {
			t.Errorf("no case of %s was refused", id)
		}
	}
}
