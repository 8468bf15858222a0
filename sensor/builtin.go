package sensor

import (
	"encoding/hex"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
)

// BuiltinDefinitions returns the definitions that come with cfcheck: version 1
// of the template type "ipc", for named pipes. The set is the caller's own.
func BuiltinDefinitions() *Definitions {
	s := new(Definitions)
	s.add(ipcDefinition()) // a test reads it back: it is a definition
	return s
}

// BuiltinFleets returns the names that [BuiltinFleet] knows.
func BuiltinFleets() []string { return []string{"291", "reference"} }

// BuiltinFleet returns a fleet that comes with cfcheck for trying it out. The
// fleet is the caller's own.
//
// "291" retells July 2024: a build that supplies 20 inputs of the 21 that its
// definition declares, and one that supplies all. "reference" is a reader that
// finds inputs by name, on sources that record more or fewer of them.
func BuiltinFleet(name string) (f *Fleet, ok bool) {
	// The digests are those of the fleets' JSON. A test computes them: here it
	// would cost more than judging a small file.
	var digest string
	switch name {
	case "291":
		f, digest = fleet291(), "ae9424a90f2a83c514b5441e60f980fa76da0d32d481ec24694f325e1276bf37"
	case "reference":
		f, digest = fleetReference(), "c7b43126a9e77246fb83968266d24b6d3a9c7b57a4999cff6ae1b87aefe28622"
	default:
		return nil, false
	}
	f.Builtin = true
	_, _ = hex.Decode(f.Digest[:], []byte(digest))
	return f, true
}

// The longest values, in bytes. They decide what a rule can cost at worst, so
// they are upper bounds, with room: the longest pipe name in recorded events
// has 65 bytes and the longest image 81.
const (
	lengthPath  = 32768 // a path of Windows has up to 32,767 characters; sensors cut what is longer in UTF-8
	lengthPipe  = 1024  // the name of a pipe has up to 256 characters, of up to 3 bytes each
	lengthUser  = 1024  // domain, backslash, user: up to 256 characters each, of up to 3 bytes
	lengthText  = 1024  // free text that a person configured, or the name of a host or signer
	lengthToken = 64    // a GUID in braces, a time, a number, one word
)

// sysmonPipe marks the fields of the events that Sysmon writes when a pipe is
// created (17) and connected to (18), in its order.
const sysmonPipe = "Sysmon event 17/18, schema 4.90"

func ipcDefinition() *Definition {
	str := func(name, source string, maxLength int) Input {
		return Input{Name: name, Type: String, Source: source, MaxLength: maxLength}
	}
	return &Definition{
		Name: "ipc", Number: 1, Version: 1, Channel: 291,
		Title:  "creation of named pipes and connections to them",
		Source: "cfcheck: the fields of Sysmon's pipe events, and 13 that a sensor of our story adds",
		Inputs: []Input{
			str("RuleName", sysmonPipe, lengthText),
			str("EventType", sysmonPipe, lengthToken),
			str("UtcTime", sysmonPipe, lengthToken),
			str("ProcessGuid", sysmonPipe, lengthToken),
			str("ProcessId", sysmonPipe, lengthToken),
			str("PipeName", sysmonPipe, lengthPipe),
			str("Image", sysmonPipe, lengthPath),
			str("User", sysmonPipe, lengthUser),
			str("CommandLine", "cfcheck: command line of the process", lengthPath),
			str("ParentImage", "cfcheck: path of the parent process", lengthPath),
			str("ParentProcessId", "cfcheck: process ID of the parent process, decimal", lengthToken),
			str("ParentCommandLine", "cfcheck: command line of the parent process", lengthPath),
			str("IntegrityLevel", "cfcheck: integrity level of the process, one word", lengthToken),
			str("LogonId", "cfcheck: logon of the process, hexadecimal", lengthToken),
			str("SessionId", "cfcheck: terminal session of the process, decimal", lengthToken),
			str("Hashes", "cfcheck: hashes of the image, name=value with commas", lengthText),
			str("Signed", "cfcheck: whether the image is signed, true or false", lengthToken),
			str("Signature", "cfcheck: name of the signer of the image", lengthText),
			str("RemoteHost", "cfcheck: host that connects to the pipe, if it is another", lengthText),
			str("PipeAccess", "cfcheck: access that was asked for, hexadecimal", lengthToken),
			str("ClientImage", "cfcheck: path of the process at the other end of the pipe", lengthPath),
		},
	}
}

