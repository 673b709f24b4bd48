// A queue of items by age, strung together by their own 32-bit links.
//
// Owner: one core. Invariant: head is the newest, tail the oldest; next leads to the older one.
#pragma once

#include <cstdint>

#include "store/slab.h"

namespace ringcached::store {

class ItemQueue {
 public:
  bool empty() const { return tail_ == no_ref; }
  uint64_t size() const { return size_; }
  Ref head() const { return head_; }
  Ref tail() const { return tail_; }

  void push(const Slab& slab, Item& item) {
    const Ref ref = ref_of(&item);
    item.set_prev(no_ref);
    item.set_next(head_);
    if (head_ != no_ref) slab.item_at(head_).set_prev(ref);
    head_ = ref;
    if (tail_ == no_ref) tail_ = ref;
    ++size_;
  }

  void remove(const Slab& slab, Item& item) {
    set_next_of(slab, item.prev(), item.next());
    set_prev_of(slab, item.next(), item.prev());
    --size_;
  }

  /// The same item lies elsewhere now (its copy at `to` has its links).
  void relocate(const Slab& slab, const Item& to) {
    const Ref ref = ref_of(&to);
    set_next_of(slab, to.prev(), ref);
    set_prev_of(slab, to.next(), ref);
  }

 private:
  void set_next_of(const Slab& slab, Ref at, Ref next) {
    if (at == no_ref) {
      head_ = next;
    } else {
      slab.item_at(at).set_next(next);
    }
  }
  void set_prev_of(const Slab& slab, Ref at, Ref prev) {
    if (at == no_ref) {
      tail_ = prev;
    } else {
      slab.item_at(at).set_prev(prev);
    }
  }

  Ref head_ = no_ref;
  Ref tail_ = no_ref;
  uint64_t size_ = 0;
};

}  // namespace ringcached::store
