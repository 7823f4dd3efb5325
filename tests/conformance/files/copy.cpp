// copy_file_range(2), sendfile(2).
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

std::string copy(int from, off_t* from_offset, int to, off_t* to_offset, std::size_t size, unsigned flags = 0) {
  return result(copy_file_range(from, from_offset, to, to_offset, size, flags));
}

void at_the_places(World& w) {
  put("a", "0123456789");
  const int from = open(w, "a", O_RDONLY);
  const int to = open(w, "b");
  write(to, "begin ");
  w.notes("some", {copy(from, nullptr, to, nullptr, 4), place(from), place(to), contents(to)});
  w.notes("more than there is", {copy(from, nullptr, to, nullptr, 100), place(from), contents(to)});
  w.notes("at the end", {copy(from, nullptr, to, nullptr, 100), place(to)});
  w.note("nothing", copy(from, nullptr, to, nullptr, 0));
}

void at_offsets(World& w) {
  put("a", "0123456789");
  const int from = open(w, "a", O_RDONLY);
  const int to = open(w, "b");
  off_t in = 2;
  off_t out = 5;
  w.notes("copy", {copy(from, &in, to, &out, 4), std::to_string(in), std::to_string(out), contents(to)});
  w.notes("the places stay", {place(from), place(to)});
  in = 100;
  w.notes("from behind the end", {copy(from, &in, to, &out, 4), std::to_string(in), size(to)});
  in = -1;
  w.notes("negative", {copy(from, &in, to, &out, 4), copy(from, &in, to, &out, 0)});
  in = -5;
  w.notes("over zero", {copy(from, &in, to, &out, 4), copy(from, &in, to, &out, 5)});
  in = 1;
  w.note("as much as can be named", copy(from, &in, to, &out, static_cast<std::size_t>(-1)));
  in = 0;
  out = -1;
  w.notes("to a negative one", {copy(from, &in, to, &out, 4), copy(from, &in, to, &out, 0)});
  out = 0xFFF'FFFF'F000;
  w.note("behind the largest file", copy(from, &in, to, &out, 4));
  in = 100;
  w.note("even of nothing", copy(from, &in, to, &out, 4));
}

void within_a_file(World& w) {
  const int fd = open(w, "a");
  write(fd, "0123456789");
  off_t in = 0;
  off_t out = 10;
  w.notes("beside", {copy(fd, &in, fd, &out, 5), contents(fd)});
  in = 0;
  out = 3;
  w.notes("over itself", {copy(fd, &in, fd, &out, 5), contents(fd)});
  in = 0;
  w.notes("by another descriptor", {copy(open(w, "a", O_RDONLY), &in, fd, &out, 5), contents(fd)});
}

void refused(World& w) {
  put("a", "0123456789");
  const int reader = open(w, "a", O_RDONLY);
  const int writer = open(w, "b", O_WRONLY | O_CREAT);
  w.notes("directions", {copy(writer, nullptr, writer, nullptr, 4), copy(reader, nullptr, reader, nullptr, 4)});
  w.note("a flag", copy(reader, nullptr, writer, nullptr, 4, 1));
  w.note("appending", copy(reader, nullptr, open(w, "c", O_WRONLY | O_CREAT | O_APPEND), nullptr, 4));
  const int directory = open(w, ".", O_RDONLY);
  w.note("a directory", copy(directory, nullptr, writer, nullptr, 4));
  int ends[2];
  pipe(ends);
  w.keep(ends[0]);
  w.keep(ends[1]);
  w.notes("pipes", {copy(reader, nullptr, ends[1], nullptr, 4), copy(ends[0], nullptr, writer, nullptr, 4)});
  w.notes("none", {copy(-1, nullptr, writer, nullptr, 4), copy(reader, nullptr, -1, nullptr, 4)});
  w.notes("contents", {contents("a"), contents("b")});
}

void file_to_file(World& w) {
  put("a", "0123456789");
  const int from = open(w, "a", O_RDONLY);
  const int to = open(w, "b");
  w.notes("sendfile", {result(sendfile(to, from, nullptr, 4)), place(from), place(to), contents(to)});
  off_t offset = 7;
  w.notes("from an offset",
          {result(sendfile(to, from, &offset, 100)), std::to_string(offset), place(from), contents(to)});
  w.notes("at the end", {result(sendfile(to, from, &offset, 100))});
  w.notes("appending", {result(sendfile(open(w, "c", O_WRONLY | O_CREAT | O_APPEND), from, nullptr, 4))});
  const int directory = open(w, ".", O_RDONLY);
  w.notes("from a directory",
          {result(sendfile(to, directory, nullptr, 0)), result(sendfile(to, directory, nullptr, 1))});
  w.note("a negative size", result(sendfile(to, from, nullptr, static_cast<std::size_t>(-1))));
  const auto from_there = [&](off_t place, std::size_t size) { return result(sendfile(to, from, &place, size)); };
  w.notes("from the end of the largest file", {from_there(0xFFF'FFFF'F000, 0), from_there(0xFFF'FFFF'F000, 4)});
  w.notes("from behind it", {from_there(off_t{1} << 50, 0), from_there(off_t{1} << 50, 4)});
  w.notes("directions",
          {result(sendfile(from, from, nullptr, 4)), result(sendfile(to, open(w, "b", O_WRONLY), nullptr, 4))});
}

void file_to_socket(World& w) {
  put("a", std::string(20'000, 'x') + "end");
  const int from = open(w, "a", O_RDONLY);
  const auto [user, server] = w.connected();
  off_t offset = 19'998;
  w.notes("some", {result(sendfile(user, from, &offset, 4)), std::to_string(offset), place(from)});
  w.settle();
  w.note("arrives", w.receive(server));
  w.notes("all", {result(sendfile(user, from, nullptr, 100'000)), place(from)});
  w.settle();
  std::string all;
  char bytes[4'096];
  for (ssize_t got; (got = ::recv(server, bytes, sizeof bytes, 0)) > 0; w.settle())
    all.append(bytes, static_cast<std::size_t>(got));
  w.note("arrives", shown(all));
  w.notes("at the end", {result(sendfile(user, from, nullptr, 10))});
  w.notes("from a socket", {result(sendfile(open(w, "b"), user, nullptr, 10))});
}

void file_to_pipe(World& w) {
  put("a", std::string(100'000, 'x'));
  const int from = open(w, "a", O_RDONLY);
  int ends[2];
  pipe2(ends, O_NONBLOCK);
  w.keep(ends[0]);
  w.keep(ends[1]);
  w.notes("as much as it holds", {result(sendfile(ends[1], from, nullptr, 100'000)), place(from),
                                  result(sendfile(ends[1], from, nullptr, 1'000))});
  w.notes("there", {read(ends[0], 100)});
  w.notes("an offset of nothing",
          {result(sendfile(ends[1], -1, nullptr, 10)), result(sendfile(-1, from, nullptr, 10))});
  off_t negative = -1;
  w.note("a negative offset", result(sendfile(ends[1], from, &negative, 10)));
}

constexpr Case kCases[] = {
    {"at the places", at_the_places},     {"at offsets", at_offsets},
    {"within a file", within_a_file},     {"refused", refused},
    {"sendfile to a file", file_to_file}, {"sendfile to a socket", file_to_socket},
    {"sendfile to a pipe", file_to_pipe},
};
const Suite suite("files/copy", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
