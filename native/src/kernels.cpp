#include "kernels.hpp"
#include <cmath>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#define CLARA_X86 1
#endif

namespace clara {
namespace {

std::uint32_t bits_of(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, 4);
    return bits;
}

float float_of(std::uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, 4);
    return value;
}

std::int32_t dot_i8_portable(std::int8_t const* row, std::int8_t const* query, std::size_t dims, std::int32_t) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < dims; i++) sum += std::int32_t(row[i]) * query[i];
    return sum;
}

template <typename At> float dot_portable(At at, float const* query, std::size_t dims) {
    float sums[8] = {0};
    std::size_t i = 0;
    for (; i + 8 <= dims; i += 8)
        for (std::size_t lane = 0; lane < 8; lane++) sums[lane] += at(i + lane) * query[i + lane];
    float sum = 0;
    for (; i < dims; i++) sum += at(i) * query[i];
    for (float each : sums) sum += each;
    return sum;
}

float dot_f32_portable(float const* row, float const* query, std::size_t dims) {
    return dot_portable([=](std::size_t i) { return row[i]; }, query, dims);
}
float dot_bf16_portable(std::uint16_t const* row, float const* query, std::size_t dims) {
    return dot_portable([=](std::size_t i) { return from_bf16(row[i]); }, query, dims);
}
float dot_f16_portable(std::uint16_t const* row, float const* query, std::size_t dims) {
    return dot_portable([=](std::size_t i) { return from_f16(row[i]); }, query, dims);
}

// The last step of exact_dot: eight sums, added in pairs.
float fold(double const* s) { return float(((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))); }

// Component i goes to sum i % 8, in double. The product of two floats is exact there, so that fused
// and separate multiplication agree and every machine gives the same bits (src/index/rank.ts too).
float exact_dot_portable(float const* row, float const* query, std::size_t dims) {
    double sums[8] = {0};
    for (std::size_t i = 0; i < dims; i++) sums[i % 8] += double(row[i]) * double(query[i]);
    return fold(sums);
}

template <float (*dot)(float const*, float const*, std::size_t)>
void rough_dots_by(float const* rows, float const* queries, std::size_t dims, float* out) {
    for (std::size_t i = 0; i < 16; i++) out[i] = dot(rows + i % 4 * dims, queries + i / 4 * dims, dims);
}

#if CLARA_X86
#define CLARA_AVX2 __attribute__((target("avx2,fma,f16c")))
#define CLARA_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define CLARA_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))

CLARA_AVX2 std::int32_t dot_i8_avx2(std::int8_t const* row, std::int8_t const* query, std::size_t dims, std::int32_t) {
    __m256i sums = _mm256_setzero_si256();
    std::size_t i = 0;
    for (; i + 16 <= dims; i += 16) {
        __m256i a = _mm256_cvtepi8_epi16(_mm_loadu_si128((__m128i const*)(row + i)));
        __m256i b = _mm256_cvtepi8_epi16(_mm_loadu_si128((__m128i const*)(query + i)));
        sums = _mm256_add_epi32(sums, _mm256_madd_epi16(a, b));
    }
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
    return _mm_cvtsi128_si32(half) + dot_i8_portable(row + i, query + i, dims - i, 0);
}

CLARA_VNNI std::int32_t dot_i8_vnni(std::int8_t const* row, std::int8_t const* query, std::size_t dims,
                                    std::int32_t query_sum) {
    __m512i const offset = _mm512_set1_epi8(char(0x80));
    __m512i even = _mm512_setzero_si512(), odd = even;
    std::size_t i = 0;
    for (; i + 128 <= dims; i += 128) {
        even = _mm512_dpbusd_epi32(even, _mm512_xor_si512(_mm512_loadu_si512(row + i), offset),
                                   _mm512_loadu_si512(query + i));
        odd = _mm512_dpbusd_epi32(odd, _mm512_xor_si512(_mm512_loadu_si512(row + i + 64), offset),
                                  _mm512_loadu_si512(query + i + 64));
    }
    for (; i < dims; i += 64) {
        __mmask64 mask = dims - i >= 64 ? ~__mmask64(0) : (__mmask64(1) << (dims - i)) - 1;
        even = _mm512_dpbusd_epi32(even, _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, row + i), offset),
                                   _mm512_maskz_loadu_epi8(mask, query + i));
    }
    return _mm512_reduce_add_epi32(_mm512_add_epi32(even, odd)) - 128 * query_sum;
}

