#include <algorithm>
#include <numeric>

#include "sim-core/record/record_cursor.hpp"
#include "visualizer/model/trace_data.hpp"

namespace stillpoint::view {
namespace {

// The columns of load_events().
enum Column { kId, kAt, kHost, kBoot, kKind, kSubject, kA, kB, kCause, kCauseKind, kStep };
constexpr const char* kEvents =
    "SELECT id, at_ns, host, boot, kind, subject, a, b, cause, cause_kind, CASE kind WHEN 10 THEN payload END "
    "FROM event ORDER BY id";
static_assert(static_cast<int>(EventKind::step) == 10);

constexpr std::size_t kMostEvents = UINT32_MAX - 1;
constexpr std::size_t kLeastEventRow = 16;  // bytes in the file, roughly: what to expect of its size

// SQLite reads whatever is no number as 0. Zeros are few where this is asked.
bool is_number(const Statement& row, int column) { return row.integer(column) != 0 || row.text(column) == "0"; }

class EventLoader {
 public:
  EventLoader(TraceData& data, Budget& budget, HostNumbers& numbers, UserNames& users)
      : data_(data), budget_(budget), numbers_(numbers), users_(users) {}

  void add(const Statement& row) {
    budget_.row();
    if (data_.events.size() >= kMostEvents) budget_.damaged("it has more events than can be shown");
    add_id(row.integer(kId));

    EventRow event{};
    event.subject = static_cast<std::uint64_t>(row.integer(kSubject));
    event.a = static_cast<std::uint64_t>(row.integer(kA));
    event.b = static_cast<std::uint64_t>(row.integer(kB));
    event.boot = static_cast<Boot>(std::clamp<std::int64_t>(row.integer(kBoot), 0, UINT16_MAX));
    read_time(row, event);
    read_host(row, event);
    read_kind(row, event);
    read_cause(row, event);
    data_.events.push_back(event);
    data_.user_of.push_back(event.kind == EventKind::step ? step_user(row) : kNobody);
    if (event.kind == EventKind::connect) {
      data_.connects.emplace_back(event.subject, static_cast<EventIndex>(data_.events.size() - 1));
    }
  }

  bool time_went_back() const { return time_went_back_; }

 private:
  // Ids are only kept once they have a gap.
  void add_id(std::int64_t id) {
    const std::size_t count = data_.events.size();
    if (count == 0) {
      data_.first_id = id;
    } else if (id <= last_id_) {
      budget_.damaged("its events are out of order");
    } else if (data_.ids.empty() && id != last_id_ + 1) {
      data_.ids.resize(count);
      std::iota(data_.ids.begin(), data_.ids.end(), data_.first_id);
    }
    if (!data_.ids.empty()) data_.ids.push_back(id);
    last_id_ = id;
  }

  void read_time(const Statement& row, EventRow& event) {
    const std::int64_t at = row.integer(kAt);
    event.at_ns = near_time(at);
    if (event.at_ns != at || !is_number(row, kAt)) event.marks |= kAbsurdTime;
    const bool back = event.at_ns < last_time_;
    if (back || event.at_ns < 0) event.marks |= kTimeGoesBack;
    time_went_back_ = time_went_back_ || back;
    last_time_ = event.at_ns;
  }

  void read_host(const Statement& row, EventRow& event) {
    const HostNumbers::Found found = numbers_.find(row.integer(kHost));
    event.host = found.host;
    if (!found.known || !is_number(row, kHost)) event.marks |= kUnknownHost;
  }

  void read_kind(const Statement& row, EventRow& event) {
    const std::int64_t kind = row.integer(kKind);
    if (kind > 0 && kind < kEventKinds) {
      event.kind = static_cast<EventKind>(kind);
    } else {
      event.marks |= kUnknownKind;
    }
  }

  // Only what was read before can be a cause.
  void read_cause(const Statement& row, EventRow& event) {
    event.cause = kNone;
    if (row.is_null(kCause)) return;
    event.cause = data_.find(row.integer(kCause));
    if (event.cause >= data_.events.size()) {
      event.cause = kNone;
      event.marks |= kDanglingCause;
      return;
    }
    const std::int64_t kind = row.integer(kCauseKind);
    if (kind >= 0 && kind <= static_cast<std::int64_t>(CauseKind::state)) {
      event.cause_kind = static_cast<CauseKind>(kind);
    } else {
      event.marks |= kUnknownKind;
    }
  }

  UserNumber step_user(const Statement& row) {
    const std::string payload = row.text(kStep);
    const auto [user, what] = fields<2>(payload);
    return users_.number(budget_.text(std::string(user)));
  }

  TraceData& data_;
  Budget& budget_;
  HostNumbers& numbers_;
  UserNames& users_;
  std::int64_t last_id_ = 0;
  std::int64_t last_time_ = -kFarthestNs;
  bool time_went_back_ = false;
};

}  // namespace

void load_events(TraceData& data, Budget& budget, HostNumbers& numbers, UserNames& users) {
  // The metadata may promise any number; the file's size bounds it.
  std::error_code ignored;
  const std::uintmax_t size = std::filesystem::file_size(data.path, ignored);
  const auto expected = static_cast<std::size_t>(std::min<std::uintmax_t>(data.metadata.events, size / kLeastEventRow));
  data.events.reserve(expected);
  data.user_of.reserve(expected);

  EventLoader loader(data, budget, numbers, users);
  Statement row = data.file.query(kEvents);
  while (row.step()) loader.add(row);

  std::vector<std::size_t> counts(data.hosts.size());
  for (const EventRow& event : data.events) ++counts[event.host];
  for (std::size_t host = 0; host < counts.size(); ++host) data.hosts[host].events.reserve(counts[host]);
  for (EventIndex i = 0; i < data.events.size(); ++i) data.hosts[data.events[i].host].events.push_back(i);
  std::sort(data.connects.begin(), data.connects.end());
  if (loader.time_went_back()) {
    data.by_time.resize(data.events.size());
    std::iota(data.by_time.begin(), data.by_time.end(), 0U);
    std::stable_sort(data.by_time.begin(), data.by_time.end(), [&data](EventIndex left, EventIndex right) {
      return data.events[left].at_ns < data.events[right].at_ns;
    });
  }
}

void collect_marks(TraceData& data) {
  for (EventIndex i = 0; i < data.events.size(); ++i) {
    if (data.events[i].marks != 0) data.marked.push_back(i);
  }
}

}  // namespace stillpoint::view
