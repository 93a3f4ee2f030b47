#include "graph_file.hpp"

#include <algorithm>

namespace clara {

using namespace unum::usearch;

// Files of versions before it number the kinds of scalars otherwise.
constexpr int kFirstMinor = 10;

scalar_kind_t scalar_kind_of(Kind kind) {
    switch (kind) {
    case Kind::f32: return scalar_kind_t::f32_k;
    case Kind::bf16: return scalar_kind_t::bf16_k;
    case Kind::f16: return scalar_kind_t::f16_k;
    default: return scalar_kind_t::i8_k;
    }
}

void GraphFile::malformed(std::string const& what) const {
    throw Failure("index", file.path() + ": " + what + ": not the graph of this index, build the index anew");
}

GraphFile::GraphFile(FileSpec spec, Shape shape, std::size_t rows)
    // The matrix begins 8 bytes into the file, and here at a cache line.
    : file(std::move(spec), 56), shape(shape) {
    layout.rows = rows;
    layout.row_bytes = shape.dims * bytes_of(shape.kind);
    if (file.bytes() < layout.nodes()) malformed("too short for " + std::to_string(rows) + " rows");
    file.need(0, layout.matrix());
    if (load_u32(file.at(0)) != rows || load_u32(file.at(4)) != layout.row_bytes)
        malformed("holds " + std::to_string(load_u32(file.at(0))) + " vectors of " + std::to_string(load_u32(file.at(4))) +
                  " bytes, expected " + std::to_string(rows) + " of " + std::to_string(layout.row_bytes));

    file.need(layout.head(), layout.nodes() - layout.head());
    index_dense_head_t head{reinterpret_cast<byte_t*>(file.at(layout.head()))};
    int const multi = *reinterpret_cast<unsigned char const*>(head.multi.ptr()); // any byte, not only a bool's
    bool const known = std::memcmp(head.magic, "usearch", 7) == 0 &&
                       int(head.version_major) == USEARCH_VERSION_MAJOR &&
                       int(head.version_minor) >= kFirstMinor && head.kind_scalar == scalar_kind_of(shape.kind) &&
                       head.kind_metric == (shape.cosine ? metric_kind_t::cos_k : metric_kind_t::ip_k) &&
                       head.kind_key == scalar_kind_t::u64_k && head.kind_compressed_slot == scalar_kind_t::u32_k &&
                       std::uint64_t(head.count_present) == rows && std::uint64_t(head.count_deleted) == 0 &&
                       std::uint64_t(head.dimensions) == shape.dims && multi == 0;
    if (!known) malformed("its head is of another kind");

    index_serialized_header_t header;
    std::memcpy(&header, file.at(layout.graph()), sizeof header);
    bool const sane = header.size == rows && header.connectivity >= 2 && header.connectivity <= kLargestConnectivity &&
                      header.connectivity_base >= 2 && header.connectivity_base <= kLargestConnectivity &&
                      header.max_level <= std::uint64_t(kHighestLevel) && header.entry_slot < rows;
    if (!sane) malformed("its header makes no sense");
    layout.connectivity = header.connectivity;
    layout.connectivity_base = header.connectivity_base;
    layout.max_level = int(header.max_level);
    layout.entry = std::uint32_t(header.entry_slot);

    levels.resize(rows);
    std::memcpy(levels.data(), file.at(layout.levels()), rows * 2);
    node_at.resize(rows);
    std::uint64_t at = layout.nodes();
    for (std::size_t row = 0; row < rows; row++) {
        if (levels[row] < 0 || levels[row] > layout.max_level) malformed("a level is out of range");
        node_at[row] = at;
        at += layout.node_bytes(levels[row]);
    }
    if (at != file.bytes()) malformed("its nodes do not fill it");
    if (levels[layout.entry] != layout.max_level) malformed("its entry is not at the top");
    admit(layout.entry);
}

void GraphFile::check_node(std::size_t row) const {
    std::uint64_t key;
    std::int16_t level;
    std::memcpy(&key, node(row), 8);
    std::memcpy(&level, node(row) + 8, 2);
    if (key != row || level != levels[row]) malformed("node " + std::to_string(row) + " is another's");
    for (int at = 0; at <= level; at++) {
        std::byte const* const list = links(row, at);
        std::uint32_t const count = load_u32(list);
        if (count > (at ? layout.connectivity : layout.connectivity_base)) malformed("a node has too many links");
        for (std::uint32_t i = 0; i < count; i++) {
            std::uint32_t const to = load_u32(list + 4 + 4 * i);
            if (to >= layout.rows || levels[to] < at) malformed("a link leads nowhere");
        }
    }
}

void GraphFile::admit(std::size_t row) {
    std::size_t const bytes = layout.node_bytes(levels[row]);
    try {
        file.need(layout.matrix() + std::uint64_t(row) * layout.row_bytes, layout.row_bytes);
        file.need(node_at[row], bytes);
        check_node(row);
    } catch (...) {
        std::memset(node(row), 0, bytes);
        throw;
    }
}

} // namespace clara
