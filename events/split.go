package events

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A splitter finds the texts of events in a file. Objects may follow one another, each on
// one line or on several, or be the elements of arrays. It also enters the arrays of a
// response: hits.hits of Elasticsearch, results of Splunk and Microsoft Defender, and Records of
// CloudTrail. It keeps one event in memory, and at most [MaxLine] bytes of it.
//
// After broken text it goes on at the next line. If the broken object had several lines, it
// goes on at the next line that begins with a brace and is indented no more than the object.
type splitter struct {
	lines *bufio.Reader
	chunk []byte // a line of the file, or as much of it as the buffer holds
	at    int    // offset in chunk of the next byte
	line  int    // number of the line of chunk, from 1
	col   int    // number of bytes of the line before chunk

	begin, column int    // line of the event, and number of bytes before it in the line
	long          []byte // the event, if it is not in one chunk

	array   byte // state in an array: 0 outside, or one of the constants below
	levels  int  // number of objects around the array, which a response has
	closing int  // number of objects to close after the array of a response
	resync  int  // indentation of a broken object, or -1
	between bool // the block ended between two events
	unread  bool // chunk is a line that whole has not seen
}

var errTooLong = fmt.Errorf("the event has more than %d bytes; expected at most as many", MaxLine)

// errLine is the error of split if an event begins with a line, so that whole may return it. How
// a file is split must not depend on the lines before that one: a block can begin with it.
var errLine = errors.New("the next event begins with a line")

const (
	atStart      = 1 + iota // an element or the end comes next
	afterElement            // a comma or the end comes next
	afterComma              // an element comes next
)

// fill makes the next chunk current.
func (s *splitter) fill() error {
	last := s.line
	if n := len(s.chunk); n > 0 && s.chunk[n-1] != '\n' {
		s.col += n
	} else {
		s.line, s.col = s.line+1, 0
	}
	var err error
	s.at = 0
	if s.chunk, err = s.lines.ReadSlice('\n'); err == bufio.ErrBufferFull || err == io.EOF && len(s.chunk) > 0 {
		return nil
	}
	if err == io.EOF {
		s.chunk, s.line = nil, max(1, last)
	}
	return err
}

// rest returns the unread bytes of the current chunk.
func (s *splitter) rest() []byte { return s.chunk[s.at:] }

// whole returns the next line if it is likely to be one event: no array is open, the line is
// in one chunk and begins with a brace. Otherwise it returns nil.
func (s *splitter) whole() ([]byte, error) {
	if s.unread {
		s.unread = false
	} else if s.at < len(s.chunk) || s.array != 0 || s.closing != 0 || s.resync >= 0 {
		return nil, nil
	} else if err := s.fill(); err != nil {
		s.between = err == errBlock && len(s.chunk) == 0
		return nil, err
	}
	line := s.chunk
	for _, c := range line {
		if c == ' ' || c == '\t' || c == '\r' {
			continue
		}
		if c != '{' || len(line) >= bufferSize && line[len(line)-1] != '\n' {
			return nil, nil
		}
		s.begin, s.column, s.at = s.line, 0, len(line)
		return line[:len(line):len(line)], nil
	}
	return nil, nil
}

// again makes split read the line that whole returned.
func (s *splitter) again() { s.at = 0 }

