// Package events reads recorded events of Windows as JSON lines, and derives the
// supply of a sensor that gets them.
//
// A [Reader] reads the lines of one file, plain or gzip, in any of the forms that
// exporters write, and returns a [Record] for each. A [Mapper] finds the feeds of
// template types that a record belongs to, and converts the record to the inputs of
// a type. An [Observer] counts the inputs that occur, for each host and feed, and
// returns the result as a [sensor.Fleet].
//
// Nothing is dropped silently. A line that is not an event is a [LineError]. Events
// that feed no type are counted by their kind.
package events
