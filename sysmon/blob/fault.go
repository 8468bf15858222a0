package blob

import (
	"fmt"
	"slices"
)

// An Effect is the behaviour of the driver with a blob that breaks a requirement, as measured on
// the published engine.
type Effect uint8

// The effects. Those that harm the host come first.
const (
	WritesOutside Effect = iota + 1 // reads behind the blob, and lowers letters there
	ReadsOutside                    // reads behind the blob
	NullPointer                     // follows a null pointer
	NeverEnds                       // follows a chain that comes back
	Refused                         // refuses the blob, and runs without rules
	LosesTheRest                    // accepts it, and silently passes over filters or events
	NeverMatches                    // accepts it, and the filter or group never matches
	Misread                         // accepts it, and may read another rule than was written
	NoEffect                        // does not use the value
	Unknown                         // the code for this case was never published
)

var effectTexts = [...]string{
	WritesOutside: "reads outside of the blob, and changes letters there",
	ReadsOutside:  "reads outside of the blob",
	NullPointer:   "follows a null pointer",
	NeverEnds:     "never ends",
	Refused:       "refuses the blob and runs without rules",
	LosesTheRest:  "silently loses the rest",
	NeverMatches:  "accepts a rule that never matches",
	Misread:       "may read another rule than was written",
	NoEffect:      "does not use the value",
	Unknown:       "does something that is not known",
}

// String continues a sentence that begins with "the driver", such as "reads outside of the blob".
func (e Effect) String() string {
	if e == 0 || int(e) >= len(effectTexts) {
		return fmt.Sprintf("effect %d", uint8(e))
	}
	return effectTexts[e]
}

// Harmful reports whether the effect can stop or damage the host.
func (e Effect) Harmful() bool { return WritesOutside <= e && e <= NeverEnds }

// A Part is a kind of record.
type Part uint8

const (
	HeaderPart Part = iota
	EventPart
	FilterPart
	AggregationPart
	SpacePart // bytes between records, or behind the last
)

// A Fault is a requirement that a blob breaks.
type Fault struct {
	Requirement Requirement
	Offset      int // first byte of the value at fault
	Length      int // in bytes; 0 for bytes that are missing
	Part        Part
	Index       int    // of the record among those of its kind in the Blob; 0 for other parts
	Found, Want string // numbers of offsets and bits in hexadecimal and decimal
	Effect      Effect
}

// String returns a line for a message, without the effect.
func (f *Fault) String() string {
	return fmt.Sprintf("%v at offset %s: found %s (want %s)", f.Requirement, hexadecimal(f.Offset), f.Found, f.Want)
}

// MaxFaults is the number of faults that a blob keeps at most.
const MaxFaults = 1000

// Acceptable reports whether all faults are notes, so that no driver does harm with the blob. A
// blob with more than [MaxFaults] faults is not acceptable.
func Acceptable(faults []Fault) bool {
	return len(faults) < MaxFaults && !slices.ContainsFunc(faults, func(f Fault) bool { return !f.Requirement.Note() })
}

// Outcome returns the effect of all faults together: the driver follows the chain of event records
// to its end, or to the first fault that ends the load there. Only then it follows the chains of
// filters, where the gravest effect counts. The faults are those of Parse, and of For if the build
// is known. Without faults it returns NoEffect.
func Outcome(faults []Fault) Effect {
	var first *Fault
	worst := NoEffect
	for i := range faults {
		f := &faults[i]
		events := (f.Part == HeaderPart || f.Part == EventPart) && f.Requirement != FilterPlace
		switch {
		case f.Effect == Unknown:
			return Unknown
		case !events || f.Effect > Refused:
			worst = min(worst, f.Effect)
		case first == nil || f.Offset < first.Offset:
			first = f
		}
	}
	if first != nil {
		return first.Effect
	}
	return worst
}

// hexadecimal writes an offset or another number in both forms.
func hexadecimal[T ~int | ~uint32 | ~uint64](n T) string { return fmt.Sprintf("0x%X (%d)", n, n) }
