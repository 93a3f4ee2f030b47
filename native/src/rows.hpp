// Rows in their storage kind, and how far they are from each other.
#pragma once
#include <algorithm>
#include <vector>

#include "graph_file.hpp"

namespace clara {

// One side of a comparison: 8 bits for rows of 8 bits, floats for all others.
struct Probe {
    std::int8_t const* codes = nullptr;
    std::int32_t sum = 0;
    float weight = 1; // inverse norm, for 8 bits
    float const* floats = nullptr;
};

struct ProbeRoom {
    std::vector<std::int8_t> codes;
    std::vector<float> floats;

    explicit ProbeRoom(std::size_t dims = 0) : codes(dims), floats(dims) {}

    Probe of(Shape const& shape, float const* vector) {
        if (shape.kind != Kind::i8) return {nullptr, 0, 1, vector};
        Quantised const known = quantise(vector, shape.dims, codes.data());
        return {codes.data(), known.sum, known.inverse_norm, nullptr};
    }
};

// Less is nearer: the negative cosine or inner product. `weight`: inverse norm of an 8-bit row.
template <Kind kind> float distance(Probe const& probe, std::byte const* row, float weight, std::size_t dims) {
    Kernels const& k = kernels();
    if constexpr (kind == Kind::i8)
        return -float(k.dot_i8(reinterpret_cast<std::int8_t const*>(row), probe.codes, dims, probe.sum)) * weight * probe.weight;
    else if constexpr (kind == Kind::f32)
        return -k.dot_f32(reinterpret_cast<float const*>(row), probe.floats, dims);
    else if constexpr (kind == Kind::bf16)
        return -k.dot_bf16(reinterpret_cast<std::uint16_t const*>(row), probe.floats, dims);
    else
        return -k.dot_f16(reinterpret_cast<std::uint16_t const*>(row), probe.floats, dims);
}

inline void prefetch(void const* from, std::size_t bytes) {
    for (std::size_t at = 0; at < bytes; at += 64) __builtin_prefetch(static_cast<char const*>(from) + at, 0, 3);
}

// Scores of rows that lie anywhere: each is on its way from memory while those before it are scored.
inline void exact_dots(float const* rows, std::int32_t const* places, std::size_t count, float const* query,
                       std::size_t dims, float* out) {
    constexpr std::size_t kAhead = 4;
    auto const row = [&](std::size_t i) { return rows + std::size_t(places[i]) * dims; };
    for (std::size_t i = 0; i < std::min(kAhead, count); i++) prefetch(row(i), dims * 4);
    for (std::size_t i = 0; i < count; i++) {
        if (i + kAhead < count) prefetch(row(i + kAhead), dims * 4);
        out[i] = kernels().exact_dot(row(i), query, dims);
    }
}

struct Near {
    float distance;
    std::uint32_t row;
    // Ties by row, so that an order never depends on how the rows were come by.
    bool operator<(Near const& other) const {
        return distance < other.distance || (distance == other.distance && row < other.row);
    }
};

// Runs `action` with the kind as a constant.
template <typename Action> auto with_kind(Kind kind, Action&& action) {
    switch (kind) {
    case Kind::f32: return action(std::integral_constant<Kind, Kind::f32>{});
    case Kind::bf16: return action(std::integral_constant<Kind, Kind::bf16>{});
    case Kind::f16: return action(std::integral_constant<Kind, Kind::f16>{});
    default: return action(std::integral_constant<Kind, Kind::i8>{});
    }
}

} // namespace clara
