package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/sensor"
)

// TestCMake builds the example for CMake, and then with an array that is too short. Package
// testscript puts the command cfcheck on the path.
func TestCMake(t *testing.T) {
	if !longtest.Enabled() {
		t.Skip("-long is not set: CMake takes some seconds to look for a compiler")
	}
	for _, program := range []string{"cmake", "make", "c++", "cfcheck"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("../../docs/examples/cmake")); err != nil {
		t.Fatal(err)
	}
	cmake := func(args ...string) (string, error) {
		cmd := exec.Command("cmake", args...)
		cmd.Dir = folder
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := cmake("-S", ".", "-B", "out", "-G", "Unix Makefiles"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := cmake("--build", "out"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	name := filepath.Join(folder, "out", "sensor.fleet.json")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := sensor.ReadFleet(name, data)
	if err != nil || f.Contracts[0].Build != "sensor" || len(f.Contracts[0].Supplies[0].Inputs) != 21 {
		t.Errorf("the contract of the build is %s, %v", data, err)
	}
	source := filepath.Join(folder, "sensor.cpp")
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	short := strings.Replace(string(text), "Input inputs[CFCHECK_IPC_INPUTS]", "Input inputs[20]", 1)
	if err := os.WriteFile(source, []byte(short), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := cmake("--build", "out"); err == nil || !strings.Contains(out, "declares 21 inputs: the array supplies another number") {
		t.Errorf("an array of 20 inputs: %v\n%s", err, out)
	}
}
