// Package playground judges rules and files for the page in docs/playground. It opens no file and
// no connection, so that it can run in a browser.
package playground

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/view"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/sigma/subjects"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/sysmon/registry"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// A Question is content to judge.
type Question struct {
	Name string // of the file, or of the rules
	Data []byte
	// SHA256 is the digest of Data in hexadecimal. "" means that it is to be computed.
	SHA256 string
	Fleet  string // name of a built-in fleet; "" means FleetJSON
	// FleetJSON is a fleet as a JSON document. It is used if Fleet is "". If both are empty,
	// nothing is accepted.
	FleetJSON []byte
	// Behaviour runs the content in the interpreter, the checks of family CF5. Without them
	// nothing is accepted.
	Behaviour bool
	Now       time.Time
	// Progress is called before each step: the step in a few words, the number of steps that are
	// done, and the number of all steps. Nil means that nobody watches.
	Progress func(step string, done, all int)
}

// An Answer has a document for each file to show. Rules become a file for each template type. A
// configuration of Sysmon has a second file: the blob that the newest version makes of it.
type Answer struct {
	Documents []*view.Document
	Data      [][]byte // the bytes of each file
	Problems  []string // rules that could not be compiled, one line each
}

// Fleets returns the names of the built-in fleets.
func Fleets() []string { return builtin.Fleets() }

// behaviour is the digit of the family CF5.
const behaviour = 5

// Judge answers a question. An error says why nothing can be shown, in words for the person who
// asked.
func Judge(q Question) (a *Answer, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			a, err = nil, fmt.Errorf("internal error: %v; please report it with the content", fault)
		}
	}()
	if len(q.Data) > view.MaxSize {
		return nil, fmt.Errorf("the content has %d bytes (want at most %d)", len(q.Data), view.MaxSize)
	}
	defs := builtin.Definitions()
	options := validate.Options{Checks: suite.Checks, Definitions: defs, Now: q.Now, AllowEmpty: true, Budget: &validate.Budget{}}
	if !q.Behaviour {
		options.Checks = slices.DeleteFunc(slices.Clone(suite.Checks), func(c *validate.Check) bool { return c.Family() == behaviour })
	}
	if options.Fleet, err = q.fleet(); err != nil {
		return nil, err
	}
	if options.Fleet != nil {
		options.Cohorts = options.Fleet.Cohorts()
		if err := options.Cohorts.Undefined(defs); err != nil {
			return nil, err
		}
	}
	q.step("reading", 0, 1)
	list, problems, err := q.subjects(defs)
	if err != nil {
		return nil, err
	}
	done, all := 0, len(list)*len(options.Checks)
	options.Begin = func(c *validate.Check) {
		q.step(c.String(), done, all)
		done++
	}
	a = &Answer{Problems: problems}
	for i, s := range list {
		name := s.Name
		if s.Kind == validate.KindRules {
			name = ruleFile(s.Data)
		}
		r := validate.Run(s, options)
		if !q.Behaviour {
			sayNotRun(r)
		}
		f := view.File{Name: name, Data: s.Data, Reports: []*validate.Report{r}}
		if len(s.Data) == len(q.Data) && len(s.Data) > 0 && &s.Data[0] == &q.Data[0] {
			f.SHA256 = q.SHA256
		}
		done = (i + 1) * len(options.Checks) // also those that did not run
		q.step("drawing "+name, done, all)
		a.Documents, a.Data = append(a.Documents, view.DocumentOf(f, defs)), append(a.Data, s.Data)
	}
	return a, nil
}

// step reports progress.
func (q *Question) step(text string, done, all int) {
	if q.Progress != nil {
		q.Progress(report.Clean(text), done, all)
	}
}

// sayNotRun says in the words of the page why a report without the checks CF5 accepts nothing.
func sayNotRun(r *validate.Report) {
	for i, why := range r.Undecided {
		if strings.HasPrefix(why, "the list of checks lacks ") {
			r.Undecided[i] = "the content was not run in the interpreter (CF5)"
		}
	}
}

// fleet returns the fleet of the question, nil without one.
func (q *Question) fleet() (*sensor.Fleet, error) {
	switch {
	case q.Fleet != "":
		f, ok := builtin.Fleet(q.Fleet)
		if !ok {
			return nil, fmt.Errorf("unknown fleet %q (want one of %s)", q.Fleet, strings.Join(builtin.Fleets(), ", "))
		}
		return f, nil
	case len(q.FleetJSON) > 0:
		return sensor.ReadFleet("the fleet", q.FleetJSON)
	}
	return nil, nil
}

