package audit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/internal/csvtext"
	"github.com/cfcheck/cfcheck/internal/strictjson"
)

// A Form is the form of a document with an audit policy.
type Form uint8

// The forms.
const (
	FormList        Form = iota // a list that a person wrote, or of an unknown origin
	FormEffective               // auditpol /get /category:* /r: the policy in effect
	FormBackup                  // auditpol /backup: the policy in effect, as numbers
	FormGroupPolicy             // audit.csv of a group policy object: one of several policies
)

var formNames = []string{"a list of settings", "auditpol /get", "auditpol /backup", "a group policy object"}

func (f Form) String() string {
	if int(f) < len(formNames) {
		return formNames[f]
	}
	return fmt.Sprintf("no form (%d)", uint8(f))
}

// A Policy is an audit policy that was read. The zero Policy sets nothing, so Windows' defaults
// apply.
type Policy struct {
	Form  Form
	Rows  []Row // by subcategory, at most one for all users and one for each user
	Notes []Note
}

// A Row is the setting of one subcategory in a policy.
type Row struct {
	Subcategory *Subcategory
	// setting for all users; SettingUnknown if the text of the setting is not understood
	Setting Setting
	// security identifier of the one user whom the row is about; "" means all users
	User string
	Line int // from 1
}

// A Note is a remark about a part of a document that was not understood, or not used.
type Note struct {
	Line int
	Text string
}

// An Error is a fault of a document with an audit policy.
type Error struct {
	Name string // file name
	Line int    // from 1; 0 means the whole document
	Err  error
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.Name, e.Line, e.Err)
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// MaxSize is the maximum size of a document with an audit policy, in bytes. The policy of a host
// has 7 KB.
const MaxSize = 1 << 20

// Read reads an audit policy. If it fails, the error is an [*Error]. The name of the file appears
// only in errors.
//
// A setting is read from the number in the last column, if there is one. The number 0 means "off"
// in a backup, which has a row for every subcategory. It means "not set here" in a group policy
// object, where the machine name is empty. In other documents the meaning of 0 is unknown. A
// document without numbers has texts in the language of Windows. The English and the German ones
// are known. The setting of another text is unknown, and has a note.
func Read(name string, data []byte) (*Policy, error) {
	if len(data) > MaxSize {
		return nil, &Error{name, 0, fmt.Errorf("found %d bytes; expected an audit policy of at most %d", len(data), MaxSize)}
	}
	text, err := csvtext.Decode(data)
	if err != nil {
		return nil, &Error{name, 0, err}
	}
	r := &reader{seen: map[rowKey]int{}}
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		line = strings.TrimRight(line, "\r")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if err := r.line(number, line); err != nil {
			return nil, &Error{name, number, err}
		}
	}
	if r.subcategories == 0 {
		return nil, &Error{name, 0, errors.New("found no subcategory; expected the CSV of auditpol /get /category:* /r, of auditpol /backup, or of a group policy object, with the GUID of a subcategory in each row")}
	}
	return r.policy()
}

// A reader reads the rows of a policy.
type reader struct {
	delimiter byte
	columns   map[string]int // columns by the English names of a header; nil means by their places
	header    bool           // whether there was a header
	rows      []rawRow
	notes     []Note

	subcategories int    // number of rows of subcategories
	numbers       bool   // whether a row has a setting as a number
	machines      bool   // whether rows have a column for the machine
	machine       string // name of the machine
	machineLine   int
	seen          map[rowKey]int
}

type rowKey struct {
	subcategory *Subcategory
	user        string
}

// A rawRow is a row whose setting is not interpreted yet. The meaning of 0 depends on the form,
// which is known at the end.
type rawRow struct {
	Row
	number int // setting as a number; -1 means that the row has a text
	text   string
}

// The English names of the columns.
const (
	columnMachine   = "machinename"
	columnTarget    = "policytarget"
	columnName      = "subcategory"
	columnGUID      = "subcategoryguid"
	columnInclusion = "inclusionsetting"
	columnExclusion = "exclusionsetting"
	columnNumber    = "settingvalue"
)

var columnAliases = map[string]string{
	columnMachine: columnMachine, columnTarget: columnTarget, columnName: columnName, columnGUID: columnGUID,
	columnInclusion: columnInclusion, columnExclusion: columnExclusion, columnNumber: columnNumber,
	"computer": columnMachine, "guid": columnGUID, "setting": columnInclusion, "value": columnNumber, "policy": columnName,
}

