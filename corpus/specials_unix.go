//go:build unix

package corpus

import (
	"errors"
	"net"
	"path/filepath"
	"syscall"
)

var unixSpecials = []Special{
	{
		Name: "fifo", How: "make a FIFO of a channel file's name",
		Why:    "to open it for reading waits for a writer, for ever",
		Expect: Rejected, Checks: []string{"CF0001"},
		Make: func(dir string) (string, error) {
			p := filepath.Join(dir, specialName)
			return p, syscall.Mkfifo(p, 0o644)
		},
	},
	{
		Name: "socket", How: "listen at a Unix socket of a channel file's name",
		Why:    "a socket cannot be opened as a file",
		Expect: Rejected, Checks: []string{"CF0001"},
		Make: func(dir string) (string, error) {
			p := filepath.Join(dir, specialName)
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: p, Net: "unix"})
			if err != nil {
				// The path is longer than the hundred bytes of a socket
				// address.
				return "", errors.Join(errors.ErrUnsupported, err)
			}
			l.SetUnlinkOnClose(false)
			return p, l.Close()
		},
	},
	{
		Name: "device-without-end", How: "make a symbolic link to /dev/zero",
		Why:    "it answers with zeros for ever",
		Expect: Rejected, Checks: []string{"CF0001"},
		Make: func(dir string) (string, error) { return link(dir, "/dev/zero") },
	},
	{
		Name: "device-empty", How: "make a symbolic link to /dev/null",
		Why:    "it looks like an empty file and is not a file",
		Expect: Rejected, Checks: []string{"CF0001"},
		Make: func(dir string) (string, error) { return link(dir, "/dev/null") },
	},
}
