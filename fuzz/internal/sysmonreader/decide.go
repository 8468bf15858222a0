package sysmonreader

import (
	"slices"
	"unicode"
	"unicode/utf16"
)

// A Decision is the answer of the engine about an event.
type Decision struct {
	Outcome  Outcome
	Logged   bool
	Failures bool   // a comparison failed: its operator is not known, or it has a variable
	RuleName string // of the filter that matched last
}

// status is the result of a filter, a group or an element.
type status uint8

const (
	noMatch status = iota
	match
	failed
)

// Decide decides about an event of a type. The values are in the order of its fields; missing ones
// are empty.
func (l *Loaded) Decide(id uint32, values []string) Decision {
	var d Decision
	if l.Outcome != Accepted {
		return Decision{Outcome: l.Outcome}
	}
	d.Outcome = l.run(func() Outcome {
		t := l.typeOf(id)
		if t == nil {
			return Refused
		}
		if t.Tag == "" {
			d.Logged = true
			return Accepted
		}
		index, _, _ := l.index(id)
		d.Logged = l.decide(t, l.lists[index], values, &d)
		return Accepted
	})
	return d
}

// decide tries the elements of a tag: those that drop events first, each kind from the last to
// the first.
func (l *Loaded) decide(t *EventType, list []int64, values []string, d *Decision) bool {
	if len(list) == 0 {
		return t.LoggedByDefault
	}
	for _, drops := range []bool{true, false} {
		for _, e := range slices.Backward(list) {
			if (l.word(e+eventDefault) == 0) != drops {
				continue
			}
			switch l.element(t, e, values, d) {
			case match:
				return !drops
			case failed:
				d.Failures = true
			}
		}
	}
	d.RuleName = ""
	return len(list) == 1 && l.word(list[0]+eventDefault) == 0
}

// element evaluates the filters of an event record. It stops at the first filter that decides: a
// match for "or"; for "and" a filter without a match, unless a later one compares the same field.
func (l *Loaded) element(t *EventType, e int64, values []string, d *Decision) status {
	combine := l.word(e + eventCombine)
	own := l.typeOf(l.word(e + eventID))
	matched := uint64(0) // fields
	f, ok := l.nextFilter(e, -1)
	if !ok {
		return noMatch
	}
	for ok {
		l.step(f)
		if id := l.word(f + filterAggregationID); id != 0 {
			var s status
			s, f, ok = l.group(t, own, e, f, id, values, d)
			switch {
			case s == failed:
				return failed
			case s == match && combine == 0:
				return match
			case s == noMatch && combine == 1:
				return noMatch
			}
			continue
		}
		field := l.word(f + filterField)
		counts := l.counts(t, own, field)
		if counts && matched&(1<<field) != 0 {
			f, ok = l.nextFilter(e, f)
			continue
		}
		s := noMatch
		if counts {
			s = l.filter(f, values, d)
		}
		switch {
		case s == failed:
			return failed
		case s == match:
			matched |= 1 << field
			if combine == 0 {
				return match
			}
		case combine == 1 && !l.again(e, f, field):
			return noMatch
		}
		f, ok = l.nextFilter(e, f)
	}
	if combine == 1 {
		return match
	}
	return noMatch
}

// again reports whether a later filter outside of all Rules compares a field.
func (l *Loaded) again(e, f int64, field uint32) bool {
	for f, ok := l.nextFilter(e, f); ok; f, ok = l.nextFilter(e, f) {
		l.step(f)
		if l.word(f+filterField) == field && l.word(f+filterAggregationID) == 0 {
			return true
		}
	}
	return false
}

// group evaluates the neighbouring filters with an aggregation ID, from filter f on, up to the one
// that decides. It returns the filter behind them all.
func (l *Loaded) group(t, own *EventType, e, f int64, id uint32, values []string, d *Decision) (status, int64, bool) {
	a := int64(l.word(f + filterAggregation))
	if l.word(a+aggregationID) != id {
		return failed, 0, false
	}
	combine := l.word(a + aggregationCombine)
	l.setWord(a+aggregationMessage, 1)
	l.setWord(a+aggregationMessage+4, 0)
	checked, matched := uint32(0), uint32(0)
	result := noMatch
	if combine == 1 {
		result = match
	}
	ok, decided := true, false
	for ok && l.word(f+filterAggregationID) == id {
		l.step(f)
		if !decided {
			s := noMatch
			if l.counts(t, own, l.word(f+filterField)) {
				s = l.filter(f, values, d)
			}
			if s == failed {
				return failed, 0, false
			}
			checked++
			if s == match {
				matched++
			}
			l.setWord(a+aggregationChecked, checked)
			l.setWord(a+aggregationMatched, matched)
			if s == match && combine == 0 || s == noMatch && combine == 1 {
				result, decided = s, true
			}
		}
		f, ok = l.nextFilter(e, f)
	}
	return result, f, ok
}

