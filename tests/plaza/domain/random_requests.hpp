// Commands as clients, gateways and leaders might send them, drawn from a seed: most of them make sense, many are
// refused, some come twice, and now and then there is a long silence.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/plaza/domain/office.hpp"

namespace plaza::tickets {

// A small linear congruential generator (Knuth's MMIX constants), so that the tests are the same everywhere.
class Lcg {
 public:
  explicit Lcg(std::uint64_t seed) : state_(seed) { below(2); }
  std::uint32_t below(std::uint32_t bound) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::uint32_t>((state_ >> 33) % bound);
  }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

class RandomRequests {
 public:
  explicit RandomRequests(std::uint64_t seed) : random_(seed) {}

  static std::vector<Open> events() {
    return {{.event = kGala, .capacity = 24},
            {.event = kPicnic, .capacity = 19, .seated = false, .hold_ttl = seconds(20), .offer_ttl = seconds(5)}};
  }

  Command next() {
    time_ += LogTime(random_.below(random_.one_in(40) ? 40'000'000 : 3'000'000));
    if (random_.one_in(400)) time_ += std::chrono::minutes(11);
    if (!sent_.empty() && random_.one_in(8)) {
      Command again =
          sent_[sent_.size() - 1 - random_.below(static_cast<std::uint32_t>(std::min<std::size_t>(sent_.size(), 40)))];
      again.time = time_;
      return again;
    }
    if (random_.one_in(30)) return {.time = time_};
    Command fresh = make();
    // Leaders' clocks are not all alike.
    if (random_.one_in(10)) fresh.time = fresh.time - std::min(fresh.time, seconds(2));
    // A client's mistake: other words under an id that it had before.
    if (!sent_.empty() && random_.one_in(60)) fresh.key = sent_.back().key;
    sent_.push_back(fresh);
    return fresh;
  }

 private:
  Command make() {
    const std::string event = random_.one_in(50) ? "none" : random_.one_in(2) ? kGala : kPicnic;
    RequestKey key{.user = std::string(1, static_cast<char>('a' + random_.below(6))), .id = new_id()};
    const std::uint32_t kind = random_.below(16);
    if (kind < 4) {
      ids_.push_back(key);
      return command(time_, key, Hold{event, wanted()});
    }
    if (kind < 8) {
      StartPurchase purchase{event, std::nullopt, wanted()};
      if (random_.one_in(2)) purchase = {event, an_id(key), {}};
      started_.push_back({key, event});
      return command(time_, key, purchase);
    }
    if (kind < 11 && !started_.empty()) {
      const std::size_t at =
          started_.size() - 1 - random_.below(static_cast<std::uint32_t>(std::min<std::size_t>(started_.size(), 5)));
      const auto [purchase, of] = started_[at];
      started_.erase(started_.begin() + static_cast<std::ptrdiff_t>(at));
      return command(time_, purchase, Settle{.event = of, .approved = random_.one_in(8)});
    }
    if (kind < 13) return command(time_, key, Release{event, an_id(key)});
    if (kind < 15) {
      ids_.push_back(key);
      return command(time_, key, Wait{event, 1 + random_.below(6)});
    }
    // Rarely, so that there is a line.
    if (random_.one_in(2)) return command(time_, key, Leave{event});
    return command(time_, key, events()[random_.below(2)]);
  }

  std::string new_id() { return std::to_string(++ids_made_); }
  // Of an earlier request that may have made a hold, whose user is taken over.
  std::string an_id(RequestKey& key) {
    if (ids_.empty()) return "none";
    const RequestKey& made =
        ids_[ids_.size() - 1 - random_.below(static_cast<std::uint32_t>(std::min<std::size_t>(ids_.size(), 12)))];
    if (!random_.one_in(20)) key.user = made.user;
    return made.id;
  }
  Wanted wanted() {
    if (random_.one_in(3)) {
      std::vector<std::uint32_t> seats;
      for (std::uint32_t seat = 1 + random_.below(10); seat <= 25 && seats.size() < 3; seat += 1 + random_.below(5)) {
        seats.push_back(seat);
      }
      return named(std::move(seats));
    }
    return {.count = 1 + random_.below(random_.one_in(20) ? 30 : 4)};
  }

  struct Started {
    RequestKey key;
    std::string event;
  };
  Lcg random_;
  LogTime time_{};
  std::uint32_t ids_made_ = 0;
  std::vector<Command> sent_;
  std::vector<RequestKey> ids_;
  std::vector<Started> started_;
};

}  // namespace plaza::tickets
