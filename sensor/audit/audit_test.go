package audit_test

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/audit"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// corrections are the differences between the list of subcategories from Microsoft's and WELA's
// tables and ours, by the two digits of the GUID: events that we add (+) or leave out (-).
var corrections = []struct {
	reason, subcategory string
	events              string
}{
	{"the list has the events of Other Object Access Events here too", "26", "-4671 -4691 -4698 -4699 -4700 -4701 -4702 -5148 -5149 -5888 -5889 -5890"},
	{"Microsoft's page of the subcategory has them", "26", "+5031 +5150 +5151 +5154 +5155 +5158 +5159"},
	{"missing in the list", "35", "+5379"},
	{"missing in the list", "1C", "+4825"},
	{"4574 is a misprint: no event has this ID", "28", "-4574 +4674"},
	{"Microsoft's page of the subcategory has them", "3F", "+4774 +4775 +4777"},
	{"Microsoft's page of the subcategory has them", "3D", "+4932 +4933"},
	{"an event between those of the list, on Microsoft's page", "14", "+6404"},
	{"a failed negotiation of either mode", "19", "+4654"},
	{"the event of Central Policy Staging", "46", "+4818"},
}

// TestSubcategories compares the built-in facts with the list that is not part of the repository.
func TestSubcategories(t *testing.T) {
	path := filepath.FromSlash("../../../shared/data/sysmon/audit_subcategories.tsv")
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("there is no list of subcategories at %s", path)
	} else if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = '\t'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[uint32]bool{}
	for _, row := range rows[1:] {
		events := map[uint32]bool{}
		for id := range strings.FieldsSeq(row[6]) {
			n, err := strconv.ParseUint(id, 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			events[uint32(n)] = true
		}
		want[row[0]] = events
	}
	for _, c := range corrections {
		events := want["0CCE92"+c.subcategory+"-69AE-11D9-BED3-505054503030"]
		for change := range strings.FieldsSeq(c.events) {
			n, _ := strconv.Atoi(change[1:])
			add := change[0] == '+'
			if events[uint32(n)] == add {
				t.Errorf("the correction %s of %s (%s) has no effect", change, c.subcategory, c.reason)
			}
			if add {
				events[uint32(n)] = true
			} else {
				delete(events, uint32(n))
			}
		}
	}
	list := audit.Subcategories()
	if len(list) != 59 || len(want) != 59 {
		t.Fatalf("%d subcategories of %d", len(list), len(want))
	}
	states := map[string]func(audit.Setting) bool{
		"on":  func(s audit.Setting) bool { return s > audit.SettingOff },
		"off": func(s audit.Setting) bool { return s == audit.SettingOff },
		"?":   func(s audit.Setting) bool { return s == audit.SettingUnknown },
	}
	for i, row := range rows[1:] {
		s := list[slices.IndexFunc(list, func(s audit.Subcategory) bool { return s.GUID == row[0] })]
		if s.Category != row[1] || s.Name != row[2] {
			t.Errorf("row %d: %s is %s/%s, want %s/%s", i, s.GUID, s.Category, s.Name, row[1], row[2])
		}
		if !states[row[3]](s.Client) || !states[row[4]](s.Server) {
			t.Errorf("%s is %s and %s by default, want %s and %s", s.Name, s.Client, s.Server, row[3], row[4])
		}
		got := map[uint32]bool{}
		for _, e := range s.Events {
			got[e.ID] = true
		}
		if diff := cmp.Diff(want[s.GUID], got); diff != "" {
			t.Errorf("events of %s (-want +got):\n%s", s.Name, diff)
		}
	}
}

