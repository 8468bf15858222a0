package workload

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// Files are the paths of the files that cfcheck check reads.
type Files struct {
	Content string // a channel file, with its canonical name
	Fleet   string // one build
	Types   string // the definition of the template type
}

// WriteFiles writes the channel file of [File] with seed 1, a fleet and a definition to a folder
// that exists.
func WriteFiles(folder string, instances int) (Files, error) {
	f := Files{
		Content: filepath.Join(folder, channelfile.FileName(Header)),
		Fleet:   filepath.Join(folder, "fleet.json"),
		Types:   filepath.Join(folder, "types.json"),
	}
	defs := new(sensor.Definitions)
	if err := defs.Add(Definition()); err != nil {
		return f, err
	}
	types, err := defs.JSON()
	if err != nil {
		return f, err
	}
	fleet, err := Fleet(1, 1).JSON()
	if err != nil {
		return f, err
	}
	return f, errors.Join(
		os.WriteFile(f.Content, File(instances, 1), 0o644),
		os.WriteFile(f.Fleet, fleet, 0o644),
		os.WriteFile(f.Types, types, 0o644),
	)
}

// Check returns the arguments of cfcheck that judge paths with the fleet and the definition.
func (f Files) Check(paths ...string) []string {
	return append([]string{"check", "--fleet", f.Fleet, "--types", f.Types}, paths...)
}
