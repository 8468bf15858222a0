// Package certify derives the facts that the gate claims about an accepted file.
package certify

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/facts"
	"github.com/cfcheck/cfcheck/sensor"
)

// Facts returns the facts that the gate claims about a file after it accepted the file for a
// fleet. The needs n are the needs of the file, and d is the definition that the gate compared
// them with. Facts does no analysis of its own. For a file that was not accepted the claims are
// false, and [facts.Check] reports it.
func Facts(f *channelfile.File, n *sensor.Needs, d *sensor.Definition, fleet *sensor.Fleet) *facts.Facts {
	file := sha256.Sum256(f.Data())
	claims := &facts.Facts{
		Schema: facts.Schema,
		File:   hex.EncodeToString(file[:]),
		Fleet:  hex.EncodeToString(fleet.Digest[:]),
		Type:   facts.Type{Number: n.Type, Version: n.TypeVersion, Name: d.Name},
		Most: facts.Most{
			Inputs:       uint64(n.InputsRead),
			Words:        n.Sizes.WordsPerInstance,
			Stack:        n.Sizes.Stack,
			Operands:     n.Sizes.OperandsPerCriterion,
			ValueLength:  n.Sizes.ValueLength,
			Instructions: n.Sizes.ProgramInstructions,
		},
		Constant: n.Constant,
	}
	for _, in := range d.Inputs {
		claims.Type.Inputs = append(claims.Type.Inputs, facts.Input{Name: in.Name, Type: in.Type.String()})
	}
	for _, s := range f.Sections {
		claims.Sections = append(claims.Sections, facts.Section{
			Type: uint64(s.Type), Offset: uint64(s.Range.Start), Length: uint64(s.Range.Len()), Count: uint64(s.Count),
		})
	}
	for _, op := range n.Operators {
		claims.Operators = append(claims.Operators, op.Operator.String())
	}
	for _, in := range n.Inputs {
		claims.Reads = append(claims.Reads, facts.Read{Input: uint64(in.Index), PerByte: in.Coefficient})
	}
	for _, members := range fleet.Distinct() {
		claims.Contracts = append(claims.Contracts, contractFacts(n, d, fleet, members))
	}
	return claims
}

// contractFacts returns the claims about builds with the same terms.
func contractFacts(n *sensor.Needs, d *sensor.Definition, fleet *sensor.Fleet, members []int) facts.Contract {
	c := &fleet.Contracts[members[0]]
	var claim facts.Contract
	for _, m := range members {
		claim.Builds = append(claim.Builds, fleet.Contracts[m].Build)
	}
	for _, s := range c.SuppliesOf(d.Name, d.Version) {
		claim.Feeds = append(claim.Feeds, feedFacts(n, d, c, s))
	}
	if len(claim.Feeds) == 0 {
		claim.Refuses = true
		return claim
	}
	claim.Memory, claim.MemoryBudget, claim.StepBudget = n.Memory, c.Reader.Budget.Memory, c.Reader.Budget.Steps
	return claim
}

// feedFacts returns the claims about the events of a feed. It claims no steps if they have no
// bound, or if the bound is too large for some readers of JSON.
func feedFacts(n *sensor.Needs, d *sensor.Definition, c *sensor.Contract, s *sensor.Supply) facts.Feed {
	claim := facts.Feed{Feed: s.Feed, Supplied: uint64(len(s.Inputs))}
	steps, unknown := n.Steps(func(index int) (int, bool) {
		name := ""
		if index < len(d.Inputs) {
			name = d.Inputs[index].Name
		}
		in := s.Input(c.Reader.Access, index, name)
		length, ok := in.Longest()
		if ok {
			claim.Lengths = append(claim.Lengths, facts.Length{Input: uint64(index), Length: uint64(length)})
		}
		return length, ok
	})
	if len(unknown) == 0 && steps <= sensor.MaxInteger {
		claim.Steps = max(steps, 1) // 0 would claim nothing
	}
	return claim
}
