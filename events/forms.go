package events

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// A parser converts the text of an event to a record. It knows these forms:
//
//   - The data of the event in the object EventData, beside EventID, Channel,
//     Provider and Computer.
//   - Flat, as NXLog and others write it: the data beside those keys, which may have
//     other names.
//   - ECS, as winlogbeat writes it: the object winlog, with the data in its
//     event_data. Before version 7 the same keys are without winlog. Either form may
//     be in the object _source, as Elasticsearch returns it.
//   - The XML of the event as JSON, as evtx_dump writes it: the object Event with
//     System and EventData, or these two alone. The data may be a list of objects with a name
//     and a text.
//   - The forms of exporters.go.
//   - Events that are not from Windows: sources.go, and zeek.go for Zeek's columns.
//
// These names must match exactly. An attacker may have chosen any name, so names are only
// compared, never used for anything else.
type parser struct {
	dec  *jsontext.Decoder
	src  bytes.Buffer
	line []byte

	id, provider, channel, computer, level, keywords ranked

	flat    []Field // fields of the event object itself, if the event is flat
	fields  []Field // fields of the object with the data
	has     string  // name of the object with the data; "" means that it is missing
	nxlog   bool    // the event has a name that only NXLog adds
	wrapped bool    // the event is in the object _source
	aLine   bool    // the text is a line, and may be less or more than an event
	named   bool    // the names of fields come from several objects and may be equal
	hit     bool    // the object is a hit of Elasticsearch
	splunk  bool    // the event is the result of a Splunk export
	table   bool    // the data are XML in a string, as in Azure's Event table
	noNames bool    // names may be empty
	payload *parser // for JSON in a string
	other   bool    // stray names a form that is not read
	stray   error   // error for the first array or object, used if the event is flat
	joined  []byte  // joined values of an array

	repeated []byte // joined values of elements of one name

	file       string // name of the file
	tree       tree   // for an event that is not from Windows
	ofHayabusa bool   // the data are in AllFieldInfo, and the channel may be shortened
}

// ranked is the value of the best of several names, which has the lowest rank.
type ranked struct {
	raw  []byte // JSON
	rank int    // 0 means that no name was found
	flat int    // index in flat, or -1 if it is not in flat
}

func (p *parser) init() { p.dec = jsontext.NewDecoder(new(bytes.Reader)) }

// A fault is an error in a line, with its place.
type fault struct {
	at  int // offset in the line
	err error
}

func (f *fault) Error() string { return f.err.Error() }

func faultf(at int, format string, args ...any) error {
	return &fault{at, fmt.Errorf(format, args...)}
}

// errSplit means that a line is not one event, but may be several, a part of one, or a
// response that contains events.
var errSplit = errors.New("not one event")

// parse reads the text of an event into rec. The text is a line, for which parse may return
// errSplit, or what the splitter found. at is the offset of the error, or -1.
func (p *parser) parse(line []byte, rec *Record, aLine bool) (at int, err error) {
	p.line, p.aLine = line, aLine
	p.src = *bytes.NewBuffer(line)
	p.dec.Reset(&p.src)
	p.wrapped = false
	p.reset()

	if line[0] == '<' {
		err = p.markup(line)
	} else {
		err = p.event(true)
	}
	if err == nil && line[0] != '<' {
		rest := bytes.TrimLeft(line[p.dec.InputOffset():], " \t\r\n")
		switch {
		case len(rest) == 0:
		case aLine && (rest[0] == '{' || rest[0] == '['):
			err = errSplit
		default:
			err = faultf(len(line)-len(rest), "found %s after the object; expected the next event as an object, or the end of the line", found(rest))
		}
	}
	if err == nil {
		err = p.record(rec)
	}
	switch e := err.(type) {
	case nil:
		return -1, nil
	case *fault:
		return e.at, e.err
	}
	return -1, err
}

// reset clears the state of the last event.
func (p *parser) reset() {
	none := ranked{flat: -1}
	p.id, p.provider, p.channel, p.computer, p.level, p.keywords = none, none, none, none, none, none
	p.flat, p.fields = p.flat[:0], p.fields[:0]
	p.has, p.nxlog, p.stray = "", false, nil
	p.named, p.hit, p.splunk, p.noNames, p.other, p.table, p.ofHayabusa = false, false, false, false, false, false, false
}

