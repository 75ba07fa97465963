/* SPDX-License-Identifier: MIT */
#include "harness/machine/program.h"

#include <sys/auxv.h>
#include <unistd.h>

const char *program_path(struct ct_error *e)
{
	static const char exe[] = "/proc/self/exe";
	const char *started = (const char *)getauxval(AT_EXECFN);

	if (!access(exe, X_OK))
		return exe;
	if (started && !access(started, X_OK))
		return started;
	ct_user_error(e, "ctbench cannot find its own program, which it starts for each "
			 "measurement, because /proc is not mounted: mount -t proc proc /proc");
	return NULL;
}
