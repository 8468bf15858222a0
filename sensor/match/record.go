package match

import "encoding/binary"

// A bucket has the literals with the same gram, and what to do when a value has one of them. All
// of it is in one place, because each access to another place of a large index is a cache miss. It
// consists of 32-bit numbers, least significant byte first, and starts at a multiple of four bytes.
// First come the heads of its literals, of four numbers:
//
//	size    of the literal in bytes, times 2; plus 1 in the last head
//	at      the place of the gram in the literal
//	check   see [checkOf]
//	body    the place of the body, divided by 4
//
// The bodies follow. A body has the literal, filled up with zeros, and an entry for each criterion
// with the literal. An entry is the number of the criterion, shifted by entryShift, and the bits
// below. The postings of its access criterion follow, if it has any: their number and they
// themselves, or, if several literals share them, their place divided by 4. There they have the
// same form.
const (
	entryLast   = 1 << iota // the last entry of the body
	entryInline             // the postings follow
	entryFar                // the place of the postings follows

	entryShift = iota
)

const (
	headSize    = 16
	postingSize = 12
)

// A posting is an instance by one of its access criteria. It has three numbers: this node, and the
// numbers of the guards.
type posting struct {
	first uint32 // the node before its condition
	// guards must hold as well: criteria of the tables, or one of several of them. They reject most
	// instances without an access to their memory.
	guards [2]uint32
}

// noGuard is the criterion of a guard that always holds. Its number is behind those of the criteria
// that the tables decide. The numbers of guards that are one of several criteria follow.
const noGuard = never

func word(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }

func appendWord(b []byte, n uint32) []byte { return binary.LittleEndian.AppendUint32(b, n) }

// padded returns n rounded up to a multiple of 4.
func padded(n int) int { return (n + 3) &^ 3 }

// checkOf returns a hash of eight bytes of a text, away from the gram at a place in it. A literal
// with another check is not the text. The check of a short text is 0.
func checkOf(text []byte, at int) uint32 {
	from := len(text) - 8
	if from < 0 {
		return 0
	}
	if 2*at >= len(text) {
		from = 0
	}
	return uint32(binary.LittleEndian.Uint64(text[from:]) * mix >> 32)
}
