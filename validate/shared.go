package validate

// A Shared is what checks work out of a subject and need again: several of
// them, or one that judges the subject for several fleets. The first that asks
// works it out. Declare one as a package variable.
type Shared[T any] struct {
	of      func(*Pass) T
	ofFleet bool
}

// OfSubject returns what is worked out once of a subject, whatever the fleet:
// of gets a Pass without one. It must not keep the Pass, nor report by it: what
// is found is for each check to report, each time that it runs.
func OfSubject[T any](of func(*Pass) T) *Shared[T] { return &Shared[T]{of: of} }

// OfFleet returns what is worked out once of a subject and a fleet, on the same
// terms. What it
// points to, such as a Group, lasts no longer than the run for that fleet.
func OfFleet[T any](of func(*Pass) T) *Shared[T] { return &Shared[T]{of, true} }

// A shared is what was worked out for one Shared.
type shared struct {
	key   any
	value any
}

// Get returns what was worked out of what the pass looks at.
func (s *Shared[T]) Get(p *Pass) T {
	list := &p.ofSubject
	if s.ofFleet {
		list = &p.ofFleet
	}
	for i := range *list { // there are few
		if (*list)[i].key == any(s) {
			return (*list)[i].value.(T)
		}
	}
	var value T
	if s.ofFleet {
		value = s.of(p)
	} else {
		// A copy, lest the fleet that happens to be the first is looked at.
		alone := *p
		alone.Fleet, alone.Cohorts, alone.ofFleet = nil, nil, nil
		value = s.of(&alone)
		p.ofSubject = alone.ofSubject
		p.over = p.over || alone.over
	}
	*list = append(*list, shared{s, value})
	return value
}
