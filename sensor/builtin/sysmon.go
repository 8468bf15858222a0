package builtin

import (
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
)

// The template types with events from Sysmon, one for each Sigma category.
//
// The fields and their order come from the schema that Sysmon 15 prints with -s (4.90). The
// version that introduced a field comes from the release notes, and from schemas that others
// collected. For instance, schema 4.2 of Sysmon 9 has neither OriginalFileName nor the event types
// of pipes. Fields without a reference have no version.
const (
	sysmonProvider = "Microsoft-Windows-Sysmon"
	sysmonChannel  = "Microsoft-Windows-Sysmon/Operational"
	sysmonSource   = "Sysmon schema 4.90 (sysmon -s)"
	sysmonFeed     = "Sysmon schema 4.90 (sysmon -s); versions: release notes of Sysmon, github.com/Neo23x0/sysmon-version-history, github.com/trustedsec/SysmonCommunityGuide"
)

// sysmonVersion returns the full name of a Sysmon version, with its schema if the references agree
// on it.
func sysmonVersion(short string) string {
	switch short {
	case "7.0":
		return "Sysmon 7.0 (schema 4.0)"
	case "8.0":
		return "Sysmon 8.0 (schema 4.1)"
	case "10.0":
		return "Sysmon 10.0 (schema 4.21)"
	case "11.0":
		return "Sysmon 11.0 (schema 4.30)"
	case "11.10":
		return "Sysmon 11.10 (schema 4.32)"
	case "12.0":
		return "Sysmon 12.0 (schema 4.40)"
	case "13.0":
		return "Sysmon 13.0 (schema 4.50)"
	case "14.0":
		return "Sysmon 14.0 (schema 4.82)"
	case "14.1":
		return "Sysmon 14.1 (schema 4.83)"
	case "15.0":
		return "Sysmon 15.0 (schema 4.90)"
	}
	return "Sysmon " + short
}

// instead returns advice for rules that read a field of Sysmon where the field is not supplied. It
// returns "" for fields that all sources have or no rules read. Subject is the field with the path
// of the file that runs or is loaded, or "" if the type has no such field.
func instead(input, subject string) string {
	switch input {
	case "OriginalFileName":
		return subject + "|endswith with the same file name, which is weaker: a copy under another name escapes it"
	case "Product", "Description", "Company", "FileVersion":
		if subject != "" {
			return subject + "|endswith with the names of the files, which is weaker: a copy under another name escapes it"
		}
	case "Hashes", "Hash":
		return "the path of the file, which is weaker: it says nothing about the content of the file"
	case "IntegrityLevel":
		return "User, if the rule looks for a system account"
	case "ParentUser":
		return "User and ParentImage: a process mostly runs as its parent's user"
	case "ParentCommandLine":
		return "ParentImage|endswith with the parent's file name, which matches more"
	case "DestinationHostname":
		return "DestinationIp, or a rule for dns_query with QueryName"
	case "Initiated":
		return "DestinationPort and SourcePort: the side that connects mostly has a port above 49151"
	case "Details":
		return "TargetObject alone, which matches any value that is written"
	case "Signed", "Signature", "SignatureStatus":
		return "ImageLoaded with the folders where the file may be"
	case "Contents":
		return "TargetFilename, which matches streams of any content"
	}
	return ""
}

// category returns a type for a Sigma category. Its first feed is the event log of Sysmon, which
// has all fields of the type. Several events form one feed in two cases: they have the same
// fields, or they describe different activities. In the second case a rule selects the activity by
// a field that only one of the events has.
func category(t builtinType, title, table string, events []uint32, feeds ...sensor.Feed) *sensor.Definition {
	inputs, fields := inputs(sysmonSource, table)
	subject := ""
	switch t.category {
	case "process_creation":
		subject = "Image"
	case "image_load":
		subject = "ImageLoaded"
	}
	for i := range inputs {
		inputs[i].Instead = instead(inputs[i].Name, subject)
	}
	list := make([]sensor.Feed, 1, 1+len(feeds))
	list[0] = sensor.Feed{Name: "sysmon", Source: sysmonFeed, Provider: sysmonProvider, Channel: sysmonChannel, Events: events, Fields: fields}
	return t.definition(title, sysmonSource, inputs, append(list, feeds...))
}

