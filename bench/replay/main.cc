// replay: plays a trace or a made-up workload against a memcached server and counts the misses.
#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "replay/link.h"
#include "replay/options.h"
#include "replay/player.h"
#include "replay/trace.h"
#include "replay/workload.h"

namespace replay {

namespace {

/// The first so many requests of another source.
class First : public Source {
 public:
  First(std::unique_ptr<Source> source, uint64_t count)
      : source_(std::move(source)), left_(count) {}
  bool next(Request& request) override {
    if (left_ == 0 || !source_->next(request)) return false;
    --left_;
    return true;
  }

 private:
  std::unique_ptr<Source> source_;
  uint64_t left_;
};

std::unique_ptr<Source> open_source(const Options& options) {
  if (!options.trace.empty()) {
    auto trace = std::make_unique<Trace>(options.trace);
    if (!options.requests_given) return trace;
    return std::make_unique<First>(std::move(trace), options.made.requests);
  }
  auto workload = make_workload(options.workload, options.made);
  if (workload == nullptr)
    throw std::invalid_argument(options.workload + ": --list names them all");
  return workload;
}

void report(const Options& options, const Tally& tally, double seconds) {
  const char* format =
      options.json
          ? "{\"requests\": %llu, \"hits\": %llu, \"misses\": %llu, \"miss_ratio\": %.6f, "
            "\"sets\": %llu, \"refused\": %llu, \"wrong\": %llu, \"seconds\": %.3f}\n"
          : "%llu requests, %llu hits, %llu misses, miss ratio %.6f; %llu sets, %llu refused, "
            "%llu wrong; %.3f s\n";
  const auto number = [](uint64_t n) { return static_cast<unsigned long long>(n); };
  std::printf(format, number(tally.requests), number(tally.hits), number(tally.misses),
              tally.miss_ratio(), number(tally.sets), number(tally.refused), number(tally.wrong),
              seconds);
}

int play(int count, char** words) {
  const Options options = parse_options(count, words);
  const std::unique_ptr<Source> source = open_source(options);
  Link link(options.server);
  const auto start = std::chrono::steady_clock::now();
  const Tally tally = Player(link, *source, options.play).run();
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  report(options, tally, passed.count());
  return tally.wrong == 0 ? 0 : 2;
}

}  // namespace

}  // namespace replay

int main(int count, char** words) {
  try {
    return replay::play(count, words);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "replay: %s\n", error.what());
    return 1;
  }
}
