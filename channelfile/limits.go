package channelfile

// The limits of FORMAT.md, section 10. A reader checks each limit before it
// allocates memory that depends on the value.
const (
	MaxFileSize    = 1 << 30         // bytes of a file, and so the largest offset
	MaxNumber      = 99_999_999      // channel, revision, type version
	MaxCreated     = 253_402_300_799 // seconds: 9999-12-31 23:59:59 UTC
	MaxInputs      = 1024            // declared inputs, and so the largest input index plus one
	MaxWords       = 4096            // words of the condition of one instance
	MaxStack       = 1024            // truth values on the stack of a condition
	MaxDepth       = 16              // nesting of and and or
	MaxOperands    = 1 << 16         // operands of one criterion
	MaxValueLength = 1<<16 - 1       // bytes of a value
	MaxTextLength  = 1<<16 - 1       // bytes of a text of the provenance

	MaxExpressionLength = 1 << 14 // bytes of the source of a regular expression
	MaxNesting          = 250     // groups of a regular expression inside each other
	MaxRepetition       = 1000    // a count, and the product of counts inside each other
	MaxInstructions     = 1 << 13 // instructions of a program
	MaxRanges           = 1 << 12 // ranges of a class of runes
)

// MajorVersion and MinorVersion are the only version of the format that this
// package reads and writes.
const (
	MajorVersion = 1
	MinorVersion = 0
)

// Version is MajorVersion and MinorVersion in the form that contracts use.
const Version = "1.0"

// The sizes of the records of FORMAT.md, in bytes.
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
	originTexts  = 5 // number of text fields of an origin, which come first
)
