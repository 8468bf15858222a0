package sigma

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/cfcheck/cfcheck/internal/spelling"
	"github.com/cfcheck/cfcheck/sensor"
)

// SpecVersion is the version of Sigma's specification that this package
// follows. A rule that states another major version, or a later minor version,
// is unsupported.
const SpecVersion = "2.1.0"

// sigmaTaxonomy is the name of the taxonomy below.
const sigmaTaxonomy = "sigma"

// taxonomy lists the logsources that the Sigma project knows. A value in the
// list is not a misspelling, even if no template type is for it.
//
// The first source is the taxonomy appendix of the Sigma specification, version
// 2.1.0 of 2 August 2025 (github.com/SigmaHQ/sigma-specification,
// specification/sigma-appendix-taxonomy.md at 0c857d0). The project's own rules
// and tests use additional names (github.com/SigmaHQ/sigma,
// tests/logsource.json at 0398818, and
// github.com/SigmaHQ/pySigma-validators-sigmaHQ,
// data/sigmahq_logsource_valid.json at e8bf4f3). The service dfsn-server, which is
// similar to dns-server, is from the rules of Hayabusa
// (github.com/Yamato-Security/hayabusa-rules,
// hayabusa/builtin/DFS/DFSN_515_Namespace_Removal.yml at 5a49fc7).
//
// Each line has a product, or "-" for no product, and its categories and
// services.
var taxonomy = []struct {
	product              string
	categories, services string // separated by spaces
}{
	{"-", "antivirus application database dns firewall network proxy webserver process_creation", "apache netflow nginx connection dns"},
	{"windows", `clipboard_capture create_remote_thread create_stream_hash dns dns_query driver_load
		file_access file_block file_block_executable file_block_shredding file_change file_delete
		file_delete_detected file_event file_executable_detected file_rename image_load
		network_connection pipe_created process_access process_creation process_tampering
		process_termination ps_classic_provider_start ps_classic_script ps_classic_start ps_module
		ps_script raw_access_read raw_access_thread registry_add registry_delete registry_event
		registry_rename registry_set sysmon_error sysmon_status wmi_event`,
		`application application-experience applocker appmodel-runtime appxdeployment-server
		appxpackaging-om bitlocker bits-client capi2 certificateservicesclient-lifecycle-system
		codeintegrity-operational dfsn-server dhcp diagnosis-scripted dns-client dns-server dns-server-analytic
		dns-server-audit driver-framework firewall-as hyper-v-worker iis iis-configuration
		kernel-event-tracing kernel-shimengine ldap ldap_debug lsa-server microsoft-servicebus-client
		msexchange-management ntfs ntlm openssh powershell powershell-classic printservice-admin
		printservice-operational security security-mitigations sense servicebus-client shell-core
		smbclient-connectivity smbclient-mitigations smbclient-security smbserver-connectivity sysmon
		system taskscheduler terminalservices-localsessionmanager vhdmp windefend wmi`},
	{"linux", "file_create file_delete file_event network_connection process_creation process_termination raw_access_read sysmon_status",
		"auditd auth clamav cron guacamole modsecurity sshd sudo syslog sysmon vsftpd"},
	{"macos", "file_delete file_event network_connection process_creation process_termination raw_access_read sysmon_status", ""},
	{"apache", "", "access error"},
	{"antivirus", "", ""},
	{"aws", "", "cloudtrail"},
	{"azure", "", "activitylogs auditlogs pim riskdetection signinlogs"},
	{"bitbucket", "", "audit"},
	{"cisco", "", "aaa bgp duo ldp syslog"},
	{"django", "application", ""},
	{"fortinet", "", "event"},
	{"fortios", "", "sslvpnd"},
	{"gcp", "", "gcp.audit google_workspace.admin"},
	{"github", "", "audit"},
	{"huawei", "", "bgp ldp"},
	{"juniper", "", "bgp ldp"},
	{"jvm", "application", ""},
	{"kubernetes", "application", "audit"},
	{"m365", "", "audit exchange threat_detection threat_management"},
	{"modsecurity", "application", ""},
	{"nodejs", "application", ""},
	{"okta", "", "okta"},
	{"onelogin", "", "onelogin.events"},
	{"paloalto", "file_event", "globalprotect"},
	{"python", "application", ""},
	{"qualys", "application", ""},
	{"rpc_firewall", "application", ""},
	{"ruby_on_rails", "application", ""},
	{"spring", "application", ""},
	{"sql", "application", ""},
	{"velocity", "application", ""},
	{"zeek", "", "dce_rpc dns http kerberos rdp smb_files x509"},
}

// The keys of a logsource.
const (
	productKey  = "product"
	categoryKey = "category"
	serviceKey  = "service"
)

// known holds the known values of logsources, for one run.
type known struct {
	products  []string
	ofProduct map[string]map[string][]string // by product ("" for no product) and key
	of        map[string][]string            // by key, over all products
}

