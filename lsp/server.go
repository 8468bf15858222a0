// Package lsp is a server of the Language Server Protocol for detection rules, policies, fleets and
// configurations of Sysmon. It shows the findings of the gate while a person types, completes
// words, explains fields and checks, and offers corrections.
//
// [Serve] reads requests from a stream until the client ends it. A [Gate] finds the findings, so
// that they are those of the command.
//
// # How findings stay current
//
// All rules of a folder are compiled together, which takes a second for 3,000 rules. So there are
// two judgements. After each key the server judges the text of the file alone, in a few
// milliseconds. When the keys pause, it judges the whole set in the background.
//
// Some findings need the other files, such as two equal rules. And some findings of the file alone
// are wrong for the set, such as a reference to a rule of another file. The server learns both by
// comparing the two judgements of one text. Until the next judgement of the set it shows the
// findings of the file alone, without the wrong ones, and with the findings of the set, which move
// with their lines.
//
// # Folders
//
// Each folder of the workspace has its own policy and fleet, and its rules are one set. A file
// outside all folders is judged alone, by the policy of the first one.
//
// # Limits
//
// A message has at most [jsonrpc.MaxMessage] bytes, and a document [MaxDocument]. The server holds
// at most [MaxDocuments] documents with [MaxText] bytes together, and at most [maxQueued] bytes of
// messages that wait. A panic of a judgement or a request is an error of that request.
package lsp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cfcheck/cfcheck/lsp/jsonrpc"
)

// The limits on the documents of a client.
const (
	MaxDocument  = 16 << 20 // bytes of one document
	MaxDocuments = 4096
	MaxText      = 256 << 20 // bytes of all documents
)

// maxQueued is the size in bytes of the messages that may wait while the server is busy.
const maxQueued = 64 << 20

// Options are the options of [Serve]. The zero value has defaults.
type Options struct {
	Version string        // of the server
	Pause   time.Duration // without a key before the set is judged; 0 means 250 ms
}

// ErrNoShutdown means that the client ended the server without the request shutdown.
var ErrNoShutdown = errors.New("the client ended the server without the request shutdown")

