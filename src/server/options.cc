// The command line: from what the operator typed to a checked Config, or to a reason to end.
#include "server/options.h"

#include <getopt.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/cpu.h"
#include "ringcached/limits.h"
#include "server/config_check.h"
#include "server/option_table.h"
#include "server/suboptions.h"
#include "server/usage.h"

namespace ringcached::server {
namespace {

constexpr uint32_t default_threads_max = 4;  // memcached's default

int argument_kind(const Setting& setting) {
  if (setting.takes == Takes::Nothing) return no_argument;
  return setting.value_optional ? optional_argument : required_argument;
}

/// getopt's short form: "p:" takes a value. Where the value is optional only --long=value has one:
/// -vv is twice -v.
std::string short_options(const std::vector<Setting>& table) {
  std::string text;
  for (const Setting& setting : table) {
    RC_ASSERT(setting.letter != '\0' && text.find(setting.letter) == std::string::npos);
    text += setting.letter;
    if (argument_kind(setting) == required_argument) text += ':';
  }
  return text;
}

std::vector<option> long_options(const std::vector<Setting>& table) {
  std::vector<option> list;
  for (const Setting& setting : table) {
    if (setting.name == nullptr) continue;
    RC_ASSERT(setting.letter != '?');  // what getopt says of what it does not know
    list.push_back({setting.name, argument_kind(setting), nullptr, setting.letter});
  }
  list.push_back({nullptr, 0, nullptr, 0});
  return list;
}

/// Reads one command line. Owner: parse_options, for the length of the call.
class Reader {
 public:
  Reader(std::FILE* out, std::FILE* err, const Surroundings& surroundings)
      : out_(out), err_(err), surroundings_(surroundings) {
    config_.threads = default_threads(surroundings.usable_cpus);
  }

  OptionsResult read(int argc, char* const argv[]) {
    std::optional<int> exit_code = read_all(argc, argv);
    if (!exit_code) exit_code = conclude();
    return {std::move(config_), exit_code};
  }

 private:
  using Exit = std::optional<int>;  // set: stop and end the process with it

  Exit read_all(int argc, char* const argv[]) {
    const std::vector<Setting> table = option_table(config_);
    const std::string letters = short_options(table);
    const std::vector<option> names = long_options(table);
    RC_ASSERT(argc > 0);
    optind = 0;  // glibc: start afresh
    for (;;) {
      const int letter = getopt_long(argc, argv, letters.c_str(), names.data(), nullptr);
      if (letter == -1) return {};
      const auto row = std::find_if(table.begin(), table.end(), [&](const Setting& setting) {
        return setting.letter == letter;
      });
      if (row == table.end()) {
        std::fputs("Illegal argument \"?\"\n", err_);
        return EXIT_FAILURE;
      }
      if (const Exit exit = take(*row, optarg)) return exit;
    }
  }

  Exit take(const Setting& row, const char* value) {
    switch (row.letter) {
      case 'h':
        return say(help_text(defaults()));
      case 'i':
        return say(license_text());
      case 'V':
        return say(version_text());
      case 'o':
        return take_suboptions(value);
      default:
        break;
    }
    std::optional<std::string_view> given;
    if (value != nullptr) given = value;
    const Complaint complaint = apply(row, config_, given);
    if (row.letter == 'p') tcp_port_given_ = true;
    if (row.letter == 'B') protocol_given_ = true;
    if (complaint.empty()) return {};
    const std::string shown = value == nullptr || *value == '\0' ? "" : std::string(" ") + value;
    complain(std::string("-") + row.letter + shown, complaint);
    return row.exit_code;
  }

  Exit take_suboptions(std::string_view list) {
    const SuboptionsResult result = apply_suboptions(list, config_);
    if (!result.known) {
      std::fprintf(out_, "Illegal suboption \"%s\"\n", result.element.c_str());
      return EXIT_FAILURE;
    }
    if (result.complaint.empty()) return {};
    complain("-o " + result.element, result.complaint);
    return result.exit_code;
  }

  /// What can only be judged when all options are known.
  Exit conclude() {
    // A UDP port alone is meant for both, as in memcached.
    if (config_.udp_port != 0 && !tcp_port_given_) config_.tcp_port = config_.udp_port;
    if (config_.sasl && !protocol_given_) config_.protocol = Protocol::Binary;
    if (const std::string broken = broken_relation(config_); !broken.empty()) {
      std::fprintf(err_, "ringcached: %s\n", broken.c_str());
      return EX_USAGE;
    }
    // Logins are made in text, and memcached shows it so.
    if (!config_.auth_file.empty()) config_.protocol = Protocol::Ascii;
    if (surroundings_.is_root && config_.user.empty()) {
      std::fputs("can't run as root without the -u switch\n", err_);
      return EX_USAGE;
    }
    if (config_.threads > threads_max) {
      std::fprintf(err_, "ringcached: -t %u is limited to %u threads\n", config_.threads,
                   threads_max);
      config_.threads = threads_max;
    }
    return {};
  }

  Config defaults() const {
    Config config;
    config.threads = default_threads(surroundings_.usable_cpus);
    return config;
  }

  Exit say(const std::string& text) {
    std::fputs(text.c_str(), out_);
    return EXIT_SUCCESS;
  }

  void complain(const std::string& option, const Complaint& complaint) {
    std::fprintf(err_, "ringcached: %s: %s\n", option.c_str(), complaint.c_str());
  }

  std::FILE* out_;
  std::FILE* err_;
  Surroundings surroundings_;
  Config config_;
  bool tcp_port_given_ = false;
  bool protocol_given_ = false;
};

}  // namespace

Surroundings Surroundings::of_this_process() {
  return {.is_root = getuid() == 0 || geteuid() == 0, .usable_cpus = ringcached::usable_cpus()};
}

uint32_t default_threads(uint32_t usable_cpus) {
  return std::clamp(usable_cpus, 1u, default_threads_max);
}

OptionsResult parse_options(int argc, char* const argv[], std::FILE* out, std::FILE* err,
                            const Surroundings& surroundings) {
  return Reader(out, err, surroundings).read(argc, argv);
}

}  // namespace ringcached::server
