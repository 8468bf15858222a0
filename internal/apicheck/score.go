package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A change is one line of apidiff's report.
type change struct {
	// as another package spells it, such as channelfile.Parse; the path of a
	// package
	name       string
	message    string // message of apidiff
	compatible bool
}

// parseReport returns the changes in a report of apidiff -m on a module. It leaves
// out commands, because a program cannot import them. An unknown line is an error,
// so that no change is missed.
func parseReport(report, module string) ([]change, error) {
	var changes []change
	compatible := false
	for i, line := range strings.Split(report, "\n") {
		message, isChange := strings.CutPrefix(line, "- ")
		subject, _, hasColon := strings.Cut(message, ": ")
		switch {
		case line == "":
		case line == "Incompatible changes:":
			compatible = false
		case line == "Compatible changes:":
			compatible = true
		case isChange && hasColon:
			if c := (change{identifier(subject, module), message, compatible}); !strings.HasPrefix(subject, "./cmd/") && !strings.HasPrefix(c.name, "cmd/") {
				changes = append(changes, c)
			}
		default:
			return nil, fmt.Errorf("line %d of apidiff's report is %q; expected a heading, or a change with a colon", i+1, line)
		}
	}
	return changes, nil
}

// identifier returns the name of the subject of a line of apidiff:
//
//	./channelfile.(*Builder).Encode                  channelfile.Builder.Encode
//	./validate/suite.Checks, element type            suite.Checks
//	./sensor.(*list).Len, method set of *Fleet       sensor.Fleet.Len
//	package github.com/cfcheck/cfcheck/validate/file validate/file
func identifier(subject, module string) string {
	if path, ok := strings.CutPrefix(subject, "package "); ok {
		return strings.TrimPrefix(path, module+"/")
	}
	name, part, _ := strings.Cut(subject, ", ")
	name = name[strings.LastIndex(name, "/")+1:]
	name = strings.NewReplacer("(", "", "*", "", ")", "").Replace(name)
	if promotedTo, ok := strings.CutPrefix(part, "method set of "); ok {
		pkg, _, _ := strings.Cut(name, ".")
		method := name[strings.LastIndex(name, ".")+1:]
		name = pkg + "." + strings.TrimPrefix(promotedTo, "*") + "." + method
	}
	return name
}

var (
	unreleased = regexp.MustCompile(`(?ms)^## \[Unreleased\]$(.*?)(?:^## |\z)`)
	backquoted = regexp.MustCompile("`([^`\n]+)`")
)

// namedIn returns the texts in backquotes under Unreleased in a changelog.
func namedIn(changelog string) (map[string]bool, error) {
	section := unreleased.FindStringSubmatch(changelog)
	if section == nil {
		return nil, errors.New(`CHANGELOG.md has no line "## [Unreleased]"`)
	}
	names := make(map[string]bool)
	for _, m := range backquoted.FindAllStringSubmatch(section[1], -1) {
		names[m[1]] = true
	}
	return names, nil
}
