package sysmon

// A Concern is a construct of a configuration that a [Defect] is about.
type Concern uint8

const (
	EveryConfiguration Concern = iota // whatever its contents
	SeveralElements                   // two or more elements of one tag
	SeveralInGroup                    // a RuleGroup with two or more elements
	IncludeAndExclude                 // an include and an exclude element of one tag in a RuleGroup
	CommentInGroup                    // a comment between the elements of a RuleGroup
	AndRelation                       // an element or a Rule whose filters are combined by "and"
	CapitalValue                      // a value with a capital letter
)

// A Defect is a known bug of a build, which differs there from the rules that this package
// describes.
type Defect struct {
	Concern Concern
	What    string // the effect, as a sentence without a full stop
	On      string // systems on which the bug shows; "" means all
	Sure    bool   // seen by several people, or by one who gives the proof
	Source  string
}

// knownDefects has the bugs by the builds that have them: all from one version to another,
// or the one build of a name.
var knownDefects = []struct {
	from, to string
	defect   Defect
}{
	{"10.0", "10.42", Defect{
		Concern: SeveralElements, Sure: true,
		What:   "the build refuses a configuration with several elements of one event type",
		Source: "issue 91 of SwiftOnSecurity/sysmon-config",
	}},
	{"10.0", "10.42", Defect{
		Concern: IncludeAndExclude, Sure: true,
		What:   "the build ignores the exclude element of a RuleGroup that also has an include element of the type",
		Source: "issue 87 of SwiftOnSecurity/sysmon-config",
	}},
	{"11.0", "11.0", Defect{
		Concern: CommentInGroup,
		What:    "a comment between the elements of a RuleGroup ends the reading, so the elements behind it are lost",
		Source:  "issue 282 of MicrosoftDocs/sysinternals",
	}},
	{"12.03", "13.00", Defect{
		Concern: SeveralInGroup,
		What:    "the build reads only the first element of a RuleGroup",
		Source:  "issue 331 of MicrosoftDocs/sysinternals",
	}},
	{"13.00", "13.00", Defect{
		Concern: EveryConfiguration, On: "Windows Server 2012 and 2016",
		What:   "the service stops when a configuration is applied",
		Source: "issue 136 of SwiftOnSecurity/sysmon-config",
	}},
	{"13.10", "13.21", Defect{
		Concern: AndRelation, Sure: true,
		What:   `the build combines filters by "or" where the configuration says "and"`,
		Source: "issues 92 and 96 of olafhartong/sysmon-modular",
	}},
	{"linux-1.2.0", "linux-1.2.0", Defect{
		Concern: CapitalValue,
		What:    "a value with capital letters was reported never to match",
		Source:  "issue 137 of microsoft/SysmonForLinux",
	}},
}

// defectsOf returns the known bugs of a build.
func defectsOf(b *Build) []Defect {
	var list []Defect
	v, err := ParseVersion(b.Name)
	for _, k := range knownDefects {
		if err != nil || b.Platform != Windows {
			if k.from == b.Name {
				list = append(list, k.defect)
			}
			continue
		}
		from, errFrom := ParseVersion(k.from)
		to, errTo := ParseVersion(k.to)
		if errFrom == nil && errTo == nil && from.Compare(v) <= 0 && v.Compare(to) <= 0 {
			list = append(list, k.defect)
		}
	}
	return list
}