// ipcInputs returns the first inputs of the type as a build supplies them.
func ipcInputs(n int) []SuppliedInput {
	var inputs []SuppliedInput
	for _, in := range ipcDefinition().Inputs[:n] {
		inputs = append(inputs, SuppliedInput{Name: in.Name, Type: in.Type, State: Supplied, MaxLength: in.MaxLength})
	}
	return inputs
}

func fleet291() *Fleet {
	reader := Reader{
		Evidence:  Stated,
		Access:    Positional,
		Formats:   []string{channelfile.Version},
		Operators: channelfile.Operators(),
		Limits: Limits{
			FileSize:             64 << 20,
			Instances:            100_000,
			Criteria:             1_000_000,
			WordsPerInstance:     channelfile.MaxWords,
			OperandsPerCriterion: channelfile.MaxOperands,
			ValueLength:          channelfile.MaxValueLength,
		},
		// At a nanosecond a step: a tenth of a second for the worst event.
		Budget: Budget{Steps: 100_000_000, Memory: 96 << 20},
	}
	hotfixed := reader
	hotfixed.RefusesUnknownVersions = true
	supply := func(inputs int) []Supply {
		return []Supply{{Type: "ipc", Version: 1, Evidence: Stated, Inputs: ipcInputs(inputs)}}
	}
	return &Fleet{
		Name: "291",
		Note: "An example after the published facts of July 2024: build 7.11 is handed 20 of the 21 inputs that the definition declares. " +
			"The hosts, the limits and build 7.16 are invented.",
		Contracts: []Contract{
			{Build: "7.11", Hosts: 412_000, Reader: reader, Supplies: supply(20)},
			{Build: "7.16", Hosts: 588_000, Reader: hotfixed, Supplies: supply(21)},
		},
	}
}

func fleetReference() *Fleet {
	reader := Reader{
		Evidence:               Stated,
		Access:                 Named,
		Formats:                []string{channelfile.Version},
		Operators:              channelfile.Operators(),
		RefusesUnknownVersions: true,
		Limits: Limits{
			FileSize:             channelfile.MaxFileSize,
			WordsPerInstance:     channelfile.MaxWords,
			OperandsPerCriterion: channelfile.MaxOperands,
			ValueLength:          channelfile.MaxValueLength,
		},
	}
	// The sets of fields that recorded pipe events really have. What is ours
	// no recording has.
	contract := func(build string, hosts uint64, without ...string) Contract {
		inputs := ipcInputs(len(ipcDefinition().Inputs))
		for i := range inputs {
			if i >= sysmonPipeFields || slices.Contains(without, inputs[i].Name) {
				inputs[i].State = NotSupplied
			}
		}
		return Contract{Build: build, Hosts: hosts, Reader: reader,
			Supplies: []Supply{{Type: "ipc", Version: 1, Feed: "sysmon", Evidence: Observed, Inputs: inputs}}}
	}
	return &Fleet{
		Name: "reference",
		Note: "An example: the content interpreter of cfcheck, which finds inputs by name, on Sysmon's pipe events as four kinds of sources recorded them. " +
			"The hosts are invented.",
		Contracts: []Contract{
			contract("sysmon-8-fields", 70_000),
			contract("sysmon-7-fields", 20_000, "User"),
			contract("sysmon-6-fields", 8_000, "User", "EventType"),
			contract("sysmon-5-fields", 2_000, "User", "EventType", "ProcessId"),
		},
	}
}

// sysmonPipeFields is how many inputs of the definition are Sysmon's; they are
// the first.
const sysmonPipeFields = 8
