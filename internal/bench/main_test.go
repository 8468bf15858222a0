package main

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// The command works. The test does not check the durations.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("measurements take seconds; the full tests make them")
	}
	var out strings.Builder
	if err := run(&out, "100,200", 1); err != nil {
		t.Fatal(err)
	}
	if err := withGate(func(dir, program string) error {
		return errors.Join(measureProcess(&out, dir, program, 1), measureFiles(&out, dir, program, 20))
	}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"100 instances, ", "500 builds", "an instance of 200 to one of 100", "cfcheck check, 100 instances", "with a report in each form", "two findings each, 500 builds"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output does not say %q:\n%s", want, out.String())
		}
	}
	if err := measureChanges(&out, []int{100, 200}, 1); err != nil || !strings.Contains(out.String(), "CF6, with a ledger") {
		t.Errorf("%v:\n%s", err, out.String())
	}
	if err := measureContent(&out, "../../corpus/cases/flip-in-origins", 1); err == nil {
		t.Error("a file that is rejected is measured")
	}
	if err := measureContent(&out, ".", 1); err == nil {
		t.Error("a folder without channel files is measured")
	}
	if err := measureMatching(&out, "no-such-folder", []int{10, 100}, 1, time.Millisecond); err != nil || !strings.Contains(out.String(), "100 generated instances") {
		t.Errorf("%v:\n%s", err, out.String())
	}
	if err := run(&out, "many", 1); err == nil {
		t.Error("a size that is no number is accepted")
	}
}
