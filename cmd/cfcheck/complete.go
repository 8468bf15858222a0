package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor/audit"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// A completer returns the values of a flag or an argument that begin with start, each with a
// description after a tab, and the directive for the shell.
type completer = func(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective)

// completeValues adds completion to the flags of a command and of the commands below it. The
// noun of the value in the usage text decides: a shell completes files by itself, folders on
// request, and numbers not at all.
func completeValues(cmd *cobra.Command) {
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		complete := completerOf(cmd, f)
		if complete == nil {
			return
		}
		if err := cmd.RegisterFlagCompletionFunc(f.Name, complete); err != nil {
			panic(err) // a second completer for one flag
		}
	})
	for _, below := range cmd.Commands() {
		completeValues(below)
	}
}

// completerOf returns the completer of a flag, or nil if the shell completes files.
func completerOf(cmd *cobra.Command, f *pflag.Flag) completer {
	noun, _ := pflag.UnquoteUsage(f)
	switch {
	case noun == "fleet":
		return completeFleet
	case f.Name == "type":
		return completeType
	case f.Name == "out" && noun == "file" && cmd.Flags().Lookup("fail-on") != nil:
		return completeReport
	case f.Name == "build" && noun == "version":
		return oneOfThese(sysmonBuildNames())
	}
	if names := valuesOf(cmd, f); names != nil {
		return oneOfThese(names)
	}
	switch noun {
	case "file", "path", "FILE@sha256:HEX":
		return nil
	case "folder":
		return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
	}
	return cobra.NoFileCompletions
}

// valuesOf returns the values that a flag can have, or nil if they cannot be listed.
func valuesOf(cmd *cobra.Command, f *pflag.Flag) []string {
	switch f.Name {
	case "color", "progress":
		return colors
	case "only", "unsafe":
		if cmd.Name() == "fix" {
			return kindNames()
		}
	case "fail-on":
		return failOn
	case "as":
		return forms
	case "role":
		return []string{"client", "server"}
	case "on", "off":
		return audit.SwitchNames()
	case "platform":
		return []string{"windows", "linux", "macos"}
	case "revision":
		return []string{"next"}
	case "format":
		switch cmd.Name() {
		case "test":
			return testFormats
		case "backtest":
			return backtestFormats
		case "coverage":
			return coverageFormats
		case "diff":
			return diffFormats
		case "cost", "needs":
			return needsFormats
		case "explain":
			return explainFormats
		case "replay":
			return replayFormats
		case "plan":
			return planFormats
		case "show":
			return fleetFormats
		}
		return report.FormatNames()
	}
	return nil
}

// oneOfThese completes the given values, and no files.
func oneOfThese(values []string) completer {
	return func(_ *cobra.Command, _ []string, start string) ([]string, cobra.ShellCompDirective) {
		return thatBegin(values, start), cobra.ShellCompDirectiveNoFileComp
	}
}

func thatBegin(values []string, start string) []string {
	var found []string
	for _, v := range values {
		if strings.HasPrefix(v, start) {
			found = append(found, v)
		}
	}
	return found
}

// checksThatBegin returns the checks whose ID or name begins with a text, with their titles.
func checksThatBegin(start string) []string {
	var found []string
	for _, check := range suite.Checks {
		switch {
		case strings.HasPrefix(check.ID, strings.ToUpper(start)):
			found = append(found, check.ID+"\t"+check.Title())
		case strings.HasPrefix(check.Name, start):
			found = append(found, check.Name+"\t"+check.Title())
		}
	}
	return found
}

// completeFleet completes the built-in fleets, JSON files, and the folders on the way to them.
func completeFleet(_ *cobra.Command, _ []string, start string) ([]string, cobra.ShellCompDirective) {
	var found []string
	for _, name := range thatBegin(builtin.Fleets(), start) {
		found = append(found, name+"\tbuilt-in example")
	}
	folder, begin := filepath.Split(start)
	here := folder
	if here == "" {
		here = "."
	}
	entries, _ := os.ReadDir(here) // a folder that cannot be read has no completions
	onlyFolders := len(found) == 0
	for _, e := range entries {
		name := e.Name()
		hidden := strings.HasPrefix(name, ".") && !strings.HasPrefix(begin, ".")
		switch {
		case !strings.HasPrefix(name, begin) || hidden || strings.ContainsAny(name, "\n\t"):
		case e.IsDir():
			found = append(found, folder+name+"/")
		case strings.EqualFold(filepath.Ext(name), ".json"):
			found = append(found, folder+name)
			onlyFolders = false
		}
	}
	directive := cobra.ShellCompDirectiveNoFileComp
	if onlyFolders && len(found) > 0 {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return found, directive
}

// completeType completes the names of the template types, also of those that --types names.
func completeType(cmd *cobra.Command, _ []string, start string) ([]string, cobra.ShellCompDirective) {
	var j judging
	if names, err := cmd.Flags().GetStringArray("types"); err == nil {
		slices.Sort(names)
		j.types = slices.Compact(names) // package cobra parses the flags twice
	}
	defs, err := j.definitions()
	if err != nil {
		defs = builtin.Definitions() // the run will say what is wrong with the file
	}
	var found []string
	for d := range defs.All() {
		// A type can have several versions.
		if value := d.Name + "\t" + d.Title; strings.HasPrefix(d.Name, start) && !slices.Contains(found, value) {
			found = append(found, value)
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// completeReport completes the form of --out form=file, and leaves files to the shell.
func completeReport(_ *cobra.Command, _ []string, start string) ([]string, cobra.ShellCompDirective) {
	var found []string
	for _, name := range report.FormatNames() {
		if strings.HasPrefix(name, start) {
			found = append(found, fmt.Sprintf("%s=", name))
		}
	}
	if found == nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return found, cobra.ShellCompDirectiveNoSpace
}

func sysmonBuildNames() []string {
	var names []string
	for _, b := range sysmon.Builds() {
		names = append(names, b.Name)
	}
	return names
}
