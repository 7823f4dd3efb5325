// Calls that move bytes.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdio>

#include "tests/conformance/files/files.hpp"
#include "tests/conformance/random_files/generator.hpp"

namespace stillpoint::test {
namespace {

std::string taken(ssize_t got, const char* bytes) {
  return got < 0 ? outcome(got) : files::shown({bytes, static_cast<std::size_t>(got)});
}

void a_read(FileGenerator& generator) {
  const int slot = generator.pick();
  const std::size_t size = generator.size();
  generator.add(fmt::format("read(s{}, {})", slot, size),
                [=](FileCaller& caller) { return taken(read(caller.fd(slot), caller.room(), size), caller.room()); });
}

void a_write(FileGenerator& generator) {
  const int slot = generator.pick();
  const std::string bytes(generator.size(), generator.letter());
  generator.add(fmt::format("write(s{}, {})", slot, files::shown(bytes)),
                [=](FileCaller& caller) { return outcome(write(caller.fd(slot), bytes.data(), bytes.size())); });
}

void a_pread(FileGenerator& generator) {
  const int slot = generator.pick();
  const std::size_t size = generator.size();
  const off_t offset = generator.offset();
  generator.add(fmt::format("pread(s{}, {}, {})", slot, size, offset), [=](FileCaller& caller) {
    return taken(pread(caller.fd(slot), caller.room(), size, offset), caller.room());
  });
}

void a_pwrite(FileGenerator& generator) {
  const int slot = generator.pick();
  const std::string bytes(generator.size(), generator.letter());
  const off_t offset = generator.offset();
  generator.add(fmt::format("pwrite(s{}, {}, {})", slot, files::shown(bytes), offset), [=](FileCaller& caller) {
    return outcome(pwrite(caller.fd(slot), bytes.data(), bytes.size(), offset));
  });
}

void several_written(FileGenerator& generator) {
  const int slot = generator.pick();
  const std::string one(generator.size_up_to(5'000), generator.letter());
  const std::string two(generator.size_up_to(50), generator.letter());
  const off_t offset = generator.offset();
  const bool at_offset = generator.one_in(2);
  generator.add(
      at_offset ? fmt::format("pwritev(s{}, {{{}, {}}}, {})", slot, files::shown(one), files::shown(two), offset)
                : fmt::format("writev(s{}, {{{}, {}}})", slot, files::shown(one), files::shown(two)),
      [=](FileCaller& caller) {
        const iovec vectors[2] = {{const_cast<char*>(one.data()), one.size()},
                                  {const_cast<char*>(two.data()), two.size()}};
        return outcome(at_offset ? pwritev(caller.fd(slot), vectors, 2, offset) : writev(caller.fd(slot), vectors, 2));
      });
}

void several_read(FileGenerator& generator) {
  const int slot = generator.pick();
  const std::size_t one = generator.size();
  const std::size_t two = generator.size();
  const off_t offset = generator.offset();
  const bool at_offset = generator.one_in(2);
  generator.add(at_offset ? fmt::format("preadv(s{}, {{{}, {}}}, {})", slot, one, two, offset)
                          : fmt::format("readv(s{}, {{{}, {}}})", slot, one, two),
                [=](FileCaller& caller) {
                  const iovec vectors[2] = {{caller.room(), one}, {caller.room() + one, two}};
                  const int fd = caller.fd(slot);
                  return taken(at_offset ? preadv(fd, vectors, 2, offset) : readv(fd, vectors, 2), caller.room());
                });
}

void a_seek(FileGenerator& generator) {
  const int slot = generator.pick();
  struct Whence {
    int whence;
    const char* text;
  };
  constexpr Whence kWhence[] = {
      {SEEK_SET, "SEEK_SET"}, {SEEK_SET, "SEEK_SET"}, {SEEK_CUR, "SEEK_CUR"}, {SEEK_END, "SEEK_END"}, {77, "77"}};
  const Whence whence = generator.one_of(kWhence);
  const off_t offset = generator.one_in(3) ? -generator.offset() : generator.offset();
  generator.add(fmt::format("lseek(s{}, {}, {})", slot, offset, whence.text), [=](FileCaller& caller) {
    if (caller.is_directory(slot)) return std::string("not asked");
    return outcome(lseek(caller.fd(slot), offset, whence.whence));
  });
}

void whole_files(FileGenerator& generator) {
  const std::string path = generator.path();
  if (generator.one_in(2)) {
    generator.add(fmt::format("contents of \"{}\"", path), [=](FileCaller&) { return files::contents(path); });
  } else {
    const std::string bytes(generator.size(), generator.letter());
    generator.add(fmt::format("put {} into \"{}\"", files::shown(bytes), path),
                  [=](FileCaller&) { return files::put(path, bytes); });
  }
}

void by_stream(FileGenerator& generator) {
  const std::string path = generator.path();
  const char* const mode = generator.one_of({"r", "r+", "w", "a", "a+", "wx"});
  const char letter = generator.letter();
  generator.add(fmt::format("fopen(\"{}\", \"{}\"), fprintf(\"{}\")", path, mode, letter), [=](FileCaller&) {
    FILE* const file = std::fopen(path.c_str(), mode);
    if (file == nullptr) return outcome(-1);
    const long place = std::ftell(file);
    const int printed = std::fprintf(file, "%c", letter);
    return fmt::format("{} {} {}", place, printed < 0 ? "error" : "printed", outcome(std::fclose(file)));
  });
}

void from_one_to_another(FileGenerator& generator) {
  const int from = generator.pick();
  const int to = generator.pick();
  const std::size_t size = generator.size();
  if (generator.one_in(2)) {
    generator.add(fmt::format("sendfile(s{}, s{}, NULL, {})", to, from, size), [=](FileCaller& caller) {
      // Within a file it moves pages, which change while they are on their way.
      if (files::same(caller.fd(to), caller.fd(from))) return std::string("not asked");
      return outcome(sendfile(caller.fd(to), caller.fd(from), nullptr, size));
    });
    return;
  }
  const off_t in = generator.offset();
  const off_t out = generator.offset();
  generator.add(fmt::format("copy_file_range(s{}, {}, s{}, {}, {})", from, in, to, out, size), [=](FileCaller& caller) {
    off_t in_place = in;
    off_t out_place = out;
    const ssize_t copied = copy_file_range(caller.fd(from), &in_place, caller.fd(to), &out_place, size, 0);
    return copied < 0 ? outcome(copied) : fmt::format("{} {} {}", copied, in_place, out_place);
  });
}

void how_much_is_left(FileGenerator& generator) {
  const int slot = generator.pick();
  generator.add(fmt::format("ioctl(s{}, FIONREAD)", slot), [=](FileCaller& caller) {
    int left = 0;
    const int given = ioctl(caller.fd(slot), FIONREAD, &left);
    return given < 0 ? outcome(given) : fmt::format("{}: {}", given, left);
  });
}

constexpr FileKind kKinds[] = {
    {14, a_read},         {22, a_write}, {10, a_pread},     {16, a_pwrite}, {7, several_read},
    {7, several_written}, {12, a_seek},  {14, whole_files}, {4, by_stream}, {4, from_one_to_another},
    {1, how_much_is_left}};

}  // namespace

const std::span<const FileKind> kMovingBytes(kKinds);

}  // namespace stillpoint::test
