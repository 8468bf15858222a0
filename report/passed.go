package report

import (
	"fmt"
	"strings"
)

// PassedOver counts the entries of one kind in a folder that was judged which
// were not judged themselves.
type PassedOver struct {
	Folder string
	Kind   PassedKind
	Found  int
	Names  []string // of the first, at most MaxPassedNames
}

// MaxPassedNames is how many names a PassedOver has.
const MaxPassedNames = 5

// A PassedKind says why an entry of a folder was passed over.
type PassedKind uint8

// The kinds. Whether an entry ships is for its owner to say, so all but the
// last block where warnings do.
const (
	OtherFile      PassedKind = iota // it begins as no channel file does, and has no extension of rules
	HiddenFile                       // the same, and its name or that of a folder above it begins with a dot
	Link                             // a symbolic link that leads to no channel file
	SpecialFile                      // a FIFO, a socket or a device
	VersionControl                   // data of a version control system; its folders are not searched
)

// String returns the kind as JSON has it.
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
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// blocks reports whether the verdict is undecided because of p.
func (p *PassedOver) blocks(failOnWarnings bool) bool {
	return failOnWarnings && p.Kind != VersionControl
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

// String says what was passed over.
func (p *PassedOver) String() string {
	what, why := "file", " (not .cf, .yml or .yaml)"
	switch p.Kind {
	case HiddenFile:
		what, why = "hidden file", " (the name of the file or of a folder begins with a dot)"
	case Link:
		what, why = "symbolic link", " (not to a channel file)"
	case SpecialFile:
		what, why = "special file", " (FIFO, socket or device)"
	case VersionControl:
		what, why = "version control item", ""
	}
	names := strings.Join(p.Names, ", ")
	if more := p.Found - len(p.Names); more > 0 {
		names += fmt.Sprintf(" and %s more", number(uint64(more)))
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
		if p.Kind == VersionControl {
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
