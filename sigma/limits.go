package sigma

// The limits on what is read. Sigma states none, but for the length of a
// title; these are far above anything published: the largest of the Sigma
// project's Windows rules has 295,078 bytes, 66 brackets and 1,200 values.
const (
	// MaxFileSize is the most bytes that a file of rules may have. To read one
	// allocates at most some 350 times its size; TestMemory measures it.
	MaxFileSize = 512 << 10

	// MaxFlowMarks is the most commas, opening brackets and opening braces in
	// a file. The YAML parser holds a list in brackets as tokens, whole and of
	// 270 bytes each, before it looks at the first one: without this limit a
	// file of half a MiB of "[a,a,a,..." takes 270 MiB.
	MaxFlowMarks = 1 << 14

	MaxDocuments = 256     // rules of one file, divided by "---"
	MaxNesting   = 32      // YAML collections inside each other
	MaxNodes     = 1 << 17 // values and collections of a file's rules, each time an alias repeats them
	MaxTitle     = 256     // characters of a title; Sigma's own limit

	MaxKey             = 1024 // bytes of a field with its modifiers
	MaxSearches        = 256  // searches of a rule
	MaxSearchName      = 128  // bytes of the name of a search
	MaxConditionLength = 4096 // bytes of a rule's conditions together
	MaxConditionDepth  = 32   // parentheses and nots inside each other

	// MaxValues and MaxValueBytes are the most values that the searches of a
	// file may have, and the most bytes of them: each time an alias repeats
	// them, and after windash and base64offset have multiplied them. With the
	// values of its placeholders filled in, MaxValueBytes is the limit of a rule.
	MaxValues     = 1 << 17
	MaxValueBytes = 4 << 20

	// MaxVariantBytes is the most bytes that windash may make of one value.
	MaxVariantBytes = 1 << 20

	// MaxUses is the most fields and values that a condition may come to, each
	// time it uses the search that they are in; a keyword counts for each field
	// in which it is looked for, a value with placeholders for each combination
	// of theirs. [Compile] enforces it.
	MaxUses = 1 << 17

	// MaxErrors is the most errors that are reported for one file; a last one
	// says how many more there were.
	MaxErrors = 50
)

// The budget of all rules of a run, see [Budget]. The 1,790 rules for Windows
// that the Sigma project published in August 2026 take 5.3 percent of it.
const (
	// BudgetValues is the most values that the rules of a run may come to, in
	// all files together: after windash and base64offset have multiplied them,
	// with placeholders filled in, for each field in which a keyword is looked
	// for. A field counts for 2 values, a rule for 8, an error for 4.
	BudgetValues = 1 << 20

	// BudgetBytes is the most bytes of these values, of the texts of rules and
	// of the programs of regular expressions.
	BudgetBytes = 32 << 20

	// BudgetSteps is the most work of a run: a step is a value that a condition
	// uses, an instruction of a regular expression's program, or a name that
	// another one is compared with.
	BudgetSteps = 1 << 23

	MaxBudgetTimes = 1000 // the most times that a budget may be these
)

// The limits on what a folder may hold, see [Load].
const (
	MaxFiles       = 100_000  // files of rules in a folder
	MaxFolderBytes = 64 << 20 // bytes of all files that a Loader reads
	MaxFolderDepth = 64       // folders inside each other
)
