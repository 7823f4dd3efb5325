// Shared mappings. What a private one shows of later writes is left open; tests/conformance/files looks at some.
#include <fmt/format.h>
#include <sys/mman.h>

#include "tests/conformance/random_files/generator.hpp"

namespace stillpoint::test {
namespace {

constexpr std::size_t kPage = 4'096;
// All bytes that are touched lie in one page.
constexpr std::size_t kPlaces[] = {0, 0, 8, 96, 1'000, 4'088, 4'096, 4'104, 5'000, 8'184, 8'192, 12'000};
constexpr std::size_t kPages = 3;

bool has_mappings(FileGenerator& generator) {
  return generator.asked() == FileGenerator::Asked::allocation_and_mappings;
}

void a_mapping(FileGenerator& generator) {
  if (!has_mappings(generator) || generator.mappings() >= 4) return;
  const int slot = generator.pick();
  const int protection = generator.one_of<int>({PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ});
  const off_t offset = generator.one_of<off_t>({0, 0, 0, kPage, 100});
  const int mapping = generator.add_mapping();
  generator.add(
      fmt::format("m{} = mmap({} pages, {}, MAP_SHARED, s{}, {})", mapping, kPages,
                  protection == PROT_READ ? "PROT_READ" : "PROT_READ|PROT_WRITE", slot, offset),
      [=](FileCaller& caller) { return caller.map(mapping, caller.fd(slot), kPages * kPage, protection, offset); });
}

void a_look(FileGenerator& generator) {
  if (generator.mappings() == 0) return;
  const int mapping = generator.number(generator.mappings());
  const std::size_t place = generator.one_of(kPlaces);
  generator.add(fmt::format("look at m{} + {}", mapping, place),
                [=](FileCaller& caller) { return caller.look(mapping, place); });
}

void a_poke(FileGenerator& generator) {
  if (generator.mappings() == 0) return;
  const int mapping = generator.number(generator.mappings());
  const std::size_t place = generator.one_of(kPlaces);
  const std::size_t size = 1 + generator.below(8);
  const char letter = generator.letter();
  generator.add(fmt::format("put {} {} into m{} + {}", size, letter, mapping, place),
                [=](FileCaller& caller) { return caller.poke(mapping, place, size, letter); });
}

void an_end(FileGenerator& generator) {
  if (generator.mappings() == 0) return;
  const int mapping = generator.number(generator.mappings());
  if (generator.one_in(2)) {
    generator.add(fmt::format("munmap(m{})", mapping), [=](FileCaller& caller) { return caller.unmap(mapping); });
  } else {
    generator.add(fmt::format("msync(m{}, MS_ASYNC)", mapping),
                  [=](FileCaller& caller) { return caller.sync(mapping, MS_ASYNC); });
  }
}

constexpr FileKind kKinds[] = {{10, a_mapping}, {12, a_look}, {14, a_poke}, {4, an_end}};

}  // namespace

const std::span<const FileKind> kMapping(kKinds);

}  // namespace stillpoint::test
