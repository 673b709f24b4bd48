// How a client of a server with -S shows who it is: a dialogue, led by whoever knows the
// mechanisms.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace ringcached::session {

struct SaslAnswer {
  enum class What : uint8_t { Admitted, Continue, Refused };
  What what = What::Refused;
  std::string_view challenge{};  // Continue: what the client is to answer
};

/// One client's. What it returns views of lives until it is asked again. It may block: see README.
///
/// Owner: one connection.
class SaslDialogue {
 public:
  virtual ~SaslDialogue() = default;
  /// Names with spaces between them; none: nobody could say.
  virtual std::optional<std::string_view> mechanisms() = 0;
  /// A client that sends nothing along waits for the first challenge.
  virtual SaslAnswer start(std::string_view mechanism, std::string_view response) = 0;
  /// Refused if nothing was started.
  virtual SaslAnswer step(std::string_view response) = 0;
};

/// Where dialogues begin. Shared by all cores, from whose threads it is called.
class Sasl {
 public:
  virtual ~Sasl() = default;
  virtual std::unique_ptr<SaslDialogue> begin() = 0;
};

}  // namespace ringcached::session
