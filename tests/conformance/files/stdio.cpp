// stdio(3) on files: what a program sees that knows nothing of descriptors.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <vector>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

std::string opening_stream(const char* path, const char* mode) {
  FILE* const file = std::fopen(path, mode);
  if (file == nullptr) return result(-1);
  std::fclose(file);
  return "open";
}
std::string line(FILE* file) {
  char text[200];
  return std::fgets(text, sizeof text, file) == nullptr ? "nothing" : shown(text);
}

void opened(World& w) {
  w.notes("what is not there", {opening_stream("a", "r"), opening_stream("a", "r+"), names()});
  w.notes("w makes it", {opening_stream("a", "w"), size("a"), mode("a")});
  put("a", "text");
  w.notes("r+ keeps it, w empties it", {opening_stream("a", "r+"), size("a"), opening_stream("a", "w+"), size("a")});
  w.notes("a makes it, too", {opening_stream("b", "a"), names()});
  w.notes("x", {opening_stream("b", "wx"), opening_stream("c", "wx"), names()});
  mkdir("d", 0755);
  w.notes("a directory", {opening_stream("d", "r"), opening_stream("d", "w"), opening_stream("no/a", "w"),
                          opening_stream("a/b", "r")});
  w.notes("a wrong mode", {opening_stream("a", "q"), opening_stream("a", "")});
  FILE* const file = std::fopen("a", "re");
  w.note("e", result(fcntl(fileno(file), F_GETFD)));
  std::fclose(file);
}

void lines(World& w) {
  FILE* file = std::fopen("a", "w");
  w.notes("write", {result(std::fprintf(file, "one %d\n", 1)), result(std::fputs("two\n", file) < 0 ? -1 : 0),
                    result(std::fputc('3', file))});
  w.notes("not there yet", {size("a")});
  w.notes("flush", {result(std::fflush(file)), size("a")});
  w.note("close", result(std::fclose(file)));
  file = std::fopen("a", "r");
  w.notes("read", {line(file), line(file), line(file), line(file)});
  w.notes("the end", {result(std::feof(file) != 0), result(std::ferror(file) != 0)});
  std::rewind(file);
  int number = 0;
  w.notes("scanned", {result(std::fscanf(file, "one %d", &number)), std::to_string(number)});
  char* text = nullptr;
  std::size_t room = 0;
  w.notes("getline", {result(getline(&text, &room, file)), result(getline(&text, &room, file)), shown(text)});
  std::free(text);
  std::fclose(file);
}

