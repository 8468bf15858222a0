package builtin

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sensor"
)

const (
	eventsPage = "../../docs/events.md"
	// recordedCounts has the number of recorded events of each kind, because the recordings are not
	// part of this repository.
	recordedCounts = "testdata/recorded.txt"
)

// eventFileNames returns the names of the providers with a file.
func eventFileNames(t *testing.T) []string {
	t.Helper()
	entries, err := fs.ReadDir(eventFiles, "events")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".txt"))
	}
	return names
}

// TestEventFiles tests that each file is in the documented form, that each of its logs feeds a type,
// and that the type has an input for each field.
func TestEventFiles(t *testing.T) {
	except := newExceptions([]exception{
		{"security", "rules that read the name mean Computer", "ComputerName"},
		{"security", "rules that read the name mean the text that Windows composes", "Message"},
		{"system", "rules that read the name mean Computer", "ComputerName"},
		{"powershell", "rules that read the name mean the text that Windows composes", "Message message"},
	})
	for _, name := range eventFileNames(t) {
		seen := map[string]bool{}
		for _, s := range readEvents(name) {
			if s.provider != name || len(s.logs) == 0 || s.source == "" || s.windows == "" || len(s.events) == 0 {
				t.Errorf("%s: a section has provider %q, logs %q, source %q, Windows %q and %d lines of events; want all", name, s.provider, s.logs, s.source, s.windows, len(s.events))
			}
			for _, e := range s.events {
				for _, id := range e.ids {
					key := fmt.Sprint(s.logs, s.source, id, e.version)
					if seen[key] {
						t.Errorf("%s: %s has version %d of event %d twice", name, s.source, e.version, id)
					}
					seen[key] = true
				}
			}
			for _, log := range s.logs {
				types := 0
				for d := range Definitions().All() {
					for i := range d.Feeds {
						f := &d.Feeds[i]
						if f.Channel != log || f.Provider != "" && f.Provider != name || d.Logsources[0].Service == "" {
							continue
						}
						types++
						if f.Provider == "" && !slices.Contains(logProviders[log], name) {
							t.Errorf("%s: logProviders does not have it for log %s", name, log)
						}
						for _, e := range s.events {
							for _, field := range e.fields {
								has := slices.ContainsFunc(f.Fields, func(of sensor.FeedField) bool {
									return strings.EqualFold(strings.TrimPrefix(cmp.Or(of.Field, of.Input), "System/"), field)
								})
								if !has && !except.has(field, d.Name) {
									t.Errorf("%s: field %q of event %d is not in type %s", name, field, e.ids[0], d.Name)
								}
							}
						}
					}
				}
				if types == 0 {
					t.Errorf("%s: no type for a service has events of log %q", name, log)
				}
			}
		}
	}
	except.testNeeded(t, "TestEventFiles")
}

