// Package builtin has the definitions and example fleets that come with cfcheck.
//
// It has one template type for each Windows category and service of Sigma. Each type is one row of
// a table; docs/types.md lists them.
package builtin

import (
	"sync"

	"github.com/cfcheck/cfcheck/sensor"
)

// Definitions returns the built-in definitions. The type for the Sigma category pipe_created is
// called "ipc". The caller owns the set and may add to it, but must not change the definitions,
// which all sets share.
func Definitions() *sensor.Definitions { return builtin().set.Clone() }

// builtin returns the shared definitions. They are built once, and each of them at first use. A
// test reads all of them.
var builtin = sync.OnceValue(newBuiltin)

// builtinDefinitions are the built-in definitions, as a set and as a list.
type builtinDefinitions struct {
	set  sensor.Definitions
	list []lazyDefinition
}

// A lazyDefinition is a definition that is completed in two steps. See
// [sensor.Definitions.AddLazily].
type lazyDefinition struct {
	*sensor.Definition
	complete func() // sets all fields except Feed.Kinds, once
}

func newBuiltin() *builtinDefinitions {
	b := new(builtinDefinitions)
	add := func(d *sensor.Definition, complete, kinds func()) {
		complete = sync.OnceFunc(complete)
		if err := b.set.AddLazily(d, complete, kinds); err != nil {
			panic("builtin: " + err.Error())
		}
		b.list = append(b.list, lazyDefinition{d, complete})
	}
	for _, d := range ipcDefinitions() {
		add(d, func() {}, nil)
	}
	for t := range builtinTypes {
		d := t.head()
		add(d, func() {
			// Do not write the fields that head sets: another goroutine may be reading them.
			whole := t.build(*t)
			d.Title, d.Source, d.Inputs, d.Keywords, d.Feeds = whole.Title, whole.Source, whole.Inputs, whole.Keywords, whole.Feeds
		}, func() {
			for i := range d.Feeds {
				// The events of a feed for one event have all of its fields.
				if f := &d.Feeds[i]; len(f.Events) != 1 {
					f.Kinds = kindsOf(f)
				}
			}
		})
	}
	return b
}

// builtinTypes calls yield for the rows of the tables.
func builtinTypes(yield func(t *builtinType) bool) {
	for _, types := range [...][]builtinType{sysmonTypes[:], powershellTypes[:], serviceTypes[:]} {
		for i := range types {
			if !yield(&types[i]) {
				return
			}
		}
	}
}

// A builtinType is one row of the tables of built-in types. It describes version 1 of a type.
type builtinType struct {
	number            uint32
	category, service string // of Sigma; one of them names the type, the other is ""
	also              string // another name of the service in rules
	build             func(builtinType) *sensor.Definition
}

// head returns the fields that the set needs to find the definition of the type.
func (t *builtinType) head() *sensor.Definition {
	d := &sensor.Definition{Name: t.category + t.service, Number: t.number, Version: 1, Channel: 1000 + t.number}
	d.Logsources = []sensor.Logsource{{Product: "windows", Category: t.category, Service: t.service}}
	if t.also != "" {
		d.Logsources = append(d.Logsources, sensor.Logsource{Product: "windows", Service: t.also})
	}
	return d
}

// definition returns the definition of the type.
func (t *builtinType) definition(title, source string, inputs []sensor.Input, feeds []sensor.Feed, keywords ...string) *sensor.Definition {
	d := t.head()
	d.Title, d.Source = title, "Sigma: "+d.Logsources[0].String()+"; "+source
	addForms(feeds)
	d.Inputs, d.Feeds, d.Keywords = inputs, feeds, keywords
	for i := range feeds {
		feeds[i].Complete = len(feeds[i].Events) > 0
	}
	return d
}

// sysmonPipe is the source of the fields of two Sysmon events, in their order: the creation of a
// pipe (17) and a connection to a pipe (18).
const sysmonPipe = "Sysmon event 17/18, schema 4.90"

// ipcDefinitions returns the versions of the type ipc. Version 2 appends the fields of the header.
// Version 1 has the 21 inputs of the events of July 2024.
func ipcDefinitions() []*sensor.Definition {
	first, second := ipcDefinition(), ipcDefinition()
	second.Version = 2
	second.Inputs = append(second.Inputs, envelopeInputs[:]...)
	second.Feeds[0].Fields = append(second.Feeds[0].Fields, envelopeFields[:]...)
	return []*sensor.Definition{first, second}
}

// ipcDefinition returns version 1 of the type ipc.
func ipcDefinition() *sensor.Definition {
	str := func(name, source string, maxLength int) sensor.Input {
		return sensor.Input{Name: name, Type: sensor.TypeString, Source: source, MaxLength: maxLength}
	}
	d := &sensor.Definition{
		Name: "ipc", Number: 1, Version: 1, Channel: 291,
		Title:  "creation of named pipes and connections to them",
		Source: "cfcheck: the fields of Sysmon's pipe events, and 13 that a sensor of our story adds",
		Inputs: []sensor.Input{
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
		Logsources: []sensor.Logsource{{Product: "windows", Category: "pipe_created"}},
		Feeds: []sensor.Feed{{Name: "sysmon", Source: sysmonFeed, Provider: sysmonProvider, Channel: sysmonChannel, Events: []uint32{17, 18}, Complete: true,
			Fields: words("RuleName@8.0 EventType@10.0 UtcTime ProcessGuid ProcessId PipeName Image User@13.30")}},
	}
	addForms(d.Feeds)
	return d
}
