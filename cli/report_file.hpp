#pragma once
// A file for a report that is written at the end of something long: whether it can be written is known at its start.
#include <string>
#include <string_view>

namespace stillpoint::cli {

class ReportFile {
 public:
  // Opens or creates it. Throws Error.
  explicit ReportFile(std::string path);
  ReportFile(const ReportFile&) = delete;
  ReportFile& operator=(const ReportFile&) = delete;
  ~ReportFile();

  // Replaces what it holds. Throws Error.
  void write(std::string_view text);

 private:
  std::string path_;
  int fd_;
};

}  // namespace stillpoint::cli
