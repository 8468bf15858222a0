package evtx_test

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/events/evtx"
	"github.com/cfcheck/cfcheck/internal/evtxtest"
)

// full is an event with a value of each type.
var full = evtxtest.Event{
	Record: 7, Provider: "Example-Provider", EventID: 4688, Level: 4, Keywords: 0x8020000000000000, Channel: "Example/Operational", Computer: "h.example.com",
	Activity: []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
	Data: []evtxtest.Field{
		{Name: "Text", Value: "a <é> & \"b\"\U0001f600"}, {Name: "Empty", Value: ""}, {Name: "Null", Value: nil}, {Name: "ANSI", Value: evtxtest.ANSI("plain")},
		{Name: "I8", Value: int8(-8)}, {Name: "U8", Value: uint8(200)}, {Name: "I16", Value: int16(-300)}, {Name: "U16", Value: uint16(65535)},
		{Name: "I32", Value: int32(-70000)}, {Name: "U32", Value: uint32(4294967295)}, {Name: "I64", Value: int64(-1 << 40)}, {Name: "U64", Value: uint64(1<<64 - 1)},
		{Name: "Yes", Value: true}, {Name: "No", Value: false}, {Name: "Bytes", Value: []byte{0, 0xab, 0xff}}, {Name: "Time", Value: evtxtest.Time},
		{Name: "GUID", Value: evtxtest.GUID{0xbd, 0x56, 0x59, 0x03, 1, 2, 0xef, 0xcd, 0xa2, 0x3e, 0xae, 0x89, 1, 2, 3, 0x0f}},
		{Name: "SID", Value: evtxtest.SID{1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0xf4, 1, 0, 0}},
		{Name: "H32", Value: evtxtest.Hex32(0x3e7)}, {Name: "H64", Value: evtxtest.Hex64(0x1a2c)}, {Name: "R64", Value: 1.5}, {Name: "List", Value: []string{"one", "", "three"}},
	},
}

// render returns the records of a log as XML, with an error in its place.
func render(t testing.TB, log []byte) string {
	var out bytes.Buffer
	r := evtx.NewReader(bytes.NewReader(log))
	for {
		err := r.Next()
		if err == io.EOF {
			return out.String()
		}
		if err != nil {
			fmt.Fprintf(&out, "error: %v\n", err)
			if _, ok := errors.AsType[*evtx.Error](err); ok {
				continue
			}
			if again := r.Next(); again == nil {
				t.Errorf("a record follows the error %v", err)
			}
			return out.String()
		}
		e := xml.NewEncoder(&out)
		for {
			token, err := r.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				e.Flush()
				fmt.Fprintf(&out, "error in record %d: %v", r.Record(), err)
				if _, err := r.Token(); err == nil {
					t.Error("a token follows an error")
				}
				break
			}
			if err := e.EncodeToken(xml.CopyToken(token)); err != nil {
				t.Errorf("%T %v: %v", token, token, err)
			}
		}
		e.Flush()
		out.WriteByte('\n')
	}
}

