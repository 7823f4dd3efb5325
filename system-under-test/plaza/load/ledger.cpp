#include "system-under-test/plaza/load/ledger.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <variant>

#include "system-under-test/plaza/json_writer.hpp"
#include "system-under-test/plaza/load/options.hpp"
#include "system-under-test/plaza/protocol/document.hpp"

namespace plaza::load {

namespace {

constexpr std::array<std::pair<Outcome, std::string_view>, 4> kOutcomes{{
    {Outcome::done, "done"},
    {Outcome::refused, "refused"},
    {Outcome::unknown, "unknown"},
    {Outcome::unsent, "unsent"},
}};

std::optional<Outcome> find_outcome(std::string_view name) {
  for (const auto& [outcome, candidate] : kOutcomes) {
    if (candidate == name) return outcome;
  }
  return std::nullopt;
}

bool has_answer(Outcome outcome) { return outcome == Outcome::done || outcome == Outcome::refused; }

// The text of a member that is an object itself.
std::optional<std::string> object_text(const Document& document, std::string_view name) {
  const boost::json::value* value = Document::member(document.object(), name);
  if (!value || !value->is_object()) return std::nullopt;
  return boost::json::serialize(*value);
}

// Of every line of a ledger: of one that was torn off early, it is the other way round.
bool begins_as_entry(std::string_view line) {
  constexpr std::string_view kBegin = "{\"at_ms\":";
  return line.starts_with(kBegin) || kBegin.starts_with(line);
}

[[noreturn]] void fail(const std::filesystem::path& path, const char* what) {
  throw BadInput(path.string() + " cannot be " + what + ": " + std::strerror(errno));
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  for (const auto& [candidate, name] : kOutcomes) {
    if (candidate == outcome) return name;
  }
  return "?";
}

std::string encode(const Entry& entry) {
  JsonWriter line;
  line.number("at_ms", entry.at_ms);
  line.text("user", entry.user);
  line.text("outcome", to_string(entry.outcome));
  line.number("took_us", entry.took_us);
  line.raw("request", plaza::encode(entry.request));
  if (entry.answer) line.raw("answer", plaza::encode(*entry.answer));
  if (!entry.error.empty()) line.text("error", entry.error);
  return line.take();
}

std::optional<Entry> decode_entry(std::string_view line) {
  const Document document(line);
  if (!document.is_object()) return std::nullopt;
  const auto at_ms = document.number<std::int64_t>("at_ms");
  const auto user = document.string("user");
  const auto outcome_name = document.string("outcome");
  const auto took_us = document.number<std::uint64_t>("took_us");
  const auto request_text = object_text(document, "request");
  if (!at_ms || !user || user->empty() || user->size() > kNameBytesMost || !outcome_name || !took_us || !request_text) {
    return std::nullopt;
  }
  const auto outcome = find_outcome(*outcome_name);
  const auto request = decode_request(*request_text);
  if (!outcome || !std::holds_alternative<Request>(request)) return std::nullopt;
  Entry entry{.at_ms = *at_ms,
              .user = std::string(*user),
              .outcome = *outcome,
              .took_us = *took_us,
              .request = std::get<Request>(request)};
  if (has_answer(*outcome)) {
    const auto answer_text = object_text(document, "answer");
    if (!answer_text) return std::nullopt;
    const ServerMessage answer = decode_server_message(*answer_text);
    if (!std::holds_alternative<Response>(answer)) return std::nullopt;
    entry.answer = std::get<Response>(answer);
    if (entry.answer->id != entry.request.id || entry.answer->ok() != (*outcome == Outcome::done)) return std::nullopt;
  }
  entry.error = document.string("error").value_or("");
  return entry;
}

Ledger read_ledger(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(path, "read");
  Ledger ledger;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    std::optional<Entry> entry = decode_entry(line);
    ledger.is_torn = !entry && in.eof() && begins_as_entry(line);
    if (ledger.is_torn) break;
    if (!entry) throw BadInput(path.string() + ":" + std::to_string(number) + ": no entry of a ledger");
    ledger.entries.push_back(std::move(*entry));
  }
  if (in.bad()) fail(path, "read");
  if (ledger.entries.empty()) throw BadInput(path.string() + " has no entry of a ledger");
  return ledger;
}

LedgerFile::LedgerFile(std::filesystem::path path) : path_(std::move(path)) {
  if (path_.empty()) return;
  out_.open(path_, std::ios::binary | std::ios::trunc);
  if (!out_) fail(path_, "written");
}

void LedgerFile::write(const Entry& entry) {
  if (!path_.empty()) out_ << encode(entry) << '\n';
}

void LedgerFile::flush() {
  if (!path_.empty() && !out_.flush()) fail(path_, "written");
}

}  // namespace plaza::load
