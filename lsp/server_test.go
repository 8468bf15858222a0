package lsp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/internal/lspclient"
	"github.com/cfcheck/cfcheck/lsp"
	"github.com/cfcheck/cfcheck/lsp/jsonrpc"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// A wordGate finds a fault in each line of a text that has the word "fault". The word "panic" makes
// it panic. In the set, each file also has the fault "set" in its line 2.
type wordGate struct {
	opened atomic.Int64
	slow   time.Duration // that a judgement of the set takes
	ended  atomic.Int64  // judgements of the set that were cancelled
	hold   chan struct{} // if not nil, Placeholders waits until it is closed
}

func (g *wordGate) Open(root string, s lsp.Settings) (lsp.Session, []lsp.Finding, error) {
	g.opened.Add(1)
	if s.Policy == "missing" {
		return nil, nil, errors.New("no policy")
	}
	return &wordSession{g, root}, nil, nil
}

type wordSession struct {
	gate *wordGate
	root string
}

func (s *wordSession) File(_ context.Context, name string, text []byte) (j lsp.Judgement) {
	for i, line := range strings.Split(string(text), "\n") {
		if strings.Contains(line, "panic") {
			panic("asked to")
		}
		if at := strings.Index(line, "fault"); at >= 0 {
			j.Findings = append(j.Findings, lsp.Finding{Path: name, Line: i + 1, Column: at + 1, Text: "fault", Check: suite.ByID("CF4001"), Message: "found " + line, Fix: "remove it", Key: line})
		}
	}
	return j
}

func (s *wordSession) Set(ctx context.Context, texts map[string][]byte) (j lsp.Judgement) {
	select {
	case <-ctx.Done():
		s.gate.ended.Add(1)
		return j
	case <-time.After(s.gate.slow):
	}
	for name, text := range texts {
		j.Findings = append(j.Findings, s.File(ctx, name, text).Findings...)
		j.Findings = append(j.Findings, lsp.Finding{Path: name, Line: 2, Message: "set", Key: "set"})
	}
	return j
}

func (s *wordSession) Contains(name string) bool        { return strings.HasPrefix(name, s.root+"/") }
func (s *wordSession) Definitions() *sensor.Definitions { return builtin.Definitions() }
func (s *wordSession) Fleets() []*sensor.Fleet {
	f, _ := builtin.Fleet("reference")
	return []*sensor.Fleet{f}
}
func (s *wordSession) Checks() []*validate.Check { return suite.Checks }
func (s *wordSession) Placeholders() sigma.Placeholders {
	if s.gate.hold != nil {
		<-s.gate.hold
	}
	return nil
}

func start(t *testing.T, g lsp.Gate) *lspclient.Client {
	c := lspclient.Start(func(in io.Reader, out io.Writer) error {
		return lsp.Serve(in, out, g, lsp.Options{Pause: 20 * time.Millisecond})
	})
	t.Cleanup(func() { c.Vanish() })
	return c
}

// begin starts a server for an empty folder.
func begin(t *testing.T, g lsp.Gate, options any) (c *lspclient.Client, root string) {
	t.Helper()
	c, root = start(t, g), t.TempDir()
	if err := c.Initialize(root, options); err != nil {
		t.Fatal(err)
	}
	return c, root
}

// shown returns the messages about a document with their ranges.
func shown(v *lspclient.View, uri string) string {
	var list []string
	for _, d := range v.Published[uri].Diagnostics {
		message, _, _ := strings.Cut(d.Message, "\n")
		list = append(list, fmt.Sprintf("%d:%d-%d %s", d.Range.Start.Line, d.Range.Start.Character, d.Range.End.Character, message))
	}
	return strings.Join(list, "; ")
}

func expect(t *testing.T, c *lspclient.Client, uri, reason, want string) {
	t.Helper()
	if err := c.Wait(20*time.Second, func(v *lspclient.View) bool { return shown(v, uri) == want }); err != nil {
		v := c.View()
		t.Fatalf("%s: %q (want %q); log %q", reason, shown(&v, uri), want, v.Logged)
	}
}

const rule = "detection:\n# fault \U0001F600 fault\n"

