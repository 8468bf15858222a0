// Package file reads channel files safely, and holds the checks of family CF0:
// can this be read at all?
package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// Checks are the checks of family CF0, in the order of their IDs. Do not change the list.
var Checks = []*validate.Check{
	regularFile,
	sizeCap,
	notEmpty,
	notFilled,
	fileName,
	canonicalName,
	ruleWellFormed,
	namedByManifest,
	digestOfManifest,
	searchesUsed,
	metadataSpelled,
	quantifierOfSeveral,
}

// Read returns the named file as a subject. It reads only regular files, and no more
// than [channelfile.MaxFileSize] bytes. For a FIFO, a device, a directory or a larger
// file the subject has no data, and the checks of this package report the reason.
//
// Read reads the file once, into memory. It does not map the file, because a mapped
// file can change or shrink while it is judged.
//
// An error means that the operating system could not read the file, so no verdict
// is possible.
//
//mutation:missed: the tests of validate/file detect it
func Read(name string) (*validate.Subject, error) {
	s := validate.ChannelFile(name, nil)
	f, info, err := open(name, func(info os.FileInfo) bool { return refuse(s, info) })
	if err != nil {
		return nil, err
	}
	if f == nil {
		return s, nil
	}
	defer f.Close()
	return read(s, f, info)
}

// ReadFS is [Read] for a file of a file system, such as an embedded one or an
// archive. If a file of an [os.DirFS] becomes a FIFO while ReadFS opens it, ReadFS
// waits for a writer; Read does not.
func ReadFS(fsys fs.FS, name string) (*validate.Subject, error) {
	s := validate.ChannelFile(name, nil)
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if refuse(s, info) {
		return s, nil
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	if refuse(s, info) {
		return s, nil
	}
	return read(s, f, info)
}

// read reads the data of a subject from its open file.
func read(s *validate.Subject, f io.Reader, info fs.FileInfo) (_ *validate.Subject, err error) {
	s.Data, err = readAll(f, info.Size(), channelfile.MaxFileSize)
	//mutation:missed: it takes a file that grows to 1 GiB while it is read; TestReadAll has less
	if errors.Is(err, errTooBig) {
		s.Data, s.TooBig = nil, true
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", s.Name, err)
	}
	s.Size = int64(len(s.Data)) //mutation:missed width: TestReadFS detects it in its long form
	return s, nil
}

// HasMagic reports whether the named file begins as a channel file does, whatever
// its name; see [channelfile.HasMagic]. It returns false for everything except
// regular files. It follows symbolic links.
func HasMagic(name string) (bool, error) {
	start, err := peek(name)
	return channelfile.HasMagic(start), err
}

// Sniff is like [HasMagic], and also reports whether the file begins as a manifest
// does, whatever its name.
func Sniff(name string) (magic, manifest bool, err error) {
	start, err := peek(name)
	return channelfile.HasMagic(start), bytes.Contains(start, []byte(manifestMark)), err
}

// peek returns the first bytes of a regular file, and nil for any other file.
//
//mutation:missed: the tests of validate/file detect it
func peek(name string) ([]byte, error) {
	f, _, err := open(name, func(info os.FileInfo) bool { return !info.Mode().IsRegular() })
	if f == nil {
		return nil, err
	}
	defer f.Close()
	start := make([]byte, max(channelfile.MagicPeek, manifestPeek))
	n, err := io.ReadFull(f, start)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	return start[:n], nil
}

// open opens a file for reading. If refuse returns true, open returns nil and no
// error.
//
//mutation:missed: the tests of validate/file detect it
func open(name string, refuse func(os.FileInfo) bool) (*os.File, os.FileInfo, error) {
	// Only a regular file is opened: opening a FIFO waits for a writer, and opening a
	// device may have an effect.
	info, err := os.Stat(name)
	if err != nil || refuse(info) {
		return nil, nil, err
	}
	// The file may have been replaced in the meantime. With nonblock, opening a FIFO
	// does not wait.
	f, err := os.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, nil, err
	}
	if info, err = f.Stat(); err != nil || refuse(info) {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// refuse records the kind and size of the file in the subject, and reports whether
// its bytes must not be read.
//
//mutation:missed: the tests of validate/file detect it
func refuse(s *validate.Subject, info os.FileInfo) bool {
	s.Mode, s.Size = info.Mode(), info.Size()
	s.Refused = !info.Mode().IsRegular()
	s.TooBig = !s.Refused && info.Size() > channelfile.MaxFileSize
	return s.Refused || s.TooBig
}

var errTooBig = errors.New("larger than the format allows")

// readAll reads all bytes into a buffer of the stated size, which grows only if
// there are more. It returns errTooBig beyond the limit, so a file that keeps growing
// does not stop it from returning.
//
//mutation:missed: the tests of validate/file detect it
func readAll(r io.Reader, size int64, limit int) ([]byte, error) {
	buf := make([]byte, 0, size+1)
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case err == io.EOF:
			return buf[:len(buf):len(buf)], nil
		case err != nil:
			return nil, err
		case len(buf) > limit:
			return nil, errTooBig
		case len(buf) == cap(buf):
			buf = append(buf, 0)[:len(buf)]
		}
	}
}
