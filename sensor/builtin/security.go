package builtin

import "github.com/cfcheck/cfcheck/sensor"

// The template type with events from the Security log.
const (
	securityProvider = "Microsoft-Windows-Security-Auditing"
	securitySource   = "manifest of Microsoft-Windows-Security-Auditing (Windows 10 and 11); recorded events"
)

// securityTable has the fields of the events of the Security log. The first part lists the fields
// of recorded events, from Windows 7 to 11 and Server 2012 to 2022, in the order of the events.
// The second part lists the further fields of the manifests.
//
// The table omits three fields that differ from the fields that rules mean by these names.
// ComputerName of event 4618 is omitted because rules mean the computer that wrote the event, which
// is Computer. EventID of events 1107, 1108, 4618 and 6405 is the number of another event. Message
// of event 6407 is omitted because rules mean the text that Windows produces for an event, which is
// not part of the event. Names compare without regard to case, so ProcessId is also ProcessID, the
// spelling of events 5156 and 5157.
const securityTable = "Data+ Reason SubjectUserSid~ SubjectUserName SubjectDomainName SubjectLogonId# Code# PublisherID# AuthenticationPackageName " +
	"LogonProcessName NotificationPackageName NewTime# PreviousTime# ProcessId# ProcessName PreviousDate NewDate SecurityPackageName " +
	"ElevatedToken ImpersonationLevel# IpAddress# IpPort# KeyLength# LmPackageName LogonGuid# LogonType# RestrictedAdminMode " +
	"TargetDomainName TargetLinkedLogonId# TargetLogonId# TargetOutboundDomainName TargetOutboundUserName TargetUserName " +
	"TargetUserSid~ TransmittedServices VirtualAccount WorkstationName Status# FailureReason SubStatus# EventCountTotal EventIdx " +
	"GroupMembership TargetLogonGuid# TargetServerName TargetInfo AccessList AccessMask AccessReason HandleId# ObjectName " +
	"ObjectServer ObjectType PrivilegeList ResourceAttributes RestrictedSidCount# TransactionId# ObjectValueName OperationType# " +
	"OldValueType# OldValue NewValueType# NewValue Properties AdditionalInfo AdditionalInfo2 FileName LinkName NewSd OldSd Service " +
	"CommandLine+ MandatoryLabel NewProcessId# NewProcessName ParentProcessName TokenElevationType# SourceHandleId# SourceProcessId# " +
	"TargetHandleId# TargetProcessId# MasterKeyId RecoveryKeyId RecoveryServer CryptoAlgorithms DataDescription ProtectedDataFlags# " +
	"TargetProcessName ServiceName ServiceFileName ServiceType# ServiceStartType# ServiceAccount ClientProcessStartKey# " +
	"ClientProcessId# ParentProcessId# TaskName TaskContent+ RpcCallClientLocality FQDN TaskContentNew+ DisabledPrivilegeList " +
	"EnabledPrivilegeList TargetSid~ AccessGranted AccessRemoved CategoryId# SubcategoryId# SubcategoryGuid# AuditPolicyChanges " +
	"SamAccountName DisplayName UserPrincipalName HomeDirectory HomePath ScriptPath ProfilePath UserWorkstations PasswordLastSet " +
	"AccountExpires PrimaryGroupId# AllowedToDelegateTo OldUacValue# NewUacValue# UserAccountControl UserParameters SidHistory~ " +
	"LogonHours MemberName MemberSid~ Dummy DomainPolicyChanged DomainName DomainSid~ MinPasswordAge# MaxPasswordAge# ForceLogoff " +
	"LockoutThreshold LockoutObservationWindow LockoutDuration PasswordProperties MinPasswordLength# PasswordHistoryLength# " +
	"MachineAccountQuota MixedDomainMode DomainBehaviorVersion# OemInformation DnsHostName ServicePrincipalNames " +
	"ComputerAccountChange ServiceSid~ TicketOptions TicketEncryptionType# PreAuthType# CertIssuerName CertSerialNumber# " +
	"CertThumbprint PackageName Workstation AccountName AccountDomain LogonID# SessionName ClientName ClientAddress OldTargetUserName " +
	"NewTargetUserName CallerProcessId# CallerProcessName SessionId# AdvancedOptions ConfigAccessPolicy DisableIntegrityChecks " +
	"FlightSigning HypervisorDebug HypervisorLaunchType# HypervisorLoadOptions KernelDebug LoadOptions RemoteEventLogging TestSigning " +
	"VsmLaunchType# BackupType# AuditFilter PuaCount# PuaPolicyId# AuditSourceName EventSourceId# SidList DestinationDRA SourceDRA " +
	"SourceAddr NamingContext Options StatusCode# ReplicationEvent AuditStatusCode# ReplicationStatusCode# GroupPolicyApplied " +
	"LogDroppedPacketsEnabled# LogSuccessfulConnectionsEnabled# MulticastFlowsEnabled# OperationMode Profile# RemoteAdminEnabled# " +
	"ProfileUsed RuleId RuleName ProfileChanged SettingType SettingValue ReasonForRejection ActiveProfile# RuleAttr Application " +
	"Profiles ErrorCode# param1 AlgorithmName ClientCreationTime# KeyFilePath KeyName KeyType# Operation ProviderName ReturnCode# " +
	"PropertyName NewSecuritySettings OpCorrelationID# AppCorrelationID# DSName DSType# ObjectDN ObjectGUID# ObjectClass " +
	"AttributeLDAPDisplayName AttributeSyntaxOID# AttributeValue+ ShareName ShareLocalPath OldRemark NewRemark OldMaxUsers " +
	"NewMaxUsers OldShareFlags# NewShareFlags# RelativeTargetName DestAddress DestPort# Direction# FilterOrigin FilterRTID# LayerName " +
	"LayerRTID# Protocol# SourceAddress SourcePort# RemoteMachineID~ RemoteUserID~ InterfaceIndex# BackupFileName " +
	"ProcessCreationTime# TargetName Type# CountOfCredentialsReturned ReadOperation Flags# SchemaFriendlyName Schema Resource " +
	"Identity PackageSid~ Action CalloutKey# CalloutName Conditions+ FilterId# FilterKey# FilterName FilterType# LayerId# LayerKey# " +
	"ProviderKey# Weight# ProviderType# SubLayerKey# SubLayerName SubLayerType# CalloutId# CalloutType# ChangeType# UserName UserSid~ " +
	"ProviderContextKey# ProviderContextName ProviderContextType# DeviceId DeviceDescription ClassId# ClassName VendorIds " +
	"CompatibleIds LocationInformation" +
	// Fields from the manifest.
	" AuditsDiscarded# InvalidCallName ServerPortName TargetUserDomain~ EventCount# Duration~ CrashOnAuditFailValue# UserClaims+ " +
	"DeviceClaims+ RequestType# AuthenticationPackage~ AppName AppInstance# ClientDomain~ ClientLogonId# ScopeName Role Group " +
	"OperationName OperationId# StoreUrl CallerUserSid~ CallerUserName~ CallerDomainName~ CallerLogonId# Ordinal# TdoDirection# " +
	"TdoAttributes# TdoType# TdoSid~ RecoveryReason# FailureId# SidFilteringEnabled# param2 param3 KerberosPolicyChange " +
	"EfsPolicyChange MembershipExpirationTime# GroupTypeChange SourceUserName~ SourceSid~ FailureCode# MappingBy ClientUserName~ " +
	"MappedName PeerName ProtocolSequence~ SecurityError# StagingReason AddedCAPs DeletedCAPs ModifiedCAPs AsIsCAPs DeviceName " +
	"SiloName PolicyName TGTLifetime# TransitedServices CollisionTargetType# CollisionTargetName ForestRoot TopLevelName DnsName " +
	"NetbiosName ForestRootSid~ EntryType# CertificateSerialNumber~ RevocationReason~ NextUpdate~ NextPublishForBaseCRL~ " +
	"NextPublishForDeltaCRL~ IsBaseCRL# CRLNumber~ KeyContainer NextPublish~ PublishURLs ExtensionName ExtensionDataType# " +
	"ExtensionPolicyFlags# ExtensionData+ CertificateDatabaseHash~ PrivateKeyUsageCount# CACertificateHash~ CAPublicKeyHash~ " +
	"SecuritySettings Certificate+ RequestId~ Requester~ Attributes Disposition~ SubjectKeyIdentifier~ Subject " +
	"EnableRestrictedPermissions RestrictedPermissions Node Entry Value+ PropertyIndex# PropertyType# PropertyValue KRAHashes " +
	"CertificateHash~ ValidFrom~ ValidTo~ TableId# Filter RowsDeleted# RoleSeparationEnabled# TemplateInternalName TemplateVersion# " +
	"TemplateSchemaVersion# TemplateOID~ TemplateDSObjectFQDN DCDNSName~ TemplateContent+ SecurityDescriptor+ NewTemplateContent+ " +
	"OldTemplateContent+ NewSecurityDescriptor+ OldSecurityDescriptor+ OldBlockedOrdinals NewBlockedOrdinals " +
	"OldIgnoreDefaultSettings# NewIgnoreDefaultSettings# OldIgnoreLocalSettings# NewIgnoreLocalSettings# StartUSN# EndUSN# Object " +
	"Attribute TypeOfChange# USN# Error RemoteAddress~ SPI# Module ModuleName Scope~ ContextName InterfaceId~ FunctionName Position# " +
	"CAConfigurationId~ SerialNumber~ CAName NewSigningCertificateHash~ BaseCRLNumber~ BaseCRLThisUpdate~ BaseCRLHash~ " +
	"DeltaCRLNumber~ DeltaCRLIndicator~ DeltaCRLThisUpdate~ DeltaCRLHash~ OldObjectDN NewObjectDN TreeDelete EtherType# VlanTag# " +
	"vSwitchID~ SourcevSwitchPort# DestinationvSwitchPort# PacketsDiscarded# MediaType# InterfaceType# SpnName ServerNames " +
	"ConfiguredNames IpAddresses ExpirationTime# Package UserUPN~ TargetServer CredType# SearchString SSID~ PeerMac# LocalMac# " +
	"IntfGuid# ReasonCode# ReasonText EAPReasonCode# EapRootCauseString EAPErrorCode# InterfaceName RemoteIpAddress# RemotePort# " +
	"InterfaceUuid# AuthenticationService# AuthenticationLevel# SubjectUserDomainName~ ObjectCollectionName " +
	"ObjectIdentifyingProperties+ ModifiedObjectProperties+ ObjectProperties+ GPOList+ FullyQualifiedSubjectUserName " +
	"SubjectMachineSID~ SubjectMachineName FullyQualifiedSubjectMachineName MachineInventory CalledStationID~ CallingStationID~ " +
	"NASIPv4Address# NASIPv6Address# NASIdentifier~ NASPortType~ NASPort# ClientIPAddress# ProxyPolicyName NetworkPolicyName " +
	"AuthenticationProvider~ AuthenticationServer~ AuthenticationType~ EAPType~ AccountSessionIdentifier~ QuarantineState~ " +
	"QuarantineSessionIdentifier~ LoggingResult ExtendedQuarantineState~ QuarantineSessionID~ QuarantineHelpURL " +
	"QuarantineSystemHealthResult QuarantineGraceTime~ HostedCacheName Count# ProductName~ Categories GUID# FatalCode# HardwareIds " +
	"Keywords#=System/Keywords" +
	" PercentFull# BackupPath PublisherGuid# PublisherName PubID# notification~ DHGroup~ KeyModName~ LocalAddress~" +
	" LocalKeyModPort# LocalMMPrincipalName MMAuthMethod~ MMCipherAlg MMFilterID# MMImpersonationState~ MMIntegrityAlg" +
	" MMLifetime# MMSAID# QMLimit# RemoteKeyModPort# RemoteMMPrincipalName LocalMMCertHash LocalMMIssuingCA LocalMMRootCA" +
	" RemoteMMCertHash RemoteMMIssuingCA RemoteMMRootCA FailurePoint InitiatorCookie# ResponderCookie# State~" +
	" LocalAddressMask~ LocalPort# LocalTunnelEndpoint MessageID# Mode~ QMFilterID# RemoteAddressMask~ RemotePrivateAddress~" +
	" RemoteTunnelEndpoint TrafficSelectorId# TunnelId# AccountAvailableKeys AccountSupportedEncryptionTypes" +
	" ClientAdvertizedEncryptionTypes DCAvailableKeys DCSupportedEncryptionTypes PreAuthEncryptionType# ResponseTicket+" +
	" ServiceAvailableKeys ServiceSupportedEncryptionTypes SessionKeyEncryptionType# RequestTicketHash ResponseTicketHash" +
	" EMAuthMethod~ EMImpersonationState~ LocalEMPrincipalName RemoteEMPrincipalName LocalEMCertHash LocalEMIssuingCA" +
	" LocalEMRootCA RemoteEMCertHash RemoteEMIssuingCA RemoteEMRootCA NewState~ ResourceManager ObjectPath ObjectVirtualPath" +
	" AuthenticationSetId~ AuthenticationSetName ConnectionSecurityRuleId~ ConnectionSecurityRuleName CryptographicSetId~" +
	" CryptographicSetName IpSecSecurityAssociationId~ IpSecSecurityAssociationName Publisher VirtualFileName AhAuthType#" +
	" CipherType# EspAuthType# InboundSpi# IpProtocol# KeyingModuleName LifetimeKilobytes# LifetimePackets# LifetimeSeconds#" +
	" MainModeSaId# OutboundSpi# PeerPrivateAddress~ QuickModeSaId# TransportFilterId# Policy QuickModeFilter"

func securityType(t builtinType) *sensor.Definition {
	return service(t, "the Security log", securitySource, securityTable,
		[]sensor.Feed{{Name: "security", Channel: "Security"}},
		"SubjectUserName", "SubjectDomainName", "TargetUserName", "TargetDomainName", "MemberName", "SamAccountName", "DisplayName",
		"ObjectName", "ObjectDN", "AttributeValue", "ServiceName", "ServiceFileName", "TaskName", "TaskContent", "TaskContentNew",
		"NewProcessName", "ParentProcessName", "CommandLine", "ProcessName", "ShareName", "RelativeTargetName", "TargetServerName", "Data")
}
