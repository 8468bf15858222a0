// Package testkit builds channel files, definitions, contracts and fleets for
// tests. It imports packages channelfile, sensor and sensor/builtin and nothing
// above them, so the tests of every package from sensor upward can use it. The
// tests inside package channelfile have their own helpers.
//
// Package gatetest is for the tests above validate/suite: it finds cases of the
// corpus and judges them with the checks of the gate.
package testkit

// A T is a test: *testing.T, *testing.B, *testing.F or *rapid.T.
type T interface {
	Helper()
	Fatal(args ...any)
}
