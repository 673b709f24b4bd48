// One thread of clients that read and write the shared keys, and check what they read.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "history.h"
#include "link.h"

namespace ringcached::consistency {

/// What all threads share.
struct Stage {
  static constexpr uint32_t keys = 20000;
  static constexpr uint32_t hot_keys = 64;      // every other act is upon one of them
  static constexpr uint32_t mortal_every = 16;  // keys whose items live for two seconds
  static constexpr uint32_t counters = 16;

  explicit Stage(uint32_t writers) : history(keys, writers), highest(counters) {}

  History history;
  /// Of each counter the highest number that was answered: above 32 bits which creation of it this
  /// belongs to, below how often it was raised since.
  std::vector<std::atomic<uint64_t>> highest;
  std::atomic<uint64_t> creations{0};
  std::atomic<uint64_t> violations{0};
  std::atomic<uint64_t> reads{0};  // that brought a value
};

class Player {
 public:
  Player(Stage& stage, uint16_t port, uint32_t connections, uint32_t writer, uint64_t seed);

  /// Plays at least so many acts.
  void play(uint64_t acts);

 private:
  enum class Act : uint8_t {
    Get,
    Gets,
    MetaGet,
    GetAndTouch,
    Touch,
    Set,
    Add,
    Replace,
    Append,
    Prepend,
    Cas,
    MetaSet,
    Delete,
    MetaDelete,
    Raise,
    Create,
  };
  struct Asked {
    Act act;
    uint32_t key;
    WriteId write;
    Time begun = 0;       // before it was sent
    Time floor = 0;       // of the key then; of a counter the highest number
    uint64_t unique = 0;  // Cas: of the value that is to be replaced
    Time seen_at = 0;     // Cas: when that was heard
  };
  struct Client {
    explicit Client(uint16_t port) : link(port) {}
    Link link;
    std::vector<Asked> asked;
    // What the last Gets has seen, to be replaced by a Cas.
    uint32_t seen_key = 0;
    uint64_t seen_unique = 0;
    Time seen_at = 0;
  };

  void ask(Client&);
  void ask_one(Client&, std::string& text);
  void hear(Client&);
  void hear_one(Client&, const Asked&);
  void hear_read(Client&, const Asked&);
  void hear_write(const Asked&, std::string_view line);
  void hear_delete(const Asked&, std::string_view line);
  void hear_counter(const Asked&, std::string_view line);
  void check_value(const Asked&, std::string_view value);
  void violation(const Asked&, const std::string& why);
  uint64_t below(uint64_t bound) {
    return std::uniform_int_distribution<uint64_t>(0, bound - 1)(random_);
  }
  Act choose_act(const Client&);
  uint32_t choose_key();

  Stage& stage_;
  uint32_t writer_;
  uint64_t number_ = 0;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<Client>> clients_;
};

Time now();

}  // namespace ringcached::consistency
