#include "cli/log_printer.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sim-core/record/record_cursor.hpp"

namespace stillpoint::cli {
namespace {

// A terminal must not obey what a service wrote.
std::string printable(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7F; }, '?');
  return line;
}

}  // namespace

void LogPrinter::ingest(std::span<const std::byte> records) {
  RecordCursor cursor(records);
  while (cursor.next()) {
    const Record& record = cursor.record();
    if (record.header.type == RecordType::host) names_[record.header.host] = fields<3>(record.text())[0];
    if (record.header.type != RecordType::log) continue;
    const std::uint64_t severity = record.header.a;
    if (form_ == Form::bytes) {
      const bool output = severity == STDOUT_FILENO;
      if (!output && severity != STDERR_FILENO) continue;  // the scenario's own
      std::FILE* file = output ? stdout : stderr;
      std::fwrite(record.payload.data(), 1, record.payload.size(), file);
      const bool lost = std::fflush(file) != 0;
      // There is nobody to tell of a standard error that takes nothing.
      if (lost && output && error_ == 0) error_ = errno;
      continue;
    }
    std::string_view text = record.text();
    Begun& begun = begun_[{record.header.host, severity}];
    if (begun.text.empty()) begun.time_ns = record.header.time_ns;
    // What the scenario logs is a line each; what programs write ends where they say so.
    const bool whole = severity != STDOUT_FILENO && severity != STDERR_FILENO;
    for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
      print_line(begun.time_ns, record.header.host, severity, begun.text + std::string(text.substr(0, end)));
      begun = {record.header.time_ns, ""};
      text.remove_prefix(end + 1);
    }
    begun.text += text;
    if (whole && !begun.text.empty()) {
      print_line(begun.time_ns, record.header.host, severity, begun.text);
      begun = {};
    }
  }
}

void LogPrinter::finish() {
  for (const auto& [from, begun] : begun_) {
    if (!begun.text.empty()) print_line(begun.time_ns, from.first, from.second, begun.text);
  }
  begun_.clear();
}

void LogPrinter::print_line(std::int64_t time_ns, HostId host, std::uint64_t severity, std::string_view line) {
  const auto name = names_.find(host);
  const std::string text = fmt::format("{:>12.6f} s  {:<10} {} {}\n", static_cast<double>(time_ns) / 1e9,
                                       name == names_.end() ? "scenario" : name->second,
                                       severity == STDERR_FILENO ? '!' : ' ', printable(line));
  std::fwrite(text.data(), 1, text.size(), out_);
  if (std::ferror(out_) != 0 && error_ == 0) error_ = errno;
}

}  // namespace stillpoint::cli
