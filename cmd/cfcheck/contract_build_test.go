package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// carrying returns the bytes of a build that carries the contract of build 7.16 and supplies
// n inputs.
func carrying(t *testing.T, n uint32) []byte {
	f, _ := builtin.Fleet("291")
	f.Contracts = f.Contracts[1:]
	text, err := f.JSON()
	if err != nil {
		t.Fatal(err)
	}
	b := []byte("MZ any bytes \x89CFC-CONTRACT\r\n\x1a")
	for _, number := range []uint32{uint32(len(text)), n, ^n} {
		b = binary.LittleEndian.AppendUint32(b, number)
	}
	digest := sha256.Sum256(text)
	return append(append(b, digest[:]...), text...)
}

// TestExtractHostsOfEachFile checks that each file of contract extract gets its own name and
// number.
func TestExtractHostsOfEachFile(t *testing.T) {
	folder := t.TempDir()
	file := func(name string, inputs uint32) string {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, carrying(t, inputs), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	old, last, alike := file("a/old.sys", 20), file("a/new=1.sys", 21), file("b/old.sys", 21)
	for _, c := range []struct {
		why  string
		args []string
		want string // builds with hosts and inputs, or a part of the message
	}{
		{"one file without flags", []string{old}, "old.sys 1 20"},
		{"one file, its name need not be repeated", []string{old, "--build", "7.11", "--hosts", "412000"}, "7.11 412000 20"},
		{"one file whose name holds the equals sign", []string{last, "--build", last + "=7=16"}, "7=16 1 21"},
		{"a number for each file", []string{old, last, "--hosts", last + "=588000", "--hosts", old + "=412000"}, "old.sys 412000 20, new=1.sys 588000 21"},
		{"a file without a number has one host", []string{old, last, "--hosts", last + "=5"}, "old.sys 1 20, new=1.sys 5 21"},
		{"names of builds in two folders", []string{old, alike, "--build", alike + "=7.16"}, "old.sys 1 20, 7.16 1 21"},
		{"two files of one name", []string{old, alike}, `are both build "old.sys"; name the builds, such as --build`},
		{"a number for all files says nothing of each", []string{old, last, "--hosts", "5"}, `--hosts: found "5", but 2 files are named; write the file first`},
		{"a file twice", []string{old, last, "--hosts", old + "=5", "--hosts", old + "=6"}, "has two values; give one"},
		{"no number", []string{old, last, "--hosts", old + "="}, "found nothing after"},
		{"no digits", []string{old, "--hosts", "5k"}, `--hosts: found "5k"; expected a number of hosts in digits alone`},
		{"no hosts", []string{old, "--hosts", "0"}, "hosts"},
	} {
		var out, messages bytes.Buffer
		status := run(append([]string{"contract", "extract"}, c.args...), strings.NewReader(""), &out, &messages)
		if status != 0 {
			if !strings.Contains(messages.String(), c.want) {
				t.Errorf("%s: %s; expected %q", c.why, messages.String(), c.want)
			}
			continue
		}
		f, err := sensor.ReadFleet("extracted", out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		var have []string
		for i := range f.Contracts {
			b := &f.Contracts[i]
			have = append(have, strings.Join([]string{b.Build, decimal(b.Hosts), decimal(uint64(len(b.Supplies[0].Inputs)))}, " "))
		}
		if got := strings.Join(have, ", "); got != c.want {
			t.Errorf("%s: %s; expected %s", c.why, got, c.want)
		}
	}
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }
