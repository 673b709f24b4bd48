// A list of those that want something: each is on it at most once, at the price of a byte.
//
// Owner: one core. Links in the objects would cost each of them 16 bytes a list, idle or not.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"

namespace ringcached::session {

/// `bool Object::*listed` says whether the object is on this list; only the list writes it.
template <class Object, bool Object::*listed>
class Roll {
 public:
  Roll() = default;
  ~Roll() { RC_ASSERT(empty()); }
  Roll(const Roll&) = delete;
  Roll& operator=(const Roll&) = delete;

  bool empty() const { return objects_.empty(); }
  size_t size() const { return objects_.size(); }

  /// At the end; does nothing if it is on the list already.
  void add(Object& object) {
    if (object.*listed) return;
    object.*listed = true;
    objects_.push_back(&object);
  }

  /// Does nothing if it is not on the list. Linear: for those that end while something is wanted.
  void remove(Object& object) {
    if (!(object.*listed)) return;
    object.*listed = false;
    std::erase(objects_, &object);
    std::replace(taken_.begin(), taken_.end(), &object, static_cast<Object*>(nullptr));
  }

  /// Calls fn for what is on the list now, `most` of it at the most, each taken off first; fn may
  /// add to the list and take off from it.
  template <class Fn>
  void take_each(Fn&& fn, size_t most = SIZE_MAX) {
    RC_ASSERT(taken_.empty());
    if (most >= objects_.size()) {
      taken_.swap(objects_);
    } else {
      const auto end = objects_.begin() + static_cast<ptrdiff_t>(most);
      taken_.assign(objects_.begin(), end);
      objects_.erase(objects_.begin(), end);
    }
    for (size_t i = 0; i < taken_.size(); ++i) {
      Object* object = taken_[i];
      if (object == nullptr) continue;
      taken_[i] = nullptr;
      object->*listed = false;
      fn(*object);
    }
    taken_.clear();
  }

  /// As take_each, for all of them, `group` at a time: each of `stages` in turn is called for all
  /// of the group before fn is for its first.
  template <class Fn, class... Stages>
  void take_each_ahead(size_t group, Fn&& fn, Stages&&... stages) {
    RC_ASSERT(taken_.empty());
    taken_.swap(objects_);
    for (size_t begin = 0; begin < taken_.size(); begin += group) {
      const size_t end = std::min(begin + group, taken_.size());
      const auto for_group = [&](auto& stage) {
        for (size_t i = begin; i < end; ++i) {
          if (taken_[i] != nullptr) stage(*taken_[i]);
        }
      };
      (for_group(stages), ...);
      for (size_t i = begin; i < end; ++i) {
        Object* object = taken_[i];
        if (object == nullptr) continue;
        taken_[i] = nullptr;
        object->*listed = false;
        fn(*object);
      }
    }
    taken_.clear();
  }

  /// Calls fn for each; fn may take off only the one it is given.
  template <class Fn>
  void each(Fn&& fn) {
    for (size_t i = 0; i < objects_.size();) {
      Object* object = objects_[i];
      fn(*object);
      if (i < objects_.size() && objects_[i] == object) ++i;
    }
  }

 private:
  std::vector<Object*> objects_;
  std::vector<Object*> taken_;  // what take_each has still to do
};

}  // namespace ringcached::session
