// Package events reads recorded events of Windows as JSON, as XML or from its event logs, and
// converts them to the inputs of template types.
//
// A [Reader] reads the events of one file, plain, gzip or zstd: an event log, or the forms that
// common exporters write. It also reads events that are not from Windows, such as those of AWS
// CloudTrail. It returns a [Record] for each event. A [Mapper] finds the feeds of
// template types that a record belongs to, and converts the record to the event of
// such a type.
//
// An [Observer] counts, for each host and feed, the inputs that occur in events, and
// returns them as a [sensor.Fleet]. A [Recording] keeps events, so that content can run
// on them.
//
// The case of ASCII letters in the names of channels, providers and fields does not
// matter, as in Windows.
//
// No text is dropped without notice: text that is not an event is a [LineError], and
// an event that feeds no type is counted by its kind.
package events
