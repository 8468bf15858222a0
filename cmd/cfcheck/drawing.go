package main

import (
	"maps"
	"slices"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/validate"
)

// draw adds a report to the picture of the run, if a report of the run is a page. The content is
// compared with the previous release once, with the first fleet. Of content that is not in normal
// form only the findings are drawn.
func (k *checking) draw(r *validate.Report, fleet string, first bool) {
	if !k.reporting.draws() {
		return
	}
	if k.picture == nil {
		k.picture = &report.Picture{Definitions: k.options.Definitions, Recorded: []*validate.Recorded{k.options.NeverMatch, k.options.KnownGood, k.options.KnownBad}}
	}
	k.picture.Add(r, fleet)
	if k.release == nil {
		return
	}
	k.picture.Compared()
	if !first || r.File == nil || r.File.Conformance() != 0 {
		return
	}
	h := r.File.Header
	var old *report.DiffSide
	if s := k.release.best(h.Channel, h.TypeVersion); s != nil {
		var err error
		if old, err = s.side(); err != nil {
			return // a check reports it
		}
	}
	k.picture.Compare(old, &report.DiffSide{Name: r.Subject.Name, File: r.File, Rules: r.Subject.Kind == validate.KindRules})
}

// drawWithdrawn adds the content of the previous release that this one does not have.
func (k *checking) drawWithdrawn() {
	if k.picture == nil || k.release == nil {
		return
	}
	for _, channel := range slices.Sorted(maps.Keys(k.release.content)) {
		for _, s := range k.release.content[channel] {
			if s.compared {
				continue
			}
			if side, err := s.side(); err == nil {
				k.picture.Compare(side, nil)
			}
		}
	}
}
