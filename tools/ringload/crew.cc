#include "ringload/crew.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <chrono>

namespace ringload {

namespace {

using Clock = std::chrono::steady_clock;

/// How often the main thread looks whether somebody pressed Ctrl-C.
constexpr auto glance = std::chrono::milliseconds(100);

/// --cpus was checked: where it fails all the same, the thread runs where it may.
void pin_to(uint32_t cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
}

/// Signals are the main thread's.
void block_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

Crew::Crew(const Options& options, const std::atomic<bool>& interrupted)
    : options_(options),
      interrupted_(interrupted),
      keys_(options.key_size, options.value_size),
      progress_(options.threads),
      busy_(options.threads) {
  for (uint32_t i = 0; i < options.threads; ++i) {
    threads_.emplace_back([this, i] { run_thread(i); });
  }
  try {
    wait_for_all([](const Sums&) {});
  } catch (...) {
    end_threads();
    throw;
  }
}

Crew::~Crew() {
  end_threads();
}

void Crew::end_threads() {
  {
    const std::lock_guard lock(mutex_);
    phase_.reset();
    ++phase_number_;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

PhaseResult Crew::run(const Phase& phase, const OnSecond& on_second) {
  {
    const std::lock_guard lock(mutex_);
    result_ = {};
    phase_ = phase;
    ++phase_number_;
    busy_ = options_.threads;
  }
  changed_.notify_all();
  wait_for_all(on_second);
  return std::move(result_);
}

void Crew::wait_for_all(const OnSecond& on_second) {
  std::unique_lock lock(mutex_);
  for (auto next = Clock::now() + std::chrono::seconds(1); busy_ > 0;) {
    changed_.wait_for(lock, glance, [this] { return busy_ == 0; });
    if (interrupted_ && halt_ == Halt::No) halt_ = Halt::Finish;
    if (Clock::now() < next || busy_ == 0) continue;
    on_second(sums());
    next += std::chrono::seconds(1);
  }
  if (failure_) throw *failure_;
}

Crew::Sums Crew::sums() const {
  Sums sums;
  for (const Progress& each : progress_) {
    sums.requests += each.requests.load(std::memory_order_relaxed);
    sums.hits += each.hits.load(std::memory_order_relaxed);
    sums.misses += each.misses.load(std::memory_order_relaxed);
    sums.errors += each.errors.load(std::memory_order_relaxed);
  }
  return sums;
}

void Crew::run_thread(uint32_t thread) {
  block_signals();
  if (!options_.cpus.empty()) pin_to(options_.cpus[thread % options_.cpus.size()]);
  try {
    play_phases(thread);
  } catch (const Failure& failure) {
    fail(failure);
  } catch (const std::bad_alloc&) {
    fail(Failure(Exit::System, "out of memory"));
  }
}

void Crew::play_phases(uint32_t thread) {
  Worker worker(options_, keys_, thread, halt_, progress_[thread]);
  std::unique_lock lock(mutex_);
  for (uint32_t played = 0;;) {
    if (--busy_ == 0) changed_.notify_all();
    changed_.wait(lock, [&] { return phase_number_ != played; });
    played = phase_number_;
    if (!phase_) return;
    const Phase phase = *phase_;
    lock.unlock();
    worker.run(phase);
    lock.lock();
    result_.tally.add(worker.tally());
    result_.latency.add(worker.latency());
    result_.lag.add(worker.lag());
    result_.unsent += worker.unsent();
  }
}

/// The thread ends, and so does the run.
void Crew::fail(const Failure& failure) {
  const std::lock_guard lock(mutex_);
  halt_ = Halt::Abandon;
  if (!failure_) failure_ = failure;
  --busy_;
  changed_.notify_all();
}

}  // namespace ringload
