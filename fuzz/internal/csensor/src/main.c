/* A process around the sensor. It reads commands from its standard input and
 * writes answers to its standard output. Integers are little-endian and have 4
 * bytes, except where another size is stated.
 *
 *   T count types...           the types of the inputs, a byte each
 *   F length bytes...          a channel file
 *   E count inputs...          an event. Each input has a byte: 0 if it is absent,
 *                              or else its type. Then come length and bytes, or
 *                              8 bytes for an integer. The answer is the result
 *   S count slots...           what a build passes for each input: see struct slot
 *   R turn count inputs...     an event as the source records it. The build passes
 *                              the slots; the answer is the result
 *
 * A result is: operations (8 bytes), count and reads, count and matches. Each
 * object is allocated separately with its exact size, so that AddressSanitizer
 * detects reads out of bounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor.h"

static void get(void *to, size_t n)
{
	if (n > 0 && fread(to, 1, n, stdin) != n)
		exit(3);
}

static uint32_t get32(void)
{
	uint8_t b[4];
	get(b, 4);
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void put(uint64_t n, int bytes)
{
	for (; bytes > 0; bytes--, n >>= 8)
		putchar((int)(n & 0xFF));
}

static uint8_t *get_bytes(uint32_t n)
{
	uint8_t *b = malloc(n);
	get(b, n);
	return b;
}

/* get_text returns a separate allocation of n bytes. AddressSanitizer allows reading
 * one byte after malloc(0), so for n = 0 it returns the end of a one-byte block. */
static uint8_t *get_text(uint32_t n)
{
	return n > 0 ? get_bytes(n) : (uint8_t *)malloc(1) + 1;
}

static void free_text(const uint8_t *text, uint32_t n)
{
	free((void *)(text - (n == 0)));
}

static void put_list(const uint32_t *list, uint32_t n)
{
	uint32_t i;

	put(n, 4);
	for (i = 0; i < n; i++)
		put(list[i], 4);
}

/* A value of an input; kind 0 means absent. The bytes are a separate allocation. */
struct value {
	uint8_t kind;
	uint32_t length;
	uint8_t *bytes;
	int64_t integer;
};

/* A slot says what a build passes for an input. */
struct slot {
	uint8_t passed;       /* 0: never written; 1: absent; 2: the build passes it */
	uint8_t kind;         /* its type */
	uint8_t drops;        /* the build drops it from events with an odd turn */
	uint32_t most;        /* length in bytes to which a string is cut */
	struct value other;   /* in place of a value of another type */
	uint32_t n_values;    /* of a constant input */
	struct value *values;
};

static struct value get_value(void)
{
	struct value v = {0};

	get(&v.kind, 1);
	v.length = 8; /* size of an integer */
	if (v.kind == SENSOR_INTEGER) {
		uint32_t low = get32();
		v.integer = (int64_t)((uint64_t)low | (uint64_t)get32() << 32);
	} else if (v.kind != 0) {
		v.length = get32();
		v.bytes = get_text(v.length);
	}
	return v;
}

static void free_value(struct value *v)
{
	if (v->kind == SENSOR_STRING || v->kind == SENSOR_ADDRESS)
		free_text(v->bytes, v->length);
}

/* copy returns a copy of at most n bytes of a value. */
static struct value copy(const struct value *v, uint32_t n)
{
	struct value c = *v;

	if (c.kind != SENSOR_STRING && c.kind != SENSOR_ADDRESS)
		return c;
	if (c.kind == SENSOR_STRING && c.length > n)
		c.length = n;
	c.bytes = c.length > 0 ? malloc(c.length) : (uint8_t *)malloc(1) + 1;
	memcpy(c.bytes, v->bytes, c.length);
	return c;
}

static int same(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return 0;
	if (a->kind == SENSOR_INTEGER)
		return a->integer == b->integer;
	return a->kind == 0 || (a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0);
}

/* pass returns what the build passes for input i of a recorded event. */
static struct value pass(const struct slot *s, uint32_t i, uint32_t turn, const struct value *recorded)
{
	struct value never = {SENSOR_INTEGER, 8, NULL, -0x5555555555555556}, absent = {0};
	uint32_t k;

