package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// maxLinks is how many symbolic links are followed from one name.
const maxLinks = 40

// A place is where a name leads after all links are followed.
type place struct {
	path       string      // absolute and without links; "" means a stream without a name
	folder     fs.FileInfo // of the folder of path
	info       fs.FileInfo // nil means that nothing is there
	open       bool        // the name stands for an open file of a process, as below /proc/self/fd
	descriptor int         // of this process, if the name stands for one; otherwise -1
}

// replaceable reports whether a rename can put a file there: it is a regular
// file, or nothing is there.
func (p *place) replaceable() bool {
	return p.path != "" && !p.open && (p.info == nil || p.info.Mode().IsRegular())
}

// errTooManyLinks is the error of links that lead to one another.
var errTooManyLinks = errors.New("too many symbolic links")

// resolve follows a name. The error is fs.ErrNotExist if the folder of the file
// is missing; a file that is missing is no error.
func resolve(name string) (place, error) {
	name, err := absolute("", name)
	if err != nil {
		return place{}, err
	}
	for range maxLinks {
		folder, base := split(name)
		if folder, err = filepath.EvalSymlinks(folder); err != nil {
			return place{}, err
		}
		p := place{descriptor: -1}
		if p.folder, err = os.Stat(folder); err != nil {
			return place{}, err
		}
		if base == "" || base == "." || base == ".." {
			p.path = filepath.Join(folder, base)
			p.info, err = os.Stat(p.path)
			return p, err
		}
		p.path = filepath.Join(folder, base)
		if m := openFiles.FindStringSubmatch(filepath.ToSlash(folder)); m != nil {
			p.open = true
			if n, err := strconv.Atoi(base); err == nil && (m[1] == "" || m[1] == strconv.Itoa(os.Getpid())) {
				p.descriptor = n
			}
			p.info, err = os.Stat(p.path)
			return p, err
		}
		info, err := os.Lstat(p.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return p, nil
		case err != nil:
			return place{}, err
		case info.Mode()&fs.ModeSymlink == 0:
			p.info = info
			return p, nil
		}
		to, err := os.Readlink(p.path)
		if err != nil {
			return place{}, err
		}
		if name, err = absolute(folder, to); err != nil {
			return place{}, err
		}
	}
	return place{}, &fs.PathError{Op: "open", Path: name, Err: errTooManyLinks}
}

// openFiles is the form of the folders whose entries are the open files of a
// process. The group is its number.
var openFiles = regexp.MustCompile(`^(?:/proc/([0-9]+)/(?:task/[0-9]+/)?fd|/dev/fd)$`)

// absolute returns a name that is relative to a folder, or to the working
// directory if that is "". It leaves a/.. in it, which with links can be another
// folder than the one that a is in.
func absolute(folder, name string) (string, error) {
	if filepath.IsAbs(name) {
		return name, nil
	}
	if folder == "" {
		var err error
		if folder, err = os.Getwd(); err != nil {
			return "", err
		}
	}
	return folder + string(filepath.Separator) + name, nil
}

// split returns the folder of an absolute name, and the rest.
func split(name string) (folder, base string) {
	i := len(name) - 1
	for i >= 0 && !os.IsPathSeparator(name[i]) {
		i--
	}
	return name[:i+1], name[i+1:]
}

// streamPlace returns the place of a stream that is an open file.
func streamPlace(stream any) (place, bool) {
	f, ok := stream.(*os.File)
	if !ok || f == nil {
		return place{}, false
	}
	info, err := f.Stat()
	if err != nil {
		return place{}, false
	}
	return place{info: info, open: true, descriptor: -1}, true
}

// writer opens a place for writing. Standard reports whether it is a
// standard stream, which stays open.
func (p *place) writer() (f *os.File, standard bool, err error) {
	switch {
	case p.descriptor < 0:
		f, err = os.OpenFile(p.path, os.O_WRONLY, 0)
		return f, false, err
	case p.descriptor < 3:
		return []*os.File{os.Stdin, os.Stdout, os.Stderr}[p.descriptor], true, nil
	}
	if f = os.NewFile(uintptr(p.descriptor), p.path); f == nil {
		return nil, false, fs.ErrInvalid
	}
	return f, false, nil
}

