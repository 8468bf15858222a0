package sigma

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A File is a file of rules that [Load] found.
type File struct {
	Name  string  // to open it by, and for messages; divided by slashes
	Path  string  // the same below the folder that was loaded
	Rules []*Rule // the well-formed ones
	Again string  // the name by which the same file was read before; it has no rules then. "" if it is new

	// Digest is the SHA-256 of the bytes that were parsed, and Size their
	// number. They are zero for a file that was not read to its end.
	Digest [32]byte
	Size   int64

	Err error // a [*FileError], or what [Parse] found malformed; nil if nothing is wrong
}

// A FileError says why a file or folder was not read.
type FileError struct {
	Name  string
	Found string // what it is, such as "a named pipe", or why it could not be read
	Want  string // what to do
	Err   error  // of the operating system, if it is one
}

func (e *FileError) Error() string { return message(e.Name, Position{}, "", e.Found, e.Want) }
func (e *FileError) Unwrap() error { return e.Err }

// Load reads the rules at root, with a budget of its own: see [Loader.Load].
func Load(root string) ([]File, error) { return NewLoader(NewBudget(1)).Load(root) }

// A Loader reads files of rules for one run, each file once. A Loader must not
// be used by several goroutines at once.
type Loader struct {
	budget *Budget
	bytes  int64
	seen   map[fileID]string // the names by which files were read
}

// NewLoader returns a Loader that charges a budget. nil means no budget.
func NewLoader(b *Budget) *Loader { return &Loader{budget: b, seen: map[fileID]string{}} }

// Load reads the rules in the folder root and all folders in it: the files
// whose names end with .yml or .yaml, in the order of their paths. What begins
// with a dot is left out. If root is a file, it is read whatever its name.
//
// Nothing but regular files is opened. A symbolic link to a folder or with the
// name of a rule, a device, a socket or a named pipe with the name of a rule is
// returned as a File with a [*FileError], and so are what cannot be read and a
// channel file by the name of a rule: no file is left out unsaid. The root
// itself may be a symbolic link. A file that the Loader has read before, by
// whatever name, is returned without rules, and says so.
//
// The error is not nil if root cannot be read at all, or if one of the limits
// MaxFiles, MaxFolderBytes and MaxFolderDepth is exceeded or the budget is
// spent. A folder without rules is no error: the list of files is empty.
func (l *Loader) Load(root string) ([]File, error) {
	info, err := os.Stat(root)
	name := filepath.ToSlash(root)
	if err != nil {
		return nil, systemError(name, err)
	}
	f := &loading{Loader: l, root: root}
	if !info.IsDir() {
		err := f.file(name, path.Base(name), root, info)
		return f.files, err
	}
	err = f.folder(root, "", 0)
	return f.files, err
}

// A loading is one call of Load.
type loading struct {
	*Loader
	root  string
	files []File
}

// folder loads what is in a folder: below is its path under the root, with
// slashes, "" for the root itself.
func (l *loading) folder(folder, below string, depth int) error {
	if depth > MaxFolderDepth {
		return &FileError{Name: filepath.ToSlash(folder), Found: fmt.Sprintf("folders are nested more than %d deep", MaxFolderDepth), Want: "name a folder further down"}
	}
	entries, err := os.ReadDir(folder) // by name
	if err != nil && below == "" {
		return systemError(filepath.ToSlash(folder), err)
	}
	if err != nil {
		l.refuse(filepath.ToSlash(folder), below, systemError(filepath.ToSlash(folder), err))
		return nil
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		full, sub := filepath.Join(folder, e.Name()), path.Join(below, e.Name())
		name := filepath.ToSlash(full)
		info, err := os.Lstat(full)
		rule := isRuleName(e.Name())
		switch {
		case err != nil:
			l.refuse(name, sub, systemError(name, err))
		case info.IsDir():
			if err := l.folder(full, sub, depth+1); err != nil {
				return err
			}
		case info.Mode()&fs.ModeSymlink != 0 && (rule || leadsToFolder(full)):
			l.refuse(name, sub, &FileError{Name: name, Found: "found a symbolic link", Want: "cfcheck follows none, for what it leads to may change; put the file itself here"})
		case rule:
			if err := l.file(name, sub, full, info); err != nil {
				return err
			}
		}
	}
	return nil
}

func isRuleName(name string) bool {
	ext := filepath.Ext(name)
	return strings.EqualFold(ext, ".yml") || strings.EqualFold(ext, ".yaml")
}

// leadsToFolder reports whether a symbolic link hides a folder, and rules with
// it. One that leads nowhere does not.
func leadsToFolder(link string) bool {
	info, err := os.Stat(link)
	return err == nil && info.IsDir()
}

func (l *loading) refuse(name, below string, err error) {
	l.files = append(l.files, File{Name: name, Path: below, Err: err})
}

// file reads one file. It looks at what it is before it opens it: opening a
// named pipe would wait for ever.
func (l *loading) file(name, below, full string, info fs.FileInfo) error {
	if len(l.files) == MaxFiles {
		return &FileError{Name: filepath.ToSlash(l.root), Found: fmt.Sprintf("folder has more than %s files of rules", count(MaxFiles)), Want: "split it"}
	}
	if !info.Mode().IsRegular() {
		l.refuse(name, below, &FileError{Name: name, Found: "found " + modeName(info.Mode()), Want: "expected a regular file"})
		return nil
	}
	id, known := idOf(full, info)
	if first, again := l.seen[id]; known && again {
		l.files = append(l.files, File{Name: name, Path: below, Again: first})
		return nil
	}
	data, err := readFile(full)
	if err != nil {
		l.refuse(name, below, systemError(name, err))
		return nil
	}
	if known {
		l.seen[id] = name
	}
	if l.bytes += int64(len(data)); l.bytes > MaxFolderBytes {
		return &FileError{Name: filepath.ToSlash(l.root), Found: fmt.Sprintf("rules have more than %s bytes together", count(MaxFolderBytes)), Want: "split the folder"}
	}
	if channelfile.HasMagic(data) {
		l.refuse(name, below, &FileError{Name: name, Found: "found a channel file", Want: "expected rules; rename it to end with .cf, so that it is judged as what it is"})
		return nil
	}
	rules, err := parse(name, data, l.budget)
	if err := l.budget.Err(); err != nil {
		return err
	}
	for _, r := range rules {
		r.Path = below
	}
	f := File{Name: name, Path: below, Rules: rules, Err: err}
	if len(data) <= MaxFileSize {
		f.Digest, f.Size = sha256.Sum256(data), int64(len(data))
	}
	l.files = append(l.files, f)
	return nil
}

// readFile reads a file up to one byte more than Parse takes.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxFileSize+1))
}

func modeName(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	case m.IsDir():
		return "a folder"
	}
	return "neither a file nor a folder"
}

// systemError takes what the operating system says of a file without the
// function that it says it of.
func systemError(name string, err error) *FileError {
	found := err
	if pathErr, ok := err.(*fs.PathError); ok {
		found = pathErr.Err
	}
	return &FileError{Name: name, Found: "cannot be read: " + found.Error(), Err: err}
}
