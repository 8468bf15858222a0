/* The content interpreter of a sensor that checks nothing: it trusts the file and the
 * number of inputs that the file reads. See INTERPRETER.md in sensor/interp. It is
 * for tests of the gate; do not use it in a sensor. */
#ifndef CFCHECK_SENSOR_H
#define CFCHECK_SENSOR_H

#include <stddef.h>
#include <stdint.h>

/* The descriptor of one input from the integration code: 16 bytes. */
struct sensor_input {
	union {
		const uint8_t *bytes; /* of a string, or the 16 bytes of an address */
		int64_t integer;
	} value;
	uint32_t length;  /* of a string, in bytes */
	uint32_t present; /* 0 means that the event has no value for it */
};

enum sensor_type { SENSOR_STRING = 1, SENSOR_INTEGER = 2, SENSOR_ADDRESS = 3 };

struct sensor {
	const uint8_t *file;
	const uint8_t *types; /* of the inputs that the template type declares */
	const uint8_t *instances, *conditions, *criteria, *operands, *values, *pool;
	const uint8_t *programs, *instructions, *classes, *ranges;
	uint32_t n_instances, n_criteria;
	uint8_t *truths; /* results of the criteria */
};

/* The result of an event. */
struct sensor_result {
	uint32_t *reads;   /* inputs read, in order */
	uint32_t n_reads, room_reads;
	uint32_t *matches; /* indices of instances */
	uint32_t n_matches, room_matches;
	uint64_t operations; /* elementary operations; INTERPRETER.md defines them */
};

void sensor_load(struct sensor *s, const uint8_t *file, const uint8_t *types);
void sensor_run(struct sensor *s, const struct sensor_input *inputs, struct sensor_result *r);
void sensor_free(struct sensor *s);

#endif
