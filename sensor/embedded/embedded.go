// Package embedded stores the contract of a sensor build in the binary of the build, and
// finds it there.
//
// [WriteCHeader] writes a C header. A build that includes it carries its contract, with the
// number of elements of the sensor's own array of inputs. So no person has to state that
// number. [Extract] finds the contract in the binary. The binary holds, in little-endian
// order and without padding:
//
//	 0  16 bytes  magic
//	16  u32       length of the text
//	20  u32       number of inputs supplied: the elements of the array
//	24  u32       the complement of that number
//	28  32 bytes  SHA-256 of the text
//	60            text: a fleet document with one build, which supplies all inputs that the
//	              type declares
package embedded

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sensor"
)

const (
	embeddedMagic = "\x89CFC-CONTRACT\r\n\x1a"
	embeddedFixed = 60
)

// MaxSize is the maximum length of the text of an embedded contract, in bytes.
const MaxSize = 1 << 20

// The errors that [Extract] wraps.
var (
	ErrNoContract   = errors.New("no contract is embedded")
	ErrTwoContracts = errors.New("two contracts are embedded")
)

// WriteCHeader writes a C header for a build of a sensor with the reader r. The header
// defines the number of inputs that d declares and their indices. It has a macro that asserts
// at compile time that an array has this number of elements, in C and in C++; a pointer is
// refused. Another macro puts the contract of the build into the binary, with the actual
// number of elements of the array. Two more tie the code of the sensor to the order of the
// inputs.
//
// The binary proves only this number. The statements about the reader keep the evidence of r;
// names, types and lengths of the inputs come from d.
func WriteCHeader(w io.Writer, d *sensor.Definition, r *sensor.Reader) error {
	text, err := embeddedText(d, r)
	if err != nil {
		return err
	}
	name := cName(d.Name)
	upper, lower := strings.ToUpper(name), strings.ToLower(name)
	var b bytes.Buffer
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("/* Template type %s, version %d: the inputs that content may read.", strings.ReplaceAll(d.Name, "*/", "* /"), d.Version)
	p(" * Written by cfcheck contract header. Do not edit: the next run overwrites this file.")
	p(" * For C from C99 and for C++ from C++98.")
	p(" *")
	p(" * CFCHECK_%s_ASSERT(array) stops the compiler unless the array of inputs that the", upper)
	p(" * sensor fills for this type has exactly one element for each declared input.")
	p(" * CFCHECK_%s_EXPORT(array) puts the contract of the build into the binary, with", upper)
	p(" * the actual number of elements of the array; cfcheck contract extract reads it.")
	p(" * Use each macro once, at file scope, where the array is defined. A pointer does not")
	p(" * tell the number of elements: gcc, clang and every C++ compiler refuse it.")
	p(" *")
	p(" * The build proves only this number. Types and lengths come from the definition that the")
	p(" * header is based on, and so does the order, unless the sensor is tied to it:")
	p(" * CFCHECK_%s_EACH(X) calls X(index, NAME, type) for each input, in order, so that", upper)
	p(" * the code that fills the array can be generated from it. An input without its code")
	p(" * then does not compile. CFCHECK_%s_ASSERT_ORDER(PREFIX) stops the compiler unless the", upper)
	p(" * constants PREFIX##NAME of the sensor are the indices of the inputs. */")
	p("#ifndef CFCHECK_%s_%d_H", upper, d.Version)
	p("#define CFCHECK_%s_%d_H", upper, d.Version)
	p("")
	p("#include <stddef.h>")
	p("#include <stdint.h>")
	p("")
	p("#define CFCHECK_%s_TYPE %du", upper, d.Number)
	p("#define CFCHECK_%s_VERSION %du", upper, d.Version)
	p("#define CFCHECK_%s_INPUTS %du", upper, len(d.Inputs))
	p("")
	p("enum cfcheck_%s_input {", lower)
	names := inputNames(d)
	for i, in := range d.Inputs {
		p("\tCFCHECK_%s_%s = %d%s /* %s */", upper, names[i], i, map[bool]string{true: ","}[i < len(d.Inputs)-1], in.Type)
	}
	p("};")
	p("")
	p("#define CFCHECK_%s_EACH(X) \\", upper)
	for i, in := range d.Inputs {
		p("\tX(%d, %s, %s) \\", i, names[i], in.Type)
	}
	p("\t/* the end */")
	p("")
	p("/* The number of elements of an array. The compiler refuses a pointer. */")
	p("#if defined(__cplusplus)")
	p("extern \"C++\" {")
	p("template <class T, size_t N> char (&cfcheck_needs_an_array_not_a_pointer(T (&)[N]))[N];")
	p("}")
	p("#define CFCHECK_%s_COUNT(array) sizeof(cfcheck_needs_an_array_not_a_pointer(array))", upper)
	p("#elif defined(__GNUC__) || defined(__clang__)")
	p("#define CFCHECK_%s_COUNT(array) (sizeof(array) / sizeof((array)[0]) + 0 * sizeof(struct { \\", upper)
	p("\tint needs_an_array_not_a_pointer : 1 - 2 * __builtin_types_compatible_p(__typeof__(array), __typeof__(&(array)[0])); }))")
	p("#else")
	p("#define CFCHECK_%s_COUNT(array) (sizeof(array) / sizeof((array)[0]))", upper)
	p("#endif")
	p("")
	p("#if defined(__cplusplus) && (__cplusplus >= 201103L || defined(_MSVC_LANG) && _MSVC_LANG >= 201103L)")
	p("#define CFCHECK_%s_STATIC(condition, name, text) static_assert(condition, text)", upper)
	p("#elif !defined(__cplusplus) && defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L")
	p("#define CFCHECK_%s_STATIC(condition, name, text) _Static_assert(condition, text)", upper)
	p("#else")
	p("#define CFCHECK_%s_STATIC(condition, name, text) typedef char cfcheck_%s_##name[(condition) ? 1 : -1]", upper, lower)
	p("#endif")
	p("")
	p("#define CFCHECK_%s_ASSERT(array) \\", upper)
	p("\tCFCHECK_%s_STATIC(CFCHECK_%s_COUNT(array) == CFCHECK_%s_INPUTS, declares_%d_inputs_and_the_array_supplies_another_number, \\", upper, upper, upper, len(d.Inputs))
	p("\t\"type %s, version %d, declares %d inputs: the array supplies another number\")", cText(d.Name), d.Version, len(d.Inputs))
	p("")
	p("#define CFCHECK_%s_ASSERT_ORDER(PREFIX) \\", upper)
	for i, in := range d.Inputs {
		end := "; \\"
		if i == len(d.Inputs)-1 {
			end = ""
		}
		p("\tCFCHECK_%s_STATIC((int)PREFIX##%s == %d, index_of_%s_is_%d, \"type %s, version %d: input %s has index %d, and another in the sensor\")%s",
			upper, names[i], i, names[i], i, cText(d.Name), d.Version, cText(in.Name), i, end)
	}
	p("")
	p("struct cfcheck_%s_contract {", lower)
	p("\tuint8_t magic[%d];", len(embeddedMagic))
	p("\tuint32_t length, supplied, turned;")
	p("\tuint8_t digest[%d];", sha256.Size)
	p("\tuint8_t text[%d];", len(text))
	p("};")
	p("")
	p("/* No code refers to the contract, but the linker must keep it. If the compiler has no")
	p(" * attribute for this, link with /INCLUDE:cfcheck_%s_contract, or with -u. The declaration", lower)
	p(" * gives the name to the linker in C++ too, where a constant would be local. */")
	p("#if defined(__cplusplus)")
	p("extern \"C\" {")
	p("#endif")
	p("extern const struct cfcheck_%s_contract cfcheck_%s_contract;", lower, lower)
	p("#if defined(__cplusplus)")
	p("}")
	p("#endif")
	p("#if defined(__has_attribute)")
	p("#if __has_attribute(retain)")
	p("#define CFCHECK_%s_KEEP __attribute__((used, retain))", upper)
	p("#endif")
	p("#endif")
	p("#if !defined(CFCHECK_%s_KEEP) && defined(__GNUC__)", upper)
	p("#define CFCHECK_%s_KEEP __attribute__((used))", upper)
	p("#elif !defined(CFCHECK_%s_KEEP)", upper)
	p("#define CFCHECK_%s_KEEP", upper)
	p("#endif")
	p("")
	p("#define CFCHECK_%s_EXPORT(array) \\", upper)
	p("CFCHECK_%s_KEEP const struct cfcheck_%s_contract cfcheck_%s_contract = { \\", upper, lower, lower)
	digest := sha256.Sum256(text)
	p("\t{%s}, \\", cBytes([]byte(embeddedMagic)))
	p("\t%du, \\", len(text))
	p("\t(uint32_t)CFCHECK_%s_COUNT(array), \\", upper)
	p("\t~(uint32_t)CFCHECK_%s_COUNT(array), \\", upper)
	p("\t{%s}, \\", cBytes(digest[:]))
	b.WriteString("\t{")
	for i := 0; i < len(text); i += 16 {
		line := text[i:min(i+16, len(text))]
		fmt.Fprintf(&b, "%s%s \\\n\t", cBytes(line), map[bool]string{true: ","}[i+16 < len(text)])
	}
	p("} \\")
	p("}")
	p("")
	p("#endif")
	_, err = w.Write(b.Bytes())
	return err
}

