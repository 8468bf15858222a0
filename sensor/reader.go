package sensor

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/strictjson"
)

// OwnReader returns the reader part of the contract of a sensor that runs this
// package's [interp.Interpreter]: it finds inputs by name, has every operator and reads
// whatever the format allows. No budget is stated.
func OwnReader() Reader {
	return Reader{
		Evidence:               EvidenceExtracted,
		Access:                 AccessNamed,
		Formats:                []string{channelfile.Version},
		Operators:              channelfile.Operators(),
		RefusesUnknownVersions: true,
		Limits: Limits{
			FileSize:             channelfile.MaxFileSize,
			WordsPerInstance:     channelfile.MaxWords,
			OperandsPerCriterion: channelfile.MaxOperands,
			ValueLength:          channelfile.MaxValueLength,
		},
	}
}

// ReadReader reads a document with the reader part of a contract, for those
// that are taken from events, which do not tell it. Its error, if any, is a
// [*JSONError]; name is that of the file, for errors only.
func ReadReader(name string, data []byte) (Reader, error) {
	var v Reader
	err := readJSON(name, data, func(r *reader) {
		for key := range r.Object(readerDocumentKeys) {
			switch key {
			case "schema":
				r.Enum(ReaderSchema)
			case "reader":
				v = r.contractReader()
			}
		}
	})
	if err != nil {
		return Reader{}, err
	}
	return v, nil
}

var readerDocumentKeys = strictjson.Keys{Required: []string{"schema", "reader"}}

// JSON returns the reader as a document that [ReadReader] reads. The same
// reader gives the same bytes.
func (v *Reader) JSON() ([]byte, error) {
	return writeJSON("reader", func(w *writer) {
		w.Object(func() {
			w.Text("schema", ReaderSchema)
			w.Key("reader")
			w.contractReader(v)
		})
	}, func(name string, data []byte) error {
		_, err := ReadReader(name, data)
		return err
	})
}
