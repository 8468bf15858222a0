// Package structure holds the checks of family CF1: is it a channel file,
// whole and in normal form? The Doc of each check names the requirements of FORMAT.md,
// section 7, that it enforces.
//
// There are two kinds of checks. The first kind reports the errors of
// channelfile.Parse, one check for each error. A file has at most one finding of this
// kind, because nothing after the first error can be trusted. The second kind enforces
// the requirements that a readable file can break. channelfile.File.Conformance reports
// which of them are broken, and only then does a check look for the places.
package structure

import (
	"errors"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// Checks are the checks of family CF1, in the order of their IDs. Do not change the list.
var Checks = []*validate.Check{
	transferIntact,
	magic,
	whole,
	byteOrder,
	formatVersion,
	oneFile,
	noTrailingData,
	sectionSet,
	sectionBounds,
	entryCount,
	limits,
	instanceWords,
	conditionReference,
	conditionStack,
	operatorKnown,
	criterionFlags,
	inputDeclared,
	operandCount,
	operandBounds,
	operandReference,
	valueBounds,
	operandForm,
	textReference,
	textBounds,
	programBounds,
	instructionForm,
	instructionTarget,
	classBounds,
	classRanges,
	headerDigest,
	sectionDigest,
	sectionTiling,
	paddingZero,
	inputsRead,
	instanceID,
	instanceOrder,
	instanceUnique,
	conditionFlat,
	conditionOrder,
	criterionOrder,
	criterionUsed,
	operandOrder,
	valueOrder,
	valueUsed,
	operandFolded,
	operatorSimplest,
	textOrder,
	textUsed,
	textUTF8,
	useOfOperator,
	programOrder,
	programUsed,
	classOrder,
	classUsed,
}

// haveBytes are the checks without which there are no bytes to read:
// regular-file, size-cap, not-empty, not-filled.
var haveBytes = []string{"CF0001", "CF0002", "CF0003", "CF0004"}

// readable returns the check that reports one error of channelfile.Parse.
func readable(id, name string, err error, doc string) *validate.Check {
	return &validate.Check{
		ID: id, Name: name, Doc: doc,
		Uses: validate.UsesBytes, Requires: haveBytes,
		Run: func(p *validate.Pass) {
			if e := p.ParseError; e != nil && errors.Is(e, err) {
				p.Report(func() validate.Finding {
					f := p.At(e.Range, e.Path, fixes[e.Err], "%v: %s", e.Err, e.Detail)
					f.Fault = e.Fault
					return f
				})
			}
		},
	}
}

// fixes has the advice for each error of channelfile.Parse.
var fixes = map[error]string{
	channelfile.ErrTransfer:     "transfer the file as binary data, and check its digest at both ends",
	channelfile.ErrMagic:        "check that this is the intended file, and how it was copied here",
	channelfile.ErrTruncated:    "take the file from its source again; write files under another name and rename them when they are whole",
	channelfile.ErrByteOrder:    "encode in little-endian order",
	channelfile.ErrVersion:      "use a release of the gate that knows this version of the format, or encode in version " + channelfile.Version,
	channelfile.ErrConcatenated: "ship each channel file in a file of its own",
	channelfile.ErrFileSizeZero: "write the file again; the encoder ended before it wrote the file size, or does not write it",
	channelfile.ErrTrailing:     "take the file from its source again, and find the program that appends to it",
}

func init() {
	for _, err := range []error{
		channelfile.ErrLimit, channelfile.ErrSectionSet, channelfile.ErrSectionBounds, channelfile.ErrEntryCount,
		channelfile.ErrInstanceWords, channelfile.ErrConditionReference, channelfile.ErrConditionStack,
		channelfile.ErrOperator, channelfile.ErrFlags, channelfile.ErrInput, channelfile.ErrOperandCount,
		channelfile.ErrOperandBounds, channelfile.ErrOperandReference, channelfile.ErrValueBounds,
		channelfile.ErrOperandForm, channelfile.ErrProgramBounds, channelfile.ErrInstruction, channelfile.ErrInstructionTarget,
		channelfile.ErrClassBounds, channelfile.ErrClassRanges, channelfile.ErrTextReference, channelfile.ErrTextBounds,
	} {
		fixes[err] = "the encoder that wrote the file is at fault, or the file was changed after it; encode it again"
	}
}

// conforming returns the check of a requirement that a readable file can break. It
// calls locate, which reports the places, only if the file breaks the requirement.
func conforming(id, name string, rule channelfile.Requirement, doc string, locate func(*validate.Pass)) *validate.Check {
	return &validate.Check{
		ID: id, Name: name, Doc: doc,
		Uses: validate.UsesFile,
		Run: func(p *validate.Pass) {
			if !p.Broken.Has(rule) {
				return
			}
			locate(p)
			//mutation:equivalent condition: another check detects the same, on purpose
			if p.Found() == 0 {
				// Conformance and locate disagree. Whichever of the two is
				// wrong, the file must not pass.
				p.Report(func() validate.Finding {
					f := p.At(channelfile.Range{}, "file", encodeAgain,
						"the file breaks %s, but the place was not found; please report the file", name)
					f.Fault = true
					return f
				})
			}
		},
	}
}

// encodeAgain is the advice if the bytes are at fault and not the rules.
const encodeAgain = "encode the content again; channelfile.Encode writes the normal form"
