package validate

import (
	"fmt"
	"strings"
)

// A Check is one condition that content must meet. Declare checks as package variables
// and never change them.
type Check struct {
	ID       string   // permanent and unique, such as "CF3001"
	Name     string   // the condition in words, such as "inputs-supplied"
	Doc      string   // title, blank line, the harm on the endpoint and the advice
	Severity Severity // severity of all its findings
	Uses     Uses     // parts of the subject that it looks at

	// Firm means that no policy changes the severity of the check, and that no waiver
	// accepts its findings. See [Check.WithSeverity].
	Firm bool

	// Requires are the IDs of checks that stand before it in the list. The check is
	// skipped unless each of them ran and found no error that counts. If the severity of a
	// required check can be set, its findings may not count: the check must be able to run
	// on content with such findings.
	Requires []string

	// Run reports findings to the Pass, and must not keep it. It returns no error: it
	// reports content that it cannot judge as a finding. A check that cannot finish
	// calls [Pass.Unfinished], or returns when [Pass.Spend] returns false. The content
	// is then not accepted.
	Run func(*Pass)

	declared *Check // the check of which WithSeverity made a copy; nil means this check
}

// Title returns the first line of the check's Doc.
func (c *Check) Title() string {
	title, _, _ := strings.Cut(c.Doc, "\n")
	return title
}

func (c *Check) String() string { return c.ID + " " + c.Name }

// Family returns the thousands digit of the check's ID, which is the Digit of one
// of the [Families].
func (c *Check) Family() int { return int(c.ID[2] - '0') }

// The families of checks whose severities a policy may set. The earlier families protect
// the sensor, and the later ones the gate.
const (
	firstSettable = 4
	lastSettable  = 6
)

// SeverityIsFirm returns the reason why [Check.WithSeverity] refuses the check, or "".
func (c *Check) SeverityIsFirm() string {
	switch family := c.Family(); {
	case c.Firm:
		return "its severity is permanent, because its findings show a harm to the sensor"
	case family < firstSettable || family > lastSettable:
		return fmt.Sprintf("its severity is permanent: it belongs to family CF%d, and only those of CF%d to CF%d can be set", family, firstSettable, lastSettable)
	}
	return ""
}

// WithSeverity returns a copy of the check with another severity. In a list of checks it
// takes the place of the original. It returns an error if the severity is permanent.
func (c *Check) WithSeverity(s Severity) (*Check, error) {
	if why := c.SeverityIsFirm(); why != "" {
		return nil, fmt.Errorf("%v: %s", c, why)
	}
	if s > Note {
		return nil, fmt.Errorf("%v: severity %d (want error, warning or note)", c, uint8(s))
	}
	other := *c
	other.Severity, other.declared = s, c.Declared()
	return &other, nil
}

// Declared returns the check as its package declares it. It returns c unless
// [Check.WithSeverity] made c.
func (c *Check) Declared() *Check {
	if c != nil && c.declared != nil {
		return c.declared
	}
	return c
}

// Uses is a set of parts of a subject and its options. A check does not apply to a
// subject that cannot have all parts that the check uses.
type Uses uint32

const (
	UsesBytes        Uses = 1 << iota // the bytes of a file, and its name
	UsesFile                          // a readable channel file
	UsesNeeds                         // the needs of the content
	UsesFleet                         // the contracts of a fleet
	UsesDefinition                    // the definition of the subject's template type
	UsesSource                        // the rules that the content was compiled from
	UsesNeverMatch                    // recorded events that no rule may match
	UsesKnownGood                     // recorded events that are known to be good
	UsesManifest                      // the entry of the file in the manifest of its folder
	UsesCeilings                      // limits of the owner of the content
	UsesPrevious                      // the content of the previous release for the channel
	UsesFolder                        // the other files of the same channel in its folder
	UsesWaivers                       // the waivers of a run
	UsesProtected                     // IDs of rules that may neither disappear nor change
	UsesLedger                        // the record of cells that shipped
	UsesExercise                      // plans that run first uses on few hosts first
	UsesSysmonSource                  // a configuration of Sysmon, as XML
	UsesSysmonBlob                    // compiled rules of Sysmon
	UsesSysmonRules                   // rules of Sysmon, as XML or compiled
	UsesKnownBad                      // recorded events that are known to be bad
)

// Severity is the effect of a finding on the verdict.
type Severity uint8

const (
	Error   Severity = iota // the content must not ship; the zero value
	Warning                 // it may ship unless Options.FailOnWarnings is set
	Note                    // it never blocks; it is only counted and shown
)

func (s Severity) String() string {
	switch s {
	case Warning:
		return "warning"
	case Note:
		return "note"
	}
	return "error"
}

// A Verdict is the decision of the gate about content.
type Verdict uint8

const (
	Undecided Verdict = iota // no decision was possible; the zero value
	Accepted                 // the content may ship
	Rejected                 // the content is at fault and must not ship
)

func (v Verdict) String() string {
	switch v {
	case Accepted:
		return "accepted"
	case Rejected:
		return "rejected"
	}
	return "undecided"
}

// Vet returns the first fault of a list of checks, or nil. IDs and names must be unique
// and of the right form, and each check must be documented. If check A requires B, then B
// stands before A, and A's Uses contain B's Uses. So no cycle is possible.
func Vet(checks []*Check) error {
	if len(checks) == 0 {
		return fmt.Errorf("no checks")
	}
	listed := make(map[string]bool, len(checks))
	for _, c := range checks {
		if c != nil {
			listed[c.ID] = true
		}
	}
	before, names := make(map[string]*Check, len(checks)), make(map[string]bool, len(checks))
	for i, c := range checks {
		if c == nil {
			return fmt.Errorf("check %d of the list is nil", i)
		}
		title, rest, _ := strings.Cut(c.Doc, "\n\n")
		switch {
		case len(c.ID) != 6 || !strings.HasPrefix(c.ID, "CF") || strings.Trim(c.ID[2:], "0123456789") != "":
			return fmt.Errorf("check %d: ID %q (want CF and four digits)", i, c.ID)
		case before[c.ID] != nil:
			return fmt.Errorf("two checks have the ID %s", c.ID)
		case c.Name == "" || strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
			return fmt.Errorf("%s: name %q (want lower-case words joined by hyphens)", c.ID, c.Name)
		case names[c.Name]:
			return fmt.Errorf("%s: another check has the name %s", c.ID, c.Name)
		case title == "" || rest == "" || strings.Contains(title, "\n") || strings.HasSuffix(title, "."):
			return fmt.Errorf("%s is not documented (want a title without a full stop, a blank line and a text)", c.ID)
		case c.Run == nil:
			return fmt.Errorf("%s has no Run", c.ID)
		case c.Uses == 0:
			return fmt.Errorf("%s uses nothing", c.ID)
		case c.Severity > Note:
			return fmt.Errorf("%s has severity %d (want error, warning or note)", c.ID, uint8(c.Severity))
		}
		for _, id := range c.Requires {
			switch r := before[id]; {
			case id == c.ID:
				return fmt.Errorf("%s requires itself", c.ID)
			case !listed[id]:
				return fmt.Errorf("%s requires %q, which is not in the list", c.ID, id)
			case r == nil:
				return fmt.Errorf("%s requires %s, which does not stand before it", c.ID, id)
			case r.Uses&^c.Uses != 0:
				return fmt.Errorf("%s requires %s, which uses more than it", c.ID, id)
			}
		}
		before[c.ID], names[c.Name] = c, true
	}
	return nil
}
