package channelfile

import "github.com/cfcheck/cfcheck/channelfile/internal/casefold"

// Fold returns the simple case folding of r by the table in the appendix of
// FORMAT.md. It returns r itself if the table does not contain r, also if r is
// not a valid rune. Folding twice gives the same as folding once.
func Fold(r rune) rune { return casefold.Fold(r) }

// AppendFold appends the fold of each rune of s to dst and returns the extended
// buffer. A byte of s that is not part of valid UTF-8 becomes U+FFFD. A file
// stores the operands of a criterion with [FlagFold] in this form. The result is
// at most three times as long as s.
func AppendFold(dst, s []byte) []byte { return casefold.AppendFold(dst, s) }