// embeddedText returns the text of the contract of a build that supplies all inputs that d
// declares.
func embeddedText(d *sensor.Definition, r *sensor.Reader) ([]byte, error) {
	reader := *r
	if reader.Evidence == 0 {
		reader.Evidence = sensor.EvidenceStated
	}
	supply := sensor.Supply{Type: d.Name, Version: d.Version, Evidence: sensor.EvidenceExtracted}
	for _, in := range d.Inputs {
		supply.Inputs = append(supply.Inputs, sensor.SuppliedInput{Name: in.Name, Type: in.Type, State: sensor.StateSupplied, MaxLength: in.MaxLength})
	}
	f := &sensor.Fleet{Name: "embedded", Contracts: []sensor.Contract{{Build: "embedded", Hosts: 1, Reader: reader, Supplies: []sensor.Supply{supply}}}}
	text, err := f.JSON()
	if err == nil && len(text) > MaxSize {
		err = fmt.Errorf("type %s: its contract has %d bytes of text; at most %d can be embedded", d.Name, len(text), MaxSize)
	}
	return text, err
}

// inputNames returns the names of the inputs of d as parts of C identifiers, each once. The
// names of the header's own macros are taken: types have inputs such as Type and Version.
func inputNames(d *sensor.Definition) []string {
	used := map[string]bool{}
	for _, own := range []string{"TYPE", "VERSION", "INPUTS", "EACH", "COUNT", "STATIC", "ASSERT", "ASSERT_ORDER", "KEEP", "EXPORT"} {
		used[own] = true
	}
	names := make([]string, len(d.Inputs))
	for i, in := range d.Inputs {
		n := strings.ToUpper(cName(in.Name))
		for used[n] {
			n = fmt.Sprintf("%s_%d", n, i)
		}
		used[n] = true
		names[i] = n
	}
	return names
}

