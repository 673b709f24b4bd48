// What it costs to read requests of the classic text protocol and to spell their replies.
//
// Every figure is per item: a command, or a key of a multi-get.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/hash.h"
#include "wire/text_parser.h"
#include "wire/text_writer.h"

namespace {

using namespace ringcached;
using namespace ringcached::wire;

constexpr size_t pipeline_depth = 100;

std::string key(size_t number) {
  std::string digits = std::to_string(number * 7919);
  return "user:" + std::string(11 - digits.size(), '0') + digits;
}

std::string gets(size_t commands, size_t keys_per_command) {
  std::string text;
  for (size_t i = 0; i < commands; ++i) {
    text += "get";
    for (size_t k = 0; k < keys_per_command; ++k) text += " " + key(i * keys_per_command + k);
    text += "\r\n";
  }
  return text;
}

std::string sets(size_t commands, size_t value_size) {
  const std::string tail =
      " 0 3600 " + std::to_string(value_size) + "\r\n" + std::string(value_size, 'v') + "\r\n";
  std::string text;
  for (size_t i = 0; i < commands; ++i) text += "set " + key(i) + tail;
  return text;
}

/// Reads all of `text`, over and over.
void parse(benchmark::State& state, const std::string& text) {
  const ParserRules rules;
  const KeyHasher hasher(42);
  TextParser parser(rules, hasher);
  Operation operation;
  int64_t operations = 0;
  for (auto _ : state) {
    std::string_view bytes = text;
    while (!bytes.empty()) {
      const Step step = parser.next(bytes, operation);
      benchmark::DoNotOptimize(operation.key.hash);
      bytes.remove_prefix(step.consumed);
      ++operations;
    }
  }
  state.SetItemsProcessed(operations);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}

void parse_get(benchmark::State& state) {
  parse(state, gets(pipeline_depth, 1));
}
BENCHMARK(parse_get);

void parse_multi_get(benchmark::State& state) {
  parse(state, gets(1, static_cast<size_t>(state.range(0))));
}
BENCHMARK(parse_multi_get)->Arg(16)->Arg(100);

void parse_set(benchmark::State& state) {
  parse(state, sets(pipeline_depth, static_cast<size_t>(state.range(0))));
}
BENCHMARK(parse_set)->Arg(10)->Arg(100)->Arg(1000);

void parse_incr(benchmark::State& state) {
  std::string text;
  for (size_t i = 0; i < pipeline_depth; ++i) text += "incr " + key(i) + " 1\r\n";
  parse(state, text);
}
BENCHMARK(parse_incr);

/// Writes the frames of `operations` one behind the other, over and over.
void write(benchmark::State& state, const std::vector<Operation>& operations) {
  std::vector<char> output(operations.size() * reply_frame_max);
  for (auto _ : state) {
    char* out = output.data();
    for (const Operation& operation : operations) {
      out = write_head(operation, out);
      out = write_tail(operation, out);
    }
    benchmark::DoNotOptimize(output.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(operations.size()));
}

std::vector<Operation> replies(Verb verb, Outcome outcome, const std::string& with_key) {
  Operation operation;
  operation.verb = verb;
  operation.outcome = outcome;
  operation.key.bytes = with_key;
  operation.ends_reply = verb == Verb::Get;
  operation.found.size = 100;
  operation.cas = 123456789;
  return std::vector<Operation>(pipeline_depth, operation);
}

void write_hits(benchmark::State& state) {
  const std::string text = key(1);
  write(state, replies(Verb::Get, Outcome::Hit, text));
}
BENCHMARK(write_hits);

void write_hits_with_cas(benchmark::State& state) {
  const std::string text = key(1);
  std::vector<Operation> operations = replies(Verb::Get, Outcome::Hit, text);
  for (Operation& operation : operations) operation.with_cas = true;
  write(state, operations);
}
BENCHMARK(write_hits_with_cas);

void write_misses(benchmark::State& state) {
  const std::string text = key(1);
  write(state, replies(Verb::Get, Outcome::Miss, text));
}
BENCHMARK(write_misses);

void write_stored(benchmark::State& state) {
  const std::string text = key(1);
  write(state, replies(Verb::Store, Outcome::Stored, text));
}
BENCHMARK(write_stored);

}  // namespace

BENCHMARK_MAIN();
