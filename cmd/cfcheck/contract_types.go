package main

import (
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/sensor"
)

func (c *command) contractTypes() *cobra.Command {
	var j judging
	var only []string
	var out string
	cmd := &cobra.Command{
		Use:   "types [flags]",
		Short: "print the definitions of template types",
		Long: `contract types prints the definitions of the built-in template types and of the
types that --types adds. A definition has the inputs of the type, and the fields
of each feed with the version of the sensor that introduced them. The output is
a document that --types reads.`,
		Example: `  cfcheck contract types --type process_creation`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			s := c.outputs()
			j.reads(s)
			document := c.orStandard(s, "the definitions", "-o", out)
			if err := s.Begin(); err != nil {
				return err
			}
			all, err := j.definitions()
			if err != nil {
				return err
			}
			if len(only) > 0 {
				if all, err = definitionsOf(all, only); err != nil {
					return err
				}
			}
			data, err := all.JSON()
			if err != nil {
				return err
			}
			document.Write(func(w io.Writer) error {
				_, err := w.Write(data)
				return err
			})
			return s.Commit()
		},
	}
	cmd.Flags().StringArrayVar(&only, "type", nil, "print only the template type of this `name`; repeat the flag for further types (default: all known types)")
	cmd.Flags().StringVarP(&out, "out", "o", "", "write the definitions to a `file` (default: the standard output)")
	j.addTypes(cmd)
	return cmd
}

// definitionsOf returns all versions of the named template types. Each name must be
// known.
func definitionsOf(all *sensor.Definitions, names []string) (*sensor.Definitions, error) {
	some := new(sensor.Definitions)
	for d := range all.All() {
		if slices.Contains(names, d.Name) {
			if err := some.Add(d); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range names {
		if some.Newest(name) == nil {
			return nil, unknownType(name, all)
		}
	}
	return some, nil
}
