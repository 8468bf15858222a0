package sigma

import (
	"crypto/sha1"
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
)

// IDs selects how [Build] identifies a rule without an id, which Sigma allows. A
// channel file needs an ID for each rule.
type IDs uint8

const (
	// IDsWritten means that a rule without an id is malformed.
	IDsWritten IDs = iota

	// IDsOfPaths gives such a rule its [Rule.PathID]. Two rules with the same are an
	// error, because the ID must not depend on the order of the rules.
	IDsOfPaths

	// IDsOfNames is like IDsOfPaths, but distinguishes rules with the same path by
	// the names of their files. It is for a check, whose channel file is not kept.
	IDsOfNames
)

// pathSpace is the namespace of derived IDs: the UUID, version 5, of
// https://github.com/cfcheck/cfcheck/rules in the namespace of URLs.
var pathSpace = channelfile.ID{0x66, 0x11, 0x40, 0xae, 0xbb, 0xe2, 0x5d, 0x91, 0xa4, 0x12, 0x5f, 0x66, 0x17, 0xcf, 0x2e, 0x3c}

// UUID returns the ID that the author wrote. ok is false if the rule has no id, or one
// that cannot be in a channel file: it is not a UUID, or all zero. Sigma requires a
// UUID, but many published rules have a number of their own.
func (r *Rule) UUID() (id channelfile.ID, ok bool) {
	id, err := channelfile.ParseID(r.ID.Value)
	return id, err == nil && id != channelfile.ID{}
}

// PathID returns an ID for the rule that depends only on its place: the UUID, version
// 5, of Path in the namespace 661140ae-bbe2-5d91-a412-5f6617cf2e3c. For the second
// document of a file "#2" follows the path, and so on.
func (r *Rule) PathID() channelfile.ID { return derivedID(r.Path, r.index) }

func derivedID(path string, index int) (id channelfile.ID) {
	if index > 0 {
		path += fmt.Sprintf("#%d", index+1)
	}
	h := sha1.New()
	h.Write(pathSpace[:])
	h.Write([]byte(path))
	copy(id[:], h.Sum(nil))
	id[6] = id[6]&0x0f | 0x50 // version
	id[8] = id[8]&0x3f | 0x80 // variant
	return id
}

// identify returns the ID of a rule and registers it. ok is false if the rule has no
// ID.
func (res *Result) identify(r *Rule, ids IDs) (id channelfile.ID, ok bool, err error) {
	if id, ok = r.UUID(); ok {
		if first := res.rules[id]; first != nil {
			at := first.ID.Position
			if _, written := first.UUID(); !written {
				at = first.Position
			}
			return id, true, &Error{Name: r.Name, Position: r.ID.Position, Path: "id",
				Found: fmt.Sprintf("id %s is also the id of the rule at %s:%d:%d", r.ID.Value, first.Name, at.Line, at.Column),
				Want:  "give one of them a new UUID, or remove the copy"}
		}
		res.rules[id] = r
		return id, true, nil
	}
	if ids == IDsWritten || r.Kind != Detecting {
		return id, false, nil
	}
	id = r.PathID()
	if res.rules[id] != nil && ids == IDsOfNames {
		id = derivedID(r.Name, r.index)
	}
	if first := res.rules[id]; first != nil {
		return id, true, &Error{Name: r.Name, Position: r.Position,
			Found: fmt.Sprintf("rule has no id, and the id derived from its path %s is also that of the rule at %s:%d:%d", quote(r.Path), first.Name, first.Line, first.Column),
			Want:  "give one of them an id, or build the folder that has both"}
	}
	res.rules[id] = r
	return id, true, nil
}
