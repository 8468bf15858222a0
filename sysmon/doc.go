// Package sysmon has facts about Sysmon, Microsoft's system monitor, and the model of its rules.
//
// A configuration is XML. Sysmon compiles it to a rule blob, which the driver loads. Three facts
// decide what a host makes of either:
//
//   - A [Schema] lists the events of a schema version, their fields in order, the operators and
//     the options. [Schemas] has the built-in ones, and [ParseManifest] reads the one that a build
//     prints (sysmon -s).
//   - A [Build] is a released version of Sysmon: its schema, the binary version of its blobs, and
//     its known bugs. [Build.Grammar] finds the schema by which it judges a configuration.
//   - [Rules] is the set of rules that a build has after it loaded a configuration or a blob.
//
// The package reads neither of the two: package sysmon/config does for XML, sysmon/blob for blobs.
// The built-in facts state their sources, and whether they are certain.
package sysmon
