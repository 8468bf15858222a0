package builtin

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cfcheck/cfcheck/sensor"
)

// realData is the folder of recorded events and of the published rules of the Sigma project. They
// are not part of this repository; the tests are skipped without them.
const realData = "../../../shared/data/dev"

// An exception is a list of names that a test does not hold against a definition, with the reason.
// A test fails if it does not need an exception. The names are in quotes if they have spaces.
type exception struct{ where, why, names string }

// exceptions are the names of a list, by the place of the exception and the name.
type exceptions map[[2]string]*bool // whether the exception was needed

func newExceptions(list []exception) exceptions {
	e := exceptions{}
	for _, x := range list {
		for name, rest := nextName(x.names); name != ""; name, rest = nextName(rest) {
			e[[2]string{x.where, name}] = new(bool)
		}
	}
	return e
}

// has reports whether one of the places has an exception for the name.
func (e exceptions) has(name string, places ...string) bool {
	for _, place := range places {
		if needed, ok := e[[2]string{place, name}]; ok {
			*needed = true
			return true
		}
	}
	return false
}

func (e exceptions) testNeeded(t *testing.T, list string) {
	for key, needed := range e {
		if !*needed {
			t.Errorf("%s: the exception for %q of %s is not needed", list, key[1], key[0])
		}
	}
}

// notFields are names in recorded events that a feed does not list. The place is a feed or a type.
var notFields = []exception{
	{"security-4688", "Sigma's taxonomy has no name for them", "SubjectUserSid SubjectDomainName TokenElevationType TargetUserSid TargetUserName TargetDomainName TargetLogonId"},
	{"security-4689", "Sigma's taxonomy has no name for them", "SubjectUserSid SubjectDomainName SubjectLogonId Status"},
	{"security-5156", "Sigma's taxonomy has no name for them", "FilterRTID LayerName LayerRTID RemoteMachineID RemoteUserID FilterOrigin InterfaceIndex"},
	{"dns-client-3008", "Sigma's taxonomy has no name for them", "QueryOptions QueryType"},
	{"security", "event 1108 names a lost event by its number; EventID is the number of the event itself", "EventID"},
	{"system", "event 16937 of the directory names another computer; rules that read the name mean Computer", "ComputerName"},
	{"powershell-classic", "a program that ships events names the elements of Data so", "param1 param2 param3"},
	{"ps_module", "the rendered message, where a recording has no fields", "Data"},
	{"ps_script", "the rendered message, where a recording has no fields", "Data"},
}

// notInKinds are fields of recorded events that the kind of the event does not list. The place is
// the event.
var notInKinds = []exception{
	{"Security Microsoft-Windows-Security-Auditing 4690", exporter, "ProcessId"},
	{"Security Microsoft-Windows-Security-Auditing 4798", exporter, "ProcessId"},
	{"Security Microsoft-Windows-Security-Auditing 4799", exporter, "ProcessId"},
	{"Security Microsoft-Windows-Security-Auditing 5058", exporter, "ProcessId"},
	{"Security Microsoft-Windows-Security-Auditing 5059", exporter, "ProcessId"},
	{"System Microsoft-Windows-Directory-Services-SAM 16937", "an exporter adds the name of the element that holds the data", "Name"},
	{"System Microsoft-Windows-Directory-Services-SAM 16962", "an exporter adds the name of the element that holds the data", "Name"},
}

const (
	exporter = "an exporter adds the process of the header; no version of the event has the field"
	newer    = "a version of the event that is newer than the recordings has it"
	tickets  = "the update of 14 January 2025 added it, and the recordings are older"
)

