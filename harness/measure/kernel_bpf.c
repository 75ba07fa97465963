/* SPDX-License-Identifier: MIT */
/* The programs of bpf/kernel.bpf.c: loaded, and run by BPF_PROG_TEST_RUN; see kernel.h. */
#include "harness/measure/kernel_internal.h"

#include <errno.h>

#include "core/compiler.h"

static const char *const names[] = { "nf_conntrack", "hash", "hash_no_prealloc", "lru",
				     "lru_per_cpu" };

const char *kernel_bpf_name(unsigned int table)
{
	return table < ARRAY_SIZE(names) ? names[table] : NULL;
}

#ifndef CTBENCH_BPF_OBJECT

int kernel_bpf_built(struct ct_error *e)
{
	return ct_fail(e, -EOPNOTSUPP, CT_EXIT_SKIP,
		       "this ctbench was built without programs for the kernel: apt-get install "
		       "clang libbpf-dev, and build it again");
}

int kernel_bpf_open(struct kernel_tuples *t, uint64_t room, struct ct_error *e)
{
	(void)t;
	(void)room;
	return kernel_bpf_built(e);
}

int kernel_bpf_pass(unsigned int table, enum kernel_step step, struct kernel_pass *p,
		    struct ct_error *e)
{
	(void)table;
	(void)step;
	(void)p;
	return kernel_bpf_built(e);
}

#else

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The object, compiled by clang when ctbench was built. */
__asm__(".section .rodata\n\t.balign 16\nkernel_bpf_object: .incbin \"" CTBENCH_BPF_OBJECT
	"\"\nkernel_bpf_object_end:\n.previous\n");
extern const char kernel_bpf_object[], kernel_bpf_object_end[];

/* Tuples of one call: some milliseconds, in which the kernel does nothing else on that CPU. */
#define BATCH 32768u

#define XDP_PASSED 2

static int program[ARRAY_SIZE(names)][KERNEL_STEPS];
static int expire; /* nf_conntrack's first half of a deletion */

int kernel_bpf_built(struct ct_error *e)
{
	(void)e;
	return 0;
}

static int silent(enum libbpf_print_level level, const char *format, va_list ap)
{
	return level == LIBBPF_WARN && getenv("CTBENCH_BPF_LOG") ? vfprintf(stderr, format, ap) : 0;
}

static int find(const struct bpf_object *object, const char *table, const char *what)
{
	const struct bpf_program *p;
	char name[64];

	snprintf(name, sizeof(name), "do_%s%s%s", table, *table ? "_" : "", what);
	p = bpf_object__find_program_by_name(object, name);
	return p ? bpf_program__fd(p) : -1;
}

static void find_programs(const struct bpf_object *object)
{
	const int empty = find(object, "", "empty"), key = find(object, "", "key");

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		const char *table = i ? names[i] : "";

		program[i][STEP_EMPTY] = i ? key : empty;
		program[i][STEP_CALLS] = i ? -1 : find(object, "", "calls");
		program[i][STEP_LOOKUP] = find(object, table, "lookup");
		program[i][STEP_INSERT] = find(object, table, "insert");
		program[i][STEP_DELETE] = find(object, table, i ? "delete" : "lookup");
	}
	expire = find(object, "", "expire");
}

/* Where each CPU has its own part of a map, room for each CPU. */
static int set_sizes(struct bpf_object *object, uint64_t flows, uint64_t room)
{
	const uint64_t cpus = (uint64_t)libbpf_num_possible_cpus();
	int err = bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "tuples"),
					   (uint32_t)(3 * flows));

	for (unsigned int i = 1; i < ARRAY_SIZE(names) && !err; i++) {
		const bool apart = !strcmp(names[i], "lru_per_cpu");

		err = bpf_map__set_max_entries(bpf_object__find_map_by_name(object, names[i]),
					       (uint32_t)(room * (apart ? cpus : 1)));
	}
	return err;
}

int kernel_bpf_open(struct kernel_tuples *t, uint64_t room, struct ct_error *e)
{
	const size_t size = (size_t)(kernel_bpf_object_end - kernel_bpf_object);
	const size_t bytes = 3 * (size_t)t->flows * sizeof(*t->list);
	struct bpf_object *object;
	int err;

	libbpf_set_print(silent);
	object = bpf_object__open_mem(kernel_bpf_object, size, NULL);
	if (!object)
		return ct_fail(e, -errno, CT_EXIT_INTERNAL, "cannot read the programs: %s",
			       strerror(errno));
	err = set_sizes(object, t->flows, room);
	if (!err)
		err = bpf_object__load(object);
	if (err)
		return ct_fail(
			e, err, CT_EXIT_SKIP,
			"this kernel refuses the programs (%s): it needs Linux 5.18, the BPF "
			"JIT, and conntrack with BTF (CTBENCH_BPF_LOG=1 prints why)",
			strerror(-err));
	find_programs(object);
	t->list = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		       bpf_map__fd(bpf_object__find_map_by_name(object, "tuples")), 0);
	if (t->list == MAP_FAILED)
		return ct_fail(e, -errno, CT_EXIT_USER, "no memory for the tuples: ask for fewer");
	return 0;
}

static int run_program(int fd, struct kernel_pass *p, struct ct_error *e)
{
	const uint32_t count = p->count;

	p->ns = p->hits = p->done = 0;
	for (uint32_t at = 0; at < count; at += BATCH) {
		struct kernel_pass in = *p, out = { 0 };
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = &in, .data_size_in = sizeof(in),
			    .data_out = &out, .data_size_out = sizeof(out), .repeat = 1);
		int err;

		in.start = p->start + at;
		in.count = count - at < BATCH ? count - at : BATCH;
		err = bpf_prog_test_run_opts(fd, &opts);
		if (err || opts.retval != XDP_PASSED || out.done != in.count)
			return ct_fail(e, err ? err : -EIO, CT_EXIT_INTERNAL,
				       "the kernel ran %u of %u steps: %s", out.done, in.count,
				       strerror(-err));
		p->ns += out.ns;
		p->hits += out.hits;
		p->done += out.done;
	}
	return 0;
}

/* A deletion from nf_conntrack takes two lookups: the first makes the entry expire, the second
 * removes it. */
int kernel_bpf_pass(unsigned int table, enum kernel_step step, struct kernel_pass *p,
		    struct ct_error *e)
{
	struct kernel_pass first = *p;
	int err = 0;

	if (!table && step == STEP_DELETE)
		err = run_program(expire, &first, e);
	if (!err)
		err = run_program(program[table][step], p, e);
	if (!err && !table && step == STEP_DELETE) {
		p->ns += first.ns;
		p->hits = p->hits ? 0 : first.hits;
	}
	return err;
}

#endif
