// stillpoint disk: what of a file on a host's disk was durable as of an event of a trace, and what was pending and why.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <map>

#include <stillpoint/error.hpp>

#include "cli/command.hpp"
#include "sim-core/base/units.hpp"
#include "sim-core/base/utf8.hpp"
#include "sim-core/explain/disk_state.hpp"

namespace stillpoint::cli {
namespace {

// Names may have any bytes: what a terminal or JSON cannot take is \xNN.
std::string visible(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    if (length == 0 || first < 0x20 || first == 0x7F) {
      result += fmt::format("\\x{:02x}", first);
      text.remove_prefix(1);
    } else {
      result += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return result;
}

using explain::DiskChange;
using explain::DiskEvent;
using explain::DiskState;
using explain::FileSeen;

// More changes than these are for --json.
constexpr std::size_t kMostShown = 10;

std::string_view kind_of(const FileSeen& file) {
  switch (file.mode & S_IFMT) {
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "symbolic link";
    case S_IFSOCK:
      return "socket";
    case S_IFIFO:
      return "pipe";
    case S_IFCHR:
      return "device";
    default:
      return "file";
  }
}

bool has_data(const FileSeen& file) { return (file.mode & S_IFMT) == S_IFREG; }

std::string when(EventId event, VirtualTime at) {
  return fmt::format("event {} at {:.6f} s", grouped(event), static_cast<double>(to_ns(at)) / 1e9);
}

std::string bytes(std::uint64_t count) { return count == 1 ? "1 byte" : grouped(count) + " bytes"; }

// "file 17, 4,096 bytes, mode 644"
std::string words_of(const FileSeen& file) {
  std::string text = fmt::format("{} {}", kind_of(file), file.inode);
  if (has_data(file)) text += ", " + bytes(file.size);
  if (!file.target.empty()) return text + " to " + visible(file.target);
  return text + fmt::format(", mode {:o}", file.mode & 07777);
}

// "24 bytes at 61,832", "to 100 bytes", "renames /srv/a to /srv/b"
std::string words_of(const DiskChange& change) {
  if (change.kind == EventKind::write)
    return fmt::format("writes {} at {}", bytes(change.size), grouped(change.offset));
  if (change.kind == EventKind::resize) return fmt::format("cuts or stretches it to {}", bytes(change.offset));
  return visible(change.words);
}

std::string words_of(const DiskEvent& event) {
  std::string text = words_of(event.change);
  if (event.sectors == 1) text += fmt::format(" (sector {})", grouped(event.first_sector));
  if (event.sectors > 1) {
    text += fmt::format(" (sectors {} to {})", grouped(event.first_sector),
                        grouped(event.first_sector + event.sectors - 1));
  }
  return text;
}

// "  pending    event 7 at ...", with further lines under the first.
class Item {
 public:
  explicit Item(std::string_view name) : name_(name) {}
  void line(std::string_view text) {
    fmt::print("  {:<10} {}\n", name_, text);
    name_ = "";
  }

 private:
  std::string_view name_;
};

template <typename Row, typename Words>
void print_rows(Item& item, const std::vector<Row>& rows, Words words) {
  const std::size_t shown = rows.size() <= kMostShown + 1 ? rows.size() : kMostShown;
  for (const Row& row : std::span(rows).first(shown)) item.line(words(row));
  if (shown < rows.size()) item.line(fmt::format("... and {} more (--json has all)", grouped(rows.size() - shown)));
}

std::string pending_words(const DiskChange& change) {
  return fmt::format("{}: {}", when(change.event, change.at), words_of(change));
}

void print_name(const DiskState& state) {
  if (!state.named_by) return;
  const DiskChange& change = *state.named_by;
  const bool is_pending = std::ranges::any_of(state.pending_names,
                                              [&](const DiskChange& pending) { return pending.event == change.event; });
  std::string what = is_pending ? "not durable" : "durable, written back by itself";
  if (change.durable_by != kNoEvent) what = fmt::format("durable by event {}", grouped(change.durable_by));
  if (change.lost_by != kNoEvent) what = fmt::format("lost in the crash of event {}", grouped(change.lost_by));
  Item("name").line(pending_words(change) + "; " + what);
}

void print_sync(const DiskState& state) {
  Item item("synced");
  if (!state.last_sync) return item.line("never");
  const explain::DiskSync& sync = *state.last_sync;
  std::string text = when(sync.event, sync.at);
  text += sync.inode == 0 ? " (everything)" : sync.data_only ? " (fdatasync)" : " (fsync)";
  if (sync.lied) text += "; the device lied: nothing is durable by it";
  if (sync.failed) text += "; it failed: what was pending is taken for written, and is not";
  item.line(text);
}

void print_damage(const DiskState& state) {
  if (state.damage.empty()) return;
  Item item("damaged");
  print_rows(item, state.damage, [](const explain::DiskDamage& damage) {
    std::string text = fmt::format("{}: {} at {}, by event {}", when(damage.event, damage.at), bytes(damage.size),
                                   grouped(damage.offset), grouped(damage.fault));
    if (damage.overwritten_by != kNoEvent)
      text += fmt::format("; written over by event {}", grouped(damage.overwritten_by));
    return text;
  });
}

void print_crash(const DiskState& state) {
  if (!state.crash) return;
  const explain::DiskCrash& crash = *state.crash;
  Item item("crashed");
  item.line(when(crash.event, crash.at) + (state.lost.empty() ? "; it took nothing of this" : "; it took"));
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < state.lost.size(); ++i) {
    std::string row = fmt::format("event {}: {}", grouped(state.lost[i].change.event), words_of(state.lost[i]));
    if (crash.losses[i].sectors > 0)
      row += fmt::format("; {} of {} sectors (event {})", crash.losses[i].lost, crash.losses[i].sectors,
                         grouped(crash.losses[i].event));
    rows.push_back(std::move(row));
  }
  print_rows(item, rows, [](const std::string& row) { return row; });
  if (!crash.as_recorded)
    item.line("what follows it here is a guess: the trace is of a version whose crashes take other things");
}

void print_entries(const DiskState& state) {
  if (!state.now || (state.now->mode & S_IFMT) != S_IFDIR) return;
  Item item("entries");
  if (state.entries.empty()) item.line("none");
  for (const explain::DirectoryEntry& entry : state.entries) {
    std::string text = fmt::format("{}: ", visible(entry.name));
    text += entry.now ? fmt::format("{} {}", kind_of(*entry.now), entry.now->inode) : "nothing";
    if (entry.pending.empty()) {
      text += ", durable";
    } else {
      text += ", not durable: before it ";
      text += entry.durable ? fmt::format("{} {}", kind_of(*entry.durable), entry.durable->inode) : "nothing";
      for (const DiskChange& change : entry.pending) text += fmt::format("; event {}", grouped(change.event));
    }
    item.line(text);
  }
}

void print_text(const DiskState& state) {
  fmt::print("{} on {}, as of {}{}\n", visible(state.path), state.host, when(state.event, state.at),
             state.is_down ? ", without power" : "");
  Item("now").line(state.now ? words_of(*state.now) : "nothing is there");
  const bool all = state.pending_data.empty() && state.pending_names.empty() && state.now == state.durable;
  const std::string durable = state.durable ? words_of(*state.durable) : "nothing";
  Item("durable").line(all && state.now ? "all of it" : all ? durable : durable + ": as it was last durable");
  print_name(state);
  if (state.now && has_data(*state.now)) print_sync(state);
  print_damage(state);
  if (state.wiped_by != kNoEvent) Item("disk").line(fmt::format("a new one since event {}", grouped(state.wiped_by)));
  Item pending("pending");
  if (all) pending.line("nothing");
  print_rows(pending, state.pending_names, pending_words);
  print_rows(pending, state.pending_data, [](const DiskEvent& event) {
    return fmt::format("{}: {}{}", when(event.change.event, event.change.at), words_of(event),
                       event.given_up ? "; a sync of it failed, and none will write it" : "");
  });
  if (!state.pending_data.empty())
    pending.line(fmt::format("each sector of {} is kept or not", bytes(state.options.sector)));
  print_crash(state);
  print_entries(state);
}

// ---- JSON ----

namespace json = boost::json;

json::value json_of(const std::optional<FileSeen>& file) {
  if (!file) return nullptr;
  json::object object{{"inode", file->inode},
                      {"kind", json::string(kind_of(*file))},
                      {"mode", fmt::format("{:o}", file->mode & 07777)},
                      {"size", file->size}};
  if (!file->target.empty()) object["target"] = visible(file->target);
  return object;
}

json::object json_of(const DiskChange& change) {
  json::object object{
      {"event", change.event}, {"at_ns", to_ns(change.at)}, {"kind", json::string(name_of(change.kind))}};
  if (change.kind == EventKind::resize) object["size"] = change.offset;
  if (change.kind == EventKind::write) {
    object["offset"] = change.offset;
    object["bytes"] = change.size;
  }
  if (!change.words.empty()) object["what"] = visible(change.words);
  return object;
}

json::object json_of(const DiskEvent& event) {
  json::object object = json_of(event.change);
  if (event.sectors > 0) {
    object["first_sector"] = event.first_sector;
    object["sectors"] = event.sectors;
  }
  if (event.given_up) object["given_up"] = true;
  return object;
}

json::object json_of(const explain::DirectoryEntry& entry);
json::object json_of(const explain::DiskDamage& damage);

template <typename Rows>
json::array json_array(const Rows& rows) {
  json::array array;
  for (const auto& row : rows) array.push_back(json_of(row));
  return array;
}

json::object json_of(const explain::DirectoryEntry& entry) {
  return {{"name", visible(entry.name)},
          {"now", json_of(entry.now)},
          {"durable", json_of(entry.durable)},
          {"pending", json_array(entry.pending)}};
}

json::value json_of(const std::optional<explain::DiskSync>& sync) {
  if (!sync) return nullptr;
  return json::object{{"event", sync->event},         {"at_ns", to_ns(sync->at)}, {"everything", sync->inode == 0},
                      {"data_only", sync->data_only}, {"lied", sync->lied},       {"failed", sync->failed},
                      {"bytes", sync->bytes}};
}

json::object json_of(const explain::DiskDamage& damage) {
  json::object object{{"event", damage.event},
                      {"at_ns", to_ns(damage.at)},
                      {"offset", damage.offset},
                      {"bytes", damage.size},
                      {"fault", damage.fault}};
  if (damage.overwritten_by != kNoEvent) object["overwritten_by"] = damage.overwritten_by;
  return object;
}

json::value crash_json(const DiskState& state) {
  if (!state.crash) return nullptr;
  json::array lost;
  for (std::size_t i = 0; i < state.lost.size(); ++i) {
    const explain::DiskCrash::Loss& loss = state.crash->losses[i];
    lost.push_back({{"event", loss.event},
                    {"change", json_of(state.lost[i])},
                    {"sectors_lost", loss.lost},
                    {"sectors", loss.sectors}});
  }
  return json::object{{"event", state.crash->event},
                      {"at_ns", to_ns(state.crash->at)},
                      {"as_recorded", state.crash->as_recorded},
                      {"lost", lost}};
}

void print_json(const DiskState& state) {
  json::object object{{"host", state.host},
                      {"path", visible(state.path)},
                      {"event", state.event},
                      {"at_ns", to_ns(state.at)},
                      {"is_down", state.is_down},
                      {"sector", state.options.sector},
                      {"now", json_of(state.now)},
                      {"durable", json_of(state.durable)},
                      {"name", nullptr},
                      {"pending_names", json_array(state.pending_names)},
                      {"pending_data", json_array(state.pending_data)},
                      {"last_sync", json_of(state.last_sync)},
                      {"last_crash", crash_json(state)}};
  if (state.named_by) {
    json::object name = json_of(*state.named_by);
    const auto event_or_null = [](EventId id) { return id != kNoEvent ? json::value(id) : nullptr; };
    name["durable_by"] = event_or_null(state.named_by->durable_by);
    name["lost_by"] = event_or_null(state.named_by->lost_by);
    object["name"] = name;
  }
  if (!state.damage.empty()) object["damage"] = json_array(state.damage);
  if (state.wiped_by != kNoEvent) object["wiped_by"] = state.wiped_by;
  if (!state.entries.empty()) object["entries"] = json_array(state.entries);
  fmt::print("{}\n", json::serialize(object));
}

EventId parse_event(std::string text) {
  std::erase(text, ',');  // as this tool prints it
  EventId event = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), event);
  if (error != std::errc() || stop != text.data() + text.size() || event == kNoEvent)
    throw Error(fmt::format("--at {}: an event is a whole number from 1", text));
  return event;
}

}  // namespace

int disk(const Arguments& arguments) {
  std::string trace;
  std::string host;
  std::string path;
  std::string at;
  bool json = false;
  CLI::App app("What of a file is durable, what is pending and why, and what the last crash took.", "stillpoint disk");
  app.add_option("TRACE", trace, "A trace that `stillpoint run --trace` recorded")->required();
  app.add_option("HOST", host, "The name of a host")->required();
  app.add_option("PATH", path, "A file or a directory on it")->required();
  CLI::Option* const event = app.add_option("--at", at, "As of this event; else of the trace's last");
  app.add_flag("--json", json, "Print one JSON object instead of text");
  if (!parse(app, arguments)) return 0;

  const EventId as_of = event->count() > 0 ? parse_event(at) : kNoEvent;
  const DiskState state = explain::disk_state(TraceFile(trace), host, path, as_of);
  json ? print_json(state) : print_text(state);
  return 0;
}

}  // namespace stillpoint::cli
