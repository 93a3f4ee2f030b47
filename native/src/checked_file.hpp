// A file of which each block is hashed before its first byte is used.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "errors.hpp"
#include "memory.hpp"

namespace clara {

constexpr std::size_t kBlock = 16384;

struct FileSpec {
    std::string path;
    std::uint64_t bytes;
    std::vector<std::uint8_t> digests; // 32 bytes of sha256 for each block of kBlock
};

class CheckedFile {
  public:
    // Throws Failure where it cannot be opened or its size is not the expected one.
    explicit CheckedFile(FileSpec spec);
    ~CheckedFile();
    CheckedFile(CheckedFile const&) = delete;

    std::uint64_t bytes() const { return spec_.bytes; }
    std::string const& path() const { return spec_.path; }

    // Reads a range into `out`, which has room for it; whole blocks are read the first time.
    void read(std::uint64_t offset, std::size_t length, std::byte* out);

  protected:
    enum State : std::uint8_t { unseen, busy, good, bad };
    std::unique_ptr<std::atomic<std::uint8_t>[]> states_;
    FileSpec spec_;
    int handle_ = -1;

    std::size_t block_count() const { return (spec_.bytes + kBlock - 1) / kBlock; }
    std::size_t block_length(std::size_t block) const;
    [[noreturn]] void damaged() const;
    void read_raw(std::uint64_t offset, std::size_t length, std::byte* out) const;
    // Fills `out` with a block, and throws where its hash is another.
    void read_block(std::size_t block, std::byte* out) const;
};

// The same, with what was read kept in memory, at the place where it is in the file.
class ResidentFile : public CheckedFile {
  public:
    // `lead`: bytes before the file's first one, so that what matters starts at a cache line.
    ResidentFile(FileSpec spec, std::size_t lead)
        : CheckedFile(std::move(spec)), lead_(lead), memory_(lead + this->bytes() + 64, Memory::small),
          start_(memory_.data() + lead) {}

    std::byte* at(std::uint64_t offset) const { return start_ + offset; }

    // Makes a range usable. Cheap once it has been asked for.
    void need(std::uint64_t offset, std::size_t length) {
        if (!length) return;
        std::size_t const last = (offset + length - 1) / kBlock;
        for (std::size_t block = offset / kBlock; block <= last; block++)
            if (states_[block].load(std::memory_order_acquire) != good) load(block);
    }

    // A first answer touches a little of everything, and to zero a huge page for each bit of it takes
    // longer than the answer. This moves what has been read into huge pages, for the many that follow:
    // places change, so that nobody may be reading.
    void settle();

  private:
    std::size_t lead_;
    Memory memory_;
    std::byte* start_;

    void load(std::size_t block);
};

} // namespace clara
