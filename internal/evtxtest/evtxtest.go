// Package evtxtest writes event logs of Windows for tests. It writes them as Windows does: a
// template at its first use in a chunk, names at theirs, and the data of an event as XML in a
// value of the template of the header.
package evtxtest

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"
	"unicode/utf16"
)

// An Event is an event of a log.
type Event struct {
	Record     uint64
	Provider   string
	EventID    uint16
	Level      uint8
	Keywords   uint64
	Channel    string
	Computer   string
	Activity   []byte // GUID, or nil
	Data       []Field
	InUserData string // name of the element in UserData that has the data; "" means EventData
}

// A Field is a field of the data of an event. The value is a string, ANSI, []string, nil, bool,
// []byte, time.Time, an integer, Hex32, Hex64, GUID, SID, float32 or float64. The name "" means an
// element Data without one.
type Field struct {
	Name  string
	Value any
}

// Values that have types of their own.
type (
	ANSI  string
	Hex32 uint32
	Hex64 uint64
	GUID  [16]byte
	SID   []byte
)

var le = binary.LittleEndian

const (
	chunkSize = 64 << 10
	headSize  = 512
)

// Log returns a log. Chunks begin when one is full.
func Log(events ...Event) []byte {
	var chunks []*chunk
	for i := range events {
		var c *chunk
		if n := len(chunks); n > 0 {
			c = chunks[n-1]
		}
		if c == nil || !c.add(&events[i]) {
			c = newChunk()
			chunks = append(chunks, c)
			if !c.add(&events[i]) {
				panic("the event is larger than a chunk")
			}
		}
	}
	head := make([]byte, 4096)
	copy(head, "ElfFile\x00")
	le.PutUint64(head[16:], uint64(max(1, len(chunks))-1))
	le.PutUint64(head[24:], uint64(len(events))+1)
	le.PutUint32(head[32:], 128)
	le.PutUint16(head[36:], 1)
	le.PutUint16(head[38:], 3)
	le.PutUint16(head[40:], 4096)
	le.PutUint16(head[42:], uint16(len(chunks)))
	le.PutUint32(head[124:], crc32.ChecksumIEEE(head[:120]))
	for _, c := range chunks {
		head = append(head, c.bytes()...)
	}
	return head
}

// Seal sets the checksums of all chunks of a log, after a change of their bytes.
func Seal(log []byte) {
	for c := log[4096:]; len(c) >= chunkSize; c = c[chunkSize:] {
		seal(c[:chunkSize])
	}
}

func seal(c []byte) {
	if free := le.Uint32(c[48:]); free >= headSize && free <= chunkSize {
		le.PutUint32(c[52:], crc32.ChecksumIEEE(c[headSize:free]))
	}
	le.PutUint32(c[124:], crc32.Update(crc32.ChecksumIEEE(c[:120]), crc32.IEEETable, c[128:headSize]))
}

// A chunk is a chunk of a log.
type chunk struct {
	b         []byte
	names     map[string]int
	templates map[string]int
	records   []uint64
	last      int // offset of the last record
}

func newChunk() *chunk {
	return &chunk{b: make([]byte, headSize), names: map[string]int{}, templates: map[string]int{}}
}

func (c *chunk) bytes() []byte {
	free := len(c.b)
	b := append(c.b, make([]byte, chunkSize-free)...)
	copy(b, "ElfChnk\x00")
	le.PutUint64(b[8:], c.records[0])
	le.PutUint64(b[16:], c.records[len(c.records)-1])
	le.PutUint64(b[24:], c.records[0])
	le.PutUint64(b[32:], c.records[len(c.records)-1])
	le.PutUint32(b[40:], 128)
	le.PutUint32(b[44:], uint32(c.last))
	le.PutUint32(b[48:], uint32(free))
	seal(b)
	return b
}

