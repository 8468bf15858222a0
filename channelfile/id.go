package channelfile

import (
	"encoding/hex"
	"fmt"
)

// An ID identifies a template instance permanently. For a Sigma rule it is the
// UUID of the rule, with the bytes in the order in which they are written.
type ID [16]byte

// String returns the ID in the form of a UUID in lower case: 8-4-4-4-12
// hexadecimal digits.
func (id ID) String() string {
	var b [36]byte
	hex.Encode(b[:8], id[:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:], id[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// ParseID parses an ID in the form that [ID.String] returns. The digits may be
// in upper or lower case. ParseID accepts the all-zero ID, although no instance
// may have it.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ID{}, fmt.Errorf("%.80q is not an ID (want a UUID such as 01234567-89ab-cdef-0123-456789abcdef)", s)
	}
	digits := s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return ID{}, fmt.Errorf("%q is not an ID (want 32 hexadecimal digits between the dashes)", s)
	}
	return id, nil
}
