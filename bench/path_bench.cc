// What the way of a request costs without the kernel: bytes in, parse, execute, write, bytes out.
//
// A whole core with its loop, behind a door that has no kernel behind it. Each figure is per
// request with values of 100 B, beside the latency of this machine's memory: a get of a key among a
// million waits for memory twice or more, unless others are waited for at the same time.
#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "base/assert.h"
#include "io/door.h"
#include "server/core.h"
#include "server/process.h"

namespace ringcached::server {
namespace {

constexpr uint64_t seed = 42;
constexpr size_t key_size = 20;
constexpr size_t value_size = 100;
constexpr size_t few = 1000;
constexpr size_t many = 1'000'000;

/// CPU time of this thread in nanoseconds: what runs beside us does not count.
double cpu_time_ns() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e9 + static_cast<double>(used.tv_nsec);
}

// --- A world without a kernel.

/// Hands over what the bench delivers; what is sent is gone by the next turn.
class BenchDoor final : public io::Door {
 public:
  void accept(int, io::Token token) override { accept_ = token; }
  void receive(int socket, io::Token token) override {
    const auto at = static_cast<size_t>(socket);
    if (receives_.size() <= at) receives_.resize(at + 1);
    receives_[at] = token;
  }
  void send(int, const char*, size_t size, io::Token token) override { gone(token, size); }
  void send(int, const msghdr* message, io::Token token) override {
    size_t size = 0;
    for (size_t i = 0; i < message->msg_iovlen; ++i) size += message->msg_iov[i].iov_len;
    gone(token, size);
  }
  void cancel(io::Token) override {}
  void close(int) override {}
  void shutdown(int) override {}
  void receive_datagrams(int, io::Token) override {}
  int send_datagrams(int, std::span<mmsghdr>) override { return 0; }
  void await_room(int, io::Token) override {}
  void tick(uint32_t, io::Token) override {}
  int bell() const override { return -1; }
  void wake(int) override {}
  std::span<const io::Completion> wait(bool) override {
    collected_.swap(coming_);
    coming_.clear();
    return collected_;
  }
  void release(const io::Lease&) override {}
  const io::BufferPool& pool() const override { return pool_; }

  void connect(int socket) { coming_.push_back({accept_, socket, true, {}}); }
  void deliver(int socket, std::string_view bytes) {
    coming_.push_back({receives_[static_cast<size_t>(socket)],
                       static_cast<int32_t>(bytes.size()),
                       true,
                       {bytes, 0}});
  }
  uint64_t sent() const { return sent_; }

 private:
  void gone(io::Token token, size_t size) {
    sent_ += size;
    coming_.push_back({token, static_cast<int32_t>(size), false, {}});
  }

  io::BufferPool pool_{io::BufferPool::step};
  io::Token accept_;
  std::vector<io::Token> receives_;  // by socket
  std::vector<io::Completion> collected_, coming_;
  uint64_t sent_ = 0;
};

std::string key(size_t number) {
  std::string digits = std::to_string(number);
  return "key-" + std::string(key_size - 4 - digits.size(), '0') + digits;
}

/// What a client sends at one time: equal commands, whose keys change.
class Requests {
 public:
  Requests(std::string_view before_key, std::string_view behind_key, size_t count)
      : key_at_(before_key.size()), size_(before_key.size() + key_size + behind_key.size()) {
    for (size_t i = 0; i < count; ++i) {
      text_.append(before_key).append(key_size, '.').append(behind_key);
    }
  }
  static Requests gets(size_t count) { return {"get ", "\r\n", count}; }
  static Requests sets(size_t count) {
    const std::string value(value_size, 'v');
    return {"set ", " 0 0 " + std::to_string(value_size) + "\r\n" + value + "\r\n", count};
  }

  size_t count() const { return text_.size() / size_; }
  void set_key(size_t i, const char* key) {
    std::memcpy(text_.data() + i * size_ + key_at_, key, key_size);
  }
  std::string_view text() const { return text_; }

 private:
  size_t key_at_;
  size_t size_;
  std::string text_;
};

Config config() {
  Config made;
  made.threads = 1;
  made.memory_limit = 1ull << 30;
  return made;
}

/// A core that holds `items` items, and keys of theirs in random order.
class World {
 public:
  static constexpr size_t connections = 16;

