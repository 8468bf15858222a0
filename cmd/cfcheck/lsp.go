package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/lsp"
	"github.com/cfcheck/cfcheck/policy"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

func (c *command) lsp() *cobra.Command {
	k := &checking{command: c}
	cmd := &cobra.Command{
		Use:   "lsp [flags]",
		Short: "tell an editor the findings while you type",
		Long: `lsp is a server of the Language Server Protocol on the standard input and output.
An editor starts it, see docs/editors.md. It finds the policy and the fleet as
check does when you call it in a folder of the workspace. It judges a file after
each key, and all rules of its folder soon after.

The findings are those of check, except for recorded events: lsp runs no rule on
them. It judges no channel files.`,
		Example: `  cfcheck lsp --fleet reference`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			gate := &editorGate{given: givenFlags(cmd.Flags())}
			return lsp.Serve(c.stdin, c.stdout, gate, lsp.Options{Version: gateVersion()})
		},
	}
	k.addEditing(cmd)
	cmd.Flags().Bool("stdio", false, "accepted because some editors pass it: the server always uses the standard input and output")
	return cmd
}

// addEditing adds the flags for the data to judge content by in an editor.
func (k *checking) addEditing(cmd *cobra.Command) {
	k.judging.add(cmd)
	k.governing.add(cmd)
	k.expanding.add(cmd)
	cmd.Flags().BoolVar(&k.allowUnsupported, "allow-unsupported", false, allowUnsupportedUsage)
	cmd.Flags().Uint64Var(&k.maxSteps, "max-steps", validate.DefaultMaxSteps, "limit the work of each judgement to `N` steps")
	k.failOn = failOn[0]
	k.reporting.add(&cobra.Command{}) // the defaults of flags that lsp does not have
}

// givenFlags returns the arguments that set the flags as they are set.
func givenFlags(flags *pflag.FlagSet) (args []string) {
	flags.Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, v := range values {
			args = append(args, "--"+f.Name+"="+v)
		}
	})
	return args
}

// An editorGate judges for an editor.
type editorGate struct {
	given  []string                // flags of the command line
	caches map[string]*sigma.Cache // of the rules, for all sessions of a folder, by its name
}

// maxEditorFindings is the number of findings of a check that an editor gets.
const maxEditorFindings = 10_000

// Open implements [lsp.Gate]. It changes the working folder of the process, so that names of files
// mean the same as for check.
func (g *editorGate) Open(root string, s lsp.Settings) (lsp.Session, []lsp.Finding, error) {
	if err := os.Chdir(root); err != nil {
		return nil, nil, err
	}
	quiet := &command{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}
	k := &checking{command: quiet}
	cmd := &cobra.Command{Use: "lsp"}
	k.addEditing(cmd)
	cmd.Flags().Bool("stdio", false, "")
	args := slices.Clone(g.given)
	override := func(flag string, values ...string) {
		args = slices.DeleteFunc(args, func(a string) bool { return strings.HasPrefix(a, "--"+flag+"=") })
		for _, v := range values {
			args = append(args, "--"+flag+"="+v)
		}
	}
	for flag, values := range map[string][]string{"fleet": s.Fleets, "types": s.Types, "exclude": s.Exclude} {
		if len(values) > 0 {
			override(flag, values...)
		}
	}
	if s.Policy != "" {
		override("policy", s.Policy)
	}
	if s.NoPolicy {
		override("policy")
		override("no-policy", "true")
	}
	if s.Placeholders != "" {
		override("placeholders", s.Placeholders)
	}
	if err := cmd.ParseFlags(args); err != nil {
		return nil, nil, err
	}
	faults, err := k.openEditor(cmd)
	if g.caches == nil {
		g.caches = map[string]*sigma.Cache{}
	}
	if g.caches[root] == nil {
		g.caches[root] = &sigma.Cache{}
	}
	e := &editorSession{root: root, base: k, cache: g.caches[root]}
	faults = e.absolute(lsp.Judgement{Findings: faults}).Findings
	if err != nil {
		return nil, faults, err
	}
	paths := s.Paths
	if len(paths) == 0 {
		paths = []string{"."}
	}
	e.paths = paths
	return e, faults, nil
}

