// Reads a plan's text. Every value is taken with its line, so that whatever is wrong with it can be said of that line.
#include <fmt/format.h>
#include <toml++/toml.h>

#include <array>
#include <set>

#include <stillpoint/error.hpp>

#include "sim-core/base/nearest.hpp"
#include "sim-core/base/toml_depth.hpp"
#include "sim-core/base/units.hpp"
#include "sim-core/faults/calls.hpp"
#include "sim-core/faults/plan_text.hpp"
#include "sim-core/trace/record.hpp"

namespace stillpoint::faults {
namespace {

std::string show(const toml::node& node) {
  if (const auto* text = node.as_string()) return "'" + text->get() + "'";
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  return node.is_table() ? "a table" : node.is_array() ? "an array" : "a date or a time";
}

// One table of the text, read key by key: a key that nobody read is an error.
class Table {
 public:
  Table(const std::string& file, const toml::table& table, std::string what)
      : file_(file), table_(table), what_(std::move(what)) {}

  int line() const { return static_cast<int>(table_.source().begin.line); }

  const toml::node* find(std::string_view key) {
    read_.insert(std::string(key));
    return table_.get(key);
  }

  [[noreturn]] void fail(const toml::node* node, std::string_view key, std::string_view what) const {
    const auto at = node == nullptr ? table_.source().begin.line : node->source().begin.line;
    throw Error(fmt::format("{}:{}: {}{}{} {}", file_, at, what_, what_.empty() ? "" : ": ", key, what));
  }

  std::string text(std::string_view key, std::string_view otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return std::string(otherwise);
    const auto* text = node->as_string();
    if (text == nullptr) fail(node, key, fmt::format("is {}; a text in quotes is wanted", show(*node)));
    return text->get();
  }

  bool flag(std::string_view key, bool otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    const auto* flag = node->as_boolean();
    if (flag == nullptr) fail(node, key, fmt::format("is {}; true or false is wanted", show(*node)));
    return flag->get();
  }

  std::int64_t count(std::string_view key, std::int64_t least, std::int64_t most, std::int64_t otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    const auto* number = node->as_integer();
    if (number == nullptr || number->get() < least || number->get() > most)
      fail(node, key, fmt::format("is {}; it may be {} to {}", show(*node), least, most));
    return number->get();
  }

