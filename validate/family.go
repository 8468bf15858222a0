package validate

// A Family is the checks that answer one question about content. Their IDs have
// the same thousands digit.
type Family struct {
	Digit    int    // thousands digit of the IDs
	Name     string // also the name of the package below this one that holds the checks
	Question string // for example "can this be read at all?"
}

// Families are the families that have checks, in the order in which they run. Do
// not change the list.
var Families = []Family{
	{0, "file", "can this be read at all?"},
	{1, "structure", "is it a channel file, whole and in normal form?"},
	{2, "types", "does it fit its template type's definition?"},
	{3, "contract", "does every build that will read it supply what it needs?"},
	{5, "behaviour", "what does it do when it is run?"},
}
