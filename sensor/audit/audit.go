// Package audit turns the audit policy of Windows into supplies of a contract: which events of the
// Security log, and of other logs of Windows, the hosts of a build record.
//
// It reads every form of the policy: the list that "auditpol /get /category:* /r" prints, the file
// that "auditpol /backup" writes, the audit.csv of a group policy object, and lists that a person
// wrote. Names and headers are in the language of Windows, so a subcategory is known by its GUID.
package audit

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Setting states which outcomes a subcategory audits.
type Setting uint8

// The settings. The zero value claims nothing.
const (
	SettingUnknown Setting = iota
	SettingOff
	SettingSuccess
	SettingFailure
	SettingBoth
)

var settingNames = []string{"unknown", "No Auditing", "Success", "Failure", "Success and Failure"}

// String returns the name of the setting in an English Windows.
func (s Setting) String() string {
	if int(s) < len(settingNames) {
		return settingNames[s]
	}
	return fmt.Sprintf("no setting (%d)", uint8(s))
}

// A Role is the kind of Windows, which decides on the defaults.
type Role uint8

// The roles. With the zero value, a setting by default is known only if clients and servers have
// the same.
const (
	RoleUnknown Role = iota
	RoleClient
	RoleServer
)

var roleNames = []string{"unknown", "client", "server"}

func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return fmt.Sprintf("no role (%d)", uint8(r))
}

// ParseRole returns the role with a name: client or server.
func ParseRole(s string) (Role, error) {
	if i := slices.Index(roleNames[1:], s); i >= 0 {
		return Role(i + 1), nil
	}
	return 0, fmt.Errorf("unknown role %q (want client or server)", s)
}

// A Subcategory is one of the subcategories of the audit policy, with the events that Windows
// records for it in the Security log.
type Subcategory struct {
	GUID           string // such as 0CCE922B-69AE-11D9-BED3-505054503030
	Category, Name string // in an English Windows
	Client, Server Setting
	Events         []Event // in ascending order
}

// Default returns the setting of the subcategory if no policy sets it.
func (s *Subcategory) Default(r Role) Setting {
	switch {
	case r == RoleServer:
		return s.Server
	case r == RoleClient || s.Client == s.Server:
		return s.Client
	}
	return SettingUnknown
}

// An Event is an event of the Security log that belongs to a subcategory. An event can belong to
// several subcategories. It is recorded if at least one of them audits it.
type Event struct {
	ID uint32
	// SettingSuccess, SettingFailure or SettingBoth; SettingUnknown means one of the three
	Outcome Setting
	// whether an object needs a SACL, which says whose access to it is recorded
	SACL bool
	// whether Handle Manipulation must be audited too
	Handles bool
	Always  bool // whether the event is recorded whatever the setting is
	Likely  bool // whether it is only likely that the event belongs to the subcategory
}

// guidTail is the part that the GUIDs of all subcategories have in common.
const (
	guidHead = "0CCE92"
	guidTail = "-69AE-11D9-BED3-505054503030"
)

//go:embed subcategories.txt
var subcategoriesText string

// Subcategories returns all subcategories, in the order in which auditpol lists them. They are
// shared and must not be changed.
func Subcategories() []Subcategory { return facts().list }

// A table has the subcategories, and the events by ID.
type table struct {
	list   []Subcategory
	guid   map[string]int   // index by GUID
	name   map[string]int   // index by folded English name
	events map[uint32][]use // subcategories of an event
}

// A use is an event of a subcategory.
type use struct {
	subcategory int
	event       *Event
}

var facts = sync.OnceValue(func() *table {
	list, err := parseSubcategories(subcategoriesText)
	if err != nil {
		panic("audit: " + err.Error())
	}
	t := &table{list: list, guid: map[string]int{}, name: map[string]int{}, events: map[uint32][]use{}}
	for i := range list {
		t.guid[list[i].GUID] = i
		t.name[letters(list[i].Name)] = i
		for k := range list[i].Events {
			e := &list[i].Events[k]
			t.events[e.ID] = append(t.events[e.ID], use{i, e})
		}
	}
	return t
})

// parseSubcategories parses subcategories.txt, which describes its own form.
func parseSubcategories(text string) ([]Subcategory, error) {
	var list []Subcategory
	category := ""
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		fail := func(format string, args ...any) error {
			return fmt.Errorf("subcategories.txt:%d: %s", number, fmt.Sprintf(format, args...))
		}
		switch {
		case line == "" || line[0] == '#':
		case strings.HasPrefix(line, "= "):
			category = line[2:]
		case line[0] == '\t':
			if len(list) == 0 {
				return nil, fail("events without a subcategory")
			}
			s := &list[len(list)-1]
			for word := range strings.FieldsSeq(line) {
				e, err := parseEvent(word)
				if err != nil {
					return nil, fail("%v", err)
				}
				if n := len(s.Events); n > 0 && s.Events[n-1].ID >= e.ID {
					return nil, fail("event %d does not come before %d", s.Events[n-1].ID, e.ID)
				}
				s.Events = append(s.Events, e)
			}
		default:
			words := strings.SplitN(line, " ", 4)
			if len(words) != 4 || len(words[0]) != 2 || category == "" {
				return nil, fail("%q is no subcategory", line)
			}
			client, ok := parseDefault(words[1])
			server, ok2 := parseDefault(words[2])
			if !ok || !ok2 {
				return nil, fail("%q has no defaults", line)
			}
			list = append(list, Subcategory{GUID: guidHead + words[0] + guidTail, Category: category, Name: words[3], Client: client, Server: server})
		}
	}
	return list, nil
}

func parseDefault(s string) (Setting, bool) {
	switch s {
	case "?":
		return SettingUnknown, true
	case "-":
		return SettingOff, true
	case "S":
		return SettingSuccess, true
	case "SF":
		return SettingBoth, true
	}
	return 0, false
}

func parseEvent(word string) (Event, error) {
	e := Event{Outcome: SettingSuccess}
	digits := strings.TrimRight(word, "FB?*&!~")
	id, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return e, fmt.Errorf("%q is no event", word)
	}
	e.ID = uint32(id)
	for _, mark := range word[len(digits):] {
		switch mark {
		case 'F':
			e.Outcome = SettingFailure
		case 'B':
			e.Outcome = SettingBoth
		case '?':
			e.Outcome = SettingUnknown
		case '*':
			e.SACL = true
		case '&':
			e.Handles = true
		case '!':
			e.Always = true
		case '~':
			e.Likely = true
		}
	}
	return e, nil
}

// letters returns the ASCII letters of s in lower case. So texts compare equal that differ in case,
// blanks and punctuation, or whose other letters are in another encoding.
func letters(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z':
			b.WriteByte(c)
		case 'A' <= c && c <= 'Z':
			b.WriteByte(c + 'a' - 'A')
		}
	}
	return b.String()
}
