#include "sim-core/campaign/campaign_file.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>
#include <limits>

#include <stillpoint/error.hpp>

#include "sim-core/campaign/folder_lock.hpp"
#include "sim-core/campaign/schema.hpp"
#include "sim-core/campaign/signature.hpp"
#include "sim-core/supervise/build_identity.hpp"

namespace stillpoint::campaign {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string seed_text(std::uint64_t seed) { return fmt::format("{}", seed); }
std::string hash_text(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

std::string json_of(const std::vector<std::string>& texts) {
  return json::serialize(json::array(texts.begin(), texts.end()));
}

Database::Words words_of(const fs::path& file) {
  return {.path = file.string(),
          .what = "campaign",
          .user = "a campaign",
          .remedy = "start a new campaign in another folder"};
}

std::string selected(const std::string& where) {
  return "SELECT number, seed, exit_code, hash, events, backstop, message FROM run WHERE " + where;
}

std::string build_of(const Plan& plan) {
  std::vector<supervise::RunRequest> requests;
  for (const Series& series : plan.series) requests.push_back(series.request);
  return supervise::build_identity(requests);
}

}  // namespace

struct CampaignFile::State {
  State(const fs::path& in, std::unique_ptr<FolderLock> locked)
      : folder(in), lock(std::move(locked)), database(in / kName, Database::Access::write, words_of(in / kName)) {}

