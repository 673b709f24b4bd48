// What the kernel's door costs: messages echoed over unix sockets and loopback TCP, by io_uring and
// epoll.
//
// Client and server share a thread; only the server's side is timed, by the CPU time of the thread,
// so that neither sleep nor a busy machine counts. per_message is what matters.
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "io/open_door.h"

namespace ringcached::io {
namespace {

constexpr size_t message_size = 100;

double thread_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Both ends of a connection.
struct Pair {
  int near = -1;
  int far = -1;
};

Pair unix_pair() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return {};
  return {ends[0], ends[1]};
}

Pair tcp_pair() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  sockaddr* at = reinterpret_cast<sockaddr*>(&address);
  Pair pair;
  if (::bind(listener, at, size) == 0 && ::listen(listener, 1) == 0 &&
      ::getsockname(listener, at, &size) == 0) {
    pair.far = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(pair.far, at, size) == 0) pair.near = ::accept(listener, nullptr, nullptr);
  }
  ::close(listener);
  const int on = 1;
  for (const int end : {pair.near, pair.far}) {
    ::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return pair;
}

/// Sends back what each client says, from the buffer in which it came.
class Echo {
 public:
  Echo(Door& door, const std::vector<Pair>& clients)
      : door_(door), clients_(clients), leases_(clients.size()) {
    for (uint32_t i = 0; i < clients.size(); ++i) receive(i);
  }

  /// Turns until every client has been answered once more.
  void answer_all() {
    for (size_t answered = 0; answered < clients_.size();) {
      for (const Completion& completion : door_.wait(true)) answered += take(completion);
    }
  }

  void stop() {
    for (uint32_t i = 0; i < clients_.size(); ++i) door_.cancel({Act::Receive, i, 1});
    for (size_t ended = 0; ended < clients_.size();) {
      for (const Completion& completion : door_.wait(true)) ended += !completion.more;
    }
  }

 private:
  void receive(uint32_t i) { door_.receive(clients_[i].near, {Act::Receive, i, 1}); }

  /// 1: an answer is sent.
  size_t take(const Completion& completion) {
    const uint32_t i = completion.token.slot;
    if (completion.token.act == Act::Send) {
      door_.release(leases_[i]);
      return 1;
    }
    if (!completion.more) receive(i);
    leases_[i] = completion.lease;
    door_.send(clients_[i].near, leases_[i].bytes.data(), leases_[i].bytes.size(),
               {Act::Send, i, 1});
    return 0;
  }

  Door& door_;
  const std::vector<Pair>& clients_;
  std::vector<Lease> leases_;
};

void echo(benchmark::State& state, Io io, Pair (*connect)()) {
  std::string error;
  const std::unique_ptr<Door> door = open_door(io, error);
  if (door == nullptr) return state.SkipWithError(error.c_str());
  std::vector<Pair> clients(static_cast<size_t>(state.range(0)));
  for (Pair& pair : clients) pair = connect();
  const std::string message(message_size, 'x');
  std::vector<char> answer(message_size);
  {
    Echo server(*door, clients);
    for (auto _ : state) {
      for (const Pair& pair : clients) {
        if (::send(pair.far, message.data(), message.size(), 0) < 0) std::abort();
      }
      const double before = thread_seconds();
      server.answer_all();
      state.SetIterationTime(thread_seconds() - before);
      for (const Pair& pair : clients) {
        if (::recv(pair.far, answer.data(), answer.size(), MSG_WAITALL) < 0) std::abort();
      }
    }
    server.stop();
  }
  for (const Pair& pair : clients) {
    ::close(pair.near);
    ::close(pair.far);
  }
  state.counters["per_message"] = benchmark::Counter(
      static_cast<double>(state.range(0)),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

#define ECHO(name, io, connect) \
  BENCHMARK_CAPTURE(echo, name, io, connect)->Arg(1)->Arg(16)->UseManualTime()
ECHO(uring_unix, Io::Uring, unix_pair);
ECHO(epoll_unix, Io::Epoll, unix_pair);
ECHO(uring_tcp, Io::Uring, tcp_pair);
ECHO(epoll_tcp, Io::Epoll, tcp_pair);

}  // namespace
}  // namespace ringcached::io

BENCHMARK_MAIN();
