package foreign

import (
	"errors"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/validate"
)

// sourceReadable is CF8101.
var sourceReadable = &validate.Check{
	ID:   "CF8101",
	Name: "source-readable",
	Doc: `the configuration of Sysmon is well-formed XML

Sysmon refuses a text that is not well-formed, and keeps the configuration
that it had. A page of a web site that was saved instead of the file, a tag
without its end and a character that XML does not have are the usual reasons.

Correct the text at the place that the finding names. Take a downloaded
configuration from the raw file, not from the page that shows it.`,
	Uses: source,
	Run: func(p *validate.Pass) {
		if p.SysmonError == nil {
			return
		}
		at := sysmon.Place{Line: 1, Column: 1}
		text := p.SysmonError.Error()
		if e, ok := errors.AsType[*config.Error](p.SysmonError); ok {
			at, text = e.Place, e.Text
		}
		p.Report(func() validate.Finding {
			return validate.Finding{
				Where: locate(p, at), Message: "the text is not well-formed: " + text,
				Fix: "correct the text here; if the file was downloaded, take the raw file",
			}
		})
	},
}

// readable are the checks without which a configuration is not judged further.
var readable = []string{"CF8101"}
