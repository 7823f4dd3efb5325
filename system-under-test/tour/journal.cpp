#include "system-under-test/tour/journal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace tour {
namespace {

// So long that a record lies on several sectors, and may be torn.
constexpr std::size_t kWords = 192;

struct Record {
  std::uint64_t words[kWords];  // the number, a sum of all but itself, and filler
};

std::uint64_t mixed(std::uint64_t value) {
  value *= 0x9E3779B97F4A7C15;
  return value ^ value >> 29;
}

std::uint64_t sum_of(const Record& record) {
  std::uint64_t sum = mixed(record.words[0]);
  for (std::size_t i = 2; i < kWords; ++i) sum = mixed(sum + record.words[i]);
  return sum;
}

Record record_of(std::uint64_t number) {
  Record record{};
  record.words[0] = number;
  for (std::size_t i = 2; i < kWords; ++i) record.words[i] = mixed(number + i);
  record.words[1] = sum_of(record);
  return record;
}

}  // namespace

void Journal::close() {
  if (file_ >= 0) ::close(std::exchange(file_, -1));
}

std::optional<std::uint64_t> Journal::recover() {
  close();
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0) return std::nullopt;
  std::uint64_t last = 0;
  off_t end = 0;
  Record record;
  ssize_t got = 0;
  while ((got = ::pread(file_, &record, sizeof record, end)) == static_cast<ssize_t>(sizeof record)) {
    if (record.words[1] != sum_of(record) || record.words[0] != last + 1) break;
    last = record.words[0];
    end += static_cast<off_t>(sizeof record);
  }
  if (got < 0 || ::ftruncate(file_, end) != 0 || ::lseek(file_, end, SEEK_SET) < 0) {
    close();
    return std::nullopt;
  }
  return last;
}

bool Journal::append(std::uint64_t number) {
  const Record record = record_of(number);
  if (::write(file_, &record, sizeof record) == static_cast<ssize_t>(sizeof record) && ::fsync(file_) == 0) return true;
  close();
  return false;
}

}  // namespace tour