// neverRecorded are fields of kinds with recordings that no recording has. The place is the event.
var neverRecorded = []exception{
	{"Microsoft-Windows-DNS-Client/Operational Microsoft-Windows-DNS-Client 3006", "it is empty, and exporters leave out empty fields", "ServerList"},
	{"Microsoft-Windows-Windows Defender/Operational Microsoft-Windows-Windows Defender 1151", "older platforms of the antivirus have it; the recordings are of newer ones",
		`"AV Signature version" "AS Signature version" "NRI Signature version" "Last AV signature age" "Last AS signature age" ` +
			`"AV signature creation time" "AS signature creation time"`},
	{"Microsoft-Windows-PowerShell/Operational Microsoft-Windows-PowerShell 24577", "the recordings have only the message, in Data", "FileName"},
	{"Microsoft-Windows-TaskScheduler/Operational Microsoft-Windows-TaskScheduler 129", "the field of this name in the header took its place in the exporter", "ProcessID"},
	{"Security Microsoft-Windows-Security-Auditing 4728", newer, "MembershipExpirationTime"},
	{"Security Microsoft-Windows-Security-Auditing 4732", newer, "MembershipExpirationTime"},
	{"Security Microsoft-Windows-Security-Auditing 4756", newer, "MembershipExpirationTime"},
	{"Security Microsoft-Windows-Security-Auditing 4768", tickets, "AccountAvailableKeys AccountSupportedEncryptionTypes ClientAdvertizedEncryptionTypes " +
		"DCAvailableKeys DCSupportedEncryptionTypes PreAuthEncryptionType ResponseTicket ServiceAvailableKeys ServiceSupportedEncryptionTypes SessionKeyEncryptionType"},
	{"Security Microsoft-Windows-Security-Auditing 4769", tickets, "AccountAvailableKeys AccountSupportedEncryptionTypes ClientAdvertizedEncryptionTypes " +
		"DCAvailableKeys DCSupportedEncryptionTypes RequestTicketHash ResponseTicketHash ServiceAvailableKeys ServiceSupportedEncryptionTypes SessionKeyEncryptionType"},
	{"Security Microsoft-Windows-Security-Auditing 4770", tickets, "RequestTicketHash ResponseTicketHash"},
	{"Security Microsoft-Windows-Security-Auditing 5157", newer, "FilterOrigin InterfaceIndex"},
	{"System Microsoft-Windows-Directory-Services-SAM 16403", "the element is optional", "Binary"},
	{"System Service Control Manager 7023", "the element is optional", "Binary"},
	{"System Service Control Manager 7034", "the element is optional", "Binary"},
}

// minRecorded is the number of recorded events of a kind from which each of its fields must be in
// one of them.
const minRecorded = 5

// A recordedEvent is a provider, a log and an event ID, with the recordings of these events.
type recordedEvent struct {
	provider, channel string
	id                uint32
	count             int
	fields            map[string]*recordedField

	// The fields with placeholders of the feeds of the event, in lower case, and the events
	// that lack them.
	placed map[string]*recordedLack
}

// A recordedField is a field of recorded events.
type recordedField struct {
	count   int
	longest string // the longest value

	forms  []sensor.Form       // of the feeds of the event
	judged map[string]struct{} // values that were compared with the forms
	other  string              // a value that is not of one of the forms
}

// A recordedLack counts the events without a field.
type recordedLack struct {
	older int // events of a Sysmon that did not have all of its fields yet
	newer int
}

func (e *recordedEvent) String() string {
	return fmt.Sprintf("%s %s %d", e.channel, cmp.Or(e.provider, "(no provider)"), e.id)
}

// of reports whether the event belongs to a feed, as package events decides it.
func (e *recordedEvent) of(f *sensor.Feed) bool {
	return (f.Provider == "" || e.provider == "" || strings.EqualFold(f.Provider, e.provider)) &&
		f.Channel != "" && strings.EqualFold(f.Channel, e.channel) && (len(f.Events) == 0 || slices.Contains(f.Events, e.id))
}

// kind returns the kind of a feed that the event is of, or nil if its fields are not known.
func (e *recordedEvent) kind(f *sensor.Feed) *sensor.EventKind {
	for i := range f.Kinds {
		k := &f.Kinds[i]
		if slices.Contains(k.Events, e.id) && (k.Provider == "" || strings.EqualFold(k.Provider, e.provider)) {
			return k
		}
	}
	return nil
}

// forms returns the forms that feeds of the event state for a field.
func (e *recordedEvent) forms(name string) (forms []sensor.Form) {
	e.eachField(func(f *sensor.FeedField) {
		if f.Form != sensor.FormAny && strings.EqualFold(cmp.Or(f.Field, f.Input), name) && !slices.Contains(forms, f.Form) {
			forms = append(forms, f.Form)
		}
	})
	return forms
}

