package builtin

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sensor"
)

// realData is the folder of recorded events and of the published rules of the Sigma project. They
// are not part of this repository; the tests are skipped without them.
const realData = "../../../shared/data/dev"

// notFields are names in recorded events that the feeds of a type do not list. "*" means all
// types.
var notFields = []struct{ typ, feed, why, names string }{
	{"*", "security-4688", "what Sigma's taxonomy has no name for",
		"SubjectUserSid SubjectDomainName TokenElevationType TargetUserSid TargetUserName TargetDomainName TargetLogonId MandatoryLabel"},
	{"*", "security-4689", "what Sigma's taxonomy has no name for", "SubjectUserSid SubjectDomainName SubjectLogonId Status"},
	{"*", "security-5156", "numbers that mean something else than Sysmon's words, and what Sigma's taxonomy has no name for",
		"Direction Protocol FilterRTID LayerName LayerRTID RemoteMachineID RemoteUserID FilterOrigin InterfaceIndex"},
	{"*", "dns-client-3008", "what Sigma's taxonomy has no name for", "QueryOptions QueryType"},
	{"security", "*", "event 1108 names a lost event by its number; EventID is that of the event itself", "EventID"},
	{"system", "*", "event 16937 of the directory names another computer; rules that read the name mean Computer", "ComputerName"},
	{"system", "*", "setup events, whose names have spaces; the same events have them without as well",
		"Host_OS_Name Install_was_an_upgrade Host_OS_was_Windows_PE Host_OS_major_version Host_OS_minor_version Host_OS_build_version " +
			"Host_OS_service_pack_Name Host_OS_service_pack_major_version Host_OS_service_pack_minor_version OS_Name OS_EditionID OS_major_version " +
			"OS_minor_version OS_build_version OS_service_pack_Name OS_service_pack_major_version OS_service_pack_minor_version " +
			"Installation_choice Host_OS_Major_version Host_OS_Minor_version Host_OS_Build_number Host_OS_Service_pack_major_number Host_OS_Service_pack_minor_number"},
	{"system", "*", "names that are a piece of the message", "Sent_UpdateServer Default_SD_String: Client_Network_Address: Client_SID:"},
	{"*", "powershell-classic", "what a program that ships events calls the elements of Data", "param1 param2 param3"},
	{"*", "powershell", "the rendered message, where a recording has no fields", "Data"},
	{"shell-core", "*", "a name with a space, of an event that no rule reads", "Failure_reason"},
}

// TestRecordedFields tests that every field of the recorded events is in the table of each feed of
// the event, and that no value is longer than the maximum of its input.
func TestRecordedFields(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short: it reads all 225 MB of recorded events")
	}
	files, _ := filepath.Glob(realData + "/events/*.ndjson.gz")
	if len(files) == 0 {
		t.Skipf("recorded events are not at %s", realData)
	}
	except := map[[3]string]bool{}
	for _, e := range notFields {
		for _, name := range strings.Fields(e.names) {
			except[[3]string{e.typ, e.feed, strings.ReplaceAll(name, "_", " ")}] = true
		}
	}
	type destination struct {
		d     *sensor.Definition
		f     *sensor.Feed
		known map[string]*sensor.Input // by name that occurred; nil for an exception
	}
	used := map[[3]string]bool{}
	find := func(to *destination, name string) (in *sensor.Input, ok bool) {
		for _, key := range [][3]string{{to.d.Name, to.f.Name, name}, {"*", to.f.Name, name}, {to.d.Name, "*", name}} {
			if except[key] {
				used[key] = true
				return nil, true
			}
		}
		for i := range to.f.Fields {
			field := &to.f.Fields[i]
			if strings.EqualFold(cmp.Or(field.Field, field.Input), name) {
				k, _ := to.d.Input(field.Input)
				return &to.d.Inputs[k], true
			}
		}
		return nil, false
	}
	kinds := map[string][]*destination{} // by provider, channel and event ID
	missing := map[string]int{}
	events := 0
	for _, file := range files {
		eachEvent(t, file, func(id, channel, provider, data []byte) {
			events++
			key := append(append(append(append(append([]byte{}, provider...), '|'), channel...), '|'), id...)
			to, ok := kinds[string(key)]
			if !ok {
				n, _ := strconv.ParseUint(string(id), 10, 32)
				for d := range Definitions().All() {
					for i := range d.Feeds {
						f := &d.Feeds[i]
						if (f.Provider == "" || f.Provider == string(provider)) && f.Channel == string(channel) &&
							(len(f.Events) == 0 || slices.Contains(f.Events, uint32(n))) {
							to = append(to, &destination{d, f, map[string]*sensor.Input{}})
						}
					}
				}
				kinds[string(key)] = to
			}
			if len(to) == 0 {
				return
			}
			eachPair(data, func(name, value []byte) {
				for _, to := range to {
					in, ok := to.known[string(name)]
					if !ok {
						if in, ok = find(to, string(name)); !ok {
							missing[fmt.Sprintf("type %s, feed %s: field %q of %s", to.d.Name, to.f.Name, name, key)]++
						}
						to.known[string(name)] = in
					}
					if in != nil && len(value)-2 > in.MaxLength {
						var s string
						if err := json.Unmarshal(value, &s); err != nil || len(s) > in.MaxLength {
							t.Errorf("%s, input %s: a recorded value has %d bytes; at most %d expected: %.80s", to.d.Name, in.Name, len(s), in.MaxLength, s)
						}
					}
				}
			})
		})
	}
	if events < 100_000 {
		t.Errorf("%d recorded events; expected more than 100,000", events)
	}
	for what := range missing {
		t.Errorf("%s is in no table", what)
	}
	for key := range except {
		if !used[key] {
			t.Errorf("type %s, feed %s: %q is an exception that no recorded event needs", key[0], key[1], key[2])
		}
	}
}

// eachEvent calls yield for the events of a file, with strings as written in the file. It supports
// only the form of these files.
func eachEvent(t *testing.T, file string, yield func(id, channel, provider, data []byte)) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		head, data, ok := bytes.Cut(lines.Bytes(), []byte(`,"EventData":{`))
		id, rest, ok2 := bytes.Cut(bytes.TrimPrefix(head, []byte(`{"EventID":`)), []byte(`,"Channel":"`))
		channel, rest, ok3 := bytes.Cut(rest, []byte(`","Provider":"`))
		provider, _, ok4 := bytes.Cut(rest, []byte(`","Computer":"`))
		if !ok || !ok2 || !ok3 || !ok4 {
			t.Fatalf("%s:%d is not in the expected form: %.100s", file, n, lines.Bytes())
		}
		yield(id, channel, provider, data)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
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
