#include "visualizer/model/lanes.hpp"

#include <algorithm>
#include <tuple>

#include "visualizer/model/arrow_index.hpp"
#include "visualizer/model/lane_index.hpp"
#include "visualizer/model/time_scale.hpp"

namespace stillpoint::view {
namespace {

constexpr int kWidest = UINT16_MAX;      // LaneColumn::x
constexpr std::size_t kMostEdges = 200;  // of one event, around the cursor
constexpr std::size_t kMostLitArrows = 4000;
constexpr int kSteps = 2;

auto key(const Arrow& arrow) { return std::tuple(arrow.from, arrow.to, arrow.kind); }
bool is_before(const Arrow& left, const Arrow& right) { return key(left) < key(right); }
bool is_same(const Arrow& left, const Arrow& right) { return key(left) == key(right); }

// What a result was worked out for.
struct Key {
  TimeRange range{};
  std::uint64_t cone_version = UINT64_MAX;
  EventIndex cursor = kNone;
  std::size_t size = 0;  // width, or the most arrows
  bool operator==(const Key&) const = default;
};

struct CachedLane {
  std::unique_ptr<LaneIndex> index;
  Key key;
  LaneContent content;
};

struct CachedArrows {
  Key key;
  std::vector<Arrow> arrows;
};

}  // namespace

struct Lanes::State {
  explicit State(const View& shown) : view(shown), lanes(shown.trace().hosts().size()) {
    for (const ViolationRow& violation : view.trace().violations()) {
      for (const ViolationWitness& witness : violation.witnesses) witnesses.push_back(witness.event);
    }
    std::sort(witnesses.begin(), witnesses.end());
  }

  LaneIndex& index(HostIndex host) {
    std::unique_ptr<LaneIndex>& index = lanes[host].index;
    if (index == nullptr) index = std::make_unique<LaneIndex>(view.trace(), host, witnesses);
    index->set_cone(view.cone(), view.cone_version());
    return *index;
  }

  const ArrowIndex& all_messages() {
    if (!messages) messages = std::make_unique<ArrowIndex>(index_messages(view.trace()));
    return *messages;
  }

  // Those that join two lit events, unless everything is lit.
  const ArrowIndex& lit_messages() {
    if (lit_version != view.cone_version()) {
      lit = view.cone().lit.empty() ? ArrowIndex() : all_messages().among(view.cone().lit);
      lit_version = view.cone_version();
    }
    return lit;
  }

  Arrow arrow(EventIndex from, EventIndex to, CauseKind kind) const {
    const Cone& cone = view.cone();
    return {.from = from, .to = to, .kind = kind, .lit = cone.contains(from) && cone.contains(to)};
  }

  std::vector<Arrow> around(EventIndex cursor) const;

  const View& view;
  std::vector<EventIndex> witnesses;
  std::vector<CachedLane> lanes;
  std::unique_ptr<ArrowIndex> messages;
  ArrowIndex lit;
  std::uint64_t lit_version = UINT64_MAX;
  CachedArrows selection;
  CachedArrows all;
  std::size_t total = 0;
  std::vector<std::uint32_t> density;
};

// Two steps back and two steps on; sorted.
std::vector<Arrow> Lanes::State::around(EventIndex cursor) const {
  std::vector<Arrow> result;
  if (cursor == kNone) return result;
  for (const bool back : {true, false}) {
    std::vector<EventIndex> reached{cursor};
    for (int step = 0; step < kSteps; ++step) {
      std::vector<EventIndex> next;
      for (const EventIndex event : reached) {
        const std::vector<Edge> causes = back ? view.trace().causes(event) : std::vector<Edge>();
        const std::span<const Edge> edges = back ? std::span<const Edge>(causes) : view.trace().effect_edges(event);
        for (const Edge& edge : edges.first(std::min(edges.size(), kMostEdges))) {
          result.push_back(back ? arrow(edge.event, event, edge.kind) : arrow(event, edge.event, edge.kind));
          next.push_back(edge.event);
        }
      }
      next.resize(std::min(next.size(), kMostEdges));
      reached = std::move(next);
    }
  }
  std::sort(result.begin(), result.end(), is_before);
  result.erase(std::unique(result.begin(), result.end(), is_same), result.end());
  return result;
}

Lanes::Lanes(const View& view) : state_(std::make_unique<State>(view)) {}
Lanes::~Lanes() = default;

const LaneContent& Lanes::lane(HostIndex host, int width_px) {
  static const LaneContent kNothing;
  if (host >= state_->lanes.size()) return kNothing;
  const View& view = state_->view;
  const int width = std::clamp(width_px, 1, kWidest);
  const EventIndex cursor = view.cursor();
  const bool here = cursor != kNone && view.trace().events()[cursor].host == host;
  const Key key{.range = view.range(),
                .cone_version = view.cone_version(),
                .cursor = here ? cursor : kNone,
                .size = static_cast<std::size_t>(width)};
  CachedLane& lane = state_->lanes[host];
  if (lane.index == nullptr || lane.key != key) {
    lane.content = state_->index(host).draw(key.range, width, key.cursor);
    lane.key = key;
  }
  return lane.content;
}

const std::vector<Arrow>& Lanes::arrows_of_selection() {
  const View& view = state_->view;
  const Key key{.range = view.range(), .cone_version = view.cone_version(), .cursor = view.cursor(), .size = 1};
  CachedArrows& cached = state_->selection;
  if (cached.key == key) return cached.arrows;
  cached.arrows = state_->around(view.cursor());
  const auto chosen = static_cast<std::ptrdiff_t>(cached.arrows.size());
  for (const ArrowIndex::Item& item : state_->lit_messages().find(key.range, kMostLitArrows)) {
    const Arrow arrow = state_->arrow(item.from, item.to, item.kind);
    const bool there = std::binary_search(cached.arrows.begin(), cached.arrows.begin() + chosen, arrow, is_before);
    if (!there) cached.arrows.push_back(arrow);
  }
  cached.key = key;
  return cached.arrows;
}

const std::vector<Arrow>& Lanes::all_messages(std::size_t most) {
  const View& view = state_->view;
  const Key key{.range = view.range(), .cone_version = view.cone_version(), .cursor = kNone, .size = most};
  CachedArrows& cached = state_->all;
  if (cached.key == key) return cached.arrows;
  const ArrowIndex& messages = state_->all_messages();
  cached.arrows.clear();
  for (const ArrowIndex::Item& item : messages.find(key.range, most)) {
    cached.arrows.push_back(state_->arrow(item.from, item.to, item.kind));
  }
  state_->total = messages.count(key.range);
  cached.key = key;
  return cached.arrows;
}

std::size_t Lanes::total_messages() const { return state_->total; }

const std::vector<std::uint32_t>& Lanes::density(int columns) {
  const auto wanted = static_cast<std::size_t>(std::clamp(columns, 1, kWidest));
  if (state_->density.size() != wanted) {
    state_->density.assign(wanted, 0);
    const TimeScale scale(state_->view.whole(), static_cast<int>(wanted));
    for (const EventRow& event : state_->view.trace().events()) ++state_->density[scale.column(event.at_ns)];
  }
  return state_->density;
}

EventIndex Lanes::nearest(HostIndex host, int width_px, float x, float reach_px) {
  if (host >= state_->lanes.size()) return kNone;
  return state_->index(host).nearest(state_->view.range(), std::clamp(width_px, 1, kWidest), x, reach_px);
}

}  // namespace stillpoint::view
