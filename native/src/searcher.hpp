// Searches a USearch graph with USearch's own walk, over rows that are read, hashed and checked when
// the walk first comes to them, and ranks what it finds by the whole vectors.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>

#include "rows.hpp"

namespace clara {

struct Query {
    float const* vectors; // [count, dims]
    std::size_t count, k, expansion;
    // Rows to leave out of query q: excluded[offsets[q]] ... excluded[offsets[q + 1] - 1]; or none.
    std::uint32_t const* offsets;
    std::uint32_t const* excluded;
    // Out: [count, k]; -1 and -infinity where the walk reached fewer.
    std::int32_t* ids;
    float* scores;
};

// Bytes of whole vectors that are kept in memory: 170,000 rows of 384. Beyond it they stay on disk.
constexpr std::uint64_t kResident = std::uint64_t(256) << 20;

class Searcher {
  public:
    // `removed`: a bit for each row, or empty.
    Searcher(FileSpec graph, FileSpec vectors, Shape shape, std::size_t rows, std::size_t threads,
             std::vector<std::uint8_t> removed);

    std::size_t dims() const { return graph_.shape.dims; }
    // One call at a time runs; others wait. Throws Failure `index` where a file proves damaged.
    void search(Query const& query, std::atomic<bool> const& stop);
    // Compares with every row, and ranks in whole precision; `expansion` means nothing here. For vectors that are kept in
    // memory, which this reads and hashes as a whole the first time.
    void search_all(Query const& query, std::atomic<bool> const& stop);
    bool keeps_vectors() const { return bool(in_memory_); }

  private:
    using Index = unum::usearch::index_gt<float, std::uint64_t, std::uint32_t>;
    template <Kind kind> struct Distance;
    struct Prefetch;
    struct Allowed;

    GraphFile graph_;
    // Whole precision, read row by row; kept in memory where all of it takes no more than kResident.
    std::unique_ptr<CheckedFile> on_disk_;
    std::unique_ptr<ResidentFile> in_memory_;
    std::size_t threads_;
    std::vector<std::uint8_t> removed_;
    Index index_;
    // Of each row: 0 until it was admitted, then its weight, or kBad.
    std::unique_ptr<std::atomic<float>[]> weights_;
    std::mutex one_at_a_time_, failure_guard_;
    std::exception_ptr failure_;
    std::atomic<bool> failed_{false};

    std::size_t answered_ = 0;
    bool settled_ = false, whole_ = false;
    // Length of the longest row, once all are read.
    float longest_ = 0;

    void view();
    void settle();
    float admit(std::uint32_t row);
    template <Kind kind> void search_one(Query const& query, std::size_t at, std::size_t thread, ProbeRoom& room);
    // How far the walk's distance may be from the true one, for rows that the walk found next to k others.
    float doubt(Probe const& probe) const;
    void read_all(std::atomic<bool> const& stop);
    void compare(Query const& query, std::size_t first, std::size_t end);
    bool is_removed(std::uint32_t row) const { return !removed_.empty() && (removed_[row / 8] >> (row % 8) & 1); }
    float const* vector(std::uint32_t row, std::vector<float>& room);
    // Of the vectors in memory, once it is read.
    float const* whole(std::size_t row) const { return reinterpret_cast<float const*>(in_memory_->at(std::uint64_t(row) * dims() * 4)); }
    void rank(Query const& query, std::size_t at, std::vector<Near>& found);
    void give(Query const& query, std::size_t at, std::vector<Near> const& found);
    [[noreturn]] void not_finite(std::uint32_t row) const;
};

} // namespace clara
