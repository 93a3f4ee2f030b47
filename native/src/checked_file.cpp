#include "checked_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

// Node.js exports its OpenSSL to addons.
extern "C" unsigned char* SHA256(unsigned char const* data, std::size_t length, unsigned char* digest);

namespace clara {

namespace {
std::string reason(char const* what) { return std::string(what) + ": " + std::strerror(errno); }
} // namespace

CheckedFile::CheckedFile(FileSpec spec) : spec_(std::move(spec)) {
    handle_ = ::open(spec_.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (handle_ < 0) throw Failure("index", spec_.path + reason(": cannot be read"));
    struct stat info;
    bool const fits = ::fstat(handle_, &info) == 0 && S_ISREG(info.st_mode) &&
                      std::uint64_t(info.st_size) == spec_.bytes && spec_.digests.size() == block_count() * 32;
    if (!fits) {
        ::close(handle_);
        damaged();
    }
    states_ = std::make_unique<std::atomic<std::uint8_t>[]>(block_count());
    for (std::size_t i = 0; i < block_count(); i++) states_[i].store(unseen, std::memory_order_relaxed);
}

CheckedFile::~CheckedFile() {
    if (handle_ >= 0) ::close(handle_);
}

std::size_t CheckedFile::block_length(std::size_t block) const {
    std::uint64_t const start = std::uint64_t(block) * kBlock;
    return spec_.bytes - start < kBlock ? std::size_t(spec_.bytes - start) : kBlock;
}

void CheckedFile::damaged() const {
    throw Failure("index", spec_.path + ": size or sha256 differ from the manifest: the file is damaged, build the index anew");
}

void CheckedFile::read_raw(std::uint64_t offset, std::size_t length, std::byte* out) const {
    while (length) {
        ssize_t const got = ::pread(handle_, out, length, off_t(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw Failure("io", spec_.path + reason(": cannot be read"));
        if (got == 0) damaged();
        out += got;
        offset += std::uint64_t(got);
        length -= std::size_t(got);
    }
}

void CheckedFile::read_block(std::size_t block, std::byte* out) const {
    std::size_t const length = block_length(block);
    read_raw(std::uint64_t(block) * kBlock, length, out);
    unsigned char digest[32];
    SHA256(reinterpret_cast<unsigned char const*>(out), length, digest);
    if (std::memcmp(digest, &spec_.digests[block * 32], 32) != 0) damaged();
}

void CheckedFile::read(std::uint64_t offset, std::size_t length, std::byte* out) {
    std::size_t const first = offset / kBlock, last = (offset + length - 1) / kBlock;
    bool known = true;
    for (std::size_t block = first; block <= last; block++)
        known = known && states_[block].load(std::memory_order_relaxed) == good;
    if (known) return read_raw(offset, length, out);
    std::byte whole[kBlock];
    for (std::size_t block = first; block <= last; block++) {
        read_block(block, whole);
        states_[block].store(good, std::memory_order_relaxed);
        std::uint64_t const start = std::uint64_t(block) * kBlock;
        std::uint64_t const from = std::max<std::uint64_t>(offset, start);
        std::uint64_t const to = std::min<std::uint64_t>(offset + length, start + block_length(block));
        std::memcpy(out + (from - offset), whole + (from - start), to - from);
    }
}

void ResidentFile::load(std::size_t block) {
    std::uint8_t expected = unseen;
    if (!states_[block].compare_exchange_strong(expected, busy)) {
        while (expected == busy) {
            std::this_thread::yield();
            expected = states_[block].load(std::memory_order_acquire);
        }
        if (expected == bad) damaged();
        return;
    }
    std::byte* const place = at(std::uint64_t(block) * kBlock);
    try {
        read_block(block, place);
    } catch (...) {
        std::memset(place, 0, block_length(block)); // a graph of zeros has no links to follow
        states_[block].store(bad, std::memory_order_release);
        throw;
    }
    states_[block].store(good, std::memory_order_release);
}

void ResidentFile::settle() {
    Memory settled(memory_.bytes());
    std::byte* const start = settled.data() + lead_;
    for (std::size_t block = 0; block < block_count(); block++)
        if (states_[block].load(std::memory_order_acquire) == good)
            std::memcpy(start + block * kBlock, at(std::uint64_t(block) * kBlock), block_length(block));
    memory_ = std::move(settled);
    start_ = start;
}

} // namespace clara
