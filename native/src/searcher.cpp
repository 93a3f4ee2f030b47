#include "searcher.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "team.hpp"

namespace clara {

using namespace unum::usearch;

namespace {

constexpr float kBad = -1, kNever = std::numeric_limits<float>::infinity(); // nothing is farther

// Queries that pass over a stretch of rows together, and its bytes: it stays in a core's own cache.
constexpr std::size_t kTogether = 16, kStretch = 256 * 1024;

// Queries after which memory is laid out for speed.
constexpr std::size_t kSettleAfter = 256;

// The walk ranks by rounded rows: it keeps so many at least, for whole vectors to choose from.
std::size_t overfetch(Kind kind, std::size_t k) { return kind == Kind::i8 ? 2 * k + 4 : k + 8; }

// Euclidean, rounded up; infinite where products of it could be.
float length_of(float const* vector, std::size_t dims) {
    double squares = 0;
    for (std::size_t i = 0; i < dims; i++) squares += double(vector[i]) * vector[i];
    double const length = std::sqrt(squares) * (1 + 1e-6) + 1e-30;
    return length < 1e18 ? float(length) : std::numeric_limits<float>::infinity();
}

// Rows that may be among the k best of a query, by scores that are off by `error` at most.
struct Shortlist {
    struct Entry {
        float rough;
        std::uint32_t row;
    };
    std::size_t k, room;
    float error = 0; // infinite: nothing is known of any score, it may be no number
    float bound = -kNever; // a rough score below it is none of the best
    std::vector<Entry> entries;
    std::vector<std::uint32_t> left_out; // ascending

    explicit Shortlist(std::size_t k) : k(k), room(2 * k + 32) {}

    void add(std::uint32_t row, float rough) {
        if (std::binary_search(left_out.begin(), left_out.end(), row)) return;
        entries.push_back({rough, row});
        if (entries.size() >= room) tighten();
    }

    void tighten() {
        if (entries.size() <= k || error == kNever) return;
        std::nth_element(entries.begin(), entries.begin() + (k - 1), entries.end(),
                         [](Entry const& a, Entry const& b) { return a.rough > b.rough; });
        bound = entries[k - 1].rough - 2 * error;
        entries.erase(std::remove_if(entries.begin() + k, entries.end(), [&](Entry const& each) { return each.rough < bound; }),
                      entries.end());
        room = std::max(room, 2 * entries.size()); // many rows may be equal
    }
};

} // namespace

template <Kind kind> struct Searcher::Distance {
    Searcher& self;
    std::size_t dims;

    float operator()(Probe const& probe, Index::member_citerator_t to) const {
        std::uint32_t const row = std::uint32_t(get_slot(to));
        float weight = self.weights_[row].load(std::memory_order_acquire);
        if (weight <= 0) {
            if (weight == 0) weight = self.admit(row);
            if (weight == kBad) return kNever;
        }
        return distance<kind>(probe, self.graph_.row(row), weight, dims);
    }
};

struct Searcher::Prefetch {
    Searcher& self;

    template <typename From, typename To> void operator()(From from, To to) const {
        for (; from != to; ++from) {
            std::size_t const row = get_slot(from);
            prefetch(self.graph_.row(row), self.graph_.layout.row_bytes);
            __builtin_prefetch(&self.weights_[row], 0, 3);
        }
    }
};

struct Searcher::Allowed {
    std::uint8_t const* removed;
    std::uint32_t const* begin;
    std::uint32_t const* end;

