package main

import (
	"crypto/sha256"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/policy"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor/rollout"
)

// An exercising holds the exercise plans of a run.
type exercising struct {
	plans   []string        // values of --exercise-plan, or of a policy
	demands rollout.Options // of a policy

	planSources []report.Source // plans that were read
}

func (x *exercising) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&x.plans, "exercise-plan", nil, "accept first uses that this plan runs on few hosts first: `FILE@sha256:HEX`, with the JSON of cfcheck plan and its digest")
}

// reads registers the plans as inputs. It passes over values without the right form, which
// readPlans refuses.
func (x *exercising) reads(s *output.Set) {
	for _, text := range x.plans {
		if name, _, err := rollout.ParseReference(text); err == nil {
			s.Reads("--exercise-plan "+name, name)
		}
	}
}

// namedPlan returns the value of --exercise-plan for a plan of the policy.
func (g *governing) namedPlan(t policy.Text) (string, error) {
	name, digest, err := rollout.ParseReference(t.Value)
	if err != nil {
		return "", fmt.Errorf("%s: %w", g.policy.At(t.Place), err)
	}
	path, err := g.namedFile(policy.Text{Value: name, Place: t.Place})
	return fmt.Sprintf("%s@sha256:%v", path, digest), err
}

// readPlans reads the exercise plans. A plan with another digest than its name states was changed
// after somebody looked at it.
func (k *checking) readPlans() (plans []*rollout.Document, err error) {
	from := k.from("exercise-plans")
	if len(k.plans) > 0 && k.options.Ledger == nil {
		return nil, fmt.Errorf("%s: there is no record of first uses; name it with --ledger", from)
	}
	for _, text := range k.plans {
		name, want, err := rollout.ParseReference(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
		data, err := k.readNamed(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
		if found := rollout.Digest(sha256.Sum256(data)); found != want {
			return nil, fmt.Errorf("%s: %s: found the digest sha256:%v, expected sha256:%v; restore the plan, or review the new one and name its digest", from, name, found, want)
		}
		plan, err := rollout.ReadDocument(name, data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
		k.planSources = append(k.planSources, report.SourceOf("exercise plan", name, data))
		plans = append(plans, plan)
	}
	return plans, nil
}