// record fills rec after the line was read.
func (p *parser) record(rec *Record) error {
	if p.table {
		p.azure()
	}
	if p.id.rank == 0 {
		if ok, err := p.source(rec); ok {
			return err
		}
	}
	if p.id.rank == 0 && p.other {
		return p.stray
	}
	if p.id.rank == 0 {
		return errors.New("found no event ID; expected EventID, or event_id in winlog, with the data of the event in EventData, in winlog.event_data or beside it")
	}
	id, err := strconv.ParseUint(string(text(p.id.raw)), 10, 32)
	if err != nil {
		return fmt.Errorf("found the event ID %s; expected a number from 0 to 4294967295", clip(p.id.raw))
	}
	rec.EventID, rec.Unnumbered = uint32(id), false
	rec.Provider, rec.Channel, rec.Computer = text(p.provider.raw), text(p.channel.raw), text(p.computer.raw)
	rec.Level, rec.Keywords = p.header()
	if p.ofHayabusa {
		if err := unshorten(rec); err != nil {
			return err
		}
	}
	if p.has != "" {
		rec.Fields = p.fields
		return p.unique()
	}
	if p.stray != nil {
		return p.stray
	}
	rec.Fields = p.fields
	for i, f := range p.flat {
		switch i {
		case p.id.flat, p.provider.flat, p.channel.flat, p.computer.flat:
			continue
		}
		if p.nxlog && ofNXLog[string(f.Name)] || p.splunk && isOfSplunk(f.Name) {
			continue
		}
		rec.Fields = append(rec.Fields, f)
	}
	p.fields = rec.Fields
	return p.unique()
}

// header returns the level and the keywords if they are recorded as in the event. Many
// exporters write the words of a viewer instead, or a signed number.
func (p *parser) header() (level, keywords []byte) {
	if p.nxlog {
		return nil, nil
	}
	level, keywords = text(p.level.raw), text(p.keywords.raw)
	if bytes.ContainsFunc(level, func(r rune) bool { return r < '0' || r > '9' }) {
		level = nil
	}
	if !bytes.HasPrefix(keywords, []byte("0x")) {
		keywords = nil
	}
	return level, keywords
}

