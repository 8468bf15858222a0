package validate

import (
	"io/fs"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Kind says what a Subject is.
type Kind uint8

const (
	KindChannelFile Kind = iota // the bytes of a channel file
	KindRules                   // rules that were compiled for judging; there is no file
	KindNeeds                   // needs that something else computed
	KindDefinition              // a template type, without content
)

func (k Kind) String() string {
	switch k {
	case KindRules:
		return "rules"
	case KindNeeds:
		return "needs"
	case KindDefinition:
		return "definition"
	}
	return "channel file"
}

// A Subject is one input of a run. Make it with [ChannelFile], [Rules],
// [NeedsSubject] or [DefinitionSubject], or with file.Read.
type Subject struct {
	Kind Kind
	Name string // of the file, as given; for messages
	Base string // the last element of the file's name; empty: it has none to judge

	Data    []byte      // channel file or compiled rules
	Mode    fs.FileMode // what kind of file it was read from
	Size    int64       // of the file, which is more than len(Data) if it is over the limit
	TooBig  bool        // over the limit; Data is empty
	Refused bool        // no regular file; Data is empty

	Needs      *sensor.Needs
	Definition *sensor.Definition

	// Listing is the entry of the file in the manifest of its folder. Nil means
	// that the file is judged by itself.
	Listing *Listing

	// Origin, if not nil, returns where in what the content was made from a
	// part of it stands. It is how findings on decoded foreign content speak
	// of offsets in the foreign file. Where it returns false, what the
	// provenance in the channel file says stands. It must not depend on how
	// often it is called.
	Origin func(Part) (Position, bool)

	// Source has what was found while rules were compiled, before there was
	// a file to judge. Each finding names its check, which reports it, also
	// if it cannot run.
	Source []Finding
	// Unjudged lists what is in the content but could not be judged. Each
	// line makes the verdict undecided.
	Unjudged []string
}

// A Listing is what the manifest of a folder says of a file in it.
type Listing struct {
	Manifest string   // its path, for messages
	Named    bool     // whether the manifest names the file
	Digest   [32]byte // SHA-256 that the manifest states; of a file that it names
	Size     int64    // in bytes; of a file that it names
	Type     uint32   // number of its template type; of a file that it names
}

// A Part names a part of content to [Subject.Origin].
type Part struct {
	Path  string         // as in Location, such as "header.inputs_declared" or "instance[2].word[0]"
	ID    channelfile.ID // of the instance that it belongs to; zero: it belongs to none
	Input int            // that it reads; -1: it reads none, or is an instance as a whole
	From  Position       // what the provenance in the channel file says of it
}

// ChannelFile returns the subject of a channel file's bytes. The name is the
// one that the file will have, and is judged; an empty name is not.
func ChannelFile(name string, data []byte) *Subject {
	return &Subject{Kind: KindChannelFile, Name: name, Base: base(name), Data: data, Size: int64(len(data))}
}

// Rules returns the subject of content that was compiled, or decoded, from
// something else only to be judged; data is the channel file that it became.
// Set Origin to have findings speak of what it was made from.
func Rules(name string, data []byte) *Subject {
	return &Subject{Kind: KindRules, Name: name, Data: data, Size: int64(len(data))}
}

// NeedsSubject returns the subject of needs that something else computed. A
// verdict on it covers the contract checks only.
func NeedsSubject(name string, needs *sensor.Needs) *Subject {
	return &Subject{Kind: KindNeeds, Name: name, Needs: needs}
}

// DefinitionSubject returns the subject of a template type without content:
// whether each build of the fleet that has the type supplies what its
// definition declares. Without a definition there is nothing to judge.
func DefinitionSubject(d *sensor.Definition) *Subject {
	if d == nil {
		return &Subject{Kind: KindDefinition}
	}
	return &Subject{Kind: KindDefinition, Name: d.Name, Definition: d, Needs: sensor.NeedsOfDefinition(d)}
}

// provides returns what checks can look at in a subject of kind k.
func (k Kind) provides() Uses {
	switch k {
	case KindChannelFile:
		return UsesBytes | UsesFile | UsesNeeds | UsesFleet | UsesDefinition
	case KindRules:
		return UsesSource | UsesFile | UsesNeeds | UsesFleet | UsesDefinition
	}
	return UsesNeeds | UsesFleet | UsesDefinition
}

// listed returns what checks can look at besides, because the subject is judged as
// a file of its folder.
func (s *Subject) listed() Uses {
	if s.Listing == nil || s.Kind != KindChannelFile {
		return 0
	}
	return UsesManifest
}

// base returns what follows the last slash or backslash: channel files are
// named by Windows machines too.
func base(name string) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' || name[i] == '\\' {
			return name[i+1:]
		}
	}
	return name
}
