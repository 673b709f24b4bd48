// Claims about received bytes: leases in a row, copies of what straddles them, views that stay.
#include "session/input.h"

#include <cstdlib>
#include <memory>
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "lending_door.h"

namespace ringcached::session {
namespace {

struct Fixture {
  ~Fixture() { input.clear(door); }
  void accept(std::string_view bytes) { input.accept(door.lend(bytes)); }

  LendingDoor door;
  Input input;
};

/// A client's bytes, cut into leases anywhere and into commands anywhere else, against a plain
/// string that holds all of them.
class Model {
 public:
  explicit Model(uint64_t seed) : random_(seed), batch_(new_batch()) {}
  ~Model() { input_.clear(door_); }

  void run(uint32_t steps) {
    for (uint32_t i = 0; i < steps; ++i) {
      const uint64_t what = random_() % 100;
      if (what < 35) {
        accept();
      } else if (what < 80) {
        parse();
      } else if (what < 90) {
        rest();
      } else {
        move_aside();
      }
      check();
    }
    while (parsed_ < all_.size()) {
      need_ = std::min(need_, all_.size() - parsed_);
      parse();
      check();
    }
    rest();
    CHECK(door_.lent() == 0);
    CHECK(input_.leases() == 0);
  }

 private:
  static std::unique_ptr<shard::Batch> new_batch() { return std::make_unique<shard::Batch>(64); }

  size_t up_to(size_t most) { return 1 + random_() % most; }
  /// Mostly little, sometimes a lot.
  size_t some(size_t most) { return up_to(random_() % 3 == 0 ? most : 40); }

  void accept() {
    if (input_.leases() >= Input::leases_max) return;
    std::string bytes(some(io::BufferPool::buffer_size), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_());
    all_ += bytes;
    input_.accept(door_.lend(bytes));
  }

  /// Commands of random length until the batch is full or one is unfinished.
  void parse() {
    while (!batch_->full() && parsed_ < all_.size()) {
      if (input_.front().size() < need_ && !input_.join(need_)) {
        REQUIRE(all_.size() - parsed_ < need_);
        return;
      }
      REQUIRE(input_.front().size() >= need_);
      view(input_.front().substr(0, need_));
      input_.consume(need_);
      parsed_ += need_;
      need_ = some(io::BufferPool::buffer_size + 2048);
    }
    if (batch_->full()) rest();
  }

  /// An operation whose key and value are views into the command.
  void view(std::string_view command) {
    Operation& operation = batch_->next_free();
    operation = {};
    const size_t key_size = std::min<size_t>(command.size(), 1 + random_() % 250);
    operation.key.bytes = command.substr(0, key_size);
    operation.value = command.substr(key_size);
    where_.push_back(parsed_);
    batch_->add();
  }

  /// The batch is answered, as the connection has it.
  void rest() {
    batch_ = new_batch();
    where_.clear();
    input_.release(door_);
    if (input_.available() >= need_) return;
    input_.join(need_);
    input_.release(door_);
    input_.keep_unfinished(need_, door_);
    CHECK(input_.leases() == 0);
  }

  void move_aside() {
    input_.move_aside(random_() % 2 == 0 || !batch_->empty() ? batch_.get() : nullptr, door_);
    CHECK(input_.leases() == 0);
    CHECK(door_.lent() == 0);
  }

  void check() {
    CHECK(input_.available() == all_.size() - parsed_);
    CHECK(input_.leases() == door_.lent());
    const std::string_view front = input_.front();
    const bool right = front == std::string_view(all_).substr(parsed_, front.size());
    CHECK(right);
    CHECK(front.empty() == (input_.available() == 0));
    for (uint32_t i = 0; i < batch_->size(); ++i) {
      const Operation& operation = batch_->at(i);
      const size_t key_size = operation.key.bytes.size();
      const std::string_view all = all_;
      const bool key_stays = operation.key.bytes == all.substr(where_[i], key_size);
      const bool value_stays =
          operation.value == all.substr(where_[i] + key_size, operation.value.size());
      CHECK(key_stays);
      CHECK(value_stays);
    }
  }

