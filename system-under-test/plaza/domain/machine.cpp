#include "system-under-test/plaza/domain/machine.hpp"

#include <algorithm>
#include <utility>

#include "system-under-test/plaza/bytes.hpp"
#include "system-under-test/plaza/domain/answers.hpp"
#include "system-under-test/plaza/domain/damaged.hpp"
#include "system-under-test/plaza/domain/tickets/tickets.hpp"

namespace plaza {

namespace {

constexpr std::string_view kTimeCell = "t";

// Of what is asked of whom (FNV-1a, 64 bits). It tells a client's mistake from a repetition; it is no defence.
std::uint64_t digest_of(const Command& command) {
  std::uint64_t digest = 14695981039346656037ULL;
  const auto add = [&digest](char c) { digest = (digest ^ static_cast<unsigned char>(c)) * 1099511628211ULL; };
  add(static_cast<char>(command.domain));
  for (const char c : command.body) add(c);
  return digest;
}

LogTime read_time(const Cells& cells) {
  const std::string* value = cells.find(kTimeCell);
  if (value == nullptr) return LogTime{};
  ByteReader reader(*value);
  const std::uint64_t time = reader.u64();
  if (!reader.done() || time > static_cast<std::uint64_t>(kLogTimeMost.count())) throw_damaged(kTimeCell, "no time");
  return LogTime(static_cast<std::int64_t>(time));
}

}  // namespace

class Machine::Impl {
 public:
  Impl(Bugs bugs, std::function<LogTime()> local_clock)
      : bugs_(bugs), local_clock_(std::move(local_clock)), domains_(make_domains()) {}

  void restore(CellList kept, std::uint64_t applied, const std::vector<std::uint64_t>& numbers) {
    cells_ = Cells(std::move(kept), numbers);
    applied_ = applied;
    domains_ = make_domains();
    cells_.each("", [this](std::string_view cell, std::string_view) {
      if (!is_known(cell)) throw_damaged(cell, "nothing is kept under this name");
    });
    now_ = read_time(cells_);
    answers_.restore(cells_, now_);
    for (const auto& [id, domain] : domains_) domain->restore(cells_);
  }

  Applied apply(std::uint64_t index, std::string_view entry) {
    if (index != applied_ + 1) throw std::logic_error("plaza: entries are applied one after the other");
    applied_ = index;
    Applied applied{.index = index};
    if (entry.empty()) return applied;
    const auto command = decode_command(entry);
    if (!command) {
      applied.answer = {.refusal = Refusal::bad_request, .index = index};
      return applied;
    }
    applied.key = command->key;
    applied.topics.reserve(4);
    move_time(command->time);
    Step step{.index = index, .now = now_, .cells = cells_, .effects = applied.effects, .topics = applied.topics};
    for (const auto& [id, domain] : domains_) domain->pass_time(step);
    answers_.forget(cells_, now_);
    if (command->domain != DomainId::none) answer(*command, step, applied);
    std::sort(applied.topics.begin(), applied.topics.end());
    applied.topics.erase(std::unique(applied.topics.begin(), applied.topics.end()), applied.topics.end());
    return applied;
  }

  std::uint64_t applied_index() const { return applied_; }
  LogTime now() const { return now_; }
  std::optional<LogTime> next_due() const {
    std::optional<LogTime> first;
    for (const auto& [id, domain] : domains_) {
      const auto due = domain->next_due();
      if (due && (!first || *due < *first)) first = due;
    }
    return first;
  }
  std::optional<std::string> view(std::string_view topic) const {
    for (const auto& [id, domain] : domains_) {
      if (auto seen = domain->view(topic)) return seen;
    }
    return std::nullopt;
  }
  const Cells& cells() const { return cells_; }
  std::vector<CellChange> take_changes() { return cells_.take_changes(); }

  CellList snapshot() const {
    CellList cells = cells_.all();
    // The correct snapshot has all cells: answers are state like any other. Without them a request that is repeated
    // at the receiver is done once more there, and nowhere else.
    if (bugs_.dedupe_not_in_snapshot) {
      std::erase_if(cells, [](const auto& cell) { return cell.first.starts_with(Answers::kPrefix); });
    }
    return cells;
  }

