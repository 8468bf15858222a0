package events

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// withoutNames has the message for values that an exporter writes without the names of their
// fields, or under other names, by the key that holds them.
var withoutNames = map[string]string{
	"StringInserts": "found StringInserts, as Fluent Bit writes it: values without the names of their fields; expected named data: use another exporter, such as winlogbeat",
	"Properties":    "found Properties, as Get-WinEvent writes it: values without the names of their fields; expected named data: export the log itself, as EVTX",
	"Details":       "found Details, as Hayabusa writes it: a part of the data under other names; expected AllFieldInfo: run hayabusa json-timeline -L -p all-field-info, or give the EVTX itself",
}

// isOfSplunk reports whether Splunk adds a field to the events that it exports.
func isOfSplunk(name []byte) bool {
	if name[0] == '_' || bytes.HasPrefix(name, []byte("date_")) {
		return true
	}
	switch string(name) {
	case "EventChannel", "EventCode", "EventID", "eventtype", "host", "index", "linecount", "punct", "source", "sourcetype", "splunk_server",
		"timeendpos", "timestartpos":
		return true
	}
	return false
}

// wrapperOfSplunk reads the object result of an export of Splunk.
func (p *parser) wrapperOfSplunk() error {
	p.reset()
	p.wrapped, p.splunk = true, true
	return p.event(false)
}

// dotted reads a value of ECS or Wazuh under its whole path, such as
// winlog.event_data.Image. The value may be in an array, as Elasticsearch returns it in fields.
// It reports false, and reads nothing, if the name is not such a path.
func (p *parser) dotted(name []byte, kind jsontext.Kind) (bool, error) {
	dot := bytes.IndexByte(name, '.')
	if dot < 0 {
		return false, nil
	}
	var r *ranked
	rank := 1
	field := name
	switch path := string(name); {
	case path == "winlog.event_id", path == "data.win.system.eventID":
		r = &p.id
	case path == "winlog.provider_name", path == "data.win.system.providerName":
		r = &p.provider
	case path == "winlog.channel", path == "data.win.system.channel":
		r = &p.channel
	case path == "winlog.computer_name", path == "data.win.system.computer":
		r = &p.computer
	case path == "host.name":
		r, rank = &p.computer, 6
	case path == "event.code":
		r, rank = &p.id, 9
	case path == "event.provider":
		r, rank = &p.provider, 9
	case strings.HasPrefix(path, "winlog.event_data."), strings.HasPrefix(path, "winlog.user_data."):
		field = name[bytes.IndexByte(name[len("winlog."):], '.')+len("winlog.")+1:]
	case strings.HasPrefix(path, "data.win.eventdata."):
		field = name[len("data.win.eventdata."):]
	default:
		return false, nil
	}
	at := p.next()
	raw, err := p.only(name, kind)
	switch {
	case err != nil || raw == nil:
		return true, err
	case r != nil:
		if r.rank == 0 || rank < r.rank {
			*r = ranked{raw, rank, -1}
		}
	case bytes.HasSuffix(field, []byte(".keyword")), bytes.HasSuffix(field, []byte(".text")):
		// The same value, indexed in another way.
	case len(field) == 0:
		return true, faultf(at, "found an empty name; expected the name of a field")
	default:
		if name[0] == 'd' {
			raw = unescaped(raw)
		}
		p.fields = append(p.fields, Field{field, raw})
	}
	if p.has == "" && (name[0] == 'w' || name[0] == 'd') {
		p.has = "dotted keys"
	}
	p.named = true
	return true, nil
}

// only reads a value, or the only value of an array. It returns nil for null and an empty array.
func (p *parser) only(name []byte, kind jsontext.Kind) (raw []byte, err error) {
	if kind == '[' {
		if _, err := p.dec.ReadToken(); err != nil {
			return nil, p.fault(err)
		}
		switch kind = p.kind(); kind {
		case ']':
		case '[':
			return nil, faultf(p.next(), "found an array in the array of %s; expected a value", clip(name))
		default:
			if raw, err = p.only(name, kind); err != nil {
				return nil, err
			}
		}
		if at := p.next(); p.kind() != ']' && at < len(p.line) {
			return nil, faultf(at, "found a second value for %s; expected one: an event has one value for each of its fields", clip(name))
		}
		if _, err := p.dec.ReadToken(); err != nil {
			return nil, p.fault(err)
		}
		return raw, nil
	}
	switch kind {
	case 'n':
		return nil, p.skip()
	case '{':
		at := p.next()
		return nil, faultf(at, "found an object for %s; expected a string, a number, true, false or null", clip(name))
	}
	raw, _, err = p.value()
	return raw, err
}

