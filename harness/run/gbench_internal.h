// SPDX-License-Identifier: MIT
//
// What gbench_shim.cc and gbench_flags.cc share.
#ifndef CTBENCH_HARNESS_RUN_GBENCH_INTERNAL_H
#define CTBENCH_HARNESS_RUN_GBENCH_INTERNAL_H

#include "harness/run/gbench_shim.h"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace gbench
{

enum class Mode { Select, Measure, Report };

struct Entry {
	std::string name;
	unsigned int repeats;
	unsigned int threads;
	benchmark::internal::Benchmark *gb;
	bool selected;
	unsigned int calls;		 // of this pass
	std::vector<unsigned int> order; // repeats as the report takes them
};

struct Shim {
	Mode mode = Mode::Select;
	unsigned int pass = 0; // number of the measuring pass, if interleaved
	struct gbench_flags flags = {};
	bool show = false; // Google Benchmark's own report on stdout as well
	bool show_aggregates_only = false;
	std::string out;	 // --benchmark_out, kept back until the report
	bool out_is_json = true; // --benchmark_out_format
	std::vector<Entry> entries;
	const struct gbench_callbacks *callbacks = nullptr;
	void *arg = nullptr;
};

extern Shim shim;

// Pass arguments to Google Benchmark; *left, if not null, gets those that it does not know.
void initialize(const std::vector<std::string> &args, std::vector<std::string> *left);

// Read the arguments into shim and Google Benchmark's own flags: 0, 1 after --help, or a negative
// errno with a sentence in e.
int read_flags(int argc, char **argv, struct ct_error *e);

} // namespace gbench

#endif
