// Dot products and conversions for the four storage kinds, chosen once for the CPU that runs them.
#pragma once
#include <cstddef>
#include <cstdint>

namespace clara {

enum class Kind : std::uint8_t { f32, bf16, f16, i8 };

inline std::size_t bytes_of(Kind kind) { return kind == Kind::f32 ? 4 : kind == Kind::i8 ? 1 : 2; }

struct Kernels {
    // Sum of row[i] * query[i]. `query_sum` is the sum of query[i]: the VNNI form multiplies row + 128.
    std::int32_t (*dot_i8)(std::int8_t const* row, std::int8_t const* query, std::size_t dims, std::int32_t query_sum);
    float (*dot_f32)(float const* row, float const* query, std::size_t dims);
    float (*dot_bf16)(std::uint16_t const* row, float const* query, std::size_t dims);
    float (*dot_f16)(std::uint16_t const* row, float const* query, std::size_t dims);
    // The score of a result, of one order of summation everywhere: see exact_dot_portable.
    float (*exact_dot)(float const* row, float const* query, std::size_t dims);
    // The same of four rows that follow each other: the same sums, side by side.
    void (*exact_dots)(float const* rows, float const* query, std::size_t dims, float* out);
    char const* name;
};

Kernels const& kernels();

std::uint16_t to_bf16(float value);
std::uint16_t to_f16(float value);
float from_bf16(std::uint16_t bits);
float from_f16(std::uint16_t bits);

// A row in 8 bits: its largest component becomes 127, so that a row's own scale is used in full.
struct Quantised {
    std::int32_t sum;
    float inverse_norm; // of the 8-bit row; 1 for a row of zeros
};
Quantised quantise(float const* row, std::size_t dims, std::int8_t* out);
Quantised describe(std::int8_t const* row, std::size_t dims);

} // namespace clara
