package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/cfcheck/cfcheck/replay"
)

// A part is a replay.Part in a collection.
type part struct{ *replay.Part }

func init() {
	beam.RegisterCoder(reflect.TypeFor[part](), encodePart, decodePart)
	register.DoFn3x1[context.Context, []byte, func(int, string), error](new(listFn))
	register.DoFn3x2[context.Context, int, string, part, error](new(replayFn))
	register.DoFn2x1[context.Context, part, error](new(writeFn))
	register.Function2x1(merge)
	register.Emitter2[int, string]()
}

func encodePart(p part) ([]byte, error) { return p.MarshalBinary() }

func decodePart(data []byte) (part, error) {
	p := part{new(replay.Part)}
	return p, p.UnmarshalBinary(data)
}

// build adds the steps of a replay: list the files, replay each, merge the parts, write the sum.
func build(s beam.Scope, events []string, run *replayFn, result string) {
	files := beam.Reshuffle(s, beam.ParDo(s, &listFn{events}, beam.Impulse(s)))
	sum := beam.Combine(s, merge, beam.ParDo(s, run, files))
	beam.ParDo0(s, &writeFn{result}, sum)
}

// listFn lists the files of events with their numbers, in the order of cfcheck replay.
type listFn struct{ Patterns []string }

func (f *listFn) ProcessElement(ctx context.Context, _ []byte, emit func(int, string)) error {
	names, err := list(ctx, f.Patterns)
	for i, name := range names {
		emit(i, name)
	}
	return err
}

// list returns files, and the files that match patterns, each once. A name that is no file is a
// pattern.
func list(ctx context.Context, patterns []string) (names []string, err error) {
	seen := map[string]bool{}
	for _, pattern := range patterns {
		found := []string{pattern}
		if _, err := os.Lstat(pattern); err != nil && strings.ContainsAny(pattern, "*?[") {
			files, err := filesystem.New(ctx, pattern)
			if err != nil {
				return nil, err
			}
			found, err = files.List(ctx, pattern)
			files.Close()
			if err != nil {
				return nil, fmt.Errorf("-events: %s: %w", pattern, err)
			}
			if len(found) == 0 {
				return nil, fmt.Errorf("-events: no file matches the pattern %s", pattern)
			}
			slices.Sort(found)
		}
		for _, name := range found {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// replayFn replays a file of events. It has the content, or the file with it.
type replayFn struct {
	Content   []byte
	ContentAt string

	plan *replay.Plan
}

func (f *replayFn) Setup(ctx context.Context) error {
	data := f.Content
	if f.ContentAt != "" {
		var err error
		if data, err = readFile(ctx, f.ContentAt); err != nil {
			return err
		}
	}
	c, err := openOnce(data)
	if err == nil {
		f.plan = c.plan
	}
	return err
}

func (f *replayFn) ProcessElement(ctx context.Context, number int, name string) (part, error) {
	var failed error
	p := f.plan.Run(number, replay.Source{Name: name, Open: func() (io.ReadCloser, error) {
		file, err := open(ctx, name)
		if err != nil {
			failed = err
			return nil, err
		}
		return &watched{file, &failed}, nil
	}})
	// A file on this machine that cannot be read is a problem of the result, as in cfcheck replay.
	// An error of the network fails the step, and the runner tries it again.
	if failed != nil && strings.Contains(name, "://") {
		return part{}, failed
	}
	return part{p}, nil
}

// watched notes the error of a file.
type watched struct {
	io.ReadCloser
	err *error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		*w.err = err
	}
	return n, err
}

// merge adds b to a.
func merge(a, b part) part {
	a.Merge(b.Part)
	return a
}

// writeFn writes the sum of all parts to a file.
type writeFn struct{ Name string }

func (f *writeFn) ProcessElement(ctx context.Context, p part) error {
	data, err := p.MarshalBinary()
	if err != nil {
		return err
	}
	return writeFile(ctx, f.Name, data)
}

// open opens a file of any file system. Its errors have the texts of cfcheck replay.
func open(ctx context.Context, name string) (io.ReadCloser, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s: a folder; name the files of events in it", name)
	}
	files, err := filesystem.New(ctx, name)
	if err != nil {
		return nil, err
	}
	file, err := files.OpenRead(ctx, name)
	if err != nil {
		files.Close()
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			err = e.Err
		}
		return nil, fmt.Errorf("%s: cannot be read: %w", name, err)
	}
	return &opened{file, files}, nil
}

// opened is a file that closes its file system too.
type opened struct {
	io.ReadCloser
	files io.Closer
}

func (o *opened) Close() error { return errors.Join(o.ReadCloser.Close(), o.files.Close()) }

func readFile(ctx context.Context, name string) ([]byte, error) {
	file, err := open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

func writeFile(ctx context.Context, name string, data []byte) error {
	files, err := filesystem.New(ctx, name)
	if err != nil {
		return err
	}
	defer files.Close()
	file, err := files.OpenWrite(ctx, name)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}