// openEditor reads the policy, the fleets and the types. Their faults are findings.
func (k *checking) openEditor(cmd *cobra.Command) ([]lsp.Finding, error) {
	var said strings.Builder
	k.command.stderr = &said
	err := k.follow(cmd)
	var faults []lsp.Finding
	if name := cmp.Or(k.governing.file, k.governing.found); name != "" && err != nil {
		if data, failed := readDocument(name); failed == nil {
			faults = policyFindings(name, data)
		}
	}
	if err == nil {
		// Recorded events can take minutes.
		k.neverMatch, k.knownGood, k.knownBad, k.knownGoodMatches, k.knownGoodNew = nil, nil, nil, 0, 0
		k.maxFindings, k.all = maxEditorFindings, true
		if err = k.limit(); err == nil {
			err = k.prepare()
		}
		if e, ok := errors.AsType[*sensor.JSONError](err); ok { // of a fleet or of definitions
			faults = append(faults, jsonFinding(e.Name, e))
		}
	}
	if _, status := errors.AsType[exitError](err); status {
		err = errors.New(strings.TrimSpace(said.String())) // the messages were printed
	}
	k.command.stderr = io.Discard
	return faults, err
}

// An editorSession judges for an editor. Each judgement has a copy of base.
type editorSession struct {
	root  string
	paths []string
	base  *checking
	cache *sigma.Cache
}

// begin returns a checking for one judgement. It ends early if ctx ends.
func (e *editorSession) begin(ctx context.Context, texts map[string][]byte) (k *checking, end func()) {
	again := *e.base
	k = &again
	k.ruleFiles = &editorFiles{e.root, texts}
	k.compileBudget, _ = k.expanding.budget() // openEditor had no error
	k.options.Budget = &validate.Budget{MaxSteps: k.maxSteps}
	k.explaining = nil
	k.waiving, k.missing, k.counted = waiving{}, maps.Clone(k.missing), nil
	for i := range k.waivers {
		k.waiving.add(validate.WaiverUse{Waiver: &k.waivers[i]})
	}
	if k.now == "" {
		k.options.Now = time.Now()
	}
	budget := k.options.Budget
	stop := context.AfterFunc(ctx, func() { budget.Spend(math.MaxUint64) })
	return k, func() { stop() }
}

// File implements [lsp.Session].
func (e *editorSession) File(ctx context.Context, name string, text []byte) (j lsp.Judgement) {
	short := e.short(name)
	if isPolicy(filepath.Base(name)) {
		j.Findings = policyFindings(short, text)
		return e.absolute(j)
	}
	k, end := e.begin(ctx, map[string][]byte{name: text})
	defer end()
	switch {
	case isRules(name):
		results := k.judgeRules([]string{filepath.ToSlash(short)})
		j = judgementOf(results)
	case isSysmonSource(name):
		if hasSysmonRoot(text) {
			j = judgementOf(k.judgeSysmonText(short, text))
		}
	case isFleet(name, text):
		j.Findings = fleetFindings(short, text, k.options.Definitions)
	}
	return e.absolute(j)
}

// judgeSysmonText judges the text of a configuration of Sysmon.
func (k *checking) judgeSysmonText(name string, text []byte) []report.Result {
	s, err := subjectOfSysmon(name, text)
	if err != nil {
		return notJudged(name, fmt.Errorf("%s: %w", name, err))
	}
	return k.judge(s, digestOf(text))
}

// Set implements [lsp.Session]. Like Open it changes the working folder, which another folder of
// the workspace can have changed. File does not depend on it.
func (e *editorSession) Set(ctx context.Context, texts map[string][]byte) lsp.Judgement {
	if err := os.Chdir(e.root); err != nil {
		return lsp.Judgement{General: []string{report.Clean(err.Error())}}
	}
	k, end := e.begin(ctx, texts)
	defer end()
	k.ruleCache = e.cache
	run := &report.Run{}
	defer run.Close()
	var results []report.Result
	for _, name := range e.paths {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			results = append(results, report.NotJudged(name, unread(name, err)))
		case info.IsDir():
			results = append(results, k.listFolder(ctx, run, name)...)
		case isSysmonSource(name):
			results = append(results, k.judgeSysmonOf(name)...)
		case isRules(name):
			k.roots = append(k.roots, name)
		}
	}
	if ctx.Err() == nil {
		results = append(results, k.judgeRules(k.roots)...)
	}
	if ctx.Err() != nil {
		return lsp.Judgement{}
	}
	judged := len(results) > 0
	if judged && len(k.waiving.order) > 0 {
		results = append(results, k.waiverResult())
	}
	k.sayMissing(run)
	j := judgementOf(results)
	j.General = append(run.Problems, j.General...)
	return e.absolute(j)
}

// listFolder judges the configurations of Sysmon in a folder, and records the folder if it has
// rules.
func (k *checking) listFolder(ctx context.Context, run *report.Run, root string) (results []report.Result) {
	in := readFolder(root, k.exclude)
	run.Problems = append(run.Problems, in.problems...)
	for name := range in.sysmon.all() {
		if ctx.Err() != nil {
			return nil
		}
		if isSysmonSource(name) {
			results = append(results, k.judgeSysmonOf(name)...)
		}
	}
	if in.rules {
		k.roots = append(k.roots, root)
	}
	k.rulesOfFolders = k.rulesOfFolders || in.rules || in.excludes()
	return results
}

