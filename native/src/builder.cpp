#include "builder.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "team.hpp"

namespace clara {

namespace {

constexpr std::size_t kExpansion = 128;
// A batch sees nothing of itself: a fiftieth of the graph loses no recall that can be measured.
constexpr std::size_t kBatchShare = 50, kLargestBatch = 4096;

std::uint64_t mix(std::uint64_t x) { // splitmix64
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

// A row's level depends on its number alone. One row in 16 reaches the next level.
int level_of(std::uint64_t row) {
    int level = 0;
    for (std::uint64_t bits = mix(row); level < 15 && (bits & (kConnectivity - 1)) == 0; bits >>= 4) level++;
    return level;
}

} // namespace

Builder::Builder(Shape shape, std::size_t threads, std::size_t expected) : shape_(shape), threads_(threads) {
    layout_.row_bytes = shape.dims * bytes_of(shape.kind);
    matrix_.grow(expected * layout_.row_bytes);
    base_.grow(expected * layout_.base_bytes());
    levels_.reserve(expected);
    layout_.max_level = -1;
    walks_.resize(threads);
    for (Walk& walk : walks_) {
        walk.room.resize(shape.dims);
        walk.other_room.resize(shape.dims);
    }
}

std::uint32_t* Builder::links(std::size_t at, int level) {
    if (level) return upper_.data() + upper_at_[at] + std::size_t(level - 1) * (1 + layout_.connectivity);
    return reinterpret_cast<std::uint32_t*>(base_.data()) + at * (1 + layout_.connectivity_base);
}

void Builder::reserve(std::size_t rows) {
    if (rows > UINT32_MAX) throw Failure("usage", "a graph holds at most 2^32 - 1 rows");
    std::size_t const room = std::max(rows, levels_.capacity() < rows ? levels_.capacity() * 2 : rows);
    matrix_.grow(room * layout_.row_bytes);
    base_.grow(room * layout_.base_bytes());
    if (levels_.capacity() < room) levels_.reserve(room);
    weights_.resize(rows);
    sums_.resize(rows);
    levels_.resize(rows);
    upper_at_.resize(rows);
}

void Builder::set_level(std::size_t at, int level) {
    levels_[at] = std::int16_t(level);
    upper_at_[at] = upper_.size();
    upper_.resize(upper_.size() + std::size_t(level) * (1 + layout_.connectivity));
}

void Builder::store(std::size_t at, float const* vector) {
    std::byte* const out = row(at);
    switch (shape_.kind) {
    case Kind::f32: std::memcpy(out, vector, shape_.dims * 4); break;
    case Kind::i8: quantise(vector, shape_.dims, reinterpret_cast<std::int8_t*>(out)); break;
    default: {
        std::uint16_t* const halves = reinterpret_cast<std::uint16_t*>(out);
        for (std::size_t i = 0; i < shape_.dims; i++)
            halves[i] = shape_.kind == Kind::bf16 ? to_bf16(vector[i]) : to_f16(vector[i]);
    }
    }
    describe_row(at);
}

void Builder::describe_row(std::size_t at) {
    Quantised known{0, 1};
    if (shape_.kind == Kind::i8) known = describe(reinterpret_cast<std::int8_t const*>(row(at)), shape_.dims);
    weights_[at] = known.inverse_norm;
    sums_[at] = known.sum;
}

void Builder::add(float const* vectors, std::size_t count, std::atomic<bool> const& stop) {
    std::size_t const first = rows_;
    reserve(first + count);
    for (std::size_t at = first; at < first + count; at++) set_level(at, level_of(at));
    share(count, threads_, 64, stop, [&](std::size_t i, std::size_t) { store(first + i, vectors + i * shape_.dims); });
    with_kind(shape_.kind, [&](auto kind) { insert<decltype(kind)::value>(first, count, stop); });
}

template <Kind kind> void Builder::insert(std::size_t first, std::size_t count, std::atomic<bool> const& stop) {
    std::size_t const end = first + count;
    std::vector<Link> all;
    std::vector<std::size_t> starts;
    for (std::size_t at = first; at < end;) {
        std::size_t const batch = std::min({end - at, std::max<std::size_t>(1, at / kBatchShare), kLargestBatch});
        for (Walk& walk : walks_) walk.found.clear();
        if (at > 0)
            share(batch, threads_, 4, stop,
                  [&](std::size_t i, std::size_t thread) { find_links<kind>(std::uint32_t(at + i), walks_[thread]); });
        all.clear();
        for (Walk const& walk : walks_) all.insert(all.end(), walk.found.begin(), walk.found.end());
        std::sort(all.begin(), all.end());
        starts.clear();
        for (std::size_t i = 0; i < all.size(); i++)
            if (!i || all[i].to != all[i - 1].to || all[i].level != all[i - 1].level) starts.push_back(i);
        starts.push_back(all.size());
        share(starts.size() - 1, threads_, 16, stop, [&](std::size_t i, std::size_t thread) {
            link_back<kind>(&all[starts[i]], starts[i + 1] - starts[i], walks_[thread]);
        });
        for (std::size_t each = at; each < at + batch; each++)
            if (levels_[each] > layout_.max_level) {
                layout_.max_level = levels_[each];
                layout_.entry = std::uint32_t(each);
            }
        at += batch;
        rows_ = at;
    }
}

template <Kind kind> Probe Builder::probe(std::size_t at, std::vector<float>& room) const {
    if constexpr (kind == Kind::i8)
        return {reinterpret_cast<std::int8_t const*>(row(at)), sums_[at], weights_[at], nullptr};
    if constexpr (kind == Kind::f32) return {nullptr, 0, 1, reinterpret_cast<float const*>(row(at))};
    std::uint16_t const* const halves = reinterpret_cast<std::uint16_t const*>(row(at));
    for (std::size_t i = 0; i < shape_.dims; i++)
        room[i] = kind == Kind::bf16 ? from_bf16(halves[i]) : from_f16(halves[i]);
    return {nullptr, 0, 1, room.data()};
}

template <Kind kind> float Builder::far(Probe const& probe, std::uint32_t at) const {
    return distance<kind>(probe, row(at), weights_[at], shape_.dims);
}

// Above the row's own levels: to the nearest node of each, from the top.
template <Kind kind> std::uint32_t Builder::descend(Probe const& probe, std::uint32_t at, int from, int to) {
    float nearest = far<kind>(probe, at);
    for (int level = from; level > to; level--) {
        for (bool moved = true; moved;) {
            moved = false;
            std::uint32_t const* const list = links(at, level);
            for (std::uint32_t i = 1; i <= list[0]; i++) prefetch(row(list[i]), layout_.row_bytes);
            for (std::uint32_t i = 1; i <= list[0]; i++) {
                float const reached = far<kind>(probe, list[i]);
                if (reached < nearest) {
                    nearest = reached;
                    at = list[i];
                    moved = true;
                }
            }
        }
    }
    return at;
}

// The kExpansion nearest that can be reached on a level, sorted, in walk.top.
template <Kind kind> void Builder::beam(Probe const& probe, std::uint32_t start, int level, Walk& walk) {
    auto const nearest_first = [](Near const& a, Near const& b) { return b < a; };
    std::vector<Near>&top = walk.top, &next = walk.next;
    walk.begin(rows_);
    walk.first_time(start);
    top.push_back({far<kind>(probe, start), start});
    next.push_back(top[0]);
    std::uint32_t fresh[kLargestConnectivity];
    while (!next.empty()) {
        Near const closest = next.front();
        if (top.size() == kExpansion && top.front() < closest) break;
        std::pop_heap(next.begin(), next.end(), nearest_first);
        next.pop_back();
        std::uint32_t const* const list = links(closest.row, level);
        std::size_t count = 0;
        for (std::uint32_t i = 1; i <= list[0]; i++) {
            if (!walk.first_time(list[i])) continue;
            fresh[count++] = list[i];
            prefetch(row(list[i]), layout_.row_bytes);
        }
        for (std::size_t i = 0; i < count; i++) {
            Near const reached{far<kind>(probe, fresh[i]), fresh[i]};
            if (top.size() == kExpansion && !(reached < top.front())) continue;
            prefetch(links(reached.row, level), layout_.base_bytes());
            next.push_back(reached);
            std::push_heap(next.begin(), next.end(), nearest_first);
            top.push_back(reached);
            std::push_heap(top.begin(), top.end());
            if (top.size() > kExpansion) {
                std::pop_heap(top.begin(), top.end());
                top.pop_back();
            }
        }
    }
    std::sort_heap(top.begin(), top.end());
}

// Of walk.top, sorted: a candidate becomes a neighbour of `at` when it is nearer to it than to the
// neighbours chosen before. Equal rows (boilerplate) are as near to each other as to the node: with
// them alone in its list, a node would lead nowhere else, and without them they would not be found. So
// they take what the others leave, those next in number first, which makes a chain of them.
template <Kind kind>
void Builder::choose(std::uint32_t at, std::uint32_t* list, std::size_t most, Walk& walk) {
    auto const apart = [at](std::uint32_t row) { return row > at ? row - at : at - row; };
    std::sort(walk.top.begin(), walk.top.end(), [&](Near const& a, Near const& b) {
        if (a.distance != b.distance) return a.distance < b.distance;
        return apart(a.row) != apart(b.row) ? apart(a.row) < apart(b.row) : a.row < b.row;
    });
    std::uint32_t count = 0;
    walk.equals.clear();
    for (Near const& candidate : walk.top) {
        if (count == most) break;
        Probe const from = probe<kind>(candidate.row, walk.other_room);
        bool nearer = false, as_near = false;
        for (std::uint32_t i = 1; i <= count && !nearer; i++) {
            float const between = far<kind>(from, list[i]);
            nearer = between < candidate.distance;
            as_near = as_near || between == candidate.distance;
        }
        if (nearer) continue;
        if (as_near)
            walk.equals.push_back(candidate);
        else
            list[++count] = candidate.row;
    }
    for (std::size_t i = 0; i < walk.equals.size() && count < most; i++) list[++count] = walk.equals[i].row;
    list[0] = count;
}

template <Kind kind> void Builder::find_links(std::uint32_t at, Walk& walk) {
    Probe const from = probe<kind>(at, walk.room);
    int const level = levels_[at];
    std::uint32_t start = descend<kind>(from, layout_.entry, layout_.max_level, level);
    for (int each = std::min<int>(level, layout_.max_level); each >= 0; each--) {
        beam<kind>(from, start, each, walk);
        start = walk.top[0].row;
        std::uint32_t* const list = links(at, each);
        choose<kind>(at, list, layout_.connectivity, walk);
        for (std::uint32_t i = 1; i <= list[0]; i++) walk.found.push_back({each, list[i], at});
    }
}

// All links of a batch to one node; where they are too many for it, the best of old and new.
template <Kind kind> void Builder::link_back(Link const* back, std::size_t count, Walk& walk) {
    std::uint32_t const at = back[0].to;
    std::uint32_t* const list = links(at, back[0].level);
    std::size_t const most = back[0].level ? layout_.connectivity : layout_.connectivity_base;
    if (list[0] + count <= most) {
        for (std::size_t i = 0; i < count; i++) list[++list[0]] = back[i].from;
        return;
    }
    Probe const from = probe<kind>(at, walk.room);
    walk.top.clear();
    for (std::uint32_t i = 1; i <= list[0]; i++) prefetch(row(list[i]), layout_.row_bytes);
    for (std::uint32_t i = 1; i <= list[0]; i++) walk.top.push_back({far<kind>(from, list[i]), list[i]});
    for (std::size_t i = 0; i < count; i++) walk.top.push_back({far<kind>(from, back[i].from), back[i].from});
    choose<kind>(at, list, most, walk);
}

void Builder::resume(FileSpec spec, std::size_t rows, std::atomic<bool> const& stop) {
    if (rows_) throw Failure("usage", "only an empty graph can go on from another");
    GraphFile from(std::move(spec), shape_, rows);
    if (from.layout.connectivity != layout_.connectivity || from.layout.connectivity_base != layout_.connectivity_base)
        throw Failure("index", from.file.path() + ": has other numbers of links, build the index anew");
    reserve(rows);
    share(rows, threads_, 64, stop, [&](std::size_t at, std::size_t) {
        from.admit(at);
        std::memcpy(row(at), from.row(at), layout_.row_bytes);
        describe_row(at);
        std::memcpy(links(at, 0), from.links(at, 0), layout_.base_bytes());
    });
    for (std::size_t at = 0; at < rows; at++) {
        set_level(at, from.levels[at]);
        for (int level = 1; level <= from.levels[at]; level++)
            std::memcpy(links(at, level), from.links(at, level), layout_.upper_bytes());
    }
    layout_.max_level = from.layout.max_level;
    layout_.entry = from.layout.entry;
    rows_ = rows;
}

namespace {

class Output {
  public:
    explicit Output(std::string const& path) : path_(path) {
        handle_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (handle_ < 0) fail();
    }
    ~Output() {
        if (handle_ >= 0) ::close(handle_);
    }
    void put(void const* data, std::size_t bytes) {
        char const* const from = static_cast<char const*>(data);
        pending_.insert(pending_.end(), from, from + bytes);
        if (pending_.size() >= kBuffer) flush();
    }
    void close() {
        flush();
        int const handle = handle_;
        handle_ = -1;
        if (::close(handle) != 0) fail();
    }