// same reports whether two places are one file, as far as that can be known.
func same(a, b place) bool {
	if a.info != nil && b.info != nil {
		return os.SameFile(a.info, b.info)
	}
	if a.info != nil || b.info != nil || a.path == "" || b.path == "" {
		return false
	}
	// Neither exists. A file system may ignore case, and nobody needs two files
	// whose names differ in case alone.
	return os.SameFile(a.folder, b.folder) && strings.EqualFold(filepath.Base(a.path), filepath.Base(b.path))
}

// harmless reports whether a place is the null device, which any number of
// outputs may share.
func (p *place) harmless() bool {
	null, err := os.Stat(os.DevNull)
	return err == nil && p.info != nil && os.SameFile(p.info, null)
}

// terminal reports whether a place is a device of characters, which can be read
// and written at once.
func (p *place) terminal() bool { return p.info != nil && p.info.Mode()&fs.ModeCharDevice != 0 }

// apart refuses outputs that are inputs, or one another.
func (s *Set) apart() error {
	for i, o := range s.outputs {
		if o.place.harmless() {
			continue
		}
		for _, in := range s.inputs {
			if err := o.apartFrom(in); err != nil {
				return err
			}
		}
		for _, other := range s.outputs[:i] {
			if !o.messages && !other.messages && (same(o.place, other.place) || s.standard(o) && s.standard(other)) {
				return fmt.Errorf("%s and %s are the same file, and one would destroy the other; name two files", other.what, o.what)
			}
		}
	}
	return nil
}

// standard reports whether an output goes to the standard output.
func (s *Set) standard(o *Output) bool {
	if o.name != "" {
		return o.place.descriptor == 1
	}
	return s.Stdout != nil && o.stream == s.Stdout
}

// A MessagesError says that the stream of messages is an input. Its text must
// not be written to that stream: it would end up in the input.
type MessagesError struct{ err error }

func (e *MessagesError) Error() string { return e.err.Error() }
func (e *MessagesError) Unwrap() error { return e.err }

// SameFile reports whether two streams are one file. Streams that are no open
// files are not.
func SameFile(a, b any) bool {
	one, first := streamPlace(a)
	two, second := streamPlace(b)
	return first && second && same(one, two)
}

// apartFrom refuses an output that is an input, or a file in it that is read.
func (o *Output) apartFrom(in input) error {
	err := o.notIn(in)
	if err != nil && o.messages {
		return &MessagesError{err}
	}
	return err
}

func (o *Output) notIn(in input) error {
	if o.place.terminal() {
		return nil
	}
	if same(o.place, in.place) {
		return fmt.Errorf("%s is the same file as %s, and writing it would destroy the input; name another file", o.what, in.what)
	}
	if in.reads == nil || in.place.info == nil || !in.place.info.IsDir() {
		return nil
	}
	if o.place.path != "" && in.place.holds(o.place.path) && in.reads(o.place.path) {
		return fmt.Errorf("%s is inside %s and would become an input; name a file outside the folder", o.what, in.what)
	}
	if o.place.info == nil || !o.place.info.Mode().IsRegular() {
		return nil
	}
	// A link in the folder can be the same file as an output outside.
	if path := in.entry(o.place.info); path != "" {
		return fmt.Errorf("%s is the same file as %s in %s, and writing it would destroy the input; name another file", o.what, path, in.what)
	}
	return nil
}

// holds reports whether a path without links is below a folder.
func (p *place) holds(path string) bool {
	for {
		folder := filepath.Dir(path)
		if folder == path {
			return false
		}
		if info, err := os.Stat(folder); err == nil && os.SameFile(info, p.info) {
			return true
		}
		path = folder
	}
}

// entry returns the path, below a folder, of a file that is read and is the file of
// info; "" if no such file is.
func (in *input) entry(info fs.FileInfo) string {
	found := ""
	// An entry that cannot be inspected cannot be read either, and its reader reports it.
	_ = fs.WalkDir(os.DirFS(in.place.path), ".", func(below string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		path := filepath.Join(in.place.path, filepath.FromSlash(below))
		here, err := d.Info()
		if d.Type()&fs.ModeSymlink != 0 {
			here, err = os.Stat(path)
		}
		if err == nil && os.SameFile(here, info) && in.reads(path) {
			found = filepath.FromSlash(below)
			return fs.SkipAll
		}
		return nil
	})
	return found
}
