meta:
  id: channelfile
  title: Channel file, version 1.0
  file-extension: cf
  license: Apache-2.0
  ks-version: 0.11
  endian: le
doc: |
  A channel file carries detection rules to an endpoint sensor. FORMAT.md is the
  normative text; this says the same to machines, as far as Kaitai Struct can.

  What is here enforces the fatal requirements, those of groups A to R in
  section 7 of FORMAT.md, but for these: that each "and" and "or" has its
  operands on the stack, and the limits of stack and nesting (21 and 22); that a
  wildcard pattern is well formed (a part of 35). Requirements 50 and up, which
  make the encoding unique, are not here, nor are the digests.

  Most checks are in instances, which generated parsers evaluate when they are
  asked for. Who wants to know whether a file can be read asks for all of them.
  Any error, whatever its kind, means that it cannot.

  Two names differ from those of FORMAT.md, for they are reserved words of C++
  and Python: the operator of a criterion is "op" here, and the instruction
  "assert" is "assertion".
doc-ref: FORMAT.md#2-layout

seq:
  - id: header
    type: header
  - id: sections
    doc: The section table.
    doc-ref: FORMAT.md#4-sections
    type: section(_index)
    repeat: expr
    repeat-expr: header.section_count
  - id: header_digest
    doc: SHA-256 of all bytes before it.
    size: 32

instances:

  # The limits of FORMAT.md, section 10.

  max_file_size:
    doc: Bytes of a file.
    value: 1073741824
  max_number:
    doc: Channel, revision, type version.
    value: 99999999
  max_inputs:
    doc: Inputs declared.
    value: 1024
  max_words:
    doc: Words of an instance.
    value: 4096
  max_stack:
    doc: Truths on the stack of a condition; not enforced here.
    value: 1024
  max_depth:
    doc: Nesting of "and" and "or"; not enforced here.
    value: 16
  max_operands:
    doc: Operands of a criterion.
    value: 65536
  max_value_length:
    doc: Bytes of a value.
    value: 65535
  max_text_length:
    doc: Bytes of a text of the provenance.
    value: 65535
  max_expression_length:
    doc: Bytes of the source of a regular expression.
    value: 16384
  max_nesting:
    doc: Groups of a source in each other; not enforced here.
    value: 250
  max_repetition:
    doc: A count of a source, and the product of those in each other; not enforced here.
    value: 1000
  max_instructions:
    doc: Instructions of a program.
    value: 8192
  max_ranges:
    doc: Ranges of a class of runes.
    value: 4096

  # What other parts ask for.

  has_programs:
    doc: The file has regular expressions, and with them sections 7 to 11.
    value: header.section_count >= 11
  has_provenance:
    doc: The file has the four ancillary sections, which stand last.
    value: header.section_count == 10 or header.section_count == 15
  first_ancillary:
    doc: Place in the table of the first ancillary section.
    value: 'has_provenance ? header.section_count - 4 : header.section_count'
  num_words:
    value: sections[1].count
  num_criteria:
    value: sections[2].count
  num_operands:
    value: sections[3].count
  num_values:
    value: sections[4].count
  num_programs:
    value: 'has_programs ? sections[6].count : 0'
  num_instructions:
    value: 'has_programs ? sections[8].count : 0'
  num_classes:
    value: 'has_programs ? sections[9].count : 0'
  num_ranges:
    value: 'has_programs ? sections[10].count : 0'
  num_texts:
    value: 'has_provenance ? sections[first_ancillary + 2].count : 0'
  len_pool:
    value: sections[5].length
  len_sources:
    value: 'has_programs ? sections[7].length : 0'
  len_textpool:
    value: 'has_provenance ? sections[first_ancillary + 3].length : 0'

  # The sections, by name.

  instances:
    pos: sections[0].offset
    size: sections[0].length
    type: instance_section
  conditions:
    pos: sections[1].offset
    size: sections[1].length
    type: condition_section
  criteria:
    pos: sections[2].offset
    size: sections[2].length
    type: criterion_section
  operands:
    pos: sections[3].offset
    size: sections[3].length
    type: operand_section
  values:
    pos: sections[4].offset
    size: sections[4].length
    type: value_section
  pool:
    pos: sections[5].offset
    size: sections[5].length
    type: byte_section
  programs:
    pos: sections[6].offset
    size: sections[6].length
    type: program_section
    if: has_programs
  sources:
    pos: sections[7].offset
    size: sections[7].length
    type: byte_section
    if: has_programs
  instructions:
    pos: sections[8].offset
    size: sections[8].length
    type: instruction_section
    if: has_programs
  classes:
    pos: sections[9].offset
    size: sections[9].length
    type: class_section
    if: has_programs
  ranges:
    pos: sections[10].offset
    size: sections[10].length
    type: range_section
    if: has_programs
  origins:
    pos: sections[first_ancillary].offset
    size: sections[first_ancillary].length
    type: origin_section
    if: has_provenance
  uses:
    pos: sections[first_ancillary + 1].offset
    size: sections[first_ancillary + 1].length
    type: use_section
    if: has_provenance
  texts:
    pos: sections[first_ancillary + 2].offset
    size: sections[first_ancillary + 2].length
    type: text_section
    if: has_provenance
  textpool:
    pos: sections[first_ancillary + 3].offset
    size: sections[first_ancillary + 3].length
    type: byte_section
    if: has_provenance

