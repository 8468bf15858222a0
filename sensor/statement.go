package sensor

import (
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sysmon"
)

// This file has the statements that version 1 of the schema of fleets added.

// A Source is a document that supports statements of a contract. Examples are the configuration of
// a sensor, an audit policy and a list that the build prints. The gate does not read it.
type Source struct {
	Name    string // unique among the sources of the contract; a [Place] refers to it
	Path    string // path of the file, or its URL
	Sensor  string // sensor that the document configures or describes; "" means not stated
	Version string // version of that sensor; "" means not stated
	SHA256  string // of the document, 64 hexadecimal digits in lower case; "" means not stated
}

// A SensorVersion states that a program of another maker runs on the hosts of a build, such as
// Sysmon. Content of that program is judged for this version of it.
type SensorVersion struct {
	Name    string // such as "sysmon"; unique among the sensors of the contract
	Version string // such as "15.15"
}

// Sysmon is the name of Microsoft's Sysmon in a [SensorVersion]. Its version is the name of a
// [sysmon.Build].
const Sysmon = "sysmon"

// Sensor returns the version of the named sensor that runs on the hosts of the build. It returns
// false if the contract does not state that the sensor runs there.
func (c *Contract) Sensor(name string) (version string, ok bool) {
	for i := range c.Sensors {
		if c.Sensors[i].Name == name {
			return c.Sensors[i].Version, true
		}
	}
	return "", false
}

// A Place is the place of a statement in a source. The zero Place means unknown.
type Place struct {
	Source string // name of a [Source] of the contract
	Line   int    // from 1; 0 means the whole document
}

// A Basis gives the reasons for one statement. The zero Basis adds nothing to the evidence of the
// supply or of the contract.
type Basis struct {
	Evidence Evidence // 0 means the evidence of the supply or of the contract
	Reason   string
	Since    string // first version of the sensor for which the statement holds
	Place    Place
}

// A Declaration names a version of a template type that a build knows, and its inputs and feeds
// that no definition has. If a definition has one of these names too, the name
// has the meaning in the definition.
type Declaration struct {
	Type    string
	Version uint32
	Inputs  []DeclaredInput
	Feeds   []string // names of the feeds
	Basis   Basis
}

// A DeclaredInput is an input that no definition has.
type DeclaredInput struct {
	Name string
	Type InputType
}

// A Lack states that a build does not have a template type. When content of the type is judged,
// the report lists such builds without a warning and does not judge them. A Lack does not make a
// build safe: a build that does not refuse unknown versions must still not get such content.
type Lack struct {
	Type     string
	Versions []uint32 // in ascending order; nil means all versions
	Basis    Basis
}

// Has reports whether l covers a version of a template type.
func (l *Lack) Has(typ string, version uint32) bool {
	return l.Type == typ && (len(l.Versions) == 0 || slices.Contains(l.Versions, version))
}

// Lack returns the statement that the build does not have a version of a template type, or nil if
// the contract has no such statement.
func (c *Contract) Lack(typ string, version uint32) *Lack {
	for i := range c.Lacks {
		if c.Lacks[i].Has(typ, version) {
			return &c.Lacks[i]
		}
	}
	return nil
}

// contradicts returns the index of the first supply that l denies, or -1.
func (c *Contract) contradicts(l *Lack) int {
	return slices.IndexFunc(c.Supplies, func(s Supply) bool { return l.Has(s.Type, s.Version) })
}

// Collected states how many of the events of a feed a host records.
type Collected uint8

// The states of collection. The zero value claims nothing.
const (
	CollectedUnknown Collected = iota
	CollectedAll
	CollectedSome // under a stated condition
	CollectedNone
)

// A Collection states whether the hosts of a build record the events of a feed. A
// configuration or an audit policy may leave events out. The zero Collection means unknown. If
// hosts record no events of a feed, the gate asks nothing of them for named readers, but judges a
// positional reader as if they did: a change of the configuration must not break it.
type Collection struct {
	Events Collected
	Basis  Basis
	// IDs of events of the feed that the hosts do not record at all, in ascending order; only for
	// CollectedSome. An event that is not listed may be recorded or not.
	Off []uint32
}

// Stated reports whether the contract states anything about the collection.
func (c *Collection) Stated() bool {
	return c.Events != CollectedUnknown || c.Basis != (Basis{}) || len(c.Off) > 0
}

