// Package coverage decides whether the hosts of a build can see a rule: which of its alternatives
// match events that the hosts record.
//
// A [Judge] holds the rules of a file. [Judge.Hosts] prepares the hosts of one contract, and
// [Judge.Result] answers for one rule over all feeds of the type: the rule is not addressed, its
// events are not collected, it can never match, it matches in part, only by luck, or it sees.
//
// # Alternatives
//
// The condition of a rule is an "or" of alternatives, each an "and" of comparisons. Negated
// comparisons are left out, so an alternative stands for more events than the rule matches. If
// hosts record no such event, they record no event that the rule matches. An alternative is dead
// on a feed if
//
//   - the hosts record no event of the feed, or no event with an ID that it selects,
//   - the feed does not supply an input that it needs, or supplies other values alone,
//   - the configuration of Sysmon records no such event; see package sysmon/logging.
//
// A list of values has an alternative for each value. If a rule has too many combinations, each
// value is examined once, together with the whole of the other lists. If even that is too much,
// the list counts as one. Nothing is claimed that does not hold for each of its values.
//
// Sysmon filters an event before a build cuts a value or changes its form. So a comparison of a cut
// value counts only for the start of the recorded one, and one of a changed value not at all. A
// positional reader takes another value for a missing input, so nothing is known about it.
//
// # Assumptions
//
// Rules and Sysmon compare without regard to case. Rules compare U+017F with s and U+212A with k
// too, as FORMAT.md requires, and Sysmon does not. The package leaves these two characters out of
// account: an event with one of them in place of the letter may be recorded.
//
// A feed whose contract says nothing about collection counts as recorded, as for the checks. If
// the contract lists event IDs that are not recorded, all other event IDs count as recorded.
package coverage