template <typename Load>
CLARA_AVX512 inline __attribute__((always_inline)) float dot_avx512(Load load, float const* query, std::size_t dims) {
    __m512 even = _mm512_setzero_ps(), odd = even;
    std::size_t i = 0;
    for (; i + 32 <= dims; i += 32) {
        even = _mm512_fmadd_ps(load(i, 0xffff), _mm512_loadu_ps(query + i), even);
        odd = _mm512_fmadd_ps(load(i + 16, 0xffff), _mm512_loadu_ps(query + i + 16), odd);
    }
    for (; i < dims; i += 16) {
        __mmask16 mask = dims - i >= 16 ? 0xffff : (1u << (dims - i)) - 1;
        even = _mm512_fmadd_ps(load(i, mask), _mm512_maskz_loadu_ps(mask, query + i), even);
    }
    return _mm512_reduce_add_ps(_mm512_add_ps(even, odd));
}

struct LoadF32 {
    float const* row;
    CLARA_AVX512 __m512 operator()(std::size_t i, __mmask16 mask) const { return _mm512_maskz_loadu_ps(mask, row + i); }
};
struct LoadBf16 {
    std::uint16_t const* row;
    CLARA_AVX512 __m512 operator()(std::size_t i, __mmask16 mask) const {
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, row + i)), 16));
    }
};
struct LoadF16 {
    std::uint16_t const* row;
    CLARA_AVX512 __m512 operator()(std::size_t i, __mmask16 mask) const {
        return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, row + i));
    }
};

CLARA_AVX512 float dot_f32_avx512(float const* row, float const* query, std::size_t dims) {
    return dot_avx512(LoadF32{row}, query, dims);
}
CLARA_AVX512 float dot_bf16_avx512(std::uint16_t const* row, float const* query, std::size_t dims) {
    return dot_avx512(LoadBf16{row}, query, dims);
}
CLARA_AVX512 float dot_f16_avx512(std::uint16_t const* row, float const* query, std::size_t dims) {
    return dot_avx512(LoadF16{row}, query, dims);
}

template <typename Load, typename Rest>
CLARA_AVX2 inline __attribute__((always_inline)) float dot_avx2(Load load, Rest rest, float const* query, std::size_t dims) {
    __m256 even = _mm256_setzero_ps(), odd = even;
    std::size_t i = 0;
    for (; i + 16 <= dims; i += 16) {
        even = _mm256_fmadd_ps(load(i), _mm256_loadu_ps(query + i), even);
        odd = _mm256_fmadd_ps(load(i + 8), _mm256_loadu_ps(query + i + 8), odd);
    }
    __m256 both = _mm256_add_ps(even, odd);
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(both), _mm256_extractf128_ps(both, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    sum = _mm_add_ss(sum, _mm_shuffle_ps(sum, sum, 1));
    return _mm_cvtss_f32(sum) + rest(i);
}

struct Load8F32 {
    float const* row;
    CLARA_AVX2 __m256 operator()(std::size_t i) const { return _mm256_loadu_ps(row + i); }
};
struct Load8Bf16 {
    std::uint16_t const* row;
    CLARA_AVX2 __m256 operator()(std::size_t i) const {
        return _mm256_castsi256_ps(
            _mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((__m128i const*)(row + i))), 16));
    }
};
struct Load8F16 {
    std::uint16_t const* row;
    CLARA_AVX2 __m256 operator()(std::size_t i) const {
        return _mm256_cvtph_ps(_mm_loadu_si128((__m128i const*)(row + i)));
    }
};

CLARA_AVX2 float dot_f32_avx2(float const* row, float const* query, std::size_t dims) {
    return dot_avx2(Load8F32{row}, [=](std::size_t i) { return dot_f32_portable(row + i, query + i, dims - i); }, query, dims);
}
CLARA_AVX2 float dot_bf16_avx2(std::uint16_t const* row, float const* query, std::size_t dims) {
    return dot_avx2(Load8Bf16{row}, [=](std::size_t i) { return dot_bf16_portable(row + i, query + i, dims - i); }, query, dims);
}
CLARA_AVX2 float dot_f16_avx2(std::uint16_t const* row, float const* query, std::size_t dims) {
    return dot_avx2(Load8F16{row}, [=](std::size_t i) { return dot_f16_portable(row + i, query + i, dims - i); }, query, dims);
}