// Records states how many of the events with the given ID the hosts record. CollectedSome means
// that they may record some.
func (c *Collection) Records(event uint32) Collected {
	if _, off := slices.BinarySearch(c.Off, event); off && c.Events == CollectedSome {
		return CollectedNone
	}
	return c.Events
}

var collectedNames = []string{"all", "some", "none"}

func (c Collected) String() string {
	if c == CollectedUnknown {
		return "unknown"
	}
	return nameOf("collection", collectedNames, int(c)-1)
}

// fleetSchemas are the versions of the schema of fleets, oldest first.
var fleetSchemas = []string{FleetSchemaV0, FleetSchema}

// schema returns the oldest version of the schema that can express the fleet.
func (f *Fleet) schema() string {
	for i := range f.Contracts {
		if f.Contracts[i].newer() {
			return FleetSchema
		}
	}
	return FleetSchemaV0
}

func (c *Contract) newer() bool {
	if len(c.Sources)+len(c.Sensors)+len(c.Declares)+len(c.Lacks) > 0 {
		return true
	}
	for i := range c.Supplies {
		s := &c.Supplies[i]
		if s.Place != (Place{}) || s.Collected.Stated() || len(s.Filters.Elements) > 0 {
			return true
		}
		for k := range s.Inputs {
			in := &s.Inputs[k]
			if in.State > StateSupplied || in.CutAt != 0 || in.OtherForm || len(in.Hashes) > 0 || in.PerMillion != 0 || len(in.Values) > 0 || in.Basis != nil {
				return true
			}
		}
	}
	return false
}

var (
	placeKeys = []string{"source", "line"}
	basisKeys = append([]string{"evidence", "reason", "since"}, placeKeys...)

	sourceKeys = strictjson.Keys{
		Required: []string{"name", "path"},
		Optional: []string{"sensor", "version", "sha256"},
	}
	sensorVersionKeys = strictjson.Keys{Required: []string{"name", "version"}}
	declarationKeys   = strictjson.Keys{
		Required: []string{"type", "version"},
		Optional: append([]string{"inputs", "feeds"}, basisKeys...),
	}
	declaredInputKeys = strictjson.Keys{Required: []string{"name", "type"}}
	lackKeys          = strictjson.Keys{
		Required: []string{"type"},
		Optional: append([]string{"versions"}, basisKeys...),
	}
	collectionKeys = strictjson.Keys{
		Required: []string{"events"},
		Optional: append([]string{"off"}, basisKeys...),
	}
)

// The maximum lengths of lists of statements, far above any practical need.
const (
	maxSources  = 64
	maxSensors  = 64
	maxDeclares = 4096
	maxLacks    = 4096
	maxVersions = 64
	maxFeeds    = 256
	maxValues   = 1024
	maxOff      = 4096
	maxHashes   = 16
)

// A placed is the name of a source, with its first mention in the document.
type placed struct {
	at     int    // offset of the first mention
	path   string // path to the first mention
	source string
}

// place reads one key of a place.
func (r *reader) place(p *Place, key string) {
	r.newer()
	switch key {
	case "source":
		at := r.Next()
		p.Source = r.Name()
		// Names beyond maxSources need not be kept: at least one of the kept names is already
		// wrong.
		if len(r.places) <= maxSources && !slices.ContainsFunc(r.places, func(o placed) bool { return o.source == p.Source }) {
			r.places = append(r.places, placed{at, r.Path(), p.Source})
		}
	case "line":
		p.Line = r.Integer(1, MaxLength)
	}
}

// endPlace fails if the place has a line but no source.
func (r *reader) endPlace(p *Place) {
	if p.Line > 0 && p.Source == "" {
		r.Failf("found a line without a source; expected the name of the source that the line is in")
	}
}

// basis reads one key of a basis.
func (r *reader) basis(b *Basis, key string) {
	r.newer()
	switch key {
	case "evidence":
		b.Evidence = r.evidence()
	case "reason":
		b.Reason = r.Reason()
	case "since":
		b.Since = r.Name()
	default:
		r.place(&b.Place, key)
	}
}

// refersToSources fails if a statement names a source that the contract does not have.
func (r *reader) refersToSources(c *Contract) {
	if r.Failed() {
		return
	}
	var names []string
	for _, s := range c.Sources {
		names = append(names, s.Name)
	}
	of := r.Path()
	for _, p := range r.places {
		if !slices.Contains(names, p.source) {
			r.FailAt(p.at, strings.TrimPrefix(strings.TrimPrefix(p.path, of), "."), "found %s; expected the name of one of the sources of the build%s",
				strictjson.Quote(p.source), strictjson.Suggest(p.source, names))
		}
	}
}

