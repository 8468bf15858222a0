package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cfcheck/cfcheck/channelfile"
)

// hostileRules are kinds of rules that cost far more than their size, by name.
// Each is valid.
var hostileRules = map[string]func() channelfile.Expr{
	// Steps: many instructions are reached at each place of a value.
	"expression": func() channelfile.Expr { return channelfile.Regexp(5, "(a|b)*(a|b){0,900}c") },
	// CF2009: a few bytes of source name thousands of ranges, which are sorted.
	"classes": func() channelfile.Expr {
		return channelfile.Regexp(5, "(?i)"+strings.Repeat(`[\pL\pN\p{Greek}]`, 60))
	},
	// CF5001: all operands go into one value, and then each is looked for.
	"literals": func() channelfile.Expr {
		var list []string
		for i := range 2000 {
			list = append(list, fmt.Sprintf("%x", i))
		}
		return channelfile.Contains(5, list...).Fold().All()
	},
	// CF5001: long values.
	"long": func() channelfile.Expr {
		return channelfile.And(
			channelfile.Pattern(5, "*"+strings.Repeat("a?", 200)+"b*"),
			channelfile.Not(channelfile.Contains(5, strings.Repeat("ab", 500))),
		)
	},
}

// writeHostile is the command hostile KIND COUNT FOLDER: it writes as many
// channel files, each with one rule of that kind, into folders of their own.
func writeHostile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 || hostileRules[args[0]] == nil {
		ts.Fatalf("usage: hostile kind count folder")
	}
	count, err := strconv.Atoi(args[1])
	ts.Check(err)
	for i := range count {
		b := channelfile.NewBuilder(channelfile.Header{Channel: 291, Revision: 1, Type: 1, TypeVersion: 1, InputsDeclared: 21})
		origin := &channelfile.Origin{Title: fmt.Sprintf("Hostile %s %d", args[0], i+1), Path: "rules.txt", Line: i + 1}
		ts.Check(b.Add(channelfile.ID{15: 1}, hostileRules[args[0]](), origin))
		data, err := b.Encode()
		ts.Check(err)
		folder := ts.MkAbs(filepath.Join(args[2], fmt.Sprintf("%04d", i+1)))
		ts.Check(os.MkdirAll(folder, 0o755))
		ts.Check(os.WriteFile(filepath.Join(folder, "C-00000291-00000001-00000001.cf"), data, 0o644))
	}
}
