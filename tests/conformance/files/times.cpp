// Times of files: what sets them, and what changes them. Only whether they change is observed.
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <utime.h>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

bool differ(const timespec& one, const timespec& other) {
  return one.tv_sec != other.tv_sec || one.tv_nsec != other.tv_nsec;
}
bool before(const timespec& one, const timespec& other) {
  return one.tv_sec != other.tv_sec ? one.tv_sec < other.tv_sec : one.tv_nsec < other.tv_nsec;
}

// Which of a file's times something changes. Linux's clock of files may stand still for some milliseconds.
class Watch {
 public:
  Watch(World& w, std::string path) : w_(w), path_(std::move(path)) { look(); }
  template <typename Action>
  std::string during(Action action) {
    look();
    w_.pass(30ms);
    action();
    const struct stat old = seen_;
    look();
    std::string changed;
    const auto compare = [&changed](const char* name, const timespec& then, const timespec& now) {
      if (differ(then, now))
        changed += (changed.empty() ? "" : " ") + std::string(name) + (before(now, then) ? " back" : "");
    };
    compare("atime", old.st_atim, seen_.st_atim);
    compare("mtime", old.st_mtim, seen_.st_mtim);
    compare("ctime", old.st_ctim, seen_.st_ctim);
    return changed.empty() ? "none" : changed;
  }

 private:
  void look() { lstat(path_.c_str(), &seen_); }
  World& w_;
  std::string path_;
  struct stat seen_ {};
};

std::string shown_times(const char* path, bool follow = true) {
  struct stat status {};
  if ((follow ? stat(path, &status) : lstat(path, &status)) != 0) return result(-1);
  const auto text = [](const timespec& time) {
    return std::to_string(time.tv_sec) + '.' + std::to_string(time.tv_nsec);
  };
  return text(status.st_atim) + ' ' + text(status.st_mtim);
}
std::string set(const char* path, timespec atime, timespec mtime, int flags = 0) {
  const timespec times[2] = {atime, mtime};
  return result(utimensat(AT_FDCWD, path, times, flags));
}

void of_a_new_file(World& w) {
  timespec start{};
  clock_gettime(CLOCK_REALTIME_COARSE, &start);
  Watch folder(w, ".");
  w.note("its directory", folder.during([] { put("a", ""); }));
  struct stat status {};
  stat("a", &status);
  w.note("one time", !differ(status.st_atim, status.st_mtim) && !differ(status.st_mtim, status.st_ctim));
  w.note("which is now", !before(status.st_mtim, start) && status.st_mtim.tv_sec - start.tv_sec < 60);
  w.note("of what it had, opening changes", Watch(w, "a").during([&] { opening("a", O_RDWR | O_CREAT); }));
}

