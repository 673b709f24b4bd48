#include "limit/canned.h"

#include <algorithm>
#include <climits>
#include <cstddef>

namespace limit {
namespace {

constexpr std::string_view end_of_get = "END\r\n";
constexpr std::string_view stored = "STORED\r\n";
constexpr std::string_view unknown = "ERROR\r\n";

// Replies in a row, so that 100 of a common size are one slice: all of it fits the L2 cache. Guess.
constexpr size_t row_size = 64 * 1024;
constexpr size_t row_count_max = 1024;

std::string row_of(std::string_view reply) {
  const size_t count = std::clamp<size_t>(row_size / reply.size(), 1, row_count_max);
  std::string row;
  row.reserve(count * reply.size());
  for (size_t i = 0; i < count; ++i) row += reply;
  return row;
}

iovec slice_of(std::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size()};
}

/// As much of `count` replies as one slice of the row gives; returns how many that is.
uint64_t answer_row(const std::string& row, size_t reply_size, uint64_t count,
                    std::vector<iovec>& slices) {
  const uint64_t part = std::min<uint64_t>(count, row.size() / reply_size);
  slices.push_back(slice_of({row.data(), part * reply_size}));
  return part;
}

}  // namespace

Canned::Canned(size_t key_size, size_t value_size) {
  const std::string hit = "VALUE " + std::string(key_size, 'k') + " 0 " +
                          std::to_string(value_size) + "\r\n" + std::string(value_size, 'v') +
                          "\r\n";
  hit_size_ = hit.size();
  hits_ = row_of(hit).append(end_of_get);
  gets_ = row_of(hit + std::string(end_of_get));
  stored_ = row_of(stored);
  unknown_ = row_of(unknown);
}

void Canned::answer(std::vector<Run>& runs, std::vector<iovec>& slices) const {
  size_t done = 0;
  while (done < runs.size() && answer(runs[done], slices)) ++done;
  runs.erase(runs.begin(), runs.begin() + static_cast<ptrdiff_t>(done));
}

/// false: the slices are as many as one sendmsg takes, and there is more.
bool Canned::answer(Run& run, std::vector<iovec>& slices) const {
  while (run.count > 0) {
    if (slices.size() >= IOV_MAX) return false;
    if (run.kind == Kind::Set) {
      run.count -= answer_row(stored_, stored.size(), run.count, slices);
    } else if (run.kind == Kind::Unknown) {
      run.count -= answer_row(unknown_, unknown.size(), run.count, slices);
    } else if (run.keys == 1) {
      run.count -= answer_row(gets_, hit_size_ + end_of_get.size(), run.count, slices);
    } else {
      if (!answer_get(run.keys, slices)) return false;
      --run.count;
    }
  }
  return true;
}

/// The END behind the row of hits belongs to the last slice of each get.
bool Canned::answer_get(uint32_t keys, std::vector<iovec>& slices) const {
  const size_t row = hits_.size() / hit_size_;
  const size_t whole_rows = keys == 0 ? 0 : (keys - 1) / row;
  if (slices.size() + whole_rows + 1 > IOV_MAX && !slices.empty()) return false;
  slices.insert(slices.end(), whole_rows, slice_of({hits_.data(), row * hit_size_}));
  const size_t rest = (keys - whole_rows * row) * hit_size_ + end_of_get.size();
  slices.push_back(slice_of({hits_.data() + hits_.size() - rest, rest}));
  return true;
}

}  // namespace limit