	if (s->passed == 0)
		return never;
	if (s->passed == 1 || (s->drops && turn % 2 == 1))
		return absent;
	for (k = 0; k < s->n_values; k++)
		if (same(&s->values[k], recorded))
			return copy(recorded, UINT32_MAX);
	if (s->n_values > 0)
		return copy(&s->values[(turn + i) % s->n_values], UINT32_MAX);
	if (recorded->kind == 0)
		return absent;
	if (recorded->kind != s->kind)
		return copy(&s->other, s->most);
	return copy(recorded, s->most);
}

static void answer(struct sensor *s, struct sensor_result *r, struct value *values, uint32_t n)
{
	struct sensor_input *inputs = malloc((size_t)n * sizeof *inputs);
	uint32_t i;

	for (i = 0; i < n; i++) {
		memset(&inputs[i], 0, sizeof inputs[i]);
		inputs[i].present = values[i].kind != 0;
		inputs[i].length = values[i].length;
		if (values[i].kind == SENSOR_INTEGER)
			inputs[i].value.integer = values[i].integer;
		else if (values[i].kind != 0)
			inputs[i].value.bytes = values[i].bytes;
	}
	sensor_run(s, inputs, r);
	put(r->operations, 8);
	put_list(r->reads, r->n_reads);
	put_list(r->matches, r->n_matches);
	fflush(stdout);
	free(inputs);
}

static struct value *get_event(uint32_t *n)
{
	struct value *values;
	uint32_t i;

	*n = get32();
	values = malloc((size_t)*n * sizeof *values);
	for (i = 0; i < *n; i++)
		values[i] = get_value();
	return values;
}

static void free_event(struct value *values, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		free_value(&values[i]);
	free(values);
}

static void run(struct sensor *s, struct sensor_result *r)
{
	uint32_t n;
	struct value *values = get_event(&n);

	answer(s, r, values, n);
	free_event(values, n);
}

/* A supply is the slots of a build. */
struct supply {
	struct slot *slots;
	uint32_t n;
};

static void free_supply(struct supply *p)
{
	uint32_t i;

	for (i = 0; i < p->n; i++) {
		free_value(&p->slots[i].other);
		free_event(p->slots[i].values, p->slots[i].n_values);
	}
	free(p->slots);
}

static void get_supply(struct supply *p)
{
	uint32_t i;

	free_supply(p);
	p->n = get32();
	p->slots = malloc((size_t)p->n * sizeof *p->slots);
	for (i = 0; i < p->n; i++) {
		struct slot *s = &p->slots[i];
		get(&s->passed, 1);
		get(&s->kind, 1);
		get(&s->drops, 1);
		s->most = get32();
		s->other = get_value();
		s->values = get_event(&s->n_values);
	}
}

static void run_recorded(struct sensor *s, struct sensor_result *r, const struct supply *p)
{
	static struct value absent;
	uint32_t turn = get32(), n, i;
	struct value *recorded = get_event(&n);
	struct value *passed = malloc((size_t)p->n * sizeof *passed);

	for (i = 0; i < p->n; i++)
		passed[i] = pass(&p->slots[i], i, turn, i < n ? &recorded[i] : &absent);
	answer(s, r, passed, p->n);
	free_event(passed, p->n);
	free_event(recorded, n);
}

int main(void)
{
	struct sensor s = {0};
	struct sensor_result r = {0};
	struct supply supply = {0};
	uint8_t *file = NULL, *types = NULL;
	int command;

	while ((command = getchar()) != EOF) {
		switch (command) {
		case 'T':
			free(types);
			types = get_bytes(get32());
			break;
		case 'F':
			sensor_free(&s);
			free(file);
			file = get_bytes(get32());
			sensor_load(&s, file, types);
			break;
		case 'E':
			run(&s, &r);
			break;
		case 'S':
			get_supply(&supply);
			break;
		case 'R':
			run_recorded(&s, &r, &supply);
			break;
		default:
			return 3;
		}
	}
	sensor_free(&s);
	free_supply(&supply);
	free(file);
	free(types);
	free(r.reads);
	free(r.matches);
	return 0;
}
