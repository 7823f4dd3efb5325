#pragma once
// What hosts write to their standard output and error, and what a scenario logs, as it happens.
#include <cstddef>
#include <cstdio>
#include <map>
#include <span>
#include <string>
#include <utility>

#include <stillpoint/ids.hpp>

namespace stillpoint::cli {

class LogPrinter {
 public:
  enum class Form {
    lines,  // "   0.400 s  plaza-1  text", whole lines; those of standard error with a mark
    bytes,  // as they were written: standard output to standard output, standard error to standard error
  };
  // Lines go to `out`.
  LogPrinter(Form form, std::FILE* out) : form_(form), out_(out) {}

  // Whole records, in their order.
  void ingest(std::span<const std::byte> records);
  // Whether standard output, or the file that it prints to, no longer takes anything: the rest would be lost.
  bool failed() const { return error_ != 0; }
  // errno of that.
  int error() const { return error_; }
  // Prints the lines that had no end.
  void finish();

 private:
  void print_line(std::int64_t time_ns, HostId host, std::uint64_t severity, std::string_view line);

  Form form_;
  std::FILE* out_;
  int error_ = 0;
  std::map<HostId, std::string> names_;
  struct Begun {
    std::int64_t time_ns = 0;
    std::string text;
  };
  std::map<std::pair<HostId, std::uint64_t>, Begun> begun_;  // by host and severity
};

}  // namespace stillpoint::cli