CLARA_AVX512 float exact_dot_avx512(float const* row, float const* query, std::size_t dims) {
    __m512d sums = _mm512_setzero_pd();
    for (std::size_t i = 0; i < dims; i += 8) {
        __mmask8 mask = dims - i >= 8 ? 0xff : (1u << (dims - i)) - 1;
        sums = _mm512_fmadd_pd(_mm512_cvtps_pd(_mm256_maskz_loadu_ps(mask, row + i)),
                               _mm512_cvtps_pd(_mm256_maskz_loadu_ps(mask, query + i)), sums);
    }
    double lanes[8];
    _mm512_storeu_pd(lanes, sums);
    return fold(lanes);
}

CLARA_AVX2 float exact_dot_avx2(float const* row, float const* query, std::size_t dims) {
    __m256d low = _mm256_setzero_pd(), high = low;
    std::size_t i = 0;
    for (; i + 8 <= dims; i += 8) {
        low = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(row + i)), _mm256_cvtps_pd(_mm_loadu_ps(query + i)), low);
        high = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(row + i + 4)), _mm256_cvtps_pd(_mm_loadu_ps(query + i + 4)), high);
    }
    double lanes[8];
    _mm256_storeu_pd(lanes, low);
    _mm256_storeu_pd(lanes + 4, high);
    for (; i < dims; i++) lanes[i % 8] += double(row[i]) * double(query[i]);
    return fold(lanes);
}

CLARA_AVX512 inline __attribute__((always_inline)) __m128 quarter_sums(__m512 sums) {
    __m256 const half = _mm256_add_ps(_mm512_castps512_ps256(sums), _mm512_extractf32x8_ps(sums, 1));
    return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}

// The sum of each register. By value: an array whose address is taken is kept in memory.
CLARA_AVX512 inline __attribute__((always_inline)) __m128 sums_of(__m512 a, __m512 b, __m512 c, __m512 d) {
    __m128 s0 = quarter_sums(a), s1 = quarter_sums(b), s2 = quarter_sums(c), s3 = quarter_sums(d);
    _MM_TRANSPOSE4_PS(s0, s1, s2, s3);
    return _mm_add_ps(_mm_add_ps(s0, s1), _mm_add_ps(s2, s3));
}

// One of four queries against four rows. References, so that the sums stay in registers.
CLARA_AVX512 inline __attribute__((always_inline)) void add_products(__m512 const& query, __m512 const& a, __m512 const& b,
                                                                     __m512 const& c, __m512 const& d, __m512& with_a,
                                                                     __m512& with_b, __m512& with_c, __m512& with_d) {
    with_a = _mm512_fmadd_ps(a, query, with_a);
    with_b = _mm512_fmadd_ps(b, query, with_b);
    with_c = _mm512_fmadd_ps(c, query, with_c);
    with_d = _mm512_fmadd_ps(d, query, with_d);
}

CLARA_AVX512 void rough_dots_avx512(float const* rows, float const* queries, std::size_t dims, float* out) {
    __m512 const zero = _mm512_setzero_ps();
    __m512 a0 = zero, b0 = zero, c0 = zero, d0 = zero, a1 = zero, b1 = zero, c1 = zero, d1 = zero;
    __m512 a2 = zero, b2 = zero, c2 = zero, d2 = zero, a3 = zero, b3 = zero, c3 = zero, d3 = zero;
    for (std::size_t i = 0; i < dims; i += 16) {
        __mmask16 const mask = dims - i >= 16 ? 0xffff : (1u << (dims - i)) - 1;
        __m512 const a = _mm512_maskz_loadu_ps(mask, rows + i), b = _mm512_maskz_loadu_ps(mask, rows + dims + i);
        __m512 const c = _mm512_maskz_loadu_ps(mask, rows + 2 * dims + i), d = _mm512_maskz_loadu_ps(mask, rows + 3 * dims + i);
        add_products(_mm512_maskz_loadu_ps(mask, queries + i), a, b, c, d, a0, b0, c0, d0);
        add_products(_mm512_maskz_loadu_ps(mask, queries + dims + i), a, b, c, d, a1, b1, c1, d1);
        add_products(_mm512_maskz_loadu_ps(mask, queries + 2 * dims + i), a, b, c, d, a2, b2, c2, d2);
        add_products(_mm512_maskz_loadu_ps(mask, queries + 3 * dims + i), a, b, c, d, a3, b3, c3, d3);
    }
    _mm_storeu_ps(out, sums_of(a0, b0, c0, d0));
    _mm_storeu_ps(out + 4, sums_of(a1, b1, c1, d1));
    _mm_storeu_ps(out + 8, sums_of(a2, b2, c2, d2));
    _mm_storeu_ps(out + 12, sums_of(a3, b3, c3, d3));
}

