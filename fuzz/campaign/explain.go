package main

import (
	"slices"

	"github.com/cfcheck/cfcheck/fuzz/oracle"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/witness"
)

// explainEvery is of how many decisions that reject one is asked for the
// witnesses of its findings: to make one takes longer than many decisions.
const explainEvery = 64

// factsEvery is of how many decisions that accept the facts of one are checked.
const factsEvery = 512

// judgeEvery is of how many decisions one is held against the second judge.
const judgeEvery = 16

// oddEvery is of how many runs of a file one goes through odd values too.
const oddEvery = 16

// reasons are those that are listed.
var reasons = []string{
	witness.ReasonNotModelled, witness.ReasonLimit, witness.ReasonUnknown, witness.ReasonUnbounded, witness.ReasonMemory,
	witness.ReasonCompared, witness.ReasonOtherInput, witness.ReasonTooLarge, witness.ReasonNoBuild, witness.ReasonNoFile,
}

// explain makes the witness of a finding and replays it.
func explain(r *validate.Report, f *validate.Finding) (oracle.Explanation, string) {
	if !witness.Wants(f.Check) {
		return oracle.NotAsked, ""
	}
	w := witness.Of(witness.Case{File: r.File, Definition: r.Definition, Fleet: r.Fleet}, f)
	switch {
	case w == nil:
		return oracle.Unexplained, "nothing is said"
	case w.Class == sensor.NoWitness && slices.Contains(reasons, w.Reason):
		return oracle.Reasoned, w.Reason
	case w.Class == sensor.NoWitness:
		return oracle.Unexplained, w.Reason
	}
	if _, err := w.Run(); err != nil {
		return oracle.Unexplained, "the witness, replayed: " + err.Error()
	}
	return oracle.Witnessed, ""
}
