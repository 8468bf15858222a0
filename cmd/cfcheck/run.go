package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/internal/progress"
	"github.com/cfcheck/cfcheck/internal/scratch"
	"github.com/cfcheck/cfcheck/report"
)

// The exit statuses. Every status except 0 blocks; only 1 blames the content. A Go
// program that panics exits with 2, which is right: no verdict was reached. After a
// signal the status is 128 plus the number of the signal, as for any command.
const (
	statusAccepted  = 0
	statusRejected  = 1
	statusUndecided = 2
)

// An exitError carries an exit status through cobra. Its message, if any, was
// already written.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// A command holds the state that all subcommands share.
type command struct {
	stdin          io.Reader
	stdout, stderr io.Writer

	ran        bool  // a subcommand ran to its end
	helpFailed error // reason why a help page was not written

	meter *progress.Meter // nil means that no progress is shown

	completing bool // a shell asks for completions; no subcommand runs
}

// run runs the whole command and returns its exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	defer onSignal()()
	c := &command{stdin: stdin, stdout: stdout, stderr: stderr}
	if name := namesStream(args, stderr); name != "" {
		c.sayElsewhere(fmt.Errorf("the standard error is the same file as the argument %s, and messages would destroy it; redirect them to another file", name))
		return statusUndecided
	}
	c.completing = len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
	root := c.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetErr(stderr)
	if err := ambiguous(args); err != nil {
		c.say("cfcheck: %v", err)
		return statusUndecided
	}
	cmd, err := root.ExecuteC()
	var status exitError
	if err == nil {
		err = c.helpFailed
	}
	switch {
	case err == nil && (c.ran || c.completing || cmd == root && len(args) == 1):
		return statusAccepted
	case err == nil:
		c.say("cfcheck: printed help only, so the exit status is %d; cfcheck help exits with %d", statusUndecided, statusAccepted)
		return statusUndecided
	case errors.As(err, &status):
		return int(status)
	}
	if _, ok := errors.AsType[*output.MessagesError](err); ok {
		c.sayElsewhere(err)
		return statusUndecided
	}
	c.say("cfcheck: %v", err)
	return statusUndecided
}

// say writes a line to stderr. The line may contain names of files and texts of
// rules, so say makes it safe to show.
func (c *command) say(format string, args ...any) {
	c.meter.Clear()
	fmt.Fprintln(c.stderr, report.Clean(fmt.Sprintf(format, args...)))
}

// sayElsewhere writes an error to stdout. It is used if stderr is a file that must
// not contain messages. If stdout is the same file, it writes nothing.
func (c *command) sayElsewhere(err error) {
	if !output.SameFile(c.stdout, c.stderr) {
		fmt.Fprintln(c.stdout, report.Clean(fmt.Sprintf("cfcheck: %v", err)))
	}
}

