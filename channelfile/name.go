package channelfile

import "fmt"

// FileName returns the name of a file with the header h by FORMAT.md, section
// 11: C-<channel>-<type version>-<revision>.cf.
func FileName(h Header) string {
	return fmt.Sprintf("C-%08d-%08d-%08d.cf", h.Channel, h.TypeVersion, h.Revision)
}

// ParseFileName returns the header fields in the name of a file. It returns
// false if the name does not have the form of [FileName]. The name must not
// contain folders.
func ParseFileName(name string) (channel, typeVersion, revision uint32, ok bool) {
	const form = "C-00000000-00000000-00000000.cf"
	if len(name) != len(form) {
		return 0, 0, 0, false
	}
	var n [3]uint32
	field := -1
	for i := range len(form) {
		c := name[i]
		if form[i] != '0' {
			if c != form[i] {
				return 0, 0, 0, false
			}
			if c == '-' {
				field++
			}
			continue
		}
		if c < '0' || c > '9' {
			return 0, 0, 0, false
		}
		n[field] = 10*n[field] + uint32(c-'0')
	}
	return n[0], n[1], n[2], true
}
