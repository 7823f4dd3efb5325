#include "sim-core/kernel/file.hpp"

#include <unistd.h>

#include "sim-core/kernel/host.hpp"

namespace stillpoint::kernel {

File::File(Host& host) : host_(host), number_(host.next_file_number()) {}

Result<off_t> File::seek(off_t, int whence) {
  return Failure{whence >= SEEK_SET && whence <= SEEK_HOLE ? ESPIPE : EINVAL};
}

Result<off_t> File::seek_nowhere(off_t, int whence) {
  if (whence < SEEK_SET || whence > SEEK_HOLE) return Failure{EINVAL};
  return off_t{0};
}

void File::watch(Watcher& watcher) {
  watcher.previous_ = nullptr;
  watcher.next_ = watchers_;
  if (watchers_ != nullptr) watchers_->previous_ = &watcher;
  watchers_ = &watcher;
}

void File::watch_exclusively(Watcher& watcher) {
  watcher.exclusive_ = true;
  Watcher* last = watchers_;
  while (last != nullptr && last->next_ != nullptr) last = last->next_;
  watcher.previous_ = last;
  watcher.next_ = nullptr;
  (last == nullptr ? watchers_ : last->next_) = &watcher;
}

void File::leave(Watcher& watcher) {
  (watcher.previous_ == nullptr ? watchers_ : watcher.previous_->next_) = watcher.next_;
  if (watcher.next_ != nullptr) watcher.next_->previous_ = watcher.previous_;
}

void File::descriptor_closed() { host_.release_locks(*this, kProcess); }

void File::drop_reference() {
  if (--references_ > 0) return;
  close_for_good();
  delete this;
}

void File::close_for_good() {
  host_.release_locks(*this, number_);
  while (watchers_ != nullptr) watchers_->on_gone();
  on_close();
}

}  // namespace stillpoint::kernel