// knownLogsources returns the values in Sigma's taxonomy and in definitions.
func knownLogsources(defs *sensor.Definitions) *known {
	k := &known{ofProduct: map[string]map[string][]string{}, of: map[string][]string{}}
	for _, line := range taxonomy {
		product := line.product
		if product == "-" {
			product = ""
		}
		k.add(product, "", "")
		for _, category := range strings.Fields(line.categories) {
			k.add(product, category, "")
		}
		for _, service := range strings.Fields(line.services) {
			k.add(product, "", service)
		}
	}
	for d := range defs.All() {
		for _, l := range d.Logsources {
			k.add(l.Product, l.Category, l.Service)
		}
	}
	return k
}

func (k *known) add(product, category, service string) {
	if product != "" && !slices.Contains(k.products, product) {
		k.products = append(k.products, product)
	}
	of := k.ofProduct[product]
	if of == nil {
		of = map[string][]string{}
		k.ofProduct[product] = of
	}
	for _, part := range [][2]string{{categoryKey, category}, {serviceKey, service}} {
		key, value := part[0], part[1]
		if value == "" {
			continue
		}
		if !slices.Contains(of[key], value) {
			of[key] = append(of[key], value)
		}
		if !slices.Contains(k.of[key], value) {
			k.of[key] = append(k.of[key], value)
		}
	}
}

// misspelt returns the known value that is most similar to value, which a
// logsource has for key. It returns "" if the value is known or if no similar
// value fits the product. An unknown product may have the values of any
// product.
func (k *known) misspelt(product, key, value string) string {
	if value == "" {
		return ""
	}
	if key == productKey {
		return misspelt(value, k.products)
	}
	if slices.Contains(k.of[key], value) {
		return ""
	}
	if !slices.Contains(k.products, product) {
		if product = misspelt(product, k.products); product == "" {
			return misspelt(value, k.of[key])
		}
	}
	if meant := misspelt(value, k.ofProduct[product][key]); meant != "" {
		return meant
	}
	return misspelt(value, k.ofProduct[""][key])
}

// logsourceKeys are the keys of a logsource. Other keys are allowed and have no
// meaning.
var logsourceKeys = []string{categoryKey, productKey, serviceKey, "definition"}

// detectionKeys are the keys of a detection that do not name a search.
var detectionKeys = []string{conditionKey, timeframeKey}

const (
	conditionKey = "condition"
	timeframeKey = "timeframe"
)

// documentKeys are the keys that Sigma defines for a document: a rule, a
// correlation or a filter.
var documentKeys = []string{
	"title", "id", "name", "related", "taxonomy", "status", "description", "license", "author", "references",
	"date", "modified", "logsource", "detection", "fields", "falsepositives", "level", "tags", "scope",
	"sigma-version", "correlation", "generate", "filter", "action",
}

// meaningful lists the keys of a document that change its meaning or its
// result, with the kind of value that each takes.
var meaningful = map[string]yaml.Kind{
	"title": yaml.ScalarNode, "id": yaml.ScalarNode, "name": yaml.ScalarNode, "taxonomy": yaml.ScalarNode,
	"status": yaml.ScalarNode, "license": yaml.ScalarNode, "author": yaml.ScalarNode, "date": yaml.ScalarNode,
	"modified": yaml.ScalarNode, "level": yaml.ScalarNode, "sigma-version": yaml.ScalarNode,
	"generate": yaml.ScalarNode, "action": yaml.ScalarNode,
	"logsource": yaml.MappingNode, "detection": yaml.MappingNode, "correlation": yaml.MappingNode, "filter": yaml.MappingNode,
}

// actions are the values of the key "action" of rule collections.
var actions = []string{"global", "reset", "repeat"}

// misspeltKey returns the key that the author meant by key, or "". If that key
// is also present, the author did not misspell it, unless the two differ only
// in case.
func misspeltKey(key string, known []string, present map[string]bool) string {
	meant := misspelt(key, known)
	if present[meant] && !strings.EqualFold(key, meant) {
		return ""
	}
	return meant
}

// parseVersion parses a version of the specification: one to three numbers
// separated by dots.
func parseVersion(s string) (v [3]int, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) > len(v) {
		return v, false
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return v, false
		}
		v[i] = int(n)
	}
	return v, true
}

// newerThanOurs reports whether a version of the specification may differ in
// meaning from SpecVersion: another major version, or a later version.
func newerThanOurs(version string) bool {
	theirs, _ := parseVersion(version)
	ours, _ := parseVersion(SpecVersion)
	return theirs[0] != ours[0] || slices.Compare(theirs[:], ours[:]) > 0
}

// maxTypos is the maximum edit distance between a misspelt word and the
// intended word.
const maxTypos = 2

// misspelt returns the known word that differs from word only in case or in at
// most maxTypos letters. It returns "" if word is known or if no known word is
// similar. Fewer than half of the letters of a short word may differ: dns is not
// a misspelt nfs.
func misspelt(word string, known []string) string {
	if slices.Contains(known, word) {
		return ""
	}
	return spelling.Nearest(word, known, func(candidate string) int {
		return min(maxTypos, (min(len(word), len(candidate))-1)/2)
	})
}