// TestValues checks an event with a value of each type, as XML.
func TestValues(t *testing.T) {
	const want = `<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Example-Provider"></Provider>` +
		`<EventID>4688</EventID><Version>0</Version><Level>4</Level><Task>0</Task><Opcode>0</Opcode><Keywords>0x8020000000000000</Keywords>` +
		`<TimeCreated SystemTime="2026-03-02T08:15:00.1250000Z"></TimeCreated><EventRecordID>7</EventRecordID>` +
		`<Correlation ActivityID="{04030201-0605-0807-090A-0B0C0D0E0F10}"></Correlation><Execution ProcessID="4" ThreadID="8"></Execution>` +
		`<Channel>Example/Operational</Channel><Computer>h.example.com</Computer><Security UserID="S-1-5-18"></Security></System><EventData>` +
		`<Data Name="Text">a &lt;é&gt; &amp; &#34;b&#34;😀</Data><Data Name="Empty"></Data><Data Name="ANSI">plain</Data>` +
		`<Data Name="I8">-8</Data><Data Name="U8">200</Data><Data Name="I16">-300</Data><Data Name="U16">65535</Data>` +
		`<Data Name="I32">-70000</Data><Data Name="U32">4294967295</Data><Data Name="I64">-1099511627776</Data><Data Name="U64">18446744073709551615</Data>` +
		`<Data Name="Yes">true</Data><Data Name="No">false</Data><Data Name="Bytes">00ABFF</Data><Data Name="Time">2026-03-02T08:15:00.1250000Z</Data>` +
		`<Data Name="GUID">{035956BD-0201-CDEF-A23E-AE890102030F}</Data><Data Name="SID">S-1-5-21-1-2-3-500</Data>` +
		`<Data Name="H32">0x3e7</Data><Data Name="H64">0x1a2c</Data><Data Name="R64">1.5</Data><Data Name="List">one` + "\n\n" + `three</Data></EventData></Event>` + "\n"
	have := render(t, evtxtest.Log(full))
	have = strings.ReplaceAll(have, ` xmlns="http://schemas.microsoft.com/win/2004/08/events/event" xmlns=`, ` xmlns=`)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("-want +have:\n%s", diff)
	}
}

// many returns events that fill several chunks, with two sets of fields.
func many(n int) (list []evtxtest.Event) {
	for i := range n {
		e := evtxtest.Event{Record: uint64(i + 1), Provider: "Example-Provider", EventID: uint16(i), Channel: "Example", Computer: "h",
			Data: []evtxtest.Field{{Name: "Number", Value: uint32(i)}, {Name: "Text", Value: strings.Repeat("x", i%300)}}}
		if i%3 == 0 {
			e.InUserData = "Own"
		}
		list = append(list, e)
	}
	return list
}

// TestOtherReader compares with the reader of libevtx, if it is there: the values of each type, and
// all records of several chunks.
func TestOtherReader(t *testing.T) {
	export, err := exec.LookPath("evtxexport")
	if err != nil {
		t.Skip("there is no evtxexport, of Debian's package libevtx-utils")
	}
	known := full
	known.Data = slices.DeleteFunc(slices.Clone(full.Data), func(f evtxtest.Field) bool {
		// Version 20181227 of libevtx gets negative numbers and characters beyond U+FFFF wrong. It
		// writes six digits of a float, and an element for each value of an array.
		return slices.Contains([]string{"Text", "I8", "I16", "I32", "I64", "R64", "List"}, f.Name)
	})
	log := evtxtest.Log(append(many(500), known)...)
	name := filepath.Join(t.TempDir(), "x.evtx")
	if err := os.WriteFile(name, log, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(export, "-f", "xml", name).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	records := regexp.MustCompile(`(?s)<Event .*?</Event>`).FindAll(out, -1)
	ours := strings.SplitAfter(strings.TrimSpace(render(t, log)), "</Event>\n")
	if len(records) != len(ours) || len(ours) != 501 {
		t.Fatalf("libevtx reads %d records, and we read %d", len(records), len(ours))
	}
	for i := range ours {
		want, have := flat(t, records[i]), flat(t, []byte(ours[i]))
		if diff := cmp.Diff(want, have); diff != "" {
			t.Fatalf("record %d; -libevtx +ours:\n%s", i, diff)
		}
	}
}

// spelled matches parts of values that libevtx spells in another way: zeros after 0x, and after
// the 100 nanoseconds of a time.
var spelled = regexp.MustCompile(`(=0x)0+([0-9a-f])|(\.[0-9]{7})00(z)`)

// flat returns the texts and attributes of a document, with their elements. It leaves out spaces,
// elements without a text, and the case of letters.
func flat(t *testing.T, doc []byte) (list []string) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	var path []string
	for {
		token, err := d.Token()
		if err == io.EOF {
			for i := range list {
				list[i] = spelled.ReplaceAllString(list[i], "$1$2$3$4")
			}
			return list
		}
		if err != nil {
			t.Fatalf("%v in %s", err, doc)
		}
		switch token := token.(type) {
		case xml.StartElement:
			path = append(path, token.Name.Local)
			for _, a := range token.Attr {
				list = append(list, strings.ToLower(strings.Join(path, "/")+"@"+a.Name.Local+"="+a.Value))
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); text != "" {
				list = append(list, strings.ToLower(strings.Join(path, "/")+"="+text))
			}
		}
	}
}

