#include "visualizer/model/view.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "sim-core/base/shell_word.hpp"

namespace stillpoint::view {
namespace {

// Places in the history; the oldest are forgotten.
constexpr std::size_t kMostPlaces = 1000;

bool failed(const TraceMetadata& metadata) { return !metadata.outcome || metadata.outcome->exit_code != 0; }

std::vector<EventIndex> proof_of(const ViolationRow& violation) {
  std::vector<EventIndex> events{violation.event};
  for (const ViolationWitness& witness : violation.witnesses) events.push_back(witness.event);
  std::erase(events, kNone);
  return events;
}

}  // namespace

View::View(Trace trace) : trace_(std::move(trace)), whole_(whole_of(trace_)), range_(whole_) {
  const std::span<const EventRow> events = trace_.events();
  if (events.empty()) return;
  cursor_ = failed(trace_.metadata()) ? static_cast<EventIndex>(events.size() - 1) : 0;
  if (!trace_.violations().empty()) open_at_violation();
  places_ = {cursor_};
}

void View::open_at_violation() {
  const ViolationRow& first = trace_.violations().front();
  const std::vector<EventIndex> proof = proof_of(first);
  if (proof.empty()) return;  // it names nothing that is in the trace
  cursor_ = proof.front();
  light(proof);
  set_range(range_of_violation());
}

const ViolationRow* View::violation() const {
  const std::vector<ViolationRow>& violations = trace_.violations();
  if (violations.empty()) return nullptr;
  const auto after =
      std::upper_bound(violations.begin(), violations.end(), cursor_,
                       [](EventIndex cursor, const ViolationRow& violation) { return cursor < violation.event; });
  return after == violations.begin() ? &violations.front() : &*std::prev(after);
}

// ---- moving ----

void View::visit(EventIndex event) {
  if (event != cursor_) {
    places_.resize(place_ + 1);
    if (places_.size() >= kMostPlaces) places_.erase(places_.begin());
    places_.push_back(event);
    place_ = places_.size() - 1;
    cursor_ = event;
  }
  bring_into_sight();
}

bool View::go_to(EventIndex event) {
  if (event >= trace_.events().size()) return false;
  visit(event);
  return true;
}

bool View::go_to_id(EventId id) { return go_to(trace_.find(id)); }

bool View::step(Along along, Direction direction) { return go_to(neighbour(trace_, cursor_, along, direction)); }

bool View::go_to_cause(std::size_t n) {
  const std::vector<Edge> causes = trace_.causes(cursor_);
  return n < causes.size() && go_to(causes[n].event);
}

bool View::go_to_effect(std::size_t n) {
  const std::span<const Edge> effects = trace_.effect_edges(cursor_);
  return n < effects.size() && go_to(effects[n].event);
}

bool View::go_to_witness(std::size_t n) {
  const ViolationRow* shown = violation();
  return shown != nullptr && n < shown->witnesses.size() && go_to(shown->witnesses[n].event);
}

bool View::go_to_start() { return go_to(0); }

bool View::go_to_end() {
  return !trace_.events().empty() && go_to(static_cast<EventIndex>(trace_.events().size() - 1));
}

bool View::go_back() {
  if (!can_go_back()) return false;
  cursor_ = places_[--place_];
  bring_into_sight();
  return true;
}

bool View::go_forward() {
  if (!can_go_forward()) return false;
  cursor_ = places_[++place_];
  bring_into_sight();
  return true;
}

// ---- the cone ----

void View::light(std::vector<EventIndex> seeds) {
  cone_seeds_ = std::move(seeds);
  refresh_cone();
}

void View::refresh_cone() {
  cone_ = cone_seeds_.empty() ? Cone{} : backward_cone(trace_, cone_seeds_, {.program_order = program_order_});
  ++cone_version_;
  if (filter_.depends_on_cone()) filter_.restart();
}

void View::light_cursor() {
  if (cursor_ == kNone) return light_all();
  light({cursor_});
}

void View::light_violation() {
  const ViolationRow* shown = violation();
  light(shown == nullptr ? std::vector<EventIndex>() : proof_of(*shown));
}

void View::light_all() { light({}); }

void View::set_follows_program_order(bool follow) {
  if (program_order_ == follow) return;
  program_order_ = follow;
  refresh_cone();
}

// ---- the event table ----

void View::set_filter(std::string filter) {
  if (filter != filter_.text()) filter_.set(std::move(filter), trace_);
}

bool View::filter_some(std::size_t events) { return filter_.work(trace_, cone_, events); }

bool View::filter_complete() const { return filter_.matches_all() || filter_.worked_on() == trace_.events().size(); }

double View::filter_progress() const {
  return filter_complete() ? 1 : static_cast<double>(filter_.worked_on()) / static_cast<double>(trace_.events().size());
}

std::size_t View::row_count() const {
  return filter_.matches_all() ? trace_.events().size() : filter_.matches().size();
}

EventIndex View::row(std::size_t n) const {
  if (n >= row_count()) return kNone;
  return filter_.matches_all() ? static_cast<EventIndex>(n) : filter_.matches()[n];
}

std::size_t View::row_of(EventIndex event) const {
  if (filter_.matches_all()) return std::min<std::size_t>(event, row_count() == 0 ? 0 : row_count() - 1);
  const std::vector<EventIndex>& rows = filter_.matches();
  const auto after = std::upper_bound(rows.begin(), rows.end(), event);
  return after == rows.begin() ? 0 : static_cast<std::size_t>(after - rows.begin()) - 1;
}

// ---- text ----

std::string View::replay_command() const {
  return "stillpoint replay " + shell_word(std::filesystem::absolute(trace_.path()).string());
}

}  // namespace stillpoint::view
