package lsp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/validate"
)

// guard runs a judgement. A panic ends the judgement, and the client gets a message.
func (s *server) guard(what string, f func()) {
	defer func() {
		if fault := recover(); fault != nil {
			s.log(fmt.Sprintf("internal error while judging %s: %v; please report it with the file\n%s", what, fault, stack()))
		}
	}()
	f()
}

// judgeFiles judges documents that changed, each alone, until ctx ends.
func (s *server) judgeFiles(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.near:
		}
		for ctx.Err() == nil {
			session, d := s.nextFile()
			if d == nil {
				break
			}
			s.guard(d.name, func() { s.judgeFile(ctx, session, d) })
		}
	}
}

// nextFile returns a copy of a document to judge, or nil. Documents wait for the first session of
// their folder.
func (s *server) nextFile() (Session, *held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for uri := range s.dirty {
		d := s.docs[uri]
		if d == nil {
			delete(s.dirty, uri)
			continue
		}
		if f := s.folderOf(d.name); f != nil && f.session != nil {
			delete(s.dirty, uri)
			return f.session, &held{document: &document{text: d.text, version: d.version}, uri: uri, name: d.name, tooLarge: d.tooLarge}
		}
	}
	return nil, nil
}

// judgeFile judges a copy of a document alone, and publishes its findings unless it changed since.
func (s *server) judgeFile(ctx context.Context, session Session, d *held) {
	var found []Finding
	if d.name != "" && !d.tooLarge {
		found = session.File(ctx, d.name, []byte(d.text)).Findings
		found = slices.DeleteFunc(found, func(f Finding) bool { return f.Path != d.name })
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.docs[d.uri]
	if ctx.Err() != nil || now == nil || now.version != d.version || now.text != d.text {
		return
	}
	now.alone, now.aloneVersion, now.judged, now.aloneBy = found, d.version, true, session
	s.show(now)
}

// show publishes the findings of a document. The caller holds mu.
func (s *server) show(d *held) {
	var findings []Finding
	if d.tooLarge {
		findings = []Finding{{Line: 1, Severity: validate.Warning, Message: fmt.Sprintf(
			"not judged: the document has more than %d bytes (%#x), or all open documents together more than %d (%#x), or there are more than %d documents", MaxDocument, MaxDocument, MaxText, MaxText, MaxDocuments)}}
	}
	if f := s.folderOf(d.name); f != nil && f.session != nil && d.name != "" && s.wanted(d.name, d.text) {
		wrong := map[string]int{}
		for key, n := range d.wrong {
			wrong[key] = n
		}
		for _, f := range d.alone {
			if wrong[f.Key] > 0 {
				wrong[f.Key]--
				continue
			}
			findings = append(findings, f)
		}
		findings = append(findings, d.only...)
	}
	s.publish(d.uri, d, findings)
}

// wanted reports whether a file has findings. If no setting names the files to judge, a YAML file
// must look like a rule, because a folder has other files too.
func (s *server) wanted(name, text string) bool {
	ext := strings.ToLower(filepath.Ext(name))
	if ext != ".yml" && ext != ".yaml" || len(s.settings.Paths) > 0 || strings.HasPrefix(filepath.Base(name), ".cfcheck") {
		return true
	}
	return ruleKey.MatchString(text)
}

// ruleKey finds a key that documents of Sigma have and few others do.
var ruleKey = regexp.MustCompile(`(?m)^(logsource|detection|correlation|filter|falsepositives)[ \t]*:`)

// judgeSets judges the sets of folders when the keys pause, until ctx ends. A change cancels the
// judgement.
func (s *server) judgeSets(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.far:
		}
		f, pause := s.nextFolder()
		if f == nil {
			continue
		}
		if pause > 0 {
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			wake(s.far) // a key can have come, or another folder be first now
			continue
		}
		s.guard("the set", func() { s.judgeSet(ctx, f) })
		wake(s.far)
	}
}

// nextFolder returns the folder to judge next, nil without one, and the time to wait before. A
// folder without a session does not wait, because nothing is shown before. Of the others, the one
// with the last change comes first.
func (s *server) nextFolder() (next *folder, pause time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.folders {
		switch {
		case f.changed == f.judged:
		case f.session == nil && f.judged == 0:
			return f, 0
		case next == nil || f.changed > next.changed:
			next = f
		}
	}
	return next, time.Until(s.changed.Add(s.opts.Pause))
}

