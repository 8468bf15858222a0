// Package logging decides whether Sysmon logs an event.
//
// [Engine.Logged] answers for one event: logged, dropped, or unknown. [Engine.Decide] answers
// for all events that satisfy a conjunction of conditions, such as an alternative of a
// detection rule: can one of them be logged at all?
//
// Both follow the published engine of schema 4.81:
//
//   - Elements of the event's tag are tried one after the other: excludes first, then
//     includes, each kind from the last of the configuration to the first. The first that
//     matches decides.
//   - Without a match, a single element has its default. With several the event is dropped,
//     whatever they are. Without an element the type of the event decides.
//   - An "and" between the filters of an element combines fields: filters of one field are
//     alternatives. An "and" in a Rule combines all of its filters.
//
// Some facts are not public: how Windows folds letters beyond ASCII, how the driver treats a
// value with a percent sign, and the relations of builds before 11.0. Then a filter may match
// or not, and the answer is known only if it is the same for both. A result "unknown" never
// turns into "dropped".
package logging
