package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate/file"
)

type building struct {
	*command
	judging
	expanding
	out              string
	revision         revision
	replace          bool
	rules            []file.ManifestSource // files of rules that were read
	allowUnsupported bool
	deriveIDs        bool
	metering
}

func (c *command) build() *cobra.Command {
	b := &building{command: c}
	cmd := &cobra.Command{
		Use:   "build [flags] path... -o folder",
		Short: "compile Sigma rules to channel files",
		Long: `build compiles Sigma rules to channel files, one for each template type, and
writes them to a folder under their canonical names. The files are one set,
which manifest.json in the folder lists; build writes it last. Older revisions
may stay in the folder.

If any rule has a fault, build writes nothing. A rule that cannot be expressed
stops the build too, unless --allow-unsupported leaves it out and lists it. The
files carry the time in $SOURCE_DATE_EPOCH (default 0), so the same rules give
the same bytes.`,
		Example: `  cfcheck build rules/windows/pipe_created -o out`,
		Args:    atLeastOne("file or folder of rules"),
		RunE:    func(_ *cobra.Command, args []string) error { return b.run(args) },
	}
	f := cmd.Flags()
	f.StringVarP(&b.out, "out", "o", "", "write to this `folder`; create it if it does not exist")
	b.revision.number = 1
	f.Var(&b.revision, "revision", "give the release this `number`, or the word next for one more than the highest in the folder")
	f.BoolVar(&b.replace, "replace", false, "replace a file that has the same channel and revision but other content")
	f.BoolVar(&b.allowUnsupported, "allow-unsupported", false, allowUnsupportedUsage)
	f.BoolVar(&b.deriveIDs, "derive-ids", false, "give a rule without a UUID as its id one that is derived from its path below the folder; moving the file changes it")
	b.addTypes(cmd)
	b.expanding.add(cmd)
	b.metering.add(cmd)
	return cmd
}

func (b *building) run(paths []string) error {
	if err := b.metering.check(); err != nil {
		return err
	}
	if b.out == "" {
		return errors.New("missing output folder: name it with -o; see cfcheck build --help")
	}
	defs, err := b.definitions()
	if err != nil {
		return err
	}
	placeholders, err := b.values(b.command)
	if err != nil {
		return err
	}
	created, err := sourceDate()
	if err != nil {
		return err
	}
	budget, err := b.expanding.budget()
	if err != nil {
		return err
	}
	// This comes before the first message, which must not be written into a rule.
	if err := b.reading(paths).Begin(); err != nil {
		return err
	}
	defer limitMemory()()
	defer b.metering.meter(b.command)()
	b.command.meter.Begin("reading rules", "", 0)
	set, err := loadRules(paths, b.exclude, budget)
	if err != nil {
		return err
	}
	for _, text := range set.again {
		b.say("remark: %s", text)
	}
	for _, f := range set.files {
		if f.Again == "" {
			b.rules = append(b.rules, file.ManifestSource{Use: "rules", Path: sourcePath(f.Path), Size: f.Size, Digest: f.Digest})
		}
	}
	b.sayPassedOver(paths)
	rules, faults := set.rules, set.faults
	if len(rules) == 0 && len(faults) > 0 {
		return b.refuse(faults)
	}
	before, err := readShelf(b.out)
	if err != nil {
		return err
	}
	rev, err := b.revision.resolve(before)
	if err != nil {
		return err
	}
	ids := sigma.IDsWritten
	if b.deriveIDs {
		ids = sigma.IDsOfPaths
	}
	b.command.meter.Begin("compiling "+count(uint64(len(rules)), "rule"), "", 0)
	built, err := sigma.Build(rules, defs, sigma.Options{
		IDs:              ids,
		AllowUnsupported: b.allowUnsupported, Revision: rev, Created: created, Placeholders: placeholders, Budget: budget,
	})
	if err := budget.Err(); err != nil {
		return err
	}
	for _, err := range sigma.Errors(err) {
		// The faults explain why no rule is left.
		if len(faults) == 0 || !errors.Is(err, sigma.ErrNoRule) {
			faults = append(faults, err)
		}
	}
	if len(faults) > 0 {
		return b.refuse(faults)
	}
	b.sayNotes(built)
	for _, out := range built.Outputs {
		for _, r := range out.Rules {
			for _, n := range slices.Concat(r.Unused, r.Warnings) {
				b.say("warning: %v", n)
			}
			if _, written := r.UUID(); !written {
				b.say("remark: %s:%d:%d: rule has no UUID as its id; derived %v from its path %s", r.Name, r.Line, r.Column, r.PathID(), r.Path)
			}
		}
	}
	for _, e := range built.Unsupported {
		b.say("left out: %v", e)
	}
	if n := len(built.LeftOut); n > 0 {
		b.say("left out: %d of %s in all", n, count(uint64(len(rules)), "rule"))
	}
	return b.publish(paths, rev, built)
}

// sayPassedOver reports the files in the folders that were not compiled.
func (b *building) sayPassedOver(paths []string) {
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			continue
		}
		in := readFolder(path, b.exclude)
		for i := range in.passed {
			if p := &in.passed[i]; !p.Kind.Warns() {
				b.say("remark: %v", p)
			} else {
				b.say("warning: %v", p)
			}
		}
		if n := in.files.n; n > 0 {
			for first := range in.files.all() {
				b.say("warning: %s: passed over %s, such as %s: build compiles only rules", in.root, count(uint64(n), "channel file"), first)
				break
			}
		}
	}
}

// refuse lists the faults. The exit status blames the rules only if every fault is
// a fault of the rules.
func (b *building) refuse(faults []error) error {
	status, hint := statusRejected, count(uint64(len(faults)), "fault")
	for _, err := range faults {
		switch err.(type) {
		case *sigma.Error, *sigma.UnknownFieldError:
		case *sigma.UnsupportedError:
			status = statusUndecided
			if !b.allowUnsupported {
				hint = count(uint64(len(faults)), "fault") + "; --allow-unsupported leaves out and lists the rules that cannot be expressed"
			}
		default:
			status = statusUndecided
		}
		b.say("cfcheck: %v", err)
	}
	b.say("cfcheck: nothing was written: %s", hint)
	return exitError(status)
}

// sourceDate returns the time of a reproducible build.
func sourceDate() (uint64, error) {
	s := os.Getenv("SOURCE_DATE_EPOCH")
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n > channelfile.MaxCreated {
		return 0, fmt.Errorf("SOURCE_DATE_EPOCH: found %q (want seconds since 1970, at most %d, which is %v)", s, channelfile.MaxCreated,
			time.Unix(channelfile.MaxCreated, 0).UTC().Format(time.DateOnly))
	}
	return n, nil
}
