// Package events reads recorded events of Windows as JSON lines, and tells
// what a sensor that is fed from them supplies.
//
// A [Reader] reads the lines of one file, plain or gzip, in any of the forms
// that exporters write, and gives a [Record] for each. A [Mapper] finds the
// feeds of template types that a record belongs to, and makes the inputs of a
// type from it. An [Observer] counts, for each host and feed, which inputs are
// ever there, and writes that as a [sensor.Fleet].
//
// Nothing is dropped in silence: a line that is no event is a [LineError], and
// an event that feeds no type is counted by what it is.
package events
