package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/replay"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// maxInPipeline is the maximum size of the content in a pipeline, in bytes. Dataflow takes a
// pipeline of at most 10 MB, in which the content is base64.
const maxInPipeline = 4 << 20

// A bundle has all that a worker needs, as a gob.
type bundle struct {
	Types, Files []document
	Previous     []document // files of an earlier release; nil without one
	Examples     int
}

type document struct {
	Name string
	Data []byte
}

// readBundle reads channel files and definitions.
func readBundle(ctx context.Context, files, types []string, examples int) (*bundle, error) {
	b := &bundle{Examples: examples}
	for _, l := range []struct {
		to    *[]document
		names []string
	}{{&b.Files, files}, {&b.Types, types}} {
		for _, name := range l.names {
			data, err := readFile(ctx, name)
			if err != nil {
				return nil, err
			}
			*l.to = append(*l.to, document{name, data})
		}
	}
	return b, nil
}

// readPrevious adds the channel files in a folder, which is an earlier release.
func (b *bundle) readPrevious(ctx context.Context, folder string) error {
	names, err := filepath.Glob(filepath.Join(folder, "*.cf"))
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("-previous: %s: the folder has no channel file (.cf)", folder)
	}
	for _, name := range names {
		data, err := readFile(ctx, name)
		if err != nil {
			return fmt.Errorf("-previous: %w", err)
		}
		b.Previous = append(b.Previous, document{name, data})
	}
	return nil
}

// A content is a bundle that is ready to run.
type content struct {
	content, previous []replay.Content
	plan              *replay.Plan
}

func (b *bundle) open() (*content, error) {
	defs := builtin.Definitions()
	for _, t := range b.Types {
		more, err := sensor.ReadDefinitions(t.Name, t.Data)
		if err != nil {
			return nil, err
		}
		for d := range more.All() {
			if err := defs.Add(d); err != nil {
				return nil, fmt.Errorf("%s: %w", t.Name, err)
			}
		}
	}
	c := new(content)
	var err error
	if c.content, err = parse(defs, b.Files); err != nil {
		return nil, err
	}
	if c.previous, err = parse(defs, b.Previous); err != nil {
		return nil, fmt.Errorf("-previous: %w", err)
	}
	// In the order of cfcheck replay.
	slices.SortStableFunc(c.previous, func(x, y replay.Content) int { return cmp.Compare(x.File.Header.Channel, y.File.Header.Channel) })
	for i := 1; i < len(c.previous); i++ {
		if x, y := &c.previous[i-1], &c.previous[i]; x.File.Header.Channel == y.File.Header.Channel && x.Definition == y.Definition {
			return nil, fmt.Errorf("-previous: found two files of channel %d and type %s version %d; keep the one that shipped last", x.File.Header.Channel, x.Definition.Name, x.Definition.Version)
		}
	}
	c.plan, err = replay.NewPlan(defs, c.content, replay.Options{Examples: b.Examples, Previous: c.previous})
	return c, err
}

// parse parses channel files.
func parse(defs *sensor.Definitions, files []document) (list []replay.Content, err error) {
	for _, file := range files {
		f, err := channelfile.Parse(file.Data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
		d := defs.ByNumber(f.Header.Type, f.Header.TypeVersion)
		if d == nil {
			return nil, fmt.Errorf("%s: no definition has template type %d version %d; name a file that has it with -types", file.Name, f.Header.Type, f.Header.TypeVersion)
		}
		list = append(list, replay.Content{File: f, Definition: d})
	}
	return list, nil
}

// forWorkers returns the step that runs the bundle. A bundle that is too large for the pipeline is
// written to a file in the folder staging.
func (b *bundle) forWorkers(ctx context.Context, staging string) (*replayFn, error) {
	var data bytes.Buffer
	if err := gob.NewEncoder(&data).Encode(b); err != nil {
		return nil, err
	}
	if data.Len() <= maxInPipeline {
		return &replayFn{Content: data.Bytes()}, nil
	}
	if staging == "" {
		return nil, fmt.Errorf("the content has %d bytes, and a pipeline carries at most %d: name a folder that the workers can read with -staging", data.Len(), maxInPipeline)
	}
	digest := sha256.Sum256(data.Bytes())
	name := strings.TrimSuffix(staging, "/") + "/cfcheck-" + hex.EncodeToString(digest[:8])
	return &replayFn{ContentAt: name}, writeFile(ctx, name, data.Bytes())
}

// once has the bundles that this process opened, by their digest. A worker has an instance of a
// step for each core, and they share the index.
var once struct {
	sync.Mutex
	opened map[[sha256.Size]byte]*content
}

func openOnce(data []byte) (*content, error) {
	digest := sha256.Sum256(data)
	once.Lock()
	defer once.Unlock()
	if c := once.opened[digest]; c != nil {
		return c, nil
	}
	b := new(bundle)
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(b); err != nil {
		return nil, fmt.Errorf("the content in the pipeline: %w", err)
	}
	c, err := b.open()
	if err != nil {
		return nil, err
	}
	if once.opened == nil {
		once.opened = map[[sha256.Size]byte]*content{}
	}
	once.opened[digest] = c
	return c, nil
}
