// Objects kept for reuse: last in, first out, and what has not been used for a while is freed.
//
//   lately_: given since the last rest() | rested_: not taken since | stale_: not for all the time
//            between two rests, to be freed
//
// Owner: one core. Taking costs no counter: only who finds lately_ empty looks any further, once
// for each object in use after each rest().
#pragma once

#include <cstddef>
#include <utility>

namespace ringcached {

/// `Node* Node::*next` links them, and means nothing while a node is not here.
template <class Node, Node* Node::*next>
class Spares {
 public:
  Spares() = default;
  ~Spares() {
    free_all(lately_);
    free_all(rested_);
    free_all(stale_);
  }
  Spares(Spares&& other) noexcept
      : lately_(std::exchange(other.lately_, nullptr)),
        rested_(std::exchange(other.rested_, nullptr)),
        stale_(std::exchange(other.stale_, nullptr)) {}
  Spares& operator=(Spares&&) = delete;

  /// nullptr: there is none.
  Node* take() {
    Node* node = lately_;
    if (node == nullptr) [[unlikely]]
      return take_from(rested_ != nullptr ? rested_ : stale_);
    lately_ = node->*next;
    return node;
  }

  void give(Node* node) {
    node->*next = lately_;
    lately_ = node;
  }

  /// From time to time: what has not been taken since the last call is stale. Does nothing while
  /// there are stale ones left.
  void rest() {
    if (stale_ == nullptr) {
      stale_ = rested_;
      rested_ = std::exchange(lately_, nullptr);
    }
  }

  bool any_stale() const { return stale_ != nullptr; }

  /// Frees so many of the stale ones at the most; returns how many it were.
  size_t free_stale(size_t most) {
    size_t freed = 0;
    for (; freed < most && stale_ != nullptr; ++freed) delete take_from(stale_);
    return freed;
  }

 private:
  static Node* take_from(Node*& list) {
    Node* node = list;
    if (node != nullptr) list = node->*next;
    return node;
  }

  static void free_all(Node*& list) {
    while (list != nullptr) delete take_from(list);
  }

  Node* lately_ = nullptr;
  Node* rested_ = nullptr;
  Node* stale_ = nullptr;
};

}  // namespace ringcached
