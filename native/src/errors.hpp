// What can go wrong, with the code that the JavaScript side turns into its own error.
#pragma once
#include <stdexcept>
#include <string>

namespace clara {

struct Failure : std::runtime_error {
    std::string code; // 'index': a file is not what it should be; 'io': it cannot be read or written; 'usage'
    Failure(std::string code, std::string const& message) : std::runtime_error(message), code(std::move(code)) {}
};

// A job that was asked to stop, because the process is ending.
struct Stopped : std::runtime_error {
    Stopped() : std::runtime_error("stopped") {}
};

} // namespace clara