Kernels choose() {
    __builtin_cpu_init();
    bool const avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool const avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    bool const vnni = avx512 && __builtin_cpu_supports("avx512vnni");
    if (avx512)
        return {vnni ? dot_i8_vnni : dot_i8_avx2, dot_f32_avx512, dot_bf16_avx512, dot_f16_avx512, exact_dot_avx512,
                rough_dots_avx512, vnni ? "avx512-vnni" : "avx512"};
    if (avx2) return {dot_i8_avx2, dot_f32_avx2, dot_bf16_avx2, dot_f16_avx2, exact_dot_avx2,
                      rough_dots_by<dot_f32_avx2>, "avx2"};
    return {dot_i8_portable, dot_f32_portable, dot_bf16_portable, dot_f16_portable, exact_dot_portable,
            rough_dots_by<dot_f32_portable>, "portable"};
}
#else
Kernels choose() {
    return {dot_i8_portable, dot_f32_portable, dot_bf16_portable, dot_f16_portable, exact_dot_portable,
            rough_dots_by<dot_f32_portable>, "portable"};
}
#endif

} // namespace

Kernels const& kernels() {
    static Kernels const chosen = choose();
    return chosen;
}

float from_bf16(std::uint16_t bits) { return float_of(std::uint32_t(bits) << 16); }

// To nearest, ties to even. Values are finite: they were checked on the way in.
std::uint16_t to_bf16(float value) {
    std::uint32_t bits = bits_of(value);
    return std::uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

float from_f16(std::uint16_t bits) {
    std::uint32_t sign = std::uint32_t(bits & 0x8000) << 16, exponent = (bits >> 10) & 31, mantissa = bits & 1023;
    if (exponent == 31) return float_of(sign | 0x7f800000 | mantissa << 13);
    if (exponent) return float_of(sign | (exponent + 112) << 23 | mantissa << 13);
    float const tiny = std::ldexp(float(mantissa), -24);
    return sign ? -tiny : tiny;
}

std::uint16_t to_f16(float value) {
    std::uint16_t sign = std::uint16_t(bits_of(value) >> 16 & 0x8000);
    float const size = std::fabs(value);
    if (size >= 65520.f) return sign | 0x7bff; // the largest finite one
    if (size < 0x1p-14f) return sign | std::uint16_t(std::lrintf(size * 0x1p24f));
    std::uint32_t bits = bits_of(size);
    bits += 0xfff + ((bits >> 13) & 1);
    return sign | std::uint16_t((bits - (112u << 23)) >> 13);
}

Quantised describe(std::int8_t const* row, std::size_t dims) {
    std::int32_t sum = 0, squares = 0;
    for (std::size_t i = 0; i < dims; i++) {
        sum += row[i];
        squares += std::int32_t(row[i]) * row[i];
    }
    return {sum, squares ? float(1 / std::sqrt(double(squares))) : 1.f};
}

Quantised quantise(float const* row, std::size_t dims, std::int8_t* out) {
    float largest = 0;
    for (std::size_t i = 0; i < dims; i++) largest = std::fmax(largest, std::fabs(row[i]));
    float const scale = largest > 1e-30f ? 127 / largest : 0; // less is nothing, and 127 / less no number
    for (std::size_t i = 0; i < dims; i++) {
        float const scaled = std::nearbyint(row[i] * scale);
        out[i] = std::int8_t(scaled > 127 ? 127 : scaled < -127 ? -127 : scaled);
    }
    return describe(out, dims);
}

} // namespace clara