// event reads the object of an event, or an object that contains it.
func (p *parser) event(outermost bool) error {
	if kind := p.dec.PeekKind(); kind != '{' {
		if kind == 0 {
			_, err := p.dec.ReadToken()
			return p.fault(err)
		}
		at := p.next()
		return faultf(at, "found %s; expected an event as a JSON object", found(p.line[at:]))
	}
	return p.object(func(name []byte, kind jsontext.Kind) error {
		if outermost && p.wrapped {
			return p.skip()
		}
		switch string(name) {
		// Names that identify the event. The name with the lowest rank counts,
		// and the others are data: Security 5061 has its own ProviderName.
		case "EventID":
			return p.identity(&p.id, 1, name, kind)
		case "event_id":
			if kind == '{' {
				return p.member("id", &p.id, 2)
			}
			return p.identity(&p.id, 2, name, kind)
		case "EventId":
			return p.identity(&p.id, 3, name, kind)
		case "EventCode":
			return p.identity(&p.id, 4, name, kind)
		case "Provider":
			return p.identity(&p.provider, 1, name, kind)
		case "SourceName":
			return p.identity(&p.provider, 2, name, kind)
		case "ProviderName":
			return p.identity(&p.provider, 3, name, kind)
		case "provider_name":
			return p.identity(&p.provider, 4, name, kind)
		case "source_name":
			return p.identity(&p.provider, 5, name, kind)
		case "provider":
			if kind == '{' {
				return p.member("name", &p.provider, 6)
			}
		case "Channel":
			return p.identity(&p.channel, 1, name, kind)
		case "LogName":
			return p.identity(&p.channel, 2, name, kind)
		case "channel":
			return p.identity(&p.channel, 3, name, kind)
		case "log_name":
			return p.identity(&p.channel, 4, name, kind)
		case "EventChannel":
			return p.identity(&p.channel, 5, name, kind)
		case "Computer":
			return p.identity(&p.computer, 1, name, kind)
		case "Hostname":
			return p.identity(&p.computer, 2, name, kind)
		case "HostName":
			return p.identity(&p.computer, 3, name, kind)
		case "ComputerName":
			return p.identity(&p.computer, 4, name, kind)
		case "computer_name":
			return p.identity(&p.computer, 5, name, kind)
		case "computer":
			return p.identity(&p.computer, 5, name, kind)
		case "host": // an object in ECS, otherwise a name; last, because it may be the collector
			if kind == '{' {
				return p.member("name", &p.computer, 6)
			}
			return p.identity(&p.computer, 7, name, kind)

		// Names of the header that are data too if the event is flat: events of
		// Microsoft-Windows-DriverFrameworks-UserMode have a field Level.
		case "Level":
			return p.identity(&p.level, 1, name, kind)
		case "Keywords":
			return p.identity(&p.keywords, 1, name, kind)

		// Objects with the data of the event, and objects around the event.
		case "EventData", "event_data", "user_data":
			if kind == '{' || kind == 'n' {
				return p.data(name, kind, p.datum)
			}
			if kind == '"' && string(name) == "EventData" && p.has == "" {
				raw, done, err := p.markupIn(name)
				if err == nil && !done {
					p.flat = append(p.flat, Field{name, raw})
				}
				p.table = done
				return err
			}
		case "winlog":
			if kind == '{' {
				return p.winlog()
			}
		case "Event":
			if kind == '{' {
				return p.xml()
			}
		case "event":
			if kind == '{' {
				return p.object(func(name []byte, kind jsontext.Kind) error {
					switch string(name) {
					case "code":
						return p.inner(&p.id, 9, kind)
					case "provider":
						return p.inner(&p.provider, 9, kind)
					}
					return p.skip()
				})
			}
		case "System":
			if kind == '{' {
				return p.object(p.system)
			}
		case "_index", "_id":
			p.hit = true
		case "_source":
			if kind == '{' && outermost {
				return p.wrapper()
			}
		case "fields":
			if kind == '{' && outermost && p.hit {
				return p.wrapper()
			}
		case "result":
			if kind == '{' && outermost && p.id.rank == 0 {
				return p.wrapperOfSplunk()
			}
		case "data":
			if kind == '{' {
				return p.wazuh()
			}
		case "_raw":
			if kind == '"' && p.splunk {
				_, _, err := p.markupIn(name)
				return err
			}
		case "Payload":
			if kind == '"' && p.has == "" {
				return p.evtxECmd(name, kind)
			}
		case "AllFieldInfo":
			if kind == '{' {
				return p.hayabusa(name, kind)
			}
			if kind == '"' && p.stray == nil { // a text, such as n/a, if there are no data
				p.ofHayabusa, p.has = true, known(name)
				return p.skip()
			}
		case "StringInserts", "Properties", "Details":
			if (kind == '{' || kind == '[') && p.stray == nil {
				p.stray, p.other = faultf(p.next(), "%s", withoutNames[string(name)]), true
			}
		case "hits", "results", "Results", "Records", "records":
			if p.aLine && outermost && p.id.rank == 0 && (kind == '{' || kind == '[') {
				return errSplit
			}
		case "SourceModuleName", "SourceModuleType", "EventReceivedTime", "SeverityValue":
			p.nxlog = true
		default:
			if done, err := p.dotted(name, kind); done || err != nil {
				return err
			}
		}
		return p.beside(name, kind)
	})
}

// wrapper reads the object around the event. The keys beside it are not part of the event.
func (p *parser) wrapper() error {
	p.reset()
	p.wrapped = true
	return p.event(false)
}

// member reads a value that identifies the event from the object that comes next.
func (p *parser) member(member string, r *ranked, rank int) error {
	return p.object(func(name []byte, kind jsontext.Kind) error {
		if string(name) == member {
			return p.inner(r, rank, kind)
		}
		return p.skip()
	})
}

