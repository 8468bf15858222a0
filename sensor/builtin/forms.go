package builtin

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/cfcheck/cfcheck/sensor"
)

// sourceForms are the forms in which a source writes its fields. Each form holds for all versions
// of the source, and a test compares it with all recorded events.
//
// A line has a form and the fields, as recorded, that have it. "Name=text" gives an example. A line
// that begins with "absent" has the placeholders that the source writes into the fields if it has
// no value. Names compare without regard to case, as in recorded events.
var sourceForms = [...]struct {
	channel string
	events  []uint32 // event IDs; nil means all events of the channel
	lines   []string
}{
	// The schema of Sysmon has the types of the fields (sysmon -s).
	{sysmonChannel, nil, []string{
		"decimal ProcessId ParentProcessId SourceProcessId TargetProcessId SourceThreadId NewThreadId",
		"decimal TerminalSessionId=1 Session=1 SourcePort=49246 DestinationPort=443 QueryStatus=0",
		"hexadecimal LogonId=0x3e7 GrantedAccess=0x1010 StartAddress=0x000001E811820000",
		"guid ProcessGuid LogonGuid ParentProcessGuid SourceProcessGuid TargetProcessGuid",
		"boolean Initiated SourceIsIpv6 DestinationIsIpv6 Signed IsExecutable",
		"address SourceIp DestinationIp",
		"word Protocol=tcp IntegrityLevel=High",
		"user User ParentUser SourceUser TargetUser",
		"hashes Hashes",
	}},
	// Sysmon leaves out no field of an event. The recordings show the placeholders: for a file
	// without a description of its version, for a process whose parent has ended, and for code
	// outside of a module.
	{sysmonChannel, []uint32{1}, []string{
		"absent:-,? FileVersion Product Company OriginalFileName",
		"absent:- ParentImage ParentCommandLine",
	}},
	{sysmonChannel, []uint32{7}, []string{"absent:-,? FileVersion Product Company OriginalFileName"}},
	{sysmonChannel, []uint32{8}, []string{"absent:- StartModule StartFunction"}},

	// The manifest has the types of the fields, and Microsoft's pages on single events describe
	// them: HexInt64, HexInt32 and Pointer are hexadecimal, UInt32 is decimal. Texts such as
	// %%1842 are the numbers of messages, which viewers replace by words.
	{"Security", nil, []string{
		"decimal LogonType=3 KeyLength=128",
		"hexadecimal SubjectLogonId=0x3e7 TargetLogonId=0x3e7 NewProcessId HandleId SubStatus=0xc0000064",
		"hexadecimal TicketEncryptionType=0x17 TicketOptions=0x40810000",
		"guid LogonGuid SubcategoryGuid TransactionId ObjectGUID",
		"message ElevatedToken=%%1842 VirtualAccount=%%1843 TokenElevationType=%%1936",
	}},
	{"Security", []uint32{4688}, []string{"hexadecimal ProcessId", "name SubjectUserName", "account MandatoryLabel"}},
	{"Security", []uint32{4689}, []string{"hexadecimal ProcessId", "name SubjectUserName"}},
	{"Security", []uint32{5156}, []string{
		"decimal ProcessID Protocol=6 SourcePort=49246 DestPort=443",
		"message Direction",
		"address SourceAddress DestAddress",
		"device-path Application",
	}},
	{"Microsoft-Windows-DNS-Client/Operational", []uint32{3008}, []string{"decimal QueryStatus=0"}},
}

// A fieldForm is a statement about a field.
type fieldForm struct {
	form         sensor.Form
	example      string
	placeholders []string
}

// formsOf returns the statements of each element of sourceForms, by the name of the field in lower
// case.
var formsOf = sync.OnceValue(func() (list [len(sourceForms)]map[string]fieldForm) {
	for i := range sourceForms {
		list[i] = map[string]fieldForm{}
		for _, line := range sourceForms[i].lines {
			words := strings.Fields(line)
			var f fieldForm
			if texts, ok := strings.CutPrefix(words[0], "absent:"); ok {
				f.placeholders = strings.Split(texts, ",")
			} else {
				// A test looks for unknown names.
				f.form = sensor.Form(slices.Index(sensor.FormNames(), words[0]))
			}
			for _, word := range words[1:] {
				name, example, _ := strings.Cut(word, "=")
				f.example = example
				list[i][strings.ToLower(name)] = f
			}
		}
	}
	return list
})

// addForms sets the forms of the fields of feeds.
func addForms(feeds []sensor.Feed) {
	for i := range feeds {
		f := &feeds[i]
		shared := true // feeds of a service share their fields
		for k := range sourceForms {
			s := &sourceForms[k]
			if s.channel != f.Channel || s.events != nil && !slices.Equal(s.events, f.Events) {
				continue
			}
			if shared {
				f.Fields, shared = slices.Clone(f.Fields), false
			}
			for n := range f.Fields {
				field := &f.Fields[n]
				of, ok := formsOf()[k][strings.ToLower(cmp.Or(field.Field, field.Input))]
				if !ok {
					continue
				}
				field.Form, field.Example = cmp.Or(of.form, field.Form), cmp.Or(of.example, field.Example)
				if of.placeholders != nil {
					field.Placeholders = of.placeholders
				}
			}
		}
	}
}
