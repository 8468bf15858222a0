package foreign_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/validate"
)

// data is the folder with real configurations, which are not part of the repository.
const data = "../../../shared/data/sysmon"

// TestRealConfigurations holds the findings of meaning in public configurations and reports. A
// person has looked at each of them. Other findings would be false ones.
func TestRealConfigurations(t *testing.T) {
	if _, err := os.Stat(data); err != nil {
		t.Skip("public configurations are not ours to publish, and are not beside this checkout")
	}
	for _, row := range []struct{ file, why, want string }{
		{"reports/29-block-exe-updates/config.xml", "all program files of Windows are blocked", "CF8316:1"},
		{"reports/43-or-since-701/config.xml", "the schema version decides how fields are combined", "CF8317:1"},
		{"reports/31-begin-with-list/config.xml", "a list in begin with", "CF8305:1"},
		{"reports/33-newline-in-value/config.xml", "a line break before the end tag", "CF8314:1"},
		{"reports/35-hkcu/config.xml", "HKCU", "CF8315:1"},
		{"reports/49-exclude-empty-plus-include/config.xml", "unknown drivers are no longer logged", "CF8302:1"},
		{"reports/19-two-elements-same-type-10/config.xml", "two includes", ""},
		{"configs/swiftonsecurity.xml", "places for filters, a variable, 11 filters that stand twice, and the names of two programs as paths", "CF8302:2 CF8310:1 CF8313:11 CF8318:2"},
		{"configs/sysmon-modular.xml", "lists in conditions that take none, excludes of host names that are not looked up, blanks before a drive, filters that stand twice, names of programs as paths", "CF8302:2 CF8304:1 CF8305:6 CF8306:9 CF8309:1 CF8310:1 CF8312:8 CF8313:23 CF8314:9 CF8318:87"},
		{"pairs/sysmon-modular-config.xml", "an empty include beside an exclude of drivers, a Rule that asks for two files in one field", "CF8301:1 CF8304:1 CF8305:1 CF8309:2 CF8310:1 CF8311:1 CF8312:1 CF8313:23 CF8315:3 CF8318:6"},
	} {
		if got := counted(t, filepath.Join(data, row.file)); got != row.want {
			t.Errorf("%s: found %q, expected %q, for %s", row.file, got, row.want, row.why)
		}
	}
}

// counted returns the number of findings of each check in a file.
func counted(t *testing.T, name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r := validate.Run(validate.SysmonSource(name, text), validate.Options{Checks: ofMeaning(), Fleet: fleet("13.24", "15.15")})
	var list []string
	for _, total := range r.Totals {
		list = append(list, total.Check.ID+":"+strconv.Itoa(total.Found))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}
