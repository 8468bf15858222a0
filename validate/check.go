package validate

import (
	"fmt"
	"strings"
)

// A Check is one rule that content must keep. Checks are constants: declare
// them as package variables and never change them.
type Check struct {
	ID       string   // for ever, such as "CF3001"; never given twice
	Name     string   // readable, such as "inputs-supplied"; by what must hold
	Doc      string   // title; blank line; what goes wrong on the endpoint and what to do
	Severity Severity // of all its findings; the zero value blocks
	Uses     Uses     // what it looks at
	Requires []string // IDs of checks that stand before it; it is skipped unless each of them ran and found no error

	// Run reports what is wrong. It must not keep the Pass. It cannot fail:
	// what it cannot judge it reports as a finding.
	Run func(*Pass)
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

// Uses is a set of the things that a check looks at. A check is not applicable
// to a subject that does not have them all.
type Uses uint16

const (
	UsesBytes      Uses = 1 << iota // the bytes of a file, and its name
	UsesFile                        // a channel file that can be read
	UsesNeeds                       // what content requires of its reader
	UsesFleet                       // the contracts of a fleet
	UsesDefinition                  // the definition of the subject's template type
	UsesSource                      // the rules that the content was compiled from
	UsesNeverMatch                  // recorded events that nothing may match
	UsesKnownGood                   // recorded events that are known to be good
	UsesManifest                    // what the manifest of the file's folder says of it
)

// Severity says what a finding does to the verdict.
type Severity uint8

const (
	Error   Severity = iota // the content must not ship
	Warning                 // it may ship, unless Options.FailOnWarnings is set; a person should look
	Note                    // it never blocks; it is counted, and a person can look
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

// A Verdict is what the gate says of content.
type Verdict uint8

const (
	Undecided Verdict = iota // no verdict was reached
	Accepted                 // it may ship
	Rejected                 // it must not ship: the content is at fault
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

// Vet returns what is wrong with a list of checks, nil if nothing is: IDs and
// names must be unique and of the right form, and each check documented. A check
// that another one requires must stand before it, so that no cycle is possible, and
// look at nothing that the other one does not look at.
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
			return fmt.Errorf("check %d: ID %q, not CF and four digits", i, c.ID)
		case before[c.ID] != nil:
			return fmt.Errorf("%s is there twice", c.ID)
		case c.Name == "" || strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
			return fmt.Errorf("%s: name %q, not lower-case words joined by hyphens", c.ID, c.Name)
		case names[c.Name]:
			return fmt.Errorf("%s: the name %s is there twice", c.ID, c.Name)
		case title == "" || rest == "" || strings.Contains(title, "\n") || strings.HasSuffix(title, "."):
			return fmt.Errorf("%s is not documented: a title without a full stop, a blank line, a text", c.ID)
		case c.Run == nil:
			return fmt.Errorf("%s has no Run", c.ID)
		case c.Uses == 0:
			return fmt.Errorf("%s uses nothing", c.ID)
		case c.Severity > Note:
			return fmt.Errorf("%s has severity %d, which is not error, warning or note", c.ID, uint8(c.Severity))
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