// TestKinds tests the kinds of some feeds.
func TestKinds(t *testing.T) {
	for _, tt := range []struct {
		typ      string
		id       uint32
		provider string
		has, not string // fields; not is "" if the kind is not known
	}{
		{"security", 4688, "", "NewProcessName CommandLine MandatoryLabel", "LogonType"},
		{"security", 4625, "", "LogonType SubStatus", "NewProcessName"},
		{"security", 4624, "", "LogonType ElevatedToken", "ObjectName"},
		{"security", 5143, "", "OldSd NewSd", "AccessMask"},
		{"security", 4608, "", "", "SubjectUserName"},
		{"security", 1108, "", "", ""},
		{"system", 16962, "Microsoft-Windows-Directory-Services-SAM", `"Default SD String:"`, "Client SID:"},
		{"system", 104, "Microsoft-Windows-Eventlog", "Channel BackupPath", "param1"},
		{"system", 7045, "Service Control Manager", "ServiceName ImagePath", "ProcessID"},
		{"system", 98, "Microsoft-Windows-Ntfs", "", ""},
		{"sysmon", 8, "", "SourceProcessGuid StartModule", "CallTrace"},
		{"sysmon", 10, "", "SourceProcessGuid CallTrace", "StartModule"},
		{"wmi_event", 19, "", "Query", "Destination"},
		{"windefend", 5013, "", "Value", "Old Value"},
		{"process_creation", 1, "", "", ""},
	} {
		d := Definitions().Newest(tt.typ)
		f := &d.Feeds[0]
		i := slices.IndexFunc(f.Kinds, func(k sensor.EventKind) bool { return slices.Contains(k.Events, tt.id) && k.Provider == tt.provider })
		if i < 0 {
			if tt.not != "" {
				t.Errorf("type %s: event %d of provider %q has no kind", tt.typ, tt.id, tt.provider)
			}
			continue
		}
		if tt.not == "" {
			t.Errorf("type %s: event %d of provider %q is of kind %v; want none", tt.typ, tt.id, tt.provider, f.Kinds[i])
		}
		for has, rest := nextName(tt.has); has != ""; has, rest = nextName(rest) {
			if !slices.Contains(f.Kinds[i].Fields, has) {
				t.Errorf("type %s: event %d has fields %q; want %q too", tt.typ, tt.id, f.Kinds[i].Fields, has)
			}
		}
		if slices.Contains(f.Kinds[i].Fields, tt.not) {
			t.Errorf("type %s: event %d has field %q; want none", tt.typ, tt.id, tt.not)
		}
	}
	for d := range Definitions().All() {
		for _, f := range d.Feeds {
			if want := len(f.Events) > 0 || d.Name == "sysmon"; f.Complete != want {
				t.Errorf("type %s, feed %s: complete is %v; want %v", d.Name, f.Name, f.Complete, want)
			}
		}
	}
}

// readCounts reads the numbers of recorded events, by log, provider and event ID.
func readCounts(t *testing.T) map[string]map[string]map[uint32]int {
	t.Helper()
	data, err := os.ReadFile(recordedCounts)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]map[string]map[uint32]int{}
	for line := range strings.Lines(string(data)) {
		part := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(part) != 3 {
			t.Fatalf("%s: %q; want a log, a provider and counts, with tabs between", recordedCounts, line)
		}
		byID := map[uint32]int{}
		for _, word := range strings.Fields(part[2]) {
			var id uint32
			var n int
			if _, err := fmt.Sscanf(word, "%d:%d", &id, &n); err != nil {
				t.Fatalf("%s: %q: %v", recordedCounts, word, err)
			}
			byID[id] = n
		}
		if counts[part[0]] == nil {
			counts[part[0]] = map[string]map[uint32]int{}
		}
		counts[part[0]][part[1]] = byID
	}
	return counts
}