// add adds a record, or reports false and leaves the chunk as it was.
func (c *chunk) add(e *Event) bool {
	before, last := len(c.b), c.last
	names, templates := clone(c.names), clone(c.templates)
	c.last = len(c.b)
	c.put([]byte("**\x00\x00"), uint32(0), e.Record, fileTime(Time))
	c.put([]byte{0x0f, 1, 1, 0})
	c.header(e)
	c.put(byte(0))
	for (len(c.b)-before)%8 != 4 {
		c.put(byte(0))
	}
	size := len(c.b) + 4 - before
	c.put(uint32(size))
	if len(c.b) > chunkSize {
		c.b, c.last, c.names, c.templates = c.b[:before], last, names, templates
		return false
	}
	le.PutUint32(c.b[before+4:], uint32(size))
	c.records = append(c.records, e.Record)
	return true
}

func clone(m map[string]int) map[string]int {
	out := map[string]int{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// Time is the time of all events.
var Time = time.Date(2026, 3, 2, 8, 15, 0, 125_000_000, time.UTC)

func fileTime(t time.Time) uint64 { return uint64(t.UnixNano()/100) + 116444736000000000 }

func (c *chunk) put(values ...any) {
	for _, v := range values {
		b, err := binary.Append(c.b, le, v)
		if err != nil {
			panic(err)
		}
		c.b = b
	}
}

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

// name writes the place of a name, and the name at its first use.
func (c *chunk) name(s string) {
	if at, ok := c.names[s]; ok {
		c.put(uint32(at))
		return
	}
	at := len(c.b) + 4
	c.names[s] = at
	var hash uint32
	units := utf16.Encode([]rune(s))
	for _, u := range units {
		hash = hash*65599 + uint32(u)
	}
	c.put(uint32(at), uint32(0), uint16(hash), uint16(len(units)), wide(s), uint16(0))
}

// element writes an element with its attributes and content.
func (c *chunk) element(name string, attributes []attribute, content func()) {
	tag := byte(0x01)
	if len(attributes) > 0 {
		tag |= 0x40
	}
	c.put(tag, uint16(0xffff), uint32(0))
	size := len(c.b)
	c.name(name)
	if len(attributes) > 0 {
		c.put(uint32(0))
		at := len(c.b)
		for i, a := range attributes {
			tag := byte(0x46)
			if i == len(attributes)-1 {
				tag = 0x06
			}
			c.put(tag)
			c.name(a.name)
			a.value()
		}
		le.PutUint32(c.b[at-4:], uint32(len(c.b)-at))
	}
	if content == nil {
		c.put(byte(0x03))
	} else {
		c.put(byte(0x02))
		content()
		c.put(byte(0x04))
	}
	le.PutUint32(c.b[size-4:], uint32(len(c.b)-size))
}

type attribute struct {
	name  string
	value func()
}

func (c *chunk) text(s string) func() {
	return func() {
		c.put(byte(0x05), byte(0x01), uint16(len(wide(s))/2), wide(s))
	}
}

func (c *chunk) value(i int, kind byte) func() {
	return func() { c.put(byte(0x0e), uint16(i), kind) }
}

// template writes an instance of a template. Body writes the template, and key identifies it.
func (c *chunk) template(key string, body func(), kinds []byte, values [][]byte) {
	at, ok := c.templates[key]
	number := uint32(crc32.ChecksumIEEE([]byte(key)))
	if !ok {
		at = len(c.b) + 10
		c.templates[key] = at
	}
	c.put(byte(0x0c), byte(1), number, uint32(at))
	if !ok {
		c.put(uint32(0), number, make([]byte, 12), uint32(0))
		start := len(c.b)
		c.put([]byte{0x0f, 1, 1, 0})
		body()
		c.put(byte(0))
		le.PutUint32(c.b[start-4:], uint32(len(c.b)-start))
	}
	c.put(uint32(len(values)))
	for i, v := range values {
		c.put(uint16(len(v)), kinds[i], byte(0))
	}
	for _, v := range values {
		c.put(v)
	}
}

// header writes an event.
func (c *chunk) header(e *Event) {
	var kinds []byte
	var values [][]byte
	add := func(v any) func() {
		kind, b := encode(v)
		kinds, values = append(kinds, kind), append(values, b)
		return c.value(len(values)-1, kind)
	}
	var activity any
	if e.Activity != nil {
		activity = GUID(e.Activity)
	}
	id, qualifiers, version, level, task := add(e.EventID), add(nil), add(uint8(0)), add(e.Level), add(uint16(0))
	opcode, keywords, created, record := add(uint8(0)), add(Hex64(e.Keywords)), add(Time), add(e.Record)
	activityID, process, thread, user := add(activity), add(uint32(4)), add(uint32(8)), add(SID{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0})
	data := len(values)
	kinds, values = append(kinds, 0x21), append(values, nil)
	// The data are written where they will be, behind the template and the other values. So the
	// template is written with data of no length first.
	c.template("header "+e.Provider+"\x00"+e.Channel+"\x00"+e.Computer+fmt.Sprint(kinds), func() {
		c.element("Event", []attribute{{"xmlns", c.text("http://schemas.microsoft.com/win/2004/08/events/event")}}, func() {
			c.element("System", nil, func() {
				c.element("Provider", []attribute{{"Name", c.text(e.Provider)}}, nil)
				c.element("EventID", []attribute{{"Qualifiers", qualifiers}}, id)
				c.element("Version", nil, version)
				c.element("Level", nil, level)
				c.element("Task", nil, task)
				c.element("Opcode", nil, opcode)
				c.element("Keywords", nil, keywords)
				c.element("TimeCreated", []attribute{{"SystemTime", created}}, nil)
				c.element("EventRecordID", nil, record)
				c.element("Correlation", []attribute{{"ActivityID", activityID}}, nil)
				c.element("Execution", []attribute{{"ProcessID", process}, {"ThreadID", thread}}, nil)
				c.element("Channel", nil, c.text(e.Channel))
				c.element("Computer", nil, c.text(e.Computer))
				c.element("Security", []attribute{{"UserID", user}}, nil)
			})
			c.value(data, 0x21)()
		})
	}, kinds, values)
	size := len(c.b)
	for _, v := range values {
		size -= len(v)
	}
	size -= 4 // to the descriptor of the last value
	at := len(c.b)
	c.data(e)
	le.PutUint16(c.b[size:], uint16(len(c.b)-at))
}

// data writes the data of an event.
func (c *chunk) data(e *Event) {
	c.put([]byte{0x0f, 1, 1, 0})
	key := "data " + e.InUserData
	var kinds []byte
	var values [][]byte
	for _, f := range e.Data {
		kind, b := encode(f.Value)
		kinds, values = append(kinds, kind), append(values, b)
		key += "\x00" + f.Name
	}
	fields := func() {
		for i, f := range e.Data {
			switch {
			case e.InUserData != "":
				c.element(f.Name, nil, c.value(i, kinds[i]))
			case f.Name == "":
				c.element("Data", nil, c.value(i, kinds[i]))
			default:
				c.element("Data", []attribute{{"Name", c.text(f.Name)}}, c.value(i, kinds[i]))
			}
		}
	}
	c.template(key+fmt.Sprint(kinds), func() {
		if e.InUserData == "" {
			c.element("EventData", nil, fields)
			return
		}
		c.element("UserData", nil, func() { c.element(e.InUserData, nil, fields) })
	}, kinds, values)
	c.put(byte(0))
}

// encode returns the type and the bytes of a value.
func encode(v any) (byte, []byte) {
	kinds := map[string]byte{
		"int8": 3, "uint8": 4, "int16": 5, "uint16": 6, "int32": 7, "uint32": 8, "int64": 9, "uint64": 10, "float32": 11, "float64": 12,
		"evtxtest.GUID": 15, "evtxtest.SID": 19, "evtxtest.Hex32": 20, "evtxtest.Hex64": 21,
	}
	switch v := v.(type) {
	case nil:
		return 0, nil
	case string:
		return 1, wide(v)
	case ANSI:
		return 2, []byte(v)
	case []string:
		var b []byte
		for _, s := range v {
			b = append(b, wide(s+"\x00")...)
		}
		return 0x81, b
	case bool:
		if v {
			return 13, []byte{1, 0, 0, 0}
		}
		return 13, make([]byte, 4)
	case []byte:
		return 14, v
	case time.Time:
		return 17, le.AppendUint64(nil, fileTime(v))
	}
	kind, ok := kinds[fmt.Sprintf("%T", v)]
	b, err := binary.Append(nil, le, v)
	if !ok || err != nil {
		panic(fmt.Sprintf("%T cannot be a value: %v", v, err))
	}
	return kind, b
}