func processCreation(t builtinType) *sensor.Definition {
	d := category(t, "creation of processes",
		"RuleName~@8.0 UtcTime# ProcessGuid# ProcessId# Image FileVersion@7.0 Description@7.0 Product@7.0 Company@7.0 OriginalFileName@10.0 "+
			"CommandLine CurrentDirectory User~ LogonGuid# LogonId# TerminalSessionId# IntegrityLevel# Hashes~ "+
			"ParentProcessGuid# ParentProcessId# ParentImage ParentCommandLine ParentUser~@13.30",
		[]uint32{1},
		sensor.Feed{
			Name:     "security-4688",
			Source:   "Microsoft: event 4688(S) of the Security log, version 2. NewProcessId is hexadecimal, where Sysmon is decimal; CommandLine is there if the policy to include it is set; SubjectUserName is without the domain, and is the user who started the process, so the parent's user: mostly, but not always, the one that it runs as; MandatoryLabel is a SID",
			Provider: securityProvider, Channel: "Security", Events: []uint32{4688},
			Fields: fields("Image=NewProcessName CommandLine ParentImage=ParentProcessName User=SubjectUserName ParentUser=SubjectUserName " +
				"LogonId=SubjectLogonId IntegrityLevel=MandatoryLabel ProcessId=NewProcessId ParentProcessId=ProcessId"),
		})
	d.Keywords = []string{"CommandLine", "Image", "OriginalFileName", "CurrentDirectory", "ParentCommandLine", "ParentImage",
		"Description", "Product", "Company", "User", "ParentUser", "Hashes"}
	return d
}

func networkConnection(t builtinType) *sensor.Definition {
	return category(t, "connections of TCP and UDP, by process",
		"RuleName~@8.0 UtcTime# ProcessGuid# ProcessId# Image User~ Protocol# Initiated# SourceIsIpv6# SourceIp# SourceHostname~ SourcePort# "+
			"SourcePortName~ DestinationIsIpv6# DestinationIp# DestinationHostname~ DestinationPort# DestinationPortName~",
		[]uint32{3},
		sensor.Feed{
			Name:     "security-5156",
			Source:   "Microsoft: event 5156(S) of the Security log. Application is a path of the device (\\device\\harddiskvolume2\\...), in lower case; Protocol is the number of the protocol and Direction the number of a message: %%14593 for the side that connects, %%14592 for the other",
			Provider: securityProvider, Channel: "Security", Events: []uint32{5156},
			Fields: fields("Image=Application ProcessId=ProcessID Protocol Initiated=Direction SourceIp=SourceAddress SourcePort DestinationIp=DestAddress DestinationPort=DestPort"),
		})
}

func processTermination(t builtinType) *sensor.Definition {
	return category(t, "end of processes",
		"RuleName~@8.0 UtcTime# ProcessGuid# ProcessId# Image User~@13.30", []uint32{5},
		sensor.Feed{
			Name:     "security-4689",
			Source:   "Microsoft: event 4689(S) of the Security log. ProcessId is hexadecimal, where Sysmon is decimal; SubjectUserName is the user's name without the domain",
			Provider: securityProvider, Channel: "Security", Events: []uint32{4689},
			Fields: fields("Image=ProcessName ProcessId User=SubjectUserName"),
		})
}

func dnsQuery(t builtinType) *sensor.Definition {
	return category(t, "queries of the domain name system, by process",
		"RuleName~@10.0 UtcTime#@10.0 ProcessGuid#@10.0 ProcessId#@10.0 QueryName@10.0 QueryStatus#@10.0 QueryResults@10.0 Image@10.0 User~@13.30",
		[]uint32{22},
		sensor.Feed{
			Name:     "dns-client-3008",
			Source:   "manifest of Microsoft-Windows-DNS-Client: event 3008, a query is complete. It does not say which process asked",
			Provider: "Microsoft-Windows-DNS-Client", Channel: "Microsoft-Windows-DNS-Client/Operational", Events: []uint32{3008},
			Fields: fields("QueryName QueryStatus QueryResults"),
		})
}

// deletionLogged has the fields of event 26.
const deletionLogged = "RuleName~@13.10 UtcTime#@13.10 ProcessGuid#@13.10 ProcessId#@13.10 User~@13.10 Image@13.10 TargetFilename@13.10 Hashes~@13.10 IsExecutable#@13.10"

