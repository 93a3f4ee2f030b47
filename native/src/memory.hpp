// Large arrays of zeros, in huge pages where the system has them: a graph is read at random, and
// small pages cost a fifth of the searches a second.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

// AddressSanitizer sees past what end an access goes only in memory from the heap.
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
#define CLARA_PAGES
#include <sys/mman.h>
#endif

namespace clara {

class Memory {
  public:
    Memory() = default;
    enum Pages { huge, small };
    explicit Memory(std::size_t bytes, Pages pages = huge) : bytes_(bytes) {
        if (!bytes) return;
#ifdef CLARA_PAGES
        // Nothing is held until it is written. Room for one more huge page, to start at a border.
        mapped_ = bytes + kHuge;
        void* at = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at == MAP_FAILED) throw std::bad_alloc();
        start_ = at;
        data_ = reinterpret_cast<std::byte*>((reinterpret_cast<std::size_t>(at) + kHuge - 1) / kHuge * kHuge);
        if (bytes >= kHuge && pages == huge) madvise(data_, bytes, MADV_HUGEPAGE);
#else
        (void)pages;
        start_ = std::calloc(1, bytes + kLine);
        if (!start_) throw std::bad_alloc();
        data_ = reinterpret_cast<std::byte*>((reinterpret_cast<std::size_t>(start_) + kLine - 1) / kLine * kLine);
#endif
    }
    Memory(Memory&& other) noexcept { swap(other); }
    Memory& operator=(Memory&& other) noexcept {
        swap(other);
        return *this;
    }
    Memory(Memory const&) = delete;
    ~Memory() {
#ifdef CLARA_PAGES
        if (start_) munmap(start_, mapped_);
#else
        std::free(start_);
#endif
    }

    std::byte* data() const { return data_; }
    std::size_t bytes() const { return bytes_; }

    // Keeps what is there; the rest is zero.
    void grow(std::size_t bytes) {
        if (bytes <= bytes_) return;
        Memory larger(bytes);
        if (bytes_) std::memcpy(larger.data_, data_, bytes_);
        swap(larger);
    }

  private:
    static constexpr std::size_t kHuge = std::size_t(2) << 20, kLine = 64;
    void* start_ = nullptr;
    std::byte* data_ = nullptr;
    std::size_t bytes_ = 0, mapped_ = 0;

    void swap(Memory& other) {
        std::swap(start_, other.start_);
        std::swap(data_, other.data_);
        std::swap(bytes_, other.bytes_);
        std::swap(mapped_, other.mapped_);
    }
};

} // namespace clara