// Serve serves a client until it sends the notification exit, or closes the stream. The error is
// nil if the client sent the request shutdown before. Serve returns after the judgements that run
// have ended.
func Serve(in io.Reader, out io.Writer, gate Gate, opts Options) error {
	if opts.Pause == 0 {
		opts.Pause = 250 * time.Millisecond
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &server{
		gate: gate, opts: opts, out: jsonrpc.NewWriter(out), queue: newQueue(),
		docs: map[string]*held{}, dirty: map[string]bool{}, published: map[string]string{},
		near: make(chan struct{}, 1), far: make(chan struct{}, 1),
	}
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	defer s.queue.close()
	go s.read(jsonrpc.NewReader(in)) // it ends with the stream, which Serve cannot end
	work.Go(func() { s.judgeFiles(ctx) })
	work.Go(func() { s.judgeSets(ctx) })
	for {
		m, err := s.queue.next()
		var notMessage *jsonrpc.MessageError
		switch {
		case errors.As(err, &notMessage):
			s.out.Refuse(notMessage.ID, &jsonrpc.Error{Code: notMessage.Code, Message: notMessage.Error()})
		case errors.Is(err, io.EOF) && s.shutdown:
			return nil
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return ErrNoShutdown
		case err != nil:
			return err
		case m.Method == "exit" && s.shutdown:
			return nil
		case m.Method == "exit":
			return ErrNoShutdown
		default:
			s.handle(m)
		}
	}
}

// A server is one call of Serve.
type server struct {
	gate  Gate
	opts  Options
	out   *jsonrpc.Writer
	queue *queue

	// Only the goroutine of Serve uses these.
	initialized, shutdown bool
	calls                 int64

	near, far chan struct{} // wake the judgements; each holds at most one signal

	mu        sync.Mutex // guards the fields below
	folders   []*folder  // of the workspace; empty before the request initialize
	settings  Settings
	encoding  encoding
	watches   bool // the client tells changes of files
	flat      bool // the client knows only flat lists of symbols
	labels    bool // the client shows details beside the label of a completion
	docs      map[string]*held
	bytes     int               // of the texts of docs
	dirty     map[string]bool   // documents to judge
	changes   uint64            // number of changes so far
	changed   time.Time         // last change
	published map[string]string // what the client shows, by URI
}

// A folder is a folder of the workspace, with a policy and a fleet of its own. The mutex of the
// server guards it.
type folder struct {
	root      string     // absolute
	changed   uint64     // number of the last change that concerns the folder
	judged    uint64     // number of the change after which it was judged
	session   Session    // nil until the first one was opened
	knowledge *knowledge // of the session; nil before the first one
	set       []Finding  // of the last judgement
	said      string     // last messages about the set
}

// maxFolders limits the folders of a workspace. Each needs memory for its rules and fleets.
const maxFolders = 64

// folderOf returns the folder that a file belongs to: the innermost one that contains it, else the
// first. It returns nil without folders. The caller holds mu.
func (s *server) folderOf(name string) (of *folder) {
	for _, f := range s.folders {
		if of == nil || f.contains(name) && (!of.contains(name) || len(f.root) > len(of.root)) {
			of = f
		}
	}
	return of
}

// contains reports whether a file is below the folder.
func (f *folder) contains(name string) bool {
	below, err := filepath.Rel(f.root, name)
	return err == nil && filepath.IsLocal(below)
}

// A held document is one that the client has open.
type held struct {
	*document
	uri, name string // name is absolute; "" if the document is no file
	tooLarge  bool

	alone        []Finding // of the file alone
	aloneVersion int32     // of the text that alone is about
	judged       bool      // alone is set
	aloneBy      Session   // that judged

	compared bool      // the set was judged with the document
	only     []Finding // findings of the set that the file alone does not have
	// number of findings of the file alone that the set does not have, by key
	wrong map[string]int
}

// read passes messages to the queue. It answers a cancelled request that still waits.
func (s *server) read(in *jsonrpc.Reader) {
	for {
		m, err := in.Read()
		if m != nil && m.Method == "$/cancelRequest" {
			var p struct {
				ID json.RawMessage `json:"id"`
			}
			if json.Unmarshal(m.Params, &p) == nil {
				if s.queue.cancel(string(p.ID)) {
					s.out.Refuse(p.ID, &jsonrpc.Error{Code: jsonrpc.RequestCancelled, Message: "cancelled"})
				}
			}
			continue
		}
		if !s.queue.add(m, err) {
			return
		}
		var notMessage *jsonrpc.MessageError
		if err != nil && !errors.As(err, &notMessage) {
			return
		}
	}
}

// handle handles a message. A panic becomes the error of a request.
func (s *server) handle(m *jsonrpc.Message) {
	request := len(m.ID) > 0
	defer func() {
		if fault := recover(); fault != nil {
			s.log(fmt.Sprintf("internal error in %.80q: %v; please report it\n%s", m.Method, fault, stack()))
			if request {
				s.out.Refuse(m.ID, &jsonrpc.Error{Code: jsonrpc.InternalError, Message: "internal error"})
			}
		}
	}()
	if m.Method == "" {
		return // a response to a request of the server, which needs no answer
	}
	refuse := func(code int, format string, args ...any) {
		if request {
			s.out.Refuse(m.ID, &jsonrpc.Error{Code: code, Message: fmt.Sprintf(format, args...)})
		}
	}
	switch {
	case !s.initialized && m.Method != "initialize":
		refuse(jsonrpc.ServerNotInitialized, "the first request must be initialize")
		return
	case s.initialized && m.Method == "initialize":
		refuse(jsonrpc.InvalidRequest, "initialize was already called")
		return
	case s.shutdown:
		refuse(jsonrpc.InvalidRequest, "the server was shut down")
		return
	}
	method, ok := methods[m.Method]
	if !ok || method.request != request {
		if !strings.HasPrefix(m.Method, "$/") || request {
			refuse(jsonrpc.MethodNotFound, "unknown method %.80q", m.Method)
		}
		return
	}
	result, err := method.call(s, m.Params)
	if !request {
		return
	}
	if err != nil {
		refuse(jsonrpc.InvalidParams, "%v", err)
		return
	}
	s.out.Reply(m.ID, result)
}

// stack returns the stack of a panic, at most 4 KiB of it.
func stack() string {
	b := make([]byte, 4096)
	return string(b[:runtime.Stack(b, false)])
}

// A method handles a request or a notification.
type method struct {
	request bool
	call    func(*server, json.RawMessage) (any, error)
}

// with returns a call that decodes the parameters.
func with[P any](f func(*server, *P) (any, error)) func(*server, json.RawMessage) (any, error) {
	return func(s *server, params json.RawMessage) (any, error) {
		p := new(P)
		if len(params) > 0 {
			if err := json.Unmarshal(params, p); err != nil {
				return nil, fmt.Errorf("the parameters cannot be read: %w", err)
			}
		}
		return f(s, p)
	}
}

var methods map[string]method

func init() {
	methods = map[string]method{
		"initialize":                          {true, with((*server).initialize)},
		"initialized":                         {false, with((*server).ready)},
		"shutdown":                            {true, with((*server).shutDown)},
		"textDocument/didOpen":                {false, with((*server).opened)},
		"textDocument/didChange":              {false, with((*server).edited)},
		"textDocument/didSave":                {false, with((*server).saved)},
		"textDocument/didClose":               {false, with((*server).closed)},
		"workspace/didChangeWatchedFiles":     {false, with((*server).saved)},
		"workspace/didChangeWorkspaceFolders": {false, with((*server).moved)},
		"workspace/didChangeConfiguration":    {false, with((*server).configured)},
		"textDocument/completion":             {true, with((*server).complete)},
		"textDocument/hover":                  {true, with((*server).hover)},
		"textDocument/codeAction":             {true, with((*server).actions)},
		"textDocument/documentSymbol":         {true, with((*server).symbols)},
	}
}

// initialize answers with the abilities of the server, and finds the folders.
func (s *server) initialize(p *initializeParams) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p.Options) > 0 && string(p.Options) != "null" {
		if err := json.Unmarshal(p.Options, &s.settings); err != nil {
			return nil, fmt.Errorf("initializationOptions cannot be read: %w", err)
		}
	}
	for _, e := range p.Capabilities.General.PositionEncodings {
		if e == utf8Bytes.String() {
			s.encoding = utf8Bytes
		}
	}
	var roots []string
	for _, f := range p.WorkspaceFolders {
		if name := fileOf(f.URI); name != "" {
			roots = append(roots, name)
		}
	}
	if len(roots) == 0 {
		root, err := filepath.Abs(cmp.Or(fileOf(p.RootURI), p.RootPath, "."))
		if err != nil {
			return nil, err
		}
		roots = append(roots, root)
	}
	err := s.addFolders(roots)
	if len(s.folders) == 0 {
		return nil, err
	}
	if err != nil {
		s.log(err.Error())
	}
	s.initialized = true
	s.watches = p.Capabilities.Workspace.DidChangeWatchedFiles.DynamicRegistration
	s.labels = p.Capabilities.TextDocument.Completion.Item.LabelDetails
	s.flat = !p.Capabilities.TextDocument.DocumentSymbol.Hierarchical
	return map[string]any{
		"serverInfo": map[string]string{"name": "cfcheck", "version": s.opts.Version},
		"capabilities": map[string]any{
			"positionEncoding":       s.encoding.String(),
			"textDocumentSync":       map[string]any{"openClose": true, "change": 2, "save": true},
			"documentSymbolProvider": true,
			"completionProvider":     map[string]any{"triggerCharacters": []string{"|", ":", " ", "<", "\""}},
			"hoverProvider":          true,
			"codeActionProvider":     map[string]any{"codeActionKinds": []string{"quickfix", fixAll}},
			"workspace":              map[string]any{"workspaceFolders": map[string]any{"supported": true, "changeNotifications": true}},
		},
	}, nil
}

