package lsp

import (
	"context"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
)

// A Gate judges files as the command does. Calls of Open, and of Set of any session, do not
// overlap.
type Gate interface {
	// Open finds the policy and the fleets of a folder. A [Session] does not follow later changes
	// of these files. Faults are findings in them. If err is not nil, there is no session.
	Open(root string, s Settings) (session Session, faults []Finding, err error)
}

// A Session judges with one policy, for certain fleets. Several goroutines may use it, except that
// calls of Set do not overlap.
type Session interface {
	// File judges one file alone. The text takes the place of the bytes on the disk.
	File(ctx context.Context, name string, text []byte) Judgement
	// Set judges all content of the folder together. texts take the place of the bytes of files on
	// the disk, by absolute names. If ctx ends, the judgement is incomplete.
	Set(ctx context.Context, texts map[string][]byte) Judgement
	// Contains reports whether Set judges a file if it exists.
	Contains(name string) bool

	Definitions() *sensor.Definitions
	Fleets() []*sensor.Fleet
	Checks() []*validate.Check // with the severities of the policy
	Placeholders() sigma.Placeholders
}

// Settings are the initializationOptions of a client. Each overrides the setting of the command
// line or of the policy. Names of files are relative to the folder.
type Settings struct {
	Fleets       []string `json:"fleets"`       // files, or built-in examples
	Policy       string   `json:"policy"`       // file; "" means to look for it
	NoPolicy     bool     `json:"noPolicy"`     // follow no policy
	Types        []string `json:"types"`        // files of definitions
	Placeholders string   `json:"placeholders"` // file
	Exclude      []string `json:"exclude"`      // patterns
	// Paths are the files and folders to judge together. Empty means the folder, and then only
	// the files in it that look like rules have findings.
	Paths []string `json:"paths"`
}

// A Judgement is the result of judging files.
type Judgement struct {
	Findings []Finding
	// General has the reasons why there is no verdict, and findings that belong to no file.
	General []string
}

// A Finding is a fault in a file, or a part of a file that could not be judged.
type Finding struct {
	Path         string // absolute
	Line, Column int    // from 1; the column in bytes; 0 means unknown
	Text         string // text at this place, if it is known
	Severity     validate.Severity
	Check        *validate.Check // nil means that a part could not be judged
	Message      string
	Details      []string
	Fix          string // advice; "" means no advice
	Suggestion   string // the word that was probably meant at this place; "" if it is not known
	// Key names the finding while lines move: two findings of a file with the same key say the
	// same.
	Key string
}
