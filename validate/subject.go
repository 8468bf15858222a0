package validate

import (
	"io/fs"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Kind is the kind of a Subject.
type Kind uint8

const (
	KindChannelFile  Kind = iota // the bytes of a channel file
	KindRules                    // rules that were compiled only to be judged; there is no file
	KindNeeds                    // needs from another compiler
	KindDefinition               // a template type, without content
	KindWaivers                  // the waivers of a run, without content
	KindSysmonSource             // a configuration of Sysmon, as XML
	KindSysmonBlob               // compiled rules of Sysmon, as its driver loads them
)

func (k Kind) String() string {
	switch k {
	case KindRules:
		return "rules"
	case KindNeeds:
		return "needs"
	case KindDefinition:
		return "definition"
	case KindWaivers:
		return "waivers"
	case KindSysmonSource:
		return "Sysmon configuration"
	case KindSysmonBlob:
		return "Sysmon rule blob"
	}
	return "channel file"
}

// A Subject is the content to be judged. Make one with [ChannelFile], [Rules],
// [Needs], [Definition], [Waivers], [SysmonSource] or [SysmonBlob], or with file.Read.
type Subject struct {
	Kind Kind
	Name string // name of the file as given, for messages
	Base string // last element of the name; "" means that the name is not judged

	Data    []byte      // channel file, compiled rules, or a file of another sensor
	Mode    fs.FileMode // kind of the file that it was read from
	Size    int64       // size of the file in bytes; more than len(Data) if TooBig or Refused
	TooBig  bool        // the file is larger than the format allows; Data is empty
	Refused bool        // not a regular file; Data is empty

	Needs      *sensor.Needs
	Definition *sensor.Definition

	// Listing is the entry of the file in the manifest of its folder. Nil means that the
	// file is judged without a manifest.
	Listing *Listing

	// Neighbours are the other files of its folder that have the same channel and type version
	// and no higher revision. Nil means that the file is not judged as part of a folder.
	Neighbours *Neighbours

	// Origin returns the position of a part in the source of the content. Findings on
	// content that was decoded from another format use it to state offsets in the
	// original file. If Origin is nil or returns false, findings use the provenance in
	// the channel file. Origin must return the same result for the same Part.
	Origin func(Part) (Position, bool)

	// Source has the findings of the compiler of the rules. The report has each of them
	// as a finding of its Check, even if that check cannot run.
	Source []Finding
	// Waivers are the waivers in the source of the content.
	Waivers []Waiver
	// WaiverUses are the waivers of a run, if they are the subject.
	WaiverUses []WaiverUse
	// Unjudged describes parts of the content that could not be judged, one line each.
	// Each line makes the verdict undecided.
	Unjudged []string
}

// A Listing is the statement of a manifest about a file in its folder. Digest, Size and
// Type are zero unless Named is true.
type Listing struct {
	Manifest string   // path of the manifest, for messages
	Named    bool     // whether the manifest names the file
	Digest   [32]byte // SHA-256 that the manifest states
	Size     int64    // in bytes
	Type     uint32   // number of the template type
}

// Neighbours are files beside a file.
type Neighbours struct {
	Found int
	Names []string // of the first few
}

// A Part names a part of content to [Subject.Origin].
type Part struct {
	// path as in Location, such as "header.inputs_declared" or "instance[2].word[0]"
	Path  string
	ID    channelfile.ID // instance that it belongs to; zero means no instance
	Input int            // index of the input that it reads; -1 means no single input
	From  Position       // its position by the provenance in the channel file

	At channelfile.Range // its bytes in Subject.Data; empty means that it has no bytes
}

// ChannelFile returns the bytes of a channel file as a subject. Name is the name that the
// file will have. It is judged too, unless it is empty.
func ChannelFile(name string, data []byte) *Subject {
	return &Subject{Kind: KindChannelFile, Name: name, Base: base(name), Data: data, Size: int64(len(data))}
}

// Rules returns a subject for content that was compiled or decoded from another form only
// to be judged. Data is the resulting channel file. Set Origin so that findings state
// positions in the original.
func Rules(name string, data []byte) *Subject {
	return &Subject{Kind: KindRules, Name: name, Data: data, Size: int64(len(data))}
}

// Needs returns needs from another compiler as a subject. A verdict on it covers
// only the contract checks.
func Needs(name string, needs *sensor.Needs) *Subject {
	return &Subject{Kind: KindNeeds, Name: name, Needs: needs}
}

// Definition returns a template type without content as a subject: the question is
// whether each build of the fleet that has the type supplies the declared inputs. Without
// a definition the verdict is undecided.
func Definition(d *sensor.Definition) *Subject {
	if d == nil {
		return &Subject{Kind: KindDefinition}
	}
	return &Subject{Kind: KindDefinition, Name: d.Name, Definition: d, Needs: sensor.NeedsOfDefinition(d)}
}

// SysmonSource returns a configuration of Sysmon as a subject: the XML that an administrator
// gives to the program.
func SysmonSource(name string, data []byte) *Subject {
	return &Subject{Kind: KindSysmonSource, Name: name, Data: data, Size: int64(len(data))}
}

// SysmonBlob returns compiled rules of Sysmon as a subject: the bytes that its driver loads. Set
// Origin if they were decoded from another form, such as an export of the registry.
func SysmonBlob(name string, data []byte) *Subject {
	return &Subject{Kind: KindSysmonBlob, Name: name, Data: data, Size: int64(len(data))}
}

// Foreign reports whether subjects of kind k are content of a sensor of another maker, which has a
// format of its own.
func (k Kind) Foreign() bool { return k == KindSysmonSource || k == KindSysmonBlob }

// provides returns the parts that a subject of kind k can have.
func (k Kind) provides() Uses {
	switch k {
	case KindChannelFile:
		return UsesBytes | UsesFile | UsesNeeds | UsesFleet | UsesDefinition
	case KindRules:
		return UsesSource | UsesFile | UsesNeeds | UsesFleet | UsesDefinition
	case KindWaivers:
		return UsesWaivers
	case KindSysmonSource:
		return UsesSysmonSource | UsesSysmonRules | UsesFleet
	case KindSysmonBlob:
		return UsesSysmonBlob | UsesSysmonRules | UsesFleet
	}
	return UsesNeeds | UsesFleet | UsesDefinition
}

// listed returns UsesManifest if the subject is judged with the manifest of its folder.
func (s *Subject) listed() Uses {
	if s.Listing == nil || s.Kind != KindChannelFile {
		return 0
	}
	return UsesManifest
}

// beside returns UsesFolder if the subject is judged as part of its folder.
func (s *Subject) beside() Uses {
	if s.Neighbours == nil || s.Kind != KindChannelFile {
		return 0
	}
	return UsesFolder
}

// base returns the part of name after the last slash or backslash, because the name can
// come from a Windows machine.
func base(name string) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' || name[i] == '\\' {
			return name[i+1:]
		}
	}
	return name
}
