// Package output writes the files of one run. It refuses an output that is an
// input or another output. It shows a file only when the file is complete, and
// the file that describes the others last.
package output

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/cfcheck/cfcheck/internal/scratch"
)

// A Set is the outputs of one run. Name the inputs and outputs, then call
// [Set.Begin], then [Output.Write] for each output, then [Set.Commit]. The zero
// value is an empty set. It serves one goroutine at a time.
type Set struct {
	// Precious reports whether an existing file holds content that no output may
	// replace. Nil means that no file does.
	Precious func(path string) bool

	// Stdout is the standard output, also where an output names it as
	// /dev/stdout does. Nil means os.Stdout.
	Stdout io.Writer

	// BeforeRename, if not nil, is called after all files are written and before the
	// first is renamed. Its error ends Commit.
	BeforeRename func() error

	inputs  []input
	outputs []*Output

	fail func(op operation, name string) error // nil except in tests
}

// An input is something that the run reads.
type input struct {
	what  string // for messages, such as "the argument rules"
	place place
	// reads reports whether the run reads a file in the folder; nil means no folder
	reads func(path string) bool
}

// An Output is one file or stream that the run writes.
type Output struct {
	what     string // for messages, such as "--out report.json"
	name     string // as given; "" means that stream is the output
	stream   io.Writer
	place    place
	verdict  bool
	messages bool        // a stream of messages, which may be the same as another stream
	mode     fs.FileMode // of the file that is replaced; 0 means that there was no file
	write    func(io.Writer) error

	temporary string // name of the temporary file; "" means that there is no such file
	renamed   bool
}

// An operation is a call of the operating system that can fail.
type operation string

// The operations that tests let fail.
const (
	opCreate operation = "create"
	opWrite  operation = "write"
	opMode   operation = "mode"
	opSync   operation = "sync"
	opClose  operation = "close"
	opRename operation = "rename"
	opFolder operation = "sync folder"
	opRemove operation = "remove"
)

// fault returns the error that a test wants from an operation.
func (s *Set) fault(op operation, name string) error {
	if s.fail == nil {
		return nil
	}
	return s.fail(op, name)
}

// Reads adds the file name to the inputs of the run. The first argument names it for
// messages.
func (s *Set) Reads(what, name string) { s.ReadsFolder(what, name, nil) }

// ReadsFolder says that the run reads the files in the folder name, and in the
// folders below, for which reads returns true. If name is a file, the run reads
// that file.
func (s *Set) ReadsFolder(what, name string, reads func(path string) bool) {
	// An input that is missing, or cannot be looked at, cannot be read either,
	// which its reader reports.
	if p, err := resolve(name); err == nil && p.info != nil {
		s.inputs = append(s.inputs, input{what, p, reads})
	}
}

// ReadsStream says that the run reads r, which matters if it is a file.
func (s *Set) ReadsStream(what string, r io.Reader) {
	if p, ok := streamPlace(r); ok {
		s.inputs = append(s.inputs, input{what, p, nil})
	}
}

// File adds the file name to the outputs. Flag names it for messages.
func (s *Set) File(flag, name string) *Output {
	o := &Output{what: flag + " " + name, name: name}
	s.outputs = append(s.outputs, o)
	return o
}

// Verdict marks the output as a verdict or a claim. An old file of that name is no
// longer true when the run begins, so Begin removes it.
func (o *Output) Verdict() *Output {
	o.verdict = true
	return o
}

// Stream adds a stream to the outputs, such as the standard output.
func (s *Set) Stream(what string, w io.Writer) *Output {
	o := &Output{what: what, stream: w}
	s.outputs = append(s.outputs, o)
	return o
}

// Messages says that the run writes messages to w, which matters if it is an
// input.
func (s *Set) Messages(what string, w io.Writer) {
	s.Stream(what, w).messages = true
}

// Write sets the function that writes the content. An output without content
// is not written.
func (o *Output) Write(content func(io.Writer) error) { o.write = content }

