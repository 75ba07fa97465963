// SPDX-License-Identifier: MIT
//
// Google Benchmark's flags: which are refused, which are ours to carry out, and which go to it.

#include "harness/run/gbench_internal.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <sstream>

namespace gbench
{

namespace
{

std::set<std::string> contexts; // Google Benchmark keeps them for good

bool take_value(const std::string &arg, const char *flag, std::string *value)
{
	const std::string start = std::string("--") + flag;

	if (arg.compare(0, start.size(), start))
		return false;
	if (arg.size() == start.size()) {
		*value = "";
		return true;
	}
	if (arg[start.size()] != '=')
		return false;
	*value = arg.substr(start.size() + 1);
	return true;
}

// As Google Benchmark reads a switch.
bool truthy(std::string value)
{
	static const char *const no[] = { "0", "f", "n", "no", "off", "false" };

	std::transform(value.begin(), value.end(), value.begin(), ::tolower);
	return std::find(std::begin(no), std::end(no), value) == std::end(no);
}

// Flags whose values Google Benchmark answers with a page of usage and status 0.
int check_choice(const std::string &arg, struct ct_error *e)
{
	static const struct {
		const char *flag;
		std::vector<const char *> values;
	} choices[] = {
		{ "benchmark_format", { "console", "json", "csv" } },
		{ "benchmark_out_format", { "console", "json", "csv" } },
		{ "benchmark_time_unit", { "ns", "us", "ms", "s" } },
	};
	std::string value;

	for (const auto &choice : choices) {
		std::string list;

		if (!take_value(arg, choice.flag, &value))
			continue;
		for (const char *allowed : choice.values) {
			if (value == allowed)
				return 0;
			list += list.empty() ? "" : ", ";
			list += allowed;
		}
		return ct_user_error(e, "--%s is '%s': it must be one of %s", choice.flag,
				     value.c_str(), list.c_str());
	}
	return 0;
}

// Flags that would do harm or nothing here.
int check_refused(const std::string &arg, struct ct_error *e)
{
	static const struct {
		const char *flag, *remedy;
	} refused[] = {
		{ "benchmark_min_time", "the length of a window is --duration (before the --)" },
		{ "benchmark_min_warmup_time",
		  "the time before a window is --warmup (before the --)" },
		{ "benchmark_perf_counters",
		  "it would count this process, which only waits for the measured one; "
		  "use 'perf stat -- ctbench run ...'" },
	};
	std::string value;

	for (const auto &flag : refused)
		if (take_value(arg, flag.flag, &value))
			return ct_user_error(e, "--%s has no use here: %s", flag.flag, flag.remedy);
	return 0;
}

int add_contexts(const std::string &pairs, struct ct_error *e)
{
	std::istringstream in(pairs);
	std::string pair;

	while (std::getline(in, pair, ',')) {
		const size_t equals = pair.find('=');

		if (equals == std::string::npos || equals == 0)
			return ct_user_error(e,
					     "--benchmark_context has '%s': it must be "
					     "KEY=VALUE,KEY=VALUE,...",
					     pair.c_str());
		if (contexts.insert(pair.substr(0, equals)).second)
			benchmark::AddCustomContext(pair.substr(0, equals),
						    pair.substr(equals + 1));
	}
	return 0;
}

void print_help()
{
	benchmark::PrintDefaultHelp();
	printf("\n"
	       "These are Google Benchmark's flags.  One of its iterations is one timed window,\n"
	       "so --benchmark_min_time, --benchmark_min_warmup_time and "
	       "--benchmark_perf_counters\n"
	       "are refused (see --duration and --warmup of 'ctbench run --help').\n"
	       "--benchmark_repetitions stands for --repeats, and random interleaving is on\n"
	       "unless switched off: every block of repeats runs all cells in random order.\n"
	       "--benchmark_format shows Google Benchmark's own report besides our table.\n");
}

// The flag itself is dealt with: true and it need not reach Google Benchmark.
bool take_flag(const std::string &arg, int *ret, struct ct_error *e)
{
	std::string value;

	if (take_value(arg, "benchmark_list_tests", &value)) {
		shim.flags.list = truthy(value);
	} else if (take_value(arg, "benchmark_enable_random_interleaving", &value)) {
		shim.flags.interleave = truthy(value);
	} else if (take_value(arg, "benchmark_display_aggregates_only", &value)) {
		shim.show_aggregates_only = truthy(value);
	} else if (take_value(arg, "benchmark_out", &value)) {
		shim.out = value;
	} else if (take_value(arg, "benchmark_context", &value)) {
		*ret = add_contexts(value, e);
	} else if (take_value(arg, "benchmark_repetitions", &value)) {
		char *end;
		const long n = strtol(value.c_str(), &end, 10);

		if (value.empty() || *end || n < 1 || n > 10000)
			*ret = ct_user_error(e,
					     "--benchmark_repetitions is '%s': it must be a "
					     "number from 1 to 10000",
					     value.c_str());
		shim.flags.repetitions = static_cast<unsigned int>(n);
	} else {
		return false;
	}
	return true;
}

} // namespace

int read_flags(int argc, char **argv, struct ct_error *e)
{
	// Flags outlive a run: each begins with their defaults.
	std::vector<std::string> args = {
		"--benchmark_filter=",		 "--benchmark_list_tests=false",
		"--benchmark_repetitions=1",	 "--benchmark_report_aggregates_only=false",
		"--benchmark_format=console",	 "--benchmark_out=",
		"--benchmark_out_format=json",	 "--benchmark_min_time=0.5",
		"--benchmark_min_warmup_time=0", "--benchmark_display_aggregates_only=false",
		"--benchmark_time_unit=ns",
	};
	std::vector<std::string> left;
	int ret = 0;

	for (int i = 0; i < argc; i++) {
		const std::string arg = argv[i];
		std::string value;

		if (arg == "--help" || arg == "-h") {
			print_help();
			return 1;
		}
		if ((ret = check_refused(arg, e)) || (ret = check_choice(arg, e)))
			return ret;
		if (!take_flag(arg, &ret, e)) {
			if (take_value(arg, "benchmark_format", &value))
				shim.show = true;
			if (take_value(arg, "benchmark_out_format", &value))
				shim.out_is_json = value == "json";
			args.push_back(arg);
		}
		if (ret)
			return ret;
	}
	initialize(args, &left);
	if (!left.empty())
		return ct_user_error(e,
				     "'%s' is not a flag of Google Benchmark, or lacks its value "
				     "(ctbench run -- --help lists them; ctbench's own options go "
				     "before the --)",
				     left[0].c_str());
	return 0;
}

} // namespace gbench
