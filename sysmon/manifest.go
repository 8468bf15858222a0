package sysmon

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxManifest is the maximum size of a manifest in bytes. Real ones have 28 KB.
const MaxManifest = 16 << 20

// A ManifestError is a fault of a manifest.
type ManifestError struct {
	Line, Column int // from 1; in a manifest of UTF-16 the column counts bytes of its UTF-8 form
	Problem      string
}

func (e *ManifestError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// ParseManifest reads the manifest that a build prints (sysmon -s): UTF-8, or UTF-16 with a byte
// order mark, as PowerShell writes it. Text before the element manifest, the banner of the
// program, is passed over. An error is a [*ManifestError].
func ParseManifest(data []byte) (*Schema, error) {
	if len(data) > MaxManifest {
		return nil, &ManifestError{1, 1, fmt.Sprintf("the manifest has %d bytes (want at most %d)", len(data), MaxManifest)}
	}
	text, err := decodeText(data)
	if err != nil {
		return nil, &ManifestError{1, 1, err.Error()}
	}
	start := bytes.Index(text, []byte("<manifest"))
	if start < 0 {
		return nil, &ManifestError{1, 1, "found no element manifest; want the output of: sysmon -s"}
	}
	p := manifestParser{text: text, start: start, schema: &Schema{Source: "manifest that the build prints"}}
	if err := p.parse(); err != nil {
		return nil, p.locate(err)
	}
	return p.schema, nil
}

// decodeText returns the text as UTF-8 without a byte order mark.
func decodeText(data []byte) ([]byte, error) {
	var at func(i int) uint16
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		at = func(i int) uint16 { return uint16(data[i]) | uint16(data[i+1])<<8 }
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		at = func(i int) uint16 { return uint16(data[i+1]) | uint16(data[i])<<8 }
	default:
		data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
		if !utf8.Valid(data) {
			return nil, errors.New("the manifest is neither UTF-8 nor UTF-16 with a byte order mark")
		}
		return data, nil
	}
	if len(data)%2 != 0 {
		return nil, errors.New("the manifest is UTF-16, but has an odd number of bytes; it may be cut off")
	}
	units := make([]uint16, 0, len(data)/2-1)
	for i := 2; i < len(data); i += 2 {
		units = append(units, at(i))
	}
	return []byte(string(utf16.Decode(units))), nil
}

// A manifestParser reads one element after another. It has no recursion: the form has a fixed
// depth, and an element at a place where it is not expected is passed over.
type manifestParser struct {
	text   []byte
	start  int // of the element manifest
	at     int // start of the token that is being read, from there
	dec    *xml.Decoder
	schema *Schema
	depth  int
	event  *Event // the open event; nil outside of one
	inside bool   // of the element filters
	fields map[string]bool
	ids    map[uint32]bool
	done   bool // the manifest has ended
}

func (p *manifestParser) parse() error {
	p.dec = xml.NewDecoder(bytes.NewReader(p.text[p.start:]))
	p.ids = map[uint32]bool{}
	for {
		p.at = int(p.dec.InputOffset())
		token, err := p.dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			p.depth++
			err = p.open(t)
		case xml.EndElement:
			p.depth--
			p.close(t)
		case xml.CharData:
			err = p.characters(t)
		case xml.Directive:
			err = errors.New("found a directive such as a document type (want elements alone)")
		}
		if err != nil {
			return err
		}
	}
	switch {
	case len(p.schema.Events) == 0:
		return errors.New("the manifest has no event")
	case len(p.schema.Operators) == 0:
		return errors.New("the manifest has no element filters with the conditions")
	}
	return nil
}

// locate adds the line and the column of the token, or of the byte that is no XML.
func (p *manifestParser) locate(err error) error {
	problem, at := err.Error(), p.at
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		problem, at = syntax.Msg, int(p.dec.InputOffset())
	}
	before := p.text[:min(p.start+at, len(p.text))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return &ManifestError{line, column, problem}
}

func (p *manifestParser) open(t xml.StartElement) error {
	name := t.Name.Local
	if (p.depth == 1) != (name == "manifest") {
		return fmt.Errorf("unexpected element %.40s (want one manifest around all others)", name)
	}
	if p.done {
		return errors.New("found a second manifest; want the output of sysmon -s for one version")
	}
	switch name {
	case "manifest":
		return p.openManifest(t)
	case "option":
		return p.openOption(t)
	case "filters":
		p.inside = true
	case "event":
		return p.openEvent(t)
	case "data":
		return p.openData(t)
	}
	return nil
}

