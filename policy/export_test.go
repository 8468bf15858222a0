package policy

import "github.com/cfcheck/cfcheck/validate"

// Keys returns the keys of each map of a policy, by the path of the map.
func Keys() map[string][]string {
	r := new(reader)
	all := map[string][]string{}
	for path, keys := range map[string][]key{"": r.keys(new(Policy)), "ceilings": r.ceilings(new(Ceilings)), "expect": r.expect(new(Expect)), "waivers": r.waiver(new(validate.Waiver))} {
		for _, k := range keys {
			all[path] = append(all[path], k.name)
		}
	}
	return all
}