// addFolders adds folders that the workspace does not have yet. The error names those that cannot
// be added. The caller holds mu.
func (s *server) addFolders(roots []string) error {
	var faults []error
	for _, root := range roots {
		switch info, err := os.Stat(root); {
		case slices.ContainsFunc(s.folders, func(f *folder) bool { return f.root == root }):
		case err != nil || !info.IsDir():
			faults = append(faults, fmt.Errorf("%s is not a folder that can be read", root))
		case len(s.folders) >= maxFolders:
			faults = append(faults, fmt.Errorf("%s is not judged: the workspace has more than %d folders", root, maxFolders))
		default:
			s.folders = append(s.folders, &folder{root: root})
		}
	}
	s.touch(nil)
	return errors.Join(faults...)
}

// moved adds folders to the workspace, and removes others with their findings.
func (s *server) moved(p *struct {
	Event struct {
		Added   []workspaceFolder `json:"added"`
		Removed []workspaceFolder `json:"removed"`
	} `json:"event"`
}) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, removed := range p.Event.Removed {
		s.folders = slices.DeleteFunc(s.folders, func(f *folder) bool { return f.root == fileOf(removed.URI) })
	}
	var roots []string
	for _, added := range p.Event.Added {
		roots = append(roots, fileOf(added.URI))
	}
	if err := s.addFolders(roots); err != nil {
		s.log(err.Error())
	}
	for _, d := range s.docs { // a document can belong to another folder now
		d.alone, d.judged, d.only, d.wrong, d.compared = nil, false, nil, nil, false
		s.judge(d)
	}
	s.showSets()
	return nil, nil
}