func (p *manifestParser) close(t xml.EndElement) {
	switch t.Name.Local {
	case "manifest":
		p.done = true
	case "filters":
		p.inside = false
	case "event":
		if p.event != nil && p.event.ID < firstInternal {
			p.schema.Events = append(p.schema.Events, *p.event)
		} else if p.event != nil {
			p.schema.Internal = append(p.schema.Internal, *p.event)
		}
		p.event = nil
	}
}

func (p *manifestParser) characters(text xml.CharData) error {
	if !p.inside {
		if p.done && len(bytes.TrimSpace(text)) > 0 {
			return errors.New("found text behind the manifest; the output may be that of several commands")
		}
		return nil
	}
	for name := range strings.SplitSeq(string(text), ",") {
		if strings.TrimSpace(name) == "" {
			continue
		}
		o, ok := OperatorNamed(strings.TrimSpace(name))
		if !ok {
			return fmt.Errorf("unknown condition %.40q; its number in rule blobs is not known either", name)
		}
		p.schema.Operators = append(p.schema.Operators, o)
	}
	return nil
}

func (p *manifestParser) openManifest(t xml.StartElement) error {
	var err error
	if p.schema.Version, err = ParseVersion(attribute(t, "schemaversion")); err != nil {
		return fmt.Errorf("schemaversion: %w", err)
	}
	if p.schema.Binary, err = ParseVersion(attribute(t, "binaryversion")); err != nil {
		return fmt.Errorf("binaryversion: %w", err)
	}
	return nil
}

func (p *manifestParser) openOption(t xml.StartElement) error {
	o := Option{
		Name: attribute(t, "name"), Rule: attribute(t, "rule") == "true",
		ForceConfig: attribute(t, "forceconfig") == "true", CommandLine: attribute(t, "noconfig") == "true",
		Internal: attribute(t, "target") == "internal",
	}
	if o.Name == "" {
		return errors.New("an option has no name")
	}
	if p.schema.optionAt(o.Name) >= 0 {
		return fmt.Errorf("option %.40s is there twice", o.Name)
	}
	switch text := attribute(t, "argument"); text {
	case "none", "":
	case "optional":
		o.Argument = OptionalArgument
	case "required":
		o.Argument = RequiredArgument
	default:
		return fmt.Errorf("option %.40s: unknown argument %.40q (want \"none\", \"optional\" or \"required\")", o.Name, text)
	}
	p.schema.Options = append(p.schema.Options, o)
	return nil
}

func (p *manifestParser) openEvent(t xml.StartElement) error {
	id, err := strconv.ParseUint(attribute(t, "value"), 10, 16)
	if err != nil {
		return fmt.Errorf("event %.40q has the value %.40q (want its ID, 1 to 65535)", attribute(t, "name"), attribute(t, "value"))
	}
	e := Event{ID: uint32(id), Name: attribute(t, "template"), Tag: attribute(t, "rulename")}
	if p.event != nil {
		return fmt.Errorf("event %d stands in event %d", e.ID, p.event.ID)
	}
	if p.ids[e.ID] {
		return fmt.Errorf("event %d is there twice", e.ID)
	}
	p.ids[e.ID] = true
	switch text := attribute(t, "ruledefault"); text {
	case "include":
		e.LoggedByDefault = true
	case "exclude", "":
	default:
		return fmt.Errorf("event %d: unknown ruledefault %.40q (want include or exclude)", e.ID, text)
	}
	p.event, p.fields = &e, map[string]bool{}
	return nil
}

func (p *manifestParser) openData(t xml.StartElement) error {
	name := attribute(t, "name")
	switch {
	case p.event == nil:
		return errors.New("found data outside of an event")
	case name == "":
		return fmt.Errorf("event %d has a field without a name", p.event.ID)
	case p.fields[name]:
		return fmt.Errorf("event %d has the field %.40s twice", p.event.ID, name)
	}
	p.fields[name] = true
	p.event.Fields = append(p.event.Fields, name)
	return nil
}

// attribute returns the value of an attribute, or "".
func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