// ofNXLog are the names that NXLog's im_msvistalog adds to an event. In NXLog they
// replace names in the data, regardless of case: pipe events of Sysmon come with
// NXLog's EventType, and may have lost their ProcessId to ProcessID. So these names are
// not data of the event.
var ofNXLog = set("AccountName", "AccountType", "ActivityID", "Category", "Domain", "EventReceivedTime", "EventTime", "EventType",
	"ExecutionProcessID", "ExecutionThreadID", "Keywords", "Level", "LevelValue", "Message", "Opcode", "OpcodeValue", "ProcessID",
	"ProviderGuid", "RecordNumber", "RelatedActivityID", "Severity", "SeverityValue", "SourceModuleName", "SourceModuleType",
	"Task", "TaskValue", "ThreadID", "UserID", "Version")

// besideFlat are the arrays and objects that forwarders put beside a flat event.
var besideFlat = set("agent", "cloud", "ecs", "event", "fields", "input", "log", "metadata", "tags")

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, name := range names {
		m[name] = true
	}
	return m
}

// identity reads one of the names that identify the event. If the event is flat, the
// name may turn out to be data.
func (p *parser) identity(r *ranked, rank int, name []byte, kind jsontext.Kind) error {
	flat := len(p.flat)
	if err := p.beside(name, kind); err != nil || len(p.flat) == flat {
		return err
	}
	if r.rank == 0 || rank < r.rank {
		*r = ranked{p.flat[flat].raw, rank, flat}
	}
	return nil
}

// inner reads a value that identifies the event from an object inside it.
func (p *parser) inner(r *ranked, rank int, kind jsontext.Kind) error {
	if kind == 'n' || kind == '{' || kind == '[' { // null, or another use of the name
		return p.skip()
	}
	raw, _, err := p.value()
	if err != nil {
		return err
	}
	if r.rank == 0 || rank < r.rank {
		*r = ranked{raw, rank, -1}
	}
	return nil
}

// beside reads a value that is data if the event is flat.
func (p *parser) beside(name []byte, kind jsontext.Kind) error {
	switch kind {
	case 'n':
		return p.skip()
	case '{', '[':
		if p.stray == nil && p.has == "" && name[0] != '@' && name[0] != '_' && !besideFlat[string(name)] {
			if kind == '[' && string(name) == "Data" {
				return p.list(name, &p.flat)
			}
			at := p.next()
			p.stray = faultf(at, "found %s for %s; expected a string, a number, true, false or null: an event has one value for each of its fields",
				found(p.line[at:]), clip(name))
		}
		return p.skip()
	}
	f, err := p.field(name)
	if err == nil {
		p.flat = append(p.flat, f)
	}
	return err
}

// field reads the value of a field, which is neither null nor an object or array.
func (p *parser) field(name []byte) (Field, error) {
	raw, _, err := p.value()
	return Field{name, raw}, err
}

// data reads the object with the data of an event.
func (p *parser) data(name []byte, kind jsontext.Kind, datum func(name []byte, kind jsontext.Kind) error) error {
	if len(p.fields) > 0 && kind != 'n' {
		return faultf(p.next(), "found data of the event in %s and in %s; expected it in one of them", p.has, known(name))
	}
	p.has = known(name)
	if kind == 'n' {
		return p.skip()
	}
	return p.object(datum)
}

// known returns the constant for a name that the parser knows, which avoids a copy.
func known(name []byte) string {
	switch string(name) {
	case "EventData":
		return "EventData"
	case "event_data":
		return "event_data"
	case "UserData":
		return "UserData"
	case "eventdata":
		return "eventdata"
	case "AllFieldInfo":
		return "AllFieldInfo"
	}
	return "user_data"
}

// datum reads one item of an event's data. In classic events all items have the name
// Data: they become one value, joined by newlines.
func (p *parser) datum(name []byte, kind jsontext.Kind) error {
	switch {
	case kind == 'n':
		return p.skip()
	case isList(name) && (kind == '[' || kind == '{'):
		return p.list(name, &p.fields)
	case kind == '{', kind == '[':
		at := p.next()
		return faultf(at, "found %s for %s in %s; expected a string, a number, true, false or null: an event has one value for each of its fields",
			found(p.line[at:]), clip(name), p.has)
	}
	f, err := p.field(name)
	if err == nil {
		p.fields = append(p.fields, f)
	}
	return err
}