void set_and_read_back(World& w) {
  put("a", "x");
  w.notes("both", {set("a", {1'000, 1}, {2'000, 999'999'999}), shown_times("a")});
  w.notes("only mtime", {set("a", {0, UTIME_OMIT}, {3'000, 5}), shown_times("a")});
  w.notes("only atime", {set("a", {4'000, 6}, {0, UTIME_OMIT}), shown_times("a")});
  w.notes("before 1970", {set("a", {-5, 7}, {-1, 0}), shown_times("a")});
  w.notes("after 2038", {set("a", {5'000'000'000, 8}, {4'294'967'296, 0}), shown_times("a")});
  const int fd = open(w, "a", O_RDONLY);
  const timespec times[2] = {{10, 1}, {20, 2}};
  w.notes("futimens, of one for reading", {result(futimens(fd, times)), shown_times("a")});
}

void ctime_is_now(World& w) {
  put("a", "x");
  Watch a(w, "a");
  w.note("set to the past", a.during([] { set("a", {1, 0}, {1, 0}); }));
  w.note("to the same", a.during([] { set("a", {1, 0}, {1, 0}); }));
  w.note("to now", a.during([] { utimensat(AT_FDCWD, "a", nullptr, 0); }));
  w.note("one to now", a.during([] { set("a", {0, UTIME_OMIT}, {0, UTIME_NOW}); }));
  w.note("neither", a.during([] { set("a", {0, UTIME_OMIT}, {0, UTIME_OMIT}); }));
}

void older_calls(World& w) {
  put("a", "x");
  const timeval micro[2] = {{100, 123'456}, {200, 1}};
  w.notes("utimes", {result(utimes("a", micro)), shown_times("a")});
  const utimbuf seconds{300, 400};
  w.notes("utime", {result(utime("a", &seconds)), shown_times("a")});
  const int fd = open(w, "a", O_RDONLY);
  w.notes("futimes", {result(futimes(fd, micro)), shown_times("a")});
  symlink("a", "l");
  w.notes("lutimes", {result(lutimes("l", micro)), shown_times("l", false)});
  const timeval wrong[2] = {{100, 1'000'000}, {0, 0}};
  w.notes("a wrong one", {result(utimes("a", wrong)), result(utimes("none", micro))});
}

void of_links(World& w) {
  put("a", "x");
  symlink("a", "l");
  set("a", {1, 0}, {1, 0});
  w.notes("the link", {set("l", {10, 0}, {20, 0}, AT_SYMLINK_NOFOLLOW), shown_times("l", false), shown_times("a")});
  w.notes("its target", {set("l", {30, 0}, {40, 0}), shown_times("a")});
}

void refused(World& w) {
  put("a", "x");
  w.notes("nanoseconds", {set("a", {0, -1}, {0, 0}), set("a", {0, 0}, {0, 1'000'000'000})});
  w.notes("of nothing", {set("none", {0, 0}, {0, 0}), set("a/b", {0, 0}, {0, 0}), set("", {0, 0}, {0, 0})});
  w.notes("of nothing, to nothing", {set("none", {0, UTIME_OMIT}, {0, UTIME_OMIT})});
  w.note("an unknown flag", set("a", {0, 0}, {0, 0}, 1 << 20));
  w.notes("by descriptor", {result(futimens(-1, nullptr)), result(utimensat(-1, "a", nullptr, 0))});
}

void writing(World& w) {
  put("a", "text");
  const int fd = open(w, "a", O_RDWR);
  Watch a(w, "a");
  w.note("write", a.during([&] { write(fd, "x"); }));
  w.note("the same again", a.during([&] { pwrite(fd, "x", 0); }));
  w.note("nothing", a.during([&] { write(fd, ""); }));
  w.note("cut", a.during([&] { ftruncate(fd, 2); }));
  w.note("cut to what it is", a.during([&] { ftruncate(fd, 2); }));
  w.note("by path to what it is", a.during([] { truncate("a", 2); }));
  w.note("longer", a.during([&] { ftruncate(fd, 10); }));
  w.note("O_TRUNC", a.during([] { opening("a", O_WRONLY | O_TRUNC); }));
  w.note("O_TRUNC of an empty one", a.during([] { opening("a", O_WRONLY | O_TRUNC); }));
  w.note("fallocate", a.during([&] { fallocate(fd, 0, 0, 100); }));
  w.note("fsync", a.during([&] { fsync(fd); }));
  w.note("a refused write", a.during([&] { pwrite(fd, "x", -1); }));
}

// relatime: the time of the last access is kept up only where it is not younger than the last change, or a day old.
void reading(World& w) {
  put("a", "text");
  const int fd = open(w, "a", O_RDONLY);
  const int writer = open(w, "a", O_WRONLY);
  Watch a(w, "a");
  w.note("the first time", a.during([&] { pread(fd, 2, 0); }));
  w.note("the second time", a.during([&] { pread(fd, 2, 0); }));
  w.note("write", a.during([&] { pwrite(writer, "x", 0); }));
  w.note("the first time after it", a.during([&] { pread(fd, 2, 0); }));
  set("a", {1, 0}, {0, UTIME_OMIT});
  w.note("after a long time", a.during([&] { pread(fd, 2, 0); }));
  put("a", "text");
  const int quiet = open(w, "a", O_RDONLY | O_NOATIME);
  w.note("O_NOATIME", a.during([&] { pread(quiet, 2, 0); }));
}

void of_directories(World& w) {
  mkdir("d", 0755);
  mkdir("e", 0755);
  put("d/a", "x");
  Watch d(w, "d");
  w.note("a new file", d.during([] { put("d/b", "x"); }));
  w.note("written to", d.during([] { put("d/b", "xyz"); }));
  w.note("its mode", d.during([] { chmod("d/b", 0600); }));
  w.note("renamed", d.during([] { rename("d/b", "d/c"); }));
  w.note("over itself", d.during([] { rename("d/c", "d/c"); }));
  w.note("linked", d.during([] { link("d/c", "d/f"); }));
  w.note("linked elsewhere", d.during([] { link("d/c", "g"); }));
  w.note("moved away", d.during([] { rename("d/f", "e/f"); }));
  w.note("removed", d.during([] { unlink("d/c"); }));
  w.note("a new directory", d.during([] { mkdir("d/h", 0755); }));
  w.note("something in that", d.during([] { put("d/h/a", "x"); }));
  w.note("a refused file", d.during([] { opening("d/a", O_RDWR | O_CREAT | O_EXCL); }));
  w.note("listed", d.during([] { names("d"); }));
  w.note("listed again", d.during([] { names("d"); }));
  w.note("moved itself", d.during([] {
    rename("d", "i");
    rename("i", "d");
  }));
}

void of_what_is_linked(World& w) {
  put("a", "x");
  mkdir("d", 0755);
  Watch a(w, "a");
  w.note("link", a.during([] { link("a", "b"); }));
  w.note("unlink", a.during([] { unlink("b"); }));
  w.note("chmod", a.during([] { chmod("a", 0600); }));
  w.note("chmod to what it is", a.during([] { chmod("a", 0600); }));
  w.note("chown to oneself", a.during([] { chown("a", getuid(), getgid()); }));
  w.note("to nobody else", a.during([] { chown("a", static_cast<uid_t>(-1), static_cast<gid_t>(-1)); }));
  Watch moved(w, "c");
  rename("a", "c");
  w.note("rename", moved.during([] {
    rename("c", "d/c");
    rename("d/c", "c");
  }));
  symlink("c", "l");
  Watch l(w, "l");
  w.note("a link that is followed", l.during([] { contents("l"); }));
  w.note("and again", l.during([] { contents("l"); }));
}

void of_mappings(World& w) {
  put("a", "text");
  const int fd = open(w, "a", O_RDWR);
  auto* const bytes = static_cast<char*>(mmap(nullptr, 4'096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  Watch a(w, "a");
  w.note("written through a mapping", a.during([&] {
    bytes[0] = 'T';
    msync(bytes, 4'096, MS_SYNC);
  }));
  munmap(bytes, 4'096);
  w.note("contents", contents("a"));
}

constexpr Case kCases[] = {
    {"of a new file", of_a_new_file},
    {"set and read back", set_and_read_back},
    {"ctime is now", ctime_is_now},
    {"older calls", older_calls},
    {"of links", of_links},
    {"refused", refused},
    {"writing", writing},
    {"reading", reading},
    {"of directories", of_directories},
    {"of what is linked", of_what_is_linked},
    {"of mappings", of_mappings},
};
const Suite suite("files/times", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