// TestDiagnostics follows the findings of a document over edits: before the set is judged, after
// that, and while a judgement of the set is cancelled.
func TestDiagnostics(t *testing.T) {
	g := &wordGate{}
	c, root := begin(t, g, nil)
	uri := lspclient.URI(filepath.Join(root, "a.yml"))
	c.Open(uri, rule)
	expect(t, c, uri, "of the file and of the set", "1:0-16 set; 1:2-7 found # fault \U0001F600 fault")
	edit := func(version, line, from, to int, text string) {
		c.Notify("textDocument/didChange", map[string]any{
			"textDocument": map[string]any{"uri": uri, "version": version},
			"contentChanges": []any{map[string]any{"text": text, "range": map[string]any{
				"start": map[string]int{"line": line, "character": from}, "end": map[string]int{"line": line, "character": to}}}},
		})
	}
	edit(2, 1, 2, 7, "good")
	edit(3, 1, 7, 8, "\U0001F600") // position 8 is inside a character of two units, so it means 7
	expect(t, c, uri, "after two edits of one line", "1:0-17 set; 1:12-17 found # good \U0001F600\U0001F600 fault")
	c.Replace(uri, 4, "detection:\n\n# fault")
	expect(t, c, uri, "after a new text", "1:0-0 set; 2:2-7 found # fault")
	other := lspclient.URI(filepath.Join(root, "b.yml"))
	c.Open(other, "jobs:\n# fault")
	expect(t, c, other, "a file that does not look like a rule", "")
	outside := lspclient.URI(filepath.Join(t.TempDir(), "c.yml"))
	c.Open(outside, rule)
	expect(t, c, outside, "a file outside the folder is judged alone", "1:2-7 found # fault \U0001F600 fault")
	c.Open("untitled:one", rule)
	expect(t, c, "untitled:one", "a document that is no file", "")
	if longtest.Enabled() {
		c.Open(outside, strings.Repeat("a", lsp.MaxDocument+1))
		if err := c.Wait(20*time.Second, func(v *lspclient.View) bool { return strings.Contains(shown(v, outside), "not judged") }); err != nil {
			t.Error("a document that is too large has no message")
		}
	}
	if err := c.End(); err != nil {
		t.Error(err)
	}
}

// TestCancelled expects that a key cancels a judgement of the set, and that findings of the file
// come while it runs.
func TestCancelled(t *testing.T) {
	g := &wordGate{slow: 300 * time.Millisecond}
	c, root := begin(t, g, nil)
	uri := lspclient.URI(filepath.Join(root, "a.yml"))
	for i := range 8 {
		if i == 0 {
			c.Open(uri, rule)
		} else {
			c.Replace(uri, i+1, fmt.Sprintf("detection:\n# fault %d", i))
			expect(t, c, uri, "while typing", fmt.Sprintf("1:2-7 found # fault %d", i))
		}
		time.Sleep(60 * time.Millisecond)
	}
	expect(t, c, uri, "after typing", "1:0-9 set; 1:2-7 found # fault 7")
	if g.ended.Load() == 0 {
		t.Error("no judgement of the set was cancelled")
	}
}

