#include <algorithm>
#include <unordered_map>

#include "visualizer/model/trace_data.hpp"

namespace stillpoint::view {
namespace {

bool is_completion(EventKind kind) {
  return kind == EventKind::ok || kind == EventKind::fail || kind == EventKind::info;
}

// Whether what a user caused, or a message of its, goes on through an edge: from its invoke to a send, on to the
// delivery, the receipt and the change.
bool passes_on(CauseKind kind, EventKind effect) {
  if (kind == CauseKind::user) return effect == EventKind::send || effect == EventKind::apply;
  return kind == CauseKind::message && (effect == EventKind::deliver || effect == EventKind::drop ||
                                        effect == EventKind::receive || effect == EventKind::apply);
}

UserNumber handed_on(const TraceData& data, EventIndex event) {
  const EventRow& row = data.events[event];
  if (row.cause != kNone && data.user_of[row.cause] != kNobody && passes_on(row.cause_kind, row.kind)) {
    return data.user_of[row.cause];
  }
  for (const Edge& edge : data.further_causes.of(event)) {
    if (data.user_of[edge.event] != kNobody && passes_on(edge.kind, row.kind)) return data.user_of[edge.event];
  }
  return kNobody;
}

// The delivery that brought an answer, and its send.
void claim_answer(TraceData& data, EventIndex completion) {
  const UserNumber user = data.user_of[completion];
  EventIndex event = completion;
  for (const EventKind expected : {EventKind::deliver, EventKind::send}) {
    const EventRow& row = data.events[event];
    if (row.cause == kNone || row.cause_kind != CauseKind::message) return;
    event = row.cause;
    if (data.events[event].kind != expected || data.user_of[event] != kNobody) return;
    data.user_of[event] = user;
  }
}

bool is_own(const TraceData& data, EventIndex event) {
  const EventRow& row = data.events[event];
  if (row.kind == EventKind::send) return row.cause != kNone && row.cause_kind == CauseKind::user;
  return row.kind == EventKind::step || row.kind == EventKind::invoke || row.kind == EventKind::apply ||
         is_completion(row.kind);
}

void list_own_events(TraceData& data) {
  data.user_begin.assign(data.user_names.size() + 1, 0);
  const auto each = [&data](auto&& use) {
    for (EventIndex i = 0; i < data.events.size(); ++i) {
      if (data.user_of[i] != kNobody && is_own(data, i)) use(i, data.user_of[i]);
    }
  };
  each([&data](EventIndex, UserNumber user) { ++data.user_begin[user + 1]; });
  for (std::size_t i = 1; i < data.user_begin.size(); ++i) data.user_begin[i] += data.user_begin[i - 1];
  data.user_events.resize(data.user_begin.back());
  std::vector<std::uint32_t> next(data.user_begin.begin(), data.user_begin.end() - 1);
  each([&](EventIndex event, UserNumber user) { data.user_events[next[user]++] = event; });
}

}  // namespace

struct UserNames::Map {
  std::unordered_map<std::string, UserNumber> numbers;
};

UserNames::UserNames(TraceData& data) : data_(&data), map_(std::make_unique<Map>()) { data_->user_names.assign(1, ""); }

UserNames::~UserNames() = default;

UserNumber UserNames::number(const std::string& name) {
  if (name.empty()) return kNobody;
  const auto [place, fresh] = map_->numbers.emplace(name, static_cast<UserNumber>(data_->user_names.size()));
  if (fresh) data_->user_names.push_back(name);
  return place->second;
}

void find_users(TraceData& data, UserNames& users) {
  for (const Operation& operation : data.operations) {
    const UserNumber user = users.number(operation.user);
    if (operation.invoke != kNone) data.user_of[operation.invoke] = user;
    if (operation.completion != kNone) data.user_of[operation.completion] = user;
  }
  for (EventIndex i = 0; i < data.events.size(); ++i) {
    if (data.user_of[i] == kNobody) data.user_of[i] = handed_on(data, i);
  }
  for (const auto& [completion, operation] : data.completions) claim_answer(data, completion);
  list_own_events(data);
}

}  // namespace stillpoint::view