// split returns the text of the next event. The error is a [*LineError] without a name for
// broken text, errLine, io.EOF, or an error of the file.
func (s *splitter) split() ([]byte, error) {
	line := s.line // has been tried by whole
	for {
		c, err := s.peek()
		if err == io.EOF && (s.array != 0 || s.closing != 0) {
			s.array, s.closing = 0, 0
			return nil, &LineError{Line: s.line, Err: errors.New("found the end of the file inside an array of events; expected ']'")}
		}
		if err != nil {
			s.between = err == errBlock && len(s.chunk) == 0 && s.array == 0 && s.closing == 0 && s.resync < 0
			return nil, err
		}
		switch {
		case s.resync >= 0:
			if rest := bytes.TrimRight(s.rest(), "\r\n"); s.col+s.at > s.resync || c != '{' && c != '[' && c != ']' ||
				c == ']' && (s.array == 0 || len(rest) > 2) {
				if err := s.skipLine(); err != nil && err != io.EOF {
					return nil, err
				}
				continue
			}
			s.resync = -1
		case s.closing > 0:
			if err := s.close(); err != nil && err != io.EOF {
				return nil, err
			}
		case s.array == 0 && c == '[':
			s.at++
			s.array, s.levels = atStart, 0
		case s.array == 0 && c == '<':
			text, err := s.markup()
			if text != nil || err != nil {
				return text, err
			}
		case s.array == 0 && isRecordLine(s.rest()):
			s.at = len(s.chunk)
		case s.array == 0 && c != '{':
			err := s.errorf("found %s; expected an event as a JSON object", found(s.rest()))
			if err := s.skipLine(); err != nil && err != io.EOF {
				return nil, err
			}
			return nil, err
		case s.array == afterElement && c == ',':
			s.at++
			s.array = afterComma
		case s.array != 0 && c == ']':
			bad := s.array == afterComma
			err := s.errorf("found ']' after a comma; expected an event as a JSON object")
			s.at++
			s.array, s.closing = 0, s.levels
			if bad {
				return nil, err
			}
		case s.array == 0 && s.line > line && s.col == 0 && len(bytes.TrimLeft(s.chunk[:s.at], " \t\r")) == 0:
			s.at, s.unread = 0, true
			return nil, errLine
		case s.array == afterElement:
			s.array = atStart
			return nil, s.errorf("found %s after an element of an array; expected ',' or ']'", found(s.rest()))
		case c == '{' || c == '[':
			text, err := s.element()
			if text != nil || err != nil {
				return text, err
			}
		default:
			err := s.errorf("found %s in an array; expected an event as a JSON object", found(s.rest()))
			if err := s.skipScalar(); err != nil && err != io.EOF {
				return nil, err
			}
			s.array = afterElement
			return nil, err
		}
	}
}

// holdsEvents reports whether a response has its events in the array of a name.
func holdsEvents(name []byte) bool {
	switch string(name) {
	case "results", "Results", "records", "Records":
		return true
	}
	return false
}

// isRecordLine reports whether a line is one of those that evtx_dump writes between events
// unless it is asked for lines: "Record 1".
func isRecordLine(line []byte) bool {
	number, ok := bytes.CutPrefix(bytes.TrimRight(line, "\r\n"), []byte("Record "))
	return ok && len(number) > 0 && len(bytes.Trim(number, "0123456789")) == 0
}

// errorf returns an error at the next byte.
func (s *splitter) errorf(format string, args ...any) error {
	return &LineError{Line: s.line, Column: s.col + s.at + 1, Err: fmt.Errorf(format, args...)}
}