// TestRobust sends messages that no client should send. The server must answer a good request
// after each of them.
func TestRobust(t *testing.T) {
	c := start(t, &wordGate{})
	root := t.TempDir()
	refused := func(reason, method string, params any, code int) {
		t.Helper()
		err := c.Call(method, params, nil)
		if e, ok := errors.AsType[*jsonrpc.Error](err); !ok || e.Code != code {
			t.Errorf("%s: %v (want code %d)", reason, err, code)
		}
	}
	refused("a request before initialize", "textDocument/hover", nil, jsonrpc.ServerNotInitialized)
	refused("a folder that is not there", "initialize", map[string]any{"rootUri": "file:///not/there"}, jsonrpc.InvalidParams)
	refused("options of another type", "initialize", map[string]any{"rootUri": lspclient.URI(root), "initializationOptions": 3}, jsonrpc.InvalidParams)
	if err := c.Initialize(root, nil); err != nil {
		t.Fatal(err)
	}
	refused("initialize again", "initialize", map[string]any{}, jsonrpc.InvalidRequest)
	refused("an unknown method", "textDocument/rename", map[string]any{}, jsonrpc.MethodNotFound)
	refused("a notification as a request", "textDocument/didOpen", map[string]any{}, jsonrpc.MethodNotFound)
	refused("parameters of another type", "textDocument/hover", []int{1}, jsonrpc.InvalidParams)
	uri := lspclient.URI(filepath.Join(root, "a.yml"))
	huge := map[string]any{"line": 1 << 30, "character": 1 << 30}
	below := map[string]any{"line": -5, "character": -5}
	for _, n := range []struct {
		reason, method string
		params         any
	}{
		{"a change of a document that is not open", "textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": "file:///no"}, "contentChanges": []any{map[string]any{"text": ""}}}},
		{"a document that is not open is closed", "textDocument/didClose", map[string]any{"textDocument": map[string]any{"uri": "file:///no"}}},
		{"a URI that is no URI", "textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": "%", "text": "detection:"}}},
		{"a document is opened twice", "textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "text": "detection:\n"}}},
		{"a document is opened twice", "textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "text": rule}}},
		{"a range beyond the text", "textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": uri}, "contentChanges": []any{map[string]any{"text": "x", "range": map[string]any{"start": huge, "end": huge}}}}},
		{"a range before the text", "textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": uri}, "contentChanges": []any{map[string]any{"text": "", "range": map[string]any{"start": huge, "end": below}}}}},
		{"a text that makes the gate panic", "textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "text": "detection:\n# panic"}}},
		{"no changes", "textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": uri}}},
		{"a request of nothing is cancelled", "$/cancelRequest", map[string]any{"id": 12345}},
		{"an unknown notification", "$/unknown", nil},
		{"parameters that are missing", "textDocument/didChange", nil},
	} {
		if err := c.Notify(n.method, n.params); err != nil {
			t.Fatalf("%s: %v", n.reason, err)
		}
		if err := c.Call("textDocument/documentSymbol", map[string]any{"textDocument": map[string]any{"uri": uri}}, nil); err != nil {
			t.Fatalf("after %s: %v", n.reason, err)
		}
	}
	for _, text := range []string{"{", "[]", `{"jsonrpc":"2.0","id":{},"method":"a"}`} {
		if err := c.Write([]byte(fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(text), text))); err != nil {
			t.Fatal(err)
		}
	}
	for _, method := range []string{"completion", "hover"} {
		for _, at := range []any{huge, below} {
			if err := c.Call("textDocument/"+method, map[string]any{"textDocument": map[string]any{"uri": uri}, "position": at}, nil); err != nil {
				t.Errorf("%s at %v: %v", method, at, err)
			}
		}
	}
	if err := c.Wait(20*time.Second, func(v *lspclient.View) bool {
		return slices.ContainsFunc(v.Logged, func(s string) bool { return strings.Contains(s, "internal error while judging") })
	}); err != nil {
		t.Error("the panic of the gate is not in the log")
	}
	c.Open(uri, rule)
	expect(t, c, uri, "after a panic", "1:0-16 set; 1:2-7 found # fault \U0001F600 fault")
	if err := c.Vanish(); !errors.Is(err, lsp.ErrNoShutdown) {
		t.Errorf("a client that disappears: %v", err)
	}
}

// TestFolders opens documents in several folders of a workspace, adds a folder and removes one.
func TestFolders(t *testing.T) {
	g := &wordGate{}
	c := start(t, g)
	one, two, three := t.TempDir(), t.TempDir(), t.TempDir()
	inner := filepath.Join(one, "inner")
	if err := os.Mkdir(inner, 0o777); err != nil {
		t.Fatal(err)
	}
	c.Folders = []string{one, two, inner, filepath.Join(two, "missing")}
	if err := c.Initialize(one, nil); err != nil {
		t.Fatal(err)
	}
	const all, alone = "1:0-16 set; 1:2-7 found # fault \U0001F600 fault", "1:2-7 found # fault \U0001F600 fault"
	uris := map[string]string{}
	for _, folder := range []string{one, two, inner, three} {
		uris[folder] = lspclient.URI(filepath.Join(folder, "a.yml"))
		c.Open(uris[folder], rule)
	}
	expect(t, c, uris[one], "the first folder", all)
	expect(t, c, uris[two], "the second folder", all)
	expect(t, c, uris[inner], "a folder in another one has its findings once", all)
	expect(t, c, uris[three], "a file outside the folders", alone)
	if v := c.View(); !slices.ContainsFunc(v.Logged, func(s string) bool { return strings.Contains(s, "missing is not a folder") }) {
		t.Errorf("a folder that is not there has no message: %q", v.Logged)
	}
	move := func(added, removed []any) {
		c.Notify("workspace/didChangeWorkspaceFolders", map[string]any{"event": map[string]any{"added": added, "removed": removed}})
	}
	move([]any{lspclient.Folder(three)}, []any{lspclient.Folder(two)})
	expect(t, c, uris[three], "an added folder", all)
	expect(t, c, uris[two], "a removed folder", alone)
	expect(t, c, uris[one], "a folder that stays", all)
	move(nil, []any{lspclient.Folder(one), lspclient.Folder(three), lspclient.Folder(inner)})
	expect(t, c, uris[one], "no folder is left", "")
	move([]any{lspclient.Folder(one)}, nil)
	expect(t, c, uris[one], "a folder again", all)
	if err := c.End(); err != nil {
		t.Error(err)
	}
}

