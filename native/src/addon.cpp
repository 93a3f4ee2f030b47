// The JavaScript side: plain functions over two kinds of handle, each job on threads of its own.
// Arguments are checked in src/index/graph/native.ts; here only what would be unsafe to believe.
#include <condition_variable>
#include <functional>
#include <memory>
#include <set>

#include <node_api.h>

#include "builder.hpp"
#include "searcher.hpp"

namespace {

using namespace clara;

// ---- Jobs: a thread each, its promise settled on the JavaScript thread.

using Stop = std::shared_ptr<std::atomic<bool>>;

struct Environment {
    std::mutex guard;
    std::condition_variable none_left;
    std::multiset<Stop> running; // what each job looks at
};

struct Job {
    std::shared_ptr<Environment> environment;
    Stop stop = std::make_shared<std::atomic<bool>>(false);
    napi_threadsafe_function settle = nullptr;
    napi_deferred promise = nullptr;
    std::vector<napi_ref> kept; // arrays that the thread reads or writes
    std::function<void(std::atomic<bool> const&)> work;
    std::function<napi_value(napi_env)> result;
    std::string code, message;
};

napi_value undefined(napi_env env) {
    napi_value value;
    napi_get_undefined(env, &value);
    return value;
}

void settle(napi_env env, napi_value, void*, void* data) {
    std::unique_ptr<Job> job(static_cast<Job*>(data));
    if (!env) return; // the environment is gone, and the promise with it
    napi_handle_scope scope;
    napi_open_handle_scope(env, &scope);
    if (job->code.empty()) {
        napi_resolve_deferred(env, job->promise, job->result ? job->result(env) : undefined(env));
    } else {
        napi_value code, message, error;
        napi_create_string_utf8(env, job->code.c_str(), NAPI_AUTO_LENGTH, &code);
        napi_create_string_utf8(env, job->message.c_str(), NAPI_AUTO_LENGTH, &message);
        napi_create_error(env, code, message, &error);
        napi_reject_deferred(env, job->promise, error);
    }
    for (napi_ref ref : job->kept) napi_delete_reference(env, ref);
    napi_release_threadsafe_function(job->settle, napi_tsfn_release);
    napi_close_handle_scope(env, scope);
}

void run(std::unique_ptr<Job> job) {
    std::shared_ptr<Environment> environment = job->environment;
    Stop const stop = job->stop;
    try {
        job->work(*stop);
    } catch (Stopped const&) {
        job->code = "closed";
        job->message = "the graph is closed";
    } catch (Failure const& failure) {
        job->code = failure.code;
        job->message = failure.what();
    } catch (std::bad_alloc const&) {
        job->code = "memory";
        job->message = "not enough memory";
    } catch (std::exception const& error) {
        job->code = "internal";
        job->message = error.what();
    }
    job->work = nullptr; // lets go of the handle
    Job* const raw = job.release();
    if (napi_call_threadsafe_function(raw->settle, raw, napi_tsfn_blocking) != napi_ok) delete raw;
    std::lock_guard<std::mutex> lock(environment->guard);
    environment->running.erase(environment->running.find(stop));
    if (environment->running.empty()) environment->none_left.notify_all();
}

Environment& environment_of(napi_env env, std::shared_ptr<Environment>** shared = nullptr) {
    void* data;
    napi_get_instance_data(env, &data);
    auto* held = static_cast<std::shared_ptr<Environment>*>(data);
    if (shared) *shared = held;
    return **held;
}

napi_value start(napi_env env, std::unique_ptr<Job> job) {
    std::shared_ptr<Environment>* shared;
    environment_of(env, &shared);
    job->environment = *shared;
    napi_value promise, name;
    napi_create_promise(env, &job->promise, &promise);
    napi_create_string_utf8(env, "clara-index", NAPI_AUTO_LENGTH, &name);
    napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, nullptr, settle, &job->settle);
    {
        std::lock_guard<std::mutex> lock((*shared)->guard);
        (*shared)->running.insert(job->stop);
    }
    std::thread(run, std::move(job)).detach();
    return promise;
}