// winlog reads the object winlog.
func (p *parser) winlog() error {
	return p.object(func(name []byte, kind jsontext.Kind) error {
		switch string(name) {
		case "event_id":
			return p.inner(&p.id, 1, kind)
		case "provider_name":
			return p.inner(&p.provider, 1, kind)
		case "channel":
			return p.inner(&p.channel, 1, kind)
		case "computer_name":
			return p.inner(&p.computer, 1, kind)
		case "event_data", "user_data":
			if kind == '{' || kind == 'n' {
				return p.data(name, kind, p.datum)
			}
		}
		return p.skip()
	})
}

// xml reads the object Event.
func (p *parser) xml() error {
	return p.object(func(name []byte, kind jsontext.Kind) error {
		switch {
		case kind == '{' && string(name) == "System":
			return p.object(p.system)
		case kind == 'n' && (string(name) == "EventData" || string(name) == "UserData"):
			return p.data(name, kind, nil)
		case kind == '{' && string(name) == "EventData":
			return p.data(name, kind, p.xmlDatum)
		case kind == '{' && string(name) == "UserData": // an element of any name, with the data
			return p.data(name, kind, func(name []byte, kind jsontext.Kind) error {
				switch {
				case kind != '{' || isAttributes(name):
					return p.skip()
				case len(p.fields) > 0:
					return faultf(p.next(), "found a second element with data, %s, in UserData; expected one", clip(name))
				}
				return p.object(p.xmlDatum)
			})
		}
		return p.skip()
	})
}

func (p *parser) system(name []byte, kind jsontext.Kind) error {
	var r *ranked
	switch string(name) {
	case "EventID":
		r = &p.id
	case "Channel":
		r = &p.channel
	case "Computer":
		r = &p.computer
	case "Level":
		r = &p.level
	case "Keywords":
		r = &p.keywords
	case "Provider", "Provider_attributes":
		if kind != '{' {
			return p.skip()
		}
		return p.object(func(name []byte, kind jsontext.Kind) error {
			switch {
			case string(name) == "Name", string(name) == "@Name":
				return p.inner(&p.provider, 1, kind)
			case kind == '{' && isAttributes(name):
				return p.object(func(name []byte, kind jsontext.Kind) error {
					if string(name) == "Name" {
						return p.inner(&p.provider, 1, kind)
					}
					return p.skip()
				})
			}
			return p.skip()
		})
	default:
		return p.skip()
	}
	if kind != '{' {
		return p.inner(r, 1, kind)
	}
	// The value has attributes, such as Qualifiers.
	return p.object(func(name []byte, kind jsontext.Kind) error {
		if isText(name) {
			return p.inner(r, 1, kind)
		}
		return p.skip()
	})
}

// xmlDatum is datum for an element that may have attributes.
func (p *parser) xmlDatum(name []byte, kind jsontext.Kind) error {
	switch {
	case isAttributes(name):
		return p.skip()
	case kind != '{', isList(name):
		return p.datum(name, kind)
	}
	return p.object(func(inner []byte, kind jsontext.Kind) error {
		if string(inner) == "#text" {
			return p.datum(name, kind)
		}
		if isAttributes(inner) {
			return p.skip()
		}
		at := p.next()
		return faultf(at, "found %s in %s; expected a text", clip(inner), clip(name))
	})
}

// isAttributes reports whether evtx_dump writes attributes under a name.
func isAttributes(name []byte) bool {
	return string(name) == "#attributes" || bytes.HasSuffix(name, []byte("_attributes"))
}

