// Threads that share files.
#include <thread>

#include "tests/conformance/files/files.hpp"
#include "tests/conformance/threads.hpp"

namespace stillpoint::test::files {
namespace {

void one_description(World& w) {
  const int fd = open(w, "a");
  const auto writes = [fd](char what) {
    return std::thread([fd, what] {
      for (int i = 0; i < 200; ++i) write(fd, std::string(10, what));
    });
  };
  std::thread one = writes('a');
  std::thread two = writes('b');
  one.join();
  two.join();
  w.notes("nothing is lost", {size(fd), place(fd)});
  std::string whole = "yes";
  for (off_t at = 0; at < 4'000; at += 10) {
    char bytes[10];
    if (::pread(fd, bytes, 10, at) != 10 || std::string(bytes, 10) != std::string(10, bytes[0])) whole = "no";
  }
  w.note("writes are whole", whole);
}

void appending(World& w) {
  std::vector<std::thread> threads;
  for (const char what : {'a', 'b', 'c', 'd'}) {
    threads.emplace_back([what] {
      const int fd = ::open("a", O_WRONLY | O_CREAT | O_APPEND, 0644);
      for (int i = 0; i < 50; ++i) write(fd, std::string(7, what));
      ::close(fd);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const int fd = open(w, "a", O_RDONLY);
  int counts[4] = {};
  for (std::string bytes(7, '?'); ::read(fd, bytes.data(), 7) == 7;)
    if (bytes == std::string(7, bytes[0])) ++counts[bytes[0] - 'a'];
  w.notes("all is there", {size(fd), std::to_string(counts[0]), std::to_string(counts[1]), std::to_string(counts[2]),
                           std::to_string(counts[3])});
}

void exclusive(World& w) {
  std::vector<std::thread> threads;
  int made[8] = {};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([i, &made] {
      for (int name = 0; name < 20; ++name) {
        const int fd = ::open(("file" + std::to_string(name)).c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644);
        made[i] += fd >= 0;
        if (fd >= 0) ::close(fd);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int all = 0;
  for (const int one : made) all += one;
  w.note("each is made once", std::to_string(all));
}

void one_directory_for_all(World& w) {
  mkdir("d", 0755);
  w.note("another thread changes it", elsewhere([] { return result(chdir("d")); }));
  put("a", "x");
  w.notes("for all", {names(), names("..")});
  w.notes("umask as well", {elsewhere([] { return octal(umask(077)); }), octal(umask(022))});
}

void closed_by_another(World& w) {
  const int fd = open(w, "a");
  write(fd, "text");
  w.note("closed", elsewhere([fd] { return result(::close(fd)); }));
  w.note("for all", pread(fd, 4, 0));
  const int again = ::open("a", O_RDONLY);
  w.note("the number is free", again == fd);
  ::close(again);
}

void unlinked_by_another(World& w) {
  const int fd = open(w, "a");
  write(fd, "text");
  w.note("unlinked", elsewhere([] { return result(unlink("a")); }));
  w.notes("still open", {contents(fd), type("a")});
}

constexpr Case kCases[] = {
    {"one description", one_description},
    {"O_APPEND", appending},
    {"O_EXCL", exclusive},
    {"one directory for all", one_directory_for_all},
    {"closed by another", closed_by_another},
    {"unlinked by another", unlinked_by_another},
};
const Suite suite("files/threads", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
