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

// nextFile returns a copy of a document to judge, or nil. Documents wait for the first session.
func (s *server) nextFile() (Session, *held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session == nil {
		return nil, nil
	}
	for uri := range s.dirty {
		delete(s.dirty, uri)
		if d := s.docs[uri]; d != nil {
			return s.session, &held{document: &document{text: d.text, version: d.version}, uri: uri, name: d.name, tooLarge: d.tooLarge}
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
	if s.session != nil && d.name != "" && s.wanted(d.name, d.text) {
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

// judgeSets judges the set when the keys pause, until ctx ends. A change cancels the judgement.
func (s *server) judgeSets(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.far:
		}
		s.mu.Lock()
		ready, first, pause := s.root != "", s.session == nil, time.Until(s.changed.Add(s.opts.Pause))
		s.mu.Unlock()
		if !ready {
			continue
		}
		if first {
			pause = 0 // nothing is shown before the first session
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		s.mu.Lock()
		rest := time.Until(s.changed.Add(s.opts.Pause))
		s.mu.Unlock()
		if !first && rest > 0 {
			wake(s.far)
			continue
		}
		s.guard("the set", func() { s.judgeSet(ctx) })
	}
}

// judgeSet opens a session and judges the set with it. If a document changes meanwhile, the
// judgement has no effect, and judgeSets judges again.
func (s *server) judgeSet(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	root, settings, change := s.root, s.settings, s.changes
	s.mu.Unlock()

	session, faults, err := s.gate.Open(root, settings)
	var know *knowledge
	if session != nil {
		know = newKnowledge(session)
	}
	s.mu.Lock()
	var general []string
	if err != nil {
		general = append(general, "cfcheck cannot judge this folder: "+err.Error())
		session = s.session // the last one that could be opened
	} else {
		s.session, s.knowledge = session, know
	}
	texts := map[string][]byte{}
	var open []*held
	for _, d := range s.docs {
		if d.name == "" || d.tooLarge {
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
	s.mu.Unlock()
	wake(s.near)
	if session == nil {
		s.say(general)
		s.mu.Lock()
		s.showSet(faults)
		s.mu.Unlock()
		return
	}
	go s.watch(ctx, cancel, change)
	j := session.Set(ctx, texts)
	if ctx.Err() != nil {
		return
	}
	set := map[string][]Finding{}
	for _, f := range append(faults, j.Findings...) {
		set[f.Path] = append(set[f.Path], f)
	}
	for _, d := range open { // compare the two judgements of the same text
		d.alone = session.File(ctx, d.name, []byte(d.text)).Findings
		d.alone = slices.DeleteFunc(d.alone, func(f Finding) bool { return f.Path != d.name })
		d.only, d.wrong = compare(set[d.name], d.alone)
	}
	s.mu.Lock()
	if ctx.Err() == nil && s.changes == change {
		for _, d := range open {
			if now := s.docs[d.uri]; now != nil && now.version == d.version && now.text == d.text {
				now.alone, now.aloneVersion, now.judged, now.aloneBy = d.alone, d.version, true, session
				now.only, now.wrong, now.compared = d.only, d.wrong, true
				delete(s.dirty, d.uri)
			}
		}
		s.set = set
		var all []Finding
		for _, list := range set {
			all = append(all, list...)
		}
		s.showSet(all)
	}
	s.mu.Unlock()
	s.say(append(general, j.General...))
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

// showSet publishes the findings of all files. The caller holds mu.
func (s *server) showSet(findings []Finding) {
	byName := map[string][]Finding{}
	for _, f := range findings {
		byName[f.Path] = append(byName[f.Path], f)
	}
	shown := map[string]bool{}
	for _, d := range s.docs {
		shown[d.uri] = true
		if d.name != "" {
			list := byName[d.name]
			delete(byName, d.name)
			if s.session == nil || !d.compared && len(list) > 0 && strings.HasPrefix(filepath.Base(d.name), ".cfcheck") {
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
	if f.Text != "" && strings.HasPrefix(rest, f.Text) {
		part = f.Text
	}
	out.Range = Range{start, Position{start.Line, start.Character + e.units(part)}}
	return out
}

// say shows the messages about the set in the log of the client, if they changed.
func (s *server) say(messages []string) {
	const most = 50
	if n := len(messages); n > most {
		messages = append(slices.Clone(messages[:most]), fmt.Sprintf("and %d more", n-most))
	}
	text := strings.Join(messages, "\n")
	s.mu.Lock()
	same := text == s.said
	s.said = text
	s.mu.Unlock()
	if !same && text != "" {
		s.log(text)
	}
}
