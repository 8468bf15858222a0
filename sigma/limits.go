package sigma

// The limits on the input. Except for the length of a title, Sigma states no
// limits. These are far above all published rules: the largest of the Sigma
// project's Windows rules has 295,078 bytes, 66 brackets and 1,200 values.
const (
	// MaxFileSize is the maximum number of bytes in a file of rules. Parsing a
	// file allocates at most about 350 times its size, as TestMemory measures.
	MaxFileSize = 512 << 10

	// MaxFlowMarks is the maximum number of commas, opening brackets and
	// opening braces in a file. The YAML parser stores all tokens of a list in
	// brackets, 270 bytes each, before it processes the first one. Without this
	// limit a file of half a MiB of "[a,a,a,..." takes 270 MiB.
	MaxFlowMarks = 1 << 14

	MaxDocuments = 256     // rules in a file, separated by "---"
	MaxNesting   = 32      // nested YAML collections
	MaxNodes     = 1 << 17 // values and collections in a file, with those that aliases repeat
	MaxTitle     = 256     // characters in a title; Sigma's own limit

	MaxKey             = 1024 // bytes in a field with its modifiers
	MaxSearches        = 256  // searches in a rule
	MaxSearchName      = 128  // bytes in the name of a search
	MaxConditionLength = 4096 // bytes in all conditions of a rule together
	MaxConditionDepth  = 32   // nested parentheses and nots

	// MaxValues is the maximum number of values in the searches of a file, and
	// MaxValueBytes is their maximum size. Values count each time an alias
	// repeats them, and after windash and base64offset multiply them. After the
	// values of placeholders are filled in, MaxValueBytes limits each rule.
	MaxValues     = 1 << 17
	MaxValueBytes = 4 << 20

	// MaxVariantBytes is the maximum size in bytes of the windash variants of
	// one value.
	MaxVariantBytes = 1 << 20

	// MaxUses is the maximum number of fields and values that a condition may
	// compare. They count each time the condition uses their search. A keyword
	// counts for each field in which it is looked for. A value with
	// placeholders counts for each combination of their values. [Compile]
	// enforces the limit.
	MaxUses = 1 << 17

	// MaxErrors is the maximum number of errors that are reported for one file.
	// One more error states the number of the remaining ones.
	MaxErrors = 50
)

// The budget for all rules of a run, see [Budget]. The 1,790 rules for Windows
// that the Sigma project published in August 2026 take 5.3 percent of it.
const (
	// BudgetValues is the maximum number of values in the rules of a run, over
	// all files. Values count after windash and base64offset multiply them and
	// after placeholders are filled in, and a keyword counts for each field in
	// which it is looked for. A field counts as 2 values, a rule as 8, an error
	// as 4.
	BudgetValues = 1 << 20

	// BudgetBytes is the maximum number of bytes in these values, in the texts
	// of rules and in compiled regular expressions.
	BudgetBytes = 32 << 20

	// BudgetSteps is the maximum work of a run. One step is a value that a
	// condition uses, an instruction of a compiled regular expression, or a
	// name that is compared with another name.
	BudgetSteps = 1 << 23

	MaxBudgetTimes = 1000 // maximum argument of NewBudget
)

// The limits on a folder, see [Load].
const (
	MaxFiles       = 100_000  // files of rules in a folder
	MaxFolderBytes = 64 << 20 // bytes of all files that a Loader reads
	MaxFolderDepth = 64       // nested folders
)
