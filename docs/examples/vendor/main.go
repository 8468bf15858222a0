// Command vendor is the gate of Acme, an invented vendor with a format of its own. It maps this
// format to the model of cfcheck, runs the checks of cfcheck, and reports findings on the lines of
// Acme's files. docs/vendor-format.md explains it.
package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
	"github.com/cfcheck/cfcheck/validate/witness"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run judges a file of rules and returns the exit status of cfcheck: 0 accepted, 1 rejected,
// 2 undecided.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) != 3 {
		fmt.Fprintln(stderr, "usage: vendor types.json fleet.json rules.acme")
		return 2
	}
	verdict, err := judge(args[0], args[1], args[2], stdout)
	if err != nil {
		fmt.Fprintf(stderr, "vendor: %q\n", err)
		return 2
	}
	return report.ExitStatus(verdict)
}

func judge(typesFile, fleetFile, rulesFile string, stdout io.Writer) (validate.Verdict, error) {
	data, err := os.ReadFile(typesFile)
	if err != nil {
		return 0, err
	}
	definitions, err := sensor.ReadDefinitions(typesFile, data)
	if err != nil {
		return 0, err
	}
	if data, err = os.ReadFile(fleetFile); err != nil {
		return 0, err
	}
	fleet, err := sensor.ReadFleet(fleetFile, data)
	if err != nil {
		return 0, err
	}
	if data, err = os.ReadFile(rulesFile); err != nil {
		return 0, err
	}
	subject, err := decode(rulesFile, data, definitions)
	if err != nil {
		return 0, fmt.Errorf("%s:%w", rulesFile, err)
	}

	// The gate first judges files whose verdict is known.
	if err := suite.SelfTest(suite.Checks); err != nil {
		return 0, err
	}
	r := validate.Run(subject, validate.Options{
		Checks:      suite.Checks,
		Definitions: definitions,
		Fleet:       fleet,
		Now:         time.Now(),
	})
	witness.Attach(r)
	run := report.NewRun(report.Judged(r, ""))
	defer run.Close()
	lines := strings.Split(string(data), "\n")
	run.Lines = func(path string, line int) (string, bool) {
		if path != rulesFile || line > len(lines) {
			return "", false
		}
		return lines[line-1], true
	}
	return run.Verdict(), report.Text(stdout, run)
}

// The limits of a file. A decoder that reads untrusted files bounds its work.
const (
	maxSize  = 1 << 20 // bytes
	maxRules = 10_000
)

// decode maps a file of Acme's to a subject. Such a file has a line with the type, a line with the
// revision, and rules. A rule is a line with its ID and title, and a line for each criterion; all
// criteria must hold.
func decode(name string, data []byte, definitions *sensor.Definitions) (*validate.Subject, error) {
	if len(data) > maxSize {
		return nil, fmt.Errorf("1: the file has more than %d bytes", maxSize)
	}
	lines := strings.Split(string(data), "\n")
	if len(lines) < 2 || lines[0] != "acme-dns 1" {
		return nil, errors.New(`1: expected "acme-dns 1"`)
	}
	text, ok := strings.CutPrefix(lines[1], "revision ")
	revision, err := strconv.ParseUint(text, 10, 32)
	if !ok || err != nil {
		return nil, fmt.Errorf(`2: expected "revision" and a number, found %q`, lines[1])
	}
	d := definitions.Newest("dns")
	if d == nil {
		return nil, errors.New("1: the definitions have no type dns")
	}
	b := channelfile.NewBuilder(channelfile.Header{
		Channel: d.Channel, Revision: uint32(revision), Type: d.Number, TypeVersion: d.Version,
		InputsDeclared: uint16(len(d.Inputs)),
	})

	var rule *acmeRule
	rules := 0
	add := func() error { // the rule that ends here
		if rule == nil {
			return nil
		}
		if rules++; rules > maxRules {
			return fmt.Errorf("%d: more than %d rules", rule.line, maxRules)
		}
		origin := &channelfile.Origin{Rule: rule.id, Title: rule.title, Path: name, Line: rule.line}
		id, err := channelfile.ParseID(rule.id)
		if err == nil {
			err = b.Add(id, channelfile.And(rule.criteria...), origin)
		}
		if err != nil {
			return fmt.Errorf("%d: %w", rule.line, err)
		}
		return nil
	}
	for i, line := range lines[2:] {
		n := i + 3
		if title, ok := strings.CutPrefix(line, "rule "); ok {
			if err := add(); err != nil {
				return nil, err
			}
			id, title, _ := strings.Cut(title, " ")
			rule = &acmeRule{id: id, title: title, line: n}
			continue
		}
		if line == "" {
			continue
		}
		if rule == nil {
			return nil, fmt.Errorf("%d: a criterion before the first rule", n)
		}
		criterion, err := decodeCriterion(line, d)
		if err != nil {
			return nil, fmt.Errorf("%d: %w", n, err)
		}
		// The line travels with the criterion, so a finding knows where it stands.
		rule.criteria = append(rule.criteria, criterion.From(n, line))
	}
	if err := add(); err != nil {
		return nil, err
	}
	encoded, err := b.Encode()
	if err != nil {
		return nil, fmt.Errorf("1: %w", err)
	}
	return validate.Rules(name, encoded), nil
}

type acmeRule struct {
	id, title string
	line      int
	criteria  []channelfile.Expr
}

// decodeCriterion maps "QueryName ends-with .demo.example" to an expression. Acme's sensor compares
// names without case, so the expression folds.
func decodeCriterion(line string, d *sensor.Definition) (channelfile.Expr, error) {
	words := strings.SplitN(line, " ", 3)
	if len(words) != 3 {
		return channelfile.Expr{}, fmt.Errorf("expected a field, an operator and a value, found %q", line)
	}
	field, operator, value := words[0], words[1], words[2]
	input, ok := d.Input(field)
	if !ok {
		return channelfile.Expr{}, fmt.Errorf("type %s has no field %q", d.Name, field)
	}
	switch operator {
	case "starts-with":
		return channelfile.Prefix(input, value).Fold(), nil
	case "ends-with":
		return channelfile.Suffix(input, value).Fold(), nil
	case "is":
		number, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return channelfile.Expr{}, fmt.Errorf("%q is not a number", value)
		}
		return channelfile.IntegerEquals(input, number), nil
	case "in":
		network, err := netip.ParsePrefix(value)
		if err != nil {
			return channelfile.Expr{}, fmt.Errorf("%q is not a network", value)
		}
		return channelfile.AddressPrefix(input, network), nil
	}
	return channelfile.Expr{}, fmt.Errorf("unknown operator %q (want starts-with, ends-with, is or in)", operator)
}
