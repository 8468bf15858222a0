package file

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "C-00000291-00000001-00000001.cf")
	want := []byte("what is in the file")
	if err := os.WriteFile(name, want, 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := Read(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(s.Data, want) || s.Size != int64(len(want)) || s.Name != name || s.Base != filepath.Base(name) ||
		s.Kind != validate.KindChannelFile || !s.Mode.IsRegular() || s.Refused || s.TooBig {
		t.Errorf("%+v", s)
	}
	if cap(s.Data) != len(s.Data) {
		t.Errorf("room for %d bytes after %d: an append could write there", cap(s.Data), len(s.Data))
	}
	if _, err := Read(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	s, err = Read(dir)
	if err != nil || !s.Refused || s.Data != nil {
		t.Errorf("a directory: %+v, %v", s, err)
	}
}

// ReadFS gives the same subjects as Read.
func TestReadFS(t *testing.T) {
	dir := t.TempDir()
	limit := int64(channelfile.MaxFileSize)
	for name, size := range map[string]int64{"file.cf": 100, "empty.cf": 0, "largest.cf": limit, "large.cf": limit + 1} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, nil, 0o644), os.Truncate(path, size)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"file.cf", "empty.cf", "largest.cf", "large.cf", ".", "missing.cf"} {
		if name == "largest.cf" && !longtest.Enabled() {
			continue // it takes 2 GiB of memory, and seconds to write them
		}
		want, wantErr := Read(filepath.Join(dir, name))
		got, err := ReadFS(os.DirFS(dir), name)
		if errors.Is(err, fs.ErrNotExist) != errors.Is(wantErr, fs.ErrNotExist) || (got == nil) != (want == nil) {
			t.Errorf("%s: %v, expected %v", name, err, wantErr)
			continue
		}
		if got == nil {
			continue
		}
		if got.Name != name {
			t.Errorf("the name is %q, expected %q", got.Name, name)
		}
		if !bytes.Equal(got.Data, want.Data) || got.Size != want.Size || got.Mode != want.Mode || got.TooBig != want.TooBig || got.Refused != want.Refused {
			t.Errorf("%s: the subject is another than that of Read", name)
		}
	}
	broken := brokenFS{errors.New("the archive is damaged")}
	if s, err := ReadFS(broken, "a.cf"); s != nil || !errors.Is(err, broken.err) {
		t.Errorf("a broken file system: %v, %v", s, err)
	}
}

// A brokenFS opens nothing.
type brokenFS struct{ err error }

func (b brokenFS) Open(string) (fs.File, error) { return nil, b.err }

// A file that becomes another kind of file, or grows, while it is read is judged by what it is then.
func TestReadFSOfChangingFile(t *testing.T) {
	damaged := errors.New("the archive is damaged")
	for _, tt := range []struct {
		why     string
		file    changingFile
		err     error
		refused bool
		data    string
	}{
		{"a file that stays", changingFile{data: "abc"}, nil, false, "abc"},
		{"a file of no stated size is read to its end", changingFile{data: "abcdef", size: -3}, nil, false, "abcdef"},
		{"a folder took its place", changingFile{data: "abc", then: fs.ModeDir}, nil, true, ""},
		{"the kind is not known", changingFile{data: "abc", statErr: damaged}, damaged, false, ""},
		{"its bytes cannot be read", changingFile{data: "abc", readErr: damaged}, damaged, false, ""},
		{"it was no file from the start", changingFile{data: "abc", mode: fs.ModeNamedPipe, readErr: damaged}, nil, true, ""},
	} {
		s, err := ReadFS(changingFS{&tt.file}, "a.cf")
		if !errors.Is(err, tt.err) || (s == nil) != (tt.err != nil) {
			t.Errorf("%v, expected %v: %s", err, tt.err, tt.why)
			continue
		}
		if s != nil && (s.Refused != tt.refused || string(s.Data) != tt.data || !tt.refused && s.Size != int64(len(tt.data))) {
			t.Errorf("refused %v, %q of %d bytes; expected refused %v, %q: %s", s.Refused, s.Data, s.Size, tt.refused, tt.data, tt.why)
		}
	}
}

