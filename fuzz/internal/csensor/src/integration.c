/* The integration code of a sensor. It fills an array of inputs for each pipe event
 * and passes it to the content interpreter. It fills 20 inputs, but the template
 * type declares 21, as in July 2024. With CHECK_CONTRACT it does not compile.
 * Without it, the embedded contract states 20 inputs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cfcheck_ipc.h"
#include "sensor.h"

#ifndef SUPPLIED
#define SUPPLIED 20
#endif

static struct sensor_input inputs[SUPPLIED];

#ifdef CHECK_CONTRACT
CFCHECK_IPC_ASSERT(inputs);
#endif
CFCHECK_IPC_EXPORT(inputs);

static void fill(unsigned i, const char *text)
{
	if (i >= SUPPLIED)
		return;
	inputs[i].value.bytes = (const uint8_t *)text;
	inputs[i].length = (uint32_t)strlen(text);
	inputs[i].present = 1;
}

int main(int argc, char **argv)
{
	static const uint8_t types[CFCHECK_IPC_INPUTS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
	struct sensor s;
	struct sensor_result r = {0};
	uint8_t *file;
	long size;
	FILE *f;

	if (argc != 2) {
		fprintf(stderr, "usage: integration file.cf\n");
		return 2;
	}
	f = fopen(argv[1], "rb");
	if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET)) {
		perror(argv[1]);
		return 2;
	}
	file = malloc((size_t)size);
	if (!file || fread(file, 1, (size_t)size, f) != (size_t)size) {
		perror(argv[1]);
		return 2;
	}
	fclose(f);
	fill(CFCHECK_IPC_EVENTTYPE, "ConnectPipe");
	fill(CFCHECK_IPC_PIPENAME, "\\lsass");
	fill(CFCHECK_IPC_IMAGE, "C:\\Windows\\System32\\svchost.exe");
	fill(CFCHECK_IPC_CLIENTIMAGE, "C:\\Windows\\explorer.exe");
	sensor_load(&s, file, types);
	sensor_run(&s, inputs, &r);
	printf("%u instances match\n", (unsigned)r.n_matches);
	sensor_free(&s);
	free(r.reads);
	free(r.matches);
	free(file);
	return 0;
}
