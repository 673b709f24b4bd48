// An intrusive list: an object can be put on it and taken off in constant time, once per hook.
//
// Owner: one core. A hook that is destroyed while linked is a bug.
#pragma once

#include <cstddef>

#include "base/assert.h"

namespace ringcached::session {

struct Hook {
  Hook* previous = nullptr;
  Hook* next = nullptr;
  bool linked() const { return next != nullptr; }
};

/// `Hook Object::*member` names the hook that this list uses.
template <class Object, Hook Object::*member>
class List {
 public:
  List() { head_.previous = head_.next = &head_; }
  ~List() { RC_ASSERT(empty()); }
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  bool empty() const { return head_.next == &head_; }

  /// At the end; does nothing if it is on the list already.
  void add(Object& object) {
    Hook& hook = object.*member;
    if (hook.linked()) return;
    offset_ = reinterpret_cast<char*>(&hook) - reinterpret_cast<char*>(&object);
    hook.previous = head_.previous;
    hook.next = &head_;
    head_.previous->next = &hook;
    head_.previous = &hook;
  }

  /// Does nothing if it is not on the list.
  static void remove(Object& object) {
    Hook& hook = object.*member;
    if (!hook.linked()) return;
    hook.previous->next = hook.next;
    hook.next->previous = hook.previous;
    hook.previous = hook.next = nullptr;
  }

  /// The first, taken off; null if there is none.
  Object* take() {
    if (empty()) return nullptr;
    Object& object = object_of(*head_.next);
    remove(object);
    return &object;
  }

  /// Calls fn for what is on the list now, each taken off first; fn may add to the list.
  template <class Fn>
  void take_each(Fn&& fn) {
    if (empty()) return;
    List taken;
    taken.offset_ = offset_;
    taken.head_.next = head_.next;
    taken.head_.previous = head_.previous;
    taken.head_.next->previous = &taken.head_;
    taken.head_.previous->next = &taken.head_;
    head_.next = head_.previous = &head_;
    while (Object* object = taken.take()) fn(*object);
  }

  /// Calls fn for each; fn may take off only the one it is given.
  template <class Fn>
  void each(Fn&& fn) {
    for (Hook* hook = head_.next; hook != &head_;) {
      Hook* next = hook->next;
      fn(object_of(*hook));
      hook = next;
    }
  }

 private:
  Object& object_of(Hook& hook) {
    return *reinterpret_cast<Object*>(reinterpret_cast<char*>(&hook) - offset_);
  }

  Hook head_;
  ptrdiff_t offset_ = 0;  // from an object to its hook; learnt from the first one added
};

}  // namespace ringcached::session
