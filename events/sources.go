package events

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Providers of the records that are not from Windows. The channel is the log, in the spelling of
// the source: a feed of a type names both.
const (
	ProviderCloudTrail = "AWS CloudTrail"         // channel CloudTrail
	ProviderDefender   = "Microsoft Defender XDR" // channel: the table, such as DeviceProcessEvents
	ProviderLaurel     = "Laurel"                 // channel auditd
	ProviderZeek       = "Zeek"                   // channel: the path, such as conn
)

// Limits of the objects in one another of such an event, and of the bytes of the names of its
// fields, each as often as it occurs. A name is the path to a value, so a short event can have
// long names.
const (
	maxNesting   = 32
	maxPathBytes = 4 << 20
)

// source reads an event without an event ID as one of the sources above. It reports false if the
// event is not from one of them. The fields have the names of the source. The names of objects in
// one another are joined by dots, as in userIdentity.type. The values of an array, or of a name in
// the objects of an array, are one value, joined by newlines. Null and empty arrays are absent.
func (p *parser) source(rec *Record) (bool, error) {
	if p.wrapped || len(p.line) == 0 || p.line[0] != '{' || !p.mayBeSource() {
		return false, nil
	}
	if err := p.tree.read(p); err != nil {
		return true, err
	}
	t := &p.tree
	var provider, channel, host, prefix string
	switch {
	case t.has("eventVersion") && t.has("eventSource") && t.has("eventName"):
		provider, channel = ProviderCloudTrail, "CloudTrail"
	case isAuditID(t.text("ID")):
		provider, channel, host = ProviderLaurel, "auditd", t.text("NODE")
	case strings.HasPrefix(t.text("category"), hunting):
		prefix = "properties."
		provider, channel, host = ProviderDefender, strings.TrimPrefix(t.text("category"), hunting), t.text("properties.DeviceName")
	case t.has("ActionType"):
		provider, host = ProviderDefender, t.text("DeviceName")
		if channel = t.table(); channel == "" {
			return true, fmt.Errorf("found the ActionType %s of %s without the name of its table; expected Type: end the query with | extend Type = \"DeviceEvents\", with the name of the table",
				clip([]byte(t.text("ActionType"))), ProviderDefender)
		}
	default:
		provider, channel, host = ProviderZeek, t.text("_path"), t.text("_system_name")
		if channel == "" {
			if channel = zeekPath(p.file); channel == "" {
				return true, fmt.Errorf("found an event of Zeek without the name of its log; expected _path, or a file with Zeek's own name, such as conn.log")
			}
		}
	}
	rec.EventID, rec.Unnumbered = 0, true
	rec.Provider, rec.Channel, rec.Computer = []byte(provider), []byte(channel), []byte(host)
	rec.Level, rec.Keywords = nil, nil
	p.fields = t.appendFields(p.fields[:0], prefix)
	rec.Fields = p.fields
	return true, nil
}

// hunting begins the category of an event of Microsoft Defender XDR.
const hunting = "AdvancedHunting-"

// mayBeSource reports whether the event has names that only the sources have. Flat has the values
// of the event, and neither its objects nor its arrays.
func (p *parser) mayBeSource() bool {
	text := func(name string) []byte {
		for i := range p.flat {
			if string(p.flat[i].Name) == name && p.flat[i].raw[0] == '"' {
				return text(p.flat[i].raw)
			}
		}
		return nil
	}
	any := func(names ...string) bool {
		return slices.ContainsFunc(p.flat, func(f Field) bool { return slices.Contains(names, string(f.Name)) })
	}
	switch {
	case text("eventVersion") != nil && text("eventSource") != nil && text("eventName") != nil,
		isAuditID(string(text("ID"))) && p.stray != nil,
		bytes.HasPrefix(text("category"), []byte(hunting)),
		text("ActionType") != nil && any("DeviceName", "DeviceId") && any("Timestamp", "TimeGenerated"),
		any("ts") && (text("_path") != nil || any("uid", "fuid", "id.orig_h") || isZeekLog(p.file)):
		return true
	}
	return false
}

// isAuditID reports whether a text is the identifier of an event of Linux's audit: seconds with
// three digits after the point, a colon, and a number.
func isAuditID(s string) bool {
	seconds, rest, ok := strings.Cut(s, ".")
	milli, serial, colon := strings.Cut(rest, ":")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return ok && colon && digits(seconds) && len(milli) == 3 && digits(milli) && digits(serial)
}

