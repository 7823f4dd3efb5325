#pragma once
// The settings of a scenario: what its file says, with the overrides of the command line on top.
//
// Whoever needs a setting reads it by its dotted key, with the range that is allowed and the value that holds where
// nothing is said. Reading is also declaring: a key in the file that nobody read is an error. Every error is one line:
// file and line (or the override), what is wrong, what is allowed.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <stillpoint/random.hpp>
#include <stillpoint/time.hpp>

namespace stillpoint {

class Settings {
 public:
  // Parses a scenario file's text; `file` names it in errors. Each override is "dotted.key=value". Throws Error.
  Settings(std::string_view text, std::string file, const std::vector<std::string>& overrides);
  Settings(Settings&&) noexcept;
  Settings& operator=(Settings&&) noexcept;
  ~Settings();

  struct CountRange {
    std::uint64_t least = 0;
    std::uint64_t most = 1'000'000;
  };
  struct DurationRange {
    Duration least{};
    Duration most = std::chrono::hours(24 * 365);
  };

  // A whole number.
  std::uint64_t count(std::string_view key, CountRange range, std::uint64_t otherwise) const;
  // A text with a unit: "250us", "5ms", "1.5s", "10m"; a whole number of microseconds.
  Duration duration(std::string_view key, DurationRange range, Duration otherwise) const;
  // A text with a percent sign: "5%", "0.1%".
  Ratio ratio(std::string_view key, Ratio otherwise) const;
  std::string text(std::string_view key, std::string_view otherwise) const;
  // A text that must be there.
  std::string required_text(std::string_view key) const;
  // An array of texts; empty if there is none.
  std::vector<std::string> texts(std::string_view key) const;
  bool flag(std::string_view key, bool otherwise) const;
  // The keys directly under a table, in their order; empty if there is no such table.
  std::vector<std::string> keys_of(std::string_view table) const;

  // The texts under all keys of this name, in whatever tables they are, and those in arrays under them.
  std::vector<std::string> texts_called(std::string_view name) const;

  // Throws the error that a value is wrong in a way that only its reader can see.
  [[noreturn]] void reject(std::string_view key, std::string_view what) const;
  // Throws if the file or an override has a key that was not read so far.
  void reject_unread() const;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace stillpoint
