package report

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/internal/numeral"
)

// PassedOver counts the entries of one kind that were not judged in a folder.
type PassedOver struct {
	Folder string
	Kind   PassedKind
	Found  int
	Names  []string // names of the first entries, at most MaxPassedNames
}

// MaxPassedNames limits the names in a PassedOver.
const MaxPassedNames = 5

// A PassedKind is the reason why an entry of a folder was not judged.
type PassedKind uint8

// The kinds of entries. Only their owner knows whether they ship. So with
// Run.FailOnWarnings all kinds except VersionControl, Excluded and OtherPolicy block.
const (
	// OtherFile is a file without the first bytes of a channel file and without
	// the extension of rules.
	OtherFile PassedKind = iota
	// HiddenFile is such a file if its name, or the name of a folder above it,
	// begins with a dot.
	HiddenFile
	// Link is a symbolic link that does not lead to a channel file.
	Link
	// SpecialFile is a FIFO, a socket or a device.
	SpecialFile
	// VersionControl is data of a version control system. Its folders are not
	// searched.
	VersionControl
	// Excluded is a file of rules that the caller left out.
	Excluded
	// OtherPolicy is a policy file that the run did not follow.
	OtherPolicy
)

// String returns the kind as in the JSON report.
func (k PassedKind) String() string {
	switch k {
	case OtherFile:
		return "other file"
	case HiddenFile:
		return "hidden file"
	case Link:
		return "link"
	case SpecialFile:
		return "special file"
	case VersionControl:
		return "version control"
	case Excluded:
		return "excluded rules"
	case OtherPolicy:
		return "other policy"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Warns reports whether such entries are a warning. Other entries are a note.
func (k PassedKind) Warns() bool { return k != VersionControl && k != Excluded && k != OtherPolicy }

// blocks reports whether p makes the verdict undecided.
func (p *PassedOver) blocks(failOnWarnings bool) bool {
	return failOnWarnings && p.Kind.Warns()
}

// blocking returns the number of entries of PassedOver that leave the verdict
// undecided.
func (r *Run) blocking() (n int) {
	for i := range r.PassedOver {
		if r.PassedOver[i].blocks(r.FailOnWarnings) {
			n++
		}
	}
	return n
}

// String returns the entries as one line for people.
func (p *PassedOver) String() string {
	what, why := "file", " (neither content nor rules)"
	switch p.Kind {
	case HiddenFile:
		what, why = "hidden file", " (the name of the file or of a folder begins with a dot)"
	case Link:
		what, why = "symbolic link", " (not to a channel file)"
	case SpecialFile:
		what, why = "special file", " (FIFO, socket or device)"
	case VersionControl:
		what, why = "version control item", ""
	case Excluded:
		what, why = "excluded file", ""
	case OtherPolicy:
		what, why = "policy file", " (a run follows the policy of its working folder)"
	}
	names := strings.Join(p.Names, ", ")
	if more := p.Found - len(p.Names); more > 0 {
		names += fmt.Sprintf(" and %s more", numeral.Thousands(uint64(more)))
	}
	return fmt.Sprintf("%s: passed over %s%s: %s", p.Folder, count(uint64(p.Found), what), why, names)
}

type jsonPassedOver struct {
	Folder   string   `json:"folder"`
	Kind     string   `json:"kind"`
	Found    int      `json:"found"`
	Names    []string `json:"names"`
	Severity string   `json:"severity"`
}

func passedJSON(passed []PassedOver) []jsonPassedOver {
	out := []jsonPassedOver{}
	for i := range passed {
		p := &passed[i]
		severity := "warning"
		if !p.Kind.Warns() {
			severity = "note"
		}
		names := make([]string, 0, len(p.Names))
		for _, name := range p.Names {
			names = append(names, valid(name))
		}
		out = append(out, jsonPassedOver{valid(p.Folder), p.Kind.String(), p.Found, names, severity})
	}
	return out
}
