package sysmon

// Rules are the rules that a build has after it loaded a configuration or a rule blob.
type Rules struct {
	Schema   Version   // declared by the configuration
	Binary   Version   // of the blob; zero if the rules come from a configuration
	Elements []Element // by event in the order of the manifest, then of the document
	Options  Options   // zero if the rules come from a blob: the registry holds them beside it
}

// An Element is an event element of a configuration, and the event record of a blob that it
// becomes.
type Element struct {
	Event   uint32 // ID of its event; of several events of a tag the first that has the fields
	Include bool   // log an event if it matches; false: drop it
	All     bool   // the filters are combined by "and"; false: by "or"
	Filters []Filter
	Groups  []Group // the Rule elements in it, in the order of their first filters
	Place   Place
}

// A Group is a Rule element: filters that count as one.
type Group struct {
	ID    uint32 // its number over the whole blob, from 1; an event that was undone leaves a gap
	Name  string // "" means that it has no name
	First int    // index of its first filter; of the next one if it has no filter
	All   bool   // its filters are combined by "and"; false: by "or"
	Place Place
}

// A Filter compares one field of an event with a value. The compiler gives it the name of its own,
// else that of its Rule, else that of its RuleGroup.
type Filter struct {
	Field     int    // place among the fields of the event, in the newest schema of the compiler
	FieldName string // "" if the event has no such field
	Op        Operator
	Value     string // as it was written
	Name      string // RuleName of the events for which this filter matched last
	Group     int    // index in Groups; -1 if it is not in a Rule
	Place     Place
}

// A Place is where a part of the rules stands.
type Place struct {
	Offset int64 // bytes from the start of the blob or the XML
	Line   int   // from 1, in the XML; 0 means that there is no line
	Column int   // from 1, in bytes
}

// A Setting is the value of an option that can be on or off.
type Setting uint8

const (
	Unset Setting = iota // the build decides
	Off
	On
)

// String returns "unset", "off" or "on".
func (s Setting) String() string {
	switch s {
	case Off:
		return "off"
	case On:
		return "on"
	}
	return "unset"
}

// Options are the settings of a configuration that a build has after loading. Settings that the
// loader passed over are not among them.
type Options struct {
	HashAlgorithms   []string // such as "SHA256"; nil means the default, SHA1
	CheckRevocation  Setting
	DnsLookup        Setting // Off: the host names and port names of event 3 stay empty
	ArchiveDirectory string
	CaptureClipboard bool
	DriverName       string
	FieldSizes       []FieldSize
	ProcessAccess    string // text of ProcessAccessConfig
	PipeMonitoring   string // text of PipeMonitoringConfig
	DriverQueueSize  string
	SigningQueueSize string
}

// A FieldSize limits the length of a field in the log. Filters see the whole value.
type FieldSize struct {
	Field string
	Units int // UTF-16 units
}
