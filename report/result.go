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

// A Result is the outcome for one subject and one fleet. It does not hold the
// bytes of the file. Create it with [Judged] or [NotJudged].
type Result struct {
	Name string

	// LeftOut lists the rules that --allow-unsupported left out of the subject:
	// cfcheck cannot express them, or a rule that they refer to.
	LeftOut []LeftOut

	// FleetNamed is the name of the fleet on the command line. It is set if a run
	// has several fleets, to tell their results apart.
	FleetNamed string

	// Rule is the rule that was not judged, if the result is about one. Its Index is -1.
	Rule validate.Instance

	report  *validate.Report // stripped; nil means not judged, and err is the reason
	read    bool             // the content could be read
	err     error
	at      validate.Position // of the part that was not judged; no line means the whole
	digest  string            // SHA-256 of the file in hex; "" means that there is no file
	file    *File
	windows []window // windows[i] belongs to finding i
}

// A LeftOut is a rule that was left out of a subject, with the place and the
// reason.
type LeftOut struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"` // in bytes, from 1
	Path   string `json:"path,omitempty"`
	ID     string `json:"id,omitempty"` // ID of the rule, as its author wrote it
	Title  string `json:"title,omitempty"`
	Reason string `json:"reason"`
}

// String returns the rule in the form of compiler messages: file:line:column:
// path: reason.
func (l LeftOut) String() string {
	path := l.Path
	if path != "" {
		path += ": "
	}
	return fmt.Sprintf("%s:%d:%d: %s%s", l.File, l.Line, l.Column, path, l.Reason)
}

// A window holds the rows of bytes that a finding is about.
type window struct {
	Start int // offset of the first byte in the file
	Bytes []byte
}

// A File is the header of a judged channel file, with its digests in hex.
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

// Judged returns the result for a judged subject. The digest is the SHA-256 of its
// file in hex. If it is "" and the subject is a channel file, Judged computes the
// digest from the subject's data.
//
// If package validate cannot have produced the report, for example because it has
// no subject, the result is undecided.
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
	result := Result{Name: r.Subject.Name, digest: digest, read: r.Needs != nil || r.Foreign}
	for i := range r.Findings {
		result.windows = append(result.windows, windowOf(r.Subject, r.Findings[i].Where))
	}
	if r.File != nil {
		result.file = fileOf(r)
	}
	stripped := *r
	stripped.Subject, stripped.File, stripped.Needs, stripped.Definition = strip(r.Subject), nil, nil, nil
	stripped.WaiverUses = nil
	result.report = &stripped
	return result
}

// strip returns a copy of a subject without the parts that grow with the content.
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

// lacks returns the flaw of a report that validate cannot have produced, or "".
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
	for i := range r.Waived {
		if r.Waived[i].Check == nil || r.Waived[i].Waiver == nil {
			return "has a waived finding without a check or a waiver"
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

// NotJudged returns the result for a subject that could not be judged. The error
// is the reason.
func NotJudged(name string, err error) Result { return Result{Name: name, err: err} }

var errNotJudged = errors.New("not judged")

// NotJudgedAt returns the result for a part of a file that could not be judged, such as a rule
// that cannot be expressed. The name of the result is the place, such as rules/pipes.yml:61:7.
func NotJudgedAt(at validate.Position, err error) Result {
	r := NotJudged(at.Path, err)
	if at.Line > 0 {
		r.Name, r.at = at.Path+lineAndColumn(at), at
	}
	return r
}

// At returns the place of a part that was not judged. It has no line if the result is about a
// whole subject.
func (r *Result) At() validate.Position { return r.at }

// Verdict returns the verdict on the subject.
func (r *Result) Verdict() validate.Verdict {
	if r.report == nil {
		return validate.Undecided
	}
	return r.report.Verdict()
}

// Unread reports whether no build of the fleet reads the subject, and no check found an
// error. No build reads it if each contract states that its build lacks the template
// type, and refuses it safely.
//
// The verdict on such a result is Undecided, but the verdict on the run ignores it. If
// all results for a fleet are unread, the run is undecided.
func (r *Result) Unread() bool {
	rep := r.report
	return rep != nil && rep.Unread && rep.Verdict() == validate.Undecided &&
		len(rep.Undecided) == 1 && len(rep.Skipped) == 0 && len(rep.Ran) > 0
}

// Report returns the report on the subject, or nil if the subject was not judged.
// The report has no File, Needs or Definition, and its Subject has no content,
// rules or needs. Do not modify it.
func (r *Result) Report() *validate.Report { return r.report }

// Err returns the reason why the subject was not judged, or nil if it was judged.
// For a result from [Run.All], only the text of the error is preserved.
func (r *Result) Err() error { return r.err }

// Digest returns the SHA-256 of the subject's file in hex, or "" if there is no
// file.
func (r *Result) Digest() string { return r.digest }

// File returns the header of the channel file, or nil if the subject is not a
// readable channel file. Do not modify it.
func (r *Result) File() *File { return r.file }

// Place returns the place of finding i of the report, in the form that editors
// accept, such as rules/pipes.yml:61:7. If the place in the sources is unknown, it
// is the offset in the file, such as out/C.cf: offset 437 (0x1b5), or the name of the
// subject.
func (r *Result) Place(i int) string {
	if r.report == nil || i < 0 || i >= len(r.report.Findings) {
		return r.Name
	}
	name, rest := placeName(r, &r.report.Findings[i])
	return name + rest
}

// Window returns the rows of bytes that finding i of the report is about, and the
// offset of the first byte in the file. If the finding is not about bytes, or if there
// is no finding i, data is empty.
func (r *Result) Window(i int) (start int, data []byte) {
	if i < 0 || i >= len(r.windows) {
		return 0, nil
	}
	return r.windows[i].Start, bytes.Clone(r.windows[i].Bytes)
}
