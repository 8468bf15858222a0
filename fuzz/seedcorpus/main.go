// Command seedcorpus writes what libFuzzer starts from, for builds with OSS-Fuzz
// and ClusterFuzzLite.
//
//	go run ./fuzz/seedcorpus -list
//	go run ./fuzz/seedcorpus FOLDER
//
// The first lists the fuzz targets, a line each: package, function, and the name
// of the program that is built of it. The second writes the archives
// NAME_seed_corpus.zip, in which each entry is one input, in the encoding of
// compile_native_go_fuzzer_v2: arguments of fixed size, of the others a byte of
// weight each, and then their bytes.
package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/cfcheck/cfcheck/fuzz/generate"
)

// A target is a fuzz target of the repository.
type target struct {
	pkg, function string
	seeds         func() [][]byte // encoded; nil: it starts from nothing
	not           string          // why it is not built with libFuzzer; "": it is
}

// name is that of the program, such as fuzz_parse_fuzz of FuzzParse in ./fuzz.
func (t *target) name() string {
	var b strings.Builder
	for i, r := range strings.TrimPrefix(t.function, "Fuzz") {
		if i > 0 && 'A' <= r && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteString(strings.ToLower(string(r)))
	}
	return "fuzz_" + b.String() + "_" + path.Base(t.pkg)
}

var targets = []target{
	{pkg: "./cmd/cfcheck", function: "FuzzCommand", not: "it changes the folder that the process stands in, where libFuzzer writes"},
	{pkg: "./corpus/asm", function: "FuzzAssemble", seeds: layouts},
	{pkg: "./events", function: "FuzzReader"},
	{pkg: "./facts", function: "FuzzFacts"},
	{pkg: "./fuzz", function: "FuzzDocuments"},
	{pkg: "./fuzz", function: "FuzzEncode", seeds: files},
	{pkg: "./fuzz", function: "FuzzGate", seeds: filesWithSpec(0)},
	{pkg: "./fuzz", function: "FuzzInterpreter", seeds: filesWithSpec()},
	{pkg: "./fuzz", function: "FuzzParse", seeds: files},
	{pkg: "./fuzz", function: "FuzzReadersAgree", seeds: files},
	{pkg: "./fuzz", function: "FuzzRegexp"},
	{pkg: "./fuzz", function: "FuzzReport"},
	{pkg: "./fuzz", function: "FuzzSensors", seeds: filesWithSpec()},
	{pkg: "./fuzz", function: "FuzzSigma"},
	{pkg: "./fuzz", function: "FuzzStructured"},
	{pkg: "./internal/strictjson", function: "FuzzString"},
	{pkg: "./report", function: "FuzzClean"},
	{pkg: "./sensor", function: "FuzzExtractContract"},
	{pkg: "./sensor", function: "FuzzInterpreterText"},
	{pkg: "./sensor", function: "FuzzReadDefinitions", seeds: documents("types/*.json")},
	{pkg: "./sensor", function: "FuzzReadFleet", seeds: documents("fleets/*.json")},
	{pkg: "./sensor", function: "FuzzReadNeeds"},
	{pkg: "./sensor", function: "FuzzRegexpSearch"},
	{pkg: "./sigma", function: "FuzzParse"},
	{pkg: "./sigma", function: "FuzzPlaceholders"},
}

// encode makes an input of the arguments of a target: those of fixed size, a
// byte each, and those of any. Each of these gets the share of the bytes that
// its weight has of all; with equal weights all are as long as the longest, so
// the shorter ones end with zeros.
func encode(fixed []byte, arguments ...[]byte) []byte {
	out := append([]byte{}, fixed...)
	longest := 0
	for _, a := range arguments {
		out = append(out, 1)
		longest = max(longest, len(a))
	}
	for _, a := range arguments {
		out = append(out, a...)
		if len(arguments) > 1 {
			out = append(out, make([]byte, longest-len(a))...)
		}
	}
	return out
}

// maxSeed is the size of the longest file to start from, in bytes.
const maxSeed = 8 << 10

// root is the folder of the repository.
var root = "."

// read returns the files of the corpus that a pattern names, each once.
func read(pattern string) (list [][]byte) {
	names, err := filepath.Glob(filepath.Join(root, "corpus", filepath.FromSlash(pattern)))
	if err != nil {
		panic(err) // the pattern is at fault
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, "seedcorpus:", err)
			os.Exit(2)
		}
		list = append(list, data)
	}
	return list
}

// channelFiles are those of the corpus, and some that a generator draws.
func channelFiles() (list [][]byte) {
	for _, data := range read("cases/*/*.cf") {
		if len(data) <= maxSeed {
			list = append(list, data)
		}
	}
	s := generate.NewStream(1)
	for range 20 {
		for _, f := range s.Next().Files {
			list = append(list, f.Data)
		}
	}
	return list
}

func files() (list [][]byte) {
	for _, data := range channelFiles() {
		list = append(list, encode(nil, data))
	}
	return list
}

// filesWithSpec are files with an empty second argument, for targets that have
// more arguments of fixed size.
func filesWithSpec(fixed ...byte) func() [][]byte {
	return func() (list [][]byte) {
		for _, data := range channelFiles() {
			// The spec is as long as the file, and may end with zeros; but the
			// file must not.
			list = append(list, encode(fixed, data, nil))
		}
		return list
	}
}

// documents are the files of the corpus that a pattern names.
func documents(pattern string) func() [][]byte {
	return func() (list [][]byte) {
		for _, data := range read(pattern) {
			list = append(list, encode(nil, data))
		}
		return list
	}
}

var layouts = documents("layouts/*.txt")

// dictionary has words of the format, for the targets that read channel files.
//
//go:embed channelfile.dict
var dictionary []byte

// archive writes inputs, each once and under the digest of what it is: the same
// inputs give the same archive.
func archive(w io.Writer, inputs [][]byte) error {
	z := zip.NewWriter(w)
	seen := map[string]bool{}
	for _, data := range inputs {
		name := fmt.Sprintf("%x", sha256.Sum256(data))[:16]
		if seen[name] {
			continue
		}
		seen[name] = true
		f, err := z.Create(name)
		if err != nil {
			return err
		}
		if _, err := f.Write(data); err != nil {
			return err
		}
	}
	return z.Close()
}

// write writes the archives and dictionaries of all targets to a folder.
func write(folder string) error {
	for i := range targets {
		t := &targets[i]
		if t.seeds == nil || t.not != "" {
			continue
		}
		seeds := t.seeds()
		if len(seeds) == 0 {
			return fmt.Errorf("%s has no seeds: run it in the folder of the repository", t.function)
		}
		var b bytes.Buffer
		err := archive(&b, seeds)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, t.name()+"_seed_corpus.zip"), b.Bytes(), 0o644)
		}
		if err == nil && t.pkg == "./fuzz" {
			err = os.WriteFile(filepath.Join(folder, t.name()+".dict"), dictionary, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// list writes a line for each target that is built.
func list(w io.Writer) error {
	var errs []error
	for i := range targets {
		if t := &targets[i]; t.not == "" {
			_, err := fmt.Fprintf(w, "%s %s %s\n", t.pkg, t.function, t.name())
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "seedcorpus: expected -list, or the folder to write to")
		os.Exit(2)
	}
	var err error
	if os.Args[1] == "-list" {
		err = list(os.Stdout)
	} else {
		err = write(os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "seedcorpus:", err)
		os.Exit(2)
	}
}
