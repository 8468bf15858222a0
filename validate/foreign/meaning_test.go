package foreign_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/validate"
)

// ofMeaning are the checks of meaning, with those that they need.
func ofMeaning() (list []*validate.Check) {
	for _, c := range checks {
		if c.ID >= "CF8300" || c.ID == "CF8101" {
			list = append(list, c)
		}
	}
	return list
}

// meaning returns the IDs of the findings of a subject, in order.
func meaning(s *validate.Subject, versions ...string) (ids []string) {
	r := validate.Run(s, validate.Options{Checks: ofMeaning(), Fleet: fleet(versions...)})
	for i := range r.Findings {
		ids = append(ids, r.Findings[i].Check.ID)
	}
	return ids
}

// filtered returns a configuration with one element of an event.
func filtered(tag, onmatch, relation string, filters ...string) string {
	return fmt.Sprintf(`<RuleGroup groupRelation="%s"><%s onmatch="%s">%s</%s></RuleGroup>`, relation, tag, onmatch, strings.Join(filters, ""), tag)
}

func filter(field, condition, value string) string {
	return fmt.Sprintf(`<%s condition="%s">%s</%s>`, field, condition, value, field)
}

func sysmonXML(elements ...string) []byte {
	return []byte(`<Sysmon schemaversion="4.90"><EventFiltering>` + strings.Join(elements, "") + `</EventFiltering></Sysmon>`)
}

