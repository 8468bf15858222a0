package main

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/fuzz/internal/oracle"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/internal/progress"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// reportSchema is the name of the form of the JSON report.
const reportSchema = "cfcheck.campaign/v0"

// A report has the figures of a campaign.
type report struct {
	Schema     string  `json:"schema"`
	Date       string  `json:"date"` // end of the campaign, as 2026-11-23
	Seed       uint64  `json:"seed"`
	Cores      int     `json:"cores"`
	SmallScope bool    `json:"smallScope"`
	Go         string  `json:"go"`
	System     string  `json:"system"`
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpuSeconds"` // of the process; 0 means unknown
	CoreHours  float64 `json:"coreHours"`

	Decisions        uint64  `json:"decisions"`
	PerSecond        float64 `json:"decisionsPerSecond"`
	PerSecondCore    float64 `json:"decisionsPerSecondAndCore"`
	PerCPUSecond     float64 `json:"decisionsPerCPUSecond"`
	Accepted         uint64  `json:"accepted"`
	Rejected         uint64  `json:"rejected"`
	Undecided        uint64  `json:"undecided"`
	AcceptanceRate   float64 `json:"acceptanceRate"`
	Files            uint64  `json:"files"`
	ReadableFiles    uint64  `json:"readableFiles"`
	MeanFileSize     float64 `json:"meanFileSize"` // bytes
	Batches          uint64  `json:"batches"`
	Events           uint64  `json:"events"`
	SensorRuns       uint64  `json:"sensorRuns"`
	InstancesMatched uint64  `json:"instancesMatched"`
	FactsChecked     uint64  `json:"factsChecked"`       // documents of claims checked
	Judged           uint64  `json:"judged"`             // decisions compared with the judge
	Charge           float64 `json:"chargePerOperation"` // steps; median of the costliest events

	Releases uint64         `json:"releases"` // content with the content that shipped before it
	Answers  []answerReport `json:"answers"`  // of the gate about releases

	Sysmon *sysmonReport `json:"sysmon,omitempty"`

	Escapes         int     `json:"escapes"`
	Disagreements   int     `json:"disagreements"`
	FalseRejections int     `json:"falseRejections"`
	MustAccept      uint64  `json:"mustAccept"`   // decisions that must accept
	Bound           float64 `json:"bound95"`      // rate of escapes; 0 means one was found
	TypeBound       float64 `json:"bound95Types"` // the same, by types, which are independent

	Kinds        []kindReport   `json:"kinds"`
	Checks       []checkReport  `json:"checks"`
	NeverHit     []string       `json:"checksNeverHit"`
	Witnesses    *witnessReport `json:"witnesses,omitempty"`
	Digests      []string       `json:"digests"` // of the verdicts of each core
	Shortcomings []string       `json:"shortcomings"`
	Problem      *problemReport `json:"problem,omitempty"`
}

type kindReport struct {
	Kind      string `json:"kind"`
	Decisions uint64 `json:"decisions"`
	Accepted  uint64 `json:"accepted"`
}

// An answerReport counts the answers to a question. Open are those which the reference could
// not compare: the gate claims nothing, and the small scope has no event that shows why.
type answerReport struct {
	Question string `json:"question"`
	Compared uint64 `json:"compared"`
	Open     uint64 `json:"open"`
}

// A sysmonReport counts the work on configurations of Sysmon.
type sysmonReport struct {
	Configurations uint64 `json:"configurations"`
	Accepted       uint64 `json:"accepted"`
	Changes        uint64 `json:"changes"`   // of their blobs
	Decisions      uint64 `json:"decisions"` // about events, compared with the model
	Unknown        uint64 `json:"unknown"`   // that the gate leaves open
	Claims         uint64 `json:"claims"`    // of findings, each with an event
}

type checkReport struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Hits uint64 `json:"hits"`
}

type witnessReport struct {
	Witnessed   uint64 `json:"witnessed"`
	Reasoned    uint64 `json:"reasoned"`
	Unexplained uint64 `json:"unexplained"`

	Reasons []reasonReport `json:"reasons"` // reasons of findings without a witness
}

