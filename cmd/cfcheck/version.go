package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate/suite"
)

func (c *command) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print the version and the digest of this gate",
		Long: `version prints the version of the module, the commit that the program was built
from, the version of Go, the version of the format, and the SHA-256 of the
program file. A program that go install built from a module version has no
commit. cfcheck --version prints the same.`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(*cobra.Command, []string) error { return c.writeVersion() },
	}
}

// writeVersion writes the text of version and --version.
func (c *command) writeVersion() error {
	info, _ := debug.ReadBuildInfo()
	_, err := fmt.Fprintf(c.stdout, "cfcheck %s\n%s\nformat %s, %d checks\n", gateVersion(), origin(info), channelfile.Version, len(suite.Checks))
	if err != nil {
		return err
	}
	digest, err := gateDigest()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "sha256 %s\n", digest)
	return err
}

// origin returns the source and the toolchain of a program in one line, such as "commit
// 0123456789ab of 2026-11-29T20:00:00Z, go1.26.8 linux/amd64". Info is nil if the program has
// no build information.
func origin(info *debug.BuildInfo) string {
	built := fmt.Sprintf("%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if info == nil {
		return "no build information, " + built
	}
	settings := make(map[string]string)
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	commit := settings["vcs.revision"]
	switch {
	case commit == "":
		return "commit not recorded, " + built
	case settings["vcs.modified"] == "true":
		commit += " with changes"
	}
	return fmt.Sprintf("commit %s of %s, %s", commit, settings["vcs.time"], built)
}

// gateVersion returns the version of the program.
func gateVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}

// gateDigest returns the SHA-256 of the running program in hex. It reads the program once, so tests
// that call [run] many times do not read their binary each time.
var gateDigest = sync.OnceValues(func() (string, error) {
	f, err := openGate()
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", gateUnread(err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
})

// openGate opens the file of the running program. On Linux this is the executed file,
// even if another file has its name now.
func openGate() (*os.File, error) {
	if runtime.GOOS == "linux" {
		if f, err := os.Open("/proc/self/exe"); !errors.Is(err, fs.ErrNotExist) {
			return f, gateUnread(err)
		}
	}
	name, err := os.Executable()
	if err != nil {
		return nil, gateUnread(err)
	}
	f, err := os.Open(name)
	return f, gateUnread(err)
}

// gateUnread wraps the error of reading the gate's own program file. It returns nil
// if err is nil.
func gateUnread(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the gate cannot read its own program file to compute its digest: %w; give the user who runs it read permission", err)
}