// WriteBytes sets the content.
func (o *Output) WriteBytes(content []byte) {
	o.Write(func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// Begin refuses outputs that are inputs or one another, and outputs that cannot
// be written. It changes nothing if it refuses one of them. Otherwise it removes
// the old verdicts.
func (s *Set) Begin() error {
	for _, o := range s.outputs {
		if err := s.locate(o); err != nil {
			return err
		}
	}
	if err := s.apart(); err != nil {
		return err
	}
	for _, o := range s.outputs {
		if !o.place.replaceable() {
			continue
		}
		if o.place.info != nil && s.Precious != nil && s.Precious(o.place.path) {
			return fmt.Errorf("%s: the file holds content, and cfcheck does not overwrite content with a report or document; name another file, or remove it", o.what)
		}
		// A folder that takes no file is known before hours are spent.
		if err := s.try(o); err != nil {
			return err
		}
	}
	for _, o := range s.outputs {
		if o.verdict && o.place.replaceable() && o.place.info != nil {
			if err := s.remove(o); err != nil {
				return fmt.Errorf("%s: the old file cannot be removed: %w", o.what, reason(err))
			}
		}
	}
	return nil
}

// locate determines the place of an output, and refuses an impossible one.
func (s *Set) locate(o *Output) error {
	if o.name == "" {
		if p, ok := streamPlace(o.stream); ok {
			o.place = p
		}
		return nil
	}
	p, err := resolve(o.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: the folder does not exist; create it first, or name another file", o.what)
	case err != nil:
		return fmt.Errorf("%s: cannot be written: %w", o.what, reason(err))
	case p.info != nil && p.info.IsDir():
		return fmt.Errorf("%s: this is a folder; name a file", o.what)
	case p.info != nil && p.info.Mode()&fs.ModeDevice != 0 && p.info.Mode()&fs.ModeCharDevice == 0:
		return fmt.Errorf("%s: this is a disk; name a file", o.what)
	}
	o.place = p
	if p.replaceable() && p.info != nil {
		o.mode = p.info.Mode().Perm()
	}
	return nil
}

// try creates a temporary file beside an output, and removes it.
func (s *Set) try(o *Output) error {
	f, err := s.create(o)
	if err != nil {
		return fmt.Errorf("%s: cannot be written: %w", o.what, reason(err))
	}
	err = f.Close()
	o.temporary = ""
	return errors.Join(err, scratch.Remove(f.Name()))
}

// remove removes the file of an output.
func (s *Set) remove(o *Output) error {
	if err := s.fault(opRemove, o.place.path); err != nil {
		return err
	}
	if err := os.Remove(o.place.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.syncFolder(o)
}

// Commit writes all outputs that have content. All files are written, under
// temporary names, and flushed to the disk before the first is renamed. Then
// come the streams, in the order in which they were added. The output that was
// added last is completed last, whether it is a file or a stream: it is the one
// that tells of the others.
//
// After an error no verdict of the set exists as a file. The other files exist
// whole, as the old or as the new one.
func (s *Set) Commit() (err error) {
	var files, streams []*Output
	for _, o := range s.outputs {
		switch {
		case o.write == nil:
		case o.place.replaceable():
			files = append(files, o)
		default:
			streams = append(streams, o)
		}
	}
	defer func() {
		for _, o := range files {
			if o.temporary != "" {
				err = errors.Join(err, scratch.Remove(o.temporary))
				o.temporary = ""
			}
			if err != nil && o.verdict && o.renamed {
				os.Remove(o.place.path)
			}
		}
	}()
	for _, o := range files {
		if err := s.stage(o); err != nil {
			return fmt.Errorf("writing %s: %w", o.what, reason(err))
		}
	}
	if s.BeforeRename != nil {
		if err := s.BeforeRename(); err != nil {
			return err
		}
	}
	var last *Output
	for _, o := range s.outputs {
		if !o.messages {
			last = o
		}
	}
	for _, o := range files {
		if o != last {
			if err := s.publish(o, files); err != nil {
				return fmt.Errorf("writing %s: %w", o.what, reason(err))
			}
		}
	}
	for _, o := range streams {
		if err := s.through(o); err != nil {
			return fmt.Errorf("writing %s: %w", o.what, reason(err))
		}
	}
	if len(files) > 0 && files[len(files)-1] == last {
		if err := s.publish(last, files); err != nil {
			return fmt.Errorf("writing %s: %w", last.what, reason(err))
		}
	}
	return nil
}

// stage writes an output under a temporary name.
func (s *Set) stage(o *Output) error {
	f, err := s.create(o)
	if err != nil {
		return err
	}
	err = s.fill(o, f)
	if err == nil && o.mode != 0 {
		if err = s.fault(opMode, o.place.path); err == nil {
			err = f.Chmod(o.mode)
		}
	}
	if err == nil {
		if err = s.fault(opSync, o.place.path); err == nil {
			err = f.Sync()
		}
	}
	if closed := errors.Join(s.fault(opClose, o.place.path), f.Close()); err == nil {
		err = closed
	}
	return err
}

// fill writes the content of an output to w.
func (s *Set) fill(o *Output, w io.Writer) error {
	b := bufio.NewWriterSize(&faulty{w, s, o}, 1<<16)
	if err := o.write(b); err != nil {
		return err
	}
	return b.Flush()
}

// A faulty is a writer that fails where a test wants it to.
type faulty struct {
	w io.Writer
	s *Set
	o *Output
}

func (f *faulty) Write(p []byte) (int, error) {
	if err := f.s.fault(opWrite, f.o.place.path); err != nil {
		return 0, err
	}
	return f.w.Write(p)
}

// create creates the temporary file of an output, in the same folder. The umask
// sets its mode, as for any new file.
func (s *Set) create(o *Output) (*os.File, error) {
	if err := s.fault(opCreate, o.place.path); err != nil {
		return nil, err
	}
	folder, base := filepath.Split(o.place.path)
	f, err := scratch.CreateIn(folder, plainName(base), 0o666)
	if err == nil {
		o.temporary = f.Name()
	}
	return f, err
}

// publish renames the temporary file of an output to its name.
func (s *Set) publish(o *Output, files []*Output) error {
	// It may have become something else since Begin.
	info, err := os.Lstat(o.place.path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return errors.New("it has become a folder, a link or a device during the run")
	case err == nil:
		// Two names can be one file in ways that nobody foresaw.
		for _, other := range files {
			if other.renamed && os.SameFile(other.place.info, info) {
				return fmt.Errorf("it is the same file as %s", other.what)
			}
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := s.fault(opRename, o.place.path); err != nil {
		return err
	}
	if err := os.Rename(o.temporary, o.place.path); err != nil {
		return err
	}
	o.renamed = true
	scratch.Forget(o.temporary)
	o.temporary = ""
	if o.place.info, err = os.Lstat(o.place.path); err != nil {
		return err
	}
	return s.syncFolder(o)
}

// through writes an output to the existing file or device of its name, or to its
// stream.
func (s *Set) through(o *Output) error {
	if o.name == "" {
		return s.toStream(o, o.stream)
	}
	if o.place.descriptor == 1 && s.Stdout != nil {
		return s.toStream(o, s.Stdout)
	}
	f, standard, err := o.place.writer()
	if err != nil {
		return err
	}
	err = s.toStream(o, f)
	if standard {
		return err
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// toStream writes the content to a stream. If that is a file, it is flushed to
// the disk, for some file systems report a full disk no earlier.
func (s *Set) toStream(o *Output, w io.Writer) error {
	if err := s.fill(o, w); err != nil {
		return err
	}
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			if err := f.Sync(); err != nil && !unsupported(err) {
				return err
			}
		}
	}
	return nil
}

// syncFolder flushes the folder of an output, so that a renamed file keeps its new
// name after a crash. It does nothing where the system cannot flush a folder.
func (s *Set) syncFolder(o *Output) error {
	if err := s.fault(opFolder, o.place.path); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(filepath.Dir(o.place.path))
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil // a folder that may be written to but not listed
		}
		return err
	}
	err = d.Sync()
	if unsupported(err) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// unsupported reports whether an error of flushing says that there is nothing to
// flush, as of a FIFO, or of the folders of some file systems.
func unsupported(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL)
}

// reason returns an error without the call of the operating system and its
// temporary names.
func reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// plainName returns the part of a file's name that its temporary name repeats.
func plainName(base string) string {
	return strings.ToValidUTF8(base[:min(len(base), 64)], "_")
}
