// Package jsonrpc reads and writes the messages of JSON-RPC 2.0 in the framing of the Language
// Server Protocol: a header with Content-Length, an empty line, and a JSON text in UTF-8.
//
// The other side may be hostile or broken. A [Reader] limits the header and the text before it
// allocates memory for them. A text that is no message does not end the stream: [Reader.Read]
// returns a [*MessageError], and the next call reads the next message. Each other error ends it.
package jsonrpc

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

// MaxMessage is the maximum size of the text of a message that a Reader accepts, in bytes. The
// largest file that a server judges has 16 MiB, and JSON writes most characters in one byte.
const MaxMessage = 48 << 20

// MaxHeader is the maximum size of the header of a message, in bytes.
const MaxHeader = 4096

// The codes of errors, after JSON-RPC and the protocol.
const (
	ParseError           = -32700
	InvalidRequest       = -32600
	MethodNotFound       = -32601
	InvalidParams        = -32602
	InternalError        = -32603
	ServerNotInitialized = -32002
	RequestCancelled     = -32800
)

// A Message is a request, a notification or a response.
type Message struct {
	// ID is a number or a text in JSON. It is empty for a notification.
	ID     json.RawMessage
	Method string          // "" for a response
	Params json.RawMessage // an object or an array in JSON; empty if there are no parameters
	Result json.RawMessage // of a response
	Error  *Error          // of a response; nil means success
}

// An Error is the error of a response.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return fmt.Sprintf("%s (code %d)", e.Message, e.Code) }

// A MessageError reports a text that is no message. The stream can be read on.
type MessageError struct {
	Code int
	ID   json.RawMessage // of the text; null if it has no usable ID
	Err  error
}

func (e *MessageError) Error() string { return e.Err.Error() }
func (e *MessageError) Unwrap() error { return e.Err }

// A Reader reads messages. It must not be used by several goroutines at once.
type Reader struct{ in *bufio.Reader }

// NewReader returns a Reader of a stream.
func NewReader(in io.Reader) *Reader { return &Reader{bufio.NewReaderSize(in, 1<<16)} }

// Read returns the next message. It returns [io.EOF] if the stream ends before a message, and
// [io.ErrUnexpectedEOF] if it ends inside one.
func (r *Reader) Read() (*Message, error) {
	size, err := r.header()
	if err != nil {
		return nil, err
	}
	// The buffer grows with the bytes that arrive, so a length without a text costs no memory.
	var text bytes.Buffer
	if _, err := io.CopyN(&text, r.in, int64(size)); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return parse(text.Bytes())
}

// header reads a header and returns the length of the text.
func (r *Reader) header() (size int, err error) {
	size = -1
	for read := 0; ; {
		line, err := r.in.ReadSlice('\n')
		read += len(line)
		switch {
		case errors.Is(err, bufio.ErrBufferFull) || read > MaxHeader:
			return 0, fmt.Errorf("the header of a message has more than %d bytes", MaxHeader)
		case errors.Is(err, io.EOF) && read > 0:
			return 0, io.ErrUnexpectedEOF
		case err != nil:
			return 0, err
		}
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			if size < 0 {
				return 0, errors.New("the header of a message has no Content-Length")
			}
			return size, nil
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok {
			return 0, fmt.Errorf("the header of a message has the line %.80q (want a name, a colon and a value)", text)
		}
		if !strings.EqualFold(strings.TrimSpace(name), "Content-Length") {
			continue // Content-Type is the only other one, and its value is always the same
		}
		n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 63)
		switch {
		case err != nil:
			return 0, fmt.Errorf("Content-Length is %.80q (want a number of bytes)", value)
		case size >= 0 && uint64(size) != n:
			return 0, fmt.Errorf("Content-Length is %d and %d", size, n)
		case n > MaxMessage:
			return 0, fmt.Errorf("a message has %d bytes (0x%x); the limit is %d", n, n, MaxMessage)
		}
		size = int(n)
	}
}

// parse decodes the text of a message.
func parse(text []byte) (*Message, error) {
	var m struct {
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Method  *string         `json:"method"`
		Params  json.RawMessage `json:"params"`
		Result  json.RawMessage `json:"result"`
		Error   *Error          `json:"error"`
	}
	if !json.Valid(text) {
		return nil, &MessageError{ParseError, null, errors.New("the text of a message is not JSON")}
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, &MessageError{InvalidRequest, null, fmt.Errorf("the text is no message of JSON-RPC: %w", err)}
	}
	id := m.ID
	if !isID(id) {
		id = null
	}
	switch {
	case m.Version != "2.0":
		return nil, &MessageError{InvalidRequest, id, fmt.Errorf("jsonrpc is %q (want 2.0)", m.Version)}
	case m.Method == nil && m.Result == nil && m.Error == nil:
		return nil, &MessageError{InvalidRequest, id, errors.New("the message has neither a method nor a result nor an error")}
	case len(m.ID) > 0 && !isID(m.ID) && (m.Method != nil || string(m.ID) != "null"):
		return nil, &MessageError{InvalidRequest, null, errors.New("the id is neither a number nor a text")}
	case len(m.Params) > 0 && m.Params[0] != '{' && m.Params[0] != '[' && string(m.Params) != "null":
		return nil, &MessageError{InvalidRequest, id, errors.New("params is neither an object nor an array")}
	}
	out := &Message{ID: m.ID, Params: m.Params, Result: m.Result, Error: m.Error}
	if m.Method != nil {
		out.Method = *m.Method
		if out.Method == "" {
			return nil, &MessageError{InvalidRequest, id, errors.New("the method is empty")}
		}
	}
	return out, nil
}

var null = json.RawMessage("null")

// isID reports whether a JSON text is a number or a string of at most 256 bytes.
func isID(id json.RawMessage) bool {
	return len(id) > 0 && len(id) <= 256 && (id[0] == '"' || id[0] == '-' || '0' <= id[0] && id[0] <= '9')
}

// A Writer writes messages. Several goroutines may use it.
type Writer struct {
	mu  sync.Mutex
	out io.Writer
	err error // of the first write that failed
}

// NewWriter returns a Writer to a stream.
func NewWriter(out io.Writer) *Writer { return &Writer{out: out} }

// Notify writes a notification.
func (w *Writer) Notify(method string, params any) error {
	return w.write(struct {
		Version string `json:"jsonrpc"`
		Method  string `json:"method"`
		Params  any    `json:"params"`
	}{"2.0", method, params})
}

// Call writes a request with a number as its ID.
func (w *Writer) Call(id int64, method string, params any) error {
	return w.write(struct {
		Version string `json:"jsonrpc"`
		ID      int64  `json:"id"`
		Method  string `json:"method"`
		Params  any    `json:"params"`
	}{"2.0", id, method, params})
}

// Reply writes the result of a request.
func (w *Writer) Reply(id json.RawMessage, result any) error {
	return w.write(struct {
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Result  any             `json:"result"`
	}{"2.0", id, result})
}

// Refuse writes the error of a request. An empty ID is written as null.
func (w *Writer) Refuse(id json.RawMessage, e *Error) error {
	if len(id) == 0 {
		id = null
	}
	return w.write(struct {
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   *Error          `json:"error"`
	}{"2.0", id, e})
}

// write writes a message. After an error it writes nothing more, because a part of a message may
// stand in the stream.
func (w *Writer) write(m any) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		head := "Content-Length: " + strconv.Itoa(len(text)) + "\r\n\r\n"
		_, w.err = w.out.Write(append([]byte(head), text...))
	}
	return w.err
}
