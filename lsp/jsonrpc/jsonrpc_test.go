package jsonrpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func framed(text string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(text), text) }

// TestRead reads streams of one message or less.
func TestRead(t *testing.T) {
	for _, c := range []struct{ reason, stream, want string }{
		{"a request", framed(`{"jsonrpc":"2.0","id":1,"method":"a","params":{}}`), "id 1 method a params {} result "},
		{"a notification has no ID", framed(`{"jsonrpc":"2.0","method":"a"}`), "id  method a params  result "},
		{"a result that is null", framed(`{"jsonrpc":"2.0","id":"x","result":null}`), `id "x" method  params  result null`},
		{"an error of a response", framed(`{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"m"}}`), "id null method  params  result  m (code -1)"},
		{"another header, and the length in another case", "content-type: x\r\nCONTENT-LENGTH: 30\r\n\r\n" + `{"jsonrpc":"2.0","method":"a"}`, "id  method a params  result "},
		{"lines that end with LF alone", "Content-Length: 30\n\n" + `{"jsonrpc":"2.0","method":"a"}`, "id  method a params  result "},
		{"nothing", "", "EOF"},
		{"a header that is cut", "Content-Len", "unexpected EOF"},
		{"a text that is cut", "Content-Length: 300\r\n\r\n{", "unexpected EOF"},
		{"no length", "A: b\r\n\r\n{}", "the header of a message has no Content-Length"},
		{"an empty header", "\r\n{}", "the header of a message has no Content-Length"},
		{"a length that is no number", "Content-Length: -1\r\n\r\n", `Content-Length is " -1" (want a number of bytes)`},
		{"two lengths", "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "Content-Length is 1 and 2"},
		{"a length without a bound", "Content-Length: 99999999999\r\n\r\n", "a message has 99999999999 bytes (0x174876e7ff); the limit is 50331648"},
		{"a line without a colon", "Content\r\n\r\n", `the header of a message has the line "Content" (want a name, a colon and a value)`},
		{"a header without an end", strings.Repeat("a: b\r\n", 1000), "the header of a message has more than 4096 bytes"},
		{"a line without an end", strings.Repeat("a", 1<<17), "the header of a message has more than 4096 bytes"},
	} {
		m, err := NewReader(strings.NewReader(c.stream)).Read()
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = fmt.Sprintf("id %s method %s params %s result %s", m.ID, m.Method, m.Params, m.Result)
			if m.Error != nil {
				got += " " + m.Error.Error()
			}
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.reason, got, c.want)
		}
	}
}

// TestReadOn reads a good message after each text that is no message.
func TestReadOn(t *testing.T) {
	for _, c := range []struct {
		reason, text string
		code         int
		id           string
	}{
		{"not JSON", "{", ParseError, "null"},
		{"empty", "", ParseError, "null"},
		{"a batch, which the protocol does not have", `[{"jsonrpc":"2.0","method":"a"}]`, InvalidRequest, "null"},
		{"another version", `{"jsonrpc":"1.0","id":7,"method":"a"}`, InvalidRequest, "7"},
		{"nothing to do", `{"jsonrpc":"2.0","id":7}`, InvalidRequest, "7"},
		{"an ID that is an object", `{"jsonrpc":"2.0","id":{},"method":"a"}`, InvalidRequest, "null"},
		{"an ID without a bound", `{"jsonrpc":"2.0","id":"` + strings.Repeat("a", 300) + `","method":"a"}`, InvalidRequest, "null"},
		{"parameters that are a text", `{"jsonrpc":"2.0","id":7,"method":"a","params":"b"}`, InvalidRequest, "7"},
		{"an empty method", `{"jsonrpc":"2.0","id":7,"method":""}`, InvalidRequest, "7"},
		{"a method that is a number", `{"jsonrpc":"2.0","id":7,"method":3}`, InvalidRequest, "null"},
		{"nested without a bound", `{"jsonrpc":"2.0","method":"a","params":` + strings.Repeat("[", 100_000), ParseError, "null"},
	} {
		r := NewReader(strings.NewReader(framed(c.text) + framed(`{"jsonrpc":"2.0","method":"next"}`)))
		_, err := r.Read()
		e, ok := errors.AsType[*MessageError](err)
		if !ok || e.Code != c.code || string(e.ID) != c.id {
			t.Errorf("%s: got %#v (want code %d, id %s)", c.reason, err, c.code, c.id)
		}
		if m, err := r.Read(); err != nil || m.Method != "next" {
			t.Errorf("%s: the next message: %v, %v", c.reason, m, err)
		}
	}
}

// TestWrite reads back each kind of message.
func TestWrite(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	for _, err := range []error{
		w.Notify("n", []int{1}), w.Call(3, "c", nil), w.Reply(json.RawMessage(`"x"`), "r"), w.Refuse(nil, &Error{ParseError, "m"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	r, got := NewReader(&b), ""
	for {
		m, err := r.Read()
		if err != nil {
			if err != io.EOF {
				t.Error(err)
			}
			break
		}
		got += fmt.Sprintf("%s %s %s %s %v\n", m.ID, m.Method, m.Params, m.Result, m.Error)
	}
	want := " n [1]  <nil>\n3 c null  <nil>\n\"x\"   \"r\" <nil>\nnull    m (code -32700)\n"
	if got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// brokenPipe fails at the second write.
type brokenPipe struct{ writes int }

func (p *brokenPipe) Write(b []byte) (int, error) {
	if p.writes++; p.writes > 1 {
		return len(b) / 2, io.ErrClosedPipe
	}
	return len(b), nil
}

// TestWriteAfterError expects no write after one that failed.
func TestWriteAfterError(t *testing.T) {
	p := &brokenPipe{}
	w := NewWriter(p)
	w.Notify("a", nil)
	for range 3 {
		if err := w.Notify("a", nil); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("got %v", err)
		}
	}
	if p.writes != 2 {
		t.Errorf("%d writes (want 2)", p.writes)
	}
}

// FuzzRead reads any stream to its end, and writes each message again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(framed(`{"jsonrpc":"2.0","id":1,"method":"a","params":{}}`) + framed("{") + framed(`{"jsonrpc":"2.0","id":"x","result":null}`)))
	f.Add([]byte("Content-Length: 99999999999\r\n\r\n"))
	f.Add([]byte("Content-Length: 2\nContent-Type: x\n\n{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(bytes.NewReader(data))
		for {
			m, err := r.Read()
			if _, ok := errors.AsType[*MessageError](err); ok {
				continue
			}
			if err != nil {
				return
			}
			var b bytes.Buffer
			w := NewWriter(&b)
			switch {
			case m.Method == "":
				w.Refuse(m.ID, &Error{})
			case len(m.ID) == 0:
				w.Notify(m.Method, m.Params)
			default:
				w.Reply(m.ID, m.Params)
			}
			if again, err := NewReader(&b).Read(); err != nil || len(m.ID) > 0 && !bytes.Equal(compact(again.ID), compact(m.ID)) {
				t.Errorf("%q was read back as %v, %v", data, again, err)
			}
		}
	})
}

func compact(text json.RawMessage) []byte {
	var b bytes.Buffer
	var s string
	if json.Unmarshal(text, &s) == nil {
		return []byte("text " + s)
	}
	json.Compact(&b, text)
	return b.Bytes()
}