// cName returns s as a C identifier.
func cName(s string) string {
	name := strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return r
		}
		return '_'
	}, s)
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

// cText returns s for a place between the quotes of a C string.
func cText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "?", `\?`).Replace(s)
}

func cBytes(data []byte) string {
	var s []string
	for _, c := range data {
		s = append(s, fmt.Sprintf("0x%02x", c))
	}
	return strings.Join(s, ", ")
}

// Extract finds the contract that is embedded in a build, such as an executable, a library or
// a driver. It searches all bytes for the magic and does not use the headers of any file
// format. The caller fills in Build and Hosts.
//
// If the build has contracts for several template types, Extract combines them. Two contracts
// for the same version of a type are an error, and so is a build without a contract. Bytes
// that look like a contract but do not match its digest are a damaged contract, which is an
// error. If the build has a contract, Extract ignores other occurrences of the magic: a tool
// that searches for contracts contains the magic too.
func Extract(name string, data []byte) (*sensor.Contract, error) {
	var found *sensor.Contract
	damaged := -1
	at := map[string]int{} // offset of the contract for each type version
	for from := 0; ; {
		i := bytes.Index(data[from:], []byte(embeddedMagic))
		if i < 0 {
			break
		}
		offset := from + i
		from = offset + 1
		c, ok, err := embeddedAt(name, data[offset:], offset)
		if err != nil {
			return nil, err
		}
		if !ok {
			if looksEmbedded(data[offset:]) {
				return nil, errDamaged(name, offset)
			}
			if damaged < 0 {
				damaged = offset
			}
			continue
		}
		s := &c.Supplies[0]
		key := fmt.Sprintf("version %d of type %s", s.Version, strictjson.Quote(s.Type))
		if first, ok := at[key]; ok {
			return nil, fmt.Errorf("%s: %w for %s: at offset %d (0x%x) and at %d (0x%x); expected one", name, ErrTwoContracts, key, first, first, offset, offset)
		}
		at[key] = offset
		if found == nil {
			found = c
			continue
		}
		if !found.Reader.Equal(&c.Reader) {
			return nil, fmt.Errorf("%s: the contract at offset %d (0x%x), for %s, has another reader than the contract before it; expected the same reader in all contracts of a build",
				name, offset, offset, key)
		}
		found.Supplies = append(found.Supplies, *s)
	}
	switch {
	case found != nil:
		return found, nil
	case damaged >= 0:
		return nil, errDamaged(name, damaged)
	}
	return nil, fmt.Errorf("%s: %w; compile the build with the header that cfcheck contract header writes, and let the linker keep the contract", name, ErrNoContract)
}

