package validate

// A Family is the checks that answer one question about content. Their IDs have
// the same thousands digit.
type Family struct {
	Digit    int    // thousands digit of the IDs
	Name     string // also the name of the package below this one that holds the checks
	Question string // for example "can it be read at all?"
}

// Families are the families that have checks, in the order in which they run. Do
// not change the list.
var Families = []Family{
	{0, "file", "can it be read at all?"},
	{1, "structure", "is it a complete channel file in normal form?"},
	{2, "types", "does it fit the definition of its template type?"},
	{3, "contract", "does every build that will read it supply the inputs that it needs?"},
	{4, "meaning", "does each rule, and the set of rules, say something sensible?"},
	{5, "behaviour", "what does it do when it runs?"},
	{6, "change", "how does it differ from the last release?"},
	{7, "provenance", "who vouches for it?"},
	{8, "foreign", "does each build load the content of another sensor as it is written?"},
}