// judgeSet opens a session of a folder and judges the set with it. If a document changes meanwhile,
// the judgement has no effect, and judgeSets judges again.
func (s *server) judgeSet(ctx context.Context, f *folder) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	settings, change := s.settings, s.changes
	before := f.changed
	f.judged = before // also if the judgement panics
	s.mu.Unlock()

	session, faults, err := s.gate.Open(f.root, settings)
	know := newKnowledge(session)
	s.mu.Lock()
	var general []string
	if err != nil {
		general = append(general, "cfcheck cannot judge this folder: "+err.Error())
		session = f.session // the last one that could be opened
	}
	if f.session = session; err == nil || session == nil {
		f.knowledge = know
	}
	texts := map[string][]byte{}
	var open []*held
	for _, d := range s.docs {
		if d.name == "" || d.tooLarge || s.folderOf(d.name) != f {
			continue
		}
		texts[d.name] = []byte(d.text)
		if session != nil && d.aloneBy != session {
			s.dirty[d.uri] = true
		}
		if session != nil && session.Contains(d.name) {
			open = append(open, &held{document: &document{text: d.text, version: d.version}, uri: d.uri, name: d.name, alone: d.alone})
		}
	}
	if session == nil {
		f.set = faults
		s.showSets()
	}
	s.mu.Unlock()
	wake(s.near)
	if session == nil {
		s.say(f, general)
		return
	}
	go s.watch(ctx, cancel, change)
	j := session.Set(ctx, texts)
	if ctx.Err() != nil {
		s.again(f, before)
		return
	}
	set := append(faults, j.Findings...)
	byName := map[string][]Finding{}
	for _, finding := range set {
		byName[finding.Path] = append(byName[finding.Path], finding)
	}
	for _, d := range open { // compare the two judgements of the same text
		d.alone = session.File(ctx, d.name, []byte(d.text)).Findings
		d.alone = slices.DeleteFunc(d.alone, func(finding Finding) bool { return finding.Path != d.name })
		d.only, d.wrong = compare(byName[d.name], d.alone)
	}
	s.mu.Lock()
	current := ctx.Err() == nil && s.changes == change
	if current {
		for _, d := range open {
			if now := s.docs[d.uri]; now != nil && now.version == d.version && now.text == d.text {
				now.alone, now.aloneVersion, now.judged, now.aloneBy = d.alone, d.version, true, session
				now.only, now.wrong, now.compared = d.only, d.wrong, true
				delete(s.dirty, d.uri)
			}
		}
		f.set = set
		s.showSets()
	}
	s.mu.Unlock()
	if !current {
		s.again(f, before)
	}
	s.say(f, append(general, j.General...))
}

// again makes judgeSets judge a folder once more, whose judgement was cancelled.
func (s *server) again(f *folder, change uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.judged == change {
		f.judged = change - 1
	}
}

// watch cancels a judgement of the set when something changes.
func (s *server) watch(ctx context.Context, cancel func(), change uint64) {
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		s.mu.Lock()
		changed := s.changes != change
		s.mu.Unlock()
		if changed {
			cancel()
		}
	}
}

// compare returns the findings of the set that a file alone does not have, and counts the findings
// of the file alone that the set does not have.
func compare(set, alone []Finding) (only []Finding, wrong map[string]int) {
	wrong = map[string]int{}
	for _, f := range alone {
		wrong[f.Key]++
	}
	for _, f := range set {
		if wrong[f.Key] > 0 {
			wrong[f.Key]--
			continue
		}
		only = append(only, f)
	}
	return only, wrong
}

// showSets publishes the findings of all files. The caller holds mu.
func (s *server) showSets() {
	byName := map[string][]Finding{}
	for _, f := range s.folders {
		for _, finding := range f.set {
			// A file of two folders counts for the inner one. Folders can share a policy above.
			name := finding.Path
			if s.folderOf(name) == f || !f.contains(name) && !slices.ContainsFunc(byName[name], func(other Finding) bool { return other.Key == finding.Key }) {
				byName[name] = append(byName[name], finding)
			}
		}
	}
	shown := map[string]bool{}
	for _, d := range s.docs {
		shown[d.uri] = true
		if d.name != "" {
			list := byName[d.name]
			delete(byName, d.name)
			if f := s.folderOf(d.name); f == nil || f.session == nil || !d.compared && len(list) > 0 && strings.HasPrefix(filepath.Base(d.name), ".cfcheck") {
				s.publish(d.uri, d, list) // faults of the policy, before there is a session
				continue
			}
		}
		if d.judged || d.tooLarge {
			s.show(d)
		}
	}
	for name, list := range byName {
		text, err := readText(name)
		if err != nil || !s.wanted(name, text) {
			continue
		}
		uri := uriOf(name)
		shown[uri] = true
		s.publish(uri, &held{document: newDocument(text, 0)}, list)
	}
	for uri := range s.published {
		if !shown[uri] {
			s.publish(uri, nil, nil)
		}
	}
}