  private:
    static constexpr std::size_t kBuffer = 1 << 20;
    std::string path_;
    std::vector<char> pending_;
    int handle_;

    void flush() {
        for (std::size_t at = 0; at < pending_.size();) {
            ssize_t const done = ::write(handle_, pending_.data() + at, pending_.size() - at);
            if (done < 0 && errno == EINTR) continue;
            if (done < 0) fail();
            at += std::size_t(done);
        }
        pending_.clear();
    }
    [[noreturn]] void fail() { throw Failure("io", path_ + ": cannot be written: " + std::strerror(errno)); }
};

} // namespace

void Builder::save(std::string const& path, std::atomic<bool> const& stop) const {
    using namespace unum::usearch;
    Output out(path);
    std::uint32_t const matrix[2] = {std::uint32_t(rows_), std::uint32_t(layout_.row_bytes)};
    out.put(matrix, sizeof matrix);
    for (std::size_t at = 0; at < rows_; at++) {
        if (stop.load(std::memory_order_relaxed)) throw Stopped();
        out.put(row(at), layout_.row_bytes);
    }
    index_dense_head_buffer_t buffer;
    std::memset(buffer, 0, sizeof buffer);
    index_dense_head_t head{buffer};
    std::memcpy(buffer, "usearch", 7);
    head.version_major = index_dense_head_t::version_t(USEARCH_VERSION_MAJOR);
    head.version_minor = index_dense_head_t::version_t(USEARCH_VERSION_MINOR);
    head.version_patch = index_dense_head_t::version_t(USEARCH_VERSION_PATCH);
    head.kind_metric = shape_.cosine ? metric_kind_t::cos_k : metric_kind_t::ip_k;
    head.kind_scalar = scalar_kind_of(shape_.kind);
    head.kind_key = scalar_kind_t::u64_k;
    head.kind_compressed_slot = scalar_kind_t::u32_k;
    head.count_present = std::uint64_t(rows_);
    head.count_deleted = std::uint64_t(0);
    head.dimensions = std::uint64_t(shape_.dims);
    head.multi = false;
    out.put(buffer, sizeof buffer);

    index_serialized_header_t header;
    header.size = rows_;
    header.connectivity = layout_.connectivity;
    header.connectivity_base = layout_.connectivity_base;
    header.max_level = std::uint64_t(std::max(0, layout_.max_level));
    header.entry_slot = layout_.entry;
    out.put(&header, sizeof header);
    out.put(levels_.data(), rows_ * 2);
    Builder& self = const_cast<Builder&>(*this);
    for (std::size_t at = 0; at < rows_; at++) {
        if (stop.load(std::memory_order_relaxed)) throw Stopped();
        std::uint64_t const key = at;
        out.put(&key, 8);
        out.put(&levels_[at], 2);
        out.put(self.links(at, 0), layout_.base_bytes());
        if (levels_[at]) out.put(self.links(at, 1), std::size_t(levels_[at]) * layout_.upper_bytes());
    }
    out.close();
}

} // namespace clara
