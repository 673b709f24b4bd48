// limit_server: answers get and set with canned replies, at the least cost that the kernel allows.
//
// It stores nothing. What it costs is what any server on io_uring pays before it does any work:
// the floor in every comparison. It stands on liburing alone, so that nothing of ringcached's own
// can make the floor look higher than it is.
#include <getopt.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

#include "limit/loop.h"

namespace limit {
namespace {

constexpr const char* help =
    "limit_server: answers get and set with canned replies, to measure what the kernel costs.\n"
    "  -p, --port N         listen on 127.0.0.1 (11211)\n"
    "  -s, --socket PATH    listen there instead\n"
    "  -t, --threads N      1 to 64 (1)\n"
    "  -v, --value-size N   bytes of every value it answers, up to 1 GiB (100)\n"
    "  -k, --key-size N     bytes of every key it answers, 1 to 250 (20)\n";

constexpr int backlog = 1024;

struct Options {
  uint16_t port = 11211;
  std::string path;
  size_t threads = 1;
  size_t value_size = 100;
  size_t key_size = 20;
};

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "limit_server: %s\n", why.c_str());
  std::exit(1);
}

[[noreturn]] void fail(const char* what) {
  refuse(std::string(what) + ": " + std::strerror(errno));
}

size_t number_in(std::string_view text, size_t least, size_t most) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    refuse(std::string(text) + " is no number from " + std::to_string(least) + " to " +
           std::to_string(most));
  }
  return number;
}

Options parse_options(int count, char** words) {
  static const option names[] = {{"port", required_argument, nullptr, 'p'},
                                 {"socket", required_argument, nullptr, 's'},
                                 {"threads", required_argument, nullptr, 't'},
                                 {"value-size", required_argument, nullptr, 'v'},
                                 {"key-size", required_argument, nullptr, 'k'},
                                 {nullptr, 0, nullptr, 0}};
  Options options;
  for (;;) {
    switch (getopt_long(count, words, "p:s:t:v:k:", names, nullptr)) {
      case 'p':
        options.port = static_cast<uint16_t>(number_in(optarg, 1, 65535));
        break;
      case 's':
        options.path = optarg;
        break;
      case 't':
        options.threads = number_in(optarg, 1, 64);
        break;
      case 'v':
        options.value_size = number_in(optarg, 0, 1u << 30);
        break;
      case 'k':
        options.key_size = number_in(optarg, 1, 250);
        break;
      case -1:
        if (optind < count) refuse(std::string(words[optind]) + ": what is that?");
        return options;
      default:
        std::fputs(help, stderr);
        std::exit(1);
    }
  }
}

int listen_on(const sockaddr* address, socklen_t size) {
  const int listener = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) fail("socket");
  const int yes = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(listener, address, size) != 0) fail("bind");
  if (::listen(listener, backlog) != 0) fail("listen");
  return listener;
}

int listen_on(const Options& options) {
  if (options.path.empty()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return listen_on(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (options.path.size() >= sizeof address.sun_path) refuse("the path is too long");
  std::memcpy(address.sun_path, options.path.c_str(), options.path.size());
  ::unlink(options.path.c_str());
  return listen_on(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

void allow_many_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

[[noreturn]] void serve(const Options& options) {
  // It owns nothing that would have to be put in order: a signal to end is heeded at once.
  std::signal(SIGTERM, [](int) { ::_exit(0); });
  std::signal(SIGINT, [](int) { ::_exit(0); });
  allow_many_descriptors();
  const Canned canned(options.key_size, options.value_size);
  const int listener = listen_on(options);
  std::vector<std::unique_ptr<Loop>> loops;
  for (size_t i = 0; i < options.threads; ++i) {
    loops.push_back(std::make_unique<Loop>(canned, i == 0 ? listener : -1, loops));
  }
  std::vector<std::thread> others;
  for (size_t i = 1; i < options.threads; ++i)
    others.emplace_back([&loops, i] { loops[i]->run(); });
  loops[0]->run();
}

}  // namespace
}  // namespace limit

int main(int count, char** words) {
  limit::serve(limit::parse_options(count, words));
}
