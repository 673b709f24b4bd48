// What ringcached says about itself: version, help and license.
#include "server/usage.h"

#include <string_view>

#include "server/option_table.h"
#include "server/suboptions.h"

namespace ringcached::server {
namespace {

constexpr size_t help_column = 26;
constexpr size_t line_width = 80;

constexpr const char* license =
    R"(ringcached
Copyright (c) 2025, the ringcached authors
All rights reserved.

Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this
   list of conditions and the following disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice,
   this list of conditions and the following disclaimer in the documentation
   and/or other materials provided with the distribution.

3. Neither the name of the copyright holder nor the names of its
   contributors may be used to endorse or promote products derived from
   this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS"
AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
)";

/// "left" padded to the column of the explanations, then the explanation and its default.
std::string help_line(std::string left, const Setting& setting) {
  left.resize(std::max(left.size() + 1, help_column), ' ');
  left += setting.help;
  const std::string value = shown_value(setting);
  if (!value.empty()) left += " (default: " + value + ")";
  return left + "\n";
}

std::string option_line(const Setting& setting) {
  std::string left = std::string("-") + setting.letter;
  if (setting.name != nullptr) left += std::string(", --") + setting.name;
  if (setting.value_name != nullptr) {
    left += std::string(setting.name != nullptr ? "=<" : " <") + setting.value_name + ">";
  }
  return help_line(left, setting);
}

std::string suboption_line(const Setting& setting) {
  return help_line(std::string("   - ") + setting.name + ":", setting);
}

/// Words as a paragraph, indented.
class Paragraph {
 public:
  void add(const std::string& word) {
    if (line_.size() + 1 + word.size() > line_width) end_line();
    line_ += (line_.empty() ? "     " : " ") + word;
  }
  std::string text() {
    end_line();
    return text_;
  }

 private:
  void end_line() {
    if (!line_.empty()) text_ += line_ + "\n";
    line_.clear();
  }
  std::string text_;
  std::string line_;
};

bool without_effect(const Setting& setting) {
  return setting.help == nullptr && setting.refusal == nullptr;
}

}  // namespace

std::string version_text() {
  return std::string("ringcached ") + ringcached_version + " (memcached protocol " +
         protocol_version + ")\n";
}

std::string help_text(Config defaults) {
  std::string text = version_text();
  Paragraph accepted;
  for (const Setting& setting : option_table(defaults)) {
    if (setting.help != nullptr) text += option_line(setting);
    if (without_effect(setting)) accepted.add(std::string("-") + setting.letter);
  }
  for (const Setting& setting : suboption_table(defaults)) {
    if (setting.help != nullptr) text += suboption_line(setting);
    const bool negation = std::string_view(setting.name).starts_with("no_");
    if (without_effect(setting) && !negation) accepted.add(setting.name);
  }
  return text + "   - accepted as memcached does, without effect (with their 'no_' forms):\n" +
         accepted.text();
}

std::string license_text() {
  return license;
}

}  // namespace ringcached::server
