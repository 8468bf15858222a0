package corpus

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// MaxFileSize is the size in bytes beyond which no channel file is read.
const MaxFileSize = 1 << 30

// A Special is an input that no file of the corpus can hold. A test must create
// it where it runs.
type Special struct {
	Name string
	How  string // how Make creates it
	Why  string // the harm to a reader that does not check it

	Expect Verdict
	// IDs of the checks that report it; empty means that the system refuses to read it
	Checks []string

	// Slow reports whether reading it takes a second and MaxFileSize bytes of memory.
	Slow bool

	// Make creates it in a directory of the caller and returns its path. The error
	// is errors.ErrUnsupported if the system does not support such entries.
	Make func(dir string) (path string, err error)
}

// specialName is the name of each entry that Make creates, so that the name is
// never the fault.
const specialName = "C-00000291-00000001-00000001.cf"

// Specials lists the inputs that a test must create. It must not be modified.
var Specials = append([]Special{
	{
		Name: "directory", How: "make a directory of a channel file's name",
		Why:    "a directory has no bytes",
		Expect: Rejected, Checks: []string{"CF0001"},
		Make: func(dir string) (string, error) {
			p := filepath.Join(dir, specialName)
			return p, os.Mkdir(p, 0o755)
		},
	},
	{
		Name: "symlink", How: "make a symbolic link to a good file",
		Why:    "a link is followed; its target counts",
		Expect: Accepted,
		Make: func(dir string) (string, error) {
			data, err := fs.ReadFile(FS, "cases/minimal/"+specialName)
			if err != nil {
				return "", err
			}
			if err := os.WriteFile(filepath.Join(dir, "target"), data, 0o644); err != nil {
				return "", err
			}
			return link(dir, "target")
		},
	},
	{
		Name: "symlink-loop", How: "make a symbolic link to itself",
		Why:    "the system refuses to follow it: nothing was read, so there is no verdict",
		Expect: Undecided,
		Make:   func(dir string) (string, error) { return link(dir, specialName) },
	},
	{
		Name: "missing", How: "name a file that is not there",
		Why:    "nothing was read, so there is no verdict",
		Expect: Undecided,
		Make:   func(dir string) (string, error) { return filepath.Join(dir, specialName), nil },
	},
	{
		Name: "over-the-cap", How: "make a sparse file of MaxFileSize + 1 bytes",
		Why:    "one byte more than a channel file can have; it is refused without being read",
		Expect: Rejected, Checks: []string{"CF0002"},
		Make: func(dir string) (string, error) { return sparse(dir, MaxFileSize+1) },
	},
	{
		Name: "far-over-the-cap", How: "make a sparse file of 1 TiB",
		Why:    "a reader that takes it into memory dies",
		Expect: Rejected, Checks: []string{"CF0002"},
		Make: func(dir string) (string, error) { return sparse(dir, 1<<40) },
	},
	{
		Name: "at-the-cap", How: "make a sparse file of MaxFileSize bytes",
		Why:    "as large as a file can be, so it is read; a sparse file is zeros",
		Expect: Rejected, Checks: []string{"CF0004"}, Slow: true,
		Make: func(dir string) (string, error) { return sparse(dir, MaxFileSize) },
	},
}, unixSpecials...)

func link(dir, target string) (string, error) {
	p := filepath.Join(dir, specialName)
	if err := os.Symlink(target, p); err != nil {
		// Windows requires a privilege that few users have.
		return "", errors.ErrUnsupported
	}
	return p, nil
}

func sparse(dir string, size int64) (string, error) {
	p := filepath.Join(dir, specialName)
	f, err := os.Create(p)
	if err != nil {
		return "", err
	}
	if err := f.Truncate(size); err != nil {
		// The file system has no files of that size.
		return "", errors.Join(errors.ErrUnsupported, err, f.Close())
	}
	return p, f.Close()
}

// A Release is a version of a template type that is judged before there is any
// content for it. At that moment a shortfall is cheapest to fix.
type Release struct {
	Name string
	Why  string

	Type    string // name of the template type
	Version uint32

	Types, Fleet         string // as in [Case]
	TypesData, FleetData []byte
	Now                  time.Time

	Expect Verdict
	Checks []string
}

// Releases returns the releases of template types. The first is moment 1 of the
// story of channel 291. Moments 2 and 3 are cases.
func Releases() []Release {
	list := []Release{
		{
			Name: "291-february", Why: "the type declares 21 inputs, build 7.11 is given 20; there is no content yet",
			Type: "ipc", Version: 1, Fleet: "291",
			Expect: Rejected, Checks: []string{"CF3002"},
		},
		{
			Name: "291-february-on-21", Why: "every build gets all inputs that the type declares",
			Type: "ipc", Version: 1, Fleet: "supplies-21",
			Expect: Accepted,
		},
		{
			Name: "291-february-acknowledged", Why: "the shortfall is acknowledged on this day",
			Type: "ipc", Version: 1, Fleet: "acknowledged", Now: time.Date(2027, 1, 31, 23, 59, 59, 0, time.UTC),
			Expect: Accepted, Checks: []string{"CF3016"},
		},
		{
			Name: "291-february-expired", Why: "the shortfall was acknowledged until the day before",
			Type: "ipc", Version: 1, Fleet: "acknowledged", Now: time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC),
			Expect: Rejected, Checks: []string{"CF3017"},
		},
		{
			Name: "type-change", Why: "the build supplies an integer where the type declares a string",
			Type: "ipc", Version: 1, Fleet: "integer-process-id",
			Expect: Rejected, Checks: []string{"CF3003"},
		},
		{
			Name: "order-change", Why: "the build supplies two inputs in another order than the type declares",
			Type: "ipc", Version: 1, Fleet: "swapped",
			Expect: Rejected, Checks: []string{"CF3018"},
		},
		{
			Name: "second-version", Why: "a second version with one input more, which the build has",
			Type: "mixed", Version: 2, Types: "mixed", Fleet: "mixed",
			Expect: Accepted,
		},
		{
			Name: "nobody-has-it", Why: "no build of the fleet has the type: nothing was compared",
			Type: "mixed", Version: 1, Types: "mixed", Fleet: "supplies-21",
			Expect: Undecided, Checks: []string{"CF3019"},
		},
	}
	for i := range list {
		r := &list[i]
		r.FleetData = embedded("fleets", r.Fleet)
		r.TypesData = embedded("types", r.Types)
	}
	return list
}

// embedded returns a fleet or definitions, or nil if no file has the name.
func embedded(folder, name string) []byte {
	data, err := fs.ReadFile(FS, folder+"/"+name+".json")
	if err != nil {
		return nil
	}
	return data
}