// Node is ending: native threads must not outlive what they use.
void end(void* data) {
    std::unique_ptr<std::shared_ptr<Environment>> held(static_cast<std::shared_ptr<Environment>*>(data));
    Environment& environment = **held;
    std::unique_lock<std::mutex> lock(environment.guard);
    for (Stop const& stop : environment.running) stop->store(true);
    environment.none_left.wait(lock, [&] { return environment.running.empty(); });
}

// ---- Arguments.

struct Misuse {
    char const* message;
};

// What JavaScript holds: a thing, and how to stop the jobs that use it.
template <typename T> struct Held {
    std::shared_ptr<T> thing;
    Stop stop = std::make_shared<std::atomic<bool>>(false);
};

struct Arguments {
    napi_env env;
    std::vector<napi_value> values;

    Arguments(napi_env env, napi_callback_info info, std::size_t count) : env(env), values(count) {
        std::size_t given = count;
        napi_get_cb_info(env, info, &given, values.data(), nullptr, nullptr);
        if (given < count) throw Misuse{"too few arguments"};
    }

    std::size_t number(std::size_t at) const {
        double value;
        if (napi_get_value_double(env, values[at], &value) != napi_ok || !(value >= 0) || value > 9007199254740991.0)
            throw Misuse{"expected a whole number"};
        return std::size_t(value);
    }
    std::string text(std::size_t at) const {
        std::size_t length;
        if (napi_get_value_string_utf8(env, values[at], nullptr, 0, &length) != napi_ok) throw Misuse{"expected a string"};
        std::string value(length, '\0');
        napi_get_value_string_utf8(env, values[at], value.data(), length + 1, &length);
        return value;
    }
    // The elements of a typed array, kept alive until the job is over.
    template <typename T> T* array(std::size_t at, napi_typedarray_type type, std::size_t& length, Job* job) const {
        bool is_array = false;
        napi_is_typedarray(env, values[at], &is_array);
        napi_typedarray_type found;
        void* data = nullptr;
        if (!is_array || napi_get_typedarray_info(env, values[at], &found, &length, &data, nullptr, nullptr) != napi_ok || found != type)
            throw Misuse{"expected a typed array of another type"};
        if (job) {
            napi_ref ref;
            napi_create_reference(env, values[at], 1, &ref);
            job->kept.push_back(ref);
        }
        return static_cast<T*>(data);
    }
    FileSpec file(std::size_t at) const { // path, bytes, digests
        std::size_t length;
        std::uint8_t const* digests = array<std::uint8_t>(at + 2, napi_uint8_array, length, nullptr);
        return {text(at), number(at + 1), std::vector<std::uint8_t>(digests, digests + length)};
    }
    Shape shape(std::size_t at) const { // dims, precision, metric
        std::string const kind = text(at + 1), metric = text(at + 2);
        std::size_t const dims = number(at);
        if (!dims || dims > 65536) throw Misuse{"dims out of range"};
        if (kind != "f32" && kind != "bf16" && kind != "f16" && kind != "i8") throw Misuse{"unknown precision"};
        if (metric != "cos" && metric != "ip") throw Misuse{"unknown metric"};
        return {dims, kind == "f32" ? Kind::f32 : kind == "bf16" ? Kind::bf16 : kind == "f16" ? Kind::f16 : Kind::i8, metric == "cos"};
    }
    // The job stops when the handle is closed.
    template <typename T> std::shared_ptr<T> handle(std::size_t at, Job& job) const {
        void* data;
        if (napi_get_value_external(env, values[at], &data) != napi_ok) throw Misuse{"expected a handle"};
        auto const& held = *static_cast<Held<T>*>(data);
        if (!held.thing) throw Misuse{"it is closed"};
        job.stop = held.stop;
        return held.thing;
    }
};

template <typename T> napi_value external(napi_env env, std::shared_ptr<T> value) {
    napi_value out;
    napi_create_external(
        env, new Held<T>{std::move(value)}, [](napi_env, void* data, void*) { delete static_cast<Held<T>*>(data); },
        nullptr, &out);
    return out;
}

template <typename Body> napi_value guarded(napi_env env, Body&& body) {
    try {
        return body();
    } catch (Misuse const& misuse) {
        napi_throw_type_error(env, nullptr, misuse.message);
    } catch (std::exception const& error) {
        napi_throw_error(env, nullptr, error.what());
    }
    return nullptr;
}