// readText reads a file that was judged, at most MaxDocument bytes of it.
func readText(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s cannot be read", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxDocument))
	return string(bytes.ToValidUTF8(data, []byte("\ufffd"))), err
}

// publish tells the client the findings of a document, unless it shows them already. d has the
// text; nil means that there are no findings. The caller holds mu.
func (s *server) publish(uri string, d *held, findings []Finding) {
	p := publishParams{URI: uri, Diagnostics: []diagnostic{}}
	for _, f := range findings {
		p.Diagnostics = append(p.Diagnostics, diagnosticOf(d.document, f, s.encoding))
	}
	slices.SortStableFunc(p.Diagnostics, func(a, b diagnostic) int {
		if a.Range.Start.Line != b.Range.Start.Line {
			return a.Range.Start.Line - b.Range.Start.Line
		}
		return a.Range.Start.Character - b.Range.Start.Character
	})
	text, err := json.Marshal(p.Diagnostics)
	if err != nil {
		return
	}
	old, known := s.published[uri]
	if known && old == string(text) || !known && len(p.Diagnostics) == 0 && s.docs[uri] == nil {
		return
	}
	if len(p.Diagnostics) == 0 && s.docs[uri] == nil {
		delete(s.published, uri)
	} else {
		s.published[uri] = string(text)
	}
	if now := s.docs[uri]; now != nil && now == d {
		p.Version = &d.version
	}
	s.out.Notify("textDocument/publishDiagnostics", p)
}

// diagnosticOf returns a finding for a client.
func diagnosticOf(d *document, f Finding, e encoding) diagnostic {
	out := diagnostic{Source: "cfcheck", Message: f.Message, Severity: severityError}
	switch f.Severity {
	case validate.Warning:
		out.Severity = severityWarning
	case validate.Note:
		out.Severity = severityInformation
	}
	for _, text := range f.Details {
		out.Message += "\n" + text
	}
	if f.Fix != "" {
		out.Message += "\nfix: " + f.Fix
	}
	if f.Check != nil {
		out.Code = f.Check.ID
		out.CodeDescription = &codeDescription{report.Page(f.Check)}
	} else {
		out.Code = "not-judged"
	}
	start := d.at(f.Line, f.Column, e)
	line := d.line(start.Line)
	from := e.offset(line, start.Character)
	if f.Column == 0 {
		from = len(line) - len(strings.TrimLeft(line, " \t\ufeff"))
		start.Character = e.units(line[:from])
	}
	rest := line[from:]
	part := strings.TrimRight(rest, " \t")
	switch {
	case f.Text != "" && strings.HasPrefix(rest, f.Text):
		part = f.Text
	case f.Column > 0:
		part = wordAt(part)
	}
	out.Range = Range{start, Position{start.Line, start.Character + e.units(part)}}
	return out
}

// wordAt returns the word at the start of a text: a key, a string in quotes, or a tag of XML. Other
// texts are one word.
func wordAt(text string) string {
	if size := keySize(text); size > 0 {
		return strings.TrimRight(text[:size], " ")
	}
	switch {
	case text == "":
	case text[0] == '"':
		return text[:stringEnd(text, 0)]
	case text[0] == '\'':
		if end := strings.IndexByte(text[1:], '\''); end >= 0 {
			return text[:end+2]
		}
	case text[0] == '<':
		if end := strings.IndexAny(text, " \t>"); end > 0 {
			return text[:end]
		}
	}
	return text
}

// say shows the messages about the set of a folder in the log of the client, if they changed.
func (s *server) say(f *folder, messages []string) {
	const most = 50
	if n := len(messages); n > most {
		messages = append(slices.Clone(messages[:most]), fmt.Sprintf("and %d more", n-most))
	}
	text := strings.Join(messages, "\n")
	s.mu.Lock()
	same := text == f.said
	f.said = text
	several := len(s.folders) > 1
	s.mu.Unlock()
	if !same && text != "" {
		if several {
			text = f.root + ":\n" + text
		}
		s.log(text)
	}
}