// subjects returns the content as subjects, and the rules that could not be compiled.
func (q *Question) subjects(defs *sensor.Definitions) ([]*validate.Subject, []string, error) {
	ext := strings.ToLower(path.Ext(q.Name))
	switch {
	case channelfile.HasMagic(q.Data) || ext == ".cf":
		return []*validate.Subject{validate.ChannelFile(q.Name, q.Data)}, nil, nil
	case registry.IsExport(q.Data):
		value, err := registry.Rules(q.Data)
		if err != nil {
			return nil, nil, err
		}
		return []*validate.Subject{validate.SysmonBlob(q.Name, value.Data)}, nil, nil
	case config.IsXML(q.Data):
		list, problems := q.configuration()
		return list, problems, nil
	case ext == ".bin" || bytes.IndexByte(q.Data, 0) >= 0:
		return []*validate.Subject{validate.SysmonBlob(q.Name, q.Data)}, nil, nil
	}
	return q.rules(defs)
}

// configuration returns a configuration of Sysmon and its blob. Without a blob, the problem is the
// reason.
func (q *Question) configuration() (list []*validate.Subject, problems []string) {
	name := q.Name
	if path.Ext(name) == "" || strings.EqualFold(path.Ext(name), ".yml") {
		name = "config.xml" // pasted
	}
	list = []*validate.Subject{validate.SysmonSource(name, q.Data)}
	b := sysmon.Newest()
	lost := func(why string) ([]*validate.Subject, []string) {
		return list, []string{report.Clean(fmt.Sprintf("Sysmon %s makes no blob: %s", b.Name, why))}
	}
	cfg, err := config.Parse(q.Data)
	if err != nil {
		return lost(err.Error())
	}
	l := cfg.Load(b)
	if l.Refused != nil {
		return lost("it does not load the configuration")
	}
	data, err := l.Blob()
	switch {
	case err != nil:
		return lost(err.Error())
	case len(data) == 0:
		return lost("the configuration has no rules")
	}
	return append(list, validate.SysmonBlob("blob of Sysmon "+b.Name+".bin", data)), nil
}

// rules compiles rules.
func (q *Question) rules(defs *sensor.Definitions) ([]*validate.Subject, []string, error) {
	name := q.Name
	if name == "" {
		name = "rule.yml"
	}
	if len(bytes.TrimSpace(q.Data)) == 0 {
		return nil, nil, errors.New("there is nothing to judge: paste a Sigma rule, or drop a file")
	}
	rules, err := sigma.Parse(name, q.Data)
	var faults []*sigma.Error
	var problems []string
	for _, e := range sigma.Errors(err) {
		problems = append(problems, report.Clean(e.Error()))
		if fault, ok := errors.AsType[*sigma.Error](e); ok {
			faults = append(faults, fault)
		}
	}
	if len(rules) == 0 {
		return nil, nil, errors.New(strings.Join(problems, "\n"))
	}
	compiled, err := subjects.Compile(name, rules, defs, subjects.Options{
		Build: sigma.Options{IDs: sigma.IDsOfNames}, Faults: faults, Incomplete: len(faults) > 0,
	})
	if err != nil {
		return nil, nil, err
	}
	for _, u := range compiled.Unjudged {
		problems = append(problems, report.Clean(u.Err.Error()))
	}
	var list []*validate.Subject
	for _, s := range compiled.Subjects {
		if len(s.Data) > 0 {
			list = append(list, s)
		}
		for _, f := range s.Source {
			if len(s.Data) == 0 {
				problems = append(problems, report.Clean(fmt.Sprintf("%s:%d:%d: %s", f.Where.Source.Path, f.Where.Source.Line, f.Where.Source.Column, f.Message)))
			}
		}
	}
	if len(list) == 0 {
		return nil, nil, errors.New(strings.Join(append(problems, "no rule is left to judge"), "\n"))
	}
	return list, problems, nil
}

// ruleFile returns the name of the channel file that rules become.
func ruleFile(data []byte) string {
	f, err := channelfile.Parse(data)
	if err != nil {
		return "rules.cf"
	}
	return channelfile.FileName(f.Header)
}