void blocks(World& w) {
  const std::string bytes(50'000, 'x');
  FILE* const file = std::fopen("a", "w+");
  w.notes("fwrite", {std::to_string(std::fwrite(bytes.data(), 1'000, 50, file)), result(std::ftell(file))});
  std::string back(60'000, '?');
  std::rewind(file);
  w.notes("fread",
          {std::to_string(std::fread(back.data(), 1, back.size(), file)), result(std::feof(file) != 0), size("a")});
  std::clearerr(file);
  w.notes("again", {std::to_string(std::fread(back.data(), 1, 10, file)), result(std::fseek(file, -3, SEEK_END)),
                    std::to_string(std::fread(back.data(), 1, 10, file))});
  std::fclose(file);
}

void places(World& w) {
  put("a", "0123456789");
  FILE* const file = std::fopen("a", "r+");
  w.notes("seek", {result(std::fseek(file, 4, SEEK_SET)), std::string(1, static_cast<char>(std::fgetc(file))),
                   result(std::ftell(file))});
  w.notes("from the end", {result(std::fseek(file, -2, SEEK_END)), line(file)});
  w.notes("from here", {result(std::fseek(file, -5, SEEK_CUR)), std::string(1, static_cast<char>(std::fgetc(file)))});
  w.notes("before the beginning", {result(std::fseek(file, -1, SEEK_SET)), result(std::fseek(file, 0, 9))});
  std::fpos_t kept{};
  w.notes("fgetpos", {result(std::fgetpos(file, &kept)), result(std::fseek(file, 0, SEEK_SET)),
                      result(std::fsetpos(file, &kept)), result(ftello(file))});
  w.notes("written after a seek",
          {result(std::fputs("XY", file) < 0 ? -1 : 0), result(std::fflush(file)), contents("a")});
  w.notes("behind the end", {result(std::fseek(file, 15, SEEK_SET)), result(std::fputc('z', file)),
                             result(std::fflush(file)), contents("a")});
  w.notes("pushed back", {result(std::fseek(file, 1, SEEK_SET)), result(std::ungetc('?', file)),
                          result(std::ftell(file)), std::string(1, static_cast<char>(std::fgetc(file)))});
  std::fclose(file);
}

void appending(World& w) {
  put("a", "begin ");
  FILE* const file = std::fopen("a", "a+");
  w.note("place", result(std::ftell(file)));
  std::fputs("one ", file);
  std::fflush(file);
  w.notes("read from the beginning", {result(std::fseek(file, 0, SEEK_SET)), line(file)});
  std::fseek(file, 0, SEEK_SET);
  std::fputs("two", file);
  w.notes("written at the end all the same", {result(std::fclose(file)), contents("a")});
}

void of_a_descriptor(World& w) {
  put("a", "0123456789");
  const int fd = ::open("a", O_RDWR);
  seek(fd, 3);
  FILE* const file = ::fdopen(fd, "r+");
  w.notes("from its place", {result(std::ftell(file)), std::string(1, static_cast<char>(std::fgetc(file))),
                             fileno(file) == fd ? "its descriptor" : "another"});
  w.notes("it has read ahead", {place(fd), result(std::fseek(file, 0, SEEK_CUR)), place(fd)});
  w.notes("closed with it", {result(std::fclose(file)), result(fcntl(fd, F_GETFD))});
  const int reader = open(w, "a", O_RDONLY);
  w.notes("modes",
          {::fdopen(reader, "w") == nullptr ? result(-1) : "open", ::fdopen(-1, "r") == nullptr ? result(-1) : "open"});
  FILE* const other = ::fdopen(::open("a", O_RDWR), "a");
  w.notes("a mode for appending",
          {result((fcntl(fileno(other), F_GETFL) & O_APPEND) != 0 ? 1 : 0),
           result(std::fputs("end", other) < 0 ? -1 : 0), result(std::fclose(other)), contents("a")});
}

void for_one_direction(World& w) {
  put("a", "text");
  FILE* const reader = std::fopen("a", "r");
  errno = 0;
  w.notes("write", {result(std::fputc('x', reader)), result(std::ferror(reader) != 0)});
  std::fclose(reader);
  FILE* const writer = std::fopen("a", "a");
  w.notes("read", {result(std::fgetc(writer)), result(std::ferror(writer) != 0), result(std::feof(writer) != 0)});
  std::fclose(writer);
}

void opened_again(World& w) {
  put("a", "first");
  put("b", "second");
  FILE* file = std::fopen("a", "r");
  const int fd = fileno(file);
  w.note("read", line(file));
  file = std::freopen("b", "r", file);
  w.notes("another file",
          {file == nullptr ? result(-1) : line(file), fileno(file) == fd ? "the same descriptor" : "another"});
  file = std::freopen("c", "w", file);
  w.notes("for writing", {file == nullptr ? result(-1) : result(std::fputs("third", file) < 0 ? -1 : 0),
                          result(std::fclose(file)), contents("c")});
}

void buffers(World& w) {
  FILE* const file = std::fopen("a", "w");
  std::setvbuf(file, nullptr, _IONBF, 0);
  w.notes("none", {result(std::fputs("at once", file) < 0 ? -1 : 0), contents("a")});
  std::fclose(file);
  FILE* const by_line = std::fopen("b", "w");
  char room[100];
  std::setvbuf(by_line, room, _IOLBF, sizeof room);
  w.notes("of a line", {result(std::fputs("not yet", by_line) < 0 ? -1 : 0), size("b"),
                        result(std::fputs(", now\n", by_line) < 0 ? -1 : 0), size("b")});
  std::fclose(by_line);
}

void two_at_once(World& w) {
  FILE* const writer = std::fopen("a", "w");
  FILE* const reader = std::fopen("a", "r");
  w.note("nothing", line(reader));
  std::fputs("text\n", writer);
  std::fflush(writer);
  std::clearerr(reader);
  w.note("read on", line(reader));
  unlink("a");
  std::fputs("more\n", writer);
  std::fclose(writer);
  std::clearerr(reader);
  w.notes("without a name", {line(reader), type("a")});
  std::fclose(reader);
}

void removed_and_renamed(World& w) {
  put("a", "x");
  w.notes("rename", {result(std::rename("a", "b")), names()});
  w.notes("remove", {result(std::remove("b")), result(std::remove("b")), names()});
}

void wide(World& w) {
  FILE* file = std::fopen("a", "w");
  w.notes("orientation", {result(std::fwide(file, 0) == 0), result(std::fputws(L"wide\n", file) < 0 ? -1 : 0),
                          result(std::fwide(file, 0) > 0)});
  w.notes("close", {result(std::fclose(file)), contents("a")});
  file = std::fopen("a", "r");
  wchar_t text[20];
  w.note("read", std::fgetws(text, 20, file) != nullptr && std::wstring(text) == L"wide\n");
  std::fclose(file);
}

void many(World& w) {
  std::vector<FILE*> files;
  for (int i = 0; i < 100; ++i) {
    files.push_back(std::fopen(("file" + std::to_string(i)).c_str(), "w+"));
    if (files.back() != nullptr) std::fprintf(files.back(), "number %d", i);
  }
  w.notes("flush all", {result(std::fflush(nullptr)), contents("file7"), contents("file99")});
  for (FILE* file : files) std::fclose(file);
}

constexpr Case kCases[] = {
    {"opened", opened},
    {"lines", lines},
    {"blocks", blocks},
    {"places", places},
    {"appending", appending},
    {"fdopen", of_a_descriptor},
    {"for one direction", for_one_direction},
    {"freopen", opened_again},
    {"buffers", buffers},
    {"two at once", two_at_once},
    {"removed and renamed", removed_and_renamed},
    {"wide", wide},
    {"many", many},
};
const Suite suite("files/stdio", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