func (r *reader) sources() []Source {
	var list []Source
	seen := map[string]int{}
	r.newer()
	for i := range r.Elements(maxSources, "sources") {
		var s Source
		for key := range r.Object(sourceKeys) {
			switch key {
			case "name":
				s.Name = r.Name()
				r.Unique(seen, s.Name, "sources", s.Name, i)
			case "path":
				s.Path = r.Reason()
			case "sensor":
				s.Sensor = r.Name()
			case "version":
				s.Version = r.Name()
			case "sha256":
				s.SHA256 = r.digest()
			}
		}
		list = append(list, s)
	}
	return list
}

func (r *reader) sensors() []SensorVersion {
	var list []SensorVersion
	seen := map[string]int{}
	r.newer()
	for i := range r.Elements(maxSensors, "sensors") {
		var s SensorVersion
		at := 0
		for key := range r.Object(sensorVersionKeys) {
			switch key {
			case "name":
				if s.Name = r.String(); !r.Failed() && !isSensorName(s.Name) {
					r.Failf("found %s; expected the name of a sensor: 1 to %d lower-case letters, digits and hyphens, first a letter, such as \"sysmon\"",
						strictjson.Quote(s.Name), maxSensorText)
				}
				r.Unique(seen, s.Name, "sensors", s.Name, i)
			case "version":
				at = r.Next()
				if s.Version = r.String(); !r.Failed() && !isSensorVersion(s.Version) {
					r.Failf("found %s; expected the version of a sensor: 1 to %d lower-case letters, digits, points, hyphens, underscores and plus signs, with a digit, such as \"15.15\"",
						strictjson.Quote(s.Version), maxSensorText)
				}
			}
		}
		if s.Name == Sysmon && !r.Failed() {
			if _, err := sysmon.BuildNamed(s.Version); err != nil {
				r.FailAt(at, "version", "%v", err)
			}
		}
		list = append(list, s)
	}
	return list
}

// maxSensorText is the maximum number of characters of the name and of the version of a sensor.
const maxSensorText = 64

const (
	lowerLetters = "abcdefghijklmnopqrstuvwxyz"
	digits       = "0123456789"
)

// isSensorName reports whether s has the form of the name of a sensor. Other forms are refused,
// because a name in another case would be the name of another sensor.
func isSensorName(s string) bool {
	return 0 < len(s) && len(s) <= maxSensorText && strings.Trim(s, lowerLetters+digits+"-") == "" && strings.IndexByte(lowerLetters, s[0]) >= 0
}

// isSensorVersion reports whether s has the form of the version of a sensor.
func isSensorVersion(s string) bool {
	return len(s) <= maxSensorText && strings.ContainsAny(s, digits) && strings.Trim(s, lowerLetters+digits+".-_+") == ""
}

func (r *reader) digest() string {
	s := r.String()
	if b, err := hex.DecodeString(s); !r.Failed() && (err != nil || len(b) != 32 || strings.ToLower(s) != s) {
		r.Failf("found %s; expected a SHA-256, 64 hexadecimal digits in lower case", strictjson.Quote(s))
	}
	return s
}

func (r *reader) version() uint32 { return uint32(r.Uint(0, channelfile.MaxNumber)) }

func (r *reader) declares() []Declaration {
	var list []Declaration
	seen := map[named]int{}
	r.newer()
	for i := range r.Elements(maxDeclares, "declarations") {
		at := r.Next()
		d := r.declaration()
		key := named{d.Type, d.Version}
		if first, ok := seen[key]; ok {
			r.FailAt(at, "", "version %d of type %s is declared twice; declares[%d] has it already", d.Version, strictjson.Quote(d.Type), first)
		}
		seen[key] = i
		list = append(list, d)
	}
	return list
}

func (r *reader) declaration() (d Declaration) {
	for key := range r.Object(declarationKeys) {
		switch key {
		case "type":
			d.Type = r.Name()
		case "version":
			d.Version = r.version()
		case "inputs":
			seen := map[string]int{}
			for i := range r.Elements(channelfile.MaxInputs, "inputs") {
				var in DeclaredInput
				for key := range r.Object(declaredInputKeys) {
					switch key {
					case "name":
						in.Name = r.Name()
						r.Unique(seen, in.Name, "inputs", in.Name, i)
					case "type":
						in.Type = r.inputType()
					}
				}
				d.Inputs = append(d.Inputs, in)
			}
		case "feeds":
			seen := map[string]int{}
			for i := range r.Elements(maxFeeds, "feeds") {
				d.Feeds = append(d.Feeds, r.Name())
				r.Unique(seen, d.Feeds[i], "feeds", d.Feeds[i], i)
			}
		default:
			r.basis(&d.Basis, key)
		}
	}
	r.endPlace(&d.Basis.Place)
	return d
}

