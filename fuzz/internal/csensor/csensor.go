// Package csensor runs a content interpreter in C that checks nothing. It is compiled with
// AddressSanitizer and runs as a separate process. A file that the gate accepts must not make
// it read out of bounds. Its source, in src, is an independent implementation of
// sensor/interp/INTERPRETER.md; this package compiles it and talks to it.
package csensor

import (
	"bufio"
	"bytes"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

//go:embed src
var source embed.FS

// ErrNoCompiler says that the sensor cannot be built on this machine.
var ErrNoCompiler = errors.New("no gcc with AddressSanitizer: install gcc and its libasan (Debian: apt-get install gcc libc6-dev)")

// flags are the compiler flags for a build that reports each read outside an object.
var flags = []string{"-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"}

// Unpack writes the source of the sensor to a folder.
func Unpack(folder string) error {
	src, err := fs.Sub(source, "src")
	if err != nil {
		return err
	}
	return os.CopyFS(folder, src)
}

// Compile compiles files of a folder to a program in the folder, with additional options for
// gcc. The error wraps [ErrNoCompiler] or has the output of gcc.
func Compile(folder, program string, files []string, options ...string) (path string, err error) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoCompiler, err)
	}
	path = filepath.Join(folder, program)
	args := append(append(append([]string{}, flags...), options...), "-o", path)
	cmd := exec.Command(gcc, append(args, files...)...)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte("-lasan")) || bytes.Contains(out, []byte("-lubsan")) {
			return "", fmt.Errorf("%w: %s", ErrNoCompiler, out)
		}
		return "", fmt.Errorf("gcc: %w: %s", err, out)
	}
	return path, nil
}

// Build compiles the sensor in a folder and returns its path.
func Build(folder string) (string, error) {
	if err := Unpack(folder); err != nil {
		return "", err
	}
	return Compile(folder, "csensor", []string{"main.c", "sensor.c"})
}

// A Sensor is a running process. After an error it can only be closed.
type Sensor struct {
	cmd    *exec.Cmd
	in     *bufio.Writer
	pipe   io.Closer
	out    *bufio.Reader
	stderr bytes.Buffer
}

// A Fault is an error that the sanitizer reported.
type Fault struct{ Report string }

func (f *Fault) Error() string {
	line, _, _ := bytes.Cut(bytes.TrimLeft([]byte(f.Report), "=\n"), []byte("\n"))
	return string(line)
}

// Start runs a program that Build made.
func Start(path string) (*Sensor, error) {
	s := &Sensor{cmd: exec.Command(path)}
	s.cmd.Stderr = &s.stderr
	s.cmd.Env = append(os.Environ(), "ASAN_OPTIONS=detect_leaks=0:abort_on_error=0:allocator_may_return_null=1")
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.in, s.pipe, s.out = bufio.NewWriterSize(in, 1<<16), in, bufio.NewReaderSize(out, 1<<16)
	return s, nil
}

// Kill ends the process, whatever it does. A program calls it before it exits, because a
// sensor in a loop does not notice that its parent is gone.
func (s *Sensor) Kill() { _ = s.cmd.Process.Kill() } // the process may be gone already

// Close ends the process. It returns a [*Fault] if the process died of one.
func (s *Sensor) Close() error {
	err := errors.Join(s.in.Flush(), s.pipe.Close())
	if wait := s.cmd.Wait(); wait != nil || err != nil {
		if s.stderr.Len() > 0 {
			return &Fault{s.stderr.String()}
		}
		return errors.Join(wait, err)
	}
	return nil
}

// put writes a number. Flush returns its errors.
func (s *Sensor) put(n uint32) { _ = binary.Write(s.in, binary.LittleEndian, n) }

// Load passes a file to the sensor, with the types of the inputs of its template type.
func (s *Sensor) Load(file []byte, types []sensor.InputType) error {
	s.in.WriteByte('T')
	s.put(uint32(len(types)))
	for _, t := range types {
		s.in.WriteByte(byte(t))
	}
	s.in.WriteByte('F')
	s.put(uint32(len(file)))
	s.in.Write(file)
	return s.in.Flush()
}

// Run evaluates an event with the inputs that a build supplies, by index.
func (s *Sensor) Run(e interp.Event) (*interp.Trace, error) {
	s.in.WriteByte('E')
	s.event(e)
	return s.trace()
}

// A Slot describes the values that a build passes for an input.
type Slot struct {
	Type   sensor.InputType // 0 means that the build does not pass the input
	Absent bool             // an input that is not passed is absent; false: never written
	Drops  bool             // the build drops the input from events with an odd turn
	Most   int              // length in bytes to which a string is cut
	Other  interp.Value     // in place of a value of another type
	Values []interp.Value   // of a constant input
}

// Supply sets the slots of a build, by input, for RunRecorded.
func (s *Sensor) Supply(slots []Slot) {
	s.in.WriteByte('S')
	s.put(uint32(len(slots)))
	for i := range slots {
		slot := &slots[i]
		passed := byte(2)
		switch {
		case slot.Type == 0 && slot.Absent:
			passed = 1
		case slot.Type == 0:
			passed = 0
		}
		drops := byte(0)
		if slot.Drops {
			drops = 1
		}
		s.in.Write([]byte{passed, byte(slot.Type), drops})
		s.put(uint32(slot.Most))
		s.value(&slot.Other)
		s.event(slot.Values)
	}
}

// RunRecorded evaluates an event as a source records it. The sensor makes the inputs from it
// that the build passes, see Supply: it cuts strings, replaces the values of constant inputs,
// and leaves inputs out. Turn selects the value of a constant input.
func (s *Sensor) RunRecorded(e interp.Event, turn uint32) (*interp.Trace, error) {
	s.in.WriteByte('R')
	s.put(turn)
	s.event(e)
	return s.trace()
}

func (s *Sensor) event(e interp.Event) {
	s.put(uint32(len(e)))
	for i := range e {
		s.value(&e[i])
	}
}

func (s *Sensor) value(v *interp.Value) {
	s.in.WriteByte(byte(v.Type))
	switch v.Type {
	case sensor.TypeString:
		s.put(uint32(len(v.Text)))
		s.in.Write(v.Text)
	case sensor.TypeAddress:
		s.put(16)
		s.in.Write(v.Address[:])
	case sensor.TypeInteger:
		_ = binary.Write(s.in, binary.LittleEndian, v.Integer) // Flush returns its errors
	}
}

// trace reads the result of an event.
func (s *Sensor) trace() (*interp.Trace, error) {
	err := s.in.Flush()
	t := new(interp.Trace)
	if err == nil {
		err = binary.Read(s.out, binary.LittleEndian, &t.Operations)
	}
	if err == nil {
		t.Reads, err = s.list()
	}
	if err == nil {
		t.Matched, err = s.list()
	}
	if err != nil {
		return nil, errors.Join(s.Close(), err)
	}
	return t, nil
}

func (s *Sensor) list() ([]int, error) {
	var n uint32
	if err := binary.Read(s.out, binary.LittleEndian, &n); err != nil {
		return nil, err
	}
	var list []int
	for range n {
		var i uint32
		if err := binary.Read(s.out, binary.LittleEndian, &i); err != nil {
			return nil, err
		}
		list = append(list, int(i))
	}
	return list, nil
}
