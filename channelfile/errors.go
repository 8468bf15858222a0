package channelfile

import (
	"errors"
	"fmt"
)

// A ParseError describes the first reason why [Parse] cannot read a file, and
// the bytes at fault.
type ParseError struct {
	Range  Range  // the bytes at fault, inside the data
	Path   string // the field or entry at fault, such as "criterion[2].operator"
	Err    error  // one of the Err variables of this package
	Detail string // what was found and what was expected
	Fault  bool   // this package is at fault, not the data: its two readers disagree
}

func (e *ParseError) Error() string {
	return fmt.Sprintf("0x%04x (%d): %s: %v: %s", e.Range.Start, e.Range.Start, e.Path, e.Err, e.Detail)
}

func (e *ParseError) Unwrap() error { return e.Err }

// These are the possible values of [ParseError.Err], in the order of the
// requirements in FORMAT.md, section 7. ErrFileSizeZero wraps ErrConcatenated,
// because requirement 7 covers both.
var (
	ErrTransfer                 = errors.New("changed by a transfer in text mode")
	ErrMagic                    = errors.New("not a channel file")
	ErrTruncated                = errors.New("data ends too early")
	ErrByteOrder                = errors.New("integers in big-endian byte order")
	ErrVersion                  = errors.New("unsupported format version")
	ErrConcatenated             = errors.New("another channel file follows")
	ErrFileSizeZero       error = fileSizeZero{}
	ErrTrailing                 = errors.New("data after the end of the file")
	ErrLimit                    = errors.New("limit of the format exceeded")
	ErrSectionSet               = errors.New("not the sections of a channel file")
	ErrSectionBounds            = errors.New("section outside the file")
	ErrEntryCount               = errors.New("section length and entry count disagree")
	ErrInstanceWords            = errors.New("instances do not tile the conditions")
	ErrConditionReference       = errors.New("reference to a missing criterion")
	ErrConditionStack           = errors.New("operator without its operands")
	ErrOperator                 = errors.New("unknown operator")
	ErrFlags                    = errors.New("flags that the operator does not allow")
	ErrInput                    = errors.New("input that the header does not declare")
	ErrOperandCount             = errors.New("wrong number of operands")
	ErrOperandBounds            = errors.New("criteria do not tile the operands")
	ErrOperandReference         = errors.New("reference to a missing value or program")
	ErrValueBounds              = errors.New("values do not tile the pool")
	ErrOperandForm              = errors.New("value of the wrong form for its operator")
	ErrProgramBounds            = errors.New("programs do not tile their sources or instructions")
	ErrInstruction              = errors.New("unknown or malformed instruction")
	ErrInstructionTarget        = errors.New("instruction refers outside of its program")
	ErrClassBounds              = errors.New("classes do not tile the ranges")
	ErrClassRanges              = errors.New("ranges of a class do not ascend")
	ErrTextReference            = errors.New("reference to a missing text")
	ErrTextBounds               = errors.New("texts do not tile the text pool")
)

// fileSizeZero is the type of ErrFileSizeZero. Its text fits a file size of 0
// better than the text of ErrConcatenated.
type fileSizeZero struct{}

func (fileSizeZero) Error() string { return "no file size" }
func (fileSizeZero) Unwrap() error { return ErrConcatenated }
