package report_test

import (
	"fmt"
	"os"
	"time"

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
	if err := report.Text(os.Stdout, report.NewRun(report.Judged(r, ""))); err != nil {
		return err
	}
	return fmt.Errorf("%s: %v", subject.Base, r.Verdict())
}

func Example() {
	fleet, _ := builtin.Fleet("291")
	fmt.Println(mayShip("../corpus/cases/291-july-first-use/C-00000291-00000001-00000032.cf", fleet))
	// Output:
	// rejected  CF3001 "rules/291/pipes.yml:61" rule "Demo client at the other end of a pipe" reads input 21 (index 20) of type ipc
	//           declared 21, build 7.11 supplies 20: 412,000 of 1,000,000 hosts (example fleet 291)
	//           fix: drop the criterion on field "ClientImage", or hold the content back from build 7.11
	//           witness: read of 16 bytes at inputs+320 of 320
	//           61 | ClientImage|endswith: '\Demo-Client.exe'
	// rejected  ../corpus/cases/291-july-first-use/C-00000291-00000001-00000032.cf
	//           checks skipped: requires CF3001 inputs-supplied
	//           channel 291 revision 32, type ipc version 1, 5 instances, 6 criteria, 1 error, 0 warnings
	//           example fleet 291: 2 builds (2 distinct contracts), 1,000,000 hosts; evidence: stated
	// C-00000291-00000001-00000032.cf: rejected
}
