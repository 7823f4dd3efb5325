// An ordinary program that counts on its disk how often it was started, and waits with two threads until its third
// life. Its status tells the count in tens, and in ones what only this life has counted.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace {

struct Counted {
  Counted() { ++count; }
  int count = 0;
} counted;

std::mutex held;

int& of_function() {
  static int count = 0;
  return ++count;
}

}  // namespace

int main() {
  const int file = open("/srv/lives", O_RDWR | O_CREAT, 0600);
  char lives = 0;
  if (file < 0 || pread(file, &lives, 1, 0) < 0) return 1;
  ++lives;
  if (pwrite(file, &lives, 1, 0) != 1 || fsync(file) != 0) return 2;
  held.lock();
  std::atexit([] { of_function(); });
  if (lives == 3) return 10 * lives + counted.count + of_function();
  std::printf("waits");
  std::thread other([] { held.lock(); });
  pause();
  return 3;
}
