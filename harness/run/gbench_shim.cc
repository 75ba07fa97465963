// SPDX-License-Identifier: MIT
//
// Google Benchmark from C: see gbench_shim.h for what and why.

#include "harness/run/gbench_internal.h"

#include <algorithm>
#include <new>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <sstream>

namespace gbench
{

Shim shim;

void initialize(const std::vector<std::string> &args, std::vector<std::string> *left)
{
	// Google Benchmark keeps the pointer to the program's name.
	static char program[] = "ctbench";
	std::vector<std::string> copy = args;
	std::vector<char *> argv = { program };
	int argc;

	for (std::string &arg : copy)
		argv.push_back(&arg[0]);
	argc = static_cast<int>(argv.size());
	argv.push_back(nullptr);
	benchmark::Initialize(&argc, argv.data());
	for (int i = 1; left && i < argc; i++)
		left->push_back(argv[i]);
}

} // namespace gbench

using gbench::Entry;
using gbench::initialize;
using gbench::Mode;
using gbench::shim;

namespace
{

// The CPU time travels as a counter of this name; the report takes it out.
const char cpu_counter[] = "cpu_ns_per_op";

// C's stdout, which is filtered (terminal.h), where std::cout is not.
class Stdout : private std::streambuf, public std::ostream
{
      public:
	Stdout() : std::ostream(static_cast<std::streambuf *>(this))
	{
	}

      private:
	int overflow(int c) override
	{
		return c == EOF ? 0 : fputc(c, stdout);
	}
	std::streamsize xsputn(const char *text, std::streamsize n) override
	{
		return static_cast<std::streamsize>(
			fwrite(text, 1, static_cast<size_t>(n), stdout));
	}
	int sync() override
	{
		return fflush(stdout);
	}
};

// Reports nothing; keeps Google Benchmark's complaints.
class Quiet : public benchmark::BenchmarkReporter
{
      public:
	Quiet()
	{
		SetErrorStream(&complaint);
	}
	bool ReportContext(const Context &) override
	{
		return true;
	}
	void ReportRuns(const std::vector<Run> &) override
	{
	}

	std::ostringstream complaint;
};

// The JSON report with our names and times, and Google Benchmark's own report
// on stdout if one was asked for.
class Report : public benchmark::JSONReporter
{
      public:
	explicit Report(benchmark::BenchmarkReporter *also) : also_(also)
	{
	}

	bool ReportContext(const Context &context) override
	{
		if (also_ && !also_->ReportContext(context))
			return false;
		return benchmark::JSONReporter::ReportContext(context);
	}

	void ReportRuns(const std::vector<Run> &runs) override
	{
		std::vector<Run> clean, shown;

		for (const Run &run : runs) {
			// No sample: neither measured nor failed, so not a row.
			if (run.error_occurred && run.error_message.empty())
				continue;
			// An error would be a row with a time of 0 in the JSON, and readers would
			// believe the 0.  The key ctbench has the error.
			if (!run.error_occurred)
				clean.push_back(cleaned(run));
			if (!shim.show_aggregates_only || run.run_type == Run::RT_Aggregate)
				shown.push_back(cleaned(run));
		}
		benchmark::JSONReporter::ReportRuns(clean);
		if (also_ && !shown.empty())
			also_->ReportRuns(shown);
	}

	void Finalize() override
	{
		benchmark::JSONReporter::Finalize();
		if (also_) {
			also_->Finalize();
			std::flush(also_->GetOutputStream());
		}
	}

      private:
	static Run cleaned(Run run)
	{
		run.run_name.iterations.clear();
		run.run_name.repetitions.clear();
		run.run_name.time_type.clear();
		for (const Entry &entry : shim.entries)
			if (entry.name == run.run_name.function_name)
				run.threads = entry.threads;

		// Google Benchmark timed this process, which only waits.
		const bool percentage = run.aggregate_unit == benchmark::kPercentage;
		auto cpu = run.counters.find(cpu_counter);
		run.cpu_accumulated_time = 0;
		if (cpu != run.counters.end()) {
			run.cpu_accumulated_time = cpu->second.value;
			// A sum over iterations, in seconds; a percentage is neither.
			if (!percentage)
				run.cpu_accumulated_time *=
					1e-9 * static_cast<double>(run.iterations);
			run.counters.erase(cpu);
		}
		for (auto it = run.counters.begin(); it != run.counters.end();)
			it = std::isfinite(it->second.value) ? std::next(it)
							     : run.counters.erase(it);
		if (!std::isfinite(run.real_accumulated_time))
			run.real_accumulated_time = 0;
		if (!std::isfinite(run.cpu_accumulated_time))
			run.cpu_accumulated_time = 0;
		return run;
	}

