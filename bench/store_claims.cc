// Runs the benches of the store; with --claims those with 10 M items, and holds them to their
// targets.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace {

/// Prints as usual and keeps the least CPU time per item of each bench: what neighbours on the
/// machine do can only add to it.
class LeastTimes : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
      const auto rate = run.counters.find("items_per_second");
      const double time =
          rate != run.counters.end() ? 1e9 / rate->second.value : run.GetAdjustedCPUTime();
      const auto [at, fresh] = times_.emplace(run.run_name.function_name + run.run_name.args, time);
      if (!fresh) at->second = std::min(at->second, time);
    }
    ConsoleReporter::ReportRuns(runs);
  }
  /// Nanoseconds.
  double operator[](const std::string& name) const { return times_.at(name); }

 private:
  std::map<std::string, double> times_;
};

bool claim(const char* what, double measured, bool at_least, double target) {
  const bool holds = at_least ? measured >= target : measured <= target;
  std::printf("| %-58s | %5.2f | %s %.1f | %s |\n", what, measured, at_least ? ">=" : "<=", target,
              holds ? "ok" : "**missed**");
  return holds;
}

bool judge(const LeastTimes& least) {
  const double latency = least["dram_latencyhuge:1"];
  const double one = least["dram_hit_one_by_one"], evicting = least["dram_set_evicting"];
  std::printf("\nDRAM latency: %.0f ns on small pages, %.0f ns on huge ones\n\n",
              least["dram_latencyhuge:0"], latency);
  bool all = true;
  all &= claim("one by one / in batches of 16, per hit", one / least["dram_hit_in_batches"], true,
               2.5);
  all &= claim("one by one / DRAM latency on huge pages", one / latency, false, 2.5);
  all &= claim("set that evicts / set of a new key with room", evicting / least["dram_set_new"],
               false, 1.6);
  all &= claim("set that evicts / set of a key that is there", evicting / least["dram_set_again"],
               false, 1.6);
  return all;
}

}  // namespace

int main(int count, char** words) {
  std::vector<char*> arguments(words, words + count);
  char filter[] = "--benchmark_filter=dram_";
  char repetitions[] = "--benchmark_repetitions=25";
  char interleaved[] = "--benchmark_enable_random_interleaving=true";
  char short_ones[] = "--benchmark_min_time=0.05";
  const auto asked = std::find_if(arguments.begin(), arguments.end(), [](const char* word) {
    return std::strcmp(word, "--claims") == 0;
  });
  const bool claims = asked != arguments.end();
  if (claims) {
    arguments.erase(asked);
    arguments.insert(arguments.begin() + 1, {filter, repetitions, interleaved, short_ones});
  }
  int left = static_cast<int>(arguments.size());
  benchmark::Initialize(&left, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(left, arguments.data())) return 1;
  LeastTimes least;
  benchmark::RunSpecifiedBenchmarks(&least);
  return claims && !judge(least) ? 1 : 0;
}
