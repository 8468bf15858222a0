package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/sysmon/registry"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/file"
)

// asSysmon is the value of --as for files of Sysmon. Their first bytes tell which one it is.
const asSysmon = "sysmon"

// forms are the values of --as.
var forms = []string{asSysmon}

// maxSysmonFile is the size in bytes of the largest file of Sysmon that is read. A value of the
// registry is smaller, and the largest published configurations have 1 MiB.
const maxSysmonFile = 16 << 20

// isSysmonSource, isSysmonBlob and isRegistry report whether a file has, by its name, the form of a
// configuration of Sysmon, a rule blob, or an export of the registry.

func isSysmonSource(name string) bool { return strings.EqualFold(filepath.Ext(name), ".xml") }
func isSysmonBlob(name string) bool   { return strings.EqualFold(filepath.Ext(name), ".bin") }
func isRegistry(name string) bool     { return strings.EqualFold(filepath.Ext(name), ".reg") }

func isSysmon(name string) bool {
	return isSysmonSource(name) || isSysmonBlob(name) || isRegistry(name)
}

// isChannelFileBy reports whether a file begins as a channel file does, whatever its name.
func isChannelFileBy(name string) bool {
	magic, err := file.HasMagic(name)
	return err == nil && magic
}

// sniffSysmon reports whether a file in a folder is a file of Sysmon. Its name must have the
// extension of one. An XML file must have the root element of a configuration, or no root element
// that can be read. An export of the registry must have the value of the rules. A blob has no mark,
// so any file with its extension counts.
func sniffSysmon(name string) (bool, error) {
	if isSysmonBlob(name) {
		return true, nil
	}
	data, err := readSysmonFile(name)
	return err == nil && isSysmonBy(name, data), err
}

// isSysmonBy is sniffSysmon for the content of a file.
func isSysmonBy(name string, data []byte) bool {
	switch {
	case isSysmonBlob(name):
		return true
	case isRegistry(name):
		return registry.HasRules(data)
	}
	return isSysmonSource(name) && hasSysmonRoot(data)
}

// hasSysmonRoot reports whether the root element of an XML text is that of a configuration. If the
// text cannot be read, a start of that element anywhere is enough, so that a damaged configuration
// is judged, and not passed over.
func hasSysmonRoot(data []byte) bool {
	if c, err := config.Parse(data); err == nil {
		return strings.EqualFold(c.Nodes[0].Name, "Sysmon")
	}
	single := bytes.ReplaceAll(data, []byte{0}, nil) // UTF-16
	return bytes.Contains(bytes.ToLower(single), []byte("<sysmon"))
}

// looksLikeBlob reports whether the first word is a binary version with a known layout.
func looksLikeBlob(data []byte) bool {
	return len(data) >= 4 && sysmon.LayoutOf(sysmon.VersionOf(binary.LittleEndian.Uint32(data))) != sysmon.LayoutUnknown
}

// judgeSysmonFile judges a configuration of Sysmon, a rule blob, or an export of the registry that
// has one.
func (k *checking) judgeSysmonFile(name string) []report.Result {
	if k.again(name, nil) {
		k.repeat(name)
		return nil
	}
	s, digest, err := readSysmon(name)
	if err != nil {
		return notJudged(name, err)
	}
	if s.Source, err = k.lost(s); err != nil {
		return notJudged(name, err)
	}
	return k.judge(s, digest)
}

// readSysmon returns a file of Sysmon as a subject, and the digest of the file.
func readSysmon(name string) (*validate.Subject, string, error) {
	data, err := readSysmonFile(name)
	if err != nil {
		return nil, "", err
	}
	s, err := subjectOfSysmon(name, data)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", name, err)
	}
	return s, digestOf(data), nil
}

// subjectOfSysmon returns the content of a file of Sysmon as a subject. The first bytes
// decide between the forms, because a blob that is named .xml must not become a list of errors of
// syntax: an export of the registry has a head, and a configuration begins with white space, a mark
// of its encoding or "<".
func subjectOfSysmon(name string, data []byte) (*validate.Subject, error) {
	switch {
	case registry.IsExport(data):
		value, err := registry.Rules(data)
		if err != nil {
			return nil, err
		}
		s := validate.SysmonBlob(name, value.Data)
		s.Origin = func(p validate.Part) (validate.Position, bool) {
			return validate.Position{Path: name, Line: value.LineOf(p.At.Start)}, true
		}
		return s, nil
	case config.IsXML(data), isSysmonSource(name) && !looksLikeBlob(data):
		return validate.SysmonSource(name, data), nil
	}
	return validate.SysmonBlob(name, data), nil
}

// readSysmonFile reads a regular file of at most maxSysmonFile bytes.
func readSysmonFile(name string) ([]byte, error) {
	data, err := readRegular(name, "the configuration or the blob itself", maxSysmonFile)
	if err == nil && len(data) > maxSysmonFile {
		err = fmt.Errorf("%s: larger than %d bytes (0x%x); no file of Sysmon is that large", name, maxSysmonFile, maxSysmonFile)
	}
	return data, err
}