// wazuh reads the object data of Wazuh: the event is in its object win, with the first letter of
// each name in small, and with backslashes and quotes in the data escaped twice.
func (p *parser) wazuh() error {
	at, windows := p.next(), false
	err := p.object(func(name []byte, kind jsontext.Kind) error {
		if kind != '{' || string(name) != "win" {
			return p.skip()
		}
		windows = true
		if p.has == "" {
			p.has = "eventdata"
		}
		return p.object(func(name []byte, kind jsontext.Kind) error {
			switch {
			case kind == '{' && string(name) == "system":
				return p.object(p.wazuhSystem)
			case kind == '{' && string(name) == "eventdata":
				return p.data(name, kind, func(name []byte, kind jsontext.Kind) error {
					n := len(p.fields)
					err := p.datum(name, kind)
					for i := n; i < len(p.fields); i++ {
						p.fields[i].raw = unescaped(p.fields[i].raw)
					}
					return err
				})
			}
			return p.skip()
		})
	})
	if err == nil && !windows && p.stray == nil {
		p.stray = faultf(at, "found an object for \"data\"; expected a string, a number, true, false or null: an event has one value for each of its fields")
	}
	return err
}

// wazuhSystem reads a value of the object system of Wazuh.
func (p *parser) wazuhSystem(name []byte, kind jsontext.Kind) error {
	switch string(name) {
	case "eventID":
		return p.inner(&p.id, 1, kind)
	case "providerName":
		return p.inner(&p.provider, 1, kind)
	case "channel":
		return p.inner(&p.channel, 1, kind)
	case "computer":
		return p.inner(&p.computer, 1, kind)
	case "level":
		return p.inner(&p.level, 1, kind)
	case "keywords":
		return p.inner(&p.keywords, 1, kind)
	}
	return p.skip()
}

// unescaped returns a JSON value without the escapes that Wazuh adds to a text: a backslash
// before each backslash and quote. A text with any other backslash was not escaped.
func unescaped(raw []byte) []byte {
	if raw[0] != '"' || bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	s := text(raw)
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			if i+1 == len(s) || s[i+1] != '\\' && s[i+1] != '"' {
				return raw
			}
			i++
		}
		out = append(out, s[i])
	}
	out, _ = jsontext.AppendQuote(nil, out) // cannot fail: the text was parsed as JSON
	return out
}