// lacks reads the lacks of a contract. It also returns the offset of each.
func (r *reader) lacks() (list []Lack, at []int) {
	seen := map[string]int{}
	r.newer()
	for i := range r.Elements(maxLacks, "types") {
		at = append(at, r.Next())
		var l Lack
		for key := range r.Object(lackKeys) {
			switch key {
			case "type":
				l.Type = r.Name()
				r.Unique(seen, l.Type, "lacks", l.Type, i)
			case "versions":
				for k := range r.Elements(maxVersions, "versions") {
					v := r.version()
					if k > 0 && v <= l.Versions[k-1] {
						r.Failf("found %d after %d; expected versions to ascend", v, l.Versions[k-1])
					}
					l.Versions = append(l.Versions, v)
				}
				if len(l.Versions) == 0 {
					r.Failf("found an empty array; expected at least one version, or no key for all versions")
				}
			default:
				r.basis(&l.Basis, key)
			}
		}
		r.endPlace(&l.Basis.Place)
		list = append(list, l)
	}
	return list, at
}

func (r *reader) collection() (c Collection) {
	r.newer()
	at, off := r.Next(), -1
	for key := range r.Object(collectionKeys) {
		switch key {
		case "events":
			c.Events = Collected(1 + r.Enum(collectedNames...))
		case "off":
			off = r.Next()
			for i := range r.Elements(maxOff, "events") {
				id := uint32(r.Uint(0, math.MaxUint32))
				if i > 0 && id <= c.Off[i-1] {
					r.Failf("found %d after %d; expected event IDs to ascend", id, c.Off[i-1])
				}
				c.Off = append(c.Off, id)
			}
			if len(c.Off) == 0 {
				r.Failf("found an empty array; expected at least one event ID, or no key")
			}
		default:
			r.basis(&c.Basis, key)
		}
	}
	r.endPlace(&c.Basis.Place)
	if c.Events == CollectedSome && c.Basis.Reason == "" {
		r.FailAt(at, "reason", "some events are collected, but there is no reason; expected the condition under which they are collected")
	}
	if c.Events != CollectedSome && off >= 0 {
		r.FailAt(off, "off", "found events that are off beside \"%s\"; only \"some\" has them", c.Events)
	}
	return c
}

// values reads the values of a constant input. The key "type" may follow them, so strings reports
// which values are strings.
func (r *reader) values() (list []string, strings []bool) {
	r.newer()
	for range r.Elements(maxValues, "values") {
		isString, text := r.IsString(), ""
		if isString {
			if text = r.String(); len(text) > channelfile.MaxValueLength {
				r.Failf("found a value of %d bytes; expected at most %d", len(text), channelfile.MaxValueLength)
			}
		} else {
			text = strconv.FormatInt(r.Int(math.MinInt64, math.MaxInt64), 10)
		}
		list, strings = append(list, text), append(strings, isString)
	}
	return list, strings
}

// hashes reads the names of hash algorithms.
func (r *reader) hashes() (list []string) {
	seen := map[string]int{}
	for i := range r.Elements(maxHashes, "hashes") {
		name := r.String()
		if !r.Failed() && !isAlgorithm(name) {
			r.Failf("found %s; expected the name of a hash algorithm: 1 to %d letters and digits, such as \"SHA256\"", strictjson.Quote(name), maxSensorText)
		}
		r.Unique(seen, strings.ToUpper(name), "hashes", name, i)
		list = append(list, name)
	}
	if len(list) == 0 {
		r.Failf("found an empty array; expected at least one hash algorithm, or no key")
	}
	return list
}