// ---- Builders: one job at a time, which src/index/graph/native.ts sees to and `busy` enforces.

struct Worksite {
    Builder builder;
    std::atomic<bool> busy{false};
    bool spoilt = false; // a job failed in the middle

    template <typename Action> void use(Action&& action) {
        if (busy.exchange(true)) throw Failure("usage", "the builder is at work");
        struct Free {
            std::atomic<bool>& busy;
            ~Free() { busy.store(false); }
        } free{busy};
        if (spoilt) throw Failure("usage", "an earlier step failed");
        spoilt = true;
        action(builder);
        spoilt = false;
    }
};

napi_value create_builder(napi_env env, napi_callback_info info) { // dims, precision, metric, threads, expected rows
    return guarded(env, [&] {
        Arguments args(env, info, 5);
        std::size_t const threads = std::max<std::size_t>(1, args.number(3));
        auto held = std::shared_ptr<Worksite>(new Worksite{Builder(args.shape(0), threads, args.number(4))});
        return external(env, std::move(held));
    });
}

napi_value builder_resume(napi_env env, napi_callback_info info) { // builder, path, bytes, digests, rows
    return guarded(env, [&] {
        Arguments args(env, info, 5);
        auto job = std::make_unique<Job>();
        auto held = args.handle<Worksite>(0, *job);
        job->work = [held, spec = args.file(1), rows = args.number(4)](auto const& stop) {
            held->use([&](Builder& builder) { builder.resume(spec, rows, stop); });
        };
        return start(env, std::move(job));
    });
}

napi_value builder_add(napi_env env, napi_callback_info info) { // builder, vectors, rows, dims
    return guarded(env, [&] {
        Arguments args(env, info, 4);
        auto job = std::make_unique<Job>();
        auto held = args.handle<Worksite>(0, *job);
        std::size_t length;
        float const* vectors = args.array<float>(1, napi_float32_array, length, job.get());
        std::size_t const rows = args.number(2);
        if (length != rows * args.number(3)) throw Misuse{"expected whole vectors"};
        job->work = [held, vectors, rows](auto const& stop) {
            held->use([&](Builder& builder) { builder.add(vectors, rows, stop); });
        };
        return start(env, std::move(job));
    });
}

napi_value builder_save(napi_env env, napi_callback_info info) { // builder, path
    return guarded(env, [&] {
        Arguments args(env, info, 2);
        auto job = std::make_unique<Job>();
        auto held = args.handle<Worksite>(0, *job);
        job->work = [held, path = args.text(1)](auto const& stop) {
            held->use([&](Builder& builder) { builder.save(path, stop); });
        };
        return start(env, std::move(job));
    });
}

// ---- Searchers.

// graph: path, bytes, digests; vectors: path, bytes, digests; dims, precision, metric, rows, threads, removed bits
napi_value open_graph(napi_env env, napi_callback_info info) {
    return guarded(env, [&] {
        Arguments args(env, info, 12);
        auto job = std::make_unique<Job>();
        std::size_t length;
        std::uint8_t const* bits = args.array<std::uint8_t>(11, napi_uint8_array, length, nullptr);
        std::size_t const rows = args.number(9);
        if (length && length < (rows + 7) / 8) throw Misuse{"expected a bit for each row"};
        auto opened = std::make_shared<std::shared_ptr<Searcher>>();
        job->work = [opened, graph = args.file(0), vectors = args.file(3), shape = args.shape(6), rows,
                     threads = std::max<std::size_t>(1, args.number(10)),
                     removed = std::vector<std::uint8_t>(bits, bits + length)](auto const&) {
            *opened = std::make_shared<Searcher>(graph, vectors, shape, rows, threads, removed);
        };
        job->result = [opened](napi_env env) { return external(env, *opened); };
        return start(env, std::move(job));
    });
}

