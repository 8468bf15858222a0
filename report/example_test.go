package report_test

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/file"
	"github.com/cfcheck/cfcheck/validate/suite"
	"github.com/cfcheck/cfcheck/validate/witness"
)

// mayShip returns nil if a channel file may ship to a fleet.
func mayShip(name string, fleet *sensor.Fleet) error {
	// The gate first judges files whose verdict is known.
	if err := suite.SelfTest(suite.Checks); err != nil {
		return fmt.Errorf("the self-test of the gate failed: %w", err)
	}
	subject, err := file.Read(name)
	if err != nil {
		return err
	}
	r := validate.Run(subject, validate.Options{
		Checks:      suite.Checks,
		Definitions: builtin.Definitions(),
		Fleet:       fleet,
		Now:         time.Now(),
	})
	if r.Verdict() == validate.Accepted {
		return nil
	}
	witness.Attach(r)
	run := report.NewRun(report.Judged(r, ""))
	defer run.Close() // deletes the temporary file of many results
	if err := report.Text(os.Stdout, run); err != nil {
		return err
	}
	return fmt.Errorf("%s: %v", subject.Base, r.Verdict())
}

// judged returns a run with the result on one channel file.
func judged(name string, fleet *sensor.Fleet) (*report.Run, error) {
	subject, err := file.Read(name)
	if err != nil {
		return nil, err
	}
	r := validate.Run(subject, validate.Options{
		Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: fleet, Now: time.Now(),
	})
	return report.NewRun(report.Judged(r, "")), nil
}

// writeCSV is a report format that package report does not have: a line for each
// finding, and a line for each reason why there is no verdict.
func writeCSV(w io.Writer, run *report.Run) error {
	c := csv.NewWriter(w)
	c.Write([]string{"verdict", "check", "severity", "place", "hosts", "message"})
	for _, reason := range run.Reasons() {
		c.Write([]string{"undecided", "", "", "", "", reason})
	}
	for result, err := range run.All() {
		if err != nil {
			return err
		}
		verdict := result.Verdict().String()
		if err := result.Err(); err != nil {
			c.Write([]string{verdict, "", "", result.Name, "", err.Error()})
			continue
		}
		for i, f := range result.Report().Findings {
			var hosts uint64
			for _, b := range f.Builds {
				hosts += b.Hosts
			}
			c.Write([]string{
				verdict, f.Check.ID, f.Severity().String(), result.Place(i),
				strconv.FormatUint(hosts, 10), f.Message,
			})
		}
	}
	c.Flush()
	return c.Error()
}

// To write a format of your own, iterate over the results of a Run. This one is CSV.
func ExampleRun_All() {
	fleet, _ := builtin.Fleet("291")
	name := "../corpus/cases/291-july-first-use/C-00000291-00000001-00000032.cf"
	run, err := judged(name, fleet)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer run.Close()
	run.Add(report.NotJudged("missing.cf", os.ErrNotExist))
	if err := writeCSV(os.Stdout, run); err != nil {
		fmt.Println(err)
	}
	fmt.Println(run.Verdict(), report.ExitStatus(run.Verdict()))
	// Output:
	// verdict,check,severity,place,hosts,message
	// rejected,CF3001,error,rules/291/pipes.yml:61,412000,"rule ""Demo client at the other end of a pipe"" reads input 21 (index 20) of type ipc"
	// undecided,,,missing.cf,,file does not exist
	// undecided 2
}

// An overview shows how many rules depend on each input, and which feeds supply it.
func ExampleOverview() {
	subject, err := file.Read("../corpus/cases/291-july-first-use/C-00000291-00000001-00000032.cf")
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := channelfile.Parse(subject.Data)
	if err != nil {
		fmt.Println(err)
		return
	}
	defs := builtin.Definitions()
	var all report.Overview
	all.Add(sensor.NeedsOf(f, defs), defs) // and so on for each file
	if err := all.Text(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// type ipc (1) version 1: 5 rules in 1 file
	//   PipeName: 4 rules, 4 criteria
	//     from sysmon
	//     "Demo command pipe"  rules/291/pipes.yml:9
	//     "Demo pipe of a stage"  rules/291/pipes.yml:22
	//     "Demo pipe of a known form"  rules/291/pipes.yml:35
	//     and 1 more
	//   Image: 1 rule, 1 criterion
	//     from sysmon
	//     "Demo beacon pipe of another program"  rules/291/pipes.yml:50
	//   ClientImage: 1 rule, 1 criterion
	//     from no feed
	//     "Demo client at the other end of a pipe"  rules/291/pipes.yml:61
}

func Example() {
	fleet, _ := builtin.Fleet("291")
	fmt.Println(mayShip("../corpus/cases/291-july-first-use/C-00000291-00000001-00000032.cf", fleet))
	// Output:
	// rules/291/pipes.yml:61: error: rule "Demo client at the other end of a pipe" reads input 21 (index 20) of type ipc [CF3001]
	//     61 | ClientImage|endswith: '\Demo-Client.exe'
	//     in ../corpus/cases/291-july-first-use/C-00000291-00000001-00000032.cf: offset 700 (0x2bc), instance[4].word[0]
	//     declared 21, build 7.11 supplies 20: 412,000 of 1,000,000 hosts (example fleet 291)
	//     witness: read of 16 bytes at inputs+320 of 320
	//     fix: drop the criterion on field "ClientImage", or hold the content back from build 7.11
	//
	// rejected  ../corpus/cases/291-july-first-use/C-00000291-00000001-00000032.cf: 5 instances, 6 criteria, 1 error, 0 warnings
	//     checks skipped: requires CF3001 inputs-supplied
	// fleet     example 291: 2 builds (2 distinct contracts), 1,000,000 hosts; evidence: stated
	// see       https://github.com/cfcheck/cfcheck/blob/main/docs/checks/CF3001.md
	// rejected: 1 error, 0 warnings in 1 of 1 file
	// C-00000291-00000001-00000032.cf: rejected
}
