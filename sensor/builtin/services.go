package builtin

import (
	"github.com/cfcheck/cfcheck/sensor"
)

// This file has the template types for the Sigma services: one for each Windows log with rules.
// The events of a service have many different sets of fields. A type has the fields of all events,
// and one event has only a few of them.
//
// A reference to a manifest means the list of fields that Windows itself prints (wevtutil gp), as
// collected in github.com/jdu2600/Windows10EtwEvents and github.com/nasbench/EVTX-ETW-Resources.
// The fields of single events are in the folder events, with the source of each.

// service returns a type for a Sigma service. The feeds need only the properties that select their
// events.
func service(t builtinType, title, source, table string, feeds []sensor.Feed, keywords ...string) *sensor.Definition {
	inputs, fields := inputs(source, table)
	for i := range feeds {
		feeds[i].Source, feeds[i].Fields = source, fields
	}
	return t.definition(title, source, inputs, feeds, keywords...)
}

// serviceTypes are the types for the Sigma services. The number and the channel of a type are
// permanent.
var serviceTypes = [...]builtinType{
	{number: 101, service: "security", build: securityType},
	{number: 102, service: "system", build: systemType},
	{number: 103, service: "application", build: func(t builtinType) *sensor.Definition {
		return service(t, "the Application log", "recorded events; manifests of Application Error, Application Hang and Microsoft-Windows-Audit-CVE. Most of its events have no named fields: Data is their elements, joined by newlines",
			"Data+ Binary Source ExtraInfo ReferenceTime# RepeatCount# Reason DiagnosticsInfo HR# Phase CorruptionId param1 param2 param3 "+
				"param4 param5 param6 param7 param8 param9 param10 param11 param12 AppName AppVersion# AppTimeStamp# ModuleName ModuleVersion# "+
				"ModuleTimeStamp# ExceptionCode# FaultingOffset# ProcessId# ProcessCreationTime# AppPath ModulePath IntegratorReportId# "+
				"PackageFullName PackageRelativeAppId~ FilePath StatusCode# MediumType# StartTime# TerminationTime# ExeFileName ReportId# "+
				"HangType~ CVEID~ AdditionalDetails Keywords#=System/Keywords"+
				" AddonName Application Publisher Version~",
			[]sensor.Feed{{Name: "application", Channel: "Application"}}, "Data", "AppName", "AppPath", "ModuleName", "ModulePath", "AdditionalDetails", "Reason", "ExtraInfo")
	}},
	{number: 104, service: "powershell", build: func(t builtinType) *sensor.Definition {
		return service(t, "the log of PowerShell", "Microsoft: about_Logging_Windows; recorded events",
			"ContextInfo+ UserData+ Payload+ MessageNumber# MessageTotal# ScriptBlockText+ ScriptBlockId# Path RunspaceId# InstanceId# "+
				"MaxRunspaces# MinRunspaces# param1 param2 Data+"+
				" currentActivityId# parentActivityId# ActivityGuid# ActivityName ClassName JobData MethodName Parameters WorkflowGuid#"+
				" param3 auth# canceltimeout# idletimeout# opentimeout# recvdDataSize# recvdObjSize# redircount# shell thumbPrint uri"+
				" userName Action AmsiContext FileName CurrentLine# CastedToType DeserializedType RehydratedType TypeCastException"+
				" TypeCastInnerException CurrentDepthBelowTopLevel OriginalDepth# OverridenDepth# SerializedType OverridenMode#"+
				" GetterScript+ PropertyName PropertyOwnerType Exception InnerException TypeBeingEnumerated Type# Depth#"+
				" PropertyNameAtMaxDepth TypeOfObjectAtMaxDepth LineNumber# LinePosition# TypeOfObjectWithMissingProperty DataType#"+
				" Destination PowerShell_InstanceId# Runspace_InstanceId# TargetInterface ErrorCode# ErrorMessage PipelineId# SessionId#"+
				" StackTrace DataSize# SignalCode# param4 FragmentId# FragmentLength# FragmentPayload+ ObjectId# eFlag# sFlag# Category"+
				" ExceptionInnerException ExceptionMessage ExceptionStackTrace FullyQualifiedErrorId Reason TargetName Command Id#"+
				" Location Name State~ configuration endpointName hostingMode~ protocol user managedNodes workflowId# newState~"+
				" oldState~ allowedValue configName valueInQuestion managedNode activityTypeName xamlFile errorDescription"+
				" activityDisplayName activityType failureDescription availability jobId# childJobId# childWorkflowId# parentJobId#"+
				" error persistPath endpointType~ registeredBy modifiedBy unregisteredBy disabledBy enabledBy computers checkpointPath"+
				" configProviderId~ TrackingId# ContainerParentJobInstanceId# WorkflowJobJobInstanceId# WorkflowJobInstanceId#"+
				" ProxyJobInstanceId# ProxyChildJobInstanceId# ScheduledJobDefName StartTime~ StopTime~",
			[]sensor.Feed{{Name: "powershell", Provider: "Microsoft-Windows-PowerShell", Channel: "Microsoft-Windows-PowerShell/Operational"}, {Name: "powershell-core", Provider: "PowerShellCore", Channel: "PowerShellCore/Operational"}}, "ScriptBlockText", "Payload", "ContextInfo", "UserData")
	}},
	{number: 105, service: "powershell-classic", build: func(t builtinType) *sensor.Definition {
		return service(t, "the old log of Windows PowerShell", powershellClassic,
			"Data+",
			[]sensor.Feed{{Name: "powershell-classic", Provider: "PowerShell", Channel: "Windows PowerShell"}}, "Data")
	}},
	{number: 106, service: "sysmon", build: sysmonType},
	{number: 107, service: "windefend", build: defenderType},
	{number: 108, service: "firewall-as", build: func(t builtinType) *sensor.Definition {
		return service(t, "changes of the Windows firewall", "manifest of Microsoft-Windows-Windows Firewall With Advanced Security (Windows 10 and 11); recorded events",
			"ModifyingUser Origin SettingType SettingValue SettingValueDisplay SettingValueSize# RuleId RuleName ApplicationPath ServiceName "+
				"Direction# Protocol# LocalPorts RemotePorts Action Profiles LocalAddresses RemoteAddresses RemoteMachineAuthorizationList "+
				"RemoteUserAuthorizationList EmbeddedContext Flags# Active# EdgeTraversal LooseSourceMapped SecurityOptions ModifyingApplication "+
				"SchemaVersion# RuleStatus# LocalOnlyMapped InterfaceGuid# InterfaceName NewProfile# OldProfile# IPVersion# Port# ProcessId# "+
				"ReasonCode# SettingValueString StoreType# CurrentProfile# SAIdleTime# PresharedKeyEncoding IPSecExempt CrlCheck IPSecThroughNAT "+
				"PolicyVersionSupported PolicyVersion# BinaryVersionSupported DisableStatefulFTP GroupPolicyApplied Profile# OpMode LogFilePath "+
				"MaxLogFileSize# SetId# SetName IPsecPhase Endpoint1 Endpoint2 Endpoint1Ports Endpoint2Ports MMParentRuleId# ID# Name Reason "+
				"ErrorCode# ChangeType# ComponentName Keyword Addresses"+
				" AllowIPSecPolicyMerge# AllowLocalPolicyMerge# AllowUserPrefMergeForApps AllowUserPrefMergeForGlobalPorts"+
				" BlockAllInbound# DefaultInboundAction# DefaultOutboundAction# DisableInboundNotifications DisableStealthMode#"+
				" DisableStealthModeIPsecSecuredPacketExemption DisableUnicastResponseToMultiCastBroadCast DisabledInterfaces"+
				" DisabledInterfacesSize# LogDroppedPackets# LogIgnoredRules# LogSuccessfulConnections# RemoteAdministrationEnabled#"+
				" ApplyAuthZ# BypassTunnelIfEncrypted# IsDTM# LocalTunnelEndpointV4 LocalTunnelEndpointV6 NoIPSecOnOutbound#"+
				" Phase1AuthSetId Phase2AuthSetId Phase2CryptoSetId RemoteTunnelEndpointV4 RemoteTunnelEndpointV6 Phase1CryptoSetId"+
				" CryptoSetFlags# CryptoSuites NumSuites# SuitesBinaryLength# TimeOutMinutes# TimeOutSessions# Pfs# AuthSetFlags#"+
				" AuthenticationSuites AllDANat64Proxies AllDomainProxies AllProxies GPConfiguredDomainProxies GPConfiguredLocalProxies"+
				" GPIsAuthoritative# AllDANat64DomainSubnets GPConfiguredDomainSubnets Capability# IPRangeDefinition AutoResolve#",
			[]sensor.Feed{{Name: "firewall-as", Provider: "Microsoft-Windows-Windows Firewall With Advanced Security", Channel: "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall"}})
	}},
	{number: 109, service: "bits-client", build: func(t builtinType) *sensor.Definition {
		return service(t, "transfers in the background", "manifest of Microsoft-Windows-Bits-Client (Windows 10 and 11); recorded events",
			"string string2 string3 jobTitle jobId# jobOwner processPath processId# User fileCount# bytesTransferred bytesTransferredFromPeer "+
				"transferId# name Id# url peer fileTime# fileLength# bytesTotal hr# proxy peerProtocolFlags# AdditionalInfoHr# PeerContextInfo "+
				"bandwidthLimit ignoreBandwidthLimitsOnLan RemoteName LocalName JobGuid# Title Owner Job Pgm ErrorCode# jobName xferId# "+
				"HTTPVersion# URLRange server scheme error proxyServerList proxyBypassList PropertyName FileList DayCount# RetryWaitTime# rule "+
				"enabled# status# entityName currentSize# currentLimit function line Key# SubKeyOrValueName Data+"+
				" cacheDenyUrls denyUrlCount# denyUrls maxCacheSize# maxClients maxContentAge# maxPeers minCacheDiskSize#"+
				" peerCacheEnabled# peerClientEnabled# peerServerEnabled# addressCount# addresses fqdn packet sourceAddress~"+
				" addressLength# authenticated# online# searchId# timestamp requestId# Range# rangecount# count# globalTransferPolicy#"+
				" jobTransferPolicy# cap# isOvercap# isRoaming# isThrottled# nlmCost# usage# clientAddress~ PolicyValue responseXml+"+
				" ranges currSlotBandwidthLimit# currSlotStartTime# nextSlotBandwidthLimit# nextSlotStartTime# profileType# Message"+
				" SystemEvent BlockReasonErrorCode# number# ErrorContext ClientProcessStartKey",
			[]sensor.Feed{{Name: "bits-client", Provider: "Microsoft-Windows-Bits-Client", Channel: "Microsoft-Windows-Bits-Client/Operational"}})
	}},
	{number: 110, service: "dns-client", build: func(t builtinType) *sensor.Definition {
		return service(t, "the client of the domain name system", "manifest of Microsoft-Windows-DNS-Client (Windows 10 and 11); recorded events",
			"Address AddressLength# DynamicAddress Index# Interface TotalServerCount# QueryName InterfaceIndex# IsAsyncQuery IsNetworkQuery "+
				"NetworkQueryIndex# QueryOptions QueryType# QueryStatus# QueryResults AdapterName DNSServerAddress InterfaceCount# "+
				"IsParallelNetworkQuery LocalAddress NetworkIndex# DnsServerIpAddress# ResponseStatus# Status#"+
				" Context Location ErrorCode# AdSuffix DnsSuffix DnsAddress~ DnsAddressLength# DirectAccessServerList DnsEncryption#"+
				" DnsQueryOverIPSec DnsSecValidationRequired# KeyName ProxyName ProxyType# RemoteEncryption# RemoteIPSEC"+
				" ResponseQuestion GenericServerList IdnConfig ServerList",
			[]sensor.Feed{{Name: "dns-client", Provider: "Microsoft-Windows-DNS-Client", Channel: "Microsoft-Windows-DNS-Client/Operational"}})
	}},
	{number: 111, service: "dns-server", build: func(t builtinType) *sensor.Definition {
		return service(t, "the log of the DNS server", "recorded events; Microsoft: DNS server events",
			"param1 param2 param3 param4 param5 Data+ Binary",
			[]sensor.Feed{{Name: "dns-server", Channel: "DNS Server"}}, "param1", "param2", "param3", "param4", "Data")
	}},
	{number: 112, service: "dns-server-analytic", build: func(t builtinType) *sensor.Definition {
		return service(t, "queries and answers of the DNS server", "Microsoft: DNS logging and diagnostics, analytic events 256 to 286 of Microsoft-Windows-DNSServer",
			"TCP# Source~ InterfaceIP~ Destination~ RD# AA# AD# QNAME QTYPE# XID# DNSSEC# RCODE# Port# Flags# BufferSize# PacketData+ "+
				"AdditionalInfo GUID# Scope~ Zone~ PolicyName~ CacheScope~ Reason ElapsedTime# RecursionScope~ RecursionDepth# QueriesAttached# "+
				"SecureUpdate# Secure#",
			[]sensor.Feed{{Name: "dns-server-analytic", Provider: "Microsoft-Windows-DNSServer", Channel: "Microsoft-Windows-DNSServer/Analytical"}})
	}},
	{number: 113, service: "ntlm", build: func(t builtinType) *sensor.Definition {
		return service(t, "authentication with NTLM", "manifest of Microsoft-Windows-NTLM (Windows 10 and 11); Microsoft: NTLM auditing, event 8004",
			"AccountName DeviceName Status# SiloName PolicyName TargetName UserName DomainName CallerPID# ProcessName ClientLUID# "+
				"ClientUserName ClientDomainName MechanismOID~ Workstation LogonType# InProc# NegotiatedSecurity# RequiredSecurity# SChannelName "+
				"WorkstationName SChannelType#",
			[]sensor.Feed{{Name: "ntlm", Provider: "Microsoft-Windows-NTLM", Channel: "Microsoft-Windows-NTLM/Operational"}})
	}},
	{number: 114, service: "taskscheduler", build: func(t builtinType) *sensor.Definition {
		return service(t, "the task scheduler", "manifest of Microsoft-Windows-TaskScheduler (Windows 10 and 11)",
			"TaskName UserContext InstanceId# ResultCode# UserName ErrorDescription Context Path ProcessID# Priority# CurrentQuota# "+
				"TaskEngineName LogPoint TaskPath ActionName TaskInstanceId# EnginePID# TaskCount# Command ThreadID# StoppedTaskInstanceId# "+
				"NewTaskInstanceId# QueuedTaskInstanceId# RunningTaskInstanceId# Data+"+
				" Parameter IdleTaskId# NotificationType~ State~ DATA1# DATA2# NoIdleReason TimeSinceUserNotPresent DetectionResult"+
				" Reason TaskStatus# SecurityDescriptor Account~ LastRunDateTime~ hc_stateid# ErrorCode# Task InfoCode# LauncherId#"+
				" FailureReason File HRESULT# Line# Name String",
			[]sensor.Feed{{Name: "taskscheduler", Provider: "Microsoft-Windows-TaskScheduler", Channel: "Microsoft-Windows-TaskScheduler/Operational"}})
	}},
	{number: 115, service: "wmi", build: func(t builtinType) *sensor.Definition {
		return service(t, "activity of WMI", "manifest of Microsoft-Windows-WMI-Activity (Windows 10 and 11), and the names that their user data have (event 5859: Provider)",
			"Id# ClientMachine User ClientProcessId# Component Operation+ ResultCode# PossibleCause+ ProviderName Code# HostProcess "+
				"ProcessID# ProviderPath NamespaceName Query+ Provider queryid# MachineName Namespace ESS CONSUMER+ GroupOperationId# "+
				"OperationId# ProviderGuid# Path CorrelationId# ClientMachineFQDN ClientProcessCreationTime# IsLocal# HostId# Message+ ErrorId# "+
				"ErrorCategory TargetName Protocol# ConsumerType# Flags# ClassName MethodName ImplementationClass Commandline CreatedProcessId# "+
				"CreatedProcessCreationTime# ComponentName MessageDetail FileName ErrorDetail Data+",
			[]sensor.Feed{{Name: "wmi", Provider: "Microsoft-Windows-WMI-Activity", Channel: "Microsoft-Windows-WMI-Activity/Operational"}}, "Operation", "PossibleCause", "Query", "CONSUMER", "ESS", "Data")
	}},
	{number: 116, service: "codeintegrity-operational", build: func(t builtinType) *sensor.Definition {
		return service(t, "checks of code signatures", "manifest of Microsoft-Windows-CodeIntegrity (Windows 10 and 11)",
			"FileNameLength# FileNameBuffer ProcessNameLength# ProcessNameBuffer SecureRequired# RequestedSigningLevel# RequestedPolicy# "+
				"ValidatedPolicy# ValidatedSigningLevel# CatalogNameLength# CatalogNameBuffer Status# RequirementType# CachedFlags# CacheSource# "+
				"CachedPolicy# USN# PolicyNameLength# "+
				"PolicyName PolicyIDLength# PolicyID PolicyHashSize# PolicyHash~ OriginalFileNameLength# OriginalFileName InternalNameLength# "+
				"InternalName FileDescriptionLength# FileDescription ProductNameLength# ProductName FileVersion# ElapsedTime# PolicyElapsedTime# "+
				"PercentageTime#"+
				` FileName="File Name" ProcessName="Process Name" SHA1HashSize#="SHA1 Hash Size" SHA1Hash~="SHA1 Hash" SHA256HashSize#="SHA256 Hash Size"`+
				` SHA256Hash~="SHA256 Hash" SISigningScenario#="SI Signing Scenario"`+
				` "Requested Signing Level" "Validated Signing Level"`,
			[]sensor.Feed{{Name: "codeintegrity-operational", Provider: "Microsoft-Windows-CodeIntegrity", Channel: "Microsoft-Windows-CodeIntegrity/Operational"}})
	}},
	{number: 117, service: "appxdeployment-server", build: func(t builtinType) *sensor.Definition {
		return service(t, "installation of packaged apps", "manifest of Microsoft-Windows-AppXDeployment-Server (Windows 10 and 11)",
			"DeploymentOperation# PackageFullName Path ErrorCode# MountPoint TargetPlatform# SystemVolume# StorageId IsCentennial# "+
				"PackageType# IsPackageEncrypted# DeploymentOptions# IsStreamingPackage# IsInRelatedSet# IsPackageUsingBDC# MainPackageFamilyName "+
				"CallingProcess IsInPlaceUpdate# ErrorFileInfo DetailedMessageInfo ManifestPath ErrorString PackageUri SummaryError PackageName "+
				"PublisherName PackageMoniker PackageMoniker2 PackageOrigin# SignatureOrigin# CheckResult# Error# ErrorText ErrorMessage "+
				"CategoryName FileName Line# Column# ExtendedData Flags# PackageVersion# PackageVersion2#"+
				" ExtensionsCategoryNames DehName RunAsSystem# ExternalLocation HasFullTrust# HasWin32alacarte# IsOptional#"+
				" PackageDisplayName PackageFlags# PackageFlags2 PackageSourceUri RollbackDetailedMessageInfo RollbackErrorFileInfo"+
				" OSVersionAppModel OSVersionMajor OSVersionMinor RequestedVersionAppModel RequestedVersionMajor RequestedVersionMinor"+
				" MachineArchitecture PackageArchitecture FlagsHigh#",
			[]sensor.Feed{{Name: "appxdeployment-server", Provider: "Microsoft-Windows-AppXDeployment-Server", Channel: "Microsoft-Windows-AppXDeploymentServer/Operational"}})
	}},
	{number: 118, service: "appxpackaging-om", build: func(t builtinType) *sensor.Definition {
		return service(t, "reading and signing of app packages", "manifest of Microsoft-Windows-AppxPackagingOM (Windows 10 and 11)",
			"errorCode# lineNumber# columnNumber# reason name xmlNamespace logo field value elementName fullValue fieldValue fieldName "+
				"duplicateLineNumber# duplicateColumnNumber# attributeName1 attributeName2 expectedValue actualValue subjectName packageName "+
				"fileId# packageFullName fileName currentFileName currentPackageFullName conflictingFileName conflictingPackageFullName "+
				"extensionCategoryName attributeName targetDeviceFamily version#",
			[]sensor.Feed{{Name: "appxpackaging-om", Provider: "Microsoft-Windows-AppxPackagingOM", Channel: "Microsoft-Windows-AppxPackaging/Operational"}})
	}},
	{number: 119, service: "appmodel-runtime", build: func(t builtinType) *sensor.Definition {
		return service(t, "the runtime of packaged apps", "manifest of Microsoft-Windows-AppModel-Runtime (Windows 10 and 11)",
			"ProcessID# CreateTime# ParentProcessID# PackageFullName ImageName PackageRelativeApplicationId~ ErrorCode# ErrorMessage "+
				"FailedBinary FileName Size# Offset# HeaderAddr# Section ExceptionCode# Context AppContainerName ApplicationUserModelId~ Resource "+
				"User DesiredStatus# CurrentStatus# Type# Key~ Subkey PackageFamilyName"+
				" ApplicationName Message PackageName",
			[]sensor.Feed{{Name: "appmodel-runtime", Provider: "Microsoft-Windows-AppModel-Runtime", Channel: "Microsoft-Windows-AppModel-Runtime/Admin"}})
	}},
	{number: 120, service: "applocker", build: func(t builtinType) *sensor.Definition {
		return service(t, "AppLocker", "manifest of Microsoft-Windows-AppLocker (Windows 10 and 11); Microsoft: Using Event Viewer with AppLocker. Names as the user data have them",
			"PolicyNameLength# PolicyName RuleId# RuleNameLength# RuleName RuleSddlLength# RuleSddl TargetUser TargetProcessId# "+
				"FilePathLength# FilePath FileHashLength# FileHash~ FqbnLength# Fqbn TargetLogonId# FullFilePathLength# FullFilePath "+
				"PackageLength# Package Status# Sha1Hash~ Sha256Hash~ Result# USN# Sha1CatalogHash~ Sha256CatalogHash~ ImageName ParentProcess "+
				"StatusCode# AppLockerReason# Bucket# NtfsFileId# FileName CurrentProcess Origin# Type# Generation# SmartScreen# RevocationID# "+
				"Data+ IsApproved# CLSID#"+
				" DataLength# ImageNameLength# NtfsFileIdSize# OriginDataPresent ParentProcessLength# SessionId# SubSessionId#"+
				" CurrentProcessLength# FileNameLength#",
			[]sensor.Feed{{Name: "exe-and-dll", Provider: "Microsoft-Windows-AppLocker", Channel: "Microsoft-Windows-AppLocker/EXE and DLL"}, {Name: "msi-and-script", Provider: "Microsoft-Windows-AppLocker", Channel: "Microsoft-Windows-AppLocker/MSI and Script"}, {Name: "packaged-app-deployment", Provider: "Microsoft-Windows-AppLocker", Channel: "Microsoft-Windows-AppLocker/Packaged app-Deployment"}, {Name: "packaged-app-execution", Provider: "Microsoft-Windows-AppLocker", Channel: "Microsoft-Windows-AppLocker/Packaged app-Execution"}})
	}},
	{number: 121, service: "capi2", build: func(t builtinType) *sensor.Definition {
		return service(t, "checks of certificates", "recorded events: names of elements and attributes in the user data of Microsoft-Windows-CAPI2",
			"ProcessName TaskId# SeqNumber# fileRef subjectName ValidationTime# Certificate+ oid name CERT_CHAIN_CACHE_END_CERT "+
				"CERT_CHAIN_REVOCATION_CHECK_CHAIN_EXCLUDE_ROOT CERT_CHAIN_REVOCATION_ACCUMULATIVE_TIMEOUT context _SENSAPI_NETWORK_ALIVE_LAN "+
				"chainRef revocationFreshnessTime# CERT_TRUST_REVOCATION_STATUS_UNKNOWN CERT_TRUST_HAS_PREFERRED_ISSUER ChainElement value type# "+
				"constant WTPF_OFFLINEOK_IND WTPF_OFFLINEOK_COM WTPF_OFFLINEOKNBU_IND WTPF_OFFLINEOKNBU_COM WTPF_IGNOREREVOCATIONONTS chainIndex# "+
				"elementIndex# CERT_VERIFY_REV_ACCUMULATIVE_TIMEOUT_FLAG timeToUse currentTime# urlRetrievalTimeout index# error reason "+
				"actualFreshnessTime# location url issuerName responseType# responseValidated lastModifiedTime# maxAge# "+
				"CRYPT_RETRIEVE_MULTIPLE_OBJECTS CRYPT_CACHE_ONLY_RETRIEVAL CRYPT_LDAP_SCOPE_BASE_ONLY_RETRIEVAL maxUrlRetrievalByteCount# "+
				"lastSyncTime# objectType# thisUpdateTime# nextUpdateTime# publishTime# expireTime# Timeout CRYPT_WIRE_ONLY_RETRIEVAL "+
				"CRYPT_PROXY_CACHE_RETRIEVAL fProxyCacheRetrieval Action Header CRYPT_ACQUIRE_ALLOW_NCRYPT_KEY_FLAG CRYPT_ACQUIRE_SILENT_FLAG "+
				"ActionID UIChoice StateAction WTD_REVOCATION_CHECK_CHAIN_EXCLUDE_ROOT CPD_USE_NT5_CHAIN_FLAG filePath hasFileHandle# "+
				"digestAlgorithm digest format hashName SignTime# CertificateRevocationList"+
				" EventWriteData+",
			[]sensor.Feed{{Name: "capi2", Provider: "Microsoft-Windows-CAPI2", Channel: "Microsoft-Windows-CAPI2/Operational"}})
	}},
	{number: 122, service: "certificateservicesclient-lifecycle-system", build: func(t builtinType) *sensor.Definition {
		return service(t, "lifecycle of the computer's certificates", "manifest of Microsoft-Windows-CertificateServicesClient-Lifecycle-System (Windows 10 and 11)",
			"EventWriteData+",
			[]sensor.Feed{{Name: "certificateservicesclient-lifecycle-system", Provider: "Microsoft-Windows-CertificateServicesClient-Lifecycle-System", Channel: "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational"}})
	}},
	{number: 123, service: "diagnosis-scripted", build: func(t builtinType) *sensor.Definition {
		return service(t, "scripted troubleshooting", "manifest of Microsoft-Windows-Diagnosis-Scripted (Windows 10 and 11)",
			"PackagePath PackageId~ ResolutionId~ Status# FunctionName LineNumber# ErrorCode# RootCauseId~",
			[]sensor.Feed{{Name: "diagnosis-scripted", Provider: "Microsoft-Windows-Diagnosis-Scripted", Channel: "Microsoft-Windows-Diagnosis-Scripted/Operational"}})
	}},
	{number: 124, service: "driver-framework", build: func(t builtinType) *sensor.Definition {
		return service(t, "drivers in user mode", "manifest of Microsoft-Windows-DriverFrameworks-UserMode (Windows 10 and 11)",
			"Version~ Error# LifetimeId# HostGuid~ InstanceId FinalStatus# Problem# DetectedBy# ActiveOperation# ExitCode# Message# Status# "+
				"TerminationStatus# Level# Service~ ClsId# ModulePath CompanyName FileDescription FileVersion# MajorCode# MinorCode# Argument1# "+
				"Argument2# Argument3# Argument4# DeviceId~ FrameworkVersion# ServiceName~ FxVersion~ Upgrade# FriendlyName Location "+
				"RestartCount# ConflictingParameter Value DriverName TriggerGuid# UnstartedService",
			[]sensor.Feed{{Name: "driver-framework", Provider: "Microsoft-Windows-DriverFrameworks-UserMode", Channel: "Microsoft-Windows-DriverFrameworks-UserMode/Operational"}})
	}},
	{number: 125, service: "iis-configuration", build: func(t builtinType) *sensor.Definition {
		return service(t, "changes of the configuration of IIS", "event 29 of the IIS configuration log",
			"Configuration NewValue"+
				" ConfigPath EditOperationType# EffectiveLocationPath OldValue PhysicalPath",
			[]sensor.Feed{{Name: "iis-configuration", Channel: "Microsoft-IIS-Configuration/Operational"}})
	}},
	{number: 126, service: "ldap", build: func(t builtinType) *sensor.Definition {
		return service(t, "queries of the LDAP client", "manifest of Microsoft-Windows-LDAP-Client (Windows 10 and 11)",
			"ScopeOfSearch# SearchFilter+ DistinguishedName AttributeList ProcessId# Message+",
			[]sensor.Feed{{Name: "ldap", Provider: "Microsoft-Windows-LDAP-Client", Channel: "Microsoft-Windows-LDAP-Client/Debug"}})
	}},
	{number: 127, service: "lsa-server", build: func(t builtinType) *sensor.Definition {
		return service(t, "the local security authority", "manifest of LsaSrv (Windows 10 and 11)",
			"PackageName UserName DomainName ServerName ProtectedUser# ErrorCode# LogonId# LogoffTime# PID# Program PrincipalName CallType~ "+
				"TargetUserSid~ TargetUserName TargetDomainName TargetLogonId# TargetLogonGuid# EventOrginal# EventCountTotal SidList LogonType# "+
				"EventIdx UserClaims DeviceClaims UserSid~ AuthorityName AccountName Elapse# Error",
			[]sensor.Feed{{Name: "lsa-server", Provider: "LsaSrv", Channel: "Microsoft-Windows-LSA/Operational"}})
	}},
	{number: 128, service: "msexchange-management", build: func(t builtinType) *sensor.Definition {
		return service(t, "commands of Exchange", "recorded events; the events have no named fields: Data is their elements, joined by newlines",
			"Data+ Binary",
			[]sensor.Feed{{Name: "msexchange-management", Channel: "MSExchange Management"}}, "Data")
	}},
	{number: 129, service: "openssh", build: func(t builtinType) *sensor.Definition {
		return service(t, "the OpenSSH server", "recorded events",
			"process~ payload+",
			[]sensor.Feed{{Name: "openssh", Provider: "OpenSSH", Channel: "OpenSSH/Operational"}}, "payload")
	}},
	{number: 130, service: "printservice-admin", build: func(t builtinType) *sensor.Definition {
		return service(t, "the print spooler: faults", "manifest of Microsoft-Windows-PrintService (Windows 10 and 11), and the names that their user data have (event 808); recorded events",
			"PluginDllName ErrorCode# Context Label PrinterName Status# ObjectName Message+ AdditionalInfo InfPath DriverName InstallSection "+
				"ProcessorArchitecture LastError# HResult# PackageAware CoreDriverDependencies Server DestInfPath Function Error# "+
				"RequiredClassDriver DriverModelVersion# Directive Value OperationCode# JobID# DefaultPrinterSelectedBySpooler# OldDefaultPrinter "+
				"NewDefaultPrinter Module~",
			[]sensor.Feed{{Name: "printservice-admin", Provider: "Microsoft-Windows-PrintService", Channel: "Microsoft-Windows-PrintService/Admin"}}, "PluginDllName", "Context", "Message", "AdditionalInfo", "InfPath", "DriverName", "ObjectName")
	}},
	{number: 131, service: "printservice-operational", build: func(t builtinType) *sensor.Definition {
		return service(t, "the print spooler: printers, drivers, jobs", "manifest of Microsoft-Windows-PrintService (Windows 10 and 11); recorded events",
			"Param1 Param2 Param3 Param4 Param5 Param6 Param7 Param8 PrinterName ShareName Label ErrorCode# Status# ObjectName Message+ "+
				"AdditionalInfo InfPath DriverName InstallSection ProcessorArchitecture LastError# HResult# Server DestInfPath JobID#",
			[]sensor.Feed{{Name: "printservice-operational", Provider: "Microsoft-Windows-PrintService", Channel: "Microsoft-Windows-PrintService/Operational"}}, "Param1", "Param2", "Param3", "Param4", "Message", "AdditionalInfo", "InfPath", "DriverName", "ObjectName")
	}},
	{number: 132, service: "security-mitigations", build: func(t builtinType) *sensor.Definition {
		return service(t, "mitigations of exploits", "manifest of Microsoft-Windows-Security-Mitigations (Windows 10 and 11)",
			"ProcessPathLength# ProcessPath ProcessCommandLineLength# ProcessCommandLine CallingProcessId# CallingProcessCreateTime# "+
				"CallingProcessStartKey# CallingProcessSignatureLevel# CallingProcessSectionSignatureLevel# CallingProcessProtection# "+
				"CallingThreadId# CallingThreadCreateTime# ChildImagePathNameLength# ChildImagePathName ChildCommandLineLength# ChildCommandLine "+
				"ProcessId# ProcessCreateTime# ProcessStartKey# ProcessSignatureLevel# ProcessSectionSignatureLevel# ProcessProtection# "+
				"TargetThreadId# TargetThreadCreateTime# ImageNameLength# ImageName RequiredSignatureLevel# SignatureLevel# Subcode# "+
				"ModuleFullPath ModuleBase# ModuleAddress# MemAddress# MemModuleFullPath MemModuleBase# APIName~ ProcessStartTime# ThreadId# "+
				"HookedAPI~ ReturnAddress# CalledAddress# TargetAddress# StackAddress# FrameAddress# ReturnAddressModuleFullPath "+
				"ControlPcImageNameLength# ControlPcImageName RspContentsImageNameLength# RspContentsImageName StrictMode# "+
				"TargetIpImageNameLength# TargetIpImageName ContinueType#",
			[]sensor.Feed{{Name: "kernel-mode", Provider: "Microsoft-Windows-Security-Mitigations", Channel: "Microsoft-Windows-Security-Mitigations/KernelMode"}, {Name: "user-mode", Provider: "Microsoft-Windows-Security-Mitigations", Channel: "Microsoft-Windows-Security-Mitigations/UserMode"}})
	}},
	{number: 133, service: "shell-core", build: func(t builtinType) *sensor.Definition {
		return service(t, "the Windows shell", "recorded events",
			"KeyName Command PID# AppID HRESULT Filename SchemaType# ErrorCode# Name Flags# Scenario PackageFamilyName InstallState "+
				"LogonType# TaskName"+
				` "Failure reason"~`,
			[]sensor.Feed{{Name: "shell-core", Provider: "Microsoft-Windows-Shell-Core", Channel: "Microsoft-Windows-Shell-Core/Operational"}})
	}},
	{number: 134, service: "smbserver-connectivity", build: func(t builtinType) *sensor.Definition {
		return service(t, "connections to the SMB server", "manifest of Microsoft-Windows-SMBServer (Windows 10 and 11); event 4000, of Windows 11 24H2, as published rules read it: EncyptionUsed is how the event spells it",
			"ClientAddressLength# ClientAddress ClientNameLength# ClientName UserNameLength# UserName ShareNameLength# ShareName "+
				"SharePathLength# SharePath SessionId# SessionGUID# ConnectionGUID# SigningUsed# EncyptionUsed# Status# TranslatedStatus# "+
				"InterfaceIndex# InterfaceNameLength# InterfaceName TransportNameLength# TransportName TransportFlags# EndpointNameLength# "+
				"EndpointName EndpointState# NotificationType# FailureType# DeviceNameLength# DeviceName Error# ExtraInformation# "+
				"NdkOperationalState# NetLuid# AddressFamily# IsTdiEnabled#",
			[]sensor.Feed{{Name: "smbserver-connectivity", Provider: "Microsoft-Windows-SMBServer", Channel: "Microsoft-Windows-SMBServer/Connectivity"}})
	}},
	{number: 135, service: "terminalservices-localsessionmanager", build: func(t builtinType) *sensor.Definition {
		return service(t, "sessions of users", "manifest of Microsoft-Windows-TerminalServices-LocalSessionManager (Windows 10 and 11); recorded events",
			"User SessionID# Address Session# Reason# TargetSession# Source# State# StateName~ Event# EventName~ ErrorCode# PreviousState# "+
				"PreviousStateName~ NewState# NewStateName~ messageName~ message Param1 InitCmdPid# Win32kPid# InitCmdName Function "+
				"CallerImageName ClientProcessId# Data+",
			[]sensor.Feed{{Name: "terminalservices-localsessionmanager", Provider: "Microsoft-Windows-TerminalServices-LocalSessionManager", Channel: "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"}})
	}},
	{number: 136, service: "vhdmp", build: func(t builtinType) *sensor.Definition {
		return service(t, "virtual disks", "manifest of Microsoft-Windows-VHDMP (Windows 10 and 11)",
			"VhdFileName VhdDiskNumber# Status# VhdMetaOps~ VhdIoType# ParentLastWriteGUID# ExpectedParentLastWriteGUID1# "+
				"ExpectedParentLastWriteGUID2# CorruptionReason# TargetVhdFileName VhdFile VmId# Mode# RefType# PendingRecoveryCount# "+
				"VirtualDisk# LogFileName VHDFileTime# LogFileTime# VhdId# VhdSrbType# Offset# Length#",
			[]sensor.Feed{{Name: "vhdmp", Provider: "Microsoft-Windows-VHDMP", Channel: "Microsoft-Windows-VHDMP/Operational"}})
	}},
	{number: 137, service: "servicebus-client", also: "microsoft-servicebus-client", build: func(t builtinType) *sensor.Definition {
		return service(t, "the client of Azure Service Bus", "no list of the fields of Microsoft-ServiceBus-Client is published, so Data stands for all, joined by newlines",
			"Data+",
			[]sensor.Feed{{Name: "operational", Provider: "Microsoft-ServiceBus-Client", Channel: "Microsoft-ServiceBus-Client/Operational"}, {Name: "admin", Provider: "Microsoft-ServiceBus-Client", Channel: "Microsoft-ServiceBus-Client/Admin"}}, "Data")
	}},
	{number: 138, service: "smbclient-connectivity", build: func(t builtinType) *sensor.Definition {
		return service(t, "connections of the SMB client", "manifest of Microsoft-Windows-SMBClient (Windows 10 and 11)",
			"Reason# Status# ServerNameLength# ServerName AddressLength# Address ConnectionType# Smb2Command# MessageId# SessionId# TreeId# "+
				"InstanceNameLength# InstanceName RetryCount# ElapsedTimeInMs# NameLength# Name IfIndex# ShareType# RemoteAddressLength# "+
				"RemoteAddress LocalAddress ShareNameLength# ShareName ObjectNameLength# ObjectName",
			[]sensor.Feed{{Name: "smbclient-connectivity", Provider: "Microsoft-Windows-SMBClient", Channel: "Microsoft-Windows-SmbClient/Connectivity"}})
	}},
	{number: 139, service: "smbclient-security", build: func(t builtinType) *sensor.Definition {
		return service(t, "authentication and signing of the SMB client", "manifest of Microsoft-Windows-SMBClient (Windows 10 and 11)",
			"Reason# Status# SecurityStatus# LogonId# ServerNameLength# ServerName PrincipalNameLength# PrincipalName UserNameLength# "+
				"UserName RegName RegValue# ShareNameLength# ShareName ObjectNameLength# ObjectName Dialect# SecurityMode# Capabilities# Guid# "+
				"Dialect2# SecurityMode2# Capabilities2# Guid2# Smb2Command# MessageId# SessionId# TreeId# MessageSize# FragmentOffset# "+
				"FragmentSize# FragmentData+ InstanceNameLength# InstanceName RetryCount# ElapsedTimeInMs# OldAuthProtocolId# NewAuthProtocolId# "+
				"OldMutualAuthState# NewMutualAuthState# ClusteredServer#",
			[]sensor.Feed{{Name: "smbclient-security", Provider: "Microsoft-Windows-SMBClient", Channel: "Microsoft-Windows-SmbClient/Security"}})
	}},
}

