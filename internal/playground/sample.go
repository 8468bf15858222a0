package playground

import (
	"encoding/binary"
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
)

// Sample returns a channel file of n rules for the built-in type ipc, each with two criteria of
// its own. It is for measurements and tests.
func Sample(n int) ([]byte, error) {
	b := channelfile.NewBuilder(channelfile.Header{Channel: 291, Revision: 1, Type: 1, TypeVersion: 1, InputsDeclared: 21})
	for i := range n {
		id := channelfile.ID{0: 0x5a, 6: 0x40, 8: 0x80}
		binary.BigEndian.PutUint32(id[12:], uint32(i+1))
		condition := channelfile.And(
			channelfile.Suffix(6, fmt.Sprintf(`\program%d.exe`, i)).Fold(),
			channelfile.Contains(5, fmt.Sprintf("name%d", i)),
		)
		if err := b.Add(id, condition, &channelfile.Origin{Title: fmt.Sprintf("rule %d", i), Path: "sample.yml", Line: i + 1}); err != nil {
			return nil, err
		}
	}
	return b.Encode()
}
