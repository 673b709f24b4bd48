#include "store/touch_ahead.h"

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <thread>

#include "store/arena.h"

namespace ringcached::store {

namespace {

class Toucher {
 public:
  Toucher() : thread_([this] { run(); }) {}
  ~Toucher() {
    stop_.store(true, std::memory_order_release);
    wake();
    thread_.join();
  }

  void ask(void* block) {
    for (std::atomic<void*>& slot : slots_) {
      void* free = nullptr;
      if (!slot.compare_exchange_strong(free, block, std::memory_order_release)) continue;
      wake();
      return;
    }
  }

 private:
  void wake() {
    asked_.fetch_add(1, std::memory_order_release);
    asked_.notify_one();
  }

  void run() {
    for (;;) {
      const int seen = asked_.load(std::memory_order_acquire);
      if (stop_.load(std::memory_order_acquire)) return;
      bool any = false;
      for (std::atomic<void*>& slot : slots_) {
        void* const block = slot.exchange(nullptr, std::memory_order_acquire);
        if (block == nullptr) continue;
        any = true;
        // Its failure is what was there before: a touch that takes its time.
        ::madvise(block, block_size, MADV_POPULATE_WRITE);
      }
      if (!any) asked_.wait(seen, std::memory_order_acquire);
    }
  }

  std::array<std::atomic<void*>, 64> slots_{};
  std::atomic<int> asked_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace

void touch_ahead(void* block) {
  static Toucher toucher;
  toucher.ask(block);
}

}  // namespace ringcached::store
