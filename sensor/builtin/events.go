package builtin

import (
	"cmp"
	"embed"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
)

// The fields of single events are in the folder events, in one file for each provider. A file
// begins with the provider and its log. Then it has sections, one for each source:
//
//	Provider: Microsoft-Windows-Security-Auditing
//	Log: Security
//	Alone: yes
//
//	$S SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId
//
//	Source: jdu2600/Windows10EtwEvents, manifest/..., 086d88e5...
//	Windows: 10 1809
//	4608,4609 -
//	4688 $S NewProcessId NewProcessName TokenElevationType ProcessId
//	4688v1 $S NewProcessId NewProcessName TokenElevationType ProcessId CommandLine
//
// A line has event IDs, all with the same version of the event or without one, and the names of the
// fields in order. A name with spaces is in quotes. A "-" stands for an event without fields. "$S"
// stands for the names in its own line. Recordings do not state the versions of events, so a
// version counts only as further fields.
//
//   - Log begins the events of a log; several lines in a row state several logs.
//   - "Alone: yes" means that no other provider writes these event IDs into the log. A log with one
//     provider needs no such line.
//   - Source begins a section. Windows is the version that the source describes.
//   - Partial is the reason why the events of the section can have further fields. Such an event is
//     never said to lack a field.
//
// docs/events.md is generated from the files. A type reads its files when a caller first asks for
// its definition.
//
//go:embed events/*.txt
var eventFiles embed.FS

// An eventSource is a section of a file: events of a provider by one source.
type eventSource struct {
	provider string
	logs     []string
	alone    bool
	source   string
	windows  string
	partial  string // reason why the events can have further fields; "" means that they cannot
	events   []eventFields
}

// eventFields are the fields of an event in one version, or of several events.
type eventFields struct {
	ids     []uint32
	version int
	fields  []string
}

// logProviders are the providers with a file that write into the logs of several providers.
var logProviders = map[string][]string{
	"Application": {"Application Error", "Application-Addon-Event-Provider"},
	"Security":    {securityProvider, "Microsoft-Windows-Eventlog"},
	"System": {"Microsoft-Windows-DNS-Client", "Microsoft-Windows-Directory-Services-SAM", "Microsoft-Windows-Eventlog",
		"Microsoft-Windows-Ntfs", "Service Control Manager"},
	"Microsoft-IIS-Configuration/Operational": {"Microsoft-Windows-IIS-Configuration"},
}

// readEvents reads the file of a provider. It returns nil if the provider has no file. It panics if
// the file is malformed; a test reads all files.
func readEvents(provider string) []eventSource {
	data, err := eventFiles.ReadFile("events/" + provider + ".txt")
	if err != nil {
		return nil
	}
	var sources []eventSource
	var s eventSource
	macros := map[string][]string{}
	var all []string // names of all lines, which share its memory
	names := func(list string) []string {
		start := len(all)
		for {
			var name string
			if name, list = nextName(list); name == "" {
				return slices.Clip(all[start:])
			}
			if name[0] == '$' {
				all = append(all, macros[name]...)
			} else if name != "-" {
				all = append(all, name)
			}
		}
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		first, rest, _ := strings.Cut(line, " ")
		switch first {
		case "", "#":
		case "Provider:":
			s.provider = rest
		case "Log:":
			if s.source != "" {
				sources = append(sources, s)
				s = eventSource{provider: s.provider}
			}
			s.logs = append(s.logs, rest)
		case "Alone:":
			s.alone = rest == "yes"
		case "Source:":
			if s.source != "" {
				sources = append(sources, s)
				s = eventSource{provider: s.provider, logs: s.logs, alone: s.alone}
			}
			s.source = rest
		case "Windows:":
			s.windows = rest
		case "Partial:":
			s.partial = rest
		default:
			if first[0] == '$' {
				macros[first] = names(rest)
				continue
			}
			e := eventFields{fields: names(rest)}
			for word := range strings.SplitSeq(first, ",") {
				id, version, found := strings.Cut(word, "v")
				n, err := strconv.ParseUint(id, 10, 32)
				v := 0
				if found && err == nil {
					v, err = strconv.Atoi(version)
				}
				if err != nil || len(e.ids) > 0 && v != e.version {
					panic("builtin: events of " + provider + ": " + line)
				}
				e.ids, e.version = append(e.ids, uint32(n)), v
			}
			s.events = append(s.events, e)
		}
	}
	return append(sources, s)
}