// object reads an object, which must be next. It calls member before each value, and
// member must read the value.
func (p *parser) object(member func(name []byte, kind jsontext.Kind) error) error {
	if _, err := p.dec.ReadToken(); err != nil {
		return p.fault(err)
	}
	for {
		at := p.next()
		token, err := p.dec.ReadToken()
		if err != nil {
			return p.fault(err)
		}
		if token.Kind() == '}' {
			return nil
		}
		name := text(p.line[at:p.dec.InputOffset()])
		if len(name) == 0 && !p.noNames {
			return faultf(at, "found an empty name; expected the name of a field")
		}
		if err := member(name, p.kind()); err != nil {
			return err
		}
	}
}

// kind returns the kind of the next value, judged by its first byte. The decoder later
// checks whether the value is valid.
func (p *parser) kind() jsontext.Kind {
	if at := p.next(); at < len(p.line) {
		return jsontext.Kind(p.line[at])
	}
	return 0
}

// value reads a value that is neither an object nor an array, and returns its JSON and
// its offset in the line.
func (p *parser) value() (raw []byte, at int, err error) {
	at = p.next()
	if _, err := p.dec.ReadToken(); err != nil {
		return nil, 0, p.fault(err)
	}
	end := int(p.dec.InputOffset())
	return p.line[at:end:end], at, nil
}

func (p *parser) skip() error {
	if err := p.dec.SkipValue(); err != nil {
		return p.fault(err)
	}
	return nil
}

// next returns the offset of the next value.
func (p *parser) next() int {
	at := int(p.dec.InputOffset())
	for at < len(p.line) {
		switch p.line[at] {
		case ' ', '\t', '\r', '\n', ',', ':':
			at++
		default:
			return at
		}
	}
	return at
}

// fault converts an error of the decoder to a fault.
func (p *parser) fault(err error) error {
	var s *jsontext.SyntacticError
	if !errors.As(err, &s) {
		return faultf(len(p.line), "found the end of the line; expected an object")
	}
	line := bytes.TrimRight(p.line, "\r\n")
	at := min(int(s.ByteOffset), len(line))
	rest := line[at:]
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return faultf(at, "found the name %s twice in one object; expected it once", found(rest))
	case p.aLine && (errors.Is(err, io.ErrUnexpectedEOF) || len(rest) == 0):
		return errSplit
	case errors.Is(err, io.ErrUnexpectedEOF), len(rest) == 0:
		return faultf(at, "found the end of the text inside the object; expected '}'")
	}
	return faultf(at, "found %s, which is not JSON here; expected an event as a JSON object in UTF-8", found(rest))
}

// text returns a value that is not an object, array or null as a text. It makes a copy
// only if the JSON has escapes.
func text(raw []byte) []byte {
	if len(raw) == 0 || raw[0] != '"' {
		return raw
	}
	if in := raw[1 : len(raw)-1]; bytes.IndexByte(in, '\\') < 0 {
		return in
	}
	s, _ := jsontext.AppendUnquote(nil, raw) // cannot fail: it was parsed as JSON
	return s
}

// found describes the first token of a JSON text in a few words.
func found(rest []byte) string {
	switch c := rest[0]; {
	case c == '{':
		return "an object"
	case c == '[':
		return "an array"
	case c == '"':
		if n := bytes.IndexByte(rest[1:], '"'); n >= 0 {
			rest = rest[:n+2]
		}
		return clip(rest)
	case c == '-' || '0' <= c && c <= '9':
		return "the number " + clip(rest[:max(1, len(rest)-len(bytes.TrimLeft(rest, "+-0123456789.eE")))])
	case c < ' ' || c == 0x7f:
		return fmt.Sprintf("byte 0x%02x", c)
	}
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(rest, []byte(word)) {
			return word
		}
	}
	r, n := utf8.DecodeRune(rest)
	if r == utf8.RuneError && n == 1 {
		return fmt.Sprintf("byte 0x%02x (not UTF-8)", rest[0])
	}
	return strconv.QuoteRune(r)
}

// clip quotes a text for a message and shortens a long one.
func clip(b []byte) string {
	const most = 40
	if len(b) >= 2 && b[0] == '"' && b[len(b)-1] == '"' {
		b = b[1 : len(b)-1]
	}
	if len(b) > most {
		return strconv.Quote(string(b[:most])) + "..."
	}
	return strconv.Quote(string(b))
}
