package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/internal/progress"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
)

// recorded reads files of recorded events. It returns nil if no file is named. Use is a key of
// the policy, such as never-match. A
// verdict must rest on complete files. So a line that is not an event is an error,
// and files without any event that feeds a type are an error too.
func (k *checking) recorded(use string, names []string) (*validate.Recorded, error) {
	flag := k.from(use)
	if len(names) == 0 {
		return nil, nil
	}
	recording := events.NewRecording(k.options.Definitions)
	k.recordings = append(k.recordings, recording)
	k.command.meter.Begin("reading the events of --"+use, progress.Bytes, sizes(names))
	for _, name := range names {
		source, err := k.readRecording(recording, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
		source.Use = use
		k.eventSources = append(k.eventSources, source)
	}
	if recording.Total() == 0 {
		return nil, fmt.Errorf("%s: no event of %s feeds a known template type; give the definition of its type with --types", flag, strings.Join(names, ", "))
	}
	return &validate.Recorded{Name: names[0], Events: recording.Events}, nil
}

// readsEvents registers the files of a flag for recorded events.
func (c *command) readsEvents(s *output.Set, flag string, names []string) {
	for _, name := range names {
		if name == "-" {
			s.ReadsStream(flag+" -", c.stdin)
		} else {
			s.Reads(flag+" "+name, name)
		}
	}
}

// closeRecordings deletes the temporary files of the recordings.
func (k *checking) closeRecordings() {
	for _, r := range k.recordings {
		r.Close()
	}
}

// A trying counts the subjects that were tried on the events of one flag. For each
// template type it also counts the subjects for which there was no event.
type trying struct {
	tried   int
	untried map[string]*untried
	types   []string // keys of untried, in the order of first use
}

// An untried counts the subjects of a type for which there was no event.
type untried struct {
	first string // name of the first subject
	count int
}

// noteUntried counts a subject in k.trying. If no recorded event has the type of the
// subject, the absence of matches proves nothing.
func (k *checking) noteUntried(r *validate.Report) {
	if r.File == nil || r.Definition == nil {
		return
	}
	for i, recorded := range []*validate.Recorded{k.options.NeverMatch, k.options.KnownGood, k.options.KnownBad} {
		if recorded == nil {
			continue
		}
		of, any := &k.trying[i], false
		// If events cannot be read, the report is undecided and has the reason.
		err := recorded.Events(r.Definition, func(func() string, interp.Event) bool {
			any = true
			return false
		})
		name := r.Definition.Name
		switch {
		case any || err != nil:
			of.tried++
		case of.untried[name] != nil:
			of.untried[name].count++
		default:
			if of.untried == nil {
				of.untried = map[string]*untried{}
			}
			of.untried[name] = &untried{r.Subject.Name, 1}
			of.types = append(of.types, name)
		}
	}
}

// sayUntried adds a remark for each type that was not tried on recorded events. If
// no subject was tried on the events of a flag, the run is undecided, because the
// user asked for a trial.
func (k *checking) sayUntried(run *report.Run) {
	for i, use := range []string{"never-match", "known-good", "known-bad"} {
		of, flag := &k.trying[i], k.from(use)
		for _, typ := range of.types {
			u := of.untried[typ]
			which := u.first
			if u.count > 1 {
				which = fmt.Sprintf("%s and %d more", u.first, u.count-1)
			}
			run.Remarks = append(run.Remarks, fmt.Sprintf("%s: not tried on %s, which has no event of type %s", which, flag, typ))
		}
		if of.tried == 0 && len(of.types) > 0 {
			run.Problems = append(run.Problems, fmt.Sprintf("%s: nothing was tried, because no event has a type that was judged (%s); give events of these types, or leave the flag out",
				flag, strings.Join(of.types, ", ")))
		}
	}
}

// readRecording adds the events of a file to a recording. The source has the size
// and the digest of the bytes that were read.
func (k *checking) readRecording(recording *events.Recording, name string) (source report.Source, err error) {
	f, err := k.openRecording(name)
	if err != nil {
		return source, err
	}
	defer f.Close()
	digest := sha256.New()
	size := new(counter)
	all := io.TeeReader(k.command.meter.Reader(f), io.MultiWriter(digest, size))
	r := events.NewReader(name, all)
	defer r.Close()
	var first *events.LineError
	bad := 0
	err = recording.Read(name, r, func(e *events.LineError) {
		if bad++; first == nil {
			first = e
		}
	})
	if err != nil {
		return source, err
	}
	if bad > 0 {
		return source, fmt.Errorf("%w; %s cannot be tried: fix or remove them", first, count(uint64(bad), "line"))
	}
	if _, err := io.Copy(io.Discard, all); err != nil {
		return source, unread(name, err)
	}
	return report.Source{Path: name, Size: int64(*size), Digest: hex.EncodeToString(digest.Sum(nil))}, nil
}

// openRecording opens a file of recorded events, which may be one that the policy of a revision
// names, or - for the standard input, which is read once.
func (k *checking) openRecording(name string) (io.ReadCloser, error) {
	if data, ok := k.baseFiles[name]; ok {
		return io.NopCloser(bytes.NewReader(data)), nil
	}
	if name == "-" {
		if k.readStdin {
			return nil, errors.New("the standard input (-) is named twice; it can be read once")
		}
		k.readStdin = true
		return io.NopCloser(k.command.stdin), onlyStdin()
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, unread(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file; name a file of recorded events", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, unread(name, err)
	}
	return f, nil
}

// A counter counts the bytes that are written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// openEvents opens a file of events, which is read with progress.
func (c *command) openEvents(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(c.meter.Reader(c.stdin)), onlyStdin()
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, unread(name, err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s: a folder; name the files of events in it", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, unread(name, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{c.meter.Reader(f), f}, nil
}
