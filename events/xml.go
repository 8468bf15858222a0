package events

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// markup reads an event as XML, with the offset of a fault in text. The elements System,
// EventData and UserData are in the outermost element, or in the one below it, or outermost.
// Encoding/xml knows no entities but the five of XML, and keeps its own stack.
func (p *parser) markup(text []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(text))
	return p.elements(func() (xml.Token, int, error) {
		offset := int(dec.InputOffset())
		token, err := dec.Token()
		if err != nil && err != io.EOF {
			if s, ok := errors.AsType[*xml.SyntaxError](err); ok {
				err = errors.New(s.Msg)
			}
			err = faultf(min(int(dec.InputOffset()), len(text)-1), "found text that is not XML (%w); expected an event as XML in UTF-8", err)
		}
		return token, offset, err
	})
}

// elements reads an event as XML. Next returns a token with its offset, and io.EOF at the end. The
// elements match.
func (p *parser) elements(next func() (xml.Token, int, error)) error {
	var (
		section string // System, EventData or UserData
		top     int    // depth of section
		depth   int
		field   []byte // name of the open element, or nil
		value   []byte
		at      int // depth of field
		unnamed int
		repeats int // number of elements after the last field that repeat its element
		apart   bool
	)
	// Windows writes the values of an array as elements of one name, one after another.
	flush := func() {
		if repeats > 0 {
			p.fields[len(p.fields)-1].raw = asJSON(p.repeated)
			repeats = 0
		}
	}
	p.joined = p.joined[:0]
	p.named = true
	for {
		token, offset, err := next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			name := t.Name.Local
			switch {
			case section == "":
				if depth <= 3 && (name == "System" || name == "EventData" || name == "UserData") {
					section, top = name, depth
					if name != "System" {
						if p.has != "" {
							return faultf(offset, "found data of the event in %s and in %s; expected it in one of them", p.has, known([]byte(name)))
						}
						p.has = known([]byte(name))
					}
				}
			case field != nil:
				return faultf(offset, "found the element %s in the element %s; expected a text", clip([]byte(name)), clip(field))
			case section == "System" && depth == top+1:
				field, at = []byte(name), depth
				if name == "Provider" {
					setXML(&p.provider, attribute(t, "Name"))
				}
			case section == "EventData" && depth == top+1:
				field, at = []byte(name), depth
				if name == "Data" {
					if given := attribute(t, "Name"); given != nil {
						field = given
					} else {
						field = dataName
					}
				}
			case section == "UserData" && depth == top+2:
				field, at = []byte(name), depth
			}
			value = value[:0]
		case xml.CharData:
			if field != nil {
				value = append(value, t...)
			}
		case xml.EndElement:
			switch {
			case field != nil && depth == at:
				switch {
				case section == "System":
					p.systemXML(string(field), value)
				case len(field) == 0:
					return faultf(offset, "found an empty name; expected the name of a field")
				case section == "EventData" && &field[0] == &dataName[0]:
					if unnamed++; unnamed > 1 {
						p.joined = append(p.joined, '\n')
					}
					p.joined = append(p.joined, value...)
					apart = true
				case !apart && len(p.fields) > 0 && bytes.Equal(p.fields[len(p.fields)-1].Name, field):
					if repeats++; repeats == 1 {
						p.repeated = append(p.repeated[:0], text(p.fields[len(p.fields)-1].raw)...)
					}
					p.repeated = append(append(p.repeated, '\n'), value...)
				default:
					flush()
					apart = false
					p.fields = append(p.fields, Field{field, asJSON(value)})
				}
				field = nil
			case depth == top && section != "":
				section = ""
			}
			depth--
		}
	}
	flush()
	if unnamed > 0 {
		p.fields = append(p.fields, Field{dataName, asJSON(p.joined)})
	}
	if p.has == "" {
		p.has = "EventData"
	}
	return nil
}

// systemXML keeps a value of the element System.
func (p *parser) systemXML(name string, value []byte) {
	switch name {
	case "EventID":
		setXML(&p.id, value)
	case "Channel":
		setXML(&p.channel, value)
	case "Computer":
		setXML(&p.computer, value)
	case "Level":
		setXML(&p.level, value)
	case "Keywords":
		setXML(&p.keywords, value)
	}
}

func setXML(r *ranked, value []byte) {
	if value != nil {
		*r = ranked{asJSON(value), 1, -1}
	}
}

