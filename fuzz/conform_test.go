package fuzz

import (
	"errors"
	"math/bits"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus/conform"
	"github.com/cfcheck/cfcheck/fuzz/internal/csensor"
	"github.com/cfcheck/cfcheck/fuzz/internal/reference"
	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/embedded"
)

// answer is the reply of a reader that returns channelfile's error for an unreadable file,
// and the broken requirements of any other file.
func answer(broken channelfile.Requirements, err error) conform.Reply {
	const firstOfReadable = 50 // number of the first requirement for files that can be read
	switch {
	case err != nil:
		return conform.Reply{Answer: conform.Refused}
	case broken != 0:
		return conform.Reply{Answer: conform.Refused, Requirement: firstOfReadable + bits.TrailingZeros32(uint32(broken))}
	}
	return conform.Reply{Answer: conform.Accepted}
}

// TestReadersConform checks that both readers in Go answer right about each file of the
// corpus, and that readers with a fault do not.
func TestReadersConform(t *testing.T) {
	files := conform.Files()
	parse := func(f *conform.File) conform.Reply {
		file, err := channelfile.Parse(f.Data)
		if err != nil {
			return answer(0, err)
		}
		return answer(file.Conformance(), nil)
	}
	for name, read := range map[string]func(*conform.File) conform.Reply{
		"channelfile": parse,
		"reference":   func(f *conform.File) conform.Reply { return answer(reference.Read(f.Data)) },
	} {
		r := conform.Report{Results: conform.Run(files, nil, 2, read)}
		if !r.Passed() {
			var b strings.Builder
			if err := r.Text(&b); err != nil {
				t.Fatal(err)
			}
			t.Errorf("%s:\n%s", name, b.String())
		}
	}
	for why, read := range map[string]func(*conform.File) conform.Reply{
		"accepts everything": func(*conform.File) conform.Reply { return conform.Reply{Answer: conform.Accepted} },
		"refuses everything": func(*conform.File) conform.Reply { return conform.Reply{Answer: conform.Refused} },
		"never answers":      func(*conform.File) conform.Reply { return conform.Reply{Answer: conform.Failed} },
		"ignores the normal form": func(f *conform.File) conform.Reply {
			_, err := channelfile.Parse(f.Data)
			return answer(0, err)
		},
		"names the wrong requirement": func(f *conform.File) conform.Reply {
			r := parse(f)
			if r.Requirement > 0 {
				r.Requirement++
			}
			return r
		},
	} {
		if r := (&conform.Report{Results: conform.Run(files, nil, 2, read)}); r.Passed() {
			t.Errorf("a reader that %s is right about every file", why)
		}
	}
}

// TestRequirementsOfConform compares the table of requirements with FORMAT.md.
func TestRequirementsOfConform(t *testing.T) {
	text, err := os.ReadFile("../channelfile/FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| (\d+) \|.*\| (CF\d{4}) ([a-z0-9-]+) \|$`).FindAllStringSubmatch(string(text), -1)
	if len(rows) != len(conform.Requirements) {
		t.Fatalf("FORMAT.md has %d requirements, the table %d", len(rows), len(conform.Requirements))
	}
	for i, row := range rows {
		number, _ := strconv.Atoi(row[1])
		if want := (conform.Requirement{Number: number, Check: row[2], Name: row[3]}); conform.Requirements[i] != want || number != i+1 {
			t.Errorf("row %d is %v, and %v in FORMAT.md", i, conform.Requirements[i], want)
		}
	}
}

// TestCSensorConforms asks the sensor in C, as a sensor team would. It checks nothing, so it
// must read every good file, and must not be right about the bad ones.
func TestCSensorConforms(t *testing.T) {
	if !longtest.Enabled() {
		t.Skip("-long is not set: the compiler and a process for each file take seconds")
	}
	folder := t.TempDir()
	if err := csensor.Unpack(folder); err != nil {
		t.Fatal(err)
	}
	fleet, _ := builtin.Fleet("291")
	header, err := os.Create(filepath.Join(folder, "cfcheck_ipc.h"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(embedded.WriteCHeader(header, builtin.Definitions().ByName("ipc", 1), &fleet.Contracts[0].Reader), header.Close()); err != nil {
		t.Fatal(err)
	}
	program, err := csensor.Compile(folder, "integration", []string{"integration.c", "sensor.c"}, "-DSUPPLIED=21")
	if errors.Is(err, csensor.ErrNoCompiler) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var files []conform.File
	for _, f := range conform.Files() {
		// The types of other files have other inputs, and one file declares an input more.
		if strings.Contains(f.Path, "/C-00000291-00000001-") && f.Names[0] != "declared-one-more-and-read" {
			files = append(files, f)
		}
	}
	if err := conform.Write(folder, files); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ASAN_OPTIONS", "detect_leaks=0:exitcode=99:allocator_may_return_null=1")
	t.Setenv("UBSAN_OPTIONS", "exitcode=99")
	read, err := conform.Command([]string{program, "{}"}, folder, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	good, bad := 0, 0
	for _, r := range conform.Run(files, nil, 2, read) {
		switch {
		case len(r.Checks) == 0:
			good++
			if r.Problem != "" {
				t.Errorf("%s: %s: %s", r.Names[0], r.Problem, r.Output)
			}
		case r.Answer == conform.Refused:
			t.Errorf("%s: a sensor that checks nothing refused the file", r.Names[0])
		case r.Problem != "":
			bad++
		}
	}
	if good < 100 || bad < 200 {
		t.Errorf("%d good files, and %d bad ones with a wrong answer; expected more", good, bad)
	}
}
