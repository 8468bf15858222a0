// Package config reads and writes the XML configuration of Sysmon, and decides how a build
// takes it.
//
// [Parse] reads the text once, with the place of every element and attribute. [Config.Load]
// then answers for one build: does it refuse the file, which elements does it drop, and
// which rules remain. Both follow Sysmon's own loader, which differs from a plain XML reader:
//
//   - it takes the encoding from the byte order mark and the declaration, and no external
//     or internal DTD;
//   - it judges the file by the grammar of the schema version that the file declares, if the
//     build knows it;
//   - it prints "Configuration file validated" also when it dropped elements.
//
// [Loading.Blob] compiles the rules as the build does, and [Write] is the way back.
//
// Nothing here recurses on input. Memory is bounded by [MaxSize] and [MaxNodes].
package config
