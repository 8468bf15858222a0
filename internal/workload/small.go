package workload

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/cfcheck/cfcheck/channelfile"
)

// Small returns a channel file of less than 1 KiB for the type ipc, with its
// canonical name. If findings is 0, the built-in fleets except 291 accept it.
// Otherwise the file has that number of instances that read input 21, and fleet 291 rejects each.
func Small(revision uint32, findings int) (name string, data []byte, err error) {
	const pipeName, clientImage, inputs = 5, 20, 21
	h := channelfile.Header{Channel: 291, Revision: revision, Type: 1, TypeVersion: 1, InputsDeclared: inputs}
	b := channelfile.NewBuilder(h)
	input := clientImage
	if findings == 0 {
		input = pipeName
	}
	for i := range max(findings, 1) {
		id := channelfile.ID{15: byte(i + 1)}
		err := b.Add(id, channelfile.Equals(input, fmt.Sprintf(`\small-%d`, i)), &channelfile.Origin{
			Rule: id.String(), Title: fmt.Sprint("Small ", i), Author: "cfcheck project", Path: "rules/small.yml", Line: 1 + i,
		})
		if err != nil {
			return "", nil, err
		}
	}
	data, err = b.Encode()
	return channelfile.FileName(h), data, err
}

// WriteSmall writes n files of [Small] to a folder, which it creates.
func WriteSmall(folder string, n, findings int) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for i := range n {
		name, data, err := Small(uint32(i+1), findings)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
