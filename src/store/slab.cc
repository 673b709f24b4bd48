#include "store/slab.h"

#include <algorithm>

#include "base/assert.h"
#include "base/poison.h"
#include "store/room.h"

#ifdef RINGCACHED_POISON
#define MAY_READ_POISON __attribute__((no_sanitize_address, noinline))
#else
#define MAY_READ_POISON
#endif

namespace ringcached::store {

namespace {

/// A free chunk is all poison, but those who keep the free chunks may look.
MAY_READ_POISON uint16_t next_free(const void* chunk) {
  return *static_cast<const uint16_t*>(chunk);
}

void mark_free(void* chunk, uint16_t next) {
  *static_cast<uint16_t*>(chunk) = next;
  static_cast<char*>(chunk)[shape_offset] = static_cast<char>(shape_of(ChunkKind::Free));
}

uint32_t reciprocal_of(uint32_t chunk_size) {
  return static_cast<uint32_t>(((uint64_t{1} << 32) + chunk_size - 1) / chunk_size);
}

}  // namespace

Slab::Slab(const SizeClasses& sizes, Arena& arena, PageBudget& budget, uint32_t partition)
    : sizes_(sizes), arena_(arena), budget_(budget), partition_(partition) {
  // So that nothing has to be copied while it serves, unless the budget grows: untouched room costs
  // addresses.
  const uint64_t most = std::min<uint64_t>(budget.most(), page_number_max) + 1;
  pages_.reserve(most);
  directory_.reserve(most);
  add_number();
  for (uint32_t i = 0; i < sizes_.count(); ++i) {
    classes_[i].chunks_per_page = sizes_.chunks_per_page(i);
  }
}

Slab::~Slab() {
  for (uint32_t number = 1; number < page_numbers(); ++number) {
    char* base = directory_.base_of(number);
    if (base == nullptr) continue;
    arena_.return_page(base, false);
    budget_.give_back(partition_);
  }
}

MAY_READ_POISON uint8_t Slab::shape_at(const void* chunk) {
  return static_cast<const uint8_t*>(chunk)[shape_offset];
}

void* Slab::allocate(uint8_t class_number) {
  if (classes_[class_number].with_room == 0 && !give_page(class_number)) return nullptr;
  return pop(class_number);
}

void* Slab::allocate_from_pages(uint8_t class_number) {
  if (classes_[class_number].with_room == 0) return nullptr;
  return pop(class_number);
}

void* Slab::pop(uint8_t class_number) {
  Class& c = classes_[class_number];
  const uint32_t number = c.with_room;
  Page& page = pages_[number];
  // The chunk freed last is the warmest; carving touches new memory.
  const bool reuse = page.free_head != no_chunk;
  const uint32_t index = reuse ? page.free_head : page.carved;
  void* chunk = chunk_at((number << chunk_index_bits) | index);
  if (reuse) {
    page.free_head = next_free(chunk);
  } else {
    ++page.carved;
    ++carved_;
  }
  ++page.live;
  ++c.used;
  if (page.free_head == no_chunk && page.carved == c.chunks_per_page) unlist(number);
  unpoison(chunk, sizes_.chunk_size(class_number));
  return chunk;
}

void Slab::free(void* chunk) {
  const PageHeader& header = page_of(chunk);
  const uint32_t number = header.number;
  Page& page = pages_[number];
  RC_ASSERT(kind_of(shape_at(chunk)) != ChunkKind::Free && page.live > 0);
  mark_free(chunk, page.free_head);
  poison(chunk, header.chunk_size);
  page.free_head = static_cast<uint16_t>(chunk_index(header, chunk));
  --page.live;
  --classes_[page.class_number].used;
  if (page.live == 0 && (page.closed || classes_[page.class_number].pages > 1)) {
    retire(number);
  } else if (!page.listed && !page.closed) {
    list(number);
  }
}

void Slab::let_go(uint32_t number, uint8_t heir) {
  RC_ASSERT(is_kept(number) && !pages_[number].closed);
  pages_[number].heir = heir;
  retire(number);
}

bool Slab::let_go_of_one(uint8_t heir) {
  for (uint32_t i = 0; i < sizes_.count(); ++i) {
    if (classes_[i].pages != 1 || classes_[i].used != 0) continue;
    let_go(classes_[i].with_room, heir);
    return true;
  }
  return false;
}

void Slab::close_page(uint32_t number, uint8_t heir) {
  Page& page = pages_[number];
  RC_ASSERT(page.class_number != no_class && page.live > 0 && !page.closed);
  if (page.listed) unlist(number);
  page.closed = true;
  page.heir = heir;
}

void Slab::open_page(uint32_t number) {
  Page& page = pages_[number];
  if (!page.closed) return;  // it was emptied, and is another page now
  page.closed = false;
  page.heir = no_class;
  const bool has_room =
      page.free_head != no_chunk || page.carved < classes_[page.class_number].chunks_per_page;
  if (has_room) list(number);
}

bool Slab::give_page(uint8_t class_number) {
  const uint32_t number = take_page();
  if (number == 0) return false;
  cut(number, class_number);
  return true;
}

/// An empty page we hold, else a new one out of the budget.
uint32_t Slab::take_page() {
  if (empty_head_ != 0) {
    const uint32_t number = empty_head_;
    empty_head_ = pages_[number].next;
    --empty_count_;
    return number;
  }
  if (!has_free_number() || !budget_.take(partition_)) return 0;
  char* base = arena_.take_page();
  if (base == nullptr) {
    budget_.give_back(partition_);
    return 0;
  }
  if (budget_.left(partition_) >= block_size / page_size) arena_.prepare_block();
  const uint32_t number = free_number();
  pages_[number] = Page{};
  directory_.set(number, base, 0);
  ++pages_held_;
  return number;
}

/// free_number() cannot fail.
bool Slab::has_free_number() {
  if (unused_head_ != 0) return true;
  return page_numbers() <= page_number_max && directory_.make_room(arena_.faults()) &&
         make_room(pages_, pages_.size() + 1, arena_.faults(), Allocation::Directory);
}

uint32_t Slab::free_number() {
  if (unused_head_ == 0) return add_number();
  const uint32_t number = unused_head_;
  unused_head_ = pages_[number].next;
  return number;
}

uint32_t Slab::add_number() {
  pages_.emplace_back();
  directory_.add();
  return page_numbers() - 1;
}

void Slab::cut(uint32_t number, uint8_t class_number) {
  const auto chunk_size = static_cast<uint16_t>(sizes_.chunk_size(class_number));
  pages_[number] = Page{};
  pages_[number].class_number = class_number;
  char* base = directory_.base_of(number);
  directory_.set(number, base, chunk_size);
  unpoison(base, page_size);
  *reinterpret_cast<PageHeader*>(base) =
      PageHeader{number, reciprocal_of(chunk_size), chunk_size, class_number, {}};
  poison(base + page_header_size, page_payload);
  ++classes_[class_number].pages;
  list(number);
}

/// It belongs to nobody from now on.
void Slab::retire(uint32_t number) {
  Page& page = pages_[number];
  if (page.listed) unlist(number);
  --classes_[page.class_number].pages;
  carved_ -= page.carved;
  page.carved = 0;
  page.closed = false;
  page.class_number = no_class;
  // Even if the budget wants a page back: who inherits has none, and the next one can go there.
  if (page.heir != no_class) {
    cut(number, page.heir);
    return;
  }
  if (budget_.owes(partition_) ||
      (empty_count_ >= spare_pages_max && budget_.draws_on_pool(partition_))) {
    give_up(number);
    return;
  }
  page.next = empty_head_;
  empty_head_ = number;
  ++empty_count_;
}

bool Slab::give_up_empty() {
  if (empty_head_ == 0) return false;
  const uint32_t number = empty_head_;
  empty_head_ = pages_[number].next;
  --empty_count_;
  give_up(number);
  return true;
}

void Slab::give_up(uint32_t number) {
  arena_.return_page(directory_.base_of(number), true);
  directory_.set(number, nullptr, 0);
  budget_.give_back(partition_);
  pages_[number] = Page{};
  pages_[number].next = unused_head_;
  unused_head_ = number;
  --pages_held_;
}

void Slab::list(uint32_t number) {
  Page& page = pages_[number];
  Class& c = classes_[page.class_number];
  page.prev = 0;
  page.next = c.with_room;
  if (c.with_room != 0) pages_[c.with_room].prev = number;
  c.with_room = number;
  page.listed = true;
}

void Slab::unlist(uint32_t number) {
  Page& page = pages_[number];
  if (page.prev != 0) {
    pages_[page.prev].next = page.next;
  } else {
    classes_[page.class_number].with_room = page.next;
  }
  if (page.next != 0) pages_[page.next].prev = page.prev;
  page.listed = false;
}

void Slab::verify() const {
  std::array<uint64_t, classes_max> pages{};
  std::array<uint64_t, classes_max> used{};
  uint64_t held = 0, empty = 0, carved = 0;
  RC_ASSERT(directory_.size() == page_numbers());
  for (uint32_t number = 1; number < page_numbers(); ++number) {
    const Page& page = pages_[number];
    if (directory_.base_of(number) == nullptr) continue;
    ++held;
    carved += page.carved;
    if (page.class_number == no_class) {
      ++empty;
      RC_ASSERT(page.live == 0 && !page.listed);
      continue;
    }
    ++pages[page.class_number];
    used[page.class_number] += page.live;
    verify_page(number);
  }
  RC_ASSERT(held == pages_held_ && held == budget_.held(partition_));
  RC_ASSERT(empty == empty_count_ && carved == carved_);
  for (uint32_t i = 0; i < sizes_.count(); ++i) {
    RC_ASSERT(pages[i] == classes_[i].pages && used[i] == classes_[i].used);
    uint32_t prev = 0;
    for (uint32_t number = classes_[i].with_room; number != 0; number = pages_[number].next) {
      RC_ASSERT(pages_[number].listed && pages_[number].prev == prev);
      RC_ASSERT(pages_[number].class_number == i && !pages_[number].closed);
      prev = number;
    }
  }
}

void Slab::verify_page(uint32_t number) const {
  const Page& page = pages_[number];
  const PageHeader& header = page_of(static_cast<const void*>(directory_.base_of(number)));
  const uint32_t per_page = classes_[page.class_number].chunks_per_page;
  RC_ASSERT(header.number == number && header.class_number == page.class_number);
  RC_ASSERT(header.chunk_size == directory_.chunk_size_of(number));
  RC_ASSERT(page.live > 0 || !page.closed);
  RC_ASSERT(page.carved <= per_page);
  uint32_t on_list = 0, marked = 0;
  for (uint16_t i = page.free_head; i != no_chunk; ++on_list) {
    RC_ASSERT(i < page.carved && on_list < per_page);
    i = next_free(chunk_at((number << chunk_index_bits) | i));
  }
  for (uint32_t i = 0; i < page.carved; ++i) {
    const void* chunk = chunk_at((number << chunk_index_bits) | i);
    RC_ASSERT(chunk_index(header, chunk) == i);
    if (kind_of(shape_at(chunk)) == ChunkKind::Free) ++marked;
  }
  RC_ASSERT(on_list == marked && on_list + page.live == page.carved);
  const bool has_room = on_list != 0 || page.carved < per_page;
  RC_ASSERT(page.listed == (has_room && !page.closed));
}

}  // namespace ringcached::store
