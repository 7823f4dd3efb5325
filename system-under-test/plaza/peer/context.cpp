#include "system-under-test/plaza/peer/context.hpp"

#include <chrono>

namespace plaza::peer {

// A function must not be destroyed while it runs.
class Context::Calling {
 public:
  explicit Calling(Context& context) : context_(context) { ++context_.calls_; }
  ~Calling() {
    if (--context_.calls_ == 0 && context_.ended_) const auto unused = std::exchange(context_.callbacks_, {});
  }
  Calling(const Calling&) = delete;
  Calling& operator=(const Calling&) = delete;

 private:
  Context& context_;
};

template <typename Callback, typename... Arguments>
void Context::call(const Callback& callback, const Arguments&... arguments) {
  if (ended_ || !callback) return;
  const Calling calling(*this);
  callback(arguments...);
}

Context::Context(MeshConfig its_config, MeshCallbacks callbacks)
    : config(std::move(its_config)), callbacks_(std::move(callbacks)) {}

bool Context::heard_of(NodeId node, std::uint64_t incarnation) {
  std::uint64_t& latest = incarnations_[node];
  if (incarnation < latest) return false;
  latest = incarnation;
  return true;
}

std::uint64_t Context::latest_of(NodeId node) const {
  const auto known = incarnations_.find(node);
  return known == incarnations_.end() ? 0 : known->second;
}

void Context::received(NodeId from, std::uint8_t type, std::string_view payload) {
  call(callbacks_.received, from, static_cast<FrameType>(type), payload);
}

void Context::lost(NodeId to, Stream stream) { call(callbacks_.lost, to, stream); }

void Context::bulk_drained(NodeId to) { call(callbacks_.bulk_drained, to); }

void Context::said(const std::string& line) { call(callbacks_.said, line); }

void Context::said_once(const std::string& remote, const std::string& words, const std::string& line) {
  if (!repeats_.is_repeat(remote, words, Repeats::Clock::now())) said(line);
}

bool Context::said_connected(const std::string& remote, const std::string& words, const std::string& line) {
  const auto now = Repeats::Clock::now();
  if (repeats_.is_repeat(remote, words, now)) return false;
  repeats_.forget(remote);
  repeats_.is_repeat(remote, words, now);
  said(line);
  return true;
}

void Context::end() {
  ended_ = true;
  if (calls_ == 0) const auto unused = std::exchange(callbacks_, {});
}

std::string milliseconds(MeshConfig::Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

}  // namespace plaza::peer