  // Readers may look while it runs; the loss of power may cost the last few seeds, a kill nothing.
  void prepare_to_write() { database.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"); }

  [[noreturn]] void damaged(std::string_view what) const {
    throw Error(fmt::format("the campaign {} is damaged ({}); start a new campaign in another folder",
                            database.shown_path(), what));
  }

  std::uint64_t number(const std::string& text, int base, std::string_view what) const {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    if (error != std::errc() || stop != end || text.empty()) damaged(fmt::format("its {} is not a number", what));
    return value;
  }

  std::vector<std::string> texts(const std::string& text) const {
    boost::system::error_code error;
    const json::value value = json::parse(text, error);
    if (error || !value.is_array()) damaged("its overrides are not a JSON array");
    std::vector<std::string> result;
    for (const json::value& each : value.get_array()) {
      if (!each.is_string()) damaged("its overrides are not texts");
      result.emplace_back(each.get_string());
    }
    return result;
  }

  Purpose purpose(const std::string& name) const {
    for (const Purpose each : {Purpose::regression, Purpose::canary, Purpose::fuzz}) {
      if (name_of(each) == name) return each;
    }
    damaged("a series has no purpose");
  }

  // The columns of selected().
  RunRow row(const Statement& statement) const {
    return {.number = static_cast<std::uint64_t>(statement.integer(0)),
            .seed = number(statement.text(1), 10, "seed"),
            .verdict = verdict_of_exit_code(static_cast<int>(statement.integer(2))),
            .hash = number(statement.text(3), 16, "hash"),
            .events = static_cast<std::uint64_t>(statement.integer(4)),
            .backstop = statement.integer(5) != 0,
            .message = statement.text(6)};
  }

  // The failure with this signature; made if it is new.
  std::int64_t failure_id(std::size_t series, const std::string& signature) const {
    Statement(database, "INSERT OR IGNORE INTO failure (series, signature) VALUES (?, ?)").run(series, signature);
    Statement found(database, "SELECT id FROM failure WHERE series = ? AND signature = ?");
    found.bind(series, signature);
    if (!found.step()) damaged("a failure is missing");
    return found.integer(0);
  }

  static void write_plan(Database& database, const Plan& plan) {
    database.run(std::string(kSchemaSql).c_str());
    Statement(database, "INSERT INTO campaign VALUES (?, ?, 0, ?, ?, 0)")
        .run(seed_text(plan.base_seed), budget_ns(plan), plan.revision, build_of(plan));
    Statement insert(database, "INSERT INTO series VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (std::size_t i = 0; i < plan.series.size(); ++i) {
      const Series& series = plan.series[i];
      const std::string overrides = json_of(series.request.overrides);
      const std::string first = seed_text(series.request.seed);
      insert.run(i, name_of(series.purpose), series.scenario, series.shown, series.scenario_path,
                 series.request.scenario_text, overrides, series.request.bug, first, series.seeds, series.expected,
                 series.why);
    }
  }

  void read_plan() {
    Statement one(database, "SELECT base_seed, budget_ns, spent_ns, revision, build_id, complete FROM campaign");
    if (!one.step()) damaged("it does not say what it is");
    plan.base_seed = number(one.text(0), 10, "base seed");
    if (!one.is_null(1)) plan.budget = Duration(one.integer(1));
    spent = Duration(one.integer(2));
    plan.revision = one.text(3);
    const std::string made_by = one.text(4);
    complete = one.integer(5) != 0;
    Statement each(database,
                   "SELECT purpose, scenario, shown, scenario_path, scenario_text, overrides, bug, first_seed, seeds, "
                   "expected, why, id FROM series ORDER BY id");
    while (each.step()) {
      Series series;
      series.purpose = purpose(each.text(0));
      series.scenario = each.text(1);
      series.shown = each.text(2);
      series.scenario_path = each.text(3);
      series.request = {
          .scenario_text = each.text(4), .overrides = texts(each.text(5)), .bug = each.text(6), .plan = {}};
      series.request.folder = fs::current_path().string();
      series.request.seed = number(each.text(7), 10, "seed");
      if (!each.is_null(8)) {
        if (each.integer(8) < 1) damaged("a series has no seeds");
        series.seeds = static_cast<std::uint64_t>(each.integer(8));
      }
      series.expected = each.text(9);
      series.why = each.text(10);
      if (each.integer(11) != static_cast<std::int64_t>(plan.series.size())) damaged("a series is missing");
      plan.series.push_back(std::move(series));
    }
    if (plan.series.empty()) damaged("it has no series");
    if (const std::string changed = supervise::changed_build(made_by, plan.revision, build_of(plan));
        !changed.empty()) {
      throw Error(
          fmt::format("the campaign {} is of {}, whose results would not be this one's; start a new campaign in "
                      "another folder",
                      database.shown_path(), changed));
    }
    // Whatever was found must still be told of: a campaign that failed never becomes one that passed.
    Statement odd(
        database,
        "SELECT count(*) FROM run LEFT JOIN failure ON failure.id = run.failure AND failure.series = "
        "run.series LEFT JOIN series ON series.id = run.series WHERE (run.exit_code <> 0) <> (failure.id IS NOT "
        "NULL) OR series.id IS NULL OR run.number < 0 OR run.number >= series.seeds");
    if (odd.step() && odd.integer(0) > 0) damaged("some of its runs contradict the rest");
  }

  static std::optional<std::int64_t> budget_ns(const Plan& plan) {
    return plan.budget ? std::optional(plan.budget->count()) : std::nullopt;
  }

  fs::path folder;
  std::unique_ptr<FolderLock> lock;
  Database database;
  Plan plan;
  Duration spent{};
  bool complete = false;
};

CampaignFile::CampaignFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
CampaignFile::CampaignFile(CampaignFile&&) noexcept = default;
CampaignFile::~CampaignFile() = default;

bool CampaignFile::exists(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / kName, error);
}

void CampaignFile::prepare(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) {
    throw Error(fmt::format("cannot make the folder {}: {}", folder.string(),
                            error ? error.message() : "it is a file; choose another with --out"));
  }
  if (exists(folder)) {
    const FolderLock lock(folder);  // one that still runs is the more helpful answer
    throw Error(
        fmt::format("the folder {} holds a campaign already; go on with it by --resume, or choose another with "
                    "--out",
                    folder.string()));
  }
}

CampaignFile CampaignFile::create(const fs::path& folder, Plan plan) {
  prepare(folder);
  auto lock = std::make_unique<FolderLock>(folder);
  // Under its name it is there whole or not at all, whenever this process is killed.
  const fs::path draft = folder / (std::string(kName) + ".new");
  fs::remove(draft);
  {
    Database database(draft, Database::Access::create, words_of(folder / kName));
    database.run("PRAGMA journal_mode = OFF");
    database.begin();
    State::write_plan(database, plan);
    database.commit();
  }
  fs::rename(draft, folder / kName);
  auto state = std::make_unique<State>(folder, std::move(lock));
  state->prepare_to_write();
  state->plan = std::move(plan);
  return CampaignFile(std::move(state));
}

