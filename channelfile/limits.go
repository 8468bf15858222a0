package channelfile

// The limits of FORMAT.md, section 10. A reader enforces each before it
// allocates anything that depends on it.
const (
	MaxFileSize    = 1 << 30         // bytes of a file, and so the largest reach of an offset
	MaxNumber      = 99_999_999      // channel, revision, type version: they must fit a file name
	MaxCreated     = 253_402_300_799 // seconds: 9999-12-31 23:59:59 UTC
	MaxInputs      = 1024            // inputs declared, and so the largest reach of an input index
	MaxWords       = 4096            // words of one instance's condition
	MaxStack       = 1024            // truth values on the stack of a condition
	MaxDepth       = 16              // nesting of and and or
	MaxOperands    = 1 << 16         // operands of one criterion
	MaxValueLength = 1<<16 - 1       // bytes of a value
	MaxTextLength  = 1<<16 - 1       // bytes of a text of the provenance

	MaxExpressionLength = 1 << 14 // bytes of the source of a regular expression
	MaxNesting          = 250     // groups of a regular expression in each other
	MaxRepetition       = 1000    // a count of a regular expression, and the product of those in each other
	MaxInstructions     = 1 << 13 // instructions of a program
	MaxRanges           = 1 << 12 // ranges of a class of runes
)

// MajorVersion and MinorVersion are the one version of the format that this
// package reads and writes.
const (
	MajorVersion = 1
	MinorVersion = 0
)

// Version is MajorVersion and MinorVersion as contracts write them.
const Version = "1.0"

// The sizes of FORMAT.md's records, in bytes.
const (
	headerSize    = 48
	recordSize    = 48 // of the section table
	digestSize    = 32
	instanceSize  = 24
	wordSize      = 4
	criterionSize = 12
	operandSize   = 4
	valueSize     = 8
	originSize    = 24
	useSize       = 8
	programSize   = 16
	instSize      = 8
	classSize     = 8
	rangeSize     = 8

	sectionAlign = 8
	originTexts  = 5 // the fields of an origin that are texts come first
)
