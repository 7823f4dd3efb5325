#include <fmt/format.h>
#include <stillpoint/error.hpp>

#include <system_error>

#include "visualizer/model/payload.hpp"
#include "visualizer/model/trace_data.hpp"

namespace stillpoint::view {
namespace {

constexpr std::size_t kLongestText = 4096;  // bytes that are kept of a text
constexpr std::uint64_t kLeastRow = 4;      // bytes that a row takes in the file, at the very least

}  // namespace

Budget::Budget(const std::filesystem::path& file) : path_(file.string()) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  const std::uint64_t bytes = error ? 0 : size;
  rows_left_ = bytes / kLeastRow;
  bytes_left_ = bytes * 2 + kLongestText;  // a text may grow when SQLite converts it from UTF-16
}

void Budget::row() {
  if (rows_left_ == 0) damaged("it has more rows than fit into a file of its size");
  --rows_left_;
}

std::string Budget::text(const std::string& text) {
  if (text.size() > bytes_left_) damaged("it has more text than fits into a file of its size");
  bytes_left_ -= text.size();
  return readable(std::string_view(text).substr(0, kLongestText));
}

void Budget::damaged(std::string_view what) const {
  throw Error(fmt::format("the trace {}: {}; the file is damaged: record the run again", path_, what));
}

}  // namespace stillpoint::view
