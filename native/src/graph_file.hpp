// The layout of a USearch file (index_dense.hpp: save_to_stream): a matrix of rows, a head of 64
// bytes, then the graph: its header, the level of each node, the nodes.
#pragma once
#include <cstdint>
#include <vector>

#include <usearch/index_dense.hpp>

#include "checked_file.hpp"
#include "kernels.hpp"

namespace clara {

struct Shape {
    std::size_t dims;
    Kind kind;
    bool cosine; // else inner product
};

constexpr std::size_t kConnectivity = 16, kConnectivityBase = 32;
constexpr std::size_t kLargestConnectivity = 1024;
constexpr int kHighestLevel = 64;

// Where things are. A list of links is a count and room for as many as the level allows, 4 bytes each.
struct Layout {
    std::size_t rows = 0, row_bytes = 0;
    std::size_t connectivity = kConnectivity, connectivity_base = kConnectivityBase;
    int max_level = 0;
    std::uint32_t entry = 0;

    std::uint64_t matrix() const { return 8; }
    std::uint64_t head() const { return matrix() + std::uint64_t(rows) * row_bytes; }
    std::uint64_t graph() const { return head() + sizeof(unum::usearch::index_dense_head_buffer_t); }
    std::uint64_t levels() const { return graph() + sizeof(unum::usearch::index_serialized_header_t); }
    std::uint64_t nodes() const { return levels() + std::uint64_t(rows) * 2; }

    static constexpr std::size_t node_head = 10; // key and level
    std::size_t base_bytes() const { return 4 + 4 * connectivity_base; }
    std::size_t upper_bytes() const { return 4 + 4 * connectivity; }
    std::size_t node_bytes(int level) const { return node_head + base_bytes() + std::size_t(level) * upper_bytes(); }
};

unum::usearch::scalar_kind_t scalar_kind_of(Kind kind);

// An opened file whose frame (all but rows and nodes) has been checked.
struct GraphFile {
    ResidentFile file;
    Shape shape;
    Layout layout;
    std::vector<std::int16_t> levels;
    std::vector<std::uint64_t> node_at; // offset of each node

    // Throws Failure `index` where anything is not as `shape` and `rows` say.
    GraphFile(FileSpec spec, Shape shape, std::size_t rows);

    std::byte* row(std::size_t row) const { return file.at(layout.matrix() + std::uint64_t(row) * layout.row_bytes); }
    std::byte* node(std::size_t row) const { return file.at(node_at[row]); }
    std::byte* links(std::size_t row, int level) const {
        return node(row) + Layout::node_head + (level ? layout.base_bytes() + std::size_t(level - 1) * layout.upper_bytes() : 0);
    }
    // Makes a row and its node usable: reads and hashes them, and checks each link. Throws Failure; the
    // node then has no links.
    void admit(std::size_t row);

  private:
    [[noreturn]] void malformed(std::string const& what) const;
    void check_node(std::size_t row) const;
};

inline std::uint32_t load_u32(std::byte const* from) {
    std::uint32_t value;
    std::memcpy(&value, from, 4);
    return value;
}

} // namespace clara