// judgeSysmonOf judges a configuration of Sysmon as an editor holds it.
func (k *checking) judgeSysmonOf(name string) []report.Result {
	text, ok := k.ruleFiles.(*editorFiles).text(name)
	if !ok {
		var err error
		if text, err = readSysmonFile(name); err != nil {
			return notJudged(name, err)
		}
	}
	return k.judgeSysmonText(name, text)
}

// Contains implements [lsp.Session].
func (e *editorSession) Contains(name string) bool {
	for _, p := range e.paths {
		below, err := filepath.Rel(e.inRoot(p), name)
		if err != nil || below == ".." || strings.HasPrefix(below, ".."+string(filepath.Separator)) {
			continue
		}
		elements := strings.Split(filepath.ToSlash(below), "/")
		hidden := below != "." && slices.ContainsFunc(elements, func(s string) bool { return strings.HasPrefix(s, ".") })
		exclude, err := newExclusion(e.base.excludes)
		excluded := err == nil && below != "." && slices.ContainsFunc(elements, func(string) bool {
			matched := exclude.match(strings.Join(elements, "/"))
			elements = elements[:len(elements)-1]
			return matched
		})
		if !hidden && !excluded {
			return true
		}
	}
	return false
}

// Definitions implements [lsp.Session].
func (e *editorSession) Definitions() *sensor.Definitions { return e.base.options.Definitions }

// Checks implements [lsp.Session].
func (e *editorSession) Checks() []*validate.Check { return e.base.options.Checks }

// Placeholders implements [lsp.Session].
func (e *editorSession) Placeholders() sigma.Placeholders { return e.base.placeholders }

// Fleets implements [lsp.Session].
func (e *editorSession) Fleets() (fleets []*sensor.Fleet) {
	for _, f := range e.base.fleets {
		fleets = append(fleets, f.Fleet)
	}
	return fleets
}

// inRoot returns the absolute name of a file that is named relative to the root.
func (e *editorSession) inRoot(name string) string {
	if name = filepath.FromSlash(name); filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(e.root, name)
}

// short returns a name as check shows it: relative to the root if the file is below it.
func (e *editorSession) short(name string) string {
	if below, err := filepath.Rel(e.root, name); err == nil && filepath.IsLocal(below) {
		return below
	}
	return name
}

// absolute makes the names in findings absolute.
func (e *editorSession) absolute(j lsp.Judgement) lsp.Judgement {
	for i := range j.Findings {
		j.Findings[i].Path = e.inRoot(j.Findings[i].Path)
	}
	return j
}

// judgementOf returns the findings of results, each once for all fleets.
func judgementOf(results []report.Result) (j lsp.Judgement) {
	type key struct {
		path, check, message string
		line, column         int
	}
	seen := map[key]bool{}
	add := func(f lsp.Finding) {
		k := key{f.Path, "", f.Message, f.Line, f.Column}
		if f.Check != nil {
			k.check = f.Check.ID
		}
		if !seen[k] {
			seen[k] = true
			j.Findings = append(j.Findings, f)
		}
	}
	general := func(format string, args ...any) {
		if text := report.Clean(fmt.Sprintf(format, args...)); !slices.Contains(j.General, text) {
			j.General = append(j.General, text)
		}
	}
	for i := range results {
		r := &results[i]
		rep := r.Report()
		if rep == nil {
			message := strings.TrimPrefix(fmt.Sprint(cmp.Or(r.Err(), errors.New("not judged"))), r.Name+": ")
			at := r.At()
			if at.Line == 0 && (isRules(r.Name) || isSysmon(r.Name)) {
				at.Path, at.Line = r.Name, 1
			}
			if at.Line == 0 {
				general("%s: %s", r.Name, message)
				continue
			}
			add(lsp.Finding{Path: at.Path, Line: at.Line, Column: at.Column, Text: at.Text, Message: report.Clean(message), Key: message})
			continue
		}
		if !r.Unread() {
			for _, why := range rep.Undecided {
				general("%s: %s", r.Name, why)
			}
		}
		held := map[*validate.Check]int{}
		for i := range rep.Findings {
			f := &rep.Findings[i]
			held[f.Check]++
			at := f.Where.Source
			if at.Path == "" {
				general("%s: %s [%s]", r.Name, f.Message, f.Check.ID)
				continue
			}
			var details []string
			for _, d := range f.Details {
				details = append(details, report.Clean(d))
			}
			add(lsp.Finding{
				Path: at.Path, Line: at.Line, Column: at.Column, Text: at.Text, Severity: f.Severity(), Check: f.Check,
				Message: report.Clean(f.Message), Details: details, Fix: report.Clean(f.Fix),
				Key: f.Identity.Fingerprint() + f.Message,
			})
		}
		for _, t := range rep.Totals {
			if more := t.Found - held[t.Check]; more > 0 {
				general("%s: %s not shown", t.Check.ID, count(uint64(more), "further finding"))
			}
		}
	}
	return j
}

