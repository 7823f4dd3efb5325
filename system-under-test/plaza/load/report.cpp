#include "system-under-test/plaza/load/report.hpp"

#include <fmt/format.h>

#include <iterator>

namespace plaza::load {

namespace {

void append_row(std::string& out, std::string_view name, const KindTally& tally) {
  fmt::format_to(std::back_inserter(out), "  {:<10}{:>11}{:>10}{:>9}{:>8}", name, count_text(tally.done),
                 count_text(tally.refused), count_text(tally.unknown), count_text(tally.unsent));
  for (const std::uint64_t per_mille : {500, 900, 990, 999}) {
    fmt::format_to(std::back_inserter(out), "{:>10}", duration_text(tally.latency_us.at_per_mille(per_mille)));
  }
  fmt::format_to(std::back_inserter(out), "{:>10}\n", duration_text(tally.latency_us.max()));
}

void append_counts(std::string& out, std::string_view name, const std::map<std::string, std::uint64_t>& counts) {
  if (counts.empty()) return;
  fmt::format_to(std::back_inserter(out), "  {:<10}", name);
  std::string_view separator;
  for (const auto& [what, count] : counts) {
    fmt::format_to(std::back_inserter(out), "{}{} {}", separator, what, count_text(count));
    separator = ", ";
  }
  out += '\n';
}

}  // namespace

std::string duration_text(std::uint64_t us) {
  if (us < 1000) return fmt::format("{} us", us);
  const bool is_long = us >= 1'000'000;
  const double value = static_cast<double>(us) / (is_long ? 1e6 : 1e3);
  const int decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, decimals, is_long ? "s" : "ms");
}

std::string count_text(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string progress(const Tally& tally, std::chrono::seconds elapsed, std::uint64_t connected,
                     std::uint64_t last_second) {
  const KindTally total = tally.total();
  return fmt::format("{:>4} s  {} connected  {} answered  {}/s  p99 {}  {} unknown  {} pushes", elapsed.count(),
                     count_text(connected), count_text(total.done + total.refused), count_text(last_second),
                     duration_text(total.latency_us.at_per_mille(990)), count_text(total.unknown),
                     count_text(tally.pushes));
}

std::string report(const Options& options, std::size_t nodes, const Tally& tally) {
  const KindTally total = tally.total();
  std::string out = fmt::format("{} users for {} s on {} nodes: {} operations a second, seed {}\n",
                                count_text(options.users), options.seconds, nodes,
                                count_text(total.all() / static_cast<std::uint64_t>(options.seconds)), options.seed);
  fmt::format_to(std::back_inserter(out), "  {:<10}{:>11}{:>10}{:>9}{:>8}{:>10}{:>10}{:>10}{:>10}{:>10}\n", "", "done",
                 "refused", "unknown", "unsent", "p50", "p90", "p99", "p99.9", "max");
  for (std::size_t i = 0; i < tally.kinds.size(); ++i) {
    if (tally.kinds[i].all() == 0) continue;
    append_row(out, plaza::to_string(static_cast<Operation>(i)), tally.kinds[i]);
  }
  append_row(out, "all", total);
  append_counts(out, "refused", tally.refusals);
  append_counts(out, "errors", tally.failures);
  fmt::format_to(std::back_inserter(out), "  {:<10}{} sent, {} of them again\n", "requests", count_text(tally.attempts),
                 count_text(tally.attempts - (total.all() - total.unsent)));
  fmt::format_to(std::back_inserter(out), "  {:<10}{} connected, {} reconnects\n", "users",
                 count_text(tally.connections), count_text(tally.reconnects));
  fmt::format_to(std::back_inserter(out), "  {:<10}{} seen, {} regressions; {} stale looks\n", "pushes",
                 count_text(tally.pushes), count_text(tally.regressions), count_text(tally.stale_looks));
  return out;
}

std::string nothing_done(const KindTally& total) {
  return fmt::format("none of {} operations was acknowledged: {} refused, {} unknown, {} unsent",
                     count_text(total.all()), count_text(total.refused), count_text(total.unknown),
                     count_text(total.unsent));
}

std::string report(const Verdict& verdict) {
  std::string out = verdict.line() + "\n";
  if (verdict.is_torn) {
    out += "  its last line is cut off and was not looked at, as a load leaves it that was killed while it wrote\n";
  }
  for (const std::string& example : verdict.examples) out += "  " + example + "\n";
  return out;
}

}  // namespace plaza::load
