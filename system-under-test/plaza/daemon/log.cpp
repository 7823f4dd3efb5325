#include "system-under-test/plaza/daemon/log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <system_error>

#include "system-under-test/plaza/one_line.hpp"

namespace plaza {

namespace {

constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warn", "error"};

// RFC 3339, in UTC.
std::string text_of(std::chrono::system_clock::time_point time) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
  const std::int64_t within = (micros % 1'000'000 + 1'000'000) % 1'000'000;
  const std::time_t seconds = (micros - within) / 1'000'000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 80> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", utc.tm_year + 1900, utc.tm_mon + 1,
                    utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, static_cast<int>(within));
  return {text.data(), static_cast<std::size_t>(length)};
}

bool is_plain(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != '"' && c != '=' && c != '\\' && c != '\x7f';
}

void append_quoted(std::string& line, std::string_view value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  line += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (is_control_character(c)) {
      line += "\\u00";
      line += kDigits[byte >> 4];
      line += kDigits[byte & 15];
    } else {
      line += c;
    }
  }
  line += '"';
}

void append_value(std::string& line, std::string_view value) {
  bool plain = !value.empty();
  for (const char c : value) plain = plain && is_plain(c);
  if (plain) {
    line += value;
  } else {
    append_quoted(line, value);
  }
}

}  // namespace

std::string_view name_of(LogLevel level) { return kLevels.at(static_cast<std::size_t>(level)); }

std::optional<LogLevel> find_log_level(std::string_view name) {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels.at(i) == name) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

std::string log_line(std::chrono::system_clock::time_point time, LogLevel level, raft::NodeId node,
                     std::string_view event, LogFields fields) {
  std::string line = "time=" + text_of(time) + " level=" + std::string(name_of(level));
  line += " node=" + std::to_string(node) + " event=" + std::string(event);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    append_value(line, field.value);
  }
  return line += '\n';
}

Log::Log(const std::string& file, Options options)
    : descriptor_(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640)),
      is_own_(true),
      options_(options) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), file);
}

Log::~Log() {
  if (is_own_) ::close(descriptor_);
}

void Log::write(LogLevel level, std::string_view event, LogFields fields) {
  if (level < options_.least) return;
  const auto now = std::chrono::system_clock::now();
  if (lost_ > lost_told_) {
    const std::uint64_t lost = lost_;
    if (put(log_line(now, LogLevel::warn, options_.node, "log_lost", {{"lines", lost - lost_told_}})))
      lost_told_ = lost;
  }
  if (!put(log_line(now, level, options_.node, event, fields))) ++lost_;
}

bool Log::put(std::string line) {
  if (is_within_line_) line.insert(0, 1, '\n');
  std::string_view left = line;
  while (!left.empty()) {
    const ssize_t written = ::write(descriptor_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      is_within_line_ = is_within_line_ || left.size() < line.size();
      return false;
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  is_within_line_ = false;
  return true;
}

}  // namespace plaza