CampaignFile CampaignFile::open(const fs::path& folder) {
  if (!exists(folder)) {
    throw Error(fmt::format("there is no campaign in {} to go on with: it has no {}", folder.string(), kName));
  }
  auto state = std::make_unique<State>(folder, std::make_unique<FolderLock>(folder));
  const auto pragma = [&](const char* sql) {
    Statement statement(state->database, sql);
    return statement.step() ? statement.integer(0) : 0;
  };
  if (pragma("PRAGMA application_id") != kCampaignApplicationId) {
    throw Error(
        fmt::format("{} is no Stillpoint campaign, but some other SQLite database", state->database.shown_path()));
  }
  const std::int64_t version = pragma("PRAGMA user_version");
  if (version != kCampaignSchemaVersion) {
    throw Error(
        fmt::format("the campaign {} has version {} of the schema, and this executable knows version {}; start "
                    "a new campaign in another folder",
                    state->database.shown_path(), version, kCampaignSchemaVersion));
  }
  state->prepare_to_write();
  state->read_plan();
  return CampaignFile(std::move(state));
}

const fs::path& CampaignFile::folder() const { return state_->folder; }
const Plan& CampaignFile::plan() const { return state_->plan; }
Duration CampaignFile::spent() const { return state_->spent; }
bool CampaignFile::complete() const { return state_->complete; }

void CampaignFile::set_spent(Duration spent) {
  Statement(state_->database, "UPDATE campaign SET spent_ns = ?").run(spent.count());
  state_->spent = spent;
}

void CampaignFile::set_budget(Duration budget) {
  Statement(state_->database, "UPDATE campaign SET budget_ns = ?").run(budget.count());
  state_->plan.budget = budget;
}

void CampaignFile::set_complete() {
  Statement(state_->database, "UPDATE campaign SET complete = 1").run();
  state_->complete = true;
}

std::vector<std::uint64_t> CampaignFile::done(std::size_t series) const {
  Statement statement(state_->database, "SELECT number FROM run WHERE series = ? ORDER BY number");
  statement.bind(series);
  std::vector<std::uint64_t> numbers;
  while (statement.step()) numbers.push_back(static_cast<std::uint64_t>(statement.integer(0)));
  return numbers;
}

std::optional<RunRow> CampaignFile::first_finding(std::size_t series) const {
  Statement statement(state_->database, selected("series = ? AND failure IS NOT NULL ORDER BY number"));
  statement.bind(series);
  while (statement.step()) {
    if (const RunRow row = state_->row(statement); is_finding(row.verdict)) return row;
  }
  return std::nullopt;
}

std::optional<RunRow> CampaignFile::run(std::size_t series, std::uint64_t number) const {
  Statement statement(state_->database, selected("series = ? AND number = ?"));
  statement.bind(series, number);
  if (!statement.step()) return std::nullopt;
  return state_->row(statement);
}

std::optional<std::int64_t> CampaignFile::add(std::size_t series, std::uint64_t number,
                                              const supervise::RunResult& result, Duration spent) {
  const Database& database = state_->database;
  state_->database.begin();
  try {
    std::optional<std::int64_t> failure;
    const Verdict verdict = result.report.verdict;
    std::optional<std::string> message;
    if (verdict != Verdict::pass) {
      failure = state_->failure_id(series, signature_of(result.report));
      message = message_of(result.report);
    }
    const std::string seed = seed_text(result.seed);
    const std::string hash = hash_text(result.hash);
    Statement(database, "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .run(series, number, seed, stillpoint::name_of(verdict), exit_code(verdict), hash, result.events,
             result.virtual_ns, result.cpu_ns, result.rss_kib, static_cast<int>(result.report.by_backstop), failure,
             message);
    for (const Tally& tally : result.report.tallies) {
      Statement(database,
                "INSERT INTO tally VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET times = times + excluded.times, "
                "runs = runs + excluded.runs")
          .run(series, tally.sort, tally.name, tally.times, static_cast<int>(tally.times > 0));
    }
    Statement(database, "UPDATE campaign SET spent_ns = ?").run(spent.count());
    state_->database.commit();
    state_->spent = spent;
    return failure;
  } catch (const Error&) {
    state_->database.roll_back();
    throw;
  }
}