// fileDelete returns a type with two feeds. Both report the deletion of a file; the configuration
// of Sysmon determines the feeds that a host has.
func fileDelete(t builtinType) *sensor.Definition {
	d := category(t, "deletion of files: archived (23), and only logged (26), which has no field Archived",
		"RuleName~@11.0 UtcTime#@11.0 ProcessGuid#@11.0 ProcessId#@11.0 User~@11.0 Image@11.0 TargetFilename@11.0 Hashes~@11.0 IsExecutable#@11.0 Archived#@11.0",
		[]uint32{23},
		sensor.Feed{
			Name: "sysmon-26", Source: sysmonFeed, Provider: sysmonProvider, Channel: sysmonChannel, Events: []uint32{26},
			Fields: fields(deletionLogged),
		})
	d.Feeds[0].Name = "sysmon-23"
	return d
}

// sysmonTypes are the types for the Sigma categories, in the order of the Sysmon events. The
// number and the channel of a type are permanent.
var sysmonTypes = [...]builtinType{
	{number: 2, category: "process_creation", build: processCreation},
	{number: 3, category: "file_change", build: func(t builtinType) *sensor.Definition {
		return category(t, "changes of the creation time of files",
			"RuleName~@8.0 UtcTime# ProcessGuid# ProcessId# Image TargetFilename CreationUtcTime# PreviousCreationUtcTime# User~@13.30", []uint32{2})
	}},
	{number: 4, category: "network_connection", build: networkConnection},
	{number: 5, category: "sysmon_status", build: func(t builtinType) *sensor.Definition {
		return category(t, "starts, stops and configuration of Sysmon itself",
			"UtcTime# State# Version# SchemaVersion# Configuration ConfigurationFileHash~", []uint32{4, 16})
	}},
	{number: 6, category: "process_termination", build: processTermination},
	{number: 7, category: "driver_load", build: func(t builtinType) *sensor.Definition {
		return category(t, "loading of drivers",
			"RuleName~@8.0 UtcTime# ImageLoaded Hashes~ Signed# Signature~ SignatureStatus#", []uint32{6})
	}},
	{number: 8, category: "image_load", build: func(t builtinType) *sensor.Definition {
		return category(t, "loading of libraries into processes",
			"RuleName~@8.0 UtcTime# ProcessGuid# ProcessId# Image ImageLoaded FileVersion Description Product Company OriginalFileName@10.0 "+
				"Hashes~ Signed# Signature~ SignatureStatus# User~@13.30", []uint32{7})
	}},
	{number: 9, category: "create_remote_thread", build: func(t builtinType) *sensor.Definition {
		return category(t, "threads that one process creates in another",
			"RuleName~@8.0 UtcTime# SourceProcessGuid# SourceProcessId# SourceImage TargetProcessGuid# TargetProcessId# TargetImage "+
				"NewThreadId# StartAddress# StartModule StartFunction SourceUser~@13.30 TargetUser~@13.30", []uint32{8})
	}},
	{number: 10, category: "raw_access_thread", build: func(t builtinType) *sensor.Definition {
		return category(t, "reading of drives past the file system",
			"RuleName~@8.0 UtcTime# ProcessGuid# ProcessId# Image Device User~@13.30", []uint32{9})
	}},
	{number: 11, category: "process_access", build: func(t builtinType) *sensor.Definition {
		return category(t, "opening of one process by another",
			"RuleName~@8.0 UtcTime# SourceProcessGUID# SourceProcessId# SourceThreadId# SourceImage TargetProcessGUID# TargetProcessId# TargetImage "+
				"GrantedAccess# CallTrace+ SourceUser~@13.30 TargetUser~@13.30", []uint32{10})
	}},
	{number: 12, category: "file_event", build: func(t builtinType) *sensor.Definition {
		return category(t, "creation of files",
			"RuleName~@8.0 UtcTime# ProcessGuid# ProcessId# Image TargetFilename CreationUtcTime# User~@13.30", []uint32{11})
	}},
	{number: 13, category: "registry_event", build: func(t builtinType) *sensor.Definition {
		return category(t, "keys and values of the registry: added, deleted, set, renamed",
			"RuleName~@8.0 EventType# UtcTime# ProcessGuid# ProcessId# Image TargetObject Details+ NewName User~@13.30", []uint32{12, 13, 14})
	}},
	{number: 14, category: "registry_add", build: func(t builtinType) *sensor.Definition {
		return category(t, "keys of the registry: added, and deleted too, which Sysmon records under the same number; EventType tells them apart",
			"RuleName~@8.0 EventType# UtcTime# ProcessGuid# ProcessId# Image TargetObject User~@13.30", []uint32{12})
	}},
	{number: 15, category: "registry_delete", build: func(t builtinType) *sensor.Definition {
		return category(t, "keys and values of the registry: deleted, and keys added too, which Sysmon records under the same number; EventType tells them apart",
			"RuleName~@8.0 EventType# UtcTime# ProcessGuid# ProcessId# Image TargetObject User~@13.30", []uint32{12})
	}},
	{number: 16, category: "registry_set", build: func(t builtinType) *sensor.Definition {
		return category(t, "values of the registry: set",
			"RuleName~@8.0 EventType# UtcTime# ProcessGuid# ProcessId# Image TargetObject Details+ User~@13.30", []uint32{13})
	}},
	{number: 17, category: "registry_rename", build: func(t builtinType) *sensor.Definition {
		return category(t, "keys and values of the registry: renamed",
			"RuleName~@8.0 EventType# UtcTime# ProcessGuid# ProcessId# Image TargetObject NewName User~@13.30", []uint32{14})
	}},
	{number: 18, category: "create_stream_hash", build: func(t builtinType) *sensor.Definition {
		return category(t, "creation of named streams of files",
			"RuleName~@8.0 UtcTime# ProcessGuid# ProcessId# Image TargetFilename CreationUtcTime# Hash~ Contents+@11.10 User~@13.30", []uint32{15})
	}},
	{number: 19, category: "wmi_event", build: func(t builtinType) *sensor.Definition {
		return category(t, "filters, consumers and bindings of WMI events",
			"RuleName~@8.0 EventType# UtcTime# Operation# User~ EventNamespace Name Query+ Type# Destination+ Consumer+ Filter+", []uint32{19, 20, 21})
	}},
	{number: 20, category: "dns_query", build: dnsQuery},
	{number: 21, category: "file_delete", build: fileDelete},
	{number: 22, category: "clipboard_capture", build: func(t builtinType) *sensor.Definition {
		return category(t, "changes of the clipboard",
			"RuleName~@12.0 UtcTime#@12.0 ProcessGuid#@12.0 ProcessId#@12.0 Image@12.0 Session#@12.0 ClientInfo~@12.0 Hashes~@12.0 Archived#@12.0 User~@13.30", []uint32{24})
	}},
	{number: 23, category: "process_tampering", build: func(t builtinType) *sensor.Definition {
		return category(t, "images of processes that were replaced or hollowed",
			"RuleName~@13.0 UtcTime#@13.0 ProcessGuid#@13.0 ProcessId#@13.0 Image@13.0 Type~@13.0 User~@13.30", []uint32{25})
	}},
	{number: 24, category: "file_delete_detected", build: func(t builtinType) *sensor.Definition {
		return category(t, "deletion of files, logged without a copy", deletionLogged, []uint32{26})
	}},
	{number: 25, category: "file_block_executable", build: func(t builtinType) *sensor.Definition {
		return category(t, "executables whose creation Sysmon stopped",
			"RuleName~@14.0 UtcTime#@14.0 ProcessGuid#@14.0 ProcessId#@14.0 User~@14.0 Image@14.0 TargetFilename@14.0 Hashes~@14.0", []uint32{27})
	}},
	{number: 26, category: "file_block_shredding", build: func(t builtinType) *sensor.Definition {
		return category(t, "files whose shredding Sysmon stopped",
			"RuleName~@14.1 UtcTime#@14.1 ProcessGuid#@14.1 ProcessId#@14.1 User~@14.1 Image@14.1 TargetFilename@14.1 Hashes~@14.1 IsExecutable#@14.1", []uint32{28})
	}},
	{number: 27, category: "file_executable_detected", build: func(t builtinType) *sensor.Definition {
		return category(t, "creation of executables",
			"RuleName~@15.0 UtcTime#@15.0 ProcessGuid#@15.0 ProcessId#@15.0 User~@15.0 Image@15.0 TargetFilename@15.0 Hashes~@15.0", []uint32{29})
	}},
	{number: 28, category: "sysmon_error", build: func(t builtinType) *sensor.Definition {
		return category(t, "errors of Sysmon itself",
			"UtcTime# ID# Description", []uint32{255})
	}},
	{number: 29, category: "file_access", build: fileAccess},
	{number: 30, category: "file_rename", build: fileRename},
}