  const Domain* domain(DomainId id) const {
    const auto found = domains_.find(id);
    return found == domains_.end() ? nullptr : found->second.get();
  }

 private:
  using Domains = std::map<DomainId, std::unique_ptr<Domain>>;

  bool is_known(std::string_view cell) const {
    if (cell == kTimeCell || cell.starts_with(Answers::kPrefix)) return true;
    return std::any_of(domains_.begin(), domains_.end(),
                       [cell](const auto& domain) { return domain.second->owns(cell); });
  }

  Domains make_domains() const {
    Domains domains;
    domains[DomainId::tickets] = std::make_unique<tickets::Tickets>(bugs_, local_clock_);
    return domains;
  }

  void move_time(LogTime time) {
    if (time <= now_) return;
    now_ = time;
    cells_.put(std::string(kTimeCell), ByteWriter().u64(static_cast<std::uint64_t>(now_.count())).take());
  }

  // Decides, or gives the answer that was given before.
  void answer(const Command& command, Step& step, Applied& applied) {
    Domain& domain = *domains_.at(command.domain);
    const Part part = domain.part_of(command.body);
    const std::uint64_t digest = digest_of(command);
    const bool nobody = command.key.user.empty();
    std::string cell = nobody ? std::string() : Answers::cell_of(command.key);
    const auto before = nobody ? std::nullopt : Answers::find(cells_, cell);
    const bool counts = before && Answers::is_kept(*before, now_) && !is_forgetful(part);
    const Remembered* known = counts ? &*before : nullptr;
    // A conclusion has another body than the beginning by its nature.
    if (known != nullptr && part != Part::conclusion && known->digest && *known->digest != digest) {
      applied.answer = {.refusal = Refusal::id_reused, .index = step.index};
      return;
    }
    if (known != nullptr && known->answer) {
      applied.repeated = true;
      applied.answer = *known->answer;
      return;
    }
    applied.answer = domain.decide(command.key, command.body, step);
    applied.answer.index = step.index;
    if (nobody) return;
    Remembered remembered{.given = now_};
    if (part != Part::conclusion) {
      remembered.digest = digest;
    } else if (known != nullptr) {
      remembered.digest = known->digest;  // what the beginning asked for
    }
    if (!applied.answer.awaits) remembered.answer = applied.answer;
    answers_.put(cells_, std::move(cell), remembered);
  }

  // The correct machine looks for the answer of every request. Without it a purchase whose answer was lost on its way
  // is made once more by the client's next try.
  bool is_forgetful(Part part) const { return bugs_.non_idempotent_purchase_retry && part == Part::beginning; }

  Bugs bugs_;
  std::function<LogTime()> local_clock_;
  Cells cells_;
  std::uint64_t applied_ = 0;
  LogTime now_{};
  Answers answers_;
  Domains domains_;
};

Machine::Machine(Bugs bugs, std::function<LogTime()> local_clock)
    : impl_(std::make_unique<Impl>(bugs, std::move(local_clock))) {}
Machine::~Machine() = default;
Machine::Machine(Machine&&) noexcept = default;
Machine& Machine::operator=(Machine&&) noexcept = default;

void Machine::restore(CellList cells, std::uint64_t applied, const std::vector<std::uint64_t>& numbers) {
  impl_->restore(std::move(cells), applied, numbers);
}
Machine::Applied Machine::apply(std::uint64_t index, std::string_view entry) { return impl_->apply(index, entry); }
std::uint64_t Machine::applied_index() const { return impl_->applied_index(); }
LogTime Machine::now() const { return impl_->now(); }
std::optional<LogTime> Machine::next_due() const { return impl_->next_due(); }
std::optional<std::string> Machine::view(std::string_view topic) const { return impl_->view(topic); }
const Cells& Machine::cells() const { return impl_->cells(); }
std::vector<CellChange> Machine::take_changes() { return impl_->take_changes(); }
CellList Machine::snapshot() const { return impl_->snapshot(); }
const Domain* Machine::domain(DomainId id) const { return impl_->domain(id); }

}  // namespace plaza