// placeholders returns the fields for which feeds of the event state placeholders.
func (e *recordedEvent) placeholders() map[string]*recordedLack {
	placed := map[string]*recordedLack{}
	e.eachField(func(f *sensor.FeedField) {
		if len(f.Placeholders) > 0 {
			placed[strings.ToLower(cmp.Or(f.Field, f.Input))] = new(recordedLack)
		}
	})
	return placed
}

// eachField calls yield for the fields of all feeds that the event belongs to.
func (e *recordedEvent) eachField(yield func(f *sensor.FeedField)) {
	for d := range Definitions().All() {
		for i := range d.Feeds {
			if e.of(&d.Feeds[i]) {
				for k := range d.Feeds[i].Fields {
					yield(&d.Feeds[i].Fields[k])
				}
			}
		}
	}
}

// judge compares a value, with its quotes and escapes, with the forms of the field.
func (f *recordedField) judge(value []byte) {
	if len(f.forms) == 0 {
		return
	}
	if _, known := f.judged[string(value)]; known {
		return
	}
	f.judged[string(value)] = struct{}{}
	var s string
	if json.Unmarshal(value, &s) != nil || slices.ContainsFunc(f.forms, func(form sensor.Form) bool { return !form.Has(s) }) {
		f.other = string(value)
	}
}

