// The integration code of a sensor: it fills an array of inputs for each event.
#include "cfcheck_ipc.h"

namespace {

struct Input {
	const char *text;
	size_t length;
};

Input inputs[CFCHECK_IPC_INPUTS];

// The event in the sensor's own form. A real sensor has its fields from the kernel.
struct Event {
	const char *fields[CFCHECK_IPC_INPUTS];
};

size_t length(const char *text)
{
	size_t n = 0;
	while (text && text[n])
		n++;
	return n;
}

} // namespace

CFCHECK_IPC_ASSERT(inputs);
CFCHECK_IPC_EXPORT(inputs);

int main()
{
	Event event = {};
#define FILL(index, name, type) inputs[index] = {event.fields[CFCHECK_IPC_##name], length(event.fields[CFCHECK_IPC_##name])};
	CFCHECK_IPC_EACH(FILL)
	return 0;
}
