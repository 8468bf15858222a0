package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/cfcheck/cfcheck/events"
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
	for _, name := range names {
		if err := readRecording(recording, name); err != nil {
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
	}
	if recording.Total() == 0 {
		return nil, fmt.Errorf("%s: no event of %s feeds a template type that is known; give its definition with --types", flag, strings.Join(names, ", "))
	}
	return &validate.Recorded{Name: names[0], Events: recording.Events}, nil
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
		for range of.recorded.Events(r.Definition) {
			tried = true
			break
		}
		if !tried {
			k.remarks = append(k.remarks, fmt.Sprintf("%s: %s has no event of type %s: nothing of it was tried", r.Subject.Name, of.flag, r.Definition.Name))
		}
	}
}

func readRecording(recording *events.Recording, name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return unread(name, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: no regular file; name a file of recorded events", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return unread(name, err)
	}
	defer f.Close()
	r := events.NewReader(name, f)
	defer r.Close()
	var bad []*events.LineError
	if err := recording.Read(name, r, func(e *events.LineError) { bad = append(bad, e) }); err != nil {
		return err
	}
	if len(bad) > 0 {
		return fmt.Errorf("%w; lines that are no events: %d, and events that are not read are not tried", bad[0], len(bad))
	}
	return nil
}