type reasonReport struct {
	Check       string `json:"check"`
	Reason      string `json:"reason"`
	Unexplained bool   `json:"unexplained"`
	Findings    uint64 `json:"findings"`
}

type problemReport struct {
	Kind     string `json:"kind"`
	What     string `json:"what"`
	Build    string `json:"build,omitempty"`
	Folder   string `json:"folder"`
	Core     int    `json:"core"`
	Decision uint64 `json:"decision"`
}

// The share of accepted decisions in a useful stream. A stream cannot show an escape if the
// gate accepts nothing.
const (
	leastAccepted = 0.20
	mostAccepted  = 0.60
	enough        = 10_000 // minimum number of decisions for the share to be checked
)

// newReport returns the sum of the figures of all workers. Clean says that they found no
// problem.
func newReport(cfg config, workers []*worker, took time.Duration, clean bool) *report {
	s := total(workers)
	c := &s.counts
	cpu := progress.CPUSeconds()
	seconds := took.Seconds()
	r := &report{
		Schema: reportSchema, Date: time.Now().UTC().Format(time.DateOnly), Seed: cfg.seed, Cores: cfg.cores, SmallScope: cfg.smallScope,
		Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Seconds: seconds, CPUSeconds: cpu, CoreHours: seconds * float64(cfg.cores) / 3600,
		Decisions: c.Decisions, PerSecond: float64(c.Decisions) / seconds, PerSecondCore: float64(c.Decisions) / seconds / float64(cfg.cores),
		Accepted: c.Verdicts[validate.Accepted], Rejected: c.Verdicts[validate.Rejected], Undecided: c.Verdicts[validate.Undecided],
		AcceptanceRate: c.Accepted(), Files: c.Files, ReadableFiles: c.Readable, MeanFileSize: float64(s.bytes) / float64(max(c.Files, 1)),
		Batches: s.batches, Events: c.Events, SensorRuns: c.SensorRuns, InstancesMatched: c.Matches, Charge: c.Charge(), FactsChecked: c.Facts, Judged: c.Judged,
		Bound: 3 / float64(max(c.Decisions, 1)), TypeBound: 3 / float64(max(s.batches/generate.TypeBatches, 1)),
		MustAccept: s.safe, NeverHit: []string{}, Shortcomings: []string{},
	}
	if cpu > 0 {
		r.PerCPUSecond = float64(c.Decisions) / cpu
	}
	for k, n := range s.kinds {
		if n.Decisions > 0 {
			r.Kinds = append(r.Kinds, kindReport{generate.Kind(k).String(), n.Decisions, n.Accepted})
		}
	}
	r.Releases, r.Answers = s.releases, []answerReport{}
	if f := &s.foreign; f.Configurations > 0 {
		r.Sysmon = &sysmonReport{f.Configurations, f.Accepted, f.Changes, f.Decisions, f.Unknown, 0}
		for _, n := range f.Claims {
			r.Sysmon.Claims += n
		}
	}
	for q, n := range s.asked {
		if n > 0 {
			r.Answers = append(r.Answers, answerReport{oracle.Question(q).String(), n - s.open[q], s.open[q]})
		}
	}
	for _, check := range suite.Checks {
		if n := c.Hits[check]; n > 0 {
			r.Checks = append(r.Checks, checkReport{check.ID, check.Name, n})
		} else if !cfg.smallScope {
			r.NeverHit = append(r.NeverHit, check.ID+" "+check.Name)
		}
	}
	if f := c.Findings; f[oracle.Witnessed]+f[oracle.Reasoned]+f[oracle.Unexplained] > 0 {
		r.Witnesses = &witnessReport{f[oracle.Witnessed], f[oracle.Reasoned], f[oracle.Unexplained], []reasonReport{}}
		for reason, n := range c.Reasons {
			r.Witnesses.Reasons = append(r.Witnesses.Reasons, reasonReport{reason.Check.String(), reason.Why, reason.Explanation == oracle.Unexplained, n})
		}
		slices.SortFunc(r.Witnesses.Reasons, func(a, b reasonReport) int {
			return cmp.Or(strings.Compare(a.Check, b.Check), strings.Compare(a.Reason, b.Reason))
		})
	}
	if n := c.Findings[oracle.Unexplained]; n > 0 {
		r.Shortcomings = append(r.Shortcomings, fmt.Sprintf("%s findings have neither a witness nor a listed reason", numeral.Thousands(n)))
	}
	if clean && !cfg.smallScope && c.Decisions < cfg.decisions {
		r.Shortcomings = append(r.Shortcomings, fmt.Sprintf("the time was up after %s of %s decisions; raise -time", numeral.Thousands(c.Decisions), numeral.Thousands(cfg.decisions)))
	}
	for i, w := range workers {
		if clean && cfg.smallScope && !w.ended {
			r.Shortcomings = append(r.Shortcomings, fmt.Sprintf("part %d of %d of the small scope was not finished; raise -time", i+1, len(workers)))
		}
		r.Digests = append(r.Digests, hex.EncodeToString(w.digest.Sum(nil)[:8]))
	}
	if y := r.Sysmon; y != nil && y.Configurations >= 100 && y.Accepted*4 < y.Configurations {
		r.Shortcomings = append(r.Shortcomings, fmt.Sprintf("%d of %d configurations of Sysmon are accepted (want a quarter): they test too little", y.Accepted, y.Configurations))
	}
	if rate := r.AcceptanceRate; !cfg.smallScope && c.Decisions >= enough && (rate < leastAccepted || rate > mostAccepted) {
		r.Shortcomings = append(r.Shortcomings, fmt.Sprintf("%.1f %% of the decisions accept (want %.0f to %.0f %%): the stream tests too little", 100*rate, 100*leastAccepted, 100*mostAccepted))
	}
	return r
}

