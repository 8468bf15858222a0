/* A process around the sensor. It reads commands from its standard input and
 * writes answers to its standard output. Integers are little-endian and have 4
 * bytes, except where another size is stated.
 *
 *   T count types...           the types of the inputs, a byte each
 *   F length bytes...          a channel file
 *   E count inputs...          an event. Each input has a byte: 0 if it is absent,
 *                              or else its type. Then come length and bytes, or
 *                              8 bytes for an integer. The answer is the result
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

static void run(struct sensor *s, struct sensor_result *r)
{
	uint32_t n = get32(), i;
	struct sensor_input *inputs = malloc((size_t)n * sizeof *inputs);
	uint8_t *kinds = malloc(n);

	for (i = 0; i < n; i++) {
		kinds[i] = (uint8_t)getchar();
		memset(&inputs[i], 0, sizeof inputs[i]);
		inputs[i].present = kinds[i] != 0;
		inputs[i].length = 8; /* size of an integer */
		if (kinds[i] == SENSOR_INTEGER) {
			uint32_t low = get32();
			inputs[i].value.integer = (int64_t)((uint64_t)low | (uint64_t)get32() << 32);
		} else if (kinds[i] != 0) {
			inputs[i].length = get32();
			inputs[i].value.bytes = get_text(inputs[i].length);
		}
	}
	sensor_run(s, inputs, r);
	put(r->operations, 8);
	put_list(r->reads, r->n_reads);
	put_list(r->matches, r->n_matches);
	fflush(stdout);
	for (i = 0; i < n; i++)
		if (kinds[i] == SENSOR_STRING || kinds[i] == SENSOR_ADDRESS)
			free_text(inputs[i].value.bytes, inputs[i].length);
	free(kinds);
	free(inputs);
}

int main(void)
{
	struct sensor s = {0};
	struct sensor_result r = {0};
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
		default:
			return 3;
		}
	}
	sensor_free(&s);
	free(file);
	free(types);
	free(r.reads);
	free(r.matches);
	return 0;
}
