#include "sensor.h"

#include <stdlib.h>
#include <string.h>

#include "fold.h"

enum { HEADER = 48, RECORD = 48 };
enum {
	SEC_INSTANCES = 1, SEC_CONDITIONS, SEC_CRITERIA, SEC_OPERANDS, SEC_VALUES, SEC_POOL,
	SEC_PROGRAMS, SEC_SOURCES, SEC_INSTRUCTIONS, SEC_CLASSES, SEC_RANGES
};
enum { INST_MATCH = 1, INST_SPLIT, INST_RUNES, INST_ASSERT };
enum { BEGIN_TEXT = 1, END_TEXT, BEGIN_LINE, END_LINE, BOUNDARY, NO_BOUNDARY };
enum {
	OP_EXISTS = 1, OP_EQUALS, OP_PREFIX, OP_SUFFIX, OP_CONTAINS, OP_PATTERN, OP_REGEXP,
	OP_INTEGER_EQUALS, OP_INTEGER_RANGE, OP_ADDRESS_RANGE
};
enum { FLAG_FOLD = 1, FLAG_ALL = 2, FLAG_INPUTS = 4 };

#define BAD_RUNE 0xFFFDu

static uint16_t u16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }

static uint32_t u32(const uint8_t *p)
{
	//mutation:equivalent width#1, width#2, width#3: the value is always below 256
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int64_t i64(const uint8_t *p)
{
	return (int64_t)((uint64_t)u32(p) | (uint64_t)u32(p + 4) << 32);
}

/* A text: its first byte, and the end after its last. */
struct text {
	const uint8_t *p, *end;
};

/* first decodes the first rune of a non-empty text and returns its length. A byte
 * outside valid UTF-8 is one U+FFFD. */
static size_t first(struct text t, uint32_t *rune)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c = *t.p, r;
	size_t n, i;

	*rune = BAD_RUNE;
	if (c < 0x80) {
		*rune = c;
		return 1;
	}
	if (c >= 0xC2 && c <= 0xDF)
		n = 2, r = c & 0x1F;
	else if (c >= 0xE0 && c <= 0xEF)
		n = 3, r = c & 0x0F;
	else if (c >= 0xF0 && c <= 0xF4)
		n = 4, r = c & 0x07;
	else
		return 1;
	if ((size_t)(t.end - t.p) < n)
		return 1;
	for (i = 1; i < n; i++) {
		if ((t.p[i] & 0xC0) != 0x80)
			return 1;
		r = r << 6 | (t.p[i] & 0x3F);
	}
	if (r < least[n] || r > 0x10FFFF || (r >= 0xD800 && r <= 0xDFFF))
		return 1;
	*rune = r;
	return n;
}

/* last decodes the last rune of a non-empty text. */
static size_t last(struct text t, uint32_t *rune)
{
	size_t back;

	for (back = 1; back <= 4 && (size_t)(t.end - t.p) >= back; back++) {
		struct text from = {t.end - back, t.end};
		if ((*from.p & 0xC0) != 0x80 || back == 4) {
			if (first(from, rune) == back)
				return back;
			break;
		}
	}
	*rune = BAD_RUNE;
	return 1;
}

static uint32_t fold(uint32_t rune)
{
	size_t lo = 0, hi = sizeof fold_table / sizeof fold_table[0];

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (rune > fold_table[mid].last)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < sizeof fold_table / sizeof fold_table[0] && rune >= fold_table[lo].first &&
	    (rune - fold_table[lo].first) % fold_table[lo].step == 0)
		return (uint32_t)((int32_t)rune + fold_table[lo].delta);
	return rune;
}

void sensor_load(struct sensor *s, const uint8_t *file, const uint8_t *types)
{
	//mutation:equivalent: the value is always below 256
	uint32_t i, n = u32(file + 0x2C);

	memset(s, 0, sizeof *s);
	s->file = file;
	s->types = types;
	//mutation:missed: the bytes after the section table would have to look like a section
	for (i = 0; i < n; i++) {
		//mutation:equivalent: the value is always below 256
		const uint8_t *record = file + HEADER + (size_t)i * RECORD;
		const uint8_t *at = file + u32(record + 4);
		uint32_t count = u32(record + 12);

		switch (u32(record)) {
		case SEC_INSTANCES:
			s->instances = at, s->n_instances = count;
			break;
		case SEC_CONDITIONS:
			s->conditions = at;
			break;
		case SEC_CRITERIA:
			s->criteria = at, s->n_criteria = count;
			break;
		case SEC_OPERANDS:
			s->operands = at;
			break;
		case SEC_VALUES:
			s->values = at;
			break;
		case SEC_POOL:
			s->pool = at;
			break;
		case SEC_PROGRAMS:
			s->programs = at;
			break;
		case SEC_INSTRUCTIONS:
			s->instructions = at;
			break;
		case SEC_CLASSES:
			s->classes = at;
			break;
		case SEC_RANGES:
			s->ranges = at;
			break;
		}
	}
	s->truths = malloc(s->n_criteria ? s->n_criteria : 1);
}