// namesStream returns the argument, or the value of a flag, that names the same
// regular file as a stream, or "". It runs before the flags are parsed, because a
// message about a flag would damage the file too.
func namesStream(args []string, stream io.Writer) string {
	f, ok := stream.(*os.File)
	if !ok || f == nil {
		return ""
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	for _, arg := range append(args[:len(args):len(args)], fleetOfEnvironment()) {
		names := []string{arg}
		if _, value, ok := strings.Cut(arg, "="); ok {
			names = append(names, value)
		}
		for _, name := range names {
			if other, err := os.Stat(name); err == nil && os.SameFile(info, other) {
				return name
			}
		}
	}
	return ""
}

func (c *command) root() *cobra.Command {
	var version bool
	root := &cobra.Command{
		Use:   "cfcheck",
		Short: "judge channel files before they ship",
		Long: `cfcheck judges content for endpoint sensors before it ships: channel files, and
the detection rules that they are compiled from. Content needs inputs, and each
build of the sensor supplies some. cfcheck rejects content that needs more than
a build of the fleet supplies.

Exit status:
  0  accepted
  1  rejected: the content or a contract has an error, or a warning with
     --fail-on warning
  2  undecided, which blocks too: nothing to judge, a rule that cannot be
     expressed, or a file that cannot be read or written
Without a fleet nothing is accepted: the status is 1 after an error, or 2.`,
		Example: `  cfcheck build rules/ -o out
  cfcheck check --fleet fleet.json out
  cfcheck explain CF3001`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if version && len(args) == 0 {
				return c.writeVersion()
			}
			return c.whichCommand(cmd, args)
		},
	}
	root.Flags().BoolVar(&version, "version", false, "print the version and the digest of this gate")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if unclear, ok := errors.AsType[*flagError](err); ok {
			err = unclear // without the words of package pflag
		}
		if near := nearFlag(cmd, err); near != "" {
			return fmt.Errorf("%w%s", err, near)
		}
		return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	})
	root.AddCommand(
		c.check(),
		c.build(),
		c.diff(),
		c.needs(),
		c.cost(),
		c.coverage(),
		c.inspect(), c.view(),
		c.contract(), c.fleetGroup(), c.corpusGroup(), c.sysmon(),
		c.facts(),
		c.witness(),
		c.policyGroup(),
		c.baseline(),
		c.test(),
		c.fix(),
		c.replay(),
		c.backtest(),
		c.plan(),
		c.ledgerGroup(),
		c.explain(),
		c.lsp(),
		c.checks(),
		c.man(),
		c.version(),
	)
	show := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		var b strings.Builder // package cobra drops the error of a write
		cmd.SetOut(&b)
		show(cmd, args)
		_, c.helpFailed = io.WriteString(c.stdout, b.String())
	})
	root.SetHelpCommand(c.help(root))
	root.InitDefaultHelpCmd()
	root.SetOut(c.stdout) // the command that is added next keeps this stream
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			cmd.Short = "write a script that completes commands in a shell"
		}
	}
	// The width is the same for everybody, on a terminal or not.
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages ", ".FlagUsagesWrapped 80 "))
	if c.completing {
		completeValues(root)
	} else {
		c.strict(root)
	}
	return root
}

// help returns the command that prints the help of another one, with exit status 0.
func (c *command) help(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "show how a command is used",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return unknownCommand(cmd, rest[0])
			}
			return cmd.Help()
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, start string) (names []string, _ cobra.ShellCompDirective) {
			if cmd, rest, err := root.Find(args); err == nil && len(rest) == 0 {
				for _, below := range cmd.Commands() {
					if below.IsAvailableCommand() && strings.HasPrefix(below.Name(), start) {
						names = append(names, below.Name()+"\t"+below.Short)
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// group returns a command that only has subcommands.
func (c *command) group(name, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: name, Short: short, Args: cobra.ArbitraryArgs, RunE: c.whichCommand}
	cmd.AddCommand(commands...)
	return cmd
}

// whichCommand runs if no command, or an unknown command, was named.
func (c *command) whichCommand(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownCommand(cmd, args[0])
	}
	fmt.Fprint(c.stderr, cmd.UsageString())
	return exitError(statusUndecided)
}

// atLeastOne requires at least one argument. The text says what to name.
func atLeastOne(kind string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("missing argument: name a %s; see %s --help", kind, cmd.CommandPath())
		}
		return nil
	}
}

func unknownCommand(cmd *cobra.Command, name string) error {
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		return fmt.Errorf("unknown command %q; did you mean %s?", name, strings.Join(near, " or "))
	}
	return fmt.Errorf("unknown command %q; see %s --help", name, cmd.CommandPath())
}

// onSignal makes SIGINT, SIGTERM and SIGHUP remove the temporary files before they
// end the process. The returned function undoes that. A signal that was ignored at
// the start of the process, for example by nohup, stays ignored.
func onSignal() (stop func()) {
	signals := make(chan os.Signal, 1)
	done := make(chan struct{})
	for _, s := range endSignals {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	go func() {
		select {
		case s := <-signals:
			scratch.RemoveAll()
			status := 128 + int(syscall.SIGINT)
			if number, ok := s.(syscall.Signal); ok {
				status = 128 + int(number)
			}
			os.Exit(status)
		case <-done:
		}
	}()
	return func() {
		if scratch.Ending() {
			// The signal removed a file that this run was about to rename, so the run failed.
			// Its exit status must be that of the signal.
			select {}
		}
		signal.Stop(signals)
		close(done)
	}
}
