#pragma once
// What a Trace holds, and the steps by which it is read. Internal to model/. Each step trusts only what the steps
// before it have checked, and takes no more memory than the size of the file allows.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim-core/record/trace_file.hpp"
#include "visualizer/model/host_history.hpp"
#include "visualizer/model/trace.hpp"

namespace stillpoint::view {

// The edges of every event, one after the other.
struct EdgeLists {
  std::vector<std::uint32_t> begin;  // where an event's edges begin; one more at the end
  std::vector<Edge> edges;

  std::span<const Edge> of(EventIndex event) const {
    return {edges.data() + begin[event], edges.data() + begin[event + 1]};
  }
};

// A number for each user's name, from 1; 0 is nobody.
using UserNumber = std::uint32_t;
constexpr UserNumber kNobody = 0;

struct TraceData {
  explicit TraceData(const std::filesystem::path& file_path);

  // The place of an event, by the number that the file has for it.
  EventIndex find(std::int64_t id) const;

  TraceFile file;
  std::string path;
  TraceMetadata metadata;

  std::vector<EventRow> events;
  std::int64_t first_id = 1;
  std::vector<std::int64_t> ids;  // empty where they are first_id, first_id + 1, ...
  std::vector<EventIndex> by_time;
  std::vector<EventIndex> marked;
  std::vector<Host> hosts;
  std::vector<std::pair<ConnectionId, EventIndex>> connects;  // sorted

  EdgeLists further_causes;
  EdgeLists effects;

  std::vector<Operation> operations;
  std::vector<std::pair<EventIndex, std::uint32_t>> completions;  // with their operations; sorted
  std::vector<ViolationRow> violations;
  std::vector<LogLine> log;

  std::vector<std::string> user_names;  // by UserNumber
  std::vector<UserNumber> user_of;      // by EventIndex
  std::vector<std::uint32_t> user_begin;
  std::vector<EventIndex> user_events;

  // Made on demand.
  std::vector<std::unique_ptr<HostHistory>> histories;
  std::optional<Statement> words;
  std::optional<Statement> bytes;
};

// Counts what a file yields, and ends the reading with an Error when it is more than a file of its size can hold: the
// pages of a damaged or malicious file may be reached many times.
class Budget {
 public:
  explicit Budget(const std::filesystem::path& file);
  void row();
  // The text, or its beginning if it is longer than anybody would read; made readable.
  std::string text(const std::string& text);
  [[noreturn]] void damaged(std::string_view what) const;

 private:
  std::string path_;
  std::uint64_t rows_left_;
  std::uint64_t bytes_left_;
};

// The hosts by the numbers that the file has for them. One that is not in the table gets a place when an event names
// it.
class HostNumbers {
 public:
  explicit HostNumbers(TraceData& data);
  void add_row(std::int64_t id, Host host);
  struct Found {
    HostIndex host;
    bool known;  // it has a row
  };
  Found find(std::int64_t id);

 private:
  Found add(std::int64_t id, Host host, bool known);
  Found* entry(std::int64_t id);

  TraceData* data_;
  std::vector<Found> small_;           // of ids from 0; an entry without a host has kNotThere
  std::map<std::int64_t, Found> odd_;  // of all others
};

// A number for each name.
class UserNames {
 public:
  explicit UserNames(TraceData& data);
  ~UserNames();
  UserNumber number(const std::string& name);

 private:
  struct Map;
  TraceData* data_;
  std::unique_ptr<Map> map_;
};

// The steps, in their order.
void load_hosts(TraceData& data, Budget& budget, HostNumbers& numbers);
void load_events(TraceData& data, Budget& budget, HostNumbers& numbers, UserNames& users);
void load_edges(TraceData& data, Budget& budget);
void load_operations(TraceData& data, Budget& budget);
void load_violations(TraceData& data, Budget& budget);
void load_log(TraceData& data, Budget& budget, HostNumbers& numbers);
void find_users(TraceData& data, UserNames& users);
void collect_marks(TraceData& data);

// A time that can be reckoned with: never beyond kFarthestNs.
constexpr std::int64_t near_time(std::int64_t ns) {
  return ns > kFarthestNs ? kFarthestNs : ns < -kFarthestNs ? -kFarthestNs : ns;
}

}  // namespace stillpoint::view
