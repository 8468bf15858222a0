package events

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cfcheck/cfcheck/internal/spelling"
)

// maxEdits is the maximum number of edits in a misspelt name. A name with more edits is
// another name.
const maxEdits = 2

// maxAsked limits the names that a speller caches.
const maxAsked = 1 << 16

// A speller finds records with a misspelt name, which feed no type or leave an input
// absent. A name that differs from a known one only in case is not misspelt.
// Content would not match such an event, and nobody would learn that it was
// never tried.
type speller struct {
	mapper    *Mapper
	channels  []string
	providers map[string][]string   // providers of the feeds of a channel
	known     names                 // names of the fields of any feed
	inputs    map[*Mapping][]string // names of the fields of a feed, sorted
	asked     map[asked]string      // cached answers
}

// An asked is a name in a record and its role.
type asked struct {
	mapping *Mapping // nil means that name is a channel or a provider
	channel string   // channel of the provider; "" means that name is a channel
	name    string
}

func newSpeller(m *Mapper) *speller {
	s := &speller{mapper: m, providers: map[string][]string{}, known: names{}, inputs: map[*Mapping][]string{}, asked: map[asked]string{}}
	for channel, feeds := range m.channels {
		if channel != "" {
			s.channels = append(s.channels, channel)
		}
		for _, list := range append(slices.Collect(maps.Values(feeds.byEvent)), feeds.all) {
			for _, of := range list {
				if p := of.Feed.Provider; p != "" && !slices.Contains(s.providers[channel], p) {
					s.providers[channel] = append(s.providers[channel], p)
				}
			}
		}
	}
	slices.Sort(s.channels)
	for _, of := range m.mappings {
		for name := range of.byName {
			s.known.add(name)
		}
		s.inputs[of] = slices.Sorted(maps.Keys(of.byName))
	}
	return s
}

// check returns an error if a name is misspelt in a record that belongs to the feeds.
func (s *speller) check(r *Record, feeds []*Mapping) error {
	if len(feeds) == 0 {
		return s.feedless(r)
	}
	for _, m := range feeds {
		for i := range r.Fields {
			name := r.Fields[i].Name
			if len(s.known.find(name)) > 0 {
				continue
			}
			meant := s.answer(asked{mapping: m, name: string(name)}, func() []string { return s.inputs[m] })
			if meant != "" && r.Field(meant) == nil {
				return fmt.Errorf("found the unknown field %q; did you mean %q? Content that reads that field would not match, so the event cannot be tried", name, meant)
			}
		}
	}
	return nil
}

// feedless returns an error if a name is misspelt in a record that feeds no type.
func (s *speller) feedless(r *Record) error {
	if len(r.Channel) == 0 {
		return errors.New("found no channel; expected the name of the event's log, such as \"Channel\": \"Security\". The event cannot be tried")
	}
	channel := string(r.Channel)
	if known := s.mapper.folded.find(r.Channel); len(known) > 0 {
		channel = known[0]
	} else {
		if meant := s.answer(asked{name: channel}, func() []string { return s.channels }); meant != "" {
			return fmt.Errorf("found the channel %q, which feeds no template type; did you mean %q? The event cannot be tried", channel, meant)
		}
		return nil
	}
	providers := s.providers[channel]
	if provider := string(r.Provider); provider != "" && len(s.mapper.channels[channel].providers.find(r.Provider)) == 0 {
		if meant := s.answer(asked{channel: channel, name: provider}, func() []string { return providers }); meant != "" {
			return fmt.Errorf("found the provider %q, whose events feed no template type; did you mean %q? The event cannot be tried", provider, meant)
		}
	}
	return nil
}

// answer returns the name that was probably meant, or "" if no name is close.
func (s *speller) answer(a asked, names func() []string) string {
	meant, ok := s.asked[a]
	if !ok {
		if meant = spelling.Within(maxEdits, a.name, names()); len(s.asked) < maxAsked {
			s.asked[a] = meant
		}
	}
	return meant
}
