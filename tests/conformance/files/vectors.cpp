// readv(2), writev(2), preadv(2), pwritev(2) and their second kind, which has flags.
#include <limits.h>
#include <sys/uio.h>

#include <array>
#include <vector>

#include "tests/conformance/bad_pointers.hpp"
#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

struct Buffers {
  explicit Buffers(std::initializer_list<std::size_t> sizes) {
    for (const std::size_t size : sizes) bytes.emplace_back(size, '?');
    for (std::string& one : bytes) vectors.push_back({one.data(), one.size()});
  }
  Buffers(std::initializer_list<const char*> texts) {
    for (const char* text : texts) bytes.emplace_back(text);
    for (std::string& one : bytes) vectors.push_back({one.data(), one.size()});
  }
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;
  const iovec* data() const { return vectors.data(); }
  int count() const { return static_cast<int>(vectors.size()); }
  std::string all() const {
    std::string text;
    for (const std::string& one : bytes) text += (text.empty() ? "" : "|") + one;
    return text;
  }
  std::vector<std::string> bytes;
  std::vector<iovec> vectors;
};

void scattered(World& w) {
  const int fd = open(w, "a");
  const Buffers out{"one", "", "two", "three"};
  w.notes("writev", {result(writev(fd, out.data(), out.count())), contents(fd)});
  const Buffers in{std::size_t{4}, std::size_t{0}, std::size_t{3}, std::size_t{10}};
  w.notes("readv", {seek(fd, 0), result(readv(fd, in.data(), in.count())), in.all()});
  w.note("place", place(fd));
  w.note("at the end", result(readv(fd, in.data(), in.count())));
}

void at_an_offset(World& w) {
  const int fd = open(w, "a");
  w.note("write", write(fd, "0123456789"));
  const Buffers out{"ab", "cd"};
  w.notes("pwritev", {result(pwritev(fd, out.data(), out.count(), 8)), contents(fd)});
  const Buffers in{std::size_t{2}, std::size_t{3}};
  w.notes("preadv", {result(preadv(fd, in.data(), in.count(), 6)), in.all()});
  w.note("place", place(fd));
  w.notes("negative",
          {result(preadv(fd, in.data(), in.count(), -2)), result(pwritev(fd, out.data(), out.count(), -1))});
}

void counts(World& w) {
  const int fd = open(w, "a");
  w.notes("none", {result(writev(fd, nullptr, 0)), result(readv(fd, nullptr, 0))});
  const Buffers out{"x"};
  w.notes("negative", {result(writev(fd, out.data(), bad_pointers::the_negative)),
                       result(readv(fd, out.data(), bad_pointers::the_negative))});
  std::array<iovec, IOV_MAX + 1> many{};
  char byte = 'b';
  for (iovec& one : many) one = {&byte, 1};
  w.note("as many as go", result(writev(fd, many.data(), IOV_MAX)));
  w.note("one more", result(writev(fd, many.data(), IOV_MAX + 1)));
  w.note("one more at an offset", result(pwritev(fd, many.data(), IOV_MAX + 1, 0)));
  w.note("size", size(fd));
}

void absurd_sizes(World& w) {
  const int fd = open(w, "a");
  w.note("write", write(fd, "text"));
  char room[10] = {};
  iovec vectors[2] = {{room, sizeof room}, {room, static_cast<std::size_t>(-1)}};
  w.notes("a negative size", {result(readv(fd, vectors, 2)), result(writev(fd, vectors, 2))});
  vectors[0] = {room, static_cast<std::size_t>(SSIZE_MAX)};
  w.note("the first negative", result(preadv(fd, vectors, 2, 0)));
  w.note("contents", contents(fd));
}

void of_the_second_kind(World& w) {
  const int fd = open(w, "a");
  w.note("write", write(fd, "0123456789"));
  const Buffers out{"ab", "cd"};
  const Buffers in{std::size_t{2}, std::size_t{3}};
  w.notes("at the place", {seek(fd, 2), result(preadv2(fd, in.data(), in.count(), -1, 0)), in.all()});
  w.note("which moves", place(fd));
  w.notes("write there", {result(pwritev2(fd, out.data(), out.count(), -1, 0)), contents(fd), place(fd)});
  w.notes("at an offset", {result(pwritev2(fd, out.data(), out.count(), 1, 0)), contents(fd), place(fd)});
  w.note("negative", result(preadv2(fd, in.data(), in.count(), -2, 0)));
}

