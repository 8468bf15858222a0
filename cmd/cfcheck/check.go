package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/policy"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/cells"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/file"
	"github.com/cfcheck/cfcheck/validate/suite"
	"github.com/cfcheck/cfcheck/validate/witness"
)

// A checking is one call of cfcheck check.
type checking struct {
	*command
	judging
	governing
	expanding
	reporting
	claiming
	comparing
	following        following
	needs            []string
	as               string // a form
	allowUnsupported bool
	allowEmpty       bool
	everyBuild       bool // any build that was not judged makes the verdict undecided
	failOn           string
	neverMatch       []string // files of events
	knownGood        []string
	knownBad         []string
	knownGoodMatches uint64
	knownGoodNew     uint64
	ceilings         validate.Ceilings
	checks           []*validate.Check // nil means suite.Checks
	history          string            // folder of earlier revisions
	ledger           string            // file; "" means no record
	ledgerSource     []report.Source   // of the ledger, if there is one
	exercising
	waivers     []validate.Waiver // of the policy
	protected   []channelfile.ID  // of the policy
	maxSteps    uint64
	maxFindings int
	all         bool // --max-findings was given and also limits the rules per message

	options       validate.Options // without a fleet
	roots         []string         // files and folders of rules
	ruleFiles     fs.FS            // where the rules are; nil means the system
	ruleCache     *sigma.Cache     // nil means that each file is parsed
	fleets        []givenFleet     // empty means no fleet
	made          []givenFleet     // fleets that take the place of those that flags name
	remarks       []string
	ruleSources   []report.Source // files of rules that were read
	eventSources  []report.Source // files of recorded events
	readStdin     bool            // recorded events were read from the standard input
	placeholders  sigma.Placeholders
	unfilled      []string // placeholders without values
	compileBudget *sigma.Budget
	explaining    *validate.Budget    // budget of the witnesses; nil means no witnesses
	recordings    []*events.Recording // to be closed
	trying        [3]trying           // by flag, as in noteUntried

	excludesFrom   []policy.Text // patterns of the policy; nil means that a flag gave them
	rulesOfFolders bool          // the run looked for rules in a folder
	waiving        waiving

	several       bool            // the run has several paths
	judgedFiles   fileSet         // channel files that were judged, if several is set
	listedFiles   fileSet         // channel files that were compared with a manifest
	picture       *report.Picture // nil unless a report is drawn
	repeated      int             // channel files that were named again and judged once
	firstRepeated string
}

