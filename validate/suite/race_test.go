//go:build race

package suite_test

// raceEnabled says that the race detector runs, which changes what things take.
const raceEnabled = true
