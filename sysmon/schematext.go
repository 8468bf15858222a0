package sysmon

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// schemasText holds the built-in schemas. Its first lines describe its form.
//
//go:embed schemas.txt
var schemasText string

// firstInternal is the least ID of an event of Microsoft's own builds.
const firstInternal = 0xF000

// parseSchemas reads the form of schemas.txt. An error names the line.
func parseSchemas(text string) ([]*Schema, error) {
	var list []*Schema
	names := map[uint32]string{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		verb, rest, _ := strings.Cut(line, " ")
		var err error
		if verb == "schema" {
			var next *Schema
			if next, err = following(list, rest); err == nil {
				list = append(list, next)
			}
		} else if len(list) == 0 {
			err = errors.New("a line before the first schema")
		} else {
			err = list[len(list)-1].apply(verb, rest, names)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	for _, s := range list {
		if s.Source == "" {
			return nil, fmt.Errorf("schema %s has no source", s.Version)
		}
	}
	return list, nil
}

// following returns a schema with the contents of the last one of the list, which it can change.
func following(list []*Schema, head string) (*Schema, error) {
	version, binary, _ := strings.Cut(head, " ")
	s := new(Schema)
	var err error
	if s.Version, err = ParseVersion(version); err != nil {
		return nil, err
	}
	if binary != "-" {
		if s.Binary, err = ParseVersion(binary); err != nil {
			return nil, err
		}
	}
	if len(list) == 0 {
		return s, nil
	}
	last := list[len(list)-1]
	if last.Version.Compare(s.Version) >= 0 {
		return nil, fmt.Errorf("schema %s is not after %s", s.Version, last.Version)
	}
	s.Operators, s.Options = slices.Clone(last.Operators), slices.Clone(last.Options)
	s.Events, s.Internal = slices.Clone(last.Events), slices.Clone(last.Internal)
	return s, nil
}

// apply makes the change of one line.
func (s *Schema) apply(verb, rest string, names map[uint32]string) error {
	switch verb {
	case "source", "derived":
		s.Source, s.Derived = rest, verb == "derived"
		return nil
	case "operators":
		s.Operators = nil
		for name := range strings.SplitSeq(rest, ", ") {
			o, ok := OperatorNamed(name)
			if !ok {
				return fmt.Errorf("unknown operator %q", name)
			}
			s.Operators = append(s.Operators, o)
		}
		return nil
	case "option":
		return s.setOption(strings.Fields(rest))
	case "options":
		return s.orderOptions(strings.Fields(rest))
	case "event":
		return s.setEvent(rest, names)
	case "first", "last":
		return s.addField(verb == "first", rest)
	case "remove":
		return s.remove(rest)
	}
	return fmt.Errorf("unknown word %q", verb)
}

func (s *Schema) setOption(words []string) error {
	if len(words) < 2 {
		return errors.New("an option needs a name and an argument")
	}
	a := slices.Index(argumentNames[:], words[1])
	if a < 0 {
		return fmt.Errorf("unknown argument %q", words[1])
	}
	o := Option{Name: words[0], Argument: Argument(a)}
	for _, w := range words[2:] {
		switch w {
		case "rule":
			o.Rule = true
		case "config":
			o.ForceConfig = true
		case "command-line":
			o.CommandLine = true
		case "internal":
			o.Internal = true
		default:
			return fmt.Errorf("unknown word %q", w)
		}
	}
	if i := s.optionAt(o.Name); i >= 0 {
		s.Options[i] = o
	} else {
		s.Options = append(s.Options, o)
	}
	return nil
}

func (s *Schema) optionAt(name string) int {
	return slices.IndexFunc(s.Options, func(o Option) bool { return o.Name == name })
}

// orderOptions keeps the named options, in this order.
func (s *Schema) orderOptions(names []string) error {
	ordered := make([]Option, len(names))
	for i, name := range names {
		at := s.optionAt(name)
		if at < 0 {
			return fmt.Errorf("unknown option %q", name)
		}
		ordered[i] = s.Options[at]
	}
	s.Options = ordered
	return nil
}

func (s *Schema) setEvent(rest string, names map[uint32]string) error {
	head, fields, ok := strings.Cut(rest, ": ")
	words := strings.SplitN(head, " ", 4)
	if !ok || len(words) < 3 || words[2] != "log" && words[2] != "drop" {
		return errors.New("want an event such as: event 5 ProcessTerminate log: UtcTime Image")
	}
	id, err := strconv.ParseUint(words[0], 10, 16)
	if err != nil {
		return err
	}
	e := Event{ID: uint32(id), LoggedByDefault: words[2] == "log", Fields: strings.Fields(fields)}
	if words[1] != "-" {
		e.Tag = words[1]
	}
	if len(words) == 4 {
		names[e.ID] = words[3]
	}
	e.Name = names[e.ID]
	list := s.listOf(e.ID)
	if i := slices.IndexFunc(*list, func(have Event) bool { return have.ID == e.ID }); i >= 0 {
		(*list)[i] = e
	} else {
		*list = append(*list, e)
	}
	return nil
}

func (s *Schema) listOf(id uint32) *[]Event {
	if id >= firstInternal {
		return &s.Internal
	}
	return &s.Events
}

// each calls f with the place of each event in a list such as "1,2,17".
func (s *Schema) each(ids string, f func(list *[]Event, i int)) error {
	for text := range strings.SplitSeq(ids, ",") {
		id, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return err
		}
		list := s.listOf(uint32(id))
		i := slices.IndexFunc(*list, func(e Event) bool { return e.ID == uint32(id) })
		if i < 0 {
			return fmt.Errorf("there is no event %d to change", id)
		}
		f(list, i)
	}
	return nil
}

func (s *Schema) addField(first bool, rest string) error {
	field, ids, ok := strings.Cut(rest, ": ")
	if !ok {
		return errors.New("want a field and events such as: last User: 2,5")
	}
	return s.each(ids, func(list *[]Event, i int) {
		e := &(*list)[i]
		if first {
			e.Fields = slices.Concat([]string{field}, e.Fields)
		} else {
			e.Fields = slices.Concat(e.Fields, []string{field})
		}
	})
}

func (s *Schema) remove(rest string) error {
	kind, list, _ := strings.Cut(rest, " ")
	switch kind {
	case "event":
		return s.each(list, func(list *[]Event, i int) { *list = slices.Delete(*list, i, i+1) })
	case "option":
		for name := range strings.FieldsSeq(list) {
			i := s.optionAt(name)
			if i < 0 {
				return fmt.Errorf("unknown option %q", name)
			}
			s.Options = slices.Delete(s.Options, i, i+1)
		}
		return nil
	}
	return fmt.Errorf("cannot remove %q (want event or option)", kind)
}
