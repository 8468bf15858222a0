// Package conform holds a reader of channel files against the cases of the corpus. The reader
// can be written in any language: it is a command that gets the name of a file, and answers
// with its exit status.
package conform

import (
	"crypto/sha256"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cfcheck/cfcheck/corpus"
)

// An Answer is the answer of a reader about one file.
type Answer uint8

// The answers. The zero value is not an answer.
const (
	Accepted Answer = 1 + iota
	Refused
	Failed // neither: the reader crashed, did not end in time, or has another exit status
)

func (a Answer) String() string {
	switch a {
	case Accepted:
		return "accepted"
	case Refused:
		return "refused"
	case Failed:
		return "failed"
	}
	return "no answer"
}

// A Reply is an answer with its details.
type Reply struct {
	Answer Answer
	// number of the broken requirement; 0 means that the reader names no requirement
	Requirement int
	Reason      string // for a failure, such as "exit status 3"
	Output      string // first line of the output
}

// A File is a file of the corpus with the answer that a reader of format 1.0 must give. Cases
// that differ only in fleets or other settings of the gate have the same file.
type File struct {
	Names []string // names of the cases, in alphabetical order
	Path  string   // path in the corpus, of the first case
	Why   string   // reason for the first case
	Data  []byte
	// Checks are the checks that enforce the broken requirements. Empty means that the file must
	// be accepted.
	Checks []string
	// whether only requirement 75 is broken, which is for the gate: a reader may accept the file
	Optional bool
}

// Files returns the files of the corpus, without duplicates, sorted by the names of their
// cases.
func Files() []File {
	var files []File
	at := map[[sha256.Size]byte]int{}
	for _, c := range corpus.Cases() {
		digest := sha256.Sum256(c.Data)
		i, ok := at[digest]
		if !ok {
			i = len(files)
			at[digest] = i
			files = append(files, File{Path: c.Path(), Why: c.Why, Data: c.Data})
		}
		f := &files[i]
		f.Names = append(f.Names, c.Name)
		for _, id := range c.Checks {
			switch {
			case id == "CF0003" || id == "CF0004":
				id = "CF1002" // an empty or filled file does not begin with the magic
			case id == "CF2009":
				f.Optional = true
			case !strings.HasPrefix(id, "CF1"):
				continue
			}
			if !slices.Contains(f.Checks, id) {
				f.Checks = append(f.Checks, id)
			}
		}
	}
	for i := range files {
		files[i].Optional = files[i].Optional && len(files[i].Checks) == 1
	}
	return files
}

// A Result is a file with the reply of a reader.
type Result struct {
	*File
	Reply
	Problem  string // why the reply is wrong; "" means that it is right
	Expected bool   // whether the failure was expected
}

// Wrong reports whether the result counts against the reader: a wrong reply that was not
// expected, or a right one although a failure was.
func (r *Result) Wrong() bool { return (r.Problem != "") != r.Expected }

// Run asks a reader about each file, jobs files at a time. expected has the names of the
// cases for which the reply may be wrong. The results are in the order of the files.
func Run(files []File, expected map[string]bool, jobs int, read func(*File) Reply) []Result {
	results := make([]Result, len(files))
	next := make(chan int)
	var wait sync.WaitGroup
	for range max(1, jobs) {
		wait.Go(func() {
			for i := range next {
				f := &files[i]
				results[i] = Result{File: f, Reply: read(f)}
				r := &results[i]
				r.Problem = f.problem(&r.Reply)
				r.Expected = slices.ContainsFunc(f.Names, func(name string) bool { return expected[name] })
			}
		})
	}
	for i := range files {
		next <- i
	}
	close(next)
	wait.Wait()
	return results
}

// problem returns why a reply is wrong, or "".
func (f *File) problem(r *Reply) string {
	switch {
	case r.Answer != Accepted && r.Answer != Refused:
		return fmt.Sprintf("%v (%s); expected it %s", r.Answer, r.Reason, f.Want())
	case r.Answer == Accepted && len(f.Checks) > 0 && !f.Optional:
		return "accepted; expected it " + f.Want()
	case r.Answer == Refused && len(f.Checks) == 0:
		if r.Requirement > 0 {
			return fmt.Sprintf("refused for requirement %d; expected it %s", r.Requirement, f.Want())
		}
		return "refused; expected it " + f.Want()
	case r.Answer == Refused && r.Requirement > 0 && !slices.Contains(f.Checks, checkOf(r.Requirement)):
		return fmt.Sprintf("refused for requirement %d; expected it %s", r.Requirement, f.Want())
	case r.Answer == Accepted && r.Requirement > 0:
		return fmt.Sprintf("accepted, although requirement %d is named as broken", r.Requirement)
	}
	return ""
}

// Want describes the expected answer, such as "refused for requirement 54 (CF1034)".
func (f *File) Want() string {
	if len(f.Checks) == 0 {
		return Accepted.String()
	}
	var parts []string
	for _, id := range f.Checks {
		var numbers []string
		for _, r := range Requirements {
			if r.Check == id {
				numbers = append(numbers, strconv.Itoa(r.Number))
			}
		}
		parts = append(parts, fmt.Sprintf("%s (%s)", strings.Join(numbers, " or "), id))
	}
	word := Refused.String()
	if f.Optional {
		word = "accepted, or refused"
	}
	return word + " for requirement " + strings.Join(parts, ", or ")
}

// checkOf returns the check of a requirement, or "".
func checkOf(requirement int) string {
	if requirement < 1 || requirement > len(Requirements) {
		return ""
	}
	return Requirements[requirement-1].Check
}

var requirementLine = regexp.MustCompile(`(?m)^requirement ([0-9]{1,5})\r?$`)

// ReplyOf returns the reply of a command with an exit status and an output. Status 0 accepts
// the file, and 1 refuses it. Any other status is a failure; -1 means that the command did
// not end by itself. The output may have a line "requirement N".
func ReplyOf(status int, output []byte) Reply {
	r := Reply{Output: firstLine(output)}
	if m := requirementLine.FindSubmatch(output); m != nil {
		r.Requirement, _ = strconv.Atoi(string(m[1])) // has at most five digits
	}
	switch status {
	case 0:
		r.Answer = Accepted
	case 1:
		r.Answer = Refused
	default:
		r.Answer, r.Reason = Failed, fmt.Sprintf("exit status %d", status)
	}
	return r
}

// firstLine returns the first line of an output, shortened and without control characters.
func firstLine(output []byte) string {
	const most = 200
	line, _, _ := strings.Cut(strings.TrimLeft(string(output), "\r\n"), "\n")
	line = strings.TrimRight(line, "\r")
	if len(line) > most {
		line = line[:most] + "..."
	}
	quoted := strconv.QuoteToGraphic(line)
	return quoted[1 : len(quoted)-1]
}

// Base returns the name of the file without its folders.
func (f *File) Base() string { return path.Base(f.Path) }
