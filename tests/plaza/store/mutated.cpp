// Databases with some bytes of theirs changed: they hold exactly what they held, or they are refused.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "system-under-test/plaza/store/node_store.hpp"
#include "tests/plaza/store/model.hpp"
#include "tests/support/folder.hpp"

using namespace plaza;
using namespace plaza::test;

namespace {

constexpr std::size_t kPage = 4096;
constexpr int kCases = 400;

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool is_worth_it(const Model& model) { return model.kept().entries.size() > 70 && model.kept().cells.size() > 15; }

// What a disk, a cable or a person may do to a file.
void mutate(std::string& bytes, Draw& draw) {
  const auto page = [&] { return kPage * draw.below(bytes.size() / kPage); };
  // Where a page says what is in it more often than in the midst of it.
  const auto place = [&] { return page() + draw.below(draw.one_in(2) ? 120 : kPage); };
  switch (draw.below(8)) {
    case 0:  // a page of nothing
      bytes.replace(page(), kPage, kPage, '\0');
      return;
    case 1: {  // a page in the place of another
      const std::string other = bytes.substr(page(), kPage);
      bytes.replace(page(), kPage, other);
      return;
    }
    case 2:  // an end that is missing
      bytes.resize(1 + draw.below(bytes.size() - 1));
      return;
    case 3:
    case 4:  // some bytes
      for (std::uint64_t n = 1 + draw.below(4); n > 0; --n) bytes[place()] = static_cast<char>(draw.below(256));
      return;
    default:  // one bit
      bytes[place()] ^= static_cast<char>(1 << draw.below(8));
  }
}

}  // namespace

TEST_CASE("a database with some bytes changed holds exactly what it held, or is refused in one line", "[node_store]") {
  Draw draw(7);
  Model model;
  std::string whole;
  std::uint64_t starts = 0;
  {
    const ::test::Folder folder;
    for (int life = 0; life < 3; ++life) {
      NodeStore store(folder.path, kNode);
      starts = store.incarnation();
      for (int i = 0; i < 40 || !is_worth_it(model); ++i) store.write(model.next(draw));
    }
    whole = bytes_of(folder / "node.db");
  }
  REQUIRE(whole.size() >= 10 * kPage);

  int refused = 0;
  int unharmed = 0;
  for (int i = 0; i < kCases; ++i) {
    const ::test::Folder folder;
    std::string bytes = whole;
    mutate(bytes, draw);
    std::ofstream(folder / "node.db", std::ios::binary) << bytes;
    INFO("case " << i);
    try {
      NodeStore store(folder.path, kNode);
      REQUIRE(store.incarnation() == starts + 1);
      REQUIRE(same(store.take_kept(), model.kept()));
      ++unharmed;
    } catch (const StoreError& error) {
      const std::string line = error.what();
      INFO(line);
      REQUIRE(line.starts_with((folder / "node.db").string() + ": "));
      REQUIRE(line.find('\n') == std::string::npos);
      REQUIRE(line.size() < 300);
      ++refused;
    }
  }
  CHECK(refused > kCases / 4);
  CHECK(unharmed > kCases / 20);  // bytes that mean nothing
}