// ready asks the client to tell changes of files that decide findings.
func (s *server) ready(*struct{}) (any, error) {
	if !s.watches {
		return nil, nil
	}
	s.calls++
	type watcher struct {
		Pattern string `json:"globPattern"`
	}
	s.out.Call(s.calls, "client/registerCapability", map[string]any{"registrations": []any{map[string]any{
		"id": "files", "method": "workspace/didChangeWatchedFiles",
		"registerOptions": map[string]any{"watchers": []watcher{{"**/*.yml"}, {"**/*.yaml"}, {"**/*.json"}, {"**/*.xml"}}},
	}}})
	return nil, nil
}

func (s *server) shutDown(*struct{}) (any, error) {
	s.shutdown = true
	return nil, nil
}

// touch notes a change in a folder, so that its set is judged soon. nil means all folders. The
// caller holds mu.
func (s *server) touch(of *folder) {
	s.changes++
	s.changed = time.Now()
	for _, f := range s.folders {
		if of == nil || of == f {
			f.changed = s.changes
		}
	}
	wake(s.far)
}

// wake sends a signal unless one waits.
func wake(signal chan struct{}) {
	select {
	case signal <- struct{}{}:
	default:
	}
}

func (s *server) opened(p *struct {
	TextDocument struct {
		documentID
		Text string `json:"text"`
	} `json:"textDocument"`
}) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	uri := p.TextDocument.URI
	s.drop(uri)
	text := p.TextDocument.Text
	d := &held{uri: uri, name: fileOf(uri)}
	if len(text) > MaxDocument || s.bytes+len(text) > MaxText || len(s.docs) >= MaxDocuments {
		d.tooLarge, text = true, ""
	}
	d.document = newDocument(text, p.TextDocument.Version)
	s.docs[uri] = d
	s.bytes += len(text)
	s.judge(d)
	return nil, nil
}

// judge asks for the findings of a document. The caller holds mu.
func (s *server) judge(d *held) {
	s.dirty[d.uri] = true
	wake(s.near)
	s.touch(s.folderOf(d.name))
}

// drop forgets a document. The caller holds mu.
func (s *server) drop(uri string) {
	if d := s.docs[uri]; d != nil {
		s.bytes -= len(d.text)
		delete(s.docs, uri)
		delete(s.dirty, uri)
	}
}

func (s *server) edited(p *struct {
	TextDocument documentID      `json:"textDocument"`
	Changes      []contentChange `json:"contentChanges"`
}) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.docs[p.TextDocument.URI]
	if d == nil {
		return nil, nil // the client did not open it, or closed it
	}
	before := len(d.text)
	for _, c := range p.Changes {
		if d.tooLarge && c.Range != nil {
			continue // the text is not known
		}
		if len(d.text)+len(c.Text) > MaxDocument && !(c.Range == nil && len(c.Text) <= MaxDocument) || s.bytes-before+len(c.Text) > MaxText {
			d.tooLarge = true
			d.set("")
			continue
		}
		d.tooLarge = false
		first, last, now := d.change(c, s.encoding)
		d.move(first, last, now)
	}
	s.bytes += len(d.text) - before
	d.version = p.TextDocument.Version
	s.judge(d)
	return nil, nil
}

