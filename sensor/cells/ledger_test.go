package cells_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/cells"
)

var (
	march = sensor.Date{Year: 2026, Month: time.March, Day: 1}
	april = sensor.Date{Year: 2026, Month: time.April, Day: 1}
	equal = cells.Cell{Type: "ipc", Version: 1, Input: "PipeName", Operator: "equals+fold", Class: cells.Short, Size: cells.SizeOf(3)}
)

const lines = cells.Header + `
7.11 ipc/1 - instances - 0 2026-03-01
7.11 ipc/1 "-" exists - 0 2026-03-01
7.11 ipc/1 PipeName equals+fold short 3-4 2026-03-01
7.11 ipc/1 PipeName regexp short+non-ascii+expression 1 2026-04-01
7.11 ipc/99999999 PipeName equals+fold short 3-4 2026-03-01
"build 7" ipc/1 PipeName equals+fold short 3-4 2026-03-01
`

// The file has all entries, sorted, and is the same after it was read.
func TestBytes(t *testing.T) {
	var l cells.Ledger
	l.Add("7.11", cells.Cell{Type: "ipc", Version: 1, Input: "PipeName", Operator: "regexp", Class: cells.Short | cells.NonASCII | cells.Expression, Size: cells.SizeOf(1)}, april)
	l.Add("7.11", equal, april)
	l.Add("7.11", equal, march)
	l.Add("7.11", cells.Cell{Type: "ipc", Version: 1, Input: "-", Operator: "exists", Size: cells.SizeOf(0)}, march)
	l.Add("build 7", equal, march)
	l.Add("build 7", equal, april)
	latest := equal
	latest.Version = channelfile.MaxNumber
	l.Add("7.11", latest, march)
	l.Add("7.11", cells.Cell{Type: "ipc", Version: 1, Operator: cells.Instances, Size: cells.SizeOf(0)}, march)
	if diff := cmp.Diff(lines, string(l.Bytes())); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	again, err := cells.ReadLedger("l", l.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lines, string(again.Bytes())); diff != "" || again.Len() != 6 {
		t.Errorf("%d entries, -want +got:\n%s", again.Len(), diff)
	}
}

// Ledgers that were joined, or merged line by line, have the entries of both, with the earlier
// dates.
func TestMerge(t *testing.T) {
	a := cells.Header + "\na ipc/1 PipeName equals short 1 2026-03-01\na ipc/1 PipeName equals short 2 2026-04-01\n"
	b := cells.Header + "\na ipc/1 PipeName equals short 2 2026-03-01\nb ipc/1 PipeName equals short 1 2026-04-01\n"
	want := cells.Header + "\na ipc/1 PipeName equals short 1 2026-03-01\na ipc/1 PipeName equals short 2 2026-03-01\nb ipc/1 PipeName equals short 1 2026-04-01\n"
	union := strings.ReplaceAll(a+b, cells.Header+"\n", "")
	for _, merged := range []string{a + b, b + a, cells.Header + "\n" + union} {
		l, err := cells.ReadLedger("l", []byte(merged))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(l.Bytes())); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// A name and the whole ledger have sizes that are allowed, and no others.
func TestSizesOfLedger(t *testing.T) {
	long := equal
	long.Type = strings.Repeat("t", 70_000)
	var l cells.Ledger
	l.Add("a", long, march)
	if again, err := cells.ReadLedger("l", l.Bytes()); err != nil || again.New("a", long, time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)) != cells.Known {
		t.Errorf("a long name: %v", err)
	}
	data := bytes.Repeat([]byte("a"), cells.MaxSize+1)
	for size, want := range map[int]string{cells.MaxSize: "l:1: the file ends in the middle", len(data): "l:1: the file has more than"} {
		if _, err := cells.ReadLedger("l", data[:size]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d bytes: %v, want %s", size, err, want)
		}
	}
}

