package builtin

import (
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
)

// The built-in definitions are tables of words. A word is the name of an input, followed by its
// properties in a character or two:
//
//	Image           a path, a command line, a list: at most lengthPath bytes
//	ProcessId#      a token: lengthToken
//	User~           a short text: lengthText
//	Payload+        a text of any length: lengthEvent
//	Image=NewProcessName  in a feed: the field that becomes the input
//	User~@13.30     in a feed of Sysmon: the version that introduced the field
//	"Client SID:"~  a name with spaces
//
// The tables are read once a process, at first use. This takes less time than reading one file.

// The maximum lengths of values, in bytes. They determine the worst-case cost of a rule, so they
// are generous upper bounds. In recorded events the longest pipe name has 65 bytes, the longest
// image 81, the longest command line 7,534 and the longest script block 19,484.
const (
	lengthPath  = 32768     // paths of up to 32,767 characters; sensors cut longer UTF-8 values
	lengthPipe  = 1024      // pipe names have up to 256 characters of up to 3 bytes
	lengthUser  = 1024      // domain\user: 256 characters of up to 3 bytes for each name
	lengthText  = 1024      // a text that a person configured, or the name of a host or signer
	lengthToken = 64        // a GUID in braces, a time, a number, one word
	lengthEvent = 3 * 32768 // 64 KiB of UTF-16: 32,768 units, each of up to 3 bytes in UTF-8
)

// A word is a parsed word of a table.
type word struct {
	input, field, since string
	maxLength           int
}

// nextWord parses the first word of a table and returns the rest of the table. The word has no
// input if the table has no more words.
func nextWord(table string) (w word, rest string) {
	start := 0
	for start < len(table) && separates(table[start]) {
		start++
	}
	end, field, since, quoted := start, 0, 0, false
	for ; end < len(table) && (quoted || !separates(table[end])); end++ {
		switch table[end] {
		case '"':
			quoted = !quoted
		case '=':
			field = end
		case '@':
			since = end
		}
	}
	text, rest := table[start:end], table[end:]
	if since > 0 {
		w.since = sysmonVersion(table[since+1 : end])
		text, end = table[start:since], since
	}
	if field > 0 {
		w.field = strings.Trim(table[field+1:end], `"`)
		text = table[start:field]
	}
	w.maxLength = lengthPath
	if n := len(text) - 1; n > 0 {
		switch text[n] {
		case '#':
			text, w.maxLength = text[:n], lengthToken
		case '~':
			text, w.maxLength = text[:n], lengthText
		case '+':
			text, w.maxLength = text[:n], lengthEvent
		}
	}
	w.input = strings.Trim(text, `"`)
	return w, rest
}

// separates reports whether a byte separates words.
func separates(c byte) bool { return c == ' ' || c == '\n' }

// countWords returns the number of words in a table.
func countWords(table string) int {
	n, quoted := 0, false
	for i := range len(table) {
		if !quoted && !separates(table[i]) && (i == 0 || separates(table[i-1])) {
			n++
		}
		quoted = quoted != (table[i] == '"')
	}
	return n
}

// The fields of the header of an event. Rules read them under these names. So every type has them,
// except version 1 of ipc.
const sourceSystem = "Windows: element System of the event"

var (
	envelopeInputs = [...]sensor.Input{
		{Name: "EventID", Type: sensor.TypeString, Source: sourceSystem, MaxLength: lengthToken},
		{Name: "Channel", Type: sensor.TypeString, Source: sourceSystem, MaxLength: lengthText},
		{Name: "Provider_Name", Type: sensor.TypeString, Source: sourceSystem, MaxLength: lengthText},
		{Name: "Computer", Type: sensor.TypeString, Source: sourceSystem, MaxLength: lengthText},
		{Name: "Level", Type: sensor.TypeString, Source: sourceSystem, MaxLength: lengthToken},
	}
	envelopeFields = [...]sensor.FeedField{
		{Input: "EventID", Field: "System/EventID"},
		{Input: "Channel", Field: "System/Channel"},
		{Input: "Provider_Name", Field: "System/Provider"},
		{Input: "Computer", Field: "System/Computer"},
		{Input: "Level", Field: "System/Level"},
	}
)

// inputs returns the inputs of a table and the fields that become them. Both lists end with the
// entries of the envelope. A name in the table replaces the entry of the envelope: Level is a field
// of the data in the events of driver-framework.
func inputs(source, table string) ([]sensor.Input, []sensor.FeedField) {
	n := countWords(table)
	list := make([]sensor.Input, 0, n+len(envelopeInputs))
	fields := make([]sensor.FeedField, 0, n+len(envelopeFields))
	for {
		var w word
		if w, table = nextWord(table); w.input == "" {
			break
		}
		list = append(list, sensor.Input{Name: w.input, Type: sensor.TypeString, Source: source, MaxLength: w.maxLength})
		fields = append(fields, sensor.FeedField{Input: w.input, Field: w.field, Since: w.since})
	}
	for i, in := range envelopeInputs {
		if !slices.ContainsFunc(list[:n], func(own sensor.Input) bool { return own.Name == in.Name }) {
			list, fields = append(list, in), append(fields, envelopeFields[i])
		}
	}
	return list, fields
}

// words returns the fields of a table.
func words(table string) []sensor.FeedField {
	fields := make([]sensor.FeedField, 0, countWords(table)+len(envelopeFields))
	for {
		var w word
		if w, table = nextWord(table); w.input == "" {
			return fields
		}
		fields = append(fields, sensor.FeedField{Input: w.input, Field: w.field, Since: w.since})
	}
}

// fields returns the fields of a table, followed by the fields of the envelope.
func fields(table string) []sensor.FeedField { return append(words(table), envelopeFields[:]...) }