// defenderTable is the table of the type windefend. The names of its fields contain spaces. The
// names of its inputs do not, as Sigma's rules have them.
const defenderTable = `
ProductName="Product Name" ProductVersion~="Product Version" DetectionID#="Detection ID" DetectionTime#="Detection Time"
ThreatID#="Threat ID" ThreatName~="Threat Name" SeverityID#="Severity ID" SeverityName~="Severity Name"
CategoryID#="Category ID" CategoryName~="Category Name" FWLink StatusCode#="Status Code"
StatusDescription="Status Description" State# SourceID#="Source ID" SourceName~="Source Name" ProcessName="Process Name"
DetectionUser~="Detection User" Path OriginID#="Origin ID" OriginName~="Origin Name" ExecutionID#="Execution ID"
ExecutionName~="Execution Name" TypeID#="Type ID" TypeName~="Type Name" PreExecutionStatus~="Pre Execution Status"
ActionID#="Action ID" ActionName~="Action Name" ErrorCode#="Error Code" ErrorDescription="Error Description"
PostCleanStatus#="Post Clean Status" AdditionalActionsID#="Additional Actions ID"
AdditionalActionsString="Additional Actions String" RemediationUser~="Remediation User"
SignatureVersion~="Signature Version" EngineVersion~="Engine Version" ScanID#="Scan ID" ScanTypeIndex#="Scan Type Index"
ScanType~="Scan Type" ScanParametersIndex#="Scan Parameters Index" ScanParameters~="Scan Parameters" Domain~ User~ SID~
ScanResources="Scan Resources" ScanTimeHours#="Scan Time Hours" ScanTimeMinutes#="Scan Time Minutes"
ScanTimeSeconds#="Scan Time Seconds" DetectionSourceIndex#="Detection Source Index" DetectionSource~="Detection Source"
PathFound="Path Found" DetectionOriginIndex#="Detection Origin Index" DetectionOrigin~="Detection Origin"
ExecutionStatusIndex#="Execution Status Index" ExecutionStatus~="Execution Status"
DetectionTypeIndex#="Detection Type Index" DetectionType~="Detection Type" CleaningActionIndex#="Cleaning Action Index"
CleaningAction~="Cleaning Action" Timestamp~ ProcessID#="Process ID" SignatureID~="Signature ID"
FidelityValue#="Fidelity Value" FidelityLabel~="Fidelity Label" ImageFileHash~="Image File Hash"
TargetFileName="Target File Name" TargetFileHash~="Target File Hash" Threatresourcepath="Threat resource path" Hashes~
ID# Destination Platformversion~="Platform version" CurrentSignatureVersion~="Current Signature Version"
PreviousSignatureVersion~="Previous Signature Version" SignatureTypeIndex#="Signature Type Index"
SignatureType~="Signature Type" UpdateTypeIndex#="Update Type Index" UpdateType~="Update Type"
CurrentEngineVersion~="Current Engine Version" PreviousEngineVersion~="Previous Engine Version"
UpdateSourceIndex#="Update Source Index" UpdateSource~="Update Source" UpdateStateIndex#="Update State Index"
UpdateState~="Update State" SourcePath="Source Path" SignaturesAttemptedIndex#="Signatures Attempted Index"
SignaturesAttempted~="Signatures Attempted" FeatureIndex#="Feature Index" Feature_Name~="Feature Name"
FeatureID#="Feature ID" Reason Configuration OldValue="Old Value" NewValue="New Value" Resource
FailureTypeIndex#="Failure Type Index" FailureType~="Failure Type" ExceptionCode#="Exception Code"
ExpirationReason="Expiration Reason" Filename Sha256~ PersistencePath="Persistence Path"
DynamicSignatureTypeIndex#="Dynamic Signature Type Index" DynamicSignatureType~="Dynamic Signature Type"
DynamicSignatureVersion~="Dynamic Signature Version"
DynamicSignatureCompilationTimestamp~="Dynamic Signature Compilation Timestamp"
PersistenceLimitTypeIndex#="Persistence Limit Type Index" PersistenceLimitType~="Persistence Limit Type"
PersistenceLimitValue~="Persistence Limit Value" RemovalReasonIndex#="Removal Reason Index"
RemovalReasonValue~="Removal Reason Value" Unused~ NRIengineversion~="NRI engine version"
AVsecurityintelligenceversion~="AV security intelligence version"
ASsecurityintelligenceversion~="AS security intelligence version"
NRIsecurityintelligenceversion~="NRI security intelligence version" RTPstate~="RTP state" OAstate~="OA state"
IOAVstate~="IOAV state" BMstate~="BM state" LastAVsecurityintelligenceage~="Last AV security intelligence age"
LastASsecurityintelligenceage~="Last AS security intelligence age" Lastquickscanage~="Last quick scan age"
Lastfullscanage~="Last full scan age" AVsecurityintelligencecreationtime~="AV security intelligence creation time"
ASsecurityintelligencecreationtime~="AS security intelligence creation time"
Lastquickscanstarttime~="Last quick scan start time" Lastquickscanendtime~="Last quick scan end time"
Lastquickscansource~="Last quick scan source" Lastfullscanstarttime~="Last full scan start time"
Lastfullscanendtime~="Last full scan end time" Lastfullscansource~="Last full scan source"
Productstatus~="Product status"
hc_stateid# Unused2~ Unused3~ Unused4~ Unused5~ Unused6~ Unused7~ Unused8~ Unused10~ Unused11~ Unused12~ Unused13~
Unused9~ InhertianceFlags="Inhertiance Flags" ParentCommandline="Parent Commandline" RuleType~
TargetCommandline="Target Commandline" InvolvedFile="Involved File" Action Process Source Target
ActionType~="Action Type" AuditReason="Audit Reason" EnforcementLevel="Enforcement Level"
EventTimestamp="Event Timestamp" PolicyRuleId~="Policy Rule Id" PolicyVersion~="Policy Version" SessionId~="Session Id"
UserSid~="User Sid" SecurityintelligenceVersion~="Security intelligence Version"
CurrentsecurityintelligenceVersion~="Current security intelligence Version"
PrevioussecurityintelligenceVersion~="Previous security intelligence Version"
SecurityintelligenceType~="Security intelligence Type" SecurityintelligenceTypeIndex~="Security intelligence Type Index"
Loadingengineversion~="Loading engine version"
Loadingsecurityintelligenceversion~="Loading security intelligence version"
SecurityintelligenceAttempted~="Security intelligence Attempted"
SecurityintelligenceAttemptedIndex~="Security intelligence Attempted Index"
CloudprotectionintelligenceCompilationTimestamp="Cloud protection intelligence Compilation Timestamp"
CloudprotectionintelligenceType~="Cloud protection intelligence Type"
CloudprotectionintelligenceTypeIndex~="Cloud protection intelligence Type Index"
CloudprotectionintelligenceVersion~="Cloud protection intelligence Version" ChangedType~="Changed Type" Value
AVSignatureversion~="AV Signature version" ASSignatureversion~="AS Signature version"
NRISignatureversion~="NRI Signature version" LastAVsignatureage~="Last AV signature age"
LastASsignatureage~="Last AS signature age" AVsignaturecreationtime~="AV signature creation time"
ASsignaturecreationtime~="AS signature creation time" Loadingsignatureversion~="Loading signature version"
ExpirationDateUTC~="Expiration Date UTC" SecurityintelligenceID~="Security intelligence ID"`

