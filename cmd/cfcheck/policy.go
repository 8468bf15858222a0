package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/policy"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

func (c *command) policyGroup() *cobra.Command {
	return c.group("policy", "work with the policy of a repository", c.policySchema())
}

func (c *command) policySchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [waivers]",
		Short: "print the JSON Schema of a policy file",
		Long: `policy schema prints the JSON Schema of .cfcheck.yaml, or that of a file of
waivers. An editor that has it completes keys and underlines mistakes.
docs/policy.md explains the keys.`,
		Example:           `  cfcheck policy schema > cfcheck-policy.json`,
		ValidArgsFunction: oneOfThese([]string{"policy", "waivers"}),
		RunE: func(_ *cobra.Command, args []string) error {
			name := "policy"
			if len(args) > 0 {
				name = args[0]
			}
			if len(args) > 1 || name != "policy" && name != "waivers" {
				return fmt.Errorf("unknown schema %q (want policy or waivers)", strings.Join(args, " "))
			}
			data, err := policy.Schemas.ReadFile("schema/" + name + ".json")
			if err != nil {
				return err
			}
			_, err = c.stdout.Write(data)
			return err
		},
	}
}

// A governing holds the flags that choose a policy, and the policy of the run.
type governing struct {
	file string // --policy
	none bool   // --no-policy

	reviewing
	folder string // of the policy

	found         string         // name of the policy file of the working folder; "" means no file
	policy        *policy.Policy // nil means that the run follows no policy
	about         *report.Policy // nil means that the run follows no policy
	tally         tally
	waiverFiles   []string // that the policy names
	waiverSources []report.Source
	creates       string // file of waivers that the run creates; "" means no file

	counted map[[32]byte]bool              // header digests of the content in tally
	missing map[channelfile.ID]policy.Text // protected rules that were not judged so far
}

// A tally counts judged things.
type tally struct{ files, instances, builds uint64 }

func (g *governing) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&g.file, "policy", "", "follow the policy in this `file` (default: "+policy.FileName+" in the working folder or above it)")
	cmd.Flags().BoolVar(&g.none, "no-policy", false, "follow no policy, even if there is a file "+policy.FileName)
}

// load finds and reads the policy. It prints each error in the file on a line. s has no
// outputs except the messages, so that no message is written into the policy.
func (g *governing) load(c *command, s *output.Set) error {
	if g.none && g.file != "" {
		return errors.New("--no-policy and --policy exclude each other; give one of them")
	}
	if g.revision != "" && g.file != "" && !g.ofRepository(g.file) {
		g.revision = "" // no change of the repository can reach the file
	}
	if g.revision != "" && !g.none {
		return g.loadReviewed(c, s)
	}
	found, err := findPolicy()
	if err != nil && g.file == "" && !g.none {
		return err
	}
	name := g.file
	if g.found = found; name == "" && !g.none {
		name = found
	}
	if name == "" {
		return nil
	}
	g.reads(s, name)
	if err := s.Begin(); err != nil {
		return err
	}
	data, err := readDocument(name)
	if err != nil {
		if g.file != "" {
			err = fmt.Errorf("--policy: %w", err)
		}
		return err
	}
	return g.take(c, name, name, data)
}

// findPolicy returns the name of the policy of the working folder, relative to it if
// possible, or "".
func findPolicy() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("the policy cannot be looked for: %w", err)
	}
	name, err := policy.Find(dir)
	if err != nil || name == "" {
		return "", err
	}
	if short, err := filepath.Rel(dir, name); err == nil {
		name = short
	}
	return name, nil
}

func (g *governing) reads(s *output.Set, name string) {
	s.Reads("the policy "+name, name)
	for _, name := range g.waiverFiles {
		s.Reads("the waivers "+name, name)
	}
}

// isPolicy reports whether a file has the name of a policy, or of a file of waivers beside it.
func isPolicy(name string) bool {
	return name == policy.FileName || strings.HasPrefix(name, ".cfcheck-") && isRules(name)
}

// withoutOwn returns a list without the policy of the run and its files of waivers.
func (g *governing) withoutOwn(passed []report.PassedOver) []report.PassedOver {
	return slices.DeleteFunc(passed, func(p report.PassedOver) bool {
		return p.Kind == report.OtherPolicy && p.Found == len(p.Names) && !slices.ContainsFunc(p.Names, func(name string) bool { return !g.isOwn(name) })
	})
}