// counts reports whether a filter on a field counts for an event: the event has the field at the
// same place as the event of the record.
func (l *Loaded) counts(t, own *EventType, field uint32) bool {
	return uint64(field) < uint64(len(t.Fields)) && own != nil && uint64(field) < uint64(len(own.Fields)) && own.Fields[field] == t.Fields[field]
}

// filter evaluates one filter that counts.
func (l *Loaded) filter(f int64, values []string, d *Decision) status {
	field := l.word(f + filterField)
	operator := l.word(f + filterOperator)
	have := ""
	if int(field) < len(values) {
		have = values[field]
	}
	if operator&expand != 0 {
		return failed // the kernel cannot expand a variable
	}
	s := compare(operator&0xFFFF, l.lowerText(have), l.string(f+filterData))
	if s == match {
		if name := l.string(f + filterName); len(name) > 0 {
			d.RuleName = string(utf16.Decode(name))
		}
	}
	return s
}

// string returns the units of memory up to a NUL.
func (l *Loaded) string(at int64) []uint16 {
	var units []uint16
	for {
		u := l.unit(at)
		if u == 0 {
			return units
		}
		units = append(units, u)
		at += 2
	}
}

// A wide is a text in units.
type wide []uint16

func (l *Loaded) lowerText(s string) []uint16 {
	units := utf16.Encode([]rune(s))
	for i, u := range units {
		units[i] = l.lowered(u)
	}
	return units
}

// lowered returns the lower case of a unit.
func (l *Loaded) lowered(u uint16) uint16 {
	switch {
	case 'A' <= u && u <= 'Z':
		return u + 'a' - 'A'
	case u < 0x80 || l.engine.Linux:
		return u
	}
	if r := unicode.ToLower(rune(u)); r <= 0xFFFF {
		return uint16(r)
	}
	return u
}

func (w wide) index(sub wide) int {
	for i := 0; i+len(sub) <= len(w); i++ {
		if slices.Equal(w[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}

func (w wide) hasPrefix(p wide) bool { return len(w) >= len(p) && slices.Equal(w[:len(p)], p) }
func (w wide) hasSuffix(p wide) bool { return len(w) >= len(p) && slices.Equal(w[len(w)-len(p):], p) }

// contains reports whether a value is in a field. An empty value is in each field that is not.
func (w wide) contains(v wide) bool { return len(w) > 0 && w.index(v) >= 0 }

// items returns the parts of a list. The engine searches an empty item as the rest of the list
// with its semicolon; an empty item at the end is empty.
func (w wide) items(search bool) []wide {
	var list []wide
	for rest := w; ; {
		i := slices.Index(rest, ';')
		switch {
		case i < 0:
			return append(list, rest)
		case i == 0 && search:
			list = append(list, rest)
		default:
			list = append(list, rest[:i])
		}
		rest = rest[i+1:]
	}
}

func matches(b bool) status {
	if b {
		return match
	}
	return noMatch
}

// compare applies an operator to a field and a value, both in lower case.
func compare(operator uint32, f, v wide) status {
	holds := func(item wide) bool { return f.contains(item) }
	switch operator {
	case 0:
		return matches(slices.Equal(f, v))
	case 1:
		return matches(!slices.Equal(f, v))
	case 2:
		return matches(f.contains(v))
	case 3:
		return matches(slices.ContainsFunc(v.items(true), holds))
	case 4:
		return matches(slices.ContainsFunc(v.items(false), func(item wide) bool { return slices.Equal(f, item) }))
	case 5:
		return matches(!slices.ContainsFunc(v.items(true), func(item wide) bool { return !holds(item) }))
	case 6:
		return matches(!f.contains(v))
	case 7:
		return matches(!slices.ContainsFunc(v.items(true), holds))
	case 8:
		return matches(slices.ContainsFunc(v.items(true), func(item wide) bool { return !holds(item) }))
	case 9:
		return matches(f.hasPrefix(v))
	case 10:
		return matches(f.hasSuffix(v))
	case 11:
		return matches(slices.Compare(f, v) < 0)
	case 12:
		return matches(slices.Compare(f, v) > 0)
	case 13:
		return matches(image(f, v))
	case 14:
		return matches(!f.hasPrefix(v))
	case 15:
		return matches(!f.hasSuffix(v))
	}
	return failed
}

// image compares a path: the last part of it, unless the value is a path too.
func image(f, v wide) bool {
	if slices.Contains(v, '\\') {
		return slices.Equal(f, v)
	}
	for i, u := range slices.Backward(f) {
		if u == '\\' {
			return slices.Equal(f[i+1:], v)
		}
	}
	return slices.Equal(f, v)
}