// move moves the findings of the set after a change of the lines first to last, which are now
// lines now in number. All count from 0.
func (d *held) move(first, last, now int) {
	for i := range d.only {
		switch line := d.only[i].Line - 1; {
		case line > last:
			d.only[i].Line += now - (last - first + 1)
		case line > first:
			d.only[i].Line = min(line, first+now-1) + 1
		}
	}
}

func (s *server) saved(*struct{}) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touch(nil)
	return nil, nil
}

func (s *server) configured(p *struct {
	Settings struct {
		Cfcheck *Settings `json:"cfcheck"`
	} `json:"settings"`
}) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.Settings.Cfcheck != nil {
		s.settings = *p.Settings.Cfcheck
	}
	s.touch(nil)
	return nil, nil
}

func (s *server) closed(p *struct {
	TextDocument documentID `json:"textDocument"`
}) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.docs[p.TextDocument.URI]
	if d == nil {
		return nil, nil
	}
	s.drop(d.uri)
	f := s.folderOf(d.name)
	if f == nil || f.session == nil || d.name == "" || !f.session.Contains(d.name) {
		s.publish(d.uri, nil, nil)
	}
	s.touch(f)
	return nil, nil
}

// log shows a message in the log of the client.
func (s *server) log(text string) {
	s.out.Notify("window/logMessage", map[string]any{"type": 2, "message": text})
}

// fileOf returns the absolute name of the file of a URI, or "" if it is no file.
func fileOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Path == "" || strings.ContainsRune(u.Path, 0) {
		return ""
	}
	name := u.Path
	if runtime.GOOS == "windows" {
		name = strings.TrimPrefix(name, "/")
		if u.Host != "" {
			name = "//" + u.Host + u.Path
		}
	} else if u.Host != "" && u.Host != "localhost" {
		return ""
	}
	name = filepath.Clean(filepath.FromSlash(name))
	if !filepath.IsAbs(name) {
		return ""
	}
	return name
}

// uriOf returns the URI of a file.
func uriOf(name string) string {
	name = filepath.ToSlash(name)
	u := url.URL{Scheme: "file", Path: name}
	if host, rest, ok := strings.Cut(strings.TrimPrefix(name, "//"), "/"); ok && strings.HasPrefix(name, "//") {
		u.Host, u.Path = host, "/"+rest
	} else if !strings.HasPrefix(name, "/") {
		u.Path = "/" + name
	}
	return u.String()
}

// A queue holds messages that wait. It is bounded by their size.
type queue struct {
	mu      sync.Mutex
	change  sync.Cond
	waiting []queued
	bytes   int
	ended   bool
}

type queued struct {
	m   *jsonrpc.Message
	err error
}

// size returns an estimate of the memory of a message.
func (q *queued) size() int {
	if q.m == nil {
		return 256
	}
	return 256 + len(q.m.Params) + len(q.m.Result)
}

func newQueue() *queue {
	q := &queue{}
	q.change.L = &q.mu
	return q
}

// add adds a message or an error. It waits while the queue is full, and returns false if nobody
// reads it any more.
func (q *queue) add(m *jsonrpc.Message, err error) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.bytes > maxQueued && !q.ended {
		q.change.Wait()
	}
	if q.ended {
		return false
	}
	item := queued{m, err}
	q.waiting = append(q.waiting, item)
	q.bytes += item.size()
	q.change.Broadcast()
	return true
}

// next returns the next message or error.
func (q *queue) next() (*jsonrpc.Message, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 {
		q.change.Wait()
	}
	item := q.waiting[0]
	q.waiting[0] = queued{}
	q.waiting = q.waiting[1:]
	q.bytes -= item.size()
	q.change.Broadcast()
	return item.m, item.err
}

// cancel removes a request that waits, and reports whether there was one.
func (q *queue) cancel(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.IndexFunc(q.waiting, func(w queued) bool { return w.m != nil && w.m.Method != "" && string(w.m.ID) == id })
	if id == "" || i < 0 {
		return false
	}
	q.bytes -= q.waiting[i].size()
	q.waiting = slices.Delete(q.waiting, i, i+1)
	q.change.Broadcast()
	return true
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	q.change.Broadcast()
}
