package gatetest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// SARIF returns the first fault of a SARIF 2.1.0 log: a property that the standard requires and
// that is missing or has another type, a region with both lines and bytes, or a reference to
// nothing. With gitHub it also holds the log against the rules of GitHub code scanning. The
// requirements are stated here in our own words: the repository has no copy of the schema.
func SARIF(data []byte, gitHub bool) error {
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct {
						ID                                      string
						ShortDescription, FullDescription, Help struct{ Text string }
						HelpURI                                 string
						DefaultConfiguration                    struct{ Level string }
						Properties                              struct{ Tags []string }
					}
				}
			}
			ColumnKind string
			Results    []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation *sarifPlace
					LogicalLocations []struct{ FullyQualifiedName string }
				}
				PartialFingerprints map[string]string
				BaselineState       string
				Suppressions        []struct{ Kind, Status, Justification string }
			}
			Invocations []struct {
				ExecutionSuccessful        *bool
				ExitCode                   *int
				ToolExecutionNotifications []struct {
					Descriptor struct{ ID string }
					Level      string
					Message    struct{ Text string }
				}
			}
		}
	}
	if err := json.Unmarshal(data, &log); err != nil {
		return err
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 {
		return fmt.Errorf("version %q with %d runs", log.Version, len(log.Runs))
	}
	run := &log.Runs[0]
	if run.Tool.Driver.Name == "" || run.Results == nil || len(run.Invocations) != 1 || run.ColumnKind == "" {
		return fmt.Errorf("no name, results, columnKind or invocation: %.200s", data)
	}
	levels := []string{"error", "warning", "note"}
	for i, r := range run.Tool.Driver.Rules {
		switch u, err := url.Parse(r.HelpURI); {
		case r.ID == "" || r.ShortDescription.Text == "" || r.FullDescription.Text == "" || r.Help.Text == "":
			return fmt.Errorf("rule %d lacks a text: %+v", i, r)
		case len(r.ShortDescription.Text) > 1024 || len(r.FullDescription.Text) > 1024 || len(r.Properties.Tags) > 10:
			return fmt.Errorf("rule %s is too long", r.ID)
		case err != nil || !u.IsAbs():
			return fmt.Errorf("rule %s has the address %q", r.ID, r.HelpURI)
		case !slices.Contains(levels, r.DefaultConfiguration.Level):
			return fmt.Errorf("rule %s has level %q", r.ID, r.DefaultConfiguration.Level)
		}
	}
	seen := map[string]bool{}
	for i, r := range run.Results {
		switch {
		case r.RuleIndex < 0 || r.RuleIndex >= len(run.Tool.Driver.Rules) || run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID:
			return fmt.Errorf("result %d has rule %q at index %d", i, r.RuleID, r.RuleIndex)
		case r.Message.Text == "" && r.Level == "", !slices.Contains(levels, r.Level):
			return fmt.Errorf("result %d has level %q", i, r.Level)
		case len(r.Locations) == 0:
			return fmt.Errorf("result %d has no place", i)
		case !gitHub && r.Locations[0].PhysicalLocation == nil && len(r.Locations[0].LogicalLocations) > 0:
			continue
		case r.Locations[0].PhysicalLocation == nil || r.Locations[0].PhysicalLocation.ArtifactLocation.URI == "":
			return fmt.Errorf("result %d has no place", i)
		case !slices.Contains([]string{"", "new", "unchanged"}, r.BaselineState):
			return fmt.Errorf("result %d has the state %q", i, r.BaselineState)
		case r.PartialFingerprints["cfcheck/v1"] == "":
			return fmt.Errorf("result %d has no fingerprint", i)
		}
		for _, s := range r.Suppressions {
			if s.Kind != "external" && s.Kind != "inSource" || s.Status != "accepted" || s.Justification == "" {
				return fmt.Errorf("result %d is suppressed by %+v", i, s)
			}
		}
		if !gitHub {
			continue
		}
		region, print := r.Locations[0].PhysicalLocation.Region, r.PartialFingerprints["primaryLocationLineHash"]
		switch {
		case region == nil || region.StartLine < 1 || region.StartColumn < 1 || region.EndLine < region.StartLine || region.EndColumn < region.StartColumn:
			return fmt.Errorf("result %d is at %+v", i, region)
		case print == "" || seen[print]:
			return fmt.Errorf("result %d has the fingerprint %q, as another", i, print)
		case len(r.Suppressions) > 0:
			return fmt.Errorf("result %d is suppressed, and code scanning would show it as open", i)
		}
		seen[print] = true
	}
	if gitHub && len(run.Results) > 5000 {
		return fmt.Errorf("%d results", len(run.Results))
	}
	inv := &run.Invocations[0]
	if inv.ExecutionSuccessful == nil || inv.ExitCode == nil || *inv.ExecutionSuccessful != (*inv.ExitCode < 2) {
		return fmt.Errorf("the invocation is %+v", inv)
	}
	for i, n := range inv.ToolExecutionNotifications {
		if n.Descriptor.ID == "" || !slices.Contains(levels, n.Level) {
			return fmt.Errorf("notification %d is %+v", i, n)
		}
	}
	var whole any
	if err := json.Unmarshal(data, &whole); err != nil {
		return err
	}
	return sarifRegions(whole)
}

type sarifPlace struct {
	ArtifactLocation struct{ URI string }
	Region           *struct{ StartLine, StartColumn, EndLine, EndColumn int }
}

// sarifRegions returns an error for a region with lines and bytes, or for an address that is no
// URI. It uses a list, because a log may be as deep as its writer likes.
func sarifRegions(whole any) error {
	for todo := []any{whole}; len(todo) > 0; {
		last := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch v := last.(type) {
		case []any:
			todo = append(todo, v...)
		case map[string]any:
			_, line := v["startLine"]
			if _, bytes := v["byteOffset"]; line && bytes {
				return fmt.Errorf("a region has lines and bytes: %v", v)
			}
			if uri, ok := v["uri"].(string); ok {
				if _, err := url.Parse(uri); err != nil || uri == "" || strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r > '~' }) {
					return fmt.Errorf("%q is not a URI", uri)
				}
			}
			for _, below := range v {
				todo = append(todo, below)
			}
		}
	}
	return nil
}
