package builtin

import "github.com/cfcheck/cfcheck/sensor"

// The built-in definitions are written as tables of words. A word is the name
// of an input, then what can be said of it in a character or two:
//
//	Image           a path, a command line, a list: at most lengthPath bytes
//	ProcessId#      a token: lengthToken
//	User~           a short text: lengthText
//	Payload+        a text of any length: lengthEvent
//	Image=NewProcessName  in a feed: the field that becomes the input
//	User~@13.30     in a feed of Sysmon: the version that introduced the field
//
// They are read when a set of definitions is made: that is once a process, and
// takes less time than to read one file.

// The longest values, in bytes. They decide what a rule can cost at worst, so
// they are upper bounds, with room: the longest pipe name in recorded events
// has 65 bytes, the longest image 81, the longest command line 7,534 and the
// longest script block 19,484.
const (
	lengthPath  = 32768     // a path of Windows has up to 32,767 characters; sensors cut what is longer in UTF-8
	lengthPipe  = 1024      // the name of a pipe has up to 256 characters, of up to 3 bytes each
	lengthUser  = 1024      // domain, backslash, user: up to 256 characters each, of up to 3 bytes
	lengthText  = 1024      // free text that a person configured, or the name of a host or signer
	lengthToken = 64        // a GUID in braces, a time, a number, one word
	lengthEvent = 3 * 32768 // an event record has up to 64 KiB, so up to 32,768 units of UTF-16, of up to 3 bytes each in UTF-8
)

// A word is one word of a table, taken apart.
type word struct {
	input, field, since string
	maxLength           int
}

// nextWord takes the first word from a table, and returns what is left of it.
// There is no word in an empty table.
func nextWord(table string) (w word, rest string) {
	start := 0
	for start < len(table) && table[start] == ' ' {
		start++
	}
	end, field, since := start, 0, 0
	for ; end < len(table) && table[end] != ' '; end++ {
		switch table[end] {
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
		w.field = table[field+1 : end]
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
	w.input = text
	return w, rest
}

// countWords returns how many words a table has.
func countWords(table string) int {
	n := 0
	for i := range len(table) {
		if table[i] != ' ' && (i == 0 || table[i-1] == ' ') {
			n++
		}
	}
	return n
}

// The fields that say what an event is. Rules read them under these names, so
// every type has them, but for ipc, whose inputs were fixed before.
const sourceSystem = "Windows: element System of the event"

var (
	envelopeInputs = [...]sensor.Input{
		{Name: "EventID", Type: sensor.TypeString, Source: sourceSystem, MaxLength: lengthToken},
		{Name: "Channel", Type: sensor.TypeString, Source: sourceSystem, MaxLength: lengthText},
		{Name: "Provider_Name", Type: sensor.TypeString, Source: sourceSystem, MaxLength: lengthText},
		{Name: "Computer", Type: sensor.TypeString, Source: sourceSystem, MaxLength: lengthText},
	}
	envelopeFields = [...]sensor.FeedField{
		{Input: "EventID", Field: "System/EventID"},
		{Input: "Channel", Field: "System/Channel"},
		{Input: "Provider_Name", Field: "System/Provider"},
		{Input: "Computer", Field: "System/Computer"},
	}
)

// inputs returns the inputs of a table and the fields that become them, each
// followed by those of the envelope.
func inputs(source, table string) ([]sensor.Input, []sensor.FeedField) {
	n := countWords(table)
	list := make([]sensor.Input, 0, n+len(envelopeInputs))
	fields := make([]sensor.FeedField, 0, n+len(envelopeFields))
	for {
		var w word
		if w, table = nextWord(table); w.input == "" {
			return append(list, envelopeInputs[:]...), append(fields, envelopeFields[:]...)
		}
		list = append(list, sensor.Input{Name: w.input, Type: sensor.TypeString, Source: source, MaxLength: w.maxLength})
		fields = append(fields, sensor.FeedField{Input: w.input, Field: w.field, Since: w.since})
	}
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

// fields returns the fields of a table, followed by those of the envelope.
func fields(table string) []sensor.FeedField { return append(words(table), envelopeFields[:]...) }