// TestFacts tests facts that are easily confused.
func TestFacts(t *testing.T) {
	for _, test := range []struct {
		reason, name string
		event        audit.Event
	}{
		{"the ticket-granting ticket", "Kerberos Authentication Service", audit.Event{ID: 4768, Outcome: audit.SettingBoth}},
		{"the failed pre-authentication", "Kerberos Authentication Service", audit.Event{ID: 4771, Outcome: audit.SettingFailure}},
		{"the service ticket", "Kerberos Service Ticket Operations", audit.Event{ID: 4769, Outcome: audit.SettingBoth}},
		{"a failed logon", "Logon", audit.Event{ID: 4625, Outcome: audit.SettingFailure}},
		{"a handle to a file", "File System", audit.Event{ID: 4656, Outcome: audit.SettingBoth, SACL: true, Handles: true}},
		{"a value of the registry", "Registry", audit.Event{ID: 4657, Outcome: audit.SettingSuccess, SACL: true}},
		{"a change of the audit policy", "Audit Policy Change", audit.Event{ID: 4719, Outcome: audit.SettingSuccess, Always: true}},
		{"stored credentials that were read", "User Account Management", audit.Event{ID: 5379, Outcome: audit.SettingSuccess, Likely: true}},
		{"permissions of a token need no SACL", "Authorization Policy Change", audit.Event{ID: 4670, Outcome: audit.SettingSuccess}},
	} {
		for _, s := range audit.Subcategories() {
			if s.Name != test.name {
				continue
			}
			i := slices.IndexFunc(s.Events, func(e audit.Event) bool { return e.ID == test.event.ID })
			if i < 0 || s.Events[i] != test.event {
				t.Errorf("%s: %s has %+v, want %+v", test.reason, test.name, s.Events, test.event)
			}
		}
	}
	for _, s := range audit.Subcategories() {
		if s.Client != audit.SettingOff && s.Name == "Process Creation" {
			t.Error("Process Creation is on by default")
		}
		if slices.ContainsFunc(s.Events, func(e audit.Event) bool { return e.ID == 1102 }) {
			t.Errorf("%s has event 1102, which is always recorded", s.Name)
		}
	}
}

const (
	getHeader    = "Machine Name,Policy Target,Subcategory,Subcategory GUID,Inclusion Setting,Exclusion Setting\r\n"
	backupHeader = "Machine Name,Policy Target,Subcategory,Subcategory GUID,Inclusion Setting,Exclusion Setting,Setting Value\r\n"
	created      = "{0CCE922B-69AE-11D9-BED3-505054503030}"
	logon        = "{0cce9215-69ae-11d9-bed3-505054503030}"
	registry     = "0CCE921E-69AE-11D9-BED3-505054503030"
)

// backup returns a backup in which the given rows replace the rows of their subcategories. All other
// subcategories are audited.
func backup(rows string) string {
	var b strings.Builder
	b.WriteString(backupHeader + rows)
	for _, s := range audit.Subcategories() {
		if !strings.Contains(strings.ToUpper(rows), s.GUID) {
			b.WriteString("H,System,x,{" + s.GUID + "},x,,3\n")
		}
	}
	return b.String()
}

func utf16le(s string) string {
	var b bytes.Buffer
	for _, u := range utf16.Encode([]rune(s)) {
		_ = binary.Write(&b, binary.LittleEndian, u)
	}
	return b.String()
}