void sensor_free(struct sensor *s)
{
	free(s->truths);
}

static struct text value(const struct sensor *s, uint32_t i)
{
	const uint8_t *record = s->values + (size_t)i * 8;
	struct text t;

	t.p = s->pool + u32(record);
	t.end = t.p + u32(record + 4);
	return t;
}

/* The comparisons get texts by value, advance in them, and count the units that they
 * compare: folded runes if fold is set, and bytes otherwise. */

static size_t step(struct text t, int folding, uint32_t *unit)
{
	size_t n;

	if (!folding) {
		*unit = *t.p;
		return 1;
	}
	n = first(t, unit);
	*unit = fold(*unit);
	return n;
}

static size_t step_back(struct text t, int folding, uint32_t *unit)
{
	size_t n;

	if (!folding) {
		*unit = t.end[-1];
		return 1;
	}
	n = last(t, unit);
	*unit = fold(*unit);
	return n;
}

/* prefix advances v after o if v starts with o. */
static int prefix(struct text *v, struct text o, int folding, uint64_t *operations)
{
	while (o.p < o.end) {
		uint32_t a, b;

		if (v->p == v->end)
			return 0;
		++*operations;
		v->p += step(*v, folding, &a);
		o.p += step(o, folding, &b);
		if (a != b)
			return 0;
	}
	return 1;
}

static int suffix(struct text v, struct text o, int folding, uint64_t *operations)
{
	while (o.p < o.end) {
		uint32_t a, b;

		if (v.p == v.end)
			return 0;
		++*operations;
		v.end -= step_back(v, folding, &a);
		o.end -= step_back(o, folding, &b);
		if (a != b)
			return 0;
	}
	return 1;
}

static int contains(struct text v, struct text o, int folding, uint64_t *operations)
{
	for (;;) {
		struct text from = v;
		uint32_t unit;

		++*operations;
		if (prefix(&from, o, folding, operations))
			return 1;
		if (v.p == v.end)
			return 0;
		v.p += step(v, folding, &unit);
	}
}

/* pattern follows all matches at the same time. For each position in the value it has
 * the set of positions in the pattern reached there. A "?" without folding matches up
 * to four bytes, so there are five sets. */
static int pattern(struct text v, struct text o, int folding, uint64_t *operations)
{
	size_t places = (size_t)(o.end - o.p) + 1, at, k;
	uint8_t *sets = calloc(5, places);
	int matched;

	sets[0] = 1;
	for (at = 0;; at++) {
		uint8_t *here = sets + at % 5 * places;
		uint32_t unit = 0, any;
		size_t size = 0, wide = 0;

		if (v.p < v.end) {
			size = step(v, folding, &unit);
			wide = first(v, &any);
		}
		for (k = 0; k + 1 < places; k++) {
			struct text rest = {o.p + k, o.end};
			uint32_t c = *rest.p, want;
			size_t n;

			++*operations;
			if (!here[k])
				continue;
			if (c == '*') {
				here[k + 1] = 1;
				//mutation:equivalent: both branches give the same result
				if (v.p < v.end)
					sets[(at + size) % 5 * places + k] = 1;
				continue;
			}
			if (v.p == v.end)
				continue;
			if (c == '?') {
				sets[(at + wide) % 5 * places + k + 1] = 1;
				continue;
			}
			if (c == '\\')
				rest.p++;
			n = folding ? first(rest, &want) : (want = *rest.p, 1);
			if (want == unit)
				sets[(at + size) % 5 * places + (size_t)(rest.p - o.p) + n] = 1;
		}
		if (v.p == v.end) {
			matched = here[places - 1];
			break;
		}
		memset(here, 0, places);
		v.p++;
	}
	free(sets);
	return matched;
}