func (c *command) check() *cobra.Command {
	k := &checking{command: c}
	cmd := &cobra.Command{
		Use:   "check [flags] path...",
		Short: "judge channel files, Sigma rules or files of Sysmon",
		Long: `check decides whether content may ship. A path is a channel file, a file of
Sigma rules (.yml or .yaml), a file of Sysmon, or a folder of them. check
compiles rules in memory, and its findings name the lines of the rules. In a
folder with the manifest.json of build, it judges the files that the manifest
lists. A file of Sysmon is a configuration (.xml), a rule blob (.bin), or an
export of the registry with one (.reg).

Whether content is safe depends on the builds that will read it, so without a
fleet the verdict is never accepted. With several fleets, check judges every
file for each fleet, and the worst verdict wins.

With --previous, check also compares the content with the release that shipped
before, and marks the findings that stood there as old. With --new-only these do
not count. Errors of the families CF0 to CF3 are never old. A channel that one of
the releases lacks leaves the verdict undecided, unless a flag states it.

Write -- before names that come from a pattern (*) or a variable: one of them
may look like a flag.

--max-steps limits the work of a run on all files and recorded events. If the
work exceeds it, the verdict is undecided, and the message names the most
expensive rule. To run content on an event costs the steps that FORMAT.md
charges for it. Other long work is charged so that a step takes about as long. A
step takes at most 5 nanoseconds on one core for content designed to be slow,
and a tenth of that for ordinary rules. The search for witnesses has a second
limit of the same size, on which no verdict depends.`,
		Example: `  cfcheck check --fleet fleet.json out/
  cfcheck check --fleet reference rules/windows/pipe_created
  cfcheck check --fleet fleet.json --previous shipped/ out/
  cfcheck check --fleet fleet.json sysmonconfig.xml
  cfcheck check --fleet fleet.json --needs needs.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			k.all = cmd.Flags().Changed("max-findings")
			if err := k.follow(cmd); err != nil {
				return err
			}
			if err := k.comparing.check(cmd); err != nil {
				return err
			}
			return k.run(args)
		},
	}
	k.addContent(cmd)
	k.reporting.add(cmd)
	k.claiming.add(cmd)
	k.comparing.add(cmd)
	k.addFailOn(cmd)
	cmd.Flags().IntVar(&k.maxFindings, "max-findings", validate.DefaultMaxFindings,
		fmt.Sprintf("show at most `N` findings per check; if given, also show at most N rules per message (otherwise %d, or %d in JSON); all are counted", report.DefaultMaxRules, maxOfGroupJSON))
	return cmd
}

// addContent adds the flags for the content to judge and for the data to judge it by.
func (k *checking) addContent(cmd *cobra.Command) {
	k.addData(cmd)
	f := cmd.Flags()
	f.StringVar(&k.as, "as", "", "judge each named file as a file in this `format`, whatever its name: "+alternatives(forms))
	f.StringArrayVar(&k.following.rules, "rules", nil, "warn of rules at this `path` that a configuration of Sysmon lets fire no more; needs --previous")
	f.StringArrayVar(&k.needs, "needs", nil, "judge the needs in a JSON `file`, with the contract checks only")
	f.StringVar(&k.history, "history", "", historyUsage+"; CF3020 warns if a limit will soon be reached")
}

// addData adds the flags for the data to judge content by.
func (k *checking) addData(cmd *cobra.Command) {
	k.judging.add(cmd)
	k.governing.add(cmd)
	k.expanding.add(cmd)
	f := cmd.Flags()
	f.BoolVar(&k.allowUnsupported, "allow-unsupported", false, allowUnsupportedUsage)
	f.BoolVar(&k.allowEmpty, "allow-empty", false, "accept a channel file without instances")
	f.StringArrayVar(&k.neverMatch, "never-match", nil, "reject rules that match an event in this `file` of recorded events (- for the standard input)")
	f.StringArrayVar(&k.knownGood, "known-good", nil, "reject rules that match more events in this `file` of known-good events than --known-good-matches allows")
	f.StringArrayVar(&k.knownBad, "known-bad", nil, "warn of rules that matched an event in this `file` of known-bad events in the previous release, if no rule matches it now")
	f.Uint64Var(&k.knownGoodMatches, "known-good-matches", 0, "let each rule match at most `N` of the known-good events (default 0)")
	f.Uint64Var(&k.knownGoodNew, "known-good-new", 0, "let each rule match at most `N` of the known-good events that it did not match in the previous release (default 0)")
	f.StringVar(&k.ledger, "ledger", "", "reject content that uses a build in a way that this `file` does not record, see ledger init")
	k.exercising.add(cmd)
	f.Uint64Var(&k.maxSteps, "max-steps", validate.DefaultMaxSteps, "limit the work of the run to `N` steps; beyond that the verdict is undecided")
}

// addFailOn adds the flag for the severity of findings that reject.
func (k *checking) addFailOn(cmd *cobra.Command) {
	cmd.Flags().StringVar(&k.failOn, "fail-on", failOn[0], "reject findings of this `severity` and above: "+alternatives(failOn))
}

// follow reads the policy, and merges it with the flags.
func (k *checking) follow(cmd *cobra.Command) error {
	k.governing.revision, k.judging.read = k.comparing.revision, k.readNamed
	if err := k.governing.load(k.command, k.outputs()); err != nil {
		return err
	}
	return k.adopt(cmd.Flags())
}

// failOn lists the severities that --fail-on takes, the default first.
var failOn = []string{"error", "warning"}

// allowUnsupportedUsage is the help of the flag in check and in build.
const allowUnsupportedUsage = "leave out and list the rules that cannot be expressed, and the rules that would match more without them"

func (k *checking) run(args []string) error {
	if err := k.begin(args); err != nil {
		return err
	}
	if len(args) == 0 && len(k.needs) == 0 {
		return fmt.Errorf("nothing to check: name a channel file, a file of rules or a folder; see cfcheck check --help")
	}
	if err := k.claiming.check(args, k.needs, k.fleetNames); err != nil {
		return err
	}
	if err := k.limit(); err != nil {
		return err
	}
	defer k.closeRecordings()
	defer k.command.meter.End()
	if err := k.prepare(); err != nil {
		return err
	}
	run := newRun()
	defer run.Close()
	run.FailOnWarnings = k.options.FailOnWarnings
	if k.all {
		run.MaxRules = k.maxFindings
	}
	if err := k.compareWith(run, args); err != nil {
		return err
	}
	if err := k.readFollowed(run); err != nil {
		return err
	}
	k.judgeContent(run, args)
	k.sayWithdrawn(run)
	k.judgeWaivers(run)
	return k.writeClaims(run)
}

// limit checks the limits of the work, and prepares the budget of compilation.
func (k *checking) limit() (err error) {
	if k.compileBudget, err = k.expanding.budget(); err != nil {
		return err
	}
	if k.maxSteps < 1 {
		return errors.New("--max-steps: found 0 (want at least 1)")
	}
	return nil
}

// judgeContent judges the needs and the content at the paths. It adds a problem for each part
// that the caller asked for and that was not judged.
func (k *checking) judgeContent(run *report.Run, args []string) {
	for _, name := range k.needs {
		run.Add(k.judgeNeeds(name)...)
	}
	k.several = len(args) > 1
	k.command.meter.Begin("judging", "files", int64(len(args)))
	for _, arg := range args {
		k.judgePath(run, arg)
	}
	run.Add(k.judgeRules(k.roots)...)
	k.sayNotFollowed(run)
	k.sayUntried(run)
	k.sayMissing(run)
}

// begin registers the files that the run reads and writes. It refuses an output
// that is an input. It removes an old report and old facts, so that from now on
// these files are either complete and from this run, or absent.
func (k *checking) begin(args []string) error {
	s := k.outputs()
	k.reads(s, args)
	k.comparing.reads(s)
	k.claiming.writes(s)
	if err := k.reporting.writes(s, k.command); err != nil {
		return err
	}
	return s.Begin()
}

// reads registers the content and the data to judge it by as inputs.
func (k *checking) reads(s *output.Set, args []string) {
	for _, arg := range args {
		s.ReadsFolder("the input "+arg, arg, isContent)
	}
	readsAll(s, "--needs", k.needs)
	for _, path := range k.following.rules {
		s.ReadsFolder("--rules "+path, path, isContent)
	}
	k.readsEvents(s, "--never-match", k.neverMatch)
	k.readsEvents(s, "--known-good", k.knownGood)
	k.readsEvents(s, "--known-bad", k.knownBad)
	if k.ledger != "" {
		s.Reads("--ledger "+k.ledger, k.ledger)
	}
	k.exercising.reads(s)
	if k.history != "" {
		s.ReadsFolder("--history "+k.history, k.history, isContent)
	}
	k.judging.reads(s)
	if k.policy != nil {
		k.governing.reads(s, k.policy.Name)
	}
	k.expanding.reads(s)
}

// maxOfGroupJSON is the default limit of rules with the same message in a report for
// programs. No known set of rules is that large, and any machine has the memory.
const maxOfGroupJSON = 10_000

// prepare computes the options from the flags.
func (k *checking) prepare() error {
	fleets, remark, err := k.made, "", error(nil)
	if fleets == nil {
		fleets, remark, err = k.loadFleets()
	}
	if err != nil {
		return err
	}
	if k.fleets = fleets; remark != "" {
		k.remarks = append(k.remarks, remark)
	}
	defs, err := k.definitions()
	if err != nil {
		return err
	}
	for _, f := range k.fleets {
		if err := f.groups.Undefined(defs); err != nil {
			return err
		}
	}
	now, err := k.time()
	if err != nil {
		return err
	}
	if k.placeholders, err = k.values(k.command); err != nil {
		return err
	}
	if k.failOn == validate.Note.String() {
		return fmt.Errorf("--fail-on: notes never block (want %s)", alternatives(failOn))
	}
	if err := oneOf("--fail-on", "severity", k.failOn, failOn); err != nil {
		return err
	}
	if k.as != "" {
		if err := oneOf("--as", "format", k.as, forms); err != nil {
			return err
		}
	}
	if k.maxFindings < 1 {
		return fmt.Errorf("--max-findings: found %d (want at least 1)", k.maxFindings)
	}
	ofGroup := 0
	switch {
	case k.all:
		ofGroup = k.maxFindings
	case k.reporting.machine():
		ofGroup = maxOfGroupJSON
	}
	k.options = validate.Options{
		Checks: k.checks, Definitions: defs, Now: now, Ceilings: k.ceilings, Waivers: k.waivers, Protected: k.protected,
		MaxFindings: k.maxFindings, MaxOfGroup: ofGroup, FailOnWarnings: k.failOn == "warning", AllowEmpty: k.allowEmpty,
		Budget: &validate.Budget{MaxSteps: k.maxSteps},
	}
	if k.checks == nil {
		k.options.Checks = suite.Checks
	}
	if k.history != "" {
		h, err := readHistory(k.history, defs)
		if err != nil {
			return err
		}
		k.options.History = h.before
	}
	if k.ledger != "" {
		data, ok := k.baseFiles[k.ledger]
		if !ok {
			data, err = readLedgerFile(k.ledger)
		}
		if err == nil {
			k.options.Ledger, err = cells.ReadLedger(k.ledger, data)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", k.from("ledger"), err)
		}
		k.ledgerSource = []report.Source{report.SourceOf("ledger", k.ledger, data)}
	}
	if k.options.ExercisePlans, err = k.readPlans(); err != nil {
		return err
	}
	k.options.ExerciseRings = k.demands
	k.explaining = &validate.Budget{MaxSteps: k.maxSteps}
	k.options.KnownGoodMatches, k.options.KnownGoodNew = k.knownGoodMatches, k.knownGoodNew
	for _, c := range []struct {
		key string
		n   uint64
	}{{"ceilings.known-good-matches", k.knownGoodMatches}, {"ceilings.known-good-new", k.knownGoodNew}} {
		if c.n > 0 && len(k.knownGood) == 0 {
			return fmt.Errorf("%s: there are no events to match; name them with --known-good", k.from(c.key))
		}
	}
	if k.options.NeverMatch, err = k.recorded("never-match", k.neverMatch); err != nil {
		return err
	}
	if k.options.KnownGood, err = k.recorded("known-good", k.knownGood); err != nil {
		return err
	}
	if k.previous == "" && k.revision == "" {
		k.knownBad = nil // of the policy: there is nothing to compare with
	}
	if k.options.KnownBad, err = k.recorded("known-bad", k.knownBad); err != nil {
		return err
	}
	return k.reporting.check()
}

// judgePath judges the channel files at a path and adds the results. It only records
// paths of rules: rules are compiled together, because a file may have a filter for
// the rules of another file.
func (k *checking) judgePath(run *report.Run, name string) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		run.Add(report.NotJudged(name, unread(name, err)))
	case info.IsDir():
		k.judgeFolder(run, name)
	case k.as == asSysmon || isSysmon(name) && !isChannelFileBy(name):
		run.Add(k.judgeSysmonFile(name)...)
	case isRules(name):
		k.roots = append(k.roots, name)
	default:
		run.Add(k.judgeFile(name, nil, nil)...)
		k.command.meter.Add(1)
	}
}

// again reports whether a channel file was already judged, and, if listing is not
// nil, already compared with a manifest. A run with a single path keeps no list of
// files, because it cannot name a file twice.
func (k *checking) again(name string, listing *validate.Listing) bool {
	if !k.several {
		return false
	}
	_, added := k.judgedFiles.add(name)
	if listing != nil {
		_, added = k.listedFiles.add(name)
	}
	return !added
}

// judgeFile judges a channel file. listing is its entry in the manifest of its
// folder; nil means that it is judged without a manifest. beside are the other files of
// its channel in the folder; nil means that it is judged without a folder. A file that was already
// judged is only judged again to compare it with a manifest for the first time.
func (k *checking) judgeFile(name string, listing *validate.Listing, beside *validate.Neighbours) []report.Result {
	if k.again(name, listing) {
		k.repeat(name)
		return nil
	}
	s, err := file.Read(name)
	if err != nil {
		return notJudged(name, unread(name, err))
	}
	s.Listing, s.Neighbours = listing, beside
	if len(s.Data) == 0 {
		return k.judge(s, "")
	}
	return k.judgeFor(s, digestMeanwhile(s.Data), k.fleets)
}

// repeat counts a file that was named again.
func (k *checking) repeat(name string) {
	if k.repeated == 0 {
		k.firstRepeated = name
	}
	k.repeated++
}

func notJudged(name string, err error) []report.Result {
	return []report.Result{report.NotJudged(name, err)}
}

func (k *checking) judgeNeeds(name string) []report.Result {
	data, err := readDocument(name)
	if err != nil {
		return notJudged(name, err)
	}
	needs, err := sensor.ReadNeeds(name, data)
	if err != nil {
		return notJudged(name, err)
	}
	return k.judge(validate.Needs(name, needs), digestOf(data))
}

func digestOf(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

// digestMeanwhile starts to compute the digest of data on another core. It returns a function that
// waits for the digest.
func digestMeanwhile(data []byte) func() string {
	computed := make(chan string, 1)
	go func() { computed <- digestOf(data) }()
	return sync.OnceValue(func() string { return <-computed })
}

// judge judges a subject for all fleets of the run.
func (k *checking) judge(s *validate.Subject, digest string) []report.Result {
	return k.judgeFor(s, func() string { return digest }, k.fleets)
}

// judgeFor runs the checks and returns a result for each fleet, or one result if
// there is no fleet. Only judgeFor recovers from panics: a fault of the gate leaves
// one subject without a verdict, which blocks it.
func (k *checking) judgeFor(s *validate.Subject, digest func() string, fleets []givenFleet) (results []report.Result) {
	defer func() {
		if fault := recover(); fault != nil {
			results = append(results, report.NotJudged(s.Name, fmt.Errorf("internal error: %v; please report it with the file", fault)))
		}
	}()
	if len(fleets) == 0 {
		fleets = []givenFleet{{}}
	}
	prepared := validate.Prepare(s, k.options)
	for i, fleet := range fleets {
		r := prepared.Run(fleet.Fleet, fleet.groups)
		if k.everyBuild {
			untested(r)
		}
		if i == 0 {
			k.noteUntried(r)
			k.noteJudged(r)
			k.noteChannel(r)
		}
		k.waiving.add(r.WaiverUses...)
		if k.explaining != nil {
			witness.AttachWithin(r, k.explaining)
		}
		named := ""
		if len(k.fleets) > 1 {
			named = fleet.name
		}
		k.draw(r, named, i == 0)
		result := report.Judged(k.keep(r), digest())
		result.FleetNamed = named
		results = append(results, result)
	}
	return results
}

// finish writes the report and returns the exit status of its verdict as an error.
func (k *checking) finish(run *report.Run) error {
	run.Remarks = append(run.Remarks, k.remarks...)
	run.Unfilled = k.unfilled
	run.Policy = k.about
	run.Corrections = k.corrections()
	k.drawWithdrawn()
	run.Picture = k.picture
	if k.none && k.found != "" {
		run.Remarks = append(run.Remarks, fmt.Sprintf("--no-policy: the policy %s was not followed", k.found))
	}
	run.Sources = slices.Concat(run.Sources, k.typeSources, k.expanding.source, k.waiverSources, k.ledgerSource, k.planSources, k.eventSources, k.ruleSources)
	switch n := k.repeated; {
	case n == 1:
		run.Remarks = append(run.Remarks, k.firstRepeated+": named twice, judged once")
	case n > 1:
		run.Remarks = append(run.Remarks, fmt.Sprintf("%s and %s: named more than once, judged once each", k.firstRepeated, count(uint64(n-1), "more file")))
	}
	return k.write(run)
}

// newRun starts a run with the self-test of the gate.
func newRun() *report.Run {
	run := &report.Run{
		Gate: report.Gate{Version: gateVersion(), Checks: len(suite.Checks)}, Lines: new(lines).get,
	}
	if err := suite.SelfTest(suite.Checks); err != nil {
		run.Gate.SelfTest = err.Error()
	}
	return run
}
