#include "system-under-test/plaza/domain/answers.hpp"

#include <algorithm>
#include <functional>

#include "system-under-test/plaza/bytes.hpp"
#include "system-under-test/plaza/domain/damaged.hpp"
#include "system-under-test/plaza/domain/machine.hpp"

namespace plaza {

namespace {

// More than one: what was left over from a silence is caught up with.
constexpr int kForgottenAtOnce = 64;

constexpr std::uint8_t kHasDigest = 1;
constexpr std::uint8_t kHasAnswer = 2;

bool is_cell(std::string_view cell) {
  ByteReader reader(cell.substr(Answers::kPrefix.size()));
  const std::size_t user = reader.text().size();
  const std::size_t id = reader.text().size();
  return reader.done() && user >= 1 && user <= kNameBytesMost && id >= 1 && id <= kNameBytesMost;
}

std::string encode(const Remembered& remembered) {
  ByteWriter writer(32 + (remembered.answer ? remembered.answer->body.size() : 0));
  writer.u8(static_cast<std::uint8_t>((remembered.digest ? kHasDigest : 0) | (remembered.answer ? kHasAnswer : 0)));
  writer.varint(static_cast<std::uint64_t>(remembered.given.count()));
  if (remembered.digest) writer.u64(*remembered.digest);
  if (remembered.answer) {
    writer.u8(static_cast<std::uint8_t>(remembered.answer->refusal)).varint(remembered.answer->index);
    writer.raw(remembered.answer->body);
  }
  return writer.take();
}

std::optional<Remembered> decode(std::string_view bytes) {
  ByteReader reader(bytes);
  Remembered remembered;
  const std::uint8_t flags = reader.u8();
  const std::uint64_t given = reader.varint();
  if (flags > (kHasDigest | kHasAnswer) || given > static_cast<std::uint64_t>(kLogTimeMost.count()))
    return std::nullopt;
  remembered.given = LogTime(static_cast<std::int64_t>(given));
  if ((flags & kHasDigest) != 0) remembered.digest = reader.u64();
  if ((flags & kHasAnswer) != 0) {
    Answer answer;
    answer.refusal = static_cast<Refusal>(reader.u8());
    answer.index = reader.varint();
    answer.body = reader.rest();
    remembered.answer = std::move(answer);
  }
  if (!reader.done()) return std::nullopt;
  return remembered;
}

}  // namespace

std::string Answers::cell_of(const RequestKey& key) {
  const std::size_t size = kPrefix.size() + key.user.size() + key.id.size() + 2;
  return ByteWriter(size).raw(kPrefix).text(key.user).text(key.id).take();
}

void Answers::restore(const Cells& cells, LogTime now) {
  by_age_.clear();
  cells.each(kPrefix, [&](std::string_view cell, std::string_view value) {
    if (!is_cell(cell)) throw_damaged(cell, "no key of a request");
    const auto remembered = decode(value);
    if (!remembered) throw_damaged(cell, "no answer");
    if (remembered->given > now) throw_damaged(cell, "an answer of the future");
    by_age_.emplace_back(remembered->given, cell);
  });
  std::ranges::make_heap(by_age_, std::greater());
}

std::optional<Remembered> Answers::find(const Cells& cells, std::string_view cell) {
  const std::string* value = cells.find(cell);
  return value == nullptr ? std::nullopt : decode(*value);
}

bool Answers::is_kept(const Remembered& remembered, LogTime now) { return remembered.given + kAnswersKept > now; }

void Answers::put(Cells& cells, std::string cell, const Remembered& remembered) {
  cells.put(cell, encode(remembered));
  by_age_.emplace_back(remembered.given, std::move(cell));
  std::ranges::push_heap(by_age_, std::greater());
}

void Answers::forget(Cells& cells, LogTime now) {
  for (int forgotten = 0; forgotten < kForgottenAtOnce && !by_age_.empty();) {
    if (by_age_.front().first + kAnswersKept > now) return;
    std::ranges::pop_heap(by_age_, std::greater());
    const auto [given, cell] = std::move(by_age_.back());
    by_age_.pop_back();
    // It counts only if it is still there: a node that was restored has no others here.
    const std::string* value = cells.find(cell);
    if (value == nullptr || decode(*value)->given != given) continue;
    cells.erase(cell);
    ++forgotten;
  }
}

}  // namespace plaza
