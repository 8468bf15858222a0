package sigma

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A File is a file of rules that [Load] found.
type File struct {
	Name  string  // name for opening the file and for messages, divided by slashes
	Path  string  // path below the folder that was loaded, divided by slashes
	Rules []*Rule // the well-formed rules

	// Again is the name under which the Loader has read the same file before. Then
	// Rules is empty. It is "" if the file is new.
	Again string

	// Test means that the file has tests of rules; see [IsTest]. It has no rules.
	Test bool

	// Digest is the SHA-256 of the bytes that were parsed, and Size is their
	// number. They are zero if the file was not read to its end.
	Digest [32]byte
	Size   int64

	Err error // a [*FileError] or the error of [Parse]; nil if nothing is wrong
}

// A FileError is the reason why a file or folder was not read.
type FileError struct {
	Name  string
	Found string // kind of the file, such as "a named pipe", or why it cannot be read
	Want  string // advice
	Err   error  // error of the operating system, or nil
}

func (e *FileError) Error() string { return message(e.Name, Position{}, "", e.Found, e.Want) }
func (e *FileError) Unwrap() error { return e.Err }

// Load reads the rules at root, with a [Loader] and a [Budget] of its own. See
// [Loader.Load].
func Load(root string) ([]File, error) { return NewLoader(NewBudget(1)).Load(root) }

// LoadFS is like [Load], but reads from a file system, such as an [embed.FS]. The
// root is "." for all of it. See [Loader.LoadFS].
func LoadFS(fsys fs.FS, root string) ([]File, error) {
	return NewLoader(NewBudget(1)).LoadFS(fsys, root)
}

// A Loader reads files of rules for one run, each file once. A Loader must not be
// used by several goroutines at once.
type Loader struct {
	// Skip reports whether Load leaves out a file or a folder, by its path below the
	// root, divided by slashes. Load then does not look at it, and returns no File for
	// it. nil leaves out nothing.
	Skip func(path string) bool
	// Cache keeps the rules for later Loaders. nil means that each file is parsed.
	Cache *Cache

	budget *Budget
	bytes  int64
	seen   map[fileID]string // names of the files that were read
}

// NewLoader returns a Loader that charges a budget. nil means no budget.
func NewLoader(b *Budget) *Loader { return &Loader{budget: b, seen: map[fileID]string{}} }

// Load reads the rules in the folder root and in all folders below it. A file of
// rules has a name that ends with .yml or .yaml. Load returns the files in the
// order of their paths. It ignores files and folders whose names begin with a dot.
// If root is a file, Load reads it whatever its name.
//
// Load opens only regular files. It returns a File with a [*FileError] for each of
// these, so that no rules are left out silently:
//   - a symbolic link to a folder, or one with the name of a file of rules
//   - a device, a socket or a named pipe with the name of a file of rules
//   - a channel file with the name of a file of rules
//   - a file or a folder that cannot be read
//
// The root itself may be a symbolic link. If the Loader has read a file before,
// under any name, Load returns it without rules, with the earlier name in Again.
//
// Load returns an error if it cannot read root, if MaxFiles, MaxFolderBytes or
// MaxFolderDepth is exceeded, or if the budget is spent. These limits bound its
// time and memory. A folder without rules is not an error. Then the list of files
// is empty.
func (l *Loader) Load(root string) ([]File, error) { return l.load(systemFiles{}, root) }

// LoadFS is like [Loader.Load], but reads from a file system. Paths are divided by
// slashes and unrooted, as package [io/fs] requires. The Loader does not recognise
// a file of fsys that it has read before.
func (l *Loader) LoadFS(fsys fs.FS, root string) ([]File, error) {
	return l.load(otherFiles{fsys}, root)
}

func (l *Loader) load(files fileSystem, root string) ([]File, error) {
	info, err := files.stat(root)
	name := filepath.ToSlash(root)
	if err != nil {
		return nil, systemError(name, err)
	}
	f := &loading{Loader: l, from: files, root: root}
	if !info.IsDir() {
		err := f.file(name, path.Base(name), root, info)
		return f.files, err
	}
	err = f.folder(root, "", 0)
	return f.files, err
}

// A fileSystem is the part of a file system that Load needs.
type fileSystem interface {
	stat(name string) (fs.FileInfo, error)
	lstat(name string) (fs.FileInfo, error)
	readDir(name string) ([]fs.DirEntry, error) // sorted by name
	open(name string) (fs.File, error)
	join(folder, name string) string
	id(name string, info fs.FileInfo) (id fileID, known bool)
}

// systemFiles are the files of the operating system.
type systemFiles struct{}

func (systemFiles) stat(name string) (fs.FileInfo, error)      { return os.Stat(name) }
func (systemFiles) lstat(name string) (fs.FileInfo, error)     { return os.Lstat(name) }
func (systemFiles) readDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }
func (systemFiles) open(name string) (fs.File, error)          { return os.Open(name) }
func (systemFiles) join(folder, name string) string            { return filepath.Join(folder, name) }
func (systemFiles) id(name string, info fs.FileInfo) (fileID, bool) {
	return idOf(name, info)
}

// otherFiles are the files of an fs.FS.
type otherFiles struct{ fsys fs.FS }

