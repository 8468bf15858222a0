package corpus

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// VectorsFS holds the vectors of meaning: in the folder vectors, a JSON and a
// channel file for each set. README.md describes them.
//
//go:embed vectors
var VectorsFS embed.FS

// A VectorSet is one channel file and the results of evaluating it against
// events. The file keeps all requirements of the format; the gate rejects it,
// because no definition has its type.
type VectorSet struct {
	Name   string
	Why    string
	Path   string   // path of the file in [VectorsFS]
	Data   []byte   // the file; must not be modified
	Inputs []string // the type of each declared input: string, integer or address
	Events []Vector
}

// A Vector is one event and its result.
type Vector struct {
	Why     string
	Values  []VectorValue // value of each declared input
	Matches []string      // IDs of the matching instances, in the order of the file
	Steps   uint64        // charged by FORMAT.md, section 9
}

// A VectorValue is the value of one input. The zero VectorValue is absent.
type VectorValue struct {
	Type    string // string, integer or address; "" if the value is absent
	Text    []byte
	Integer int64
	Address [16]byte
}

var vectors = sync.OnceValues(func() ([]VectorSet, error) { return LoadVectors(VectorsFS) })

// Vectors returns all sets of vectors, sorted by name. It panics if the embedded
// files are broken. The test of the package excludes that.
func Vectors() []VectorSet {
	all, err := vectors()
	if err != nil {
		panic("corpus: " + err.Error())
	}
	return slices.Clone(all)
}

// vectorSchema is the version of the JSON of a set.
const vectorSchema = "cfcheck.vectors/v0"

// LoadVectors reads the folder vectors of a file system. It fails if there is no
// set or no event, if a key is unknown or missing, or if a channel file does not
// have the digest that its set states.
func LoadVectors(fsys fs.FS) ([]VectorSet, error) {
	names, err := fs.Glob(fsys, "vectors/*.json")
	if err != nil {
		return nil, err
	}
	var all []VectorSet
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		set, err := readVectors(fsys, strings.TrimSuffix(path.Base(name), ".json"), data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, *set)
	}
	if len(all) == 0 {
		return nil, errors.New("the folder vectors has no set of vectors")
	}
	return all, nil
}

func readVectors(fsys fs.FS, name string, data []byte) (*VectorSet, error) {
	var doc struct {
		Schema string   `json:"schema"`
		Why    string   `json:"why"`
		File   string   `json:"file"`
		SHA256 string   `json:"sha256"`
		Inputs []string `json:"inputs"`
		Events []struct {
			Why     string               `json:"why"`
			Values  []*map[string]string `json:"values"`
			Matches []string             `json:"matches"`
			Steps   *uint64              `json:"steps"`
		} `json:"events"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	if doc.Schema != vectorSchema || doc.Why == "" || len(doc.Inputs) == 0 || len(doc.Events) == 0 {
		return nil, fmt.Errorf("schema %q, why %q, %d inputs and %d events; want schema %q and at least one of each", doc.Schema, doc.Why, len(doc.Inputs), len(doc.Events), vectorSchema)
	}
	set := &VectorSet{Name: name, Why: doc.Why, Path: path.Join("vectors", doc.File), Inputs: doc.Inputs}
	var err error
	if set.Data, err = fs.ReadFile(fsys, set.Path); err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(set.Data); hex.EncodeToString(sum[:]) != doc.SHA256 {
		return nil, fmt.Errorf("%s has the SHA-256 %x; want %s", set.Path, sum, doc.SHA256)
	}
	for i, e := range doc.Events {
		if e.Why == "" || e.Matches == nil || e.Steps == nil || len(e.Values) != len(doc.Inputs) {
			return nil, fmt.Errorf("event %d: want why, matches, steps and %d values, and found %d values", i, len(doc.Inputs), len(e.Values))
		}
		v := Vector{Why: e.Why, Matches: e.Matches, Steps: *e.Steps}
		for k, value := range e.Values {
			if value == nil {
				v.Values = append(v.Values, VectorValue{})
				continue
			}
			text, ok := (*value)[doc.Inputs[k]]
			if !ok || len(*value) != 1 {
				return nil, fmt.Errorf("event %d, value %d: want one key, %s", i, k, doc.Inputs[k])
			}
			read, err := readVectorValue(doc.Inputs[k], text)
			if err != nil {
				return nil, fmt.Errorf("event %d, value %d: %w", i, k, err)
			}
			v.Values = append(v.Values, read)
		}
		set.Events = append(set.Events, v)
	}
	return set, nil
}

func readVectorValue(typ, text string) (v VectorValue, err error) {
	v.Type = typ
	switch typ {
	case "string":
		v.Text, err = hex.DecodeString(text)
	case "integer":
		v.Integer, err = strconv.ParseInt(text, 10, 64)
	case "address":
		var b []byte
		if b, err = hex.DecodeString(text); err == nil && len(b) != len(v.Address) {
			err = fmt.Errorf("an address has %d bytes, not %d", len(v.Address), len(b))
		}
		copy(v.Address[:], b)
	default:
		err = fmt.Errorf("unknown type %q; want string, integer or address", typ)
	}
	return v, err
}
