package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/cfcheck/cfcheck/fuzz/internal/csensor"
)

// cSource is the source file of the sensor in C that is mutated.
const cSource = "fuzz/internal/csensor/src/sensor.c"

// A cChange replaces the bytes from one offset of the file to another.
type cChange struct {
	from, to int
	after    string
}

var (
	cOperator = regexp.MustCompile(`<=|>=|==|!=| < | > `)
	cCast     = regexp.MustCompile(`\((?:uint32_t|uint64_t|size_t|int64_t)\)|\bu32\(|\bu64\(`)
	cFunction = regexp.MustCompile(`(?m)^[a-z][^;={]*?\b(\w+)\([^;{]*\)\s*\{`)
	cComment  = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?m:^#[^\n]*)`)
)

// cBoundaries has the replacement of each comparison and of each read that gets a cast to 8
// bits.
var cBoundaries = map[string]string{
	"<=": "<", ">=": ">", "==": "!=", "!=": "==", " < ": " <= ", " > ": " >= ",
	"u32(": "(uint8_t)u32(", "u64(": "(uint8_t)u64(",
}

// c finds the mutants of the sensor in C. The sensor has no checks, so only comparisons and
// widths are mutated.
func (s *generator) c() error {
	src, err := os.ReadFile(filepath.Join(s.root, filepath.FromSlash(cSource)))
	if err != nil {
		return err
	}
	code := cComment.ReplaceAllFunc(src, func(m []byte) []byte { return bytes.Repeat([]byte(" "), len(m)) })
	directives, err := directivesInC(string(src))
	if err != nil {
		return err
	}
	s.directives = append(s.directives, directives...)
	inside := func(at int) string {
		name := "?"
		for _, m := range cFunction.FindAllSubmatchIndex(code, -1) {
			if m[0] > at {
				break
			}
			name = string(code[m[2]:m[3]])
		}
		return name
	}
	add := func(kind string, from, to int, after string) {
		start := bytes.LastIndexByte(src[:from], '\n') + 1
		end := to + bytes.IndexByte(src[to:], '\n')
		line := string(src[start:end])
		if m := cFunction.FindIndex(code[start:end]); m != nil || strings.HasPrefix(line, "static") {
			return // the line is the head of a function
		}
		b := s.add(&Mutant{
			Part: "sensors", File: cSource, Func: inside(from), Line: 1 + bytes.Count(src[:from], []byte("\n")), Kind: kind,
			Before: line, After: string(src[start:from]) + after + string(src[to:end]),
		})
		b.inC = &cChange{from, to, after}
	}
	for _, m := range cOperator.FindAllIndex(code, -1) {
		add(kindComparison, m[0], m[1], cBoundaries[string(code[m[0]:m[1]])])
	}
	for _, m := range cCast.FindAllIndex(code, -1) {
		after, ok := cBoundaries[string(code[m[0]:m[1]])]
		if !ok {
			after = "(uint8_t)"
		}
		add(kindWidth, m[0], m[1], after)
	}
	return nil
}

// buildSensor compiles the sensor in C with a mutant.
func (w *builder) buildSensor(b *Mutant) (program string, err error) {
	folder := filepath.Join(w.folder, fmt.Sprintf("c%d", b.Number))
	if err := os.Mkdir(folder, 0o777); err != nil {
		return "", err
	}
	if err := csensor.Unpack(folder); err != nil {
		return "", err
	}
	name := filepath.Join(folder, filepath.Base(cSource))
	src, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	mutated := string(src[:b.inC.from]) + b.inC.after + string(src[b.inC.to:])
	if err := os.WriteFile(name, []byte(mutated), 0o666); err != nil {
		return "", err
	}
	return csensor.Compile(folder, "csensor", []string{"main.c", "sensor.c"}, "-Wno-error")
}