// TestRead tests the forms of a policy. The settings are those of Process Creation, Logon and
// Registry; "" means that the policy does not set it.
func TestRead(t *testing.T) {
	const rows = "H,System,Process Creation," + created + ",Success,\r\nH,System,Logon," + logon + ",Success and Failure,\r\nH,System,Registry,{" + registry + "},No Auditing,\r\n"
	for _, test := range []struct {
		reason, text            string
		form                    audit.Form
		creation, logon, access string
		notes                   int
	}{
		{"auditpol /get with an empty first line", "\r\n" + getHeader + rows, audit.FormEffective, "Success", "Success and Failure", "No Auditing", 0},
		{"lines that a console ended twice", strings.ReplaceAll(getHeader+rows, "\r\n", "\r\r\n"), audit.FormEffective, "Success", "Success and Failure", "No Auditing", 0},
		{"UTF-8 with a byte order mark", "\ufeff" + getHeader + rows, audit.FormEffective, "Success", "Success and Failure", "No Auditing", 0},
		{"UTF-16, as PowerShell writes it", "\xff\xfe" + utf16le(getHeader+rows), audit.FormEffective, "Success", "Success and Failure", "No Auditing", 0},
		{"UTF-16 without a byte order mark", utf16le(getHeader + rows), audit.FormEffective, "Success", "Success and Failure", "No Auditing", 0},
		{"a German Windows in UTF-8", "Computername,Richtlinienziel,Unterkategorie,Unterkategorie-GUID,Einschlusseinstellung,Ausschlusseinstellung\n" +
			"H,System,Prozesserstellung," + created + ",Erfolg,\nH,System,Anmelden," + logon + ",Erfolg und Fehler,\nH,System,Registrierung,{" + registry + "},Keine Überwachung,\n",
			audit.FormEffective, "Success", "Success and Failure", "No Auditing", 1},
		{"a German Windows in code page 850", "Computername,Richtlinienziel,Unterkategorie,Unterkategorie-GUID,Einschlusseinstellung,Ausschlusseinstellung\n" +
			"H,System,Registrierung,{" + registry + "},Keine \x9aberwachung,\n", audit.FormEffective, "", "", "No Auditing", 1},
		{"a language that is not known, without numbers", "a,b,c,d,e,f\nH,System,x," + created + ",Réussite,\n", audit.FormEffective, "unknown", "", "", 2},
		{"a language that is not known, with numbers", strings.Replace(backup("H,System,x,"+created+",Успех и сбой,,3\nH,System,x,"+registry+",x,,0\n"), "Machine Name", "Имя", 1),
			audit.FormBackup, "Success and Failure", "Success and Failure", "No Auditing", 0},
		{"the whole header in another language", strings.Replace(backup("H,System,x,"+created+",x,,1\n"), backupHeader, "а,б,в,г,д,е,ж\n", 1),
			audit.FormBackup, "Success", "Success and Failure", "Success and Failure", 1},
		{"a backup: 0 is off, options and SACLs are no subcategories", backup("H,System,Process Creation," + created + ",Success,,1\nH,System,Registry,{" + registry +
			"},No Auditing,,0\nH,,Option:CrashOnAuditFail,,Disabled,,0\nH,,FileGlobalSacl,,,,\n"), audit.FormBackup, "Success", "Success and Failure", "No Auditing", 0},
		{"a part of a backup, or a policy object with the name of a machine", backupHeader + "H,System,Process Creation," + created + ",Success,,1\nH,System,Registry,{" + registry +
			"},No Auditing,,0\n", audit.FormList, "Success", "", "unknown", 1},
		{"a global SACL is a remark", backupHeader + "H,System,Process Creation," + created + ",Success,,1\nH,,RegistryGlobalSacl,,,,S:(AU;SA;FA;;;WD)\n", audit.FormList, "Success", "", "", 1},
		{"a group policy object: 0 is not set, 4 is off", backupHeader + ",System,Audit Process Creation," + created + ",No Auditing,,4\n,System,Audit Logon," + logon +
			",Failure,,2\n,System,Audit Registry,{" + registry + "},No Auditing,,0\n", audit.FormGroupPolicy, "No Auditing", "Failure", "", 0},
		{"a number counts more than a text", backupHeader + "H,System,Logon," + logon + ",No Auditing,,3\n", audit.FormList, "", "Success and Failure", "", 0},
		{"a list with quotes", "\"Subcategory\",\"Subcategory GUID\",\"Inclusion Setting\"\n\"Process Creation\",\"" + created + "\",\"Success and Failure\"\n", audit.FormList, "Success and Failure", "", "", 0},
		{"a list with semicolons, in another order", "Setting;GUID\nFailure;" + logon + "\n", audit.FormList, "", "Failure", "", 0},
		{"a list without a header", logon + ",Success\n", audit.FormList, "", "Success", "", 0},
		{"a list of names", "Subcategory,Setting\nAudit Logon,Success\nProcess Creation,No Auditing\n", audit.FormList, "No Auditing", "Success", "", 0},
		{"a list of names without a header", "Logon,Success\n", audit.FormList, "", "Success", "", 0},
		{"0 in a list can mean two things", logon + ",0\n", audit.FormList, "", "unknown", "", 1},
		{"a GUID that is not known", getHeader + "H,System,New,{0CCE92FF-69AE-11D9-BED3-505054503030},Success,\n" + rows, audit.FormEffective, "Success", "Success and Failure", "No Auditing", 1},
		{"the same row twice", getHeader + rows + rows, audit.FormEffective, "Success", "Success and Failure", "No Auditing", 0},
	} {
		p, err := audit.Read("policy.csv", []byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", test.reason, err)
			continue
		}
		got := map[string]string{}
		for _, r := range p.Rows {
			got[r.Subcategory.Name] = r.Setting.String()
		}
		want := []string{test.creation, test.logon, test.access}
		if is := []string{got["Process Creation"], got["Logon"], got["Registry"]}; !slices.Equal(is, want) || p.Form != test.form || len(p.Notes) != test.notes {
			t.Errorf("%s: %s with %q and %d notes %v, want %s with %q and %d notes", test.reason, p.Form, is, len(p.Notes), p.Notes, test.form, want, test.notes)
		}
	}
}