func isAlgorithm(name string) bool {
	return 0 < len(name) && len(name) <= maxSensorText && strings.Trim(strings.ToUpper(name), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// constant checks the values of an input against its type, and normalises addresses. At is the
// offset of the input, and valuesAt the offset of its values, or -1 if the input has no values.
func (r *reader) constant(in *SuppliedInput, strings []bool, at, valuesAt int) {
	switch {
	case r.Failed():
		return
	case in.State != StateConstant:
		r.FailAt(valuesAt, "values", "found values for an input that is %s; only constant inputs have them", in.State)
		return
	case len(in.Values) == 0:
		r.FailAt(max(at, valuesAt), "values", "found a constant input without values; expected at least one value")
		return
	}
	seen := make(map[string]int, len(in.Values))
	for i, text := range in.Values {
		fail := func(format string, args ...any) {
			r.FailAt(valuesAt, fmt.Sprintf("values[%d]", i), format, args...)
		}
		switch {
		case in.Type == TypeInteger && strings[i]:
			fail("found the string %s; expected an integer, the type of the input", strictjson.Quote(text))
		case in.Type != TypeInteger && !strings[i]:
			fail("found the number %s; expected a string, since the input has type %s", text, in.Type)
		case in.Type == TypeAddress:
			a, err := netip.ParseAddr(text)
			if err != nil || a.Zone() != "" {
				fail("found the string %s; expected an IPv4 or IPv6 address without a zone", strictjson.Quote(text))
				return
			}
			text = a.Unmap().String()
			in.Values[i] = text
		case in.MaxLength > 0 && len(text) > in.MaxLength:
			fail("found a value of %d bytes; expected at most maxLength, %d", len(text), in.MaxLength)
		}
		if first, ok := seen[text]; ok {
			fail("found the value %s again; values[%d] has it already", strictjson.Quote(text), first)
		}
		seen[text] = i
	}
}

func (w *writer) place(p *Place) {
	w.OptionalText("source", p.Source)
	w.OptionalSigned("line", p.Line)
}

func (w *writer) basis(b *Basis) {
	if b.Evidence != 0 {
		w.Text("evidence", b.Evidence.String())
	}
	w.OptionalText("reason", b.Reason)
	w.OptionalText("since", b.Since)
	w.place(&b.Place)
}

// some writes a list. It writes nothing if the list is empty.
func (w *writer) some(key string, n int, element func(i int)) {
	if n == 0 {
		return
	}
	w.Key(key)
	w.Array(func() {
		for i := range n {
			w.InlineObject(func() { element(i) })
		}
	})
}

func (w *writer) sources(list []Source) {
	w.some("sources", len(list), func(i int) {
		s := &list[i]
		w.Text("name", s.Name)
		w.Text("path", s.Path)
		w.OptionalText("sensor", s.Sensor)
		w.OptionalText("version", s.Version)
		w.OptionalText("sha256", s.SHA256)
	})
}

func (w *writer) sensors(list []SensorVersion) {
	w.some("sensors", len(list), func(i int) {
		w.Text("name", list[i].Name)
		w.Text("version", list[i].Version)
	})
}

func (w *writer) declares(list []Declaration) {
	if len(list) == 0 {
		return
	}
	w.Key("declares")
	w.Array(func() {
		for i := range list {
			d := &list[i]
			w.Object(func() {
				w.Text("type", d.Type)
				w.Number("version", uint64(d.Version))
				w.some("inputs", len(d.Inputs), func(k int) {
					w.Text("name", d.Inputs[k].Name)
					w.Text("type", d.Inputs[k].Type.String())
				})
				if len(d.Feeds) > 0 {
					w.Key("feeds")
					w.InlineArray(func() {
						for _, feed := range d.Feeds {
							w.String(feed)
						}
					})
				}
				w.basis(&d.Basis)
			})
		}
	})
}

func (w *writer) lacks(list []Lack) {
	w.some("lacks", len(list), func(i int) {
		l := &list[i]
		w.Text("type", l.Type)
		if len(l.Versions) > 0 {
			w.Key("versions")
			w.InlineArray(func() {
				for _, v := range l.Versions {
					w.Uint(uint64(v))
				}
			})
		}
		w.basis(&l.Basis)
	})
}

func (w *writer) collection(c *Collection) {
	if !c.Stated() {
		return
	}
	w.Key("collected")
	w.InlineObject(func() {
		w.Text("events", c.Events.String())
		if len(c.Off) > 0 {
			w.Key("off")
			w.InlineArray(func() {
				for _, id := range c.Off {
					w.Uint(uint64(id))
				}
			})
		}
		w.basis(&c.Basis)
	})
}

func (w *writer) values(in *SuppliedInput) {
	if len(in.Values) == 0 {
		return
	}
	w.Key("values")
	w.InlineArray(func() {
		for _, text := range in.Values {
			if n, err := strconv.ParseInt(text, 10, 64); in.Type == TypeInteger && err == nil {
				w.Int(n)
			} else {
				w.String(text)
			}
		}
	})
}
