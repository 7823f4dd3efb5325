// Calls that change how long a file is, and where it has room and holes.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>

#include "tests/conformance/random_files/generator.hpp"

namespace stillpoint::test {
namespace {

void a_cut(FileGenerator& generator) {
  const int slot = generator.pick();
  const off_t length = generator.length();
  generator.add(fmt::format("ftruncate(s{}, {})", slot, length),
                [=](FileCaller& caller) { return outcome(ftruncate(caller.fd(slot), length)); });
}

void a_cut_by_path(FileGenerator& generator) {
  const std::string path = generator.path();
  const off_t length = generator.length();
  generator.add(fmt::format("truncate(\"{}\", {})", path, length),
                [=](FileCaller&) { return outcome(truncate(path.c_str(), length)); });
}

void an_allocation(FileGenerator& generator) {
  if (generator.asked() == FileGenerator::Asked::holes) return;
  const int slot = generator.pick();
  struct Mode {
    int mode;
    const char* text;
  };
  // The other modes stop a run, by name.
  constexpr Mode kModes[] = {{0, "0"}, {FALLOC_FL_KEEP_SIZE, "FALLOC_FL_KEEP_SIZE"}};
  const Mode mode = generator.one_of(kModes);
  const off_t offset = generator.offset();
  const off_t length = generator.length();
  generator.add(fmt::format("fallocate(s{}, {}, {}, {})", slot, mode.text, offset, length),
                [=](FileCaller& caller) { return outcome(fallocate(caller.fd(slot), mode.mode, offset, length)); });
}

void an_allocation_of_posix(FileGenerator& generator) {
  if (generator.asked() == FileGenerator::Asked::holes) return;
  const int slot = generator.pick();
  const off_t offset = generator.offset();
  const off_t length = generator.length();
  generator.add(fmt::format("posix_fallocate(s{}, {}, {})", slot, offset, length), [=](FileCaller& caller) {
    const int error = posix_fallocate(caller.fd(slot), offset, length);
    return std::string(error == 0 ? "0" : strerrorname_np(error));
  });
}

void data_and_holes(FileGenerator& generator) {
  if (generator.asked() != FileGenerator::Asked::holes) return;
  const int slot = generator.pick();
  const off_t offset = generator.offset();
  const int whence = generator.one_of({SEEK_DATA, SEEK_HOLE});
  generator.add(fmt::format("lseek(s{}, {}, {})", slot, offset, whence == SEEK_DATA ? "SEEK_DATA" : "SEEK_HOLE"),
                [=](FileCaller& caller) {
                  if (caller.is_directory(slot)) return std::string("not asked");
                  return outcome(lseek(caller.fd(slot), offset, whence));
                });
}

// Rare: a real disk takes its time.
void a_sync(FileGenerator& generator) {
  const int slot = generator.pick();
  if (!generator.one_in(4)) {
    generator.add(fmt::format("posix_fadvise(s{}, 0, 0, POSIX_FADV_WILLNEED)", slot), [=](FileCaller& caller) {
      const int error = posix_fadvise(caller.fd(slot), 0, 0, POSIX_FADV_WILLNEED);
      return std::string(error == 0 ? "0" : strerrorname_np(error));
    });
    return;
  }
  const bool data = generator.one_in(2);
  generator.add(fmt::format("{}(s{})", data ? "fdatasync" : "fsync", slot), [=](FileCaller& caller) {
    return outcome(data ? fdatasync(caller.fd(slot)) : fsync(caller.fd(slot)));
  });
}

constexpr FileKind kKinds[] = {{12, a_cut},          {8, a_cut_by_path},
                               {10, an_allocation},  {2, an_allocation_of_posix},
                               {12, data_and_holes}, {2, a_sync}};

}  // namespace

const std::span<const FileKind> kShaping(kKinds);

}  // namespace stillpoint::test