// TestReadLines tests that a row keeps its line, and that a row for one user does not replace the
// row for all.
func TestReadLines(t *testing.T) {
	p, err := audit.Read("policy.csv", []byte("\n"+backupHeader+"H,System,Logon,"+logon+",Success,,1\nH,S-1-5-21-1-2-3-500,Logon,"+logon+",Success,Failure,9\nH,S-1-5-21-1-2-3-501,Logon,"+logon+",,,0\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Rows) != 2 || p.Rows[0].Line != 3 || p.Rows[0].User != "" || p.Rows[1].Line != 4 || p.Rows[1].User != "S-1-5-21-1-2-3-500" {
		t.Errorf("the rows are %+v", p.Rows)
	}
}

// TestReadRefuses tests documents that are no audit policy.
func TestReadRefuses(t *testing.T) {
	for _, test := range []struct{ reason, text, want string }{
		{"nothing", "", "p.csv: found no subcategory"},
		{"only a header", getHeader, "p.csv: found no subcategory"},
		{"the table for readers", "System audit policy\n\nCategory/Subcategory                      Setting\nSystem\n  Security System Extension               No Auditing\n",
			"p.csv:3: found a row without the GUID of a subcategory"},
		{"two machines", getHeader + "A,System,Logon," + logon + ",Success,\nB,System,Registry,{" + registry + "},Success,\n", `p.csv:3: found the machine "B"; line 2 has "A"`},
		{"two settings", getHeader + "A,System,Logon," + logon + ",Success,\nA,System,Logon," + logon + ",Failure,\n", "p.csv:3: found Logon again with another setting; line 2 has it already"},
		{"a quote without an end", logon + ",\"Success\n", "p.csv:1: found a field in quotes without its end"},
		{"text behind a quote", logon + ",\"Success\"x\n", "p.csv:1: found \"x\" behind a field in quotes"},
		{"bytes", "\x7fELF\x02\x01\x01\x00", "found a zero byte at offset 7"},
		{"half a character", "\xff\xfea", "found UTF-16 of 1 bytes"},
		{"a large document", strings.Repeat("a", audit.MaxSize+1), "expected an audit policy of at most"},
	} {
		_, err := audit.Read("p.csv", []byte(test.text))
		var e *audit.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: the error is %v; it should contain %q", test.reason, err, test.want)
		}
	}
}

// supply returns the supply of a type from a feed.
func supply(t *testing.T, p *audit.Policy, o audit.Options, typ, feed string) *sensor.Supply {
	t.Helper()
	for _, s := range p.Supplies(builtin.Definitions(), o) {
		if s.Type == typ && s.Feed == feed {
			return &s
		}
	}
	t.Fatalf("type %s has no feed %s", typ, feed)
	return nil
}

