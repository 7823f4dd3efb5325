#include "visualizer/backend/png.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stb_image.h>
#include <stb_image_write.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>

#include <stillpoint/error.hpp>

namespace stillpoint::view {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const char* what, const fs::path& path, const std::string& reason) {
  throw Error(fmt::format("cannot {} {}: {}", what, path.string(), reason));
}

std::string encoded(const fs::path& path, const Picture& picture) {
  std::string bytes;
  const auto append = [](void* to, void* data, int size) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
  };
  const int stride = picture.size.width * static_cast<int>(sizeof(Pixel));
  if (stbi_write_png_to_func(append, &bytes, picture.size.width, picture.size.height, 4, picture.pixels.data(),
                             stride) == 0) {
    refuse("write", path, "the picture is too large");
  }
  return bytes;
}

// 0, or the errno of what failed.
int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

// Opens, writes, closes. 0, or the errno of what failed.
int write_file(const fs::path& path, int flags, std::string_view bytes) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0666);
  if (descriptor < 0) return errno;
  const int failure = write_all(descriptor, bytes);
  const int close_failure = close(descriptor) == 0 ? 0 : errno;  // where a quota shows
  return failure != 0 ? failure : close_failure;
}

}  // namespace

void write_png(const fs::path& path, const Picture& picture) {
  const std::string bytes = encoded(path, picture);
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) refuse("write", path, std::strerror(EISDIR));
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored)) {
    if (const int failure = write_file(path, 0, bytes); failure != 0) refuse("write", path, std::strerror(failure));
    return;
  }

  // A link stays one: what it leads to is replaced.
  const fs::path target = fs::exists(path, ignored) ? fs::canonical(path) : path;
  const fs::path beside = fmt::format("{}.{}.partial", target.string(), getpid());
  int failure = write_file(beside, O_CREAT | O_EXCL, bytes);
  if (failure == 0 && rename(beside.c_str(), target.c_str()) != 0) failure = errno;
  if (failure != 0) {
    if (failure != EEXIST) unlink(beside.c_str());
    refuse("write", path, std::strerror(failure));
  }
}

Picture read_png(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) refuse("read", path, std::strerror(errno));
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  Picture picture;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()), static_cast<int>(bytes.size()),
                            &picture.size.width, &picture.size.height, nullptr, 4),
      stbi_image_free);
  if (!pixels) refuse("read", path, stbi_failure_reason());
  picture.pixels.resize(static_cast<std::size_t>(picture.size.width) * static_cast<std::size_t>(picture.size.height));
  std::memcpy(picture.pixels.data(), pixels.get(), picture.pixels.size() * sizeof(Pixel));
  return picture;
}

}  // namespace stillpoint::view
