// pauses: how long a core's loop is held up by its memory, phase by phase, in its own CPU time.
#include <getopt.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "pauses/phases.h"

namespace pauses {

namespace {

constexpr double p9999_us_max = 200;
constexpr double worst_us_max = 1000;
constexpr double sweep_us_max = 50;
constexpr double sweep_share_max = 0.01;
constexpr uint32_t dead_seconds_max = 60;

constexpr const char* help =
    "pauses: times each turn of a core's loop while its memory has much to do.\n"
    "  -c, --check      exit with 1 if a limit is missed\n"
    "  -q, --quick      little of all, in seconds\n"
    "  -L               all memory is touched beforehand, as with -L of the server\n"
    "  -n, --items N    instead of 10,000,000\n"
    "  -o, --only WORD  many, shift, shrink or giant\n"
    "  -r, --runs N     of the same, of which each turn's least time counts (3)\n"
    "  -S, --seed N     of the keys and the sizes of batches (1)\n";

const option long_options[] = {
    {"check", no_argument, nullptr, 'c'},
    {"quick", no_argument, nullptr, 'q'},
    {"items", required_argument, nullptr, 'n'},
    {"only", required_argument, nullptr, 'o'},
    {"runs", required_argument, nullptr, 'r'},
    {"seed", required_argument, nullptr, 'S'},
    {nullptr, 0, nullptr, 0},
};

struct Options {
  Scale scale;
  bool check = false;
  std::string only;
  uint64_t runs = 3;
  uint64_t seed = 1;
};

Options parse(int count, char** words) {
  Options options;
  bool preallocated = false;
  for (int letter;
       (letter = getopt_long(count, words, "cqLn:o:r:S:", long_options, nullptr)) != -1;) {
    const uint64_t number = optarg != nullptr ? std::strtoull(optarg, nullptr, 10) : 0;
    if (letter == 'c') options.check = true;
    if (letter == 'q') options.scale = {100'000, 100, 8u << 20, 16u << 20, 50'000};
    if (letter == 'L') preallocated = true;
    if (letter == 'n') options.scale.items = std::max<uint64_t>(number, 1000);
    if (letter == 'o') options.only = optarg;
    if (letter == 'r') options.runs = std::max<uint64_t>(number, 1);
    if (letter == 'S') options.seed = number;
    if (letter != '?') continue;
    std::fputs(help, stderr);
    std::exit(2);
  }
  options.scale.preallocated = preallocated;
  return options;
}

struct Row {
  std::string phase;
  std::string remark;
  Turns turns;
};

/// What one run told, or several laid over each other.
class Rows {
 public:
  void lay_over(const std::vector<Row>& run) {
    if (rows_.empty()) {
      rows_ = run;
      return;
    }
    for (size_t i = 0; i < rows_.size(); ++i) {
      Turns& turns = rows_[i].turns;
      const Turns& again = run.at(i).turns;
      if (!turns.whole.lay_over(again.whole) || !turns.sweeps.lay_over(again.sweeps)) {
        throw std::logic_error(rows_[i].phase + ": not the same turns as in the last run");
      }
    }
  }
  /// How many of them miss a limit.
  int print() const {
    std::printf(
        "| us of CPU time per turn | turns | p50 | p99 | p99.9 | p99.99 | worst "
        "| without page fault: p99.99 | worst | sweep alone: p99.99 | worst | |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    int missed = 0;
    for (const Row& row : rows_) {
      const Durations& whole = row.turns.whole;
      const Durations& sweeps = row.turns.sweeps;
      std::printf("| %s | %zu ", row.phase.c_str(), whole.count());
      for (const double quantile : {0.5, 0.99, 0.999, 0.9999, 1.0}) {
        std::printf("| %.1f ", us(whole.at(quantile, true)));
      }
      std::printf("| %.1f | %.1f ", us(whole.at(0.9999, false)), us(whole.at(1, false)));
      std::printf("| %.1f | %.1f | %s |\n", us(sweeps.at(0.9999, true)), us(sweeps.at(1, true)),
                  row.remark.c_str());
      const bool fine = us(whole.at(0.9999, true)) <= p9999_us_max &&
                        us(whole.at(1, true)) <= worst_us_max &&
                        us(sweeps.at(0.9999, true)) <= sweep_us_max;
      missed += fine ? 0 : 1;
    }
    return missed;
  }

 private:
  static double us(uint64_t ns) { return static_cast<double>(ns) / 1000; }

  std::vector<Row> rows_;
};

int judge(const SweepFigures& sweep) {
  std::printf(
      "\nThe sweep takes %.2f %% of a core (<= %.0f); what has expired is gone after %u s (<= %u), "
      "its pages after %u s.\n",
      sweep.share_of_core * 100, sweep_share_max * 100, sweep.seconds_until_gone, dead_seconds_max,
      sweep.seconds_until_pages);
  return (sweep.share_of_core > sweep_share_max ? 1 : 0) +
         (sweep.seconds_until_gone > dead_seconds_max ? 1 : 0);
}

int run(const Options& options) {
  const auto wanted = [&](const char* word) {
    return options.only.empty() || options.only == word;
  };
  Rows rows;
  SweepFigures least{1, 0, 0};
  for (uint64_t i = 0; i < options.runs; ++i) {
    std::vector<Row> told;
    const Tell tell = [&](const std::string& phase, const Turns& turns, const std::string& remark) {
      told.push_back({phase, remark, turns});
    };
    if (wanted("shift")) run_shifts(options.scale, options.seed, tell);
    if (wanted("shrink")) run_shrink(options.scale, options.seed, tell);
    if (wanted("giant")) run_giant(options.scale, options.seed, tell);
    if (wanted("many")) {
      const SweepFigures sweep = run_many_items(options.scale, options.seed, tell);
      if (sweep.share_of_core < least.share_of_core) least = sweep;
    }
    rows.lay_over(told);
  }
  int missed = rows.print();
  if (wanted("many")) missed += judge(least);
  std::printf(
      "%d limits missed (p99.99 <= %.0f us, worst <= %.0f us; p99.99 of sweeps <= %.0f us)\n",
      missed, p9999_us_max, worst_us_max, sweep_us_max);
  return options.check && missed != 0 ? 1 : 0;
}

}  // namespace

}  // namespace pauses

int main(int count, char** words) {
  return pauses::run(pauses::parse(count, words));
}