// zeekPath returns the path of the log that Zeek writes to a file of a name, such as conn for
// conn.log and conn.2026-03-02-08-00-00.log.gz, or "".
func zeekPath(file string) string {
	base, _, _ := strings.Cut(path.Base(strings.ReplaceAll(file, `\`, "/")), ".")
	if strings.Trim(base, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return ""
	}
	return base
}

// isZeekLog reports whether a file has the name of a log of Zeek.
func isZeekLog(file string) bool {
	name := strings.TrimSuffix(strings.TrimSuffix(file, ".gz"), ".zst")
	return strings.HasSuffix(name, ".log") && zeekPath(file) != ""
}

// A tree has the values of an event with objects in one another, by path.
type tree struct {
	fields []treeField
	byPath map[string]int
	values []treeValue
	levels []treeLevel
	path   []byte
	joined []byte
}

type treeField struct {
	name        string
	first, last int // in values
}

type treeValue struct {
	raw  []byte
	next int // in values, or -1
}

// A treeLevel is an open object or array.
type treeLevel struct {
	prefix int // length of its path
	array  bool
	named  bool // the next token of an object is a value
}

// read reads the object in p.line.
func (t *tree) read(p *parser) error {
	t.fields, t.values, t.levels, t.path = t.fields[:0], t.values[:0], t.levels[:0], t.path[:0]
	if t.byPath == nil {
		t.byPath = map[string]int{}
	}
	clear(t.byPath)
	p.src = *bytes.NewBuffer(p.line)
	p.dec.Reset(&p.src)
	arrays, bytesOfPaths := 0, 0
	for {
		at := p.next()
		token, err := p.dec.ReadToken()
		if err != nil {
			return p.fault(err)
		}
		n := len(t.levels) - 1
		switch kind := token.Kind(); {
		case kind == '}' || kind == ']':
			if t.levels[n].array {
				arrays--
			}
			t.path = t.path[:t.levels[n].prefix]
			if t.levels = t.levels[:n]; n == 0 {
				return nil
			}
		case n >= 0 && !t.levels[n].array && !t.levels[n].named:
			name := text(p.line[at:p.dec.InputOffset()])
			if len(name) == 0 {
				return faultf(at, "found an empty name; expected the name of a field")
			}
			if t.path = t.path[:t.levels[n].prefix]; n > 0 {
				t.path = append(t.path, '.')
			}
			t.path = append(t.path, name...)
			t.levels[n].named = true
			continue
		case kind == '{' || kind == '[':
			if len(t.levels) == maxNesting {
				return faultf(at, "found more than %d objects and arrays in one another; expected at most as many", maxNesting)
			}
			if n >= 0 {
				t.levels[n].named = false
			}
			t.levels = append(t.levels, treeLevel{prefix: len(t.path), array: kind == '['})
			if kind == '[' {
				arrays++
			}
			continue
		case kind != 'n':
			if bytesOfPaths += len(t.path); bytesOfPaths > maxPathBytes {
				return faultf(at, "found more than %d bytes of names of fields, with the names of the objects around them; expected at most as many", maxPathBytes)
			}
			if !t.add(p.line[at:p.dec.InputOffset()], arrays > 0) {
				return faultf(at, "found a second value for %s; expected one: an event has one value for each of its fields", clip(t.path))
			}
		}
		if n = len(t.levels) - 1; n >= 0 {
			t.levels[n].named = false
		}
	}
}

// add adds a value under the current path. It reports false if there is one, and this one is not in
// an array.
func (t *tree) add(raw []byte, inArray bool) bool {
	v := len(t.values)
	i, ok := t.byPath[string(t.path)]
	if !ok {
		name := string(t.path)
		t.byPath[name] = len(t.fields)
		t.fields = append(t.fields, treeField{name, v, v})
	} else if inArray {
		t.values[t.fields[i].last].next = v
		t.fields[i].last = v
	} else {
		return false
	}
	t.values = append(t.values, treeValue{raw, -1})
	return true
}

func (t *tree) has(name string) bool { _, ok := t.byPath[name]; return ok }

// text returns the value of a field, or "" if it is missing.
func (t *tree) text(name string) string {
	if i, ok := t.byPath[name]; ok {
		return string(text(t.values[t.fields[i].first].raw))
	}
	return ""
}

// appendFields appends the fields whose names begin with prefix, without it.
func (t *tree) appendFields(fields []Field, prefix string) []Field {
	for _, f := range t.fields {
		name, ok := strings.CutPrefix(f.name, prefix)
		if !ok || name == "" {
			continue
		}
		raw := t.values[f.first].raw
		if f.first != f.last {
			t.joined = t.joined[:0]
			for v := f.first; v >= 0; v = t.values[v].next {
				if v != f.first {
					t.joined = append(t.joined, '\n')
				}
				one := Field{raw: t.values[v].raw}
				t.joined = one.Append(t.joined)
			}
			raw = asJSON(t.joined)
		}
		fields = append(fields, Field{[]byte(name), raw})
	}
	return fields
}

// table returns the table of an event of Microsoft Defender XDR: the one that it names, or the only
// one with its ActionType, or "".
func (t *tree) table() string {
	for _, name := range []string{"Type", "SourceTable"} {
		if s := t.text(name); s != "" {
			return s
		}
	}
	action := t.text("ActionType")
	if strings.HasSuffix(action, "ConnectionInspected") {
		return "DeviceNetworkEvents"
	}
	return tableOfAction[action]
}

// tableOfAction has the table of each ActionType that only one table has, by Microsoft's reference
// of the tables of advanced hunting.
var tableOfAction = map[string]string{
	"ProcessCreated": "DeviceProcessEvents",
	"ImageLoaded":    "DeviceImageLoadEvents",

	"FileCreated": "DeviceFileEvents", "FileDeleted": "DeviceFileEvents", "FileModified": "DeviceFileEvents", "FileRenamed": "DeviceFileEvents",

	"RegistryKeyCreated": "DeviceRegistryEvents", "RegistryKeyDeleted": "DeviceRegistryEvents", "RegistryKeyRenamed": "DeviceRegistryEvents",
	"RegistryValueDeleted": "DeviceRegistryEvents", "RegistryValueSet": "DeviceRegistryEvents",

	"ConnectionAcknowledged": "DeviceNetworkEvents", "ConnectionAttempt": "DeviceNetworkEvents", "ConnectionFailed": "DeviceNetworkEvents",
	"ConnectionFound": "DeviceNetworkEvents", "ConnectionRequest": "DeviceNetworkEvents", "ConnectionSuccess": "DeviceNetworkEvents",
	"InboundConnectionAccepted": "DeviceNetworkEvents", "ListeningConnectionCreated": "DeviceNetworkEvents",

	"LogonAttempted": "DeviceLogonEvents", "LogonFailed": "DeviceLogonEvents", "LogonSuccess": "DeviceLogonEvents",
}

// hayabusa reads the object AllFieldInfo of Hayabusa, which has the data of the event.
func (p *parser) hayabusa(name []byte, kind jsontext.Kind) error {
	p.ofHayabusa = true
	return p.data(name, kind, func(name []byte, kind jsontext.Kind) error {
		if kind != '[' || isList(name) {
			return p.datum(name, kind)
		}
		// Several elements have the name.
		p.joined = p.joined[:0]
		n := 0
		err := p.array(func(kind jsontext.Kind) error {
			if kind == '[' || kind == '{' {
				at := p.next()
				return faultf(at, "found %s in the array of %s; expected a string or a number", found(p.line[at:]), clip(name))
			}
			raw, _, err := p.value()
			if err == nil {
				if n++; n > 1 {
					p.joined = append(p.joined, '\n')
				}
				one := Field{raw: raw}
				p.joined = one.Append(p.joined)
			}
			return err
		})
		p.fields = append(p.fields, Field{name, asJSON(p.joined)})
		return err
	})
}

// hayabusaCSV has the beginnings of a timeline of Hayabusa as CSV. The longest is first.
var hayabusaCSV = [...]string{`"Timestamp","RuleTitle"`, "Timestamp,RuleTitle"}

// unshorten gives a record of Hayabusa the name of its channel. Hayabusa shortens the names of
// channels and providers, unless it is told not to. So the provider is left out.
func unshorten(rec *Record) error {
	rec.Provider = nil
	switch name := string(rec.Channel); name {
	case "AppLocker", "SecMitig":
		return fmt.Errorf("found the channel %s, which Hayabusa writes for several logs; expected the name of the log: run hayabusa json-timeline with --disable-abbreviations", clip(rec.Channel))
	default:
		if channel := shortened[name]; channel != "" {
			rec.Channel = []byte(channel)
		}
	}
	return nil
}

// shortened has the channels of the built-in types whose names Hayabusa shortens.
var shortened = map[string]string{
	"App":         "Application",
	"BitsCli":     "Microsoft-Windows-Bits-Client/Operational",
	"CodeInteg":   "Microsoft-Windows-CodeIntegrity/Operational",
	"DNS-Svr":     "DNS Server",
	"Defender":    "Microsoft-Windows-Windows Defender/Operational",
	"DvrFmwk":     "Microsoft-Windows-DriverFrameworks-UserMode/Operational",
	"Exchange":    "MSExchange Management",
	"Firewall":    "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",
	"LDAP-Cli":    "Microsoft-Windows-LDAP-Client/Debug",
	"NTLM":        "Microsoft-Windows-NTLM/Operational",
	"OpenSSH":     "OpenSSH/Operational",
	"PrintAdm":    "Microsoft-Windows-PrintService/Admin",
	"PrintOp":     "Microsoft-Windows-PrintService/Operational",
	"PwSh":        "Microsoft-Windows-PowerShell/Operational",
	"PwShClassic": "Windows PowerShell",
	"RDS-LSM":     "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
	"Sec":         "Security",
	"SmbCliSec":   "Microsoft-Windows-SmbClient/Security",
	"Sys":         "System",
	"Sysmon":      "Microsoft-Windows-Sysmon/Operational",
	"TaskSch":     "Microsoft-Windows-TaskScheduler/Operational",
	"WMI":         "Microsoft-Windows-WMI-Activity/Operational",
}
