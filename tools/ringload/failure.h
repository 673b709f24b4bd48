// A reason for the run to end: one line for the operator, with the exit code that goes with it.
#pragma once

#include <stdexcept>
#include <string>

namespace ringload {

/// The codes are those of sysexits.h, and --help lists them.
enum class Exit : int {
  Ok = 0,
  Usage = 64,        // a bad option
  WrongByte = 65,    // a value or a key that is not what was stored
  Unavailable = 69,  // the server cannot be reached, closed a connection, or fell silent
  System = 71,       // this machine refused io_uring, descriptors or memory
  Protocol = 76,     // a reply that makes no sense
};

class Failure : public std::runtime_error {
 public:
  Failure(Exit code, const std::string& what) : std::runtime_error(what), code_(code) {}
  Exit code() const { return code_; }

 private:
  Exit code_;
};

}  // namespace ringload