// Two Sigma categories use events of kernel tracing, which are in no event log. The consumer of
// the trace looks up values that the events do not contain. These are the image of the process
// whose ID is in the header, and the name under which a renamed file was opened.
const (
	kernelFile       = "Microsoft-Windows-Kernel-File"
	kernelFileSource = "manifest of Microsoft-Windows-Kernel-File, Windows 10; Image and SourceFilename are looked up by the consumer of the trace, by process and file object"
)

func fileAccess(t builtinType) *sensor.Definition {
	return etw(t, "opening of files, from the kernel's tracing",
		"Irp# FileObject# IssuingThreadId# CreateOptions# CreateAttributes# ShareAccess# FileName ProcessId# Image", []uint32{12})
}

func fileRename(t builtinType) *sensor.Definition {
	return etw(t, "renaming of files, from the kernel's tracing",
		"Irp# FileObject# FileKey# ExtraInformation# IssuingThreadId# InfoClass# TargetFilename=FilePath SourceFilename ProcessId# Image", []uint32{27})
}

// etw returns a type for a Sigma category with events from a trace.
func etw(t builtinType, title, table string, events []uint32) *sensor.Definition {
	inputs, fields := inputs(kernelFileSource, table)
	return t.definition(title, kernelFileSource, inputs,
		[]sensor.Feed{{Name: "kernel-file", Source: kernelFileSource, Provider: kernelFile, Events: events, Fields: fields}})
}

