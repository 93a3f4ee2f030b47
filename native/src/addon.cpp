// The JavaScript side: plain functions over two kinds of handle, each job on threads of its own.
// Arguments are checked in src/index/graph/native.ts; here only what would be unsafe to believe.
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>

#include <node_api.h>

#include "builder.hpp"
#include "searcher.hpp"

namespace {

using namespace clara;

// ---- Node-API: a call that fails is an exception here, and one in JavaScript where `guarded` catches it.

struct Misuse {
    char const* message;
};

struct NodeFailure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

void check(napi_env env, napi_status status) {
    if (status == napi_ok) return;
    napi_extended_error_info const* info = nullptr;
    bool const told = napi_get_last_error_info(env, &info) == napi_ok && info && info->error_message;
    throw NodeFailure(std::string("Node-API: ") + (told ? info->error_message : "status " + std::to_string(status)));
}

template <typename Body> napi_value guarded(napi_env env, Body&& body) {
    std::string message;
    bool misuse = false;
    try {
        return body();
    } catch (Misuse const& thrown) {
        message = thrown.message;
        misuse = true;
    } catch (std::exception const& error) {
        message = error.what();
    }
    bool pending = false; // an exception of JavaScript's own says more
    napi_is_exception_pending(env, &pending);
    if (!pending) (misuse ? napi_throw_type_error : napi_throw_error)(env, nullptr, message.c_str());
    return nullptr;
}

napi_value undefined(napi_env env) {
    napi_value value;
    check(env, napi_get_undefined(env, &value));
    return value;
}

napi_value text(napi_env env, char const* characters) {
    napi_value value;
    check(env, napi_create_string_utf8(env, characters, NAPI_AUTO_LENGTH, &value));
    return value;
}

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
    std::vector<napi_value> arrays; // that the thread reads or writes: held from its start on
    std::vector<napi_ref> kept;
    std::function<void(std::atomic<bool> const&)> work;
    std::function<napi_value(napi_env)> result;
    std::string code, message;
};

// The job itself has ended, well or not.
napi_value finish(napi_env env, Job& job) {
    napi_value value = nullptr;
    if (job.code.empty()) {
        try {
            value = job.result ? job.result(env) : undefined(env);
        } catch (std::exception const& error) {
            job.code = "internal";
            job.message = error.what();
        }
    }
    if (job.code.empty()) {
        check(env, napi_resolve_deferred(env, job.promise, value));
    } else {
        check(env, napi_create_error(env, text(env, job.code.c_str()), text(env, job.message.c_str()), &value));
        check(env, napi_reject_deferred(env, job.promise, value));
    }
    return nullptr;
}

// Also where no thread could be started for it.
napi_value let_go(napi_env env, Job& job) {
    for (napi_ref ref : job.kept) check(env, napi_delete_reference(env, ref));
    job.kept.clear();
    if (job.settle) check(env, napi_release_threadsafe_function(job.settle, napi_tsfn_release));
    job.settle = nullptr;
    return nullptr;
}

void settle(napi_env env, napi_value, void*, void* data) {
    std::unique_ptr<Job> job(static_cast<Job*>(data));
    if (!env) return; // the environment is gone, and the promise with it
    guarded(env, [&] { return finish(env, *job); });
    guarded(env, [&] { return let_go(env, *job); });
}

void enter(Environment& environment, Stop const& stop) {
    std::lock_guard<std::mutex> lock(environment.guard);
    environment.running.insert(stop);
}

void leave(Environment& environment, Stop const& stop) {
    std::lock_guard<std::mutex> lock(environment.guard);
    environment.running.erase(environment.running.find(stop));
    if (environment.running.empty()) environment.none_left.notify_all();
}

void run(Job* job) {
    std::shared_ptr<Environment> const environment = job->environment;
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
        job->code = "io";
        job->message = "not enough memory";
    } catch (std::exception const& error) {
        job->code = "internal";
        job->message = error.what();
    }
    job->work = nullptr; // lets go of the handle
    if (napi_call_threadsafe_function(job->settle, job, napi_tsfn_blocking) != napi_ok) delete job;
    leave(*environment, stop);
}