void with_flags(World& w) {
  const int fd = open(w, "a");
  w.note("write", write(fd, "0123456789"));
  const Buffers out{"ab", "cd"};
  w.notes("RWF_DSYNC", {result(pwritev2(fd, out.data(), out.count(), 1, RWF_DSYNC)), contents(fd)});
  w.notes("RWF_APPEND", {result(pwritev2(fd, out.data(), out.count(), 0, RWF_APPEND)), contents(fd), place(fd)});
  w.notes("at the place", {seek(fd, 3), result(pwritev2(fd, out.data(), out.count(), -1, RWF_APPEND)), place(fd)});
  w.note("RWF_SYNC", result(pwritev2(fd, out.data(), out.count(), 0, RWF_SYNC)));
  w.note("an unknown flag", result(preadv2(fd, out.data(), out.count(), 0, 1 << 20)));
}

// What was just written lies in the page cache, where ext4 reads without waiting. It does not write so.
void without_waiting(World& w) {
  const int fd = open(w, "a");
  w.note("write", write(fd, "0123456789"));
  const Buffers in{std::size_t{4}, std::size_t{4}};
  const auto reads = [&](off_t offset) { return result(preadv2(fd, in.data(), in.count(), offset, RWF_NOWAIT)); };
  w.notes("read", {reads(1), in.all(), reads(8), reads(10), reads(100)});
  w.notes("at the place", {seek(fd, 3), reads(-1), place(fd), reads(-1), place(fd)});
  w.notes("a hole", {result(ftruncate(fd, 20'000)), reads(15'000),
                     in.all() == std::string(4, '\0') + '|' + std::string(4, '\0') ? "zeros" : in.all()});
  const Buffers out{"ab", "cd"};
  w.notes("write", {result(pwritev2(fd, out.data(), out.count(), 0, RWF_NOWAIT)),
                    result(pwritev2(fd, out.data(), out.count(), -1, RWF_NOWAIT)), pread(fd, 4, 0)});
  const int directory = open(w, ".", O_RDONLY);
  w.note("a directory", result(preadv2(directory, in.data(), in.count(), 0, RWF_NOWAIT)));
}

// What comes before the flags.
void flags_come_last(World& w) {
  put("a", "0123");
  constexpr int kUnknown = 1 << 20;
  const Buffers in{std::size_t{2}};
  const Buffers nothing{std::size_t{0}};
  const int reader = open(w, "a", O_RDONLY);
  const int writer = open(w, "a", O_WRONLY);
  w.notes("the direction",
          {result(preadv2(writer, in.data(), 1, 0, kUnknown)), result(preadv2(writer, in.data(), 1, -1, kUnknown)),
           result(pwritev2(reader, in.data(), 1, 0, kUnknown))});
  w.notes("the row", {result(preadv2(reader, in.data(), IOV_MAX + 1, 0, kUnknown)),
                      result(preadv2(reader, nothing.data(), 1, 0, kUnknown)),
                      result(pwritev2(writer, nothing.data(), 1, -1, kUnknown))});
  w.notes("then they",
          {result(preadv2(reader, in.data(), 1, -1, kUnknown)), result(pwritev2(writer, in.data(), 1, 0, kUnknown))});
}

void appending(World& w) {
  put("a", "0123");
  const int fd = open(w, "a", O_RDWR | O_APPEND);
  const Buffers out{"x", "yz"};
  w.notes("writev", {result(writev(fd, out.data(), out.count())), place(fd)});
  w.notes("an offset means nothing", {result(pwritev(fd, out.data(), out.count(), 1)), contents(fd)});
  w.note("place", place(fd));
}

void for_one_direction(World& w) {
  put("a", "0123");
  const Buffers in{std::size_t{2}};
  const int reader = open(w, "a", O_RDONLY);
  const int writer = open(w, "a", O_WRONLY);
  w.notes("readv", {result(readv(writer, in.data(), 1)), result(preadv(writer, in.data(), 1, 0))});
  w.notes("writev", {result(writev(reader, in.data(), 1)), result(pwritev(reader, in.data(), 1, 0))});
  w.notes("of a closed descriptor", {w.close(reader), result(readv(reader, in.data(), 1))});
  const int directory = open(w, ".", O_RDONLY);
  w.notes("of a directory", {result(readv(directory, in.data(), 1)), result(preadv(directory, in.data(), 1, 0))});
}

constexpr Case kCases[] = {
    {"scattered", scattered},
    {"at an offset", at_an_offset},
    {"counts", counts},
    {"absurd sizes", absurd_sizes},
    {"preadv2, pwritev2", of_the_second_kind},
    {"with flags", with_flags},
    {"RWF_NOWAIT", without_waiting},
    {"flags come last", flags_come_last},
    {"O_APPEND", appending},
    {"for one direction", for_one_direction},
};
const Suite suite("files/vectors", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