types:

  header:
    doc-ref: FORMAT.md#3-header
    seq:
      - id: magic
        contents: [0x89, CFC, 0x0D, 0x0A, 0x1A, 0x0A]
      - id: major
        type: u2
        valid: 1
      - id: minor
        type: u2
        valid: 0
      - id: channel
        doc: What the content is for; 291 is inter-process communication.
        type: u4
        valid:
          max: _root.max_number
      - id: revision
        doc: Version of this channel's content; only ever grows.
        type: u4
        valid:
          max: _root.max_number
      - id: type
        doc: Number of the template type that every instance is for.
        type: u4
      - id: type_version
        doc: Version of that type's definition.
        type: u4
        valid:
          max: _root.max_number
      - id: inputs_declared
        doc: Number of inputs that this version of the type declares.
        type: u2
        valid:
          max: _root.max_inputs
      - id: inputs_read
        doc: Highest input that a criterion names, plus one; 0 if none.
        type: u2
      - id: created
        doc: |
          Seconds since 1970-01-01 00:00:00 UTC, up to the end of year 9999. The
          limit has no instance: in several languages those have 32 bits.
        type: u8
        valid:
          max: 253402300799
      - id: file_size
        doc: The bytes that there are, no more and no less.
        type: u4
        valid:
          expr: _ == _root._io.size and _ <= _root.max_file_size
      - id: section_count
        doc: Without or with regular expressions, without or with provenance.
        type: u4
        valid:
          any-of: [6, 10, 11, 15]

  section:
    doc: A record of the section table.
    doc-ref: FORMAT.md#4-sections
    params:
      - id: index
        type: u4
    seq:
      - id: type
        doc: |
          Each place has its type: 1 and up, and the ancillary ones last.
        type: u4
        enum: section_type
        valid:
          expr: >-
            _.to_i == (index >= _root.first_ancillary
            ? 0x80000001 + index - _root.first_ancillary : index + 1)
      - id: offset
        doc: |
          Of the section's first byte, after header, table and digest. That it
          is no larger than the file comes before anything is added to it.
        type: u4
        valid:
          expr: >-
            _ % 8 == 0 and _ <= _root.header.file_size
            and _ >= 80 + 48 * _root.header.section_count
      - id: length
        doc: In bytes, without padding.
        type: u4
        valid:
          expr: _ <= _root.header.file_size - offset and _ % entry_size == 0
      - id: count
        doc: |
          Number of entries. There is an origin for each instance, a use for
          each word, and at least one program if there is such a section.
        type: u4
        valid:
          expr: >-
            _ == length / entry_size
            and (type != section_type::programs or _ != 0)
            and (type != section_type::origins or _ == _parent.sections[0].count)
            and (type != section_type::uses or _ == _parent.sections[1].count)
      - id: digest
        doc: SHA-256 of the section's bytes, without padding.
        size: 32
    instances:
      entry_size:
        doc: Bytes of an entry.
        value: >-
          type == section_type::instances or type == section_type::origins ? 24
          : type == section_type::programs ? 16
          : type == section_type::criteria ? 12
          : type == section_type::conditions or type == section_type::operands ? 4
          : type == section_type::pool or type == section_type::sources
          or type == section_type::textpool ? 1
          : 8
      end:
        value: offset + length
      len_padding:
        doc: Up to the next multiple of 8, as far as the file goes.
        value: >-
          _root.header.file_size - end < (8 - end % 8) % 8
          ? _root.header.file_size - end : (8 - end % 8) % 8
      padding:
        io: _root._io
        pos: end
        size: len_padding

  byte_section:
    seq:
      - id: data
        size-eos: true

  # Section 5, critical sections. What tiles starts at 0, goes on where the entry
  # before ends, and ends with the section that it points into: "check" is no
  # bytes, but the place for that last condition.

  instance_section:
    doc-ref: FORMAT.md#instances
    seq:
      - id: entries
        type: instance(_index)
        repeat: eos
      - id: check
        size: 0
        valid:
          expr: '(entries.size == 0 ? 0 : entries.last.end) == _root.num_words'

  instance:
    params:
      - id: index
        type: u4
    seq:
      - id: id
        doc: In the byte order in which a UUID is written.
        size: 16
      - id: first_word
        doc: Index into conditions.
        type: u4
        valid:
          expr: '_ == (index == 0 ? 0 : _parent.entries[index - 1].end)'
      - id: words
        type: u4
        valid:
          expr: _ >= 1 and _ <= _root.max_words and _ <= _root.num_words - first_word
    instances:
      end:
        value: first_word + words
      condition:
        doc: The instance matches if all that is left on the stack holds.
        io: _root.conditions._io
        pos: first_word * 4
        type: word
        repeat: expr
        repeat-expr: words

  condition_section:
    doc-ref: FORMAT.md#conditions
    seq:
      - id: entries
        type: word
        repeat: eos

  word:
    doc: A reference to a criterion, or an "and" or "or" of truths before it.
    doc-ref: FORMAT.md#conditions
    seq:
      - id: word
        type: u4
        valid:
          expr: >-
            (_ & 0x80000000) != 0 ? (_ & 0x3fffffff) >= 2
            : ((_ >> 1) & 0x3fffffff) < _root.num_criteria
    instances:
      is_operator:
        value: (word & 0x80000000) != 0
      is_and:
        value: is_operator and (word & 0x40000000) == 0
      is_or:
        value: is_operator and (word & 0x40000000) != 0
      num_truths:
        doc: How many truths an "and" or "or" takes from the stack.
        value: word & 0x3fffffff
        if: is_operator
      criterion:
        doc: Index into criteria.
        value: (word >> 1) & 0x3fffffff
        if: not is_operator
      is_negated:
        doc: A reference pushes the opposite of the criterion's truth.
        value: (word & 1) != 0
        if: not is_operator

  criterion_section:
    doc-ref: FORMAT.md#criteria
    seq:
      - id: entries
        type: criterion(_index)
        repeat: eos
      - id: check
        size: 0
        valid:
          expr: '(entries.size == 0 ? 0 : entries.last.end) == _root.num_operands'

  criterion:
    params:
      - id: index
        type: u4
    seq:
      - id: flags
        doc: 1 fold, 2 all, 4 inputs.
        type: u1
      - id: op
        doc: The operator, which has flags of its own.
        type: u1
        enum: operator
        valid:
          expr: >-
            _ == operator::exists ? flags == 0
            : _ == operator::equals or _ == operator::prefix or _ == operator::suffix ? flags <= 7
            : _ == operator::contains or _ == operator::pattern ? flags <= 3
            : _ == operator::integer_equals ? (flags & 1) == 0 and flags <= 6
            : _ == operator::regexp or _ == operator::integer_range
            or _ == operator::address_range ? flags == 0 or flags == 2
            : false
      - id: input
        doc: Which input of the event is compared.
        type: u2
        valid:
          expr: _ < _root.header.inputs_declared
      - id: first_operand
        doc: Index into operands.
        type: u4
        valid:
          expr: '_ == (index == 0 ? 0 : _parent.entries[index - 1].end)'
      - id: operands
        doc: None of exists, at least one of any other operator.
        type: u4
        valid:
          expr: >-
            (_ == 0) == (op == operator::exists)
            and _ <= _root.max_operands and _ <= _root.num_operands - first_operand
    instances:
      end:
        value: first_operand + operands
      has_fold:
        doc: Case does not matter.
        value: (flags & 1) != 0
      has_all:
        doc: All operands must hold, not any.
        value: (flags & 2) != 0
      has_inputs:
        doc: The operands are inputs, not values.
        value: (flags & 4) != 0
      list:
        doc: The operands.
        io: _root.operands._io
        pos: first_operand * 4
        type: operand(op, has_inputs)
        repeat: expr
        repeat-expr: operands

  operand_section:
    doc: What an operand is follows from the criterion that it is one of.
    doc-ref: FORMAT.md#operands
    seq:
      - id: entries
        type: u4
        repeat: eos

  operand:
    doc: An operand, as the criterion sees it.
    doc-ref: FORMAT.md#operands
    params:
      - id: op
        type: u1
        enum: operator
      - id: is_input
        type: bool
    seq:
      - id: index
        doc: |
          Number of an input, or index into programs or values. Numbers and
          addresses have values of their own length.
        type: u4
        valid:
          expr: >-
            _ < (is_input ? _root.header.inputs_declared
            : op == operator::regexp ? _root.num_programs : _root.num_values)
            and (not is_value or width == 0 or _root.values.entries[_].length == width)
    instances:
      is_value:
        value: not is_input and op != operator::regexp
      width:
        doc: Bytes that the value must have; 0 if any number will do.
        value: >-
          op == operator::integer_equals ? 8
          : op == operator::integer_range ? 16
          : op == operator::address_range ? 32
          : 0
      bytes:
        doc: The value, as it is.
        io: _root.pool._io
        pos: _root.values.entries[index].offset
        size: _root.values.entries[index].length
        if: is_value
      integers:
        doc: A number, or the least and greatest of a range.
        io: _root.pool._io
        pos: _root.values.entries[index].offset
        type: s8
        repeat: expr
        repeat-expr: width / 8
        if: is_value and (op == operator::integer_equals or op == operator::integer_range)
      addresses:
        doc: First and last of a range, in network byte order.
        io: _root.pool._io
        pos: _root.values.entries[index].offset
        size: 16
        repeat: expr
        repeat-expr: width / 16
        if: is_value and op == operator::address_range

  value_section:
    doc-ref: FORMAT.md#values-and-pool
    seq:
      - id: entries
        type: value(_index)
        repeat: eos
      - id: check
        size: 0
        valid:
          expr: '(entries.size == 0 ? 0 : entries.last.end) == _root.len_pool'

  value:
    params:
      - id: index
        type: u4
    seq:
      - id: offset
        doc: In the pool.
        type: u4
        valid:
          expr: '_ == (index == 0 ? 0 : _parent.entries[index - 1].end)'
      - id: length
        type: u4
        valid:
          expr: _ <= _root.max_value_length and _ <= _root.len_pool - offset
    instances:
      end:
        value: offset + length
      bytes:
        io: _root.pool._io
        pos: offset
        size: length

  program_section:
    doc-ref: FORMAT.md#programs-and-sources
    seq:
      - id: entries
        type: program(_index)
        repeat: eos
      - id: check
        size: 0
        valid:
          expr: >-
            entries.last.end_source == _root.len_sources
            and entries.last.end_instruction == _root.num_instructions

  program:
    params:
      - id: index
        type: u4
    seq:
      - id: source
        doc: Offset in sources.
        type: u4
        valid:
          expr: '_ == (index == 0 ? 0 : _parent.entries[index - 1].end_source)'
      - id: length
        doc: Of the source.
        type: u4
        valid:
          expr: _ <= _root.max_expression_length and _ <= _root.len_sources - source
      - id: first_instruction
        doc: Index into instructions.
        type: u4
        valid:
          expr: '_ == (index == 0 ? 0 : _parent.entries[index - 1].end_instruction)'
      - id: instructions
        type: u4
        valid:
          expr: >-
            _ >= 1 and _ <= _root.max_instructions
            and _ <= _root.num_instructions - first_instruction
    instances:
      end_source:
        value: source + length
      end_instruction:
        value: first_instruction + instructions
      expression:
        doc: The regular expression as its author wrote it, in UTF-8.
        io: _root.sources._io
        pos: source
        size: length
      code:
        io: _root.instructions._io
        pos: first_instruction * 8
        type: instruction(instructions)
        repeat: expr
        repeat-expr: instructions

  instruction_section:
    doc: The programs tile it, and know what its entries lead to.
    doc-ref: FORMAT.md#instructions
    seq:
      - id: entries
        size: 8
        repeat: eos

  instruction:
    doc-ref: FORMAT.md#instructions
    params:
      - id: num_instructions
        doc: Of the program.
        type: u4
    seq:
      - id: op
        type: u2
        enum: instruction_op
        valid:
          in-enum: true
      - id: out
        doc: The instruction of the program that follows; 0 of a match.
        type: u2
        valid:
          expr: 'op == instruction_op::match ? _ == 0 : _ < num_instructions'
      - id: arg
        doc: |
          The other instruction that follows a split, the class of runes, the
          assertion; 0 of a match.
        type: u4
        valid:
          expr: >-
            op == instruction_op::match ? _ == 0
            : op == instruction_op::split ? _ < num_instructions
            : op == instruction_op::runes ? _ < _root.num_classes
            : _ >= assertion::begin_text.to_i and _ <= assertion::no_word_boundary.to_i
    instances:
      asserted:
        value: arg
        enum: assertion
        if: op == instruction_op::assertion

  class_section:
    doc-ref: FORMAT.md#classes-and-ranges
    seq:
      - id: entries
        type: rune_class(_index)
        repeat: eos
      - id: check
        size: 0
        valid:
          expr: '(entries.size == 0 ? 0 : entries.last.end) == _root.num_ranges'

  rune_class:
    doc-ref: FORMAT.md#classes-and-ranges
    params:
      - id: index
        type: u4
    seq:
      - id: first_range
        doc: Index into ranges.
        type: u4
        valid:
          expr: '_ == (index == 0 ? 0 : _parent.entries[index - 1].end)'
      - id: ranges
        doc: None is a class that no rune is of.
        type: u4
        valid:
          expr: _ <= _root.max_ranges and _ <= _root.num_ranges - first_range
    instances:
      end:
        value: first_range + ranges
      list:
        io: _root.ranges._io
        pos: first_range * 8
        type: 'rune_range(_index == 0 ? 0 : list[_index - 1].hi + 2)'
        repeat: expr
        repeat-expr: ranges

  range_section:
    doc: The classes tile it.
    doc-ref: FORMAT.md#classes-and-ranges
    seq:
      - id: entries
        size: 8
        repeat: eos

  rune_range:
    doc-ref: FORMAT.md#classes-and-ranges
    params:
      - id: least
        doc: The first rune that does not touch the range before.
        type: u4
    seq:
      - id: lo
        doc: The first rune.
        type: u4
        valid:
          min: least
      - id: hi
        doc: The last rune.
        type: u4
        valid:
          min: lo
          max: 0x10ffff

  # Section 6, provenance.

  origin_section:
    doc-ref: FORMAT.md#origins
    seq:
      - id: entries
        type: origin
        repeat: eos

  origin:
    doc: Where an instance comes from. All but the line are indices into texts.
    doc-ref: FORMAT.md#origins
    seq:
      - id: rule
        type: u4
        valid:
          expr: _ < _root.num_texts
      - id: title
        type: u4
        valid:
          expr: _ < _root.num_texts
      - id: author
        type: u4
        valid:
          expr: _ < _root.num_texts
      - id: licence
        type: u4
        valid:
          expr: _ < _root.num_texts
      - id: path
        type: u4
        valid:
          expr: _ < _root.num_texts
      - id: line
        doc: From 1; 0 if unknown.
        type: u4

  use_section:
    doc-ref: FORMAT.md#uses
    seq:
      - id: entries
        type: use
        repeat: eos

  use:
    doc: Where a word comes from.
    doc-ref: FORMAT.md#uses
    seq:
      - id: line
        doc: From 1; 0 if unknown.
        type: u4
      - id: text
        doc: Index into texts.
        type: u4
        valid:
          expr: _ < _root.num_texts

  text_section:
    doc-ref: FORMAT.md#texts-and-textpool
    seq:
      - id: entries
        type: text(_index)
        repeat: eos
      - id: check
        size: 0
        valid:
          expr: '(entries.size == 0 ? 0 : entries.last.end) == _root.len_textpool'

  text:
    doc: |
      Bytes, not a string: that they are valid UTF-8 is a requirement on the
      encoding (69), which a file may break and be read.
    doc-ref: FORMAT.md#texts-and-textpool
    params:
      - id: index
        type: u4
    seq:
      - id: offset
        doc: In the text pool.
        type: u4
        valid:
          expr: '_ == (index == 0 ? 0 : _parent.entries[index - 1].end)'
      - id: length
        type: u4
        valid:
          expr: _ <= _root.max_text_length and _ <= _root.len_textpool - offset
    instances:
      end:
        value: offset + length
      bytes:
        io: _root.textpool._io
        pos: offset
        size: length

enums:

  section_type:
    0x00000001: instances
    0x00000002: conditions
    0x00000003: criteria
    0x00000004: operands
    0x00000005: values
    0x00000006: pool
    0x00000007: programs
    0x00000008: sources
    0x00000009: instructions
    0x0000000a: classes
    0x0000000b: ranges
    0x80000001: origins
    0x80000002: uses
    0x80000003: texts
    0x80000004: textpool

  operator:
    1: exists
    2: equals
    3: prefix
    4: suffix
    5: contains
    6: pattern
    7: regexp
    8: integer_equals
    9: integer_range
    10: address_range

  instruction_op:
    1: match
    2: split
    3: runes
    4: assertion

  assertion:
    1: begin_text
    2: end_text
    3: begin_line
    4: end_line
    5: word_boundary
    6: no_word_boundary
