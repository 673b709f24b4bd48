// What the command line makes of the Config, what it refuses, and with which exit code.
#include "server/options.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <algorithm>

#include <string>
#include <vector>

#include "server/option_table.h"
#include "server/suboptions.h"

namespace ringcached::server {
namespace {

struct Outcome {
  Config config;
  std::optional<int> exit_code;
  std::string out;
  std::string err;
};

/// A stream into memory; its text is whole after text().
class Capture {
 public:
  Capture() : file_(open_memstream(&data_, &size_)) { REQUIRE(file_ != nullptr); }
  ~Capture() {
    std::fclose(file_);
    free(data_);
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  std::FILE* file() { return file_; }
  std::string text() {
    std::fflush(file_);
    return {data_, size_};
  }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
  std::FILE* file_;
};

Outcome run(std::vector<std::string> words,
            const Surroundings& surroundings = {.is_root = false, .usable_cpus = 4}) {
  words.insert(words.begin(), "ringcached");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  Capture out;
  Capture err;
  OptionsResult result = parse_options(static_cast<int>(words.size()), argv.data(), out.file(),
                                       err.file(), surroundings);
  return {std::move(result.config), result.exit_code, out.text(), err.text()};
}

Config taken(const std::vector<std::string>& words) {
  const Outcome outcome = run(words);
  CHECK(outcome.exit_code == std::nullopt);
  CHECK(outcome.out == "");
  CHECK(outcome.err == "");
  return outcome.config;
}

/// One line on stderr that contains `says`, and the exit code.
void check_refused(const std::vector<std::string>& words, int exit_code, const std::string& says) {
  std::string line;
  for (const std::string& word : words) line += word + " ";
  CAPTURE(line);
  const Outcome outcome = run(words);
  CHECK(outcome.exit_code == exit_code);
  CHECK(outcome.out == "");
  CAPTURE(outcome.err);
  CHECK(outcome.err.starts_with("ringcached: "));
  CHECK(outcome.err.find('\n') == outcome.err.size() - 1);
  CHECK(outcome.err.find(says) != std::string::npos);
}

TEST_CASE("without options everything has memcached's default") {
  const Config config = taken({});
  CHECK(config.tcp_port == 11211);
  CHECK(config.udp_port == 0);
  CHECK(config.listen.empty());
  CHECK(config.memory_limit == 64ull << 20);
  CHECK(config.item_size_max == 1u << 20);
  CHECK(config.connections_max == 1024);
  CHECK(config.threads == 4);
  CHECK(config.evict);
  CHECK(config.cas_enabled);
  CHECK(config.extended.maxconns_fast);
}

TEST_CASE("numbers arrive in their units") {
  const Config config =
      taken({"-p", "12345", "-m", "100", "-c", "7",    "-t", "3",  "-f", "1.1", "-n", "64",
             "-R", "50",    "-b", "5",   "-a", "0770", "-I", "2m", "-N", "2",   "-U", "0"});
  CHECK(config.tcp_port == 12345);
  CHECK(config.memory_limit == 100ull << 20);
  CHECK(config.connections_max == 7);
  CHECK(config.threads == 3);
  CHECK(config.growth_factor == 1.1);
  CHECK(config.slab_min_size == 64);
  CHECK(config.requests_per_turn == 50);
  CHECK(config.backlog == 5);
  CHECK(config.unix_mask == 0770);
  CHECK(config.item_size_max == 2u << 20);
  CHECK(config.napi_ids == 2);
}

TEST_CASE("switches switch") {
  const Config config = taken({"-A", "-d", "-r", "-M", "-k", "-C", "-F", "-X", "-W", "-L"});
  CHECK(config.shutdown_command);
  CHECK(config.daemonize);
  CHECK(config.core_dumps);
  CHECK_FALSE(config.evict);
  CHECK(config.lock_memory);
  CHECK_FALSE(config.cas_enabled);
  CHECK_FALSE(config.flush_enabled);
  CHECK_FALSE(config.dump_enabled);
  CHECK_FALSE(config.watch_enabled);
  CHECK(config.large_pages);
}

TEST_CASE("texts are kept") {
  const Config config = taken({"-s", "/tmp/s", "-u", "nobody", "-P", "/tmp/p", "-D", "/"});
  CHECK(config.unix_socket == "/tmp/s");
  CHECK(config.user == "nobody");
  CHECK(config.pid_file == "/tmp/p");
  CHECK(config.prefix_delimiter == '/');
  CHECK(config.detail_enabled);
}

TEST_CASE("long forms mean the same") {
  const Config config =
      taken({"--port=-1", "--memory-limit", "32", "--disable-cas", "--unix-mask=600",
             "--protocol=ascii", "--extended=hashpower=13", "--listen=127.0.0.1"});
  CHECK(config.tcp_port == -1);
  CHECK(config.memory_limit == 32ull << 20);
  CHECK_FALSE(config.cas_enabled);
  CHECK(config.unix_mask == 0600);
  CHECK(config.protocol == Protocol::Ascii);
  CHECK(config.extended.hashpower == 13);
  CHECK(config.listen == std::vector<std::string>{"127.0.0.1"});
}

TEST_CASE("a port may be the kernel's choice, or none") {
  CHECK(taken({"-p", "-1"}).tcp_port == -1);
  CHECK(taken({"-p", "0"}).tcp_port == 0);
  CHECK(taken({"-p", " 11 "}).tcp_port == 11);
}

TEST_CASE("each -v adds one, and the long form's value is ignored") {
  CHECK(taken({"-v"}).verbosity == 1);
  CHECK(taken({"-vvv"}).verbosity == 3);
  CHECK(taken({"-vv", "--verbose=7", "--verbose"}).verbosity == 4);
}

TEST_CASE("-l adds up") {
  CHECK(taken({"-l", "a,b:1", "-l", "[::1]:2;c"}).listen ==
        std::vector<std::string>{"a", "b:1", "[::1]:2", "c"});
  check_refused({"-l", ""}, 1, "expected an address");
  check_refused({"-l", "a:70000"}, 1, "65535");
  check_refused({"-l", "btls:a"}, 1, "TLS is not supported yet");
}

TEST_CASE("-I has a unit and a range") {
  CHECK(taken({"-I", "1024"}).item_size_max == 1024);
  CHECK(taken({"-I", "1k"}).item_size_max == 1024);
  CHECK(taken({"-I", "32M"}).item_size_max == 32u << 20);
  CHECK(taken({"-m", "2048", "-I", "1024m"}).item_size_max == 1u << 30);
  for (const char* bad : {"512", "1023", "1025m", "1x", "", "k", "-1k", "99999999999999999999",
                          "9223372036854775807m"}) {
    check_refused({"-I", bad}, 64, "expected a size from 1k");
  }
  check_refused({"-I", "33m"}, 64, "at most half of -m");
  CHECK(taken({"-I", "33m", "-m", "66"}).item_size_max == 33u << 20);
}

TEST_CASE("numbers outside their range say what would be right") {
  check_refused({"-p", "65536"}, 64, "from -1 to 65535");
  check_refused({"-p", "-2"}, 64, "from -1 to 65535");
  check_refused({"-p", "x"}, 64, "from -1 to 65535");
  check_refused({"-m", "0"}, 64, "of MiB from 1");
  check_refused({"-m", "4g"}, 64, "of MiB from 1");
  check_refused({"-c", "0"}, 1, "at least 1");
  check_refused({"-t", "0"}, 1, "at least 1");
  check_refused({"-t", ""}, 1, "at least 1");
  check_refused({"-n", "0"}, 1, "at least 1");
  check_refused({"-R", "0"}, 1, "at least 1");
  check_refused({"-R", "5000000000"}, 1, "at least 1");
  check_refused({"-b", "x"}, 1, "at least 0");
  check_refused({"-f", "1"}, 1, "greater than 1");
  check_refused({"-f", "1.2x"}, 1, "greater than 1");
  check_refused({"-f", "nan"}, 1, "greater than 1");
  check_refused({"-f", "inf"}, 1, "greater than 1");
  check_refused({"-a", "999"}, 1, "octal");
  check_refused({"-a", "1000"}, 1, "octal");
  check_refused({"-D", ""}, 1, "prefix");
  check_refused({"-N", "0"}, 1, "at least 1");
  check_refused({"-N", "5", "-t", "4"}, 64, "number of threads");
  check_refused({"-s", ""}, 1, "not empty");
}

TEST_CASE("-B says what is spoken") {
  CHECK(taken({}).protocol == Protocol::Negotiated);
  CHECK(taken({"-B", "ascii"}).protocol == Protocol::Ascii);
  CHECK(taken({"-B", "binary"}).protocol == Protocol::Binary);
  CHECK(taken({"-B", "binary", "-B", "auto"}).protocol == Protocol::Negotiated);
}

TEST_CASE("a UDP port alone is the TCP port too") {
  CHECK(taken({"-U", "5000"}).udp_port == 5000);
  CHECK(taken({"-U", "5000"}).tcp_port == 5000);
  CHECK(taken({"-U", "5000", "-p", "11211"}).tcp_port == 11211);
  CHECK(taken({"-p", "0", "-U", "-1"}).tcp_port == 0);
  CHECK(taken({"-p", "0", "-U", "-1"}).udp_port == -1);
  CHECK(taken({"-U", "0"}).tcp_port == 11211);
}

TEST_CASE("SASL makes the binary protocol the only one, and is alone") {
  CHECK(taken({"-S"}).sasl);
  CHECK(taken({"-S"}).protocol == Protocol::Binary);
  CHECK(taken({"-B", "binary", "-S"}).protocol == Protocol::Binary);
  check_refused({"-S", "-B", "ascii"}, 64, "cannot allow the ASCII protocol while using SASL");
  check_refused({"-S", "-B", "auto"}, 64, "cannot allow the ASCII protocol while using SASL");
  check_refused({"-S", "-U", "11211"}, 64, "Cannot enable UDP while using binary SASL");
  check_refused({"-S", "-Y", "file"}, 64, "two ways to log in");
}

TEST_CASE("what is not there yet is refused with memcached's code for it") {
  check_refused({"-Z"}, 64, "TLS is not supported yet");
  check_refused({"-e", "file"}, 1, "not supported yet");
  check_refused({"-B", "foo"}, 64, "expected auto, ascii or binary");
  check_refused({"-U", "99999"}, 64, "65535");
  check_refused({"-o", "ext_path=/x:1G"}, 1, "extstore is not supported yet");
  check_refused({"-o", "ssl_key=x"}, 1, "TLS is not supported yet");
  check_refused({"-o", "proxy_config=x"}, 1, "proxy is not supported yet");
  check_refused({"-o", "drop_privileges"}, 1, "not supported yet");
}

TEST_CASE("unknown letters and sub-options are illegal") {
  const Outcome letter = run({"-Q"});
  CHECK(letter.exit_code == 1);
  CHECK(letter.err == "Illegal argument \"?\"\n");
  CHECK(run({"--nosuch"}).exit_code == 1);
  CHECK(run({"-p"}).exit_code == 1);
  for (const char* list : {"foo=3", "modern,foo=3", "foo=3,hashpower=1"}) {
    const Outcome outcome = run({"-o", list});
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.out == "Illegal suboption \"foo=3\"\n");
  }
  CHECK(run({"-o", ",modern"}).out == "Illegal suboption \"\"\n");
}

TEST_CASE("sub-options come in lists and arrive in their units") {
  const ExtendedConfig x =
      taken({"-o", "no_maxconns_fast,hashpower=20,slab_chunk_max=256", "-o",
             "idle_timeout=4294967295,watcher_logbuf_size=4194303,read_buf_mem_limit=4096,"
             "slab_automove=2,slab_automove_ratio=0.5,track_sizes,temporary_ttl=9,"})
          .extended;
  CHECK_FALSE(x.maxconns_fast);
  CHECK(x.hashpower == 20);
  CHECK(x.slab_chunk_max == 256 * 1024);
  CHECK(x.idle_timeout == 4294967295);
  CHECK(x.watcher_logbuf_size == 4294966272);
  CHECK(x.read_buf_mem_limit == 4ull << 30);
  CHECK(x.slab_automove == 2);
  CHECK(x.slab_automove_ratio == 0.5);
  CHECK(x.track_sizes);
  CHECK(x.temp_lru);
  CHECK(x.temporary_ttl == 9);
}

TEST_CASE("no_modern is what memcached 1.4 did, and later sub-options win") {
  const ExtendedConfig x = taken({"-o", "no_modern,lru_crawler"}).extended;
  CHECK_FALSE(x.maxconns_fast);
  CHECK_FALSE(x.slab_reassign);
  CHECK_FALSE(x.lru_maintainer);
  CHECK(x.lru_crawler);
  CHECK(x.slab_automove == 0);
  CHECK(x.hash_algorithm == "jenkins");
  CHECK(x.slab_chunk_max == 1024 * 1024);
  CHECK(taken({"-o", "no_slab_automove,slab_automove"}).extended.slab_automove == 1);
}

TEST_CASE("sub-options outside their range say what would be right") {
  check_refused({"-o", "hashpower"}, 1, "from 12 to 32");
  check_refused({"-o", "hashpower=11"}, 1, "from 12 to 32");
  check_refused({"-o", "hashpower=33"}, 1, "from 12 to 32");
  check_refused({"-o", "hash_algorithm=md5"}, 1, "jenkins, murmur3 or xxh3");
  check_refused({"-o", "slab_automove=3"}, 1, "from 0 to 2");
  check_refused({"-o", "slab_automove_ratio=1.1"}, 1, "at most 1");
  check_refused({"-o", "slab_automove_window=2"}, 1, "from 3 to 1800");
  check_refused({"-o", "slab_chunk_max=0"}, 1, "of KiB from 1 to 1024");
  check_refused({"-o", "slab_chunk_max=300"}, 64, "power of two");
  check_refused({"-o", "tail_repair_time=9"}, 1, "at least 10");
  check_refused({"-o", "lru_crawler_sleep=1000001"}, 1, "from 0 to 1000000");
  check_refused({"-o", "lru_crawler_tocrawl=4294967296"}, 1, "at least 0");
  check_refused({"-o", "hot_lru_pct=80"}, 1, "from 1 to 79");
  check_refused({"-o", "hot_lru_pct=41"}, 64, "not exceed 80");
  check_refused({"-o", "warm_max_factor=0"}, 1, "greater than 0");
  check_refused({"-o", "temporary_ttl=5,no_lru_maintainer"}, 64, "needs lru_maintainer");
  check_refused({"-o", "idle_timeout=-1"}, 1, "at least 0");
}

TEST_CASE("slab_sizes ascend by more than 8 between -n and slab_chunk_max") {
  CHECK(taken({"-o", "slab_sizes=100-200-524288"}).extended.slab_sizes ==
        std::vector<uint32_t>{100, 200, 524288});
  check_refused({"-o", "slab_sizes"}, 64, "expected");
  check_refused({"-o", "slab_sizes=100-108"}, 64,
                "slab size 108 must be at least 8 bytes larger than previous class");
  check_refused({"-o", "slab_sizes=200-100"}, 64,
                "slab size 100 cannot be lower than or equal to a previous class size");
  check_refused({"-o", "slab_sizes=abc"}, 64, "slab size abc is out of valid range");
  check_refused({"-o", "slab_sizes=40-100"}, 64, "slab size 40 is out of valid range: -n (48)");
  check_refused({"-o", "slab_sizes=100-524289"}, 64, "slab size 524289 is out of valid range");
  std::string sizes = "slab_sizes=100";
  for (uint32_t i = 1; i < 62; ++i) sizes += "-" + std::to_string(100 + 9 * i);
  CHECK(taken({"-o", sizes}).extended.slab_sizes.size() == 62);
  check_refused({"-o", sizes + "-1000"}, 64, "too many slab classes specified");
}

TEST_CASE("every effect-less sub-option is taken without a word") {
  for (const char* name :
       {"no_hashexpand", "modern", "inline_ascii_resp", "no_inline_ascii_resp",
        "relaxed_privileges", "no_drop_privileges", "resp_obj_mem_limit=5", "sock_cookie_id=3",
        "no_chunked_items", "slab_automove_freeratio=0.02", "worker_logbuf_size=1"}) {
    CAPTURE(name);
    taken({"-o", name});
  }
}

TEST_CASE("-o io takes auto, uring and epoll, and nothing else") {
  CHECK(taken({}).extended.io == Io::Auto);
  CHECK(taken({"-o", "io=uring"}).extended.io == Io::Uring);
  CHECK(taken({"-o", "modern,io=epoll"}).extended.io == Io::Epoll);
  CHECK(taken({"-o", "io=epoll,io=auto"}).extended.io == Io::Auto);
  check_refused({"-o", "io=select"}, 1, "auto, uring or epoll");
  check_refused({"-o", "io="}, 1, "auto, uring or epoll");
  check_refused({"-o", "io"}, 1, "expected a value");
}

TEST_CASE("the table knows memcached's 37 letters and 69 sub-options and our own, each once") {
  Config config;
  std::vector<std::string> names;
  for (const Setting& row : option_table(config)) names.emplace_back(1, row.letter);
  CHECK(names.size() == 37);
  for (const Setting& row : suboption_table(config)) names.emplace_back(row.name);
  CHECK(names.size() == 37 + 69 + 2);
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("root needs -u") {
  const Surroundings root{.is_root = true, .usable_cpus = 1};
  const Outcome outcome = run({}, root);
  CHECK(outcome.exit_code == 64);
  CHECK(outcome.err == "can't run as root without the -u switch\n");
  CHECK(run({"-u", "nobody"}, root).exit_code == std::nullopt);
  CHECK(run({"-V"}, root).exit_code == 0);
}

TEST_CASE("threads follow the CPUs up to four, and end at 64") {
  CHECK(run({}, {.usable_cpus = 1}).config.threads == 1);
  CHECK(run({}, {.usable_cpus = 3}).config.threads == 3);
  CHECK(run({}, {.usable_cpus = 32}).config.threads == 4);
  CHECK(taken({"-t", "64"}).threads == 64);
  const Outcome many = run({"-t", "65"});
  CHECK(many.exit_code == std::nullopt);
  CHECK(many.config.threads == 64);
  CHECK(many.err == "ringcached: -t 65 is limited to 64 threads\n");
}

TEST_CASE("-V, -h and -i print and end") {
  const Outcome version = run({"-V"});
  CHECK(version.exit_code == 0);
  CHECK(version.out == "ringcached 0.1.0 (memcached protocol 1.6.45)\n");
  const Outcome license = run({"-i"});
  CHECK(license.exit_code == 0);
  CHECK(license.out.find("the ringcached authors") != std::string::npos);
}

TEST_CASE("help lists what holds and claims nothing else") {
  const Outcome help = run({"-h"});
  CHECK(help.exit_code == 0);
  CHECK(help.out.find("-s, --unix-socket=<file>") != std::string::npos);
  CHECK(help.out.find("(default: 11211)") != std::string::npos);
  CHECK(help.out.find("hashpower") != std::string::npos);
  CHECK(help.out.find("auto, uring or epoll") != std::string::npos);
  CHECK(help.out.find("\n-D <char> ") != std::string::npos);
  CHECK(help.out.find("\n-X, --disable-dumping ") != std::string::npos);
  // What acts is explained, and so does not stand among what is taken without effect.
  const std::string accepted = help.out.substr(help.out.find("without effect"));
  for (const char* word : {"-X", "-D", "slab_reassign", "lru_crawler ", "track_sizes"}) {
    CAPTURE(word);
    CHECK(accepted.find(word) == std::string::npos);
  }
  for (const char* word : {"enable-ssl", "ssl_", "ext_path", "proxy", "drop_privileges"}) {
    CAPTURE(word);
    CHECK(help.out.find(word) == std::string::npos);
  }
}

}  // namespace
}  // namespace ringcached::server
