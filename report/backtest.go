package report

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/validate"
)

// BacktestSchema is the name and version of the schema of a JSON backtest, which is
// schema/backtest.json.
const BacktestSchema = "cfcheck.backtest/v0"

// A Backtest compares the verdicts of this gate on releases that shipped with the verdicts that
// their stored reports have. The zero Backtest has no releases.
type Backtest struct {
	Gate Gate

	releases   []backtestRelease
	rejections []flip
	accepted   []flip
}

// A backtestRelease is a release of a Backtest.
type backtestRelease struct {
	name     string
	gate     string // version that wrote the stored report; "" means that there is no report
	subjects int    // number of compared subjects
	problems []string
}

// A flip is a subject with another verdict than before.
type flip struct {
	release, subject string
	before, now      string
	checks           []flipCheck // that rejected before, or reject now
}

// A flipCheck is a check that rejected a subject, with the message of its first finding.
type flipCheck struct{ id, name, message string }

// A Stored is a report that an earlier run wrote as JSON.
type Stored struct {
	gate     string
	subjects map[string]*tried
}

// A tried is the verdict on a subject for all fleets of a run: the worst one, without the fleets
// of which no build reads it.
type tried struct {
	name    string
	verdict string // unread if no build of any fleet reads the subject
	checks  map[string]flipCheck
	reasons []string // why it is undecided
}

// unread is the verdict of a tried subject that no build reads.
const unread = "unread"

// worst lists verdicts, the worst last.
var worst = []string{unread, validate.Accepted.String(), validate.Rejected.String(), validate.Undecided.String()}

// tryOf returns the entry of a subject, which it creates if necessary.
func tryOf(all map[string]*tried, key, name string) *tried {
	t := all[key]
	if t == nil {
		t = &tried{name: name, verdict: unread, checks: map[string]flipCheck{}}
		all[key] = t
	}
	return t
}

// take adds the verdict for a fleet.
func (t *tried) take(verdict string) {
	if slices.Index(worst, verdict) > slices.Index(worst, t.verdict) {
		t.verdict = verdict
	}
}

// reject adds a check that rejected, unless it is there.
func (t *tried) reject(c flipCheck) {
	if _, ok := t.checks[c.id]; !ok {
		t.checks[c.id] = c
	}
}