// isOwn reports whether a file is the policy of the run, or the one of the working folder.
func (g *governing) isOwn(name string) bool {
	info, err := os.Stat(name)
	if err != nil {
		return false
	}
	for _, own := range append(g.waiverFiles, g.found, g.file) {
		if other, err := os.Stat(own); own != "" && err == nil && os.SameFile(info, other) {
			return true
		}
	}
	return false
}

// A taking takes the keys of a policy that no flag overrides. Failed is the first error.
type taking struct {
	*governing
	flags  *pflag.FlagSet
	failed error
}

func (t *taking) list(key, flag string, values []policy.Text, to *[]string, resolve func(policy.Text) (string, error)) {
	if len(values) == 0 || t.flags.Changed(flag) {
		return
	}
	for _, v := range values {
		value, err := resolve(v)
		if err != nil && t.failed == nil {
			t.failed = err
		}
		*to = append(*to, value)
	}
	t.record(key, values[0].Place, "", *to...)
}

func (t *taking) number(key, flag string, n policy.Number, to *uint64) {
	if n.Set() && !t.flags.Changed(flag) {
		*to = n.Value
		t.record(key, n.Place, "", strconv.FormatUint(n.Value, 10))
	}
}

// say writes the keys that were taken.
func (t *taking) say(c *command) {
	if len(t.about.Settings) == 0 {
		return
	}
	var keys []string
	for _, s := range t.about.Settings {
		keys = append(keys, s.Key)
	}
	c.say("remark: policy %s: %s", t.policy.Name, strings.Join(keys, ", "))
}

func asWritten(t policy.Text) (string, error) { return t.Value, nil }

// from returns the origin of a setting for messages: a place in the policy, or the flag.
func (g *governing) from(key string) string {
	if g.about != nil {
		for _, s := range g.about.Settings {
			if s.Key == key && s.From != flagOf(key) {
				return s.From + ": " + key
			}
		}
	}
	return flagOf(key)
}

// flagOf returns the flag that overrides a key of the policy.
func flagOf(key string) string {
	switch key {
	case "fleets":
		return "--fleet"
	case "exercise-plans":
		return "--exercise-plan"
	}
	return "--" + strings.TrimPrefix(key, "ceilings.")
}

// record notes the origin of a setting.
func (g *governing) record(key string, at policy.Place, from string, values ...string) {
	s := report.Setting{Key: key, Values: values, From: from}
	switch {
	case from == "":
		s.From = g.policy.At(at)
	case at.Set():
		s.Overrides = g.policy.At(at)
	}
	g.about.Settings = append(g.about.Settings, s)
}

