package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

func (c *command) witness() *cobra.Command {
	return c.group("witness", "replay the witnesses of findings", &cobra.Command{
		Use:   "run file...",
		Short: "replay witnesses on a model of a sensor that checks nothing",
		Long: `witness run replays the witnesses in a JSON document: a witness, a finding, or a
whole report of cfcheck check --format json. A witness is complete in itself: it
has a minimised channel file and an event. witness run replays it on a model of
a sensor that checks nothing, and compares the effect with the effect that the
witness states. Exit status 1 means that a different effect, or no effect, was
seen.`,
		Example: `  cfcheck check --fleet 291 --format json --out report.json bad.cf
  cfcheck witness run report.json`,
		Args: onceEach(atLeastOne("JSON document with a witness")),
		RunE: func(_ *cobra.Command, args []string) error { return c.runWitnesses(args) },
	})
}

func (c *command) runWitnesses(names []string) error {
	if err := c.toStandard(names...); err != nil {
		return err
	}
	wrong := false
	for _, name := range names {
		data, err := readDocument(name)
		if err != nil {
			return err
		}
		list, err := witnesses(name, data)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fmt.Errorf("%s: found no witness; cfcheck check --format json writes them into its report", name)
		}
		for _, w := range list {
			says, err := replayed(w)
			if err != nil {
				wrong = true
				says = err.Error()
			}
			if _, err := fmt.Fprintf(c.stdout, "%-11s  build %s: %s\n", w.Class, report.Clean(w.Build), report.Clean(says)); err != nil {
				return err
			}
			if w.Edit != "" {
				if _, err := fmt.Fprintf(c.stdout, "             with %s\n", report.Clean(w.Edit)); err != nil {
					return err
				}
			}
		}
	}
	if wrong {
		return exitError(statusRejected)
	}
	return nil
}

// replayed runs a witness and returns its effect. If the effect differs from the one
// that the witness states, it returns an error.
func replayed(w *interp.Witness) (string, error) {
	if w.Class == interp.WitnessMissing {
		return w.Reason, nil
	}
	happens, err := w.Run()
	if err != nil {
		return "", err
	}
	if w.Happens != "" && happens != w.Happens {
		return "", fmt.Errorf("%s; the witness says: %s", happens, w.Happens)
	}
	return happens, nil
}

// witnessSchemas is the prefix of the schema names of witnesses, in all versions.
const witnessSchemas = "cfcheck.witness"

// witnesses returns the witnesses anywhere in a document. Keys of objects are visited
// in sorted order.
func witnesses(name string, data []byte) ([]*interp.Witness, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var document any
	if err := d.Decode(&document); err != nil {
		where := ""
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			where = fmt.Sprintf(" at byte %d", syntax.Offset)
		}
		return nil, fmt.Errorf("%s: not JSON%s; name a JSON report of cfcheck check, or a witness", name, where)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%s: found more data after the JSON document; put each document into its own file", name)
	}
	var list []*interp.Witness
	var errs []error
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				look(e)
			}
		case map[string]any:
			if v["schema"] == sensor.WitnessSchema {
				text, err := json.Marshal(v)
				if err == nil {
					var w *interp.Witness
					if w, err = interp.ReadWitness(name, text); err == nil {
						list = append(list, w)
					}
				}
				errs = append(errs, err)
				return
			}
			if schema, ok := v["schema"].(string); ok && strings.HasPrefix(schema, witnessSchemas) {
				errs = append(errs, fmt.Errorf("%s: found a witness of the schema %q; expected %q", name, schema, sensor.WitnessSchema))
				return
			}
			keys := make([]string, 0, len(v))
			for key := range v {
				keys = append(keys, key)
			}
			slices.Sort(keys)
			for _, key := range keys {
				look(v[key])
			}
		}
	}
	look(document)
	return list, errors.Join(errs...)
}