func TestReadLedgerRefuses(t *testing.T) {
	for _, tt := range []struct{ data, want string }{
		{"", "l:1: the file is empty"},
		{"a ipc/1 PipeName equals short 1 2026-03-01\n", "l:1: found \"a ipc/1"},
		{cells.Header, "l:1: the file ends in the middle"},
		{cells.Header + "\r\n", "l:1: the line ends with a carriage return"},
		{cells.Header + "\na ipc/1 PipeName equals short 1 2026-03-01", "l:2: the file ends in the middle"},
		{cells.Header + "\n\n", "l:2: found 1 fields"},
		{cells.Header + "\n# ledger\n", "l:2: found 2 fields"},
		{cells.Header + "\n<<<<<<< HEAD\n", "l:2: found 2 fields"},
		{cells.Header + "\na ipc/1 PipeName equals short 1 2026-03-01 \n", "l:2: found 8 fields"},
		{cells.Header + "\na  ipc/1 PipeName equals short 1\n", "l:2: found the type \"\""},
		{cells.Header + "\na ipc PipeName equals short 1 2026-03-01\n", "l:2: found the type \"ipc\""},
		{cells.Header + "\na /1 PipeName equals short 1 2026-03-01\n", "l:2: found the type \"/1\""},
		{cells.Header + "\na ipc/100000000 PipeName equals short 1 2026-03-01\n", "l:2: found the type"},
		{cells.Header + "\na ipc/01 PipeName equals short 1 2026-03-01\n", "l:2: found \"a ipc/01"},
		{cells.Header + "\na ipc/1 - equals short 1 2026-03-01\n", "l:2: found the input \"-\" with the operator \"equals\""},
		{cells.Header + "\na ipc/1 PipeName instances - 1 2026-03-01\n", "l:2: found the input \"PipeName\" with the operator \"instances\""},
		{cells.Header + "\na ipc/1 PipeName equal short 1 2026-03-01\n", "l:2: unknown operator \"equal\""},
		{cells.Header + "\na ipc/1 PipeName equals+all+fold short 1 2026-03-01\n", "l:2: unknown operator \"equals+all+fold\""},
		{cells.Header + "\na ipc/1 PipeName equals brief 1 2026-03-01\n", "l:2: unknown class of value \"brief\""},
		{cells.Header + "\na ipc/1 PipeName equals non-ascii+short 1 2026-03-01\n", "want \"a ipc/1 PipeName equals short+non-ascii 1"},
		{cells.Header + "\na ipc/1 PipeName equals empty+short 1 2026-03-01\n", "l:2: unknown class of value \"empty+short\""},
		{cells.Header + "\na ipc/1 PipeName equals short 3 2026-03-01\n", "l:2: unknown class of size \"3\""},
		{cells.Header + "\na ipc/1 PipeName equals short 1 2026-02-29\n", "l:2: \"2026-02-29\" is not a date"},
		{cells.Header + "\n\"a\" ipc/1 PipeName equals short 1 2026-03-01\n", "l:2: found \"\\\"a\\\" ipc/1"},
		{cells.Header + "\n\"a ipc/1 PipeName equals short 1 2026-03-01\n", "want a closing quote"},
		{cells.Header + "\n\"a b\"ipc/1 PipeName equals short 1 2026-03-01\n", "after a text in quotes"},
	} {
		_, err := cells.ReadLedger("l", []byte(tt.data))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %s", tt.data, err, tt.want)
		}
	}
}

// The novelty of a cell is its first field that has no record.
func TestNew(t *testing.T) {
	var l cells.Ledger
	l.Add("a", equal, march)
	day := func(day int) time.Time { return time.Date(2026, time.March, day, 0, 0, 0, 0, time.UTC) }
	for _, tt := range []struct {
		name  string
		build string
		cell  func(*cells.Cell)
		now   time.Time
		want  cells.Novelty
	}{
		{"the same", "a", func(*cells.Cell) {}, day(1), cells.Known},
		{"on the day before, when the only record does not count", "a", func(*cells.Cell) {}, day(1).Add(-time.Second), cells.NewType},
		{"another size on the day before", "a", func(c *cells.Cell) { c.Size++ }, day(1).Add(-time.Second), cells.NewType},
		{"another build", "b", func(*cells.Cell) {}, day(1), cells.NewType},
		{"another type", "a", func(c *cells.Cell) { c.Type = "dns" }, day(1), cells.NewType},
		{"another version", "a", func(c *cells.Cell) { c.Version = 2 }, day(1), cells.NewType},
		{"another input", "a", func(c *cells.Cell) { c.Input = "Image" }, day(1), cells.NewInput},
		{"another operator", "a", func(c *cells.Cell) { c.Operator = "equals" }, day(1), cells.NewOperator},
		{"another class", "a", func(c *cells.Cell) { c.Class |= cells.NonASCII }, day(1), cells.NewClass},
		{"another size", "a", func(c *cells.Cell) { c.Size++ }, day(1), cells.NewSize},
		{"a smaller size", "a", func(c *cells.Cell) { c.Size-- }, day(1), cells.NewSize},
	} {
		c := equal
		tt.cell(&c)
		if got := l.New(tt.build, c, tt.now); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// What ReadLedger accepts, it reads again from the output.
func FuzzReadLedger(f *testing.F) {
	f.Add([]byte(lines))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := cells.ReadLedger("l", data)
		if err != nil {
			return
		}
		again, err := cells.ReadLedger("l", l.Bytes())
		if err != nil || again.Len() != l.Len() || string(again.Bytes()) != string(l.Bytes()) {
			t.Errorf("%v: %q", err, l.Bytes())
		}
	})
}

// Parse reads what String writes, and nothing else.
func TestParse(t *testing.T) {
	spaced := equal
	spaced.Input = "Pipe Name"
	for _, c := range []cells.Cell{equal, spaced, {Type: "ipc", Version: 1, Operator: cells.Instances, Size: cells.SizeOf(5)}} {
		if got, err := cells.Parse(c.String()); got != c || err != nil {
			t.Errorf("%v: %v, %v", c, got, err)
		}
	}
	for text, want := range map[string]string{
		"":                              "found 1 fields",
		equal.String() + " 2026-03-01":  "found 6 fields",
		equal.String() + " ":            "found 6 fields",
		"\"ipc/1\" - instances - 5-8":   "found \"\\\"ipc/1\\\" - instances - 5-8\" (want \"ipc/1 - instances - 5-8\")",
		"ipc/1 - instances short 1 2":   "found 6 fields",
		"ipc/1 - equals short 1":        "found the input",
		"ipc/1 \"PipeName equals 1 2-3": "want a closing quote",
	} {
		if _, err := cells.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
