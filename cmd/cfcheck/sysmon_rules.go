package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/coverage"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/sysmon/logging"
	"github.com/cfcheck/cfcheck/sysmon/supply"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// A following holds the rules that must still fire with a candidate of a configuration of Sysmon.
type following struct {
	rules []string // paths of --rules

	built *sigma.Result
	fed   int // configurations that were compared
}

// readFollowed compiles the rules of --rules. Each file that cannot be read or compiled is a
// problem of the run.
func (k *checking) readFollowed(run *report.Run) error {
	if len(k.following.rules) == 0 {
		return nil
	}
	if k.release == nil {
		return errors.New("--rules: there is no configuration to compare with; name the one that shipped with --previous")
	}
	defer limitMemory()()
	set, err := loadRules(k.following.rules, k.exclude, k.compileBudget)
	if err != nil {
		return fmt.Errorf("--rules: %w", err)
	}
	run.Sources = append(run.Sources, ruleSources(set.files)...)
	for _, fault := range set.faults {
		run.Problems = append(run.Problems, fmt.Sprintf("--rules: %v", fault))
	}
	k.following.built, err = sigma.Build(set.rules, k.options.Definitions, sigma.Options{
		AllowUnsupported: k.allowUnsupported, Placeholders: k.placeholders, Budget: k.compileBudget, IDs: sigma.IDsOfNames,
	})
	if err != nil {
		run.Problems = append(run.Problems, fmt.Sprintf("--rules: %v", err))
	}
	return nil
}

// sayNotFollowed adds a problem if no configuration was compared for the rules.
func (k *checking) sayNotFollowed(run *report.Run) {
	if k.following.built != nil && k.following.fed == 0 {
		run.Problems = append(run.Problems, "--rules: no file of Sysmon was compared with a previous one")
	}
}

// lost returns the rules that could fire with the previous configuration, and cannot with the
// subject.
func (k *checking) lost(s *validate.Subject) ([]validate.Finding, error) {
	if k.following.built == nil {
		return nil, nil
	}
	old, err := k.release.findSysmon(s)
	if err != nil || old == nil {
		return nil, err
	}
	before, after := deployedBy(old), deployedBy(s)
	if before == nil || after == nil {
		return nil, nil // CF8101 rejects the new one; the old one never loaded
	}
	if before.blob != nil || after.blob != nil {
		before.bare, after.bare = true, true
	}
	k.following.fed++
	var findings []validate.Finding
	versions := k.versionsOfFleets()
	for i := range k.following.built.Outputs {
		out := &k.following.built.Outputs[i]
		f, err := channelfile.Parse(out.Data)
		if err != nil {
			return nil, err
		}
		j := coverage.NewJudge(f, out.Definition)
		byRule := map[string]int{} // findings of a rule by their message
		for _, v := range versions {
			old, err := before.on(v.sysmon)
			if err != nil {
				continue
			}
			next, err := after.on(v.sysmon)
			if err != nil {
				continue // a version that refuses the file is an error, such as CF8201
			}
			a, b := k.hosts(j, v.sysmon, before, old), k.hosts(j, v.sysmon, after, next)
			for n := range f.Instances() {
				message, details := lostBy(j, a, b, n)
				if message == "" {
					continue
				}
				if w := lostEvent(j, b, n, v.sysmon, old, next); w != "" {
					details = append(details, w)
				}
				instance := f.Instance(n)
				origin := f.ShortOrigin(n, 1000)
				key := fmt.Sprintf("%d %s %q", n, message, details)
				at, ok := byRule[key]
				if !ok {
					where := validate.Position{Path: origin.Path, Line: origin.Line}
					if name, place, ok := k.following.built.Locate(instance.ID, origin.Line, ""); ok {
						where = validate.Position{Path: name, Line: place.Line, Column: place.Column}
					}
					at = len(findings)
					byRule[key] = at
					findings = append(findings, validate.Finding{
						Check: suite.ByID("CF8401"),
						Where: validate.Location{Source: where},
						Instance: &validate.Instance{
							Index: -1, ID: instance.ID, Rule: origin.Rule, Title: origin.Title, Author: origin.Author,
						},
						Message: fmt.Sprintf("rule %q %s", origin.Title, message), Details: details,
						Fix:      "remove the exclude, or add an include; remove the rule if its events are not wanted any more",
						Identity: validate.Identity{Rule: instance.ID.String(), Path: out.Definition.Name},
					})
				}
				findings[at].Builds = append(findings[at].Builds, v.builds...)
			}
		}
	}
	for i := range findings {
		f := &findings[i]
		hosts, names := uint64(0), []string{}
		for _, b := range f.Builds {
			hosts += b.Hosts
			names = append(names, b.Name)
		}
		f.Details = append(f.Details, fmt.Sprintf("hosts: %s (%s)", numeral.Thousands(hosts), strings.Join(names[:min(len(names), 5)], ", ")))
	}
	return findings, nil
}