// evtxECmd reads the value Payload of EvtxECmd, a string with the data as JSON. Any other value
// is data of a flat event.
func (p *parser) evtxECmd(name []byte, kind jsontext.Kind) error {
	raw, at, err := p.value()
	if err != nil {
		return err
	}
	s, _ := jsontext.AppendUnquote(nil, raw) // cannot fail: it was parsed as JSON
	if !bytes.HasPrefix(s, []byte(`{"EventData"`)) && !bytes.HasPrefix(s, []byte(`{"UserData"`)) {
		p.flat = append(p.flat, Field{name, raw})
		return nil
	}
	if p.payload == nil {
		p.payload = new(parser)
		p.payload.init()
	}
	in := p.payload
	in.line, in.src = s, *bytes.NewBuffer(s)
	in.dec.Reset(&in.src)
	in.reset()
	if err := in.xml(); err != nil {
		return faultf(at, "in Payload: %w", err)
	}
	if rest := bytes.TrimLeft(s[in.dec.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return faultf(at, "in Payload: found %s after the object; expected the end", found(rest))
	}
	p.has, p.named = "Payload", in.named
	p.fields = append(p.fields[:0], in.fields...)
	return nil
}

var dataName = []byte("Data")

// list reads data as a list, or as the only element of one, and appends it to fields. Under Data,
// an element is a text, or an object with a name and a text, as converters of XML write it. Under
// data, it is an object with a name for a key, as OpenTelemetry writes it. Texts without a name
// become one value, joined by newlines.
func (p *parser) list(list []byte, fields *[]Field) error {
	p.joined = p.joined[:0]
	before, texts := len(*fields), 0
	join := func(raw []byte) {
		if texts++; texts > 1 {
			p.joined = append(p.joined, '\n')
		}
		if raw != nil {
			f := Field{raw: raw}
			p.joined = f.Append(p.joined)
		}
	}
	element := p.dataElement
	if list[0] == 'd' {
		element = p.mapElement
	}
	var err error
	if p.kind() == '{' {
		err = element(fields, join)
	} else {
		err = p.array(func(kind jsontext.Kind) error {
			switch kind {
			case '{':
				return element(fields, join)
			case '[':
				return faultf(p.next(), "found an array in the array %s; expected strings", list)
			case 'n':
				join(nil)
				return p.skip()
			}
			raw, _, err := p.value()
			if err == nil {
				join(raw)
			}
			return err
		})
	}
	if err != nil || texts == 0 && (len(*fields) > before || list[0] == 'd') {
		return err
	}
	raw, _ := jsontext.AppendQuote(nil, p.joined) // cannot fail: the parts were parsed as JSON
	*fields = append(*fields, Field{dataName, raw})
	return nil
}

// isList reports whether data under a name may be a list.
func isList(name []byte) bool { return string(name) == "Data" || string(name) == "data" }

// isText reports whether a converter of XML writes the text of an element under a name.
func isText(name []byte) bool {
	switch string(name) {
	case "#text", "$", "text", "Value":
		return true
	}
	return false
}

// dataElement reads an element of Data as an object: its name, if it has one, and its text.
func (p *parser) dataElement(fields *[]Field, join func([]byte)) error {
	at := p.next()
	var name, value []byte
	named := false
	setName := func(kind jsontext.Kind) error {
		if kind != '"' {
			return p.skip()
		}
		raw, _, err := p.value()
		name, named = text(raw), true
		return err
	}
	several := false
	err := p.object(func(key []byte, kind jsontext.Kind) error {
		switch {
		case string(key) == "@Name", string(key) == "Name":
			return setName(kind)
		case isText(key):
			switch kind {
			case 'n':
				return p.skip()
			case '[':
				several = true
				return p.array(func(kind jsontext.Kind) error {
					if kind == '[' {
						return faultf(p.next(), "found an array in the array Data; expected strings")
					}
					raw, err := p.only(key, kind)
					if err == nil {
						join(raw)
					}
					return err
				})
			}
			raw, err := p.only(key, kind)
			value = raw
			return err
		case kind == '{' && isAttributes(key):
			return p.object(func(key []byte, kind jsontext.Kind) error {
				if string(key) == "Name" {
					return setName(kind)
				}
				return p.skip()
			})
		case key[0] == '@', isAttributes(key):
			return p.skip()
		}
		return faultf(p.next(), "found %s in an element of Data; expected its name and its text", clip(key))
	})
	switch {
	case err != nil:
		return err
	case named && (len(name) == 0 || several):
		return faultf(at, "found an element of Data with an empty name or several texts; expected a name and a text")
	case named:
		if value == nil {
			value = []byte(`""`)
		}
		p.named = true
		*fields = append(*fields, Field{name, value})
	case !several:
		join(value)
	}
	return nil
}

// mapElement reads an element of data as an object with a name, which may be empty, as its key.
func (p *parser) mapElement(fields *[]Field, join func([]byte)) error {
	p.noNames = true
	defer func() { p.noNames = false }()
	return p.object(func(name []byte, kind jsontext.Kind) error {
		raw, err := p.only(name, kind)
		switch {
		case err != nil:
		case len(name) == 0:
			join(raw)
		case raw != nil:
			p.named = true
			*fields = append(*fields, Field{name, raw})
		}
		return err
	})
}

// array reads an array, which must be next. It calls element before each value, and element
// must read the value.
func (p *parser) array(element func(kind jsontext.Kind) error) error {
	if _, err := p.dec.ReadToken(); err != nil {
		return p.fault(err)
	}
	for {
		if kind := p.dec.PeekKind(); kind == ']' || kind == 0 {
			if _, err := p.dec.ReadToken(); err != nil {
				return p.fault(err)
			}
			return nil
		}
		if err := element(p.kind()); err != nil {
			return err
		}
	}
}

// unique returns an error if two fields from several objects have one name.
func (p *parser) unique() error {
	if !p.named {
		return nil
	}
	seen := make(map[string]bool, len(p.fields))
	for i := range p.fields {
		name := string(p.fields[i].Name)
		if seen[name] {
			return fmt.Errorf("found the name %s twice in the data of the event; expected it once", clip(p.fields[i].Name))
		}
		seen[name] = true
	}
	return nil
}