// compared returns the number of answers about releases that were compared with the reference.
func (r *report) compared() (n uint64) {
	for _, a := range r.Answers {
		n += a.Compared
	}
	return n
}

// found adds the problem that ended the campaign.
func (r *report) found(p *oracle.Problem) {
	switch p.Kind {
	case oracle.Escape:
		r.Escapes, r.Bound, r.TypeBound = 1, 0, 0
	case oracle.Disagreement:
		r.Disagreements = 1
	case oracle.FalseRejection:
		r.FalseRejections = 1
	}
}

// bound returns the rate of escapes that n draws without an escape support, at 95 %.
func bound(n uint64) string { return strconv.FormatFloat(3/float64(max(n, 1)), 'g', 2, 64) }

// text writes the report for people.
func (r *report) text(w io.Writer) error {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-18s %s\n", name, fmt.Sprintf(format, args...))
	}
	if r.SmallScope {
		line("small scope", "all of its files, on %d cores", r.Cores)
	} else {
		line("seed", "%d, on %d cores", r.Seed, r.Cores)
	}
	line("time", "%.1f s, %.3f core-hours", r.Seconds, r.CoreHours)
	line("decisions", "%s: %s per second and core, mean file size %.0f bytes", numeral.Thousands(r.Decisions), numeral.Thousands(uint64(r.PerSecondCore)), r.MeanFileSize)
	if r.CPUSeconds > 0 {
		line("", "%s per second of processor time; %.1f s used", numeral.Thousands(uint64(r.PerCPUSecond)), r.CPUSeconds)
	}
	line("verdicts", "%.1f %% accepted, %s rejected, %s undecided", 100*r.AcceptanceRate, numeral.Thousands(r.Rejected), numeral.Thousands(r.Undecided))
	line("files", "%s, %s of them readable; both readers agree on each", numeral.Thousands(r.Files), numeral.Thousands(r.ReadableFiles))
	line("sensor runs", "%s, on %s events, in which %s instances matched", numeral.Thousands(r.SensorRuns), numeral.Thousands(r.Events), numeral.Thousands(r.InstancesMatched))
	line("charge", "%.2f steps per counted operation, in the median of the costliest events", r.Charge)
	line("reference judge", "%s decisions compared", numeral.Thousands(r.Judged))
	line("facts", "%s documents of claims checked", numeral.Thousands(r.FactsChecked))
	if r.Releases > 0 {
		line("releases", "%s, %s answers compared with the reference", numeral.Thousands(r.Releases), numeral.Thousands(r.compared()))
	}
	if y := r.Sysmon; y != nil {
		line("Sysmon", "%s configurations, %s accepted; %s changes of blobs, %s decisions and %s claims compared with the model", numeral.Thousands(y.Configurations),
			numeral.Thousands(y.Accepted), numeral.Thousands(y.Changes), numeral.Thousands(y.Decisions), numeral.Thousands(y.Claims))
	}
	line("escapes", "%d", r.Escapes)
	line("disagreements", "%d", r.Disagreements)
	line("false rejections", "%d of %s decisions that must accept", r.FalseRejections, numeral.Thousands(r.MustAccept))
	switch {
	case r.SmallScope:
		line("bound", "none: this is the whole scope, not a sample")
	case r.Escapes == 0:
		line("bound", "below %s of such decisions escape, at 95 %%; %s of such types", bound(r.Decisions), bound(r.Batches/generate.TypeBatches))
	}
	if r.Witnesses != nil {
		line("findings", "%s with a replayed witness, %s with a listed reason, %s with neither", numeral.Thousands(r.Witnesses.Witnessed), numeral.Thousands(r.Witnesses.Reasoned), numeral.Thousands(r.Witnesses.Unexplained))
	}
	if len(r.Answers) > 0 {
		fmt.Fprintf(&b, "\n%-28s %14s %14s\n", "answers about releases", "compared", "open")
		for _, a := range r.Answers {
			fmt.Fprintf(&b, "%-28s %14s %14s\n", a.Question, numeral.Thousands(a.Compared), numeral.Thousands(a.Open))
		}
	}
	b.WriteByte('\n')
	fmt.Fprintf(&b, "%-28s %14s %14s\n", "files that are", "decisions", "accepted")
	for _, k := range r.Kinds {
		fmt.Fprintf(&b, "%-28s %14s %13.1f%%\n", k.Kind, numeral.Thousands(k.Decisions), 100*float64(k.Accepted)/float64(k.Decisions))
	}
	b.WriteByte('\n')
	fmt.Fprintf(&b, "%-28s %14s\n", "check", "hits")
	for _, c := range r.Checks {
		fmt.Fprintf(&b, "%-28s %14s\n", c.ID+" "+c.Name, numeral.Thousands(c.Hits))
	}
	if len(r.NeverHit) > 0 {
		fmt.Fprintf(&b, "never hit: %s\n", strings.Join(r.NeverHit, ", "))
	}
	if r.Witnesses != nil && len(r.Witnesses.Reasons) > 0 {
		fmt.Fprintf(&b, "\n%-28s %14s  no witness, for\n", "check", "findings")
		for _, reason := range r.Witnesses.Reasons {
			fmt.Fprintf(&b, "%-28s %14s  %s\n", reason.Check, numeral.Thousands(reason.Findings), reason.Reason)
		}
	}
	for _, s := range r.Shortcomings {
		fmt.Fprintf(&b, "\nFAILED: %s\n", s)
	}
	if p := r.Problem; p != nil {
		fmt.Fprintf(&b, "\nFAILED: %s", p.Kind)
		if p.Build != "" {
			fmt.Fprintf(&b, " on build %s", p.Build)
		}
		fmt.Fprintf(&b, ": %s\nthe minimised case is in %s; judge it again with go run ./fuzz/campaign -replay %s\n", p.What, p.Folder, p.Folder)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// write writes the report as JSON.
func (r *report) write(name string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(data, '\n'), 0o644)
}