// TestSupplies tests which events and inputs hosts record.
func TestSupplies(t *testing.T) {
	on := func(names ...string) audit.Switches {
		s := audit.Switches{}
		for _, n := range names {
			name, off := strings.CutPrefix(n, "-")
			if err := s.Set(name, !off); err != nil {
				t.Fatal(err)
			}
		}
		return s
	}
	const policy = backupHeader + "H,System,Process Creation," + created + ",Success,,1\nH,System,Registry,{" + registry + "},Success,,1\n"
	for _, test := range []struct {
		reason           string
		policy           string // "" means Windows' defaults
		role             audit.Role
		switches         audit.Switches
		typ, feed        string
		collected        sensor.Collected
		collectedBecause string // part of the reason
		line             int
		input            string
		state            sensor.State
		because          string
	}{
		{"process creation is off by default", "", audit.RoleClient, nil, "process_creation", "security-4688", sensor.CollectedNone, "Process Creation is No Auditing by default", 0,
			"CommandLine", sensor.StateNotSupplied, "which it is not by default"},
		{"the policy turns it on", policy, audit.RoleClient, nil, "process_creation", "security-4688", sensor.CollectedAll, "records event 4688", 2,
			"CommandLine", sensor.StateNotSupplied, "which it is not by default"},
		{"with the command line", policy, audit.RoleClient, on("command-line"), "process_creation", "security-4688", sensor.CollectedAll, "", 2, "CommandLine", sensor.StateSupplied, "which it is"},
		{"the ID is a constant", policy, audit.RoleClient, nil, "process_creation", "security-4688", sensor.CollectedAll, "", 2, "EventID", sensor.StateConstant, ""},
		{"failures alone have no event 4688", backupHeader + "H,System,Process Creation," + created + ",Failure,,2\n", audit.RoleClient, nil,
			"process_creation", "security-4688", sensor.CollectedNone, "Process Creation is Failure", 2, "Image", sensor.StateSupplied, ""},
		{"one user differs", backupHeader + "H,System,Process Creation," + created + ",No Auditing,,4\nH,S-1-5-21-9,Process Creation," + created + ",Success,,1\n", audit.RoleClient, nil,
			"process_creation", "security-4688", sensor.CollectedSome, "the policy of one user differs for Process Creation", 3, "Image", sensor.StateSupplied, ""},
		{"a text that is not understood", "a,b,c,d,e,f\nH,System,x," + created + ",Réussite,\n", audit.RoleClient, nil,
			"process_creation", "security-4688", sensor.CollectedSome, "not known", 2, "Image", sensor.StateSupplied, ""},
		{"a value of the registry needs a SACL", policy, audit.RoleClient, nil, "security", "security", sensor.CollectedSome, "only for objects with a SACL: events 4656, 4657, ", 0,
			"ObjectValueName", sensor.StateConditional, "only event 4657 has it, and only for objects with a SACL"},
		{"which the objects have", policy, audit.RoleClient, on("sacls"), "security", "security", sensor.CollectedSome, "not recorded: events ", 0, "ObjectValueName", sensor.StateSupplied, ""},
		{"which no object has", policy, audit.RoleClient, on("-sacls"), "security", "security", sensor.CollectedSome, "not recorded: events ", 0, "ObjectValueName", sensor.StateUnknown, "4657"},
		{"nothing records it", "", audit.RoleClient, nil, "security", "security", sensor.CollectedSome, "4656-4658", 0, "ObjectValueName", sensor.StateUnknown, "of the known events only event 4657 has it"},
		{"the command line of the whole log", policy, audit.RoleClient, nil, "security", "security", sensor.CollectedSome, "", 0, "CommandLine", sensor.StateUnknown, "which it is not by default"},
		{"scripts that look suspicious", "", audit.RoleClient, nil, "ps_script", "powershell", sensor.CollectedSome, "look suspicious", 0, "ScriptBlockText", sensor.StateSupplied, ""},
		{"all scripts", "", audit.RoleClient, on("script-blocks"), "ps_script", "powershell", sensor.CollectedAll, "is on", 0, "ScriptBlockText", sensor.StateSupplied, ""},
		{"no scripts", "", audit.RoleClient, on("-script-blocks"), "ps_script", "powershell", sensor.CollectedNone, "is off", 0, "ScriptBlockText", sensor.StateSupplied, ""},
		{"modules are off by default", "", audit.RoleClient, nil, "ps_module", "powershell", sensor.CollectedNone, "off by default", 0, "Payload", sensor.StateSupplied, ""},
		{"modules are on", "", audit.RoleClient, on("modules"), "ps_module", "powershell", sensor.CollectedAll, "is on", 0, "Payload", sensor.StateSupplied, ""},
		{"the whole log of PowerShell", "", audit.RoleClient, nil, "powershell", "powershell", sensor.CollectedSome, "event 4103: module logging is off by default; event 4104", 0, "Payload", sensor.StateSupplied, ""},
		{"the old log", "", audit.RoleClient, nil, "ps_classic_start", "powershell-classic", sensor.CollectedAll, "", 0, "Data", sensor.StateSupplied, ""},
		{"pipelines in the old log", "", audit.RoleClient, nil, "ps_classic_script", "powershell-classic", sensor.CollectedSome, "some modules only", 0, "Data", sensor.StateSupplied, ""},
		{"a log that is off by default", "", audit.RoleClient, nil, "taskscheduler", "taskscheduler", sensor.CollectedNone, "off by default", 0, "TaskName", sensor.StateSupplied, ""},
		{"which somebody turned on", "", audit.RoleClient, on("microsoft-windows-taskscheduler/operational"), "taskscheduler", "taskscheduler", sensor.CollectedAll, "is on", 0, "TaskName", sensor.StateSupplied, ""},
		{"a log that is on", "", audit.RoleClient, nil, "system", "system", sensor.CollectedAll, "on by default", 0, "Channel", sensor.StateSupplied, ""},
		{"a role", "", audit.RoleServer, nil, "dns-server", "dns-server", sensor.CollectedSome, "only where the role", 0, "param1", sensor.StateSupplied, ""},
	} {
		p := new(audit.Policy)
		if test.policy != "" {
			var err error
			if p, err = audit.Read("p.csv", []byte(test.policy)); err != nil {
				t.Fatal(err)
			}
		}
		s := supply(t, p, audit.Options{Role: test.role, Switches: test.switches, Source: "policy"}, test.typ, test.feed)
		if c := s.Collected; c.Events != test.collected || !strings.Contains(c.Basis.Reason, test.collectedBecause) || c.Basis.Place.Line != test.line {
			t.Errorf("%s: %s events are collected, line %d: %s", test.reason, c.Events, c.Basis.Place.Line, c.Basis.Reason)
		}
		in := s.Input(sensor.AccessNamed, -1, test.input)
		reason := ""
		if in.Basis != nil {
			reason = in.Basis.Reason
		}
		if in.State != test.state || !strings.Contains(reason, test.because) {
			t.Errorf("%s: %s is %s: %s", test.reason, test.input, in.State, reason)
		}
	}
}