func errDamaged(name string, offset int) error {
	return fmt.Errorf("%s: %w: the bytes at offset %d (0x%x) begin like a contract, but are damaged or incomplete", name, ErrNoContract, offset, offset)
}

// looksEmbedded reports whether data, which begins with the magic, looks like a contract when
// its digest is ignored.
func looksEmbedded(data []byte) bool {
	if len(data) < 28 {
		return true // truncated
	}
	le := binary.LittleEndian
	return le.Uint32(data[24:]) == ^le.Uint32(data[20:]) || len(data) > embeddedFixed && data[embeddedFixed] == '{'
}

// embeddedAt reads the contract at the start of data. It returns false if no contract follows
// the magic.
func embeddedAt(name string, data []byte, offset int) (*sensor.Contract, bool, error) {
	le := binary.LittleEndian
	if len(data) < embeddedFixed {
		return nil, false, nil
	}
	length, supplied := le.Uint32(data[16:]), le.Uint32(data[20:])
	if length > MaxSize || uint64(length) > uint64(len(data)-embeddedFixed) || le.Uint32(data[24:]) != ^supplied {
		return nil, false, nil
	}
	text := data[embeddedFixed:][:length]
	if sha256.Sum256(text) != [sha256.Size]byte(data[28:]) {
		return nil, false, nil
	}
	f, err := sensor.ReadFleet(fmt.Sprintf("%s, contract at offset %d", name, offset), text)
	if err != nil {
		return nil, false, err
	}
	c := &f.Contracts[0]
	if len(f.Contracts) != 1 || len(c.Supplies) != 1 {
		return nil, false, fmt.Errorf("%s: the contract at offset %d (0x%x) has %d builds; expected one build that supplies one type",
			name, offset, offset, len(f.Contracts))
	}
	inputs := c.Supplies[0].Inputs
	if int64(supplied) > int64(len(inputs)) {
		return nil, false, fmt.Errorf("%s: the contract at offset %d (0x%x) supplies %d inputs, but names only %d; the array has more elements than the type declares",
			name, offset, offset, supplied, len(inputs))
	}
	c.Supplies[0].Inputs = inputs[:supplied]
	return c, true, nil
}
