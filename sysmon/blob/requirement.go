package blob

import "fmt"

// A Requirement is one of those that BLOB.md lists in reading order, by its number. Check CF8001
// enforces requirement 1, and so on.
type Requirement uint8

// The requirements. Requirement.Text has the words of each.
const (
	HeaderWhole Requirement = iota + 1
	LayoutKnown
	BinaryMajor
	BinaryMinor
	RecordsSome
	HeaderSize
	SchemaVersion
	FirstEvent
	FirstAggregation
	EventWhole
	EventPlace
	EventID
	EventFirstID
	EventOrder
	EventDefault
	EventCombine
	EventFilters
	EventNumber
	FilterWhole
	FilterPlace
	NameEnded
	NameFilled
	NameText
	OperatorKnown
	DataSize
	DataInside
	DataEnded
	DataOneNUL
	DataText
	FieldKnown
	AggregationReference
	AggregationID
	AggregationName
	AggregationRoot
	AggregationFilters
	AggregationCombine
	AggregationNext
	AggregationReserved
	AggregationUsed
	RecordCount
	NoUnusedBytes
	PaddingZero
	PaddingWhole
	requirementsEnd
)

// requirements has the name of the check that enforces each one, whether a blob that breaks it is
// acceptable all the same, and its text.
var requirements = [requirementsEnd]struct {
	name string // of the check
	note bool
	text string
}{
	HeaderWhole:          {name: "blob-header-whole", text: "the blob has at least 24 bytes (16 in the layout of 1.01)"},
	LayoutKnown:          {name: "blob-layout-known", text: "the binary version is 1.01, or has the major number 15, 16, 17 or 18"},
	BinaryMajor:          {name: "blob-binary-major", text: "the major binary version is that of the build"},
	BinaryMinor:          {name: "blob-binary-minor", note: true, text: "the minor binary version is 0, as all builds write it"},
	RecordsSome:          {name: "blob-records-some", text: "the record count is not 0"},
	HeaderSize:           {name: "blob-header-size", text: "the header size is 24"},
	SchemaVersion:        {name: "blob-schema-version", text: "the schema version is one that a configuration for this binary version can declare"},
	FirstEvent:           {name: "blob-first-event", text: "the first event record stands directly behind the header"},
	FirstAggregation:     {name: "blob-first-aggregation", text: "the first aggregation of the header is that of the blob"},
	EventWhole:           {name: "blob-event-whole", text: "an event record has 24 bytes inside the blob (16 in the layout of 1.01)"},
	EventPlace:           {name: "blob-event-place", text: "an event record stands directly behind the record before it"},
	EventID:              {name: "blob-event-id", text: "the event ID has a tag in the schema of the build"},
	EventFirstID:         {name: "blob-event-first-id", text: "the event is the first of its tag that has all fields of the filters"},
	EventOrder:           {name: "blob-event-order", text: "the event records stand in the order of the manifest"},
	EventDefault:         {name: "blob-event-default", text: "the default is 0 or 1"},
	EventCombine:         {name: "blob-event-combine", text: "the combination of an event record is 0 or 1"},
	EventFilters:         {name: "blob-event-filters", text: "the filter count of an event record is the length of its chain"},
	EventNumber:          {name: "blob-event-number", text: "fewer than 65,534 event records have the same tag"},
	FilterWhole:          {name: "blob-filter-whole", text: "the head of a filter has 536 bytes inside the blob (16 in the layout of 1.01)"},
	FilterPlace:          {name: "blob-filter-place", text: "a filter stands directly behind the record before it"},
	NameEnded:            {name: "blob-name-ended", text: "the name of a filter has a NUL"},
	NameFilled:           {name: "blob-name-filled", text: "all bytes behind the NUL of the name are zero"},
	NameText:             {name: "blob-name-text", text: "the name is text that XML can hold, with at most 255 bytes of UTF-8"},
	OperatorKnown:        {name: "blob-operator-known", text: "the operator is one of the build, without further bits"},
	DataSize:             {name: "blob-data-size", text: "the data size is even and at least 2"},
	DataInside:           {name: "blob-data-inside", text: "the data lie inside the blob"},
	DataEnded:            {name: "blob-data-ended", text: "the last unit of the data is NUL"},
	DataOneNUL:           {name: "blob-data-one-nul", text: "no other unit of the data is NUL"},
	DataText:             {name: "blob-data-text", text: "the data are text that XML can hold"},
	FieldKnown:           {name: "blob-field-known", text: "the field index is less than the number of fields of the event"},
	AggregationReference: {name: "blob-aggregation-reference", text: "a filter has no aggregation, or one that stands directly before the first of its filters"},
	AggregationID:        {name: "blob-aggregation-id", text: "the aggregation IDs count the Rule elements as the compiler does"},
	AggregationName:      {name: "blob-aggregation-name", text: "the name of an aggregation keeps the requirements for names, with at most 127 units"},
	AggregationRoot:      {name: "blob-aggregation-root", text: "the first filter of an aggregation is its first filter in the chain"},
	AggregationFilters:   {name: "blob-aggregation-filters", text: "the filters of an aggregation are neighbours, and as many as it counts"},
	AggregationCombine:   {name: "blob-aggregation-combine", text: "the combination of an aggregation is 0 or 1"},
	AggregationNext:      {name: "blob-aggregation-next", text: "the next aggregation is the next one of the blob"},
	AggregationReserved:  {name: "blob-aggregation-reserved", text: "the message ID and the two work counters of an aggregation are 0"},
	AggregationUsed:      {name: "blob-aggregation-used", note: true, text: "an aggregation has a filter"},
	RecordCount:          {name: "blob-record-count", text: "the record count is the number of event records"},
	NoUnusedBytes:        {name: "blob-no-unused-bytes", text: "no byte lies outside of all records"},
	PaddingZero:          {name: "blob-padding-zero", note: true, text: "the bytes that align records are zero"},
	PaddingWhole:         {name: "blob-padding-whole", note: true, text: "the last record is followed by its padding"},
}

// Requirements returns all requirements in reading order.
func Requirements() []Requirement {
	list := make([]Requirement, 0, requirementsEnd-1)
	for r := Requirement(1); r < requirementsEnd; r++ {
		list = append(list, r)
	}
	return list
}

// String returns the name of the requirement in BLOB.md, such as "BLOB-12".
func (r Requirement) String() string { return fmt.Sprintf("BLOB-%d", uint8(r)) }

// Check returns the ID of the check that enforces the requirement, such as "CF8012".
func (r Requirement) Check() string { return fmt.Sprintf("CF8%03d", uint8(r)) }

// CheckName returns the name of that check, such as "blob-event-id".
func (r Requirement) CheckName() string {
	if r >= requirementsEnd {
		return ""
	}
	return requirements[r].name
}

// Text returns the requirement as a sentence without a full stop.
func (r Requirement) Text() string {
	if r >= requirementsEnd {
		return ""
	}
	return requirements[r].text
}

// Note reports whether a blob that breaks the requirement is acceptable all the same: a build can
// have written it, and no driver does harm with it.
func (r Requirement) Note() bool { return r < requirementsEnd && requirements[r].note }
