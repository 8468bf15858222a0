package events

import "github.com/cfcheck/cfcheck/sensor"

// A Matcher finds the feeds of single records, for callers that run content on them without a
// [Recording]. Use it from one goroutine at a time.
type Matcher struct {
	mapper  *Mapper
	speller *speller
	feeds   []*Mapping
}

// NewMatcher returns a Matcher for all feeds of the definitions. Do not modify the definitions
// afterwards.
func NewMatcher(defs *sensor.Definitions) *Matcher {
	mapper := NewMapper(defs)
	return &Matcher{mapper: mapper, speller: newSpeller(mapper)}
}

// Match returns the mappings of a record, as [Mapper.Append] does. They are valid until the next
// call. It returns an error if a name in the record is unclear or misspelt, so that content would
// not match the record for that reason alone.
func (m *Matcher) Match(r *Record) (feeds []*Mapping, err error) {
	if m.feeds, err = m.mapper.Append(m.feeds[:0], r); err != nil {
		return nil, err
	}
	for _, f := range m.feeds {
		if err := f.resolve(r); err != nil {
			return nil, err
		}
	}
	return m.feeds, m.speller.check(r, m.feeds)
}