std::vector<TallyRow> CampaignFile::tallies(std::size_t series) const {
  Statement statement(state_->database,
                      "SELECT sort, name, times, runs FROM tally WHERE series = ? ORDER BY sort, name");
  statement.bind(series);
  std::vector<TallyRow> rows;
  while (statement.step()) {
    rows.push_back({{statement.text(0), statement.text(1), static_cast<std::uint64_t>(statement.integer(2))},
                    static_cast<std::uint64_t>(statement.integer(3))});
  }
  return rows;
}

std::int64_t CampaignFile::set_nondeterministic(std::size_t series, std::uint64_t number, const std::string& message) {
  const Database& database = state_->database;
  state_->database.begin();
  try {
    Statement shown(database,
                    "SELECT signature FROM failure WHERE id = (SELECT failure FROM run WHERE series = ? AND number = "
                    "?)");
    shown.bind(series, number);
    const std::string before = shown.step() ? shown.text(0) : "pass";
    const Verdict verdict = Verdict::nondeterminism;
    const std::int64_t failure =
        state_->failure_id(series, fmt::format("{}: {}", stillpoint::name_of(verdict), before));
    Statement(database,
              "UPDATE run SET verdict = ?, exit_code = ?, failure = ?, message = ? WHERE series = ? AND number = ?")
        .run(stillpoint::name_of(verdict), exit_code(verdict), failure, message, series, number);
    state_->database.commit();
    return failure;
  } catch (const Error&) {
    state_->database.roll_back();
    throw;
  }
}

Totals CampaignFile::totals(std::size_t series) const {
  Statement statement(state_->database,
                      "SELECT count(*), count(failure), coalesce(sum(events), 0), coalesce(sum(virtual_ns), 0), "
                      "coalesce(sum(cpu_ns), 0) FROM run WHERE series = ?");
  statement.bind(series);
  Totals totals;
  if (!statement.step()) return totals;
  totals.runs = static_cast<std::uint64_t>(statement.integer(0));
  totals.failed = static_cast<std::uint64_t>(statement.integer(1));
  totals.events = static_cast<std::uint64_t>(statement.integer(2));
  totals.virtual_time = Duration(statement.integer(3));
  totals.cpu_time = Duration(statement.integer(4));
  return totals;
}

std::vector<Failure> CampaignFile::failures(std::size_t series) const {
  Statement statement(state_->database,
                      "SELECT failure.id FROM failure JOIN run ON run.failure = failure.id WHERE failure.series = ? "
                      "GROUP BY failure.id ORDER BY min(run.number)");
  statement.bind(series);
  std::vector<Failure> failures;
  while (statement.step()) {
    if (std::optional<Failure> one = failure(statement.integer(0))) failures.push_back(std::move(*one));
  }
  return failures;
}

std::optional<Failure> CampaignFile::failure(std::int64_t id) const {
  Statement found(state_->database,
                  "SELECT series, signature, traced, trace, (SELECT count(*) FROM run WHERE failure "
                  "= failure.id) FROM failure WHERE id = ?");
  found.bind(id);
  if (!found.step()) return std::nullopt;
  Failure failure;
  failure.id = id;
  failure.series = static_cast<std::size_t>(found.integer(0));
  failure.signature = found.text(1);
  if (!found.is_null(2)) failure.traced = static_cast<std::uint64_t>(found.integer(2));
  failure.trace = found.text(3);
  failure.seeds = static_cast<std::uint64_t>(found.integer(4));
  if (failure.series >= state_->plan.series.size()) state_->damaged("a failure is of no series");
  Statement smallest(state_->database, selected("failure = ? ORDER BY events, number LIMIT 1"));
  smallest.bind(id);
  if (!smallest.step()) return std::nullopt;  // all its seeds have become something else
  failure.smallest = state_->row(smallest);
  failure.verdict = failure.smallest.verdict;  // one signature, one verdict
  return failure;
}

void CampaignFile::set_trace(std::int64_t failure, std::uint64_t number, const std::string& file) {
  Statement(state_->database, "UPDATE failure SET traced = ?, trace = ? WHERE id = ?").run(number, file, failure);
}

}  // namespace stillpoint::campaign
