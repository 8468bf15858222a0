package events

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/cfcheck/cfcheck/internal/scratch"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// pipeEvents returns n lines of pipe and process events, with values of a
// length.
func pipeEvents(n, length int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"EventID":%d,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider":"Microsoft-Windows-Sysmon","Computer":"a","EventData":{"PipeName":"\\%d%s","Image":"C:\\x%d","ProcessId":"%d"}}`+"\n",
			[]int{17, 1}[i%2], i, strings.Repeat("x", length), i, i)
	}
	return b.String()
}

func record(t *testing.T, rec *Recording, text string) {
	t.Helper()
	r := NewReader("a.ndjson", strings.NewReader(text))
	if err := rec.Read("a.ndjson", r, func(e *LineError) { t.Error(e) }); err != nil {
		t.Fatal(err)
	}
}

func listed(t *testing.T, rec *Recording, d *sensor.Definition) (list []string) {
	t.Helper()
	err := rec.Events(d, func(where func() string, e interp.Event) bool {
		list = append(list, where()+fmt.Sprintf(" %v", e))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestRecordingOnDisk checks that events in a temporary file are the same, and
// in the same order, as events in memory.
func TestRecordingOnDisk(t *testing.T) {
	defs := builtin.Definitions()
	text := pipeEvents(400, 200)
	disk := NewRecording(defs)
	disk.keep = 16 << 10
	defer disk.Close()
	record(t, disk, text)
	if disk.file == nil || disk.size < int64(disk.keep) || disk.buffered > disk.keep {
		t.Fatalf("%d bytes in the file, %d in memory: the test does not test the file", disk.size, disk.buffered)
	}
	for _, name := range []string{"ipc", "process_creation"} {
		d := defs.Newest(name)
		got := listed(t, disk, d)
		if len(got) != 200 {
			t.Errorf("%s: %d events, expected 200", name, len(got))
		}
		// Read the same lines in parts.
		var want []string
		lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
		for i := 0; i < len(lines); i += 40 {
			memory := NewRecording(defs)
			record(t, memory, strings.Repeat("\n", i)+strings.Join(lines[i:i+40], ""))
			if memory.file != nil {
				t.Fatal("a part is in a file")
			}
			want = append(want, listed(t, memory, d)...)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: events from the file are not those from memory", name)
		}
		var wait sync.WaitGroup
		for range 3 {
			wait.Go(func() {
				if again := listed(t, disk, d); !reflect.DeepEqual(again, got) {
					t.Errorf("%s: other events the second time", name)
				}
			})
		}
		wait.Wait()
	}
	if err := disk.Close(); err != nil {
		t.Error(err)
	}
	if err := disk.Events(defs.Newest("ipc"), nil); !errors.Is(err, errClosedRecording) {
		t.Errorf("after Close: %v", err)
	}
}

// A faulty is a temporary file that fails.
type faulty struct {
	scratch.File
	writes int // number of writes that succeed
	change bool
}

func (f *faulty) Write(p []byte) (int, error) {
	if f.writes--; f.writes < 0 {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, os.ErrClosed
	}
	return f.File.Write(p)
}

func (f *faulty) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.File.ReadAt(p, at)
	if f.change {
		p[n/2] ^= 1
		return n, err
	}
	return n / 2, io.ErrUnexpectedEOF
}

// TestRecordingFaults checks that an incomplete recording returns an error each
// time.
func TestRecordingFaults(t *testing.T) {
	defs := builtin.Definitions()
	text := pipeEvents(4000, 1500)
	file := func(f faulty) func() (scratch.File, error) {
		return func() (scratch.File, error) {
			file, err := scratch.Create()
			f.File = file
			return &f, err
		}
	}
	for _, tt := range []struct {
		why    string
		create func() (scratch.File, error)
		most   int64
		says   string
	}{
		{"no file can be created", func() (scratch.File, error) { return nil, os.ErrPermission }, 1 << 30, "a temporary file for them cannot be created: permission denied; set TMPDIR"},
		{"the disk is full", file(faulty{writes: 1}), 1 << 30, ": the temporary file of events cannot be written"},
		{"more than a recording may take", scratch.Create, 3 << 20, ": the values of the events so far take more than 3145728 bytes"},
		{"the file cannot be read", file(faulty{writes: 100}), 1 << 30, "the temporary file of events cannot be read at byte "},
		{"the file was changed", file(faulty{writes: 100, change: true}), 1 << 30, "the temporary file of events was changed: bytes 0 to "},
	} {
		rec := NewRecording(defs)
		rec.create, rec.most = tt.create, tt.most
		err := rec.Read("a.ndjson", NewReader("a.ndjson", strings.NewReader(text)), func(e *LineError) { t.Error(e) })
		for range 2 {
			n := 0
			again := rec.Events(defs.ByName("ipc", 1), func(func() string, interp.Event) bool { n++; return true })
			if again == nil || n > 0 || err != nil && again.Error() != err.Error() {
				t.Errorf("%s: %d events and %v, after %v", tt.why, n, again, err)
			}
			err = again
		}
		if err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %q, expected %q", tt.why, err, tt.says)
		}
		rec.Close()
	}
}
