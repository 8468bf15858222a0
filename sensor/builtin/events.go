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
	var line, block []string // names of a line, and memory for the names of further lines
	names := func(list string) []string {
		line = line[:0]
		for {
			var name string
			if name, list = nextName(list); name == "" {
				break
			}
			if name[0] == '$' {
				line = append(line, macros[name]...)
			} else if name != "-" {
				line = append(line, name)
			}
		}
		if len(block)+len(line) > cap(block) {
			block = make([]string, 0, max(256, len(line)))
		}
		start := len(block)
		block = append(block, line...)
		return slices.Clip(block[start:])
	}
	for text := range strings.Lines(string(data)) {
		text = strings.TrimSuffix(text, "\n")
		first, rest, _ := strings.Cut(text, " ")
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
					panic("builtin: events of " + provider + ": " + text)
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

// kindsOf returns what the files of the providers say about the events of a feed. It leaves out a
// name that the feed does not have, which is the name of a field of the header.
func kindsOf(f *sensor.Feed) []sensor.EventKind {
	providers := logProviders[f.Channel]
	if f.Provider != "" {
		providers = []string{f.Provider}
	}
	// A line is what a line of a file says. An entry is what it says about one event.
	type line struct {
		provider string
		fields   []uint16 // indices in f.Fields
		partial  bool
	}
	type entry struct{ id, line uint32 } // line is an index
	var lines []line
	var entries []entry
	fields := newFieldNames(f)
	for _, name := range providers {
		sources := readEvents(name)
		n := 0
		for i := range sources {
			n += len(sources[i].events)
		}
		lines, entries = slices.Grow(lines, n), slices.Grow(entries, 2*n)
		for i := range sources {
			s := &sources[i]
			if !slices.Contains(s.logs, f.Channel) {
				continue
			}
			provider := s.provider
			if f.Provider != "" || s.alone {
				provider = ""
			}
			for _, e := range s.events {
				for _, id := range e.ids {
					if len(f.Events) == 0 || slices.Contains(f.Events, id) {
						entries = append(entries, entry{id, uint32(len(lines))})
					}
				}
				lines = append(lines, line{provider, fields.indices(e.fields), s.partial != ""})
			}
		}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(lines[a.line].provider, lines[b.line].provider), cmp.Compare(a.line, b.line))
	})
	var kinds []sensor.EventKind
	same := map[string]int{} // index of the kind, by provider and fields
	var key []byte
	var all []uint16 // fields of an event
	for i := 0; i < len(entries); {
		id, provider, partial := entries[i].id, lines[entries[i].line].provider, false
		all = all[:0]
		for ; i < len(entries) && entries[i].id == id && lines[entries[i].line].provider == provider; i++ {
			l := &lines[entries[i].line]
			for _, field := range l.fields {
				if !slices.Contains(all, field) {
					all = append(all, field)
				}
			}
			partial = partial || l.partial
		}
		if partial {
			continue
		}
		key = append(key[:0], provider...)
		for _, field := range all {
			key = binary.BigEndian.AppendUint16(key, field)
		}
		if k, ok := same[string(key)]; ok {
			kinds[k].Events = append(kinds[k].Events, id)
			continue
		}
		same[string(key)] = len(kinds)
		kind := sensor.EventKind{Events: []uint32{id}, Provider: provider}
		if len(all) > 0 {
			kind.Fields = make([]string, len(all))
		}
		for k, field := range all {
			kind.Fields[k] = cmp.Or(f.Fields[field].Field, f.Fields[field].Input)
		}
		kinds = append(kinds, kind)
	}
	return kinds
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
func (n *fieldNames) indices(names []string) []uint16 {
	list := make([]uint16, 0, len(names))
	for _, name := range names {
		i, ok := n.index[name]
		if !ok {
			i = slices.IndexFunc(n.feed.Fields, func(field sensor.FeedField) bool {
				return strings.EqualFold(cmp.Or(field.Field, field.Input), name)
			})
			n.index[name] = i
		}
		if i >= 0 {
			list = append(list, uint16(i))
		}
	}
	return list
}