// keyOf returns the key by which a subject of a stored report is found again: the bytes of a
// channel file, or else the channel that rules were compiled to, or else the last part of the name.
func keyOf(kind, name, digest string, f *File) string {
	// The digest of rules depends on their paths.
	switch {
	case digest != "" && kind != validate.KindRules.String():
		return digest
	case f != nil:
		return fmt.Sprintf("channel %d, type %d version %d", f.Channel, f.Type, f.TypeVersion)
	}
	return path.Base(strings.ReplaceAll(name, `\`, "/"))
}

// ReadStored reads a report that [JSON] wrote. It refuses a report of another schema, without
// results, or with text after its end.
func ReadStored(r io.Reader) (*Stored, error) {
	var doc struct {
		Schema  string
		Gate    struct{ Version string }
		Results []struct {
			Kind     string
			Name     string
			Verdict  string
			Unread   bool
			Digest   string `json:"sha256"`
			File     *File
			Findings []struct {
				Check, Name, Severity, Message string
			}
		}
	}
	d := json.NewDecoder(r)
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("not a report of cfcheck check --format json: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is text after the report; keep one report in a file")
	}
	if doc.Schema != Schema {
		return nil, fmt.Errorf("the schema is %q (want %q)", doc.Schema, Schema)
	}
	if len(doc.Results) == 0 {
		return nil, errors.New("the report has no results")
	}
	s := &Stored{doc.Gate.Version, map[string]*tried{}}
	for i := range doc.Results {
		r := &doc.Results[i]
		t := tryOf(s.subjects, keyOf(r.Kind, r.Name, r.Digest, r.File), r.Name)
		if r.Unread {
			continue
		}
		if !slices.Contains(worst[1:], r.Verdict) {
			return nil, fmt.Errorf("results[%d]: unknown verdict %q", i, r.Verdict)
		}
		t.take(r.Verdict)
		if r.Verdict != validate.Rejected.String() {
			continue
		}
		// Without an error the subject was rejected for its warnings.
		severity := validate.Warning.String()
		if slices.ContainsFunc(r.Findings, func(f struct{ Check, Name, Severity, Message string }) bool {
			return f.Severity == validate.Error.String()
		}) {
			severity = validate.Error.String()
		}
		for _, f := range r.Findings {
			if f.Severity == severity {
				t.reject(flipCheck{f.Check, f.Name, f.Message})
			}
		}
	}
	return s, nil
}

// Add compares the verdicts of a run on a release with those of its stored report. If stored is
// nil, why is the reason, and the verdicts cannot be compared.
func (b *Backtest) Add(name string, run *Run, stored *Stored, why error) {
	b.releases = append(b.releases, backtestRelease{name: name})
	r := &b.releases[len(b.releases)-1]
	r.problems = append(r.problems, run.Reasons()...)
	if stored == nil {
		r.problems = append(r.problems, why.Error())
		return
	}
	r.gate = stored.gate
	now, err := triedNow(run)
	if err != nil {
		r.problems = append(r.problems, err.Error())
		return
	}
	for _, key := range slices.Sorted(maps.Keys(stored.subjects)) {
		if now[key] == nil {
			r.problems = append(r.problems, fmt.Sprintf("%s is in the stored report, but not in the release", stored.subjects[key].name))
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(now), func(x, y string) int { return cmp.Or(cmp.Compare(now[x].name, now[y].name), cmp.Compare(x, y)) }) {
		b.compare(r, stored.subjects[key], now[key])
	}
}

// triedNow returns the verdicts of a run by subject.
func triedNow(run *Run) (map[string]*tried, error) {
	all := map[string]*tried{}
	for result, err := range run.All() {
		if err != nil {
			return nil, err
		}
		kind := ""
		if result.report != nil {
			kind = result.report.Subject.Kind.String()
		}
		t := tryOf(all, keyOf(kind, result.Name, result.digest, result.file), result.Name)
		if result.Unread() {
			continue
		}
		t.take(result.Verdict().String())
		rep := result.report
		if rep == nil {
			t.reasons = append(t.reasons, result.err.Error())
			continue
		}
		t.reasons = append(t.reasons, rep.Undecided...)
		for _, s := range rep.Skipped {
			t.reasons = append(t.reasons, fmt.Sprintf("%v was skipped: %s", s.Check, s.Why))
		}
		for i := range rep.Findings {
			f := &rep.Findings[i]
			if s := f.Severity(); s == validate.Error || s == validate.Warning && rep.FailOnWarnings && rep.Errors() == 0 {
				t.reject(flipCheck{f.Check.ID, f.Check.Name, f.Message})
			}
		}
	}
	return all, nil
}

// compare compares the verdicts on a subject.
func (b *Backtest) compare(r *backtestRelease, before, now *tried) {
	if before == nil {
		r.problems = append(r.problems, now.name+" is in the release, but not in the stored report")
		return
	}
	r.subjects++
	f := flip{r.name, now.name, before.verdict, now.verdict, nil}
	switch {
	case now.verdict == validate.Undecided.String():
		r.problems = append(r.problems, fmt.Sprintf("%s is undecided, it was %s: %s", now.name, before.verdict, cmp.Or(strings.Join(now.reasons, "; "), "no reason is known")))
	case now.verdict == before.verdict:
	case now.verdict == unread:
		r.problems = append(r.problems, fmt.Sprintf("%s is not read by any build of the fleet, it was %s", now.name, before.verdict))
	case now.verdict == validate.Rejected.String():
		f.checks = checksOf(now)
		b.rejections = append(b.rejections, f)
	default:
		f.checks = checksOf(before)
		b.accepted = append(b.accepted, f)
	}
}

// noCheck stands for the checks of a subject that was undecided or unread.
var noCheck = flipCheck{name: "no check rejected it"}

// checksOf returns the checks that rejected a subject, sorted by ID.
func checksOf(t *tried) []flipCheck {
	if len(t.checks) == 0 {
		return []flipCheck{noCheck}
	}
	return slices.SortedFunc(maps.Values(t.checks), func(a, b flipCheck) int { return cmp.Compare(a.id, b.id) })
}

// Flips returns the number of subjects that are rejected now and were not before, and the number
// of those that are accepted now and were not before.
func (b *Backtest) Flips() (rejections, acceptances int) { return len(b.rejections), len(b.accepted) }

// Problems returns the number of reasons why a verdict could not be compared.
func (b *Backtest) Problems() (n int) {
	for i := range b.releases {
		n += len(b.releases[i].problems)
	}
	if b.Gate.SelfTest != "" || len(b.releases) == 0 {
		n++
	}
	return n
}

// ExitStatus returns 0 if each verdict is as before, 1 if a verdict is another one, and 2 if a
// verdict could not be compared.
func (b *Backtest) ExitStatus() int {
	switch {
	case b.Problems() > 0:
		return 2
	case len(b.rejections)+len(b.accepted) > 0:
		return 1
	}
	return 0
}

// byCheck groups flips by check, sorted by ID.
func byCheck(flips []flip) (ids []flipCheck, of map[string][]flip) {
	of = map[string][]flip{}
	for _, f := range flips {
		for _, c := range f.checks {
			if of[c.id] == nil {
				ids = append(ids, flipCheck{id: c.id, name: c.name})
			}
			of[c.id] = append(of[c.id], f)
		}
	}
	slices.SortFunc(ids, func(a, b flipCheck) int { return cmp.Compare(a.id, b.id) })
	return ids, of
}

// message returns the message of a check, or "".
func (f *flip) message(id string) string {
	i := slices.IndexFunc(f.checks, func(c flipCheck) bool { return c.id == id })
	return f.checks[i].message
}

// backtestLines limits the subjects that Text lists for each check, and the problems of each
// release.
const backtestLines = 20

// Text writes a backtest for people: the new rejections and the new acceptances by check, the
// verdicts that could not be compared, and the totals.
func (b *Backtest) Text(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, group := range []struct {
		word  string
		flips []flip
	}{{"rejected now", b.rejections}, {"accepted now", b.accepted}} {
		ids, of := byCheck(group.flips)
		for _, c := range ids {
			fmt.Fprintf(out, "%s  %s: %s\n", group.word, strings.TrimPrefix(c.id+" "+c.name, " "), count(uint64(len(of[c.id])), "subject"))
			for i, f := range of[c.id] {
				if i == backtestLines {
					fmt.Fprintf(out, "              and %s more; --format json has them\n", numeral.Thousands(uint64(len(of[c.id])-i)))
					break
				}
				line := fmt.Sprintf("%s: %s, was %s", f.release, f.subject, f.before)
				if m := f.message(c.id); m != "" {
					line += ": " + m
				}
				fmt.Fprintf(out, "              %s\n", Clean(line))
			}
		}
	}
	if b.Gate.SelfTest != "" {
		fmt.Fprintf(out, "undecided     %s\n", Clean("the self-test of the gate failed: "+b.Gate.SelfTest))
	}
	for i := range b.releases {
		r := &b.releases[i]
		for k, p := range r.problems {
			if k == backtestLines {
				fmt.Fprintf(out, "undecided     %s: and %s more; --format json has them\n", Clean(r.name), count(uint64(len(r.problems)-k), "problem"))
				break
			}
			fmt.Fprintf(out, "undecided     %s\n", Clean(r.name+": "+p))
		}
	}
	rejections, acceptances := b.Flips()
	fmt.Fprintf(out, "%s, %s: %s, %s, %s\n", count(uint64(len(b.releases)), "release"), count(uint64(b.compared()), "subject"),
		count(uint64(rejections), "new rejection"), count(uint64(acceptances), "new acceptance"), count(uint64(b.Problems()), "problem"))
	return out.Flush()
}

// compared returns the number of subjects with two verdicts.
func (b *Backtest) compared() (n int) {
	for i := range b.releases {
		n += b.releases[i].subjects
	}
	return n
}

type (
	jsonBacktest struct {
		Schema      string                `json:"schema"`
		ExitCode    int                   `json:"exitCode"`
		Gate        jsonGate              `json:"gate"`
		Rejections  []jsonFlips           `json:"newRejections"`
		Acceptances []jsonFlips           `json:"newAcceptances"`
		Releases    []jsonBacktestRelease `json:"releases"`
	}
	jsonFlips struct {
		Check    string     `json:"check,omitempty"`
		Name     string     `json:"name,omitempty"`
		Subjects []jsonFlip `json:"subjects"`
	}
	jsonFlip struct {
		Release string `json:"release"`
		Subject string `json:"subject"`
		Before  string `json:"before"`
		Now     string `json:"now"`
		Message string `json:"message,omitempty"`
	}
	jsonBacktestRelease struct {
		Name     string   `json:"name"`
		Gate     string   `json:"gate,omitempty"`
		Subjects int      `json:"subjects"`
		Problems []string `json:"problems"`
	}
)

// JSON writes a backtest for programs, in the form of [BacktestSchema].
func (b *Backtest) JSON(w io.Writer) error {
	out := jsonBacktest{
		Schema: BacktestSchema, ExitCode: b.ExitStatus(), Gate: jsonGate{b.Gate.Version, b.Gate.Digest, cmp.Or(b.Gate.SelfTest, "passed"), b.Gate.Checks},
		Rejections: flipsJSON(b.rejections), Acceptances: flipsJSON(b.accepted), Releases: []jsonBacktestRelease{},
	}
	for i := range b.releases {
		r := &b.releases[i]
		out.Releases = append(out.Releases, jsonBacktestRelease{valid(r.name), r.gate, r.subjects, list(r.problems)})
	}
	return writeIndented(w, out)
}

func flipsJSON(flips []flip) []jsonFlips {
	out := []jsonFlips{}
	ids, of := byCheck(flips)
	for _, c := range ids {
		group := jsonFlips{Check: c.id}
		if c.id != "" {
			group.Name = c.name
		}
		for _, f := range of[c.id] {
			group.Subjects = append(group.Subjects, jsonFlip{valid(f.release), valid(f.subject), f.before, f.now, f.message(c.id)})
		}
		out = append(out, group)
	}
	return out
}
