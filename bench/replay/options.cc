#include "replay/options.h"

#include <getopt.h>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "replay/spelling.h"

namespace replay {

namespace {

constexpr const char* help =
    "replay: plays requests against a memcached server, cache-aside, and counts the misses.\n"
    "  -s, --server ADDRESS   host:port, or the path of a unix socket\n"
    "  -t, --trace FILE       lines of `key size`, - is the standard input\n"
    "  -w, --workload NAME    or requests made up from a seed; --list names them\n"
    "  -S, --seed N           of the workload (1)\n"
    "  -k, --keys N           of the workload that come again (1000000)\n"
    "  -n, --requests N       how many (3000000; a trace: all)\n"
    "  -v, --value-size N     of the workloads zipf and fill (100)\n"
    "  -K, --key-size N       bytes of a key on the wire, 16 to 250 (20)\n"
    "  -b, --batch N          requests under way at once (64)\n"
    "  -u, --warmup N         requests at the start that are not counted (0)\n"
    "  -c, --check            look at every byte of every value; exit with 2 if one is wrong\n"
    "  -o, --set-only         no gets\n"
    "  -j, --json             print JSON\n";

const option long_options[] = {
    {"server", required_argument, nullptr, 's'},
    {"trace", required_argument, nullptr, 't'},
    {"workload", required_argument, nullptr, 'w'},
    {"seed", required_argument, nullptr, 'S'},
    {"keys", required_argument, nullptr, 'k'},
    {"requests", required_argument, nullptr, 'n'},
    {"value-size", required_argument, nullptr, 'v'},
    {"key-size", required_argument, nullptr, 'K'},
    {"batch", required_argument, nullptr, 'b'},
    {"warmup", required_argument, nullptr, 'u'},
    {"check", no_argument, nullptr, 'c'},
    {"set-only", no_argument, nullptr, 'o'},
    {"json", no_argument, nullptr, 'j'},
    {"list", no_argument, nullptr, 'l'},
    {"help", no_argument, nullptr, 'h'},
    {nullptr, 0, nullptr, 0},
};

uint64_t number_in(std::string_view text, uint64_t least, uint64_t most) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    throw std::invalid_argument(std::string(text) + " is no number from " + std::to_string(least) +
                                " to " + std::to_string(most));
  }
  return number;
}

uint32_t small_number_in(std::string_view text, uint64_t least, uint64_t most) {
  return static_cast<uint32_t>(number_in(text, least, most));
}

void print_workloads() {
  for (const WorkloadName& each : workload_names()) std::printf("%-16s %s\n", each.name, each.what);
}

void take(Options& options, int letter, const char* text) {
  switch (letter) {
    case 's':
      options.server = text;
      break;
    case 't':
      options.trace = text;
      break;
    case 'w':
      options.workload = text;
      break;
    case 'S':
      options.made.seed = number_in(text, 0, UINT64_MAX);
      break;
    case 'k':
      options.made.keys = number_in(text, 1, uint64_t{1} << 39);
      break;
    case 'n':
      options.made.requests = number_in(text, 1, uint64_t{1} << 39);
      options.requests_given = true;
      break;
    case 'v':
      options.made.value_size = small_number_in(text, 0, value_size_limit);
      break;
    case 'K':
      options.play.key_size = small_number_in(text, key_size_min, key_size_max);
      break;
    case 'b':
      options.play.batch = small_number_in(text, 1, 100'000);
      break;
    case 'u':
      options.play.warmup = number_in(text, 0, uint64_t{1} << 39);
      break;
    case 'c':
      options.play.check = true;
      break;
    case 'o':
      options.play.set_only = true;
      break;
    case 'j':
      options.json = true;
      break;
    case 'l':
      print_workloads();
      std::exit(0);
    case 'h':
      std::fputs(help, stdout);
      std::exit(0);
    default:
      throw std::invalid_argument("--help tells the options");
  }
}

}  // namespace

Options parse_options(int count, char** words) {
  Options options;
  int letter = 0;
  while ((letter = getopt_long(count, words, "s:t:w:S:k:n:v:K:b:u:cojlh", long_options, nullptr)) !=
         -1) {
    take(options, letter, optarg);
  }
  if (optind != count) throw std::invalid_argument(std::string(words[optind]) + ": what is that?");
  if (options.server.empty()) throw std::invalid_argument("--server is missing");
  if (options.trace.empty() == options.workload.empty()) {
    throw std::invalid_argument("either --trace or --workload is needed");
  }
  return options;
}

}  // namespace replay