// A changingFS has one file.
type changingFS struct{ file *changingFile }

func (f changingFS) Open(string) (fs.File, error)     { return f.file, nil }
func (f changingFS) Stat(string) (fs.FileInfo, error) { return changingInfo{f.file.mode, f.file}, nil }

// A changingFile has one kind when its file system is asked, and another when it is open.
type changingFile struct {
	data             string
	size             int // that it states, less its length
	mode, then       fs.FileMode
	statErr, readErr error
	at               int
}

func (f *changingFile) Stat() (fs.FileInfo, error) { return changingInfo{f.then, f}, f.statErr }
func (f *changingFile) Close() error               { return nil }
func (f *changingFile) Read(b []byte) (int, error) {
	if f.readErr != nil {
		return 0, f.readErr
	}
	n := copy(b, f.data[f.at:])
	if f.at += n; n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

type changingInfo struct {
	mode fs.FileMode
	file *changingFile
}

func (i changingInfo) Name() string       { return "a.cf" }
func (i changingInfo) Size() int64        { return int64(len(i.file.data) + i.file.size) }
func (i changingInfo) Mode() fs.FileMode  { return i.mode }
func (i changingInfo) ModTime() time.Time { return time.Time{} }
func (i changingInfo) IsDir() bool        { return i.mode.IsDir() }
func (i changingInfo) Sys() any           { return nil }

func TestHasMagic(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"update": "\x89CFC\r\n\x1a\nand more", "cut": "\x89CFC", "text": "some text that is longer than the magic", "empty": ""} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := HasMagic(file); err != nil || got != strings.HasPrefix(content, "\x89CFC") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := HasMagic(dir); err != nil || got {
		t.Errorf("a directory: %v, %v", got, err)
	}
	if _, err := HasMagic(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// TestReadAll holds that a file is read to its end, whatever size it was said
// to have, and never beyond the limit.
func TestReadAll(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name   string
		reader io.Reader
		size   int64
		want   string
		err    error
		why    string
	}{
		{"as said", strings.NewReader("12345"), 5, "12345", nil, "the good case"},
		{"grown", strings.NewReader("1234567890"), 5, "1234567890", nil, "a file can grow between the look and the read"},
		{"shrunk", strings.NewReader("123"), 5, "123", nil, "or shrink"},
		{"said to be empty", strings.NewReader("12345"), 0, "12345", nil, "as files of /proc are"},
		{"empty", strings.NewReader(""), 0, "", nil, "CF0003 says so"},
		{"byte by byte", iotest.OneByteReader(strings.NewReader("12345")), 5, "12345", nil, "a read may return less than asked"},
		{"end with the last bytes", iotest.DataErrReader(strings.NewReader("12345")), 5, "12345", nil, "a read may return both"},
		{"at the limit", strings.NewReader(strings.Repeat("x", 100)), 5, strings.Repeat("x", 100), nil, "the limit is allowed"},
		{"over the limit", strings.NewReader(strings.Repeat("x", 101)), 5, "", errTooBig, "one byte more is not"},
		{"without end", endless{}, 5, "", errTooBig, "reading stops although the file grows without end"},
		{"broken", io.MultiReader(strings.NewReader("123"), iotest.ErrReader(broken)), 5, "", broken, "half a file is none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readAll(tt.reader, tt.size, 100)
			if !errors.Is(err, tt.err) || string(got) != tt.want {
				t.Errorf("%q, %v; expected %q, %v: %s", got, err, tt.want, tt.err, tt.why)
			}
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestKind(t *testing.T) {
	for _, tt := range []struct {
		mode fs.FileMode
		want string
	}{
		{fs.ModeDir, "a directory"},
		{fs.ModeNamedPipe, "a FIFO"},
		{fs.ModeSocket, "a socket"},
		{fs.ModeDevice, "a device"},
		{fs.ModeDevice | fs.ModeCharDevice, "a device"},
		{fs.ModeIrregular, "not a regular file (?---------)"},
	} {
		if got := kind(tt.mode); got != tt.want {
			t.Errorf("%v: %q, expected %q", tt.mode, got, tt.want)
		}
	}
}

// content returns the smallest channel file of the header.
func content(t *testing.T, h channelfile.Header) []byte {
	t.Helper()
	return testkit.Encode(t, h, channelfile.Prefix(0, "a"))
}

// TestMessages holds what the family says, to the letter.
func TestMessages(t *testing.T) {
	good := content(t, channelfile.Header{Channel: 291, Revision: 7, Type: 1, TypeVersion: 2, InputsDeclared: 1})
	bytesOf := func(data []byte) *validate.Subject { return validate.ChannelFile("", data) }
	tests := []struct {
		name    string
		subject *validate.Subject
		want    []string
		why     string
	}{
		{"directory", &validate.Subject{Refused: true, Mode: fs.ModeDir}, []string{
			"CF0001 file: a directory: a channel file is a regular file; name the channel file itself"}, "nothing else is looked at"},
		{"too big", &validate.Subject{TooBig: true, Size: 1 << 40}, []string{
			"CF0002 file: the file has 1099511627776 bytes; the format allows at most 1073741824 (0x40000000); split the content over several files, or find out what filled this one"}, "nothing was read"},
		{"empty", bytesOf(nil), []string{"CF0003 file: the file is empty: 0 bytes; take the file from its source again"}, "nor is it filled with one byte"},
		{"zeros", bytesOf(make([]byte, 4096)), []string{
			"CF0004 file: all 4096 bytes are 0x00 (0); take the file from its source again; the content was lost on its way"}, "what July 2024 left"},
		{"eight", bytesOf(bytes.Repeat([]byte{0xAA}, 8)), []string{
			"CF0004 file: all 8 bytes are 0xaa (170); take the file from its source again; the content was lost on its way"}, "the least that is a pattern"},
		{"seven", bytesOf(bytes.Repeat([]byte{0xAA}, 7)), nil, "too little to say; it is no channel file, which CF1002 says"},
		{"another last byte", bytesOf(append(make([]byte, 4095), 1)), nil, "that is no filling"},
		{"name", validate.ChannelFile("C-00000291-00000002-00000007.cf", good), nil, "as the header says"},
		{"no name", bytesOf(good), nil, "what has no name has no wrong one"},
		{"another revision", validate.ChannelFile("out/C-00000291-00000002-00000008.cf", good), []string{
			`CF0005 file.name: "C-00000291-00000002-00000008.cf" says channel 291, type version 2, revision 8; the header says 291, 2, 7; ` +
				`rename the file to C-00000291-00000002-00000007.cf, or find out which content it really has`}, "all three numbers are said, for people compare"},
		{"another channel", validate.ChannelFile("C-00000292-00000002-00000007.cf", good), []string{
			`CF0005 file.name: "C-00000292-00000002-00000007.cf" says channel 292, type version 2, revision 7; the header says 291, 2, 7; ` +
				`rename the file to C-00000291-00000002-00000007.cf, or find out which content it really has`}, "the channel counts"},
		{"another version", validate.ChannelFile("C-00000291-00000001-00000007.cf", good), []string{
			`CF0005 file.name: "C-00000291-00000001-00000007.cf" says channel 291, type version 1, revision 7; the header says 291, 2, 7; ` +
				`rename the file to C-00000291-00000002-00000007.cf, or find out which content it really has`}, "the version counts"},
		{"a name of its own", validate.ChannelFile("pipes.cf", good), []string{
			`CF0006 file.name: "pipes.cf" is not the name of a channel file; for this one it is C-00000291-00000002-00000007.cf; rename the file before it ships`}, "it works, but no tool finds it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := validate.Run(tt.subject, validate.Options{Checks: Checks, Definitions: builtin.Definitions()})
			var got []string
			for _, f := range r.Findings {
				got = append(got, f.Check.ID+" "+f.Where.Path+": "+f.Message+"; "+f.Fix)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-expected +found):\n%s", tt.why, diff)
			}
		})
	}
}