static int number(struct text v, int64_t *n, uint64_t *operations)
{
	int negative = v.p < v.end && *v.p == '-';
	uint64_t u = 0;

	v.p += negative;
	if (v.p == v.end || v.end - v.p > 19 || (*v.p == '0' && (v.end - v.p > 1 || negative)))
		return 0;
	for (; v.p < v.end; v.p++) {
		++*operations;
		if (*v.p < '0' || *v.p > '9')
			return 0;
		//mutation:equivalent: the value is always below 256
		u = u * 10 + (uint64_t)(*v.p - '0');
	}
	//mutation:equivalent width#2: the value is always below 256
	if (u > (uint64_t)INT64_MAX + (uint64_t)negative)
		return 0;
	*n = negative ? (int64_t)(0 - u) : (int64_t)u;
	return 1;
}

static int dotted(struct text v, uint8_t to[4])
{
	int i;

	//mutation:equivalent: both branches give the same result
	for (i = 0; i < 4; i++) {
		unsigned n = 0;
		const uint8_t *start = v.p;

		//mutation:equivalent comparison#2: both branches give the same result
		while (v.p < v.end && v.p - start < 4 && *v.p >= '0' && *v.p <= '9') {
			n = n * 10 + (unsigned)(*v.p++ - '0');
		}
		if (v.p == start || n > 255 || (v.p - start > 1 && *start == '0'))
			return 0;
		to[i] = (uint8_t)n;
		if (i == 3)
			return v.p == v.end;
		if (v.p == v.end || *v.p++ != '.')
			return 0;
	}
	return 0;
}

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int address(struct text v, uint8_t a[16], uint64_t *operations)
{
	int n = 0, gap = -1, open = 1; /* open: another group is allowed or optional */

	memset(a, 0, 16);
	//mutation:equivalent width: the value is always below 256
	//mutation:equivalent comparison: both branches give the same result
	*operations += v.end - v.p < 45 ? (uint64_t)(v.end - v.p) : 45;
	if (v.end - v.p > 45)
		return 0;
	//mutation:equivalent: the value is always below 256
	if (!memchr(v.p, ':', (size_t)(v.end - v.p))) {
		a[10] = a[11] = 0xFF;
		return dotted(v, a + 12);
	}
	if (v.end - v.p >= 2 && v.p[0] == ':' && v.p[1] == ':')
		gap = 0, v.p += 2;
	while (v.p < v.end) {
		const uint8_t *start = v.p;
		unsigned group = 0;

		if (n == 16)
			return 0;
		//mutation:equivalent comparison#2: both branches give the same result
		while (v.p < v.end && v.p - start < 5 && hex(*v.p) >= 0) {
			group = group << 4 | (unsigned)hex(*v.p++);
		}
		if (v.p < v.end && *v.p == '.') {
			struct text tail = {start, v.end};
			if (n > 12 || !dotted(tail, a + n))
				return 0;
			n += 4, open = 1;
			break;
		}
		if (v.p == start || v.p - start > 4)
			return 0;
		a[n++] = (uint8_t)(group >> 8);
		a[n++] = (uint8_t)group;
		open = v.p == v.end;
		if (open)
			break;
		if (*v.p++ != ':')
			return 0;
		if (v.p < v.end && *v.p == ':') {
			if (gap >= 0)
				return 0;
			gap = n, open = 1, v.p++;
		}
	}
	if (!open || (gap < 0 ? n < 16 : n == 16))
		return 0;
	if (gap >= 0) {
		//mutation:equivalent: the value is always below 256
		memmove(a + 16 - (n - gap), a + gap, (size_t)(n - gap));
		//mutation:equivalent: the value is always below 256
		memset(a + gap, 0, (size_t)(16 - n));
	}
	return 1;
}

#define NO_RUNE 0xFFFFFFFFu

static int word(uint32_t r)
{
	return (r >= '0' && r <= '9') || (r >= 'A' && r <= 'Z') || (r >= 'a' && r <= 'z') || r == '_';
}

static int asserts(uint32_t assertion, uint32_t before, uint32_t after)
{
	switch (assertion) {
	case BEGIN_TEXT:
		return before == NO_RUNE;
	case END_TEXT:
		return after == NO_RUNE;
	case BEGIN_LINE:
		return before == NO_RUNE || before == '\n';
	case END_LINE:
		return after == NO_RUNE || after == '\n';
	case BOUNDARY:
		return word(before) != word(after);
	case NO_BOUNDARY:
		return word(before) == word(after);
	}
	return 0;
}