// peek skips space and returns the next byte.
func (s *splitter) peek() (byte, error) {
	for {
		for ; s.at < len(s.chunk); s.at++ {
			switch c := s.chunk[s.at]; c {
			case ' ', '\t', '\r', '\n':
			default:
				return c, nil
			}
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
}

// skipLine skips the rest of the line.
func (s *splitter) skipLine() error {
	for {
		ended := len(s.chunk) > 0 && s.chunk[len(s.chunk)-1] == '\n'
		s.at = len(s.chunk)
		if ended {
			return nil
		}
		if err := s.fill(); err != nil {
			return err
		}
	}
}

// skipScalar skips a value that is neither an object nor an array, or broken text.
func (s *splitter) skipScalar() error {
	quoted, escaped := s.chunk[s.at] == '"', false
	s.at++
	for {
		for ; s.at < len(s.chunk); s.at++ {
			c := s.chunk[s.at]
			switch {
			case c == '\n':
				return nil
			case quoted && escaped:
				escaped = false
			case quoted && c == '\\':
				escaped = true
			case quoted && c == '"':
				s.at++
				return nil
			case quoted:
			case c == ',' || c == ']' || c == '{' || c == '[' || c == ' ':
				return nil
			}
		}
		if err := s.fill(); err != nil {
			return err
		}
	}
}

// close skips the rest of a response after its array.
func (s *splitter) close() error {
	quoted, escaped := false, false
	for {
		for ; s.at < len(s.chunk); s.at++ {
			switch c := s.chunk[s.at]; {
			case escaped:
				escaped = false
			case quoted:
				escaped, quoted = c == '\\', c != '"'
			case c == '"':
				quoted = true
			case c == '{' || c == '[':
				s.closing++
			case c == '}' || c == ']':
				if s.closing--; s.closing == 0 {
					s.at++
					return nil
				}
			}
		}
		if err := s.fill(); err != nil {
			return err
		}
	}
}

// element returns the text of the object or array that comes next. It returns neither a text
// nor an error if the object turns out to be a response: then the array of its events is open.
func (s *splitter) element() ([]byte, error) {
	s.begin, s.column, s.long = s.line, s.col+s.at, s.long[:0]
	indent := -1 // of the object, if its line begins with it
	if s.col == 0 && len(bytes.TrimLeft(s.chunk[:s.at], " \t")) == 0 {
		indent = s.at
	}
	outside := s.array == 0
	if !outside {
		s.array = afterElement
	}
	start := s.at // of the part of the event in the chunk
	depth, tooLong := 0, false
	quoted, escaped := false, false
	var name []byte    // last string, as far as it matters
	last := byte(0)    // last byte that is not space
	underHits := false // the object at depth 2 is the value of "hits"
	for {
		for ; s.at < len(s.chunk); s.at++ {
			c := s.chunk[s.at]
			switch {
			case quoted && c == '\n':
				err := s.errorf("found the end of the line inside a string; expected '\"'")
				s.at++
				if s.line > s.begin {
					s.resync = max(indent, 0)
				}
				if s.array != 0 {
					s.array = atStart
				}
				return nil, err
			case escaped:
				escaped = false
			case quoted && c == '"':
				quoted, last = false, c
			case quoted:
				escaped = c == '\\'
				if depth <= 2 && len(name) <= len("results") {
					name = append(name, c)
				}
			case c == '"':
				quoted, name = true, name[:0]
			case c == '{' || c == '[':
				if c == '{' && depth > 0 && s.line > s.begin && s.col == 0 && s.at == indent && len(bytes.TrimLeft(s.chunk[:s.at], " \t")) == 0 {
					if s.array != 0 {
						s.array = atStart
					}
					return nil, &LineError{Line: s.begin, Column: s.column + 1, Err: fmt.Errorf("found the next object in line %d, indented as deep, before the end of this one; expected '}'", s.line)}
				}
				named := last == ':'
				if outside && c == '[' && named && (depth == 1 && holdsEvents(name) || depth == 2 && underHits && string(name) == "hits") {
					s.at++
					s.array, s.levels, s.long = atStart, depth, s.long[:0]
					return nil, nil
				}
				if depth == 1 {
					underHits = c == '{' && named && string(name) == "hits"
				}
				depth++
				last = c
			case c == '}' || c == ']':
				if depth--; depth == 0 {
					s.at++
					part := s.chunk[start:s.at:s.at]
					switch {
					case tooLong || len(s.long)+len(part) > MaxLine:
						return nil, &LineError{Line: s.begin, Err: errTooLong}
					case len(s.long) > 0:
						s.long = append(s.long, part...)
						return s.long, nil
					}
					return part, nil
				}
				last = c
			case c != ' ' && c != '\t' && c != '\r' && c != '\n':
				last = c
			}
		}
		if tooLong = tooLong || len(s.long)+len(s.chunk)-start > MaxLine; !tooLong {
			s.long = append(s.long, s.chunk[start:]...)
		}
		start = 0
		if err := s.fill(); err == io.EOF {
			s.array = 0
			return nil, &LineError{Line: s.begin, Column: s.column + 1, Err: fmt.Errorf("found the end of the file inside the object; expected '}'")}
		} else if err != nil {
			return nil, err
		}
	}
}
