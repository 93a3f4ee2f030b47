// The same work on several threads. What each item does must not depend on who does it, or when.
#pragma once
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "errors.hpp"

namespace clara {

// Calls work(item, thread) for each item below `count`, `chunk` at a time. The first exception is
// thrown again here, once all threads have come to an end.
template <typename Work>
void share(std::size_t count, std::size_t threads, std::size_t chunk, std::atomic<bool> const& stop, Work&& work) {
    std::atomic<std::size_t> next{0};
    std::exception_ptr failure;
    std::mutex guard;
    auto run = [&](std::size_t thread) {
        try {
            for (;;) {
                std::size_t const start = next.fetch_add(chunk);
                if (start >= count) return;
                if (stop.load(std::memory_order_relaxed)) throw Stopped();
                for (std::size_t item = start; item < count && item < start + chunk; item++) work(item, thread);
            }
        } catch (...) {
            std::lock_guard<std::mutex> lock(guard);
            if (!failure) failure = std::current_exception();
            next.store(count);
        }
    };
    std::size_t const useful = (count + chunk - 1) / chunk;
    std::vector<std::thread> others;
    for (std::size_t thread = 1; thread < threads && thread < useful; thread++) {
        try {
            others.emplace_back(run, thread);
        } catch (std::system_error const&) {
            break; // no more threads to be had: those that run do the work
        }
    }
    run(0);
    for (std::thread& other : others) other.join();
    if (failure) std::rethrow_exception(failure);
}

} // namespace clara