// TestOff tests which events of the Security log are said not to be recorded.
func TestOff(t *testing.T) {
	for _, test := range []struct {
		reason string
		policy string
		role   audit.Role
		event  uint32
		want   sensor.Collected
	}{
		{"the log was cleared", "", audit.RoleClient, 1102, sensor.CollectedSome},
		{"a failed logon on a client", "", audit.RoleClient, 4625, sensor.CollectedNone},
		{"a failed logon on a server", "", audit.RoleServer, 4625, sensor.CollectedSome},
		{"a failed logon, client or server", "", audit.RoleUnknown, 4625, sensor.CollectedSome},
		{"a task in the scheduler", "", audit.RoleServer, 4698, sensor.CollectedNone},
		{"the same, with the subcategory to which lists wrongly count it", backupHeader + "H,System,x,{0CCE9226-69AE-11D9-BED3-505054503030},x,,3\n", audit.RoleServer, 4698, sensor.CollectedNone},
		{"the same, with its own", backupHeader + "H,System,x,{0CCE9227-69AE-11D9-BED3-505054503030},x,,1\n", audit.RoleServer, 4698, sensor.CollectedSome},
		{"the policy was changed", backupHeader + "H,System,x,{0CCE922F-69AE-11D9-BED3-505054503030},x,,4\n", audit.RoleClient, 4719, sensor.CollectedSome},
		{"an event that probably belongs to a subcategory that is off", backupHeader + "H,System,x,{0CCE9235-69AE-11D9-BED3-505054503030},x,,4\n", audit.RoleClient, 5379, sensor.CollectedSome},
		{"another event of it", backupHeader + "H,System,x,{0CCE9235-69AE-11D9-BED3-505054503030},x,,4\n", audit.RoleClient, 4720, sensor.CollectedNone},
		{"an event of an unknown outcome", backupHeader + "H,System,x,{0CCE9243-69AE-11D9-BED3-505054503030},x,,1\n", audit.RoleServer, 6273, sensor.CollectedSome},
		{"a subcategory without a known default", "", audit.RoleServer, 6273, sensor.CollectedSome},
	} {
		p := new(audit.Policy)
		if test.policy != "" {
			var err error
			if p, err = audit.Read("p.csv", []byte(test.policy)); err != nil {
				t.Fatal(err)
			}
		}
		s := supply(t, p, audit.Options{Role: test.role}, "security", "security")
		if got := s.Collected.Records(test.event); got != test.want {
			t.Errorf("%s: of event %d hosts record %s, want %s", test.reason, test.event, got, test.want)
		}
	}
}