  Duration duration(std::string_view key, Duration least, Duration most, Duration otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    const auto* text = node->as_string();
    std::string_view digits = text == nullptr ? std::string_view() : std::string_view(text->get());
    const bool negative = digits.starts_with('-');
    if (negative) digits.remove_prefix(1);
    const std::optional<Duration> read = parse_duration(std::string(digits));
    if (!read)
      fail(node, key, fmt::format("is {}; a duration is a number with a unit: \"250us\", \"5ms\"", show(*node)));
    const Duration value = negative ? -*read : *read;
    if (value < least || value > most)
      fail(node, key, fmt::format("is {}; it may be {} to {}", text->get(), signed_text(least), signed_text(most)));
    if (value.count() % 1'000 != 0)
      fail(node, key, fmt::format("is {}; durations are whole microseconds", text->get()));
    return value;
  }

  Ratio ratio(std::string_view key, std::int64_t least_ppm, Ratio otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    const auto* text = node->as_string();
    const std::string_view value = text == nullptr ? std::string_view() : std::string_view(text->get());
    std::optional<Duration> percent;  // decimal numbers are read as seconds are
    if (value.ends_with('%')) percent = parse_duration(std::string(value.substr(0, value.size() - 1)) + "s");
    if (!percent || percent->count() / 100'000 < least_ppm || *percent > std::chrono::seconds(100))
      fail(node, key,
           fmt::format("is {}; it may be {} to 100%, as in \"2.5%\"", show(*node), least_ppm == 0 ? "0%" : "0.0001%"));
    return Ratio{static_cast<std::uint32_t>(percent->count() / 100'000)};
  }

  std::string one_of(std::string_view key, const std::vector<std::string>& words, std::string_view otherwise) {
    const std::string value = text(key, otherwise);
    for (const std::string& word : words) {
      if (word == value) return value;
    }
    fail(table_.get(key), key,
         fmt::format("is '{}'; it may be {}.{}", value, fmt::join(words, ", "), did_you_mean(value, words)));
  }

  std::vector<std::string> texts(std::string_view key) {
    const toml::node* node = find(key);
    std::vector<std::string> texts;
    if (node == nullptr) fail(nullptr, key, "is missing: an array of hosts, as in [\"node-1\"]");
    if (const auto* one = node->as_string()) return {one->get()};
    const toml::array* array = node->as_array();
    if (array == nullptr || array->empty())
      fail(node, key,
           fmt::format("is {}; an array of hosts is wanted, as in [\"node-1\"]",
                       array == nullptr ? show(*node) : "empty"));
    for (const toml::node& each : *array) {
      const auto* text = each.as_string();
      if (text == nullptr) fail(&each, key, fmt::format("has {} in it; hosts are texts", show(each)));
      texts.push_back(text->get());
    }
    return texts;
  }

  void reject_unread() const {
    const std::vector<std::string> known(read_.begin(), read_.end());
    for (const auto& [name, node] : table_) {
      const std::string key(name.str());
      if (read_.contains(key)) continue;
      throw Error(fmt::format("{}:{}: {}{}no key is called '{}'.{} There are {}.", file_, name.source().begin.line,
                              what_, what_.empty() ? "" : ": ", key, did_you_mean(key, known), fmt::join(known, ", ")));
    }
  }

 private:
  static std::string signed_text(Duration duration) {
    return duration < Duration::zero() ? "-" + exact_duration(-duration) : exact_duration(duration);
  }

  const std::string& file_;
  const toml::table& table_;
  std::string what_;  // which table it is, in errors
  std::set<std::string> read_;
};

constexpr Duration kLongest = std::chrono::hours(24 * 365);

class Reader {
 public:
  Reader(const std::string& file, const toml::table& root) : file_(file), root_(file, root, "") {}

  Plan read() {
    Plan plan;
    if (const toml::table* table = table_at("scheduler")) plan.scheduling = scheduling(*table);
    if (const toml::table* table = table_at("healing")) plan.healing = healing(*table);
    if (const toml::table* table = table_at("buggify")) plan.buggify = buggify(*table);
    for_each_table(root_, "fault", [&](const toml::table& table) { plan.faults.push_back(fault(table)); });
    root_.reject_unread();
    return plan;
  }

 private:
  const toml::table* table_at(std::string_view key) {
    const toml::node* node = root_.find(key);
    if (node != nullptr && !node->is_table())
      root_.fail(node, key, fmt::format("is {}; a table is wanted", show(*node)));
    return node == nullptr ? nullptr : node->as_table();
  }

  template <typename Do>
  static void for_each_table(Table& parent, std::string_view key, Do what) {
    const toml::node* node = parent.find(key);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) parent.fail(node, key, fmt::format("is {}; it begins with [[{}]]", show(*node), key));
    for (const toml::node& each : *array) {
      if (!each.is_table())
        parent.fail(&each, key, fmt::format("has {} in it; it begins with [[{}]]", show(each), key));
      what(*each.as_table());
    }
  }

  Scheduling scheduling(const toml::table& node) const {
    using Policy = Scheduling::Policy;
    Table table(file_, node, "[scheduler]");
    constexpr std::array kPolicies{Policy::random, Policy::fifo, Policy::pct, Policy::delay_host};
    std::vector<std::string> names;
    for (const Policy policy : kPolicies) names.emplace_back(name_of(policy));
    const std::string name = table.one_of("policy", names, "random");
    Scheduling scheduling;
    scheduling.line = {table.line()};
    for (const Policy policy : kPolicies) {
      if (name_of(policy) == name) scheduling.policy = policy;
    }
    if (scheduling.policy == Policy::pct) {
      scheduling.changes = static_cast<std::uint64_t>(table.count("changes", 0, 1'000, 3));
      scheduling.horizon = static_cast<std::uint64_t>(table.count("horizon", 2, 1'000'000'000'000, 10'000));
      if (scheduling.horizon <= scheduling.changes)
        table.fail(node.get("horizon"), "horizon",
                   fmt::format("is {}; it is more than changes, which is {}", scheduling.horizon, scheduling.changes));
    }
    if (scheduling.policy == Policy::delay_host) {
      scheduling.host = table.text("host", "");
      if (scheduling.host.empty()) table.fail(nullptr, "host", "is missing: the name of the host that is late");
      scheduling.delay = table.duration("delay", Duration::zero(), std::chrono::hours(1), std::chrono::milliseconds(1));
    }
    table.reject_unread();
    return scheduling;
  }

  Healing healing(const toml::table& node) const {
    Table table(file_, node, "[healing]");
    Healing healing;
    healing.at = table.duration("at", Duration::zero(), kLongest, Duration::zero());
    if (table.find("at") == nullptr)
      table.fail(nullptr, "at", "is missing: the virtual time from which nothing is wrong");
    const std::string except = table.one_of("except", {"nobody", "minority"}, "nobody");
    if (except == "minority") healing.except = Healing::Except::minority;
    table.reject_unread();
    return healing;
  }

  Buggify buggify(const toml::table& node) const {
    Table table(file_, node, "[buggify]");
    Buggify buggify;
    buggify.enabled = table.ratio("enabled", 0, {});
    buggify.probability = table.ratio("probability", 0, {});
    for_each_table(table, "site", [&](const toml::table& each) {
      Table site(file_, each, "[[buggify.site]]");
      const std::string name = site.text("name", "");
      if (name.empty()) site.fail(nullptr, "name", "is missing: what the service calls the site");
      for (const Buggify::Site& other : buggify.sites) {
        if (other.name == name)
          site.fail(each.get("name"), "name", fmt::format("is '{}', which there is already", name));
      }
      buggify.sites.push_back({name, site.flag("on", true), site.ratio("probability", 0, buggify.probability)});
      site.reject_unread();
    });
    table.reject_unread();
    return buggify;
  }

  Fault fault(const toml::table& node) {
    Table table(file_, node, "[[fault]]");
    Fault fault;
    fault.line = {table.line()};
    const std::string kind_name = table.text("kind", "");
    if (kind_name.empty()) table.fail(nullptr, "kind", "is missing (docs/faults.md lists all kinds)");
    const KindInfo* kind = find_kind(kind_name);
    if (kind == nullptr)
      table.fail(node.get("kind"), "kind",
                 fmt::format("is '{}', which is no kind of fault.{} (docs/faults.md lists all kinds)", kind_name,
                             did_you_mean(kind_name, kind_names())));
    fault.kind = kind->kind;
    fault.name = table.text("name", "");
    std::uint64_t& number = ++numbers_[fault.kind];
    if (fault.name.empty()) {
      while (names_.contains(fmt::format("{}-{}", kind->name, number))) ++number;
      fault.name = fmt::format("{}-{}", kind->name, number);
    }
    if (!names_.insert(fault.name).second)
      table.fail(node.get("name"), "name", fmt::format("is '{}', as another fault's is; each has its own", fault.name));
    read_aim(table, *kind, fault);
    read_when(table, node, *kind, fault);
    for (const Magnitude& magnitude : kind->magnitudes) read_magnitude(table, magnitude, fault);
    check_together(table, node, fault);
    table.reject_unread();
    return fault;
  }

  static void read_aim(Table& table, const KindInfo& kind, Fault& fault) {
    if (kind.aim == Aim::hosts) {
      fault.on = table.texts("on");
      return;
    }
    fault.from = table.texts("from");
    fault.to = table.texts("to");
    fault.both_ways = table.flag("both_ways", true);
  }

  void read_when(Table& table, const toml::table& node, const KindInfo& kind, Fault& fault) const {
    fault.when.at = table.duration("at", Duration::zero(), kLongest, Duration::zero());
    const toml::node* after = table.find("after");
    if (after != nullptr && !after->is_table())
      table.fail(after, "after", "is a table, as in { event = \"sync\", nth = 3 }");
    if (after != nullptr) {
      fault.when = trigger(*after->as_table(), fault.when.at);
    } else if (node.get("at") == nullptr && kind.kind != Kind::fail_call) {
      table.fail(nullptr, "at", "is missing: the virtual time at which it begins, or `after`, an event");
    }
    const toml::node* lasts = table.find("for");
    if (lasts == nullptr) return;
    if (kind.lasting == Lasting::moment)
      table.fail(lasts, "for", fmt::format("is of no use: a fault of kind {} happens at a moment", kind.name));
    fault.lasts = table.duration("for", std::chrono::microseconds(1), kLongest, Duration::zero());
  }

  Trigger trigger(const toml::table& node, Duration at) const {
    Table table(file_, node, "after");
    Trigger trigger;
    trigger.at = at;
    std::vector<std::string> kinds;
    for (std::uint8_t kind = 1; kind < kEventKinds; ++kind) {
      const auto each = static_cast<EventKind>(kind);
      if (each != EventKind::violation && each != EventKind::stop) kinds.emplace_back(stillpoint::name_of(each));
    }
    if (node.get("event") == nullptr) table.fail(nullptr, "event", "is missing: a kind of events, such as \"sync\"");
    trigger.event = table.one_of("event", kinds, "");
    trigger.host = table.text("host", "");
    trigger.text = table.text("text", "");
    trigger.nth = static_cast<std::uint64_t>(table.count("nth", 1, 1'000'000'000'000, 1));
    table.reject_unread();
    return trigger;
  }

  static void read_magnitude(Table& table, const Magnitude& magnitude, Fault& fault) {
    const std::string_view key = magnitude.name;
    if (table.find(key) == nullptr) return;
    Value value;
    switch (magnitude.unit) {
      case Unit::duration:
        value.number = table
                           .duration(key, std::chrono::microseconds(magnitude.least),
                                     std::chrono::microseconds(magnitude.most), Duration::zero())
                           .count() /
                       1'000;
        break;
      case Unit::ratio:
        value.number = table.ratio(key, magnitude.least, {}).ppm;
        break;
      case Unit::count:
      case Unit::bytes:
      case Unit::ppm:
        value.number = table.count(key, magnitude.least, magnitude.most, 0);
        break;
      case Unit::word:
        value.text = table.one_of(key, words_of(magnitude), "");
        break;
      case Unit::text:
        value.text = table.text(key, "");
        break;
      case Unit::error:
        value.text = table.one_of(key, error_names(), "");
        break;
    }
    fault.magnitudes.emplace(key, std::move(value));
  }

  // What no single key can tell.
  static void check_together(Table& table, const toml::table& node, const Fault& fault) {
    const KindInfo& kind = info(fault.kind);
    if (find_magnitude(kind, "min") != nullptr && find_magnitude(kind, "max") != nullptr &&
        fault.number("min") > fault.number("max"))
      table.fail(node.get("min"), "min",
                 fmt::format("is {}, more than max, which is {}", exact_duration(fault.duration("min")),
                             exact_duration(fault.duration("max"))));
    if (const std::string call = fault.kind == Kind::fail_call ? fault.text("call") : "";
        !call.empty() && !can_fail(call))
      table.fail(node.get("call"), "call",
                 fmt::format("is '{}': there is no function of that name that could fail.{}", call,
                             did_you_mean(call, calls_that_can_fail())));
    if (fault.kind == Kind::fail_call && fault.text("call").empty())
      table.fail(node.get("call"), "call", "is missing: the name of the function that fails, such as \"write\"");
    for (const char* part : {"up", "down"}) {
      if (find_magnitude(kind, part) != nullptr && fault.number(part) == 0)
        table.fail(node.get(part), part, "is 0s; it is at least 1us");
    }
  }

  const std::string& file_;
  Table root_;
  std::map<Kind, std::uint64_t> numbers_;
  std::set<std::string> names_;
};

}  // namespace

Plan read_plan(std::string_view text, const std::string& file) {
  refuse_deep_toml(text, file);
  toml::table root;
  try {
    root = toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw Error(fmt::format("{}:{}: {}", file, error.source().begin.line, error.description()));
  }
  return Reader(file, root).read();
}

}  // namespace stillpoint::faults
