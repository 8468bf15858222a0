// Package validate judges content before it ships: a channel file, or what a
// vendor's own compiler says that its content needs, against what the sensor
// builds that will read it really supply.
//
// A [Check] is one named rule of the gate. [Run] applies a list of checks to a
// [Subject] and returns a [Report], whose Verdict is the only thing a pipeline
// has to look at:
//
//	subject, err := file.Read("C-00000291-00000001-00000032.cf")
//	...
//	report := validate.Run(subject, validate.Options{
//		Checks:      suite.Checks,
//		Definitions: builtin.Definitions(),
//		Fleet:       fleet,
//		Now:         time.Now(),
//	})
//	if report.Verdict() != validate.Accepted {
//		return errors.New("not shipped")
//	}
//
// Content that goes to several fleets, such as the rings of a rollout, is read
// once and judged for each: [Prepare].
//
// # Other formats
//
// Content in a format of your own is judged by the same checks: decode it into
// a channelfile.Builder, and make a subject of what that encodes with [Rules].
// The subject's Origin tells where each part stands in your file, and findings
// speak of that. The example of [Rules] does it for an invented format in some
// sixty lines. A compiler that already knows what its content needs can hand
// over just that: [NeedsSubject].
//
// # Structure
//
// The package knows no check; they are in the packages below it, by family,
// and package suite lists them in the order in which they run. It does no
// input or output but for package file, which reads files safely.
//
// # Fail closed
//
// Whatever is not known to be good is not accepted. The zero Verdict is
// Undecided and the zero Severity Error; a check that could not run is
// recorded as skipped, and prevents acceptance; without a fleet, or with
// nothing to judge, the verdict is Undecided. The verdict is also Undecided
// if the list of checks lacks one of suite.Checks: append your own checks to these.
package validate
