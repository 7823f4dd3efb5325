#include "tests/conformance/random_files/generator.hpp"

#include <algorithm>

namespace stillpoint::test {

std::string FileGenerator::path() {
  constexpr const char* kNames[] = {"a", "a", "b", "b", "c", "d", "d", "e", "l", "m"};
  switch (below(40)) {
    case 0:
      return ".";
    case 1:
      return directory() + "/.";
    case 2:
      return directory() + "/..";
    case 3:
      return std::string(one_of(kNames)) + "/";
    case 4:
      return one_in(4) ? "" : directory() + "//" + one_of(kNames);
    case 5:
      return one_in(4) ? std::string(one_of({255u, 256u}), 'n') : directory() + "/../" + one_of(kNames);
    default:
      return one_in(3) ? directory() + '/' + one_of(kNames) : one_of(kNames);
  }
}

// Never up from where one is: a sequence stays in its folder.
std::string FileGenerator::directory() {
  constexpr const char* kNames[] = {"d", "d", "d", "e", "e", "l", "a"};
  const std::string first = one_of(kNames);
  return one_in(5) ? first + '/' + one_of(kNames) : first;
}

off_t FileGenerator::offset() {
  constexpr off_t kOffsets[] = {0, 0, 1, 5, 10, 100, 1'000, 4'095, 4'096, 4'097, 5'000, 8'192, 9'999, 12'288, 20'000};
  return one_in(40) ? -1 : one_of(kOffsets);
}

int FileGenerator::add_slot(bool directory) {
  slots_.push_back({.directory = directory});
  return static_cast<int>(slots_.size()) - 1;
}

int FileGenerator::pick_of(bool directory) {
  if (one_in(30)) return slots_.empty() ? -1 : number(static_cast<int>(slots_.size()) + 1) - 1;
  int chosen = -1;
  int other = -1;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].open) continue;
    other = static_cast<int>(i);
    if (slots_[i].directory == directory && one_in(++seen)) chosen = other;
  }
  return chosen >= 0 ? chosen : other;
}

int FileGenerator::pick() { return pick_of(one_in(20)); }
int FileGenerator::pick_directory() { return pick_of(!one_in(10)); }

void FileGenerator::add(std::string text, std::function<std::string(FileCaller&)> make) {
  // A long name is a row of one letter.
  constexpr std::size_t kLong = 100;
  const std::size_t begin = text.find(std::string(kLong, 'n'));
  if (begin != std::string::npos) {
    const std::size_t end = text.find_first_not_of('n', begin);
    text.replace(begin, end - begin, "n*" + std::to_string(end - begin));
  }
  steps_.push_back({std::move(text), std::move(make)});
}

FileSequence FileGenerator::sequence() {
  constexpr std::size_t kShortest = 15;
  constexpr std::size_t kLongest = 50;
  asked_ = one_in(2) ? Asked::holes : Asked::allocation_and_mappings;
  std::vector<FileKind> kinds;
  unsigned total = 0;
  for (const auto& some : {kOpening, kMovingBytes, kShaping, kNaming, kLooking, kLocking, kMapping})
    kinds.insert(kinds.end(), some.begin(), some.end());
  for (const FileKind& kind : kinds) total += kind.weight;
  const std::size_t length = kShortest + below(kLongest - kShortest + 1);
  some_names(*this);
  some_descriptors(*this);
  while (steps_.size() < length) {
    auto drawn = static_cast<unsigned>(below(total));
    const auto chosen = std::ranges::find_if(kinds, [&](const FileKind& kind) {
      const bool here = drawn < kind.weight;
      drawn -= here ? 0 : kind.weight;
      return here;
    });
    chosen->add(*this);
  }
  add("the tree", [](FileCaller& caller) { return caller.tree(); });
  return std::move(steps_);
}

}  // namespace stillpoint::test