static int has(const struct sensor *s, uint32_t class, uint32_t rune)
{
	const uint8_t *record = s->classes + (size_t)class * 8;
	const uint8_t *range = s->ranges + (size_t)u32(record) * 8;
	uint32_t n = u32(record + 4);

	for (; n > 0; n--, range += 8)
		if (u32(range) <= rune && rune <= u32(range + 4))
			return 1;
	return 0;
}

/* A set of instructions, in the order of their addition. */
struct places {
	uint32_t *list, n;
	uint8_t *in;
};

static int reach(struct places *p, uint32_t i, uint64_t *operations)
{
	if (p->in[i])
		return 0;
	p->in[i] = 1;
	p->list[p->n++] = i;
	++*operations;
	return 1;
}

/* search follows all paths through a program at the same time. */
static int search(const struct sensor *s, uint32_t program, struct text v, uint64_t *operations)
{
	const uint8_t *record = s->programs + (size_t)program * 16;
	const uint8_t *code = s->instructions + (size_t)u32(record + 8) * 8;
	uint32_t n = u32(record + 12), before = NO_RUNE, k, left;
	uint32_t *memory = malloc((size_t)n * 3 * sizeof *memory), *pending = memory + (size_t)n * 2;
	uint8_t *marks = calloc((size_t)n, 2);
	struct places here = {memory, 0, marks}, next = {memory + n, 0, marks + n}, other;
	int found = 0;

	for (;;) {
		uint32_t after = NO_RUNE;
		size_t size = 0;

		if (v.p < v.end)
			size = first(v, &after);
		other = here, here = next, next = other;
		memset(next.in, 0, n);
		next.n = 0;
		reach(&here, 0, operations);
		memcpy(pending, here.list, here.n * sizeof *pending);
		for (left = here.n; left > 0;) {
			const uint8_t *inst = code + (size_t)pending[--left] * 8;
			uint32_t out = u16(inst + 2), arg = u32(inst + 4);

			switch (u16(inst)) {
			case INST_MATCH:
				found = 1;
				goto done;
			case INST_SPLIT:
				if (reach(&here, out, operations))
					pending[left++] = out;
				if (reach(&here, arg, operations))
					pending[left++] = arg;
				break;
			case INST_ASSERT:
				if (asserts(arg, before, after) && reach(&here, out, operations))
					pending[left++] = out;
				break;
			}
		}
		if (size == 0)
			break;
		for (k = 0; k < here.n; k++) {
			const uint8_t *inst = code + (size_t)here.list[k] * 8;

			if (u16(inst) == INST_RUNES && has(s, u32(inst + 4), after))
				reach(&next, u16(inst + 2), operations);
		}
		before = after;
		v.p += size;
	}
done:
	free(memory);
	free(marks);
	return found;
}

static struct text text_of(const struct sensor_input *in)
{
	struct text t = {in->value.bytes, in->value.bytes + in->length};
	return t;
}

static int number_of(const struct sensor *s, uint32_t input, const struct sensor_input *in, int64_t *n, uint64_t *operations)
{
	if (s->types[input] == SENSOR_INTEGER) {
		*n = in->value.integer;
		return 1;
	}
	return number(text_of(in), n, operations);
}

static int address_of(const struct sensor *s, uint32_t input, const struct sensor_input *in, uint8_t a[16], uint64_t *operations)
{
	if (s->types[input] == SENSOR_ADDRESS) {
		memcpy(a, in->value.bytes, 16);
		return 1;
	}
	return address(text_of(in), a, operations);
}

static int compare(int op, struct text v, struct text o, int folding, uint64_t *operations)
{
	switch (op) {
	case OP_EQUALS:
		return prefix(&v, o, folding, operations) && v.p == v.end;
	case OP_PREFIX:
		return prefix(&v, o, folding, operations);
	case OP_SUFFIX:
		return suffix(v, o, folding, operations);
	case OP_CONTAINS:
		return contains(v, o, folding, operations);
	}
	return pattern(v, o, folding, operations);
}

/* read reads an input from the array without a check. */
static struct sensor_input read_input(const struct sensor_input *inputs, uint32_t i, struct sensor_result *r)
{
	if (r->n_reads == r->room_reads) {
		r->room_reads = r->room_reads ? 2 * r->room_reads : 64;
		r->reads = realloc(r->reads, r->room_reads * sizeof *r->reads);
	}
	r->reads[r->n_reads++] = i;
	return inputs[i];
}

