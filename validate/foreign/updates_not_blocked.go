package foreign

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sysmon/logging"
	"github.com/cfcheck/cfcheck/validate"
)

// updatesNotBlocked is CF8316.
var updatesNotBlocked = &validate.Check{
	ID:   "CF8316",
	Name: "updates-not-blocked",
	Doc: `no rule blocks the files of Windows updates

Sysmon logs FileBlockExecutable when it has blocked the creation of a program
file. An include on a folder of Windows blocks the installer of updates too.
In October 2022 such rules made updates fail on many hosts, until Windows
rolled them back.

Write an exclude for the installers, such as TrustedInstaller.exe and
TiWorker.exe, or narrow the include.`,
	Severity: validate.Warning,
	Uses:     ofRules,
	Run: func(p *validate.Pass) {
		judgeRules(p, func(r *ruleSet, say func(remark)) bool {
			ev := r.schema.Event(fileBlockExecutable)
			if ev == nil || !r.sure {
				return true
			}
			said := map[int]bool{} // elements
			for _, w := range installed {
				s := &sample{ev, map[string]string{"Image": w.image, "TargetFilename": w.file, "User": `NT AUTHORITY\SYSTEM`}}
				d := r.engine.Logged(&logging.Event{ID: ev.ID, Values: s.values})
				if d.Answer != logging.Logged || d.Element < 0 || said[d.Element] {
					continue
				}
				said[d.Element] = true
				e := &r.Elements[d.Element]
				m := r.aboutElement(e)
				if d.Filter >= 0 {
					m = r.about(e, &e.Filters[d.Filter])
				}
				m.text = func() (string, []string) {
					what := "the element"
					if d.Filter >= 0 {
						what = "the filter " + filterText(&e.Filters[d.Filter])
					}
					return fmt.Sprintf("%s blocks program files that %s", what, w.why), nil
				}
				m.witness = func() string { return fmt.Sprintf("witness: %v is logged, so Sysmon blocks the file", s) }
				m.fix = "exclude the installers of Windows, or narrow the include"
				say(m)
			}
			return true
		})
	},
}

// fileBlockExecutable is the event of a program file whose creation Sysmon has blocked.
const fileBlockExecutable = 27

// installed are program files that Windows creates, with the programs that do so.
var installed = []struct{ image, file, why string }{
	{`C:\Windows\servicing\TrustedInstaller.exe`, `C:\Windows\System32\kernel32.dll`, "an update of Windows writes"},
	{`C:\Windows\servicing\TrustedInstaller.exe`, `C:\Windows\System32\drivers\tcpip.sys`, "an update of Windows writes"},
	{`C:\Windows\System32\svchost.exe`, `C:\Windows\SoftwareDistribution\Download\Install\update.exe`, "Windows Update downloads"},
	{`C:\Windows\System32\msiexec.exe`, `C:\Windows\Installer\setup.exe`, "the installer of Windows writes"},
}
