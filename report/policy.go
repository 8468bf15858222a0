package report

import (
	"fmt"
	"strings"
)

// A Policy is the policy file of a run, and the origins of the settings that it concerns.
type Policy struct {
	Path     string    `json:"path"`
	Size     int64     `json:"size"`   // in bytes
	Digest   string    `json:"sha256"` // SHA-256 of the bytes that were read, in hex
	Settings []Setting `json:"settings"`
}

// A Setting is a value by which a run judged, and its origin.
type Setting struct {
	Key    string   `json:"key"` // as in the policy, such as "fail-on"
	Values []string `json:"values"`
	From   string   `json:"from"` // place in the policy, such as ".cfcheck.yaml:3:10", or a flag

	// Overrides is the place in the policy of the value that a flag replaced. "" means that
	// the policy does not have the key, or that the value comes from it.
	Overrides string `json:"overrides,omitempty"`
}

// policyJSON returns the policy for JSON, or nil.
func policyJSON(p *Policy) *Policy {
	if p == nil {
		return nil
	}
	out := *p
	out.Path = valid(out.Path)
	out.Settings = make([]Setting, 0, len(p.Settings))
	for _, s := range p.Settings {
		values := make([]string, 0, len(s.Values))
		for _, v := range s.Values {
			values = append(values, valid(v))
		}
		s.Values, s.From, s.Overrides = values, valid(s.From), valid(s.Overrides)
		out.Settings = append(out.Settings, s)
	}
	return &out
}

// policy writes the policy of the run: a line for the file, with the keys that it decided,
// and a line for each of its keys that a flag replaced.
func (t *text) policy() {
	p := t.run.Policy
	if p == nil {
		return
	}
	var keys []string
	for _, s := range p.Settings {
		if strings.HasPrefix(s.From, p.Path+":") {
			keys = append(keys, s.Key)
		}
	}
	sets := "no settings"
	if len(keys) > 0 {
		sets = strings.Join(keys, ", ")
	}
	t.line("policy", "%s, sha256 %s: %s", Clean(p.Path), p.Digest, Clean(sets))
	for _, s := range p.Settings {
		if s.Overrides != "" {
			t.more("%s", Clean(fmt.Sprintf("%s overrides %s of %s", s.From, s.Key, s.Overrides)))
		}
	}
}