// adopt merges the policy with the flags. A flag overrides the key of the same meaning as
// a whole: lists are not joined.
func (k *checking) adopt(flags *pflag.FlagSet) error {
	p := k.policy
	if p == nil {
		return nil
	}
	var failed error
	given := func(key string) (flag string) {
		if flag = flagOf(key); flags.Changed(flag[len("--"):]) {
			return flag
		}
		return ""
	}
	list := func(key string, values []policy.Text, to *[]string, resolve func(policy.Text) (string, error)) {
		var at policy.Place
		if len(values) > 0 {
			at = values[0].Place
		}
		flag := given(key)
		switch {
		case flag == "" && len(values) == 0:
			return
		case flag == "":
			for _, v := range values {
				value, err := resolve(v)
				if err != nil && failed == nil {
					failed = err
				}
				*to = append(*to, value)
			}
		}
		k.record(key, at, flag, *to...)
	}
	number := func(key string, n policy.Number, to *uint64) {
		flag := given(key)
		if flag == "" && !n.Set() {
			return
		}
		if flag == "" {
			*to = n.Value
		}
		k.record(key, n.Place, flag, strconv.FormatUint(*to, 10))
	}
	path := k.namedFile
	list("fleets", p.Fleets, &k.fleetNames, k.fleet)
	if given("fleets") == "" && len(p.Fleets) > 0 {
		k.fleetsFrom = k.from("fleets")
	}
	list("types", p.Types, &k.types, path)
	if flag := given("fail-on"); flag != "" {
		k.record("fail-on", p.FailOn.Place, flag, k.failOn)
	} else if p.FailOn.Set() {
		k.failOn = p.FailOn.Value
		k.record("fail-on", p.FailOn.Place, "", k.failOn)
	}
	k.checks = p.Checks(suite.Checks)
	for _, s := range p.Severities {
		k.record("severities."+s.Check.ID, s.Place, "", s.Severity.String())
	}
	number("ceilings.bytes", p.Ceilings.Bytes, &k.ceilings.Bytes)
	number("ceilings.instances", p.Ceilings.Instances, &k.ceilings.Instances)
	number("ceilings.memory", p.Ceilings.Memory, &k.ceilings.Memory)
	number("ceilings.max-removed", p.Ceilings.MaxRemoved, &k.maxRemoved)
	number("ceilings.max-growth", p.Ceilings.MaxGrowth, &k.maxGrowth)
	number("ceilings.known-good-matches", p.Ceilings.KnownGoodMatches, &k.knownGoodMatches)
	number("ceilings.known-good-new", p.Ceilings.KnownGoodNew, &k.knownGoodNew)
	number("expect.files", p.Expect.Files, new(uint64))
	number("expect.instances", p.Expect.Instances, new(uint64))
	number("expect.builds", p.Expect.Builds, new(uint64))
	var protected []string
	list("protected", p.Protected, &protected, asWritten)
	k.missing = make(map[channelfile.ID]policy.Text, len(p.Protected))
	for _, t := range p.Protected {
		id, err := channelfile.ParseID(t.Value)
		if err != nil {
			return fmt.Errorf("%s: protected: %w", p.At(t.Place), err)
		}
		k.missing[id] = t
		k.protected = append(k.protected, id)
	}
	list("never-match", p.NeverMatch, &k.neverMatch, path)
	list("known-good", p.KnownGood, &k.knownGood, path)
	list("known-bad", p.KnownBad, &k.knownBad, path)
	if flag := given("ledger"); flag != "" {
		k.record("ledger", p.Ledger.Place, flag, k.ledger)
	} else if p.Ledger.Set() {
		var err error
		if k.ledger, err = k.namedFile(p.Ledger); err != nil && failed == nil {
			failed = err
		}
		k.record("ledger", p.Ledger.Place, "", k.ledger)
	}
	list("exercise-plans", p.ExercisePlans, &k.plans, k.namedPlan)
	number("rings.hosts-per-cell", p.Rings.HostsPerCell, &k.demands.HostsPerCell)
	number("rings.factor", p.Rings.Factor, &k.demands.Factor)
	list("exclude", p.Exclude, &k.excludes, asWritten)
	if k.waivers = p.Waivers; len(k.waivers) > 0 {
		first := k.waivers[0].From
		k.record("waivers", policy.Place{Line: first.Line, Column: first.Column}, "", strconv.Itoa(len(k.waivers)))
	}
	list("waiver-files", p.WaiverFiles, &k.waiverFiles, path)
	for _, name := range k.waiverFiles {
		if err := k.readWaivers(name); err != nil {
			return err
		}
	}
	for i := range k.waivers {
		k.waiving.add(validate.WaiverUse{Waiver: &k.waivers[i]})
	}
	if given("exclude") == "" && len(p.Exclude) > 0 {
		k.excludesFrom = p.Exclude
	}
	return failed
}

// A waiving collects the uses of the waivers of a run.
type waiving struct {
	order []*validate.Waiver
	uses  map[*validate.Waiver]*validate.WaiverUse
}

// add adds the use of waivers for a subject and a fleet. A waiver counts as unused only if no
// fleet needs it.
func (w *waiving) add(uses ...validate.WaiverUse) {
	for _, u := range uses {
		all := w.uses[u.Waiver]
		if all == nil {
			if w.uses == nil {
				w.uses = map[*validate.Waiver]*validate.WaiverUse{}
			}
			all = &validate.WaiverUse{Waiver: u.Waiver}
			w.uses[u.Waiver] = all
			w.order = append(w.order, u.Waiver)
		}
		all.Found += u.Found
		all.Judged = all.Judged || u.Judged
	}
}

// readWaivers reads a file of waivers that the policy names.
func (k *checking) readWaivers(name string) error {
	data, err := k.document(name)
	if errors.Is(err, fs.ErrNotExist) && filepath.Clean(name) == filepath.Clean(k.creates) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", k.from("waiver-files"), err)
	}
	k.waiverSources = append(k.waiverSources, report.SourceOf("waivers", name, data))
	list, err := policy.ReadWaivers(name, data, suite.Checks)
	if err != nil {
		return k.refusePolicy(err)
	}
	k.waivers = append(k.waivers, list...)
	return nil
}

