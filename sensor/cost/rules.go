package cost

import (
	"cmp"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Rule is the cost of one template instance for the most expensive event of a supply, in steps.
// A sum beyond 2^64 - 1 is that number.
type Rule struct {
	Instance int
	Steps    uint64 // charge of its condition and of all its criteria
	Own      uint64 // part of Steps that no other instance causes; removing the rule saves it
	// charge for each byte of the inputs whose length has no bound; Steps does not include it
	PerByte uint64

	Criterion int    // the most expensive criterion; -1 if the rule has no criterion
	Most      uint64 // charge of that criterion, without PerByte
}

// Rules returns the most expensive instances of a file, the most expensive first, at most the given
// number. MaxLength returns the maximum length in bytes of an input's value, or false if it has no
// bound. Instances that pay for a byte without a bound come first.
func Rules(f *channelfile.File, maxLength func(input int) (int, bool), most int) []Rule {
	r := rater{f: f, maxLength: maxLength, users: make([]uint32, f.Criteria()), last: make([]int32, f.Criteria())}
	r.constant, r.perByte = sensor.ChargesOf(f)
	for i := range f.Instances() {
		for c := range r.criteria(i) {
			r.users[c]++
		}
	}
	clear(r.last)
	var list []Rule
	for i := range f.Instances() {
		rule := r.rate(i)
		at, _ := slices.BinarySearchFunc(list, rule, compare)
		if at == most {
			continue
		}
		if len(list) == most {
			list = list[:most-1]
		}
		list = slices.Insert(list, at, rule)
	}
	return list
}

// compare orders rules by descending cost, and rules of equal cost by their place in the file.
func compare(a, b Rule) int {
	return cmp.Or(cmp.Compare(b.PerByte, a.PerByte), cmp.Compare(b.Steps, a.Steps), cmp.Compare(b.Own, a.Own), cmp.Compare(a.Instance, b.Instance))
}

// A rater computes the cost of instances.
type rater struct {
	f                 *channelfile.File
	maxLength         func(input int) (int, bool)
	constant, perByte []uint64 // by criterion
	users             []uint32 // by criterion, the number of instances that refer to it
	last              []int32  // by criterion, the last instance that referred to it, plus one
}

// criteria yields each criterion of an instance once. The instances must be visited in ascending
// order.
func (r *rater) criteria(instance int) func(yield func(criterion int) bool) {
	return func(yield func(int) bool) {
		in := r.f.Instance(instance)
		for w := in.First; w < in.First+in.Count; w++ {
			word := r.f.Word(w)
			if !word.IsReference() {
				continue
			}
			c := word.Criterion()
			if r.last[c] == int32(instance)+1 {
				continue
			}
			r.last[c] = int32(instance) + 1
			if !yield(c) {
				return
			}
		}
	}
}

// rate returns the cost of an instance.
func (r *rater) rate(instance int) Rule {
	rule := Rule{Instance: instance, Criterion: -1}
	words := uint64(r.f.Instance(instance).Count) + 1
	total, own := sensor.Charge{Steps: words}, sensor.Charge{Steps: words}
	var perByte sensor.Charge
	var worst sensor.Charge // PerByte of the most expensive criterion
	for c := range r.criteria(instance) {
		length, bounded := r.maxLength(int(r.f.Criterion(c).Input))
		charge := sensor.Charge{Steps: r.constant[c]}
		var unbounded uint64
		if bounded {
			charge.Add(r.perByte[c], uint64(max(length, 0)))
		} else {
			unbounded = r.perByte[c]
		}
		total.Add(1, charge.Steps)
		perByte.Add(1, unbounded)
		if r.users[c] == 1 {
			own.Add(1, charge.Steps)
		}
		if rule.Criterion < 0 || unbounded > worst.Steps || unbounded == worst.Steps && charge.Steps > rule.Most {
			rule.Criterion, rule.Most, worst.Steps = c, charge.Steps, unbounded
		}
	}
	rule.Steps, rule.Own, rule.PerByte = total.Steps, own.Steps, perByte.Steps
	return rule
}