// lostBy returns the loss of a rule, or "".
func lostBy(j *coverage.Judge, before, after *coverage.Hosts, instance int) (message string, details []string) {
	a, b := j.Result(before, instance), j.Result(after, instance)
	switch {
	case a.Verdict == coverage.NotAddressed || a.Verdict.Blind():
		return "", nil
	case b.Verdict.Blind():
		message = "can no longer fire"
	case b.States[coverage.Dead] > a.States[coverage.Dead]:
		message = fmt.Sprintf("loses alternatives: %d of them can no longer fire", b.States[coverage.Dead]-a.States[coverage.Dead])
	default:
		return "", nil
	}
	const most = 3
	seen := map[string]bool{}
	for i := range b.Dead {
		for c := range b.Dead[i].Causes {
			if text := j.Describe(after, &b.Dead[i].Causes[c]); !seen[text] && len(details) < most {
				seen[text] = true
				details = append(details, text)
			}
		}
	}
	if len(details) == 0 {
		for _, s := range after.Supplies {
			text := "the hosts record no event of the type"
			if basis := s.Collected.Basis; basis.Reason != "" {
				text = basis.Reason
				if basis.Place.Line > 0 {
					text += fmt.Sprintf(" (%s:%d)", after.Contract.Sources[0].Path, basis.Place.Line)
				}
			}
			details = append(details, text)
		}
	}
	return message, details
}

// lostEvent returns a witness of the loss of a rule: an event with the texts of an alternative,
// which was logged, and is dropped. The other fields are empty. It returns "" if it finds no such
// event.
func lostEvent(j *coverage.Judge, after *coverage.Hosts, instance int, b *sysmon.Build, old, next *supply.Sysmon) string {
	dead := j.Result(after, instance).Dead
	for i := range dead {
		for c := range dead[i].Causes {
			cause := &dead[i].Causes[c]
			texts := j.Example(after, &dead[i], cause.Supply)
			for _, id := range cause.Events {
				e := b.Manifest().Event(id)
				if texts == nil || e == nil {
					continue
				}
				event := logging.Event{ID: id, Values: map[string]string{}}
				var shown []string
				for _, field := range e.Fields {
					event.Values[field] = texts[field]
					if texts[field] != "" {
						shown = append(shown, fmt.Sprintf("%s \"%s\"", field, texts[field]))
					}
				}
				if len(shown) > 0 && old.Logged(&event).Answer == logging.Logged && next.Logged(&event).Answer == logging.Dropped {
					return fmt.Sprintf("witness: event %d (%s) with %s alone was logged, and is dropped", id, e.Tag, strings.Join(shown, ", "))
				}
			}
		}
	}
	return ""
}

// A runningVersion is a version of Sysmon, with the builds whose hosts run it.
type runningVersion struct {
	sysmon *sysmon.Build
	builds []validate.Build
}

// versionsOfFleets returns the versions of Sysmon in all fleets.
func (k *checking) versionsOfFleets() (list []runningVersion) {
	at := map[string]int{}
	for _, fleet := range k.fleets {
		for i := range fleet.Contracts {
			c := &fleet.Contracts[i]
			name, ok := c.Sensor(sensor.Sysmon)
			if !ok {
				continue
			}
			b, err := sysmon.BuildNamed(name)
			if err != nil {
				continue // the verdict is undecided
			}
			n, ok := at[b.Name]
			if !ok {
				n = len(list)
				at[b.Name] = n
				list = append(list, runningVersion{sysmon: b})
			}
			list[n].builds = append(list[n].builds, validate.Build{Name: c.Build, Hosts: c.Hosts})
		}
	}
	return list
}

// A deployed file of Sysmon is one that hosts can have: a configuration or a blob.
type deployed struct {
	subject *validate.Subject
	config  *config.Config
	blob    *blob.Blob
	bare    bool // without the options of the configuration, because a blob has no options
}

// deployedBy returns a file as hosts can have it, or nil if no host can read it.
func deployedBy(s *validate.Subject) *deployed {
	d := &deployed{subject: s}
	var err error
	switch s.Kind {
	case validate.KindSysmonSource:
		d.config, err = config.Parse(s.Data)
	case validate.KindSysmonBlob:
		d.blob, err = blob.Parse(s.Data)
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	return d
}

// on returns Sysmon as it runs with the file on hosts of a version. It fails if the version refuses
// the file.
func (d *deployed) on(b *sysmon.Build) (*supply.Sysmon, error) {
	if d.blob != nil {
		return supply.Compiled(d.blob, b, sourceSysmon)
	}
	l := d.config.Load(b)
	if d.bare && l.Rules != nil {
		l.Rules.Options = sysmon.Options{}
	}
	return supply.Configured(d.config, l, sourceSysmon)
}

// hosts returns the hosts of a version with a file.
func (k *checking) hosts(j *coverage.Judge, b *sysmon.Build, d *deployed, y *supply.Sysmon) *coverage.Hosts {
	return j.Hosts(&sensor.Contract{
		Build: b.Name, Reader: sensor.Reader{Access: sensor.AccessNamed},
		Sensors:  []sensor.SensorVersion{{Name: sensor.Sysmon, Version: b.Name}},
		Sources:  []sensor.Source{{Name: sourceSysmon, Path: d.subject.Name, Sensor: sensor.Sysmon, Version: b.Name}},
		Supplies: y.Supplies(k.options.Definitions),
	})
}
