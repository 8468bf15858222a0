// Package lspclient is a client of the Language Server Protocol for tests and benchmarks. It
// talks to a server in the same process, and keeps the findings that the server published.
package lspclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/cfcheck/cfcheck/lsp/jsonrpc"
)

// A Client is a client of one server.
type Client struct {
	Folders []string // of the workspace, if they are more than the root; for Initialize

	out    *jsonrpc.Writer
	toSide *io.PipeWriter
	served chan struct{} // closed when the server has ended
	result error         // of the server

	mu        sync.Mutex
	change    sync.Cond
	next      int64
	replies   map[int64]*jsonrpc.Message
	published map[string]Published
	count     int
	logged    []string
	ended     error // why the stream of the server ended
}

// A Published is the last notification textDocument/publishDiagnostics about a document.
type Published struct {
	Version     *int32
	Diagnostics []Diagnostic
	At          time.Time // when it arrived
}

// A Diagnostic is a finding as the server sent it.
type Diagnostic struct {
	Range struct {
		Start, End struct{ Line, Character int }
	}
	Severity int
	Code     string
	Message  string
}

// Start starts a server and returns its client. serve reads requests from in, writes to out, and
// returns when the client ends it.
func Start(serve func(in io.Reader, out io.Writer) error) *Client {
	in, toServer := io.Pipe()
	fromServer, out := io.Pipe()
	c := &Client{
		out: jsonrpc.NewWriter(toServer), toSide: toServer, served: make(chan struct{}),
		replies: map[int64]*jsonrpc.Message{}, published: map[string]Published{},
	}
	c.change.L = &c.mu
	go func() {
		err := serve(in, out)
		out.Close()
		in.Close()
		c.result = err
		close(c.served)
	}()
	go c.read(jsonrpc.NewReader(fromServer))
	return c
}

func (c *Client) read(in *jsonrpc.Reader) {
	for {
		m, err := in.Read()
		c.mu.Lock()
		switch {
		case err != nil:
			c.ended = err
			c.change.Broadcast()
			c.mu.Unlock()
			return
		case m.Method == "textDocument/publishDiagnostics":
			var p struct {
				URI         string
				Version     *int32
				Diagnostics []Diagnostic
			}
			if json.Unmarshal(m.Params, &p) == nil {
				c.published[p.URI] = Published{p.Version, p.Diagnostics, time.Now()}
				c.count++
			}
		case m.Method == "window/logMessage":
			var p struct{ Message string }
			if json.Unmarshal(m.Params, &p) == nil {
				c.logged = append(c.logged, p.Message)
			}
		case m.Method == "" && len(m.ID) > 0:
			if id, err := strconv.ParseInt(string(m.ID), 10, 64); err == nil {
				c.replies[id] = m
			}
		}
		c.change.Broadcast()
		c.mu.Unlock()
	}
}

// Notify sends a notification.
func (c *Client) Notify(method string, params any) error { return c.out.Notify(method, params) }

// Send sends a request and returns its number.
func (c *Client) Send(method string, params any) (int64, error) {
	c.mu.Lock()
	c.next++
	id := c.next
	c.mu.Unlock()
	return id, c.out.Call(id, method, params)
}

// Receive waits for the reply to a request.
func (c *Client) Receive(id int64) (*jsonrpc.Message, error) {
	err := c.Wait(20*time.Second, func(v *View) bool { return c.replies[id] != nil || c.ended != nil })
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.replies[id]; m != nil {
		delete(c.replies, id)
		return m, nil
	}
	if err == nil {
		err = c.ended
	}
	return nil, err
}

// Call sends a request, and decodes its result unless result is nil.
func (c *Client) Call(method string, params, result any) error {
	id, err := c.Send(method, params)
	if err != nil {
		return err
	}
	m, err := c.Receive(id)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	if m.Error != nil {
		return m.Error
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(m.Result, result)
}

// A View has the messages that the client has received.
type View struct {
	Published map[string]Published // by URI
	Count     int                  // number of publications so far
	Logged    []string
}

// Wait waits until ready returns true. ready must not call the client.
func (c *Client) Wait(most time.Duration, ready func(*View) bool) error {
	late := time.AfterFunc(most, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.change.Broadcast()
	})
	defer late.Stop()
	end := time.Now().Add(most)
	c.mu.Lock()
	defer c.mu.Unlock()
	for !ready(&View{c.published, c.count, c.logged}) {
		if !time.Now().Before(end) {
			return fmt.Errorf("nothing came within %v", most)
		}
		c.change.Wait()
	}
	return nil
}

// View returns a copy of the messages that the client has received.
func (c *Client) View() View {
	c.mu.Lock()
	defer c.mu.Unlock()
	return View{maps.Clone(c.published), c.count, slices.Clone(c.logged)}
}

// End ends the server as an editor does, and returns the error of the server.
func (c *Client) End() error {
	if err := c.Call("shutdown", nil, nil); err != nil {
		return err
	}
	if err := c.Notify("exit", nil); err != nil {
		return err
	}
	return c.Served()
}

// Vanish closes the stream to the server, and returns the error of the server.
func (c *Client) Vanish() error {
	c.toSide.Close()
	return c.Served()
}

// Served waits until the server has ended, and returns its error.
func (c *Client) Served() error {
	select {
	case <-c.served:
		return c.result
	case <-time.After(20 * time.Second):
		return errors.New("the server does not end")
	}
}

// Write sends bytes that need not be a message.
func (c *Client) Write(data []byte) error {
	_, err := c.toSide.Write(data)
	return err
}

// URI returns the URI of a file.
func URI(name string) string {
	name = filepath.ToSlash(name)
	if name[0] != '/' {
		name = "/" + name
	}
	return (&url.URL{Scheme: "file", Path: name}).String()
}

// Initialize starts the conversation for a folder. Options are the initializationOptions.
func (c *Client) Initialize(root string, options any, encodings ...string) error {
	params := map[string]any{
		"processId": nil, "rootUri": URI(root), "initializationOptions": options,
		"capabilities": map[string]any{
			"general": map[string]any{"positionEncodings": encodings},
			"textDocument": map[string]any{
				"documentSymbol": map[string]any{"hierarchicalDocumentSymbolSupport": true},
				"completion":     map[string]any{"completionItem": map[string]any{"labelDetailsSupport": true}},
			},
		},
	}
	var folders []any
	for _, name := range c.Folders {
		folders = append(folders, Folder(name))
	}
	params["workspaceFolders"] = folders
	if err := c.Call("initialize", params, nil); err != nil {
		return err
	}
	return c.Notify("initialized", struct{}{})
}

// Folder returns a folder of the workspace in the form of the protocol.
func Folder(name string) any { return map[string]any{"uri": URI(name), "name": filepath.Base(name)} }

// Open opens a document.
func (c *Client) Open(uri, text string) error {
	return c.Notify("textDocument/didOpen", map[string]any{
		"textDocument": map[string]any{"uri": uri, "languageId": "yaml", "version": 1, "text": text},
	})
}

// Replace replaces the whole text of a document.
func (c *Client) Replace(uri string, version int, text string) error {
	return c.Notify("textDocument/didChange", map[string]any{
		"textDocument":   map[string]any{"uri": uri, "version": version},
		"contentChanges": []any{map[string]any{"text": text}},
	})
}
