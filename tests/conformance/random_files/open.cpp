// Calls that make descriptors, and end them.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "tests/conformance/random_files/generator.hpp"

namespace stillpoint::test {
namespace {

struct Flag {
  int flag;
  const char* text;
};
std::string text_of(int flags) {
  constexpr const char* kAccess[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
  constexpr Flag kFlags[] = {{O_TMPFILE, "O_TMPFILE"},  {O_CREAT, "O_CREAT"},       {O_EXCL, "O_EXCL"},
                             {O_TRUNC, "O_TRUNC"},      {O_APPEND, "O_APPEND"},     {O_DIRECTORY, "O_DIRECTORY"},
                             {O_PATH, "O_PATH"},        {O_NOFOLLOW, "O_NOFOLLOW"}, {O_CLOEXEC, "O_CLOEXEC"},
                             {O_NONBLOCK, "O_NONBLOCK"}};
  std::string text = kAccess[flags & O_ACCMODE];
  for (const Flag& one : kFlags) {
    if ((flags & one.flag) != one.flag) continue;
    text += '|' + std::string(one.text);
    flags &= ~one.flag;
  }
  return text;
}

// O_SYNC would take its time on a real disk. O_CREAT with O_DIRECTORY means something else since Linux 6.4.
int some_flags(FileGenerator& generator) {
  int flags = generator.one_of({O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR, O_RDWR, O_RDWR});
  if (generator.one_in(2)) flags |= O_CREAT;
  if (generator.one_in(8)) flags |= O_EXCL;
  if (generator.one_in(8)) flags |= O_TRUNC;
  if (generator.one_in(6)) flags |= O_APPEND;
  if (generator.one_in(20)) flags |= O_NOFOLLOW;
  if (generator.one_in(20)) flags |= O_CLOEXEC;
  if (generator.one_in(20)) flags |= O_NONBLOCK;
  if (generator.one_in(25)) flags |= O_PATH;
  if (generator.one_in(25) && (flags & O_CREAT) == 0) flags |= O_DIRECTORY;
  if (generator.one_in(60)) flags |= O_ACCMODE;
  return flags;
}

void an_open(FileGenerator& generator) {
  if (generator.full()) return;
  const std::string path = generator.path();
  const int flags = some_flags(generator);
  const mode_t mode = generator.permissions();
  const int slot = generator.add_slot(false);
  generator.add(fmt::format("s{} = open(\"{}\", {}, {:#o})", slot, path, text_of(flags), mode),
                [=](FileCaller& caller) { return caller.keep(slot, open(path.c_str(), flags, mode)); });
}

void an_openat(FileGenerator& generator) {
  const int directory = generator.pick_directory();
  if (generator.full() || directory < 0) return;
  const std::string path = generator.path();
  const int flags = some_flags(generator);
  const int slot = generator.add_slot(false);
  generator.add(
      fmt::format("s{} = openat(s{}, \"{}\", {}, 0644)", slot, directory, path, text_of(flags)),
      [=](FileCaller& caller) { return caller.keep(slot, openat(caller.fd(directory), path.c_str(), flags, 0644)); });
}

void a_directory(FileGenerator& generator) {
  if (generator.full()) return;
  const std::string path = generator.one_in(4) ? "." : generator.directory();
  const int flags = generator.one_of<int>({O_RDONLY, O_RDONLY | O_DIRECTORY, O_PATH, O_PATH | O_DIRECTORY});
  const int slot = generator.add_slot(true);
  generator.add(fmt::format("s{} = open(\"{}\", {})", slot, path, text_of(flags)),
                [=](FileCaller& caller) { return caller.keep(slot, open(path.c_str(), flags)); });
}

void without_a_name(FileGenerator& generator) {
  if (generator.full()) return;
  const std::string path = generator.one_in(3) ? generator.path() : ".";
  const int flags = O_TMPFILE | generator.one_of({O_RDWR, O_RDWR, O_WRONLY, O_RDONLY});
  const int slot = generator.add_slot(false);
  generator.add(fmt::format("s{} = open(\"{}\", {}, 0640)", slot, path, text_of(flags)),
                [=](FileCaller& caller) { return caller.keep(slot, open(path.c_str(), flags, 0640)); });
}

void a_close(FileGenerator& generator) {
  const int slot = generator.pick();
  if (slot < 0) return;
  generator.slot(slot).open = false;
  generator.add(fmt::format("close(s{})", slot), [=](FileCaller& caller) { return outcome(close(caller.fd(slot))); });
}

void a_copy(FileGenerator& generator) {
  const int slot = generator.pick();
  if (slot < 0 || generator.full()) return;
  const int copy = generator.add_slot(generator.slot(slot).directory);
  generator.add(fmt::format("s{} = dup(s{})", copy, slot),
                [=](FileCaller& caller) { return caller.keep(copy, dup(caller.fd(slot))); });
}

void a_copy_over(FileGenerator& generator) {
  const int from = generator.pick();
  const int to = generator.pick();
  if (from < 0 || to < 0) return;
  generator.add(fmt::format("dup2(s{}, s{})", from, to), [=](FileCaller& caller) {
    const int given = dup2(caller.fd(from), caller.fd(to));
    return given < 0 ? outcome(given) : caller.number(given);
  });
}

void flags_of_one(FileGenerator& generator) {
  const int slot = generator.pick();
  if (generator.one_in(2)) {
    generator.add(fmt::format("fcntl(s{}, F_GETFL)", slot), [=](FileCaller& caller) {
      const int flags = fcntl(caller.fd(slot), F_GETFL);
      return flags < 0 ? outcome(flags) : fmt::format("{:#o}", flags);
    });
  } else {
    const int flags = generator.one_of({0, O_APPEND, O_NONBLOCK, O_APPEND | O_NONBLOCK});
    generator.add(fmt::format("fcntl(s{}, F_SETFL, {:#o})", slot, flags),
                  [=](FileCaller& caller) { return outcome(fcntl(caller.fd(slot), F_SETFL, flags)); });
  }
}

constexpr FileKind kKinds[] = {{30, an_open}, {10, an_openat}, {10, a_directory}, {4, without_a_name},
                               {16, a_close}, {5, a_copy},     {2, a_copy_over},  {5, flags_of_one}};

}  // namespace

const std::span<const FileKind> kOpening(kKinds);

void some_descriptors(FileGenerator& generator) {
  const std::uint64_t count = 1 + generator.below(3);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string path = generator.one_of({"a", "b", "c", "d/a"});
    const int flags = O_RDWR | O_CREAT | (generator.one_in(4) ? O_APPEND : 0);
    const int slot = generator.add_slot(false);
    generator.add(fmt::format("s{} = open(\"{}\", {}, 0644)", slot, path, text_of(flags)),
                  [=](FileCaller& caller) { return caller.keep(slot, open(path.c_str(), flags, 0644)); });
  }
  if (generator.one_in(2)) a_directory(generator);
}

}  // namespace stillpoint::test
