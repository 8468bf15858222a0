/* The content interpreter of a sensor that checks nothing: it believes the file
 * and the number of inputs that the file reads. See INTERPRETER.md in sensor/interp.
 * It is what the gate is tested against, and no code to take over. */
#ifndef CFCHECK_SENSOR_H
#define CFCHECK_SENSOR_H

#include <stddef.h>
#include <stdint.h>

/* What the integration code hands over for one input: 16 bytes. */
struct sensor_input {
	union {
		const uint8_t *bytes; /* of a string; the 16 bytes of an address */
		int64_t integer;
	} value;
	uint32_t length;  /* of a string, in bytes */
	uint32_t present; /* 0: the event has no value for it */
};

enum sensor_type { SENSOR_STRING = 1, SENSOR_INTEGER = 2, SENSOR_ADDRESS = 3 };

struct sensor {
	const uint8_t *file;
	const uint8_t *types; /* of the inputs, as the template type declares them */
	const uint8_t *instances, *conditions, *criteria, *operands, *values, *pool;
	const uint8_t *programs, *instructions, *classes, *ranges;
	uint32_t n_instances, n_criteria;
	uint8_t *truths; /* of the criteria */
};

/* What an event came to. */
struct sensor_result {
	uint32_t *reads;   /* the inputs that were read, in order */
	uint32_t n_reads, room_reads;
	uint32_t *matches; /* indices of instances */
	uint32_t n_matches, room_matches;
	uint64_t operations; /* elementary ones: INTERPRETER.md says which */
};

void sensor_load(struct sensor *s, const uint8_t *file, const uint8_t *types);
void sensor_run(struct sensor *s, const struct sensor_input *inputs, struct sensor_result *r);
void sensor_free(struct sensor *s);

#endif
