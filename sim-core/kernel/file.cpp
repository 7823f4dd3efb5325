#include "sim-core/kernel/file.hpp"

#include "sim-core/kernel/epoll.hpp"
#include "sim-core/kernel/host.hpp"

namespace stillpoint::kernel {

File::File(Host& host) : host_(host), number_(host.next_file_number()) {}

void File::notify(std::uint32_t events, EventId cause) {
  for (EpollItem* item = watchers_; item != nullptr; item = item->next_watcher)
    item->epoll->mark_ready(*item, events, cause);
}

}  // namespace stillpoint::kernel