// policyFindings returns the faults of a policy, or of a file of waivers.
func policyFindings(name string, data []byte) (findings []lsp.Finding) {
	var err error
	if filepath.Base(name) == policy.FileName {
		_, err = policy.Read(name, data, suite.Checks)
	} else if strings.HasPrefix(filepath.Base(name), ".cfcheck-") {
		_, err = policy.ReadWaivers(name, data, suite.Checks)
	}
	list, _ := errors.AsType[policy.Errors](err)
	for _, e := range list {
		message := e.Found
		if e.Key != "" {
			message = e.Key + ": " + message
		}
		findings = append(findings, lsp.Finding{Path: name, Line: max(e.Line, 1), Column: e.Column, Message: report.Clean(message), Fix: report.Clean(e.Want), Suggestion: strictjson.Suggested(e.Want), Key: message})
	}
	return findings
}

// isFleet reports whether a text is a fleet by its name and its schema, which is at its start.
func isFleet(name string, text []byte) bool {
	return strings.EqualFold(filepath.Ext(name), ".json") && strings.Contains(string(text[:min(len(text), 4096)]), `"cfcheck.fleet/`)
}

// fleetFindings returns the first fault of a fleet.
func fleetFindings(name string, text []byte, defs *sensor.Definitions) []lsp.Finding {
	fleet, err := sensor.ReadFleet(name, text)
	if err == nil {
		err = fleet.Undefined(defs)
	}
	if err == nil {
		return nil
	}
	return []lsp.Finding{jsonFinding(name, err)}
}

// jsonFinding returns the fault of a document of JSON as a finding.
func jsonFinding(name string, err error) lsp.Finding {
	f := lsp.Finding{Path: name, Line: 1, Message: report.Clean(err.Error()), Suggestion: strictjson.Suggested(err.Error()), Key: err.Error()}
	if e, ok := errors.AsType[*sensor.JSONError](err); ok {
		f.Line, f.Column, f.Message = max(e.Line, 1), e.Column, report.Clean(e.Err.Error())
		if e.Path != "" {
			f.Message = report.Clean(e.Path + ": " + e.Err.Error())
		}
		f.Key = f.Message
	}
	return f
}

// editorFiles are the files of the operating system, with the texts that an editor holds in place
// of their bytes.
type editorFiles struct {
	root  string
	texts map[string][]byte // by absolute name
}

// path returns the absolute name of a file that is named relative to the root.
func (e *editorFiles) path(name string) string {
	if name = filepath.FromSlash(name); !filepath.IsAbs(name) {
		name = filepath.Join(e.root, name)
	}
	return filepath.Clean(name)
}

// text returns the text that the editor holds of a file.
func (e *editorFiles) text(name string) ([]byte, bool) {
	text, ok := e.texts[e.path(name)]
	return text, ok
}

func (e *editorFiles) Open(name string) (fs.File, error) {
	if text, ok := e.text(name); ok {
		return &heldFile{strings.NewReader(string(text)), name}, nil
	}
	f, err := os.Open(e.path(name))
	if err != nil {
		return nil, named(err, name)
	}
	return f, nil
}

func (e *editorFiles) Stat(name string) (fs.FileInfo, error) {
	info, err := os.Stat(e.path(name))
	if text, ok := e.text(name); ok && errors.Is(err, fs.ErrNotExist) {
		return (&heldFile{strings.NewReader(string(text)), name}).Stat() // a new file
	}
	return info, named(err, name)
}

func (e *editorFiles) Lstat(name string) (fs.FileInfo, error) {
	info, err := os.Lstat(e.path(name))
	return info, named(err, name)
}

func (e *editorFiles) ReadLink(name string) (string, error) {
	to, err := os.Readlink(e.path(name))
	return to, named(err, name)
}

func (e *editorFiles) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(e.path(name))
	return entries, named(err, name)
}

// named makes an error about a file name it as the command does, not by its absolute name.
func named(err error, name string) error {
	if fault, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: fault.Op, Path: filepath.FromSlash(name), Err: fault.Err}
	}
	return err
}

// A heldFile is a text that an editor holds, as a regular file.
type heldFile struct {
	*strings.Reader
	name string
}

func (f *heldFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *heldFile) Close() error               { return nil }
func (f *heldFile) Name() string               { return filepath.Base(f.name) }
func (f *heldFile) Mode() fs.FileMode          { return 0o444 }
func (f *heldFile) ModTime() time.Time         { return time.Time{} }
func (f *heldFile) IsDir() bool                { return false }
func (f *heldFile) Sys() any                   { return nil }