// TestFleet writes the supplies as a fleet, for both roles and for a policy of everything.
func TestFleet(t *testing.T) {
	var everything strings.Builder
	everything.WriteString(backupHeader)
	for _, s := range audit.Subcategories() {
		everything.WriteString("H,System,x,{" + s.GUID + "},x,,3\n")
	}
	p, err := audit.Read("p.csv", []byte(everything.String()))
	if err != nil {
		t.Fatal(err)
	}
	sacls := audit.Switches{audit.SwitchSACLs: true}
	if s := supply(t, p, audit.Options{Switches: sacls}, "security", "security"); s.Collected.Events != sensor.CollectedAll {
		t.Errorf("with every subcategory on, %s events are collected: %s", s.Collected.Events, s.Collected.Basis.Reason)
	}
	for _, p := range []*audit.Policy{p, new(audit.Policy)} {
		for _, role := range []audit.Role{audit.RoleUnknown, audit.RoleClient, audit.RoleServer} {
			f := &sensor.Fleet{Name: "f", Contracts: []sensor.Contract{{Build: "b", Hosts: 1, Reader: sensor.OwnReader(),
				Supplies: p.Supplies(builtin.Definitions(), audit.Options{Role: role})}}}
			if _, err := f.JSON(); err != nil {
				t.Error(err)
			}
			if err := f.Undefined(builtin.Definitions()); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestSwitches tests names of switches.
func TestSwitches(t *testing.T) {
	s := audit.Switches{}
	for _, test := range []struct {
		name string
		on   bool
		want string
	}{
		{"command-line", true, ""},
		{"command-line", true, ""},
		{"command-line", false, `the switch "command-line" is both on and off`},
		{"SYSTEM", true, ""},
		{"script-block", true, `did you mean "script-blocks"?`},
	} {
		err := s.Set(test.name, test.on)
		if got := ""; err != nil {
			got = err.Error()
			if test.want == "" || !strings.Contains(got, test.want) {
				t.Errorf("%s: the error is %q", test.name, got)
			}
		} else if test.want != "" {
			t.Errorf("%s: no error; it should be %q", test.name, test.want)
		}
	}
	if !s["System"] {
		t.Errorf("the switches are %v", s)
	}
}

// TestLogs tests that every log of a built-in type is known, except Sysmon's and the kernel's.
func TestLogs(t *testing.T) {
	has := map[string]bool{}
	for _, s := range new(audit.Policy).Supplies(builtin.Definitions(), audit.Options{}) {
		has[s.Type+" "+s.Feed] = true
	}
	for d := range builtin.Definitions().All() {
		for _, f := range d.Feeds {
			if !has[d.Name+" "+f.Name] && f.Provider != "Microsoft-Windows-Sysmon" && f.Provider != "Microsoft-Windows-Kernel-File" {
				t.Errorf("nothing is known about channel %s of type %s", f.Channel, d.Name)
			}
		}
	}
}

// FuzzRead reads any policy. It is refused with a line, or its supplies are a fleet.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		getHeader + "H,System,Process Creation," + created + ",Success,\r\n",
		backupHeader + "H,S-1-5-21-1,Logon," + logon + ",Success,Failure,9\nH,,Option:CrashOnAuditFail,,Disabled,,0\n",
		backupHeader + ",System,Audit Logon," + logon + ",Success,,4\n,,RegistryGlobalSacl,,,,S:(AU)\n",
		"Setting;GUID\n\"Fail\"\"ure\";" + logon + "\n", "\xff\xfe" + utf16le("Logon,Success\n"), "Audit Logon\tSuccess",
	} {
		f.Add([]byte(s))
	}
	definitions := builtin.Definitions()
	security := definitions.Newest("process_creation")
	some := new(sensor.Definitions)
	if err := some.Add(security); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := audit.Read("p.csv", data)
		lines := bytes.Count(data, []byte{'\n'}) + 1
		if err != nil {
			if e := (*audit.Error)(nil); !errors.As(err, &e) || e.Line < 0 || e.Line > lines {
				t.Fatalf("an error without a place: %v", err)
			}
			return
		}
		for _, r := range p.Rows {
			if r.Line < 1 || r.Line > lines {
				t.Errorf("a row in line %d of %d", r.Line, lines)
			}
		}
		fleet := &sensor.Fleet{Name: "f", Contracts: []sensor.Contract{{Build: "b", Hosts: 1, Reader: sensor.OwnReader(), Sources: []sensor.Source{{Name: "s", Path: "p"}},
			Supplies: p.Supplies(some, audit.Options{Source: "s"})}}}
		if _, err := fleet.JSON(); err != nil {
			t.Error(err)
		}
	})
}
