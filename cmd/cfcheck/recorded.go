package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// recorded reads files of recorded events, nil if none are named. What is not
// wholly read is no ground for a verdict: a line that is no event is an error,
// and so are events of which none feeds a type.
func (k *checking) recorded(flag string, names []string) (*validate.Recorded, error) {
	if len(names) == 0 {
		return nil, nil
	}
	recording := events.NewRecording(k.options.Definitions)
	k.recordings = append(k.recordings, recording)
	for _, name := range names {
		source, err := readRecording(recording, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
		source.Use = strings.TrimPrefix(flag, "--")
		k.eventSources = append(k.eventSources, source)
	}
	if recording.Total() == 0 {
		return nil, fmt.Errorf("%s: no event of %s feeds a template type that is known; give its definition with --types", flag, strings.Join(names, ", "))
	}
	return &validate.Recorded{Name: names[0], Events: recording.Events}, nil
}

// closeRecordings deletes what the recordings have in temporary files.
func (k *checking) closeRecordings() {
	for _, r := range k.recordings {
		r.Close()
	}
}

// noteUntried notes that content was to be run on recorded events of which none
// is of its type: that nothing matched says nothing then.
func (k *checking) noteUntried(r *validate.Report) {
	if r.File == nil || r.Definition == nil {
		return
	}
	for _, of := range []struct {
		flag     string
		recorded *validate.Recorded
	}{{"--never-match", k.options.NeverMatch}, {"--known-good", k.options.KnownGood}} {
		if of.recorded == nil {
			continue
		}
		tried := false
		// Where events cannot be read, the verdict is undecided, and says why.
		err := of.recorded.Events(r.Definition, func(func() string, sensor.Event) bool {
			tried = true
			return false
		})
		if !tried && err == nil {
			k.remarks = append(k.remarks, fmt.Sprintf("%s: %s has no event of type %s: nothing of it was tried", r.Subject.Name, of.flag, r.Definition.Name))
		}
	}
}

// readRecording adds the events of a file to a recording. It returns the size and
// the digest of the bytes that were read.
func readRecording(recording *events.Recording, name string) (source report.Source, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return source, unread(name, err)
	}
	if !info.Mode().IsRegular() {
		return source, fmt.Errorf("%s: no regular file; name a file of recorded events", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return source, unread(name, err)
	}
	defer f.Close()
	digest := sha256.New()
	size := new(counter)
	all := io.TeeReader(f, io.MultiWriter(digest, size))
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
		return source, fmt.Errorf("%w; lines that are no events: %d, and events that are not read are not tried", first, bad)
	}
	if _, err := io.Copy(io.Discard, all); err != nil {
		return source, unread(name, err)
	}
	return report.Source{Path: name, Size: int64(*size), Digest: hex.EncodeToString(digest.Sum(nil))}, nil
}

// A counter counts the bytes that are written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