func (r *reader) line(number int, line string) error {
	if r.delimiter == 0 {
		r.delimiter = csvtext.Delimiter(line)
	}
	fields, err := split(line, r.delimiter)
	if err != nil {
		return err
	}
	first := r.rows == nil && !r.header && r.subcategories == 0
	at := slices.IndexFunc(fields, isGUID)
	if at < 0 {
		return r.withoutGUID(number, fields, first)
	}
	row := rawRow{Row: Row{Line: number}, number: -1}
	guid := strings.ToUpper(strings.Trim(fields[at], "{} "))
	i, ok := facts().guid[guid]
	if !ok {
		r.notes = append(r.notes, Note{number, fmt.Sprintf("the GUID %s is no subcategory that cfcheck knows; the row was not used", guid)})
		return nil
	}
	row.Subcategory = &facts().list[i]
	get := func(column string, offset int) string {
		if r.columns != nil {
			offset, ok := r.columns[column]
			if ok && offset < len(fields) {
				return fields[offset]
			}
			return ""
		}
		if k := at + offset; 0 <= k && k < len(fields) {
			return fields[k]
		}
		return ""
	}
	return r.add(row, get, r.columns != nil && has(r.columns, columnMachine) || r.columns == nil && at >= 3)
}

func has(columns map[string]int, name string) bool {
	_, ok := columns[name]
	return ok
}

// add adds the row of a subcategory. The function get returns a column by its name in a header, or
// by its position relative to the GUID.
func (r *reader) add(row rawRow, get func(column string, offset int) string, machines bool) error {
	if target := get(columnTarget, -2); isUser(target) {
		row.User = target
	}
	if machine := get(columnMachine, -3); machines {
		switch {
		case r.subcategories == 0:
			r.machine, r.machineLine = machine, row.Line
		case machine != r.machine:
			return fmt.Errorf("found the machine %s; line %d has %s: expected the policy of one machine", strictjson.Quote(machine), r.machineLine, strictjson.Quote(r.machine))
		}
		r.machines = true
	}
	row.text = get(columnInclusion, 1)
	for _, text := range []string{get(columnNumber, 3), row.text} {
		if n, ok := settingNumber(text, row.User != ""); ok {
			row.number, r.numbers = n, true
			break
		}
	}
	if row.User != "" && row.text == "" {
		row.text = get(columnExclusion, 2)
	}
	key := rowKey{row.Subcategory, row.User}
	if first, ok := r.seen[key]; ok {
		if other := r.rows[first]; other.number != row.number || letters(other.text) != letters(row.text) {
			return fmt.Errorf("found %s again with another setting; line %d has it already", row.Subcategory.Name, other.Line)
		}
		return nil
	}
	r.seen[key] = len(r.rows)
	r.rows = append(r.rows, row)
	r.subcategories++
	return nil
}

// withoutGUID reads a row without a GUID: a header, an audit option, a global SACL, or a
// subcategory by its English name.
func (r *reader) withoutGUID(number int, fields []string, first bool) error {
	for _, f := range fields {
		switch name := letters(f); {
		case strings.HasPrefix(name, "option"), name == "crashonauditfail", name == "fullprivilegeauditing",
			name == "auditbaseobjects", name == "auditbasedirectories":
			return nil
		case name == "fileglobalsacl", name == "registryglobalsacl":
			if fields[len(fields)-1] != "" && strings.TrimSpace(f) != fields[len(fields)-1] {
				r.notes = append(r.notes, Note{number, fmt.Sprintf("a global SACL (%s) was not used: state the switch sacls if it covers the objects that matter", f)})
			}
			return nil
		}
	}
	columns := map[string]int{}
	for i, f := range fields {
		if c, ok := columnAliases[letters(f)]; ok && !has(columns, c) {
			columns[c] = i
		}
	}
	if first && (has(columns, columnInclusion) || has(columns, columnNumber)) && (has(columns, columnGUID) || has(columns, columnName)) {
		// The columns of auditpol are found by their places, whatever the language is.
		if guid, ok := columns[columnGUID]; !ok || guid != 3 || len(fields) < 6 {
			r.columns = columns
		}
		r.header = true
		return nil
	}
	column := slices.IndexFunc(fields, func(f string) bool { return r.named(f) != nil })
	if column >= 0 {
		row := rawRow{Row: Row{Line: number, Subcategory: r.named(fields[column])}, number: -1}
		get := func(name string, offset int) string {
			if r.columns != nil {
				if k, ok := r.columns[name]; ok && k < len(fields) {
					return fields[k]
				}
				return ""
			}
			// The columns to the left are those of a row whose GUID was removed. To the right, the
			// GUID may be missing or empty.
			k := column + 1 + offset
			if offset > 0 {
				if k = column + offset; column+1 < len(fields) && fields[column+1] == "" {
					k++
				}
			}
			if 0 <= k && k < len(fields) {
				return fields[k]
			}
			return ""
		}
		return r.add(row, get, false)
	}
	if first {
		r.header = true // in the language of Windows
		r.notes = append(r.notes, Note{number, "the header is not in English; the columns were found by the GUID"})
		return nil
	}
	return fmt.Errorf("found a row without the GUID of a subcategory: %s; expected {%s2B%s} or another one in it", strictjson.Quote(strings.Join(fields, ",")), guidHead, guidTail)
}

