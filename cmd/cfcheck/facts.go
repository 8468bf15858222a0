package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/facts"
	"github.com/cfcheck/cfcheck/facts/certify"
	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/file"
)

// A claiming holds the flag --facts and the report that the facts are about.
type claiming struct {
	claimsTo  string // file for the facts; "" means that no facts are written
	judged    *validate.Report
	factsFile *output.Output // nil means that no facts are written
}

func (c *claiming) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.claimsTo, "facts", "", "if the channel file is accepted, write the claims behind the verdict to a `file`; cfcheck facts check verifies them")
}

// writes adds the facts to the outputs of the run.
func (c *claiming) writes(s *output.Set) {
	if c.claimsTo != "" {
		c.factsFile = s.File("--facts", c.claimsTo).Verdict()
	}
}

// check returns an error if facts are requested for anything except one channel file
// and one fleet.
func (c *claiming) check(paths, needs, fleets []string) error {
	if c.claimsTo == "" {
		return nil
	}
	if len(fleets) > 1 {
		return fmt.Errorf("--facts: facts are about one fleet, but %d were named; run cfcheck once for each fleet", len(fleets))
	}
	if len(paths) == 1 && len(needs) == 0 && !isRules(paths[0]) {
		if info, err := os.Stat(paths[0]); err != nil || !info.IsDir() {
			return nil
		}
	}
	return fmt.Errorf("--facts: facts are about one channel file; name only that file, not a folder, rules or needs")
}

// keep stores the report on the file for claims, and returns it.
func (c *claiming) keep(r *validate.Report) *validate.Report {
	if c.claimsTo != "" {
		c.judged = r
	}
	return r
}

// writeClaims writes the report, and before it the facts if the file was accepted.
// So no report says accepted if the facts cannot be written. If the checker refuses
// the facts, the verdict is undecided, because the gate or the checker is wrong.
func (k *checking) writeClaims(run *report.Run) error {
	k.identify(run)
	if k.factsFile != nil && run.Verdict() == validate.Accepted {
		if doc, err := k.claims(); err != nil {
			run.Problems = append(run.Problems, fmt.Sprintf("--facts: %v", err))
		} else {
			k.factsFile.WriteBytes(doc)
		}
	}
	return k.finish(run)
}

// claims returns the verified facts about the accepted file.
func (k *checking) claims() ([]byte, error) {
	r := k.judged
	name := k.fleets[0].name
	fleet, err := fleetDocument(name)
	if err != nil {
		return nil, err
	}
	if sha256.Sum256(fleet) != r.Fleet.Digest {
		return nil, fmt.Errorf("the fleet %s changed after the file was judged; run cfcheck again", name)
	}
	doc, err := certify.Facts(r.File, r.Needs, r.Definition, r.Fleet).JSON()
	if err != nil {
		return nil, err
	}
	if err := facts.Check(r.File.Data(), fleet, doc); err != nil {
		return nil, fmt.Errorf("internal error: a claim of the gate does not hold: %w; please report it with the file and the fleet", err)
	}
	return doc, nil
}

// fleetDocument returns the JSON document of a fleet, which is a file or a built-in
// example.
func fleetDocument(name string) ([]byte, error) {
	if f, ok := builtin.Fleet(name); ok {
		return f.JSON()
	}
	return readDocument(name)
}

func (c *command) facts() *cobra.Command {
	return c.group("facts", "verify the claims of the gate about an accepted channel file", c.factsCheck())
}

func (c *command) factsCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check file.cf fleet.json facts.json",
		Short: "verify facts against their channel file and fleet",
		Long: `facts check verifies the facts that check --facts wrote about a channel file and
a fleet. If they hold, each build that loads the file reads only inside the file
and its inputs, and keeps its budgets. This includes a build that checks
nothing. The checker has 400 lines and its own reader of channel files, and runs
no code of the gate. docs/facts.md explains how to use it alone, and the limits
of the facts.

Exit status: 0 the facts hold; 1 they do not; 2 something could not be read.`,
		Example: `  cfcheck check --fleet fleet.json --facts facts.json out/C-00000291-00000001-00000001.cf
  cfcheck facts check out/C-00000291-00000001-00000001.cf fleet.json facts.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 3 {
				return fmt.Errorf("name a channel file, its fleet and its facts, in this order; see %s --help", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := c.toStandard(args...); err != nil {
				return err
			}
			data, err := readBytes(args[0])
			if err != nil {
				return err
			}
			fleet, err := fleetDocument(args[1])
			if err != nil {
				return err
			}
			doc, err := readDocument(args[2])
			if err != nil {
				return err
			}
			for i, doc := range [][]byte{fleet, doc} {
				if !json.Valid(doc) {
					return fmt.Errorf("%s: not JSON; name a channel file, its fleet and its facts, in this order", args[i+1])
				}
			}
			says, status := args[0]+": ", error(nil)
			if err := facts.Check(data, fleet, doc); err != nil {
				says, status = says+"the facts do not hold: "+err.Error(), exitError(statusRejected)
			} else {
				says += hold(doc)
			}
			if _, err := fmt.Fprintln(c.stdout, report.Clean(says)); err != nil {
				return err
			}
			return status
		},
	}
}

// hold returns the message for facts that hold. It names the claim that the checker
// cannot verify.
func hold(doc []byte) string {
	var f facts.Facts
	if err := json.Unmarshal(doc, &f); err != nil {
		return err.Error() // cannot happen for facts that hold
	}
	builds := 0
	for _, c := range f.Contracts {
		builds += len(c.Builds)
	}
	are := "builds"
	if builds == 1 {
		are = "build"
	}
	return fmt.Sprintf("the facts hold for %d %s; the only unverified claim is that template type %d version %d is %q with these %d inputs",
		builds, are, f.Type.Number, f.Type.Version, f.Type.Name, len(f.Type.Inputs))
}

// readBytes returns the bytes of a channel file without parsing them.
func readBytes(name string) ([]byte, error) {
	s, err := file.Read(name)
	switch {
	case err != nil:
		return nil, unread(name, err)
	case s.Refused:
		return nil, fmt.Errorf("%s: not a regular file; name the channel file itself", name)
	case s.TooBig:
		return nil, fmt.Errorf("%s: the file has %d bytes (want at most %d)", name, s.Size, channelfile.MaxFileSize)
	}
	return s.Data, nil
}