	benchmark::BenchmarkReporter *also_;
};

void report_sample(benchmark::State &state, Entry &entry, size_t index, unsigned int repeat)
{
	struct gbench_sample sample = {};

	// Inside the loop only: an error before it leaves the iteration count at 0,
	// and the statistics divide by the first repetition's.
	if (!shim.callbacks->sample(shim.arg, index, entry.order[repeat], &sample)) {
		state.SkipWithError("");
		return;
	}
	if (sample.error) {
		state.SkipWithError(*sample.error ? sample.error : "failed without saying why");
		return;
	}
	state.SetIterationTime(sample.ns_per_op * 1e-9);
	state.counters[cpu_counter] = sample.cpu_ns_per_op;
	for (size_t i = 0; i < sample.nr_counters; i++)
		state.counters[sample.counters[i].name] = sample.counters[i].value;
}

void one_benchmark(benchmark::State &state, size_t index)
{
	Entry &entry = shim.entries[index];
	const unsigned int call = entry.calls++;

	for (auto _ : state) {
		(void)_;
		switch (shim.mode) {
		case Mode::Select:
			entry.selected = true;
			break;
		case Mode::Measure:
			if (!shim.flags.interleave)
				shim.callbacks->measure(shim.arg, index, call);
			else if (shim.pass < entry.repeats)
				shim.callbacks->measure(shim.arg, index, shim.pass);
			break;
		case Mode::Report:
			report_sample(state, entry, index, call);
			break;
		}
	}
}

// A $ in the filter means the end of the name as we print it; Google Benchmark matches a longer
// name.  So each $ that is neither escaped nor in brackets also allows the addition.
std::string filter()
{
	const std::string spec = benchmark::GetBenchmarkFilter();
	std::string out;
	size_t opened = 0; // behind the bracket that is open; 0: none

	for (size_t i = 0; i < spec.size(); i++) {
		const char c = spec[i];

		if (c == '\\' && i + 1 < spec.size()) {
			out += c;
			out += spec[++i];
			continue;
		}
		if (!opened && c == '$') {
			out += "(/iterations:1.*)?$";
			continue;
		}
		if (!opened && c == '[')
			opened = i + 1 + (spec.compare(i + 1, 1, "^") == 0);
		else if (c == ']' && i > opened) // the first in brackets is one of them
			opened = 0;
		out += c;
	}
	return out;
}

size_t run_pass(benchmark::BenchmarkReporter *reporter, bool once,
		benchmark::BenchmarkReporter *file_reporter = nullptr)
{
	for (Entry &entry : shim.entries) {
		entry.calls = 0;
		entry.gb->Repetitions(once ? 1 : static_cast<int>(entry.repeats));
	}
	return benchmark::RunSpecifiedBenchmarks(reporter, file_reporter, filter());
}

// Those with a time first, then those with an error, then those without any.
void order_for_report(Entry &entry, size_t index)
{
	std::vector<unsigned int> ranks;

	entry.order.clear();
	for (unsigned int i = 0; i < entry.repeats; i++) {
		struct gbench_sample sample = {};
		const bool have = shim.callbacks->sample(shim.arg, index, i, &sample);

		ranks.push_back(!have ? 2 : sample.error ? 1 : 0);
		entry.order.push_back(i);
	}
	std::stable_sort(entry.order.begin(), entry.order.end(),
			 [&ranks](unsigned int a, unsigned int b) { return ranks[a] < ranks[b]; });
}

int no_memory(struct ct_error *e)
{
	return ct_fail(e, -ENOMEM, CT_EXIT_USER,
		       "no memory for Google Benchmark's report of %zu benchmarks",
		       shim.entries.size());
}

int run(char **json, struct ct_error *e)
{
	unsigned int passes = 1;
	std::ostringstream text;
	Stdout out_stream;
	Quiet quiet;

	// Google Benchmark would leave the process if it could not write.
	if (!shim.out.empty() && !std::ofstream(shim.out, std::ios::app))
		return ct_user_error(e, "cannot write '%s' (--benchmark_out): %s", shim.out.c_str(),
				     strerror(errno));

	shim.mode = Mode::Measure;
	initialize({ std::string("--benchmark_enable_random_interleaving=") +
		     (shim.flags.interleave ? "true" : "false") },
		   nullptr);
	if (shim.flags.interleave)
		for (const Entry &entry : shim.entries)
			if (entry.selected)
				passes = std::max(passes, entry.repeats);
	for (shim.pass = 0; shim.pass < passes; shim.pass++)
		run_pass(&quiet, shim.flags.interleave);

	shim.mode = Mode::Report;
	initialize(
		{ "--benchmark_enable_random_interleaving=false", "--benchmark_out=" + shim.out },
		nullptr);
	for (size_t i = 0; i < shim.entries.size(); i++)
		order_for_report(shim.entries[i], i);
	{
		benchmark::BenchmarkReporter *also =
			shim.show ? benchmark::CreateDefaultDisplayReporter() : nullptr;
		Report report(also);
		Report out(nullptr);

		if (also)
			also->SetOutputStream(&out_stream);
		report.SetOutputStream(&text);
		run_pass(&report, false, !shim.out.empty() && shim.out_is_json ? &out : nullptr);
	}
	*json = strdup(text.str().c_str());
	return *json ? 0 : no_memory(e);
}

} // namespace

