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
    // Four rows that follow each other and four queries that do, single precision: out[4 * query + row]. In whatever
    // order: see rough_error.
    void (*rough_dots)(float const* rows, float const* queries, std::size_t dims, float* out);
    char const* name;
};

// What rough_dots is off by at most, for each unit of the product of both lengths (Higham 2002, section 3.1: a sum of
// eight lanes or more, each addition and multiplication rounded).
inline float rough_error(std::size_t dims) { return float(dims / 4 + 16) * 0x1p-24f; }

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
