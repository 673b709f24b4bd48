// The threads of the load, which play one phase after the other together.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "ringload/failure.h"
#include "ringload/keys.h"
#include "ringload/options.h"
#include "ringload/worker.h"

namespace ringload {

/// What the threads did in a phase, together.
struct PhaseResult {
  Tally tally;
  Histogram latency, lag;
  uint64_t unsent = 0;
};

/// Owner: the main thread.
class Crew {
 public:
  /// Starts the threads and waits until all are connected. Throws Failure, as run() does.
  Crew(const Options& options, const std::atomic<bool>& interrupted);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// Plays a phase until all threads have all their answers. `on_second` is called once a second
  /// with the sums so far.
  struct Sums {
    uint64_t requests = 0, hits = 0, misses = 0, errors = 0;
  };
  using OnSecond = std::function<void(const Sums&)>;
  PhaseResult run(const Phase& phase, const OnSecond& on_second);

 private:
  void end_threads();
  void run_thread(uint32_t thread);
  void play_phases(uint32_t thread);
  void fail(const Failure& failure);
  void wait_for_all(const OnSecond& on_second);
  Sums sums() const;

  const Options& options_;
  const std::atomic<bool>& interrupted_;
  const Keys keys_;
  std::vector<Progress> progress_;
  std::atomic<Halt> halt_{Halt::No};

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  uint32_t phase_number_ = 0;
  std::optional<Phase> phase_;  // empty: the threads shall end
  uint32_t busy_ = 0;           // threads
  PhaseResult result_;
  std::optional<Failure> failure_;  // the first one

  std::vector<std::thread> threads_;  // last: they use all of the above
};

}  // namespace ringload
