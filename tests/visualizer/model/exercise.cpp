#include "tests/visualizer/model/exercise.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "visualizer/model/host_state.hpp"
#include "visualizer/model/lanes.hpp"
#include "visualizer/model/payload.hpp"
#include "visualizer/model/view.hpp"

namespace stillpoint::test {
namespace {

using namespace stillpoint::view;

void must(bool condition, const char* what) {
  if (!condition) throw std::logic_error(what);
}

void must_be_readable(std::string_view text) { must(readable(text) == text, "a text cannot be shown"); }

void read_all(const Trace& trace) {
  const std::span<const EventRow> events = trace.events();
  std::size_t own = 0;
  for (const Host& host : trace.hosts()) {
    must_be_readable(host.name);
    must_be_readable(host.role);
    must_be_readable(host.address);
    own += host.events.size();
  }
  must(own == events.size(), "an event is on no host");
  for (EventIndex i = 0; i < events.size(); ++i) {
    const EventRow& event = events[i];
    must(event.host < trace.hosts().size(), "an event's host is not there");
    must(static_cast<int>(event.kind) < kEventKinds, "an event's kind is not known");
    must(event.at_ns >= -kFarthestNs && event.at_ns <= kFarthestNs, "an event's time cannot be reckoned with");
    must(trace.find(trace.id(i)) == i, "an event is not found by its id");
    for (const Edge& edge : trace.causes(i)) must(edge.event < i, "a cause is later");
    for (const Edge& edge : trace.effects(i))
      must(edge.event > i && edge.event < events.size(), "an effect is earlier");
    must_be_readable(trace.detail(i));
    must_be_readable(trace.user(i));
    must(!trace.kind_name(i).empty(), "a kind has no name");
    const std::uint32_t operation = trace.operation_of(i);
    must(operation == kNone || operation < trace.operations().size(), "an operation is not there");
    for (const DecodedPayload& payload : decode_payload(trace.payload(i))) {
      must_be_readable(payload.what);
      for (const std::string& line : payload.lines) must_be_readable(line);
    }
  }
  for (const Operation& operation : trace.operations()) {
    for (const std::string* text :
         {&operation.user, &operation.function, &operation.arguments, &operation.outcome, &operation.answer}) {
      must_be_readable(*text);
    }
  }
  for (const ViolationRow& violation : trace.violations()) {
    must(violation.event == kNone || violation.event < events.size(), "a violation's event is not there");
    for (const std::string* text : {&violation.invariant, &violation.promised, &violation.found, &violation.because}) {
      must_be_readable(*text);
    }
    for (const ViolationWitness& witness : violation.witnesses) must_be_readable(witness.role);
  }
  for (const LogLine& line : trace.log()) {
    must(line.host < trace.hosts().size(), "a line's host is not there");
    must_be_readable(line.text);
  }
}

void draw(Lanes& lanes, const View& view, Random& random) {
  const int width = 1 + static_cast<int>(random(400));
  for (HostIndex host = 0; host < std::min<std::size_t>(view.trace().hosts().size(), 20); ++host) {
    const LaneContent& lane = lanes.lane(host, width);
    for (const LaneColumn& column : lane.columns)
      must(column.x < width && column.count > 0, "a column is not in sight");
    for (const LaneEvent& event : lane.special)
      must(event.x >= -0.01F && event.x <= static_cast<float>(width) + 0.01F, "an event is not in sight");
    (void)lanes.nearest(host, width, static_cast<float>(random(400)), 8);
  }
  for (const Arrow& arrow : lanes.arrows_of_selection()) must(arrow.from < arrow.to, "an arrow leads back");
  must(lanes.all_messages(50).size() <= 50, "too many arrows");
  (void)lanes.density(100);
}

void move(View& view, Random& random) {
  const auto along = static_cast<Along>(random(6));
  const auto event = static_cast<EventIndex>(random(view.trace().events().size() + 2));
  switch (random(14)) {
    case 0:
      view.go_to(event);
      break;
    case 1:
      view.go_to_cause(random(3));
      break;
    case 2:
      view.go_to_effect(random(3));
      break;
    case 3:
      view.go_to_witness(random(3));
      break;
    case 4:
      view.go_back();
      break;
    case 5:
      view.go_forward();
      break;
    case 6:
      view.light_cursor();
      break;
    case 7:
      view.light_violation();
      break;
    case 8:
      view.set_follows_program_order(random(2) == 0);
      break;
    case 9:
      view.zoom(0.01 * static_cast<double>(random(500)),
                std::numeric_limits<std::int64_t>::min() + static_cast<std::int64_t>(random(2)) * 2);
      break;
    case 10:
      view.show_lit();
      break;
    case 11:
      view.pan(static_cast<double>(random(7)) - 3);
      break;
    default:
      view.step(along, random(2) == 0 ? Direction::forward : Direction::backward);
      break;
  }
  const TimeRange range = view.range();
  must(range.length() >= 100 && range.begin_ns >= view.whole().begin_ns && range.end_ns <= view.whole().end_ns,
       "the range is out of the trace");
  must(view.cursor() < view.trace().events().size() || (view.cursor() == kNone && view.trace().events().empty()),
       "the cursor is nowhere");
}

}  // namespace

void exercise(const std::filesystem::path& path, Random& random) {
  View view{Trace(path)};
  Lanes lanes(view);
  read_all(view.trace());
  draw(lanes, view, random);
  for (int i = 0; i < 50; ++i) {
    move(view, random);
    if (i % 10 == 0) draw(lanes, view, random);
  }
  view.show_all();
  draw(lanes, view, random);
  for (const char* filter : {"seat -kind:send lit", "marked", "user:a", "conn:17", "host:p 7"}) {
    view.set_filter(filter);
    while (!view.filter_some(10)) continue;
    for (std::size_t i = 0; i < view.row_count(); ++i) must(view.row_of(view.row(i)) == i, "a row is not found");
  }
  for (int i = 0; i < 10 && !view.trace().events().empty(); ++i) {
    const auto host = static_cast<HostIndex>(random(view.trace().hosts().size()));
    const HostState state = state_of(view.trace(), host, static_cast<EventIndex>(random(view.trace().events().size())));
    for (const auto& texts : {state.listening, state.connections, state.timers}) {
      for (const std::string& text : texts) must_be_readable(text);
    }
  }
  if (view.violation() != nullptr) must_be_readable(view.violation()->invariant);
  (void)view.go_to_text("3ms");
  (void)view.replay_command();
}

}  // namespace stillpoint::test
