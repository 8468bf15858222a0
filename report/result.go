package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/validate"
)

// A Result is the outcome for one subject. It does not hold the bytes of the
// file. Make it with [Judged] or [NotJudged].
type Result struct {
	Name string

	// LeftOut lists the rules that are not in the subject: cfcheck cannot
	// express them, or those that they need, and this was allowed.
	LeftOut []LeftOut

	// FleetNamed is the fleet as the run named it. It is set where a run has
	// several fleets, so that reports tell their results apart.
	FleetNamed string

	report  *validate.Report // stripped; nil means not judged, and err says why
	read    bool             // the report had needs: the content could be read
	err     error
	digest  string // SHA-256 of the file in hex; empty means that there is no file
	file    *File
	windows []window // for the findings of the same index
}

// A LeftOut is a rule that was left out of a subject, with the place of the
// reason.
type LeftOut struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"` // in bytes, from 1
	Path   string `json:"path,omitempty"`
	ID     string `json:"id,omitempty"` // of the rule, as its author wrote it
	Title  string `json:"title,omitempty"`
	Reason string `json:"reason"`
}

// String lays it out as compilers do.
func (l LeftOut) String() string {
	path := l.Path
	if path != "" {
		path += ": "
	}
	return fmt.Sprintf("%s:%d:%d: %s%s", l.File, l.Line, l.Column, path, l.Reason)
}

// A window is the rows of bytes that a finding is about.
type window struct {
	Start int // offset of the first
	Bytes []byte
}

// A File is the header of a channel file that was judged, and its digests in
// hex.
type File struct {
	HeaderDigest   string `json:"headerSha256"`
	ContentDigest  string `json:"contentSha256"`
	Size           int    `json:"size"`
	Channel        uint32 `json:"channel"`
	Revision       uint32 `json:"revision"`
	Type           uint32 `json:"type"`
	TypeName       string `json:"typeName,omitempty"`
	TypeVersion    uint32 `json:"typeVersion"`
	InputsDeclared uint16 `json:"inputsDeclared"`
	InputsRead     uint16 `json:"inputsRead"`
	Created        uint64 `json:"created"`
}

// Judged returns the result for a subject that was judged. Digest is the
// SHA-256 of its file in hex. If it is empty and the subject is a channel file,
// Judged computes the digest of the subject's data.
//
// A report that package validate cannot have made, such as one without a
// subject, is no verdict.
func Judged(r *validate.Report, digest string) Result {
	if lacks := lacks(r); lacks != "" {
		name := ""
		if r != nil && r.Subject != nil {
			name = r.Subject.Name
		}
		return NotJudged(name, errors.New("internal error: the report on it "+lacks))
	}
	if digest == "" && r.Subject.Kind == validate.KindChannelFile && len(r.Subject.Data) > 0 {
		sum := sha256.Sum256(r.Subject.Data)
		digest = hex.EncodeToString(sum[:])
	}
	result := Result{Name: r.Subject.Name, digest: digest, read: r.Needs != nil}
	for i := range r.Findings {
		result.windows = append(result.windows, windowOf(r.Subject, r.Findings[i].Where))
	}
	if r.File != nil {
		result.file = fileOf(r)
	}
	stripped := *r
	stripped.Subject, stripped.File, stripped.Needs, stripped.Definition = strip(r.Subject), nil, nil, nil
	result.report = &stripped
	return result
}

// strip returns what a Result keeps of a subject: nothing that grows with the
// content.
func strip(s *validate.Subject) *validate.Subject {
	return &validate.Subject{
		Kind: s.Kind, Name: s.Name, Base: s.Base,
		Mode: s.Mode, Size: s.Size, TooBig: s.TooBig, Refused: s.Refused,
	}
}

func fileOf(r *validate.Report) *File {
	h, header, content := r.File.Header, r.File.HeaderDigest(), r.File.ContentDigest()
	out := &File{
		HeaderDigest: hex.EncodeToString(header[:]), ContentDigest: hex.EncodeToString(content[:]),
		Size: len(r.File.Data()), Channel: h.Channel, Revision: h.Revision, Type: h.Type, TypeVersion: h.TypeVersion,
		InputsDeclared: h.InputsDeclared, InputsRead: h.InputsRead, Created: h.Created,
	}
	if r.Definition != nil {
		out.TypeName = r.Definition.Name
	}
	return out
}

// lacks returns what is missing in a report, "" if nothing is.
func lacks(r *validate.Report) string {
	switch {
	case r == nil:
		return "is missing"
	case r.Subject == nil:
		return "has no subject"
	case slices.Contains(r.Ran, nil) || slices.Contains(r.NotApplicable, nil),
		slices.ContainsFunc(r.Skipped, func(s validate.Skip) bool { return s.Check == nil }):
		return "lists a check that is nil"
	}
	for i := range r.Findings {
		if r.Findings[i].Check == nil {
			return "has a finding without a check"
		}
	}
	for i := range r.Summaries {
		if r.Summaries[i].Check == nil {
			return "has a summary without a check"
		}
	}
	if slices.ContainsFunc(r.Totals, func(t validate.Total) bool { return t.Check == nil }) {
		return "has a total without a check"
	}
	return ""
}

// NotJudged returns the result for a subject on which there is no verdict.
func NotJudged(name string, err error) Result { return Result{Name: name, err: err} }

// Verdict returns the verdict on the subject.
func (r *Result) Verdict() validate.Verdict {
	if r.report == nil {
		return validate.Undecided
	}
	return r.report.Verdict()
}

// Unread reports whether the subject is sound as far as it was judged, and no
// build reads it: the contract of each says that it lacks the template type. Such
// a result is skipped, and does not stand in the way of a verdict on the run.
func (r *Result) Unread() bool {
	rep := r.report
	return rep != nil && rep.Unread && rep.Verdict() == validate.Undecided &&
		len(rep.Undecided) == 1 && len(rep.Skipped) == 0 && len(rep.Ran) > 0
}

// Report returns the report on the subject, nil if it was not judged. Its File,
// Needs and Definition are nil, and its Subject has no content, rules or needs.
// Do not change it.
func (r *Result) Report() *validate.Report { return r.report }

// Err returns the reason why the subject was not judged, nil if it was judged.
// A result that comes from [Run.All] may have another error with the same text.
func (r *Result) Err() error { return r.err }

// Digest returns the SHA-256 of the subject's file in hex, "" if there is no
// file.
func (r *Result) Digest() string { return r.digest }

// File returns the header of the channel file, nil if the subject is
// not a channel file that can be read. Do not change it.
func (r *Result) File() *File { return r.file }

// Window returns the rows of bytes that finding i of the report is about, and
// the offset of the first byte in the file. It returns no bytes for a finding
// that is not about bytes.
func (r *Result) Window(i int) (start int, data []byte) {
	if i >= len(r.windows) {
		return 0, nil
	}
	return r.windows[i].Start, bytes.Clone(r.windows[i].Bytes)
}
