#include "ringload/run.h"

#include "ringload/now.h"
#include "ringload/progress.h"
#include "ringload/sockets.h"

namespace ringload {

namespace {

constexpr double second_ns = 1e9;

class Run {
 public:
  Run(const Options& options, const std::atomic<bool>& interrupted)
      : options_(options),
        idle_(options.server, options.idle_connections),
        crew_(options, interrupted) {}

  Result play() {
    if (options_.populate) populate();
    if (options_.warmup > 0) warm_up();
    measure();
    result_.idle_disturbed = idle_.disturbed();
    return std::move(result_);
  }

 private:
  PhaseResult run(const char* name, const Phase& phase) {
    ProgressLine line(name, options_.quiet);
    PhaseResult result = crew_.run(phase, [&](const Crew::Sums& sums) { line.show(sums); });
    result_.wrong += result.tally.wrong;
    if (result_.first_wrong.empty()) result_.first_wrong = result.tally.first_wrong;
    result_.timeouts += result.tally.timeouts;
    return result;
  }

  void populate() {
    Phase phase;
    phase.kind = Phase::Kind::Populate;
    phase.start_ns = now_ns();
    result_.populate_errors = run("populate", phase).tally.errors;
  }

  static Phase load_for(double seconds) {
    Phase phase;
    phase.start_ns = now_ns();
    if (seconds > 0) phase.end_ns = phase.start_ns + static_cast<uint64_t>(seconds * second_ns);
    return phase;
  }

  void warm_up() { run("warm-up", load_for(options_.warmup)); }

  void measure() {
    std::optional<Usage> before;
    if (options_.pid != 0) before = read_usage(options_.pid);
    const uint64_t client_before = ns_of(CLOCK_PROCESS_CPUTIME_ID);
    Phase phase = load_for(options_.duration);
    if (options_.requests > 0) phase.requests = options_.requests;
    result_.load = run("measure", phase);
    result_.seconds = static_cast<double>(now_ns() - phase.start_ns) / second_ns;
    const uint64_t client_ns = ns_of(CLOCK_PROCESS_CPUTIME_ID) - client_before;
    result_.client_cpu_s = static_cast<double>(client_ns) / second_ns;
    if (!before) return;
    result_.server = difference(*before, read_usage(options_.pid));
    result_.memory = read_memory(options_.pid);
  }

  const Options& options_;
  IdleConnections idle_;
  Crew crew_;
  Result result_;
};

}  // namespace

Result run(const Options& options, const std::atomic<bool>& interrupted) {
  allow_descriptors(options.connections + options.idle_connections + options.threads);
  if (options.pid != 0) read_memory(options.pid);  // a wrong one shall show at once
  return Run(options, interrupted).play();
}

}  // namespace ringload