// TestMeaning holds the limits of the checks of meaning: what a check finds, and what it must leave
// alone, because an author can mean it.
func TestMeaning(t *testing.T) {
	include := func(tag string, filters ...string) string { return filtered(tag, "include", "or", filters...) }
	exclude := func(tag string, filters ...string) string { return filtered(tag, "exclude", "or", filters...) }
	for _, row := range []struct {
		why      string
		elements []string
		want     string
	}{
		{"two empty includes want no event", []string{include("ImageLoad"), include("ImageLoad"), exclude("ProcessCreate")}, ""},
		{"and log nothing at all if they stand alone", []string{include("ImageLoad"), include("ImageLoad")}, "CF8301"},
		{"an empty include switches the exclude off", []string{include("ImageLoad"), exclude("ImageLoad", filter("Image", "image", "a.exe"))}, "CF8301"},
		{"an exclude of an empty beginning matches each event", []string{exclude("ImageLoad", filter("Image", "begin with", ""))}, "CF8301"},
		{"and takes all from an include", []string{exclude("ImageLoad", filter("Image", "end with", "")), include("ImageLoad", filter("Image", "image", "a.exe"))}, "CF8301"},
		{"an empty text is in a field that has a text", []string{exclude("ImageLoad", filter("Signature", "contains", "")), include("ImageLoad", filter("Image", "image", "a.exe"))}, ""},
		{"the other events have one element each", []string{exclude("ImageLoad", filter("Image", "image", "a.exe")), exclude("DriverLoad", filter("Signed", "is", "true"))}, ""},
		{"a second exclude has filters, so the empty one is a place for more", []string{exclude("FileCreate"), exclude("FileCreate", filter("Image", "image", "a.exe")), include("FileCreate", filter("TargetFilename", "end with", ".ps1"))}, ""},

		{"a hexadecimal number has an order of its own", []string{include("ProcessAccess", filter("GrantedAccess", "more than", "0x1000"))}, "CF8303"},
		{"a text has the order of texts", []string{include("ProcessCreate", filter("User", "more than", "m"))}, ""},

		{"one item with a semicolon behind it", []string{include("ProcessCreate", filter("CommandLine", "excludes any", "a;"))}, "CF8304"},
		{"an item is empty", []string{include("ProcessCreate", filter("CommandLine", "contains all", "a;;b"))}, "CF8304"},
		{"a list without an item more", []string{include("ProcessCreate", filter("CommandLine", "contains all", "a;b"))}, ""},
		{"words with blanks behind the semicolons", []string{include("ProcessCreate", filter("CommandLine", "contains any", "mimikatz; sekurlsa"))}, "CF8304"},
		{"options of a command begin with a blank", []string{include("ProcessCreate", filter("CommandLine", "contains all", "net; /add"))}, ""},
		{"a path never begins with a blank", []string{include("ProcessCreate", filter("Image", "contains any", `\a.exe; \b.exe`))}, "CF8304"},

		{"plain words in a command", []string{include("ProcessCreate", filter("CommandLine", "contains", "unload;detach"))}, "CF8305"},
		{"a command with a semicolon", []string{include("ProcessCreate", filter("CommandLine", "contains", ";iex"))}, ""},
		{"file names", []string{include("ProcessCreate", filter("Image", "end with", `\a.exe;\b.exe`))}, "CF8305"},

		{"User has other places in the events of the registry", []string{include("RegistryEvent", filter("TargetObject", "contains", "x"), filter("User", "is", "u"))}, "CF8307"},
		{"Destination is in one of three events, and the two others are never logged", []string{include("WmiEvent", filter("Destination", "contains", "x"))}, "CF8307"},
		{"another include counts for them", []string{include("WmiEvent", filter("Destination", "contains", "x")), include("WmiEvent", filter("Operation", "is", "Created"))}, ""},
		{"an exclude on one event drops no other", []string{exclude("WmiEvent", filter("Destination", "contains", "x"))}, ""},
		{"an exclude on a value beside an include of all", []string{include("RegistryEvent", filter("TargetObject", "contains", "x")), exclude("RegistryEvent", filter("Details", "is", "x"))}, ""},

		{"negations in an element that combines by or", []string{exclude("DnsQuery", filter("QueryName", "not end with", ".a"), filter("QueryName", "not end with", ".b"))}, "CF8308"},
		{"the longer end has the shorter one", []string{exclude("DnsQuery", filter("QueryName", "not end with", ".a"), filter("QueryName", "not end with", ".b.a"))}, ""},
		{"negations of two fields", []string{filtered("DnsQuery", "exclude", "and", filter("QueryName", "is not", "a"), filter("Image", "is not", "b"))}, ""},
		{"a Rule by or", []string{include("DnsQuery", `<Rule groupRelation="or">`, filter("QueryName", "is not", "a"), filter("QueryName", "is not", "b"), "</Rule>")}, "CF8308"},
		{"two Rules, each with one", []string{include("DnsQuery", `<Rule groupRelation="and">`, filter("QueryName", "is not", "a"), filter("Image", "image", "a.exe"), `</Rule><Rule groupRelation="and">`, filter("QueryName", "is not", "b"), filter("Image", "image", "b.exe"), "</Rule>")}, ""},

		{"stars around a text", []string{include("ProcessCreate", filter("CommandLine", "contains", "*mimikatz*"))}, "CF8309"},
		{"any user of the registry", []string{include("RegistryEvent", filter("TargetObject", "begin with", `HKU\*\Software`))}, "CF8309"},
		{"the key of all files", []string{include("RegistryEvent", filter("TargetObject", "begin with", `HKLM\SOFTWARE\Classes\*\shell`))}, ""},
		{"a query has a star", []string{include("WmiEvent", filter("Query", "contains", "* FROM *"), filter("Operation", "is", "Created"))}, ""},
		{"a path of the kernel", []string{include("ProcessCreate", filter("Image", "begin with", `\??\C:\`))}, ""},
		{"a question mark in a name", []string{include("ProcessCreate", filter("Image", "end with", `\a?.exe`))}, "CF8309"},

		{"doubled signs do not help", []string{include("ProcessCreate", filter("CommandLine", "contains", "%%TEMP%%"))}, "CF8310"},
		{"an encoded address is no variable", []string{include("ProcessCreate", filter("CommandLine", "contains", "%2e%2e/"))}, ""},

		{"the exclude has another field", []string{include("ProcessCreate", filter("Image", "is", `C:\a.exe`)), exclude("ProcessCreate", filter("ParentImage", "is", `C:\a.exe`))}, ""},
		{"the exclude has the name", []string{include("ProcessCreate", filter("Image", "is", `C:\x\a.exe`)), exclude("ProcessCreate", filter("Image", "image", `a.exe`))}, "CF8311"},
		{"the exclude has the same name", []string{include("ProcessCreate", filter("Image", "image", "a.exe")), exclude("ProcessCreate", filter("Image", "image", "A.exe"))}, "CF8311"},
		{"the name has a longer end", []string{include("ProcessCreate", filter("Image", "image", "a.exe")), exclude("ProcessCreate", filter("Image", "image", "ba.exe"))}, ""},
		{"one item of the list is left", []string{include("ProcessCreate", filter("Image", "is any", `C:\a;C:\b`)), exclude("ProcessCreate", filter("Image", "is", `C:\a`))}, ""},
		{"the excludes have all items", []string{include("ProcessCreate", filter("Image", "is any", `C:\a;C:\b`)), exclude("ProcessCreate", filter("Image", "is any", `C:\a;C:\b;C:\c`))}, "CF8311"},
		{"an element by and", []string{filtered("ProcessCreate", "include", "and", filter("Image", "is", `C:\a`), filter("User", "is", "u")), exclude("ProcessCreate", filter("User", "is", "u"))}, "CF8311"},
		{"an element by and takes one of two values of a field", []string{filtered("ProcessCreate", "include", "and", filter("User", "is", "v"), filter("User", "is", "u")), exclude("ProcessCreate", filter("User", "is", "u"))}, ""},

		{"two beginnings in a Rule", []string{include("ProcessCreate", `<Rule groupRelation="and">`, filter("Image", "begin with", `C:\`), filter("Image", "begin with", `D:\`), "</Rule>")}, "CF8312"},
		{"a name twice in two cases", []string{include("ProcessCreate", filter("Image", "is", `C:\a`), `<Rule groupRelation="and">`, filter("Image", "is", `C:\A`), filter("User", "is", `u`), "</Rule>")}, ""},

		{"two names in an exclude", []string{exclude("ProcessCreate", `<Rule groupRelation="and">`, filter("Image", "is", `C:\a.exe`), filter("Image", "image", `b.exe`), "</Rule>")}, "CF8312"},
		{"two names, of which one is negative", []string{exclude("ProcessCreate", `<Rule groupRelation="and">`, filter("Image", "is", `C:\a.exe`), filter("Image", "is not", `C:\A.EXE`), "</Rule>")}, "CF8312"},
		{"two values of one field in an element by and, which takes one of them", []string{filtered("ProcessCreate", "exclude", "and", filter("Image", "is", `C:\a.exe`), filter("Image", "is", `C:\b.exe`))}, ""},
		{"two parts of one text", []string{exclude("ProcessCreate", `<Rule groupRelation="and">`, filter("Image", "contains", `a`), filter("Image", "contains", `b`), "</Rule>")}, ""},
		{"two values that one list shares", []string{exclude("ProcessCreate", `<Rule groupRelation="and">`, filter("Image", "is any", `a;b`), filter("Image", "is", `b`), "</Rule>")}, ""},
		{"a blank before a drive", []string{include("ProcessCreate", filter("Image", "contains", ` C:\Users\`))}, "CF8314"},
		{"a blank in a name", []string{include("ProcessCreate", filter("Image", "contains", ` Agent\`))}, ""},
		{"a blank before the path of a command", []string{include("ProcessCreate", filter("CommandLine", "begin with", ` "C:\a.exe"`))}, ""},

		{"an update passes by its program", []string{include("FileBlockExecutable", filter("TargetFilename", "begin with", `C:\Windows\`)), exclude("FileBlockExecutable", filter("User", "is", `NT AUTHORITY\SYSTEM`))}, ""},
		{"a hash that nobody knows", []string{include("FileBlockExecutable", filter("Hashes", "contains", "SHA256=00"))}, ""},
		{"all program files", []string{include("FileBlockExecutable", filter("TargetFilename", "end with", `.dll`))}, "CF8316"},
		{"fields of an element without a RuleGroup", []string{`<ProcessCreate onmatch="include">` + filter("Image", "image", "a.exe") + filter("User", "is", "u") + `</ProcessCreate>`}, "CF8317"},
		{"a Rule alone", []string{`<ProcessCreate onmatch="include"><Rule groupRelation="and">` + filter("Image", "image", "a.exe") + filter("User", "is", "u") + `</Rule></ProcessCreate>`}, ""},
		{"two Rules", []string{`<ProcessCreate onmatch="include"><Rule groupRelation="or">` + filter("Image", "image", "a.exe") + `</Rule><Rule groupRelation="or">` + filter("User", "is", "u") + `</Rule></ProcessCreate>`}, "CF8317"},
		{"a name that is no path", []string{include("ProcessCreate", filter("Image", "is", "cmd.exe"))}, "CF8318"},
		{"a name for a condition on names", []string{include("ProcessCreate", filter("Image", "image", "cmd.exe"))}, ""},
		{"a name with a backslash is neither", []string{include("ProcessCreate", filter("Image", "image", `\cmd.exe`))}, "CF8318"},
		{"a path without its drive", []string{exclude("ProcessCreate", filter("Image", "is", `Windows\cmd.exe`))}, "CF8318"},
		{"a name in a list", []string{include("ProcessCreate", filter("ParentImage", "is any", `C:\a.exe;b.exe`))}, "CF8318"},
		{"all but a name is all", []string{include("ProcessCreate", filter("Image", "is not", "cmd.exe"))}, "CF8318"},
		{"the kernel has no path", []string{include("ProcessCreate", filter("Image", "is", "System"))}, ""},
		{"a share", []string{include("ProcessCreate", filter("Image", "is", `\\server\a.exe`))}, ""},
		{"a device", []string{include("ProcessCreate", filter("Image", "is", `\Device\HarddiskVolume1\a.exe`))}, ""},
		{"the name in the file itself", []string{include("ProcessCreate", filter("OriginalFileName", "is", "cmd.exe"))}, ""},
		{"a long root", []string{include("RegistryEvent", filter("TargetObject", "contains", `HKEY_LOCAL_MACHINE\System\`))}, "CF8315"},
		{"the root of a list", []string{include("RegistryEvent", filter("TargetObject", "contains any", `HKLM\a;HKCU\b`))}, "CF8315"},
		{"a key of that name", []string{include("RegistryEvent", filter("TargetObject", "contains", `\HKCU\`))}, ""},
	} {
		if got := strings.Join(meaning(validate.SysmonSource("config.xml", sysmonXML(row.elements...)), "15.15"), " "); got != row.want {
			t.Errorf("%s: found %q, expected %q\n%s", row.why, got, row.want, sysmonXML(row.elements...))
		}
	}
}

// TestMeaningOfOptions holds the findings that an option causes.
func TestMeaningOfOptions(t *testing.T) {
	for _, row := range []struct{ why, options, want string }{
		{"host names stay empty", "<DnsLookup>False</DnsLookup>", "CF8312"},
		{"host names are looked up", "<DnsLookup>True</DnsLookup>", ""},
	} {
		for _, onmatch := range []string{"include", "exclude"} {
			data := `<Sysmon schemaversion="4.50">` + row.options + `<EventFiltering>` +
				filtered("NetworkConnect", onmatch, "or", filter("DestinationHostname", "end with", ".example.org")) + `</EventFiltering></Sysmon>`
			if got := strings.Join(meaning(validate.SysmonSource("config.xml", []byte(data)), "15.15"), " "); got != row.want {
				t.Errorf("%s: found %q, expected %q in an %s", row.why, got, row.want, onmatch)
			}
		}
	}
}

// TestMeaningByVersion holds that versions with the same finding share it, and that a version that
// refuses the file has no finding.
func TestMeaningByVersion(t *testing.T) {
	data := []byte(`<Sysmon schemaversion="4.50"><EventFiltering>` + filtered("ProcessCreate", "include", "or", filter("CommandLine", "contains", "unload;detach")) + `</EventFiltering></Sysmon>`)
	r := validate.Run(validate.SysmonSource("config.xml", data), validate.Options{Checks: ofMeaning(), Fleet: fleet("7.01", "13.33", "15.15", "linux-1.0.0")})
	if len(r.Findings) != 1 {
		t.Fatalf("found %v, expected one finding", r.Findings)
	}
	var builds []string
	for _, b := range r.Findings[0].Builds {
		builds = append(builds, b.Name)
	}
	if want := []string{"with-13.33", "with-15.15", "with-linux-1.0.0"}; !slices.Equal(builds, want) {
		t.Errorf("the finding names %v, expected %v: 7.01 refuses the file", builds, want)
	}
	if r.Findings[0].Where.Source.Line != 1 {
		t.Errorf("the finding is at %+v, expected line 1", r.Findings[0].Where)
	}
}

// TestMeaningOfBlobs holds that the blob of a configuration has the findings of the configuration,
// each on the bytes of a record.
func TestMeaningOfBlobs(t *testing.T) {
	build, err := sysmon.BuildNamed("15.15")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, c := range corpus.Sysmon() {
		if c.IsBlob() {
			continue
		}
		cfg, err := config.Parse(c.Data)
		if err != nil {
			continue
		}
		data, err := cfg.Load(build).Blob()
		if err != nil || len(data) == 0 {
			continue
		}
		// A blob states how an element combines its fields.
		want := slices.DeleteFunc(meaning(validate.SysmonSource("config.xml", c.Data), "15.15"), func(id string) bool { return id == "CF8317" })
		if got := meaning(validate.SysmonBlob("rules.bin", data), "15.15"); !slices.Equal(got, want) {
			t.Errorf("%s: the blob has %v, the configuration %v", c.Name, got, want)
		}
		r := validate.Run(validate.SysmonBlob("rules.bin", data), validate.Options{Checks: ofMeaning(), Fleet: fleet("15.15")})
		for i := range r.Findings {
			if f := &r.Findings[i]; f.Where.Range.End <= f.Where.Range.Start || f.Where.Range.End > len(data) {
				t.Errorf("%s: %v is at bytes %v of %d", c.Name, f.Check, f.Where.Range, len(data))
			}
		}
		compared += len(want)
	}
	if compared < 15 {
		t.Errorf("compared %d findings, expected one for each check", compared)
	}
}

// TestMeaningIsBounded holds that an include and an exclude with many filters end by the budget.
func TestMeaningIsBounded(t *testing.T) {
	var filters []string
	for i := range 1000 {
		filters = append(filters, filter("Image", "contains any", fmt.Sprintf("a%d;b%d", i, i)))
	}
	data := sysmonXML(filtered("ProcessCreate", "include", "or", filters...), filtered("ProcessCreate", "exclude", "or", filters[:1]...))
	budget := &validate.Budget{MaxSteps: 10_000}
	r := validate.Run(validate.SysmonSource("config.xml", data), validate.Options{Checks: checks, Fleet: fleet("15.15"), Budget: budget})
	if r.Verdict() != validate.Undecided || !strings.Contains(strings.Join(r.Undecided, "\n"), "CF8311") {
		t.Errorf("%v %q, expected that CF8311 did not finish", r.Verdict(), r.Undecided)
	}
}