// named returns the subcategory with an English name, with or without "Audit" in front of it.
func (r *reader) named(field string) *Subcategory {
	name := letters(field)
	for _, n := range []string{name, strings.TrimPrefix(name, "audit")} {
		if i, ok := facts().name[n]; ok {
			return &facts().list[i]
		}
	}
	return nil
}

// fullPolicy is the least number of subcategories in a backup. A backup has all subcategories of
// its Windows, and the oldest Windows with subcategories has 50.
const fullPolicy = 50

// policy interprets the rows that were read.
func (r *reader) policy() (*Policy, error) {
	p := &Policy{Notes: r.notes}
	switch {
	case r.numbers && r.machines && r.machine == "":
		p.Form = FormGroupPolicy
	case r.numbers && r.machines && r.subcategories >= fullPolicy:
		p.Form = FormBackup
	case r.numbers: // a part of a backup, or of a group policy object with the name of a machine
	case r.machines && r.machine != "":
		p.Form = FormEffective
	}
	for i := range r.rows {
		raw := &r.rows[i]
		row := raw.Row
		switch {
		case row.User != "":
			// A row for one user makes the setting for all users incomplete, whatever it is.
			if raw.number == 0 || raw.number < 0 && raw.text == "" {
				continue
			}
		case raw.number == 0 && p.Form == FormGroupPolicy:
			continue // not set here
		case raw.number == 0 && p.Form == FormList:
			p.Notes = append(p.Notes, Note{row.Line, fmt.Sprintf("the number 0 for %s means off in a backup and not set in a group policy object; the setting is unknown", row.Subcategory.Name)})
		case raw.number >= 0:
			row.Setting = [...]Setting{SettingOff, SettingSuccess, SettingFailure, SettingBoth, SettingOff}[raw.number]
		default:
			if row.Setting = settingText(raw.text); row.Setting == SettingUnknown {
				p.Notes = append(p.Notes, Note{row.Line, fmt.Sprintf("the setting %s of %s is not in English or German and has no number; it is unknown. The file of auditpol /backup has numbers",
					strictjson.Quote(toValid(raw.text)), row.Subcategory.Name)})
			}
		}
		p.Rows = append(p.Rows, row)
	}
	return p, nil
}

// toValid returns a text without bytes that are not UTF-8.
func toValid(s string) string { return strings.ToValidUTF8(s, string(utf8.RuneError)) }

// settingNumber returns a setting that is a number: 0 to 4 for all users, and a sum of up to four
// bits, or 16, for one user.
func settingNumber(s string, user bool) (n int, ok bool) {
	if len(s) == 0 || len(s) > 2 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = 10*n + int(s[i]-'0')
	}
	return n, n <= 4 || user && n <= 16
}

// settingText returns the setting with an English or German name.
func settingText(s string) Setting {
	switch letters(s) {
	case "noauditing", "keineberwachung", "keineueberwachung":
		return SettingOff
	case "success", "erfolg":
		return SettingSuccess
	case "failure", "fehler":
		return SettingFailure
	case "successandfailure", "erfolgundfehler", "successfailure":
		return SettingBoth
	}
	return SettingUnknown
}

// isUser reports whether a policy target is one user: a security identifier, or an account with its
// domain. The target of the policy for all users is the word System in the language of Windows.
func isUser(target string) bool {
	return len(target) > 4 && strings.EqualFold(target[:4], "S-1-") || strings.Contains(target, `\`)
}

func isGUID(s string) bool {
	s = strings.Trim(s, "{} ")
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F':
		default:
			return false
		}
	}
	return true
}

// split splits a line of CSV. Fields may be in quotes. A quote within a quoted field is doubled.
func split(line string, delimiter byte) ([]string, error) {
	var fields []string
	for {
		rest := strings.TrimLeft(line, " ")
		if !strings.HasPrefix(rest, `"`) {
			i := strings.IndexByte(line, delimiter)
			if i < 0 {
				return append(fields, strings.TrimSpace(line)), nil
			}
			fields, line = append(fields, strings.TrimSpace(line[:i])), line[i+1:]
			continue
		}
		var b strings.Builder
		rest = rest[1:]
		for {
			i := strings.IndexByte(rest, '"')
			if i < 0 {
				return nil, errors.New("found a field in quotes without its end in the same line")
			}
			b.WriteString(rest[:i])
			rest = rest[i+1:]
			if !strings.HasPrefix(rest, `"`) {
				break
			}
			b.WriteByte('"')
			rest = rest[1:]
		}
		fields = append(fields, strings.TrimSpace(b.String()))
		rest = strings.TrimLeft(rest, " ")
		switch {
		case rest == "":
			return fields, nil
		case rest[0] != delimiter:
			return nil, fmt.Errorf("found %s behind a field in quotes; expected %q", strictjson.Quote(toValid(rest)), delimiter)
		}
		line = rest[1:]
	}
}
