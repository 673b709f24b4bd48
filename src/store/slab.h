// Pages cut into chunks of one class each: gives chunks out, takes them back, and knows no items.
//
// Owner: one core. Free chunks are kept per page and pages with free chunks per class, so that a
// page whose last chunk comes back is free for any class at once. But for a class's last page: in a
// full store a single item that comes and goes would cost another class a page's worth of items
// each time. Such a page is let go by let_go(), once in a while.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "store/arena.h"
#include "store/item.h"
#include "store/page.h"
#include "store/page_budget.h"
#include "store/page_directory.h"
#include "store/size_classes.h"

namespace ringcached::store {

/// Empty pages a partition keeps although others could use them: giving one away and asking again
/// costs about 10 us of page faults. Guess.
inline constexpr uint32_t spare_pages_max = 4;

class Slab {
 public:
  /// What changes about a page. Linked by page number into its class's list while it has room.
  struct Page {
    uint32_t prev = 0;
    uint32_t next = 0;
    uint16_t free_head = no_chunk;  // the chunk freed last; chunks from `carved` on were never used
    uint16_t carved = 0;
    uint16_t live = 0;
    uint8_t class_number = no_class;
    bool listed = false;
    bool closed = false;      // being emptied: no chunk is given out
    uint8_t heir = no_class;  // who gets it when it is empty
  };
  static_assert(sizeof(Page) == 20);

  struct Class {
    uint32_t with_room = 0;  // head of the list of pages with free chunks
    uint32_t chunks_per_page = 0;
    uint64_t pages = 0;
    uint64_t used = 0;  // chunks
  };

  static constexpr uint16_t no_chunk = 0xffff;
  static constexpr uint8_t no_class = 0xff;

  Slab(const SizeClasses&, Arena&, PageBudget&, uint32_t partition);
  ~Slab();
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  /// A chunk of this class, from its pages, else from a new page; nullptr: neither is to be had.
  void* allocate(uint8_t class_number);
  /// The same without a new page.
  void* allocate_from_pages(uint8_t class_number);
  void free(void* chunk);
  /// An empty page that its class kept goes to `heir`, or to whom it may concern.
  void let_go(uint32_t number, uint8_t heir = no_class);
  /// The same for any such page; false: there is none.
  bool let_go_of_one(uint8_t heir = no_class);
  /// Without a page from the budget there is a chunk for this class.
  bool has_room(uint8_t class_number) const {
    return classes_[class_number].with_room != 0 || empty_count_ > 0;
  }
  /// An empty page that belongs to no class goes back to the budget; false: there is none.
  bool give_up_empty();
  bool is_kept(uint32_t number) const {
    return pages_[number].class_number != no_class && pages_[number].live == 0;
  }

  /// While a page is closed its free chunks stay where they are. Once it is empty it goes to
  /// `heir`, or to whom it may concern.
  void close_page(uint32_t number, uint8_t heir = no_class);
  void open_page(uint32_t number);

  void* chunk_at(Ref ref) const { return directory_.chunk_at(ref); }
  Item& item_at(Ref ref) const { return *static_cast<Item*>(chunk_at(ref)); }
  const PageDirectory& directory() const { return directory_; }
  /// The kind and parts of any chunk of a page, free ones included.
  static uint8_t shape_at(const void* chunk);

  const SizeClasses& sizes() const { return sizes_; }
  const Class& class_at(uint8_t class_number) const { return classes_[class_number]; }
  /// Page numbers are below this; 0 is never a page.
  uint32_t page_numbers() const { return static_cast<uint32_t>(pages_.size()); }
  const Page& page(uint32_t number) const { return pages_[number]; }
  uint64_t pages_held() const { return pages_held_; }
  uint64_t pages_empty() const { return empty_count_; }
  /// Chunks that a walk over all pages looks at.
  uint64_t carved() const { return carved_; }

  void verify() const;
  /// Of one page that belongs to a class.
  void verify_page(uint32_t number) const;

 private:
  void* pop(uint8_t class_number);
  bool give_page(uint8_t class_number);
  uint32_t take_page();
  bool has_free_number();
  uint32_t free_number();
  uint32_t add_number();
  void cut(uint32_t number, uint8_t class_number);
  void retire(uint32_t number);
  void give_up(uint32_t number);
  void list(uint32_t number);
  void unlist(uint32_t number);

  const SizeClasses& sizes_;
  Arena& arena_;
  PageBudget& budget_;
  uint32_t partition_;
  uint32_t empty_head_ = 0;   // held pages without a class, linked by `next`
  uint32_t unused_head_ = 0;  // numbers without a page, linked by `next`
  uint32_t empty_count_ = 0;
  uint64_t pages_held_ = 0;
  uint64_t carved_ = 0;
  PageDirectory directory_;  // as many as there are pages_
  std::vector<Page> pages_;
  std::array<Class, classes_max> classes_{};
};

}  // namespace ringcached::store
