// The sub-options of -o: their table, and the list in which they are given.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/setting.h"

namespace ringcached::server {

/// One row per sub-option, pointing into `config.extended`, in the order in which -h lists them.
std::vector<Setting> suboption_table(Config& config);

/// What became of a list: all taken, or the first element that was not.
struct SuboptionsResult {
  bool known = true;         // false: `element` is no sub-option at all
  std::string element = {};  // as given, "hashpower=3"
  Complaint complaint = {};  // empty: all taken
  int exit_code = 1;
};

/// Takes "name,name=value,..." into `config`.
SuboptionsResult apply_suboptions(std::string_view list, Config& config);

}  // namespace ringcached::server