// TestDamage checks that damage is said with its place, and that the rest is read.
func TestDamage(t *testing.T) {
	const head, chunk = 4096, 64 << 10
	events := many(400)
	whole := evtxtest.Log(events...)
	chunks := (len(whole) - head) / chunk
	if chunks < 3 {
		t.Fatalf("%d chunks are too few", chunks)
	}
	records := strings.Count(render(t, whole), "\n")
	if records != len(events) {
		t.Fatalf("%d of %d records", records, len(events))
	}
	for _, c := range []struct {
		name   string
		change func(log []byte) []byte
		want   string // part of the only error
		least  int    // records that are read
	}{
		{"a byte of a record", func(b []byte) []byte { b[head+chunk+2000]++; return b }, "chunk 2: found records with the checksum ", 200},
		{"a byte of the header of a chunk", func(b []byte) []byte { b[head+chunk+9]++; return b }, "chunk 2: found a header with the checksum ", 200},
		{"the name of a chunk", func(b []byte) []byte { b[head+chunk]++; return b }, "chunk 2: found 46 6c 66 43 68 6e 6b 00; expected ", 200},
		{"an end beyond the chunk", func(b []byte) []byte { b[head+chunk+51] = 1; evtxtest.Seal(b); return b }, "chunk 2: found records up to byte ", 200},
		{"the size of a record", func(b []byte) []byte {
			b[head+512+4], b[head+512+5] = 8, 0
			evtxtest.Seal(b)
			return b
		}, "found a record of ", 200},
		{"the second size of a record", func(b []byte) []byte {
			n := binary.LittleEndian.Uint32(b[head+512+4:])
			b[head+512+int(n)-4]++
			evtxtest.Seal(b)
			return b
		}, "at its beginning and ", 200},
		{"the mark of a record", func(b []byte) []byte { b[head+512]++; evtxtest.Seal(b); return b }, "found no record, which begins with 2a 2a 00 00; the rest of chunk 1 cannot be read (at byte 4608, 0x1200)", 200},
		{"a part of the XML", func(b []byte) []byte { b[head+512+24+4] = 0x3f; evtxtest.Seal(b); return b }, "error in record 1: found 0x3f; expected a part of binary XML", 399},
		{"a chunk of zeros before others", func(b []byte) []byte { clear(b[head+chunk : head+2*chunk]); return b }, "chunk 2: found zeros before a chunk with records", 200},
		{"the last chunk is missing", func(b []byte) []byte { return b[:len(b)-chunk] }, fmt.Sprintf("found %d chunks; the header of the log states %d: the file was cut off", chunks-1, chunks), 200},
		{"half of a chunk is missing", func(b []byte) []byte { return b[:len(b)-chunk/2] }, "expected 65536: the file was cut off", 200},
		{"a header without checksum", func(b []byte) []byte { b[30]++; return b }, "found a header of the log with the checksum ", 400},
		{"half of the header", func(b []byte) []byte { return b[:2000] }, "found 2000 bytes; expected the header of a log of 4096 bytes: the file was cut off", 0},
		{"another file", func(b []byte) []byte { b[0]++; return b }, "expected the header of a log", 0},
		{"another format", func(b []byte) []byte { b[38] = 4; return b }, "found a log of format 4 ", 0},
		{"a log that was not closed", func(b []byte) []byte { b[120], b[42] = 1, 9; return b }, "", 400},
		{"chunks without checksums", func(b []byte) []byte {
			for i := head; i < len(b); i += chunk {
				b[i+120] = 4
				b[i+52]++
			}
			return b
		}, "", 400},
		{"unused chunks", func(b []byte) []byte { return append(b, make([]byte, 3*chunk)...) }, "", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			have := render(t, c.change(bytes.Clone(whole)))
			errors := strings.Count(have, "error")
			if c.want == "" && errors != 0 || c.want != "" && (errors != 1 || !strings.Contains(have, c.want)) {
				at := max(0, strings.Index(have, "error"))
				t.Errorf("%d errors, the first: %.300s; expected %q", errors, have[at:], c.want)
			}
			if n := strings.Count(have, "</Event>"); n < c.least {
				t.Errorf("%d records were read; expected at least %d", n, c.least)
			}
		})
	}
}