    bool operator()(Index::member_cref_t const& member) const {
        std::uint32_t const row = std::uint32_t(member.slot);
        if (removed && (removed[row / 8] >> (row % 8) & 1)) return false;
        return std::find(begin, end, row) == end;
    }
};

Searcher::Searcher(FileSpec graph, FileSpec vectors, Shape shape, std::size_t rows, std::size_t threads,
                   std::vector<std::uint8_t> removed)
    : graph_(std::move(graph), shape, rows), threads_(threads), removed_(std::move(removed)) {
    if (vectors.bytes != std::uint64_t(rows) * shape.dims * 4)
        throw Failure("index", vectors.path + ": " + std::to_string(vectors.bytes) + " bytes, expected " +
                                   std::to_string(rows) + " vectors of " + std::to_string(shape.dims));
    if (vectors.bytes <= kResident)
        in_memory_ = std::make_unique<ResidentFile>(std::move(vectors), 0);
    else
        on_disk_ = std::make_unique<CheckedFile>(std::move(vectors));
    weights_ = std::make_unique<std::atomic<float>[]>(rows);
    for (std::size_t row = 0; row < rows; row++) weights_[row].store(0, std::memory_order_relaxed);

    index_config_t config(graph_.layout.connectivity, graph_.layout.connectivity_base);
    auto made = Index::make(config);
    if (!made) throw std::bad_alloc();
    index_ = std::move(made.index);
    if (!index_.try_reserve(index_limits_t(1, threads_))) throw std::bad_alloc();
    view();
}

// The nodes are not read here: the walk comes to each by its distance, which admits it first. One that is not
// admitted is never gone to; the entry, where the walk begins whatever its distance, has been by GraphFile.
void Searcher::view() {
    memory_mapped_file_t memory(reinterpret_cast<byte_t*>(graph_.file.at(0)), graph_.file.bytes());
    auto viewed = index_.view(std::move(memory), graph_.layout.graph());
    if (!viewed) throw Failure("index", graph_.file.path() + ": " + viewed.error.release());
}

float Searcher::admit(std::uint32_t row) {
    float weight = kBad;
    try {
        graph_.admit(row);
        weight = graph_.shape.kind == Kind::i8
                     ? describe(reinterpret_cast<std::int8_t const*>(graph_.row(row)), graph_.shape.dims).inverse_norm
                     : 1;
    } catch (...) { // USearch's walk is noexcept: the search fails when it is over
        std::lock_guard<std::mutex> lock(failure_guard_);
        if (!failure_) failure_ = std::current_exception();
        failed_.store(true);
    }
    weights_[row].store(weight, std::memory_order_release);
    return weight;
}

void Searcher::settle() {
    graph_.file.settle();
    if (in_memory_) in_memory_->settle();
    view();
    settled_ = true;
}

void Searcher::search(Query const& query, std::atomic<bool> const& stop) {
    std::lock_guard<std::mutex> lock(one_at_a_time_);
    answered_ += query.count;
    if (!settled_ && answered_ >= kSettleAfter) settle();
    std::vector<ProbeRoom> rooms(threads_, ProbeRoom(dims()));
    with_kind(graph_.shape.kind, [&](auto kind) {
        share(query.count, threads_, 4, stop,
              [&](std::size_t at, std::size_t thread) { search_one<decltype(kind)::value>(query, at, thread, rooms[thread]); });
    });
}

void Searcher::search_all(Query const& query, std::atomic<bool> const& stop) {
    std::lock_guard<std::mutex> lock(one_at_a_time_);
    if (!whole_) read_all(stop);
    share((query.count + kTogether - 1) / kTogether, threads_, 1, stop, [&](std::size_t group, std::size_t) {
        compare(query, group * kTogether, std::min(query.count, (group + 1) * kTogether));
    });
}

void Searcher::read_all(std::atomic<bool> const& stop) {
    std::size_t const blocks = (in_memory_->bytes() + kBlock - 1) / kBlock, rows = graph_.layout.rows;
    share(blocks, threads_, 16, stop, [&](std::size_t block, std::size_t) {
        std::uint64_t const from = std::uint64_t(block) * kBlock;
        in_memory_->need(from, std::size_t(std::min<std::uint64_t>(kBlock, in_memory_->bytes() - from)));
    });
    std::vector<float> longest(threads_, 0);
    share(rows, threads_, 4096, stop, [&](std::size_t row, std::size_t thread) {
        longest[thread] = std::max(longest[thread], length_of(whole(row), dims()));
    });
    longest_ = *std::max_element(longest.begin(), longest.end());
    whole_ = true;
}

// Rows in stretches that stay in a core's own cache while four queries at a time pass over them, four rows at a time.
// What single precision cannot rule out is ranked by whole precision.
void Searcher::compare(Query const& query, std::size_t first, std::size_t end) {
    std::size_t const rows = graph_.layout.rows, count = end - first;
    std::size_t const stretch = std::max<std::size_t>(4, kStretch / (dims() * 4) / 4 * 4);
    std::vector<Shortlist> lists(count, Shortlist(query.k));
    for (std::size_t q = 0; q < count; q++) {
        float const length = length_of(query.vectors + (first + q) * dims(), dims());
        lists[q].error = rough_error(dims()) * longest_ * length + float(dims()) * 0x1p-148f;
        if (!query.offsets) continue;
        lists[q].left_out.assign(query.excluded + query.offsets[first + q], query.excluded + query.offsets[first + q + 1]);
        std::sort(lists[q].left_out.begin(), lists[q].left_out.end());
    }
    for (std::size_t from = 0; from < rows; from += stretch)
        for (std::size_t row = from; row < std::min(rows, from + stretch); row += 4)
            for (std::size_t q = 0; q < count; q += 4) {
                float const* const vectors = query.vectors + (first + q) * dims();
                float rough[16];
                if (row + 4 <= rows && q + 4 <= count) kernels().rough_dots(whole(row), vectors, dims(), rough);
                else for (std::size_t i = 0; i < 16; i++)
                    if (row + i % 4 < rows && q + i / 4 < count)
                        rough[i] = kernels().dot_f32(whole(row + i % 4), vectors + i / 4 * dims(), dims());
                for (std::size_t each = 0; each < std::min<std::size_t>(4, count - q); each++)
                    for (std::size_t r = 0; r < std::min<std::size_t>(4, rows - row); r++) {
                        float const score = rough[4 * each + r];
                        if (score < lists[q + each].bound || is_removed(std::uint32_t(row + r))) continue;
                        lists[q + each].add(std::uint32_t(row + r), score);
                    }
            }
    for (std::size_t q = 0; q < count; q++) {
        lists[q].tighten();
        std::vector<Near> found;
        for (Shortlist::Entry const& each : lists[q].entries) found.push_back({0, each.row});
        rank(query, first + q, found);
    }
}

template <Kind kind>
void Searcher::search_one(Query const& query, std::size_t at, std::size_t thread, ProbeRoom& room) {
    std::uint32_t const *from = nullptr, *to = nullptr;
    if (query.offsets) {
        from = query.excluded + query.offsets[at];
        to = query.excluded + query.offsets[at + 1];
    }
    Probe const probe = room.of(graph_.shape, query.vectors + at * dims());
    index_search_config_t config;
    config.expansion = query.expansion;
    config.thread = thread;
    std::size_t const wanted = std::min(std::max(overfetch(kind, query.k), query.expansion), graph_.layout.rows);
    std::vector<Near> found;
    auto const walk = [&](auto&& allowed) {
        auto result = index_.search(probe, wanted, Distance<kind>{*this, dims()}, config, allowed, Prefetch{*this});
        if (result.error) throw std::runtime_error(result.error.release());
        if (failed_.load()) std::rethrow_exception(failure_);
        found.reserve(result.count);
        for (std::size_t i = 0; i < result.count; i++) {
            float const reached = result[i].distance;
            if (i >= query.k && reached > found[query.k - 1].distance + doubt(probe)) break;
            found.push_back({reached, std::uint32_t(result[i].member.slot)});
        }
    };
    if (removed_.empty() && from == to)
        walk(dummy_predicate_t{});
    else
        walk(Allowed{removed_.empty() ? nullptr : removed_.data(), from, to});
    rank(query, at, found);
}

float Searcher::doubt(Probe const& probe) const {
    if (!graph_.shape.cosine) return kNever; // of rows of any length
    switch (graph_.shape.kind) {
    case Kind::f32: return 1e-5f;
    case Kind::f16: return 2e-4f;
    case Kind::bf16: return 1e-3f;
    // Rounding to steps of s is off by s / sqrt(12) a component; the step of a unit vector in 8 bits is
    // its weight, here taken for both sides, and of two distances. Six times what is to be expected.
    default: return 6 * 2 * probe.weight / 3.46f;
    }
}

float const* Searcher::vector(std::uint32_t row, std::vector<float>& room) {
    std::uint64_t const at = std::uint64_t(row) * dims() * 4;
    if (in_memory_) {
        in_memory_->need(at, dims() * 4);
        return reinterpret_cast<float const*>(in_memory_->at(at));
    }
    on_disk_->read(at, dims() * 4, reinterpret_cast<std::byte*>(room.data()));
    return room.data();
}

void Searcher::rank(Query const& query, std::size_t at, std::vector<Near>& found) {
    std::vector<float> room(dims());
    for (Near& each : found) {
        each.distance = -kernels().exact_dot(vector(each.row, room), query.vectors + at * dims(), dims());
        if (std::isnan(each.distance)) not_finite(each.row);
    }
    std::sort(found.begin(), found.end());
    give(query, at, found);
}

void Searcher::not_finite(std::uint32_t row) const {
    throw Failure("index", (in_memory_ ? in_memory_->path() : on_disk_->path()) + ": row " + std::to_string(row) +
                               " is not finite: build the index anew");
}

void Searcher::give(Query const& query, std::size_t at, std::vector<Near> const& found) {
    for (std::size_t i = 0; i < query.k; i++) {
        bool const reached = i < found.size();
        query.ids[at * query.k + i] = reached ? std::int32_t(found[i].row) : -1;
        query.scores[at * query.k + i] = reached ? -found[i].distance : -std::numeric_limits<float>::infinity();
    }
}

} // namespace clara