func defenderType(t builtinType) *sensor.Definition {
	const source = "manifest of Microsoft-Windows-Windows Defender (Windows 10 and 11); recorded events. The fields' own names have spaces: Threat Name is ThreatName here, and Feature Name is Feature_Name, as Sigma's rules have it"
	return service(t, "Microsoft Defender Antivirus", source, defenderTable,
		[]sensor.Feed{{Name: "windefend", Provider: "Microsoft-Windows-Windows Defender", Channel: "Microsoft-Windows-Windows Defender/Operational"}},
		"ThreatName", "Path", "ProcessName", "OldValue", "NewValue")
}

// systemTable is the table of the type system.
const systemTable = "FinalStatus# DeviceVersionMajor DeviceVersionMinor DeviceNameLength# DeviceName DeviceTime# Status# VersionLen# Version NewTime# " +
	"OldTime# ProcessName Reason SleepTime# WakeTime# SleepDuration WakeDuration DriverInitDuration BiosInitDuration " +
	"HiberWriteDuration HiberReadDuration HiberPagesWritten Attributes TargetState EffectiveState WakeSourceType# " +
	"WakeSourceTextLength# WakeSourceText WakeTimerOwnerLength# WakeTimerContextLength# NoMultiStageResumeReason WakeTimerOwner " +
	"WakeTimerContext Data+ Binary MiniportName MiniportNameLen# ExtraInfoLength# ExtraInfoString FilterID ExtraStringLength# " +
	"ExtraString TmId# RmId# InternalCode# BootMode BuildVersion# MajorVersion# MinorVersion# QfeVersion# ServiceVersion# StartTime# " +
	"Name ProcessPath ProcessPid# OldSchemeGuid# NewSchemeGuid# StopTime# Config IsTestConfig HiveNameLength# HiveName OriginalSize# " +
	"NewSize# DirtyPages KeysUpdated EntryCount# updateTitle updateGuid# updateRevisionNumber# serviceGuid# BootStatusPolicy " +
	"LastBootGood LastBootId# LastShutdownGood CountNew CountOld EnabledNew UpdateReason errorCode# Turn BootMenuPolicy Caption " +
	"Message+ Group Number# IdleStateCount# PerfStateCount# ThrottleStateCount# BootType# LoadOptions ResetEndStart LoadOSImageStart " +
	"StartOSImageStart ExitBootServicesEntry ExitBootServicesExit BitlockerUserInputTime# VolumeName NTSTATUS SourceTag SourceFileID# " +
	"SourceLine CurrentStratumNumber# TimeSource TimeSourceRefId# UnsynchronizedTimeSeconds BugcheckCode# BugcheckParameter1 " +
	"BugcheckParameter2 BugcheckParameter3 BugcheckParameter4 SleepInProgress PowerButtonTimestamp Flags# TransitionsToOn " +
	"ErrorMessage TimeOffsetSeconds IdleImplementation MaximumPerformancePercent# MinimumPerformancePercent# MinimumThrottlePercent# " +
	"NominalFrequency PerformanceImplementation CorruptionActionState DriveName SubjectUserName SubjectDomainName BackupPath " +
	"WakeFromState ProgrammedWakeTimeAc ProgrammedWakeTimeDc WakeRequesterTypeAc WakeRequesterTypeDc ShutdownActionType# " +
	"ShutdownEventCode# ShutdownReason DomainPeer RetryMinutes EnableDisableReason VsmPolicy State DriverNameLength# DriverName " +
	"FailureNameLength# FailureName Address AddressLength# QueryName ErrorDescription ProcessingMode ProcessingTimeInMilliseconds " +
	"SupportInfo1 SupportInfo2 param1 param2 param3 param4 param5 param6 param7 DCName NumberOfGroupPolicyObjects HostOSName " +
	"Installwasanupgrade HostOSwasWindowsPE HostOSmajorversion HostOSminorversion HostOSbuildversion HostOSservicepackName " +
	"HostOSservicepackmajorversion HostOSservicepackminorversion OSName OSEditionID OSmajorversion OSminorversion OSbuildversion " +
	"OSservicepackName OSservicepackmajorversion OSservicepackminorversion ProtocolType# Interface TSId# UserSid~ ServiceName " +
	"ImagePath ServiceType# StartType# AccountName AdapterName AdapterSuffixName DnsServerList Ipaddress DeviceId upgrade clsid " +
	"MinimumFxVersion# param10 param11 param8 param9 Dependency error spn1 spn2 IfGuid# IfIndex# IfLuid# MiniportEventEnum " +
	"DeviceObject Url GroupName ErrorString DriverVersion DriverProvider DeviceInstanceID SetupClass RebootOption " +
	"UpgradeDevice IsDriverOEM InstallStatus# DriverDescription DriverFileName PrimaryService UpdateService AddServiceStatus# " +
	"InstallSubsystemState CachingSubsystemState Target DwordVal TeredoReasonCode# IsatapRouter CorruptionState# HeaderFlags# " +
	"Severity Origin Verb Description Signature# Outcome SampleLength# SampleData SourceFile# AdditionalInfo# CallStack Channel~" +
	" Path ChannelPath ConfigProperty FailedLogFilePath NewLogFilePath PublisherGuid# PubID# ProcessID# PublisherName" +
	" SessionName ProviderName ActualMaxInterval# BiasValid# DiskPmDisabledMaxInterval# DiskPmEnabledFlag#" +
	" DiskPmEnabledMaxInterval# DiskPmPolicy# ShutdownTime# StartBias# TimestampForced# EventName Context Location AdSuffix" +
	" DnsSuffix RuleName~ HostName AccountDistinguishedName UserName FilePath DirectoryPath SecurityPackage" +
	" SystemAssignedAccountName AccountSID~ AccountRID# ComputedRIDValue Maximum# NewValue CeilingTriggerRid# RemainingRids#" +
	" OID~ OIDObjectDN GroupDN GroupGUID# GroupSID~ Operation OIDName DroppedClaims User NotificationPackage Registrykey" +
	" Registryvalue RegistrySDString DefaultSDString MalformedSDString SuppressedMessageCount# Throttlewindow" +
	" MinimumPasswordLength# MinimumPasswordLengthAudit# RelaxMinimumPasswordLengthLimits# AccountDN KeyHash AccountRidHex#" +
	" DeletedAccountNames SavedAccountName DuplicatedAccountNames RetainedAccountName StatusHex# userAccountcontrol~" +
	" SamAccountName" +
	` "Sent UpdateServer" "Default SD String:" "Client Network Address:" "Client SID:" "Number of RPC methods:"` +
	` "Throttle Window:" "RPC Method:" "User Account Name:" "Account name" "Account objectClass" "Caller SID"~` +
	` "Caller address" "Host OS Name"~ "Install was an upgrade"~ "Host OS was Windows PE"~ "Host OS major version"~` +
	` "Host OS minor version"~ "Host OS build version"~ "Host OS service pack Name"~ "Host OS service pack major version"~` +
	` "Host OS service pack minor version"~ "OS Name"~ "OS EditionID"~ "OS major version"~ "OS minor version"~` +
	` "OS build version"~ "OS service pack Name"~ "OS service pack major version"~ "OS service pack minor version"~` +
	` "Installation choice"~ "Host OS Build number"~ "Host OS Service pack major number"~` +
	` "Host OS Service pack minor number"~`

// systemType returns the type for the System log. Channel is the log that event 104 says was
// cleared: rules for that event mean this field, and the log of every event of the type is System.
func systemType(t builtinType) *sensor.Definition {
	d := service(t, "the System log",
		"recorded events; the manifests in docs/events.md, and those of Microsoft-Windows-Iphlpsvc and Ntfs. Channel is a field of event 104, a log was cleared, and not the log that the event is in",
		systemTable, []sensor.Feed{{Name: "system", Channel: "System"}},
		"Data", "Message", "ServiceName", "ImagePath", "param1", "param2", "param3", "DeviceName")
	channel, _ := d.Input("Channel")
	d.Inputs[channel].Source = "Microsoft-Windows-Eventlog, event 104: the log that was cleared"
	return d
}
