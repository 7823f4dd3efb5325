#include "sim-core/process/annotations.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim-core/kernel/current.hpp"

namespace stillpoint::process {
namespace {

// stillpoint/annotate.hpp: annotations::Sort.
enum Sort : int { kAlways, kSometimes, kReachable, kUnreachable, kBuggify, kSorts };
constexpr const char* kNames[kSorts] = {"always", "sometimes", "reachable", "unreachable", "buggify"};

std::string_view folder_of(std::string_view file) { return file.substr(0, file.find_last_of('/') + 1); }

}  // namespace

Annotations::Annotations(kernel::Kernel& kernel, const faults::Injector& injector, std::vector<std::string> of,
                         Broken broken)
    : kernel_(kernel), injector_(injector), of_(std::move(of)), broken_(std::move(broken)) {
  interpose::set_annotation_listener(this);
}

Annotations::~Annotations() { interpose::set_annotation_listener(nullptr); }

Annotations::Seen& Annotations::seen(const interpose::Annotation& annotation) {
  const auto found = seen_.find(Less::View(annotation.sort, annotation.name));
  if (found != seen_.end()) return found->second;
  folders_.emplace(folder_of(annotation.file));
  return seen_[{annotation.sort, annotation.name}];
}

bool Annotations::at(const interpose::Annotation& annotation, bool holds, int line, const char* details) {
  Seen& seen = this->seen(annotation);
  const char* const name = annotation.name;
  const auto place = [&] { return fmt::format("{}:{}", annotation.file, line); };
  switch (annotation.sort) {
    case kAlways:
      ++seen.times;
      if (!holds) {
        broken_(name, {.promised = "it always holds (" + place() + ")", .found = "it does not", .because = details});
      }
      return false;
    case kSometimes:
      if (holds) reached(seen, name);
      return false;
    case kReachable:
      reached(seen, name);
      return false;
    case kUnreachable:
      ++seen.times;
      broken_(name, {.promised = "nobody ever comes to " + place(), .found = "somebody did"});
      return false;
    case kBuggify:
      return fires(seen, name);
    default:
      return false;
  }
}

void Annotations::reached(Seen& seen, std::string_view name) {
  if (seen.times++ > 0) return;
  kernel_.trace.event(EventKind::reach, kernel_.queue.now(), kernel::current_host->where(), 0, 0, 0, {}, name);
}

bool Annotations::fires(Seen& place, const std::string& name) {
  if (!place.decided) decide(place, name);
  if (!place.on || kernel_.queue.now() >= injector_.buggify_until()) return false;
  const kernel::Host& host = *kernel::current_host;
  auto draws = place.draws.find(host.id());
  if (draws == place.draws.end())
    draws = place.draws.emplace(host.id(), RandomStream(kernel_.seed, "buggify", name + "@" + host.name())).first;
  if (!draws->second.chance(place.probability)) return false;
  kernel_.trace.event(EventKind::buggify, kernel_.queue.now(), host.where(), place.times++, 0, 0, {}, name);
  return true;
}

void Annotations::decide(Seen& place, const std::string& name) const {
  const faults::Buggify& plan = injector_.plan().buggify;
  place.decided = true;
  place.on = RandomStream(kernel_.seed, "buggify place", name).chance(plan.enabled);
  place.probability = plan.probability;
  for (const faults::Buggify::Site& site : plan.sites) {
    if (site.name != name) continue;
    place.on = site.on;
    place.probability = site.probability;
  }
}

bool Annotations::is_meant(const char* file) const {
  const std::string_view path = file;
  if (of_.empty()) return folders_.contains(folder_of(path));
  return std::ranges::any_of(of_, [&](const std::string& part) { return path.find(part) != std::string_view::npos; });
}

std::vector<Tally> Annotations::tallies() const {
  std::map<std::pair<int, std::string>, std::uint64_t> times;
  for (const interpose::Annotation& known : interpose::known_annotations()) {
    if (is_meant(known.file)) times[{known.sort, known.name}] = 0;
  }
  for (const auto& [key, seen] : seen_) times[key] = seen.times;
  std::vector<Tally> tallies;
  for (const auto& [key, count] : times) {
    if (key.first >= 0 && key.first < kSorts) tallies.push_back({kNames[key.first], key.second, count});
  }
  return tallies;
}

}  // namespace stillpoint::process
