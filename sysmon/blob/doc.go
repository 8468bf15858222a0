// Package blob reads and writes the rule blob of Sysmon: the binary form of a configuration, which
// the driver loads from the registry. BLOB.md describes it.
//
// The driver walks a blob by offsets and checks little. So [Parse] checks everything: each
// requirement of BLOB.md that a blob breaks is a [Fault], with its place and its effect on the
// driver. A blob without faults was written by a compiler of Sysmon, or could have been: of its
// rules there is one form only. [Blob.For] adds the requirements that depend on the build which is
// to load the blob.
//
// The layouts of binary version 1.01 and of 15 to 18 are known. That of 15 was compared with real
// blobs; that of 16 to 18 is inferred. [Encode] and [Writer] write 15 to 18.
package blob
