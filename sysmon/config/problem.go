package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
)

// A Kind is the reaction of a build to a [Problem].
type Kind uint8

const (
	Refused  Kind = iota + 1 // it refuses the whole file, with a message
	Crashes                  // the loader itself stops; nothing is loaded
	Dropped                  // it drops an element, and still prints that the file is validated
	Ignored                  // it takes the file without a word, but a part has another effect
	KnownBug                 // it takes the file, and a known bug of the build concerns a part
)

var kindNames = [...]string{"", "refused", "crashes", "dropped", "ignored", "known bug"}

func (k Kind) String() string {
	if int(k) < len(kindNames) && k > 0 {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// A Reason is the cause of a [Problem].
type Reason uint8

const (
	WrongEncoding      Reason = iota + 1 // the loader does not read this encoding
	WrongRoot                            // the root is not Sysmon
	NoVersion                            // no attribute schemaversion
	WrongVersion                         // schemaversion is not a number
	UnsupportedVersion                   // the build judges by no grammar of this version
	UnknownElement                       // an element that the grammar does not have at this place
	UnknownAttribute
	MissingAttribute
	WrongValue       // an attribute that is not one of a list of words
	StrayText        // text between elements
	NotEmpty         // an element that must be empty has contents
	UnknownCondition // of an operator that the build does not have
	LongName         // a rule name that does not fit
	WrongOption      // an option with a value that the build refuses
	EmptyRule        // a Rule without any contents
	UnusedRule       // a Rule that contains no field
	NoOnMatch        // an event element without onmatch and default
	TwoDefaults      // an event element with onmatch and default
	IncorrectField   // a field that no event of the tag has together with the other ones
	OptionsEnd       // an option without text, at which the loader stops reading options
	RepeatedOption   // an option that a later one replaces
	WrongRelation    // a groupRelation of a Rule that is neither and nor or, and counts as and
	SeveralElements  // several elements of one tag, on a build that takes one
	IncludeExclude   // an exclude beside an include in a RuleGroup
	AfterComment     // an element behind a comment in a RuleGroup
	NotFirstInGroup  // an element that is not the first of its RuleGroup
	AndAsOr          // an "and" that the build reads as "or"
	CapitalValue     // a value with capital letters
	WholeBuild       // a bug that concerns every configuration
	DamagedBlob      // a record that the loader writes over another one
)

var reasonNames = [...]string{
	"", "wrong encoding", "wrong root", "no version", "wrong version", "unsupported version", "unknown element",
	"unknown attribute", "missing attribute", "wrong value", "stray text", "not empty", "unknown condition", "long name",
	"wrong option", "empty rule", "unused rule", "no onmatch", "two defaults", "incorrect field", "options end",
	"repeated option", "wrong relation", "several elements", "include and exclude", "after comment", "not first in group",
	"and as or", "capital value", "whole build", "damaged blob",
}

func (r Reason) String() string {
	if int(r) < len(reasonNames) && r > 0 {
		return reasonNames[r]
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// A Problem is a place of a configuration that a build does not take as it is written.
type Problem struct {
	Kind   Kind
	Reason Reason
	Node   int // index in [Config.Nodes]
	Place  sysmon.Place
	Text   string // the fault, as a sentence without a full stop
	Fix    string // the remedy, beginning with a verb
	Sure   bool   // seen in the loader's source or measured; otherwise reported or likely

	// Lost are the places of other elements that the build does not read because of this
	// one: later elements of the tag, or later options.
	Lost []sysmon.Place
}

// MaxProblems is the maximum number of problems that [Config.Load] lists.
const MaxProblems = 1000

// A Loading is the answer of a build to a configuration.
type Loading struct {
	Build    *sysmon.Build
	Declared sysmon.Version // schema version of the file; zero if it declares no version
	Grammar  *sysmon.Schema // by which the build judges the file; nil if it judges by no grammar

	// Refused is the first reason for which the build does not load the file: a problem of
	// kind [Refused] or [Crashes]. nil means that the build loads it.
	Refused *Problem

	// Problems are all problems in the order in which the loader meets them, and those of a
	// known bug last. More is the number of further ones beyond [MaxProblems].
	Problems []Problem
	More     int

	// Rules are the rules that remain, with the places of their elements. It is nil if the
	// build refuses the file. They are certain if Sure is true; otherwise a known bug of the
	// build may change them in a way that is not known exactly.
	Rules *sysmon.Rules
	Sure  bool

	attempts []attempt
}

// Took reports whether the build loads the file.
func (l *Loading) Took() bool { return l.Refused == nil }

// For returns the answer of another build to the same configuration, if it is certain without
// loading that b answers as l.Build does: it has the same schemas and known bugs, and no text names
// l.Build. Otherwise it returns nil. The two answers share their parts.
func (l *Loading) For(b *sysmon.Build) *Loading {
	a := l.Build
	if a.Manifest() != b.Manifest() || a.Schema != b.Schema || a.Platform != b.Platform || a.Layout != b.Layout || !slices.Equal(a.Bad, b.Bad) {
		return nil
	}
	named := func(p *Problem) bool { return strings.Contains(p.Text+p.Fix, a.Name) }
	if l.Refused != nil && named(l.Refused) {
		return nil
	}
	for i := range l.Problems {
		if named(&l.Problems[i]) {
			return nil
		}
	}
	other := *l
	other.Build = b
	return &other
}

// report adds a problem.
func (l *Loading) report(p *Problem) {
	if l.Refused == nil && (p.Kind == Refused || p.Kind == Crashes) {
		first := *p
		l.Refused = &first
	}
	if len(l.Problems) >= MaxProblems {
		l.More++
		return
	}
	l.Problems = append(l.Problems, *p)
}
