package blob

import (
	"encoding/hex"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sysmon"
)

func readPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("BLOB.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPageRequirements compares the table of BLOB.md with the requirements of the package.
func TestPageRequirements(t *testing.T) {
	rows := regexp.MustCompile(`(?m)^\| (\d+) \| (\*note:\* )?(.*?) \| (.*?) \| (CF8\d{3}) ([a-z0-9-]+) \|$`).FindAllStringSubmatch(readPage(t), -1)
	list := Requirements()
	if len(rows) != len(list) {
		t.Fatalf("BLOB.md has %d requirements; want %d", len(rows), len(list))
	}
	for i, r := range list {
		row := rows[i]
		if row[1] != strconv.Itoa(int(r)) || (row[2] != "") != r.Note() || row[3] != r.Text() || row[4] == "" || row[5] != r.Check() || row[6] != r.CheckName() {
			t.Errorf("row %q of BLOB.md; want %d, note %v, %q, %s %s", row[0], r, r.Note(), r.Text(), r.Check(), r.CheckName())
		}
	}
}

// TestPageExample writes the example of BLOB.md.
func TestPageExample(t *testing.T) {
	page := readPage(t)
	_, example, ok := strings.Cut(page, "<!-- example -->")
	example, _, end := strings.Cut(example, "<!-- /example -->")
	if !ok || !end {
		t.Fatal("BLOB.md has no example")
	}
	data := encoded(t, &sysmon.Rules{
		Schema: sysmon.Version{Major: 4, Minor: 90}, Binary: sysmon.Version{Major: 18},
		Elements: []sysmon.Element{{Event: 5, Include: true, All: true, Filters: []sysmon.Filter{{Field: 4, Op: sysmon.Image, Value: "cmd.exe", Name: "shell", Group: -1}}}},
	})
	want := make([]byte, 608)
	for _, row := range regexp.MustCompile("(?m)^\\| (\\d+) \\| `([0-9A-F ]+)` \\|").FindAllStringSubmatch(example, -1) {
		at, err := strconv.Atoi(row[1])
		if err != nil {
			t.Fatal(err)
		}
		bytes, err := hex.DecodeString(strings.ReplaceAll(row[2], " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		copy(want[at:], bytes)
	}
	if string(data) != string(want) {
		t.Errorf("the example of BLOB.md is\n%x; written:\n%x", want, data)
	}
}
