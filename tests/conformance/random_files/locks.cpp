// Locks. None is waited for.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include "tests/conformance/random_files/generator.hpp"

namespace stillpoint::test {
namespace {

struct Command {
  int command;
  const char* text;
};

struct flock some_range(FileGenerator& generator) {
  constexpr off_t kPlaces[] = {0, 0, 1, 2, 3, 5, 8, 10};
  struct flock range {};
  range.l_type = static_cast<short>(generator.one_of({F_RDLCK, F_WRLCK, F_WRLCK, F_UNLCK}));
  range.l_whence = static_cast<short>(generator.one_of({SEEK_SET, SEEK_SET, SEEK_SET, SEEK_CUR, SEEK_END}));
  range.l_start = generator.one_of(kPlaces);
  range.l_len = generator.one_in(10) ? -generator.one_of(kPlaces) : generator.one_of(kPlaces);
  return range;
}

std::string text_of(const struct flock& range) {
  constexpr const char* kTypes[] = {"F_RDLCK", "F_WRLCK", "F_UNLCK"};
  constexpr const char* kWhence[] = {"", " from the place", " from the end"};
  return fmt::format("{} {}+{}{}", kTypes[range.l_type], range.l_start, range.l_len, kWhence[range.l_whence]);
}

void a_lock(FileGenerator& generator) {
  const int slot = generator.pick();
  constexpr Command kCommands[] = {{F_SETLK, "F_SETLK"}, {F_OFD_SETLK, "F_OFD_SETLK"}, {F_OFD_SETLK, "F_OFD_SETLK"}};
  const Command command = generator.one_of(kCommands);
  const struct flock range = some_range(generator);
  generator.add(fmt::format("fcntl(s{}, {}, {})", slot, command.text, text_of(range)), [=](FileCaller& caller) {
    if (range.l_whence == SEEK_END && caller.is_directory(slot)) return std::string("not asked");
    struct flock asked = range;
    return outcome(fcntl(caller.fd(slot), command.command, &asked));
  });
}

// Where several are in the way, which of them is told is Linux's choice: here only whether one is. F_UNLCK asks for
// one's own since Linux 6.5, and was an error before.
void what_is_in_the_way(FileGenerator& generator) {
  const int slot = generator.pick();
  constexpr Command kCommands[] = {{F_GETLK, "F_GETLK"}, {F_OFD_GETLK, "F_OFD_GETLK"}, {F_OFD_GETLK, "F_OFD_GETLK"}};
  const Command command = generator.one_of(kCommands);
  const struct flock range = some_range(generator);
  if (range.l_type == F_UNLCK) return;
  generator.add(fmt::format("fcntl(s{}, {}, {})", slot, command.text, text_of(range)), [=](FileCaller& caller) {
    if (range.l_whence == SEEK_END && caller.is_directory(slot)) return std::string("not asked");
    struct flock asked = range;
    const int given = fcntl(caller.fd(slot), command.command, &asked);
    if (given < 0) return outcome(given);
    return std::string(asked.l_type == F_UNLCK ? "free" : "held");
  });
}

void a_lock_on_all(FileGenerator& generator) {
  const int slot = generator.pick();
  constexpr Command kOperations[] = {
      {LOCK_SH | LOCK_NB, "LOCK_SH|LOCK_NB"}, {LOCK_EX | LOCK_NB, "LOCK_EX|LOCK_NB"}, {LOCK_UN, "LOCK_UN"}};
  const Command operation = generator.one_of(kOperations);
  generator.add(fmt::format("flock(s{}, {})", slot, operation.text),
                [=](FileCaller& caller) { return outcome(flock(caller.fd(slot), operation.command)); });
}

constexpr FileKind kKinds[] = {{10, a_lock}, {6, what_is_in_the_way}, {5, a_lock_on_all}};

}  // namespace

const std::span<const FileKind> kLocking(kKinds);

}  // namespace stillpoint::test