// TestBombs checks that records that expand to much, or without end, are errors.
func TestBombs(t *testing.T) {
	for name, want := range map[string]string{"a value a thousand times": "longer than 1048576 bytes", "many such records": "longer than 16777216 bytes", "a template in itself": "in one another", "elements in one another": "elements in one another"} {
		t.Run(name, func(t *testing.T) {
			log := bomb(name)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			have := render(t, log)
			runtime.ReadMemStats(&after)
			if !strings.Contains(have, want) {
				t.Errorf("found %.300s; expected %q", have, want)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 160<<20 {
				t.Errorf("%d bytes were allocated", n)
			}
		})
	}
}

// bomb returns a log of one record, whose XML is the one that the name describes.
func bomb(name string) []byte {
	log := evtxtest.Log(evtxtest.Event{Record: 1, Data: []evtxtest.Field{{Name: "x", Value: strings.Repeat("x", 20_000)}}})
	le := binary.LittleEndian
	b := log[4096:]
	const record, body = 512, 512 + 24
	at := body
	put := func(p ...byte) { at += copy(b[at:], p) }
	put32 := func(n int) { at += len(le.AppendUint32(b[at:at], uint32(n))) }
	put(0x0f, 1, 1, 0)
	const names, element = 0xf000, 0xf100
	copy(b[names:], "\x00\x00\x00\x00\x00\x00\x01\x00x\x00\x00\x00")
	start := func() { put(0x01, 0xff, 0xff); put32(4); put32(names); put(0x02) }
	switch name {
	case "elements in one another":
		for range 100 {
			start()
		}
	case "a template in itself":
		put(0x0c, 1, 0, 0, 0, 0)
		put32(element)
		put32(0)
		copy(b[element+20:], "\x0e\x00\x00\x00\x0c\x01\x00\x00\x00\x00\x00\xf1\x00\x00\x00\x00\x00\x00")
	case "many such records":
		return bombs()
	default:
		put(0x0c, 1, 0, 0, 0, 0)
		put32(at + 4)
		size := at + 20
		at += 24
		start()
		for range 1000 {
			put(0x0d, 0, 0, 1)
		}
		put(0x04, 0x00)
		le.PutUint32(b[size:], uint32(at-size-4))
		put32(1)
		le.PutUint16(b[at:], 20_000)
		b[at+2] = 1
		at += 4
		for i := range 10_000 {
			b[at+2*i], b[at+2*i+1] = 'x', 0
		}
		at += 20_000
	}
	put(0)
	size := at + 4 - record
	le.PutUint32(b[record+4:], uint32(size))
	le.PutUint32(b[at:], uint32(size))
	le.PutUint32(b[48:], uint32(at+4))
	evtxtest.Seal(log)
	return log
}

// bombs returns a log of many records, each with the template of the first, which has many
// elements.
func bombs() []byte {
	one := bomb("a value a thousand times")[4096:]
	le := binary.LittleEndian
	size := int(le.Uint32(one[512+4:]))
	log := logOf(one[512 : 512+size])
	chunk := log[4096:]
	at := 512 + size
	const definition = 512 + 24 + 4 + 10
	for range 1000 { // as many as there is space for
		// A record with the template and one value, a text.
		record := append([]byte("**\x00\x00"), make([]byte, 20)...)
		record = append(record, 0x0c, 1, 0, 0, 0, 0)
		record = le.AppendUint32(record, definition)
		record = append(record, 1, 0, 0, 0, 200, 0, 1, 0)
		record = append(record, bytes.Repeat([]byte("x\x00"), 100)...)
		record = le.AppendUint32(record, uint32(len(record)+4))
		le.PutUint32(record[4:], uint32(len(record)))
		if at += copy(chunk[at:0xf000], record); at+len(record) > 0xf000 {
			break
		}
	}
	le.PutUint32(chunk[48:], uint32(at))
	copy(chunk[0xf000:], one[0xf000:0xf010])
	evtxtest.Seal(log)
	return log
}

// FuzzReader reads any bytes as a log, as the records of a chunk, and as the XML of a record. The
// tokens of a record must match, and stay below the limit.
func FuzzReader(f *testing.F) {
	for _, log := range [][]byte{
		evtxtest.Log(full), evtxtest.Log(many(2)...), bomb("a value a thousand times"), bomb("a template in itself"), bomb("elements in one another"),
	} {
		chunk := log[headerSize:]
		records := chunk[chunkHeader:binary.LittleEndian.Uint32(chunk[48:])]
		f.Add(records)
		f.Add(records[recordHead : binary.LittleEndian.Uint32(records[4:])-4])
	}
	f.Add([]byte(evtx.Magic))
	f.Add(evtxtest.Log(many(1)...)[:headerSize])
	f.Fuzz(func(t *testing.T, data []byte) {
		walk(t, data)
		walk(t, logOf(data))
		size := binary.LittleEndian.AppendUint32(nil, uint32(recordHead+len(data)+4))
		walk(t, logOf(slices.Concat([]byte("**\x00\x00"), size, make([]byte, 16), data, size)))
	})
}

// Sizes of a log.
const (
	headerSize  = 4096
	chunkHeader = 512
	chunkSize   = 64 << 10
	recordHead  = 24
)

// logOf returns a log with one chunk, of the first of the given records.
func logOf(records []byte) []byte {
	log := append(evtxtest.Log(full)[:headerSize:headerSize], make([]byte, chunkSize)...)
	chunk := log[headerSize:]
	copy(chunk, "ElfChnk\x00")
	n := copy(chunk[chunkHeader:], records)
	binary.LittleEndian.PutUint32(chunk[48:], uint32(chunkHeader+n))
	evtxtest.Seal(log)
	return log
}

// walk reads a log and checks its tokens.
func walk(t *testing.T, log []byte) {
	r := evtx.NewReader(bytes.NewReader(log))
	for last := int64(0); ; {
		err := r.Next()
		if e, ok := errors.AsType[*evtx.Error](err); ok {
			if e.Offset < 0 || e.Offset > int64(len(log)) || e.Offset < last {
				t.Fatalf("error at byte %d of %d, after byte %d", e.Offset, len(log), last)
			}
			continue
		}
		if err != nil {
			return
		}
		var open []string
		size := 0
		for {
			token, err := r.Token()
			if err != nil {
				if err == io.EOF && len(open) > 0 {
					t.Fatalf("record %d ends in %v", r.Record(), open)
				}
				break
			}
			switch token := token.(type) {
			case xml.StartElement:
				open = append(open, token.Name.Local)
				size += len(token.Name.Local)
				for _, a := range token.Attr {
					size += len(a.Name.Local) + len(a.Value)
				}
			case xml.EndElement:
				n := len(open) - 1
				if n < 0 || open[n] != token.Name.Local {
					t.Fatalf("</%s> ends %v", token.Name.Local, open)
				}
				open = open[:n]
			case xml.CharData:
				size += len(token)
			}
		}
		if size > evtx.MaxEvent+200<<10 || len(open) > evtx.MaxDepth {
			t.Fatalf("record %d has %d bytes in %d elements", r.Record(), size, len(open))
		}
	}
}