// refusePolicy prints each error of a policy on a line.
func (c *command) refusePolicy(err error) error {
	list, ok := errors.AsType[policy.Errors](err)
	if !ok {
		return err
	}
	for _, e := range list {
		c.say("cfcheck: %v", e)
	}
	return exitError(statusUndecided)
}

// judgeWaivers judges the waivers of a run, and changes of the policy, after all content. It does
// nothing if nothing else was judged, because a verdict on waivers is no verdict on content.
func (k *checking) judgeWaivers(run *report.Run) {
	if len(k.waiving.order)+len(k.changes) == 0 || run.Totals().Results == 0 {
		return
	}
	run.Add(k.waiverResult())
}

// waiverResult judges the waivers of a run, and changes of the policy.
func (k *checking) waiverResult() report.Result {
	var uses []validate.WaiverUse
	for _, w := range k.waiving.order {
		uses = append(uses, *k.waiving.uses[w])
	}
	opts := k.options
	opts.Waivers, opts.Previous = nil, nil
	name := count(uint64(len(uses)), "waiver")
	if len(uses) == 0 {
		name = "policy"
	}
	s := validate.Waivers(name, uses)
	s.Source = k.changes
	return report.Judged(validate.Run(s, opts), "")
}

// path returns the name of a file that the policy names. Names are relative to the folder
// of the policy.
func (g *governing) path(name string) string {
	name = filepath.FromSlash(name)
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(g.folder, name)
}

// fleet returns the name of a fleet of the policy: a file or a built-in example.
func (g *governing) fleet(t policy.Text) (string, error) {
	name := g.path(t.Value)
	if _, ok := builtin.Fleet(t.Value); !ok {
		return g.namedFile(t)
	}
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: fleets: %s is a built-in example and also a file beside the policy; write ./%s for the file, or rename it", g.policy.At(t.Place), t.Value, t.Value)
	}
	return t.Value, nil
}

// sayMissing adds a problem for each thing that the policy expects and that was not judged.
// The run then has no verdict, because a part of the content or of the fleet is missing.
func (k *checking) sayMissing(run *report.Run) {
	p := k.policy
	if p == nil {
		return
	}
	fewer := func(key string, expected policy.Number, judged uint64, noun string) {
		if judged < expected.Value {
			run.Problems = append(run.Problems, fmt.Sprintf("%s: expect.%s: judged %s, expected at least %d; find the missing ones, or correct the number",
				p.At(expected.Place), key, count(judged, noun), expected.Value))
		}
	}
	for _, f := range k.fleets {
		k.tally.builds += uint64(len(f.Contracts))
	}
	fewer("files", p.Expect.Files, k.tally.files, "file")
	fewer("instances", p.Expect.Instances, k.tally.instances, "instance")
	fewer("builds", p.Expect.Builds, k.tally.builds, "build")
	for _, t := range p.Protected {
		id, err := channelfile.ParseID(t.Value)
		if _, missing := k.missing[id]; missing || err != nil {
			run.Problems = append(run.Problems, fmt.Sprintf("%s: protected: no judged content has the rule %s; restore it, or remove it from the list", p.At(t.Place), t.Value))
		}
	}
	if k.rulesOfFolders {
		for i, t := range k.excludesFrom {
			if !k.exclude.used[i] {
				run.Problems = append(run.Problems, fmt.Sprintf("%s: exclude: the pattern %q matches nothing in the folders of this run; correct or remove it", p.At(t.Place), t.Value))
			}
		}
	}
}

// noteJudged counts judged content: once for all fleets, and once if several files have the
// same bytes.
func (k *checking) noteJudged(r *validate.Report) {
	f := r.File
	if f == nil || k.policy == nil || k.policy.Expect == (policy.Expect{}) && len(k.missing) == 0 {
		return
	}
	digest := f.HeaderDigest()
	if k.counted[digest] {
		return
	}
	if k.counted == nil {
		k.counted = map[[32]byte]bool{}
	}
	if k.counted[digest] = true; r.Subject.Kind == validate.KindChannelFile {
		k.tally.files++
	}
	k.tally.instances += uint64(f.Instances())
	for i := 0; len(k.missing) > 0 && i < f.Instances(); i++ {
		delete(k.missing, f.Instance(i).ID)
	}
}
