package validate

// A Shared is a result that several checks need, or one check for several fleets. It is
// computed when a check asks for it first. Declare it as a package variable.
type Shared[T any] struct {
	of      func(*Pass) T
	ofFleet bool
}

// OfSubject returns a Shared that is computed once for each subject. The function of gets
// a Pass without a fleet. It must not keep the Pass or report findings: each check
// reports its findings itself, each time that it runs.
func OfSubject[T any](of func(*Pass) T) *Shared[T] { return &Shared[T]{of: of} }

// OfFleet returns a Shared that is computed once for each subject and fleet. The function
// of must not keep the Pass or report findings. Pointers in the result, such as to a
// Cohort, are valid only during the run for that fleet.
func OfFleet[T any](of func(*Pass) T) *Shared[T] { return &Shared[T]{of, true} }

// A shared is the result of one Shared.
type shared struct {
	key   any
	value any
}

// Get returns the result for the subject, and the fleet, of the pass.
func (s *Shared[T]) Get(p *Pass) T {
	list := &p.ofSubject
	if s.ofFleet {
		list = &p.ofFleet
	}
	for i := range *list { // the list is short
		//mutation:equivalent condition: each check then computes the shared value itself
		if (*list)[i].key == any(s) {
			return (*list)[i].value.(T)
		}
	}
	var value T
	if s.ofFleet {
		value = s.of(p)
	} else {
		// Use a copy without the fleet, so the result cannot depend on which fleet
		// is judged first.
		alone := *p
		alone.Fleet, alone.Cohorts, alone.ofFleet = nil, nil, nil
		value = s.of(&alone)
		p.ofSubject = alone.ofSubject
		p.over = p.over || alone.over
	}
	*list = append(*list, shared{s, value})
	return value
}
