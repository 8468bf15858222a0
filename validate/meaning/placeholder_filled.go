package meaning

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// placeholderFilled is CF4011.
var placeholderFilled = &validate.Check{
	ID:   "CF4011",
	Name: "placeholder-filled",
	Doc: `no value is the name of a placeholder

The whole value is a name between percent signs, such as %Administrators%. In
a Sigma rule that is a placeholder, but only with the modifier expand. Without
it the rule looks for the percent signs, and such a value is rare. Names of
environment variables, such as %TEMP%, are not reported.

Write the modifier expand, or the values that the placeholder stands for.`,
	Severity: validate.Note,
	Uses:     uses,
	Requires: typed,
	Run: func(p *validate.Pass) {
		eachText(p, "write the modifier expand, or the values that the placeholder stands for", func(c channelfile.Criterion, _ string, v channelfile.Value) string {
			if c.Operator != channelfile.OpEquals || !isPlaceholder(string(v)) {
				return ""
			}
			return fmt.Sprintf("the value %q of %s looks like a placeholder, which nothing has filled in", []byte(v), p.Definition.InputName(int(c.Input)))
		})
	},
}

// isPlaceholder reports whether a text is a name between percent signs, and not that of an
// environment variable of Windows.
func isPlaceholder(s string) bool {
	name, ok := strings.CutPrefix(s, "%")
	if ok {
		name, ok = strings.CutSuffix(name, "%")
	}
	if !ok || name == "" || len(name) > 64 || !isLetter(name[0]) || environment[strings.ToLower(name)] {
		return false
	}
	return strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// environment are the environment variables that Windows sets.
var environment = map[string]bool{
	"allusersprofile": true, "appdata": true, "cd": true, "commonprogramfiles": true, "commonprogramw6432": true, "computername": true,
	"comspec": true, "date": true, "driverdata": true, "errorlevel": true, "homedrive": true, "homepath": true, "localappdata": true,
	"logonserver": true, "number_of_processors": true, "onedrive": true, "os": true, "path": true, "pathext": true,
	"processor_architecture": true, "programdata": true, "programfiles": true, "programw6432": true, "psmodulepath": true, "public": true,
	"random": true, "sessionname": true, "systemdrive": true, "systemroot": true, "temp": true, "time": true, "tmp": true,
	"userdomain": true, "username": true, "userprofile": true, "windir": true,
}