static int against_inputs(const struct sensor *s, const uint8_t *c, struct sensor_input in, const struct sensor_input *inputs, struct sensor_result *r)
{
	int op = c[1], folding = c[0] & FLAG_FOLD, all = (c[0] & FLAG_ALL) != 0, result = all;
	uint32_t k, from = u32(c + 4), n = u32(c + 8), input = u16(c + 2);

	for (k = from; k < from + n; k++) {
		uint32_t other = u32(s->operands + (size_t)k * 4);
		struct sensor_input o = read_input(inputs, other, r);
		int holds = 0;

		r->operations++;
		if (in.present && o.present) {
			if (op == OP_INTEGER_EQUALS) {
				int64_t a = 0, b = 0;
				holds = number_of(s, input, &in, &a, &r->operations) &&
				        number_of(s, other, &o, &b, &r->operations) && a == b;
			} else {
				holds = compare(op, text_of(&in), text_of(&o), folding, &r->operations);
			}
		}
		if (holds != all)
			result = !all;
	}
	return result;
}

static int criterion(const struct sensor *s, const uint8_t *c, const struct sensor_input *inputs, struct sensor_result *r)
{
	int op = c[1], folding = c[0] & FLAG_FOLD, all = (c[0] & FLAG_ALL) != 0;
	uint32_t k, from = u32(c + 4), n = u32(c + 8), input = u16(c + 2);
	struct sensor_input in = read_input(inputs, input, r);
	int64_t integer = 0;
	uint8_t a[16];

	r->operations++;
	if (c[0] & FLAG_INPUTS)
		return against_inputs(s, c, in, inputs, r);
	if (!in.present)
		return 0;
	if (op == OP_EXISTS)
		return 1;
	if ((op == OP_INTEGER_EQUALS || op == OP_INTEGER_RANGE) && !number_of(s, input, &in, &integer, &r->operations))
		return 0;
	if (op == OP_ADDRESS_RANGE && !address_of(s, input, &in, a, &r->operations))
		return 0;
	for (k = from; k < from + n; k++) {
		uint32_t operand = u32(s->operands + (size_t)k * 4);
		struct text o = {0, 0};
		int holds;

		r->operations++;
		if (op != OP_REGEXP)
			o = value(s, operand);
		switch (op) {
		case OP_REGEXP:
			holds = search(s, operand, text_of(&in), &r->operations);
			break;
		case OP_INTEGER_EQUALS:
			holds = integer == i64(o.p);
			break;
		case OP_INTEGER_RANGE:
			holds = i64(o.p) <= integer && integer <= i64(o.p + 8);
			break;
		case OP_ADDRESS_RANGE:
			holds = memcmp(o.p, a, 16) <= 0 && memcmp(a, o.p + 16, 16) <= 0;
			break;
		default:
			holds = compare(op, text_of(&in), o, folding, &r->operations);
		}
		if (holds != all)
			return !all;
	}
	return all;
}

static int instance(const struct sensor *s, const uint8_t *record, struct sensor_result *r)
{
	uint8_t stack[1024];
	uint32_t depth = 0, k, i, from = u32(record + 16), n = u32(record + 20);

	r->operations++;
	for (k = from; k < from + n; k++) {
		uint32_t word = u32(s->conditions + (size_t)k * 4), operands, or;

		r->operations++;
		if (!(word >> 31)) {
			stack[depth++] = s->truths[word >> 1] ^ (word & 1);
			continue;
		}
		operands = word & 0x3FFFFFFF;
		or = word >> 30 & 1;
		for (i = 1; i < operands; i++) {
			uint8_t top = stack[--depth];
			stack[depth - 1] = or ? stack[depth - 1] | top : stack[depth - 1] & top;
		}
	}
	while (depth > 0)
		if (!stack[--depth])
			return 0;
	return 1;
}

void sensor_run(struct sensor *s, const struct sensor_input *inputs, struct sensor_result *r)
{
	uint32_t i;

	r->n_reads = r->n_matches = 0;
	r->operations = 0;
	for (i = 0; i < s->n_criteria; i++)
		s->truths[i] = (uint8_t)criterion(s, s->criteria + (size_t)i * 12, inputs, r);
	for (i = 0; i < s->n_instances; i++) {
		if (!instance(s, s->instances + (size_t)i * 24, r))
			continue;
		if (r->n_matches == r->room_matches) {
			r->room_matches = r->room_matches ? 2 * r->room_matches : 64;
			r->matches = realloc(r->matches, r->room_matches * sizeof *r->matches);
		}
		r->matches[r->n_matches++] = i;
	}
}
