// Package evtx reads event logs of Windows, files with the extension .evtx, as XML.
//
// A log has a header and chunks of 64 KiB. A chunk has records, and the templates and names that
// its records use. A record is XML in a binary form. [Reader.Next] goes to the next record, and
// [Reader.Token] returns its XML, with the values as Windows writes them.
//
// A reader keeps one chunk in memory. A record is bounded as XML by [MaxEvent], [MaxChunk] and
// [MaxDepth]. A damaged chunk or record is an [Error] with its place, and reading goes on after it.
//
// Sources of the format: Microsoft, [MS-EVEN6], EventLog Remoting Protocol Version 6.0, section
// 2.2.12 to 2.2.17, for binary XML; Joachim Metz, Windows XML Event Log (EVTX) format, in the
// documentation of libevtx, for files, chunks and templates.
package evtx
