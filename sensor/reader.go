package sensor

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/strictjson"
)

// OwnReader returns the reader part of the contract of a sensor that runs package sensor/interp.
// The interpreter finds inputs by name, has every operator, and reads every file that the format
// allows. The reader has no budget.
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

// ReadReader reads a document with the reader part of a contract. It completes contracts that were
// derived from recorded events, since events do not show how a build reads files. If ReadReader
// fails, the error is a [*JSONError]. The name of the file appears only in errors.
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

// JSON returns the reader as a document that [ReadReader] reads. Equal readers give equal bytes.
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
