// What a daemon says of itself: a line for each thing that happened, in logfmt, for people with grep and for programs.
//
//   time=2026-11-29T07:00:00.123456Z level=info node=1 event=role role=leader term=3
//
// A log that cannot be written is no reason to end a service: lines that are lost are counted, and the next one that
// can be written comes after a line that says how many.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "system-under-test/plaza/raft/types.hpp"

namespace plaza {

enum class LogLevel : std::uint8_t { debug, info, warn, error };

std::string_view name_of(LogLevel level);
std::optional<LogLevel> find_log_level(std::string_view name);

struct LogField {
  LogField(std::string_view its_name, std::string its_value) : name(its_name), value(std::move(its_value)) {}
  LogField(std::string_view its_name, std::string_view its_value) : name(its_name), value(its_value) {}
  LogField(std::string_view its_name, const char* its_value) : name(its_name), value(its_value) {}
  template <std::unsigned_integral Number>
  LogField(std::string_view its_name, Number number) : name(its_name), value(std::to_string(number)) {}

  std::string_view name;  // a literal
  std::string value;
};

using LogFields = std::initializer_list<LogField>;

// One line, with its end. A value that has more than plain characters in it is quoted as JSON quotes texts.
std::string log_line(std::chrono::system_clock::time_point time, LogLevel level, raft::NodeId node,
                     std::string_view event, LogFields fields);

class Log {
 public:
  struct Options {
    raft::NodeId node = 0;
    LogLevel least = LogLevel::info;  // what is below is not written
  };

  // To a descriptor that stays open for as long as the log, and is not closed by it.
  Log(int descriptor, Options options) : descriptor_(descriptor), options_(options) {}
  // To the end of this file, which is made if it is not there. Throws std::system_error.
  Log(const std::string& file, Options options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void debug(std::string_view event, LogFields fields = {}) { write(LogLevel::debug, event, fields); }
  void info(std::string_view event, LogFields fields = {}) { write(LogLevel::info, event, fields); }
  void warn(std::string_view event, LogFields fields = {}) { write(LogLevel::warn, event, fields); }
  void error(std::string_view event, LogFields fields = {}) { write(LogLevel::error, event, fields); }

  // That could not be written, of all that should have been.
  std::uint64_t lost() const { return lost_; }

 private:
  void write(LogLevel level, std::string_view event, LogFields fields);
  bool put(std::string line);

  int descriptor_;
  bool is_own_ = false;
  Options options_;
  std::uint64_t lost_ = 0;
  std::uint64_t lost_told_ = 0;
  bool is_within_line_ = false;  // of which only a part could be written
};

}  // namespace plaza