// asJSON returns a text, which is UTF-8, as JSON.
func asJSON(text []byte) []byte {
	raw, _ := jsontext.AppendQuote(nil, text)
	return raw
}

// attribute returns the value of an attribute, or nil.
func attribute(t xml.StartElement, name string) []byte {
	for i := range t.Attr {
		if t.Attr[i].Name.Local == name {
			return []byte(t.Attr[i].Value)
		}
	}
	return nil
}

// markupIn reads a string that contains an event, or its data, as XML. It reports false if the
// string is not XML; raw is its JSON then.
func (p *parser) markupIn(name []byte) (raw []byte, done bool, err error) {
	raw, at, err := p.value()
	if err != nil {
		return nil, false, err
	}
	text, _ := jsontext.AppendUnquote(nil, raw) // cannot fail: it was parsed as JSON
	if !bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("<")) {
		return raw, false, nil
	}
	if err := p.markup(text); err != nil {
		return nil, false, faultf(at, "in %s: %w", name, err)
	}
	return raw, true, nil
}

// azure takes the channel and the provider from the names of Azure's Event table.
func (p *parser) azure() {
	for i, f := range p.flat {
		switch {
		case string(f.Name) == "EventLog" && p.channel.rank == 0:
			p.channel = ranked{f.raw, 9, i}
		case string(f.Name) == "Source" && p.provider.rank == 0:
			p.provider = ranked{f.raw, 9, i}
		}
	}
}

// markup returns the text of the next event as XML, up to its end tag. It returns neither a text
// nor an error if the next markup is around events.
func (s *splitter) markup() ([]byte, error) {
	if rest := s.rest(); len(rest) < len("</Events>") && rest[len(rest)-1] != '\n' {
		// The buffer ends in the tag. Peek moves its bytes.
		s.chunk, s.col, s.at = append([]byte(nil), rest...), s.col+s.at, 0
		next, _ := s.lines.Peek(len("</Events>"))
		s.begin, s.column = s.line, s.col
		return s.markupOf(append(append([]byte(nil), rest...), next...))
	}
	return s.markupOf(s.rest())
}

func (s *splitter) markupOf(start []byte) ([]byte, error) {
	begins := func(tag string) bool {
		return bytes.HasPrefix(start, []byte(tag)) && len(start) > len(tag) && bytes.IndexByte([]byte(" \t\r\n>"), start[len(tag)]) >= 0
	}
	switch {
	case begins("<Event"):
		return s.until("</Event>")
	case begins("<Events"), begins("</Events"):
		_, err := s.until(">")
		return nil, err
	case begins("<?xml"):
		_, err := s.until("?>")
		return nil, err
	}
	err := s.errorf("found markup that is not an event; expected the element Event, or an event as a JSON object")
	if err := s.skipLine(); err != nil && err != io.EOF {
		return nil, err
	}
	return nil, err
}

// until returns the text up to and including end.
func (s *splitter) until(end string) ([]byte, error) {
	s.begin, s.column, s.long = s.line, s.col+s.at, s.long[:0]
	tooLong := false
	for {
		before := max(0, len(s.long)-len(end))
		s.long = append(s.long, s.chunk[s.at:]...)
		if i := bytes.Index(s.long[before:], []byte(end)); i >= 0 {
			n := before + i + len(end)
			s.at = len(s.chunk) - (len(s.long) - n)
			if tooLong || n > MaxLine {
				return nil, &LineError{Line: s.begin, Err: errTooLong}
			}
			return s.long[:n:n], nil
		}
		if len(s.long) > MaxLine {
			tooLong = true
			s.long = append(s.long[:0], s.long[len(s.long)-len(end):]...)
		}
		s.at = len(s.chunk)
		if err := s.fill(); err == io.EOF {
			return nil, &LineError{Line: s.begin, Column: s.column + 1, Err: errors.New("found the end of the file inside the event as XML; expected its end tag")}
		} else if err != nil {
			return nil, err
		}
		if s.col == 0 && (bytes.HasPrefix(s.chunk, []byte("<Event ")) || bytes.HasPrefix(s.chunk, []byte("<Event>"))) {
			return nil, &LineError{Line: s.begin, Column: s.column + 1, Err: errors.New("found the next event before the end of this one; expected its end tag, </Event>")}
		}
	}
}
