#pragma once
// Pictures in PNG files. The same picture gives the same bytes.
#include <filesystem>

#include "visualizer/backend/picture.hpp"

namespace stillpoint::view {

// Replaces the file if there is one. It is written beside it first, so that a failure leaves what was there; only what
// is no ordinary file (/dev/stdout, a pipe) is written directly. Throws Error, with the path and the reason.
void write_png(const std::filesystem::path& path, const Picture& picture);

// Throws Error if there is no such file, or no picture in it.
Picture read_png(const std::filesystem::path& path);

}  // namespace stillpoint::view