// nextName returns the first name of a list, without quotes, and the rest of the list. The name is
// "" if the list has no more names.
func nextName(list string) (name, rest string) {
	list = strings.TrimLeft(list, " ")
	if quoted, ok := strings.CutPrefix(list, `"`); ok {
		name, rest, _ = strings.Cut(quoted, `"`)
		return name, rest
	}
	name, rest, _ = strings.Cut(list, " ")
	return name, rest
}

// addKinds adds to a feed what the files of the providers say about its events. A name of the files
// that the feed does not have is not added: it is the name of a field of the header.
func addKinds(f *sensor.Feed) {
	providers := logProviders[f.Channel]
	if f.Provider != "" {
		providers = []string{f.Provider}
	}
	// An entry is what one line says about one event.
	type entry struct {
		id       uint32
		provider string
		fields   []int // indices in f.Fields
		partial  bool
	}
	var entries []entry
	fields := newFieldNames(f)
	for _, name := range providers {
		for _, s := range readEvents(name) {
			if !slices.Contains(s.logs, f.Channel) {
				continue
			}
			provider := s.provider
			if f.Provider != "" || s.alone {
				provider = ""
			}
			for _, e := range s.events {
				list := fields.indices(e.fields)
				for _, id := range e.ids {
					if len(f.Events) == 0 || slices.Contains(f.Events, id) {
						entries = append(entries, entry{id, provider, list, s.partial != ""})
					}
				}
			}
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.provider, b.provider))
	})
	same := map[string]int{} // index of the kind, by provider and fields
	var key []byte
	for i := 0; i < len(entries); {
		e := entries[i]
		for i++; i < len(entries) && entries[i].id == e.id && entries[i].provider == e.provider; i++ {
			e.fields = union(e.fields, entries[i].fields)
			e.partial = e.partial || entries[i].partial
		}
		if e.partial {
			continue
		}
		key = append(key[:0], e.provider...)
		for _, field := range e.fields {
			key = binary.BigEndian.AppendUint16(key, uint16(field))
		}
		if k, ok := same[string(key)]; ok {
			f.Kinds[k].Events = append(f.Kinds[k].Events, e.id)
			continue
		}
		same[string(key)] = len(f.Kinds)
		kind := sensor.EventKind{Events: []uint32{e.id}, Provider: e.provider}
		if len(e.fields) > 0 {
			kind.Fields = make([]string, len(e.fields))
		}
		for k, field := range e.fields {
			kind.Fields[k] = cmp.Or(f.Fields[field].Field, f.Fields[field].Input)
		}
		f.Kinds = append(f.Kinds, kind)
	}
}

// union returns the elements of both lists, those of a first. It does not change the lists.
func union(a, b []int) []int {
	all := slices.Clip(a)
	for _, e := range b {
		if !slices.Contains(a, e) {
			all = append(all, e)
		}
	}
	return all
}

// fieldNames finds the fields of a feed by their names in events.
type fieldNames struct {
	feed  *sensor.Feed
	index map[string]int // -1 for a name that the feed does not have
}

func newFieldNames(f *sensor.Feed) *fieldNames {
	n := &fieldNames{f, make(map[string]int, len(f.Fields))}
	for i := range f.Fields {
		n.index[cmp.Or(f.Fields[i].Field, f.Fields[i].Input)] = i
	}
	return n
}

// indices returns the indices of the fields with the given names, in the same order. Names compare
// without regard to case, as in recorded events. It leaves out names that the feed does not have.
func (n *fieldNames) indices(names []string) []int {
	list := make([]int, 0, len(names))
	for _, name := range names {
		i, ok := n.index[name]
		if !ok {
			i = slices.IndexFunc(n.feed.Fields, func(field sensor.FeedField) bool {
				return strings.EqualFold(cmp.Or(field.Field, field.Input), name)
			})
			n.index[name] = i
		}
		if i >= 0 {
			list = append(list, i)
		}
	}
	return list
}