  std::mt19937_64 random_;
  LendingDoor door_;
  Input input_;
  std::unique_ptr<shard::Batch> batch_;
  std::vector<size_t> where_;  // per operation: its place among all bytes
  std::string all_;
  size_t parsed_ = 0;
  size_t need_ = 1;
};

uint64_t first_seed() {
  const char* given = std::getenv("SEED");
  return given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
}

}  // namespace

TEST_CASE("nothing has come: nothing is there") {
  Fixture f;
  CHECK(f.input.front().empty());
  CHECK(f.input.available() == 0);
  CHECK_FALSE(f.input.join(1));
  f.input.release(f.door);
  f.input.keep_unfinished(10, f.door);
  f.input.move_aside(nullptr, f.door);
  f.input.clear(f.door);
  CHECK(f.input.leases() == 0);
}

TEST_CASE("a lease stays until what was parsed from it is released") {
  Fixture f;
  f.accept("get a\r\nget b\r\n");
  CHECK(f.input.front() == "get a\r\nget b\r\n");
  const std::string_view key = f.input.front().substr(4, 1);
  f.input.consume(7);
  CHECK(f.input.front() == "get b\r\n");
  f.input.consume(7);
  CHECK(f.input.available() == 0);
  CHECK(f.door.lent() == 1);
  CHECK(key == "a");
  f.input.release(f.door);
  CHECK(f.door.lent() == 0);
}

TEST_CASE("a lease with bytes that are not parsed does not go home") {
  Fixture f;
  f.accept("get a\r\nge");
  f.input.consume(7);
  f.input.release(f.door);
  CHECK(f.door.lent() == 1);
  CHECK(f.input.front() == "ge");
}

TEST_CASE("what straddles two leases is joined, and views into the first stay") {
  Fixture f;
  f.accept("get a\r\nge");
  const std::string_view key = f.input.front().substr(4, 1);
  f.input.consume(7);
  CHECK_FALSE(f.input.join(7));
  f.accept("t b\r\nversion\r\n");
  CHECK(f.input.front() == "ge");
  CHECK(f.input.join(7));
  CHECK(f.input.front().substr(0, 7) == "get b\r\n");
  CHECK(key == "a");
  CHECK(f.input.available() == 16);
  f.input.consume(7);
  CHECK(f.input.join(9));
  CHECK(f.input.front() == "version\r\n");
}

TEST_CASE("a line in crumbs is joined over many leases") {
  Fixture f;
  const std::string line = "gets " + std::string(300, 'k') + "\r\n";
  for (const char c : line) f.accept({&c, 1});
  CHECK(f.input.front().size() == 1);
  CHECK(f.input.join(line.size()));
  CHECK(f.input.front() == line);
  CHECK_FALSE(f.input.join(line.size() + 1));
  f.input.consume(line.size());
  f.input.release(f.door);
  CHECK(f.door.lent() == 0);
}

TEST_CASE("an unfinished command is kept in a copy, to which the rest is joined") {
  Fixture f;
  f.accept("set a 0 0 10\r\n0123");
  f.input.release(f.door);
  f.input.keep_unfinished(26, f.door);
  CHECK(f.door.lent() == 0);
  CHECK(f.input.leases() == 0);
  const char* const kept = f.input.front().data();
  f.accept("456789\r\n");
  CHECK(f.input.join(26));
  CHECK(f.input.front() == "set a 0 0 10\r\n0123456789\r\n");
  CHECK(f.input.front().data() == kept);  // one copy, not two
}

TEST_CASE("moved aside, the views of a batch follow, and the leases go home") {
  Fixture f;
  shard::Batch batch(4);
  f.accept("get a\r\n");
  f.accept("get b\r\nget c");
  for (int i = 0; i < 2; ++i) {
    batch.next_free().key.bytes = f.input.front().substr(4, 1);
    batch.add();
    f.input.consume(7);
  }
  f.input.move_aside(&batch, f.door);
  CHECK(f.door.lent() == 0);
  CHECK(batch.at(0).key.bytes == "a");
  CHECK(batch.at(1).key.bytes == "b");
  CHECK(f.input.front() == "get c");
  f.accept("d\r\n");
  CHECK(f.input.join(8));
  CHECK(f.input.front() == "get cd\r\n");
  CHECK(batch.at(0).key.bytes == "a");
}

TEST_CASE("moved aside, views into static text and into other copies stay as they are") {
  Fixture f;
  shard::Batch batch(4);
  f.accept("get a\r\n");
  batch.next_free().value = "ERROR\r\n";
  batch.add();
  const char* const text = batch.at(0).value.data();
  f.input.move_aside(&batch, f.door);
  CHECK(batch.at(0).value.data() == text);
  f.input.consume(7);
}

TEST_CASE("clear gives everything home, whatever was parsed, joined or copied") {
  Fixture f;
  f.accept("get a\r\nge");
  f.input.consume(7);
  f.accept("t b\r\nget");
  f.input.join(7);
  f.accept(" c");
  f.input.clear(f.door);
  CHECK(f.door.lent() == 0);
  CHECK(f.input.available() == 0);
  f.accept("again");
  CHECK(f.input.front() == "again");
}

TEST_CASE("four leases are enough, however little is in them") {
  Fixture f;
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(f.input.full());
    f.accept("x");
  }
  CHECK(f.input.full());
  f.input.move_aside(nullptr, f.door);
  CHECK_FALSE(f.input.full());
}

TEST_CASE("64 KiB are enough, wherever they are held") {
  Fixture f;
  const std::string bytes(io::BufferPool::buffer_size, 'x');
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(f.input.full());
    f.accept(bytes);
    f.input.move_aside(nullptr, f.door);
  }
  CHECK(f.input.leases() == 0);
  CHECK(f.input.full());
  f.input.consume(1);
  CHECK_FALSE(f.input.full());
}

TEST_CASE("against a plain string: any cuts, joins, rests and moves lose and change no byte") {
  const uint64_t from = first_seed();
  for (uint64_t seed = from; seed < from + 60; ++seed) {
    INFO("SEED=", seed);
    Model(seed).run(300);
  }
}

}  // namespace ringcached::session