// sysmonTable has the fields of all Sysmon events, for rules that are written for the whole log.
// The types of the categories have the versions that introduced the fields.
const sysmonTable = "RuleName~ UtcTime# ProcessGuid# ProcessId# Image FileVersion Description Product Company OriginalFileName CommandLine " +
	"CurrentDirectory User~ LogonGuid# LogonId# TerminalSessionId# IntegrityLevel# Hashes~ ParentProcessGuid# ParentProcessId# " +
	"ParentImage ParentCommandLine ParentUser~ Protocol# Initiated# SourceIsIpv6# SourceIp# SourceHostname~ SourcePort# " +
	"SourcePortName~ DestinationIsIpv6# DestinationIp# DestinationHostname~ DestinationPort# DestinationPortName~ QueryName " +
	"QueryStatus# QueryResults TargetFilename CreationUtcTime# PreviousCreationUtcTime# State# Version# SchemaVersion# Configuration " +
	"ConfigurationFileHash~ ImageLoaded Signed# Signature~ SignatureStatus# SourceProcessGuid# SourceProcessId# SourceImage " +
	"TargetProcessGuid# TargetProcessId# TargetImage NewThreadId# StartAddress# StartModule StartFunction SourceUser~ TargetUser~ " +
	"Device SourceThreadId# GrantedAccess# CallTrace+ EventType# TargetObject Details+ NewName Hash~ Contents+ Operation# " +
	"EventNamespace Name Query+ Type# Destination+ Consumer+ Filter+ IsExecutable# Archived# Session# ClientInfo~ ID# PipeName~"

// sysmonType returns the type for the whole log. The version of a field is the earliest version in
// which any event has it.
func sysmonType(t builtinType) *sensor.Definition {
	d := service(t, "all events of Sysmon", sysmonSource, sysmonTable,
		[]sensor.Feed{{Name: "sysmon", Provider: sysmonProvider, Channel: sysmonChannel}})
	d.Feeds[0].Source, d.Feeds[0].Complete = sysmonFeed, true
	since := sysmonSince()
	for i := range d.Feeds[0].Fields {
		field := &d.Feeds[0].Fields[i]
		field.Since = since[strings.ToLower(field.Input)]
	}
	return d
}

// sysmonSince returns the version that introduced each field of the Sysmon events, or "" for a
// field that always existed. The keys are names in lower case, because event 10 spells
// SourceProcessGUID and event 8 spells SourceProcessGuid.
func sysmonSince() map[string]string {
	since := map[string]string{}
	add := func(d *sensor.Definition) {
		for i := range d.Feeds {
			if d.Feeds[i].Provider != sysmonProvider {
				continue
			}
			for _, field := range d.Feeds[i].Fields {
				name := strings.ToLower(field.Input)
				if earliest, ok := since[name]; !ok || versionOf(field.Since) < versionOf(earliest) {
					since[name] = field.Since
				}
			}
		}
	}
	add(ipcDefinition())
	for i := range sysmonTypes {
		add(sysmonTypes[i].build(sysmonTypes[i]))
	}
	return since
}
