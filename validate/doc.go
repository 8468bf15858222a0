// Package validate judges content before it ships. It compares a channel file, or the
// needs that another compiler computed, with the inputs that the builds of a fleet really
// supply.
//
// A [Check] is one named condition. [Run] applies a list of checks to a [Subject] and
// returns a [Report]. A pipeline needs only the Verdict of the report:
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
// Content that goes to several fleets, such as the rings of a rollout, is read once with
// [Prepare] and judged for each fleet.
//
// # Other formats
//
// The same checks can judge content in a format of your own. Decode it into a
// channelfile.Builder, encode it, and make a subject of the result with [Rules]. Findings
// then state positions in your file, which the Origin of the subject returns. The example
// of [Rules] does this for an invented format in about sixty lines. A compiler that knows
// the needs of its content can pass only these to [Needs].
//
// # Structure
//
// This package contains no check. The checks are in the packages below it, one for each
// of the [Families], and package suite lists them in the order in which they run. Only
// package file does input and output: it reads files safely.
//
// # Fail closed
//
// The gate accepts only content that is known to be good. The zero Verdict is Undecided,
// and the zero Severity is Error. A check that could not run is recorded as skipped, and
// prevents acceptance. Content is never accepted without a fleet, without instances (unless
// Options.AllowEmpty is set), or by a list that lacks one of suite.Checks. The verdict is
// then Undecided, or Rejected if a check finds an error. So append your own checks to
// suite.Checks.
package validate
