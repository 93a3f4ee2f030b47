// Builds a graph on several threads, the same one whatever their number.
//
// USearch's own add() is right on one thread and depends on timing on two: each new node sees what
// the other thread has linked so far. Here rows come in batches. Every row of a batch looks for its
// neighbours in the graph as it was before the batch, and only then are the links back to the batch
// made, each node's by itself (the batch insertion of ParlayANN, arXiv 2305.04359). The graph is that
// of HNSW (arXiv 1603.09320) with its heuristic for choosing neighbours, and is saved as a USearch file.
#pragma once
#include <atomic>
#include <string>
#include <vector>

#include "rows.hpp"

namespace clara {

struct Link {
    int level;
    std::uint32_t to, from;
    bool operator<(Link const& other) const {
        if (level != other.level) return level < other.level;
        return to != other.to ? to < other.to : from < other.from;
    }
};

// What a thread needs on its way through the graph.
struct Walk {
    std::vector<std::uint32_t> seen; // by row: the number of the last walk that came by
    std::uint32_t number = 0;
    std::vector<Near> top, next, equals;
    std::vector<float> room, other_room;
    std::vector<Link> found;

    void begin(std::size_t rows) {
        if (seen.size() < rows) seen.resize(rows, 0);
        if (++number == 0) {
            std::fill(seen.begin(), seen.end(), 0);
            number = 1;
        }
        top.clear();
        next.clear();
    }
    bool first_time(std::uint32_t row) {
        if (seen[row] == number) return false;
        seen[row] = number;
        return true;
    }
};

class Builder {
  public:
    // `expected`: rows to come, where it is known; memory is taken as they come.
    Builder(Shape shape, std::size_t threads, std::size_t expected);

    std::size_t dims() const { return shape_.dims; }
    std::size_t rows() const { return rows_; }
    // Goes on from a graph that is there; only before the first row.
    void resume(FileSpec spec, std::size_t rows, std::atomic<bool> const& stop);
    // Adds `count` rows of floats under the next numbers.
    void add(float const* vectors, std::size_t count, std::atomic<bool> const& stop);
    // Writes the file, which must not be there. Neither synced nor hashed: the caller does both.
    void save(std::string const& path, std::atomic<bool> const& stop) const;

  private:
    Shape shape_;
    std::size_t threads_, rows_ = 0;
    Layout layout_;
    Memory matrix_, base_;
    std::vector<float> weights_;
    std::vector<std::int32_t> sums_;
    std::vector<std::int16_t> levels_;
    std::vector<std::uint64_t> upper_at_; // of a row's lists above the base, in upper_
    std::vector<std::uint32_t> upper_;
    std::vector<Walk> walks_; // one for each thread

    std::byte* row(std::size_t at) const { return matrix_.data() + at * layout_.row_bytes; }
    std::uint32_t* links(std::size_t at, int level);
    void reserve(std::size_t rows);
    void store(std::size_t at, float const* vector);
    void describe_row(std::size_t at);
    void set_level(std::size_t at, int level);
    template <Kind kind> void insert(std::size_t first, std::size_t count, std::atomic<bool> const& stop);
    template <Kind kind> void find_links(std::uint32_t at, Walk& walk);
    template <Kind kind> void link_back(Link const* links, std::size_t count, Walk& walk);
    template <Kind kind> Probe probe(std::size_t at, std::vector<float>& room) const;
    template <Kind kind> float far(Probe const& probe, std::uint32_t at) const;
    template <Kind kind> std::uint32_t descend(Probe const& probe, std::uint32_t at, int from, int to);
    template <Kind kind> void beam(Probe const& probe, std::uint32_t start, int level, Walk& walk);
    template <Kind kind> void choose(std::uint32_t at, std::uint32_t* list, std::size_t most, Walk& walk);
};

} // namespace clara