// TestRecordedCounts tests that the table of counts has the numbers of the recordings.
func TestRecordedCounts(t *testing.T) {
	var b strings.Builder
	last := ""
	for _, e := range recordings(t) {
		if head := e.channel + "\t" + e.provider + "\t"; head != last {
			if last != "" {
				b.WriteByte('\n')
			}
			b.WriteString(head)
			last = head
		} else {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%d:%d", e.id, e.count)
	}
	b.WriteByte('\n')
	if *update {
		if err := os.WriteFile(recordedCounts, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if data, err := os.ReadFile(recordedCounts); err != nil || string(data) != b.String() {
		t.Errorf("%s does not have the counts of the recordings (%v); run go test ./sensor/builtin -run 'RecordedCounts|EventsPage' -update", recordedCounts, err)
	}
}

// TestEventsPage tests that docs/events.md agrees with the files of events.
func TestEventsPage(t *testing.T) {
	data, err := os.ReadFile(eventsPage)
	if err != nil && !*update {
		t.Fatal(err)
	}
	want := eventsText(t)
	if *update {
		if err := os.WriteFile(eventsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(data) != want {
		t.Errorf("%s is not what the files say; if they are right, run go test ./sensor/builtin -run EventsPage -update", eventsPage)
	}
}

const eventsIntro = `# Events and their fields

This page lists the fields of single events, with the source of each list. cfcheck's types for Windows logs rest on it: a field of an event here is an input of the log's [type](types.md). It is generated from [sensor/builtin/events](../sensor/builtin/events).

- *version* is the version of the event in its header. A later version mostly adds fields. Recordings do not state it, so a rule is held against the fields of all versions together.
- *recorded* is the number of recorded events of these IDs that a test compared with the list: each recorded field is in it, and with five recordings or more each of its fields is recorded, apart from exceptions with a reason. The recordings are public, from Windows 7 to 11 and Server 2012 to 2022, and not part of this repository.
- A dash stands for an event without fields.
- A list that can lack fields says so. cfcheck never says that such an event lacks a field, and neither of an event that is not on this page.
- Every event can also have ` + "`Data`" + `, into which exporters write messages.

The last section names the types whose fields have another source.
`

func eventsText(t *testing.T) string {
	counts := readCounts(t)
	var b strings.Builder
	b.WriteString(eventsIntro)
	for _, name := range eventFileNames(t) {
		fmt.Fprintf(&b, "\n## %s\n", name)
		log := ""
		for _, s := range readEvents(name) {
			if logs := strings.Join(s.logs, "`, `"); logs != log {
				fmt.Fprintf(&b, "\nLog: `%s`.", logs)
				if s.alone {
					b.WriteString(" No other provider writes these event IDs into it.")
				}
				b.WriteByte('\n')
				log = logs
			}
			fmt.Fprintf(&b, "\nSource: %s. Windows: %s.", sourceLink(s.source), s.windows)
			if s.partial != "" {
				fmt.Fprintf(&b, " The list can lack fields: %s.", s.partial)
			}
			b.WriteString("\n\n| events | version | recorded | fields |\n|---|---|---|---|\n")
			for _, e := range s.events {
				recorded := 0
				var ids []string
				for _, id := range e.ids {
					ids = append(ids, strconv.FormatUint(uint64(id), 10))
					for _, log := range s.logs {
						recorded += counts[log][name][id]
					}
				}
				fields := "–"
				if len(e.fields) > 0 {
					fields = "`" + strings.Join(e.fields, "`, `") + "`"
				}
				fmt.Fprintf(&b, "| %s | %d | %s | %s |\n", strings.Join(ids, ", "), e.version, map[bool]string{true: strconv.Itoa(recorded)}[recorded > 0], fields)
			}
		}
	}
	b.WriteString("\n## Types with another source\n\n| type | source |\n|---|---|\n")
	for d := range Definitions().All() {
		known := slices.ContainsFunc(d.Feeds, func(f sensor.Feed) bool {
			return len(f.Events) == 1 || len(f.Kinds) > 0 || len(readEvents(f.Provider)) > 0 || len(logProviders[f.Channel]) > 0
		})
		if !known {
			_, source, found := strings.Cut(d.Source, "; ")
			if !found {
				source = d.Source
			}
			fmt.Fprintf(&b, "| `%s` | %s |\n", d.Name, source)
		}
	}
	return b.String()
}

var repositoryFile = regexp.MustCompile(`([\w-]+/[\w-]+), (\S[^,]*), ([0-9a-f]{40})`)

// sourceLink returns a source with links to the files of repositories.
func sourceLink(source string) string {
	return repositoryFile.ReplaceAllStringFunc(source, func(s string) string {
		part := repositoryFile.FindStringSubmatch(s)
		return fmt.Sprintf("[%s, %s](https://github.com/%s/blob/%s/%s), commit %.8s", part[1], part[2], part[1], part[3], strings.ReplaceAll(part[2], " ", "%20"), part[3])
	})
}