  explicit World(size_t items)
      : process_(config(), Clock(Now{100, 1'700'000'000}), seed), core_(process_, 0, door_, {0}) {
    core_.start();
    for (size_t i = 0; i < connections; ++i) door_.connect(socket(i));
    core_.turn(false);
    for (size_t i = 0; i < items; ++i) keys_ += key(i);
    constexpr size_t at_once = 50;
    std::vector<Requests> sets{Requests::sets(at_once)};
    for (size_t done = 0; done < items; done += at_once) turn(sets);
    std::mt19937 random(seed);
    std::string mixed;
    constexpr size_t requests_made = 1u << 18;
    for (size_t i = 0; i < requests_made; ++i) {
      mixed.append(keys_, random() % items * key_size, key_size);
    }
    keys_ = std::move(mixed);
    at_ = 0;
  }

  /// Each of the first connections asks its requests, which get the next keys, and is answered.
  void turn(std::vector<Requests>& asked) {
    for (size_t i = 0; i < asked.size(); ++i) {
      for (size_t r = 0; r < asked[i].count(); ++r) asked[i].set_key(r, next_key());
      door_.deliver(socket(i), asked[i].text());
    }
    core_.turn(false);
  }
  uint64_t sent() const { return door_.sent(); }

 private:
  static int socket(size_t connection) { return static_cast<int>(connection) + 3; }
  const char* next_key() {
    const char* next = keys_.data() + at_;
    at_ = at_ + key_size == keys_.size() ? 0 : at_ + key_size;
    return next;
  }

  Process process_;
  BenchDoor door_;
  Core core_;
  std::string keys_;
  size_t at_ = 0;
};

/// Made once and never ended: its clients are still there when the process goes.
World& world_of(size_t items) {
  static World* const small = new World(few);
  if (items == few) return *small;
  static World* const large = new World(many);
  return *large;
}

// --- The machine's memory.

/// A walk over 256 MiB in random order: each step has to wait for memory.
class Walk {
 public:
  /// `huge`: pages of 2 MiB, so that nearly no address has to be looked up in memory too.
  explicit Walk(bool huge) {
    void* memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    RC_ASSERT(memory != MAP_FAILED);
    ::madvise(memory, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    lines_ = static_cast<Line*>(memory);
    std::vector<uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0u);
    std::shuffle(order.begin(), order.end(), std::mt19937(seed));
    for (size_t i = 0; i < count; ++i) lines_[order[i]].next = &lines_[order[(i + 1) % count]];
    at_ = lines_;
  }
  ~Walk() { ::munmap(lines_, size); }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  void step() { benchmark::DoNotOptimize(at_ = at_->next); }

 private:
  struct Line {
    const Line* next;
    char rest[56];
  };
  static constexpr size_t size = 256u << 20;
  static constexpr size_t count = size / sizeof(Line);

  Line* lines_;
  const Line* at_;
};

void memory_latency(benchmark::State& state) {
  Walk walk(state.range(0) != 0);
  for (auto _ : state) walk.step();
}
BENCHMARK(memory_latency)->ArgName("huge")->Arg(0)->Arg(1);

/// Nanoseconds of a step with pages of the usual size.
double measured_dram_latency() {
  constexpr size_t steps = 1u << 20;
  Walk walk(false);
  const double start = cpu_time_ns();
  for (size_t i = 0; i < steps; ++i) walk.step();
  return (cpu_time_ns() - start) / static_cast<double>(steps);
}

// --- The path.

void run(benchmark::State& state, const Requests& requests, size_t reply_size) {
  std::vector<Requests> asked(static_cast<size_t>(state.range(1)), requests);
  World& world = world_of(static_cast<size_t>(state.range(2)));
  const uint64_t sent_before = world.sent();
  const double start = cpu_time_ns();
  for (auto _ : state) world.turn(asked);
  const double passed = cpu_time_ns() - start;
  const uint64_t done = static_cast<uint64_t>(state.iterations()) * requests.count() * asked.size();
  if (world.sent() - sent_before != done * reply_size) state.SkipWithError("a reply is not right");
  state.SetItemsProcessed(static_cast<int64_t>(done));
  const double each = passed / static_cast<double>(done);
  static const double dram = measured_dram_latency();
  state.counters["ns_per_request"] = each;
  state.counters["dram_latencies"] = each / dram;
}

void gets(benchmark::State& state) {
  const std::string reply = "VALUE " + key(0) + " 0 " + std::to_string(value_size) + "\r\n" +
                            std::string(value_size, 'v') + "\r\nEND\r\n";
  run(state, Requests::gets(static_cast<size_t>(state.range(0))), reply.size());
}

void sets(benchmark::State& state) {
  run(state, Requests::sets(static_cast<size_t>(state.range(0))), std::strlen("STORED\r\n"));
}

/// One by one, in batches of one connection, and one each of so many connections in one turn.
void ways(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"depth", "connections", "items"});
  for (const size_t items : {few, many}) {
    for (const auto& [depth, connections] : {std::pair{1, 1}, {16, 1}, {100, 1}, {1, 16}}) {
      bench->Args({depth, connections, static_cast<int64_t>(items)});
    }
  }
}
BENCHMARK(gets)->Apply(ways);
BENCHMARK(sets)->Apply(ways);

}  // namespace
}  // namespace ringcached::server

BENCHMARK_MAIN();
