package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/audit"
	"github.com/cfcheck/cfcheck/sensor/rustinel"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/sysmon/supply"
)

// The names of the sources in an imported contract.
const (
	sourceAudit    = "audit policy"
	sourceManifest = "manifest"
	sourceSysmon   = "configuration"
	sourceRustinel = "fields"
)

// maxNotes is the maximum number of remarks about a document that are shown.
const maxNotes = 10

// An importing is one call of cfcheck contract import.
type importing struct {
	*command
	judging
	build, out, name, reader     string
	hosts                        uint64
	audit, sysmon, sysmonVersion string
	role                         string
	on, off                      []string
	platform                     string

	set         *output.Set
	fleet       *output.Output
	said        *output.Output // the report; nil means stderr
	definitions *sensor.Definitions
	contract    sensor.Contract
	text        strings.Builder // of the report
}

func (c *command) contractImport() *cobra.Command {
	m := &importing{command: c}
	cmd := &cobra.Command{
		Use:   "import [flags] [file]",
		Short: "write a fleet from what is known about the sensors of a host",
		Long: `contract import writes a fleet with one build from documents that describe what
the sensors on its hosts supply:

  --audit       the audit policy of Windows, as auditpol or a group policy has it
  --sysmon      the configuration of Sysmon, with --sysmon-version
  file          the manifest that sysmon -s prints, or the list of fields of the
                sensor rustinel (field-availability.json)

Without --audit, --role states the events that Windows records by default. --on
and --off state settings that are not in the audit policy. Each statement of the
fleet keeps its reason and its line in the document.

docs/import.md describes the documents. Exit status 2 means that nothing was
written.`,
		Example: `  cfcheck contract import --audit auditpol.csv --role client --sysmon config.xml --sysmon-version 15.15 -o host.json
  cfcheck contract import manifest.xml --build "Sysmon 15.15" -o sysmon.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return m.run(args) },
	}
	f := cmd.Flags()
	f.StringVar(&m.audit, "audit", "", "read the audit policy of Windows from a CSV `file`")
	f.StringVar(&m.role, "role", "", "take Windows' defaults for a `role`, client or server, where no policy sets them")
	f.StringArrayVar(&m.on, "on", nil, "state that a `switch` of Windows is on: command-line, script-blocks, modules, sacls, or the channel of a log")
	f.StringArrayVar(&m.off, "off", nil, "state that a `switch` of Windows is off")
	f.StringVar(&m.sysmon, "sysmon", "", "read the configuration of Sysmon from an XML `file`")
	f.StringVar(&m.sysmonVersion, "sysmon-version", "", "state the `version` of Sysmon on the hosts, such as 15.15")
	f.StringVar(&m.platform, "platform", "", "import only the entries of a `platform` from a list of rustinel: windows, linux or macos (default: all)")
	f.StringVar(&m.build, "build", "", "give the build this `name` (default: the name of the file)")
	f.Uint64Var(&m.hosts, "hosts", 1, "state the `number` of hosts that run the build")
	f.StringVar(&m.name, "name", "imported", "give the fleet this `name`")
	f.StringVar(&m.reader, "reader", "", "describe how the hosts read content with a JSON `file` (default: like cfcheck's own interpreter)")
	f.StringVarP(&m.out, "out", "o", "", "write the fleet to a `file` (default: the standard output, with the report on the standard error)")
	m.addTypes(cmd)
	return cmd
}

func (m *importing) run(files []string) error {
	if err := m.begin(files); err != nil {
		return err
	}
	if err := m.given(files); err != nil {
		return err
	}
	defs, err := m.judging.definitions()
	if err != nil {
		return err
	}
	m.definitions = defs
	m.contract.Reader = sensor.OwnReader()
	m.contract.Reader.Evidence = sensor.EvidenceStated // the documents do not describe the reader
	if m.reader != "" {
		data, err := readDocument(m.reader)
		if err != nil {
			return fmt.Errorf("--reader: %w", err)
		}
		if m.contract.Reader, err = sensor.ReadReader(m.reader, data); err != nil {
			return err
		}
	}
	var manifest *sysmon.Schema
	if len(files) == 1 {
		if manifest, err = m.file(files[0]); err != nil {
			return err
		}
	}
	if m.sysmon != "" || manifest != nil {
		if err := m.importSysmon(manifest); err != nil {
			return err
		}
	}
	if m.audit != "" || m.role != "" {
		if err := m.importAudit(); err != nil {
			return err
		}
	}
	return m.write(files)
}

// begin registers the files that the run reads and writes.
func (m *importing) begin(files []string) error {
	s := m.outputs()
	readsAll(s, "the input", files)
	for _, in := range [][2]string{{"--audit", m.audit}, {"--sysmon", m.sysmon}, {"--reader", m.reader}} {
		if in[1] != "" {
			s.Reads(in[0]+" "+in[1], in[1])
		}
	}
	m.reads(s)
	m.set, m.fleet = s, m.orStandard(s, "the fleet", "-o", m.out)
	if m.out != "" {
		m.said = s.Stream("the report on the standard output", m.stdout)
	}
	return s.Begin()
}

// given checks that the flags fit each other.
func (m *importing) given(files []string) error {
	switch {
	case len(files) == 0 && m.audit == "" && m.sysmon == "" && m.role == "":
		return errors.New("nothing to import: name a file, or use --audit, --role or --sysmon; see cfcheck contract import --help")
	case m.sysmonVersion != "" && m.sysmon == "" && len(files) == 0:
		return errors.New("--sysmon-version states the version for --sysmon, or for a manifest, and neither was given")
	case m.audit == "" && m.role == "" && len(m.on)+len(m.off) > 0:
		return errors.New("--on and --off state settings of Windows beside --audit or --role, and neither was given")
	}
	return nil
}

// source adds a document to the sources of the contract.
func (m *importing) source(name, path, sensorName, version string, data []byte) sensor.Source {
	sum := sha256.Sum256(data)
	s := sensor.Source{Name: name, Path: filepath.ToSlash(path), Sensor: sensorName, Version: version, SHA256: hex.EncodeToString(sum[:])}
	m.contract.Sources = append(m.contract.Sources, s)
	return s
}

// file reads the file that is an argument. It returns a schema if the file is a manifest of Sysmon.
func (m *importing) file(name string) (*sysmon.Schema, error) {
	data, err := readDocument(name)
	if err != nil {
		return nil, err
	}
	plain := bytes.ReplaceAll(data, []byte{0}, nil) // UTF-16
	switch {
	case bytes.Contains(plain, []byte("<manifest")):
		schema, err := sysmon.ParseManifest(data)
		if err != nil {
			if e, ok := errors.AsType[*sysmon.ManifestError](err); ok {
				return nil, fmt.Errorf("%s:%d:%d: %s", name, e.Line, e.Column, e.Problem)
			}
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		m.source(sourceManifest, name, sensor.Sysmon, m.sysmonVersion, data)
		return schema, nil
	case bytes.Contains(plain, []byte("<Sysmon")):
		return nil, fmt.Errorf("%s: this is a configuration of Sysmon; name it with --sysmon, and the version with --sysmon-version", name)
	case bytes.Contains(bytes.ToUpper(plain), []byte("-69AE-11D9-BED3-505054503030")):
		return nil, fmt.Errorf("%s: this is an audit policy; name it with --audit", name)
	case !bytes.HasPrefix(bytes.TrimSpace(plain), []byte("{")):
		return nil, fmt.Errorf("%s: expected the manifest that sysmon -s prints, or the JSON of rustinel's field-availability.json", name)
	case m.audit != "" || m.sysmon != "" || m.role != "":
		return nil, fmt.Errorf("%s: the sensor rustinel gets no events from an event log of the host; import its list without --audit, --role and --sysmon", name)
	}
	entries, err := rustinel.Read(name, data)
	if err != nil {
		return nil, err
	}
	if m.platform != "" {
		entries = slices.DeleteFunc(entries, func(e rustinel.Entry) bool { return e.Platform != m.platform })
		if len(entries) == 0 {
			return nil, fmt.Errorf("--platform: no entry of %s is for the platform %q (want windows, linux or macos)", name, m.platform)
		}
	}
	c := rustinel.Contract(entries, m.definitions, m.source(sourceRustinel, name, "rustinel", "", data))
	m.contract.Declares, m.contract.Supplies = c.Declares, c.Supplies
	m.tell("%s: %s of rustinel's list of fields", name, counted(len(entries), "entry", "entries"))
	return nil, nil
}

// counted returns a number with its noun in the singular or the plural.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return numeral.Thousands(uint64(n)) + " " + many
}

func (m *importing) tell(format string, args ...any) { fmt.Fprintf(&m.text, format+"\n", args...) }

// importSysmon adds the supplies of Sysmon's log. The manifest replaces the built-in schema of the
// version.
func (m *importing) importSysmon(manifest *sysmon.Schema) error {
	y := &supply.Sysmon{Schema: manifest, Name: "the build", Evidence: sensor.EvidenceExtracted}
	var build *sysmon.Build
	if manifest != nil {
		build = sysmon.NewBuild(cmp.Or(m.sysmonVersion, "of the manifest"), sysmon.Windows, manifest)
		m.tell("%s: schema %v of Sysmon, %s", m.contract.Sources[0].Path, manifest.Version, count(uint64(len(manifest.Events)), "event"))
	} else {
		if m.sysmonVersion == "" {
			return errors.New("--sysmon needs the version of Sysmon on the hosts; state it with --sysmon-version, such as 15.15")
		}
		var err error
		if build, err = sysmon.BuildNamed(m.sysmonVersion); err != nil {
			return fmt.Errorf("--sysmon-version: %w", err)
		}
	}
	if build.Platform != sysmon.Windows {
		return fmt.Errorf("--sysmon-version: %s is a build for %s, whose events feed no template type; known types get events from Windows", build.Name, build.Platform)
	}
	if m.sysmon != "" {
		data, err := readDocument(m.sysmon)
		if err != nil {
			return fmt.Errorf("--sysmon: %w", err)
		}
		if y, err = m.configured(data, build); err != nil {
			return err
		}
	}
	if manifest != nil {
		y.Evidence, y.SchemaSource = sensor.EvidenceExtracted, sourceManifest
	}
	if m.sysmonVersion != "" {
		m.contract.Sensors = append(m.contract.Sensors, sensor.SensorVersion{Name: sensor.Sysmon, Version: build.Name})
	}
	m.contract.Supplies = append(m.contract.Supplies, y.Supplies(m.definitions)...)
	return nil
}

// configured returns Sysmon with the configuration of --sysmon.
func (m *importing) configured(data []byte, build *sysmon.Build) (*supply.Sysmon, error) {
	c, err := config.Parse(data)
	if e, ok := errors.AsType[*config.Error](err); ok {
		return nil, fmt.Errorf("%s:%d:%d: %s", m.sysmon, e.Place.Line, e.Place.Column, e.Text)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.sysmon, err)
	}
	l := c.Load(build)
	if p := l.Refused; p != nil {
		return nil, fmt.Errorf("%s:%d:%d: Sysmon %s does not load the configuration: %s; %s", m.sysmon, p.Place.Line, p.Place.Column, build.Name, p.Text, p.Fix)
	}
	y, err := supply.Configured(c, l, sourceSysmon)
	if err != nil {
		return nil, err
	}
	m.source(sourceSysmon, m.sysmon, sensor.Sysmon, build.Name, data)
	m.tell("%s: %s", m.sysmon, count(uint64(len(l.Rules.Elements)), "element")+" for Sysmon "+build.Name)
	for i := range l.Problems {
		if p := &l.Problems[i]; i < maxNotes {
			m.say("cfcheck: %s:%d:%d: %s; %s", m.sysmon, p.Place.Line, p.Place.Column, p.Text, p.Fix)
		}
	}
	if more := len(l.Problems) + l.More - maxNotes; more > 0 {
		m.say("cfcheck: %s: and %s; cfcheck check lists them", m.sysmon, count(uint64(more), "more problem"))
	}
	return y, nil
}

// importAudit adds the supplies of the logs of Windows.
func (m *importing) importAudit() error {
	o := audit.Options{Switches: audit.Switches{}}
	var err error
	if m.role != "" {
		if o.Role, err = audit.ParseRole(m.role); err != nil {
			return fmt.Errorf("--role: %w", err)
		}
	}
	for _, list := range []struct {
		flag  string
		names []string
		on    bool
	}{{"--on", m.on, true}, {"--off", m.off, false}} {
		for _, name := range list.names {
			if err := o.Switches.Set(name, list.on); err != nil {
				return fmt.Errorf("%s: %w", list.flag, err)
			}
		}
	}
	p := new(audit.Policy)
	if m.audit != "" {
		data, err := readDocument(m.audit)
		if err != nil {
			return fmt.Errorf("--audit: %w", err)
		}
		if p, err = audit.Read(m.audit, data); err != nil {
			return err
		}
		o.Source = m.source(sourceAudit, m.audit, "", "", data).Name
		for i, n := range p.Notes {
			if i < maxNotes {
				m.say("cfcheck: %s:%d: %s", m.audit, n.Line, report.Clean(n.Text))
			}
		}
		if more := len(p.Notes) - maxNotes; more > 0 {
			m.say("cfcheck: %s: and %s", m.audit, count(uint64(more), "more remark"))
		}
	}
	m.contract.Supplies = append(m.contract.Supplies, p.Supplies(m.definitions, o)...)
	m.tellAudit(p, o)
	return nil
}

// tellAudit reports the origin of the settings.
func (m *importing) tellAudit(p *audit.Policy, o audit.Options) {
	var set, byDefault, unknown int
	for _, st := range p.States(o.Role) {
		switch {
		case !st.Default:
			set++
		case st.Setting == audit.SettingUnknown:
			unknown++
		default:
			byDefault++
		}
	}
	subject := "Windows by default"
	if m.audit != "" {
		subject = m.audit + ": " + p.Form.String()
	}
	m.tell("%s: of %d subcategories %d are set, %d have Windows' default, %d are not known", subject, set+byDefault+unknown, set, byDefault, unknown)
	if unknown > 0 && o.Role == audit.RoleUnknown {
		m.tell("  the default of some depends on --role, client or server")
	}
	if p.Form == audit.FormGroupPolicy {
		m.tell("  a host can have other policies beside this one: the result of auditpol /get /category:* /r on the host has all")
	}
}

// write completes the contract, and writes the fleet and the report.
func (m *importing) write(files []string) error {
	path := ""
	if len(files) == 1 {
		path = files[0]
	}
	m.contract.Build = cmp.Or(m.build, baseOf(m.sysmon), baseOf(m.audit), baseOf(path), m.role)
	m.contract.Hosts = m.hosts
	fleet := &sensor.Fleet{Name: m.name, Contracts: []sensor.Contract{m.contract}}
	data, err := fleet.JSON()
	if err != nil {
		return err
	}
	if err := fleet.Undefined(m.definitions); err != nil {
		return err
	}
	m.tellSupplies()
	m.fleet.WriteBytes(data)
	if m.said != nil {
		m.said.WriteBytes([]byte(m.text.String()))
	} else {
		fmt.Fprint(m.stderr, m.text.String())
	}
	return m.set.Commit()
}

func baseOf(path string) string {
	if path == "" {
		return ""
	}
	return filepath.Base(path)
}

// tellSupplies reports how many feeds the hosts record.
func (m *importing) tellSupplies() {
	var n [4]uint64
	types := map[string]bool{}
	for i := range m.contract.Supplies {
		s := &m.contract.Supplies[i]
		types[s.Type] = true
		n[s.Collected.Events]++
	}
	var parts []string
	for _, part := range []struct {
		format string
		events sensor.Collected
	}{{"all events of %d", sensor.CollectedAll}, {"some events of %d", sensor.CollectedSome}, {"no events of %d", sensor.CollectedNone}, {"not stated for %d", sensor.CollectedUnknown}} {
		if n := n[part.events]; n > 0 {
			parts = append(parts, fmt.Sprintf(part.format, n))
		}
	}
	m.tell("build %s: %s of %s; recorded: %s", report.Clean(m.contract.Build),
		counted(len(m.contract.Supplies), "supply", "supplies"), count(uint64(len(types)), "type"), strings.Join(parts, ", "))
}
