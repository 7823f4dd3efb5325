#include "sim-core/kernel/file.hpp"

#include "sim-core/kernel/host.hpp"

namespace stillpoint::kernel {

File::File(Host& host) : host_(host), number_(host.next_file_number()) {}

void File::watch(Watcher& watcher) {
  watcher.previous_ = nullptr;
  watcher.next_ = watchers_;
  if (watchers_ != nullptr) watchers_->previous_ = &watcher;
  watchers_ = &watcher;
}

void File::leave(Watcher& watcher) {
  (watcher.previous_ == nullptr ? watchers_ : watcher.previous_->next_) = watcher.next_;
  if (watcher.next_ != nullptr) watcher.next_->previous_ = watcher.previous_;
}

void File::drop_reference() {
  if (--references_ > 0) return;
  while (watchers_ != nullptr) watchers_->on_gone();
  on_close();
  delete this;
}

}  // namespace stillpoint::kernel