std::shared_ptr<Environment> const& environment_of(napi_env env) {
    void* data;
    check(env, napi_get_instance_data(env, &data));
    return *static_cast<std::shared_ptr<Environment>*>(data);
}

napi_value start(napi_env env, std::unique_ptr<Job> job) {
    job->environment = environment_of(env);
    napi_value promise;
    check(env, napi_create_promise(env, &job->promise, &promise));
    try {
        for (napi_value array : job->arrays) {
            napi_ref ref;
            check(env, napi_create_reference(env, array, 1, &ref));
            job->kept.push_back(ref);
        }
        check(env, napi_create_threadsafe_function(env, nullptr, nullptr, text(env, "clara-index"), 0, 1, nullptr, nullptr, nullptr,
                                                   settle, &job->settle));
        // Before it runs: the end of the process waits for what is entered.
        enter(*job->environment, job->stop);
    } catch (...) {
        let_go(env, *job);
        throw;
    }
    try {
        std::thread(run, job.get()).detach();
        job.release();
    } catch (std::exception const& error) {
        leave(*job->environment, job->stop);
        job->code = "io";
        job->message = std::string("the system starts no more threads (") + error.what() +
                       "): end other processes, or raise the limit on threads (ulimit -u) or on memory (ulimit -v)";
        finish(env, *job);
        let_go(env, *job);
    }
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

// What JavaScript holds: a thing, and how to stop the jobs that use it.
template <typename T> struct Held {
    std::shared_ptr<T> thing;
    Stop stop = std::make_shared<std::atomic<bool>>(false);
};

// By this a handle is known: an object that is not one of ours, or one of the other kind, is refused.
template <typename T> extern napi_type_tag const tag_of;

template <typename T> Held<T>& held_by(napi_env env, napi_value handle) {
    napi_valuetype type;
    check(env, napi_typeof(env, handle, &type));
    bool is_ours = false;
    if (type == napi_object) check(env, napi_check_object_type_tag(env, handle, &tag_of<T>, &is_ours));
    if (!is_ours) throw Misuse{"expected a handle"};
    void* data = nullptr;
    check(env, napi_unwrap(env, handle, &data));
    return *static_cast<Held<T>*>(data);
}

template <typename T> napi_value handle_of(napi_env env, std::shared_ptr<T> thing) {
    napi_value handle;
    check(env, napi_create_object(env, &handle));
    check(env, napi_type_tag_object(env, handle, &tag_of<T>));
    auto held = std::make_unique<Held<T>>(Held<T>{std::move(thing)});
    auto const free = [](napi_env, void* data, void*) { delete static_cast<Held<T>*>(data); };
    check(env, napi_wrap(env, handle, held.get(), free, nullptr, nullptr));
    held.release();
    return handle;
}

struct Arguments {
    napi_env env;
    std::vector<napi_value> values;

    Arguments(napi_env env, napi_callback_info info, std::size_t count) : env(env), values(count) {
        std::size_t given = count;
        check(env, napi_get_cb_info(env, info, &given, values.data(), nullptr, nullptr));
        if (given < count) throw Misuse{"too few arguments"};
    }

    std::size_t number(std::size_t at) const {
        double value;
        if (napi_get_value_double(env, values[at], &value) != napi_ok || !(value >= 0) || value > 9007199254740991.0 ||
            value != std::floor(value))
            throw Misuse{"expected a whole number"};
        return std::size_t(value);
    }
    std::string text(std::size_t at) const {
        std::size_t length;
        if (napi_get_value_string_utf8(env, values[at], nullptr, 0, &length) != napi_ok) throw Misuse{"expected a string"};
        std::string value(length, '\0');
        check(env, napi_get_value_string_utf8(env, values[at], value.data(), length + 1, &length));
        return value;
    }
    // The elements of a typed array, kept alive until the job is over.
    template <typename T> T* array(std::size_t at, napi_typedarray_type type, std::size_t& length, Job* job) const {
        bool is_array = false;
        check(env, napi_is_typedarray(env, values[at], &is_array));
        if (!is_array) throw Misuse{"expected a typed array"};
        napi_typedarray_type found;
        void* data = nullptr;
        check(env, napi_get_typedarray_info(env, values[at], &found, &length, &data, nullptr, nullptr));
        if (found != type) throw Misuse{"expected a typed array of another type"};
        if (job) job->arrays.push_back(values[at]);
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
        Held<T> const& held = held_by<T>(env, values[at]);
        if (!held.thing) throw Misuse{"it is closed"};
        job.stop = held.stop;
        return held.thing;
    }
};

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

template <> napi_type_tag const tag_of<Worksite> = {0x6c61'7261'2d62'7569, 0x6c64'6572'2d77'6f72};

napi_value create_builder(napi_env env, napi_callback_info info) { // dims, precision, metric, threads, expected rows
    return guarded(env, [&] {
        Arguments args(env, info, 5);
        std::size_t const threads = std::max<std::size_t>(1, args.number(3));
        auto held = std::shared_ptr<Worksite>(new Worksite{Builder(args.shape(0), threads, args.number(4))});
        return handle_of(env, std::move(held));
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
        std::size_t const dims = held->builder.dims();
        if (args.number(3) != dims || length % dims || length / dims != rows) throw Misuse{"expected whole vectors"};
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

template <> napi_type_tag const tag_of<Searcher> = {0x6c61'7261'2d73'6561, 0x7263'6865'722d'6772};

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
        job->result = [opened](napi_env env) { return handle_of(env, *opened); };
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
        if (!query.k) throw Misuse{"expected k of 1 or more"};
        query.expansion = args.number(4);
        query.offsets = args.array<std::uint32_t>(5, napi_uint32_array, offsets, job.get());
        query.excluded = args.array<std::uint32_t>(6, napi_uint32_array, excluded, job.get());
        query.ids = args.array<std::int32_t>(7, napi_int32_array, ids, job.get());
        query.scores = args.array<float>(8, napi_float32_array, scores, job.get());
        if (args.number(2) != searcher->dims() || length % searcher->dims()) throw Misuse{"expected whole vectors"};
        if (scores != ids || (query.count ? ids % query.count || ids / query.count != query.k : ids != 0)) throw Misuse{"expected room for k results of each query"};
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
        Held<T>& held = held_by<T>(env, args.values[0]);
        held.stop->store(true);
        held.thing.reset();
        return undefined(env);
    });
}

// ---- The environment of the process, of which a worker thread has a copy: src/runtime/telemetry.ts.

napi_value environment_default(napi_env env, napi_callback_info info) { // name, value: set unless it is; returns what is
    return guarded(env, [&] {
        Arguments args(env, info, 2);
        std::string const name = args.text(0);
        if (setenv(name.c_str(), args.text(1).c_str(), 0) != 0) throw Misuse{"expected the name of a variable"};
        return text(env, std::getenv(name.c_str()));
    });
}

napi_value init(napi_env env, napi_value exports) {
    return guarded(env, [&] {
        auto shared = std::make_unique<std::shared_ptr<Environment>>(std::make_shared<Environment>());
        check(env, napi_set_instance_data(env, shared.get(), nullptr, nullptr));
        check(env, napi_add_env_cleanup_hook(env, end, shared.get()));
        shared.release();
        auto const offer = [&](char const* name, napi_value value) {
            check(env, napi_set_named_property(env, exports, name, value));
        };
        auto const function = [&](char const* name, napi_callback callback) {
            napi_value value;
            check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &value));
            offer(name, value);
        };
        function("createBuilder", create_builder);
        function("builderResume", builder_resume);
        function("builderAdd", builder_add);
        function("builderSave", builder_save);
        function("closeBuilder", close_handle<Worksite>);
        function("openGraph", open_graph);
        function("search", search);
        function("closeGraph", close_handle<Searcher>);
        function("scoreRows", score_rows);
        function("environmentDefault", environment_default);
        napi_value resident;
        check(env, napi_create_double(env, double(kResident), &resident));
        offer("residentBytes", resident);
        offer("kernels", text(env, kernels().name));
        return exports;
    });
}

} // namespace

NAPI_MODULE(clara_index, init)