// recordedEvents reads all recorded events once.
var recordedEvents = sync.OnceValues(func() ([]*recordedEvent, error) {
	files, err := filepath.Glob(realData + "/events/*.ndjson.gz")
	if err != nil {
		return nil, err
	}
	byKey := map[string]*recordedEvent{}
	placed := map[string]bool{} // fields of an event, in lower case
	for _, file := range files {
		err := eachEvent(file, func(id, channel, provider, data []byte) error {
			key := append(append(append(append(append([]byte{}, provider...), '|'), channel...), '|'), id...)
			e := byKey[string(key)]
			if e == nil {
				n, err := strconv.ParseUint(string(id), 10, 32)
				if err != nil {
					return err
				}
				e = &recordedEvent{provider: string(provider), channel: string(channel), id: uint32(n), fields: map[string]*recordedField{}}
				e.placed = e.placeholders()
				byKey[string(key)] = e
			}
			e.count++
			clear(placed)
			noRule := false
			eachPair(data, func(name, value []byte) {
				f := e.fields[string(name)]
				if f == nil {
					f = &recordedField{forms: e.forms(string(name)), judged: map[string]struct{}{}}
					e.fields[string(name)] = f
				}
				f.count++
				f.judge(value)
				if len(e.placed) > 0 {
					placed[strings.ToLower(string(name))] = true
					noRule = noRule || string(name) == "RuleName" && string(value) == `""`
				}
				if len(value)-2 > len(f.longest) {
					// The escapes of a value make it longer only in the file.
					var s string
					if json.Unmarshal(value, &s) == nil && len(s) > len(f.longest) {
						f.longest = s
					}
				}
			})
			for name, lack := range e.placed {
				switch {
				case placed[name]:
				case noRule: // Sysmon 10 and later write "-" for the name of no rule
					lack.older++
				default:
					lack.newer++
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return slices.SortedFunc(maps.Values(byKey), func(a, b *recordedEvent) int {
		return cmp.Or(cmp.Compare(a.channel, b.channel), cmp.Compare(a.provider, b.provider), cmp.Compare(a.id, b.id))
	}), nil
})

// recordings returns all recorded events. It skips the test without them.
func recordings(t *testing.T) []*recordedEvent {
	t.Helper()
	if testing.Short() {
		t.Skip("left out with -short: it reads all 225 MB of recorded events")
	}
	events, err := recordedEvents()
	if err != nil {
		t.Fatal(err)
	}
	if len(events) == 0 {
		t.Skipf("recorded events are not at %s", realData)
	}
	return events
}

// TestRecordedFields tests the definitions against all recorded events. A recorded field is in each
// feed of the event, and in the kind of the event if its fields are known. A field of a kind with
// enough recordings is recorded. No value is longer than the maximum of its input.
func TestRecordedFields(t *testing.T) {
	events := recordings(t)
	notFields, notInKinds, neverRecorded := newExceptions(notFields), newExceptions(notInKinds), newExceptions(neverRecorded)
	total, kinds := 0, 0
	for _, e := range events {
		total += e.count
		for d := range Definitions().All() {
			for i := range d.Feeds {
				f := &d.Feeds[i]
				if !e.of(f) {
					continue
				}
				k := e.kind(f)
				if k != nil {
					kinds++
				}
				for name, field := range e.fields {
					at := slices.IndexFunc(f.Fields, func(field sensor.FeedField) bool {
						return strings.EqualFold(cmp.Or(field.Field, field.Input), name)
					})
					switch {
					case at >= 0:
						input, _ := d.Input(f.Fields[at].Input)
						if longest := d.Inputs[input].MaxLength; len(field.longest) > longest {
							t.Errorf("%s, input %s: a recorded value has %d bytes; at most %d expected: %.80s", d.Name, d.Inputs[input].Name, len(field.longest), longest, field.longest)
						}
						if k != nil && name != "Data" && !slices.ContainsFunc(k.Fields, func(of string) bool { return strings.EqualFold(of, name) }) && !notInKinds.has(name, e.String()) {
							t.Errorf("type %s: %s has field %q in %d recordings, and its kind does not", d.Name, e, name, field.count)
						}
					case !notFields.has(name, f.Name, d.Name):
						t.Errorf("type %s, feed %s: field %q of %s is not in the definition", d.Name, f.Name, name, e)
					}
				}
				if k == nil || e.count < minRecorded || e.provider == "" {
					continue // too few, or from an exporter that leaves out what it does not know
				}
				for _, name := range k.Fields {
					recorded := false
					for of := range e.fields {
						recorded = recorded || strings.EqualFold(of, name)
					}
					if !recorded && !neverRecorded.has(name, e.String()) {
						t.Errorf("type %s: the kind of %s has field %q, and none of %d recordings has", d.Name, e, name, e.count)
					}
				}
			}
		}
	}
	if total < 100_000 || kinds < 100 {
		t.Errorf("%d recorded events, %d kinds of them known; expected more than 100,000 and 100", total, kinds)
	}
	notFields.testNeeded(t, "notFields")
	notInKinds.testNeeded(t, "notInKinds")
	neverRecorded.testNeeded(t, "neverRecorded")
}

// TestRecordedForms tests the forms and the placeholders of all fields against all recorded events:
// no recorded value has another form, and no event of a version that has a field with placeholders
// lacks it.
func TestRecordedForms(t *testing.T) {
	// Events by which a form or a placeholder could be refuted. A statement about events without
	// recordings would rest on documents alone.
	const least = 4
	stated := map[string]int{} // recorded values, by channel, form and field
	for _, e := range recordings(t) {
		for name, f := range e.fields {
			for _, form := range f.forms {
				stated[fmt.Sprintf("%s: %v %s", e.channel, form, strings.ToLower(name))] += f.count
			}
			if f.other != "" {
				t.Errorf("field %s of %s has the value %.200s; want the form %v", name, e, f.other, f.forms)
			}
		}
		for name, lack := range e.placed {
			if e.count < least || lack.newer > 0 {
				t.Errorf("%d of %d recordings of %s lack field %s, and %d of an older Sysmon; want %d recordings at least, and none of a newer one without it", lack.newer, e.count, e, name, lack.older, least)
			}
		}
	}
	for i := range sourceForms {
		for name, f := range formsOf()[i] {
			if f.form == sensor.FormAny {
				continue
			}
			n := 0
			for key, count := range stated {
				if strings.HasPrefix(key, sourceForms[i].channel+": "+f.form.String()+" ") && strings.HasSuffix(key, " "+name) {
					n += count
				}
			}
			if n < least {
				t.Errorf("%s: form %v of field %s has %d recorded values; want %d", sourceForms[i].channel, f.form, name, n, least)
			}
		}
	}
	if len(stated) < 50 {
		t.Errorf("%d fields of recorded events have a form; want more than 50", len(stated))
	}
}

// TestNeverHasIt tests that the events of a feed have no field with the name of an input that the
// feed does not supply, neither in recordings nor in their lists of fields. A finding says that the
// feed never has the input.
func TestNeverHasIt(t *testing.T) {
	events := recordings(t)
	lacks := 0
	for d := range Definitions().All() {
		for i := range d.Feeds {
			f := &d.Feeds[i]
			have := map[string]string{} // a place, by name in lower case
			for _, e := range events {
				if e.of(f) {
					for name := range e.fields {
						have[strings.ToLower(name)] = fmt.Sprintf("recordings of %s", e)
					}
				}
			}
			for _, s := range readEvents(f.Provider) {
				for _, e := range s.events {
					for _, id := range e.ids {
						if slices.Contains(s.logs, f.Channel) && (len(f.Events) == 0 || slices.Contains(f.Events, id)) {
							for _, name := range e.fields {
								have[strings.ToLower(name)] = fmt.Sprintf("event %d in the file of %s", id, f.Provider)
							}
						}
					}
				}
			}
			for _, in := range d.Inputs {
				if f.Field(in.Name) != nil {
					continue
				}
				lacks++
				if place, ok := have[strings.ToLower(in.Name)]; ok {
					t.Errorf("type %s: feed %s never has %s by its definition; it is a field in %s", d.Name, f.Name, in.Name, place)
				}
			}
		}
	}
	if lacks < 40 {
		t.Errorf("feeds lack %d inputs; expected more than 40", lacks)
	}
}

// eachEvent calls yield for the events of a file, with strings as written in the file. It supports
// only the form of these files.
func eachEvent(file string, yield func(id, channel, provider, data []byte) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		head, data, ok := bytes.Cut(lines.Bytes(), []byte(`,"EventData":{`))
		id, rest, ok2 := bytes.Cut(bytes.TrimPrefix(head, []byte(`{"EventID":`)), []byte(`,"Channel":"`))
		channel, rest, ok3 := bytes.Cut(rest, []byte(`","Provider":"`))
		provider, _, ok4 := bytes.Cut(rest, []byte(`","Computer":"`))
		if !ok || !ok2 || !ok3 || !ok4 {
			return fmt.Errorf("%s:%d is not in the expected form: %.100s", file, n, lines.Bytes())
		}
		if err := yield(id, channel, provider, data); err != nil {
			return err
		}
	}
	return lines.Err()
}

// eachPair calls yield for each name and string value of an object, after its opening brace. The
// name has no quotes; the value has them.
func eachPair(data []byte, yield func(name, value []byte)) {
	str := func() []byte { // with quotes
		start := bytes.IndexByte(data, '"')
		if start < 0 {
			return nil
		}
		end := start + 1
		for data[end] != '"' {
			if data[end] == '\\' {
				end++
			}
			end++
		}
		s := data[start : end+1]
		data = data[end+1:]
		return s
	}
	for name := str(); name != nil; name = str() {
		yield(name[1:len(name)-1], str())
	}
}

// TestPublishedLogsources tests that every logsource of the published rules has a type.
func TestPublishedLogsources(t *testing.T) {
	if _, err := os.Stat(realData); err != nil {
		t.Skipf("the Sigma project's published rules are not at %s", realData)
	}
	defs := Definitions()
	rules := 0
	err := filepath.WalkDir(filepath.Join(realData, "sigma"), func(path string, e os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".yml") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rules++
		// The block of lines below "logsource:", whose values are plain words.
		_, block, _ := strings.Cut(string(text), "\nlogsource:")
		var l sensor.Logsource
		for line := range strings.Lines(strings.TrimLeft(block, " \r\n")) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			value, _, _ = strings.Cut(value, "#")
			switch value = strings.Trim(value, " '\""); key {
			case "product":
				l.Product = value
			case "category":
				l.Category = value
			case "service":
				l.Service = value
			case "detection":
				if defs.TypeOf(l) == "" {
					t.Errorf("%s: there is no type for %s", path, l)
				}
				return nil
			}
		}
		t.Errorf("%s: no detection after the logsource", path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if rules < 1000 {
		t.Errorf("%d rules; expected the 1,790 that were there", rules)
	}
}