// TestCancelledRequest cancels a request that waits behind one that takes long.
func TestCancelledRequest(t *testing.T) {
	g := &wordGate{hold: make(chan struct{})}
	c, root := begin(t, g, nil)
	uri := lspclient.URI(filepath.Join(root, "a.yml"))
	c.Open(uri, rule)
	expect(t, c, uri, "before the requests", "1:0-16 set; 1:2-7 found # fault \U0001F600 fault")
	document := map[string]any{"uri": uri}
	start := map[string]int{"line": 0, "character": 0}
	slow, err := c.Send("textDocument/codeAction", map[string]any{
		"textDocument": document, "range": map[string]any{"start": start, "end": start}, "context": map[string]any{"diagnostics": []any{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	waits, err := c.Send("textDocument/hover", map[string]any{"textDocument": document, "position": start})
	if err != nil {
		t.Fatal(err)
	}
	c.Notify("$/cancelRequest", map[string]any{"id": waits})
	m, err := c.Receive(waits)
	if err != nil || m.Error == nil || m.Error.Code != jsonrpc.RequestCancelled {
		t.Errorf("got %+v, %v", m, err)
	}
	close(g.hold)
	if m, err := c.Receive(slow); err != nil || m.Error != nil {
		t.Errorf("the request before it: got %+v, %v", m, err)
	}
}

// TestNoSession expects a message in the log, and no findings, if the gate cannot be opened.
func TestNoSession(t *testing.T) {
	c, root := begin(t, &wordGate{}, map[string]any{"policy": "missing"})
	policy := lspclient.URI(filepath.Join(root, ".cfcheck.yaml"))
	c.Open(policy, "")
	c.Open(lspclient.URI(filepath.Join(root, "a.yml")), rule)
	if err := c.Wait(20*time.Second, func(v *lspclient.View) bool {
		return slices.Contains(v.Logged, "cfcheck cannot judge this folder: no policy")
	}); err != nil {
		t.Error(err)
	}
	var list struct{ Items []struct{ Label string } }
	if err := c.Call("textDocument/completion", map[string]any{"textDocument": map[string]any{"uri": policy}, "position": map[string]int{"line": 0, "character": 0}}, &list); err != nil || len(list.Items) == 0 {
		t.Errorf("the keys of a policy that cannot be read: %v, %v", list.Items, err)
	}
	c.Notify("workspace/didChangeConfiguration", map[string]any{"settings": map[string]any{"cfcheck": map[string]any{"policy": ""}}})
	expect(t, c, lspclient.URI(filepath.Join(root, "a.yml")), "other settings", "1:0-16 set; 1:2-7 found # fault \U0001F600 fault")
}

// TestWords completes words, and compares some of the offers. The mark ^ is the cursor.
func TestWords(t *testing.T) {
	c, root := begin(t, &wordGate{}, nil)
	const head = "title: a\nlogsource:\n  product: windows\n  category: process_creation\ndetection:\n"
	for i, s := range []struct{ reason, name, text, want, not string }{
		{"keys of a rule", "a.yml", "tit^", "title,logsource,detection", "CommandLine"},
		{"a level", "a.yml", "level: ^", "informational,critical", "stable"},
		{"a status", "a.yml", "status: ex^", "experimental", "high"},
		{"a category of the product", "a.yml", "logsource:\n  product: windows\n  category: ^", "process_creation,pipe_created", ""},
		{"a service in braces", "a.yml", "logsource: {product: windows, service: ^}", "security", "process_creation"},
		{"a tag", "a.yml", "tags:\n    - att^", "attack.execution", ""},
		{"a field, with its hosts", "a.yml", head + "  selection:\n    Comm^", "CommandLine", "title"},
		{"a field in a list of maps", "a.yml", head + "  selection:\n    - ^", "CommandLine", "title"},
		{"a modifier", "a.yml", head + "  selection:\n    CommandLine|^", "contains,endswith,re", "CommandLine"},
		{"a modifier behind another", "a.yml", head + "  selection:\n    CommandLine|contains|a^: x", "all", "title"},
		{"a value", "a.yml", head + "  selection:\n    EventID: ^", "4688", "CommandLine"},
		{"a value in a list", "a.yml", head + "  selection:\n    EventID:\n      - ^", "4688", "CommandLine"},
		{"a condition", "a.yml", head + "  selection_one:\n    A: 1\n  condition: sel^", "selection_one,selection_*,and", "CommandLine"},
		{"a key of a policy", ".cfcheck.yaml", "schema: cfcheck.policy/v0\n^", "fleets,severities", "title"},
		{"a key inside a key of a policy", ".cfcheck.yaml", "ceilings:\n  ^", "bytes,instances", "fleets"},
		{"a value of a policy", ".cfcheck.yaml", "fail-on: ^", "error,warning", "fleets"},
		{"a check whose severity can be set", ".cfcheck.yaml", "severities:\n  ^", "CF4006,meaning", "CF3001"},
		{"an element of Sysmon", "s.xml", "<Sysmon><EventFiltering><RuleGroup name=\"a>b\">\n<^", "ProcessCreate", "Image"},
		{"a field of an element", "s.xml", "<Sysmon><EventFiltering><ProcessCreate onmatch=\"include\">\n<Im^", "Image,Rule", "DnsQuery"},
		{"a condition of Sysmon", "s.xml", "<Sysmon><EventFiltering><ProcessCreate onmatch=\"include\">\n<Image condition=\"^", "begin with,image", "ProcessCreate"},
		{"a field of three events", "s.xml", "<Sysmon><EventFiltering><RegistryEvent onmatch=\"include\">\n<^", "TargetObject,Details,NewName", ""},
		{"a field in a Rule", "s.xml", "<Sysmon><EventFiltering><ProcessCreate onmatch=\"include\"><Rule>\n<^", "Image", "Rule"},
		{"an option of Sysmon", "s.xml", "<Sysmon schemaversion=\"4.90\">\n<^", "HashAlgorithms,EventFiltering", "Image"},
		{"a relation of filters", "s.xml", "<Sysmon><EventFiltering><RuleGroup groupRelation=\"^", "or,and", ""},
		{"no word in a comment", "s.xml", "<Sysmon><EventFiltering><!-- <ProcessCreate> -->\n<^", "ProcessCreate", "Image"},
		{"a key of a waiver in its file", ".cfcheck-old.yaml", "schema: cfcheck.waivers/v0\nwaivers:\n  - ^", "check,reason,until", "fleets"},
		{"a built-in fleet", ".cfcheck.yaml", "fleets:\n  - ^", "reference", "ceilings"},
		{"a key of a fleet, without those it has", "f.json", fleetHead + `"builds": [{"hosts": 1, ^`, "build,reader,lacks", "hosts"},
		{"a key whose text is there", "f.json", fleetHead + `"builds": [{"hos^": 1, "reader": {}}]}`, "hosts,supply", "reader"},
		{"a key before another", "f.json", fleetHead + `"builds": [{"sup^` + "\n" + `"reader": {"access": "named"}}]}`, "supply", "reader"},
		{"a value of an enumeration", "f.json", fleetHead + `"builds": [{"reader": {"access": ^}}]}`, "positional,named", "access"},
		{"a value whose key has another behind it", "f.json", fleetHead + `"builds": [{"reader": {"access": ^` + "\n" + `"formats": ["1.0"]}}]}`, "positional,named", "formats"},
		{"an item of an enumeration", "f.json", fleetHead + `"builds": [{"reader": {"operators": ["exists", ^]}}]}`, "pattern,integer equals", ""},
		{"a value that is true or false", "f.json", fleetHead + `"builds": [{"reader": {"refusesUnknownVersions": ^`, "true,false", ""},
		{"a build of the fleets", "f.json", fleetHead + `"builds": [{"build": "^`, "sysmon-15,security-log", "process_creation"},
		{"a type, also of the build", "f.json", fleetHead + `"builds": [{"declares": [{"type": "mine"}], "supply": [{"type": "^"}]}]}`, "process_creation,mine", "string"},
		{"a version of the type", "f.json", fleetHead + `"builds": [{"supply": [{"type": "process_creation", "version": ^}]}]}`, "1", "2"},
		{"a feed of the type", "f.json", fleetHead + `"builds": [{"supply": [{"feed": "^", "type": "process_creation"}]}]}`, "sysmon,security-4688", "process_creation"},
		{"an input that is not listed", "f.json", fleetHead + `"builds": [{"supply": [{"type": "process_creation", "inputs": [{"name": "Image"}, {"name": "^"}]}]}]}`, "CommandLine", "Image"},
		{"the type of an input", "f.json", fleetHead + `"builds": [{"supply": [{"type": "process_creation", "inputs": [{"name": "Image", "type": ^}]}]}]}`, "string,address", "Image"},
		{"a source of the build", "f.json", fleetHead + `"builds": [{"sources": [{"name": "config"}], "supply": [{"source": "^"}]}, {"sources": [{"name": "other"}]}]}`, "config", "other"},
		{"a version of Sysmon", "f.json", fleetHead + `"builds": [{"sensors": [{"name": "sysmon", "version": "^"}]}]}`, "15.15", ""},
		{"a field of an event of Sysmon", "f.json", fleetHead + `"builds": [{"supply": [{"filters": {"elements": [{"event": 22, "filters": [{"field": "^`, "QueryName", "CommandLine"},
		{"a key of definitions", "f.json", `{"schema": "cfcheck.definitions/v0", "definitions": [{^`, "name,inputs", "builds"},
		{"a key of an old fleet", "f.json", strings.Replace(fleetHead, "/v1", "/v0", 1) + `"builds": [{^`, "build,supply", "declares"},
		{"a word of an old fleet", "f.json", strings.Replace(fleetHead, "/v1", "/v0", 1) + `"builds": [{"supply": [{"inputs": [{"state": ^`, "not supplied,unknown", "constant"},
		{"a word of a new fleet", "f.json", fleetHead + `"builds": [{"supply": [{"inputs": [{"state": ^`, "not supplied,constant", ""},
		{"a schema", "f.json", `{"schema": "^`, "cfcheck.fleet/v1,cfcheck.definitions/v0", ""},
		{"JSON of another program", "f.json", `{"name": "a", "^`, "", "schema"},
	} {
		uri := lspclient.URI(filepath.Join(root, s.name))
		before, after, _ := strings.Cut(s.text, "^")
		c.Open(uri, before+after)
		if i == 0 {
			expect(t, c, uri, "the first session", "")
			if err := c.Wait(20*time.Second, func(v *lspclient.View) bool { _, ok := v.Published[uri]; return ok }); err != nil {
				t.Fatal(err)
			}
		}
		line := strings.Count(before, "\n")
		at := map[string]any{"textDocument": map[string]any{"uri": uri}, "position": map[string]int{"line": line, "character": len(before) - strings.LastIndex(before, "\n") - 1}}
		var list struct {
			Items []struct {
				Label, Detail string
				LabelDetails  struct{ Description string }
			}
		}
		if err := c.Call("textDocument/completion", at, &list); err != nil {
			t.Errorf("%s: %v", s.reason, err)
			continue
		}
		details, short := map[string]string{}, map[string]string{}
		for _, item := range list.Items {
			details[item.Label], short[item.Label] = item.Detail, item.LabelDetails.Description
		}
		for _, word := range strings.Split(s.want, ",") {
			if _, ok := details[word]; !ok && word != "" {
				t.Errorf("%s: no %s in %v", s.reason, word, list.Items)
			}
		}
		if _, ok := details[s.not]; ok && s.not != "" {
			t.Errorf("%s: %s is offered", s.reason, s.not)
		}
		if detail := details["CommandLine"]; s.reason == "a field, with its hosts" && !strings.Contains(detail, " % of hosts") {
			t.Errorf("%s: %q", s.reason, detail)
		}
		if s.reason == "a field, with its hosts" {
			got := fmt.Sprintf("%s; %s", short["ParentUser"], short["OriginalFileName"])
			if want := "60 % of hosts, since Sysmon 13.30; 33 to 73 % of hosts, since Sysmon 10.0"; got != want {
				t.Errorf("%s, in short: %s (want %s)", s.reason, got, want)
			}
		}
	}
}

const fleetHead = `{"schema": "cfcheck.fleet/v1", "name": "a", `

// TestHover explains words. The mark ^ is the cursor.
func TestHover(t *testing.T) {
	c, root := begin(t, &wordGate{}, nil)
	const head = "title: a\nlogsource:\n  product: windows\n  category: pipe_created\ndetection:\n"
	for i, s := range []struct{ reason, name, text, want string }{
		{"the check of a finding", "a.yml", "detection:\n# fa^ult", "the page of the check"},
		{"a field", "a.yml", head + "  s:\n    Pipe^Name|contains: x", "| feed | field | since | form |"},
		{"who supplies a field", "a.yml", head + "  s:\n    Pipe^Name|contains: x", "| hosts | build | feed | state |"},
		{"a modifier", "a.yml", head + "  s:\n    PipeName|cont^ains: x", "anywhere in the field"},
		{"a logsource", "a.yml", "logsource:\n  product: windows\n  category: pipe^_created", "recorded by"},
		{"a check in a waiver", "a.yml", "# cfcheck:waive CF40^01 until=2030-01-31 by=ann: x", "CF4001"},
		{"a key of a policy", ".cfcheck.yaml", "flee^ts: [a]", "The fleets to judge for"},
		{"nothing", "a.yml", "title: a^", ""},
		{"a key of a waiver in its file", ".cfcheck-old.yaml", "waivers:\n  - che^ck: CF4006", "The ID or the name of the check"},
		{"a key of a fleet", "f.json", fleetHead + `"builds": [{"reader": {"ac^cess": "named"}}]}`, "positional: inputs are an array"},
		{"a value of an enumeration", "f.json", fleetHead + `"builds": [{"reader": {"access": "na^med"}}]}`, "one of: positional, named"},
		{"a key with a range", "f.json", fleetHead + `"builds": [{"ho^sts": 1}]}`, "from 1 to 9007199254740991\n\nrequired"},
		{"a build", "f.json", fleetHead + `"builds": [{"build": "sys^mon-15"}]}`, "of hosts of fleet"},
		{"a type", "f.json", fleetHead + `"builds": [{"supply": [{"type": "process^_creation"}]}]}`, "| feed | channel | events |"},
		{"a feed", "f.json", fleetHead + `"builds": [{"supply": [{"type": "process_creation", "feed": "sys^mon"}]}]}`, "feed of type process\\_creation"},
		{"an input", "f.json", fleetHead + `"builds": [{"supply": [{"type": "process_creation", "inputs": [{"name": "Ima^ge"}]}]}]}`, "| hosts | build | feed | state |"},
		{"JSON of another program", "f.json", `{"builds": [{"ho^sts": 1}]}`, ""},
		{"an event of Sysmon", "s.xml", "<Sysmon><EventFiltering><Process^Create onmatch=\"include\"/>", "event 1 of Sysmon, since Sysmon 5.0 or before"},
		{"the hosts of an event", "s.xml", "<Sysmon><EventFiltering><Process^Create onmatch=\"include\"/>", "| type of rules | feed | hosts that record the type |"},
		{"an event at its end", "s.xml", "<Sysmon><EventFiltering><DnsQuery onmatch=\"include\"></Dns^Query>", "event 22 of Sysmon, since Sysmon 10.0"},
		{"an element of three events", "s.xml", "<Sysmon><EventFiltering><Registry^Event onmatch=\"include\"/>", "events 12, 13 and 14 of Sysmon"},
		{"a field of Sysmon", "s.xml", "<Sysmon><EventFiltering><ProcessCreate onmatch=\"include\"><Parent^User condition=\"is\"/>", "since Sysmon 13.30"},
		{"who supplies a field of Sysmon", "s.xml", "<Sysmon><EventFiltering><ProcessCreate onmatch=\"include\"><Parent^User condition=\"is\"/>", "| hosts | build | feed | state |"},
		{"a condition of Sysmon", "s.xml", "<Sysmon><EventFiltering><ProcessCreate onmatch=\"include\"><Image name=\"a\" condition='contains a^ny'>a;b</Image>", "contains an item of the list"},
		{"onmatch", "s.xml", "<Sysmon><EventFiltering><ProcessCreate onmatch=\"exc^lude\"/>", "drop the events"},
		{"an option of Sysmon", "s.xml", "<Sysmon><HashAlg^orithms>*</HashAlgorithms>", "option with a value"},
		{"a value of Sysmon", "s.xml", "<Sysmon><EventFiltering><ProcessCreate onmatch=\"include\"><Image condition=\"is\">Ima^ge</Image>", ""},
		{"a comment", "s.xml", "<Sysmon><EventFiltering><!-- <Process^Create/> -->", ""},
	} {
		uri := lspclient.URI(filepath.Join(root, s.name))
		before, after, _ := strings.Cut(s.text, "^")
		c.Open(uri, before+after)
		if i == 0 {
			expect(t, c, uri, s.reason, "1:0-7 set; 1:2-7 found # fault")
		}
		line := strings.Count(before, "\n")
		at := map[string]any{"textDocument": map[string]any{"uri": uri}, "position": map[string]int{"line": line, "character": len(before) - strings.LastIndex(before, "\n") - 1}}
		var h *struct{ Contents struct{ Value string } }
		if err := c.Call("textDocument/hover", at, &h); err != nil {
			t.Errorf("%s: %v", s.reason, err)
			continue
		}
		if s.want == "" && h != nil || s.want != "" && (h == nil || !strings.Contains(h.Contents.Value, s.want)) {
			t.Errorf("%s: %+v (want %q)", s.reason, h, s.want)
		}
	}
}

// TestActions applies the corrections of two faults.
func TestActions(t *testing.T) {
	c, root := begin(t, &wordGate{}, nil)
	const text = "title: \U0001F600\nid: 7d4b3f4e-0d0c-4a0e-9d2d-1f6f1a2b3c4d\nstatus: Experimental\nlogsource: {product: windows, category: pipe_created}\ndetection:\n  s:\n    PipeNam: x\n  condition: s\n"
	uri := lspclient.URI(filepath.Join(root, "a.yml"))
	c.Open(uri, text)
	if err := c.Wait(20*time.Second, func(v *lspclient.View) bool { _, ok := v.Published[uri]; return ok }); err != nil {
		t.Fatal(err)
	}
	type action struct {
		Title, Kind string
		Edit        struct{ Changes map[string][]json.RawMessage }
	}
	// A finding of another server, whose code is a number.
	foreign := map[string]any{"range": map[string]any{}, "message": "a", "code": 514}
	ask := func(line int, only ...string) (text string) {
		t.Helper()
		var list []action
		if err := c.Call("textDocument/codeAction", map[string]any{
			"textDocument": map[string]any{"uri": uri}, "context": map[string]any{"diagnostics": []any{foreign}, "only": only},
			"range": map[string]any{"start": map[string]int{"line": line, "character": 0}, "end": map[string]int{"line": line, "character": 99}},
		}, &list); err != nil {
			t.Fatal(err)
		}
		for _, a := range list {
			text += fmt.Sprintf("%s %s;", a.Kind, a.Title)
			for _, e := range a.Edit.Changes[uri] {
				text += string(e)
			}
		}
		return text
	}
	const status = `{"range":{"start":{"line":2,"character":8},"end":{"line":2,"character":20}},"newText":"experimental"}`
	for _, s := range []struct {
		reason string
		line   int
		only   []string
		want   []string
	}{
		{"a status", 2, nil, []string{"quickfix", status}},
		{"a field", 6, []string{"quickfix"}, []string{`"line":6,"character":4}`, "PipeName"}},
		{"all safe ones", 0, []string{"source.fixAll"}, []string{fixAllKind, status}},
	} {
		got := ask(s.line, s.only...)
		for _, want := range s.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %s (want %s)", s.reason, got, want)
			}
		}
	}
	if got := ask(0) + ask(2, "refactor"); got != "" {
		t.Errorf("a line without a fault, and another kind of action: %s", got)
	}
}

const fixAllKind = "source.fixAll.cfcheck"

// FuzzDocuments asks for everything at each place of any text, in each language.
func FuzzDocuments(f *testing.F) {
	f.Add("title: a\ndetection:\n  s: {A|re: [b]}\n", 2, 6, byte(0))
	f.Add("<Sysmon><RuleGroup name=\"", 0, 20, byte(1))
	f.Add("ceilings:\n - bytes", 1, 4, byte(2))
	f.Add("{\"builds\": [{\"build\": \"", 0, 9, byte(3))
	f.Add(fleetHead+`"builds": [{"supply": [{"type": "process_creation", "inputs": [{"name": "Im`, 0, 112, byte(3))
	f.Add(fleetHead+`"builds": [{"reader": {"access": `, 0, 75, byte(3))
	f.Add("<Sysmon><ProcessCreate onmatch=\"include\"><Image condition=\"is", 0, 60, byte(1))
	names := []string{"a.yml", "a.xml", ".cfcheck.yaml", "a.json", ".cfcheck-a.yml"}
	root := os.TempDir()
	var c *lspclient.Client
	f.Cleanup(func() {
		if c != nil {
			c.Vanish()
		}
	})
	f.Fuzz(func(t *testing.T, text string, line, character int, kind byte) {
		if c == nil {
			c = lspclient.Start(func(in io.Reader, out io.Writer) error { return lsp.Serve(in, out, &wordGate{}, lsp.Options{}) })
			if err := c.Initialize(root, nil); err != nil {
				t.Fatal(err)
			}
		}
		if len(text) > 1<<16 || strings.Contains(text, "panic") {
			return
		}
		uri := lspclient.URI(filepath.Join(root, names[int(kind)%len(names)]))
		c.Open(uri, text)
		at := map[string]any{"textDocument": map[string]any{"uri": uri}, "position": map[string]int{"line": line, "character": character},
			"range": map[string]any{"start": map[string]int{"line": 0, "character": 0}, "end": map[string]int{"line": line, "character": character}}}
		for _, method := range []string{"completion", "hover", "documentSymbol", "codeAction"} {
			if err := c.Call("textDocument/"+method, at, nil); err != nil {
				t.Errorf("%s: %v", method, err)
			}
		}
	})
}