extern "C" void gbench_without_memory(void (*end)(void))
{
	std::set_new_handler(end);
}

extern "C" int gbench_begin(int argc, char **argv, struct gbench_flags *flags, struct ct_error *e)
{
	int ret;

	gbench_end();
	shim.flags.interleave = true;
	try {
		ret = gbench::read_flags(argc, argv, e);
	} catch (const std::exception &) {
		ret = no_memory(e);
	}
	*flags = shim.flags;
	return ret;
}

extern "C" int
gbench_add(const char *name, unsigned int repeats, unsigned int threads, struct ct_error *e)
{
	try {
		const size_t index = shim.entries.size();

		if (shim.flags.repetitions)
			repeats = shim.flags.repetitions;
		shim.entries.push_back({ name, repeats, threads, nullptr, false, 0, {} });
		shim.entries.back().gb = benchmark::RegisterBenchmark(
			name, [index](benchmark::State &state) { one_benchmark(state, index); });
		shim.entries.back().gb->Iterations(1)->UseManualTime();
	} catch (const std::exception &) {
		return no_memory(e);
	}
	return 0;
}

extern "C" int gbench_select(bool *selected, struct ct_error *e)
{
	try {
		Quiet quiet;

		shim.mode = Mode::Select;
		for (Entry &entry : shim.entries)
			entry.selected = false;
		const size_t n = run_pass(&quiet, true);
		for (size_t i = 0; i < shim.entries.size(); i++)
			selected[i] = shim.entries[i].selected;
		if (!n) {
			const bool bad = quiet.complaint.str().find("compile") != std::string::npos;

			return ct_user_error(e,
					     "--benchmark_filter='%s' %s "
					     "(--benchmark_list_tests prints the names)",
					     benchmark::GetBenchmarkFilter().c_str(),
					     bad ? "is not a regular expression"
						 : "matches no cell");
		}
	} catch (const std::exception &) {
		return no_memory(e);
	}
	return 0;
}

extern "C" int
gbench_run(const struct gbench_callbacks *callbacks, void *arg, char **json, struct ct_error *e)
{
	int ret;

	*json = nullptr;
	shim.callbacks = callbacks;
	shim.arg = arg;
	try {
		ret = run(json, e);
	} catch (const std::exception &) {
		ret = no_memory(e);
	}
	shim.callbacks = nullptr;
	return ret;
}

extern "C" void gbench_end(void)
{
	benchmark::ClearRegisteredBenchmarks();
	shim = gbench::Shim();
}