// searcher, queries, dims, k, expansion (0: compare with every row), offsets, excluded, ids (out), scores (out)
napi_value search(napi_env env, napi_callback_info info) {
    return guarded(env, [&] {
        Arguments args(env, info, 9);
        auto job = std::make_unique<Job>();
        auto searcher = args.handle<Searcher>(0, *job);
        Query query{};
        std::size_t length, offsets, excluded, ids, scores;
        query.vectors = args.array<float>(1, napi_float32_array, length, job.get());
        query.count = length / searcher->dims();
        query.k = args.number(3);
        query.expansion = args.number(4);
        query.offsets = args.array<std::uint32_t>(5, napi_uint32_array, offsets, job.get());
        query.excluded = args.array<std::uint32_t>(6, napi_uint32_array, excluded, job.get());
        query.ids = args.array<std::int32_t>(7, napi_int32_array, ids, job.get());
        query.scores = args.array<float>(8, napi_float32_array, scores, job.get());
        if (length != query.count * searcher->dims()) throw Misuse{"expected whole vectors"};
        if (ids != query.count * query.k || scores != ids) throw Misuse{"expected room for k results of each query"};
        if (offsets) {
            if (offsets != query.count + 1) throw Misuse{"expected an offset for each query, and the end"};
            for (std::size_t i = 0; i < query.count; i++)
                if (query.offsets[i] > query.offsets[i + 1]) throw Misuse{"expected ascending offsets"};
            if (query.offsets[query.count] > excluded) throw Misuse{"expected offsets within the rows"};
        } else {
            query.offsets = nullptr;
        }
        if (!query.expansion && !searcher->keeps_vectors()) throw Misuse{"too many vectors to compare with all of them"};
        job->work = [searcher, query](auto const& stop) {
            query.expansion ? searcher->search(query, stop) : searcher->search_all(query, stop);
        };
        return start(env, std::move(job));
    });
}

// ---- Scores of a few rows, on the thread that asks.

// query, vectors [rows, dims], places of rows, how many of them, scores (out)
napi_value score_rows(napi_env env, napi_callback_info info) {
    return guarded(env, [&] {
        Arguments args(env, info, 5);
        std::size_t dims, length, room, scores;
        float const* query = args.array<float>(0, napi_float32_array, dims, nullptr);
        float const* vectors = args.array<float>(1, napi_float32_array, length, nullptr);
        std::int32_t const* places = args.array<std::int32_t>(2, napi_int32_array, room, nullptr);
        std::size_t const count = args.number(3);
        float* out = args.array<float>(4, napi_float32_array, scores, nullptr);
        if (count > room || count > scores) throw Misuse{"expected as many places and scores"};
        std::size_t const rows = dims ? length / dims : 0;
        for (std::size_t i = 0; i < count; i++)
            if (places[i] < 0 || std::size_t(places[i]) >= rows) throw Misuse{"expected places of rows"};
        exact_dots(vectors, places, count, query, dims, out);
        return undefined(env);
    });
}

template <typename T> napi_value close_handle(napi_env env, napi_callback_info info) {
    return guarded(env, [&] {
        Arguments args(env, info, 1);
        void* data;
        if (napi_get_value_external(env, args.values[0], &data) == napi_ok) {
            auto& held = *static_cast<Held<T>*>(data);
            held.stop->store(true);
            held.thing.reset();
        }
        return undefined(env);
    });
}

napi_value init(napi_env env, napi_value exports) {
    napi_set_instance_data(env, new std::shared_ptr<Environment>(std::make_shared<Environment>()), nullptr, nullptr);
    std::shared_ptr<Environment>* shared;
    environment_of(env, &shared);
    napi_add_env_cleanup_hook(env, end, shared);
    auto const offer = [&](char const* name, napi_callback callback) {
        napi_value function;
        napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
        napi_set_named_property(env, exports, name, function);
    };
    offer("createBuilder", create_builder);
    offer("builderResume", builder_resume);
    offer("builderAdd", builder_add);
    offer("builderSave", builder_save);
    offer("closeBuilder", close_handle<Worksite>);
    offer("openGraph", open_graph);
    offer("search", search);
    offer("closeGraph", close_handle<Searcher>);
    offer("scoreRows", score_rows);
    napi_value kernels_name;
    napi_create_string_utf8(env, kernels().name, NAPI_AUTO_LENGTH, &kernels_name);
    napi_set_named_property(env, exports, "kernels", kernels_name);
    napi_value resident;
    napi_create_double(env, double(kResident), &resident);
    napi_set_named_property(env, exports, "residentBytes", resident);
    return exports;
}

} // namespace

NAPI_MODULE(clara_index, init)