func (o otherFiles) stat(name string) (fs.FileInfo, error)      { return fs.Stat(o.fsys, name) }
func (o otherFiles) lstat(name string) (fs.FileInfo, error)     { return fs.Lstat(o.fsys, name) }
func (o otherFiles) readDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(o.fsys, name) }
func (o otherFiles) open(name string) (fs.File, error)          { return o.fsys.Open(name) }
func (o otherFiles) join(folder, name string) string            { return path.Join(folder, name) }
func (o otherFiles) id(string, fs.FileInfo) (id fileID, known bool) {
	return id, false
}

// A loading is one call of Load.
type loading struct {
	*Loader
	from  fileSystem
	root  string
	files []File
}

// folder loads the rules in a folder. below is the path of the folder under the
// root, divided by slashes, and "" for the root itself.
func (l *loading) folder(folder, below string, depth int) error {
	if depth > MaxFolderDepth {
		return &FileError{Name: filepath.ToSlash(folder), Found: fmt.Sprintf("folders are nested more than %d deep", MaxFolderDepth), Want: "name a folder further down"}
	}
	entries, err := l.from.readDir(folder)
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
		full, sub := l.from.join(folder, e.Name()), path.Join(below, e.Name())
		if l.Skip != nil && l.Skip(sub) {
			continue
		}
		name := filepath.ToSlash(full)
		info, err := l.from.lstat(full)
		rule := isRuleName(e.Name())
		switch {
		case err != nil:
			l.refuse(name, sub, systemError(name, err))
		case info.IsDir():
			if err := l.folder(full, sub, depth+1); err != nil {
				return err
			}
		case info.Mode()&fs.ModeSymlink != 0 && (rule || l.leadsToFolder(full)):
			l.refuse(name, sub, &FileError{Name: name, Found: "found a symbolic link", Want: "cfcheck does not follow links, because their targets may change; put the file itself here"})
		case rule:
			if err := l.file(name, sub, full, info); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestExtensions are the ends of the names of files of tests, which stand beside files of rules.
var TestExtensions = []string{".test.yml", ".test.yaml"}

// IsTest reports whether a file has tests of rules instead of rules: its name ends with one of
// TestExtensions, and a line begins with the key must_match or must_not_match. A file with the key
// detection is never one, so that the name hides no rule.
func IsTest(name string, data []byte) bool {
	end := func(ext string) bool {
		return len(name) >= len(ext) && strings.EqualFold(name[len(name)-len(ext):], ext)
	}
	return slices.ContainsFunc(TestExtensions, end) && testKey.Match(data) && !ruleKey.Match(data)
}

var (
	testKey = regexp.MustCompile(`(?m)^must_(not_)?match[ \t]*:`)
	ruleKey = regexp.MustCompile(`(?m)(^|[\s{,"'])detection["']?\s*:`)
)

func isRuleName(name string) bool {
	ext := filepath.Ext(name)
	return strings.EqualFold(ext, ".yml") || strings.EqualFold(ext, ".yaml")
}

// leadsToFolder reports whether a symbolic link leads to a folder, which may
// contain rules.
func (l *loading) leadsToFolder(link string) bool {
	info, err := l.from.stat(link)
	return err == nil && info.IsDir()
}

func (l *loading) refuse(name, below string, err error) {
	l.files = append(l.files, File{Name: name, Path: below, Err: err})
}

// file reads one file. It checks the kind of the file before it opens it, because
// opening a named pipe would block.
func (l *loading) file(name, below, full string, info fs.FileInfo) error {
	if len(l.files) == MaxFiles {
		return &FileError{Name: filepath.ToSlash(l.root), Found: fmt.Sprintf("the folder has more than %s files of rules", count(MaxFiles)), Want: "split it"}
	}
	if !info.Mode().IsRegular() {
		l.refuse(name, below, &FileError{Name: name, Found: "found " + modeName(info.Mode()), Want: "expected a regular file"})
		return nil
	}
	id, known := l.from.id(full, info)
	if first, again := l.seen[id]; known && again {
		l.files = append(l.files, File{Name: name, Path: below, Again: first})
		return nil
	}
	data, err := l.readFile(full)
	if err != nil {
		l.refuse(name, below, systemError(name, err))
		return nil
	}
	if known {
		l.seen[id] = name
	}
	if l.bytes += int64(len(data)); l.bytes > MaxFolderBytes {
		return &FileError{Name: filepath.ToSlash(l.root), Found: fmt.Sprintf("the files of rules have more than %s bytes together", count(MaxFolderBytes)), Want: "split the folder"}
	}
	if channelfile.HasMagic(data) {
		l.refuse(name, below, &FileError{Name: name, Found: "found a channel file", Want: "expected rules; rename the file to end with .cf, so that it is judged as a channel file"})
		return nil
	}
	if IsTest(name, data) {
		l.files = append(l.files, File{Name: name, Path: below, Test: true})
		return nil
	}
	rules, err := l.Cache.parse(name, data, l.budget)
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

// readFile reads a file. It reads at most one byte more than Parse accepts.
func (l *loading) readFile(name string) ([]byte, error) {
	f, err := l.from.open(name)
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

// systemError returns a FileError with the message of the operating system, without
// the name of the system call.
func systemError(name string, err error) *FileError {
	found := err
	if pathErr, ok := err.(*fs.PathError); ok {
		found = pathErr.Err
	}
	return &FileError{Name: name, Found: "cannot be read: " + found.Error(), Err: err}
}
