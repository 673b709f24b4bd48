// One client: bytes in, batches through the shard, replies out, in order, one batch at a time.
//
//   open -> eof (run what has come, send what is owed) -> closing (every act and parcel comes home)
//     `----------------------------------------------------^                          -> closed
//
// Owner: one core.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>

#include "io/door.h"
#include "ringcached/event.h"
#include "session/address_text.h"
#include "session/dump_reply.h"
#include "session/input.h"
#include "session/output.h"
#include "session/sasl.h"
#include "session/services.h"
#include "shard/batch.h"
#include "shard/fill.h"
#include "wire/auth_gate.h"
#include "wire/binary_parser.h"
#include "wire/replies.h"
#include "wire/text_parser.h"

namespace ringcached::session {

class Clients;

class Connection final : public shard::BatchOwner {
 public:
  /// Bytes of replies beyond which nothing more is run for this client, and the mark at which it
  /// goes on. Guess, above the largest part of a batch (Owner::reply_bytes_max).
  static constexpr uint64_t output_high = 256 * 1024;
  static constexpr uint64_t output_low = 64 * 1024;
  /// A client that takes no byte for so long while it holds items, or sends none in the middle of a
  /// large value, is closed. DESIGN section 4.
  static constexpr Seconds patience = 60;

  Connection(Clients& home, uint32_t slot, uint32_t generation, int socket);

  uint32_t slot() const { return slot_; }
  uint32_t generation() const { return generation_; }

  void start();
  void on_received(const io::Completion&);
  void on_sent(int32_t result);
  void batch_returned(shard::Batch&) override;
  /// Some clients before run(): parses.
  void prepare();
  /// Later: asks for the memory that tells where the item of a lone request lies.
  void look_for_bucket() const;
  /// Half way from there to run(): asks for the item itself.
  void look_for_item() const;
  /// From the ready list: at most one batch's worth of work.
  void run();
  /// From the list of those with new replies: sends unless a send is under way.
  void flush();
  /// From the list of the starving: receive buffers are to be had again.
  void receive_again();
  /// Receive buffers are short: gives ours back, at the price of a copy. true: it helped.
  bool move_input_aside();
  /// Once a second, for those that hold items: while they are sent, or while they arrive.
  void check_patience();
  /// Once a second where there is an idle timeout: closes a client that has been silent for it.
  void check_idleness(Seconds timeout);
  /// For `stats conns`.
  shard::ConnectionFigures describe() const;
  /// The process stops: what was parsed is answered, then the connection closes.
  void stop();
  /// Closes without waiting for the client.
  void abort();

  bool ready_listed = false;     // has something to run
  bool dirty_listed = false;     // has something to send
  bool starving_listed = false;  // waits for receive buffers
  bool holding_listed = false;   // sends from pinned items

 private:
  enum class State : uint8_t { Open, Eof, Closing };
  enum class Filling : uint8_t { No, Reserving, Ready, Extending };

  io::Token token(io::Act act) const { return {act, slot_, generation_}; }
  bool receiving_allowed() const;
  void resume_receiving();
  void restrain_receiving();

  bool can_go_on() const;
  bool has_work() const;
  void run_batch();
  bool begin_batch();
  void drop_batch();
  void parse_batch();
  void parse_aloud();
  void speak_binary();
  template <class Parser>
  void parse_batch_with(Parser&);
  template <class Parser>
  bool parse_step(Parser&);
  bool parse_step();
  bool take_step(const wire::Step&, Operation&);

  // connection_log.cc: what -vv says of it.
  bool aloud() const { return core_.tuning.verbosity > 1 && has_descriptor(); }
  bool has_descriptor() const;
  void log_language(bool binary) const;
  void log_opened() const;
  void log_request(std::string_view bytes) const;
  void log_reply(const Operation&) const;
  void log_idle() const;
  void log_closed() const;
  void log_in(Operation&);
  void log_in_by_password(Operation&);
  void log_in_by_sasl(Operation&);
  static void tell_login(Operation&, wire::BinaryStatus, std::string_view words);
  void count_login(bool admitted);
  void settle();
  void finish_batch();
  void rest();

  void write_replies();
  void write_reply(Operation&);
  uint32_t write_plain_replies(uint32_t i);
  void write_value(Operation&);
  void write_stats(const Operation&);
  void write_login(const Operation&);
  void give_back_pin(Operation&);

  void begin_dump(Operation&);
  void begin_watch(Operation&);

  std::string_view value_end() const { return wire::value_end(fill_->dialect); }
  void begin_fill(Operation&);
  void after_grant(Outcome);
  void fill_value();
  void copy_into_fill();
  void end_fill();
  void add_fill_operation(Verb, shard::Fill&);

  void begin_closing(CloseReason);
  io::Streams& door();
  void tell_connection(EventKind, CloseReason);
  void tell_trouble(int error);
  void cease_to_watch();
  void try_to_close();
  bool abandon_fill();

  uint32_t slot_;  // here, where it fills a hole
  Clients& home_;
  Services& core_;
  uint32_t generation_;
  int socket_;
  State state_ = State::Open;
  Filling filling_ = Filling::No;
  bool introduced_;  // its first byte has said which language it speaks, or needs not
  bool receiving_ = false;
  bool restrained_ = false;        // the receive is being cancelled, since too much has come
  bool leaving_ = false;           // no more input is looked at: quit
  bool dropping_get_ : 1 = false;  // the rest of a get line that ran out of memory is not answered
  bool closed_ : 1 = false;        // handed back to the clients, to be buried
  CloseReason farewell_ = CloseReason::Normal;  // why it will close, once all is sent
  uint32_t watching_ = 0;                       // what is watched; the socket goes to the watchers
  Seconds send_began_ = 0;  // the one under way, of which the client has taken nothing yet
  Seconds last_heard_ = 0;  // when bytes last came from it
  uint32_t need_ = 1;       // bytes at hand before parsing makes sense again
  std::variant<wire::TextParser, wire::BinaryParser, wire::AuthGate> parser_;
  Input input_;
  Output output_;
  shard::Batch* batch_ = nullptr;
  std::unique_ptr<PeerEnd> peer_;           // known where somebody watched as it came
  std::unique_ptr<SaslDialogue> sasl_;      // with -S: since it was first asked
  std::unique_ptr<DumpReply> dump_;         // the dump being answered
  std::unique_ptr<shard::Fill> fill_;       // the value being received
  std::unique_ptr<shard::Fill> committed_;  // the one before, named by the batch under way
};

static_assert(sizeof(Connection) <= 256, "one of malloc's sizes; there may be many that are idle");

}  // namespace ringcached::session
