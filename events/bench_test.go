package events

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// benchmarkFiles are the recordings if they exist, and otherwise generated
// lines.
var benchmarkFiles = sync.OnceValue(func() [][]byte {
	names, err := filepath.Glob(filepath.FromSlash("../../shared/data/dev/events/*.ndjson.gz"))
	if err != nil {
		panic(err)
	}
	var files [][]byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		files = append(files, data)
	}
	if len(files) > 0 {
		return files
	}
	return [][]byte{[]byte(packed(generated(20_000)))}
})

// generated returns n events with kinds and lengths as in recordings.
func generated(n int) string {
	var b strings.Builder
	for i := range n {
		host := fmt.Sprintf("WS%d.example.com", i%40)
		guid := fmt.Sprintf(`"UtcTime":"2026-01-02 03:04:05.%03d","ProcessGuid":"{%08x-0000-0000-0000-000000000000}","ProcessId":"%d","Image":"C:\\Windows\\System32\\svchost.exe"`, i%1000, i, i%9999)
		switch i % 4 {
		case 0:
			b.WriteString(line(7, sysmon, sysmonChannel, host, `"RuleName":"-",`+guid+`,"ImageLoaded":"C:\\Windows\\System32\\ntdll.dll","FileVersion":"10.0","Hashes":"SHA256=`+strings.Repeat("0f", 32)+`","Signed":"true"`))
		case 1:
			b.WriteString(line(13, sysmon, sysmonChannel, host, `"RuleName":"-","EventType":"SetValue",`+guid+`,"TargetObject":"HKLM\\System\\CurrentControlSet\\Services\\bam","Details":"Binary Data"`))
		case 2:
			b.WriteString(line(17, sysmon, sysmonChannel, host, `"RuleName":"-","EventType":"CreatePipe",`+guid+`,"PipeName":"\\lsass"`))
		default:
			b.WriteString(line(4688, "Microsoft-Windows-Security-Auditing", "Security", host, `"SubjectUserSid":"S-1-5-18","NewProcessId":"0x4","NewProcessName":"C:\\Windows\\System32\\cmd.exe","CommandLine":"cmd /c dir"`))
		}
	}
	return b.String()
}

// size sets the bytes per turn of a benchmark and returns the number of lines.
func size(b *testing.B) (lines int) {
	bytes := 0
	for _, file := range benchmarkFiles() {
		eachLine(b, file, func(line []byte) {
			lines++
			bytes += len(line)
		})
	}
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	return lines
}

func eachLine(b *testing.B, file []byte, do func(line []byte)) {
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewReaderSize(z, MaxLine)
	for {
		line, err := lines.ReadSlice('\n')
		if len(line) > 0 {
			do(line)
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode unpacks the files and decodes each line into generic values,
// with the JSON library that this package uses.
func BenchmarkDecode(b *testing.B) {
	size(b)
	for b.Loop() {
		for _, file := range benchmarkFiles() {
			eachLine(b, file, func(line []byte) {
				var event map[string]any
				if err := json.Unmarshal(line, &event); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// BenchmarkTokens unpacks the files and reads each token of each line. This is
// the minimum work of the library.
func BenchmarkTokens(b *testing.B) {
	size(b)
	d := jsontext.NewDecoder(new(bytes.Reader))
	for b.Loop() {
		for _, file := range benchmarkFiles() {
			eachLine(b, file, func(line []byte) {
				d.Reset(bytes.NewBuffer(line))
				for {
					if _, err := d.ReadToken(); err == io.EOF {
						return
					} else if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkObserve does the work of cfcheck contract observe with all built-in
// types, including the JSON of the fleet.
func BenchmarkObserve(b *testing.B) {
	lines := size(b)
	for b.Loop() {
		o := NewObserver(builtin.Definitions(), Options{})
		records := 0
		for _, file := range benchmarkFiles() {
			records += read(b, file, func(rec *Record) {
				if err := o.Add(rec); err != nil {
					b.Fatal(err)
				}
			})
		}
		if records != lines {
			b.Fatalf("%d records of %d lines", records, lines)
		}
		fleet, err := o.Fleet("observed", sensor.OwnReader())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := fleet.JSON(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEvent makes the events of all types from the records.
func BenchmarkEvent(b *testing.B) {
	size(b)
	m := NewMapper(builtin.Definitions())
	var list []*Mapping
	var e interp.Event
	for b.Loop() {
		for _, file := range benchmarkFiles() {
			read(b, file, func(rec *Record) {
				list = appendFeeds(b, m, list[:0], rec)
				for _, mapping := range list {
					e, _ = mapping.Event(e, rec)
				}
			})
		}
	}
}

func read(b *testing.B, file []byte, do func(rec *Record)) (records int) {
	r := NewReader("x", bytes.NewReader(file))
	var rec Record
	for {
		switch err := r.Read(&rec); err {
		case nil:
			records++
			do(&rec)
		case io.EOF:
			return records
		default:
			b.Fatal(err)
		}
	}
}
